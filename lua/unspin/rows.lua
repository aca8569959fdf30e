-- The rows of a buffer that changed, gathered from what |nvim_buf_attach()| tells.

local M = {}

---@class unspin.Rows
---@field first integer 0-based
---@field stop integer the row that follows the last

---Add a change: the rows [first, stop) are what [first, old_stop) were.
---@param rows? unspin.Rows what changed before
---@param first integer
---@param old_stop integer
---@param stop integer
---@return unspin.Rows
function M.add(rows, first, old_stop, stop)
  if not rows then
    return { first = first, stop = stop }
  end
  local moved = rows.stop > old_stop and rows.stop + stop - old_stop or stop
  return { first = math.min(rows.first, first), stop = math.max(moved, stop) }
end

return M
