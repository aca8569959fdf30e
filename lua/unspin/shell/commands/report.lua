-- report: one self-contained HTML page, to be sent to a colleague or attached to a complaint.

local articles = require("unspin.shell.articles")
local files = require("unspin.shell.files")
local page = require("unspin.shell.report.page")
local print = require("unspin.shell.print")
local received = require("unspin.shell.report.received")
local sh = require("unspin.shell.sh")

local report = {
  summary = "Write a self-contained HTML page on articles to standard output",
  example = "unspin report article.md > report.html",
}

function report.define(command)
  command:argument("file", "Articles; - is standard input."):args("+")
end

-- Where a forge shows the commits of the article's repository: URL/commit/OID on the common ones.
local function forge_of(path)
  local folder = path:match("^(.*)/[^/]*$") or "."
  local url = sh.capture({ "git", "-C", folder, "remote", "get-url", "origin" })
  local host, rest = (url or ""):match("^git@([^:]+):(%S+)")
  url = host and ("https://%s/%s"):format(host, rest) or url and url:match("^https://%S+")
  return url and url:gsub("%.git$", "")
end

local function commits_of(core, path)
  local commits = {}
  local history = core.history(path, {})
  if not history then
    return commits
  end
  local forge = history:location().where == "branch" and forge_of(path)
  for entry in history:log({}) do
    commits[#commits + 1] = {
      oid = entry.oid,
      link = forge and ("%s/commit/%s"):format(forge, entry.oid) or nil,
      old = entry.old,
      new = entry.new,
      kind = entry.kind,
      excerpt = entry.excerpt,
      line = entry.line,
      confidence = entry.confidence,
      rejected = entry.rejected,
    }
  end
  return commits
end

-- The history keeps no reasons and no rate: they are what the engine says of the text as received.
local function explain(article, fixes, info)
  if not fixes then
    return
  end
  article.info = info
  local reasons = {}
  for _, fix in ipairs(fixes) do
    reasons[fix.start .. fix.new] = fix.reason
  end
  for _, fix in ipairs(article.fixes) do
    fix.reason = reasons[fix.start .. fix.new] or fix.reason
  end
end

function report.run(args, session)
  local paths = files.expand(args.file, args.recursive)
  local core = session:core()
  local found = {}
  local options = { threshold = args.threshold, history = true, stdin_filename = args.stdin_filename }
  for article in articles.each(session, paths, options, args.jobs) do
    if article.message then
      session:fail(article.message)
    elseif article.off then
      session:switched_off(article.off)
    else
      article.commits = article.from_stdin and {} or commits_of(core, article.path)
      if #article.commits > 0 then
        article.text, article.fixes = received(article, article.commits)
        explain(article, articles.check_text(session, article.text, article.path, options))
      end
      found[#found + 1] = article
    end
  end
  if #found > 0 then
    print(page.render(found, {
      style = assert(files.read(session.root .. "/lua/unspin/shell/report/style.css")),
      version = core.version(),
      date = os.date("%Y-%m-%d"),
    }), "")
  end
  return session.status
end

return report
