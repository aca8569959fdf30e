-- lexicon: what a word may stand for, and the user's own pairs.

local own = require("unspin.lexicon")
local files = require("unspin.shell.files")
local print = require("unspin.shell.print")
local sh = require("unspin.shell.sh")
local term = require("unspin.shell.term")

local lexicon = {
  summary = "Look words up, add or forbid pairs, compile a lexicon",
  example = "unspin lexicon local weather",
  epilog = "Your own pairs are in unspin/lexicon.tsv in $XDG_CONFIG_HOME (~/.config); the command and Neovim use them.\n"
    .. "Without look, add and so on, the words are looked up; a phrase that begins with one of these needs look.",
  default = "look", -- what `unspin lexicon WORD` means
}

-- --- look ------------------------------------------------------------------------------------

local notes = {
  { "always", "never right" },
  { "spun_only", "in spun text only" },
  { "name", "name" },
  { "scholarly", "scholarly" },
  { "inflected", "by inflection" },
  { "thesaurus", "by a thesaurus" },
}

-- The share says how often the phrase stands for this original rather than for another.
local function note_of(row, yours)
  local words = { ("%.0f%%"):format(100 * row.share) }
  if yours then
    words[2] = "yours"
  else
    words[2] = row.seen and ("seen on %d page%s"):format(row.pages, row.pages == 1 and "" or "s") or "not seen"
  end
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

local function key(spun, original)
  return spun:lower() .. "\t" .. original:lower()
end

local function print_pair(paint, spun, original, note)
  print(("%s → %s  %s"):format(paint.red(spun), paint.green(original), paint.dim(note)))
end

