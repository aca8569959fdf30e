-- Which buffers are articles, and why one is not.

local M = {}

local PROSE = { text = true, markdown = true, [""] = true }

local regexes = setmetatable({}, { __mode = "k" }) ---@type table<table, { regex: any, whole: boolean }[]>

-- Patterns match as those of autocommands do: without a slash the name, with one the path.
local function compile(patterns)
  local compiled = {}
  for i, pattern in ipairs(patterns) do
    local whole = pattern:find("/", 1, true) ~= nil
    if whole and not pattern:match("^[/~*]") then
      pattern = "*/" .. pattern
    elseif pattern:sub(1, 1) == "~" then
      pattern = vim.fn.expand("~") .. pattern:sub(2)
    end
    compiled[i] = { regex = vim.regex(vim.fn.glob2regpat(pattern)), whole = whole }
  end
  return compiled
end

local function matches(patterns, path)
  local compiled = regexes[patterns]
  if not compiled then
    compiled = compile(patterns)
    regexes[patterns] = compiled
  end
  local name = path:match("[^/]*$")
  for _, pattern in ipairs(compiled) do
    if pattern.regex:match_str(pattern.whole and path or name) then
      return true
    end
  end
  return false
end

---Whether `on_save` names this buffer.
---@param buf integer
---@return boolean is, string? why_not
function M.chosen(buf)
  local on_save = require("unspin.config").get().on_save
  local path = vim.api.nvim_buf_get_name(buf)
  if on_save == false then
    return false, "no option on_save says which files are articles, see :help unspin-start"
  elseif path == "" then
    return false, "the buffer has no name"
  elseif on_save == true then
    if PROSE[vim.bo[buf].filetype] then
      return true
    end
    return false, "its filetype is " .. vim.bo[buf].filetype
  elseif type(on_save) == "function" then
    local ok, answer = pcall(on_save, buf, path)
    if not ok then
      return false, "your on_save function failed: " .. tostring(answer)
    end
    return answer and true or false, not answer and "your on_save function says no" or nil
  end
  if matches(on_save, path) then
    return true
  end
  return false, "no pattern of on_save matches its name"
end

---What forbids to change this buffer at all, even when asked by command.
---@param buf integer
---@return string? why_not
function M.forbidden(buf)
  local bo = vim.bo[buf]
  if bo.buftype ~= "" then
    return "it is no file ('buftype' is " .. bo.buftype .. ")"
  elseif not bo.modifiable then
    return "it is not 'modifiable'"
  end
end

---What keeps this buffer from being corrected on save.
---@param buf integer
---@return string? why_not nil: nothing does
function M.why_not(buf)
  local reason = M.forbidden(buf)
  if reason then
    return reason
  end
  if vim.g.unspin_disable then
    return "switched off everywhere (:Unspin! on)"
  elseif vim.b[buf].unspin_disable then
    return "switched off in this buffer (:Unspin on)"
  end
  local chosen, why = M.chosen(buf)
  if not chosen then
    return why
  end
  for _, win in ipairs(vim.fn.win_findbuf(buf)) do
    if vim.wo[win].diff then
      return "it is shown in diff mode"
    end
  end
  local limit = require("unspin.config").get().max_bytes
  local size = vim.api.nvim_buf_get_offset(buf, vim.api.nvim_buf_line_count(buf))
  if size > limit then
    return ("it has %d bytes, more than max_bytes = %d"):format(size, limit)
  end
  local switch = require("unspin.switch").off(vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buf), ":p"))
  if switch then
    return "switched off by " .. vim.fn.fnamemodify(switch, ":~")
  end
end

---The format that the engine reads this buffer in.
---@param buf integer
---@return "markdown"|"text"
function M.format(buf)
  local filetype = vim.bo[buf].filetype
  if filetype:match("^markdown") or filetype == "rmd" or filetype == "quarto" then
    return "markdown"
  end
  local name = vim.api.nvim_buf_get_name(buf):lower()
  return name:match("%.md$") and "markdown" or name:match("%.markdown$") and "markdown" or "text"
end

return M
