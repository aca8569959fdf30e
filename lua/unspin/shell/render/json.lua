-- json.lua: the contract's array of corrections; with several articles each names its file.

local corrections = require("unspin.shell.corrections")
local json = require("unspin.shell.json")
local print = require("unspin.shell.print")

local Json = {}
Json.__index = Json

function Json.new(options)
  return setmetatable({ many = options.many, separator = "[" }, Json)
end

---@param article unspin.shell.Article
function Json:article(article)
  for _, fix in ipairs(article.fixes) do
    print(self.separator .. json.encode(corrections.object(fix, self.many and article.path or nil)), "")
    self.separator = ",\n"
  end
end

function Json:finish()
  print(self.separator == "[" and "[]" or "]")
end

return Json
