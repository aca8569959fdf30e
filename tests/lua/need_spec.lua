-- What the build says when something it needs is not there.

local function need(environment)
  local pipe = assert(io.popen(environment .. " tests/need.sh 2>&1; echo status $?"))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

describe("A build that lacks something", function()
  it("names it and its packages in one line", function()
    local output = need("CC=no-such-compiler")
    assert.truthy(output:find("cannot be built without: a C compiler. Debian: sudo apt install gcc;", 1, true))
    assert.truthy(output:find("Fedora: sudo dnf install gcc; Arch: sudo pacman -S gcc; Homebrew: brew install gcc", 1, true))
    assert.truthy(output:find("\nstatus 1\n", 1, true))
    assert.equal(2, select(2, output:gsub("\n", "")))
  end)

  it("names all that is missing at once", function()
    local output = need("PKG_CONFIG=false")
    for _, package in ipairs({ "libgit2-dev", "libutf8proc-dev", "libluajit-5.1-dev", "liblua5.4-dev" }) do
      assert.truthy(output:find(package, 1, true), package)
    end
  end)

  it("says nothing when all is there", function()
    assert.equal("status 0\n", need("CC=cc"))
  end)
end)