local function look(args, session)
  local phrase = table.concat(args.word, " ")
  local paint = term.painter(args.color)
  local rows = session:engine():lookup(phrase)
  if #rows == 0 and phrase:lower() ~= phrase then
    rows = session:engine():lookup(phrase:lower())
  end
  local yours, forbidden = {}, {}
  for _, pair in ipairs(own.own()) do
    yours[key(pair.spun, pair.original)] = true
    if pair.condition == "never" and (pair.spun == phrase or pair.original == phrase) then
      forbidden[#forbidden + 1] = pair
    end
  end
  if #rows + #forbidden == 0 then
    session:fail(("'%s' is not in the lexicon"):format(phrase))
    return session.status
  end
  table.sort(rows, by_pages)
  for _, row in ipairs(rows) do
    print_pair(paint, row.spun, row.original, note_of(row, yours[key(row.spun, row.original)]))
  end
  for _, pair in ipairs(forbidden) do
    print_pair(paint, pair.spun, pair.original, "forbidden by you")
  end
  return 0
end

-- --- the user's own pairs --------------------------------------------------------------------

local head = "# Your own pairs, as `unspin lexicon add` and `forbid` write them; the columns are those of unspin's "
  .. "data/lexicon: spun, original, pages, part of speech, condition, families.\n"

-- Ends the run if no text can ever match a row; other doubts about it are told.
local function check_row(session, row)
  local source, compiled = session:temporary_file(), session:temporary_file()
  local file = assert(io.open(source, "w"))
  file:write(row)
  file:close()
  local report, message, doubts = own.compile(session:core(), session.root, compiled, {
    sources = { source },
    alone = true,
    check = true,
  })
  local doubt = (report and message or doubts or ""):match("^.-:%d+: ([^\n]*)")
  if not report or report.rows + report.forbidden == 0 then
    session.abort(doubt or message)
  elseif doubt then
    session.warn(doubt)
  end
end

-- Writes the user's file anew without a pair, and with a row if one is given.
local function change(session, spun, original, row)
  local path = own.path()
  local before = files.read(path)
  local kept = { before and "" or head }
  for line in (before or ""):gmatch("[^\n]+") do
    local a, b = line:match("^([^\t]*)\t([^\t]*)")
    if not a or key(a, b) ~= key(spun, original) then
      kept[#kept + 1] = line .. "\n"
    end
  end
  kept[#kept + 1] = row
  if not before then
    sh.capture({ "mkdir", "-p", (path:gsub("/[^/]*$", "")) })
    local created, why = io.open(path, "a")
    if not created then
      session.abort(why)
    end
    created:close()
  end
  local written, message = session:core().replace(path, table.concat(kept))
  if not written then
    session.abort(message)
  end
  session:engine() -- compiles, so that nobody waits for it later
end

-- Without something between the two phrases nobody could tell where the second begins, nor whether
-- `unspin lexicon add up to` is about the pair up → to or the phrase "add up to".
local arrow = "→"
local arrows = { [arrow] = true, ["->"] = true, ["--"] = true }
local names_pair = { add = true, forbid = true, remove = true }

---@return string spun
---@return string original
local function pair_of(args, session)
  local phrases = { {}, {} }
  local at = 1
  for _, word in ipairs(args.words) do
    if word == arrow then
      at = at + 1
    else
      table.insert(phrases[at] or {}, word)
    end
  end
  local spun, original = table.concat(phrases[1], " "), table.concat(phrases[2], " ")
  if at ~= 2 or spun == "" or original == "" then
    session.abort(("put -- between the two: unspin lexicon %s SPUN -- ORIGINAL; to look up '%s %s': unspin lexicon look %s %s")
      :format(args.action, args.action, table.concat(args.words, " "), args.action, table.concat(args.words, " ")))
  elseif (spun .. original):find("%c") then
    session.abort("a word or phrase of the lexicon has no control characters")
  end
  return spun, original
end

local function write_row(session, spun, original, pages, part, condition)
  local row = ("%s\t%s\t%d\t%s\t%s\t\n"):format(spun, original, pages, part, condition)
  check_row(session, row)
  change(session, spun, original, row)
end

local function add(args, session)
  local spun, original = pair_of(args, session)
  write_row(session, spun, original, args.pages, args.part, args.always and "always" or "only in spun text")
  print(("%s → %s is added to %s"):format(spun, original, own.path()))
  return 0
end

local function forbid(args, session)
  local spun, original = pair_of(args, session)
  write_row(session, spun, original, 0, "phrase", "never")
  print(("%s → %s is not proposed any more"):format(spun, original))
  return 0
end

local function remove(args, session)
  local spun, original = pair_of(args, session)
  local there = false
  for _, pair in ipairs(own.own()) do
    there = there or key(pair.spun, pair.original) == key(spun, original)
  end
  if not there then
    session.abort(("%s → %s is not in %s"):format(spun, original, own.path()))
  end
  change(session, spun, original)
  print(("%s → %s is removed from %s"):format(spun, original, own.path()))
  return 0
end

local function show(args)
  local paint = term.painter(args.color)
  for _, pair in ipairs(own.own()) do
    print_pair(paint, pair.spun, pair.original, pair.condition == "never" and "forbidden" or pair.condition)
  end
  return 0
end

-- --- compile ---------------------------------------------------------------------------------

local function compile(args, session)
  local sources = args.source
  if not args.alone and files.read(own.path()) then
    table.insert(sources, 1, own.path())
  end
  local report, message, doubts = own.compile(session:core(), session.root, args.output, {
    sources = sources,
    alone = args.alone,
    check = args.check,
  })
  print(report and message or doubts, "")
  if not report then
    session.abort(message)
  end
  print(("%s: %d rows (%d read, %d of them merged, %d derived, %d forbidden)"):format(
    args.output, report.rows, report.read, report.merged, report.derived, report.forbidden))
  return 0
end

-- --- the command -----------------------------------------------------------------------------

local runs = { look = look, add = add, forbid = forbid, remove = remove, list = show, compile = compile }

local function number_of_pages(text)
  local number = math.tointeger(tonumber(text))
  if not number or number < 0 or number > 65535 then
    return nil, ("'%s' is not a number of pages"):format(text)
  end
  return number
end

-- To argparse `--` would be the end of the options, and `->` an option.
function lexicon.prepare(arguments)
  local prepared, in_pair = {}, false
  for i, word in ipairs(arguments) do
    prepared[i] = in_pair and arrows[word] and arrow or word
    in_pair = in_pair or names_pair[word]
  end
  return prepared
end

function lexicon.define(command)
  command:command_target("action")
  local words = command:command("look", "Say what a word or phrase can stand for, and what can stand for it.")
    :epilog("Example: unspin lexicon look local weather")
  words:argument("word", "A word, or the words of a phrase."):args("+")

  local function pair(name, summary, options, example)
    local action = command:command(name, summary)
      :usage(("Usage: unspin lexicon %s [-h] %sSPUN -- ORIGINAL"):format(name, options))
      :epilog(("Example: unspin lexicon %s %s"):format(name, example))
    action:argument("words", "What bots write, -- or an arrow, what it stands for."):args("+")
    return action
  end
  local addition = pair("add", "Add a pair: the first is corrected to the second.",
    "[-p PART] [-a] [--pages N] ", "--part noun quorum -- council")
  addition:option("-p --part", "noun, verb or adj, which stand for all their forms; adv, prep, conj, phrase or name.", "phrase")
    :choices({ "noun", "verb", "adj", "adv", "prep", "conj", "phrase", "name" }):argname("PART")
  addition:flag("-a --always", "The first is wrong English anywhere, not only in spun text.")
  addition:option("--pages", "Weigh it as if seen on so many pages.", "3"):argname("N"):convert(number_of_pages)
  pair("forbid", "Forbid a pair and its forms: it is never proposed.", "", "local weather -- climate")
  pair("remove", "Remove a pair that you added or forbade.", "", "local weather -- climate")
  command:command("list", "List your own pairs."):epilog("Example: unspin lexicon list")

  local compilation = command:command("compile", "Compile unspin's sources, your own pairs and other files of rows.")
    :epilog("Use it with UNSPIN_LEXICON=FILE, or the option `lexicon` in Neovim; it stands alone then.\n\n"
      .. "Example: unspin lexicon compile -o group.lex group.tsv")
  compilation:argument("source", "More rows, in the form of data/lexicon/*.tsv."):args("*")
  compilation:option("-o --output", "The compiled lexicon."):argname("FILE"):count(1)
  compilation:flag("--alone", "The named files only.")
  compilation:flag("--check", "Name rows that look wrong.")
end

function lexicon.run(args, session)
  return runs[args.action](args, session)
end

return lexicon
