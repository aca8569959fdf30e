-- summary.lua: one line an article, the likeliest spun first: screening without restoring.

local print = require("unspin.shell.print")
local wilson = require("unspin.shell.wilson")

local Summary = {}
Summary.__index = Summary

function Summary.new(options)
  return setmetatable({ paint = options.paint, rows = {} }, Summary)
end

---@param article unspin.shell.Article
function Summary:article(article)
  local info = article.info
  local low, high = wilson.interval(info.rate, info.words)
  self.rows[#self.rows + 1] = {
    spun = info.spun,
    rate = info.rate,
    path = article.path,
    line = ("%6.3f  %5.1f%%  %5.1f%% to %4.1f%%  %-6s  %11d  %7d  %s"):format(
      info.spun, 100 * info.rate, 100 * low, 100 * high,
      info.english and info.family or (info.english and "-" or "not en"),
      #article.fixes, info.words, article.path),
  }
end

function Summary:finish()
  table.sort(self.rows, function(a, b)
    if a.spun ~= b.spun then
      return a.spun > b.spun
    elseif a.rate ~= b.rate then
      return a.rate > b.rate
    end
    return a.path < b.path
  end)
  print(self.paint.bold("  spun    rate  95% interval    family  corrections    words  article"))
  for _, row in ipairs(self.rows) do
    print(row.spun >= 0.5 and self.paint.yellow(row.line) or row.line)
  end
end

return Summary
