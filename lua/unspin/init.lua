-- What a user's configuration calls. Everything else is loaded when it is used.

local M = {}

---Set options and start to correct articles on save, see |unspin-options|.
---@param options? unspin.Options|table
function M.setup(options)
  local resolved = require("unspin.config").resolve(options)
  require("unspin.save").enable(resolved.on_save ~= false)
end

return M
