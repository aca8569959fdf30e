-- human.lua: one line a correction, as compilers print what they find.

local Lines = require("unspin.shell.lines")
local print = require("unspin.shell.print")

local Human = {}
Human.__index = Human

function Human.new(options)
  return setmetatable({ paint = options.paint }, Human)
end

---@param article unspin.shell.Article
function Human:article(article)
  local paint = self.paint
  local lines = Lines.new(article.text)
  for _, fix in ipairs(article.fixes) do
    local line, column = lines:position(fix.start)
    print(("%s: %s → %s %s"):format(
      paint.bold(("%s:%d:%d"):format(article.path, line, column)),
      paint.red(fix.old:gsub("%s+", " ")),
      paint.green(fix.new:gsub("%s+", " ")),
      paint.dim(("(%.2f)"):format(fix.confidence))
    ))
  end
end

function Human:finish() end

return Human
