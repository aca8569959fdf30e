-- Command lines that are read without argparse, and that it would read alike.

local root = assert(io.popen("pwd")):read("*l")
local lines = {
  "check a.md",
  "check - b.txt",
  "check --json a.md",
  "check -t 0.5 --diff a.md b.md",
  "check a.md b.md --threshold 0 -r --color never",
  "check --stdin-filename x.md -j 3 -",
  "fix a.md",
  "fix -n --no-history a.md",
  "fix --stdout -i a.md",
  "filter",
  "filter --format markdown -t 1",
  "doctor",
}
local left_to_argparse = {
  "check",
  "check --json --diff a.md",
  "check --nonsense a.md",
  "check -t 2 a.md",
  "check -t a.md",
  "check --color sometimes a.md",
  "check --json --json a.md",
  "check --threshold=0.5 a.md",
  "check -rt 0.5 a.md",
  "check a.md --json b.md",
  "check -- a.md",
  "check --help",
  "filter a.md",
  "lexicon word",
  "log -n 3 a.md",
  "reject a.md 0123456",
  "history orphans",
  "--version",
}

local function words_of(line)
  local words = {}
  for word in line:gmatch("%S+") do
    words[#words + 1] = word
  end
  return words
end

if not (_VERSION == "Lua 5.4" and pcall(require, "argparse")) then
  return -- the command is a program for Lua 5.4
end

describe("a plain command line", function()
  local main = require("unspin.shell.main")
  local plain = require("unspin.shell.plain")

  it("is read as argparse reads it", function()
    local read = plain.read
    for _, line in ipairs(lines) do
      local run, args = main.read(words_of(line), root)
      plain.read = function() end
      local ok, other_run, other = pcall(main.read, words_of(line), root)
      plain.read = read
      assert.is_true(ok, line)
      assert.equal(other_run, run, line)
      assert.same(other, args, line)
    end
  end)

  it("needs no argparse, and others do", function()
    local argparse, loads = package.loaded.argparse, false
    package.loaded.argparse = nil
    package.preload.argparse = function()
      loads = not loads
      error("stop")
    end
    for _, line in ipairs(lines) do
      loads = false
      assert.is_true(pcall(main.read, words_of(line), root), line)
      assert.is_false(loads, line)
    end
    for _, line in ipairs(left_to_argparse) do
      loads = false
      pcall(main.read, words_of(line), root)
      assert.is_true(loads, line)
    end
    package.preload.argparse, package.loaded.argparse = nil, argparse
  end)
end)
