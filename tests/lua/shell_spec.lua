-- The command line as a user meets it: bin/unspin is run as a program.

local cjson = require("cjson")

local root = assert(io.popen("pwd")):read("*l")
local article = root .. "/tests/quality/articles/tram.txt"
local original = root .. "/tests/quality/articles/tram.clean"

local folder -- of the test at hand

local function quote(word)
  return "'" .. word:gsub("'", [['\'']]) .. "'"
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local content = file:read("*a")
  file:close()
  return content
end

local function write(path, content)
  local file = assert(io.open(path, "wb"))
  file:write(content)
  file:close()
end

-- Runs a shell command in the test's folder.
local function shell(command)
  local status_file, error_file = os.tmpname(), os.tmpname()
  -- Histories of articles outside repositories and a lexicon of one's own are the test's.
  local home = "XDG_STATE_HOME=$PWD/.state XDG_CONFIG_HOME=$PWD/.config XDG_CACHE_HOME=$PWD/.cache"
  local pipe = assert(io.popen(("cd %s && export %s && { %s; } 2>%s; echo $? >%s"):format(
    quote(folder), home, command, error_file, status_file)))
  local output = pipe:read("*a")
  pipe:close()
  local status = tonumber(read(status_file))
  local errors = read(error_file)
  os.remove(status_file)
  os.remove(error_file)
  return { output = output, status = status, errors = errors }
end

local function unspin(arguments, input)
  local feed = ""
  if input then
    write(folder .. "/.input", input)
    feed = "<.input "
  end
  return shell(feed .. quote(root .. "/bin/unspin") .. " " .. arguments)
end

local function assert_one_line_error(result, pattern)
  assert.equal(2, result.status)
  assert.equal("", result.output)
  assert.matches("^unspin: [^\n]*" .. pattern .. "[^\n]*\n$", result.errors)
end

local function in_repository()
  shell("git init -q . && git config user.name T && git config user.email t@example.org"
    .. " && git add -A && git commit -q -m received")
end

before_each(function()
  folder = os.tmpname()
  os.remove(folder)
  os.execute("mkdir " .. quote(folder))
  os.execute(("cp %s %s"):format(quote(article), quote(folder .. "/tram.txt")))
end)

after_each(function()
  os.execute("rm -rf " .. quote(folder))
end)

