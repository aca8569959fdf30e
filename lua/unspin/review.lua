-- :Unspin log, the corrections of an article as its history has them, to be looked through.

local choose = require("unspin.choose")
local marks = require("unspin.marks")
local recall = require("unspin.recall")
local say = require("unspin.say")

local M = {}

local NONE = "no corrections are recorded for this article"
local NS = vim.api.nvim_create_namespace("unspin_log")

---@class unspin.Review
---@field article integer the buffer whose corrections are listed
---@field entries unspin.Entry[]
---@field preview? integer window that shows a diff

local reviews = {} ---@type table<integer, unspin.Review> by the list's buffer

local KEYS = {
  { "<CR>", "jump", "go to the place in the article" },
  { "p", "preview", "show the commit's diff" },
  { "r", "reject", "reject the correction" },
  { "o", "fugitive", "open the commit in fugitive" },
  { "Q", "quickfix", "put the list into the quickfix list" },
  { "R", "reload", "read the history again" },
  { "q", "close", "close the list" },
}
M.KEYS = KEYS

local function line(entry)
  return ("%s  %s  %.2f  %s%s → %s"):format(
    entry.oid:sub(1, 8),
    os.date("%Y-%m-%d %H:%M", entry.time),
    entry.confidence or 0,
    entry.rejected and "(rejected) " or "",
    entry.old,
    entry.new
  )
end

