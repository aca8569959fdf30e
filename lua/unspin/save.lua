-- What happens when an article is written: corrected before, recorded after. Nothing that goes
-- wrong here may keep the file from being written.

local M = {}

---@class unspin.Outcome why the last save of a buffer did what it did, for |:Unspin-status|
---@field time integer
---@field text string

local outcomes = {} ---@type table<integer, unspin.Outcome>
local told = {} ---@type table<integer, string> the problem told last, so as not to repeat it at every save

---@param buf integer
---@return unspin.Outcome?
function M.outcome(buf)
  return outcomes[buf]
end

local function note(buf, text)
  outcomes[buf] = { time = os.time(), text = text }
end

local function problem(buf, text)
  note(buf, "nothing: " .. text)
  if told[buf] ~= text then
    told[buf] = text
    require("unspin.say").problem(text)
  end
end

-- Whether the event writes the buffer's own file, whole and as the buffer says: not `:w other`,
-- not `:w ++enc=...`. (A part of it, or an append, gives other events.)
local function is_own_write(event)
  local own = vim.api.nvim_buf_get_name(event.buf)
  local converted = vim.v.cmdarg:find("++enc", 1, true) or vim.v.cmdarg:find("++ff", 1, true)
  return not converted and vim.fn.fnamemodify(event.match, ":p") == vim.fn.fnamemodify(own, ":p")
end

-- In Insert mode the word under the cursor is still being typed.
local function spare_cursor(buf, bytes, fixes)
  if not vim.api.nvim_get_mode().mode:match("^n?i?[iR]") or vim.api.nvim_get_current_buf() ~= buf then
    return fixes
  end
  local cursor = vim.api.nvim_win_get_cursor(0)
  local offset = require("unspin.bytes").offset(bytes, cursor[1] - 1, cursor[2])
  return vim.tbl_filter(function(fix)
    return offset < fix.start - 1 or offset > fix.stop
  end, fixes)
end

local function correct_all(buf)
  local correct, history = require("unspin.correct"), require("unspin.history")
  history.notice_reversed(buf)
  local fixes, bytes = correct.check(buf)
  if not fixes then
    return problem(buf, bytes --[[@as string]])
  end
  local count = correct.make_fixes(buf, bytes, spare_cursor(buf, bytes, fixes))
  note(buf, require("unspin.say").count(count, "correction"))
end

local function before_write(buf, why_not)
  if why_not then
    note(buf, "nothing: " .. why_not)
  else
    correct_all(buf)
  end
  require("unspin.history").prepare(buf)
end

local hinted = {} ---@type table<string, boolean>

-- The remarks that were not made before in this session.
local function unheard(remarks)
  return vim.tbl_filter(function(remark)
    local is_new = remark ~= "" and not hinted[remark]
    hinted[remark] = true
    return is_new
  end, remarks)
end

---Tell what was recorded.
---@param buf integer
---@param recorded unspin.Recorded
local function summarize(buf, recorded)
  local say = require("unspin.say")
  local place, done, first_time = recorded.place, {}, {}
  if recorded.corrections > 0 then
    local where = place.where == "branch" and (place.ref or ""):match("[^/]+$") or place.where
    local corrections = say.count(recorded.corrections, "correction")
    local commits = say.count(recorded.corrections, "commit")
    done[1] = ("%s, %s on %s"):format(corrections, commits, where)
    first_time = unheard({ ":Unspin log lists them" })
  end
  if recorded.rejections > 0 then
    done[#done + 1] = say.count(recorded.rejections, "rejection") .. " recorded"
  end
  local notices, hints = unheard({ place.notice or "" }), unheard({ place.hint or "" })
  note(buf, table.concat(done, "; "))
  for _, remarks in ipairs({ first_time, notices, hints }) do
    vim.list_extend(done, remarks)
  end
  local message = table.concat(done, "; ")
  told[buf] = nil
  if #notices > 0 then
    say.problem(message)
  else
    say.news(#hints > 0 and message or say.fitting(message))
  end
end

local function after_write(buf, why_not)
  local recorded, message = require("unspin.history").record(buf)
  if message then
    problem(buf, "not recorded: " .. message)
  elseif recorded then
    summarize(buf, recorded)
  end
  if not why_not then
    require("unspin.suggest").written(buf)
  end
end

-- Run a step on a buffer's own write; whatever fails is told and forgotten. What is not to be
-- corrected on save may still hold what a command corrected, which is recorded.
local function guarded(step)
  return function(event)
    local buf = event.buf
    local ok, message = pcall(function()
      local why_not = require("unspin.articles").why_not(buf)
      if is_own_write(event) then
        step(buf, why_not)
      else
        note(buf, "nothing: " .. (why_not or "it was not the buffer's own file that was written"))
      end
    end)
    if not ok then
      problem(buf, "an error of its own, please report it: " .. tostring(message):match("^[^\n]*"))
    end
  end
end

M.before = guarded(before_write)
M.after = guarded(after_write)

---An article may be shown: what earlier sessions corrected is found again, and suggestions are
---looked for.
---@param buf integer
function M.look_at(buf)
  if not vim.api.nvim_buf_is_loaded(buf) or require("unspin.articles").why_not(buf) then
    return
  end
  if not vim.b[buf].unspin_recalled then
    vim.b[buf].unspin_recalled = true
    pcall(function()
      require("unspin.recall").recall(buf)
    end)
  end
  require("unspin.suggest").attach(buf)
end

vim.api.nvim_create_autocmd("BufWipeout", {
  group = vim.api.nvim_create_augroup("unspin_outcomes", { clear = true }),
  callback = function(event)
    outcomes[event.buf], told[event.buf] = nil, nil
  end,
})

return M
