-- corrections.lua: a correction as the contract's JSON object.

local json = require("unspin.shell.json")

local corrections = {}

-- Filled in whole, as streams have many: json.object would take several times as long.
local shape = '{%s"start":%d,"end":%d,"old":%s,"new":%s,"confidence":%s,"kind":%s,"reason":%s}'

-- The engine counts bytes from 1 and includes the last, as Lua does; outside, offsets are 0-based
-- and half-open, as in most other languages.
---@param fix unspin.Fix
---@param file string? the article's path, where several are in one array
---@return unspin.json.Raw
function corrections.object(fix, file)
  return {
    raw = shape:format(
      file and ('"file":%s,'):format(json.string(file)) or "",
      fix.start - 1,
      fix.stop,
      json.string(fix.old),
      json.string(fix.new),
      json.number(fix.confidence),
      json.string(fix.kind),
      json.string(fix.reason)
    ),
  }
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
