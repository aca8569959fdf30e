-- filter.lua [MEGABYTES]: throughput and memory of `unspin filter` over a stream made of the
-- articles in tests/quality/articles, with one process and with two.

local megabytes = tonumber(arg[1]) or 1

local function capture(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("a")
  pipe:close()
  return output
end

local function stream(path)
  local cjson = require("cjson")
  local texts = {}
  for name in capture("ls tests/quality/articles/*.txt tests/quality/articles/*.clean"):gmatch("[^\n]+") do
    local file = assert(io.open(name))
    texts[#texts + 1] = cjson.encode(file:read("a"))
    file:close()
  end
  local file = assert(io.open(path, "w"))
  local size, id = 0, 0
  while size < megabytes * 1e6 do
    id = id + 1
    local line = ('{"id":%d,"text":%s}\n'):format(id, texts[id % #texts + 1])
    file:write(line)
    size = size + #line
  end
  file:close()
  return size / 1e6
end

local function seconds(command)
  local start = tonumber(capture("date +%s.%N"))
  assert(os.execute(command))
  return tonumber(capture("date +%s.%N")) - start
end

-- Resident memory of a filter after a tenth and after all of the stream, in megabytes.
local function memory(input)
  local lines = tonumber(capture("wc -l <" .. input))
  local report = capture(([[
    mkfifo %s.in; bin/unspin filter <%s.in >/dev/null & filter=$!
    exec 3>%s.in
    head -n %d %s >&3; sleep 1; grep VmRSS /proc/$filter/status
    tail -n +%d %s >&3; sleep 1; grep VmRSS /proc/$filter/status
    exec 3>&-; wait; rm %s.in]]):format(input, input, input, lines // 10, input, lines // 10 + 1, input, input))
  local early, late = report:match("(%d+) kB.-(%d+) kB")
  return early and early / 1024, late and late / 1024
end

local input = os.tmpname()
local size = stream(input)
local alone = seconds("bin/unspin filter <" .. input .. " >/dev/null")
print(("filter, 1 process:   %.1f MB in %.1f s, %.2f MB/s"):format(size, alone, size / alone))
-- Halves by lines, as GNU parallel would hand them out.
local two = seconds(([[
  split -n l/2 %s %s.part && { bin/unspin filter <%s.partaa >/dev/null & bin/unspin filter <%s.partab >/dev/null; wait; }
]]):format(input, input, input, input))
print(("filter, 2 processes: %.1f MB in %.1f s, %.2f MB/s"):format(size, two, size / two))
local early, late = memory(input)
if early then
  print(("filter, memory:      %.0f MB resident after a tenth, %.0f MB at the end"):format(early, late))
end
os.execute("rm -f " .. input .. "*")
