-- sh.lua: run other programs without a shell reading their arguments as anything but words.

local sh = {}

---@param word string
---@return string
function sh.quote(word)
  if word:match("^[%w%-%._/=:@]+$") then
    return word
  end
  return "'" .. word:gsub("'", [['\'']]) .. "'"
end

---@param words string[]
---@return string command for os.execute and io.popen
function sh.join(words)
  local quoted = {}
  for i, word in ipairs(words) do
    quoted[i] = sh.quote(word)
  end
  return table.concat(quoted, " ")
end

-- What a program prints on standard output; nil if it failed. Its messages are dropped.
---@param words string[]
---@return string? output
function sh.capture(words)
  local pipe = io.popen(sh.join(words) .. " 2>/dev/null")
  if not pipe then
    return nil
  end
  local output = pipe:read("a")
  return pipe:close() and output or nil
end

return sh
