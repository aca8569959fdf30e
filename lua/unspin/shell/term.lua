-- term.lua: colours and a progress bar, on terminals only.

local term = {}

-- False, too, where the module that could tell is not built.
---@param stream integer 1 or 2
---@return boolean
local function is_terminal(stream)
  local built, core = pcall(require, "unspin.core")
  return built and core.is_terminal(stream)
end

local codes = { bold = 1, dim = 2, red = 31, green = 32, yellow = 33, cyan = 36 }

-- A painter: paint.red("x") gives coloured text, or "x" itself where colours are not wanted.
-- NO_COLOR (no-color.org) and a dumb terminal are respected.
---@param when "auto"|"always"|"never"
---@return table<string, fun(text: string): string>
function term.painter(when)
  local wanted = when == "always"
    or when == "auto"
      and (os.getenv("NO_COLOR") or "") == ""
      and os.getenv("TERM") ~= "dumb"
      and is_terminal(1)
  return setmetatable({}, {
    __index = function(_, name)
      return function(text)
        return wanted and ("\27[%dm%s\27[0m"):format(codes[name], text) or text
      end
    end,
  })
end

---@class unspin.shell.Progress
local Progress = {}
Progress.__index = Progress

-- Shown on standard error, if that is a terminal and there is more than one step.
---@param total integer
---@return unspin.shell.Progress
function term.progress(total)
  return setmetatable({ total = total, done = 0, shown = total > 1 and is_terminal(2) }, Progress)
end

local width = 30

function Progress:step()
  self.done = self.done + 1
  if self.shown then
    local full = width * self.done // self.total
    io.stderr:write(("\r[%s%s] %d/%d"):format(("#"):rep(full), (" "):rep(width - full), self.done, self.total))
  end
end

-- Clears the bar, so that other output does not mix with it.
function Progress:clear()
  if self.shown then
    io.stderr:write("\r\27[K")
  end
end

return term
