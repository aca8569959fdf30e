/*
 * A save killed at every system call: the repository stays valid, the file is as it was or as it
 * was to be, and the next look at the article completes the history or has nothing to complete.
 *
 * KILL_STEP=1 tries every call; without it every 41st is tried.
 */
#include "interrupted.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

/* Run the save and kill it when it begins its n-th system call; false if it ended before. */
static bool save_killed_at(long n, enum us_where where)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        const char *step;
        struct save save = make_save(article_path, swaps);
        _exit(save_like_an_editor(&step, &save, where, NULL) == US_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)(uintptr_t)PTRACE_O_TRACESYSGOOD);
    for (long stops = 0;;) {
        assert_int_equal(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status)) {
            assert_int_equal(WEXITSTATUS(status), 0);
            return false;
        }
        assert_true(WIFSTOPPED(status));
        if (WSTOPSIG(status) == (SIGTRAP | 0x80) && stops++ == 2 * n) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            return true;
        }
    }
}

static void check_kind(void **data)
{
    const struct kind *kind = *data;
    long step = number_of("KILL_STEP", 41), tried = 0;
    char context[200];
    begin_kind(kind);
    for (long n = 0;; n += step) {
        begin_again();
        if (!save_killed_at(n, kind->where))
            break;
        tried++;
        snprintf(context, sizeof context, "%s, killed at system call %ld", kind->name, n);
        check_next_look(kind, "", context);
    }
    printf("%s: %ld kill points\n", kind->name, tried);
    assert_true(tried > 5);
}

int main(void)
{
    struct CMUnitTest tests[KINDS];
    fill_kinds(tests, check_kind);
    return cmocka_run_group_tests_name("history: killed anywhere", tests, NULL, NULL);
}
