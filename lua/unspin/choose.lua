-- Accepting suggestions and rejecting corrections, by word, range or all.

local correct = require("unspin.correct")
local edits = require("unspin.edits")
local history = require("unspin.history")
local marks = require("unspin.marks")
local say = require("unspin.say")
local suggest = require("unspin.suggest")

local M = {}

-- Whether a place lies in the rows of the call's range or, without one, under the cursor.
local function chosen(call, place)
  if call.first then
    return place.end_row >= call.first and place.row <= call.last
  end
  local cursor = vim.api.nvim_win_get_cursor(0)
  local row, column = cursor[1] - 1, cursor[2]
  local after_start = place.row < row or (place.row == row and place.column <= column)
  return after_start and (row < place.end_row or (row == place.end_row and column < place.end_column))
end

local function pick(call, places)
  return vim.tbl_filter(function(place)
    return chosen(call, place)
  end, places)
end

---The correction at the cursor, or nil.
---@param call unspin.Call
---@return unspin.Place?
function M.correction(call)
  return pick({}, marks.all(call.buf))[1]
end

---The suggestion at the cursor, or nil.
---@param call unspin.Call
---@return unspin.Suggestion?
function M.suggestion(call)
  return pick({}, suggest.all(call.buf))[1]
end

-- The edit that turns a suggestion into a correction.
local function accepting(place, reading)
  local fix = vim.deepcopy(place.fix)
  if reading then
    fix.new, fix.confidence = reading.text, reading.confidence
  end
  return {
    row = place.row,
    column = place.column,
    end_row = place.end_row,
    end_column = place.end_column,
    lines = marks.lines(fix.new),
    fix = fix,
  }
end

local function accept(call, places, reading)
  suggest.remove(call.buf, places)
  local list = {}
  for i, place in ipairs(places) do
    list[i] = accepting(place, reading)
  end
  say.answer(say.count(correct.make(call.buf, list), "suggestion") .. " accepted, recorded when written")
end

---@param place unspin.Suggestion
---@return { text: string, confidence: number }[]
local function alternatives(place)
  return vim.tbl_filter(function(reading)
    return reading.text ~= place.fix.old
  end, place.fix.readings or {})
end

---Accept the suggestions of a range or the one under the cursor; asks which reading if there
---are several, unless there is a bang.
---@param call unspin.Call
function M.accept(call)
  suggest.refresh(call.buf)
  local places = pick(call, suggest.all(call.buf))
  if #places == 0 then
    return say.answer("no suggestion here")
  end
  local readings = alternatives(places[1])
  if call.first or call.bang or #readings < 2 then
    return accept(call, places)
  end
  vim.ui.select(readings, {
    prompt = ("%s was:"):format(places[1].fix.old),
    kind = "unspin",
    format_item = function(reading)
      return ("%s (%.2f)"):format(reading.text, reading.confidence)
    end,
  }, function(reading)
    if reading then
      accept(call, places, reading)
    end
  end)
end

---Take corrections back in the buffer; their rejection is recorded by the next write.
---@param buf integer
---@param places unspin.Place[]
function M.take_back(buf, places)
  local list = {}
  for i, place in ipairs(places) do
    list[i] = {
      row = place.row,
      column = place.column,
      end_row = place.end_row,
      end_column = place.end_column,
      lines = marks.lines(place.mark.fix.old),
    }
  end
  edits.make(buf, list)
  history.notice_reversed(buf)
end

---Reject corrections and suggestions of a range, or the one under the cursor.
---@param call unspin.Call
function M.reject(call)
  local standing = vim.tbl_filter(function(place)
    return place.state == "stands"
  end, pick(call, marks.all(call.buf)))
  local refused = pick(call, suggest.all(call.buf))
  if #standing + #refused == 0 then
    return say.answer("no correction and no suggestion here")
  end
  M.take_back(call.buf, standing)
  if #refused > 0 then
    suggest.remove(call.buf, refused)
    history.refuse_suggestions(call.buf, refused)
    suggest.again(call.buf)
  end
  say.answer(
    #standing > 0 and say.count(#standing, "correction") .. " taken back, recorded when written"
      or say.count(#refused, "suggestion") .. " rejected, recorded when written"
  )
end

return M
