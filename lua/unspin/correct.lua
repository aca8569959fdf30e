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

---The text without the corrections that stand in it, as the bot left it; nil if none stands.
---@param buf integer
---@param bytes unspin.Bytes
---@return string?
function M.received(buf, bytes)
  local pieces, from = {}, 1
  for _, place in ipairs(marks.all(buf)) do
    local first = place.state == "stands" and bytes_of.offset(bytes, place.row, place.column) + 1 or 0
    if first >= from then
      vim.list_extend(pieces, { bytes.text:sub(from, first - 1), place.mark.fix.old })
      from = bytes_of.offset(bytes, place.end_row, place.end_column) + 1
    end
  end
  return from > 1 and table.concat(pieces) .. bytes.text:sub(from) or nil
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
  local received = opts.threshold and M.received(buf, bytes) or nil
  local fixes, info = engine.check(bytes.text, M.options(buf, opts), received)
  if not fixes then
    return nil, info --[[@as string]]
  end
  return fixes, bytes, info --[[@as table]]
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
