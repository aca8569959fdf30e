-- Corrections of earlier sessions: read from the history and found again in the text as it is
-- now, so that they can be reviewed, explained, rejected, and noticed when they are undone.

local bytes_of = require("unspin.bytes")
local history = require("unspin.history")
local locate = require("unspin.locate")
local marks = require("unspin.marks")

local M = {}

-- The words around a correction, as its commit's excerpt gives them:
-- "…following an [settlement → agreement] to cut back…"
local function context(entry)
  local before, after = (entry.excerpt or ""):match("^(.-)%[.*%](.-)$")
  before = (before or ""):gsub("^…", "")
  after = (after or ""):gsub("…$", "")
  return before, after
end

---The likeliest place of a recorded correction in a text: where its new words stand in the most
---similar surroundings.
---@param text string lines joined by newlines
---@param entry { new: string, excerpt: string?, line: integer }
---@return integer? first, integer? last 1-based
function M.locate(text, entry)
  if entry.new == "" then
    return nil
  end
  local before, after = context(entry)
  local line, counted = 1, 1
  return locate.find(text, entry.new, before, after, function(first)
    local _, newlines = text:sub(counted, first - 1):gsub("\n", "")
    line, counted = line + newlines, first
    -- Words nearby may have changed since, lines may have moved: both count, the words more.
    return math.min(math.abs(line - (entry.line or line)), 20) / 2
  end)
end

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
      local first, last = M.locate(text, entry)
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
