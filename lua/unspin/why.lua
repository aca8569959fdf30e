-- A float that says why a word was corrected, or may have to be.

local choose = require("unspin.choose")
local say = require("unspin.say")

local M = {}

local function odds(readings)
  local list = {}
  for _, reading in ipairs(readings or {}) do
    if reading.confidence >= 0.005 then
      list[#list + 1] = ("%s %.2f"):format(reading.text, reading.confidence)
    end
  end
  return table.concat(list, " · ")
end

local WIDTH = 76

-- Lines that break between words, as a float's own do not; all but the first set back by 8.
local function wrapped(text)
  local lines, rest = {}, text
  while vim.fn.strdisplaywidth(rest) > WIDTH do
    local room = vim.fn.strcharpart(rest, 0, WIDTH + 1)
    local head = room:match("^(.*%S) ") or vim.fn.strcharpart(rest, 0, WIDTH)
    lines[#lines + 1] = head
    rest = (" "):rep(8) .. vim.trim(rest:sub(#head + 1))
  end
  lines[#lines + 1] = rest
  return lines
end

---What is known of a fix, as lines.
---@param fix unspin.Fix
---@param became string
---@return string[]
function M.lines(fix, became)
  local lines = {
    ("%s → %s"):format(fix.old, fix.new):gsub("\r?\n", " "),
    ("%.2f, %s"):format(fix.confidence or 0, fix.kind or "substitution"),
  }
  if (fix.reason or "") ~= "" then
    vim.list_extend(lines, wrapped("because " .. fix.reason))
  end
  if fix.readings and #fix.readings > 0 then
    vim.list_extend(lines, wrapped("odds    " .. odds(fix.readings)))
  end
  lines[#lines + 1] = became
  return lines
end

local BECAME = {
  reversed = "taken back",
  rewritten = "rewritten since",
}

---@param call unspin.Call
function M.open(call)
  local place, suggestion = choose.correction(call), choose.suggestion(call)
  local lines
  if place then
    local mark = place.mark
    local became = BECAME[place.state]
      or mark.oid and "commit  " .. mark.oid:sub(1, 10)
      or "not recorded yet: when written"
    lines = M.lines(mark.fix, became)
  elseif suggestion then
    lines = M.lines(suggestion.fix, "a suggestion: :Unspin accept or :Unspin reject")
  else
    return say.answer("nothing is known about this word")
  end
  local own = vim.fn.exists("&winborder") == 1 and vim.o.winborder ~= ""
  local float = vim.lsp.util.open_floating_preview(lines, "", {
    focus_id = "unspin",
    border = own and vim.o.winborder or "rounded",
    max_width = WIDTH,
  })
  vim.b[float].unspin_article = call.buf
end

return M
