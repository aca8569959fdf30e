-- diff.lua: a unified diff that patch and git apply take.

local Lines = require("unspin.shell.lines")
local print = require("unspin.shell.print")

local Diff = {}
Diff.__index = Diff

local context = 3

function Diff.new(options)
  return setmetatable({ paint = options.paint }, Diff)
end

---@class unspin.shell.Block lines first to last of the old text and what they become
---@field first integer
---@field last integer
---@field fixes unspin.Fix[]

---@param lines unspin.shell.Lines
---@param fixes unspin.Fix[]
---@return unspin.shell.Block[]
local function blocks_of(lines, fixes)
  local blocks = {}
  for _, fix in ipairs(fixes) do
    local first, last = lines:line(fix.start), lines:line(math.max(fix.start, fix.stop))
    local block = blocks[#blocks]
    if block and first <= block.last then
      block.last = math.max(block.last, last)
    else
      block = { first = first, last = last, fixes = {} }
      blocks[#blocks + 1] = block
    end
    table.insert(block.fixes, fix)
  end
  return blocks
end

---@param lines unspin.shell.Lines
---@param block unspin.shell.Block
---@return string
local function corrected(lines, block)
  local text = lines:slice(block.first, block.last)
  local before = lines:start(block.first) - 1
  local out, at = {}, 1
  for _, fix in ipairs(block.fixes) do
    out[#out + 1] = text:sub(at, fix.start - before - 1)
    out[#out + 1] = fix.new
    at = fix.stop - before + 1
  end
  out[#out + 1] = text:sub(at)
  return table.concat(out)
end

-- Appends the lines of text with a sign before each; returns how many there are.
local function append(out, sign, text, paint)
  local count = 0
  for line in text:gmatch("[^\n]*\n?") do
    if line ~= "" then
      local body, ending = line:match("^([^\n]*)(\n?)$")
      out[#out + 1] = paint(sign .. body)
      if ending == "" then
        out[#out + 1] = "\\ No newline at end of file"
      end
      count = count + 1
    end
  end
  return count
end

local function same(text)
  return text
end

---@param article unspin.shell.Article
function Diff:article(article)
  if #article.fixes == 0 then
    return
  end
  local paint = self.paint
  local lines = Lines.new(article.text)
  local blocks = blocks_of(lines, article.fixes)
  local total, shift, index = lines:count(), 0, 1
  local path = article.path == "-" and "standard input" or article.path
  print(paint.bold("--- a/" .. path) .. "\n" .. paint.bold("+++ b/" .. path))
  while blocks[index] do
    -- A hunk takes in every following block whose context would touch its own.
    local start = math.max(1, blocks[index].first - context)
    local at, out, old_count, new_count = start, {}, 0, 0
    repeat
      local block = blocks[index]
      local kept = append(out, " ", lines:slice(at, block.first - 1), same)
      local old = append(out, "-", lines:slice(block.first, block.last), paint.red)
      local new = append(out, "+", corrected(lines, block), paint.green)
      old_count, new_count = old_count + kept + old, new_count + kept + new
      at, index = block.last + 1, index + 1
    until not blocks[index] or blocks[index].first - at > 2 * context
    local kept = append(out, " ", lines:slice(at, math.min(total, at + context - 1)), same)
    old_count, new_count = old_count + kept, new_count + kept
    print(paint.cyan(("@@ -%d,%d +%d,%d @@"):format(start, old_count, start + shift, new_count)))
    print(table.concat(out, "\n"))
    shift = shift + new_count - old_count
  end
end

function Diff:finish() end

return Diff
