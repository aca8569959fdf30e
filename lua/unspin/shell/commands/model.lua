-- model: a language model of one's own, from the ARPA file that KenLM or SRILM writes.

local print = require("unspin.shell.print")

local model = {
  summary = "Build a language model of your own from an ARPA file",
  example = "unspin model build corpus.arpa -o corpus.lm",
}

function model.define(command)
  command:command_target("action")
  local build = command:command("build", "Compile an ARPA file of KenLM or SRILM, order 3 to 5.")
    :epilog("Use it with UNSPIN_MODEL=FILE, or the option `model` in Neovim.\n\n"
      .. "Example: unspin model build corpus.arpa -o corpus.lm")
  build:argument("arpa", "The ARPA file.")
  build:option("-o --output", "The compiled model."):argname("FILE"):count(1)
end

local least_order, most_order = 3, 5

-- The order that an ARPA file's head tells; nil for what is none.
local function order_of(path)
  local file = io.open(path)
  local order
  for line in file and file:lines() or function() end do
    order = tonumber(line:match("^ngram (%d)=")) or order
    if line:find("-grams:", 1, true) or #line > 1000 then
      break
    end
  end
  if file then
    file:close()
  end
  return order
end

function model.run(args, session)
  local core = session:core()
  local order = order_of(args.arpa)
  if order and order < least_order then
    session.abort(("%s is of order %d; unspin needs %d to %d (lmplz -o %d)"):format(
      args.arpa, order, least_order, most_order, least_order))
  elseif order and order > most_order then
    session.warn(("%s is of order %d; what is longer than %d words is passed over"):format(args.arpa, order, most_order))
  end
  local built, message = core.compile_model(args.arpa, args.output)
  if not built then
    session.abort(message)
  end
  local engine
  engine, message = core.open({ model = args.output })
  if not engine then
    session.abort(message)
  end
  print(("%s: %s, order %d"):format(args.output, tostring(engine):match(", (%d+ words)"), math.min(order, most_order)))
  return 0
end

return model
