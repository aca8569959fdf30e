-- engine.lua [--json] [ROUNDS]: time and memory of the command and the engine beside their peers,
-- medians of ROUNDS interleaved runs. Peers that are not installed are named and left out; `make
-- bench-deps` installs them. Run by `make bench`.

local as_json, rounds = false, 7
for _, word in ipairs(arg) do
  as_json = as_json or word == "--json"
  rounds = tonumber(word) or rounds
end

package.path = "lua/?.lua;" .. package.path
package.cpath = "build/lua5.4/?.so;" .. package.cpath
local work = os.getenv("BENCH_DIR") or (os.getenv("XDG_CACHE_HOME") or os.getenv("HOME") .. "/.cache") .. "/unspin-bench"
local modules = work .. "/node_modules"

local function quote(word)
  return "'" .. word:gsub("'", [['\'']]) .. "'"
end

local function capture(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("a")
  return pipe:close() and output or nil
end

local function installed(program)
  return os.execute("command -v " .. program .. " >/dev/null 2>&1") == true
end

-- aspell without a dictionary fails, and fast.
local function works(command)
  return os.execute("echo word | " .. command .. " >/dev/null 2>&1") == true
end

local function exists(path)
  local file = io.open(path)
  return file and file:close()
end

-- --- texts ----------------------------------------------------------------------------------

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

-- Prose of so many bytes: sentences of the articles in any order, one word in twelve another's, so
-- that few sentences are the same.
local function write_prose(path, pattern, bytes)
  local seed = 12345
  local function below(n)
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return (seed >> 8) % n + 1
  end
  local sentences, words = {}, {}
  for name in capture("ls " .. pattern):gmatch("[^\n]+") do
    local text = read(name)
    for sentence in text:gmatch("%s*([^%.\n]+[%.\n])") do
      sentences[#sentences + 1] = #sentence > 20 and sentence:gsub("%s+$", "") or nil
    end
    for word in text:gmatch("%f[%w]%l+%f[^%w]") do
      words[#words + 1] = word
    end
  end
  local file, size = assert(io.open(path, "w")), 0
  while size < bytes do
    local paragraph = {}
    for i = 1, 3 + below(5) do
      paragraph[i] = sentences[below(#sentences)]:gsub("%f[%w]%l+%f[^%w]", function()
        return below(12) == 1 and words[below(#words)] or nil
      end)
    end
    local text = table.concat(paragraph, " ") .. "\n\n"
    file:write(text)
    size = size + #text
  end
  file:close()
end

assert(os.execute("mkdir -p " .. quote(work)))
local spun, clean = "tests/quality/articles/*.txt", "tests/quality/articles/*.clean tests/quality/clean/*.txt"
local texts = {
  { "article", nil },
  { "spun 1 KB", spun, 1e3 },
  { "spun 10 KB", spun, 1e4 },
  { "spun 100 KB", spun, 1e5 },
  { "spun 1 MB", spun, 1e6 },
  { "spun 10 MB", spun, 1e7 },
  { "clean 1 MB", clean, 1e6 },
}
for _, text in ipairs(texts) do
  text.path = ("%s/%s.txt"):format(work, (text[1]:gsub(" ", "-")))
  if text[2] then
    write_prose(text.path, text[2], text[3])
  else
    local file = assert(io.open(text.path, "w"))
    file:write(read("tests/quality/articles/w01-news-bridge.txt"))
    file:close()
  end
end
local function path_of(name)
  for _, text in ipairs(texts) do
    if text[1] == name then
      return text.path
    end
  end
end

-- --- what is measured ------------------------------------------------------------------------

local measured, absent = {}, {}

-- run() gives one figure for each unit; figures that are not finite are a mistake.
local function add(name, units, run)
  measured[#measured + 1] = { name = name, units = units, run = run, figures = {} }
end

local measure = "build/obj/bench_measure"
local function add_command(name, command)
  add(name, { "s", "cpu s", "MB" }, function()
    local output = assert(capture(measure .. " " .. command), name .. " failed")
    local wall, cpu, kilobytes = output:match("(%S+) (%S+) (%S+)")
    return tonumber(wall), tonumber(cpu), tonumber(kilobytes) / 1024
  end)
end

local function add_peer(name, command, there)
  if there then
    for _, text in ipairs({ "article", "spun 1 MB" }) do
      add_command(("%s, %s"):format(name, text), command:format(quote(path_of(text))))
    end
  else
    absent[#absent + 1] = name
  end
end

for _, text in ipairs(texts) do
  add_command("unspin check, " .. text[1], "bin/unspin check --json " .. quote(text.path))
end
add_command("lua5.4, nothing", "lua5.4 -e ''")
add_peer("codespell", "codespell %s", installed("codespell"))
add_peer("aspell list", "sh -c 'aspell list --lang=en <\"$1\"' sh %s", works("aspell list --lang=en"))
add_peer("hunspell -l", "hunspell -l -d en_US %s", works("hunspell -l -d en_US"))
local node = "env NODE_MODULES=" .. quote(modules) .. " node tests/bench/peers/"
add_peer("retext-simplify", node .. "retext.mjs %s", exists(modules .. "/retext-simplify/package.json"))
add_peer("harper.js", node .. "harper.mjs %s", exists(modules .. "/harper.js/package.json"))

-- In this process, in processor time, as clock() has it.
local function milliseconds(times, run)
  local start = os.clock()
  for _ = 1, times do
    run()
  end
  return (os.clock() - start) * 1e3 / times
end

local core = require("unspin.core")
local engine = assert(core.open())
local article = read(path_of("article"))
add("engine:check, article", { "ms" }, function()
  return milliseconds(20, function()
    engine:check(article, {})
  end)
end)
add("recheck of a paragraph after a changed word", { "ms" }, function()
  local _, info = engine:check(article, {})
  local paragraph = article:match("[^\n]+\n"):gsub("the", "a", 1)
  return milliseconds(50, function()
    engine:check(paragraph, { article = info.article or info })
  end)
end)
add("core.open", { "ms" }, function()
  return milliseconds(20, core.open)
end)

local function add_model(name, program, model)
  add(name, { "ms to open", "million queries/s" }, function()
    local opened, queries = capture(("%s %s %s"):format(program, model, quote(path_of("spun 1 MB")))):match("(%S+) (%S+)")
    return tonumber(opened), tonumber(queries)
  end)
end
add_model("language model", "build/obj/bench_model", "build/unspin.lm")
local sphinx = os.getenv("SPHINX_MODEL")
if exists("build/obj/bench_sphinxbase") and sphinx and exists(sphinx) then
  add_model("libsphinxbase, same model", "build/obj/bench_sphinxbase", sphinx)
else
  absent[#absent + 1] = "libsphinxbase"
end

-- --- measuring ------------------------------------------------------------------------------

for round = 1, rounds do
  for _, item in ipairs(measured) do
    if not (round > 3 and item.slow) then
      local figures = { item.run() }
      item.figures[#item.figures + 1] = figures
      item.slow = #item.units == 3 and figures[1] > 10
    end
  end
end

local function median(item, unit)
  local values = {}
  for i, figures in ipairs(item.figures) do
    values[i] = figures[unit]
  end
  table.sort(values)
  return values[(#values + 1) // 2]
end

if as_json then
  local json = require("unspin.shell.json")
  local items = {}
  for i, item in ipairs(measured) do
    local pairs_of = { { "name", item.name }, { "runs", #item.figures } }
    for unit, name in ipairs(item.units) do
      pairs_of[#pairs_of + 1] = { name, { raw = ("%.5f"):format(median(item, unit)) } }
    end
    items[i] = json.object(table.unpack(pairs_of))
  end
  print(json.encode(json.object({ "measured", json.array(items) }, { "absent", json.array(absent) })))
else
  for _, item in ipairs(measured) do
    local cells = {}
    for unit, name in ipairs(item.units) do
      cells[unit] = ("%10.3f %s"):format(median(item, unit), name)
    end
    print(("%-46s %s"):format(item.name, table.concat(cells)))
  end
  print(("medians of %d runs, of 3 where a run takes more than 10 s"):format(rounds))
  if #absent > 0 then
    print("not installed, so not measured: " .. table.concat(absent, ", ") .. " (make bench-deps)")
  end
end
