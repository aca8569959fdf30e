local h = require("helpers")

local TEXT = "An settlement.\n"

local function opened(opts)
  local folder = h.repository()
  local path = folder .. "/article.txt"
  h.write(path, (opts or {}).content or TEXT)
  local child = h.child(opts)
  child:edit(path)
  return child, path, folder
end

describe(":Unspin", function()
  it("works without setup()", function()
    local child = opened({ setup = "" })
    child:command("Unspin")
    h.equal("An agreement.", child:text())
    h.matches("1 correction, recorded when written", child:messages())
  end)

  it("completes its subcommands", function()
    local child = opened()
    h.equal({ "accept" }, child:eval([[getcompletion("Unspin acc", "cmdline")]]))
    h.equal({ "status" }, child:eval([[getcompletion("Unspin st", "cmdline")]]))
    h.equal(13, child:eval([[len(getcompletion("Unspin ", "cmdline"))]]))
  end)

  it("may be followed by another command", function()
    local child = opened()
    child:command("Unspin | let g:after = 1")
    h.equal(1, child:eval("g:after"))
  end)

  it("suggests the subcommand that was meant", function()
    local child = opened()
    child:command("Unspin chek")
    h.equal("unspin: no subcommand chek: did you mean check?", child:messages())
    child:command("messages clear | Unspin S")
    h.equal("unspin: no subcommand S: did you mean status?", child:messages())
    child:command("messages clear | Unspin sug")
    h.equal("unspin: no subcommand sug; see :help :Unspin", child:messages())
  end)

  it("check lists what would be corrected and changes nothing", function()
    local child = opened()
    child:command("Unspin check")
    local list = child:eval("getloclist(0)")
    h.equal(1, #list)
    h.equal({ 1, 4 }, { list[1].lnum, list[1].col })
    h.equal("settlement → agreement (0.98) settlement is agreement here", list[1].text)
    h.equal("unspin: 1 correction in 2 words", child:messages())
    child:command("wincmd p")
    h.equal(TEXT, child:text() .. "\n")
  end)

  it("status says why nothing happens", function()
    local function status(child)
      return child:eval([[execute("Unspin status")]])
    end
    local child = opened()
    h.matches("\ncorrected on save\nnot saved in this session", status(child))
    child:command("write")
    h.matches("last save, [%d:]+: 1 correction", status(child))
    child:command("Unspin off")
    h.matches("left alone on save: switched off in this buffer", status(child))
    child:command("Unspin on")
    child:command("Unspin! off")
    h.matches("left alone on save: switched off everywhere", status(child))
    child:command("Unspin! on")
    child:command("setlocal nomodifiable")
    h.matches("left alone on save: it is not 'modifiable'", status(child))
    child:command("setlocal modifiable readonly")
    h.matches("\ncorrected on save, which takes :w! since it is 'readonly'\n", status(child))
    child:command("setlocal noreadonly")
    child:command("write! " .. h.folder() .. "/other.txt")
    h.matches("nothing: it was not the buffer's own file", status(child))
    child:edit(h.folder() .. "/program.c")
    h.matches("left alone on save: no pattern of on_save matches its name", status(child))
  end)

  it("leaves a buffer alone that cannot be changed", function()
    local child = opened()
    child:command("setlocal nomodifiable")
    child:command("Unspin")
    h.equal("unspin: it is not 'modifiable'", child:messages())
  end)

  it("never throws at the user", function()
    local child = opened({ core = "none" })
    for _, name in ipairs(child:eval([[getcompletion("Unspin ", "cmdline")]])) do
      child:command("silent Unspin " .. name)
    end
    child:command("Unspin")
    for line in vim.gsplit(child:messages(), "\n") do
      h.matches("^unspin: ", line)
    end
  end)
end)

describe("Events", function()
  it("tell what was done, with the data where autocommands carry any", function()
    local child, path = opened()
    child:lua([[
      heard = {}
      vim.api.nvim_create_autocmd("User", { pattern = "Unspin*", callback = function(event)
        local last = require("unspin").last_event()
        assert(last.event == event.match)
        assert(event.data == nil or vim.deep_equal(event.data, last.data))
        assert(event.data or vim.fn.has("nvim-0.8") == 0)
        table.insert(heard, last)
      end })
    ]])
    child:command("write")
    child:command("call cursor(1, 5)")
    child:command("Unspin reject")
    local heard = child:lua("return heard")
    h.equal({ "UnspinCorrected", "UnspinRecorded", "UnspinRejected" }, vim.tbl_map(function(last)
      return last.event
    end, heard))
    h.equal("agreement", heard[1].data.fixes[1].new)
    h.equal(heard[2].data.oids[1], heard[3].data.oid)
    h.equal(h.git(vim.fn.fnamemodify(path, ":h"), "rev-parse", "HEAD"), heard[2].data.oids[1])
  end)
end)

describe("The status line", function()
  it("counts corrections and suggestions, and loads nothing", function()
    local child = opened({ setup = "", content = "An settlement of a metropolis.\n" })
    h.equal("", child:lua([[return require("unspin").statusline()]]))
    h.equal({ "unspin" }, child:lua([[return vim.tbl_filter(function(name)
      return vim.startswith(name, "unspin")
    end, vim.tbl_keys(package.loaded))]]))
    child:lua([[require("unspin").setup({ on_save = true, suggest_delay = 10 })]])
    child:wait_for([[require("unspin").statusline() == "unspin 0?1"]])
    child:command("write")
    h.equal("unspin 1?1", child:lua([[return require("unspin").statusline()]]))
  end)
end)

describe("Options", function()
  local function told(options)
    local child = h.child({ setup = "" })
    child:lua([[require("unspin").setup(...)]], options)
    child:wait_for("#messages > 0")
    return child:messages()
  end

  it("with a wrong name are told the right one", function()
    h.equal("unspin: setup(): no option on_safe: did you mean on_save?", told({ on_safe = { "*.md" } }))
    h.equal("unspin: setup(): no option sug: did you mean suggest?", told({ sug = true }))
    h.equal("unspin: setup(): no option colour_of_money; see :help unspin-options", told({ colour_of_money = 1 }))
  end)

  it("of a wrong type or value are told and left out", function()
    h.equal("unspin: setup(): flash must be a number, not \"long\"", told({ flash = "long" }))
    h.equal("unspin: setup(): flash must be at least 0, not -1", told({ flash = -1 }))
    h.matches('where must be one of "branch", "side", "private", not "privat": did you mean "private"?',
      told({ where = "privat" }))
    h.matches("on_save must be a boolean or a list of strings or a function", told({ on_save = 3 }))
  end)

  it("that are good stay in force beside a wrong one", function()
    local child = h.child({ setup = [[require("unspin").setup({ flash = 7, undojoins = true })]] })
    h.equal(7, child:lua([[return require("unspin.config").get().flash]]))
  end)

  it("of setup() win over vim.g.unspin", function()
    local child = h.child({ setup = [[
      vim.g.unspin = { flash = 1, suggest_delay = 2 }
      require("unspin").setup({ flash = 3 })
    ]] })
    h.equal({ 3, 2 }, child:lua([[
      local options = require("unspin.config").get()
      return { options.flash, options.suggest_delay }
    ]]))
  end)

  it("have a type for the language server each", function()
    local source = h.read(h.root .. "/lua/unspin/config.lua")
    local typed = {}
    for name in source:match("%-%-%-@class unspin.Options.-\n\n"):gmatch("@field ([%w_]+)") do
      typed[#typed + 1] = name
    end
    h.equal(vim.tbl_map(function(option)
      return option.name
    end, require("unspin.config").schema), typed)
  end)
end)

describe("The help", function()
  it("says what the code says", function()
    local help = require("help")
    vim.cmd("runtime plugin/unspin.lua")
    local text = help.read(h.root .. "/doc/unspin.txt")
    h.equal(text, help.generate(text))
  end)

  it("has tags for everything, each once, and no line too wide", function()
    local folder = h.folder()
    local text = h.read(h.root .. "/doc/unspin.txt")
    h.write(folder .. "/unspin.txt", text)
    vim.cmd("helptags " .. vim.fn.fnameescape(folder))
    local tags = h.read(folder .. "/tags")
    local wanted = { ":Unspin", "g:unspin", "b:unspin_disable", "UnspinCorrected", "UnspinRecorded", "UnspinRejected" }
    for name, value in pairs(require("unspin")) do
      if type(value) == "function" then
        wanted[#wanted + 1] = "unspin." .. name .. "()"
      end
    end
    for _, tag in ipairs(wanted) do
      assert(("\n" .. tags):find("\n" .. tag .. "\t", 1, true), "no tag " .. tag)
    end
    for line in text:gmatch("[^\n]+") do
      assert(vim.fn.strdisplaywidth(line) <= 79, line)
    end
    for link in text:gmatch("|([%w:._()-]*[Uu]nspin[%w:._()-]*)|") do
      assert(("\n" .. tags):find("\n" .. link .. "\t", 1, true), "no tag for the link " .. link)
    end
  end)
end)

describe(":checkhealth unspin", function()
  local function report(opts)
    local child = opened(opts)
    child:command("checkhealth unspin")
    return child:text(), child
  end

  it("says what was found", function()
    local text = report()
    for _, part in ipairs({ "unspin [%d.]+ with libgit2", "git version", "options are in order", "corrected on save" }) do
      h.matches(part, text)
    end
    assert(not text:find("ERROR"), text)
  end)

  it("names the packages when the compiled part is missing", function()
    local text = report({ core = "none", env = { PKG_CONFIG = "false" } })
    h.matches("ERROR", text)
    for _, part in ipairs({ "apt install", "dnf install", "pacman %-S", "brew install" }) do
      h.matches(part, text)
    end
  end)

  it("uses the functions of newer Neovims where they are", function()
    local child = opened()
    local called = child:lua([[
      local called = {}
      vim.health = setmetatable({}, { __index = function(_, name)
        return not name:match("^report") and function() called[name] = true end or nil
      end })
      require("unspin.health").check()
      return called
    ]])
    h.equal({ start = true, ok = true, info = true }, called)
  end)

  it("repeats what is wrong with the options", function()
    h.matches("no option on_safe", (report({ setup = [[require("unspin").setup({ on_safe = true })]] })))
  end)
end)

describe("Starting up", function()
  it("loads nothing but the command, in less than a millisecond", function()
    local child = h.child({ setup = "" })
    h.equal({}, child:lua([[return vim.tbl_filter(function(name)
      return vim.startswith(name, "unspin")
    end, vim.tbl_keys(package.loaded))]]))
    local best = math.huge
    for _ = 1, 5 do
      local log = h.folder() .. "/startup"
      vim.fn.system({ vim.v.progpath, "--clean", "--headless", "--cmd", "set rtp^=" .. h.root, "--startuptime", log, "+q" })
      local took = h.read(log):match("([%d.]+): sourcing [^\n]*/plugin/unspin%.lua")
      best = math.min(best, tonumber(took))
    end
    assert(best < 1, ("took %g ms"):format(best))
  end)

  it("with setup() loads no more than that", function()
    local child = h.child({ setup = "" })
    h.equal({ "unspin", "unspin.setup" }, child:lua([[
      require("unspin").setup({ on_save = { "*.txt" } })
      local loaded = vim.tbl_filter(function(name)
        return vim.startswith(name, "unspin")
      end, vim.tbl_keys(package.loaded))
      table.sort(loaded)
      return loaded
    ]]))
  end)
end)
