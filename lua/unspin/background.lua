-- Checks on another thread, so that typing never waits for one however long the article is.
--
-- A thread has a Lua of its own: what goes in and out are strings, here Lua source.

local engine = require("unspin.engine")

local M = {}

local uv = vim.uv or vim.loop

-- Runs on the thread; may use nothing from outside itself. Returns source that gives the fixes,
-- and what the check says of the article, or nothing and a message. What stands for nil is "".
local function on_thread(library, model, lexicon, check, text, options, received)
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
    local fixes, info =
      loadstring(check)(_G.unspin_engine, text, loadstring(options)(), received ~= "" and received or nil)
    if not fixes then
      return nil, info
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
    put("}, { article = {")
    for name, value in pairs(info.article) do
      if type(value) == "number" then
        put("%s = %.9g,", name, value)
      end
    end
    put("families = { %s", table.concat(info.article.families, ","))
    put("} } }")
    return table.concat(pieces)
  end)
  if not ok then
    return nil, tostring(answer)
  end
  return answer, message
end

local waiting ---@type fun(fixes: unspin.Fix[]?, info: table?)? what the check under way is for

local work ---@type table?

---Check a text as `engine.check` does, later; one at a time.
---@param text string
---@param opts unspin.EngineOptions
---@param received? string as for `engine.check`
---@param done fun(fixes: unspin.Fix[]?, info: { article: unspin.Article }?)
---@return boolean begun false: another check is under way
function M.check(text, opts, received, done)
  if waiting then
    return false
  end
  waiting = done
  work = work
    or uv.new_work(on_thread, function(source)
      vim.schedule(function()
        local finish = waiting
        waiting = nil
        if finish and source then
          finish(loadstring(source)())
        elseif finish then
          finish(nil)
        end
      end)
    end)
  local opened = engine.get()
  local model, lexicon = "", ""
  if opened then
    model, lexicon = opened:paths() -- those with the user's own pairs
  end
  local check = string.dump(engine.check_with)
  work:queue(engine.library(), model, lexicon, check, text, "return " .. vim.inspect(opts), received or "")
  return true
end

return M
