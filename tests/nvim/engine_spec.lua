-- With the real engine: that both sides fit, not how good it is (tests/quality says that).

local h = require("helpers")

local function opened()
  local folder = h.repository()
  local path = folder .. "/tram.txt"
  h.write(path, h.read(h.root .. "/tests/quality/articles/tram.txt"))
  local child = h.child({
    core = "real",
    setup = [[require("unspin").setup({ on_save = { "*.txt" }, suggest_delay = 10 })]],
  })
  child:edit(path)
  return child, path, folder
end

describe("The real engine", function()
  it("corrects a spun article on save, one commit a correction, one undo", function()
    local child, path, folder = opened()
    local received = h.read(path)
    child:command("write")
    local count = child:lua([[return #require("unspin").corrections()]])
    assert(count > 10, count)
    h.equal(tostring(count), h.git(folder, "rev-list", "--count", "--grep=Unspin-Confidence", "HEAD"))
    h.equal("", h.git(folder, "status", "--porcelain"))
    child:command("undo")
    h.equal(received, child:text() .. "\n")
  end)

  it("suggests on another thread what it finds on this one", function()
    local child = opened()
    child:wait_for([[#require("unspin").suggestions() > 0]])
    local function swaps(lua)
      return child:lua("return vim.tbl_map(function(fix) return fix.old .. ' → ' .. fix.new end, " .. lua .. ")")
    end
    h.equal(
      swaps([[vim.tbl_filter(function(fix)
        return fix.confidence < require("unspin.engine").thresholds()
      end, require("unspin").check(0, select(2, require("unspin.engine").thresholds())))]]),
      swaps([[vim.tbl_map(function(place) return place.fix end, require("unspin").suggestions())]])
    )
  end)

  it("suggests still after a save what was unsure before it", function()
    local child = opened()
    local count = [[#require("unspin").suggestions()]]
    child:wait_for(count .. " > 0")
    local before = child:lua("return " .. count)
    child:command("write")
    child:wait_for([[#require("unspin").corrections() > 10]])
    vim.wait(500)
    child:wait_for(count .. " > " .. before / 2) -- a restored neighbour may settle one
    child:command("Unspin!")
    h.matches("^unspin: %d+ corrections?, recorded when written$", child:messages():match("[^\n]*$"))
  end)

  it("stops a long check at Ctrl-C, and leaves the text as it is", function()
    local child = opened()
    local lines = child:lua([[
      require("unspin").setup({ on_save = {}, max_seconds = 60 })
      vim.cmd("%yank | normal! 300p")
      local lines = vim.api.nvim_buf_line_count(0)
      vim.loop.new_timer():start(0, 0, function()
        vim.api.nvim_input("<C-c>")
      end)
      vim.cmd("%Unspin")
      return lines
    ]])
    h.matches("interrupted", child:messages():match("[^\n]*$"))
    h.equal(lines, child:lua("return vim.api.nvim_buf_line_count(0)"))
    h.equal(0, child:lua([[return #require("unspin").corrections()]]))
    child:command("1,40Unspin")
    child:wait_for([[#require("unspin").corrections() > 0]])
  end)

  it("explains with reason and odds", function()
    local child = opened()
    child:command("write")
    local fix = child:lua([[return require("unspin").corrections()[1].mark.fix]])
    assert(#fix.reason > 0)
    assert(#fix.readings > 0)
  end)
end)

describe("Installed", function()
  local function link(from, to)
    assert((vim.uv or vim.loop).fs_symlink(from, to))
  end

  local function copied(folder)
    vim.fn.mkdir(vim.fn.fnamemodify(folder, ":h"), "p")
    link(h.root, folder)
  end

  -- A Neovim of its own, with no trace of the others' runtimepath.
  local function fresh(packpath, ...)
    local output = vim.fn.system({ vim.v.progpath, "--clean", "--headless", "--cmd", "set packpath^=" .. packpath, ... })
    return output
  end

  -- The plugin as it was cloned, before `make`.
  local function cloned()
    local folder = h.folder() .. "/unspin.nvim"
    vim.fn.mkdir(folder .. "/lua/unspin", "p")
    for _, path in ipairs(vim.fn.glob(h.root .. "/lua/unspin/*", true, true)) do
      if not path:match("core%.so$") then
        link(path, folder .. "/lua/unspin/" .. vim.fn.fnamemodify(path, ":t"))
      end
    end
    link(h.root .. "/plugin", folder .. "/plugin")
    link(h.root .. "/tests", folder .. "/tests")
    return folder
  end

  it("but not built, it says what to do, and works once it is built", function()
    local folder, repository = cloned(), h.repository()
    local path = repository .. "/article.txt"
    h.write(path, h.read(h.root .. "/tests/quality/articles/tram.txt"))
    local child = h.child({ core = "real", root = folder })
    child:edit(path)
    child:command("write")
    child:command("write")
    h.matches("^unspin: not built: run `make` in [^\n]*/unspin.nvim$", child:messages())
    link(h.root .. "/lua/unspin/core.so", folder .. "/lua/unspin/core.so")
    child:command("write")
    h.matches("^unspin: %d+ corrections, %d+ commits on main", child:messages())
  end)

  it("under pack/*/start it is there", function()
    local folder = h.folder()
    copied(folder .. "/pack/x/start/unspin.nvim")
    h.equal("2", fresh(folder, "-c", "echo exists(':Unspin')", "-c", "qa!"))
  end)

  it("under pack/*/opt it is there after :packadd", function()
    local folder = h.folder()
    copied(folder .. "/pack/x/opt/unspin.nvim")
    h.equal("0", fresh(folder, "-c", "echo exists(':Unspin')", "-c", "qa!"))
    h.matches("unspin.engine", fresh(folder, "-c", "packadd unspin.nvim", "-c",
      "lua io.stdout:write(tostring(require('unspin.engine').get()))", "-c", "qa!"))
  end)
end)
