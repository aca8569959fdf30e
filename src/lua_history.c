/*
 * lua_history.c - the module unspin.core_history: binds the history to Lua. unspin.core loads it
 * when a history is first asked for, since libgit2 takes longer to load than an article to check.
 */
#include "history.h"
#include "lua_values.h"

#include <git2.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY "unspin.history"
#define LOG "unspin.history.log"
#define RECORDED "unspin.history.recorded"
#define REJECTIONS "unspin.history.rejections"

struct handle {
    struct us_history *history; /* NULL: closed */
    int before; /* reference to the text of a save that was prepared, which is Lua's */
};

static struct handle *check_handle(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, HISTORY);
    if (!handle->history)
        luaL_error(L, "the history is closed");
    return handle;
}

static struct us_history *check_history(lua_State *L)
{
    return check_handle(L)->history;
}

/* A new object of the type, all zeroes, on top of the stack. */
static void *push_new(lua_State *L, size_t size, const char *type)
{
    void *made = lua_newuserdata(L, size);
    memset(made, 0, size);
    luaL_setmetatable(L, type);
    return made;
}

static int history_gc(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, HISTORY);
    us_history_close(handle->history);
    handle->history = NULL;
    luaL_unref(L, LUA_REGISTRYINDEX, handle->before);
    handle->before = LUA_NOREF;
    return 0;
}

static int history_tostring(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, HISTORY);
    if (!handle->history) {
        lua_pushliteral(L, HISTORY " (closed)");
        return 1;
    }
    const struct us_location *place = us_history_location(handle->history);
    lua_pushfstring(L, HISTORY " (%s, %s in %s)", place->path, place->ref, place->git_dir);
    return 1;
}

/* core.history(path, { where =, state = }) */
static int core_history(lua_State *L)
{
    struct us_history_options options = {US_WHERE_BRANCH, NULL};
    const char *path = luaL_checkstring(L, 1);
    lua_settop(L, 2);
    if (!lua_isnil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        const char *where = us_lua_string(L, 2, "where");
        options.state = us_lua_string(L, 2, "state");
        if (where && us_where_parse(&options.where, where) != US_OK)
            return luaL_error(L, "option 'where' must be branch, side or private, not %s", where);
    }
    struct handle *handle = push_new(L, sizeof *handle, HISTORY);
    handle->before = LUA_NOREF;
    struct us_error err = {0};
    return us_history_open(&handle->history, path, &options, &err) == US_OK
               ? 1
               : us_lua_fail(L, err.message);
}

static void set_string(lua_State *L, const char *name, const char *value)
{
    lua_pushstring(L, value); /* NULL: nil */
    lua_setfield(L, -2, name);
}

/* history:location() -> { where =, git_dir =, ref =, path =, notice =, hint = } */
static int history_location(lua_State *L)
{
    const struct us_location *place = us_history_location(check_history(L));
    lua_createtable(L, 0, 6);
    set_string(L, "where", us_where_name(place->where));
    set_string(L, "git_dir", place->git_dir);
    set_string(L, "ref", place->ref);
    set_string(L, "path", place->path);
    set_string(L, "notice", place->notice);
    set_string(L, "hint", place->hint);
    return 1;
}

/* The fixes of the table at 3, in memory that Lua owns; their strings are the tables'. */
static struct us_fix *read_fixes(lua_State *L, size_t *count)
{
    luaL_checktype(L, 3, LUA_TTABLE);
    size_t room = 0;
    for (;; room++) {
        lua_rawgeti(L, 3, (int)room + 1);
        bool end = lua_isnil(L, -1);
        lua_pop(L, 1);
        if (end)
            break;
    }
    struct us_fix *fixes = lua_newuserdata(L, (room + 1) * sizeof *fixes);
    for (size_t i = 0; i < room; i++) {
        lua_rawgeti(L, 3, (int)i + 1);
        luaL_checktype(L, -1, LUA_TTABLE);
        int table = lua_gettop(L);
        lua_Integer start = (lua_Integer)us_lua_number(L, table, "start", 0);
        lua_Integer stop = (lua_Integer)us_lua_number(L, table, "stop", -1);
        const char *replacement = us_lua_string(L, table, "new");
        if (start < 1 || stop < start - 1 || !replacement)
            luaL_error(L, "fix %d lacks start, stop or new", (int)i + 1);
        fixes[i] = (struct us_fix){.start = (size_t)start - 1,
                                   .end = (size_t)stop,
                                   .replacement = replacement,
                                   .confidence = (float)us_lua_number(L, table, "confidence", 1),
                                   .kind = us_lua_string(L, table, "kind"),
                                   .rejects = us_lua_string(L, table, "rejects"),
                                   .refuses = us_lua_string(L, table, "refuses")};
        lua_pop(L, 1);
    }
    *count = room;
    return fixes;
}

