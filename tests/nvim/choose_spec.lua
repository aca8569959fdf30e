local h = require("helpers")

local TEXT = "The final metropolis saw an settlement.\nThe metropolis.\nAnother metropolis.\n"

local function opened(content, opts)
  local folder = h.repository()
  local path = folder .. "/article.txt"
  h.write(path, content or TEXT)
  local child = h.child(vim.tbl_extend("keep", opts or {}, {
    setup = [[require("unspin").setup({ on_save = { "*.txt" }, suggest_delay = 10 })]],
  }))
  child:edit(path)
  child:wait_for([[#require("unspin").suggestions() > 0]])
  return child, path, folder
end

describe("Suggestions", function()
  it("are diagnostics of the unsure corrections, not of the sure ones", function()
    local child = opened()
    local shown = child:lua([[return vim.tbl_map(function(d)
      return { d.lnum, d.col, d.end_col, d.severity, d.source, d.message }
    end, vim.diagnostic.get(0))]])
    h.equal(4, #shown)
    h.equal({ 0, 4, 9, 4, "unspin", "final → last? (0.60) final is last here" }, shown[1])
    h.equal("metropolis → city? (0.70) metropolis is city here; or town 0.20", shown[2][6])
  end)

  it("follow what is typed", function()
    local child = opened()
    child:keys("Gonext metropolis<Esc>")
    child:wait_for([[#vim.diagnostic.get(0) == 5]])
    child:keys("dd")
    child:wait_for([[#vim.diagnostic.get(0) == 4]])
  end)

  it("are looked for in the paragraphs that changed alone, as parts of their article", function()
    local child = opened("The final metropolis.\n\nAnother metropolis\nand the final.\n\nA metropolis.\n")
    local function looked_at()
      return child:lua([[
        local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), "\n") .. "\n"
        return text:sub(fake_engine.last.first or 1, fake_engine.last.last or -1)
      ]])
    end
    h.equal(true, child:lua("return fake_engine.last.first == nil"), "the first time all is looked at")
    child:keys("3GA final<Esc>")
    child:wait_for([[#vim.diagnostic.get(0) == 6]])
    h.equal("Another metropolis final\nand the final.", looked_at())
    h.matches("^The final metropolis", child:lua("return fake_engine.last.article.of"))
    child:keys("Go\nNew metropolis.<Esc>")
    child:wait_for([[#vim.diagnostic.get(0) == 7]])
    h.equal("A metropolis.\n\nNew metropolis.", looked_at())
    child:keys("3Gdd")
    child:wait_for([[#vim.diagnostic.get(0) == 5]])
    h.equal("and the final.", looked_at())
    child:keys("u")
    child:wait_for([[#vim.diagnostic.get(0) == 7]])
    child:keys("ggdGu")
    vim.wait(100)
    h.equal(7, child:lua("return #vim.diagnostic.get(0)"))
  end)

  it("of the whole article are looked for anew once it is written", function()
    local child = opened()
    child:keys("Gonext metropolis<Esc>")
    child:wait_for([[#vim.diagnostic.get(0) == 5]])
    child:command("write")
    child:wait_for([[fake_engine.last.last == nil and fake_engine.last.article ~= nil]])
    -- Its agreement is the engine's correction: how hard it was spun shows without that.
    h.equal("The final metropolis saw an settlement.\nThe metropolis.\nAnother metropolis.\nnext metropolis\n",
      child:lua("return fake_engine.last.article.of"))
  end)

  it("cost a key almost nothing: the check waits for a pause", function()
    local child = opened()
    local checks = child:lua("return fake_engine.checks")
    child:keys("Goseveral keys are typed in a row<Esc>")
    child:wait_for("fake_engine.checks > " .. checks)
    vim.wait(50)
    assert(child:lua("return fake_engine.checks") - checks < 10)
  end)

  it("are gone where unspin is turned off, and back when it is on", function()
    local child = opened()
    child:command("Unspin off")
    h.equal(0, child:lua("return #vim.diagnostic.get(0)"))
    child:command("Unspin on")
    child:wait_for([[#vim.diagnostic.get(0) == 4]])
  end)

  it("can be accepted one by one", function()
    local child = opened()
    child:command("call cursor(1, 6)")
    child:command("Unspin accept")
    h.equal("The last metropolis saw an settlement.", child:lines()[1])
    h.matches("1 suggestion accepted", child:messages())
    h.equal(3, child:lua("return #vim.diagnostic.get(0)"))
    child:command("undo")
    h.equal(TEXT, child:text() .. "\n")
  end)

  it("of several readings ask which", function()
    local child, path = opened()
    child:lua([[vim.ui.select = function(items, opts, choose)
      asked = opts.prompt .. table.concat(vim.tbl_map(opts.format_item, items), " ")
      choose(items[2])
    end]])
    child:command("call cursor(2, 8)")
    child:command("Unspin accept")
    h.equal("metropolis was:city (0.70) town (0.20)", child:eval("luaeval('asked')"))
    h.equal("The town.", child:lines()[2])
    child:command("write")
    h.equal("The final metropolis saw an agreement.\nThe town.\nAnother metropolis.\n", h.read(path))
  end)

  it("of a range are accepted together, the likeliest reading each", function()
    local child = opened()
    child:command("2,3Unspin accept")
    h.equal("The final metropolis saw an settlement.\nThe city.\nAnother city.", child:text())
    child:command("undo")
    h.equal(TEXT, child:text() .. "\n")
  end)

  it("accepted ones are recorded by the write, each as a commit", function()
    local child = opened()
    child:command("%Unspin accept")
    child:command("write")
    h.matches("5 corrections, 5 commits", child:messages())
  end)

  it("rejected ones are not suggested again in this article", function()
    local child = opened()
    child:command("call cursor(2, 8)")
    child:command("Unspin reject")
    h.matches("1 suggestion rejected", child:messages())
    child:wait_for([[#vim.diagnostic.get(0) == 1]])
    h.equal({ "UnspinRejected" }, child:events())
    h.equal(TEXT, child:text() .. "\n")
  end)

  it("say so where there is none", function()
    local child = opened()
    child:command("call cursor(1, 1)")
    child:command("Unspin accept")
    child:command("Unspin reject")
    h.equal("unspin: no suggestion here\nunspin: no correction and no suggestion here", child:messages())
  end)
end)

describe("Corrections", function()
  it("are moved between by <Plug> maps, with a count, wrapping", function()
    local child = opened("An settlement\non expertise.\nA local weather metropolis.\n")
    child:command("write")
    child:command("nmap ]u <Plug>(unspin-next)")
    child:command("nmap [u <Plug>(unspin-prev)")
    local places = {}
    for _, keys in ipairs({ "]u", "]u", "]u", "[u", "2]u", "gg02]u" }) do
      child:keys(keys)
      places[#places + 1] = table.concat(child:lua("return vim.api.nvim_win_get_cursor(0)"), ",")
    end
    h.equal({ "1,3", "2,3", "3,2", "2,3", "1,3", "2,3" }, places)
  end)

  it("stay marked until dismissed", function()
    local child = opened("An settlement of a metropolis\n")
    child:command("write")
    local shown = [[vim.tbl_count(vim.tbl_filter(function(m) return m[4].hl_group == "UnspinCorrected" end,
      vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_create_namespace("unspin"), 0, -1, { details = true })))]]
    h.equal(1, child:lua("return " .. shown))
    child:command("undo")
    child:wait_for(shown .. " == 0")
    child:command("redo")
    child:wait_for(shown .. " == 1")
    child:command("Unspin dismiss")
    h.equal(0, child:lua("return " .. shown))
    child:command("Unspin next")
    h.equal({ 1, 3 }, child:lua("return vim.api.nvim_win_get_cursor(0)"))
  end)

  it("of an earlier session are gone to, though they are not highlighted", function()
    local first, path = opened()
    first:command("write")
    local second = h.child()
    second:edit(path)
    second:wait_for([[#require("unspin").corrections() == 1]])
    second:command("Unspin next")
    h.equal({ 1, 28 }, second:lua("return vim.api.nvim_win_get_cursor(0)"))
  end)

  it("light up for a moment", function()
    local child = opened("An settlement of a metropolis\n", {
      setup = [[require("unspin").setup({ on_save = { "*.txt" }, suggest_delay = 10, flash = 50 })]],
    })
    child:command("write")
    local lit = [[#vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_create_namespace("unspin_flash"), 0, -1, {})]]
    child:wait_for(lit .. " == 0")
  end)

  it("are made for a range alone by :'<,'>Unspin", function()
    local child = opened("An settlement of a metropolis.\nAn settlement.\nAn expertise.\n")
    child:command("2Unspin")
    h.equal("An settlement of a metropolis.\nAn agreement.\nAn expertise.", child:text())
    h.matches("1 correction, recorded when written", child:messages())
    child:command("Unspin!")
    h.equal("An agreement of a city.\nAn agreement.\nAn technology.", child:text())
  end)

  it("can be taken back one by one, and are not made again", function()
    local child, path = opened("An settlement of a metropolis and expertise.\n")
    child:command("write")
    child:command("call cursor(1, 5)")
    child:command("Unspin reject")
    h.equal("An settlement of a metropolis and technology.", child:text())
    child:command("write")
    h.equal("An settlement of a metropolis and technology.\n", h.read(path))
    h.matches("1 rejection recorded", child:messages())
    child:command("Unspin")
    h.equal("An settlement of a metropolis and technology.", child:text())
  end)

  for title, keys in pairs({ undone = "u", retyped = "1G0wcwsettlement<Esc>" }) do
    it("that are " .. title .. " after a save are not made again", function()
      local child, path = opened("An settlement of a metropolis.\n")
      child:command("write")
      h.equal("An agreement of a metropolis.\n", h.read(path))
      child:keys(keys)
      child:command("write")
      h.equal("An settlement of a metropolis.\n", h.read(path))
      child:command("Unspin")
      h.equal("An settlement of a metropolis.", child:text())
    end)
  end

  it("are listed for scripts, of the current buffer by 0 as well", function()
    local child = opened("An settlement of a metropolis.\n")
    child:command("write")
    h.equal({ 1, 1, 1 }, child:lua([[
      local unspin, buf = require("unspin"), vim.api.nvim_get_current_buf()
      return { #unspin.corrections(), #unspin.corrections(0), #unspin.corrections(buf) }
    ]]))
    h.equal({ 1, 1 }, child:lua([[return { #require("unspin").suggestions(0), #require("unspin").check(0, 0.5) }]]))
  end)

  it("that are undone and redone stay", function()
    local child, path = opened("An settlement of a metropolis.\n")
    child:command("write")
    child:keys("u<C-r>")
    child:command("write")
    h.equal("An agreement of a metropolis.\n", h.read(path))
    h.equal("stands", child:lua([[return require("unspin").corrections()[1].state]]))
  end)

  it("are explained in a float", function()
    local child = opened("An settlement of a metropolis\n")
    child:command("write")
    local function float()
      return child:lua([[
        for _, win in ipairs(vim.api.nvim_list_wins()) do
          if vim.api.nvim_win_get_config(win).relative ~= "" then
            return vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(win), 0, -1, true)
          end
        end]])
    end
    child:keys("1G05l")
    vim.wait(20) -- for the event that the cursor moved, which would close the float
    child:command("Unspin why")
    local lines = float()
    h.matches("settlement → agreement", lines[1])
    h.matches("0.98, substitution", lines[2])
    h.matches("because settlement is agreement here", lines[3])
    h.matches("commit  %x+", lines[#lines])
    child:keys("$")
    vim.wait(20)
    child:command("Unspin why")
    h.matches("metropolis → city", (float() or {})[1])
  end)

  it("breaks a long reason between words", function()
    local reason = ("words before and after it fit; "):rep(9) .. ("x"):rep(100)
    local fix = { old = "a", new = "b", confidence = 1, reason = reason }
    local lines = h.child():lua([[return require("unspin.why").lines(...)]], fix, "commit  1")
    for _, line in ipairs(lines) do
      h.equal(true, #line <= 76, line)
    end
    h.matches("^because words before", lines[3])
    h.matches("^        %w", lines[4])
    h.equal(("because " .. reason):gsub(" ", ""), table.concat(lines, "", 3, #lines - 1):gsub(" ", ""))
  end)
end)
