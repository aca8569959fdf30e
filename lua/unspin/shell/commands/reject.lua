-- reject: take corrections back, in the file and in the history, so that they are not made again.

local print = require("unspin.shell.print")

local reject = {
  summary = "Take corrections of a file back; they are not proposed again in it",
  example = "unspin reject article.md 4f1d2c8",
}

function reject.define(command)
  command:argument("file", "The article.")
  command:argument("commit", "Commits of `unspin log`, 7 digits or more."):args("+")
end

function reject.run(args, session)
  local history, message = session:core().history(args.file, {})
  if not history then
    session.abort(message)
  end
  for _, commit in ipairs(args.commit) do
    local done, why = history:reject(commit)
    if done then
      print(("%s: %s is taken back"):format(args.file, commit))
    else
      session:fail(("%s: %s"):format(args.file, why))
    end
  end
  return session.status
end

return reject
