-- history: where a file's corrections are recorded, and the git command that shows them.

local print = require("unspin.shell.print")
local sh = require("unspin.shell.sh")

local history = {
  summary = "Print the git command that shows the corrections of a file where they are recorded",
  example = "eval \"$(unspin history article.md)\"",
}

function history.define(command)
  command:argument("file", "The article.")
end

function history.run(args, session)
  local opened, message = session:core().history(args.file, {})
  if not opened then
    session.abort(message)
  end
  local place = opened:location()
  if place.notice then
    session.warn(place.notice)
  end
  print(sh.join({ "git", "--git-dir=" .. place.git_dir, "log", "--patch", "--word-diff", place.ref, "--", place.path }))
  return 0
end

return history
