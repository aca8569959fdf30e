-- For LuaRocks: the command and the module for Lua 5.4, the module alone for LuaJIT. In a checkout:
--
--     luarocks --lua-version 5.4 make doc/unspin-scm-1.rockspec
--     luarocks --lua-version 5.1 make doc/unspin-scm-1.rockspec LUA_INCDIR=/usr/include/luajit-2.1
--
-- `make rockspec` writes the one of a version.
rockspec_format = "3.0"
package = "unspin"
version = "scm-1"
source = {
  url = "git+file://.",
}
description = {
  summary = "Restores the wording of articles that a bot has spun",
  detailed = [[
A spun article is one in which a bot put other words for the original ones. unspin puts them back and
records each correction as one git commit. It needs libgit2, utf8proc, zlib and the language model
pocketsphinx-en-us.]],
  license = "MIT",
  labels = { "text", "git", "neovim" },
}
dependencies = {
  "lua >= 5.1, < 5.5",
  "argparse >= 0.7",
  "lua-cjson >= 2.1",
}
supported_platforms = { "unix" }
build = {
  type = "make",
  build_target = "rock",
  install_target = "install-rock",
  build_variables = {
    CFLAGS = "$(CFLAGS)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
  },
  install_variables = {
    CFLAGS = "$(CFLAGS)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    PREFIX = "$(PREFIX)",
    LUADIR = "$(LUADIR)",
    BINDIR = "$(BINDIR)",
  },
}
