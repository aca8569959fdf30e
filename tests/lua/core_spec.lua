-- unspin.core, the compiled module, as both Luas see it.

local core = require("unspin.core")

local function read(path)
  local file = assert(io.open(path, "rb"))
  local content = file:read("*a")
  file:close()
  return content
end

local spun = read("tests/quality/articles/tram.txt")

-- What a new process of this Lua prints, that runs the code with a file name; `under` is a command that runs it.
local function in_new_process(code, file, under)
  local path = os.tmpname()
  local script = assert(io.open(path, "w"))
  script:write(code)
  script:close()
  local pipe = assert(io.popen(("%s %s %s '%s'"):format(under or "", rawget(_G, "jit") and "luajit" or "lua5.4", path, file)))
  local output = pipe:read("*a")
  pipe:close()
  os.remove(path)
  return output
end

describe("core.open", function()
  it("gives an engine that says which files it uses", function()
    local engine = assert(core.open({}))
    local model, lexicon = engine:paths()
    assert.matches("^unspin.engine %(", tostring(engine))
    assert.matches(model, tostring(engine), 1, true)
    assert.matches("unspin.lex$", lexicon)
  end)

  it("names the file that is missing", function()
    for _, part in ipairs({ "model", "lexicon" }) do
      local engine, message = core.open({ [part] = "/no/such/file" })
      assert.is_nil(engine)
      assert.matches("/no/such/file", message, 1, true)
      assert.is_nil(message:find("\n"))
    end
  end)

  it("refuses files that are something else, or cut off", function()
    local path = os.tmpname()
    local _, lexicon = assert(core.open({})):paths()
    local file = assert(io.open(path, "wb"))
    file:write(read(lexicon):sub(1, 1000))
    file:close()
    for _, part in ipairs({ "model", "lexicon" }) do
      local engine, message = core.open({ [part] = path })
      assert.is_nil(engine)
      assert.matches(path, message, 1, true)
    end
    os.remove(path)
  end)

  it("raises for misuse", function()
    assert.has_error(function()
      core.open("model")
    end)
    assert.has_error(function()
      core.open({ model = {} })
    end)
  end)
end)

