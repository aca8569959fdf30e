-- Unsure corrections of an article, shown as diagnostics and refreshed while it is changed, off
-- the typing path: a key only restarts a timer, and the check runs on another thread.

local bytes_of = require("unspin.bytes")
local correct = require("unspin.correct")
local edits = require("unspin.edits")
local engine = require("unspin.engine")
local rows = require("unspin.rows")

local M = {}

local NS = vim.api.nvim_create_namespace("unspin_suggestions")
local uv = vim.uv or vim.loop

---@class unspin.Suggestions of one buffer
---@field timer table
---@field edits integer counts the changes of the text
---@field changed? unspin.Rows since the last check
---@field whole boolean the whole article is to be looked at
---@field partly boolean parts were looked at since
---@field options? table how the whole was checked, and what it says of the article
---@field corrected? boolean corrections stood in it
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
local function forget(buf, first, stop)
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(buf, NS, { first, 0 }, { stop - 1, -1 }, {})) do
    vim.api.nvim_buf_del_extmark(buf, NS, mark[1])
    buffers[buf].fixes[mark[1]] = nil
  end
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
  local list, shown = {}, {}
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
    shown[i] = ("%d %d %s"):format(place.row, place.column, list[i].message)
  end
  shown = table.concat(shown, "\n")
  if shown ~= buffers[buf].shown then
    buffers[buf].shown = shown
    vim.diagnostic.set(NS, buf, list)
  end
end

-- Put what a check found in the place of what was suggested in its rows.
local function take(buf, job, fixes, info)
  local state = buffers[buf]
  state.changed = nil
  state.partly = not job.whole
  if job.whole then
    state.whole, state.corrected = false, job.received ~= nil
    state.options = job.options
    state.options.article = info and info.article
  end
  forget(buf, job.row, job.stop)
  for _, edit in ipairs(edits.of_fixes(job.bytes, correct.beside(fixes, job.decided))) do
    -- What is sure is corrected on save; not so once the text as a whole passes for clean.
    if state.corrected or edit.fix.confidence < engine.thresholds() then
      local id = vim.api.nvim_buf_set_extmark(buf, NS, edit.row, edit.column, {
        end_row = edit.end_row,
        end_col = edit.end_column,
      })
      state.fixes[id] = edit.fix
    end
  end
  show(buf)
end

-- The rows of the paragraphs that the changed rows lie in.
local function paragraphs(bytes, changed)
  local lengths = bytes.lengths
  local first = math.min(changed.first, #lengths - 1)
  local stop = math.min(math.max(changed.stop, first + 1), #lengths)
  while first > 0 and lengths[first] > 0 do
    first = first - 1
  end
  while stop < #lengths and lengths[stop + 1] > 0 do
    stop = stop + 1
  end
  return first, stop
end

---@class unspin.SuggestJob
---@field bytes unspin.Bytes
---@field options table for the engine
---@field decided unspin.Decided[] places there that were corrected or put back
---@field received? string of the whole: without its corrections, if there are any
---@field whole boolean
---@field row integer first row that is looked at
---@field stop integer the row that follows the last
---@field edits integer the buffer's count of changes

-- What is to be checked and how, if something is.
---@return unspin.SuggestJob?
local function due(buf)
  local state = buffers[buf]
  if not state or not (state.whole or state.changed) or not engine.get() then
    return
  end
  local bytes = not require("unspin.articles").why_not(buf) and bytes_of.of(buf)
  if not bytes then
    state.changed = nil
    forget(buf, 0, vim.api.nvim_buf_line_count(buf))
    return show(buf)
  end
  local job = { bytes = bytes, edits = state.edits }
  if state.whole or not state.options.article then
    job.whole, job.row, job.stop = true, 0, #bytes.lengths
    job.decided = correct.decided(buf, bytes)
    job.received = correct.received(bytes.text, job.decided)
    job.options = correct.options(buf, { threshold = select(2, engine.thresholds()) })
    return job
  end
  job.whole = false
  job.row, job.stop = paragraphs(bytes, state.changed)
  job.decided = correct.decided(buf, bytes, { first = job.row, stop = job.stop })
  job.options = vim.tbl_extend("force", state.options, {
    first = bytes.starts[job.row + 1] + 1,
    last = bytes.starts[job.stop] + bytes.lengths[job.stop],
  })
  if job.options.last >= job.options.first then
    return job
  end
  take(buf, job, {}) -- nothing but empty lines
end

---Look for suggestions now, if the text changed since it was looked at.
---@param buf integer
function M.refresh(buf)
  local job = due(buf)
  if job then
    local fixes, info = engine.check(job.bytes.text, job.options, job.received)
    take(buf, job, fixes or {}, fixes and info)
  end
end

local refresh_later

-- Look for suggestions on the other thread. What comes back for a text that has changed since is
-- dropped; the change asks anew.
local function refresh_aside(buf)
  local job = due(buf)
  if not job then
    return
  end
  local state = buffers[buf]
  local begun = require("unspin.background").check(job.bytes.text, job.options, job.received, function(fixes, info)
    if buffers[buf] == state and vim.api.nvim_buf_is_loaded(buf) and state.edits == job.edits then
      take(buf, job, fixes or {}, info)
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
  local state = { timer = uv.new_timer(), edits = 0, whole = true, partly = false, fixes = {}, shown = "" }
  buffers[buf] = state
  vim.diagnostic.config(options.diagnostics, NS)
  vim.api.nvim_buf_attach(buf, false, {
    on_lines = function(_, _, _, first, old_stop, stop)
      if buffers[buf] ~= state then
        return true
      end
      state.edits = state.edits + 1
      state.changed = rows.add(state.changed, first, old_stop, stop)
      refresh_later(buf)
    end,
    on_reload = function()
      M.again(buf)
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
    vim.api.nvim_buf_clear_namespace(buf, NS, 0, -1)
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

---Look at the whole article anew, whatever changed.
---@param buf integer
function M.again(buf)
  if buffers[buf] then
    buffers[buf].edits = buffers[buf].edits + 1
    buffers[buf].whole = true
    refresh_later(buf)
  end
end

---The article was written: look at the whole of it where only parts were looked at since.
---@param buf integer
function M.written(buf)
  local state = buffers[buf]
  if state and (state.partly or state.changed) then
    M.again(buf)
  end
end

return M
