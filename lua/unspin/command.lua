-- :Unspin and its subcommands.

local M = {}

---@class unspin.Call
---@field buf integer
---@field bang boolean
---@field first? integer 0-based row where a range begins; nil: no range
---@field last? integer

-- Fixes that lie in the rows of a range.
local function in_range(call, bytes, fixes)
  if not call.first then
    return fixes
  end
  local place = require("unspin.bytes").place
  return vim.tbl_filter(function(fix)
    return place(bytes, fix.start - 1) >= call.first and place(bytes, fix.stop - 1) <= call.last
  end, fixes)
end

---@type table<string, { run: fun(call: unspin.Call), doc: string }>
M.subcommands = {}

local function check(call, opts)
  local correct, say = require("unspin.correct"), require("unspin.say")
  local fixes, bytes, info = correct.check(call.buf, opts)
  if not fixes then
    say.problem(bytes)
    return
  end
  return in_range(call, bytes, fixes), bytes, info
end

-- Correct now.
local function run(call)
  local say = require("unspin.say")
  local forbidden = require("unspin.articles").forbidden(call.buf)
  if forbidden then
    return say.problem(forbidden)
  end
  require("unspin.history").notice_reversed(call.buf)
  local _, ask = require("unspin.engine").thresholds()
  local fixes, bytes = check(call, call.bang and { threshold = ask, again = true } or nil)
  if fixes then
    local count = require("unspin.correct").make_fixes(call.buf, bytes, fixes)
    say.answer(count == 0 and "nothing to correct" or say.count(count, "correction") .. ", recorded when written")
  end
end

-- What is about the word or line under the cursor, and so means the window where it stands.
local AT_CURSOR = { why = true, accept = true, reject = true }

-- In a window that is about an article (a list, a float, the text as received) a command is, too.
local function turn_to_article(call)
  local win ---@type integer?
  if vim.bo[call.buf].buftype == "quickfix" then
    win = vim.fn.getloclist(0, { filewinid = 0 }).filewinid
  elseif vim.api.nvim_buf_is_valid(vim.b[call.buf].unspin_article or -1) then
    win = require("unspin.review").article_window(vim.b[call.buf].unspin_article)
  end
  if win and vim.api.nvim_win_is_valid(win) then
    vim.api.nvim_set_current_win(win)
    call.buf = vim.api.nvim_win_get_buf(win)
  end
end

---@param call unspin.Call
---@param name string
function M.run(call, name)
  local ok, message = pcall(function()
    require("unspin.engine").retry()
    if not call.first and not AT_CURSOR[name] then
      turn_to_article(call)
    end
    if name == "" then
      return run(call)
    end
    local subcommand = M.subcommands[name]
    if subcommand then
      return subcommand.run(call)
    end
    local meant = require("unspin.config").nearest(name, vim.tbl_keys(M.subcommands))
    require("unspin.say").problem(
      ("no subcommand %s%s"):format(name, meant and (": did you mean %s?"):format(meant) or "; see :help :Unspin")
    )
  end)
  if not ok then
    require("unspin.say").problem(tostring(message):match("^[^\n]*"))
  end
end

---@param lead string
---@return string[]
function M.complete(lead)
  local names = vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, vim.tbl_keys(M.subcommands))
  table.sort(names)
  return names
end

-- Turn a buffer, or with a bang everything, on or off.
local function switch(call, off)
  if call.bang then
    vim.g.unspin_disable = off
  else
    vim.b[call.buf].unspin_disable = off
  end
  local suggest = require("unspin.suggest")
  for _, buf in ipairs(call.bang and vim.api.nvim_list_bufs() or { call.buf }) do
    if off then
      suggest.detach(buf)
    elseif vim.api.nvim_buf_is_loaded(buf) then
      suggest.attach(buf)
    end
  end
  require("unspin.say").answer(require("unspin.status").on_save(call.buf))
end

---@param name string
---@param doc string
---@param run fun(call: unspin.Call)
local function define(name, doc, run_it)
  M.subcommands[name] = { doc = doc, run = run_it }
end

define("check", "list in the |location-list| what would be corrected; changes nothing", function(call)
  local say = require("unspin.say")
  local fixes, bytes, info = check(call)
  if not fixes then
    return
  end
  local items = {}
  for i, fix in ipairs(fixes) do
    local row, column = require("unspin.bytes").place(bytes, fix.start - 1)
    items[i] = {
      bufnr = call.buf,
      lnum = row + 1,
      col = column + 1,
      text = ("%s → %s (%.2f) %s"):format(fix.old, fix.new, fix.confidence, fix.reason),
    }
  end
  vim.fn.setloclist(0, {}, " ", { title = "Unspin check", items = items })
  if #items > 0 then
    vim.cmd("lopen")
    vim.wo.wrap = false -- one line each; the reasons are long
  end
  say.answer(
    ("%s in %s%s"):format(
      say.count(#items, "correction"),
      say.count(info.words, "word"),
      info.cut_short and "; not all was looked at, max_seconds was reached" or ""
    )
  )
end)
define("log", "list the recorded corrections, see |unspin-log|; with ! in the |quickfix| list", function(call)
  require("unspin.review").open(call)
end)
define("diff", "show the article as received beside it, in |diff-mode|", function(call)
  require("unspin.review").diff(call)
end)
define("why", "say in a float why the word under the cursor was corrected", function(call)
  require("unspin.why").open(call)
end)
define("accept", "accept the suggestion under the cursor, or those of the range; asks if there are "
  .. "several readings, with ! takes the likeliest", function(call)
  require("unspin.choose").accept(call)
end)
define("reject", "take back the correction under the cursor, or refuse the suggestion there; or "
  .. "all of the range", function(call)
  require("unspin.choose").reject(call)
end)
define("next", "go to the next corrected word, of those highlighted or else of all; takes a count", function(call)
  require("unspin.jump").go(call.buf, 1)
end)
define("prev", "go to the corrected word before", function(call)
  require("unspin.jump").go(call.buf, -1)
end)
define("dismiss", "no longer highlight the corrected words", function(call)
  require("unspin.marks").dismiss(call.buf)
end)
define("on", "correct this buffer on save again; with ! all buffers", function(call)
  switch(call, false)
end)
define("off", "leave this buffer alone; with ! all buffers", function(call)
  switch(call, true)
end)
define("toggle", "on if off, off if on", function(call)
  local off = vim.b[call.buf].unspin_disable
  if call.bang then
    off = vim.g.unspin_disable
  end
  switch(call, not off)
end)
define("status", "say what happens in this buffer on save and what happened last, or why nothing did", function(call)
  vim.api.nvim_echo({ { table.concat(require("unspin.status").lines(call.buf), "\n") } }, false, {})
end)

return M
