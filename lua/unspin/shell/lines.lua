-- lines.lua: from byte offsets to lines and columns, and back to the text of a line.

local bytes = require("unspin.bytes")

---@class unspin.shell.Lines
---@field private text string
---@field private starts integer[] 1-based offset of each line's first byte
---@field private known { line: integer, offset: integer, column: integer } the place asked for last
local Lines = {}
Lines.__index = Lines

---@param text string
---@return unspin.shell.Lines
function Lines.new(text)
  local starts = { 1 }
  for after in text:gmatch("\n()") do
    starts[#starts + 1] = after
  end
  return setmetatable({ text = text, starts = starts, known = { line = 1, offset = 1, column = 1 } }, Lines)
end

---@param offset integer 1-based
---@return integer line 1-based
function Lines:line(offset)
  return bytes.line(self.starts, offset)
end

-- Columns count characters; tools that count bytes want the third value. Characters are counted from the
-- place asked for before, if that lies in the same line: a text may be one long line.
---@param offset integer 1-based
---@return integer line
---@return integer column 1-based, in characters
---@return integer byte 1-based, in bytes
function Lines:position(offset)
  local line = self:line(offset)
  local start, known = self.starts[line], self.known
  if known.line ~= line or known.offset > offset then
    known = { line = line, offset = start, column = 1 }
  end
  local more = utf8.len(self.text, known.offset, offset - 1, true) or offset - known.offset
  self.known = { line = line, offset = offset, column = known.column + more }
  return line, self.known.column, offset - start + 1
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
