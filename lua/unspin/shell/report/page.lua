-- page.lua: one self-contained page on some articles: no script, nothing from a network.

local Lines = require("unspin.shell.lines")
local files = require("unspin.shell.files")
local html = require("unspin.shell.report.html")
local wilson = require("unspin.shell.wilson")

local page = {}

local element = html.element

local function void(name, attributes)
  return { markup = (element(name, attributes).markup:gsub("</%w+>$", "")) }
end

local function level(confidence)
  local shown = math.floor(confidence * 100 + 0.5) -- as it is printed beside
  return shown >= 90 and "sure" or shown >= 60 and "likely" or "doubtful"
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

local function is_heading(article, paragraph)
  return files.format(article.path) == "markdown"
    and article.text:sub(paragraph.start, paragraph.stop):find("^#+ [^\n]*$") ~= nil
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
    nodes[number] = element("p", {
      { "id", id and ("%s-p%d"):format(id, number) },
      { "class", is_heading(article, paragraph) and "heading" or nil },
    }, children)
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

-- What the figures say, for a reader who never heard of such bots.
local function verdict(article)
  local info = article.info
  local judgement = not info.english and "This text is not in English, so it was not judged."
    or info.spun >= 0.95 and "This text was almost certainly spun"
    or info.spun >= 0.5 and "This text was probably spun"
    or "Nothing says that this text was spun"
  if info.english and info.spun >= 0.5 then
    judgement = ("%s: about %.0f of 100 words are not the original ones."):format(judgement, 100 * info.rate)
  elseif info.english then
    judgement = judgement .. "."
  end
  return element("p", { { "class", "verdict" } }, judgement)
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
local function chart(paragraphs, article, id)
  local bars, rates, highest = {}, {}, 1
  for i, paragraph in ipairs(paragraphs) do
    local _, words = article.text:sub(paragraph.start, paragraph.stop):gsub("%S+", "")
    rates[i] = 100 * #paragraph.fixes / math.max(words, 1)
    highest = math.max(highest, rates[i])
  end
  for i, rate in ipairs(rates) do
    local count = #paragraphs[i].fixes
    local label = ("Paragraph %d: %d correction%s, %.0f in 100 words"):format(i, count, count == 1 and "" or "s", rate)
    bars[i] = element("li", {}, element("a", {
      { "href", ("#%s-p%d"):format(id, i) },
      { "aria-label", label },
      { "title", label },
      { "style", ("height:%.1f%%"):format(100 * rate / highest) },
    }, element("span", { { "aria-hidden", "true" } }, ("%.0f"):format(rate))))
  end
  return element("figure", {},
    element("ol", { { "class", #paragraphs <= 30 and "chart" or "chart many" },
      { "aria-label", "Corrections in each paragraph" } }, bars),
    element("figcaption", {}, "Corrections per 100 words, paragraph by paragraph"
      .. (#paragraphs > 30 and ("; the highest bar is %.0f"):format(highest) or "")))
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
  return table_node({ { "As received" }, { "Restored" }, { "Times", number = true } }, rows), #swaps
end

---@class unspin.shell.Commit
---@field oid string
---@field link string?
---@field old string
---@field new string
---@field line integer
---@field confidence number
---@field rejected boolean

---@param commit unspin.shell.Commit?
local function commit_node(commit)
  if not commit then
    return "to be made"
  end
  local short = commit.oid:sub(1, 10)
  return commit.link and element("a", { { "href", commit.link } }, short) or element("code", {}, short)
end

-- For print, where nothing can be pointed at, and for whoever wants to quote them.
---@param article unspin.shell.ReportEntry
local function all_corrections(article)
  local recorded = #article.commits > 0
  local lines, rows = Lines.new(article.text), {}
  for i, fix in ipairs(article.fixes) do
    rows[i] = {
      lines:line(fix.start),
      element("del", {}, fix.old),
      element("span", { { "class", level(fix.confidence) } }, element("ins", {}, fix.new)),
      ("%.2f"):format(fix.confidence),
      recorded and commit_node(fix.commit) or fix.reason,
    }
  end
  return table_node({ { "Line", number = true }, { "As received" }, { "Restored" },
    { "Confidence", number = true }, { recorded and "Commit" or "Why" } }, rows)
end

---@param article unspin.shell.ReportEntry
local function taken_back(article)
  local rows = {}
  for _, commit in ipairs(article.commits) do
    if commit.rejected then
      rows[#rows + 1] = { commit.line, commit.old, commit.new, commit_node(commit) }
    end
  end
  return #rows > 0 and { element("h3", {}, "Taken back by a reader"),
    table_node({ { "Line", number = true }, { "Stays" }, { "Was restored to" }, { "Commit" } }, rows) } or {}
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
  local children = { element("h2", { { "id", id } }, alone and "In short" or name_of(article)),
    verdict(article), article_facts(article) }
  local function add(node)
    children[#children + 1] = node
  end
  local corrected = #article.fixes > 0
  if corrected then
    add(chart(paragraphs, article, id))
  end
  add(element("h3", {}, "The text"))
  if corrected then
    add(switch(id))
  end
  add(element("div", { { "class", "texts" } },
    text_node(article, paragraphs, "first", id, "Text"),
    corrected and text_node(article, paragraphs, "second", nil, "Text as restored") or {}))
  if corrected then
    local swaps, different = frequent_swaps(article)
    add(element("h3", {}, ("Most frequent swaps, of %d"):format(different)))
    add(swaps)
    add(element("h3", {}, "All corrections"))
    add(all_corrections(article))
  end
  add(taken_back(article))
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
    element("p", {}, "A spun text is one in which a program put other words for the original ones, so that the "
      .. "copy would not be found. Below, the words as received are struck out, and what they most likely stood "
      .. "for is beside them."),
    element("p", { { "class", "made-by" } }, "Confidence: ",
      element("span", { { "class", "sure" } }, element("ins", {}, "0.90 and more")), " ",
      element("span", { { "class", "likely" } }, element("ins", {}, "0.60 and more")), " ",
      element("span", { { "class", "doubtful" } }, element("ins", {}, "less")),
      ". Of corrections with 0.90, nine in ten are right. ",
      element("span", { { "class", "screen" } }, "Point at one, or reach it with the Tab key, to see why."),
      (" Found by unspin %s on %s; each is a proposal that a reader should check."):format(options.version, options.date)),
    #articles > 1 and element("nav", { { "aria-label", "Articles" } }, element("ul", {}, links)) or {},
    nodes))
  return "<!DOCTYPE html>\n" .. element("html", { { "lang", "en" } }, head, body).markup .. "\n"
end

return page
