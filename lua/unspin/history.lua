-- The history of a buffer's article: what a write records, what was rejected and is therefore
-- not proposed again.

local bytes_of = require("unspin.bytes")
local engine = require("unspin.engine")
local marks = require("unspin.marks")
local say = require("unspin.say")

local M = {}

---@class unspin.Refusal
---@field old string
---@field new string
---@field here boolean

-- Refusals of this session that the history does not hold (yet), by buffer.
local session = {} ---@type table<integer, unspin.Refusal[]>

---The history of the buffer's article.
---@param buf integer
---@return unspin.History? history, string? message
function M.open(buf)
  local core, message = engine.core()
  if not core then
    return nil, message
  end
  local path = vim.api.nvim_buf_get_name(buf)
  if path == "" then
    return nil, "the buffer has no name"
  end
  return core.history(path, { where = require("unspin.config").get().where })
end

---Remember that a swap is not to be undone in this buffer.
---@param buf integer
---@param fix { old: string, new: string }
function M.refuse(buf, fix)
  session[buf] = session[buf] or {}
  table.insert(session[buf], { old = fix.old, new = fix.new, here = true })
end

---Forget what the session alone remembers of a swap.
---@param buf integer
---@param fix { old: string, new: string }
function M.unrefuse(buf, fix)
  session[buf] = vim.tbl_filter(function(refusal)
    return refusal.old ~= fix.old or refusal.new ~= fix.new
  end, session[buf] or {})
end

---What is not to be proposed in a buffer, for the engine.
---@param buf integer
---@return unspin.Refusal[]
function M.excepts(buf)
  local list = vim.deepcopy(session[buf] or {})
  local history = M.open(buf)
  if history then
    vim.list_extend(list, history:excepts() or {})
  end
  return list
end

-- Corrections that were reversed by hand (undone, or the old words retyped): the session
-- remembers them at once, and gives those that the history has to hear of.
local function notice_reversed(buf)
  local reversed = {}
  for _, place in ipairs(marks.all(buf)) do
    local mark = place.mark
    if place.state == "reversed" and not mark.refused then
      mark.refused = true
      M.refuse(buf, mark.fix)
      say.event("UnspinRejected", { buf = buf, fix = mark.fix, oid = mark.oid })
    elseif place.state == "stands" and mark.refused then
      mark.refused = false -- a redo
      M.unrefuse(buf, mark.fix)
    end
    if place.state == "reversed" and mark.oid then
      reversed[#reversed + 1] = mark
    end
  end
  return reversed
end
M.notice_reversed = notice_reversed

---The file as it would be without the corrections that no commit holds yet, and those
---corrections as fixes of it.
---@param buf integer
---@param bytes unspin.Bytes of the buffer as it is
---@return string before, unspin.Fix[] fixes, unspin.Mark[] recorded_marks
function M.unrecorded(buf, bytes)
  local pieces, fixes, waiting = {}, {}, {}
  local from, length = 1, 0
  local function append(piece)
    pieces[#pieces + 1] = piece
    length = length + #piece
  end
  for _, place in ipairs(marks.all(buf)) do
    if place.state == "stands" and not place.mark.oid then
      local first = bytes_of.offset(bytes, place.row, place.column) + 1
      local last = bytes_of.offset(bytes, place.end_row, place.end_column)
      if first >= from then
        append(bytes.text:sub(from, first - 1))
        local fix = vim.deepcopy(place.mark.fix)
        fix.start, fix.stop = length + 1, length + #fix.old
        append(fix.old)
        fixes[#fixes + 1], waiting[#waiting + 1] = fix, place.mark
        from = last + 1
      end
    end
  end
  append(bytes.text:sub(from))
  return table.concat(pieces), fixes, waiting
end

-- Handles of saves under way, by buffer. A handle holds its save's journal; let go of before the
-- save is recorded, it would pass for one of a killed process, and be recorded twice.
local prepared = {} ---@type table<integer, unspin.History>

---Before the write: let the history prepare, so that a kill in between loses nothing.
---@param buf integer
function M.prepare(buf)
  local bytes = bytes_of.of(buf)
  local history = bytes and M.open(buf)
  if not history or not history.prepare then
    return
  end
  local before, fixes = M.unrecorded(buf, bytes)
  if #fixes > 0 then
    history:prepare(before, fixes)
    prepared[buf] = history
  end
end

local function reject_reversed(buf, reversed)
  local rejected = 0
  for _, mark in ipairs(reversed) do
    local history = M.open(buf)
    local ok, message
    if history then
      ok, message = history:reject(mark.oid)
    end
    marks.remove(buf, mark)
    if ok then
      rejected = rejected + 1
    elseif message then
      say.problem(("%s → %s: %s"):format(mark.fix.old, mark.fix.new, message))
    end
  end
  return rejected
end

---After the write: record what stands, reject what was reversed.
---@param buf integer
---@return integer recorded, integer rejected, string? message what kept it from being recorded
---@return table? place where the commits went
function M.record(buf)
  local rejected = reject_reversed(buf, notice_reversed(buf))
  if not marks.any(buf) then
    return 0, rejected
  end
  local bytes, why_not = bytes_of.of(buf)
  if not bytes then
    return 0, rejected, why_not
  end
  local before, fixes, waiting = M.unrecorded(buf, bytes)
  if #fixes == 0 then
    return 0, rejected
  end
  local path = vim.api.nvim_buf_get_name(buf)
  if bytes_of.on_disk(path) ~= bytes.text then
    return 0, rejected, "the file on disk is not what the buffer holds; the next write tries again"
  end
  local history, message = prepared[buf], nil
  prepared[buf] = nil
  if not history then
    history, message = M.open(buf)
  end
  if not history then
    return 0, rejected, message
  end
  local oids, problem = history:record(before, fixes)
  if not oids then
    return 0, rejected, problem
  end
  for i, mark in ipairs(waiting) do
    mark.oid = oids[#oids - #waiting + i]
  end
  local place = history:location()
  say.event("UnspinRecorded", { buf = buf, fixes = fixes, oids = oids, place = place })
  return #fixes, rejected, nil, place
end

return M
