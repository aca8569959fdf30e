-- What the user is told, in one line each, and the events that scripts can listen to.

local M = {}

---The data of the last event, for Neovims whose autocommands cannot carry any.
---@type { event: string, data: table }?
M.last_event = nil

-- Later, so that a write's own message has been shown by then and is replaced: two lines would
-- ask for Enter.
local function tell(message, level)
  vim.schedule(function()
    vim.notify("unspin: " .. message, level)
  end)
end

---As much of a message as fits on the line where it is shown, so that no key is asked for.
---@param message string
---@return string
function M.fitting(message)
  local room = math.max(vim.v.echospace - #"unspin: ", 20)
  if vim.fn.strdisplaywidth(message) <= room then
    return message
  end
  while vim.fn.strdisplaywidth(message) >= room do
    message = message:gsub("[%z\1-\127\194-\244][\128-\191]*$", "")
  end
  return message .. "…"
end

---@param message string
function M.problem(message)
  tell(message, vim.log.levels.WARN)
end

---An answer to a command; told however quiet the options are.
---@param message string
function M.answer(message)
  tell(message, vim.log.levels.INFO)
end

---@param message string
function M.news(message)
  if require("unspin.config").get().notify then
    M.answer(message)
  end
end

local carries ---@type boolean? whether this Neovim's autocommands carry data

local function carries_data()
  if carries == nil then
    local nobody = vim.api.nvim_create_augroup("unspin_nobody", {})
    carries = pcall(vim.api.nvim_exec_autocmds, "User", { group = nobody, data = {} })
  end
  return carries
end

---For the command below only.
function M.exec_last_event()
  local last = M.last_event --[[@as table]]
  vim.api.nvim_exec_autocmds("User", {
    pattern = last.event,
    modeline = false,
    data = carries_data() and last.data or nil,
  })
end

---Tell scripts. What goes wrong in them is theirs and must not end the write that is under way.
---@param event "UnspinCorrected"|"UnspinRecorded"|"UnspinRejected"
---@param data table
function M.event(event, data)
  M.last_event = { event = event, data = data }
  local before = vim.v.errmsg
  vim.v.errmsg = ""
  -- Errors are kept silent, messages are not.
  vim.cmd([[silent! unsilent lua require("unspin.say").exec_last_event()]])
  if vim.v.errmsg ~= "" then
    M.problem(("an autocommand for %s failed: %s"):format(event, vim.v.errmsg:match("^[^\n]*")))
  else
    vim.v.errmsg = before
  end
end

---"1 correction", "2 corrections".
---@param count integer
---@param noun string
---@return string
function M.count(count, noun)
  return ("%d %s%s"):format(count, noun, count == 1 and "" or "s")
end

return M
