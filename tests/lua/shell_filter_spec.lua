-- `unspin filter` given any lines at all: each is answered by one line, in order, which is JSON; what
-- cannot be read has an "error", and the stream goes on.
--
-- FUZZ_CALLS and FUZZ_SEED change the number of lines and the start.

local cjson = require("cjson")

local count = tonumber(os.getenv("FUZZ_CALLS")) or 2000
local seed = tonumber(os.getenv("FUZZ_SEED")) or 1
-- More than cjson asks of JSON: an answer has no NaN, no Infinity, no number in another form.
local strict = cjson.new()
strict.decode_invalid_numbers(false)

local function answers_to(input)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(input)
  file:close()
  local pipe = assert(io.popen("bin/unspin filter <" .. path))
  local answers = {}
  for line in pipe:lines() do
    answers[#answers + 1] = line
  end
  assert.is_true(pipe:close())
  os.remove(path)
  return answers
end

-- Is this what may answer a line? Returns the answer, read.
local function check_answer(answer, line)
  local readable, record = pcall(strict.decode, answer)
  local shown = ("%q is answered by %q"):format(line, answer)
  assert.is_true(readable and type(record) == "table", shown)
  assert.is_truthy(utf8.len(answer), shown)
  assert.is_nil(answer:find('[^%w][+-]?nan[^%w]') or answer:find(':%-?inf'), shown)
  assert.is_true((record.error == nil) ~= (record.corrections == nil), shown)
  if record.error then
    assert.is_nil(record.text, shown)
    return record
  end
  -- The corrections, made in what was sent, give what is answered.
  local sent = cjson.decode(line)
  local parts, at = {}, 0
  for _, fix in ipairs(record.corrections) do
    assert.is_true(fix.start >= at and fix["end"] >= fix.start and fix["end"] <= #sent.text, shown)
    assert.equal(fix.old, sent.text:sub(fix.start + 1, fix["end"]))
    parts[#parts + 1] = sent.text:sub(at + 1, fix.start)
    parts[#parts + 1] = fix.new
    at = fix["end"]
  end
  assert.equal(record.text, table.concat(parts) .. sent.text:sub(at + 1))
  return record
end

local TEXTS = {
  "", "Fine.", "an settlement was final November.", "The pupil trade of the metropolis\\r\\n\\tis “old”.",
  "# T\\n\\n`code` of the settlement\\n", "\\u0000", "\\ud83d\\ude00 settlement", "\\ud800", "Der Hund.",
  "\255\254", "é settlement", ("It was an settlement. "):rep(20),
}
local IDS = {
  "1", '"a"', "null", "true", "[]", "{}", "[1,null,2]", "NaN", "[NaN]", "-Infinity", "1e999", "[1e999]",
  "0x10", "01", "1.", "-0", "1E2", "12345678901234567890", '"\\u0000\\"/"', '"\255"', '{"a":[{}]}', "+1", "-",
  ("["):rep(1200) .. ("]"):rep(1200), '{"\255":1}', "0.1", '"é"',
}
local PIECES = { '"', "{", "}", "[", "]", ":", ",", "\\", "\\u", "\0", "\255", "\r", "1e", "null", "\226\128" }

local function pick(list)
  return list[math.random(#list)]
end

local function make_line()
  local members = {}
  for i = 1, math.random(0, 3) do
    members[i] = pick({
      function() return '"id":' .. pick(IDS) end,
      function() return '"text":"' .. pick(TEXTS) .. '"' end,
      function() return '"text" : "' .. pick(TEXTS) .. '"' end,
      function() return '"text":' .. pick(IDS) end,
      function() return '"other":{"id":' .. pick(IDS) .. "}" end,
    })()
  end
  local line = "{" .. table.concat(members, ",") .. "}"
  for _ = 1, math.random(4) == 1 and math.random(1, 4) or 0 do
    local at = math.random(0, #line)
    line = line:sub(1, at) .. pick(PIECES) .. line:sub(at + 1 + math.random(0, 3))
  end
  return (line:gsub("\n", " "))
end

describe("unspin filter", function()
  it("answers whatever line with one line of JSON, in order", function()
    math.randomseed(seed)
    local lines = {}
    for i = 1, count do
      lines[2 * i - 1] = make_line()
      lines[2 * i] = ('{"id":%d,"text":"The settlement."}'):format(i) -- by which order is told
    end
    local answers = answers_to(table.concat(lines, "\n") .. "\n")
    assert.equal(#lines, #answers)
    local errors = 0
    for i, line in ipairs(lines) do
      local answer = check_answer(answers[i], line)
      errors = errors + (answer.error and 1 or 0)
      if i % 2 == 0 then
        assert.equal(i // 2, answer.id)
        assert.is_nil(answer.error)
      end
    end
    assert.is_true(errors > count / 10 and errors < count)
  end)

  it("gives an id back as it was sent, if that is JSON", function()
    local ids = { "1", "1E2", "-0", "0.10", "12345678901234567890", '"a"', "true", "null", "[1,null,2]", "1e999" }
    local lines = {}
    for i, id in ipairs(ids) do
      lines[i] = ('{"id":%s,"text":"Fine."}\n'):format(id)
    end
    for i, answer in ipairs(answers_to(table.concat(lines))) do
      assert.equal(('{"id":%s,"text":"Fine.","corrections":[]}'):format(ids[i]), answer)
    end
  end)

  it("takes no number for an id that is none in JSON", function()
    for _, id in ipairs({ "NaN", "[NaN]", "-Infinity", "0x10", "01", "[1e999]" }) do
      local answer = cjson.decode(answers_to(('{"id":%s,"text":"Fine."}\n'):format(id))[1])
      assert.is_string(answer.error)
      assert.is_nil(answer.id)
    end
  end)
end)
