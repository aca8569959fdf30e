-- What is drawn, in a real terminal (tmux).

local h = require("helpers")

local TEXT = "The final metropolis saw an settlement.\nNothing else is here.\nIt needs expertise.\n"

local function shown(opts)
  local folder = h.repository({ ["article.txt"] = TEXT })
  local screen = h.screen(folder .. "/article.txt", opts)
  screen:wait_for("Nothing else")
  return screen, folder
end

local function underlined(style)
  return style.underline == true
end

local function plain(style)
  return next(style) == nil
end

local function highlighted(style)
  return (style.background or style.reverse) ~= nil and not style.underline
end

describe("On the screen,", function()
  it("suggestions are underlined, nothing else is", function()
    local screen = shown()
    screen:wait_for_style("metropolis", underlined)
    screen:wait_for_style("final", underlined)
    h.equal({}, screen:style("settlement"))
    h.equal({}, screen:style("Nothing"))
  end)

  it("corrected words light up for a moment, then stay marked until dismissed", function()
    local screen = shown({
      setup = [[require("unspin").setup({ on_save = { "*.txt" }, suggest_delay = 10, flash = 1500 })]],
    })
    screen:keys(":w", "Enter")
    screen:wait_for("2 corrections, 2 commits on main")
    local lit = screen:style("agreement")
    h.equal(true, highlighted(lit))
    h.equal(lit, screen:style("technology"))
    screen:wait_for_style("technology", function(style)
      return highlighted(style) and not vim.deep_equal(style, lit)
    end)
    h.equal({}, screen:style("Nothing"))
    screen:keys(":Unspin dismiss", "Enter")
    screen:wait_for_style("agreement", plain)
  end)

  it("what is undone is no longer marked", function()
    local screen = shown()
    screen:keys(":w", "Enter")
    screen:wait_for("2 corrections")
    screen:keys("u")
    screen:wait_for("settlement")
    screen:wait_for_style("settlement", plain)
    vim.wait(500)
    h.equal({}, screen:style("settlement"), "nor suggested")
    screen:keys("C-r")
    screen:wait_for_style("agreement", highlighted)
  end)

  it("the news of a save take one line and no key", function()
    local screen = shown({ width = 50 })
    screen:keys(":w", "Enter")
    local text = screen:wait_for("2 corrections, 2 ")
    assert(not text:find("Press ENTER"), text)
  end)

  it("a float explains the word under the cursor", function()
    local screen = shown()
    screen:keys(":w", "Enter")
    screen:wait_for("2 corrections")
    screen:keys(":3", "Enter", "w", "w", ":Unspin why", "Enter")
    local text = screen:wait_for("╭─")
    for _, part in ipairs({
      "│expertise → technology *│",
      "│0.97, substitution *│",
      "│because expertise is technology here *│",
      "│commit  %x%x%x%x%x%x%x%x%x%x *│",
    }) do
      h.matches(part, text)
    end
    screen:keys("k")
    screen:wait_for("\n~")
    assert(not screen:text():find("╭"), screen:text())
  end)

  it("the log lists the corrections and previews one", function()
    local screen = shown({ width = 140 })
    screen:keys(":w", "Enter")
    screen:wait_for("2 corrections")
    screen:keys(":Unspin log", "Enter")
    screen:wait_for("\n%x+  %d+%-%d+%-%d+ %d+:%d+  0.97  expertise → technology")
    screen:keys("2G", "p")
    local text = screen:wait_for("%[%-settlement%-%]{%+agreement%+}")
    h.matches("settlement → agreement", text)
    screen:keys("r")
    screen:wait_for("%(rejected%) settlement → agreement")
    screen:wait_for("saw an settlement")
  end)

  it("the article as received stands beside the article as it is", function()
    local screen = shown({ width = 100 })
    screen:keys(":w", "Enter")
    screen:wait_for("2 corrections")
    screen:keys(":Unspin diff", "Enter")
    screen:wait_for("saw an settlement%. +│ *The final metropolis saw an agreement%.")
    h.equal(true, highlighted(screen:style("settlement")))
  end)
end)
