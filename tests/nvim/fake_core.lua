-- A stand-in for the compiled core's engine that knows a handful of swaps, so that the specs say
-- exactly what is proposed. The history is the real one.
--
-- Globals of the child that make it fail: fake_check_error (a message), fake_check_raises.

local SWAPS = {
  -- spun, original, confidence, other readings
  { "settlement", "agreement", 0.98 },
  { "expertise", "technology", 0.97 },
  { "instructed", "told", 0.95 },
  { "local weather", "climate", 0.99 },
  { "pupil trade", "student exchange", 0.96 },
  { "café tradition", "coffee culture", 0.96 },
  { "metropolis", "city", 0.70, { "town", 0.20 } },
  { "final", "last", 0.60 },
}

local function real()
  return package.loadlib(vim.api.nvim_get_runtime_file("lua/unspin/core.so", false)[1], "luaopen_unspin_core")()
end

local Engine = {}
Engine.__index = Engine

function Engine.thresholds()
  return 0.9, 0.5
end

local function excepted(except, old, new)
  for _, refusal in ipairs(except or {}) do
    if refusal.old == old and refusal.new == new then
      return true
    end
  end
end

function Engine:check(text, opts)
  self.checks = (self.checks or 0) + 1
  self.last = opts
  if _G.fake_check_raises then
    error("the engine fell over")
  elseif _G.fake_check_error then
    return nil, _G.fake_check_error
  elseif text:find("\0", 1, true) then
    return nil, "the text holds a NUL byte"
  end
  local fixes = {}
  for _, swap in ipairs(SWAPS) do
    local spun, original, confidence, reading = unpack(swap)
    -- A line end may stand where the phrase has a space.
    local pattern = "%f[%w]" .. spun:gsub(" ", "%%s+") .. "%f[%W]"
    local from = 1
    while confidence >= opts.threshold do
      local first, last = text:find(pattern, from)
      if not first then
        break
      end
      local old = text:sub(first, last)
      local within = first >= (opts.first or 1) and first <= (opts.last or #text)
      if within and not excepted(opts.except, old, original) then
        fixes[#fixes + 1] = {
          start = first,
          stop = last,
          old = old,
          new = original,
          confidence = confidence,
          kind = "substitution",
          reason = ("%s is %s here"):format(spun, original),
          readings = opts.readings and {
            { text = original, confidence = confidence },
            reading and { text = reading[1], confidence = reading[2] } or nil,
          } or nil,
        }
      end
      from = last + 1
    end
  end
  table.sort(fixes, function(a, b)
    return a.start < b.start
  end)
  local _, words = text:gsub("%w+", "")
  local article = opts.article or { of = text }
  return fixes, { words = words, rate = 0.1, spun = 1, english = true, cut_short = false, article = article }
end

local core = {}

function core.open()
  _G.fake_engine = setmetatable({}, Engine)
  return _G.fake_engine
end

core.history = real().history
core.version = real().version

return core
