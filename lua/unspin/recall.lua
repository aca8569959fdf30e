-- Corrections of earlier sessions: read from the history and found again in the text as it is
-- now, so that they can be reviewed, explained, rejected, and noticed when they are undone.

local bytes_of = require("unspin.bytes")
local history = require("unspin.history")
local locate = require("unspin.locate")
local marks = require("unspin.marks")

local M = {}

local function position(starts, offset)
  local line = bytes_of.line(starts, offset)
  return line - 1, offset - starts[line]
end

---@param buf integer
---@param limit integer how many of the newest to look at
---@return unspin.Entry[] entries, string? message
function M.entries(buf, limit)
  local handle, message = history.open(buf)
  if not handle then
    return {}, message
  end
  local entries = {}
  for entry in handle:log({ limit = limit }) do
    entries[#entries + 1] = entry
  end
  return entries
end

---Mark what earlier sessions corrected and still stands. The marks are not shown.
---@param buf integer
---@param entries? unspin.Entry[] if they are at hand
function M.recall(buf, entries)
  entries = entries or M.entries(buf, 1000)
  local known = {}
  local taken = {} ---@type table<integer, boolean> offsets that are marked already
  local lines = vim.api.nvim_buf_get_lines(buf, 0, -1, true)
  local starts, offset = {}, 0
  for i, line in ipairs(lines) do
    starts[i], offset = offset, offset + #line + 1
  end
  for _, place in ipairs(marks.all(buf)) do
    if place.mark.oid then
      known[place.mark.oid] = true
    end
    taken[starts[place.row + 1] + place.column] = true
  end
  local text = table.concat(lines, "\n")
  for _, entry in ipairs(entries) do
    if not known[entry.oid] and not entry.rejected then
      local first, last = locate.entry(text, entry)
      if first and not taken[first - 1] then
        taken[first - 1] = true
        local row, column = position(starts, first - 1)
        local end_row, end_column = position(starts, last)
        local fix = {
          old = entry.old,
          new = entry.new,
          confidence = entry.confidence,
          kind = entry.kind,
          reason = entry.reason,
        }
        marks.add(buf, row, column, end_row, end_column, fix, true).oid = entry.oid
      end
    end
  end
end

return M
