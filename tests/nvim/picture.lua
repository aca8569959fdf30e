-- picture.lua FILE CAPTION...: draw what `tmux capture-pane -e` gave as one SVG, on stdout.

local CELL, LINE, MARGIN, CAPTION, COLUMNS = 8.4, 18, 16, 34, 96
local DARK, LIGHT = "#16181d", "#d6d8df"
local BASE = {
  [0] = "#2b2e36", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#abb2bf",
  "#5c6370", "#ff7b86", "#b5e890", "#ffd787", "#84c8ff", "#e29bf5", "#7fdbe6", "#ffffff",
}

local function palette(index)
  if index < 16 then
    return BASE[index]
  elseif index >= 232 then
    local grey = 8 + (index - 232) * 10
    return ("#%02x%02x%02x"):format(grey, grey, grey)
  end
  local function level(step)
    return step == 0 and 0 or 55 + 40 * step
  end
  index = index - 16
  return ("#%02x%02x%02x"):format(level(index // 36), level(index // 6 % 6), level(index % 6))
end

-- Follow one SGR sequence; colours may be given by number or by red, green and blue.
local function follow(style, sequence)
  local codes = {}
  for code in (sequence == "" and "0" or sequence):gmatch("%d+") do
    codes[#codes + 1] = tonumber(code)
  end
  local i = 1
  local function colour()
    if codes[i + 1] == 5 then
      i = i + 2
      return palette(codes[i])
    end
    i = i + 4
    return ("#%02x%02x%02x"):format(codes[i - 2], codes[i - 1], codes[i])
  end
  while i <= #codes do
    local code = codes[i]
    if code == 0 then
      for name in pairs(style) do
        style[name] = nil
      end
    elseif code == 1 then style.bold = true
    elseif code == 4 then style.underline = true
    elseif code == 7 then style.reverse = true
    elseif code == 22 then style.bold = nil
    elseif code == 24 then style.underline = nil
    elseif code == 27 then style.reverse = nil
    elseif code >= 30 and code <= 37 then style.front = BASE[code - 30]
    elseif code == 38 then style.front = colour()
    elseif code == 39 then style.front = nil
    elseif code >= 40 and code <= 47 then style.back = BASE[code - 40]
    elseif code == 48 then style.back = colour()
    elseif code == 49 then style.back = nil
    elseif code == 58 then colour()
    elseif code >= 90 and code <= 97 then style.front = BASE[code - 82]
    elseif code >= 100 and code <= 107 then style.back = BASE[code - 92]
    end
    i = i + 1
  end
end

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", [" "] = "\u{A0}" }

local function draw_run(out, text, style, x, y)
  local width = utf8.len(text) * CELL
  local front, back = style.front or LIGHT, style.back
  if style.reverse then
    front, back = back or DARK, front
  end
  if back then
    out[#out + 1] = ('<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>'):format(
      x, y - LINE + 5, width, LINE, back)
  end
  if text:find("%S") then
    out[#out + 1] = ('<text x="%.1f" y="%.1f" fill="%s" textLength="%.1f"%s%s>%s</text>'):format(
      x, y, front, width, style.bold and ' font-weight="bold"' or "",
      style.underline and ' text-decoration="underline"' or "", (text:gsub("[&<> ]", ESCAPES)))
  end
  return x + width
end

local out, y = {}, MARGIN
for i = 1, #arg, 2 do
  out[#out + 1] = ('<text x="%d" y="%d" fill="#8b909c" font-style="italic">%s</text>'):format(MARGIN, y + 16, arg[i + 1])
  y = y + CAPTION
  local style = {}
  for line in io.lines(arg[i]) do
    local x = MARGIN
    line = line:gsub("\27%[[%d;:]*[^%d;:m]", ""):gsub("\27[()]%w", "")
    for text, sequence in (line .. "\27[m"):gmatch("([^\27]*)\27%[([%d;:]*)m") do
      if text ~= "" then
        x = draw_run(out, text, style, x, y)
      end
      follow(style, sequence)
    end
    y = y + LINE
  end
end

print(('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="ui-monospace, Menlo, Consolas, monospace" '
  .. 'font-size="14">\n<rect width="100%%" height="100%%" rx="8" fill="%s"/>'):format(
  math.ceil(COLUMNS * CELL + 2 * MARGIN), y + MARGIN, DARK))
print(table.concat(out, "\n"))
print("</svg>")
