-- score.lua: how well corrections agree with restorations made by hand.
--
-- usage: score.lua [--verbose] [--reliability] [--clean] DIR [COMMAND...]
--
-- DIR holds NAME.txt and NAME.gold.tsv. COMMAND (default: bin/unspin check --json) gets an
-- article's path and prints a JSON array of {"start","end","new"}, byte offsets 0-based and
-- half-open. A gold row is
--
--     start  end  spun text  accepted restorations, by '|'  must|may
--
-- with tabs between. A `may` row may be left alone or restored, without gain or loss; anything
-- else that is changed is wrong. Gold rows and corrections that overlap are judged together: the
-- stretch they cover must come out as one of the accepted readings, letter case and a/an aside.
-- Printed are precision, recall and F0.5 over the `must` rows and wrong corrections per 1,000
-- words. --clean takes NAME.clean, in which every correction is wrong. --reliability adds a table
-- of how often corrections of a given confidence are right: calibrated means the columns agree.

local here = arg[0]:match("^(.*)/tests/quality/[^/]*$") or "."
package.path = here .. "/lua/?.lua;" .. package.path

local cjson = require("cjson")
local files = require("unspin.shell.files")
local sh = require("unspin.shell.sh")

local most_variants = 4096 -- of one stretch's accepted readings; more are not tried

---@class Edit
---@field start integer 0-based
---@field stop integer half-open
---@field new string
---@field confidence number?

---@class Gold
---@field start integer
---@field stop integer
---@field accepted string[]
---@field must boolean

local function normalise(text)
  text = text:lower():gsub("\u{2019}", "'"):gsub("-", " ")
  text = text:gsub("%f[%w\x80-\xff]an%f[^%w\x80-\xff]", "a")
  return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

