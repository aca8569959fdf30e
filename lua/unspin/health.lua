-- :checkhealth unspin

local M = {}

-- Neovim 0.10 renamed these.
local health = vim.health or require("health")
local start = health.start or health.report_start
local ok = health.ok or health.report_ok
local info = health.info or health.report_info
local warn = health.warn or health.report_warn
local fault = health.error or health.report_error

-- What to do about a compiled part that is not there: the build's own check knows the packages.
local function repair()
  local root = require("unspin.engine").root()
  local advice = { "run `make` in " .. root }
  local need = root .. "/tests/need.sh"
  if vim.fn.executable(need) == 1 then
    vim.list_extend(advice, vim.fn.systemlist({ need }))
  end
  return advice
end

local function check_core()
  start("unspin: the compiled part")
  local engine = require("unspin.engine")
  local core, message = engine.core()
  if not core then
    fault(message, repair())
    return
  end
  info("module: " .. engine.library())
  local version, libgit2, why = core.version()
  if libgit2 then
    ok(("unspin %s with libgit2 %s"):format(version, libgit2))
  else
    fault(("unspin %s, but %s"):format(version, why), repair())
  end
  engine.retry()
  local opened, problem = engine.get()
  if opened then
    ok("engine: " .. tostring(opened))
    local sure, ask = engine.thresholds()
    info(("corrects from a confidence of %.2f, suggests from %.2f"):format(sure, ask))
  else
    fault(problem, repair())
  end
end

local function check_git()
  start("unspin: the history")
  if vim.fn.executable("git") == 1 then
    ok(vim.fn.systemlist({ "git", "--version" })[1])
  else
    warn("no git command: corrections are recorded, but :Unspin log cannot show a diff")
  end
end

local function check_options()
  start("unspin: the options")
  local config = require("unspin.config")
  local options = config.get()
  for _, wrong in ipairs(config.faults) do
    warn(wrong)
  end
  if #config.faults == 0 then
    ok("options are in order")
  end
  for _, option in ipairs(config.schema) do
    local value = options[option.name]
    if value ~= nil and not vim.deep_equal(value, option.default) then
      info(("%s = %s"):format(option.name, type(value) == "function" and "a function" or vim.inspect(value)))
    end
  end
end

local function check_buffer()
  local buf = vim.fn.bufnr("#")
  if buf == -1 or not vim.api.nvim_buf_is_loaded(buf) then
    return
  end
  start("unspin: " .. (vim.fn.bufname(buf) ~= "" and vim.fn.bufname(buf) or "the buffer"))
  for _, line in ipairs(require("unspin.status").lines(buf)) do
    info(line)
  end
end

function M.check()
  check_core()
  check_git()
  check_options()
  check_buffer()
end

return M
