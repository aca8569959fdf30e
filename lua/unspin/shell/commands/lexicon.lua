-- lexicon: what a word may stand for, and what may stand for it.

local term = require("unspin.shell.term")

local lexicon = {
  summary = "Look a word or phrase up: what it can stand for, what can stand for it",
  example = "unspin lexicon local weather",
}

function lexicon.define(command)
  command:argument("word", "A word, or the words of a phrase."):args("+")
end

local notes = {
  { "always", "never right" },
  { "spun_only", "in spun text only" },
  { "name", "name" },
  { "scholarly", "scholarly" },
  { "inflected", "by inflection" },
  { "thesaurus", "by a thesaurus" },
}

local function note_of(row)
  local words = { row.seen and ("seen on %d page%s"):format(row.pages, row.pages == 1 and "" or "s") or "not seen" }
  if row.families ~= "" then
    words[#words + 1] = "bots " .. row.families
  end
  for _, note in ipairs(notes) do
    if row[note[1]] then
      words[#words + 1] = note[2]
    end
  end
  return table.concat(words, ", ")
end

local function by_pages(a, b)
  if a.pages ~= b.pages then
    return a.pages > b.pages
  elseif a.spun ~= b.spun then
    return a.spun < b.spun
  end
  return a.original < b.original
end

function lexicon.run(args, session)
  local phrase = table.concat(args.word, " ")
  local paint = term.painter(args.color)
  local rows = session:engine():lookup(phrase)
  if #rows == 0 and phrase:lower() ~= phrase then
    rows = session:engine():lookup(phrase:lower())
  end
  if #rows == 0 then
    session:fail(("'%s' is not in the lexicon"):format(phrase))
    return session.status
  end
  table.sort(rows, by_pages)
  for _, row in ipairs(rows) do
    print(("%s → %s  %s"):format(paint.red(row.spun), paint.green(row.original), paint.dim(note_of(row))))
  end
  return 0
end

return lexicon
