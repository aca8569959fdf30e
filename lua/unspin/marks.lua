-- The corrections in a buffer, each held by an extmark over its words.
--
-- An extmark follows its words through edits, undo and redo, so what a mark covers tells what
-- became of the correction: it stands, it was reversed (the old words are back), or the place
-- was rewritten. A write records those that stand; nothing else remembers them.

local locate = require("unspin.locate")
local rows = require("unspin.rows")

local M = {}

local NS = vim.api.nvim_create_namespace("unspin")
local FLASH = vim.api.nvim_create_namespace("unspin_flash")

---@class unspin.Mark
---@field id integer of the extmark
---@field fix unspin.Fix
---@field oid? string the commit that recorded it
---@field refused? boolean its reversal is already known to the session
---@field rejected? boolean its reversal is recorded
---@field proposal? boolean it was never made: a suggestion that was refused
---@field before? string what surrounds it on its lines: tells where it is when a formatter replaces them
---@field after? string
---@field hidden? boolean dismissed: still followed, no longer shown

---@class unspin.Place
---@field mark unspin.Mark
---@field row integer 0-based
---@field column integer 0-based, bytes
---@field end_row integer
---@field end_column integer
---@field state "stands"|"reversed"|"rewritten" a refused suggestion counts as reversed
---@field exact boolean the mark covers its words and nothing else
---@field lit boolean the mark is highlighted

local buffers = {} ---@type table<integer, table<integer, unspin.Mark>>
local changed = {} ---@type table<integer, unspin.Rows> what is to be shown as it is, once changes have settled

local function define_highlights()
  for name, target in pairs({ UnspinFlash = "IncSearch", UnspinCorrected = "DiffAdd" }) do
    vim.api.nvim_set_hl(0, name, { link = target, default = true })
  end
end
define_highlights()
vim.api.nvim_create_autocmd("ColorScheme", {
  group = vim.api.nvim_create_augroup("unspin_highlights", { clear = true }),
  callback = define_highlights,
})

---The words of a fix as lines of a buffer.
---@param words string
---@return string[]
function M.lines(words)
  return vim.split((words:gsub("\r\n", "\n")), "\n", { plain = true })
end

-- Gravity outwards: what replaces the words in one go, as undo does, stays inside the mark.
local function set(buf, id, row, column, end_row, end_column, shown)
  return vim.api.nvim_buf_set_extmark(buf, NS, row, column, {
    id = id,
    end_row = end_row,
    end_col = end_column,
    right_gravity = false,
    end_right_gravity = true,
    strict = false, -- a mark whose words are gone may lie past the end of its line
    hl_group = shown and "UnspinCorrected" or nil,
  })
end

-- Once changes have settled, show only what stands.
local function refresh_soon(buf)
  local tick = vim.api.nvim_buf_get_changedtick(buf)
  vim.defer_fn(function()
    if not vim.api.nvim_buf_is_loaded(buf) then
      changed[buf] = nil
    elseif vim.api.nvim_buf_get_changedtick(buf) == tick then
      local settled = changed[buf]
      changed[buf] = nil
      M.all(buf, settled)
    else
      refresh_soon(buf)
    end
  end, 150)
end

---Mark words as corrected.
---@param buf integer
---@param fix unspin.Fix
---@param hidden? boolean
---@return unspin.Mark
function M.add(buf, row, column, end_row, end_column, fix, hidden)
  if not buffers[buf] then
    buffers[buf] = {}
    require("unspin.setup").listen_to_writes() -- where no article is named, nothing did so far
    vim.api.nvim_buf_attach(buf, false, {
      on_lines = function(_, _, _, first, old_stop, stop)
        if not buffers[buf] then
          return true
        end
        local waits = changed[buf]
        changed[buf] = rows.add(waits, first, old_stop, stop)
        if not waits then
          refresh_soon(buf)
        end
      end,
      on_detach = function()
        buffers[buf] = nil
      end,
      on_reload = function()
        M.clear(buf)
      end,
    })
  end
  local mark = { fix = fix, hidden = hidden, id = set(buf, nil, row, column, end_row, end_column, not hidden) }
  buffers[buf][mark.id] = mark
  return mark
end

-- Where a mark's words stand whole within the text that it covers: the offsets before and after,
-- and how much its surroundings speak for that place.
local function find_words(mark, words, covered)
  if covered == words then
    return 0, #covered, math.huge
  elseif words == "" then
    return nil -- they were taken out, and something else stands there
  end
  local first, last, score = locate.find(covered, words, mark.before or "", mark.after or "")
  return first and first - 1, last, score
end

-- Row and column of an offset into joined lines that begin at (row, column).
local function advance(lines, row, column, offset)
  for i, line in ipairs(lines) do
    if offset <= #line then
      return row + i - 1, (i == 1 and column or 0) + offset
    end
    offset = offset - #line - 1
  end
end

