/*
 * lua_unspin.c - the module unspin.core: binds the core to Lua, and nothing else. The history is in
 * lua_history.c.
 *
 * Compiled once against Lua 5.4 (for bin/unspin) and once against LuaJIT (for Neovim), so it keeps
 * to what both have. Types and documentation: lua/unspin/_meta.lua.
 */
#include "context.h"
#include "file.h"
#include "history.h"
#include "lexicon_compile.h"
#include "lexicon_file.h"
#include "lua_values.h"
#include "ngram.h"
#include "restore.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- where the files are ------------------------------------------------------------------ */

/* A file beside this module: its folder, then `relative`, of which each leading ../ goes up one
 * folder. False if it is not there. */
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
    for (; strncmp(relative, "../", 3) == 0 && (slash = strrchr(real, '/')); relative += 3)
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
static const char *const context_places[] = {"../../build/context.bin", "../../context.bin", NULL};
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
    int checks; /* under way: a caller's stop() may call anything */
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
    if (engine->checks)
        return luaL_error(L, "the engine is checking");
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
        lua_pushfstring(L, ENGINE " (model %s, %d words; lexicon %s, %d rows)", engine->model_path,
                        (int)us_ngram_words(engine->ngram), engine->lexicon_path,
                        (int)us_lexicon_rows(engine->lexicon));
    return 1;
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
        us_lua_push_field(L, table, name);
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
        return us_lua_fail(L, "the compiled lexicon is missing; run `make` in the plugin's folder");
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
        return us_lua_fail(L, err.message);
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

/* The string of a field, which the list at `keeper` keeps from now on. */
static const char *string_field(lua_State *L, int table, const char *name, int keeper, int at)
{
    us_lua_push_field(L, table, name);
    luaL_checktype(L, -1, LUA_TSTRING);
    const char *value = lua_tostring(L, -1);
    lua_rawseti(L, keeper, at);
    return value;
}

