-- The history of a buffer's article: what a write records, what was rejected and is therefore
-- not proposed again.

local bytes_of = require("unspin.bytes")
local engine = require("unspin.engine")
local marks = require("unspin.marks")
local say = require("unspin.say")

local M = {}

---@class unspin.Refusal
---@field old string
---@field new string
---@field here boolean

-- Refusals of this session that the history does not hold (yet), by buffer.
local session = {} ---@type table<integer, unspin.Refusal[]>

---The history of the buffer's article.
---@param buf integer
---@return unspin.History? history, string? message
function M.open(buf)
  local core, message = engine.core()
  if not core then
    return nil, message
  end
  local path = vim.api.nvim_buf_get_name(buf)
  if path == "" then
    return nil, "the buffer has no name"
  elseif vim.bo[buf].buftype ~= "" then
    return nil, "it is no file ('buftype' is " .. vim.bo[buf].buftype .. ")"
  end
  return core.history(path, { where = require("unspin.config").get().where })
end

---Remember that a swap is not to be undone in this buffer.
---@param buf integer
---@param fix { old: string, new: string }
function M.refuse(buf, fix)
  session[buf] = session[buf] or {}
  table.insert(session[buf], { old = fix.old, new = fix.new, here = true })
end

---Forget what the session alone remembers of a swap.
---@param buf integer
---@param fix { old: string, new: string }
function M.unrefuse(buf, fix)
  session[buf] = vim.tbl_filter(function(refusal)
    return refusal.old ~= fix.old or refusal.new ~= fix.new
  end, session[buf] or {})
end

---What is not to be proposed in a buffer, for the engine.
---@param buf integer
---@return unspin.Refusal[]
function M.excepts(buf)
  local list = vim.deepcopy(session[buf] or {})
  local history = M.open(buf)
  if history then
    vim.list_extend(list, history:excepts() or {})
  end
  return list
end

---Notice which corrections were reversed by hand, undone or retyped, and which are back: so that
---the check to come does not propose them again.
---@param buf integer
function M.notice_reversed(buf)
  for _, place in ipairs(marks.all(buf)) do
    local mark = place.mark
    if place.state == "reversed" and not mark.refused then
      mark.refused = true
      M.refuse(buf, mark.fix)
      say.event("UnspinRejected", { buf = buf, fix = mark.fix, oid = mark.oid })
    elseif place.state == "stands" and mark.refused then
      mark.refused = nil -- a redo
      M.unrefuse(buf, mark.fix)
    end
  end
end

---Refuse suggestions: like corrections that were made and reversed.
---@param buf integer
---@param places unspin.Suggestion[]
function M.refuse_suggestions(buf, places)
  for _, place in ipairs(places) do
    marks.add(buf, place.row, place.column, place.end_row, place.end_column, place.fix, true).proposal = true
  end
  M.notice_reversed(buf)
end

-- What the history has to hear of a place, as a fix of the text before; nil: nothing new.
local function news_of(place, before_length, text)
  local mark = place.mark
  local fix = vim.tbl_extend("force", mark.fix, { new = text })
  if place.state == "stands" and not mark.oid then
    fix.old = mark.fix.old
  elseif place.state == "reversed" and mark.oid then
    fix.old, fix.rejects = mark.fix.new, mark.oid
  elseif place.state == "reversed" and not mark.rejected then
    fix.old, fix.refuses = text, mark.fix.new
  else
    return nil
  end
  fix.start, fix.stop = before_length + 1, before_length + #fix.old
  return fix
end

---What no commit holds yet: the text as it would be without it, and the fixes of that text that
---correct, reject (`rejects`) or refuse (`refuses`).
---@param buf integer
---@param bytes unspin.Bytes of the buffer as it is
---@return string before, unspin.Change[] fixes, unspin.Mark[] waiting the fixes' marks
function M.unrecorded(buf, bytes)
  local pieces, fixes, waiting = {}, {}, {}
  local from, length = 1, 0
  local function append(piece)
    pieces[#pieces + 1] = piece
    length = length + #piece
  end
  local places = vim.tbl_filter(function(place)
    return place.state ~= "rewritten" -- these may lie past the last line
  end, marks.all(buf))
  for _, place in ipairs(places) do
    local first = bytes_of.offset(bytes, place.row, place.column) + 1
    local last = bytes_of.offset(bytes, place.end_row, place.end_column)
    local fix = first >= from and news_of(place, length + first - from, bytes.text:sub(first, last))
    if fix then
      append(bytes.text:sub(from, first - 1))
      append(fix.old)
      fixes[#fixes + 1], waiting[#waiting + 1] = fix, place.mark
      from = last + 1
    end
  end
  append(bytes.text:sub(from))
  return table.concat(pieces), fixes, waiting
end

-- Handles of saves under way, by buffer. A handle holds its save's journal; let go of before the
-- save is recorded, it would pass for one of a killed process, and be recorded twice.
local prepared = {} ---@type table<integer, unspin.History>

---Before the write: let the history prepare, so that a kill in between loses nothing.
---@param buf integer
function M.prepare(buf)
  local bytes = marks.any(buf) and bytes_of.of(buf)
  local history = bytes and M.open(buf)
  if not history then
    return
  end
  local before, fixes = M.unrecorded(buf, bytes)
  if #fixes > 0 then
    history:prepare(before, fixes)
    prepared[buf] = history
  end
end

-- What each mark has become now that it is recorded.
local function settle(buf, fixes, waiting, oids)
  local corrections, rejections = 0, 0
  for i, mark in ipairs(waiting) do
    if fixes[i].rejects or fixes[i].refuses then
      rejections = rejections + 1
      mark.oid, mark.rejected = nil, true
    else
      corrections = corrections + 1
      mark.oid, mark.rejected = oids[i], nil
    end
    if mark.proposal then
      marks.remove(buf, mark)
    end
  end
  return corrections, rejections
end

---@class unspin.Recorded
---@field corrections integer
---@field rejections integer
---@field place unspin.Location

---After the write: record what stands, and what was reversed.
---@param buf integer
---@return unspin.Recorded? recorded nil: there was nothing to record, or it failed
---@return string? message what kept it from being recorded
function M.record(buf)
  M.notice_reversed(buf)
  if not marks.any(buf) then
    return nil
  end
  local bytes, why_not = bytes_of.of(buf)
  if not bytes then
    return nil, why_not
  end
  local before, fixes, waiting = M.unrecorded(buf, bytes)
  if #fixes == 0 then
    return nil
  end
  if bytes_of.on_disk(vim.api.nvim_buf_get_name(buf)) ~= bytes.text then
    return nil, "the file on disk is not what the buffer holds; the next write tries again"
  end
  local history, message = prepared[buf], nil
  prepared[buf] = nil
  if not history then
    history, message = M.open(buf)
  end
  if not history then
    return nil, message
  end
  local oids, place = history:record(before, fixes)
  if not oids then
    return nil, place --[[@as string]]
  end
  local corrections, rejections = settle(buf, fixes, waiting, oids)
  say.event("UnspinRecorded", { buf = buf, fixes = fixes, oids = oids, place = place })
  return { corrections = corrections, rejections = rejections, place = place }
end

return M
