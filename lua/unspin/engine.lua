-- The compiled core, loaded when first needed, and its engine, opened once.

local M = {}

local uv = vim.uv or vim.loop

local engine ---@type unspin.Engine?
local fault ---@type string? why it could not be opened
local fault_files ---@type string? how its files were then: until they change, no save tries again

---The folder this plugin was installed in.
---@return string
function M.root()
  return (debug.getinfo(1, "S").source:sub(2):gsub("/lua/unspin/engine%.lua$", ""))
end

---The compiled core.
---@return unspin.core? core, string? message
function M.core()
  local ok, core = pcall(require, "unspin.core")
  if ok then
    return core
  end
  local message, folder = tostring(core), vim.fn.fnamemodify(M.root(), ":~")
  if message:find("module 'unspin.core' not found", 1, true) then
    return nil, "not built: run `make` in " .. folder
  end
  return nil, ("the build does not fit: run `make clean all` in %s (%s)"):format(folder, message:match("^[^\n]*"))
end

---The file of the compiled core, for other threads to load.
---@return string path
function M.library()
  return vim.api.nvim_get_runtime_file("lua/unspin/core.so", false)[1] or ""
end

-- When the files that the engine is made of were written.
local function files()
  local options = require("unspin.config").get()
  local written = {}
  for _, path in ipairs({ M.library(), M.root() .. "/build/unspin.lex", options.model or "", options.lexicon or "" }) do
    local stat = uv.fs_stat(path)
    written[#written + 1] = stat and ("%d.%09d"):format(stat.mtime.sec, stat.mtime.nsec) or "none"
  end
  return table.concat(written, " ")
end

---@return unspin.Engine? engine, string? message
function M.get()
  if engine then
    return engine
  end
  local as_they_are = files()
  if fault and fault_files == as_they_are then
    return nil, fault
  end
  fault_files = as_they_are
  local core
  core, fault = M.core()
  if not core then
    return nil, fault
  end
  local options = require("unspin.config").get()
  local problem
  engine, problem = require("unspin.lexicon").open(core, M.root(), { model = options.model, lexicon = options.lexicon })
  if not engine then
    fault = problem
  elseif problem then
    require("unspin.say").problem(problem)
  end
  return engine, fault
end

---Forget a failure, so that the next use tries again whatever its files are.
function M.retry()
  fault = nil
end

---The thresholds in force; without an engine they matter to nobody.
---@return number sure, number ask
function M.thresholds()
  local options = require("unspin.config").get()
  local sure, ask = 1, 1
  if M.get() then
    sure, ask = engine:thresholds()
  end
  return options.sure or sure, options.ask or ask
end

---Check a text with an opened engine. Runs on other threads too: uses nothing from outside itself.
---@param opened unspin.Engine
---@param text string
---@param opts unspin.EngineOptions
---@param received? string the text before it was corrected, which alone shows how hard it was spun
---@return unspin.Fix[]? fixes, unspin.Info|string info_or_message
function M.check_with(opened, text, opts, received)
  if received then
    local of = { format = opts.format, seconds = opts.seconds, stop = opts.stop, threshold = 1 }
    local fixes, info = opened:check(received, of)
    opts.article = fixes and info.article or nil
  end
  return opened:check(text, opts)
end

-- Neovim sees that Ctrl-C was pressed only where it looks at what was typed.
local function is_interrupted()
  local _, why_not = vim.wait(0, nil, nil, true)
  return why_not == -2
end

---Check a text. Ctrl-C ends it.
---@param text string
---@param opts unspin.EngineOptions
---@param received? string as for `check_with`
---@return unspin.Fix[]? fixes, unspin.Info|string info_or_message
function M.check(text, opts, received)
  local opened, message = M.get()
  if not opened then
    return nil, message
  end
  opts.stop = is_interrupted
  return M.check_with(opened, text, opts, received)
end

return M
