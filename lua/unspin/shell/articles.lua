-- articles.lua: check many articles, one after the other or by several processes, in order.

local files = require("unspin.shell.files")
local json = require("unspin.shell.json")
local sh = require("unspin.shell.sh")

local articles = {}

---@class unspin.shell.Article
---@field path string
---@field from_stdin boolean
---@field text string? nil if it could not be read
---@field off string? the file that switches unspin off for it; it was not checked then
---@field fixes unspin.Fix[]?
---@field info unspin.Info?
---@field message string? why there are no fixes

---@class unspin.shell.CheckOptions
---@field threshold number?
---@field history boolean respect what was rejected
---@field stdin_filename string? what standard input is called

-- What the user took back in this article or its repository, for engine:check().
local function rejected(core, path)
  local history = core.has_history(path) and core.history(path, {})
  return history and history:excepts()
end

---@param session unspin.shell.Session
---@param text string
---@param path string
---@param options unspin.shell.CheckOptions
---@return unspin.Fix[]? fixes
---@return unspin.Info|string info or message
function articles.check_text(session, text, path, options)
  return session:engine():check(text, {
    format = files.format(path),
    threshold = options.threshold,
    except = options.history and path ~= "-" and rejected(session:core(), path) or nil,
  })
end

---@param session unspin.shell.Session
---@param path string
---@param options unspin.shell.CheckOptions
---@return unspin.shell.Article
function articles.check(session, path, options)
  local text, why = files.read(path)
  if not text then
    return { path = path, message = why }
  end
  local from_stdin = path == "-"
  path = from_stdin and options.stdin_filename or path
  local off = path ~= "-" and files.switch(path, session:core().folder() or "")
  if off then
    return { path = path, from_stdin = from_stdin, text = text, fixes = {}, off = off }
  end
  local fixes, info = articles.check_text(session, text, path, options)
  if not fixes then
    return { path = path, message = (path == "-" and "standard input" or path) .. ": " .. info }
  end
  return { path = path, from_stdin = from_stdin, text = text, fixes = fixes, info = info }
end

-- --- several processes -----------------------------------------------------------------------
-- Worker w of n checks the articles w, w + n, ... of a list in a file and prints one line of JSON
-- each. The parent reads the workers in turn, so that the order is that of the list, and a worker
-- that is ahead waits in its pipe: memory stays flat.

local fix_fields = { "start", "stop", "old", "new", "confidence", "kind", "reason" }
local info_fields = { "words", "rate", "spun", "family", "english", "cut_short" }

local function pick(from, fields)
  local members = {}
  for i, field in ipairs(fields) do
    local value = from[field]
    -- To the last bit: what is printed must not depend on the number of processes.
    members[i] = { field, math.type(value) == "float" and { raw = ("%.17g"):format(value) } or value }
  end
  return json.object(table.unpack(members))
end

---@param article unspin.shell.Article
---@return string line
local function pack(article)
  if article.message then
    return json.encode(json.object({ "message", article.message }))
  end
  local fixes = {}
  for i, fix in ipairs(article.fixes) do
    fixes[i] = pick(fix, fix_fields)
  end
  return json.encode(json.object(
    { "path", article.path },
    { "from_stdin", article.from_stdin },
    { "text", article.text },
    { "fixes", json.array(fixes) },
    { "off", article.off },
    { "info", article.info and pick(article.info, info_fields) }
  ))
end

-- What a worker does. A line end in a path stands as NUL in the list.
---@param session unspin.shell.Session
---@param list string file with a path a line
---@param worker integer
---@param workers integer
---@param options unspin.shell.CheckOptions
function articles.work(session, list, worker, workers, options)
  local number = 0
  for line in io.lines(list) do
    local path = line:gsub("\0", "\n")
    if number % workers == worker then
      io.stdout:write(pack(articles.check(session, path, options)), "\n")
      io.stdout:flush()
    end
    number = number + 1
  end
end

local function read_worker(pipe, path)
  local line = pipe:read("l")
  local article = line and require("cjson").decode(line) or { message = path .. ": its checking process died" }
  article.path = article.path or path
  for _, fix in ipairs(article.fixes or {}) do
    fix.start, fix.stop = math.tointeger(fix.start), math.tointeger(fix.stop)
  end
  return article
end

---@param session unspin.shell.Session
---@param paths string[]
---@param options unspin.shell.CheckOptions
---@param jobs integer
---@return fun(): unspin.shell.Article?
function articles.each(session, paths, options, jobs)
  local number = 0
  jobs = math.min(jobs, #paths)
  if jobs <= 1 then
    return function()
      number = number + 1
      return paths[number] and articles.check(session, paths[number], options)
    end
  end

  local list = session:temporary_file()
  local file = assert(io.open(list, "w"))
  for _, path in ipairs(paths) do
    file:write((path:gsub("\n", "\0")), "\n")
  end
  file:close()
  -- What this process has opened serves the workers too, and its warnings are told once.
  local model, lexicon = session:engine():paths()
  local pipes = {}
  for worker = 0, jobs - 1 do
    pipes[worker] = io.popen(sh.join({
      "env", "UNSPIN_MODEL=" .. model, "UNSPIN_LEXICON=" .. lexicon,
      session.root .. "/bin/unspin", "worker", list, tostring(worker), tostring(jobs),
      tostring(options.threshold or ""), tostring(options.history), options.stdin_filename,
    }))
  end
  return function()
    number = number + 1
    return paths[number] and read_worker(pipes[(number - 1) % jobs], paths[number])
  end
end

return articles
