-- Corrections put into a buffer: word by word from the bottom up, in one undo step, with the
-- cursor, the marks and the views where they were.

local bytes_of = require("unspin.bytes")
local marks = require("unspin.marks")

local M = {}

---@class unspin.Edit
---@field row integer 0-based
---@field column integer
---@field end_row integer
---@field end_column integer
---@field lines string[] what is put there
---@field fix? unspin.Fix the correction that this makes; nil: it takes one back

---The edits that make fixes.
---@param bytes unspin.Bytes the text that the fixes are of
---@param fixes unspin.Fix[]
---@return unspin.Edit[]
function M.of_fixes(bytes, fixes)
  local edits = {}
  for i, fix in ipairs(fixes) do
    local row, column = bytes_of.place(bytes, fix.start - 1)
    local end_row, end_column = bytes_of.place(bytes, fix.stop)
    edits[i] = {
      row = row,
      column = column,
      end_row = end_row,
      end_column = end_column,
      lines = marks.lines(fix.new),
      fix = fix,
    }
  end
  return edits
end

-- Where an edit leaves a position (0-based).
local function moved(edit, row, column)
  if row < edit.row or (row == edit.row and column <= edit.column) then
    return row, column
  end
  local last = edit.lines[#edit.lines]
  local new_row = edit.row + #edit.lines - 1
  local new_end = #last + (#edit.lines == 1 and edit.column or 0)
  if row < edit.end_row or (row == edit.end_row and column < edit.end_column) then
    -- Inside the words: as far in as the new words allow.
    if row == new_row then
      return row, math.min(column, math.max(new_end - 1, edit.column))
    end
    return new_row, math.max(new_end - 1, 0)
  elseif row == edit.end_row then
    return new_row, column - edit.end_column + new_end
  end
  return row + new_row - edit.end_row, column
end

local MAXCOL = 2147483647 -- "to the end of the line": moves with it anyway
local LETTERS = {}
for byte = 0, 25 do
  LETTERS[#LETTERS + 1] = string.char(97 + byte)
  LETTERS[#LETTERS + 1] = string.char(65 + byte)
end
vim.list_extend(LETTERS, { "<", ">" })

-- Every position that an edit must carry along: { row =, column =, put = function(row, column) }.
local function positions(buf)
  local list = {}
  for _, win in ipairs(vim.fn.win_findbuf(buf)) do
    local view = vim.api.nvim_win_call(win, vim.fn.winsaveview)
    list[#list + 1] = {
      row = view.lnum - 1,
      column = view.col,
      put = function(row, column)
        if view.curswant == view.col then
          view.curswant = column
        end
        view.lnum, view.col = row + 1, column
        vim.api.nvim_win_call(win, function()
          vim.fn.winrestview(view)
        end)
      end,
    }
  end
  for _, name in ipairs(LETTERS) do
    local mark = vim.api.nvim_buf_get_mark(buf, name)
    if mark[1] > 0 and mark[2] < MAXCOL then
      list[#list + 1] = {
        row = mark[1] - 1,
        column = mark[2],
        put = function(row, column)
          vim.api.nvim_buf_set_mark(buf, name, row + 1, column, {})
        end,
      }
    end
  end
  return list
end

-- End the undo step under way, so that ours is one of its own. Setting the option does that.
local function break_undo()
  vim.bo.undolevels = vim.bo.undolevels
end

local pending ---@type { buf: integer, edits: unspin.Edit[], made: unspin.Mark[] }

---For the command below only: makes the pending edits.
function M.make_pending()
  local buf, edits = pending.buf, pending.edits
  for i = #edits, 1, -1 do
    local edit = edits[i]
    vim.api.nvim_buf_set_text(buf, edit.row, edit.column, edit.end_row, edit.end_column, edit.lines)
    if edit.fix then
      local end_row = edit.row + #edit.lines - 1
      local end_column = #edit.lines[#edit.lines] + (#edit.lines == 1 and edit.column or 0)
      table.insert(pending.made, 1, marks.add(buf, edit.row, edit.column, end_row, end_column, edit.fix))
    end
  end
end

---Make edits, which must be in order and not overlap.
---@param buf integer
---@param edits unspin.Edit[]
---@return unspin.Mark[] made one for each edit with a fix, in order
function M.make(buf, edits)
  if #edits == 0 then
    return {}
  end
  local carried = positions(buf)
  pending = { buf = buf, edits = edits, made = {} }
  vim.api.nvim_buf_call(buf, function()
    if require("unspin.config").get().undojoin then
      pcall(vim.cmd, "undojoin") -- refused right after an undo, when there is nothing to join
    else
      break_undo()
    end
    vim.cmd([[keepjumps lockmarks lua require("unspin.edits").make_pending()]])
    break_undo()
  end)
  for _, position in ipairs(carried) do
    local row, column = position.row, position.column
    for i = #edits, 1, -1 do
      row, column = moved(edits[i], row, column)
    end
    position.put(row, column)
  end
  return pending.made
end

return M
