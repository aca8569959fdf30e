#include "lua_values.h"

#include <stdint.h>
#include <stdlib.h>

int us_lua_fail(lua_State *L, const char *message)
{
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

void us_lua_new_type(lua_State *L, const char *name, const luaL_Reg *methods,
                     lua_CFunction gc, lua_CFunction to_string)
{
    luaL_newmetatable(L, name);
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__close");
    lua_pushcfunction(L, to_string);
    lua_setfield(L, -2, "__tostring");
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void us_lua_push_field(lua_State *L, int table, const char *name)
{
    lua_pushstring(L, name);
    lua_rawget(L, table);
}

lua_Number us_lua_number(lua_State *L, int table, const char *name, lua_Number fallback)
{
    us_lua_push_field(L, table, name);
    lua_Number value = luaL_optnumber(L, -1, fallback);
    lua_pop(L, 1);
    return value;
}

size_t us_lua_size(lua_State *L, int table, const char *name)
{
    lua_Number value = us_lua_number(L, table, name, 0);
    return value >= 1 ? value < (lua_Number)SIZE_MAX ? (size_t)value : SIZE_MAX : 0;
}

int us_lua_boolean(lua_State *L, int table, const char *name)
{
    us_lua_push_field(L, table, name);
    int value = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

static int push_lstring(lua_State *L)
{
    const char *text = lua_touserdata(L, 1);
    lua_pushlstring(L, text ? text : "", (size_t)lua_tonumber(L, 2));
    return 1;
}

int us_lua_push_owned(lua_State *L, char *text, size_t length)
{
    lua_pushcfunction(L, push_lstring);
    lua_pushlightuserdata(L, text);
    lua_pushnumber(L, (lua_Number)length);
    int status = lua_pcall(L, 2, 1, 0);
    free(text);
    return status == 0 ? 1 : lua_error(L);
}

const char *us_lua_string(lua_State *L, int table, const char *name)
{
    us_lua_push_field(L, table, name);
    if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "option '%s' must be a string", name);
    const char *value = lua_tostring(L, -1);
    lua_pop(L, 1);
    return value;
}
