-- quickfix.lua: file:line:byte: message, which Vim's default 'errorformat' and others read.

local Lines = require("unspin.shell.lines")
local print = require("unspin.shell.print")

local Quickfix = {}
Quickfix.__index = Quickfix

function Quickfix.new()
  return setmetatable({}, Quickfix)
end

---@param article unspin.shell.Article
function Quickfix:article(article) -- luacheck: no self
  local lines = Lines.new(article.text)
  for _, fix in ipairs(article.fixes) do
    local line, _, byte = lines:position(fix.start)
    local message = ("%s → %s (%.2f): %s"):format(fix.old, fix.new, fix.confidence, fix.reason)
    print(("%s:%d:%d: %s"):format(article.path, line, byte, (message:gsub("%s+", " "))))
  end
end

function Quickfix:finish() end

return Quickfix
