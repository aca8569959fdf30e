-- wilson.lua: Wilson's interval of a share (Wilson 1927), sound for few words and for shares near
-- 0, where the usual one is not.

local wilson = {}

local z = 1.96 -- of a 95% interval

---@param share number
---@param count integer
---@return number low
---@return number high
function wilson.interval(share, count)
  if count == 0 then
    return 0, 1
  end
  local spread = 1 + z * z / count
  local middle = (share + z * z / (2 * count)) / spread
  local half = z / spread * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
  return math.max(0, middle - half), math.min(1, middle + half)
end

return wilson
