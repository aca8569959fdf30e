-- print.lua: output that cannot be written ends the run, as Lua's own print does not. Not flushed:
-- main.lua does that at the end.

local Session = require("unspin.shell.session")

---@param text string?
---@param ending string? of the line; default: its end
return function(text, ending)
  local written, why = io.stdout:write(text or "", ending or "\n")
  if not written then
    Session.abort("the output cannot be written: " .. why)
  end
end
