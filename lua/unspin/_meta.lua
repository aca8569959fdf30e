---@meta unspin.core
-- Types of the compiled module, for language servers; never loaded. Expected failures return nil
-- and a message of one line; misuse raises an argument error.

---@class unspin.core
local core = {}

---Open the engine. What is not named is looked for beside the module and where packages put it.
---@param options? { model: string?, lexicon: string?, context: string? } paths
---@return unspin.Engine? engine, string? message
function core.open(options) end

---Make fixes, which are in order and do not overlap.
---@param text string
---@param fixes { start: integer, stop: integer, new: string }[]
---@return string
function core.apply(text, fixes) end

---Compile a language model (an ARPA file, or a Sphinx trie) to the form that is mapped.
---@param from string
---@param to string
---@return true?, string? message
function core.compile_model(from, to) end

---Replace a file's content, at once or not at all.
---@param path string
---@param bytes string
---@return true?, string? message
function core.replace(path, bytes) end

---@class unspin.LexiconReport counts of rows
---@field rows integer in the compiled lexicon
---@field read integer
---@field merged integer
---@field derived integer by inflection
---@field forbidden integer swaps left out
---@field bytes integer of the file

---Compile a lexicon, written in whole or not at all.
---@param path string
---@param options { sources: string[], irregulars: string, weights: string, trees: string, model: string?, check: boolean? }
---  check: name the rows that look wrong, and all malformed ones
---@return unspin.LexiconReport? report, string doubts_or_message, string? doubts one a line
function core.compile(path, options) end

---Digits that tell contents apart.
---@param bytes string
---@return string
function core.checksum(bytes) end

---Open the history of the article at a path, which must exist. The first call loads libgit2.
---@param path string
---@param options? { where: "branch"|"side"|"private"|nil, state: string? } state: of private histories
---@return unspin.History? history, string? message
function core.history(path, options) end

---May the article have a history? A quick look: true in a repository, and where a private one knows it.
---@param path string
---@return boolean
function core.has_history(path) end

---Does a stream of the process show what is written on a terminal?
---@param stream integer 0, 1 or 2
---@return boolean
function core.is_terminal(stream) end

---The folder that relative paths start from.
---@return string? folder, string? message
function core.folder() end

---@return string unspin, string? libgit2 versions, string? message why there is no history
function core.version() end

---@class unspin.Fix
---@field start integer 1-based, inclusive, in bytes, as `string.sub` takes it
---@field stop integer
---@field old string
---@field new string
---@field confidence number 0 to 1
---@field kind string
---@field reason string
---@field readings? { text: string, confidence: number }[] what else the place may have said

---@class unspin.Info of a check
---@field words integer
---@field rate number share of words that were swapped
---@field spun number probability that the text is spun at all
---@field family? string the likeliest bot, "A" and so on
---@field english boolean
---@field cut_short boolean time or memory was used up; what follows was not looked at
---@field article unspin.Article

---@class unspin.Article what the engine learnt of a whole article, to judge a part of it by
---@field words number
---@field swaps number
---@field always number
---@field level number
---@field scholarly number
---@field quoted number
---@field quoted_words number
---@field capital number
---@field capital_words number
---@field share number
---@field families number[]
---@field kinds number[]

---@class unspin.Engine
local engine = {}

---@class unspin.EngineOptions
---@field format? "text"|"markdown"
---@field threshold? number least confidence
---@field readings? boolean
---@field except? { old: string, new: string, here: boolean?, path: string? }[] swaps to leave; elsewhere each `path` counts once
---@field article? unspin.Article as an earlier check gave it; by default estimated on this text
---@field first? integer 1-based; look only at what begins from this byte
---@field last? integer to this one
---@field seconds? number give up after so long
---@field bytes? integer refuse longer texts
---@field memory? integer take at most so many bytes
---@field stop? fun(): boolean asked now and then: true, and the check fails

---@param text string UTF-8
---@param options? unspin.EngineOptions
---@return unspin.Fix[]? fixes, unspin.Info|string info_or_message
function engine:check(text, options) end

---@return number sure, number ask
function engine:thresholds() end

---@return string model, string lexicon
function engine:paths() end

---Rows of the lexicon in which a phrase is one of the two sides.
---@param phrase string
---@return table[]
function engine:lookup(phrase) end

---@class unspin.Location where the commits of an article go
---@field where "branch"|"side"|"private"
---@field git_dir string
---@field ref string
---@field path string of the article in the history's trees
---@field notice? string why not where it was asked for
---@field hint? string worth saying once

---@class unspin.Change a fix, or what takes one back
---@field start integer
---@field stop integer
---@field new string
---@field confidence? number
---@field kind? string
---@field rejects? string id of a correction's commit that this takes back
---@field refuses? string what was proposed for the words, which stay as they are

---@class unspin.Entry of the log
---@field oid string
---@field time integer
---@field offset integer minutes east of UTC
---@field author string
---@field email string
---@field old string
---@field new string
---@field path string
---@field line integer
---@field confidence number
---@field kind string
---@field excerpt string
---@field rejected boolean

---@class unspin.History
local history = {}

---Before the file is written: make the objects, so that a kill loses nothing.
---@param before string the file's bytes without the changes
---@param changes unspin.Change[]
---@return true?, string? message
function history:prepare(before, changes) end

---After the file was written: record.
---@param before string
---@param changes unspin.Change[]
---@return string[]? oids one a change, unspin.Location|string location_or_message
function history:record(before, changes) end

---Newest first.
---@param options? { all: boolean?, limit: integer? }
---@return fun(): unspin.Entry?
function history:log(options) end

---Take back one correction, in the history and in the file.
---@param oid string at least 7 digits
---@return string? oid, string? message
function history:reject(oid) end

---What was rejected, for `engine:check`.
---@return { old: string, new: string, here: boolean, path: string, oid: string }[]?, string? message
function history:excepts() end

---@return unspin.Location
function history:location() end

---The git command that shows the article's history, for a shell.
---@return string? command, string? message
function history:command() end

---An mbox of patches that `git am` takes, oldest first.
---@return string? mbox, string? message
function history:export() end

---Forget what a side or private history has from before a time.
---@param time integer seconds since 1970
---@return integer? dropped commits, string? message
function history:prune(time) end

---Paths of private histories whose articles are gone; they are removed if asked for.
---@param options? { state: string?, remove: boolean? }
---@return string[]? paths, string? message
function core.orphans(options) end

return core
