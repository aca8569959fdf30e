-- worker.lua: `unspin worker LIST NUMBER OF THRESHOLD HISTORY [NAME]`, one of the processes of --jobs. Not
-- for people, so neither in the help nor in the completions.

local articles = require("unspin.shell.articles")

local worker = {}

---@param words string[]
---@param session unspin.shell.Session
---@return integer status
function worker.run(words, session)
  local _, list, number, workers, threshold, history, stdin_filename = table.unpack(words)
  articles.work(session, list, math.tointeger(tonumber(number)), math.tointeger(tonumber(workers)), {
    threshold = tonumber(threshold),
    history = history == "true",
    stdin_filename = stdin_filename,
  })
  return 0
end

return worker
