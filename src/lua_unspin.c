/*
 * lua_unspin.c - the module unspin.core: binds the core to Lua, and nothing else.
 *
 * Compiled once against Lua 5.4 (for bin/unspin) and once against LuaJIT (for Neovim), so it keeps
 * to what both have. No Lua error is raised while the C side owns memory that Lua does not know:
 * results are moved into userdata with __gc first, or the Lua calls are made under lua_pcall.
 * Types and documentation: lua/unspin/_meta.lua.
 */
#include "context.h"
#include "file.h"
#include "history.h"
#include "lexicon_compile.h"
#include "lexicon_file.h"
#include "ngram.h"
#include "restore.h"

#include <dlfcn.h>
#include <git2.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>

#define EXPORT __attribute__((visibility("default")))

static int fail(lua_State *L, const char *message)
{
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

/* Add a metatable of this name with these methods, a __close beside its __gc (Lua 5.4). */
static void new_type(lua_State *L, const char *name, const luaL_Reg *methods, lua_CFunction gc,
                     lua_CFunction to_string)
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

/* ---- where the files are ------------------------------------------------------------------ */

/* A file beside this module: its folder, then `relative`. False if it is not there. */
static int beside_module(char *out, size_t room, const char *relative)
{
    Dl_info info;
    char real[4096];
    if (!dladdr((void *)(uintptr_t)&beside_module, &info) || !info.dli_fname ||
        !realpath(info.dli_fname, real))
        return 0;
    char *slash = strrchr(real, '/');
    if (!slash)
        return 0;
    *slash = 0;
    int length = snprintf(out, room, "%s/%s", real, relative);
    return length > 0 && (size_t)length < room && access(out, R_OK) == 0;
}

/* lua/unspin/core.so and build/lua5.4/unspin/core.so lie at different depths of the tree. */
static const char *find_file(char *out, size_t room, const char *const *places)
{
    for (; *places; places++)
        if (beside_module(out, room, *places))
            return out;
    return NULL;
}

static const char *const lexicon_places[] = {"../../build/unspin.lex", "../../unspin.lex", NULL};
static const char *const model_places[] = {"../../build/unspin.lm", "../../unspin.lm", NULL};
static const char *const context_places[] = {"../../data/context.bin", "../../../data/context.bin",
                                             NULL};
static const char *const model_paths[] = {
    "/usr/share/pocketsphinx/model/en-us/en-us.lm.bin",
    "/usr/local/share/pocketsphinx/model/en-us/en-us.lm.bin",
    "/opt/homebrew/share/pocketsphinx/model/en-us/en-us.lm.bin", NULL};

/* The compiled model; without it, what it is made of. */
static const char *find_model(char *out, size_t room)
{
    if (find_file(out, room, model_places))
        return out;
    for (const char *const *path = model_paths; *path; path++)
        if (access(*path, R_OK) == 0)
            return *path;
    return model_paths[0];
}

/* ---- engine ------------------------------------------------------------------------------- */

#define ENGINE "unspin.engine"

struct engine {
    struct us_ngram *ngram;
    struct us_lexicon *lexicon;
    struct us_context *context;
    struct us_restorer *restorer;
    char model_path[4200], lexicon_path[4200];
};

static struct engine *check_engine(lua_State *L)
{
    struct engine *engine = luaL_checkudata(L, 1, ENGINE);
    if (!engine->restorer)
        luaL_error(L, "the engine is closed");
    return engine;
}

static int engine_gc(lua_State *L)
{
    struct engine *engine = luaL_checkudata(L, 1, ENGINE);
    us_restorer_close(engine->restorer);
    us_context_close(engine->context);
    us_lexicon_close(engine->lexicon);
    us_ngram_close(engine->ngram);
    memset(engine, 0, sizeof *engine);
    return 0;
}

static int engine_tostring(lua_State *L)
{
    struct engine *engine = luaL_checkudata(L, 1, ENGINE);
    if (!engine->restorer)
        lua_pushliteral(L, ENGINE " (closed)");
    else
        lua_pushfstring(L, ENGINE " (%s, %d words; %s, %d rows)", engine->model_path,
                        (int)us_ngram_words(engine->ngram), engine->lexicon_path,
                        (int)us_lexicon_rows(engine->lexicon));
    return 1;
}

/*
 * Push a field as the table itself holds it, so that a string lives as long as its table: one that
 * a metamethod makes up, or the text of a number, would be collected while it is used.
 */
static void push_field(lua_State *L, int table, const char *name)
{
    lua_pushstring(L, name);
    lua_rawget(L, table);
}

/* Pop a string that its table keeps. */
static const char *pop_kept(lua_State *L)
{
    luaL_checktype(L, -1, LUA_TSTRING);
    const char *value = lua_tostring(L, -1);
    lua_pop(L, 1);
    return value;
}

static const char *path_option(lua_State *L, int table, const char *name, const char *variable)
{
    const char *path = NULL;
    if (lua_istable(L, table)) {
        push_field(L, table, name);
        if (lua_isnil(L, -1))
            lua_pop(L, 1);
        else
            path = pop_kept(L);
    }
    if (!path && variable)
        path = getenv(variable);
    return path && *path ? path : NULL;
}

/* core.open{ model =, lexicon =, context = } */
static int core_open(lua_State *L)
{
    if (!lua_isnoneornil(L, 1))
        luaL_checktype(L, 1, LUA_TTABLE);
    char model_found[4200], lexicon_found[4200], context_found[4200];
    const char *model = path_option(L, 1, "model", "UNSPIN_MODEL");
    const char *lexicon = path_option(L, 1, "lexicon", "UNSPIN_LEXICON");
    const char *context = path_option(L, 1, "context", NULL);
    if (!model)
        model = find_model(model_found, sizeof model_found);
    if (!lexicon)
        lexicon = find_file(lexicon_found, sizeof lexicon_found, lexicon_places);
    if (!lexicon)
        return fail(L, "the compiled lexicon is missing; run `make` in the plugin's folder");
    if (!context)
        context = find_file(context_found, sizeof context_found, context_places);

    struct engine *engine = lua_newuserdata(L, sizeof *engine);
    memset(engine, 0, sizeof *engine);
    luaL_setmetatable(L, ENGINE);
    struct us_error err = {0};
    int rc = us_ngram_open(&engine->ngram, model, &err);
    if (rc == US_EIO && access(model, F_OK) != 0)
        us_fail(&err, rc, "the language model %s is missing; install pocketsphinx-en-us, or name "
                          "another with UNSPIN_MODEL", model);
    if (rc == US_OK)
        rc = us_lexicon_open(&engine->lexicon, lexicon, &err);
    if (rc == US_OK && context)
        rc = us_context_open(&engine->context, context, &err);
    if (rc == US_OK)
        rc = us_restorer_open(&engine->restorer, engine->ngram, engine->lexicon, engine->context,
                              &err);
    if (rc != US_OK)
        return fail(L, err.message);
    snprintf(engine->model_path, sizeof engine->model_path, "%s", model);
    snprintf(engine->lexicon_path, sizeof engine->lexicon_path, "%s", lexicon);
    return 1;
}

/* engine:thresholds() -> sure, ask */
static int engine_thresholds(lua_State *L)
{
    struct engine *engine = check_engine(L);
    lua_pushnumber(L, (lua_Number)us_restorer_sure(engine->restorer));
    lua_pushnumber(L, (lua_Number)us_restorer_ask(engine->restorer));
    return 2;
}

/* engine:paths() -> model, lexicon */
static int engine_paths(lua_State *L)
{
    struct engine *engine = check_engine(L);
    lua_pushstring(L, engine->model_path);
    lua_pushstring(L, engine->lexicon_path);
    return 2;
}

static void push_row(lua_State *L, const struct us_lexicon *lexicon, const struct us_row *row)
{
    static const struct {
        const char *name;
        int flag;
    } flags[] = {{"always", US_ROW_ALWAYS},       {"spun_only", US_ROW_SPUN_ONLY},
                 {"seen", US_ROW_SEEN},           {"inflected", US_ROW_INFLECTED},
                 {"thesaurus", US_ROW_TAIL},      {"name", US_ROW_NAME},
                 {"scholarly", US_ROW_SCHOLARLY}, {"bot_only", US_ROW_BOT_ONLY}};
    lua_createtable(L, 0, 13);
    lua_pushstring(L, us_lexicon_string(lexicon, row->original));
    lua_setfield(L, -2, "original");
    lua_pushstring(L, us_lexicon_string(lexicon, row->spun));
    lua_setfield(L, -2, "spun");
    lua_pushinteger(L, row->pages);
    lua_setfield(L, -2, "pages");
    lua_pushnumber(L, row->reading_share / 1000.0);
    lua_setfield(L, -2, "share");
    char families[27], *letter = families;
    for (int i = 0; i < 26; i++)
        if (row->families >> i & 1)
            *letter++ = (char)('A' + i);
    lua_pushlstring(L, families, (size_t)(letter - families));
    lua_setfield(L, -2, "families");
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        lua_pushboolean(L, (row->flags & flags[i].flag) != 0);
        lua_setfield(L, -2, flags[i].name);
    }
}

