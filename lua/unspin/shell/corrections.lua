-- corrections.lua: a correction as the contract's JSON object.

local json = require("unspin.shell.json")

local corrections = {}

-- The engine counts bytes from 1 and includes the last, as Lua does; outside, offsets are 0-based
-- and half-open, as in most other languages.
---@param fix unspin.Fix
---@param file string? the article's path, where several are in one array
---@return unspin.json.Raw
function corrections.object(fix, file)
  return json.object(
    { "file", file },
    { "start", fix.start - 1 },
    { "end", fix.stop },
    { "old", fix.old },
    { "new", fix.new },
    { "confidence", fix.confidence },
    { "kind", fix.kind },
    { "reason", fix.reason }
  )
end

---@param fixes unspin.Fix[]
---@return unspin.json.Raw
function corrections.array(fixes)
  local objects = {}
  for i, fix in ipairs(fixes) do
    objects[i] = corrections.object(fix)
  end
  return json.array(objects)
end

return corrections
