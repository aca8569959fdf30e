-- ask.lua: let the user decide on each correction, as `git add --patch` does.

local Lines = require("unspin.shell.lines")
local print = require("unspin.shell.print")

local ask = {}

local help = [[
y - make this correction
n - leave the text as it is here
a - make this and all that follow in this article
d - leave this and all that follow in this article
q - leave this and all that follow in every article
? - show this help]]

-- The line that a correction stands in, both wordings marked, cut to what is near.
local function excerpt(text, lines, fix, paint)
  local first, last = lines:start(lines:line(fix.start)), lines:line(fix.stop)
  local line_end = lines:start(last + 1) - 1
  local before = text:sub(first, fix.start - 1)
  local after = text:sub(fix.stop + 1, line_end):gsub("%s+$", "")
  local from = utf8.offset(before, -60) or 1
  local to = (utf8.offset(after, 61) or #after + 1) - 1
  return ("%s%s %s%s%s"):format(
    (from > 1 and "…" or "") .. before:sub(from),
    paint.red(fix.old), paint.green(fix.new),
    after:sub(1, to), to < #after and "…" or "")
end

---@class unspin.shell.Asker
local Asker = {}
Asker.__index = Asker

---@param paint table<string, fun(text: string): string>
---@param input file* where the answers come from
---@return unspin.shell.Asker
function ask.new(paint, input)
  return setmetatable({ paint = paint, input = input, quit = false }, Asker)
end

function Asker:answer(question)
  while true do
    io.stdout:write(self.paint.bold(question))
    io.stdout:flush()
    local line = self.input:read("l")
    local answer = line and line:lower():match("^%s*([ynadq])%s*$")
    if not line then
      print()
      return "q"
    elseif answer then
      return answer
    end
    print(help)
  end
end

-- Those of an article's corrections that the user wants.
---@param article unspin.shell.Article
---@return unspin.Fix[]
function Asker:choose(article)
  local chosen, all = {}, false
  local lines = Lines.new(article.text)
  for i, fix in ipairs(article.fixes) do
    if self.quit then
      break
    end
    if not all then
      local line, column = lines:position(fix.start)
      print(("%s:%d:%d: %s (%.2f)"):format(article.path, line, column, fix.reason, fix.confidence))
      print(excerpt(article.text, lines, fix, self.paint))
      local answer = self:answer(("(%d/%d) Make this correction [y,n,a,d,q,?]? "):format(i, #article.fixes))
      all = answer == "a"
      self.quit = answer == "q"
      if answer == "d" or answer == "q" then
        break
      end
      chosen[#chosen + 1] = (answer == "y" or all) and fix or nil
    else
      chosen[#chosen + 1] = fix
    end
  end
  return chosen
end

return ask
