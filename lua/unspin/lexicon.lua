-- The user's own pairs of words, and the lexicon with them merged in; for Neovim and the shell.
--
-- The pairs are rows as in data/lexicon/*.tsv. The merged lexicon is compiled when it is first
-- needed and kept in the cache under a name that its contents give, so that a changed row or a new
-- version of unspin is a new file, and nothing has to be compared by time.

local sh = require("unspin.shell.sh")

local M = {}

---@param variable string
---@param fallback string below the home folder
---@return string
local function base_folder(variable, fallback)
  local folder = os.getenv(variable)
  -- The XDG base directory specification has relative paths ignored.
  if folder and folder:sub(1, 1) == "/" then
    return folder
  end
  return (os.getenv("HOME") or "") .. "/" .. fallback
end

local function read(path)
  local file = io.open(path, "rb")
  local bytes = file and file:read("*a")
  if file then
    file:close()
  end
  return bytes
end

local function list(folder, pattern)
  local paths = {}
  for name in (sh.capture({ "ls", "-a", folder }) or ""):gmatch("[^\n]+") do
    if name:find(pattern) then
      paths[#paths + 1] = folder .. "/" .. name
    end
  end
  return paths
end

---Where the user's pairs are; the file need not be there.
---@return string path
function M.path()
  return base_folder("XDG_CONFIG_HOME", ".config") .. "/unspin/lexicon.tsv"
end

---Compile the project's sources and others.
---@param core unspin.core
---@param root string folder of the program
---@param path string of the compiled lexicon
---@param options { sources: string[], alone: boolean?, model: string?, check: boolean? }
---@return unspin.LexiconReport? report, string doubts_or_message, string? doubts
function M.compile(core, root, path, options)
  local sources = options.alone and {} or list(root .. "/data/lexicon", "%.tsv$")
  for _, source in ipairs(options.sources) do
    sources[#sources + 1] = source
  end
  return core.compile(path, {
    sources = sources,
    irregulars = root .. "/data/irregular.tsv",
    weights = root .. "/data/weights.tsv",
    trees = root .. "/data/trees.tsv",
    model = options.model,
    check = options.check,
  })
end

-- Bytes of the compiled lexicon's head, which has a checksum of all that follows.
local HEAD = 48

-- The compiled lexicon with the user's pairs: nil if there are none, or, with a message, if they
-- cannot be used. `model` is that whose words tell which forms there are.
local function merged(core, root, model)
  local own = read(M.path())
  if not own or not ("\n" .. own):find("\n[^#\r\n]") then
    return nil
  end
  local built_in = (read(root .. "/build/unspin.lex") or ""):sub(1, HEAD)
  local folder = base_folder("XDG_CACHE_HOME", ".cache") .. "/unspin"
  -- One file for each place that unspin is installed in; its former contents are dropped.
  local place = "lexicon-" .. core.checksum(root .. "\0" .. (model or os.getenv("UNSPIN_MODEL") or ""))
  local path = ("%s/%s-%s.lex"):format(folder, place, core.checksum(own .. built_in))
  local there = io.open(path, "rb")
  if there then
    there:close()
    return path
  end
  sh.capture({ "mkdir", "-p", folder })
  local former = list(folder, "^" .. place:gsub("%-", "%%-") .. "%-.*%.lex$")
  local report, message = M.compile(core, root, path, { sources = { M.path() }, model = model })
  if not report then
    return nil, message .. "; your own pairs are left out until it is mended"
  end
  for _, old in ipairs(former) do
    os.remove(old)
  end
  return path
end

---Open the engine with the user's pairs, or without them if they cannot be used.
---@param core unspin.core
---@param root string folder of the program
---@param options { model: string?, lexicon: string? } paths; a lexicon that is named stands alone
---@return unspin.Engine? engine
---@return string? message of one line: why there is no engine, or why it goes without the user's pairs
function M.open(core, root, options)
  if options.lexicon or (os.getenv("UNSPIN_LEXICON") or "") ~= "" then
    return core.open(options)
  end
  local path, message = merged(core, root, options.model)
  if not path then
    local engine, problem = core.open(options)
    return engine, problem or message
  end
  local engine, problem = core.open({ model = options.model, lexicon = path })
  if not engine then
    os.remove(path) -- damaged, or just replaced: the next run compiles it anew
    engine = core.open(options)
  end
  return engine, problem
end

---@class unspin.OwnPair
---@field spun string
---@field original string
---@field condition string "never" forbids the pair
---@field line string the row as it stands

---The user's pairs, in the order of the file.
---@return unspin.OwnPair[]
function M.own()
  local pairs_of = {}
  for line in (read(M.path()) or ""):gmatch("[^\n]+") do
    local spun, original, _, _, condition = line:match("^([^#\t][^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)")
    if spun then
      pairs_of[#pairs_of + 1] = { spun = spun, original = original, condition = condition, line = line }
    end
  end
  return pairs_of
end

return M
