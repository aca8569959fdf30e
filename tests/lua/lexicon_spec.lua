-- The lexicon as it is compiled for use: its sources are sound, and it knows what each bot is known for.

local core = require("unspin.core")

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1; echo $?"))
  local output = pipe:read("*a")
  pipe:close()
  local text, status = output:match("^(.-)(%d+)\n$")
  return tonumber(status), text
end

describe("the lexicon's sources", function()
  it("hold no row that looks wrong", function()
    local status, text = run("make --no-print-directory lexicon-check")
    assert.equal(0, status, text)
  end)

  it("have one header line each that names the source", function()
    for path in io.popen("ls data/lexicon/*.tsv"):lines() do
      local first = assert(io.open(path)):read("*l")
      assert.matches("^# .*Columns: spun, original, pages, part of speech, condition, families%.$", first, path)
    end
  end)
end)

describe("an engine with it", function()
  local engine = assert(core.open({}))

  local function restored(text)
    return core.apply(text, assert(engine:check(text)))
  end

  it("restores phrases that are wrong English anywhere, in their form", function()
    local text = restored(
      "The doctor looked at the pores and skin of her arm. Counterfeit consciousness and profound learning found "
        .. "the bosom malignancy. Native authorities closed the white home. He got here again on the finish of the "
        .. "12 months, and the federal authorities mentioned that extra individuals purchased the brand new recreation."
    )
    assert.matches("the skin of her arm", text, 1, true)
    assert.matches("Artificial intelligence and deep learning", text, 1, true)
    assert.matches("breast cancer", text, 1, true)
  end)
end)
