/*
 * A disk that fails: each write, sync, rename and link of a save fails once with EIO. Either the
 * save goes well nevertheless, or one line says what happened; the file is whole; and the next save
 * finds a valid repository and completes the history.
 *
 * IO_STEP=1 tries every call; without it every third is tried.
 */
#include "repository.h"

#include "file.h"

#include <errno.h>
#include <sys/syscall.h>

/* The calls below take the place of the C library's, for libgit2 too. */
static long calls, failing = -1; /* the call that fails; -1: none */
static bool no_links;            /* as on file systems without hard links */

static bool fails(void)
{
    if (failing < 0 || calls++ != failing)
        return false;
    errno = EIO;
    return true;
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    return fails() ? -1 : syscall(SYS_write, fd, bytes, length);
}

int fsync(int fd)
{
    return fails() ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return fails() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t length)
{
    return fails() ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

int rename(const char *from, const char *to)
{
    return fails() ? -1 : (int)syscall(SYS_renameat2, -100, from, -100, to, 0);
}

int link(const char *from, const char *to)
{
    if (no_links) {
        errno = EPERM;
        return -1;
    }
    return fails() ? -1 : (int)syscall(SYS_linkat, -100, from, -100, to, 0);
}

static const char *const swaps[] = {"settlement=agreement", "expertise=technology", NULL};
static const char before[] = "Following an settlement to cut back.\n\nThe expertise is old.\n";
static const char after[] = "Following an agreement to cut back.\n\nThe technology is old.\n";

static int save_like_an_editor(const char *path, enum us_where where, struct us_error *err)
{
    struct us_history *history = NULL;
    struct us_recorded recorded = {0};
    struct us_history_options options = {.where = where};
    struct save save = make_save(path, swaps);
    int result = us_history_open(&history, path, &options, err);
    if (result == US_OK)
        result = us_history_prepare(history, save.before, save.before_length, save.fixes,
                                    save.count, err);
    if (result == US_OK)
        result = us_file_replace(path, save.after, save.after_length, err);
    if (result == US_OK)
        result = us_history_record(&recorded, history, save.before, save.before_length, save.fixes,
                                   save.count, err);
    us_recorded_close(&recorded);
    us_history_close(history);
    free_save(&save);
    return result;
}

/* The repositories' valid, nothing is left of the save but, where it failed, its journal. */
static void check_after(const char *path, enum us_where where, int result,
                        const struct us_error *err, const char *context)
{
    size_t length;
    char *text = read_article(path, &length);
    bool corrected = strcmp(text, after) == 0;
    if (!corrected && strcmp(text, before) != 0)
        fail_msg("%s: the article is half written", context);
    free(text);
    if (result != US_OK && (!err->message[0] || strchr(err->message, '\n')))
        fail_msg("%s: it was said: \"%s\"", context, err->message);
    if (result == US_OK && !corrected)
        fail_msg("%s: nothing was said, and nothing was done", context);

    struct us_history *history = open_history(path, where); /* the next look */
    const struct us_location *place = us_history_location(history);
    const char *subjects =
        output("git --git-dir='%s' log --format=%%s '%s' -- 2>/dev/null | grep → || true",
               place->git_dir, place->ref);
    if (strcmp(subjects, corrected ? "expertise → technology\nsettlement → agreement" : "") != 0)
        fail_msg("%s: the article is %scorrected, and the history has: %s (%s)", context,
                 corrected ? "" : "not ", subjects, err->message);
    output("git --git-dir='%s' fsck --strict --no-dangling", place->git_dir);
    const char *left = output("find repo unspin -name '*.lock' -o -name 'tmp_*' -o -name '.unspin-*' "
                              "-o -path '*/unspin/*-*' 2>/dev/null | "
                              "grep -v -e history.git/ -e unspin/new- || true");
    if (*left)
        fail_msg("%s: left behind: %s", context, left);
    if (where == US_WHERE_BRANCH)
        assert_string_equal(output("cd repo && git status --porcelain -- a.md"), "");
    us_history_close(history);
}

static void check_where(void **state)
{
    enum us_where where = *(const enum us_where *)*state;
    const char *step_text = getenv("IO_STEP");
    long step = step_text ? atol(step_text) : 3, tried = 0;
    char path[200], context[100];
    begin(NULL);
    snprintf(path, sizeof path, "%s/repo/a.md", work);
    output("git init -q template && cd template && printf '%%s' '%s' >a.md && git add . && "
           "git commit -qm Receive", before);
    for (long n = 0;; n += step) {
        struct us_error err = {0};
        output("rm -rf repo unspin && cp -a template repo && cd repo && git status");
        calls = 0;
        failing = n;
        int result = save_like_an_editor(path, where, &err);
        failing = -1;
        if (calls <= n)
            break;
        tried++;
        snprintf(context, sizeof context, "%s, call %ld failed", us_where_name(where), n);
        check_after(path, where, result, &err, context);
    }
    printf("%s: %ld failing calls\n", us_where_name(where), tried);
    assert_true(tried > 3);
}

static void a_disk_without_hard_links(void **state)
{
    (void)state;
    struct us_error err = {0};
    char path[200];
    begin(NULL);
    snprintf(path, sizeof path, "%s/repo/a.md", work);
    output("git init -q repo && cd repo && printf '%%s' '%s' >a.md && git add . && git commit -qm R",
           before);
    no_links = true;
    int result = save_like_an_editor(path, US_WHERE_BRANCH, &err);
    assert_int_equal(result, US_OK);
    check_after(path, US_WHERE_BRANCH, result, &err, "without hard links");
    output("cd repo && git checkout -q HEAD~2 -- a.md && git commit -qm Back && echo held "
           ">.git/refs/heads/main.lock");
    assert_int_equal(save_like_an_editor(path, US_WHERE_BRANCH, &err), US_OK);
    no_links = false;
    assert_string_equal(output("cd repo && cat .git/refs/heads/main.lock && rm .git/refs/heads/*.lock && "
                               "git log -1 --format=%%s main && git log -1 --format=%%s unspin/heads/main"),
                        "held\nBack\nexpertise → technology");
}

int main(void)
{
    static const enum us_where places[] = {US_WHERE_BRANCH, US_WHERE_SIDE, US_WHERE_PRIVATE};
    struct CMUnitTest tests[4] = {
        [3] = cmocka_unit_test_setup_teardown(a_disk_without_hard_links, NULL, end)};
    for (size_t i = 0; i < 3; i++)
        tests[i] = (struct CMUnitTest){.name = us_where_name(places[i]),
                                       .test_func = check_where,
                                       .teardown_func = end,
                                       .initial_state = (void *)(uintptr_t)&places[i]};
    return cmocka_run_group_tests_name("history: a disk that fails", tests, NULL, NULL);
}