/* engine:lookup(phrase) -> rows in which it is one of the two sides, in the lexicon's order */
static int engine_lookup(lua_State *L)
{
    const struct us_lexicon *lexicon = check_engine(L)->lexicon;
    const char *phrase = luaL_checkstring(L, 2);
    int found = 0;
    lua_newtable(L);
    for (uint32_t id = 0; id < us_lexicon_rows(lexicon); id++) {
        const struct us_row *row = us_lexicon_row(lexicon, id);
        if (strcmp(us_lexicon_string(lexicon, row->spun), phrase) == 0 ||
            strcmp(us_lexicon_string(lexicon, row->original), phrase) == 0) {
            push_row(L, lexicon, row);
            lua_rawseti(L, -2, ++found);
        }
    }
    return 1;
}

/* What one check owns, so that an error of Lua's while results are pushed leaks nothing. */
#define CHECK "unspin.check"
struct check {
    struct us_corrections corrections;
    struct us_except *excepts;
};

static int check_gc(lua_State *L)
{
    struct check *check = luaL_checkudata(L, 1, CHECK);
    us_corrections_close(&check->corrections);
    free(check->excepts);
    check->excepts = NULL;
    return 0;
}

static lua_Number number_field(lua_State *L, int table, const char *name, lua_Number fallback)
{
    push_field(L, table, name);
    lua_Number value = luaL_optnumber(L, -1, fallback);
    lua_pop(L, 1);
    return value;
}

