-- Places in a text as a person counts them.

local Lines = require("unspin.shell.lines")

describe("places in a text", function()
  local text = "“Ö” a\nb\r\n\nthe € sign\rstays\n"

  -- counted anew from the line's start each time
  local function counted(offset)
    local before = text:sub(1, offset - 1)
    local line = select(2, before:gsub("\n", "")) + 1
    local start = before:match(".*\n()") or 1
    return line, utf8.len(before, start) + 1, offset - start + 1
  end

  it("are counted in characters and in bytes, in whatever order they are asked for", function()
    local offsets = {}
    for offset in utf8.codes(text) do
      offsets[#offsets + 1] = offset
    end
    local orders = { {}, {}, {} } -- forwards, backwards, and every one twice with a leap between
    for i, offset in ipairs(offsets) do
      orders[1][i] = offset
      orders[2][#offsets - i + 1] = offset
      orders[3][2 * i - 1], orders[3][2 * i] = offset, offsets[(7 * i) % #offsets + 1]
    end
    for _, order in ipairs(orders) do
      local lines = Lines.new(text)
      for _, offset in ipairs(order) do
        assert.same({ counted(offset) }, { lines:position(offset) })
      end
    end
  end)
end)
