-- What typing and saving cost in Neovim, on an article of 5,000 words:
--
--     nvim --clean --headless --cmd 'set rtp^=.' -c 'luafile tests/bench/nvim.lua' -c 'qa!'

local WORDS = 5000
local uv = vim.uv or vim.loop

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local article = read(vim.api.nvim_get_runtime_file("tests/quality/articles/tram.txt", false)[1])
local _, words = article:gsub("%S+", "")
local text = article:rep(math.ceil(WORDS / words))

local function milliseconds(body)
  local begun = uv.hrtime()
  body()
  return (uv.hrtime() - begun) / 1e6
end

local function median(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

local function report(what, list)
  io.stdout:write(("%-44s median %8.3f ms  worst %8.3f ms\n"):format(what, median(list), list[#list]))
end

-- The time of each key, with the event loop run in between so that timers and threads get theirs.
local function type_keys()
  local times = {}
  vim.api.nvim_win_set_cursor(0, { math.floor(vim.api.nvim_buf_line_count(0) / 2), 0 })
  for key in ("an settlement of the metropolis "):rep(10):gmatch(".") do
    times[#times + 1] = milliseconds(function()
      vim.api.nvim_feedkeys("a" .. key .. vim.api.nvim_replace_termcodes("<Esc>", true, false, true), "xt", false)
    end)
    vim.wait(5)
  end
  return times
end

local folder = vim.fn.tempname()
vim.fn.mkdir(folder, "p")
local function open(name, content)
  local path = folder .. "/" .. name
  local file = assert(io.open(path, "wb"))
  file:write(content)
  file:close()
  vim.cmd("edit " .. path)
end

require("unspin").setup({ on_save = { "*.txt" }, suggest_delay = 10, notify = false })
open("plain.none", text)
report("a key in a file that is no article", type_keys())
open("article.txt", text)
vim.wait(2000)
report("a key in an article, suggestions on", type_keys())

local function save_times(count)
  local times = {}
  for i = 1, count do
    vim.api.nvim_buf_set_lines(0, -1, -1, true, { "line " .. i })
    times[i] = milliseconds(function()
      vim.cmd("silent write")
    end)
  end
  return times
end
vim.cmd("buffer plain.none")
report("a save of a file that is no article", save_times(50))
vim.cmd("buffer article.txt")
report("the first save of the article", save_times(1))
report("a save of the article with nothing new", save_times(10))
report("a key in an article, its corrections marked", type_keys())
vim.fn.delete(folder, "rf")
