-- filter: one JSON object in, one out, line by line, for parallel, Spark's pipe() and streaming.

local cjson = require("cjson")
local articles = require("unspin.shell.articles")
local corrections = require("unspin.shell.corrections")
local json = require("unspin.shell.json")

local filter = {
  summary = 'NDJSON to NDJSON: {"id","text"} to {"id","text","corrections"}',
  example = "parallel --pipe --keep-order -j2 unspin filter < pages.ndjson",
  epilog = 'A line that cannot be read gives one line with "error", and the stream goes on.',
}

function filter.define(command)
  command:option("--format", "How the texts are written: text or markdown.", "text")
    :choices({ "text", "markdown" }):argname("FORM")
end

-- By default it takes NaN, Infinity and 0x10 for numbers, which an answer must not hold.
local decoder = cjson.new()
decoder.decode_invalid_numbers(false)

local function is_json_number(digits)
  local rest = digits:match("^%-?0(.*)$") or digits:match("^%-?[1-9]%d*(.*)$") or digits
  rest = rest:match("^%.%d+(.*)$") or rest
  return rest == "" or rest:find("^[eE][+-]?%d+$") ~= nil
end

-- cjson reads numbers as floats, which would change long ids: find the digits as they were sent.
local function number_as_sent(line, number)
  for digits in line:gmatch('"id"%s*:%s*(-?%d[%d.eE+-]*)') do
    if tonumber(digits) == number and is_json_number(digits) then
      return { raw = digits }
    end
  end
  return { raw = decoder.encode(number) }
end

---@param line string
---@param id any
---@return unspin.json.Raw?
local function id_as_sent(line, id)
  if id == nil then
    return nil
  elseif type(id) == "number" then
    return number_as_sent(line, id)
  elseif type(id) == "string" or type(id) == "boolean" then
    return { raw = json.encode(id) }
  end
  return { raw = decoder.encode(id) }
end

local function answer(session, line, args)
  local readable, record = pcall(decoder.decode, line)
  if not readable or type(record) ~= "table" then
    return json.object({ "error", "not a JSON object: " .. (readable and type(record) or record) })
  end
  local written, id = pcall(id_as_sent, line, record.id)
  if not written then -- 1e999, within an array
    return json.object({ "error", "its id cannot be written: " .. id })
  elseif id and not utf8.len(id.raw) then
    return json.object({ "error", "its id is not UTF-8" })
  end
  if type(record.text) ~= "string" then
    return json.object({ "id", id }, { "error", 'no string named "text"' })
  end
  local path = args.format == "markdown" and "-.md" or "-"
  local fixes, info = articles.check_text(session, record.text, path, { threshold = args.threshold })
  if not fixes then
    return json.object({ "id", id }, { "error", info })
  end
  return json.object(
    { "id", id },
    { "text", session:core().apply(record.text, fixes) },
    { "corrections", corrections.array(fixes) }
  )
end

function filter.run(args, session)
  session:engine()
  -- A line is handed on as soon as it is done: whoever waits for an answer before asking again
  -- must not wait for a full buffer.
  io.stdout:setvbuf("full")
  for line in io.stdin:lines() do
    io.stdout:write(json.encode(answer(session, line, args)), "\n")
    local flushed, why = io.stdout:flush()
    if not flushed then
      session.abort("the answer cannot be written: " .. why)
    end
  end
  return 0
end

return filter
