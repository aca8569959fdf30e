-- Runs the specs beside this file inside a headless Neovim, which drives others over RPC:
--
--     nvim --clean --headless -c 'luafile tests/nvim/run.lua' -c 'qall!'
--
-- SPEC=pattern runs the specs whose full name matches. Closes with `N passed, N failed`.

local here = debug.getinfo(1, "S").source:sub(2):match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path

local helpers = require("helpers")
local names, passed, failed = {}, 0, 0

local function say(...)
  io.stdout:write(table.concat({ ... }), "\n")
  io.stdout:flush()
end

function _G.describe(name, body)
  names[#names + 1] = name
  body()
  names[#names] = nil
end

function _G.it(name, body)
  local full = table.concat(names, " ") .. " " .. name
  local wanted = vim.env.SPEC
  if wanted and not full:find(wanted) then
    return
  end
  local ok, message = xpcall(body, function(problem)
    return debug.traceback(tostring(problem), 2)
  end)
  local closed, leak = pcall(helpers.finish)
  if ok and not closed then
    ok, message = false, leak
  end
  if ok then
    passed = passed + 1
  else
    failed = failed + 1
    say("not ok - ", full, "\n  ", (tostring(message):gsub("\n", "\n  ")))
  end
end

for _, spec in ipairs(vim.fn.sort(vim.fn.glob(here .. "/*_spec.lua", true, true))) do
  local ok, message = pcall(dofile, spec)
  if not ok then
    failed = failed + 1
    say("not ok - ", spec, "\n  ", tostring(message))
  end
end

say(("%d passed, %d failed"):format(passed, failed))
if failed > 0 then
  vim.cmd("cquit")
end
