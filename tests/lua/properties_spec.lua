-- What holds of the corrections of any article, tried on those in tests/quality/articles.

local core = require("unspin.core")

local engine = assert(core.open({}))

local articles = {}
do
  local pipe = assert(io.popen("ls tests/quality/articles/*.txt"))
  for path in pipe:lines() do
    local file = assert(io.open(path, "rb"))
    articles[path:match("([^/]+)%.txt$")] = file:read("*a")
    file:close()
  end
  pipe:close()
end

local function each_article(check)
  for name, text in pairs(articles) do
    for _, format in ipairs({ "text", "markdown" }) do
      check(text, { format = format }, ("%s as %s"):format(name, format))
    end
  end
end

-- The corrections with other line ends, as they would be with LF.
local function as_lf(fixes)
  local shown = {}
  for i, fix in ipairs(fixes) do
    local words = (fix.old .. " > " .. fix.new):gsub("\r\n?", "\n")
    shown[i] = ("%s (%.5f)"):format(words, fix.confidence)
  end
  return shown
end

describe("the corrections of an article", function()
  it("are in order, apart, in range, on character boundaries, and say what stands there", function()
    each_article(function(text, options, name)
      options.threshold = 0
      local last = 0
      for _, fix in ipairs(engine:check(text, options)) do
        assert.is_true(fix.start > last and fix.stop >= fix.start and fix.stop <= #text, name)
        assert.equal(fix.old, text:sub(fix.start, fix.stop), name)
        assert.is_nil(text:sub(fix.start, fix.start):find("[\128-\191]"), name)
        assert.is_nil(text:sub(fix.stop + 1, fix.stop + 1):find("[\128-\191]"), name)
        assert.is_true(fix.confidence >= 0 and fix.confidence <= 1, name)
        assert.not_equal(fix.old, fix.new, name)
        last = fix.stop
      end
    end)
  end)

  -- A word put right can make its neighbours look wrong that did not before. Rarely it does.
  it("are hardly any once they are made: one in a hundred", function()
    local made, left = 0, {}
    each_article(function(text, options, name)
      for _, threshold in ipairs({ false, select(2, engine:thresholds()) }) do
        options.threshold = threshold or nil
        local fixes = engine:check(text, options)
        made = made + #fixes
        for _, fix in ipairs(as_lf(engine:check(core.apply(text, fixes), options))) do
          table.insert(left, name .. ": " .. fix)
        end
      end
    end)
    assert.is_true(made > 1000)
    assert.is_true(#left <= made / 100, table.concat(left, "\n"))
  end)

  it("are the same whatever ends its lines", function()
    each_article(function(text, options, name)
      local expected = as_lf(engine:check(text, options))
      for _, ending in ipairs({ "\r\n", "\r" }) do
        local other = text:gsub("\n", ending)
        assert.same(expected, as_lf(engine:check(other, options)), name)
      end
    end)
  end)

  -- More clean words make the article a less spun one, and the nearest of its words have them for
  -- neighbours; nothing else may follow from them. Trees answer in steps: a sum over the article that is
  -- taken in another order differs in its last bits, and may just take one step of one tree; of
  -- near-equal readings of a place another may be taken then.
  it("change only in confidence with a paragraph at the other end", function()
    local paragraph = "The recipe asks for two eggs and a cup of milk. Beat them, and let it all stand."
    local neighbourhood = 150 -- bytes: 15 words and some
    each_article(function(text, options, name)
      options.threshold = 0
      local function around(before, after)
        local fixes = {}
        for _, fix in ipairs(engine:check(before .. text .. after, options)) do
          local start, stop = fix.start - #before, fix.stop - #before
          if start > 0 and stop <= #text then
            fixes[#fixes + 1] =
              { start = start, stop = stop, new = fix.new, confidence = fix.confidence }
          end
        end
        return fixes
      end
      -- Wherever one has a correction, the other has one that is about as sure.
      local function assert_about_as_sure(fixes, others, less, less_near)
        local confidence = {}
        for _, fix in ipairs(others) do
          for at = fix.start, fix.stop do
            confidence[at] = math.max(fix.confidence, confidence[at] or 0)
          end
        end
        for _, fix in ipairs(fixes) do
          local far = fix.start > neighbourhood and fix.stop < #text - neighbourhood
          local other = 0
          for at = fix.start, fix.stop do
            other = math.max(other, confidence[at] or 0)
          end
          assert.is_true(other > fix.confidence - (far and less or less_near), name)
        end
      end
      local below, above = around("", "\n\n" .. paragraph), around(paragraph .. "\n\n", "")
      assert_about_as_sure(below, above, 0.02, 0.25)
      assert_about_as_sure(above, below, 0.02, 0.25)
      assert_about_as_sure(around("", ""), below, 0.3, 0.3)
    end)
  end)
end)
