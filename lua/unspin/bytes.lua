-- A buffer as the bytes that a write would put on the disk, and back from byte offsets to
-- places in the buffer.

local M = {}

---@class unspin.Bytes
---@field text string the file's bytes
---@field starts integer[] 0-based offset of each line's first byte
---@field lengths integer[] bytes of each line, without its end

local BOM = "\239\187\191"

local LINE_ENDS = { unix = "\n", dos = "\r\n" }

---The file's bytes as a write would make them.
---@param buf integer
---@return unspin.Bytes?, string? why_not
function M.of(buf)
  local bo = vim.bo[buf]
  local line_end = LINE_ENDS[bo.fileformat]
  if not line_end then
    return nil, "its 'fileformat' is " .. bo.fileformat .. "; :set fileformat=unix converts it"
  end
  if bo.binary then
    return nil, "it is written as 'binary'"
  end
  local lines = vim.api.nvim_buf_get_lines(buf, 0, -1, true)
  local bom = bo.bomb and BOM or ""
  local starts, lengths, offset = {}, {}, #bom
  for i, line in ipairs(lines) do
    if line:find("\n", 1, true) then
      lines[i] = line:gsub("\n", "\0") -- Neovim's way to hold a NUL byte in a line
    end
    starts[i], lengths[i] = offset, #line
    offset = offset + #line + #line_end
  end
  local ends_in_newline = bo.endofline or bo.fixendofline
  local text = bom .. table.concat(lines, line_end) .. (ends_in_newline and line_end or "")

  local encoding = bo.fileencoding
  if encoding ~= "" and encoding ~= "utf-8" and (bom ~= "" or vim.fn.iconv(text, "utf-8", encoding) ~= text) then
    return nil, "its 'fileencoding' is " .. encoding .. "; :set fileencoding=utf-8 converts it"
  end
  return { text = text, starts = starts, lengths = lengths }
end

---The line that a byte offset lies in.
---@param starts integer[] offset of each line's first byte, ascending
---@param offset integer counted as those of starts, from 0 or from 1
---@return integer line 1-based
function M.line(starts, offset)
  local low, high = 1, #starts
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if starts[middle] <= offset then
      low = middle
    else
      high = middle - 1
    end
  end
  return low
end

---The place of a byte offset.
---@param bytes unspin.Bytes
---@param offset integer 0-based
---@return integer row, integer column both 0-based
function M.place(bytes, offset)
  local line = M.line(bytes.starts, offset)
  local column = math.max(offset - bytes.starts[line], 0)
  return line - 1, math.min(column, bytes.lengths[line])
end

---Whether a byte, or the empty string, is part of a word.
---@param byte string
---@return boolean
function M.is_word(byte)
  return byte:match("^[%w\128-\255]$") ~= nil
end

---The byte offset of a place.
---@param bytes unspin.Bytes
---@param row integer 0-based
---@param column integer 0-based
---@return integer offset 0-based
function M.offset(bytes, row, column)
  return bytes.starts[row + 1] + math.min(column, bytes.lengths[row + 1])
end

---@param path string
---@return string? content
function M.on_disk(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local content = file:read("*a")
  file:close()
  return content
end

return M
