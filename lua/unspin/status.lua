-- What unspin does in a buffer, or why it does nothing.

local M = {}

---Whether a write corrects this buffer, or why not.
---@param buf integer
---@return string
function M.on_save(buf)
  local why_not = require("unspin.articles").why_not(buf)
  if why_not then
    return "left alone on save: " .. why_not
  end
  return vim.bo[buf].readonly and "corrected on save, which takes :w! since it is 'readonly'" or "corrected on save"
end

---@param buf integer
---@return string[] lines
function M.lines(buf)
  local say = require("unspin.say")
  local marks, suggest = require("unspin.marks"), require("unspin.suggest")
  local lines = {}
  lines[1] = M.on_save(buf)
  local outcome = require("unspin.save").outcome(buf)
  lines[2] = outcome and ("last save, %s: %s"):format(os.date("%H:%M:%S", outcome.time), outcome.text)
    or "not saved in this session"
  local standing, waiting = 0, 0
  for _, place in ipairs(marks.all(buf)) do
    if place.state == "stands" then
      standing = standing + 1
      waiting = waiting + (place.mark.oid and 0 or 1)
    end
  end
  lines[3] = ("%s, %d not recorded yet; %s"):format(
    say.count(standing, "correction"),
    waiting,
    say.count(suggest.count(buf), "suggestion")
  )
  local engine, message = require("unspin.engine").get()
  if not engine then
    lines[#lines + 1] = message
  end
  local history = require("unspin.history").open(buf)
  if history then
    local place = history:location()
    lines[#lines + 1] = place.notice
      or ("corrections go to %s in %s"):format(place.ref or place.where, place.git_dir or "?")
  end
  return lines
end

---For a status line: how much was corrected and is suggested in the current buffer; "" for
---nothing. Loads nothing.
---@return string
function M.line()
  local buf = vim.api.nvim_get_current_buf()
  local marks, suggest = package.loaded["unspin.marks"], package.loaded["unspin.suggest"]
  local corrected, suggested = marks and marks.count(buf) or 0, suggest and suggest.count(buf) or 0
  if corrected + suggested == 0 then
    return ""
  end
  return ("unspin %d%s"):format(corrected, suggested > 0 and ("?%d"):format(suggested) or "")
end

return M
