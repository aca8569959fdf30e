-- log: the corrections, newest first.

local files = require("unspin.shell.files")
local json = require("unspin.shell.json")
local print = require("unspin.shell.print")
local term = require("unspin.shell.term")

local log = {
  summary = "List the corrections made, newest first",
  example = "unspin log article.md",
}

function log.define(command)
  command:argument("file", "An article; without it, all that were corrected in this repository."):args("?")
  command:flag("--json", "One JSON object a line.")
  command:option("-n --limit", "At most so many."):argname("N"):convert(function(text)
    return math.tointeger(tonumber(text))
  end)
end

local function print_entry(entry, paint)
  print(("%s %s %s %s → %s %s%s"):format(
    paint.yellow(entry.oid:sub(1, 10)),
    paint.dim(os.date("%Y-%m-%d", entry.time)),
    ("%s:%d:"):format(entry.path, entry.line),
    paint.red(entry.old),
    paint.green(entry.new),
    paint.dim(("(%.2f)"):format(entry.confidence)),
    entry.rejected and paint.yellow(" rejected") or ""
  ))
end

local function print_json(entry)
  print(json.encode(json.object(
    { "commit", entry.oid },
    { "time", os.date("!%Y-%m-%dT%H:%M:%SZ", entry.time) },
    { "file", entry.path },
    { "line", entry.line },
    { "old", entry.old },
    { "new", entry.new },
    { "confidence", entry.confidence },
    { "kind", entry.kind },
    { "rejected", entry.rejected }
  )))
end

function log.run(args, session)
  -- A history is found through one of its articles.
  local path = args.file or files.expand({ "." }, true)[1]
  if not path then
    session.abort("there is no article in this folder; name one")
  end
  local history, message = session:core().history(path, {})
  if not history then
    session.abort(message)
  end
  local paint = term.painter(args.color)
  -- Of a history outside of a repository the paths are whole, but for the slash they begin with.
  local root = history:location().where == "private" and "/" or ""
  for entry in history:log({ all = not args.file, limit = args.limit }) do
    entry.path = root .. entry.path
    if args.json then
      print_json(entry)
    else
      print_entry(entry, paint)
    end
  end
  return 0
end

return log
