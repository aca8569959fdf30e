/*
 * repository.h - for tests of the history: throw-away repositories made by git itself, and saves
 * of articles in them.
 */
#ifndef UNSPIN_TEST_REPOSITORY_H
#define UNSPIN_TEST_REPOSITORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <git2.h>

#include "history.h"

#pragma GCC diagnostic ignored "-Wunused-function"

/* libgit2 1.5 leaks a little where it opens a repository with extensions. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:git_config_foreach_match\nleak:libpcre2";
}

static char work[64]; /* the folder of the running test */

/* A folder of its own for the test, and git with nothing of the user's. */
static int begin(void **state)
{
    (void)state;
    strcpy(work, "/tmp/unspin-history-XXXXXX");
    assert_non_null(mkdtemp(work));
    assert_int_equal(setenv("HOME", work, 1), 0);
    setenv("XDG_CONFIG_HOME", work, 1);
    setenv("XDG_STATE_HOME", work, 1);
    setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    const char *const unset[] = {"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "EMAIL",
                                 "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME",
                                 "GIT_COMMITTER_EMAIL"};
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
        unsetenv(unset[i]);
    char config[100];
    snprintf(config, sizeof config, "%s/.gitconfig", work);
    FILE *file = fopen(config, "w");
    assert_non_null(file);
    fputs("[user]\n\tname = A U Thor\n\temail = author@example.com\n"
          "[init]\n\tdefaultBranch = main\n[protocol \"file\"]\n\tallow = always\n"
          "[core]\n\tpager = cat\n\teditor = true\n[advice]\n\tdetachedHead = false\n",
          file);
    fclose(file);
    /* it would go on looking where the first test's was */
    git_libgit2_init();
    git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, GIT_CONFIG_LEVEL_GLOBAL, work);
    return 0;
}

static int end(void **state)
{
    (void)state;
    char command[200];
    snprintf(command, sizeof command, "chmod -R u+w '%s' 2>/dev/null; rm -rf '%s'", work, work);
    return system(command);
}

/* What a shell command prints, in the test's folder; the test fails if the command does. */
static const char *output(const char *format, ...)
{
    static char outputs[4][65536];
    static int turn;
    char command[8192], *out = outputs[turn++ % 4];
    va_list args;
    va_start(args, format);
    int start = snprintf(command, sizeof command, "cd '%s' && { ", work);
    int length = vsnprintf(command + start, sizeof command - (size_t)start - 8, format, args);
    va_end(args);
    assert_true(length >= 0 && (size_t)length < sizeof command - (size_t)start - 8);
    strcat(command, "\n} 2>&1");
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t n = fread(out, 1, sizeof outputs[0] - 1, pipe);
    out[n] = '\0';
    int status = pclose(pipe);
    if (status != 0)
        fail_msg("command failed: %s\n%s", command, out);
    while (n && out[n - 1] == '\n')
        out[--n] = '\0';
    return out;
}

static char *read_article(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot read %s", path);
    char *text = malloc(1 << 20);
    assert_non_null(text);
    *length = fread(text, 1, (1 << 20) - 1, file);
    text[*length] = '\0';
    fclose(file);
    return text;
}

static void write_article(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        fail_msg("cannot write %s", path);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

struct save { /* a text, its corrections, and the text they make of it */
    char *before, *after;
    size_t before_length, after_length, count;
    struct us_fix fixes[64];
};

/* Swaps are "old=new" pairs, in the order of the text, each for its next place; NULL at the end. */
static struct save make_save(const char *path, const char *const *swaps)
{
    static char words[64][2][64];
    struct save save = {0};
    save.before = read_article(path, &save.before_length);
    save.after = calloc(1, save.before_length + 4096);
    assert_non_null(save.after);
    size_t at = 0;
    for (; *swaps; swaps++) {
        char *old = words[save.count][0], *replacement = words[save.count][1];
        assert_int_equal(sscanf(*swaps, "%63[^=]=%63[^\n]", old, replacement), 2);
        const char *place = strstr(save.before + at, old);
        if (!place)
            fail_msg("%s is not in the text", old);
        size_t start = (size_t)(place - save.before);
        save.fixes[save.count++] = (struct us_fix){.start = start,
                                                   .end = start + strlen(old),
                                                   .replacement = replacement,
                                                   .confidence = 0.981f};
        memcpy(save.after + save.after_length, save.before + at, start - at);
        save.after_length += start - at;
        memcpy(save.after + save.after_length, replacement, strlen(replacement));
        save.after_length += strlen(replacement);
        at = start + strlen(old);
    }
    memcpy(save.after + save.after_length, save.before + at, save.before_length - at);
    save.after_length += save.before_length - at;
    return save;
}

static void free_save(struct save *save)
{
    free(save->before);
    free(save->after);
}

static struct us_history *open_history(const char *path, enum us_where where)
{
    struct us_history *history;
    struct us_error err = {0};
    struct us_history_options options = {.where = where};
    if (us_history_open(&history, path, &options, &err) != US_OK)
        fail_msg("%s", err.message);
    return history;
}

/* Correct the article as an editor does: prepare, write, record. */
static struct us_recorded correct(struct us_history *history, const char *path,
                                  const char *const *swaps)
{
    struct us_recorded recorded;
    struct us_error err = {0};
    struct save save = make_save(path, swaps);
    if (us_history_prepare(history, save.before, save.before_length, save.fixes, save.count,
                           &err) != US_OK)
        fail_msg("%s", err.message);
    write_article(path, save.after, save.after_length);
    if (us_history_record(&recorded, history, save.before, save.before_length, save.fixes,
                          save.count, &err) != US_OK)
        fail_msg("%s", err.message);
    free_save(&save);
    return recorded;
}

/* --- one committed article, which most tests start from --- */

static char article[200];

/* A repository with one committed article, which most tests start from. */
static int begin_committed(void **state)
{
    begin(state);
    output("git init -q repo && cd repo && mkdir articles && printf '%s' >articles/a.md && "
           "git add . && git commit -qm Receive",
           "Following an settlement to cut back student trade.\\n\\n"
           "The expertise was instructed final November.\\n");
    snprintf(article, sizeof article, "%s/repo/articles/a.md", work);
    return 0;
}

static struct us_recorded correct_all(void)
{
    static const char *const swaps[] = {"settlement=agreement", "student trade=student exchange",
                                        "instructed=told", NULL};
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    struct us_recorded recorded = correct(history, article, swaps);
    us_history_close(history);
    return recorded;
}

static void read_log(char *out, size_t size, const char *path, bool all)
{
    struct us_log *log;
    struct us_entry entry;
    struct us_log_options options = {.all = all};
    bool more = true;
    struct us_history *history = open_history(path, US_WHERE_BRANCH);
    assert_int_equal(us_log_open(&log, history, &options, NULL), US_OK);
    for (*out = '\0'; us_log_next(&more, &entry, log, NULL) == US_OK && more;)
        snprintf(out + strlen(out), size - strlen(out), "%s:%u %s>%s%s\n", entry.path,
                 (unsigned)entry.line, entry.old, entry.replacement,
                 entry.rejected ? " rejected" : "");
    us_log_close(log);
    us_history_close(history);
}

#endif
