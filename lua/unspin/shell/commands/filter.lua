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

-- cjson reads numbers as floats, which would change long ids: find the digits as they were sent.
local function number_as_sent(line, number)
  for digits in line:gmatch('"id"%s*:%s*(-?%d[%d.eE+-]*)') do
    if tonumber(digits) == number then
      return { raw = digits }
    end
  end
  return number
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
  return { raw = cjson.encode(id) }
end

local function answer(session, line, args)
  local readable, record = pcall(cjson.decode, line)
  if not readable or type(record) ~= "table" then
    return json.object({ "error", "not a JSON object: " .. (readable and type(record) or record) })
  end
  local id = id_as_sent(line, record.id)
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
    local written, why = io.stdout:flush()
    if not written then
      session.abort("the answer cannot be written: " .. why)
    end
  end
  return 0
end

return filter