/* history:prepare(before, fixes) -> true */
static int history_prepare(lua_State *L)
{
    struct handle *handle = check_handle(L);
    size_t length, count;
    const char *before = luaL_checklstring(L, 2, &length);
    const struct us_fix *fixes = read_fixes(L, &count);
    struct us_error err = {0};
    lua_pushvalue(L, 2);
    int last = handle->before;
    handle->before = luaL_ref(L, LUA_REGISTRYINDEX);
    int result = us_history_prepare(handle->history, before, length, fixes, count, &err);
    luaL_unref(L, LUA_REGISTRYINDEX, last); /* needed until now, to drop the save before */
    if (result != US_OK)
        return us_lua_fail(L, err.message);
    lua_pushboolean(L, 1);
    return 1;
}

static int recorded_gc(lua_State *L)
{
    us_recorded_close(luaL_checkudata(L, 1, RECORDED));
    return 0;
}

/* history:record(before, fixes) -> oids, { where =, ..., original = } */
static int history_record(lua_State *L)
{
    struct us_history *history = check_history(L);
    size_t length, count;
    const char *before = luaL_checklstring(L, 2, &length);
    const struct us_fix *fixes = read_fixes(L, &count);
    struct us_recorded *recorded = push_new(L, sizeof *recorded, RECORDED);
    struct us_error err = {0};
    if (us_history_record(recorded, history, before, length, fixes, count, &err) != US_OK)
        return us_lua_fail(L, err.message);
    lua_createtable(L, (int)recorded->count, 0);
    for (size_t i = 0; i < recorded->count; i++) {
        lua_pushstring(L, recorded->oids[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    history_location(L);
    set_string(L, "original", *recorded->original ? recorded->original : NULL);
    us_recorded_close(recorded);
    return 2;
}

static int log_gc(lua_State *L)
{
    struct us_log **log = luaL_checkudata(L, 1, LOG);
    us_log_close(*log);
    *log = NULL;
    return 0;
}

/* Fields of an entry; the first have, as upvalues, also the value that the last entry had. */
enum {
    AUTHOR,
    EMAIL,
    PATH,
    KIND,
    KEPT,
    OID = KEPT,
    OLD,
    NEW,
    EXCERPT,
    TIME,
    OFFSET,
    LINE,
    CONFIDENCE,
    REJECTED,
    FIELDS
};
static const char *const field_names[FIELDS] = {"author", "email",      "path",    "kind", "oid",
                                                "old",    "new",        "excerpt", "time", "offset",
                                                "line",   "confidence", "rejected"};

enum { LOG_UPVALUE = 1, HISTORY_UPVALUE, NAME_UPVALUE, KEPT_UPVALUE = NAME_UPVALUE + FIELDS };

/* In the entry on top of the stack, a field that is mostly the same as in the last one. */
static void set_kept(lua_State *L, int field, const char *value)
{
    int kept = lua_upvalueindex(KEPT_UPVALUE + field);
    const char *last = lua_tostring(L, kept);
    lua_pushvalue(L, lua_upvalueindex(NAME_UPVALUE + field));
    if (!last || strcmp(last, value) != 0) {
        lua_pushstring(L, value);
        lua_replace(L, kept);
    }
    lua_pushvalue(L, kept);
    lua_rawset(L, -3);
}

static void name_field(lua_State *L, int field)
{
    lua_pushvalue(L, lua_upvalueindex(NAME_UPVALUE + field));
}

/* The iterator; two of its upvalues are the log and the history, which must live as long. */
static int log_next(lua_State *L)
{
    struct us_log **log = lua_touserdata(L, lua_upvalueindex(LOG_UPVALUE));
    const struct handle *handle = lua_touserdata(L, lua_upvalueindex(HISTORY_UPVALUE));
    struct us_entry entry;
    struct us_error err = {0};
    bool more;
    if (!*log)
        return 0;
    if (!handle->history)
        return luaL_error(L, "the history is closed");
    if (us_log_next(&more, &entry, *log, &err) != US_OK)
        return luaL_error(L, "%s", err.message);
    if (!more) {
        us_log_close(*log);
        *log = NULL;
        return 0;
    }
    lua_createtable(L, 0, FIELDS);
    set_kept(L, AUTHOR, entry.author);
    set_kept(L, EMAIL, entry.email);
    set_kept(L, PATH, entry.path);
    set_kept(L, KIND, entry.kind);
    name_field(L, OID);
    lua_pushlstring(L, entry.oid, sizeof entry.oid - 1);
    lua_rawset(L, -3);
    name_field(L, OLD);
    lua_pushstring(L, entry.old);
    lua_rawset(L, -3);
    name_field(L, NEW);
    lua_pushstring(L, entry.replacement);
    lua_rawset(L, -3);
    name_field(L, EXCERPT);
    lua_pushstring(L, entry.excerpt);
    lua_rawset(L, -3);
    name_field(L, TIME);
    lua_pushinteger(L, (lua_Integer)entry.time);
    lua_rawset(L, -3);
    name_field(L, OFFSET);
    lua_pushinteger(L, entry.offset);
    lua_rawset(L, -3);
    name_field(L, LINE);
    lua_pushinteger(L, (lua_Integer)entry.line);
    lua_rawset(L, -3);
    name_field(L, CONFIDENCE);
    lua_pushnumber(L, (int)(entry.confidence * 1000 + 0.5f) / 1000.0);
    lua_rawset(L, -3);
    name_field(L, REJECTED);
    lua_pushboolean(L, entry.rejected);
    lua_rawset(L, -3);
    return 1;
}

/* for entry in history:log{ all =, limit = } do */
static int history_log(lua_State *L)
{
    struct us_history *history = check_history(L);
    struct us_log_options options = {0};
    lua_settop(L, 2);
    if (!lua_isnil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        options.all = us_lua_boolean(L, 2, "all");
        options.limit = (size_t)us_lua_number(L, 2, "limit", 0);
    }
    luaL_checkstack(L, FIELDS + KEPT + 4, "too many fields");
    struct us_log **log = push_new(L, sizeof *log, LOG);
    struct us_error err = {0};
    if (us_log_open(log, history, &options, &err) != US_OK)
        return luaL_error(L, "%s", err.message);
    lua_pushvalue(L, 1);
    for (int i = 0; i < FIELDS; i++)
        lua_pushstring(L, field_names[i]);
    for (int i = 0; i < KEPT; i++)
        lua_pushnil(L);
    lua_pushcclosure(L, log_next, KEPT_UPVALUE + KEPT - 1);
    return 1;
}

/* history:reject(oid) -> id of the commit that takes it back */
static int history_reject(lua_State *L)
{
    struct us_history *history = check_history(L);
    const char *oid = luaL_checkstring(L, 2);
    char made[41];
    struct us_error err = {0};
    if (us_history_reject(made, history, oid, &err) != US_OK)
        return us_lua_fail(L, err.message);
    lua_pushstring(L, made);
    return 1;
}

/* history:command() -> the git command that shows the article's history, for a shell */
static int history_command(lua_State *L)
{
    char *command;
    struct us_error err = {0};
    if (us_history_command(&command, check_history(L), &err) != US_OK)
        return us_lua_fail(L, err.message);
    return us_lua_push_owned(L, command, strlen(command));
}

/* history:export() -> an mbox of patches for `git am`, oldest first */
static int history_export(lua_State *L)
{
    char *mbox;
    size_t length;
    struct us_error err = {0};
    if (us_history_export(&mbox, &length, check_history(L), &err) != US_OK)
        return us_lua_fail(L, err.message);
    return us_lua_push_owned(L, mbox, length);
}

/* history:prune(time) -> number of commits forgotten */
static int history_prune(lua_State *L)
{
    struct us_history *history = check_history(L);
    int64_t before = (int64_t)luaL_checknumber(L, 2);
    size_t dropped;
    struct us_error err = {0};
    if (us_history_prune(&dropped, history, before, &err) != US_OK)
        return us_lua_fail(L, err.message);
    lua_pushinteger(L, (lua_Integer)dropped);
    return 1;
}

static int rejections_gc(lua_State *L)
{
    us_rejections_close(luaL_checkudata(L, 1, REJECTIONS));
    return 0;
}

/* history:excepts() -> { { old =, new =, here =, path =, oid = }, ... }, for engine:check() */
static int history_excepts(lua_State *L)
{
    struct us_history *history = check_history(L);
    struct us_rejections *rejections = push_new(L, sizeof *rejections, REJECTIONS);
    struct us_error err = {0};
    if (us_history_rejected(rejections, history, &err) != US_OK)
        return us_lua_fail(L, err.message);
    lua_createtable(L, (int)rejections->count, 0);
    for (size_t i = 0; i < rejections->count; i++) {
        const struct us_rejection *item = &rejections->items[i];
        lua_createtable(L, 0, 5);
        set_string(L, "old", item->old);
        set_string(L, "new", item->replacement);
        set_string(L, "path", item->path);
        set_string(L, "oid", item->oid);
        lua_pushboolean(L, item->here);
        lua_setfield(L, -2, "here");
        lua_rawseti(L, -2, (int)i + 1);
    }
    us_rejections_close(rejections);
    return 1;
}

struct orphans { /* paths, each with its NUL */
    char *paths;
    size_t length;
    bool remove, failed;
};

static bool note_orphan(void *data, const char *path)
{
    struct orphans *orphans = data;
    size_t size = strlen(path) + 1;
    char *grown = realloc(orphans->paths, orphans->length + size);
    if (!grown) {
        orphans->failed = true;
        return false;
    }
    memcpy(grown + orphans->length, path, size);
    orphans->paths = grown;
    orphans->length += size;
    return orphans->remove;
}

/* core.orphans{ state =, remove = } -> paths of private histories whose articles are gone */
static int core_orphans(lua_State *L)
{
    struct orphans orphans = {0};
    const char *state = NULL;
    lua_settop(L, 1);
    if (!lua_isnil(L, 1)) {
        luaL_checktype(L, 1, LUA_TTABLE);
        state = us_lua_string(L, 1, "state");
        orphans.remove = us_lua_boolean(L, 1, "remove");
    }
    struct us_error err = {0};
    int result = us_history_orphans(state, note_orphan, &orphans, &err);
    if (result != US_OK || orphans.failed) {
        free(orphans.paths);
        return us_lua_fail(L, result != US_OK ? err.message : "out of memory for the list");
    }
    us_lua_push_owned(L, orphans.paths, orphans.length);
    size_t length;
    const char *paths = lua_tolstring(L, -1, &length);
    lua_newtable(L);
    for (size_t at = 0, n = 0; at < length; at += strlen(paths + at) + 1) {
        lua_pushstring(L, paths + at);
        lua_rawseti(L, -2, (int)++n);
    }
    return 1;
}

US_LUA_MODULE int luaopen_unspin_core_history(lua_State *L);

US_LUA_MODULE int luaopen_unspin_core_history(lua_State *L)
{
    static const luaL_Reg history_methods[] = {
        {"prepare", history_prepare}, {"record", history_record},
        {"log", history_log},         {"reject", history_reject},
        {"excepts", history_excepts}, {"location", history_location},
        {"command", history_command}, {"export", history_export},
        {"prune", history_prune},     {NULL, NULL}};
    static const luaL_Reg no_methods[] = {{NULL, NULL}};
    static const luaL_Reg functions[] = {
        {"history", core_history}, {"orphans", core_orphans}, {NULL, NULL}};
    us_lua_new_type(L, HISTORY, history_methods, history_gc, history_tostring);
    us_lua_new_type(L, LOG, no_methods, log_gc, log_gc);
    us_lua_new_type(L, RECORDED, no_methods, recorded_gc, recorded_gc);
    us_lua_new_type(L, REJECTIONS, no_methods, rejections_gc, rejections_gc);
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    int major, minor, patch;
    git_libgit2_version(&major, &minor, &patch);
    lua_pushfstring(L, "%d.%d.%d", major, minor, patch);
    lua_setfield(L, -2, "libgit2");
    return 1;
}
