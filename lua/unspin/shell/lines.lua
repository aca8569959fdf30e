-- lines.lua: from byte offsets to lines and columns, and back to the text of a line.

local bytes = require("unspin.bytes")

---@class unspin.shell.Lines
---@field private text string
---@field private starts integer[] 1-based offset of each line's first byte
local Lines = {}
Lines.__index = Lines

---@param text string
---@return unspin.shell.Lines
function Lines.new(text)
  local starts = { 1 }
  for after in text:gmatch("\n()") do
    starts[#starts + 1] = after
  end
  return setmetatable({ text = text, starts = starts }, Lines)
end

---@param offset integer 1-based
---@return integer line 1-based
function Lines:line(offset)
  return bytes.line(self.starts, offset)
end

-- Columns count characters; tools that count bytes want the third value.
---@param offset integer 1-based
---@return integer line
---@return integer column 1-based, in characters
---@return integer byte 1-based, in bytes
function Lines:position(offset)
  local line = self:line(offset)
  local start = self.starts[line]
  local column = utf8.len(self.text, start, offset - 1, true) or offset - start
  return line, column + 1, offset - start + 1
end

---@return integer
function Lines:count()
  local last = self.starts[#self.starts]
  return last > #self.text and #self.starts - 1 or #self.starts
end

-- The bytes of lines first to last, with their line ends.
---@param first integer
---@param last integer
---@return string
function Lines:slice(first, last)
  return self.text:sub(self:start(first), self:start(last + 1) - 1)
end

-- The 1-based offset of a line's first byte; past the last line, of the text's end.
---@param line integer
---@return integer
function Lines:start(line)
  return self.starts[line] or #self.text + 1
end

return Lines
