-- json.lua: write JSON with keys in a fixed order, one value a line where that is wanted.
-- Objects are put together here because lua-cjson's key order changes from run to run.

local cjson = require("cjson")

local json = {}

---@param text string
---@return string
function json.string(text)
  local encoded = cjson.encode(text)
  -- It need not escape slashes, but does, and people read this.
  return text:find("/", 1, true) and encoded:gsub("\\/", "/") or encoded
end

-- A number with at most four decimals and no exponent.
---@param number number
---@return string
function json.number(number)
  if math.type(number) == "integer" then
    return ("%d"):format(number)
  end
  return (("%.4f"):format(number):gsub("%.?0+$", ""))
end

---@class unspin.json.Raw
---@field raw string text that is JSON already

-- Objects are written as lists of pairs, so that their order is the writer's:
-- json.object({ "start", 3 }, { "old", "x" }). A pair without a value is left out.
---@return unspin.json.Raw
function json.object(...)
  local members = {}
  for _, pair in ipairs({ ... }) do
    if pair[2] ~= nil then
      members[#members + 1] = json.string(pair[1]) .. ":" .. json.encode(pair[2])
    end
  end
  return { raw = "{" .. table.concat(members, ",") .. "}" }
end

---@param items any[]
---@return unspin.json.Raw
function json.array(items)
  local encoded = {}
  for i, item in ipairs(items) do
    encoded[i] = json.encode(item)
  end
  return { raw = "[" .. table.concat(encoded, ",") .. "]" }
end

---@param value string|number|boolean|unspin.json.Raw
---@return string
function json.encode(value)
  local kind = type(value)
  if kind == "table" then
    return value.raw
  elseif kind == "string" then
    return json.string(value)
  elseif kind == "number" then
    return json.number(value)
  end
  return tostring(value)
end

return json
