-- worker: one of the processes of -j; not for people, and not in the help.

local articles = require("unspin.shell.articles")

local worker = { hidden = true }

function worker.define(command)
  command:argument("list")
  command:argument("worker"):convert(math.tointeger)
  command:argument("workers"):convert(math.tointeger)
  command:argument("least")
  command:argument("history")
end

function worker.run(args, session)
  articles.work(session, args.list, args.worker, args.workers, {
    threshold = tonumber(args.least),
    history = args.history == "true",
  })
  return 0
end

return worker
