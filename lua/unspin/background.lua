-- Checks on another thread, so that typing never waits for one however long the article is.
--
-- A thread has a Lua of its own: what goes in and out are strings, here Lua source.

local engine = require("unspin.engine")

local M = {}

local uv = vim.uv or vim.loop

-- Runs on the thread; may use nothing from outside itself. Returns source that gives the fixes,
-- or nothing and a message.
local function on_thread(library, model, lexicon, text, options)
  local ok, answer, message = pcall(function()
    local core = package.loadlib(library, "luaopen_unspin_core")()
    local problem
    if not _G.unspin_engine then
      _G.unspin_engine, problem = core.open({
        model = model ~= "" and model or nil,
        lexicon = lexicon ~= "" and lexicon or nil,
      })
    end
    if not _G.unspin_engine then
      return nil, problem
    end
    local fixes, why_not = _G.unspin_engine:check(text, loadstring(options)())
    if not fixes then
      return nil, why_not
    end
    local pieces = { "return {" }
    local function put(form, ...)
      pieces[#pieces + 1] = form:format(...)
    end
    for _, fix in ipairs(fixes) do
      put("{ start = %d, stop = %d, old = %q, new = %q,", fix.start, fix.stop, fix.old, fix.new)
      put("confidence = %.9g, kind = %q, reason = %q, readings = {", fix.confidence, fix.kind, fix.reason or "")
      for _, reading in ipairs(fix.readings or {}) do
        put("{ text = %q, confidence = %.9g },", reading.text, reading.confidence)
      end
      put("} },")
    end
    put("}")
    return table.concat(pieces)
  end)
  if not ok then
    return nil, tostring(answer)
  end
  return answer, message
end

local waiting ---@type fun(source: string?, message: string?)? what the check under way is for

local work ---@type table?

---Check a text as `engine.check` does, later; one at a time.
---@param text string
---@param opts table as for `engine.check`
---@param done fun(fixes: unspin.Fix[]?, message: string?)
---@return boolean begun false: another check is under way
function M.check(text, opts, done)
  if waiting then
    return false
  end
  work = work
    or uv.new_work(on_thread, function(source, message)
      vim.schedule(function()
        local finish = waiting
        waiting = nil
        if finish then
          finish(source, message)
        end
      end)
    end)
  waiting = function(source, message)
    done(source and loadstring(source)(), message)
  end
  local opened = engine.get()
  local model, lexicon = "", ""
  if opened then
    model, lexicon = opened:paths() -- those with the user's own pairs
  end
  work:queue(engine.library(), model, lexicon, text, "return " .. vim.inspect(opts))
  return true
end

return M