/* Leaves a table on the stack, which keeps the strings whatever the caller's stop() does. */
static void read_excepts(lua_State *L, int options, struct check *check, uint32_t *count)
{
    lua_newtable(L);
    int keeper = lua_gettop(L);
    us_lua_push_field(L, options, "except");
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
        if (!check->excepts) {
            luaL_error(L, "out of memory");
            return; /* for who does not know that it does not */
        }
        for (lua_Integer i = 1; i <= length; i++) {
            lua_rawgeti(L, list, (int)i);
            luaL_checktype(L, -1, LUA_TTABLE);
            int item = lua_gettop(L);
            struct us_except *except = &check->excepts[i - 1];
            except->old = string_field(L, item, "old", keeper, (int)i * 3 - 2);
            except->replacement = string_field(L, item, "new", keeper, (int)i * 3 - 1);
            except->here = us_lua_boolean(L, item, "here");
            if (us_lua_string(L, item, "path"))
                except->article = string_field(L, item, "path", keeper, (int)i * 3);
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
    us_lua_push_field(L, options, "article");
    bool given = !lua_isnil(L, -1);
    if (given) {
        luaL_checktype(L, -1, LUA_TTABLE);
        int table = lua_gettop(L);
        for (int i = 0; i < ARTICLE_FIELDS; i++) {
            us_lua_push_field(L, table, article_fields[i].name);
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

#define STOP_SECONDS 0.02 /* between two questions */

/* Who wants a check to stop: a function of the caller's, or Ctrl-C, at which the lua5.4 and luajit
 * commands set a hook that raises an error as soon as Lua goes on. */
struct stopper {
    lua_State *L;
    lua_Hook hook;   /* as it was */
    int function;    /* where it is on the stack; 0: none */
    bool failed;     /* its error is on top of the stack */
    double next;     /* when to ask again */
};

static bool wants_stop(void *data)
{
    struct stopper *stopper = data;
    lua_State *L = stopper->L;
    double now = us_now();
    if (now < stopper->next)
        return false;
    stopper->next = now + STOP_SECONDS;
    if (lua_gethook(L) != stopper->hook)
        return true;
    if (!stopper->function)
        return false;
    lua_pushvalue(L, stopper->function);
    stopper->failed = lua_pcall(L, 0, 1, 0) != 0;
    if (stopper->failed)
        return true;
    bool stop = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return stop;
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

    us_lua_push_field(L, 3, "format");
    options.format = (enum us_format)luaL_checkoption(L, -1, "text", formats);
    options.threshold = (float)us_lua_number(L, 3, "threshold", -1);
    options.readings = us_lua_boolean(L, 3, "readings");
    options.seconds = (double)us_lua_number(L, 3, "seconds", 0);
    options.bytes = us_lua_size(L, 3, "bytes");
    options.memory = us_lua_size(L, 3, "memory");
    struct us_article article;
    if (read_article(L, 3, &article))
        options.article = &article;
    lua_Number first = us_lua_number(L, 3, "first", 1), last = us_lua_number(L, 3, "last", 0);
    luaL_argcheck(L, first >= 1 && (last == 0 || last >= first), 3, "first and last must be in order");
    options.from = (size_t)first - 1;
    options.to = (size_t)last;
    read_excepts(L, 3, check, &options.except_count);
    options.excepts = check->excepts;
    struct stopper stopper = {.L = L, .hook = lua_gethook(L), .next = us_now() + STOP_SECONDS};
    us_lua_push_field(L, 3, "stop");
    if (!lua_isnil(L, -1)) {
        luaL_checktype(L, -1, LUA_TFUNCTION);
        stopper.function = lua_gettop(L);
    }
    options.stop = wants_stop;
    options.data = &stopper;

    struct us_error err = {0};
    engine->checks++;
    int rc = us_restorer_check(&check->corrections, engine->restorer, text, length, &options, &err);
    engine->checks--;
    if (stopper.failed)
        return lua_error(L);
    if (rc != US_OK)
        return us_lua_fail(L, err.message);
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
        return us_lua_fail(L, err.message);
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
        return us_lua_fail(L, err.message);
    lua_pushboolean(L, 1);
    return 1;
}

/* core.is_terminal(stream) -> boolean */
static int core_is_terminal(lua_State *L)
{
    lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
    return 1;
}

/* core.folder() -> the folder that relative paths start from */
static int core_folder(lua_State *L)
{
    char *folder = getcwd(NULL, 0);
    if (!folder)
        return us_lua_fail(L, strerror(errno));
    return us_lua_push_owned(L, folder, strlen(folder));
}

/* ---- history ------------------------------------------------------------------------------ */

/* core.has_history(path) -> boolean */
static int core_has_history(lua_State *L)
{
    lua_pushboolean(L, us_history_possible(luaL_checkstring(L, 1)));
    return 1;
}

/* Push the module unspin.core_history, which lies beside this one; or, false, why there is none. */
static bool push_history(lua_State *L)
{
    static const char name[] = "unspin.core_history";
    char path[4200];
    lua_getfield(L, LUA_REGISTRYINDEX, name);
    if (lua_istable(L, -1))
        return true;
    lua_pop(L, 1);
    if (!beside_module(path, sizeof path, "core_history.so")) {
        lua_pushliteral(L, "the history's module is not built; run `make` in the plugin's folder");
        return false;
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library ? dlsym(library, "luaopen_unspin_core_history") : NULL;
    if (!symbol) {
        lua_pushfstring(L, "the history's module cannot be loaded (%s); run `make clean all` in the "
                           "plugin's folder", dlerror());
        return false;
    }
    lua_CFunction open_module;
    memcpy(&open_module, &symbol, sizeof symbol);
    lua_pushcfunction(L, open_module);
    lua_call(L, 0, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, name);
    return true;
}

/* What core.history and core.orphans are without their module. */
static int no_history(lua_State *L)
{
    return us_lua_fail(L, lua_tostring(L, lua_upvalueindex(1)));
}

/* __index of the module: the functions of the other one, taken over when one is first asked for. */
static int take_over(lua_State *L)
{
    lua_settop(L, 2);
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    if (strcmp(name, "history") != 0 && strcmp(name, "orphans") != 0)
        return 0;
    if (!push_history(L)) {
        lua_pushcclosure(L, no_history, 1);
        return 1;
    }
    lua_getfield(L, -1, name);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

/* core.version() -> version of unspin, version of libgit2; or, for that, nil and why */
static int core_version(lua_State *L)
{
    lua_settop(L, 0);
    lua_pushstring(L, us_version());
    if (push_history(L)) {
        lua_getfield(L, -1, "libgit2");
        lua_replace(L, 2);
        return 2;
    }
    lua_pushnil(L);
    lua_insert(L, 2);
    return 3;
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
    const char *path = us_lua_string(L, table, name);
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
 * core.compile(path, { sources =, irregulars =, weights =, trees =, model =,
 *                      check = })
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
                                         .weights = required_path(L, 2, "weights"),
                                         .trees = required_path(L, 2, "trees")};
    bool check = us_lua_boolean(L, 2, "check");
    us_lua_push_field(L, 2, "sources");
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
    us_lua_push_owned(L, doubts, length);
    if (rc != US_OK) {
        us_lua_fail(L, err.message);
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

US_LUA_MODULE int luaopen_unspin_core(lua_State *L);

US_LUA_MODULE int luaopen_unspin_core(lua_State *L)
{
    static const luaL_Reg engine_methods[] = {{"check", engine_check},
                                              {"lookup", engine_lookup},
                                              {"paths", engine_paths},
                                              {"thresholds", engine_thresholds},
                                              {NULL, NULL}};
    static const luaL_Reg no_methods[] = {{NULL, NULL}};
    static const luaL_Reg functions[] = {{"open", core_open},
                                         {"apply", core_apply},
                                         {"compile_model", core_compile_model},
                                         {"replace", core_replace},
                                         {"compile", core_compile},
                                         {"checksum", core_checksum},
                                         {"has_history", core_has_history},
                                         {"is_terminal", core_is_terminal},
                                         {"folder", core_folder},
                                         {"version", core_version},
                                         {NULL, NULL}};
    us_lua_new_type(L, ENGINE, engine_methods, engine_gc, engine_tostring);
    us_lua_new_type(L, CHECK, no_methods, check_gc, check_gc);
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, take_over);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    return 1;
}
