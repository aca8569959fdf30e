/*
 * interrupted.h - for tests of saves that are cut short: an article in each kind of place that a
 * history can be in, its save as an editor takes it, and what must hold after, whatever happened.
 */
#ifndef UNSPIN_TEST_INTERRUPTED_H
#define UNSPIN_TEST_INTERRUPTED_H

#include "repository.h"

#include "file.h"

static const char *const swaps[] = {"settlement=agreement", "expertise=technology", NULL};
static const char as_it_was[] = "Following an settlement to cut back.\n\nThe expertise is old.\n";
static const char as_corrected[] = "Following an agreement to cut back.\n\nThe technology is old.\n";
static const char both[] = "expertise → technology\nsettlement → agreement"; /* newest first */

struct kind {
    const char *name;
    enum us_where where;
    const char *setup;
};

static const struct kind kinds[] = {
    {"branch", US_WHERE_BRANCH, "git add . && git commit -qm Receive"},
    {"untracked article", US_WHERE_BRANCH, "git add other && git commit -qm Receive"},
    {"unborn branch", US_WHERE_BRANCH, "git add other"},
    {"side", US_WHERE_SIDE, "git add . && git commit -qm Receive"},
    {"private", US_WHERE_PRIVATE, "true"},
};

static char article_path[200];

/* Begin a test of the kind: repo/a.md is the article. */
static void begin_kind(const struct kind *kind)
{
    begin(NULL);
    snprintf(article_path, sizeof article_path, "%s/repo/a.md", work);
    output(
        "git init -q template && cd template && echo other >other && printf '%%s' '%s' >a.md && %s",
        as_it_was, kind->setup);
    output("cp -a template repo");
}

/* Everything as begin_kind() left it. */
static void begin_again(void)
{
    output("rm -rf repo unspin && cp -a template repo && cd repo && git status");
}

/* *step is what is being done; save is of the article as it is now. */
static int save_like_an_editor(const char **step, const struct save *save, enum us_where where,
                               struct us_error *err)
{
    struct us_history *history = NULL;
    struct us_recorded recorded = {0};
    struct us_history_options options = {.where = where};
    *step = "open";
    int result = us_history_open(&history, article_path, &options, err);
    if (result == US_OK) {
        *step = "prepare";
        result = us_history_prepare(history, save->before, save->before_length, save->fixes,
                                    save->count, err);
    }
    if (result == US_OK) {
        *step = "replace";
        result = us_file_replace(article_path, save->after, save->after_length, err);
    }
    if (result == US_OK) {
        *step = "record";
        result = us_history_record(&recorded, history, save->before, save->before_length,
                                   save->fixes, save->count, err);
        us_recorded_close(&recorded);
    }
    us_history_close(history);
    return result;
}

/* Is the article as it was to be? If not, it must be as it was. */
static bool is_corrected(const char *context)
{
    size_t length;
    char *text = read_article(article_path, &length);
    bool corrected = strcmp(text, as_corrected) == 0;
    if (!corrected && strcmp(text, as_it_was) != 0)
        fail_msg("%s: the article is half written", context);
    free(text);
    return corrected;
}

/*
 * The next look at the article: the corrections are in the history if they are in the article, and
 * of locks, journals and the files called `also` nothing is left.
 */
static void check_next_look(const struct kind *kind, const char *also, const char *context)
{
    bool corrected = is_corrected(context);
    output("cd repo && git fsck --strict --no-dangling && "
           "{ test ! -d ../unspin/history.git || git --git-dir ../unspin/history.git fsck --strict "
           "--no-dangling; }");
    struct us_history *history = open_history(article_path, kind->where);
    const struct us_location *place = us_history_location(history);
    assert_string_equal(us_where_name(place->where), us_where_name(kind->where));
    const char *subjects =
        output("git --git-dir='%s' log --format=%%s '%s' -- 2>/dev/null | grep → || true",
               place->git_dir, place->ref);
    if (strcmp(subjects, corrected ? both : "") != 0)
        fail_msg("%s: the article is %scorrected, and the history has: %s", context,
                 corrected ? "" : "not ", subjects);
    /* half of a private repository may stay, under a name that nobody looks at */
    const char *left = output("find repo unspin -name '*.lock' -o -path '*/unspin/*-*' %s "
                              "2>/dev/null | grep -v -e history.git/ -e unspin/new- || true",
                              also);
    if (*left)
        fail_msg("%s: left behind: %s", context, left);
    if (kind->where == US_WHERE_BRANCH && corrected) {
        const char *status = output("cd repo && git status --porcelain -- a.md");
        if (*status)
            fail_msg("%s: git status says %s", context, status);
    }
    output("git --git-dir='%s' fsck --strict --no-dangling", place->git_dir);
    us_history_close(history);
}

/* Which calls are tried: a number from the environment, or the usual one. */
static long number_of(const char *name, long usual)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : usual;
}

/* A test for each kind, named after it, with the kind as its state. */
enum { KINDS = sizeof kinds / sizeof *kinds };
static void fill_kinds(struct CMUnitTest tests[KINDS], void (*check)(void **state))
{
    for (size_t i = 0; i < KINDS; i++)
        tests[i] = (struct CMUnitTest){.name = kinds[i].name,
                                       .test_func = check,
                                       .teardown_func = end,
                                       .initial_state = (void *)(uintptr_t)&kinds[i]};
}

#endif
