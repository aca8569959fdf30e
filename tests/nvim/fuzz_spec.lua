-- Random edits, saves, undos, accepts and rejects on random articles. After every save the
-- buffer, the file and the history must agree, and one undo must give back what was typed.
--
-- FUZZ_STEPS and FUZZ_SEED change the length and the start.

local h = require("helpers")

local VOCABULARY = vim.split(
  "the a of and settlement expertise instructed local weather pupil trade metropolis final "
    .. "agreement technology told climate naïve — “quoted” 42 end. “an settlement”",
  " "
)

local function sentence(random)
  local words = {}
  for i = 1, 3 + random(10) do
    words[i] = VOCABULARY[random(#VOCABULARY)]
  end
  return table.concat(words, " ")
end

local LINE_ENDS = { unix = "\n", dos = "\r\n" }

-- What is on disk must be the buffer, byte for byte.
local function agree_on_disk(child, path, context)
  local line_end = LINE_ENDS[child:eval("&fileformat")]
  local text = table.concat(child:lines(), line_end) .. line_end
  h.equal(text, h.read(path), context .. ": the file and the buffer differ")
end

-- The history's commits must each be one correction, and its tip the file as it was when
-- something was recorded last.
local function agree_with_history(child, folder, path, recorded, context)
  if recorded > 0 then
    local tip = vim.fn.system({ "git", "-C", folder, "show", "HEAD:article.txt" })
    h.equal(h.read(path), tip, context .. ": the history and the file differ")
    h.equal("", h.git(folder, "status", "--porcelain"), context .. ": git status is not clean")
  end
  local unrecorded = child:lua([[return #vim.tbl_filter(function(place)
    return place.state == "stands" and not place.mark.oid
  end, require("unspin").corrections())]])
  h.equal(0, unrecorded, context .. ": corrections on disk that no commit holds")
end

-- The article on one line, as subjects of commits give its words.
local function show(folder, revision)
  return (vim.fn.system({ "git", "-C", folder, "show", revision .. ":article.txt" }):gsub("\r?\n", " "))
end

-- Whether one text becomes the other by one replacement of `old` by `new`.
local function is_one_swap(before, after, old, new)
  local from = 1
  while true do
    local first, last = before:find(old, from, true)
    if not first then
      return false
    elseif before:sub(1, first - 1) .. new .. before:sub(last + 1) == after then
      return true
    end
    from = first + 1
  end
end

-- Each commit must be exactly what it says.
local function commits_are_true(folder)
  for line in vim.gsplit(h.git(folder, "log", "--format=%H %s"), "\n") do
    local oid, subject = line:match("^(%x+) (.*)$")
    local kept = subject:match("^Keep ")
    local old, new = subject:match("^(.+) → (.+)$")
    if kept then
      h.equal(show(folder, oid .. "^"), show(folder, oid), line)
    elseif old then
      if old:match("^Reject ") then
        old, new = new, old:match("^Reject (.*)$")
      end
      assert(is_one_swap(show(folder, oid .. "^"), show(folder, oid), old, new), line)
    end
  end
  h.git(folder, "fsck", "--strict")
end

local function one_undo_gives_back(child, typed, context)
  local corrected = child:text()
  local cursor = child:lua("return vim.api.nvim_win_get_cursor(0)")
  child:command("silent undo")
  h.equal(typed, child:text(), context .. ": undo does not give back what was typed")
  child:command("silent redo")
  h.equal(corrected, child:text(), context .. ": redo does not bring the corrections back")
  child:lua("vim.api.nvim_win_set_cursor(0, ...)", cursor)
end

local function save(child, folder, path, context)
  local typed = child:text()
  child:lua("corrected, recorded = 0, 0")
  child:command("silent write!")
  h.equal("", child:messages(), context)
  local counts = child:lua("return { corrected, recorded }")
  agree_on_disk(child, path, context)
  agree_with_history(child, folder, path, counts[2], context)
  if counts[1] > 0 then
    one_undo_gives_back(child, typed, context)
  else
    h.equal(typed, child:text(), context .. ": changed though nothing was corrected")
  end
end

local function steps(child, random)
  local function at_random()
    child:command(("call cursor(%d, %d)"):format(random(child:eval("line('$')")), random(80)))
  end
  return {
    function()
      at_random()
      child:keys("o" .. sentence(random) .. "<Esc>")
    end,
    function()
      at_random()
      child:keys("i" .. sentence(random) .. " <Esc>")
    end,
    function()
      at_random()
      child:keys(({ "dw", "daw", "dd", "J", "x", "yyp", "D", "ddp", "~", "cwsettlement<Esc>" })[random(10)])
    end,
    function()
      child:keys(("u"):rep(random(4)))
    end,
    function()
      child:keys(("<C-r>"):rep(random(3)))
    end,
    function()
      at_random()
      child:command("silent Unspin reject")
    end,
    function()
      at_random()
      child:command("silent .Unspin accept")
    end,
    function()
      child:command("silent Unspin" .. ({ "", "!" })[random(2)])
    end,
    function() -- as a formatter does
      child:lua("vim.api.nvim_buf_set_lines(0, 0, -1, true, vim.api.nvim_buf_get_lines(0, 0, -1, true))")
    end,
    function()
      at_random()
      child:keys("A " .. sentence(random) .. "<Cmd>silent write!<CR> " .. sentence(random) .. "<Esc>")
    end,
  }
end

describe("Whatever is done in whatever order,", function()
  for round, format in ipairs({ "unix", "dos", "unix" }) do
    it(("buffer, file, history and undo agree (%s, round %d)"):format(format, round), function()
      local seed = tonumber(vim.env.FUZZ_SEED or 0) + round
      math.randomseed(seed)
      local random = math.random
      local folder = h.repository()
      local path = folder .. "/article.txt"
      local lines = {}
      for i = 1, 5 do
        lines[i] = sentence(random)
      end
      h.write(path, table.concat(lines, LINE_ENDS[format]) .. LINE_ENDS[format])
      h.git(folder, "add", "article.txt")
      h.git(folder, "commit", "-q", "-m", "Receive")
      local child = h.child({
        setup = [[
          require("unspin").setup({ on_save = true, suggest_delay = 0, notify = false })
          require("unspin.say").answer = function() end
          vim.ui.select = function(items, _, choose) choose(items[#items]) end
          corrected, recorded = 0, 0
          local say = require("unspin.say")
          local function listen(event, count)
            vim.api.nvim_create_autocmd("User", { pattern = event, callback = count })
          end
          listen("UnspinCorrected", function() corrected = corrected + #say.last_event.data.fixes end)
          listen("UnspinRecorded", function() recorded = recorded + #say.last_event.data.fixes end)
        ]],
      })
      child:edit(path)
      child:messages()
      local trail = {}
      for step = 1, tonumber(vim.env.FUZZ_STEPS or 60) do
        local choices = steps(child, random)
        local choice = random(#choices + 3)
        trail[#trail + 1] = choice
        local context = ("seed %d, step %d of %s"):format(seed, step, table.concat(trail, " "))
        if choices[choice] then
          choices[choice]()
        else
          save(child, folder, path, context)
        end
      end
      save(child, folder, path, "at the end")
      commits_are_true(folder)
    end)
  end
end)
