-- Finding words again in a text that has changed around them.

local is_word = require("unspin.bytes").is_word

local M = {}

local function common_end(a, b)
  local length = 0
  while length < math.min(#a, #b) and a:byte(#a - length) == b:byte(#b - length) do
    length = length + 1
  end
  return length
end

local function common_start(a, b)
  local length = 0
  while length < math.min(#a, #b) and a:byte(length + 1) == b:byte(length + 1) do
    length = length + 1
  end
  return length
end

-- The next place from an offset on where words stand whole, not within others.
local function next_whole(text, words, from)
  while true do
    local first, last = text:find(words, from, true)
    if not first then
      return nil
    end
    local before, after = text:sub(first - 1, first - 1), text:sub(last + 1, last + 1)
    if not (is_word(before) and is_word(words:sub(1, 1))) and not (is_word(after) and is_word(words:sub(-1))) then
      return first, last
    end
    from = first + 1
  end
end

M.CONTEXT = 40 -- bytes on either side that are enough to tell places apart

-- A line end counts as a space: texts are wrapped anew.
local function likeness(text, first, last, before, after)
  local text_before, text_after = text:sub(math.max(1, first - M.CONTEXT), first - 1), text:sub(last + 1, last + M.CONTEXT)
  return common_end((before:gsub("%s", " ")), (text_before:gsub("%s", " ")))
    + common_start((after:gsub("%s", " ")), (text_after:gsub("%s", " ")))
end

---The place where words stand whole in the surroundings most like those that are remembered.
---@param text string
---@param words string not empty
---@param before string
---@param after string
---@param penalty? fun(first: integer): number what else speaks against a place, in bytes that differ
---@return integer? first, integer? last 1-based, inclusive
---@return number? score how alike the surroundings are: bytes that agree, less the penalty of one among several
function M.find(text, words, before, after, penalty)
  local best, best_last, best_score
  local first, last = next_whole(text, words, 1)
  while first do
    local again, again_last = next_whole(text, words, last + 1)
    local score = likeness(text, first, last, before, after)
    if not best and not again then
      return first, last, score -- the only one
    end
    score = score - (penalty and penalty(first) or 0)
    if not best or score > best_score then
      best, best_last, best_score = first, last, score
    end
    first, last = again, again_last
  end
  return best, best_last, best_score
end

-- The words around a correction, as its commit's excerpt gives them:
-- "…following an [settlement → agreement] to cut back…"
local function context(entry)
  local before, after = (entry.excerpt or ""):match("^(.-)%[.*%](.-)$")
  before = (before or ""):gsub("^…", "")
  after = (after or ""):gsub("…$", "")
  return before, after
end

---The likeliest place of a recorded correction in a text: where its new words stand in the most
---similar surroundings.
---@param text string lines joined by newlines
---@param entry { new: string, excerpt: string?, line: integer }
---@return integer? first, integer? last 1-based
function M.entry(text, entry)
  if entry.new == "" then
    return nil
  end
  local before, after = context(entry)
  local line, counted = 1, 1
  return M.find(text, entry.new, before, after, function(first)
    local _, newlines = text:sub(counted, first - 1):gsub("\n", "")
    line, counted = line + newlines, first
    -- Words nearby may have changed since, lines may have moved: both count, the words more.
    return math.min(math.abs(line - (entry.line or line)), 20) / 2
  end)
end

return M