-- What a mark covers, as lines. `lines` are the buffer's from row `base` on; a mark whose words are
-- gone may lie past them.
local function region(lines, base, row, column, end_row, end_column)
  local covered = {}
  for at = row, end_row do
    local line = lines[at - base + 1] or ""
    covered[#covered + 1] = line:sub(at == row and column + 1 or 1, at == end_row and end_column or -1)
  end
  return covered
end

-- What became of a mark, and where its words are within it.
local function inspect(lines, mark, row, column, details)
  local place = {
    mark = mark,
    row = row,
    column = column,
    end_row = details.end_row,
    end_column = details.end_col,
    state = "rewritten",
    exact = false,
    lit = details.hl_group ~= nil,
  }
  local covered = table.concat(lines, "\n")
  local tries = { { "stands", mark.fix.new }, { "reversed", mark.fix.old } }
  if #mark.fix.old > #mark.fix.new then
    tries[1], tries[2] = tries[2], tries[1] -- "probably the most" also holds "the most"
  end
  if mark.proposal then
    tries = { { "reversed", mark.fix.old } }
  end
  local best
  for _, try in ipairs(tries) do
    local first, last, score = find_words(mark, (try[2]:gsub("\r\n", "\n")), covered)
    if first and (not best or score > best) then
      best, place.state = score, try[1]
      place.row, place.column = advance(lines, row, column, first)
      place.end_row, place.end_column = advance(lines, row, column, last)
      place.exact = first == 0 and last == #covered
    end
  end
  return place
end

-- A mark whose words were deleted lies empty, ready for an undo. Words typed there may be those
-- of another mark: then they are the other's.
local function yield_overlaps(places)
  local held ---@type unspin.Place?
  for _, place in ipairs(places) do
    if place.state ~= "rewritten" then
      local overlaps = held
        and (place.row < held.end_row or (place.row == held.end_row and place.column < held.end_column))
      if overlaps and held.exact then
        place.state = "rewritten"
      else
        if overlaps then
          held.state = "rewritten"
        end
        held = place
      end
    end
  end
end

-- Narrow a mark to its words where something was typed right beside them, and show it as it is.
local function settle(buf, place)
  local shown = place.state == "stands" and not place.mark.hidden
  if place.state ~= "rewritten" and not place.exact or shown ~= place.lit then
    set(buf, place.mark.id, place.row, place.column, place.end_row, place.end_column, shown)
  end
end

---All marked corrections, in the order of the text.
---@param buf integer
---@param within? unspin.Rows only those there
---@return unspin.Place[]
function M.all(buf, within)
  local marks, places = buffers[buf], {}
  if not marks then
    return places
  end
  -- A mark may begin in the row before.
  local base = within and math.max(within.first - 1, 0) or 0
  local last = within and { within.stop, 0 } or -1
  local lines = vim.api.nvim_buf_get_lines(buf, base, within and within.stop + 2 or -1, false)
  for _, found in ipairs(vim.api.nvim_buf_get_extmarks(buf, NS, { base, 0 }, last, { details = true })) do
    local mark, row, column, details = marks[found[1]], found[2], found[3], found[4]
    if mark then
      local covered = region(lines, base, row, column, details.end_row, details.end_col)
      places[#places + 1] = inspect(covered, mark, row, column, details)
    end
  end
  table.sort(places, function(a, b)
    if a.row ~= b.row or a.column ~= b.column then
      return a.row < b.row or (a.row == b.row and a.column < b.column)
    end
    return a.mark.id < b.mark.id
  end)
  yield_overlaps(places)
  for _, place in ipairs(places) do
    settle(buf, place)
    if place.state ~= "rewritten" then
      local line, last_line = lines[place.row - base + 1] or "", lines[place.end_row - base + 1] or ""
      place.mark.before = line:sub(math.max(1, place.column + 1 - locate.CONTEXT), place.column)
      place.mark.after = last_line:sub(place.end_column + 1, place.end_column + locate.CONTEXT)
    end
  end
  return places
end

---@param buf integer
---@return boolean
function M.any(buf)
  return next(buffers[buf] or {}) ~= nil
end

---The marked correction at a place, or nil.
---@return unspin.Place?
function M.at(buf, row, column)
  for _, place in ipairs(M.all(buf)) do
    local after_start = place.row < row or (place.row == row and place.column <= column)
    local before_end = row < place.end_row or (row == place.end_row and column < place.end_column)
    if after_start and before_end then
      return place
    end
  end
end

---How many corrections are marked, as far as is known without a look at each.
---@param buf integer
---@return integer
function M.count(buf)
  local count = 0
  for _, mark in pairs(buffers[buf] or {}) do
    count = count + (mark.refused and 0 or 1)
  end
  return count
end

---No longer show the marks; they are still followed.
---@param buf integer
function M.dismiss(buf)
  for _, mark in pairs(buffers[buf] or {}) do
    mark.hidden = true
  end
  M.all(buf)
end

---@param buf integer
---@param oid string
---@return unspin.Place?
function M.of_commit(buf, oid)
  for _, place in ipairs(M.all(buf)) do
    if place.mark.oid == oid then
      return place
    end
  end
end

---@param buf integer
---@param mark unspin.Mark
function M.remove(buf, mark)
  vim.api.nvim_buf_del_extmark(buf, NS, mark.id)
  if buffers[buf] then
    buffers[buf][mark.id] = nil
  end
end

---@param buf integer
function M.clear(buf)
  vim.api.nvim_buf_clear_namespace(buf, NS, 0, -1)
  if buffers[buf] then
    buffers[buf] = {}
  end
end

---Light the given places up for a moment.
---@param buf integer
---@param places unspin.Place[]
function M.flash(buf, places)
  local time = require("unspin.config").get().flash
  if time == 0 or #places == 0 then
    return
  end
  for _, place in ipairs(places) do
    vim.api.nvim_buf_set_extmark(buf, FLASH, place.row, place.column, {
      end_row = place.end_row,
      end_col = place.end_column,
      hl_group = "UnspinFlash",
      priority = 5000,
    })
  end
  vim.defer_fn(function()
    if vim.api.nvim_buf_is_valid(buf) then
      vim.api.nvim_buf_clear_namespace(buf, FLASH, 0, -1)
    end
  end, time)
end

return M
