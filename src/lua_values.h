/*
 * lua_values.h - what the files that bind the core to Lua share: to read arguments, to give results.
 *
 * No Lua error is raised while the C side owns memory that Lua does not know: results are moved into
 * userdata with __gc first, or the Lua calls are made under lua_pcall.
 */
#ifndef UNSPIN_LUA_VALUES_H
#define UNSPIN_LUA_VALUES_H

#include <stddef.h>

#include <lauxlib.h>
#include <lua.h>

#define US_LUA_MODULE __attribute__((visibility("default")))

/* Push nil and the message, and give their number. */
int us_lua_fail(lua_State *L, const char *message);

/* Add a metatable of this name with these methods, a __close beside its __gc (Lua 5.4). */
void us_lua_new_type(lua_State *L, const char *name, const luaL_Reg *methods, lua_CFunction gc,
                     lua_CFunction to_string);

/*
 * Push a field as the table itself holds it, so that a string lives as long as its table: one that
 * a metamethod makes up, or the text of a number, would be collected while it is used.
 */
void us_lua_push_field(lua_State *L, int table, const char *name);

/* Options of the table at an index; it keeps the string. */
lua_Number us_lua_number(lua_State *L, int table, const char *name, lua_Number fallback);
size_t us_lua_size(lua_State *L, int table, const char *name); /* 0: not given, or below 1 */
int us_lua_boolean(lua_State *L, int table, const char *name);
const char *us_lua_string(lua_State *L, int table, const char *name); /* NULL: not given */

/* Push a C string as a Lua one and free it, even where Lua has no memory for it. */
int us_lua_push_owned(lua_State *L, char *text, size_t length);

#endif
