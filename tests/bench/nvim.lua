-- What typing, saving and starting cost in Neovim, on an article of 5,000 words:
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

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function milliseconds(body)
  local begun = uv.hrtime()
  body()
  return (uv.hrtime() - begun) / 1e6
end

local function report(what, list)
  table.sort(list)
  io.stdout:write(("%-48s median %8.3f ms  worst %8.3f ms\n"):format(what, list[math.ceil(#list / 2)], list[#list]))
end

local root = vim.fn.fnamemodify(vim.api.nvim_get_runtime_file("plugin/unspin.lua", false)[1], ":h:h")
local folder = vim.fn.tempname()
vim.fn.mkdir(folder, "p")
vim.env.XDG_STATE_HOME = folder -- of the histories of articles in no repository

-- --- other Neovims, with the plugin and without --------------------------------------------------

local SAVES = [[
  local uv, times = vim.uv or vim.loop, {}
  vim.cmd("edit %s")
  for i = 1, 300 do
    vim.api.nvim_buf_set_lines(0, -1, -1, true, { "line " .. i })
    local begun = uv.hrtime()
    vim.cmd("silent write")
    times[i] = (uv.hrtime() - begun) / 1e6
  end
  table.sort(times)
  io.stdout:write(times[#times / 2])
]]

local function another(plugin, ...)
  local command = { vim.v.progpath, "--clean", "-n", "--headless" }
  if plugin then
    vim.list_extend(command, { "--cmd", "set rtp^=" .. root })
    vim.list_extend(command, { "-c", "lua require('unspin').setup({ on_save = { '*.txt', 'articles/**' } })" })
  end
  return vim.fn.system(vim.list_extend(vim.list_extend(command, { ... }), { "-c", "qall!" }))
end

local script = folder .. "/saves.lua"
write(script, SAVES:format(folder .. "/program.c"))
local without, with, start, setup = {}, {}, {}, {}
for round = 1, 7 do
  without[round] = tonumber(another(false, "-c", "luafile " .. script))
  with[round] = tonumber(another(true, "-c", "luafile " .. script))
  local log = folder .. "/startup" .. round
  another(true, "--startuptime", log)
  start[round] = tonumber(read(log):match("([%d.]+): sourcing [^\n]*/plugin/unspin%.lua"))
  setup[round] = milliseconds(function()
    for name in pairs(package.loaded) do
      package.loaded[name] = not vim.startswith(name, "unspin") and package.loaded[name] or nil
    end
    require("unspin").setup({ on_save = { "*.txt" } })
  end)
end
report("starting: the plugin's own file", start)
report("starting: setup()", setup)
report("a save of another file, without the plugin", without)
report("a save of another file, with it", with)

-- --- this one ------------------------------------------------------------------------------------

local article = read(root .. "/tests/quality/articles/tram.txt")
local _, words = article:gsub("%S+", "")
local text = article:rep(math.ceil(WORDS / words), "\n")

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

-- How long the editor could not have answered while it waited for the next key.
local function pauses(count)
  local longest = {}
  for i = 1, count do
    vim.api.nvim_feedkeys("aword " .. vim.api.nvim_replace_termcodes("<Esc>", true, false, true), "xt", false)
    local timer, last = uv.new_timer(), uv.hrtime()
    longest[i] = 0
    timer:start(1, 1, function()
      longest[i], last = math.max(longest[i], (uv.hrtime() - last) / 1e6), uv.hrtime()
    end)
    vim.wait(400)
    timer:close()
  end
  return longest
end

local function open(name)
  write(folder .. "/" .. name, text)
  vim.cmd("edit " .. folder .. "/" .. name)
end

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

require("unspin").setup({ on_save = { "*.txt" }, suggest_delay = 10, notify = false })
open("plain.none")
report("a key in another file", type_keys())
report("the longest wait between keys there", pauses(5))
open("article.txt")
vim.wait(2000)
report("a key in the article, suggestions on", type_keys())
report("the longest wait between keys there", pauses(5))
report("the first save of the article", save_times(1))
report("a save of the article with nothing new", save_times(10))
vim.wait(2000)
report("a key in the article, its corrections marked", type_keys())
report("the longest wait between keys there", pauses(5))
vim.fn.delete(folder, "rf")
