-- The module called with anything at all, while the collector runs all the time: an error or a
-- result each time, and never the end of the process.
--
-- FUZZ_CALLS and FUZZ_SEED change the number of calls and the start.

local core = require("unspin.core")

local calls = tonumber(os.getenv("FUZZ_CALLS")) or 2000
local seed = tonumber(os.getenv("FUZZ_SEED")) or 1

local function pick(list)
  return list[math.random(#list)]
end

local TEXTS = {
  "", " ", "\0", "\255\254", "the settlement", "Der Hund", "an settlement was final November.",
  "# T\r\n\r\n`code` metropolis\r", ("the pupil trade of it "):rep(50), "“", "\226\128", "a\nb|c", "--\t",
}
local NUMBERS = { 0, 1, -1, 2, 0.5, -0.5, 1e308, -1e308, 0 / 0, 1 / 0, -1 / 0, 2 ^ 31, 2 ^ 53, 2 ^ 63, -2 ^ 63 }
local NAMES = {
  "start", "stop", "old", "new", "confidence", "kind", "format", "threshold", "readings", "except", "here", "seconds",
  "bytes", "article", "model", "lexicon", "context", "where", "all", "limit", "rejects", "refuses", "pairs", 1, 2, 3,
}
local WORDS = { "text", "markdown", "branch", "side", "private", "substitution", ("0"):rep(40) }

describe("any call with any arguments", function()
  local folder, article, engine, history

  setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir '" .. folder .. "'"))
    article = folder .. "/article.md"
    local file = assert(io.open(article, "wb"))
    file:write("the settlement was final November.\n")
    file:close()
    engine = assert(core.open({}))
    history = assert(core.history(article, { where = "private", state = folder .. "/state" }))
  end)

  teardown(function()
    os.execute("rm -rf '" .. folder .. "'")
  end)

  local value

  local function fields(depth)
    local made = {}
    for _ = 1, math.random(0, 5) do
      made[pick(NAMES)] = value(depth + 1)
    end
    return made
  end

  local function fixes(depth)
    local made = {}
    for i = 1, math.random(0, 4) do
      made[i] = { start = math.random(0, 9), stop = math.random(0, 12), new = pick(TEXTS), old = pick(TEXTS) }
      if math.random(4) == 1 then
        made[i][pick(NAMES)] = value(depth + 1)
      end
    end
    return made
  end

  local function hostile()
    return setmetatable({}, {
      __index = function(_, key)
        if math.random(3) == 1 then
          error("no " .. tostring(key))
        end
        collectgarbage()
        return value(3)
      end,
    })
  end

  function value(depth)
    local kind = math.random(depth > 2 and 5 or 12)
    if kind == 1 then
      return nil
    elseif kind == 2 then
      return math.random(2) == 1
    elseif kind == 3 then
      return pick(NUMBERS)
    elseif kind == 4 then
      return pick(TEXTS)
    elseif kind == 5 then
      return pick(WORDS)
    elseif kind <= 7 then
      return fields(depth)
    elseif kind <= 9 then
      return fixes(depth)
    elseif kind == 10 then
      return hostile()
    elseif kind == 11 then
      return pick({ print, io.stdout, coroutine.create(print), core })
    end
    return pick({ engine, history, article })
  end

  -- Nothing of the user's may be touched: histories and files are the test's own.
  local functions = {
    apply = core.apply,
    version = core.version,
    checksum = core.checksum,
    open = core.open,
    history = function(path, options)
      options = type(options) == "table" and options or {}
      rawset(options, "state", folder .. "/state")
      return core.history(path, options)
    end,
    orphans = function(options)
      options = type(options) == "table" and options or {}
      rawset(options, "state", folder .. "/state")
      return core.orphans(options)
    end,
    replace = function(_, text)
      return core.replace(article, text)
    end,
  }

  local function methods(handle)
    return getmetatable(handle).__index
  end

  it("gives a result or an error", function()
    math.randomseed(seed)
    collectgarbage("setpause", 1)
    local failures = 0
    for _ = 1, calls do
      local from = pick({ functions, methods(engine), methods(engine), methods(history) })
      local names = {}
      for name in pairs(from) do
        names[#names + 1] = name
      end
      table.sort(names)
      local name = pick(names)
      local self = from ~= functions and math.random(20) > 1
      local first = (from == methods(engine) and engine) or history
      if not self then
        first = value(1)
      end
      local ok, result, message = pcall(from[name], first, value(1), value(1), value(1))
      if not ok or (result == nil and message ~= nil) then
        local told = ok and message or result
        assert.is_true(type(told) ~= "string" or #told > 3, name)
        failures = failures + 1
      end
      if ok and name == "log" and result then
        pcall(function()
          for _ in result do
            collectgarbage("step")
          end
        end)
      end
      if math.random(8) == 1 then
        collectgarbage("step", math.random(0, 50))
      end
    end
    collectgarbage("setpause", 200)
    assert.is_true(failures > calls / 10 and failures < calls)
    assert.equal("string", type(core.version()))
    assert.is_table(engine:check("the settlement", {}))
  end)

  it("takes strings of a table alone, not what would be collected while it is used", function()
    local made_up = setmetatable({}, {
      __index = function(_, key)
        return ("made up for " .. key):rep(2)
      end,
    })
    assert.is_false(pcall(engine.check, engine, "the settlement", { except = { made_up } }))
    assert.is_false(pcall(engine.check, engine, "the settlement", { except = { { old = 5, new = 7 } } }))
    assert.is_table(engine:check("the settlement", setmetatable({}, getmetatable(made_up))))
  end)

  it("leaves handles that were closed alone", function()
    local closed = assert(core.open({}))
    getmetatable(closed).__gc(closed)
    getmetatable(closed).__gc(closed)
    assert.matches("closed", tostring(closed))
    for _, method in pairs(methods(closed)) do
      assert.is_false(pcall(method, closed, "text", {}))
    end
    local other = assert(core.history(article, { where = "private", state = folder .. "/state" }))
    getmetatable(other).__gc(other)
    for _, method in pairs(methods(other)) do
      assert.is_false(pcall(method, other, "text", {}))
    end
  end)
end)
