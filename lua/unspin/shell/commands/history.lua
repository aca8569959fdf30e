-- history: where a file's corrections are recorded, and the git command that shows them.

local history = {
  summary = "Say where the corrections of a file are recorded, and how to see them",
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
  session.warn(("recorded on %s in %s"):format(place.ref, place.git_dir))
  if place.notice then
    session.warn(place.notice)
  end
  print(opened:command())
  return 0
end

return history
