-- detect.lua [DIR]: how well `unspin check --summary` tells spun articles from clean ones: NAME.txt
-- against NAME.clean, without looking at corrections. Prints the area under the ROC curve (the
-- chance that a spun article ranks above a clean one) and the curve's points.

local folder = arg[1] or "tests/quality/articles"
local pipe = assert(io.popen(("bin/unspin check --summary %s/*.txt %s/*.clean"):format(folder, folder)))
local spun, clean = {}, {}
for line in pipe:lines() do
  local probability, rate, path = line:match("^%s*([%d.]+)%s+([%d.]+)%%.-(%S+)$")
  if path then
    -- The rate decides where the probability is rounded to the same.
    table.insert(path:match("%.txt$") and spun or clean, tonumber(probability) + tonumber(rate) / 1e4)
  end
end
pipe:close()
if #spun == 0 or #clean == 0 then
  io.stderr:write("detect.lua: ", folder, " has no pairs of NAME.txt and NAME.clean\n")
  os.exit(2)
end

local area = 0
for _, a in ipairs(spun) do
  for _, b in ipairs(clean) do
    area = area + (a > b and 1 or a == b and 0.5 or 0)
  end
end
print(("%d spun, %d clean, area under the ROC curve %.3f"):format(#spun, #clean, area / (#spun * #clean)))

local function share_from(scores, least)
  local count = 0
  for _, score in ipairs(scores) do
    count = count + (score >= least and 1 or 0)
  end
  return count / #scores
end
print("probability from   spun found   clean mistaken")
for _, least in ipairs({ 0.1, 0.5, 0.9, 0.99 }) do
  print(("%16.2f   %10.2f   %14.2f"):format(least, share_from(spun, least), share_from(clean, least)))
end
