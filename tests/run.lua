-- run.lua: run every test program, pass its output on, and close with one line of sums.
-- usage: run.lua [--c DIR] [--lua5.4 LUA] [--luajit LUA] [--nvim NVIM]
-- Each option names what to run its tests with; a kind that is not named is not run.

io.stdout:setvbuf("line") -- so that a run that hangs shows where

local passed, failed, skipped = 0, 0, 0

local function quote(word)
  return "'" .. word:gsub("'", [['\'']]) .. "'"
end

local function list(pattern)
  local files = {}
  local pipe = assert(io.popen("ls " .. pattern .. " 2>/dev/null"))
  for file in pipe:lines() do
    files[#files + 1] = file
  end
  pipe:close()
  return files
end

-- Runs a command, shows its output, and adds up what its closing lines say. A runner that fails
-- without saying why (a crash, no closing line) counts as one failure.
local function run(title, command, closing)
  io.write("== ", title, "\n")
  local pipe = assert(io.popen(command .. " 2>&1"))
  local found, failures = false, 0
  for line in pipe:lines() do
    io.write(line, "\n")
    local ok, bad, pending = closing(line)
    if ok then
      found = true
      passed, failures, skipped = passed + ok, failures + bad, skipped + (pending or 0)
    end
  end
  local ok = pipe:close()
  if failures == 0 and not (ok and found) then
    print(("run.lua: %s ended without a closing line or with an error"):format(title))
    failures = 1
  end
  failed = failed + failures
end

local function cmocka(line)
  local ok = line:match("^%[  PASSED  %] (%d+) test")
  local bad = line:match("^%[  FAILED  %] (%d+) test")
  local pending = line:match("^%[  SKIPPED %] (%d+) test")
  if ok or bad or pending then
    return tonumber(ok or 0), tonumber(bad or 0), tonumber(pending or 0)
  end
end

local function busted(line)
  local ok, bad, errors, pending =
    line:match("^(%d+) success%w* / (%d+) failure%w* / (%d+) error%w* / (%d+) pending")
  if ok then
    return tonumber(ok), tonumber(bad) + tonumber(errors), tonumber(pending)
  end
end

local function plain(line)
  local ok, bad = line:match("^(%d+) passed, (%d+) failed")
  if ok then
    return tonumber(ok), tonumber(bad)
  end
end

local function run_specs(title, lua, modules, options)
  if #list("tests/lua/*_spec.lua") == 0 then
    return
  end
  local path = ("LUA_PATH='lua/?.lua;lua/?/init.lua;;' LUA_CPATH='%s/?.so;;'"):format(modules)
  -- busted is a script for any Lua: give it to the one under test.
  run(title, ("%s %s \"$(command -v busted)\" --output=utfTerminal %s tests/lua"):format(
    path, quote(lua), options), busted)
end

local kinds = {
  ["--c"] = function(dir)
    for _, source in ipairs(list("tests/c/test_*.c")) do
      local name = source:match("([^/]+)%.c$")
      run(name, quote(dir .. "/" .. name), cmocka)
    end
    for _, source in ipairs(list("tests/fuzz/fuzz_*.c")) do
      local name = source:match("([^/]+)%.c$")
      local corpus = "tests/fuzz/corpus/" .. name:match("fuzz_(.+)")
      run("corpus of " .. name, ("%s %s/*"):format(quote(dir .. "/" .. name), corpus), cmocka)
    end
  end,
  ["--lua5.4"] = function(lua)
    run_specs("specs on Lua 5.4", lua, "build/lua5.4", "")
  end,
  ["--luajit"] = function(lua)
    -- The command runs on Lua 5.4 only, whatever runs its specs.
    run_specs("specs on LuaJIT", lua, "lua", "--exclude-pattern=shell_")
  end,
  -- tests/nvim/run.lua runs inside Neovim, prints `N passed, N failed` and leaves with :cquit
  -- if something failed.
  ["--nvim"] = function(nvim)
    if #list("tests/nvim/run.lua") > 0 then
      run("Neovim", quote(nvim) .. " --clean --headless --cmd 'set runtimepath^=.'"
        .. " -c 'luafile tests/nvim/run.lua' -c 'qall!'", plain)
    end
  end,
}

for i = 1, #arg, 2 do
  local kind = kinds[arg[i]]
  if not kind or not arg[i + 1] then
    io.stderr:write("run.lua: expected --c, --lua5.4, --luajit or --nvim and a value, not ", arg[i], "\n")
    os.exit(2)
  end
  kind(arg[i + 1])
end

if passed + failed == 0 then
  print("run.lua: no test was run")
  failed = 1
end
print(("%d passed, %d failed, %d skipped"):format(passed, failed, skipped))
os.exit(failed == 0 and 0 or 1)
