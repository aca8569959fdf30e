-- What setup() does while Neovim starts: it keeps the options and begins to listen. The rest is
-- loaded by the first event that may concern an article, or when there is nothing else to do.

local M = {}

---The options as setup() was given them.
M.given = nil ---@type any

-- Whether some article is to be corrected at all; whether it is well said is looked at later.
local function names_articles()
  for _, layer in ipairs({ M.given or {}, vim.g.unspin or {} }) do
    if type(layer) == "table" and layer.on_save ~= nil then
      return layer.on_save ~= false
    end
  end
  return false
end

local function on_write(step)
  return function(event)
    require("unspin.save")[step](event)
  end
end

local listens = false

---Look at every write from now on: it may be an article's, or hold what a command corrected.
function M.listen_to_writes()
  if listens then
    return
  end
  listens = true
  local group = vim.api.nvim_create_augroup("unspin_writes", { clear = true })
  vim.api.nvim_create_autocmd("BufWritePre", { group = group, callback = on_write("before") })
  vim.api.nvim_create_autocmd("BufWritePost", { group = group, callback = on_write("after") })
end

local function look_later(buf)
  vim.defer_fn(function()
    require("unspin.save").look_at(buf)
  end, 50)
end

---@param options any
function M.run(options)
  M.given = options
  local config = package.loaded["unspin.config"]
  if config then
    config.resolve()
  else
    vim.schedule(function()
      require("unspin.config").get()
    end)
  end
  local group = vim.api.nvim_create_augroup("unspin", { clear = true })
  if not names_articles() then
    return
  end
  local function on_event(events, callback)
    vim.api.nvim_create_autocmd(events, { group = group, callback = callback })
  end
  M.listen_to_writes()
  on_event({ "BufReadPost", "BufWinEnter", "FileType" }, function(event)
    if event.event == "BufReadPost" then
      vim.b[event.buf].unspin_recalled = nil
    end
    look_later(event.buf)
  end)
  for _, win in ipairs(vim.api.nvim_list_wins()) do
    look_later(vim.api.nvim_win_get_buf(win))
  end
end

return M
