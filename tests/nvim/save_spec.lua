local h = require("helpers")

local SPUN = "He was instructed of an settlement on expertise.\n"
local RESTORED = "He was told of an agreement on technology.\n"

local function article(content, name)
  local folder = h.repository()
  local path = folder .. "/" .. (name or "article.txt")
  h.write(path, content or SPUN)
  return path, folder
end

local function opened(content, opts)
  local path, folder = article(content, opts and opts.name)
  local child = h.child(opts)
  child:edit(path)
  return child, path, folder
end

describe("On save,", function()
  it("an article is corrected in the buffer and on disk", function()
    local child, path = opened()
    child:command("write")
    h.equal(RESTORED, h.read(path))
    h.equal(RESTORED, child:text() .. "\n")
    h.equal(false, child:eval("&modified ? v:true : v:false"))
    h.matches("3 corrections, 3 commits on main", child:messages())
    h.equal({ "UnspinCorrected", "UnspinRecorded" }, child:events())
  end)

  it("one undo brings back exactly what was typed", function()
    local child = opened()
    child:keys("Go\nAn settlement.<Esc>")
    local typed = child:text()
    child:command("write")
    child:command("undo")
    h.equal(typed, child:text())
    child:command("undo")
    h.equal(SPUN, child:text() .. "\n")
  end)

  it("undojoin joins the corrections to the change before", function()
    local child = opened(nil, { setup = [[require("unspin").setup({ on_save = { "*.txt" }, undojoin = true })]] })
    child:keys("Gosome settlement<Esc>")
    child:command("write")
    h.equal(RESTORED .. "some agreement", child:text())
    child:command("undo")
    h.equal(SPUN, child:text() .. "\n")
  end)

  it("the cursor stays on its letter", function()
    local child = opened()
    child:command("normal! 1G$")
    child:command("write")
    h.equal({ 1, #RESTORED - 2 }, child:lua("return vim.api.nvim_win_get_cursor(0)"))
    child:command("undo")
    child:command("write!")
  end)

  it("the cursor inside a replaced word stays inside the new one", function()
    local child = opened()
    child:command("call cursor(1, 17)") -- inst[r]ucted
    child:command("write")
    h.equal({ 1, 10 }, child:lua("return vim.api.nvim_win_get_cursor(0)"))
  end)

  it("marks, other extmarks, and the jump list stay", function()
    local child = opened()
    child:command("call cursor(1, 39)") -- [e]xpertise
    child:command("normal! ma0")
    child:lua([[
      ns = vim.api.nvim_create_namespace("other")
      id = vim.api.nvim_buf_set_extmark(0, ns, 0, 35, {})
      jumps = vim.fn.getjumplist()
    ]])
    child:command("write")
    h.equal({ 1, RESTORED:find("technology") - 1 }, child:lua([[return vim.api.nvim_buf_get_mark(0, "a")]]))
    h.equal({ 0, RESTORED:find("on tech") - 1 }, child:lua([[return vim.api.nvim_buf_get_extmark_by_id(0, ns, id, {})]]))
    h.equal(true, child:lua("return vim.deep_equal(jumps, vim.fn.getjumplist())"))
  end)

  it("folds and the views of all windows stay", function()
    local child = opened(("line\n"):rep(60) .. SPUN .. ("line\n"):rep(60))
    child:command("set foldmethod=manual")
    child:command("10,20fold")
    child:command("split")
    child:command("normal! 61Gzt")
    local views = "return { vim.fn.getwininfo(vim.fn.win_getid(1))[1].topline, vim.fn.getwininfo(vim.fn.win_getid(2))[1].topline }"
    local before = child:lua(views)
    child:command("write")
    h.equal(before, child:lua(views))
    h.equal(10, child:eval("foldclosed(15)"))
  end)

  it("a phrase across a line end is corrected", function()
    local child, path = opened("They fear for the local\nweather now.\nNext.\n")
    child:command("normal! 3G")
    child:command("write")
    h.equal("They fear for the climate now.\nNext.\n", h.read(path))
    h.equal({ 2, 0 }, child:lua("return vim.api.nvim_win_get_cursor(0)"))
  end)

  it("letters of more than one byte are counted right", function()
    local child, path = opened("Où — an settlement on café tradition, naïve expertise…\n")
    child:command("write")
    h.equal("Où — an agreement on coffee culture, naïve technology…\n", h.read(path))
  end)

  it("a file with CRLF, a byte-order mark and no last newline keeps them", function()
    local child, path = opened("\239\187\191First settlement.\r\nSecond local\r\nweather")
    h.equal("dos", child:eval("&fileformat"))
    child:command("set nofixendofline")
    child:command("write")
    h.equal("\239\187\191First agreement.\r\nSecond climate", h.read(path))
    h.matches("2 corrections", child:messages())
  end)

  it("a buffer that is no article is left alone", function()
    local child, path = opened(SPUN, { name = "program.c" })
    child:command("write")
    h.equal(SPUN, h.read(path))
    h.equal("", child:messages())
  end)

  it("vim.b.unspin_disable turns a buffer off", function()
    local child, path = opened()
    child:command("let b:unspin_disable = v:true")
    child:command("write")
    h.equal(SPUN, h.read(path))
  end)

  it("a .unspin-disable file above the article turns it off", function()
    local child, path, folder = opened(SPUN, { name = "deep/down/article.txt" })
    h.write(folder .. "/.unspin-disable", "")
    child:command("write")
    h.equal(SPUN, h.read(path))
  end)

  it("a buffer in diff mode is left alone", function()
    local child, path = opened()
    child:command("diffthis")
    child:command("write")
    h.equal(SPUN, h.read(path))
  end)

  it("a file larger than max_bytes is left alone", function()
    local child, path = opened(nil, { setup = [[require("unspin").setup({ on_save = { "*.txt" }, max_bytes = 10 })]] })
    child:command("write")
    h.equal(SPUN, h.read(path))
  end)

  it("a Latin-1 file is left alone and it is said why", function()
    local child, path = opened("Un caf\233 settlement.\n")
    h.equal("latin1", child:eval("&fileencoding"))
    child:command("write")
    h.equal("Un caf\233 settlement.\n", h.read(path))
    h.matches("'fileencoding' is latin1", child:messages())
    child:command("write")
    h.equal("", child:messages(), "said once")
  end)

  it("a file that is ASCII whatever its encoding says is corrected", function()
    local child, path = opened()
    child:command("set fileencoding=latin1")
    child:command("write")
    h.equal(RESTORED, h.read(path))
  end)

  it("on_save may be a function", function()
    local child, path = opened(nil, {
      setup = [[require("unspin").setup({ on_save = function(buf, path) return path:match("article") ~= nil end })]],
    })
    child:command("write")
    h.equal(RESTORED, h.read(path))
  end)

  it("patterns with a slash look at the path", function()
    local child, path = opened(SPUN, {
      name = "news/today.txt",
      setup = [[require("unspin").setup({ on_save = { "news/*.txt" } })]],
    })
    child:command("write")
    h.equal(RESTORED, h.read(path))
  end)

  it("vim.g.unspin does without setup()", function()
    local path = article()
    local child = h.child({ setup = "", args = { "--cmd", "let g:unspin = #{on_save: ['*.txt']}" } })
    child:edit(path)
    child:command("write")
    h.equal(RESTORED, h.read(path))
  end)

  describe("an error of ours never costs a save:", function()
    for title, sabotage in pairs({
      ["the core is missing"] = "",
      ["a check fails"] = [[fake_check_error = "no model at /there"]],
      ["a check raises"] = [[fake_check_raises = true]],
      ["an edit fails"] = [[vim.api.nvim_buf_set_text = function() error("no") end]],
      ["on_save raises"] = [[require("unspin").setup({ on_save = function() error("oh") end })]],
    }) do
      it(title, function()
        local child, path = opened(nil, { core = title == "the core is missing" and "none" or nil })
        child:lua(sabotage)
        child:keys("Gomore<Esc>")
        child:command("write")
        h.equal(SPUN .. "more\n", h.read(path))
        h.equal(false, child:eval("&modified ? v:true : v:false"))
        if title ~= "on_save raises" then
          h.matches("^unspin: [^\n]+$", child:messages())
        end
      end)
    end
  end)

  describe("like other ways to write:", function()
    it(":write to another name writes what the buffer holds, uncorrected", function()
      local child, path = opened()
      child:command("write " .. path .. ".other.txt")
      h.equal(SPUN, h.read(path .. ".other.txt"))
      h.equal(SPUN, child:text() .. "\n")
    end)

    it(":write of a range to its own file corrects nothing", function()
      local child, path = opened(SPUN .. "second settlement\n")
      child:command("1write!")
      h.equal(SPUN, h.read(path))
    end)

    it(":write with an encoding of its own corrects nothing", function()
      local child, path = opened()
      child:command("write ++ff=dos")
      h.equal((SPUN:gsub("\n", "\r\n")), h.read(path))
      h.equal(SPUN, child:text() .. "\n")
    end)

    it(":noautocmd write writes what was typed", function()
      local child, path = opened()
      child:command("noautocmd write")
      h.equal(SPUN, h.read(path))
    end)

    it(":saveas corrects the new file", function()
      local child, path = opened()
      child:command("saveas " .. path .. ".txt")
      h.equal(RESTORED, h.read(path .. ".txt"))
      h.equal(SPUN, h.read(path))
    end)

    it(":wall corrects every article", function()
      local child, path = opened()
      local second = article()
      child:command("set hidden")
      child:keys("A <Esc>")
      child:edit(second)
      child:keys("A <Esc>")
      child:command("wall")
      h.equal(RESTORED:gsub("\n", " \n"), h.read(path))
      h.equal(RESTORED:gsub("\n", " \n"), h.read(second))
    end)

    it(":xit corrects and leaves", function()
      local child, path = opened()
      child:keys("A <Esc>")
      pcall(child.command, child, "xit")
      vim.wait(2000, function()
        return vim.fn.jobwait({ child.job }, 0)[1] ~= -1
      end)
      h.equal((RESTORED:gsub("\n", " \n")), h.read(path))
    end)

    it("in Insert mode the word under the cursor is spared", function()
      local child, path = opened("An settlement.\n")
      child:keys("A An expertise")
      child:command("write")
      h.equal("An agreement. An expertise\n", h.read(path))
      child:keys(" and more<Esc>")
      child:command("write")
      h.equal("An agreement. An technology and more\n", h.read(path))
    end)

    it("a formatter that replaces all lines leaves each correction where it is", function()
      local child, path, folder = opened("One settlement of many.  \nThe expertise, \nanother settlement at last.  \n")
      child:lua([[
        vim.api.nvim_create_autocmd("BufWritePre", { callback = function()
          local lines = vim.api.nvim_buf_get_lines(0, 0, -1, true)
          vim.api.nvim_buf_set_lines(0, 0, -1, true, vim.tbl_map(vim.trim, lines))
        end })
      ]])
      child:command("write")
      h.equal("One agreement of many.\nThe technology,\nanother agreement at last.\n", h.read(path))
      h.matches("3 corrections, 3 commits", child:messages())
      h.equal("3\n2\n1", (h.git(folder, "log", "-3", "--format=%(trailers:key=Unspin-Line,valueonly,separator=)")))
      h.equal("-another settlement at last.", h.git(folder, "show", "HEAD"):match("\n(%-a[^\n]*)"))
    end)

    it("a formatter that runs after us is recorded as it left the text", function()
      local child, path = opened()
      child:command([[autocmd BufWritePre *.txt silent! %s/He/She/e]])
      child:command("write")
      h.equal("S" .. RESTORED:gsub("^H", "h"), h.read(path))
      h.matches("3 corrections, 3 commits", child:messages())
    end)
  end)
end)