-- Stretches of white space and of anything else, in turn.
local function pieces(text)
  local list = {}
  for space, word in text:gmatch("(%s*)(%S*)") do
    list[#list + 1] = space ~= "" and space or nil
    list[#list + 1] = word ~= "" and word or nil
  end
  return list
end

-- Drops whole words that a correction repeats unchanged at either side.
---@param text string
---@param edit Edit
---@return Edit
local function shrink(text, edit)
  local old, new = pieces(text:sub(edit.start + 1, edit.stop)), pieces(edit.new)
  local start, stop = edit.start, edit.stop
  while old[1] and old[1] == new[1] do
    start = start + #table.remove(old, 1)
    table.remove(new, 1)
  end
  while old[1] and old[#old] == new[#new] do
    stop = stop - #table.remove(old)
    table.remove(new)
  end
  return { start = start, stop = stop, new = table.concat(new), confidence = edit.confidence }
end

local function by_place(a, b)
  if a.start ~= b.start then
    return a.start < b.start
  end
  return a.stop < b.stop
end

---@param path string
---@param text string
---@return Gold[]
local function read_gold(path, text)
  local rows = {}
  local file = io.open(path)
  for line in file and file:lines() or function() end do
    local start, stop, spun, accepted, kind = line:match("^(%d+)\t(%d+)\t(.-)\t(.-)\t(%l+)$")
    assert(start, path .. ": not a gold row: " .. line)
    start, stop = math.tointeger(start), math.tointeger(stop)
    assert(text:sub(start + 1, stop) == spun, path .. ": the text has moved under: " .. line)
    local readings = {}
    for reading in (accepted .. "|"):gmatch("(.-)|") do
      readings[#readings + 1] = reading
    end
    rows[#rows + 1] = { start = start, stop = stop, accepted = readings, must = kind == "must" }
  end
  if file then
    file:close()
  end
  return rows
end

---@param command string[]
---@param path string
---@param text string
---@return Edit[]
local function corrections_of(command, path, text)
  local words = table.move(command, 1, #command, 1, {})
  words[#words + 1] = path
  local pipe = assert(io.popen(sh.join(words)))
  local output = pipe:read("a")
  local _, _, status = pipe:close()
  if (status or 0) > 1 then
    io.stderr:write(("%s: the command ended with %d\n"):format(path, status))
    os.exit(2)
  end
  local edits = {}
  for i, found in ipairs(cjson.decode(output)) do
    edits[i] = shrink(text, {
      start = math.tointeger(found.start),
      stop = math.tointeger(found["end"]),
      new = found.new,
      confidence = found.confidence,
    })
  end
  table.sort(edits, by_place)
  return edits
end

---@class Cluster
---@field gold Gold[]
---@field edits Edit[]
---@field start integer
---@field stop integer

---@param gold Gold[]
---@param edits Edit[]
---@return Cluster[]
local function clusters(gold, edits)
  local all = {}
  for _, row in ipairs(gold) do
    all[#all + 1] = { start = row.start, stop = row.stop, kind = "gold", item = row }
  end
  for _, edit in ipairs(edits) do
    all[#all + 1] = { start = edit.start, stop = edit.stop, kind = "edits", item = edit }
  end
  table.sort(all, by_place)
  local list = {}
  local last
  for _, span in ipairs(all) do
    if not last or span.start >= last.stop then
      last = { gold = {}, edits = {}, start = span.start, stop = span.stop }
      list[#list + 1] = last
    end
    table.insert(last[span.kind], span.item)
    last.stop = math.max(last.stop, span.stop)
  end
  return list
end

-- The cluster's stretch with the given edits made, normalised.
local function rendered(text, cluster, edits)
  local out, at = {}, cluster.start
  for _, edit in ipairs(edits) do
    out[#out + 1] = text:sub(at + 1, edit.start)
    out[#out + 1] = edit.new
    at = edit.stop
  end
  out[#out + 1] = text:sub(at + 1, cluster.stop)
  return normalise(table.concat(out))
end

-- Whether some choice of accepted readings, one a gold row, gives what the edits give.
local function reads_as_accepted(text, cluster)
  local got = rendered(text, cluster, cluster.edits)
  local chosen, tried = {}, 0
  local function choose(index)
    if index > #cluster.gold then
      tried = tried + 1
      return rendered(text, cluster, chosen) == got
    end
    local row = cluster.gold[index]
    local readings = table.move(row.accepted, 1, #row.accepted, 1, {})
    if not row.must then
      readings[#readings + 1] = text:sub(row.start + 1, row.stop)
    end
    for _, reading in ipairs(readings) do
      chosen[index] = { start = row.start, stop = row.stop, new = reading }
      if choose(index + 1) then
        return true
      elseif tried >= most_variants then
        return false
      end
    end
    return false
  end
  return choose(1)
end

local function is_accepted(row, edit)
  for _, reading in ipairs(row.accepted) do
    if normalise(reading) == normalise(edit.new) then
      return true
    end
  end
  return false
end

-- Where a stretch is not all right, a row is credited whose own words came out right.
local function rows_right(cluster)
  local right = {}
  for _, row in ipairs(cluster.gold) do
    local inside = {}
    for _, edit in ipairs(cluster.edits) do
      if edit.start >= row.start and edit.stop <= row.stop then
        inside[#inside + 1] = edit
      end
    end
    local edit = inside[1]
    if row.must and #inside == 1 and edit.start == row.start and edit.stop == row.stop
      and is_accepted(row, edit) then
      right[#right + 1] = edit
    end
  end
  return right
end

---@return integer right
---@return integer wrong
---@return integer missed
local function judge(text, cluster)
  local must = 0
  for _, row in ipairs(cluster.gold) do
    must = must + (row.must and 1 or 0)
  end
  local function mark(edits)
    for _, edit in ipairs(edits) do
      edit.right = true
    end
  end
  if #cluster.edits == 0 then
    return 0, 0, must
  elseif #cluster.gold == 0 then
    return 0, #cluster.edits, 0
  elseif reads_as_accepted(text, cluster) then
    mark(cluster.edits)
    return must, 0, 0
  end
  local right = rows_right(cluster)
  mark(right)
  return #right, #cluster.edits - #right, must - #right
end

local function show(text, cluster, name, wrong)
  local want, got = {}, {}
  for _, row in ipairs(cluster.gold) do
    want[#want + 1] = table.concat(row.accepted, "|")
  end
  for _, edit in ipairs(cluster.edits) do
    got[#got + 1] = edit.confidence and ("%s (%.2f)"):format(edit.new, edit.confidence) or edit.new
  end
  local around = text:sub(math.max(1, cluster.start - 24), cluster.stop + 15):gsub("%s+", " ")
  print(("  %s %-6s %q want [%s] got [%s]"):format(
    name, wrong and "wrong" or "missed", around, table.concat(want, ", "), table.concat(got, ", ")))
end

local bins = 10

local function print_reliability(table_of_bins)
  print("confidence  corrections  mean confidence  share right")
  for bin = 1, bins do
    local row = table_of_bins[bin]
    if row.count > 0 then
      print(("%.1f to %.1f  %11d  %15.3f  %11.3f"):format(
        (bin - 1) / bins, bin / bins, row.count, row.sum / row.count, row.right / row.count))
    end
  end
end

local function main()
  local options, rest = {}, {}
  for _, word in ipairs(arg) do
    local option = #rest == 0 and word:match("^%-%-(%l+)$")
    if option then
      options[option] = true
    elseif word ~= "--" then
      rest[#rest + 1] = word
    end
  end
  local folder = table.remove(rest, 1)
  if not folder then
    io.stderr:write("usage: score.lua [--verbose] [--reliability] [--clean] DIR [COMMAND...]\n")
    os.exit(2)
  end
  local command = #rest > 0 and rest or { here .. "/bin/unspin", "check", "--json" }

  local reliability = {}
  for bin = 1, bins do
    reliability[bin] = { count = 0, sum = 0, right = 0 }
  end
  local right, wrong, missed, words = 0, 0, 0, 0
  local suffix = options.clean and ".clean" or ".txt"
  local listing = sh.capture({ "find", folder, "-maxdepth", "1", "-name", "*" .. suffix })
  local paths = {}
  for path in (listing or ""):gmatch("[^\n]+") do
    paths[#paths + 1] = path
  end
  table.sort(paths)
  for _, path in ipairs(paths) do
    local text = assert(files.read(path))
    local name = path:match("([^/]+)%.%w+$")
    local gold = options.clean and {} or read_gold(path:sub(1, -#suffix - 1) .. ".gold.tsv", text)
    local edits = corrections_of(command, path, text)
    local tp, fp, fn = 0, 0, 0
    for _, cluster in ipairs(clusters(gold, edits)) do
      local a, b, c = judge(text, cluster)
      tp, fp, fn = tp + a, fp + b, fn + c
      if options.verbose and b + c > 0 then
        show(text, cluster, name, b > 0)
      end
    end
    for _, edit in ipairs(edits) do
      if edit.confidence then
        local row = reliability[math.min(bins, math.floor(edit.confidence * bins) + 1)]
        row.count, row.sum = row.count + 1, row.sum + edit.confidence
        row.right = row.right + (edit.right and 1 or 0)
      end
    end
    local _, count = text:gsub("%S+", "")
    print(("%-28s words %5d  right %3d  wrong %3d  missed %3d"):format(name, count, tp, fp, fn))
    right, wrong, missed, words = right + tp, wrong + fp, missed + fn, words + count
  end

  local precision = right + wrong > 0 and right / (right + wrong) or 1
  local recall = right + missed > 0 and right / (right + missed) or 1
  local f = precision + recall > 0 and 1.25 * precision * recall / (0.25 * precision + recall) or 0
  if options.reliability then
    print_reliability(reliability)
  end
  print(("precision %.3f  recall %.3f  F0.5 %.3f  wrong per 1000 words %.2f"):format(
    precision, recall, f, 1000 * wrong / math.max(words, 1)))
end

main()
