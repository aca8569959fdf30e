-- fix: correct articles in place and record each correction as a commit.

local articles = require("unspin.shell.articles")
local ask = require("unspin.shell.ask")
local files = require("unspin.shell.files")
local print = require("unspin.shell.print")
local term = require("unspin.shell.term")

local fix = {
  summary = "Correct articles and record each correction",
  example = "unspin fix -r articles/",
}

function fix.define(command)
  command:argument("file", "Articles; - is standard input, corrected to standard output."):args("+")
  command:flag("--stdout", "Print the corrected text; change and record nothing.")
  command:flag("--no-history", "Correct without recording.")
  command:flag("-n --dry-run", "Say what would be done, and do nothing.")
  command:flag("-i --interactive", "Ask before each correction.")
end

local function plural(count, noun)
  return ("%d %s%s"):format(count, noun, count == 1 and "" or "s")
end

local told = {} -- remarks on where corrections go, each once a run

local function tell_once(session, remark)
  if remark and not told[remark] then
    told[remark] = true
    session.warn(remark)
  end
end

-- Writes and records one article's fixes. Returns what to say of it, or nil and why not.
local function correct(session, article, with_history)
  local core = session:core()
  local path, fixes = article.path, article.fixes
  local history, message, prepared
  if with_history then
    history, message = core.history(path, {})
    if history then
      prepared, message = history:prepare(article.text, fixes)
    end
    if not prepared then
      return nil, ("%s: not corrected, since it could not be recorded: %s"):format(path, message)
    end
  end
  if files.read(path) ~= article.text then
    return nil, path .. ": was changed while it was being checked; run unspin again"
  end
  local written
  written, message = core.replace(path, core.apply(article.text, fixes))
  if not written then
    return nil, message
  end
  if not history then
    return ("%s: %s"):format(path, plural(#fixes, "correction"))
  end
  local oids, place = history:record(article.text, fixes)
  if not oids then
    return nil, ("%s: corrected, but not recorded: %s"):format(path, place)
  end
  tell_once(session, place.notice)
  tell_once(session, place.hint)
  return ("%s: %s, %s"):format(path, plural(#fixes, "correction"), plural(#oids, "commit"))
end

local function handle_file(args, session, article, asker)
  if asker then
    article.fixes = asker:choose(article)
  end
  if #article.fixes == 0 then
    print(article.path .. ": nothing to correct")
  elseif args.dry_run then
    print(("%s: %s to make"):format(article.path, plural(#article.fixes, "correction")))
  else
    local done, message = correct(session, article, not args.no_history)
    if done then
      print(done)
    else
      session:fail(message)
    end
  end
end

---@param args table
---@param session unspin.shell.Session
---@param article unspin.shell.Article
---@param asker unspin.shell.Asker?
local function handle(args, session, article, asker)
  if article.off then
    session:switched_off(article.off)
  end
  if args.stdout or article.from_stdin then
    print(session:core().apply(article.text, article.fixes), "")
  elseif not article.off then
    handle_file(args, session, article, asker)
  end
end

---@param args table
---@param session unspin.shell.Session
---@return integer status
function fix.run(args, session)
  local paths = files.expand(args.file, args.recursive)
  local progress = term.progress(args.interactive and 0 or #paths)
  local options = { threshold = args.threshold, history = true, stdin_filename = args.stdin_filename }
  local asker = args.interactive and ask.new(term.painter(args.color), io.stdin) or nil
  for article in articles.each(session, paths, options, args.jobs) do
    progress:clear()
    if article.message then
      session:fail(article.message)
    else
      handle(args, session, article, asker)
    end
    progress:step()
  end
  progress:clear()
  return session.status
end

return fix
