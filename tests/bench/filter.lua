-- filter.lua [MEGABYTES]: throughput and memory of `unspin filter` over a stream made of the
-- articles in tests/quality/articles, spun and clean, with one process and with two.

local cjson = require("cjson")

local megabytes = tonumber(arg[1]) or 1

local function capture(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("a")
  pipe:close()
  return output
end

local function now()
  return tonumber(capture("date +%s.%N"))
end

-- Writes lines until there are so many megabytes. Lines come back, ids never.
---@return integer lines
---@return number words of all texts
local function write_stream(path)
  local texts, lengths = {}, {}
  for name in capture("ls tests/quality/articles/*.txt tests/quality/articles/*.clean"):gmatch("[^\n]+") do
    local text = assert(io.open(name)):read("a")
    texts[#texts + 1] = cjson.encode(text)
    lengths[#lengths + 1] = select(2, text:gsub("%S+", ""))
  end
  local file = assert(io.open(path, "w"))
  local size, id, words = 0, 0, 0
  while size < megabytes * 1e6 do
    local which = id % #texts + 1
    id = id + 1
    local line = ('{"id":%d,"text":%s}\n'):format(id, texts[which])
    file:write(line)
    size = size + #line
    words = words + lengths[which]
  end
  file:close()
  return id, words
end

-- Runs so many filters side by side, each on its share of the lines, and looks at their resident
-- memory now and then.
---@return number seconds
---@return number[] memory of all of them, in megabytes, in the course of the run
local function run(input, processes)
  os.execute(("split -n l/%d -d %s %s.part"):format(processes, input, input))
  local start = now()
  local pids = capture(("for part in %s.part*; do bin/unspin filter <$part >$part.out & echo $!; done"):format(input))
  local samples, alive = {}, true
  while alive do
    os.execute("sleep 0.2")
    local sum
    sum, alive = 0, false
    for pid in pids:gmatch("%d+") do
      local status = io.open("/proc/" .. pid .. "/status")
      local resident = status and status:read("a"):match("VmRSS:%s*(%d+)")
      if status then
        status:close()
      end
      sum, alive = sum + (tonumber(resident) or 0) / 1024, alive or resident ~= nil
    end
    samples[#samples + 1] = alive and sum or nil
  end
  return now() - start, samples
end

local input = os.tmpname()
local lines, words = write_stream(input)
print(("filter: %g MB, %d articles, %.1f million words"):format(megabytes, lines, words / 1e6))
for processes = 1, 2 do
  local seconds, memory = run(input, processes)
  local answered = tonumber(capture(("cat %s.part*.out | wc -l"):format(input)))
  assert(answered == lines, ("%d lines answered instead of %d"):format(answered, lines))
  print(("filter, %d process%s: %.1f s, %.2f MB/s, %.0f words/s; resident %.0f MB after a tenth, %.0f MB at the end"):format(
    processes, processes == 1 and "" or "es", seconds, megabytes / seconds, words / seconds,
    memory[#memory // 10 + 1] or 0, memory[#memory] or 0))
  os.execute(("rm -f %s.part*"):format(input))
end
os.remove(input)
