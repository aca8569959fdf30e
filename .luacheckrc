std = "luajit"
max_line_length = 132
self = false
files["lua/unspin"] = { globals = { "vim" } }
files["lua/unspin/_meta.lua"] = { unused = false }
files["plugin"] = { globals = { "vim" } }
files["tests/nvim"] = { globals = { "vim" }, std = "luajit+busted" }
files["tests/nvim/picture.lua"] = { std = "lua54" }
files["lua/unspin/shell"] = { std = "lua54" }
files["bin/unspin"] = { std = "lua54" }
files["tests/run.lua"] = { std = "lua54" }
files["tests/quality"] = { std = "lua54" }
files["tests/bench"] = { std = "lua54" }
files["tests/bench/nvim.lua"] = { globals = { "vim" }, std = "luajit" }
files["tests/lua"] = { std = "max+busted" }
