-- From a buffer to its corrections, made or only found.

local articles = require("unspin.articles")
local bytes_of = require("unspin.bytes")
local edits = require("unspin.edits")
local engine = require("unspin.engine")
local history = require("unspin.history")
local marks = require("unspin.marks")
local say = require("unspin.say")

local M = {}

---@class unspin.CheckOptions
---@field threshold? number least confidence; by default that of sure corrections. Where it is given,
---  a text that was corrected is judged as it was received, else as it is, so that a save that
---  follows another has nothing to correct
---@field again? boolean propose also what was rejected

---How the engine is to check a buffer.
---@param buf integer
---@param opts unspin.CheckOptions
---@return table
function M.options(buf, opts)
  return {
    format = articles.format(buf),
    threshold = opts.threshold or (engine.thresholds()),
    except = not opts.again and history.excepts(buf) or nil,
    readings = true,
    seconds = require("unspin.config").get().max_seconds,
  }
end

---@class unspin.Decided a place whose words were corrected, or put back
---@field first integer 1-based byte
---@field last integer
---@field old string
---@field stands boolean the correction does

---@param buf integer
---@param bytes unspin.Bytes
---@param within? unspin.Rows
---@return unspin.Decided[] decided in order
function M.decided(buf, bytes, within)
  local decided = {}
  for _, place in ipairs(marks.all(buf, within)) do
    if place.state ~= "rewritten" then
      decided[#decided + 1] = {
        first = bytes_of.offset(bytes, place.row, place.column) + 1,
        last = bytes_of.offset(bytes, place.end_row, place.end_column),
        old = place.mark.fix.old,
        stands = place.state == "stands",
      }
    end
  end
  return decided
end

---The text as it was received, without the corrections that stand in it.
---@param text string
---@param decided unspin.Decided[]
---@return string? received nil: none stands
function M.received(text, decided)
  local pieces, from = {}, 1
  for _, place in ipairs(decided) do
    vim.list_extend(pieces, { text:sub(from, place.first - 1), place.old })
    from = place.last + 1
  end
  local received = table.concat(pieces) .. text:sub(from)
  return received ~= text and received or nil
end

---The fixes that touch no such place: what a word was is decided once.
---@param fixes unspin.Fix[]
---@param decided unspin.Decided[]
---@return unspin.Fix[]
function M.beside(fixes, decided)
  local at = 1
  return vim.tbl_filter(function(fix)
    while decided[at] and decided[at].last < fix.start do
      at = at + 1
    end
    return not decided[at] or decided[at].first > fix.stop
  end, fixes)
end

---What would be corrected in a buffer.
---@param buf integer
---@param opts? unspin.CheckOptions
---@return unspin.Fix[]? fixes, unspin.Bytes|string bytes_or_message, table? info
function M.check(buf, opts)
  local bytes, why_not = bytes_of.of(buf)
  if not bytes then
    return nil, why_not --[[@as string]]
  end
  opts = opts or {}
  local decided = opts.threshold and M.decided(buf, bytes) or {}
  local fixes, info = engine.check(bytes.text, M.options(buf, opts), M.received(bytes.text, decided))
  if not fixes then
    return nil, info --[[@as string]]
  end
  if opts.again then
    decided = vim.tbl_filter(function(place)
      return place.stands
    end, decided)
  end
  return M.beside(fixes, decided), bytes, info --[[@as table]]
end

---Make edits that correct, and tell.
---@param buf integer
---@param list unspin.Edit[]
---@return integer count
function M.make(buf, list)
  local made = edits.make(buf, list)
  if #made == 0 then
    return 0
  end
  local is_new, fixes = {}, {}
  for i, mark in ipairs(made) do
    is_new[mark.id], fixes[i] = true, mark.fix
  end
  marks.flash(
    buf,
    vim.tbl_filter(function(place)
      return is_new[place.mark.id]
    end, marks.all(buf))
  )
  say.event("UnspinCorrected", { buf = buf, fixes = fixes })
  return #made
end

---@param buf integer
---@param bytes unspin.Bytes
---@param fixes unspin.Fix[]
---@return integer count
function M.make_fixes(buf, bytes, fixes)
  return M.make(buf, edits.of_fixes(bytes, fixes))
end

return M
