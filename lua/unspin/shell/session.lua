-- session.lua: what one run of the command shares: the engine, and the worst that happened.

local lexicon = require("unspin.lexicon")

---@class unspin.shell.Session
---@field root string folder of the program
---@field status integer exit status so far
---@field private opened userdata?
---@field private temporary string[]
---@field private switches table<string, boolean> that were told
local Session = {}
Session.__index = Session

---@param root string
---@return unspin.shell.Session
function Session.new(root)
  return setmetatable({ root = root, status = 0, switches = {}, temporary = {} }, Session)
end

-- Raised to end the run with one line on standard error and exit status 2.
---@class unspin.shell.Failure
---@field message string

---@param message string
function Session.abort(message)
  error({ message = message }, 0)
end

-- One line on standard error; the run goes on and ends with exit status 2.
---@param message string
function Session:fail(message)
  self.warn(message)
  self.status = 2
end

---@param message string
function Session.warn(message)
  io.stderr:write("unspin: ", (message:gsub("\n.*", "")), "\n")
end

---@return string path of a file that is removed when the run ends, however it does
function Session:temporary_file()
  local path = os.tmpname()
  table.insert(self.temporary, path)
  return path
end

function Session:finish()
  for _, path in ipairs(self.temporary) do
    os.remove(path)
  end
end

-- Told once for each switch.
---@param switch string path of the file that switches unspin off
function Session:switched_off(switch)
  if not self.switches[switch] then
    self.switches[switch] = true
    self.warn(switch .. " switches unspin off; articles below it are left alone")
  end
end

---@return table core the compiled module
function Session:core()
  local found, core = pcall(require, "unspin.core")
  if not found then
    -- The first line of Lua's message is the one that tells; the list of places is noise.
    local why = core:match("error loading module.-\n%s*([^\n]+)") or "it is not built"
    self.abort(("the compiled module cannot be loaded (%s): run `make` in %s"):format(why, self.root))
  end
  return core
end

---@return userdata engine opened once
function Session:engine()
  if not self.opened then
    local engine, message = lexicon.open(self:core(), self.root, {})
    if not engine then
      self.abort(message)
    elseif message then
      self.warn(message)
    end
    self.opened = engine
  end
  return self.opened
end

return Session
