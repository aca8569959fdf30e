-- The options: one schema that gives the defaults, the validation, the types and the help text.

local M = {}

---@class unspin.Option
---@field name string
---@field types string[] what `type()` says of it; "list" is a table of strings
---@field default any nil: decided elsewhere, as `doc` says
---@field one_of? string[] the values a string may have
---@field least? number the least value a number may have
---@field doc string for |unspin-options|; one paragraph

---@type unspin.Option[]
M.schema = {
  {
    name = "on_save",
    types = { "boolean", "list", "function" },
    default = false,
    doc = "Which files are articles, that is, are corrected when they are written. A list of "
      .. 'patterns as in |autocmd-pattern| (`"*.txt"` looks at the name, `"articles/**/*.md"` at the '
      .. "path), or a function that gets the buffer's number and its full path and returns true "
      .. "for an article. `false`: none. `true`: every file of filetype text, markdown or none.",
  },
  {
    name = "where",
    types = { "string" },
    default = "branch",
    one_of = { "branch", "side", "private" },
    doc = "Where corrections are recorded, see |unspin-history|: on the checked-out `branch`, on a "
      .. "`side` ref that leaves the branch alone, or in a `private` repository of your own.",
  },
  {
    name = "sure",
    types = { "number" },
    default = nil,
    least = 0,
    doc = "The least confidence, 0 to 1, of what is corrected on save. By default what the engine "
      .. "was calibrated for.",
  },
  {
    name = "ask",
    types = { "number" },
    default = nil,
    least = 0,
    doc = "The least confidence, 0 to 1, of what is suggested. By default the engine's.",
  },
  {
    name = "suggest",
    types = { "boolean" },
    default = true,
    doc = "Show unsure corrections of articles as diagnostics, see |unspin-suggestions|.",
  },
  {
    name = "suggest_delay",
    types = { "number" },
    default = 400,
    least = 0,
    doc = "Milliseconds without a change after which the suggestions are looked for anew.",
  },
  {
    name = "diagnostics",
    types = { "table" },
    default = { underline = true, virtual_text = false, signs = false },
    doc = "How suggestions are shown, as |vim.diagnostic.config()| takes it. By default quietly: "
      .. "long lines of prose leave no room for more than an underline.",
  },
  {
    name = "flash",
    types = { "number" },
    default = 500,
    least = 0,
    doc = "Milliseconds for which corrected words light up. 0: they don't.",
  },
  {
    name = "undojoin",
    types = { "boolean" },
    default = false,
    doc = "Join the corrections to the change before them, so that one |u| undoes both.",
  },
  {
    name = "notify",
    types = { "boolean" },
    default = true,
    doc = "Say in one line what was corrected. Problems are always told.",
  },
  {
    name = "max_bytes",
    types = { "number" },
    default = 1000000,
    least = 1,
    doc = "Larger articles are left alone on save; `:Unspin` still works on them.",
  },
  {
    name = "max_seconds",
    types = { "number" },
    default = 2,
    least = 0,
    doc = "The longest that one check may take. What was found by then is used.",
  },
  {
    name = "model",
    types = { "string" },
    default = nil,
    doc = "Path of another language model: one that `unspin model build` made, an ARPA file, or CMU Sphinx's.",
  },
  {
    name = "lexicon",
    types = { "string" },
    default = nil,
    doc = "Path of another compiled lexicon. By default the one that is built in, with the pairs of "
      .. "your own that `unspin lexicon add` and `forbid` made.",
  },
}

---@class unspin.Options a test holds these against the schema
---@field on_save boolean|string[]|fun(buf: integer, path: string): boolean
---@field where "branch"|"side"|"private"
---@field sure? number
---@field ask? number
---@field suggest boolean
---@field suggest_delay number
---@field diagnostics table
---@field flash number
---@field undojoin boolean
---@field notify boolean
---@field max_bytes number
---@field max_seconds number
---@field model? string
---@field lexicon? string

local by_name = {}
for _, option in ipairs(M.schema) do
  by_name[option.name] = option
end

