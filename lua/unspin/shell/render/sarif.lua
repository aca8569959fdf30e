-- sarif.lua: SARIF 2.1.0 (OASIS), which code-review tools show beside the lines.

local Lines = require("unspin.shell.lines")
local json = require("unspin.shell.json")
local print = require("unspin.shell.print")

local Sarif = {}
Sarif.__index = Sarif

local rules = {
  substitution = "One word or phrase was put for another",
  name = "A proper name was altered",
  number = "A number or date was altered",
  contraction = "Words were contracted or drawn apart",
  artefact = "Damage that a rewriting bot left",
  scholarly = "A tortured phrase for a term of art",
}

-- Above this a correction is a warning, below a note.
local sure = 0.9

function Sarif.new(options)
  return setmetatable({ version = options.core.version(), results = {} }, Sarif)
end

local function uri(path)
  return (path:sub(1, 1) == "/" and "file://" or "") .. (path:gsub("[^%w%-%._~/]", function(char)
    return ("%%%02X"):format(char:byte())
  end))
end

local function region(lines, fix)
  local line, column = lines:position(fix.start)
  local end_line, end_column = lines:position(fix.stop + 1)
  return json.object(
    { "startLine", line },
    { "startColumn", column },
    { "endLine", end_line },
    { "endColumn", end_column },
    { "byteOffset", fix.start - 1 },
    { "byteLength", fix.stop - fix.start + 1 }
  )
end

---@param article unspin.shell.Article
function Sarif:article(article)
  local lines = Lines.new(article.text)
  local artifact = json.object({ "uri", uri(article.path) })
  for _, fix in ipairs(article.fixes) do
    local place = region(lines, fix)
    local message = ("%s → %s: %s"):format(fix.old, fix.new, fix.reason)
    self.results[#self.results + 1] = json.object(
      { "ruleId", fix.kind },
      { "level", fix.confidence >= sure and "warning" or "note" },
      { "message", json.object({ "text", message }) },
      { "rank", fix.confidence * 100 },
      { "locations", json.array({
        json.object({ "physicalLocation", json.object({ "artifactLocation", artifact }, { "region", place }) }),
      }) },
      { "fixes", json.array({
        json.object({ "artifactChanges", json.array({
          json.object({ "artifactLocation", artifact }, { "replacements", json.array({
            json.object(
              { "deletedRegion", place },
              { "insertedContent", json.object({ "text", fix.new }) }
            ),
          }) }),
        }) }),
      }) }
    )
  end
end

function Sarif:finish()
  local kinds, descriptions = {}, {}
  for kind in pairs(rules) do
    kinds[#kinds + 1] = kind
  end
  table.sort(kinds)
  for i, kind in ipairs(kinds) do
    descriptions[i] = json.object(
      { "id", kind },
      { "shortDescription", json.object({ "text", rules[kind] }) }
    )
  end
  local driver = json.object(
    { "name", "unspin" },
    { "version", self.version },
    { "rules", json.array(descriptions) }
  )
  print(json.encode(json.object(
    { "$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json" },
    { "version", "2.1.0" },
    { "runs", json.array({
      json.object(
        { "tool", json.object({ "driver", driver }) },
        { "columnKind", "unicodeCodePoints" },
        { "results", json.array(self.results) }
      ),
    }) }
  )))
end

return Sarif
