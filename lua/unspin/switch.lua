-- The file that switches unspin off in its folder and below; for Neovim and the shell.

local M = {}

---Its name.
M.NAME = ".unspin-disable"

local function exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

---The folder of an absolute path, without "." and "..".
---@param path string
---@return string folder "" is the root
local function folder_of(path)
  local parts = {}
  for part in path:match("^(.*)/"):gmatch("[^/]+") do
    if part == ".." then
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return #parts > 0 and "/" .. table.concat(parts, "/") or ""
end

---What switches unspin off for an article, if anything does.
---@param path string absolute
---@return string? path of the switch
function M.off(path)
  local folder = folder_of(path)
  while folder do
    local switch = folder .. "/" .. M.NAME
    if exists(switch) then
      return switch
    end
    folder = folder:match("^(.*)/")
  end
end

return M