-- Edit distance, for "did you mean".
local function distance(a, b)
  local row = {}
  for j = 0, #b do
    row[j] = j
  end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and diagonal or diagonal + 1
      diagonal = row[j]
      row[j] = math.min(cost, row[j] + 1, row[j - 1] + 1)
    end
  end
  return row[#b]
end

---The one of `names` that was most likely meant by `name`, or nil: one that it begins, or one where
---no more than half of the letters are others.
---@param name string
---@param names string[]
---@return string?
function M.nearest(name, names)
  local best, least = nil, math.max(1, math.floor(#name / 2)) + 1
  for _, candidate in ipairs(names) do
    local begins = name ~= "" and vim.startswith(candidate, name:lower())
    local d = begins and 0 or distance(name:lower(), candidate)
    if d < least or (d == least and best and candidate < best) then
      best, least = candidate, d
    end
  end
  return best
end

local function is_list_of_strings(value)
  if type(value) ~= "table" then
    return false
  end
  for key, item in pairs(value) do
    if type(key) ~= "number" or type(item) ~= "string" then
      return false
    end
  end
  return true
end

local type_names = { list = "a list of strings" }

-- What is wrong with a value of a known option, or nil.
local function fault(option, value)
  local fits = false
  for _, wanted in ipairs(option.types) do
    fits = fits or type(value) == wanted or (wanted == "list" and is_list_of_strings(value))
  end
  if not fits then
    local wanted = {}
    for _, name in ipairs(option.types) do
      wanted[#wanted + 1] = type_names[name] or ("a " .. name)
    end
    return ("%s must be %s, not %s"):format(option.name, table.concat(wanted, " or "), vim.inspect(value))
  end
  if option.one_of and not vim.tbl_contains(option.one_of, value) then
    local meant = M.nearest(value, option.one_of)
    return ('%s must be one of "%s", not "%s"%s'):format(
      option.name,
      table.concat(option.one_of, '", "'),
      value,
      meant and (': did you mean "%s"?'):format(meant) or ""
    )
  end
  if option.least and type(value) == "number" and value < option.least then
    return ("%s must be at least %s, not %s"):format(option.name, option.least, value)
  end
end

---Check options that a user gave. Faulty ones are left out and told.
---@param given table
---@return table good, string[] faults
function M.validate(given)
  local good, faults = {}, {}
  if type(given) ~= "table" then
    return good, { ("options must be a table, not %s"):format(type(given)) }
  end
  local names = vim.tbl_keys(given)
  table.sort(names, function(a, b)
    return tostring(a) < tostring(b)
  end)
  for _, name in ipairs(names) do
    local option = by_name[name]
    if option then
      local wrong = fault(option, given[name])
      if wrong then
        faults[#faults + 1] = wrong
      else
        good[name] = given[name]
      end
    else
      local meant = M.nearest(tostring(name), vim.tbl_keys(by_name))
      faults[#faults + 1] = ("no option %s%s"):format(
        tostring(name),
        meant and (": did you mean %s?"):format(meant) or "; see :help unspin-options"
      )
    end
  end
  return good, faults
end

---The faults found when the options were last resolved, for the health page.
---@type string[]
M.faults = {}

local resolved ---@type unspin.Options?

---Resolve the options: defaults, then `vim.g.unspin`, then what `setup()` was given.
---@return unspin.Options
function M.resolve()
  local options = {}
  for _, option in ipairs(M.schema) do
    options[option.name] = vim.deepcopy(option.default)
  end
  M.faults = {}
  -- setup() comes last and wins.
  for _, layer in ipairs({ { "vim.g.unspin", vim.g.unspin or {} }, { "setup()", require("unspin.setup").given or {} } }) do
    local good, faults = M.validate(layer[2])
    for name, value in pairs(good) do
      options[name] = value
    end
    for _, wrong in ipairs(faults) do
      M.faults[#M.faults + 1] = layer[1] .. ": " .. wrong
    end
  end
  resolved = options
  if #M.faults > 0 then
    require("unspin.say").problem(table.concat(M.faults, "; "))
  end
  return options
end

---@return unspin.Options
function M.get()
  return resolved or M.resolve()
end

return M
