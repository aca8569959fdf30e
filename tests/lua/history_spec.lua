-- The history as Lua sees it, on both Luas; what it does in git is specified in tests/c.

local core = require("unspin.core")

local TEXT = "Following an settlement to cut back.\n\nThe expertise was instructed final November.\n"

local function shell(command)
  local pipe = assert(io.popen("{ " .. command .. "; } 2>&1"))
  local out = pipe:read("*a")
  pipe:close()
  return (out:gsub("\n$", ""))
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function fix(old, new)
  local start, stop = TEXT:find(old, 1, true)
  return { start = start, stop = stop, old = old, new = new, confidence = 0.981, kind = "substitution" }
end

describe("core.history", function()
  local folder, path, options
  local fixes = { fix("settlement", "agreement"), fix("instructed", "told") }

  before_each(function()
    folder = shell("mktemp -d")
    path = folder .. "/a.md"
    options = { state = folder .. "/state" }
    write(path, TEXT)
    shell(("cd %s && git init -q -b main && git config user.name A && git config user.email a@b && "
      .. "git add . && git commit -qm Receive"):format(folder))
  end)

  after_each(function()
    shell("rm -rf " .. folder)
  end)

  local function correct(history)
    assert(history:prepare(TEXT, fixes))
    write(path, core.apply(TEXT, fixes))
    return assert(history:record(TEXT, fixes))
  end

  it("records one commit a correction and says where", function()
    local history = assert(core.history(path, options))
    local oids = correct(history)
    local _, info = history:record(TEXT, {})
    assert.equal(2, #oids)
    assert.equal(shell(("git -C %s rev-parse HEAD"):format(folder)), oids[2])
    assert.equal("branch", info.where)
    assert.equal("refs/heads/main", info.ref)
    assert.equal("a.md", history:location().path)
    assert.is_nil(history:location().notice)
    assert.truthy(tostring(history):find("refs/heads/main", 1, true))
  end)

  it("goes to the side or a private repository when asked", function()
    options.where = "side"
    local history = assert(core.history(path, options))
    correct(history)
    assert.equal("refs/unspin/heads/main", history:location().ref)
    write(path, TEXT)
    options.where = "private"
    history = assert(core.history(path, options))
    correct(history)
    assert.equal(folder .. "/state/history.git", history:location().git_dir)
    assert.equal("Receive", shell(("git -C %s log --format=%%s"):format(folder)))
  end)

  it("lists corrections, newest first", function()
    local history = assert(core.history(path, options))
    local oids = correct(history)
    local seen = {}
    for entry in history:log() do
      seen[#seen + 1] = entry
    end
    assert.equal(2, #seen)
    assert.equal(oids[2], seen[1].oid)
    assert.same({ "instructed", "told", 3, 0.981, "substitution", "A", false },
      { seen[1].old, seen[1].new, seen[1].line, seen[1].confidence, seen[1].kind, seen[1].author, seen[1].rejected })
    assert.equal("The expertise was [instructed → told] final November.", seen[1].excerpt)
    for entry in history:log({ limit = 1 }) do
      assert.equal(oids[2], entry.oid)
    end
  end)

  it("takes a correction back and remembers it", function()
    local history = assert(core.history(path, options))
    local oids = correct(history)
    assert.same({}, history:excepts())
    assert.equal(40, #assert(history:reject(oids[1])))
    assert.equal("Following an settlement to cut back.", shell("head -1 " .. path))
    assert.same({ { old = "settlement", new = "agreement", here = true, path = "a.md", oid = oids[1] } },
      history:excepts())
    local ok, message = history:reject("0123456")
    assert.is_nil(ok)
    assert.truthy(message:find("there is no commit 0123456", 1, true))
  end)

  it("records rejections and refusals among the corrections of a save", function()
    local history = assert(core.history(path, options))
    local oids = correct(history)
    local text = core.apply(TEXT, fixes)
    local function place(old, new, more)
      local start, stop = text:find(old, 1, true)
      local change = { start = start, stop = stop, new = new, confidence = 0.5, kind = "substitution" }
      for key, value in pairs(more) do
        change[key] = value
      end
      return change
    end
    local changes = {
      place("agreement", "settlement", { rejects = oids[1] }),
      place("expertise", "expertise", { refuses = "technology" }),
    }
    assert(history:prepare(text, changes))
    write(path, core.apply(text, changes))
    assert.equal(2, #assert(history:record(text, changes)))
    local known = {}
    for _, except in ipairs(history:excepts()) do
      known[#known + 1] = { except.old, except.new, except.here }
    end
    assert.same({ { "settlement", "agreement", true }, { "expertise", "technology", true } }, known)
    local marked = {}
    for entry in history:log() do
      marked[entry.old] = entry.rejected
    end
    assert.same({ settlement = true, instructed = false }, marked)
    changes[1].rejects = "no id"
    local ok, message = history:prepare(text, changes)
    assert.is_nil(ok)
    assert.truthy(message:find("which is no commit's id", 1, true))
  end)

  it("fails with a message where it cannot be opened", function()
    local history, message = core.history(folder .. "/none.md", options)
    assert.is_nil(history)
    assert.truthy(message:find("No such file", 1, true))
    assert.is_nil((core.history(folder, options)))
  end)

  it("raises on misuse", function()
    assert.has_error(function()
      core.history(path, { where = "elsewhere" })
    end)
    local history = assert(core.history(path, options))
    assert.has_error(function()
      history:record(TEXT, { { start = 1 } })
    end)
    getmetatable(history).__gc(history)
    assert.has_error(function()
      history:location()
    end, "the history is closed")
  end)

  it("keeps house", function()
    options.where = "private"
    local history = assert(core.history(path, options))
    correct(history)
    assert.truthy(history:command():find("log -p --word-diff --follow 'refs/heads/a-md-", 1, true))
    assert.truthy(history:export():find("^From %x+ Mon Sep 17"))
    assert.same({}, core.orphans(options))
    os.remove(path)
    assert.same({ path }, core.orphans({ state = options.state, remove = true }))
    assert.same({}, core.orphans(options))
  end)
end)
