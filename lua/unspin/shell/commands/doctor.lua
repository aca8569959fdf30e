-- doctor: what is there, what is missing, and what to do about it.

local lexicon = require("unspin.lexicon")
local files = require("unspin.shell.files")
local print = require("unspin.shell.print")
local sh = require("unspin.shell.sh")
local term = require("unspin.shell.term")

local doctor = {
  summary = "Say what unspin found of what it needs",
  example = "unspin doctor",
}

function doctor.define() end

local function first_line(words)
  local output = sh.capture(words)
  return output and output:match("[^\n]+")
end

function doctor.run(args, session)
  local paint = term.painter(args.color)
  local function good(what)
    print(paint.green("ok    ") .. what)
  end
  -- Something that unspin does without.
  local function lacks(what, advice)
    print(paint.yellow("note  ") .. what .. ": " .. advice)
  end
  local function bad(what, advice)
    print(paint.red("bad   ") .. what .. ": " .. advice)
    session.status = 2
  end

  require("cjson")
  good(_VERSION .. ", argparse and cjson")
  local loaded, core = pcall(session.core, session)
  if loaded then
    local version, libgit2, why = core.version()
    good(("unspin %s in %s"):format(version, session.root) .. (libgit2 and ", libgit2 " .. libgit2 or ""))
    if not libgit2 then
      bad("the history", why)
    end
    local engine, message = lexicon.open(core, session.root, {})
    if engine then
      good(tostring(engine))
      if message then
        bad("your own lexicon", message)
      end
      local sure, ask = engine:thresholds()
      good(("corrects from a confidence of %.2f, suggests from %.2f"):format(sure, ask))
    else
      bad("the engine", message)
    end
  else
    bad("the compiled module", core.message)
  end

  local context = files.read(session.root .. "/build/context.bin")
  if context then
    good(("build/context.bin, %d bytes"):format(#context))
  else
    bad("build/context.bin", "is missing, so words are weighed without their sentence: run `make`")
  end

  local git = first_line({ "git", "--version" })
  if git then
    good(git)
  else
    lacks("git", "is not on the PATH; articles are corrected, but -r cannot know what git ignores")
  end
  if git and not (first_line({ "git", "config", "user.name" }) and first_line({ "git", "config", "user.email" })) then
    lacks("git's identity", "is not set, so commits bear a name made up for you: set user.name and user.email")
  end
  return session.status
end

return doctor
