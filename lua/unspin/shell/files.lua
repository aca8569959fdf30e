-- files.lua: the articles that a command line names, and their bytes.

local sh = require("unspin.shell.sh")
local switch = require("unspin.switch")

local files = {}

local formats = { md = "markdown", markdown = "markdown", txt = "text" }

---@param path string
---@return "text"|"markdown"
function files.format(path)
  local extension = path:match("%.(%w+)$")
  return formats[extension and extension:lower() or ""] or "text"
end

-- "-" is standard input.
---@param path string
---@return string? text
---@return string? message
function files.read(path)
  if path == "-" then
    return io.stdin:read("a")
  end
  local file, why = io.open(path, "rb")
  if not file then
    return nil, why
  end
  local text, reason = file:read("a")
  file:close()
  if text then
    return text
  end
  local folder = files.is_folder(path)
  return nil, path .. ": " .. (folder and "is a folder; give -r to take the articles in it" or reason or "cannot be read")
end

---@param path string
---@return boolean
function files.is_folder(path)
  local file = io.open(path .. "/.", "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

-- Articles below a folder, in order of their names: what git does not ignore, or, outside a
-- repository, everything but hidden files.
local function below(folder)
  local prefix = folder:gsub("/+$", "") .. "/"
  local listing = sh.capture({ "git", "-C", folder, "ls-files", "-z", "--cached", "--others",
    "--exclude-standard" })
  if listing then
    listing = listing:gsub("[^\0]+", function(name)
      return prefix .. name
    end)
  else
    listing = sh.capture({ "find", folder, "-name", ".?*", "-prune", "-o", "-type", "f", "-print0" })
      or ""
  end
  local found, seen = {}, {}
  for path in listing:gmatch("[^\0]+") do
    local extension = path:match("%.(%w+)$")
    if extension and formats[extension:lower()] and not seen[path] then
      seen[path] = true
      found[#found + 1] = path
    end
  end
  table.sort(found)
  return found
end

-- Every article that the names stand for, in order. A folder stands for the articles below it if
-- `recursive`; else it is an error, like any other name that cannot be read, when it is read.
---@param names string[]
---@param recursive boolean
---@return string[]
function files.expand(names, recursive)
  local paths = {}
  for _, name in ipairs(names) do
    if recursive and name ~= "-" and files.is_folder(name) then
      for _, path in ipairs(below(name)) do
        paths[#paths + 1] = path
      end
    else
      paths[#paths + 1] = name
    end
  end
  return paths
end

-- The file that switches unspin off for an article, if there is one.
---@param path string
---@param folder string that a relative path starts from
---@return string?
function files.switch(path, folder)
  return switch.off(path:sub(1, 1) == "/" and path or folder .. "/" .. path)
end

return files
