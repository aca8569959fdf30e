-- received.lua: an article as it was before its recorded corrections, out of what it says now and
-- the history.

local locate = require("unspin.locate")

---@class unspin.shell.Recorded: unspin.Fix
---@field commit unspin.shell.Commit?

-- The places in the text of now that were corrected or should be, in order, none upon another.
local function places_of(article, commits)
  local places = {}
  for _, commit in ipairs(commits) do
    local start, stop = locate.entry(article.text, commit)
    if start and not commit.rejected then
      places[#places + 1] = { start = start, stop = stop, was = commit.old, commit = commit }
    end
  end
  for _, fix in ipairs(article.fixes) do
    places[#places + 1] = { start = fix.start, stop = fix.stop, was = fix.old, fix = fix }
  end
  table.sort(places, function(a, b)
    return a.start < b.start
  end)
  local apart = {}
  for _, place in ipairs(places) do
    if #apart == 0 or place.start > apart[#apart].stop then
      apart[#apart + 1] = place
    end
  end
  return apart
end

---@param article unspin.shell.Article
---@param commits unspin.shell.Commit[]
---@return string text as received
---@return unspin.shell.Recorded[] fixes all that makes the restored text of it, recorded or proposed
return function(article, commits)
  local pieces, fixes, at, length = {}, {}, 1, 0
  local function put(piece)
    pieces[#pieces + 1] = piece
    length = length + #piece
  end
  for _, place in ipairs(places_of(article, commits)) do
    put(article.text:sub(at, place.start - 1))
    local of = place.fix or place.commit
    fixes[#fixes + 1] = {
      start = length + 1,
      stop = length + #place.was,
      old = place.was,
      new = of.new,
      confidence = of.confidence,
      kind = of.kind,
      reason = place.fix and place.fix.reason or "corrected and recorded as a commit",
      commit = place.commit,
    }
    put(place.was)
    at = place.stop + 1
  end
  put(article.text:sub(at))
  return table.concat(pieces), fixes
end
