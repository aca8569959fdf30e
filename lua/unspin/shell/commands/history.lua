-- history: where corrections are recorded, and what can be done with them there.

local print = require("unspin.shell.print")

local history = {
  summary = "Show where corrections are recorded; export or prune them",
  example = "eval \"$(unspin history article.md)\"",
  epilog = "Without export, prune or orphans: path. Nothing is ever pushed, and no branch is pruned.",
  default = "path", -- what `unspin history FILE` means
}

local function open(session, path, where)
  local opened, message = session:core().history(path, { where = where })
  if not opened then
    session.abort(message)
  end
  local place = opened:location()
  if place.notice then
    session.warn(place.notice)
  end
  return opened, place
end

local function demand(session, value, message)
  if value == nil then
    session.abort(message)
  end
  return value
end

local function path(args, session)
  local opened = open(session, args.file, args.where)
  print(demand(session, opened:command()))
  return 0
end

local function export(args, session)
  local opened = open(session, args.file, args.where)
  print(demand(session, opened:export()), "")
  return 0
end

local function plural(count, word)
  return ("%d %s%s"):format(count, word, count == 1 and "" or "s")
end

local function prune(args, session)
  for _, file in ipairs(args.file) do
    local opened, place = open(session, file, args.where or "side")
    local dropped = demand(session, opened:prune(args.before))
    print(("%s: %s of %s forgotten"):format(file, plural(dropped, "commit"), place.ref))
  end
  return 0
end

local function orphans(args, session)
  local paths = demand(session, session:core().orphans({ remove = args.remove }))
  for _, orphan in ipairs(paths) do
    print(orphan)
  end
  return 0
end

-- The first moment of a day, here.
local function day(text)
  local year, month, date = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
  local time = year and os.time({ year = year, month = month, day = date, hour = 0 })
  -- os.time takes the 31st of June for the 1st of July
  if not time or os.date("%Y-%m-%d", time) ~= text then
    return nil, ("'%s' is not a date as 2026-01-31"):format(text)
  end
  return time
end

local actions = { path = path, export = export, prune = prune, orphans = orphans }

function history.define(command)
  command:command_target("action")
  command:require_command(true)
  local function action(name, summary, example)
    return command:command(name, summary):epilog("Example: " .. example)
  end
  local function where(of)
    return of:option("--where", "Which history: branch, side or private."):argname("WHICH")
      :choices({ "branch", "side", "private" })
  end
  local shown = action("path", "Print the git command that shows a file's corrections.",
    'eval "$(unspin history path article.md)"')
  shown:argument("file", "The article.")
  where(shown)
  local exported = action("export", "Print a file's corrections as patches for `git am --keep-cr`.",
    "unspin history export article.md >article.mbox")
  exported:argument("file", "The article.")
  where(exported)
  local pruned = action("prune", "Forget what a side or private history has from before a day.",
    "unspin history prune --before 2026-01-31 article.md")
  pruned:argument("file", "The articles."):args("+")
  pruned:option("--before", "The day, as 2026-01-31."):argname("DAY"):convert(day):count(1)
  where(pruned)
  local lost = action("orphans", "List the private histories whose articles are gone.",
    "unspin history orphans --remove")
  lost:flag("--remove", "Remove them, too.")
end

function history.run(args, session)
  return actions[args.action](args, session)
end

return history