local function fill(list, entries)
  local review = reviews[list]
  entries = entries or recall.entries(review.article, 0)
  review.entries = entries
  recall.recall(review.article, entries)
  local lines = {}
  for i, entry in ipairs(entries) do
    lines[i] = line(entry)
  end
  vim.bo[list].modifiable = true
  vim.api.nvim_buf_set_lines(list, 0, -1, true, lines)
  vim.bo[list].modifiable = false
  vim.api.nvim_buf_clear_namespace(list, NS, 0, -1)
  for i, entry in ipairs(entries) do
    local group = entry.rejected and "Comment" or "Identifier"
    vim.api.nvim_buf_set_extmark(list, NS, i - 1, 0, { end_col = entry.rejected and #lines[i] or 8, hl_group = group })
  end
end

---Run git on the history of an article.
---@param article integer
---@param arguments string[]
---@return string[]? lines, string? message
function M.git(article, arguments)
  local handle, message = require("unspin.history").open(article)
  if not handle then
    return nil, message
  end
  local command = { "git", "--git-dir=" .. handle:location().git_dir }
  local output = vim.fn.systemlist(vim.list_extend(command, arguments))
  if vim.v.shell_error ~= 0 then
    return nil, output[1] or "git failed"
  end
  return output
end

local function under_cursor(list)
  return reviews[list].entries[vim.api.nvim_win_get_cursor(0)[1]]
end

---A window that shows the article, made if there is none.
---@param article integer
---@return integer
function M.article_window(article)
  local win = vim.fn.bufwinid(article)
  if win == -1 then
    vim.cmd("aboveleft sbuffer " .. article)
    return vim.api.nvim_get_current_win()
  end
  return win
end

local actions = {}

function actions.jump(list, entry)
  local article = reviews[list].article
  local place = marks.of_commit(article, entry.oid)
  if not place then
    return say.answer("its words no longer stand in the text")
  end
  local win = M.article_window(article)
  vim.api.nvim_set_current_win(win)
  vim.cmd("normal! m'")
  vim.api.nvim_win_set_cursor(win, { place.row + 1, place.column })
  vim.cmd("normal! zv")
  marks.flash(article, { place })
end

function actions.preview(list, entry)
  local review = reviews[list]
  local output, message = M.git(review.article, {
    "show",
    "--no-color",
    "--format=%h %s%n%an, %ad%n",
    "--unified=0",
    "--word-diff=plain",
    "--word-diff-regex=[[:alnum:]]+|[^[:space:]]",
    entry.oid,
  })
  if not output then
    return say.problem(message)
  end
  if not (review.preview and vim.api.nvim_win_is_valid(review.preview)) then
    local from = vim.api.nvim_get_current_win()
    -- A list may be shorter than a paragraph is.
    vim.api.nvim_win_set_height(from, math.max(vim.api.nvim_win_get_height(from), 10))
    vim.cmd("rightbelow vertical new")
    review.preview = vim.api.nvim_get_current_win()
    vim.bo.buftype, vim.bo.bufhidden, vim.bo.swapfile = "nofile", "wipe", false
    vim.wo.wrap, vim.wo.linebreak, vim.wo.cursorline = true, true, false
    vim.bo.filetype = "git"
    vim.api.nvim_set_current_win(from)
  end
  -- The names of the files and of the hunk say nothing new.
  local shown = vim.tbl_filter(function(text)
    return not text:match("^diff ") and not text:match("^index ") and not text:match("^[-+@][-+@][-+@]? ")
  end, output)
  local buf = vim.api.nvim_win_get_buf(review.preview)
  vim.bo[buf].modifiable = true
  vim.api.nvim_buf_set_lines(buf, 0, -1, true, shown)
  vim.bo[buf].modifiable = false
end

function actions.reject(list, entry)
  local article = reviews[list].article
  if entry.rejected then
    return say.answer("it is rejected already")
  end
  local place = marks.of_commit(article, entry.oid)
  if not place or place.state ~= "stands" then
    return say.answer("its words no longer stand in the text")
  end
  local was_modified = vim.bo[article].modified
  choose.take_back(article, { place })
  if was_modified then
    return say.answer("taken back; recorded when the article is written, it has other changes")
  end
  vim.api.nvim_buf_call(article, function()
    vim.cmd("silent update")
  end)
  fill(list)
end

function actions.fugitive(list, entry)
  if vim.fn.exists("*FugitiveFind") == 0 then
    return say.answer("fugitive is not installed; p shows the diff")
  end
  local article = reviews[list].article
  local handle, message = require("unspin.history").open(article)
  if not handle then
    return say.problem(message)
  end
  -- By name, as the history may lie in another repository than the article.
  local commit = vim.fn.FugitiveFind(entry.oid, handle:location().git_dir)
  vim.api.nvim_set_current_win(M.article_window(article))
  vim.cmd("split " .. vim.fn.fnameescape(commit))
end

function actions.quickfix(list)
  M.to_quickfix(reviews[list].article, reviews[list].entries)
end

function actions.reload(list)
  fill(list)
end

function actions.close(list)
  local preview = reviews[list].preview
  if preview and vim.api.nvim_win_is_valid(preview) then
    vim.api.nvim_win_close(preview, true)
  end
  vim.api.nvim_buf_delete(list, { force = true })
end

local NEEDS_ENTRY = { jump = true, preview = true, reject = true, fugitive = true }

---Do what a key does to the entry under the cursor.
---@param list integer
---@param action string
function M.act(list, action)
  local entry = under_cursor(list)
  if entry or not NEEDS_ENTRY[action] then
    actions[action](list, entry)
  end
end

---Put the recorded corrections into the quickfix list, at their places in the text as it is.
---@param article integer
---@param entries unspin.Entry[]
function M.to_quickfix(article, entries)
  local items = {}
  for _, entry in ipairs(entries) do
    local place = marks.of_commit(article, entry.oid)
    items[#items + 1] = {
      bufnr = article,
      lnum = place and place.row + 1 or entry.line,
      col = place and place.column + 1 or 1,
      text = line(entry),
    }
  end
  vim.fn.setqflist({}, " ", { title = "Unspin log", items = items })
  vim.cmd("botright copen")
end

-- The window that lists the corrections of an article already, or nil.
local function list_window(article)
  for list, review in pairs(reviews) do
    local win = vim.fn.bufwinid(list)
    if review.article == article and win ~= -1 then
      return win, list
    end
  end
end

---Open the list for an article.
---@param call unspin.Call
function M.open(call)
  local entries, message = recall.entries(call.buf, 0)
  if message then
    return say.problem(message)
  elseif #entries == 0 then
    return say.answer(NONE)
  elseif call.bang then
    recall.recall(call.buf, entries)
    return M.to_quickfix(call.buf, entries)
  end
  local win, shown = list_window(call.buf)
  if win then
    vim.api.nvim_set_current_win(win)
    return fill(shown, entries)
  end
  vim.cmd("botright new")
  local list = vim.api.nvim_get_current_buf()
  reviews[list] = { article = call.buf, entries = {} }
  vim.bo.buftype, vim.bo.bufhidden, vim.bo.swapfile = "nofile", "wipe", false
  vim.wo.wrap, vim.wo.cursorline = false, true
  pcall(vim.api.nvim_buf_set_name, list, "unspin://log/" .. vim.api.nvim_buf_get_name(call.buf))
  vim.b.unspin_article = call.buf
  fill(list, entries)
  vim.bo.filetype = "unspinlog"
  vim.api.nvim_win_set_height(0, math.max(3, math.min(vim.api.nvim_buf_line_count(list), 12)))
  for _, key in ipairs(KEYS) do
    vim.keymap.set("n", key[1], function()
      M.act(list, key[2])
    end, { buffer = list, nowait = true, desc = "Unspin: " .. key[3] })
  end
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = list,
    callback = function()
      reviews[list] = nil
    end,
  })
  say.answer(say.fitting(say.count(#entries, "correction") .. ": <CR> jump, p diff, r reject, q close"))
end

---Show the article as it was before its first correction beside the article as it is.
---@param call unspin.Call
function M.diff(call)
  local entries, message = recall.entries(call.buf, 0)
  local oldest = entries[#entries]
  if message then
    return say.problem(message)
  elseif not oldest then
    return say.answer(NONE)
  end
  local output, problem = M.git(call.buf, { "show", oldest.oid .. "^:" .. oldest.path })
  if not output then
    return say.problem(problem)
  end
  local filetype, article = vim.bo[call.buf].filetype, vim.api.nvim_get_current_win()
  vim.cmd("diffthis")
  vim.wo.wrap = true -- lines of prose are paragraphs
  vim.cmd("leftabove vertical new")
  vim.bo.buftype, vim.bo.bufhidden, vim.bo.swapfile = "nofile", "wipe", false
  vim.api.nvim_buf_set_lines(0, 0, -1, true, output)
  vim.bo.filetype, vim.bo.modifiable = filetype, false
  vim.b.unspin_article = call.buf
  pcall(vim.api.nvim_buf_set_name, 0, "unspin://received/" .. vim.api.nvim_buf_get_name(call.buf))
  vim.cmd("diffthis")
  vim.wo.wrap = true
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = 0,
    callback = function()
      for _, win in ipairs(vim.fn.win_findbuf(call.buf)) do
        vim.api.nvim_win_call(win, function()
          vim.cmd("diffoff")
        end)
      end
    end,
  })
  vim.api.nvim_set_current_win(article)
end

return M
