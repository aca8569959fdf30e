-- plain.lua: command lines with nothing unusual in them, read without argparse: it takes longer to
-- load than an article takes to check. What is not understood here at once is left to argparse, with
-- all that is wrong with it.

local plain = {}

-- Stands in for argparse's command where it is defined, and takes down what is said.
local Command = {}
Command.__index = Command

local Element = {}
Element.__index = Element

local function add(command, element)
  for name in element.names:gmatch("%S+") do
    command.named[name] = element
    -- As argparse does: the first long one, or the first.
    if not element.target or (name:sub(1, 2) == "--" and not element.long) then
      element.target, element.long = name:gsub("^%-+", ""):gsub("%-", "_"), name:sub(1, 2) == "--"
    end
  end
  table.insert(command.elements, element)
  return setmetatable(element, Element)
end

function Command:flag(names)
  return add(self, { names = names, flag = true })
end

function Command:option(names, _, default)
  return add(self, { names = names, default = default })
end

function Command:argument(name)
  assert(not self.rest, "one is read")
  self.rest = setmetatable({ target = name }, Element)
  return self.rest
end

function Command:mutex(...)
  table.insert(self.exclusive, { ... })
end

function Element:args(number)
  self.many = number == "+"
  return self
end

function Element:argname()
  return self
end

function Element:convert(convert)
  self.converted = convert
  return self
end

function Element:choices(choices)
  self.among = {}
  for _, choice in ipairs(choices) do
    self.among[choice] = true
  end
  return self
end

local function value_of(element, text)
  if not text or (element.among and not element.among[text]) then
    return nil
  end
  return (element.converted or tostring)(text)
end

-- Read the words behind the command's name; nil if they are not plain.
local function read(command, words)
  local args, rest, last = {}, {}, nil
  for _, element in ipairs(command.elements) do
    if element.default then
      args[element.target] = value_of(element, element.default)
    end
  end
  local given, i = {}, 2
  while i <= #words do
    local word = words[i]
    local element = word ~= "-" and word:sub(1, 1) == "-" and command.named[word]
    if element and not given[element] then
      given[element] = true
      local value = true
      if not element.flag then
        i = i + 1
        value = words[i] and words[i]:sub(1, 1) ~= "-" and value_of(element, words[i]) or nil
      end
      if value == nil then
        return nil
      end
      args[element.target] = value
    elseif (word == "-" or word:sub(1, 1) ~= "-") and (not last or last == i - 1) then
      rest[#rest + 1], last = word, i
    else
      return nil
    end
    i = i + 1
  end
  for _, elements in ipairs(command.exclusive) do
    local count = 0
    for _, element in ipairs(elements) do
      count = count + (given[element] and 1 or 0)
    end
    if count > 1 then
      return nil
    end
  end
  if command.rest and command.rest.many and #rest > 0 then
    args[command.rest.target] = rest
  elseif command.rest or #rest > 0 then
    return nil
  end
  args.command = words[1]
  args[words[1]] = true
  return args
end

-- The arguments of a plain command line, as argparse gives them, or nil.
---@param words string[] the command's name first
---@param define fun(command: table) says what there is, as to argparse
---@return table?
function plain.read(words, define)
  local command = setmetatable({ named = {}, elements = {}, exclusive = {} }, Command)
  -- A method that is not here: more is asked for than this can read.
  return pcall(define, command) and read(command, words) or nil
end

return plain
