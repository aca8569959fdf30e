-- page.lua: one self-contained page on some articles: no script, nothing from a network.

local html = require("unspin.shell.report.html")
local wilson = require("unspin.shell.wilson")

local page = {}

local element = html.element

local function void(name, attributes)
  return { markup = (element(name, attributes).markup:gsub("</%w+>$", "")) }
end

local function level(confidence)
  return confidence >= 0.9 and "sure" or confidence >= 0.6 and "likely" or "doubtful"
end

local function percent(share)
  return ("%.0f%%"):format(100 * share)
end

-- --- the text --------------------------------------------------------------------------------

---@class unspin.shell.Paragraph
---@field start integer
---@field stop integer
---@field fixes unspin.Fix[]

---@param article unspin.shell.Article
---@return unspin.shell.Paragraph[]
local function paragraphs_of(article)
  local text, list, at, next_fix = article.text, {}, 1, 1
  while at <= #text do
    local gap, after = text:match("()\r?\n[ \t\r]*\n%s*()", at)
    local stop = (gap or #text + 1) - 1
    local paragraph = { start = at, stop = stop, fixes = {} }
    local fix = article.fixes[next_fix]
    while fix and (fix.start <= stop or not gap) do
      -- A correction across two paragraphs would be shown once, in the first.
      paragraph.stop = math.max(paragraph.stop, fix.stop)
      table.insert(paragraph.fixes, fix)
      next_fix = next_fix + 1
      fix = article.fixes[next_fix]
    end
    if text:find("%S", at) then
      list[#list + 1] = paragraph
    end
    at = math.max(after or #text + 1, paragraph.stop + 1)
  end
  return list
end

local function fix_node(fix)
  local tip = ("%s (confidence %.2f)"):format(fix.reason, fix.confidence)
  local label = ("%s, restored to %s: %s"):format(fix.old, fix.new, tip)
  return element("span", {
    { "class", "fix " .. level(fix.confidence) },
    { "tabindex", 0 },
    { "role", "note" },
    { "aria-label", label },
  }, element("del", {}, fix.old), element("ins", {}, fix.new),
    element("span", { { "class", "tip" }, { "aria-hidden", "true" } }, tip))
end

local function text_node(article, paragraphs, class, id, label)
  local nodes = {}
  for number, paragraph in ipairs(paragraphs) do
    local children, at = {}, paragraph.start
    for _, fix in ipairs(paragraph.fixes) do
      children[#children + 1] = { markup = html.escape(article.text:sub(at, fix.start - 1)) }
      children[#children + 1] = fix_node(fix)
      at = fix.stop + 1
    end
    children[#children + 1] = { markup = html.escape(article.text:sub(at, paragraph.stop)) }
    nodes[number] = element("p", { { "id", id and ("%s-p%d"):format(id, number) } }, children)
  end
  return element("div", { { "class", "text " .. class }, { "role", "region" }, { "aria-label", label } }, nodes)
end

local views = {
  { "both", "Both wordings" },
  { "received", "As received" },
  { "restored", "As restored" },
  { "side", "Side by side" },
}

local function switch(id)
  local children = { element("legend", {}, "Show") }
  for i, view in ipairs(views) do
    children[#children + 1] = element("label", {},
      void("input", {
        { "type", "radio" },
        { "name", id .. "-view" },
        { "class", "view-" .. view[1] },
        { "checked", i == 1 or nil },
      }), " " .. view[2])
  end
  return element("fieldset", {}, children)
end

-- --- figures ---------------------------------------------------------------------------------

local function facts(pairs_of)
  local nodes = {}
  for i, fact in ipairs(pairs_of) do
    nodes[i] = element("div", {}, element("dt", {}, fact[1]), element("dd", {}, fact[2]))
  end
  return element("dl", { { "class", "facts" } }, nodes)
end

local function article_facts(article)
  local info = article.info
  local low, high = wilson.interval(info.rate, info.words)
  return facts({
    { "Corrections", #article.fixes },
    { "Words", info.words },
    { "Words swapped (estimate)", ("%s (%s to %s)"):format(percent(info.rate), percent(low), percent(high)) },
    { "Probability of spinning", ("%.2f"):format(info.spun) },
    { "Likeliest bot", info.family and "family " .. info.family or "unknown" },
  })
end

-- Bars of corrections per 100 words, one a paragraph, each a link to it.
local function chart(article, paragraphs, id)
  local bars, highest = {}, 1
  local rates = {}
  for i, paragraph in ipairs(paragraphs) do
    local _, words = article.text:sub(paragraph.start, paragraph.stop):gsub("%S+", "")
    rates[i] = 100 * #paragraph.fixes / math.max(words, 1)
    highest = math.max(highest, rates[i])
  end
  local step = 1000 / math.max(#paragraphs, 8)
  for i, rate in ipairs(rates) do
    local label = ("Paragraph %d: %d corrections, %.0f in 100 words"):format(i, #paragraphs[i].fixes, rate)
    local height = 90 * rate / highest
    bars[i] = element("a", { { "href", ("#%s-p%d"):format(id, i) }, { "aria-label", label } },
      element("rect", {
        { "x", ("%.1f"):format((i - 1) * step + step * 0.1) },
        { "y", ("%.1f"):format(95 - math.max(height, 1)) },
        { "width", ("%.1f"):format(step * 0.8) },
        { "height", ("%.1f"):format(math.max(height, 1)) },
      }, element("title", {}, label)))
  end
  return element("figure", {},
    element("svg", { { "viewBox", "0 0 1000 100" }, { "preserveAspectRatio", "none" }, { "role", "group" },
      { "aria-label", "Corrections in each paragraph" } },
      element("line", { { "x1", 0 }, { "y1", 95.5 }, { "x2", 1000 }, { "y2", 95.5 } }), bars),
    element("figcaption", {},
      ("Corrections per 100 words in each paragraph; the highest bar is %.0f."):format(highest)))
end

local function table_node(head, rows)
  local cells = {}
  for i, title in ipairs(head) do
    cells[i] = element("th", { { "scope", "col" }, { "class", title.number and "number" or nil } }, title[1])
  end
  local body = {}
  for i, row in ipairs(rows) do
    local columns = {}
    for j, cell in ipairs(row) do
      columns[j] = element("td", { { "class", head[j].number and "number" or nil } }, cell)
    end
    body[i] = element("tr", {}, columns)
  end
  return element("div", { { "class", "scroll" }, { "tabindex", "0" }, { "role", "group" },
    { "aria-label", "table" } },
    element("table", {}, element("thead", {}, element("tr", {}, cells)), element("tbody", {}, body)))
end

local most_swaps = 12

local function frequent_swaps(article)
  local counts, swaps = {}, {}
  for _, fix in ipairs(article.fixes) do
    local key = fix.old:lower() .. "\0" .. fix.new:lower()
    if not counts[key] then
      counts[key] = { old = fix.old:lower(), new = fix.new:lower(), count = 0, place = #swaps }
      swaps[#swaps + 1] = counts[key]
    end
    counts[key].count = counts[key].count + 1
  end
  table.sort(swaps, function(a, b)
    if a.count ~= b.count then
      return a.count > b.count
    end
    return a.place < b.place
  end)
  local rows = {}
  for i = 1, math.min(most_swaps, #swaps) do
    local swap = swaps[i]
    rows[i] = { element("del", {}, swap.old), element("ins", {}, swap.new), swap.count }
  end
  return table_node({ { "As received" }, { "Restored" }, { "Times", number = true } }, rows)
end

-- --- the history -----------------------------------------------------------------------------

---@class unspin.shell.Commit
---@field oid string
---@field link string?
---@field old string
---@field new string
---@field line integer
---@field confidence number
---@field rejected boolean

---@param commits unspin.shell.Commit[]
local function history_node(commits)
  local rows = {}
  for i, commit in ipairs(commits) do
    local short = commit.oid:sub(1, 10)
    rows[i] = {
      commit.link and element("a", { { "href", commit.link } }, short) or element("code", {}, short),
      commit.line,
      element("del", {}, commit.old),
      element("ins", {}, commit.new),
      ("%.2f"):format(commit.confidence),
      commit.rejected and "taken back" or "",
    }
  end
  return { element("h3", {}, "Corrections recorded so far"), table_node({ { "Commit" }, { "Line", number = true },
    { "As received" }, { "Restored" }, { "Confidence", number = true }, { "" } }, rows) }
end

-- --- the page --------------------------------------------------------------------------------

---@class unspin.shell.ReportEntry: unspin.shell.Article
---@field commits unspin.shell.Commit[]

local function name_of(article)
  return article.path == "-" and "standard input" or article.path
end

---@param article unspin.shell.ReportEntry
---@param number integer
---@param alone boolean
local function article_node(article, number, alone)
  local id = "a" .. number
  local paragraphs = paragraphs_of(article)
  local children = { element("h2", { { "id", id } }, alone and "In figures" or name_of(article)), article_facts(article) }
  local function add(node)
    children[#children + 1] = node
  end
  local corrected = #article.fixes > 0
  if corrected then
    add(chart(article, paragraphs, id))
  end
  add(element("h3", {}, "The text"))
  if corrected then
    add(switch(id))
  end
  add(element("div", { { "class", "texts" } },
    text_node(article, paragraphs, "first", id, "Text"),
    corrected and text_node(article, paragraphs, "second", nil, "Text as restored") or {}))
  if corrected then
    add(element("h3", {}, "Most frequent swaps"))
    add(frequent_swaps(article))
  end
  if #article.commits > 0 then
    add(history_node(article.commits))
  end
  return element("article", { { "aria-labelledby", id } }, children)
end

---@param articles unspin.shell.ReportEntry[]
---@param options { style: string, version: string, date: string }
---@return string
function page.render(articles, options)
  local nodes, total, links = {}, 0, {}
  for i, article in ipairs(articles) do
    nodes[i] = article_node(article, i, #articles == 1)
    total = total + #article.fixes
    links[i] = element("li", {}, element("a", { { "href", "#a" .. i } }, name_of(article)),
      (": %d corrections"):format(#article.fixes))
  end
  local title = #articles == 1 and "Restored wording of " .. name_of(articles[1]) or "Restored wording"
  local head = element("head", {},
    void("meta", { { "charset", "utf-8" } }),
    void("meta", { { "name", "viewport" }, { "content", "width=device-width, initial-scale=1" } }),
    void("meta", {
      { "http-equiv", "Content-Security-Policy" },
      { "content", "default-src 'none'; style-src 'unsafe-inline'" },
    }),
    element("title", {}, title),
    { markup = "<style>" .. options.style .. "</style>" })
  local body = element("body", {}, element("main", {},
    element("h1", {}, title),
    element("p", { { "class", "made-by" } },
      ("Found by unspin %s on %s. A confidence of 0.90 means that nine in ten such corrections are right; "
        .. "each is a proposal to be checked by a reader."):format(options.version, options.date)),
    element("p", { { "class", "made-by" } },
      element("span", { { "class", "sure" } }, element("ins", {}, "from 0.90")), ", ",
      element("span", { { "class", "likely" } }, element("ins", {}, "from 0.60")), ", ",
      element("span", { { "class", "doubtful" } }, element("ins", {}, "below")),
      "; why: point at a correction, or reach it with the Tab key."),
    #articles > 1 and element("nav", { { "aria-label", "Articles" } }, element("ul", {}, links)) or {},
    nodes))
  return "<!DOCTYPE html>\n" .. element("html", { { "lang", "en" } }, head, body).markup .. "\n"
end

return page