describe("unspin check", function()
  it("prints one line a correction, as compilers do, and ends with 1", function()
    local result = unspin("check tram.txt")
    assert.equal(1, result.status)
    assert.matches("tram.txt:7:%d+: local weather → climate %(%d%.%d%d%)\n", result.output)
    assert.equal("", result.errors)
  end)

  it("ends with 0 and no output if there is nothing to correct", function()
    local result = unspin("check " .. quote(original))
    assert.same({ output = "", status = 0, errors = "" }, result)
  end)

  it("--json gives 0-based half-open byte offsets into the file", function()
    local text = read(article)
    local found = cjson.decode(unspin("check --json tram.txt").output)
    assert.is_true(#found > 0)
    for _, fix in ipairs(found) do
      assert.equal(fix.old, text:sub(fix.start + 1, fix["end"]))
      assert.equal("string", type(fix.new))
      assert.is_true(fix.confidence > 0 and fix.confidence <= 1)
      assert.equal("string", type(fix.kind))
      assert.equal("string", type(fix.reason))
    end
  end)

  it("--json prints an empty array for an empty file", function()
    write(folder .. "/empty.txt", "")
    assert.same({ output = "[]\n", status = 0, errors = "" }, unspin("check --json empty.txt"))
  end)

  it("- reads standard input", function()
    local from_file = unspin("check --json tram.txt")
    assert.same(from_file, unspin("check --json -", read(article)))
  end)

  it("counts a byte-order mark and CRLF in its offsets", function()
    local text = "\239\187\191" .. read(article):gsub("\n", "\r\n")
    write(folder .. "/dos.txt", text)
    local found = cjson.decode(unspin("check --json dos.txt").output)
    assert.is_true(#found > 0)
    for _, fix in ipairs(found) do
      assert.equal(fix.old, text:sub(fix.start + 1, fix["end"]))
    end
  end)

  it("--threshold asks for more certainty", function()
    local all = cjson.decode(unspin("check --json --threshold 0 tram.txt").output)
    local sure = cjson.decode(unspin("check --json --threshold 0.99 tram.txt").output)
    assert.is_true(#sure < #all)
    for _, fix in ipairs(sure) do
      assert.is_true(fix.confidence >= 0.99)
    end
  end)

  it("--diff gives a patch that makes of the file what fix makes of it", function()
    for _, ending in ipairs({ "\n", "" }) do
      write(folder .. "/tram.txt", (read(article):gsub("\n$", ending)))
      local fixed = unspin("fix --stdout tram.txt").output
      unspin("check --diff tram.txt >patch")
      assert.equal("", shell("git apply patch").errors)
      assert.equal(fixed, read(folder .. "/tram.txt"))
    end
  end)

  it("--quickfix gives byte columns", function()
    write(folder .. "/tram.txt", (read(article):gsub("The metropolis", "Café. The metropolis")))
    local line, byte = unspin("check --quickfix tram.txt").output:match("tram.txt:(%d+):(%d+): individuals →")
    local found = shell(("sed -n %dp tram.txt | tail -c +%d | head -c 11"):format(line, byte)).output
    assert.equal("individuals", found)
  end)

  it("--sarif names the place and the repair", function()
    local log = cjson.decode(unspin("check --sarif tram.txt").output)
    local found = cjson.decode(unspin("check --json tram.txt").output)
    local results = log.runs[1].results
    assert.equal("2.1.0", log.version)
    assert.equal(#found, #results)
    local change = results[1].fixes[1].artifactChanges[1]
    assert.equal("tram.txt", change.artifactLocation.uri)
    assert.equal(found[1].new, change.replacements[1].insertedContent.text)
    assert.equal(found[1].start, change.replacements[1].deletedRegion.byteOffset)
  end)

  it("--summary puts the likeliest spun article first", function()
    shell("cp " .. quote(original) .. " a.txt && cp tram.txt b.txt")
    assert.matches("\n[^\n]*b.txt\n[^\n]*a.txt\n$", unspin("check --summary a.txt b.txt").output)
  end)

  it("--summary estimates the share of words that were swapped", function()
    -- By hand: 56 of 154 words.
    local rate = tonumber(unspin("check --summary tram.txt").output:match("\n *[%d.]+ +([%d.]+)%%"))
    assert.is_true(rate > 28 and rate < 45, rate)
  end)

  it("looks through folders with -r, but not at what git ignores", function()
    shell("mkdir -p a/b && cp tram.txt a/b/one.md && cp tram.txt a/two.txt && cp tram.txt a/no.lua"
      .. " && cp tram.txt a/b/ignored.md && echo ignored.md >.gitignore")
    in_repository()
    local seen = {}
    for path in unspin("check -r a").output:gmatch("([^\n:]+):%d+:%d+:") do
      seen[path] = true
    end
    assert.same({ ["a/b/one.md"] = true, ["a/two.txt"] = true }, seen)
  end)

  it("leaves alone what a .unspin-disable file lies above, by name and with -r, and says so once", function()
    shell("mkdir -p a/b c && cp tram.txt a/b/one.md && cp tram.txt a/two.txt && cp tram.txt c/three.txt"
      .. " && touch a/.unspin-disable")
    for _, names in ipairs({ "-r .", "a/b/one.md a/two.txt ./c/../a/two.txt c/three.txt tram.txt" }) do
      local seen = {}
      local result = unspin("check " .. names)
      for path in result.output:gmatch("([^\n:/]+):%d+:%d+:") do
        seen[path] = true
      end
      assert.same({ ["three.txt"] = true, ["tram.txt"] = true }, seen)
      assert.equal(("unspin: %s/a/.unspin-disable switches unspin off; articles below it are left alone\n"):format(
        folder), result.errors)
    end
    assert.equal(0, unspin("fix --no-history a/two.txt").status)
    assert.equal(read(article), read(folder .. "/a/two.txt"))
    assert.equal(read(article), unspin("fix --stdout a/two.txt").output)
    assert.equal(read(article), unspin("fix --stdout --stdin-filename a/new.txt -", read(article)).output)
    assert.matches("local weather", shell("cd a && " .. quote(root .. "/bin/unspin") .. " check - <two.txt").output)
  end)

  it("--stdin-filename tells how standard input is written and what was rejected in it", function()
    local code = "    settlement authorities metropolis individuals\n\n" .. read(article)
    assert.is_true(#unspin("check --stdin-filename a.txt -", code).output > #unspin("check --stdin-filename a.md -", code).output)
    assert.matches("^a.md:%d", unspin("check --stdin-filename a.md -", code).output)
    in_repository()
    unspin("fix tram.txt")
    local commit = shell("git log --format=%h --grep='^local weather → climate'").output:match("%x+")
    unspin("reject tram.txt " .. commit)
    assert.matches("local weather → climate", unspin("check -", read(article)).output)
    assert.is_nil(unspin("check --stdin-filename tram.txt -", read(article)).output:find("local weather → climate", 1, true))
  end)

  it("shows how far it is on a terminal only", function()
    shell("mkdir a && for i in 1 2 3; do cp tram.txt a/$i.txt; done")
    local command = quote(root .. "/bin/unspin") .. " check --color never -r a"
    assert.matches("%[#+%] 3/3", shell(("script -qec %s /dev/null"):format(quote(command))).output)
    assert.equal("", shell(command .. " >/dev/null").errors)
  end)

  it("gives the same in the same order with several processes", function()
    shell("mkdir a && for i in 1 2 3 4 5; do cp tram.txt a/$i.txt; done; echo Fine. >a/3.txt")
    assert.same(unspin("check -r a"), unspin("check -r -j 2 a"))
  end)

  it("goes on after a file that cannot be read, and ends with 2", function()
    local result = unspin("check missing.txt tram.txt")
    assert.equal(2, result.status)
    assert.equal("unspin: missing.txt: No such file or directory\n", result.errors)
    assert.matches("local weather → climate", result.output)
  end)

  describe("refuses, in one line,", function()
    it("a folder without -r", function()
      assert_one_line_error(unspin("check ."), "%.: is a folder; give %-r to take the articles in it")
    end)

    it("NUL bytes", function()
      write(folder .. "/nul.txt", "one\0two")
      assert_one_line_error(unspin("check nul.txt"), "nul%.txt: .*NUL")
    end)

    it("what is not UTF-8", function()
      write(folder .. "/latin.txt", "caf\233 society")
      assert_one_line_error(unspin("check latin.txt"), "latin%.txt: .*UTF%-8")
    end)

    it("an unknown command, a missing file name, a threshold that is none", function()
      assert_one_line_error(unspin("unspin"), "unknown command")
      assert_one_line_error(unspin("check"), "missing argument")
      assert_one_line_error(unspin("check --threshold 7 tram.txt"), "'7' is not a probability")
    end)

    it("a model or lexicon that is missing, empty or something else", function()
      write(folder .. "/empty", "")
      write(folder .. "/foreign", ("not a model\n"):rep(1000))
      for _, variable in ipairs({ "UNSPIN_MODEL", "UNSPIN_LEXICON" }) do
        for _, name in ipairs({ "missing", "empty", "foreign" }) do
          local result = shell(("%s=%s %s check tram.txt"):format(variable, name, quote(root .. "/bin/unspin")))
          assert_one_line_error(result, name)
        end
      end
    end)
  end)

  it("manages a line of 10 MB", function()
    shell("yes 'The council met in the town hall on Monday.' | head -c 10000000 | tr '\\n' ' ' >long.txt")
    assert.equal("", unspin("check long.txt").errors)
  end)
end)

describe("unspin fix", function()
  it("corrects in place and records each correction as a commit", function()
    in_repository()
    local fixes = cjson.decode(unspin("check --json tram.txt").output)
    local result = unspin("fix tram.txt")
    assert.same({ 0, "" }, { result.status, result.errors })
    assert.matches("its climate targets", read(folder .. "/tram.txt"))
    assert.equal(#fixes, tonumber(shell("git rev-list --count HEAD~0").output) - 1)
    assert.equal("", shell("git status --porcelain -- tram.txt").output)
    assert.matches("local weather → climate", shell("git log --format=%s").output)
  end)

  it("says once where corrections go that do not go to the branch", function()
    shell("cp tram.txt b.txt && cp tram.txt c.txt && cp tram.txt d.txt")
    local result = unspin("fix tram.txt b.txt")
    assert.equal(0, result.status)
    assert.matches("^unspin: corrections go to [^\n]*/history%.git: it is in no repository\n$", result.errors)
    in_repository()
    shell("git checkout -q --detach")
    assert.matches("^unspin: corrections go to refs/unspin/heads/HEAD: HEAD is detached\n$",
      unspin("fix c.txt d.txt").errors)
  end)

  it("points out once a hook that is not run", function()
    in_repository()
    shell("printf '#!/bin/sh\nexit 1\n' >.git/hooks/pre-commit && chmod +x .git/hooks/pre-commit && cp tram.txt b.txt")
    local result = unspin("fix tram.txt b.txt")
    assert.equal(0, result.status)
    assert.matches("^unspin: hooks are not run: [^\n]*pre%-commit\n$", result.errors)
  end)

  it("has nothing left to do the second time", function()
    in_repository()
    unspin("fix tram.txt")
    local commits = shell("git rev-list --count HEAD").output
    assert.equal("tram.txt: nothing to correct\n", unspin("fix tram.txt").output)
    assert.equal(commits, shell("git rev-list --count HEAD").output)
  end)

  it("--stdout changes nothing and gives what fix writes", function()
    in_repository()
    local printed = unspin("fix --stdout tram.txt").output
    assert.equal(read(article), read(folder .. "/tram.txt"))
    unspin("fix --no-history tram.txt")
    assert.equal(printed, read(folder .. "/tram.txt"))
    assert.equal("1\n", shell("git rev-list --count HEAD").output)
  end)

  describe("--interactive", function()
    local function remaining(answers)
      write(folder .. "/tram.txt", read(article))
      unspin("fix --no-history --interactive tram.txt", answers)
      return #cjson.decode(unspin("check --json --threshold 0.5 tram.txt").output)
    end

    it("makes what is answered with y, and leaves n, d and q", function()
      local all = remaining("q\n")
      assert.equal(read(article), read(folder .. "/tram.txt"))
      remaining("y\nd\n")
      local one = read(folder .. "/tram.txt")
      assert.not_equal(read(article), one)
      remaining("?\nn\ny\nq\n")
      assert.not_equal(one, read(folder .. "/tram.txt"))
      assert.is_true(all > 2)
    end)

    it("makes all that follow with a", function()
      remaining("a\n")
      local answered = read(folder .. "/tram.txt")
      write(folder .. "/tram.txt", read(article))
      assert.equal(unspin("fix --stdout tram.txt").output, answered)
    end)

    it("leaves the rest when the answers end", function()
      remaining("")
      assert.equal(read(article), read(folder .. "/tram.txt"))
    end)
  end)

  it("--dry-run changes nothing", function()
    in_repository()
    assert.matches("^tram.txt: %d+ corrections to make\n$", unspin("fix --dry-run tram.txt").output)
    assert.equal(read(article), read(folder .. "/tram.txt"))
    assert.equal("1\n", shell("git rev-list --count HEAD").output)
  end)

  it("leaves every file whole, and nothing else behind, when it is interrupted", function()
    shell("cp tram.txt fixed.txt")
    unspin("fix --no-history fixed.txt")
    local whole = { [read(article)] = true, [read(folder .. "/fixed.txt")] = true }
    for _, jobs in ipairs({ 1, 2 }) do
      shell("rm -rf a; mkdir a; for i in 1 2 3 4 5 6 7 8; do cp tram.txt a/$i.txt; done")
      -- timeout signals all the processes, as a terminal does.
      local result = shell(("timeout -s INT 0.5 %s fix --no-history -j %d -r a"):format(
        quote(root .. "/bin/unspin"), jobs))
      assert.equal("", result.errors)
      for i = 1, 8 do
        assert.is_true(whole[read(("%s/a/%d.txt"):format(folder, i))])
      end
      assert.equal("8\n", shell("ls -A a | wc -l").output)
    end
  end)

  it("keeps the file's mode and a symbolic link", function()
    in_repository()
    shell("chmod 640 tram.txt && ln -s tram.txt link.txt")
    assert.equal(0, unspin("fix --no-history link.txt").status)
    assert.matches("its climate targets", read(folder .. "/tram.txt"))
    assert.equal("640\n", shell("stat -c %a tram.txt").output)
    assert.equal(0, shell("test -L link.txt").status)
  end)

end)

describe("unspin reject", function()
  local function proposes(swap)
    return unspin("check tram.txt").output:find(swap, 1, true) ~= nil
  end

  it("takes a correction back, and it is not proposed again", function()
    in_repository()
    unspin("fix tram.txt")
    local commit = shell("git log --format=%h --grep='^local weather → climate'").output:match("%x+")
    assert.same({ output = ("tram.txt: %s is taken back\n"):format(commit), status = 0, errors = "" },
      unspin("reject tram.txt " .. commit))
    assert.matches("its local weather targets", read(folder .. "/tram.txt"))
    assert.equal("", shell("git status --porcelain -- tram.txt").output)
    assert.matches("local weather → climate %(.-%) rejected", unspin("log tram.txt").output)
    assert.is_false(proposes("local weather → climate"))
  end)

  it("is what a plain git revert does, too", function()
    in_repository()
    unspin("fix tram.txt")
    local swap = shell("git log -1 --format=%s").output:gsub("\n", "")
    shell("git revert --no-edit HEAD")
    assert.is_false(proposes(swap))
  end)

  it("says that there is no such commit", function()
    in_repository()
    assert_one_line_error(unspin("reject tram.txt 0123456789"), "0123456789")
  end)
end)

describe("unspin history", function()
  it("prints the command that shows what was recorded", function()
    in_repository()
    unspin("fix tram.txt")
    local shown = shell(('eval "$(%s history tram.txt)"'):format(root .. "/bin/unspin")).output
    assert.matches("local weather → climate", shown)
  end)

  it("says when that is outside the article's folder", function()
    unspin("fix tram.txt")
    local result = unspin("history tram.txt")
    assert.equal(0, result.status)
    assert.matches("^unspin: [^\n]*history%.git[^\n]*no repository\n$", result.errors)
    assert.matches("local weather → climate", shell((result.output:gsub("\n", ""))).output)
  end)

  it("is completed by a check after a kill", function()
    in_repository()
    write(folder .. "/killed.lua", [[
      local core = require("unspin.core")
      local file = assert(io.open("tram.txt"))
      local text = file:read("a")
      local fixes = { { start = 1, stop = 3, old = text:sub(1, 3), new = "New", confidence = 1 } }
      local history = assert(core.history("tram.txt", {}))
      assert(history:prepare(text, fixes))
      assert(core.replace("tram.txt", core.apply(text, fixes)))
      os.exit(0, false)
    ]])
    assert.equal(0, shell(("LUA_CPATH='%s/build/lua5.4/?.so' lua5.4 killed.lua"):format(root)).status)
    assert.equal("received\n", shell("git log --format=%s").output)
    unspin("check tram.txt")
    assert.matches("→ New\nreceived\n$", shell("git log --format=%s").output)
  end)

  it("exports patches that git am takes", function()
    in_repository()
    shell("git clone -q . other")
    unspin("fix tram.txt")
    local result = unspin("history export tram.txt >mbox")
    assert.equal(0, result.status)
    assert.equal("", result.errors)
    result = shell("cd other && git -c user.name=T -c user.email=t@example.org am -q --keep-cr ../mbox"
      .. " && cmp tram.txt ../tram.txt && git log --format=%s")
    assert.equal(0, result.status)
    assert.matches("local weather → climate", result.output)
  end)

  it("prunes a side history, never a branch", function()
    in_repository()
    shell("git branch -m main")
    unspin("fix tram.txt")
    local result = unspin("history prune --before 2999-01-31 tram.txt")
    assert.same({ 0, "tram.txt: 0 commits of refs/unspin/heads/main forgotten\n" }, { result.status, result.output })
    assert_one_line_error(unspin("history prune --before 2999-01-31 --where branch tram.txt"), "is a branch of yours")
    assert_one_line_error(unspin("history prune --before 2026-02-30 tram.txt"), "is not a date")
    assert_one_line_error(unspin("history prune tram.txt"), "%-%-before")
  end)

  it("prunes a private history", function()
    unspin("fix tram.txt")
    assert.equal("tram.txt: 0 commits", unspin("history prune --before 2001-01-31 tram.txt").output:match("^.- commits"))
    assert.not_matches(" 0 commits", unspin("history prune --before 2999-01-31 tram.txt").output)
    assert.equal("", unspin("log tram.txt").output)
  end)

  it("finds and removes the private histories of deleted articles", function()
    unspin("fix tram.txt")
    assert.equal("", unspin("history orphans").output)
    shell("rm tram.txt")
    local gone = shell("realpath .").output:gsub("\n", "") .. "/tram.txt\n"
    assert.equal(gone, unspin("history orphans").output)
    assert.equal(gone, unspin("history orphans --remove").output)
    assert.equal("", unspin("history orphans").output)
  end)
end)

describe("unspin log", function()
  it("lists the corrections of an article, newest first", function()
    in_repository()
    unspin("fix tram.txt")
    local subjects = {}
    for swap in unspin("log tram.txt").output:gmatch(":%d+: (.-) %(") do
      subjects[#subjects + 1] = swap
    end
    local expected = {}
    for subject in shell("git log --format=%s HEAD --grep=→").output:gmatch("[^\n]+") do
      expected[#expected + 1] = subject
    end
    assert.same(expected, subjects)
  end)

  it("gives whole paths outside of a repository", function()
    unspin("fix tram.txt")
    local path = shell("realpath tram.txt").output:gsub("\n", "")
    assert.matches(" " .. path .. ":9: ", unspin("log -n 1 tram.txt").output, 1, true)
    assert.equal(path, cjson.decode(unspin("log --json -n 1 tram.txt").output).file)
  end)

  it("prints one JSON object a line", function()
    in_repository()
    unspin("fix tram.txt")
    local entry = cjson.decode(unspin("log --json -n 1 tram.txt").output)
    assert.equal("tram.txt", entry.file)
    assert.equal(shell("git rev-parse HEAD").output, entry.commit .. "\n")
  end)
end)

describe("unspin filter", function()
  local function lines_of(output)
    local records = {}
    for line in output:gmatch("[^\n]+") do
      records[#records + 1] = cjson.decode(line)
    end
    return records
  end

  it("answers each line with one line, in order", function()
    local text = read(article)
    local input = ('{"id":1,"text":%s}\n{"id":"b","text":"Fine."}\n'):format(cjson.encode(text))
    local result = unspin("filter", input)
    local records = lines_of(result.output)
    assert.equal(0, result.status)
    assert.same({ 1, "b" }, { records[1].id, records[2].id })
    assert.matches("its climate targets", records[1].text)
    assert.same(cjson.decode(unspin("check --json tram.txt").output), records[1].corrections)
    assert.same({ id = "b", text = "Fine.", corrections = {} }, records[2])
  end)

  it("answers a bad line with an error and goes on", function()
    local result = unspin("filter", '{"id":1}\nnonsense\n[]\n\n{"id":5,"text":"a\\u0000b"}\n{"id":6,"text":"Fine."}')
    local records = lines_of(result.output)
    assert.equal(0, result.status)
    assert.equal(6, #records)
    for i = 1, 5 do
      assert.equal("string", type(records[i].error))
    end
    assert.same({ 1, 5, 6 }, { records[1].id, records[5].id, records[6].id })
  end)

  it("answers a line before it is given the next one", function()
    local answers = shell(([[
      mkfifo in out; %s filter <in >out & exec 3>in 4<out
      for id in 1 2 3; do echo '{"id":'$id',"text":"Fine."}' >&3; read -r line <&4; echo "$line"; done
      exec 3>&-; wait]]):format(quote(root .. "/bin/unspin"))).output
    assert.equal(3, #lines_of(answers))
  end)

  it("ends quietly when nobody reads any more", function()
    local input = ('{"id":1,"text":"Fine."}\n'):rep(5000)
    local result = unspin("filter | head -n 1", input)
    assert.equal("", result.errors)
    assert.equal(1, #lines_of(result.output))
  end)

  it("gives the same, in the same order, under GNU parallel", function()
    local lines = {}
    for id = 1, 12 do
      lines[id] = ('{"id":%d,"text":%s}\n'):format(id, cjson.encode(read(id % 2 == 0 and article or original)))
    end
    write(folder .. "/pages.ndjson", table.concat(lines))
    local alone = shell(quote(root .. "/bin/unspin") .. " filter <pages.ndjson").output
    assert.equal(12, #lines_of(alone))
    local result = shell(("parallel --will-cite --pipe --keep-order -N 3 -j2 %s filter <pages.ndjson"):format(
      root .. "/bin/unspin"))
    assert.same({ output = alone, status = 0, errors = "" }, result)
  end)

  it("has no tab and no line end in an answer, so that a line is a record of Hadoop streaming", function()
    local output = unspin("filter", '{"id":"a\\tb","text":"One\\ttwo.\\r\\nThree\\u2028four.\\u0085"}\t\n').output
    assert.matches("^[^\t\r\n]*\n$", output)
    assert.equal("One\ttwo.\r\nThree\u{2028}four.\u{85}", lines_of(output)[1].text)
  end)

  -- What Spark's rdd.pipe and a streaming task do: start a process for each partition, feed it lines
  -- while they read its answers, take these if it ends with 0, and begin that partition again if not.
  describe("as a piped process of Spark or Hadoop", function()
    -- A task that runs for the first time is killed after so many answers.
    local driver = [[
      task() {
        attempt=0
        until [ -e $1.done ]; do
          attempt=$((attempt + 1))
          [ $attempt -le 4 ] || { echo "part $1 failed four times" >&2; exit 1; }
          mkfifo $1.in
          $UNSPIN filter <$1.in >$1.out & pid=$!
          if [ $attempt = 1 ] && [ "$2" = killed ]; then
            { head -n 3 $1; exec sleep 60; } >$1.in & feeder=$!
            until [ $(wc -l <$1.out) -ge 2 ]; do sleep 0.02; done
            kill -9 $pid
          else
            while read -r line; do printf '%s\n' "$line"; done <$1 >$1.in & feeder=$!
          fi
          if wait $pid; then mv $1.out $1.done; fi
          kill $feeder; wait $feeder; rm -f $1.in
          echo "$1 $attempt" >>attempts
        done 2>/dev/null
      }
      split -n l/2 -a 1 pages.ndjson part.
      task part.a $KILL & task part.b & wait
      cat part.a.done part.b.done]]

    local function drive(lines, kill)
      write(folder .. "/pages.ndjson", table.concat(lines))
      return shell(("export UNSPIN=%s KILL=%s; bash -c %s"):format(quote(root .. "/bin/unspin"), kill, quote(driver)))
    end

    local lines = {}
    for id = 1, 16 do
      lines[id] = ('{"id":%d,"text":%s}\n'):format(id, cjson.encode(read(id % 2 == 0 and article or original)))
    end

    it("answers every line of every partition once, in order", function()
      local records = lines_of(drive(lines, "none").output)
      assert.equal(16, #records)
      for id, record in ipairs(records) do
        assert.equal(id, record.id)
      end
    end)

    it("gives the same when one is killed half way and its partition is done again", function()
      local undisturbed = drive(lines, "none").output
      shell("rm -f part.* attempts")
      assert.equal(undisturbed, drive(lines, "killed").output)
      assert.matches("part.a 2\n", read(folder .. "/attempts"))
    end)

    it("does not fail a partition for a bad line in it", function()
      local output = drive({ lines[1], "nonsense\n", lines[2] }, "none").output
      local records = lines_of(output)
      assert.equal("string", type(records[2].error))
      assert.same({ 1, 2 }, { records[1].id, records[3].id })
    end)

    it("ends with another status than 0 when its answers cannot be written", function()
      write(folder .. "/pages.ndjson", table.concat(lines))
      local result = shell(("%s filter <pages.ndjson >/dev/full"):format(quote(root .. "/bin/unspin")))
      assert.equal(2, result.status)
      assert.matches("^unspin: [^\n]*No space left[^\n]*\n$", result.errors)
    end)
  end)

  it("keeps its memory flat, however long the stream", function()
    local line = ('{"id":1,"text":%s}\n'):format(cjson.encode(read(original)))
    local memory = shell(([[
      mkfifo in; %s filter <in >/dev/null & filter=$!; exec 3>in
      rss() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' /proc/$filter/status; }
      yes "$LINE" | head -n 10 >&3; sleep 0.5; rss
      yes "$LINE" | head -n 200 >&3; sleep 0.5; rss
      exec 3>&-; wait]]):format(quote(root .. "/bin/unspin")):gsub('"$LINE"', function() return quote(line:sub(1, -2)) end)).output
    local early, late = memory:match("(%d+)\n(%d+)\n")
    assert.is_true(late - early < 4096, ("from %s to %s kB"):format(early, late))
  end)

  it("gives ids back as they came", function()
    local output = unspin("filter", '{"text":"Fine.","id":12345678901234567890}\n').output
    assert.matches('"id":12345678901234567890,', output)
  end)
end)

describe("unspin report", function()
  it("is one page with both wordings, each reason and the figures", function()
    local page = unspin("report tram.txt").output
    assert.matches("^<!DOCTYPE html>", page)
    assert.matches("<del>local weather</del><ins>climate</ins>", page, 1, true)
    assert.matches('aria%-label="local weather, restored to climate: [^"]+%(confidence %d', page)
    assert.matches('aria-label="Corrections in each paragraph"', page, 1, true)
    assert.matches("This text was almost certainly spun: about %d%d of 100 words are not the original ones.", page)
  end)

  it("takes nothing from a network and runs no script, whatever the article holds", function()
    local hostile = '<script>x</script> "quoted" <img src=x onerror=x> </style></p>&lt; '
    write(folder .. "/<b>.md", hostile .. read(article))
    local page = unspin("report '<b>.md'").output
    assert.matches("default-src 'none'", (page:gsub("&#39;", "'")), 1, true)
    assert.is_nil(page:find("<script", 1, true))
    assert.is_nil(page:find("<img", 1, true))
    assert.is_nil(page:find("<b>", 1, true))
    assert.matches("&lt;script&gt;x&lt;/script&gt; &quot;quoted&quot;", page, 1, true)
    for _, reference in ipairs({ "http://", "https://", "src=", "@import", "url(" }) do
      assert.is_nil((page:gsub("&lt;img src=x", "")):find(reference, 1, true))
    end
  end)

  it("is not moved by a repository's hostile address either", function()
    in_repository()
    unspin("fix tram.txt")
    for _, address in ipairs({ "javascript:alert(1)", "https://x\"><script>alert(1)</script>" }) do
      shell("git config remote.origin.url " .. quote(address))
      local page = unspin("report tram.txt").output
      assert.is_nil(page:find("<script", 1, true))
      assert.is_nil(page:find("javascript:", 1, true))
    end
  end)

  it("shows what was recorded", function()
    in_repository()
    unspin("fix tram.txt")
    shell("git remote add origin https://example.org/me/articles.git")
    local commit = shell("git rev-parse HEAD").output:gsub("\n", "")
    local page = unspin("report tram.txt").output
    assert.matches("https://example.org/me/articles/commit/" .. commit, page, 1, true)
    assert.matches("<del>local weather</del><ins>climate</ins>", page, 1, true)
    assert.matches("almost certainly spun", page, 1, true)

    local back = shell("git log --format=%h --grep='^local weather → climate'").output:match("%x+")
    unspin("reject tram.txt " .. back)
    page = unspin("report tram.txt").output
    assert.is_nil(page:find("<del>local weather</del>", 1, true))
    assert.matches("Taken back by a reader.*local weather.*climate", page)
  end)
end)

describe("unspin lexicon", function()
  it("says what a phrase can stand for, and what can stand for it", function()
    assert.matches("local weather → climate  %d+%%, seen on %d+ pages", unspin("lexicon local weather").output)
    assert.matches("local weather → climate", unspin("lexicon climate").output)
  end)

  it("says when it knows nothing of it", function()
    assert_one_line_error(unspin("lexicon xyzzy"), "'xyzzy' is not in the lexicon")
  end)

  describe("of one's own", function()
    local spun = read(article):gsub("council", "quorum")

    local function swaps(text)
      local found = {}
      for _, fix in ipairs(cjson.decode(unspin("check --json -", text).output)) do
        found[fix.old .. " → " .. fix.new] = true
      end
      return found
    end

    it("has pairs proposed in spun text, and in the editor, and removed again", function()
      assert.is_nil(swaps(spun)["quorum → council"])
      assert.same({ output = "quorum → council is added to " .. folder .. "/.config/unspin/lexicon.tsv\n",
        status = 0, errors = "" }, unspin("lexicon add --part noun quorum -- council"))
      assert.is_true(swaps(spun)["quorum → council"])
      assert.equal("quorum → council  100%, yours, in spun text only\n", unspin("lexicon quorum").output)
      assert.matches("quorums → councils", unspin("lexicon quorums").output)

      write(folder .. "/spun.txt", spun)
      shell(("nvim --clean --headless --cmd 'set rtp^=%s' -c Unspin -c 'noautocmd write' -c 'qall!' spun.txt"):format(root))
      assert.matches("The city council announced", read(folder .. "/spun.txt"), 1, true)

      assert.equal(0, unspin("lexicon remove quorum -- council").status)
      assert.is_nil(swaps(spun)["quorum → council"])
      assert.equal("", unspin("lexicon list").output)
    end)

    it("has a pair and its forms forbidden", function()
      local found = swaps(read(article))
      assert.is_true(found["automobiles → cars"])
      unspin("lexicon forbid automobile -- car")
      unspin("lexicon forbid local weather -- climate")
      assert.equal("automobile → car  forbidden\nlocal weather → climate  forbidden\n",
        unspin("lexicon list").output)
      found = swaps(read(article))
      assert.is_nil(found["local weather → climate"])
      assert.is_nil(found["automobiles → cars"])
      assert.is_true(found["alongside → along"])
      assert.matches("automobile → car  forbidden by you", unspin("lexicon automobile").output)
    end)

    it("has -- or an arrow between the two phrases, so that what is printed can be given back", function()
      for _, between in ipairs({ "--", "→", "'->'" }) do
        local words = ("local weather %s general climate"):format(between)
        assert.matches("^local weather → general climate is added", unspin("lexicon add " .. words).output)
        assert.matches("^local weather → general climate  only in spun text\n$", unspin("lexicon list").output)
        assert.equal(0, unspin("lexicon remove " .. words).status)
        assert.equal("", unspin("lexicon list").output)
      end
      assert.equal(0, unspin("lexicon add quorum -- council --part noun").status)
      assert.matches("quorums → councils", unspin("lexicon quorums").output)
    end)

    it("is not changed by a phrase that only begins as an action does: that is told, and looked up by look", function()
      for _, action in ipairs({ "add", "forbid", "remove" }) do
        for _, words in ipairs({ "up to", "up", "-- to", "up --", "up -- to -- from" }) do
          local result = unspin(("lexicon %s %s"):format(action, words))
          assert_one_line_error(result, ("unspin lexicon %s SPUN %%-%%- ORIGINAL"):format(action))
        end
      end
      assert.matches("to look up 'add up to': unspin lexicon look add up to\n$", unspin("lexicon add up to").errors)
      assert.equal("", unspin("lexicon list").output)
      assert_one_line_error(unspin("lexicon look add up xyzzy"), "'add up xyzzy' is not in the lexicon")
    end)

    it("takes a row that no text can match in one line, and changes nothing", function()
      assert_one_line_error(unspin("lexicon add one two three four five six seven -- few"), "more than 6 words")
      assert_one_line_error(unspin("lexicon add same -- same"), "stands for itself")
      assert_one_line_error(unspin("lexicon remove same -- same"), "same → same is not in ")
      assert.equal("", unspin("lexicon list").output)
    end)

    it("is told in one line where it cannot be read, and the engine goes on without it", function()
      shell("mkdir -p .config/unspin && echo 'no columns' >.config/unspin/lexicon.tsv")
      for _, jobs in ipairs({ 1, 2 }) do
        local result = unspin(("check -j %d tram.txt tram.txt"):format(jobs))
        assert.matches("^unspin: %S+/lexicon.tsv:1: has 1 columns instead of 6[^\n]*\n$", result.errors)
        assert.matches("local weather → climate", result.output)
        assert.equal(1, result.status)
      end
    end)

    it("is compiled anew only when it has changed, and does not pile up", function()
      local function compiled()
        return shell("stat -c '%n %Y %i' .cache/unspin/*.lex").output
      end
      unspin("lexicon add quorum -- council")
      local first = compiled()
      unspin("check tram.txt")
      assert.equal(first, compiled())
      unspin("lexicon add edict -- decree")
      assert.not_equal(first, compiled())
      assert.equal("1\n", shell("ls .cache/unspin | wc -l").output)
    end)

    it("is mended when the compiled file is damaged", function()
      unspin("lexicon add quorum -- council")
      shell("for file in .cache/unspin/*.lex; do head -c 1000 /dev/zero >$file; done")
      assert.matches("damaged\n$", (unspin("check tram.txt").errors:gsub("%(.-%)", "damaged"):gsub("damaged.*", "damaged\n")))
      assert.is_true(swaps(spun)["quorum → council"])
    end)
  end)

  it("compiles other sources, and names rows that look wrong", function()
    write(folder .. "/mine.tsv", "quorum\tcouncil\t9\tnoun\talways\t\nteams\tcrew\t1\tnoun\t\t\n")
    local result = unspin("lexicon compile --alone --check -o mine.lex mine.tsv")
    assert.matches("^mine.tsv:2: [^\n]*\nmine.lex: 3 rows", result.output)
    assert.same({ 0, "" }, { result.status, result.errors })
    write(folder .. "/clean.txt", (read(original):gsub("council", "quorum")))
    local with = shell(("UNSPIN_LEXICON=mine.lex %s check clean.txt"):format(quote(root .. "/bin/unspin")))
    assert.matches("quorum → council", with.output)
    write(folder .. "/bad.tsv", "no columns\n")
    result = unspin("lexicon compile --alone -o bad.lex bad.tsv")
    assert_one_line_error(result, "bad.tsv:1: has 1 columns instead of 6")
    assert.is_false((io.open(folder .. "/bad.lex") or nil) ~= nil)
  end)
end)

describe("unspin model", function()
  -- An ARPA file in which every n-gram of these words has one probability.
  local function write_arpa(name, order)
    local words = { "<unk>", "<s>", "</s>", "the", "city", "council", "metropolis" }
    local sections, counts = {}, { "\\data\\" }
    for n = 1, order do
      local lines = {}
      for _, word in ipairs(words) do
        if n == 1 or not word:find("<", 1, true) then
          local backoff = n < order and "\t-0.3" or ""
          lines[#lines + 1] = ("-1.0\t%s%s"):format(((word .. " "):rep(n):gsub(" $", "")), backoff)
        end
      end
      counts[#counts + 1] = ("ngram %d=%d"):format(n, #lines)
      sections[n] = ("\\%d-grams:\n%s\n"):format(n, table.concat(lines, "\n"))
    end
    local text = table.concat(counts, "\n") .. "\n\n" .. table.concat(sections, "\n") .. "\n\\end\\\n"
    write(folder .. "/" .. name, text)
    return text
  end

  it("builds a model of order 3 to 5 that the engine opens", function()
    for order = 3, 5 do
      write_arpa("small.arpa", order)
      assert.same({ output = ("small.lm: 7 words, order %d\n"):format(order), status = 0, errors = "" },
        unspin("model build small.arpa -o small.lm"))
      local doctor = shell("UNSPIN_MODEL=small.lm " .. quote(root .. "/bin/unspin") .. " doctor")
      assert.matches("unspin.engine %(model small.lm, 7 words;", doctor.output)
    end
  end)

  it("says which order it needs, and passes longer n-grams over", function()
    write_arpa("two.arpa", 2)
    assert_one_line_error(unspin("model build two.arpa -o two.lm"), "two.arpa is of order 2; unspin needs 3 to 5")
    write_arpa("six.arpa", 6)
    local result = unspin("model build six.arpa -o six.lm")
    assert.equal("six.lm: 7 words, order 5\n", result.output)
    assert.matches("^unspin: six.arpa is of order 6; what is longer than 5 words is passed over\n$", result.errors)
  end)

  it("says in one line what is wrong with a file, and writes nothing", function()
    local text = write_arpa("good.arpa", 3)
    write(folder .. "/cut.arpa", text:sub(1, #text // 2))
    write(folder .. "/bad.arpa", (text:gsub("%-1%.0\tcity", "much\tcity", 1)))
    write(folder .. "/other.arpa", "not a model\n")
    local wrong = { cut = "cut.arpa is not a sound ARPA file", bad = "line 11: its probability is not a logarithm",
      other = "not a language model", missing = "missing.arpa: No such file" }
    for name, message in pairs(wrong) do
      assert_one_line_error(unspin(("model build %s.arpa -o none.lm"):format(name)), message)
      assert.is_nil(io.open(folder .. "/none.lm"))
    end
    assert_one_line_error(unspin("model build good.arpa -o no/folder.lm"), "cannot write [^\n]*no/folder.lm")
  end)
end)

describe("unspin doctor", function()
  it("names the parts that it found", function()
    local result = unspin("doctor")
    assert.equal(0, result.status)
    assert.matches("unspin.engine %(", result.output)
  end)

  it("says what to do about a part that is missing", function()
    local result = shell("UNSPIN_MODEL=/none " .. quote(root .. "/bin/unspin") .. " doctor")
    assert.equal(2, result.status)
    assert.matches("bad   the engine: .*/none", result.output)
  end)
end)

describe("unspin", function()
  it("--version names the version", function()
    assert.matches("^unspin %d+%.%d+%.%d+\n$", unspin("--version").output)
  end)

  it("has help for itself and for each command and action, with an example", function()
    assert.matches("check .*fix .*log .*filter", (unspin("--help").output:gsub("\n", " ")))
    local count = 0
    local function look(command)
      local result = unspin(command .. " --help")
      assert.equal(0, result.status)
      assert.matches("\n\nExample: [^\n]*unspin " .. command, (result.output:gsub("%-%-color never ", "")))
      assert.is_nil(result.output:find("\n\n\n", 1, true), command)
      count = count + 1
      for action in (result.output:match("Commands:\n(.-)\n\n") or ""):gmatch("\n? +([a-z]+)  ") do
        look(command .. " " .. action)
      end
    end
    for command in ("check fix log reject history filter report lexicon model doctor completion"):gmatch("%a+") do
      look(command)
    end
    assert.is_true(count > 20, count)
  end)

  it("has each option on one line of its help", function()
    assert.matches("\n   %-t, %-%-threshold P +Least confidence", unspin("check --help").output)
    assert.matches("\n   %-o, %-%-output FILE +The compiled model", unspin("model build --help").output)
  end)

  it("has a man page that names every command and every option", function()
    local page = read(root .. "/doc/unspin.1"):gsub("\\%-", "-"):gsub("\\f[A-Z]", "")
    local commands = {}
    for command in unspin("--help").output:match("Commands:\n(.-)\n\n"):gmatch("\n? +([a-z]+)  ") do
      commands[#commands + 1] = command
    end
    for _, command in ipairs({ "lexicon", "history", "model" }) do
      for action in unspin(command .. " --help").output:match("Commands:\n(.-)\n\n"):gmatch("\n? +([a-z]+)  ") do
        commands[#commands + 1] = command .. " " .. action
      end
    end
    assert.is_true(#commands > 10)
    for _, command in ipairs(commands) do
      local name = command:match("%a+$")
      assert.is_true(page:find(name, 1, true) ~= nil, command)
      for option in unspin(command .. " --help").output:gmatch("\n +[-a-z, ]*(%-%-[a-z-]+)") do
        assert.is_true(page:find(option, 1, true) ~= nil or option == "--help", command .. " " .. option)
      end
    end
  end)

  it("completes commands and their options in bash, zsh and fish", function()
    for _, name in ipairs({ "bash", "zsh", "fish" }) do
      local script = unspin("completion " .. name).output
      for _, word in ipairs({ "check", "summary", "lexicon", "forbid", "model" }) do
        assert.is_true(script:find(word, 1, true) ~= nil, name .. " " .. word)
      end
    end
    local script = ([[unspin() { :; }; eval "$(%s completion bash)"
      complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _unspin; echo "${COMPREPLY[*]}"; }
      complete_line unspin che; complete_line unspin check --su]]):format(root .. "/bin/unspin")
    local completed = shell("bash -c " .. quote(script))
    assert.matches("^check *\n%-%-summary *\n$", completed.output)
  end)

  it("says when its output cannot be written", function()
    for _, command in ipairs({ "check", "check --json", "report", "fix --stdout" }) do
      assert_one_line_error(unspin(command .. " tram.txt >/dev/full"), "No space left")
    end
  end)

  it("can be called through a link", function()
    shell(("ln -s %s u"):format(quote(root .. "/bin/unspin")))
    assert.equal(unspin("check tram.txt").output, shell("./u check tram.txt").output)
  end)
end)
