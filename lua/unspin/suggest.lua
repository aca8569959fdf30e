-- Unsure corrections of an article, shown as diagnostics and refreshed while it is changed, off
-- the typing path: a key only restarts a timer, and the check runs on another thread.

local bytes_of = require("unspin.bytes")
local correct = require("unspin.correct")
local edits = require("unspin.edits")
local engine = require("unspin.engine")

local M = {}

local NS = vim.api.nvim_create_namespace("unspin_suggestions")
local uv = vim.uv or vim.loop

---@class unspin.Suggestions of one buffer
---@field timer table
---@field tick integer changedtick of the text that was checked last
---@field fixes table<integer, unspin.Fix> by the extmark that holds the place
---@field shown string what the diagnostics show, to leave them alone when it is the same

local buffers = {} ---@type table<integer, unspin.Suggestions>

---@class unspin.Suggestion
---@field id integer
---@field fix unspin.Fix
---@field row integer 0-based
---@field column integer
---@field end_row integer
---@field end_column integer

-- The namespace of diagnostics has extmarks of its own; ours keep the places while one types.
local function forget(buf)
  vim.api.nvim_buf_clear_namespace(buf, NS, 0, -1)
  buffers[buf].fixes = {}
end

local function wording(fix)
  local others = {}
  for _, reading in ipairs(fix.readings or {}) do
    if reading.text ~= fix.new and reading.text ~= fix.old and reading.confidence >= 0.005 then
      others[#others + 1] = ("%s %.2f"):format(reading.text, reading.confidence)
    end
  end
  local alternatives = #others > 0 and ("; or %s"):format(table.concat(others, ", ")) or ""
  return ("%s → %s? (%.2f) %s%s"):format(fix.old, fix.new, fix.confidence, fix.reason or "", alternatives)
end

local function show(buf)
  local list = {}
  for i, place in ipairs(M.all(buf)) do
    list[i] = {
      lnum = place.row,
      col = place.column,
      end_lnum = place.end_row,
      end_col = place.end_column,
      severity = vim.diagnostic.severity.HINT,
      source = "unspin",
      code = place.fix.kind,
      message = wording(place.fix),
      user_data = { unspin = { old = place.fix.old, new = place.fix.new } },
    }
  end
  local shown = vim.inspect(list)
  if shown ~= buffers[buf].shown then
    buffers[buf].shown = shown
    vim.diagnostic.set(NS, buf, list)
  end
end

local function take(buf, bytes, fixes)
  forget(buf)
  local sure = engine.thresholds()
  local unsure = vim.tbl_filter(function(fix)
    return fix.confidence < sure
  end, fixes)
  for _, edit in ipairs(edits.of_fixes(bytes, unsure)) do
    local id = vim.api.nvim_buf_set_extmark(buf, NS, edit.row, edit.column, {
      end_row = edit.end_row,
      end_col = edit.end_column,
    })
    buffers[buf].fixes[id] = edit.fix
  end
  show(buf)
end

-- The text to check and how, if it changed since the last time and there is something to check.
local function due(buf)
  local state = buffers[buf]
  local tick = vim.api.nvim_buf_get_changedtick(buf)
  if not state or state.tick == tick or not engine.get() then
    return
  end
  local bytes = not require("unspin.articles").why_not(buf) and bytes_of.of(buf)
  if not bytes then
    state.tick = tick
    forget(buf)
    show(buf)
    return
  end
  local _, ask = engine.thresholds()
  return bytes, correct.options(buf, { threshold = ask }), tick
end

---Look for suggestions now, if the text changed since it was looked at.
---@param buf integer
function M.refresh(buf)
  local bytes, options, tick = due(buf)
  if bytes then
    buffers[buf].tick = tick
    take(buf, bytes, (engine.check(bytes.text, options)) or {})
  end
end

local refresh_later

-- Look for suggestions on the other thread. What comes back for a text that has changed since is
-- dropped; the change asks anew.
local function refresh_aside(buf)
  local bytes, options, tick = due(buf)
  if not bytes then
    return
  end
  local state = buffers[buf]
  local begun = require("unspin.background").check(bytes.text, options, function(fixes)
    local current = buffers[buf] == state and vim.api.nvim_buf_is_loaded(buf)
    if current and vim.api.nvim_buf_get_changedtick(buf) == tick and state.tick ~= tick then
      state.tick = tick
      take(buf, bytes, fixes or {})
    end
  end)
  if not begun then
    refresh_later(buf)
  end
end

function refresh_later(buf)
  local state = buffers[buf]
  state.timer:stop()
  state.timer:start(
    require("unspin.config").get().suggest_delay,
    0,
    vim.schedule_wrap(function()
      if buffers[buf] ~= state or not vim.api.nvim_buf_is_loaded(buf) then
        return
      end
      local ok, message = pcall(refresh_aside, buf)
      if not ok then
        M.detach(buf) -- rather none than an error after every pause
        require("unspin.say").problem("no more suggestions here: " .. message)
      end
    end)
  )
end

---Start to suggest in a buffer, if it is an article.
---@param buf integer
function M.attach(buf)
  local options = require("unspin.config").get()
  if buffers[buf] or not options.suggest or require("unspin.articles").why_not(buf) then
    return
  end
  local state = { timer = uv.new_timer(), tick = -1, fixes = {}, shown = "" }
  buffers[buf] = state
  vim.diagnostic.config(options.diagnostics, NS)
  vim.api.nvim_buf_attach(buf, false, {
    on_lines = function()
      if buffers[buf] ~= state then
        return true
      end
      refresh_later(buf)
    end,
    on_reload = function()
      refresh_later(buf)
    end,
    on_detach = function()
      M.detach(buf)
    end,
  })
  refresh_later(buf)
end

---Stop to suggest in a buffer.
---@param buf integer
function M.detach(buf)
  local state = buffers[buf]
  if not state then
    return
  end
  state.timer:stop()
  state.timer:close()
  if vim.api.nvim_buf_is_loaded(buf) then
    vim.diagnostic.reset(NS, buf)
    forget(buf)
  end
  buffers[buf] = nil
end

---All suggestions whose words still stand, in the order of the text.
---@param buf integer
---@return unspin.Suggestion[]
function M.all(buf)
  local places = {}
  if not buffers[buf] then
    return places
  end
  for _, found in ipairs(vim.api.nvim_buf_get_extmarks(buf, NS, 0, -1, { details = true })) do
    local id, row, column, details = unpack(found)
    local fix = buffers[buf].fixes[id]
    local ok, lines = pcall(vim.api.nvim_buf_get_text, buf, row, column, details.end_row, details.end_col, {})
    if fix and ok and table.concat(lines, "\n") == (fix.old:gsub("\r\n", "\n")) then
      places[#places + 1] = {
        id = id,
        fix = fix,
        row = row,
        column = column,
        end_row = details.end_row,
        end_column = details.end_col,
      }
    end
  end
  return places
end

---@param buf integer
---@return integer
function M.count(buf)
  return buffers[buf] and vim.tbl_count(buffers[buf].fixes) or 0
end

---Take suggestions off the list.
---@param buf integer
---@param gone unspin.Suggestion[]
function M.remove(buf, gone)
  for _, place in ipairs(gone) do
    vim.api.nvim_buf_del_extmark(buf, NS, place.id)
    buffers[buf].fixes[place.id] = nil
  end
  show(buf)
end

---The buffer's bytes did not change, but what is refused did: look again.
---@param buf integer
function M.again(buf)
  if buffers[buf] then
    buffers[buf].tick = -1
    refresh_later(buf)
  end
end

return M
