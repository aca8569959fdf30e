-- model: a language model of one's own, from the ARPA file that KenLM or SRILM writes.

local print = require("unspin.shell.print")

local model = {
  summary = "Build a language model of your own from an ARPA file",
  example = "unspin model build corpus.arpa -o corpus.lm",
}

function model.define(command)
  command:command_target("action")
  local build = command:command("build", "Compile an ARPA file of KenLM or SRILM, order 3 to 5.")
    :epilog("Use it with UNSPIN_MODEL=FILE, or the option `model` in Neovim.")
  build:argument("arpa", "The ARPA file.")
  build:option("-o --output", "The compiled model."):argname("FILE"):count(1)
end

function model.run(args, session)
  local core = session:core()
  local built, message = core.compile_model(args.arpa, args.output)
  if not built then
    session.abort(message)
  end
  local engine
  engine, message = core.open({ model = args.output })
  if not engine then
    session.abort(message)
  end
  print(("%s: %s"):format(args.output, tostring(engine):match(", (%d+ words)")))
  return 0
end

return model
