-- What a user's configuration and other scripts call. Everything else is loaded when it is used.

local M = {}

---Set options and start to correct articles on save, see |unspin-options|.
---@param options? unspin.Options|table
function M.setup(options)
  require("unspin.setup").run(options)
end

---@param buf? integer
---@return integer
local function number(buf)
  return buf and buf ~= 0 and buf or vim.api.nvim_get_current_buf()
end

---What would be corrected in a buffer; changes nothing.
---@param buf? integer 0 or nil: the current one
---@param threshold? number least confidence
---@return unspin.Fix[]? fixes, string? message
function M.check(buf, threshold)
  local fixes, bytes = require("unspin.correct").check(number(buf), { threshold = threshold })
  if not fixes then
    return nil, bytes --[[@as string]]
  end
  return fixes
end

---Run a subcommand of |:Unspin|, "" for the command alone, on a buffer.
---@param name string
---@param call? { buf: integer?, bang: boolean?, first: integer?, last: integer? } rows 0-based
function M.run(name, call)
  call = vim.tbl_extend("keep", call or {}, { bang = false })
  call.buf = number(call.buf)
  require("unspin.command").run(call, name)
end

---The corrections marked in a buffer, in order, with what became of each.
---@param buf? integer
---@return unspin.Place[]
function M.corrections(buf)
  return require("unspin.marks").all(number(buf))
end

---The suggestions of a buffer, in order.
---@param buf? integer
---@return unspin.Suggestion[]
function M.suggestions(buf)
  return require("unspin.suggest").all(number(buf))
end

---For a status line: `unspin 12?3` for 12 corrections and 3 suggestions, else empty.
---@return string
function M.statusline()
  return package.loaded["unspin.config"] and require("unspin.status").line() or ""
end

---The data of the last |unspin-events| event, for Neovims whose autocommands carry none.
---@return { event: string, data: table }?
function M.last_event()
  return require("unspin.say").last_event
end

return M
