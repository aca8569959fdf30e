-- Moving between the corrected words.

local marks = require("unspin.marks")
local say = require("unspin.say")

local M = {}

---Go to the next correction, or the one before: of those that are highlighted or, where none is, of
---all.
---@param buf integer
---@param step 1|-1
function M.go(buf, step)
  local places = vim.tbl_filter(function(place)
    return place.state == "stands"
  end, marks.all(buf))
  local shown = vim.tbl_filter(function(place)
    return not place.mark.hidden
  end, places)
  places = #shown > 0 and shown or places
  if #places == 0 then
    return say.answer("there are no corrections in this buffer")
  end
  local cursor = vim.api.nvim_win_get_cursor(0)
  local row, column = cursor[1] - 1, cursor[2]
  local index ---@type integer?
  for i = 1, #places do
    local at = step > 0 and i or #places + 1 - i
    local place = places[at]
    local ahead = place.row - row ~= 0 and place.row - row or place.column - column
    if ahead * step > 0 then
      index = at
      break
    end
  end
  if not index then
    if not vim.o.wrapscan then
      return say.answer("no more corrections")
    end
    index = step > 0 and 1 or #places
  end
  index = (index - 1 + step * (vim.v.count1 - 1)) % #places + 1
  vim.cmd("normal! m'")
  vim.api.nvim_win_set_cursor(0, { places[index].row + 1, places[index].column })
  vim.cmd("normal! zv")
end

return M