describe("engine:check", function()
  local engine = assert(core.open({}))

  local long = (spun .. "\n"):rep(200)

  it("speaks of other swaps of the article only where there are some", function()
    local alone = "The council has reached an settlement."
    local among = "The metropolis council has reached an settlement with the firm on Final week. Greater than 40,000 "
      .. "individuals reside near it, and the mayor instructed reporters of the monetary issues."
    assert.not_matches("words of this article", engine:check(alone, {})[1].reason)
    assert.matches("other words of this article were swapped", engine:check(among, {})[1].reason)
  end)

  it("is stopped by a function that it asks, with nothing found", function()
    local asked = 0
    local fixes, message = engine:check(long, {
      stop = function()
        asked = asked + 1
        return asked == 2
      end,
    })
    assert.is_nil(fixes)
    assert.equal("the check was interrupted", message)
    assert.equal(2, asked)
    assert.is_table((engine:check(spun, { stop = function() return false end })))
  end)

  it("hands on the error of the function that it asks, and outlives what that does", function()
    local close = getmetatable(engine).__gc
    local except = { { old = "settlement" .. #long, new = "agreement" .. #long } }
    local ok, message = pcall(engine.check, engine, long, {
      except = except,
      stop = function()
        except[1].old, except[1].new = nil, nil
        except[1] = nil
        collectgarbage()
        assert.has_error(function()
          close(engine)
        end, "the engine is checking")
        error("enough", 0)
      end,
    })
    assert.is_false(ok)
    assert.equal("enough", message)
    assert.is_table((engine:check(spun)))
  end)

  it("is stopped by what Ctrl-C does to Lua's own command", function()
    -- In the foreground, or timeout would signal twice, and the second signal ends Lua's command at once.
    local output = in_new_process([[
      local engine = require("unspin.core").open()
      local long = (io.open(arg[1]):read("*a") .. "\n"):rep(5000)
      print(pcall(function()
        local fixes = engine:check(long)
        return fixes
      end))
    ]], "tests/quality/articles/tram.txt", "timeout --foreground -s INT -k 5 1")
    assert.matches("^false\t[^\n]*interrupted!\n$", output)
  end)

  it("takes no more memory than it may, and says where it stopped", function()
    local all, whole = engine:check(long, {})
    local some, part = engine:check(long, { memory = 2 ^ 23 })
    assert.is_false(whole.cut_short)
    assert.is_true(part.cut_short)
    assert.is_true(#some > 0 and #some < #all and part.words < whole.words)
    local none, nothing = engine:check(long, { memory = 1 })
    assert.same({}, none)
    assert.is_true(nothing.cut_short)
    local same, info = engine:check(spun, { memory = 2 ^ 24 })
    assert.is_false(info.cut_short)
    assert.same(engine:check(spun, {}), same)
  end)

  it("stops looking when its time is over, and says so", function()
    local fixes, info = engine:check(spun, { seconds = 1e-9 })
    assert.are.same({}, fixes)
    assert.is_true(info.cut_short)
    fixes, info = engine:check(spun, { seconds = 600 })
    assert.is_true(#fixes > 0)
    assert.is_false(info.cut_short)
  end)

  it("gives corrections in order that stand where they say", function()
    local fixes, info = engine:check(spun, { threshold = 0.1 })
    local last = 0
    assert.is_true(#fixes > 0)
    for _, fix in ipairs(fixes) do
      assert.is_true(fix.start > last)
      assert.equal(fix.old, spun:sub(fix.start, fix.stop))
      last = fix.stop
    end
    assert.is_true(info.english)
    assert.is_true(info.words > 100)
    assert.is_false(info.cut_short)
  end)

  it("looks at a part alone, judging it by the article it is of", function()
    local sure, ask = engine:thresholds()
    local all, info = engine:check(spun, { threshold = sure })
    local first, last = spun:find("%f[^\n][^\n]+\n", math.floor(#spun / 2))
    local part, of = engine:check(spun, { threshold = ask, article = info.article, first = first, last = last })
    for _, fix in ipairs(part) do
      assert.is_true(fix.start >= first and fix.stop <= last)
    end
    -- Two words that are each put right in the article may be put right as one phrase in the part.
    local function new_words_at(fix)
      for _, other in ipairs(part) do
        if other.start <= fix.start and fix.stop <= other.stop then
          return other.new
        end
      end
    end
    local wanted = 0
    for _, fix in ipairs(all) do
      if fix.start >= first and fix.stop <= last then
        assert.matches(fix.new, new_words_at(fix), 1, true)
        wanted = wanted + 1
      end
    end
    assert.is_true(wanted > 0)
    assert.equal(info.rate, of.rate)
  end)

  it("leaves an empty text alone", function()
    assert.same({}, (engine:check("", {})))
  end)

  it("does not propose what is excepted in this article", function()
    local fixes = engine:check(spun, { threshold = 0.1 })
    local first = fixes[1]
    local others = engine:check(spun, { threshold = 0.1, except = { { old = first.old, new = first.new, here = true } } })
    for _, fix in ipairs(others) do
      assert.is_false(fix.old == first.old and fix.new == first.new)
    end
  end)

  it("counts once what another article had rejected often", function()
    local first = engine:check(spun, {})[1]
    local function confidence(excepts)
      for _, fix in ipairs((engine:check(spun, { threshold = 0, except = excepts }))) do
        if fix.start == first.start then
          return fix.confidence
        end
      end
    end
    local often, once = {}, { { old = first.old, new = first.new, path = "other.md" } }
    for i = 1, 45 do
      often[i] = once[1]
    end
    assert.equal(confidence(once), confidence(often))
    assert.is_true(confidence(once) < first.confidence)
    assert.is_true(confidence({ once[1], { old = first.old, new = first.new, path = "third.md" } }) < confidence(once))
  end)

  it("tells what it cannot read", function()
    for _, text in ipairs({ "one\0two", "caf\233 society" }) do
      local fixes, message = engine:check(text, {})
      assert.is_nil(fixes)
      assert.equal("string", type(message))
    end
  end)

  it("raises for misuse", function()
    assert.has_error(function()
      engine:check()
    end)
    assert.has_error(function()
      engine:check("text", { format = "html" })
    end)
    assert.has_error(function()
      engine:check("text", { first = 3, last = 2 })
    end)
    assert.has_error(function()
      engine:check("text", { article = { words = 1 } })
    end)
    assert.has_error(function()
      engine.check({}, "text")
    end)
  end)
end)

describe("core.apply", function()
  it("makes all corrections at once over the text as it stands", function()
    assert.equal("an agreement, then news", core.apply("an settlement, then information", {
      { start = 4, stop = 13, new = "agreement" },
      { start = 21, stop = 31, new = "news" },
    }))
  end)

  it("raises for corrections that are out of order or out of range", function()
    assert.has_error(function()
      core.apply("abc", { { start = 2, stop = 2, new = "x" }, { start = 1, stop = 1, new = "y" } })
    end)
    assert.has_error(function()
      core.apply("abc", { { start = 1, stop = 4, new = "x" } })
    end)
  end)
end)

describe("the history's module", function()
  it("is loaded when a history is first asked for, and libgit2 with it", function()
    local output = in_new_process([[
      local core = require("unspin.core")
      local function loaded()
        local maps = io.open("/proc/self/maps")
        return maps and tostring(maps:read("*a"):find("libgit2") ~= nil) or "unknown"
      end
      local fixes = assert(core.open()):check("It was the settlement.")
      assert(fixes and core.has_history(arg[1]) ~= nil)
      io.write(loaded(), " ")
      core.history(arg[1], { where = "private", state = "/no/such/folder" })
      io.write(loaded())
    ]], "README.md")
    if output ~= "unknown unknown" then
      assert.equal("false true", output)
    end
  end)

  it("leaves all else working where it is missing", function()
    local folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
    local library = package.searchpath and package.searchpath("unspin.core", package.cpath) or "lua/unspin/core.so"
    assert(os.execute(("cp %s %s/core.so"):format(library, folder)))
    local output = in_new_process([[
      local core = package.loadlib(arg[1], "luaopen_unspin_core")()
      local history, why = core.history("README.md", {})
      local version, libgit2, why_not = core.version()
      local list, reason = core.orphans()
      assert(why == why_not and why == reason)
      print(history, list, libgit2, version, why)
    ]], folder .. "/core.so")
    os.execute("rm -r " .. folder)
    assert.matches("^nil%s+nil%s+nil%s+%d+%.%d+%.%d+%s+the history's module is not built; run `make` in [^\n]*\n$", output)
  end)
end)

describe("core.version", function()
  it("names the version and that of libgit2", function()
    local version, libgit2 = core.version()
    assert.matches("^%d+%.%d+%.%d+$", version)
    assert.matches("^%d+%.%d+%.%d+$", libgit2)
  end)
end)
