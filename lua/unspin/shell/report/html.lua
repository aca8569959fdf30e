-- html.lua: HTML in which text cannot become markup.

local html = {}

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

---@param text string
---@return string
function html.escape(text)
  -- Control characters are not allowed in HTML, and a carriage return would be read as a line end.
  return (text:gsub("[&<>\"']", entities):gsub("[\0-\8\11-\31\127]", ""))
end

---@class unspin.html.Node
---@field markup string

-- An element: attributes in the order given, then content: strings are escaped, nodes are not.
---@param name string
---@param attributes [string, string|number|true?][]
---@return unspin.html.Node
function html.element(name, attributes, ...)
  local out = { "<", name }
  for _, attribute in ipairs(attributes) do
    local key, value = attribute[1], attribute[2]
    if value == true then
      out[#out + 1] = " " .. key
    elseif value then
      out[#out + 1] = (' %s="%s"'):format(key, html.escape(tostring(value)))
    end
  end
  out[#out + 1] = ">"
  for _, child in ipairs({ ... }) do
    out[#out + 1] = html.markup(child)
  end
  out[#out + 1] = ("</%s>"):format(name)
  return { markup = table.concat(out) }
end

---@param child string|number|unspin.html.Node|unspin.html.Node[]
---@return string
function html.markup(child)
  if type(child) ~= "table" then
    return html.escape(tostring(child))
  elseif child.markup then
    return child.markup
  end
  local out = {}
  for i, node in ipairs(child) do
    out[i] = html.markup(node)
  end
  return table.concat(out)
end

return html
