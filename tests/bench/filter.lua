-- filter.lua [MEGABYTES [PROCESSES...]]: throughput and memory of `unspin filter` over a stream made
-- of the articles in tests/quality/articles, spun and clean, with one process and with two, or as
-- many as are named.

local cjson = require("cjson")

local megabytes = tonumber(arg[1]) or 1
local counts = arg[2] and { table.unpack(arg, 2) } or { "1", "2" }

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

local ticks = tonumber(capture("getconf CLK_TCK"))

local function read(path)
  local file = io.open(path)
  local content = file and file:read("a")
  if file then
    file:close()
  end
  return content
end

-- What a process takes: resident megabytes and seconds of processor; nothing once it has ended.
local function usage(pid)
  local resident = (read("/proc/" .. pid .. "/status") or ""):match("VmRSS:%s*(%d+)")
  local user, system = (read("/proc/" .. pid .. "/stat") or ""):match("%) %a" .. (" %-?%d+"):rep(10) .. " (%d+) (%d+)")
  if resident and user then
    return tonumber(resident) / 1024, (tonumber(user) + tonumber(system)) / ticks
  end
end

-- Runs so many filters side by side, each on its share of the lines, and looks at them now and then.
---@return number seconds
---@return number processor seconds of all of them
---@return number[] memory of all of them, in megabytes, in the course of the run
local function run(input, processes)
  os.execute(("split -n l/%d -d %s %s.part"):format(processes, input, input))
  local start = now()
  local pids = capture(("for part in %s.part*; do bin/unspin filter <$part >$part.out & echo $!; done"):format(input))
  local samples, processor, alive = {}, {}, true
  while alive do
    os.execute("sleep 0.2")
    local sum, running = 0, 0
    for pid in pids:gmatch("%d+") do
      local resident, used = usage(pid)
      if resident then
        sum, running, processor[pid] = sum + resident, running + 1, used
      end
    end
    alive = running > 0
    samples[#samples + 1] = running == processes and sum or nil
  end
  local seconds, used = now() - start, 0
  for _, of_one in pairs(processor) do
    used = used + of_one
  end
  return seconds, used, samples
end

local function most(numbers)
  local highest = 0
  for _, number in ipairs(numbers) do
    highest = math.max(highest, number)
  end
  return highest
end

local input = os.tmpname()
local lines, words = write_stream(input)
print(("filter: %g MB, %d articles, %.1f million words"):format(megabytes, lines, words / 1e6))
for _, count in ipairs(counts) do
  local processes = assert(math.tointeger(tonumber(count)), "PROCESSES is a list of whole numbers")
  local seconds, used, memory = run(input, processes)
  local answered = tonumber(capture(("cat %s.part*.out | wc -l"):format(input)))
  assert(answered == lines, ("%d lines answered instead of %d"):format(answered, lines))
  print(("filter, %d process%s: %.0f s, %.2f MB/s, %.0f words/s; %.0f s of processor, %.2f MB/s of it"):format(
    processes, processes == 1 and "" or "es", seconds, megabytes / seconds, words / seconds, used, megabytes / used))
  print(("  resident: %.0f MB after a tenth, %.0f MB after nine, %.0f MB at most"):format(
    memory[#memory // 10 + 1] or 0, memory[#memory * 9 // 10 + 1] or 0, most(memory)))
  os.execute(("rm -f %s.part*"):format(input))
end
os.remove(input)
