-- main.lua: the command line: reads it, runs one command, turns what happens into an exit status.

local argparse = require("argparse")
local print = require("unspin.shell.print")
local Session = require("unspin.shell.session")

local main = {}

-- In the order of the help. Those in `corrects` find corrections and share their options.
local names = { "check", "fix", "log", "reject", "history", "filter", "report", "lexicon", "model", "doctor" }
local corrects = { check = true, fix = true, filter = true, report = true }
local colourless = { reject = true, history = true, filter = true, report = true, model = true }
local walks = { check = true, fix = true, report = true }

local function probability(text)
  local number = tonumber(text)
  if not number or number < 0 or number > 1 then
    return nil, ("'%s' is not a probability from 0 to 1"):format(text)
  end
  return number
end

local function jobs(text)
  local number = math.tointeger(tonumber(text))
  if not number or number < 1 then
    return nil, ("'%s' is not a number of processes"):format(text)
  end
  return number
end

local function add_shared_options(command, name)
  if corrects[name] then
    command:option("-t --threshold", "Least confidence of a correction, 0 to 1.")
      :argname("P"):convert(probability)
  end
  if walks[name] then
    command:flag("-r --recursive", "Folders: all articles in them (.md, .markdown, .txt) that git does not ignore.")
    command:option("--stdin-filename", "The name of the article that comes from standard input."):argname("FILE")
    command:option("-j --jobs", "Check with so many processes.", "1"):argname("N"):convert(jobs)
  end
  if not colourless[name] then
    command:option("--color", "auto, always or never.", "auto"):argname("WHEN")
      :choices({ "auto", "always", "never" })
  end
end

-- argparse would print several lines and leave with 255.
local function tell_misuse_in_one_line(parser)
  parser.error = function(self, message)
    io.stderr:write(("unspin: %s; see `%s --help`\n"):format((message:gsub("\n", ". ")), self:_get_fullname()))
    os.exit(2, true)
  end
  for _, command in ipairs(parser._commands) do
    tell_misuse_in_one_line(command)
  end
end

-- argparse would give each of an option's names a line of its own.
local function name_options_in_one_line(parser)
  for _, option in ipairs(parser._options) do
    local arguments = option:_get_argument_list()
    local label = table.concat({ table.concat(option._public_aliases, ", "), table.unpack(arguments) }, " ")
    option._get_label_lines = function()
      return { label }
    end
  end
  for _, command in ipairs(parser._commands) do
    name_options_in_one_line(command)
  end
end

-- `commands` are those that the parser is to know, by their names.
local function parser_of(commands)
  local parser = argparse("unspin", "Restores the wording of articles that a bot has spun.")
    :epilog("Exit status of check: 0 nothing to correct, 1 something, 2 an error. Others: 0, or 2 for an error.")
    :help_max_width(100)
  parser:flag("--version", "Show the version and exit."):action(function()
    print("unspin " .. Session.new(commands.root):core().version())
    os.exit(0, true)
  end)
  parser:command_target("command")
  parser:require_command(true)
  for _, name in ipairs(names) do
    local definition = commands[name]
    if definition then
      local command = parser:command(name, definition.summary)
      definition.define(command)
      add_shared_options(command, name)
      command:epilog((definition.epilog and definition.epilog .. "\n\n" or "") .. "Example: " .. definition.example)
    end
  end
  parser:add_complete_command({ name = "completion", epilog = 'Example: eval "$(unspin completion bash)"' })
  tell_misuse_in_one_line(parser)
  name_options_in_one_line(parser)
  return parser
end

-- A command with a default action: `unspin lexicon WORD` for `unspin lexicon look WORD`.
local function with_default_action(arguments, commands, parser)
  local definition = commands[arguments[1]]
  local given = arguments[2]
  if not (definition and definition.default and given) or given:match("^%-[h-]") then
    return arguments
  end
  for _, command in ipairs(parser._commands) do
    for _, action in ipairs(command._name == arguments[1] and command._commands or {}) do
      if action._name == given then
        return arguments
      end
    end
  end
  return { arguments[1], definition.default, table.unpack(arguments, 2) }
end

-- What a command line asks for.
---@param arguments string[]
---@param root string folder of the program
---@return fun(args: table, session: unspin.shell.Session): integer run
---@return table args
local function read(arguments, root)
  if arguments[1] == "worker" then
    return require("unspin.shell.worker").run, arguments
  end
  local commands, known = { root = root }, {}
  for _, name in ipairs(names) do
    known[name] = true
  end
  -- Where the line begins with a command, the others need not be loaded.
  for _, name in ipairs(known[arguments[1]] and { arguments[1] } or names) do
    commands[name] = require("unspin.shell.commands." .. name)
  end
  local parser = parser_of(commands)
  local prepare = (commands[arguments[1]] or {}).prepare
  local args = parser:parse(with_default_action(prepare and prepare(arguments) or arguments, commands, parser))
  return commands[args.command].run, args
end

---@param arguments string[]
---@param root string folder of the program
---@return integer status
function main.run(arguments, root)
  local run, args = read(arguments, root)
  local session = Session.new(root)
  local finished, result = xpcall(run, function(failure)
    -- Failures of ours are tables; anything else is a mistake in the program and keeps its trace,
    -- but for what lua5.4 raises at Ctrl-C.
    if type(failure) == "table" then
      return failure
    elseif failure:find("interrupted!", 1, true) then
      return { interrupted = true }
    end
    return { message = debug.traceback(failure), bug = true }
  end, args, session)
  session:finish()
  if finished then
    local written, why = io.stdout:flush()
    if not written then
      session:fail("the output cannot be written: " .. why)
    end
    return written and result or session.status
  elseif result.interrupted then
    return 130 -- 128 and the signal's number, as shells have it
  elseif result.bug then
    io.stderr:write("unspin: this is a mistake in unspin, please report it: ", result.message, "\n")
  else
    session.warn(result.message)
  end
  return 2
end

return main
