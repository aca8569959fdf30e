-- The parts of doc/unspin.txt that follow from the code. Run by itself it writes them anew:
--
--     nvim --clean --headless --cmd 'set rtp^=.' -c 'luafile tests/nvim/help.lua' -c 'qall!'

local M = {}

local WIDTH = 78

local function wrap(text, indent)
  local lines, line = {}, ""
  for word in text:gmatch("%S+") do
    if #indent + #line + 1 + #word > WIDTH and line ~= "" then
      lines[#lines + 1], line = indent .. line, ""
    end
    line = line == "" and word or line .. " " .. word
  end
  lines[#lines + 1] = indent .. line
  return lines
end

local function titled(title, tag)
  return title .. (" "):rep(math.max(1, WIDTH - #title - #tag)) .. tag
end

local function entry(lines, title, tag, paragraphs)
  lines[#lines + 1] = titled(title, tag)
  for _, paragraph in ipairs(paragraphs) do
    vim.list_extend(lines, wrap(paragraph, "        "))
  end
  lines[#lines + 1] = ""
end

local function options()
  local names = { list = "list of strings" }
  local lines = {}
  for _, option in ipairs(require("unspin.config").schema) do
    local types = {}
    for i, name in ipairs(option.types) do
      types[i] = names[name] or name
    end
    local default = option.default == nil and "" or ("  Default: %s."):format(vim.inspect(option.default))
    entry(lines, option.name, ("*unspin-option-%s*"):format(option.name), {
      ("Type: %s.%s"):format(table.concat(types, " or "), default),
      option.doc,
    })
  end
  return lines
end

local RANGED = { accept = true, reject = true, check = true }

local function commands()
  local lines = {}
  for _, name in ipairs(require("unspin.command").complete("")) do
    local doc = require("unspin.command").subcommands[name].doc
    entry(lines, (RANGED[name] and ":[range]Unspin " or ":Unspin ") .. name, ("*:Unspin-%s*"):format(name), {
      doc:sub(1, 1):upper() .. doc:sub(2) .. ".",
    })
  end
  return lines
end

local function maps()
  local lines = {}
  local found = {}
  for _, map in ipairs(vim.api.nvim_get_keymap("n")) do
    if map.lhs:match("^<Plug>%(unspin") then
      found[#found + 1] = map.lhs
    end
  end
  table.sort(found)
  for _, lhs in ipairs(found) do
    lines[#lines + 1] = titled(lhs, "*" .. lhs .. "*")
  end
  lines[#lines + 1] = ""
  return lines
end

local function keys()
  local lines = {}
  for _, key in ipairs(require("unspin.review").KEYS) do
    lines[#lines + 1] = ("  %-6s %s"):format(key[1], key[3])
  end
  lines[#lines + 1] = ""
  return lines
end

-- What is generated: after a line that holds the first text up to one that holds the second.
local PARTS = {
  { "In the list:", "`:Unspin! log`", keys },
  { "not. With ! also what is unsure", "10. Maps", commands },
  { "<Plug>(unspin-accept)", "11. Options", maps },
  { "the rest is used.", "12. Events", options },
}

---The help text with its generated parts made anew.
---@param text string
---@return string
function M.generate(text)
  local lines = vim.split(text, "\n", { plain = true })
  for _, part in ipairs(PARTS) do
    local out, skipping = {}, false
    for i, line in ipairs(lines) do
      if skipping then
        local following = lines[i + 1] or ""
        if line:find(part[2], 1, true) or (line:match("^=+$") and following:find(part[2], 1, true)) then
          skipping = false
        end
      end
      if not skipping then
        out[#out + 1] = line
      end
      -- The table of contents names sections as well; it ends before the first rule.
      if not skipping and line:find(part[1], 1, true) then
        skipping = true
        out[#out + 1] = ""
        vim.list_extend(out, part[3]())
      end
    end
    lines = out
  end
  return table.concat(lines, "\n")
end

---@param path string
---@return string
function M.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

if not package.loaded.helpers then
  local path = vim.api.nvim_get_runtime_file("doc/unspin.txt", false)[1]
  vim.cmd("runtime plugin/unspin.lua")
  local text = M.generate(M.read(path))
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

return M
