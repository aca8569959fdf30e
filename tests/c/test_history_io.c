/*
 * A disk that fails: each write, sync, rename and link of a save fails once with EIO. Either the
 * save goes well nevertheless, or one line says what happened; the file is whole; and the next save
 * finds a valid repository and completes the history.
 *
 * IO_STEP=1 tries every call; without it every third is tried.
 */
#include "interrupted.h"

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

static int save(enum us_where where, struct us_error *err)
{
    const char *step;
    struct save save = make_save(article_path, swaps);
    int result = save_like_an_editor(&step, &save, where, err);
    free_save(&save);
    return result;
}

/* A save that failed says so, in one line; then all is as after any other. */
static void check_after(const struct kind *kind, int result, const struct us_error *err,
                        const char *context)
{
    if (result != US_OK && (!err->message[0] || strchr(err->message, '\n')))
        fail_msg("%s: it was said: \"%s\"", context, err->message);
    if (result == US_OK && !is_corrected(context))
        fail_msg("%s: nothing was said, and nothing was done", context);
    check_next_look(kind, "-o -name 'tmp_*' -o -name '.unspin-*'", context);
}

static void check_kind(void **data)
{
    const struct kind *kind = *data;
    long step = number_of("IO_STEP", 3), tried = 0;
    char context[100];
    begin_kind(kind);
    for (long n = 0;; n += step) {
        struct us_error err = {0};
        begin_again();
        calls = 0;
        failing = n;
        int result = save(kind->where, &err);
        failing = -1;
        if (calls <= n)
            break;
        tried++;
        snprintf(context, sizeof context, "%s, call %ld failed", kind->name, n);
        check_after(kind, result, &err, context);
    }
    printf("%s: %ld failing calls\n", kind->name, tried);
    assert_true(tried > 3);
}

static void a_disk_without_hard_links(void **state)
{
    (void)state;
    struct us_error err = {0};
    begin_kind(&kinds[0]);
    no_links = true;
    int result = save(US_WHERE_BRANCH, &err);
    assert_int_equal(result, US_OK);
    check_after(&kinds[0], result, &err, "without hard links");
    output("cd repo && git checkout -q HEAD~2 -- a.md && git commit -qm Back && echo held "
           ">.git/refs/heads/main.lock");
    assert_int_equal(save(US_WHERE_BRANCH, &err), US_OK);
    no_links = false;
    assert_string_equal(
        output("cd repo && cat .git/refs/heads/main.lock && rm .git/refs/heads/*.lock && "
               "git log -1 --format=%%s main && git log -1 --format=%%s unspin/heads/main"),
        "held\nBack\nexpertise → technology");
}

int main(void)
{
    struct CMUnitTest tests[KINDS + 1];
    fill_kinds(tests, check_kind);
    tests[KINDS] =
        (struct CMUnitTest)cmocka_unit_test_setup_teardown(a_disk_without_hard_links, NULL, end);
    return cmocka_run_group_tests_name("history: a disk that fails", tests, NULL, NULL);
}
