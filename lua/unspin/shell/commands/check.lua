-- check: what would be corrected. Exit status 0: nothing, 1: something, 2: an error.

local articles = require("unspin.shell.articles")
local files = require("unspin.shell.files")
local term = require("unspin.shell.term")

local check = {
  summary = "Show what would be corrected",
  example = "unspin check --diff article.md",
}

local forms = { "json", "sarif", "diff", "quickfix", "summary" }

---@param command table argparse command
function check.define(command)
  command:argument("file", "Articles; - is standard input."):args("+")
  command:mutex(
    command:flag("--json", "One JSON array: byte offsets, 0-based, half-open."),
    command:flag("--sarif", "SARIF 2.1.0, for code-review tools."),
    command:flag("--diff", "A unified diff, for patch and git apply."),
    command:flag("--quickfix", "file:line:byte: message, for :cfile and other editors."),
    command:flag("--summary", "One line an article, the likeliest spun first.")
  )
end

local function form_of(args)
  for _, form in ipairs(forms) do
    if args[form] then
      return form
    end
  end
  return "human"
end

---@param args table
---@param session unspin.shell.Session
---@return integer status
function check.run(args, session)
  local paths = files.expand(args.file, args.recursive)
  local render = require("unspin.shell.render." .. form_of(args)).new({
    many = #paths > 1 or args.recursive,
    paint = term.painter(args.color),
    core = session:core(),
  })
  local progress = term.progress(#paths)
  local options = { threshold = args.threshold, history = true, stdin_filename = args.stdin_filename }
  local found = false
  for article in articles.each(session, paths, options, args.jobs) do
    progress:clear()
    if article.message then
      session:fail(article.message)
    elseif article.off then
      session:switched_off(article.off)
    else
      found = found or #article.fixes > 0
      if article.info.cut_short then
        session.warn(article.path .. ": too long to be checked in one go; its end was not looked at")
      end
      render:article(article)
    end
    progress:step()
  end
  progress:clear()
  if session.status == 0 or #paths > 1 then
    render:finish()
  end
  return session.status > 0 and session.status or found and 1 or 0
end

return check