static int boolean_field(lua_State *L, int table, const char *name)
{
    push_field(L, table, name);
    int value = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

/* The string of a field; the table keeps it. */
static const char *string_field(lua_State *L, int table, const char *name)
{
    push_field(L, table, name);
    return pop_kept(L);
}

static void read_excepts(lua_State *L, int options, struct check *check, uint32_t *count)
{
    push_field(L, options, "except");
    *count = 0;
    if (!lua_isnil(L, -1)) {
        luaL_checktype(L, -1, LUA_TTABLE);
        int list = lua_gettop(L);
        lua_Integer length = 0;
        for (lua_rawgeti(L, list, 1); !lua_isnil(L, -1); lua_rawgeti(L, list, (int)length + 1)) {
            length++;
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
        check->excepts = calloc((size_t)length + 1, sizeof *check->excepts);
        if (!check->excepts)
            luaL_error(L, "out of memory");
        for (lua_Integer i = 1; i <= length; i++) {
            lua_rawgeti(L, list, (int)i);
            luaL_checktype(L, -1, LUA_TTABLE);
            int item = lua_gettop(L);
            struct us_except *except = &check->excepts[i - 1];
            except->old = string_field(L, item, "old");
            except->replacement = string_field(L, item, "new");
            except->here = boolean_field(L, item, "here");
            lua_pop(L, 1);
        }
        *count = (uint32_t)length;
    }
    lua_pop(L, 1);
}

static void push_correction(lua_State *L, const struct us_correction *correction,
                            const char *text)
{
    lua_createtable(L, 0, 8);
    lua_pushinteger(L, (lua_Integer)correction->start + 1);
    lua_setfield(L, -2, "start");
    lua_pushinteger(L, (lua_Integer)correction->end);
    lua_setfield(L, -2, "stop");
    lua_pushlstring(L, text + correction->start, correction->end - correction->start);
    lua_setfield(L, -2, "old");
    lua_pushstring(L, correction->replacement);
    lua_setfield(L, -2, "new");
    lua_pushnumber(L, (lua_Number)correction->confidence);
    lua_setfield(L, -2, "confidence");
    lua_pushstring(L, us_kind_name(correction->kind));
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, correction->reason);
    lua_setfield(L, -2, "reason");
    if (correction->reading_count) {
        lua_createtable(L, (int)correction->reading_count, 0);
        for (uint32_t i = 0; i < correction->reading_count; i++) {
            lua_createtable(L, 0, 2);
            lua_pushstring(L, correction->readings[i].text);
            lua_setfield(L, -2, "text");
            lua_pushnumber(L, (lua_Number)correction->readings[i].confidence);
            lua_setfield(L, -2, "confidence");
            lua_rawseti(L, -2, (int)i + 1);
        }
        lua_setfield(L, -2, "readings");
    }
}

/* The numbers of an article, families aside. */
static const struct {
    const char *name;
    size_t offset;
} article_fields[] = {
    {"words", offsetof(struct us_article, words)},
    {"swaps", offsetof(struct us_article, swaps)},
    {"scholarly", offsetof(struct us_article, scholarly)},
    {"quoted", offsetof(struct us_article, quoted)},
    {"quoted_words", offsetof(struct us_article, quoted_words)},
    {"capital", offsetof(struct us_article, capital)},
    {"capital_words", offsetof(struct us_article, capital_words)},
    {"share", offsetof(struct us_article, share)},
    {"always", offsetof(struct us_article, always)},
    {"level", offsetof(struct us_article, level)},
};
enum { ARTICLE_FIELDS = sizeof article_fields / sizeof *article_fields };

static void push_numbers(lua_State *L, const float *numbers, int count)
{
    lua_createtable(L, count, 0);
    for (int i = 0; i < count; i++) {
        lua_pushnumber(L, (lua_Number)numbers[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

static void read_numbers(float *numbers, int count, lua_State *L, int table, const char *name)
{
    lua_getfield(L, table, name);
    luaL_checktype(L, -1, LUA_TTABLE);
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, -1, i + 1);
        numbers[i] = (float)luaL_checknumber(L, -1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void push_article(lua_State *L, const struct us_article *article)
{
    lua_createtable(L, 0, ARTICLE_FIELDS + 1);
    for (int i = 0; i < ARTICLE_FIELDS; i++) {
        float value;
        memcpy(&value, (const char *)article + article_fields[i].offset, sizeof value);
        lua_pushnumber(L, (lua_Number)value);
        lua_setfield(L, -2, article_fields[i].name);
    }
    push_numbers(L, article->family, 26);
    lua_setfield(L, -2, "families");
    push_numbers(L, article->kinds, US_KINDS);
    lua_setfield(L, -2, "kinds");
}

/* Read options.article, if it is there. */
static bool read_article(lua_State *L, int options, struct us_article *article)
{
    push_field(L, options, "article");
    bool given = !lua_isnil(L, -1);
    if (given) {
        luaL_checktype(L, -1, LUA_TTABLE);
        int table = lua_gettop(L);
        for (int i = 0; i < ARTICLE_FIELDS; i++) {
            push_field(L, table, article_fields[i].name);
            float value = (float)luaL_checknumber(L, -1);
            memcpy((char *)article + article_fields[i].offset, &value, sizeof value);
            lua_pop(L, 1);
        }
        read_numbers(article->family, 26, L, table, "families");
        read_numbers(article->kinds, US_KINDS, L, table, "kinds");
    }
    lua_pop(L, 1);
    return given;
}

static void push_info(lua_State *L, const struct us_corrections *corrections)
{
    lua_createtable(L, 0, 7);
    lua_pushinteger(L, (lua_Integer)corrections->words);
    lua_setfield(L, -2, "words");
    lua_pushnumber(L, (lua_Number)corrections->rate);
    lua_setfield(L, -2, "rate");
    lua_pushnumber(L, (lua_Number)corrections->spun);
    lua_setfield(L, -2, "spun");
    if (corrections->family) {
        lua_pushlstring(L, &corrections->family, 1);
        lua_setfield(L, -2, "family");
    }
    lua_pushboolean(L, corrections->english);
    lua_setfield(L, -2, "english");
    lua_pushboolean(L, corrections->cut_short);
    lua_setfield(L, -2, "cut_short");
    push_article(L, &corrections->article);
    lua_setfield(L, -2, "article");
}

/* engine:check(text, opts) -> corrections, info */
static int engine_check(lua_State *L)
{
    static const char *const formats[] = {"text", "markdown", NULL};
    struct engine *engine = check_engine(L);
    size_t length;
    const char *text = luaL_checklstring(L, 2, &length);
    struct us_check_options options = {.threshold = -1};
    if (lua_isnoneornil(L, 3)) {
        lua_settop(L, 2);
        lua_newtable(L);
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    struct check *check = lua_newuserdata(L, sizeof *check);
    memset(check, 0, sizeof *check);
    luaL_setmetatable(L, CHECK);

    push_field(L, 3, "format");
    options.format = (enum us_format)luaL_checkoption(L, -1, "text", formats);
    options.threshold = (float)number_field(L, 3, "threshold", -1);
    options.readings = boolean_field(L, 3, "readings");
    options.seconds = (double)number_field(L, 3, "seconds", 0);
    options.bytes = (size_t)number_field(L, 3, "bytes", 0);
    struct us_article article;
    if (read_article(L, 3, &article))
        options.article = &article;
    lua_Number first = number_field(L, 3, "first", 1), last = number_field(L, 3, "last", 0);
    luaL_argcheck(L, first >= 1 && (last == 0 || last >= first), 3, "first and last must be in order");
    options.from = (size_t)first - 1;
    options.to = (size_t)last;
    read_excepts(L, 3, check, &options.except_count);
    options.excepts = check->excepts;

    struct us_error err = {0};
    if (us_restorer_check(&check->corrections, engine->restorer, text, length, &options, &err) !=
        US_OK)
        return fail(L, err.message);
    lua_createtable(L, (int)check->corrections.count, 0);
    for (uint32_t i = 0; i < check->corrections.count; i++) {
        push_correction(L, &check->corrections.items[i], text);
        lua_rawseti(L, -2, (int)i + 1);
    }
    push_info(L, &check->corrections);
    us_corrections_close(&check->corrections);
    return 2;
}

/* core.compile_model(from, to) -> true */
static int core_compile_model(lua_State *L)
{
    struct us_error err = {0};
    const char *from = luaL_checkstring(L, 1), *to = luaL_checkstring(L, 2);
    if (us_ngram_compile(to, from, &err) != US_OK)
        return fail(L, err.message);
    lua_pushboolean(L, 1);
    return 1;
}

/* core.apply(text, fixes) -> text */
static int core_apply(lua_State *L)
{
    size_t length, at = 0;
    const char *text = luaL_checklstring(L, 1, &length);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_Buffer buffer;
    lua_settop(L, 2);
    /* the pieces are kept in a table: a luaL_Buffer allows nothing else on the stack */
    lua_newtable(L);
    int pieces = 0;
    for (int i = 1;; i++) {
        lua_rawgeti(L, 2, i);
        if (lua_isnil(L, -1))
            break;
        luaL_checktype(L, -1, LUA_TTABLE);
        lua_getfield(L, -1, "start");
        lua_getfield(L, -2, "stop");
        lua_Integer start = luaL_checkinteger(L, -2), stop = luaL_checkinteger(L, -1);
        if (start <= (lua_Integer)at || stop < start - 1 || stop > (lua_Integer)length)
            return luaL_error(L, "fix %d is out of order or out of range", i);
        lua_pushlstring(L, text + at, (size_t)start - 1 - at);
        lua_rawseti(L, 3, ++pieces);
        lua_getfield(L, -3, "new");
        luaL_checkstring(L, -1);
        lua_rawseti(L, 3, ++pieces);
        at = (size_t)stop;
        lua_settop(L, 3);
    }
    lua_settop(L, 3);
    luaL_buffinit(L, &buffer);
    for (int i = 1; i <= pieces; i++) {
        lua_rawgeti(L, 3, i);
        luaL_addvalue(&buffer);
    }
    luaL_addlstring(&buffer, text + at, length - at);
    luaL_pushresult(&buffer);
    return 1;
}

/* core.replace(path, bytes) -> true: the file's content, at once or not at all */
static int core_replace(lua_State *L)
{
    size_t length;
    const char *path = luaL_checkstring(L, 1);
    const char *bytes = luaL_checklstring(L, 2, &length);
    struct us_error err = {0};
    if (us_file_replace(path, bytes, length, &err) != US_OK)
        return fail(L, err.message);
    lua_pushboolean(L, 1);
    return 1;
}

/* core.version() -> version of unspin, version of libgit2 */
static int core_version(lua_State *L)
{
    int major, minor, patch;
    git_libgit2_version(&major, &minor, &patch);
    lua_pushstring(L, us_version());
    lua_pushfstring(L, "%d.%d.%d", major, minor, patch);
    return 2;
}

/* ---- history ------------------------------------------------------------------------------ */

#define HISTORY "unspin.history"
#define LOG "unspin.history.log"
#define RECORDED "unspin.history.recorded"
#define REJECTIONS "unspin.history.rejections"

static struct us_history *check_history(lua_State *L)
{
    struct us_history **history = luaL_checkudata(L, 1, HISTORY);
    if (!*history)
        luaL_error(L, "the history is closed");
    return *history;
}

static int history_gc(lua_State *L)
{
    struct us_history **history = luaL_checkudata(L, 1, HISTORY);
    us_history_close(*history);
    *history = NULL;
    return 0;
}

static int history_tostring(lua_State *L)
{
    struct us_history **history = luaL_checkudata(L, 1, HISTORY);
    if (!*history) {
        lua_pushliteral(L, HISTORY " (closed)");
        return 1;
    }
    const struct us_location *place = us_history_location(*history);
    lua_pushfstring(L, HISTORY " (%s, %s in %s)", place->path, place->ref, place->git_dir);
    return 1;
}

static int push_lstring(lua_State *L)
{
    const char *text = lua_touserdata(L, 1);
    lua_pushlstring(L, text ? text : "", (size_t)lua_tonumber(L, 2));
    return 1;
}

/* Push a C string as a Lua one and free it, even where Lua has no memory for it. */
static int push_owned(lua_State *L, char *text, size_t length)
{
    lua_pushcfunction(L, push_lstring);
    lua_pushlightuserdata(L, text);
    lua_pushnumber(L, (lua_Number)length);
    int status = lua_pcall(L, 2, 1, 0);
    free(text);
    return status == 0 ? 1 : lua_error(L);
}

/* A string option of the table at an index; the table keeps the string. */
static const char *string_option(lua_State *L, int table, const char *name)
{
    push_field(L, table, name);
    if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "option '%s' must be a string", name);
    const char *value = lua_tostring(L, -1);
    lua_pop(L, 1);
    return value;
}

/* core.has_history(path) -> boolean */
static int core_has_history(lua_State *L)
{
    lua_pushboolean(L, us_history_possible(luaL_checkstring(L, 1)));
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
        const char *where = string_option(L, 2, "where");
        options.state = string_option(L, 2, "state");
        if (where && us_where_parse(&options.where, where) != US_OK)
            return luaL_error(L, "option 'where' must be branch, side or private, not %s", where);
    }
    struct us_history **history = lua_newuserdata(L, sizeof *history);
    *history = NULL;
    luaL_setmetatable(L, HISTORY);
    struct us_error err = {0};
    return us_history_open(history, path, &options, &err) == US_OK ? 1 : fail(L, err.message);
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
        lua_Integer start = (lua_Integer)number_field(L, table, "start", 0);
        lua_Integer stop = (lua_Integer)number_field(L, table, "stop", -1);
        const char *replacement = string_option(L, table, "new");
        if (start < 1 || stop < start - 1 || !replacement)
            luaL_error(L, "fix %d lacks start, stop or new", (int)i + 1);
        fixes[i] = (struct us_fix){.start = (size_t)start - 1,
                                   .end = (size_t)stop,
                                   .replacement = replacement,
                                   .confidence = (float)number_field(L, table, "confidence", 1),
                                   .kind = string_option(L, table, "kind"),
                                   .rejects = string_option(L, table, "rejects"),
                                   .refuses = string_option(L, table, "refuses")};
        lua_pop(L, 1);
    }
    *count = room;
    return fixes;
}

/* history:prepare(before, fixes) -> true */
static int history_prepare(lua_State *L)
{
    struct us_history *history = check_history(L);
    size_t length, count;
    const char *before = luaL_checklstring(L, 2, &length);
    const struct us_fix *fixes = read_fixes(L, &count);
    struct us_error err = {0};
    if (us_history_prepare(history, before, length, fixes, count, &err) != US_OK)
        return fail(L, err.message);
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
    struct us_recorded *recorded = lua_newuserdata(L, sizeof *recorded);
    memset(recorded, 0, sizeof *recorded);
    luaL_setmetatable(L, RECORDED);
    struct us_error err = {0};
    if (us_history_record(recorded, history, before, length, fixes, count, &err) != US_OK)
        return fail(L, err.message);
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
enum { AUTHOR, EMAIL, PATH, KIND, KEPT, OID = KEPT, OLD, NEW, EXCERPT, TIME, OFFSET, LINE, CONFIDENCE,
       REJECTED, FIELDS };
static const char *const field_names[FIELDS] = {
    "author", "email", "path",   "kind", "oid",        "old",     "new",
    "excerpt", "time", "offset", "line", "confidence", "rejected"};

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
    struct us_history **history = lua_touserdata(L, lua_upvalueindex(HISTORY_UPVALUE));
    struct us_entry entry;
    struct us_error err = {0};
    bool more;
    if (!*log)
        return 0;
    if (!*history)
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
        options.all = boolean_field(L, 2, "all");
        options.limit = (size_t)number_field(L, 2, "limit", 0);
    }
    luaL_checkstack(L, FIELDS + KEPT + 4, "too many fields");
    struct us_log **log = lua_newuserdata(L, sizeof *log);
    *log = NULL;
    luaL_setmetatable(L, LOG);
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
        return fail(L, err.message);
    lua_pushstring(L, made);
    return 1;
}

/* history:command() -> the git command that shows the article's history, for a shell */
static int history_command(lua_State *L)
{
    char *command;
    struct us_error err = {0};
    if (us_history_command(&command, check_history(L), &err) != US_OK)
        return fail(L, err.message);
    return push_owned(L, command, strlen(command));
}

/* history:export() -> an mbox of patches for `git am`, oldest first */
static int history_export(lua_State *L)
{
    char *mbox;
    size_t length;
    struct us_error err = {0};
    if (us_history_export(&mbox, &length, check_history(L), &err) != US_OK)
        return fail(L, err.message);
    return push_owned(L, mbox, length);
}

/* history:prune(time) -> number of commits forgotten */
static int history_prune(lua_State *L)
{
    struct us_history *history = check_history(L);
    int64_t before = (int64_t)luaL_checknumber(L, 2);
    size_t dropped;
    struct us_error err = {0};
    if (us_history_prune(&dropped, history, before, &err) != US_OK)
        return fail(L, err.message);
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
    struct us_rejections *rejections = lua_newuserdata(L, sizeof *rejections);
    memset(rejections, 0, sizeof *rejections);
    luaL_setmetatable(L, REJECTIONS);
    struct us_error err = {0};
    if (us_history_rejected(rejections, history, &err) != US_OK)
        return fail(L, err.message);
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
        state = string_option(L, 1, "state");
        orphans.remove = boolean_field(L, 1, "remove");
    }
    struct us_error err = {0};
    int result = us_history_orphans(state, note_orphan, &orphans, &err);
    if (result != US_OK || orphans.failed) {
        free(orphans.paths);
        return fail(L, result != US_OK ? err.message : "out of memory for the list");
    }
    push_owned(L, orphans.paths, orphans.length);
    size_t length;
    const char *paths = lua_tolstring(L, -1, &length);
    lua_newtable(L);
    for (size_t at = 0, n = 0; at < length; at += strlen(paths + at) + 1) {
        lua_pushstring(L, paths + at);
        lua_rawseti(L, -2, (int)++n);
    }
    return 1;
}

/* ---- lexicon ------------------------------------------------------------------------------ */

/* core.checksum(bytes) -> 16 hexadecimal digits that tell contents apart */
static int core_checksum(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    char digits[17];
    snprintf(digits, sizeof digits, "%016llx",
             (unsigned long long)us_lexicon_checksum(bytes, length));
    lua_pushstring(L, digits);
    return 1;
}

static const char *required_path(lua_State *L, int table, const char *name)
{
    const char *path = string_option(L, table, name);
    if (!path)
        luaL_error(L, "option '%s' is missing", name);
    return path;
}

/* The strings of the list at the top of the stack, in memory that Lua owns. */
static const char *const *read_paths(lua_State *L, uint32_t *count)
{
    int list = lua_gettop(L);
    luaL_checktype(L, list, LUA_TTABLE);
    for (*count = 0;; (*count)++) {
        lua_rawgeti(L, list, (int)*count + 1);
        bool end = lua_isnil(L, -1);
        lua_pop(L, 1);
        if (end)
            break;
    }
    const char **paths = lua_newuserdata(L, (*count + 1) * sizeof *paths);
    for (uint32_t i = 0; i < *count; i++) {
        lua_rawgeti(L, list, (int)i + 1);
        paths[i] = pop_kept(L);
    }
    return paths;
}

/*
 * core.compile(path, { sources =, irregulars =, weights =, model =, check = })
 * -> { rows =, read =, merged =, derived =, forbidden =, bytes = }, doubts
 * or nil, message, doubts
 */
static int core_compile(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    char found[4200];
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    const char *model = path_option(L, 2, "model", "UNSPIN_MODEL");
    struct us_lexicon_sources sources = {.irregulars = required_path(L, 2, "irregulars"),
                                         .weights = required_path(L, 2, "weights")};
    bool check = boolean_field(L, 2, "check");
    push_field(L, 2, "sources");
    sources.paths = read_paths(L, &sources.count);

    struct us_lexicon_report report;
    struct us_error err = {0};
    struct us_ngram *words = NULL;
    char *doubts = NULL;
    size_t length = 0;
    int rc = us_ngram_open(&words, model ? model : find_model(found, sizeof found), &err);
    if (rc == US_OK && check && !(sources.doubts = open_memstream(&doubts, &length)))
        rc = us_fail(&err, US_ENOMEM, "out of memory compiling the lexicon");
    sources.words = words;
    if (rc == US_OK)
        rc = us_lexicon_compile(&report, path, &sources, &err);
    if (sources.doubts)
        fclose(sources.doubts);
    us_ngram_close(words);
    push_owned(L, doubts, length);
    if (rc != US_OK) {
        fail(L, err.message);
        lua_pushvalue(L, -3);
        return 3;
    }
    const struct {
        const char *name;
        size_t value;
    } counts[] = {{"rows", report.rows},         {"read", report.read},
                  {"merged", report.merged},     {"derived", report.derived},
                  {"forbidden", report.forbidden}, {"bytes", report.bytes}};
    lua_createtable(L, 0, 6);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        lua_pushinteger(L, (lua_Integer)counts[i].value);
        lua_setfield(L, -2, counts[i].name);
    }
    lua_insert(L, -2);
    return 2;
}

EXPORT int luaopen_unspin_core(lua_State *L);

EXPORT int luaopen_unspin_core(lua_State *L)
{
    static const luaL_Reg engine_methods[] = {{"check", engine_check},
                                              {"lookup", engine_lookup},
                                              {"paths", engine_paths},
                                              {"thresholds", engine_thresholds},
                                              {NULL, NULL}};
    static const luaL_Reg history_methods[] = {{"prepare", history_prepare},
                                               {"record", history_record},
                                               {"log", history_log},
                                               {"reject", history_reject},
                                               {"excepts", history_excepts},
                                               {"location", history_location},
                                               {"command", history_command},
                                               {"export", history_export},
                                               {"prune", history_prune},
                                               {NULL, NULL}};
    static const luaL_Reg no_methods[] = {{NULL, NULL}};
    static const luaL_Reg functions[] = {{"open", core_open},
                                         {"apply", core_apply},
                                         {"compile_model", core_compile_model},
                                         {"replace", core_replace},
                                         {"compile", core_compile},
                                         {"checksum", core_checksum},
                                         {"history", core_history},
                                         {"has_history", core_has_history},
                                         {"orphans", core_orphans},
                                         {"version", core_version},
                                         {NULL, NULL}};
    new_type(L, ENGINE, engine_methods, engine_gc, engine_tostring);
    new_type(L, CHECK, no_methods, check_gc, check_gc);
    new_type(L, HISTORY, history_methods, history_gc, history_tostring);
    new_type(L, LOG, no_methods, log_gc, log_gc);
    new_type(L, RECORDED, no_methods, recorded_gc, recorded_gc);
    new_type(L, REJECTIONS, no_methods, rejections_gc, rejections_gc);
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    return 1;
}
