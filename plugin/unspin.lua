-- What Neovim runs at start: the command, and nothing else is loaded until it is used.

if vim.g.loaded_unspin then
  return
end
vim.g.loaded_unspin = true

vim.api.nvim_create_user_command("Unspin", function(command)
  require("unspin.command").run({
    buf = vim.api.nvim_get_current_buf(),
    bang = command.bang,
    first = command.range > 0 and command.line1 - 1 or nil,
    last = command.range > 0 and command.line2 - 1 or nil,
  }, command.args)
end, {
  nargs = "?",
  bang = true,
  bar = true,
  range = true,
  desc = "Restore spun wording",
  complete = function(lead)
    return require("unspin.command").complete(lead)
  end,
})

-- <Plug>(unspin-next), ...: what the command does; in Visual mode on the range. (vim.keymap would
-- have to be loaded first.)
local map = vim.api.nvim_set_keymap
for name in ("correct check log diff why accept reject next prev dismiss on off toggle status"):gmatch("%S+") do
  local plug, command = "<Plug>(unspin-" .. name .. ")", "Unspin " .. name:gsub("^correct$", "")
  map("n", plug, "<Cmd>" .. command .. "<CR>", { noremap = true, silent = true })
  if name == "correct" or name == "accept" or name == "reject" then
    map("x", plug, ":" .. command .. "<CR>", { noremap = true, silent = true })
  end
end

if vim.g.unspin then
  require("unspin").setup()
end
