-- For the specs: other Neovims driven over RPC, and throw-away git repositories.

local M = {}

local here = vim.fn.fnamemodify(debug.getinfo(1, "S").source:sub(2), ":p:h")
local root = vim.fn.fnamemodify(here, ":h:h")
local open_jobs, folders = {}, {}

M.root = root

local function render(value)
  return type(value) == "string" and ("%q"):format(value) or vim.inspect(value)
end

---@param wanted any
---@param got any
---@param what? string
function M.equal(wanted, got, what)
  if not vim.deep_equal(wanted, got) then
    error(("%swanted %s\n   got %s"):format(what and what .. ": " or "", render(wanted), render(got)), 2)
  end
end

---@param pattern string
---@param got string
function M.matches(pattern, got)
  if not tostring(got):find(pattern) then
    error(("%s does not match %s"):format(render(got), render(pattern)), 2)
  end
end

---A new empty folder.
---@return string
function M.folder()
  local path = vim.fn.tempname()
  vim.fn.mkdir(path, "p")
  folders[#folders + 1] = path
  return path
end

---@param path string
---@param content string
function M.write(path, content)
  vim.fn.mkdir(vim.fn.fnamemodify(path, ":h"), "p")
  local file = assert(io.open(path, "wb"))
  file:write(content)
  file:close()
end

---@param path string
---@return string
function M.read(path)
  local file = assert(io.open(path, "rb"))
  local content = file:read("*a")
  file:close()
  return content
end

---Run git in a folder; its output without the last newline.
---@param folder string
---@param ... string
---@return string
function M.git(folder, ...)
  local output = vim.fn.system({ "git", "-C", folder, ... })
  if vim.v.shell_error ~= 0 then
    error(("git %s: %s"):format(table.concat({ ... }, " "), output), 2)
  end
  return (output:gsub("\n$", ""))
end

---A repository with one committed file.
---@param files? table<string, string>
---@return string folder
function M.repository(files)
  local folder = M.folder()
  M.git(folder, "init", "-q", "-b", "main")
  M.git(folder, "config", "user.name", "A. Writer")
  M.git(folder, "config", "user.email", "writer@example.org")
  for path, content in pairs(files or { ["README"] = "articles\n" }) do
    M.write(folder .. "/" .. path, content)
  end
  M.git(folder, "add", "-A")
  M.git(folder, "commit", "-q", "--allow-empty", "-m", "Begin")
  return folder
end

-- Arguments of a Neovim with the plugin on its runtimepath, and with the core that is wanted.
local function arguments(opts)
  local path = "set rtp^=" .. (opts.root or root) .. " noswapfile"
  local list = { "--clean", "--cmd", path }
  if opts.core == "none" then
    vim.list_extend(list, { "--cmd", "lua package.preload['unspin.core'] = function() error('no core') end" })
  elseif opts.core ~= "real" then
    local fake = ("lua package.preload['unspin.core'] = function() return dofile(%q) end"):format(here .. "/fake_core.lua")
    -- The stand-in lives in one thread only.
    local aside = [[lua package.preload['unspin.background'] = function()
      return { check = function(text, opts, received, done)
        vim.schedule(function() done(require("unspin.engine").check(text, opts, received)) end)
        return true
      end }
    end]]
    vim.list_extend(list, { "--cmd", fake, "--cmd", (aside:gsub("\n%s*", " ")) })
  end
  return vim.list_extend(list, opts.args or {})
end

local Child = {}
Child.__index = Child

---Start a Neovim with the plugin on its runtimepath.
---@param opts? { setup?: string, core?: "fake"|"none"|"real", root?: string, args?: string[], env?: table }
function M.child(opts)
  opts = opts or {}
  local state = M.folder()
  local command = vim.list_extend({ vim.v.progpath, "--embed", "--headless" }, arguments(opts))
  local env = vim.tbl_extend("force", { XDG_STATE_HOME = state, HOME = state, XDG_CONFIG_HOME = state }, opts.env or {})
  local job = vim.fn.jobstart(command, { rpc = true, env = env, width = 80, height = 24 })
  assert(job > 0, "no Neovim")
  local child = setmetatable({ job = job, state = state }, Child)
  open_jobs[#open_jobs + 1] = job
  child:lua([[
    messages = {}
    vim.notify = function(message) table.insert(messages, message) end
    events = {}
    vim.api.nvim_create_autocmd("User", { pattern = "Unspin*", callback = function(event)
      table.insert(events, event.match)
    end })
  ]])
  child:lua(opts.setup or [[require("unspin").setup({ on_save = { "*.txt", "*.md" } })]])
  return child
end

---Run Lua in the child; `...` are its arguments.
function Child:lua(code, ...)
  return vim.fn.rpcrequest(self.job, "nvim_exec_lua", code, { ... })
end

function Child:command(command)
  return vim.fn.rpcrequest(self.job, "nvim_command", command)
end

function Child:eval(expression)
  return vim.fn.rpcrequest(self.job, "nvim_eval", expression)
end

---Type keys and wait until they are worked off.
function Child:keys(keys)
  vim.fn.rpcrequest(self.job, "nvim_input", keys)
  self:eval("1")
end

function Child:edit(path)
  self:command("edit " .. vim.fn.fnameescape(path))
end

---@return string[]
function Child:lines()
  return vim.fn.rpcrequest(self.job, "nvim_buf_get_lines", 0, 0, -1, true)
end

function Child:text()
  return table.concat(self:lines(), "\n")
end

function Child:set(...)
  vim.fn.rpcrequest(self.job, "nvim_buf_set_lines", 0, 0, -1, true, { ... })
end

---The messages since the last call, joined.
function Child:messages()
  return self:lua([[local m = table.concat(messages, "\n") messages = {} return m]])
end

---The names of the events since the last call.
function Child:events()
  return self:lua([[local e = events events = {} return e]])
end

---Poll a Lua expression in the child until it is true.
function Child:wait_for(expression)
  local ok = vim.wait(10000, function()
    return self:lua("return " .. expression)
  end, 10)
  assert(ok, "waited in vain for " .. expression)
end

local Screen = {}
Screen.__index = Screen

local screens, open_screens = 0, {}

-- Each screen has a server of its own, which may take its time to end.
local function tmux(screen, ...)
  local output = vim.fn.system({ "tmux", "-L", screen.name, "-f", "/dev/null", ... })
  assert(vim.v.shell_error == 0, output)
  return output
end

---Start a Neovim in a terminal, to see what is drawn.
---@param path string the file that is edited
---@param opts? { setup?: string, core?: string, width?: integer, height?: integer }
function M.screen(path, opts)
  opts = opts or {}
  local state = M.folder()
  local setup = opts.setup or [[require("unspin").setup({ on_save = { "*.txt" }, suggest_delay = 10 })]]
  M.write(state .. "/setup.lua", setup)
  local command = { "env", "HOME=" .. state, "XDG_STATE_HOME=" .. state, "XDG_CONFIG_HOME=" .. state, vim.v.progpath }
  vim.list_extend(command, arguments(opts))
  vim.list_extend(command, { "-c", "luafile " .. state .. "/setup.lua", path })
  screens = screens + 1
  local name = ("unspin-specs-%d-%d"):format((vim.uv or vim.loop).getpid(), screens)
  local screen = setmetatable({ name = name }, Screen)
  open_screens[#open_screens + 1] = screen
  local width, height = tostring(opts.width or 80), tostring(opts.height or 24)
  tmux(screen, "new-session", "-d", "-x", width, "-y", height, unpack(command))
  return screen
end

---Type keys, by the names that tmux has for them.
function Screen:keys(...)
  tmux(self, "send-keys", ...)
end

---What is seen, as one text.
---@return string
function Screen:text()
  return tmux(self, "capture-pane", "-p")
end

---Wait until a pattern is seen; returns what is.
---@param pattern string
---@return string
function Screen:wait_for(pattern)
  local text
  local seen = vim.wait(10000, function()
    text = self:text()
    return text:find(pattern) ~= nil
  end, 30)
  assert(seen, "waited in vain for " .. pattern .. " on the screen:\n" .. text)
  return text
end

-- What the codes of a terminal say of a style: { underline =, reverse =, background = }, or plain.
local function follow(style, codes)
  local numbers = vim.split(codes, "[;:]")
  local i = 1
  while i <= #numbers do
    local code = tonumber(numbers[i]) or 0
    if code == 0 then
      style = {}
    elseif code == 38 or code == 48 or code == 58 then
      -- A colour by number, or by red, green and blue.
      i = i + (numbers[i + 1] == "5" and 2 or 4)
      style.background = code == 48 and codes or style.background
    elseif code == 4 or code == 24 then
      style.underline = code == 4 or nil
    elseif code == 7 or code == 27 then
      style.reverse = code == 7 or nil
    elseif (code >= 40 and code <= 49) or code >= 100 then
      style.background = code ~= 49 and code or nil
    end
    i = i + 1
  end
  return style
end

---How some words are drawn where they stand first.
---@param words string
---@return { underline: boolean?, reverse: boolean?, background: any }?
function Screen:style(words)
  for line in vim.gsplit(tmux(self, "capture-pane", "-p", "-e"), "\n") do
    local plain, styles, style = "", {}, {}
    for text, codes in (line .. "\27[m"):gmatch("([^\27]*)\27%[([%d;:]*)m") do
      styles[#styles + 1] = { from = #plain + 1, style = vim.deepcopy(style) }
      plain = plain .. text
      style = follow(style, codes)
    end
    local at, found = plain:find(words, 1, true), nil
    for _, run in ipairs(at and styles or {}) do
      found = run.from <= at and run.style or found
    end
    if found then
      return found
    end
  end
end

---Wait until words are drawn in a way.
---@param words string
---@param is fun(style: table): boolean
function Screen:wait_for_style(words, is)
  local style
  local seen = vim.wait(10000, function()
    style = self:style(words)
    return style ~= nil and is(style)
  end, 30)
  assert(seen, ("waited in vain for another look of %q than %s:\n%s"):format(words, vim.inspect(style), self:text()))
end

---End what a spec started.
function M.finish()
  for _, screen in ipairs(open_screens) do
    tmux(screen, "kill-server")
  end
  open_screens = {}
  for _, job in ipairs(open_jobs) do
    vim.fn.jobstop(job)
  end
  vim.fn.jobwait(open_jobs, 2000)
  open_jobs = {}
  for _, folder in ipairs(folders) do
    vim.fn.delete(folder, "rf")
  end
  folders = {}
end

return M
