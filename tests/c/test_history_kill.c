/*
 * A save killed at every system call: the repository stays valid, the file is as it was or as it
 * was to be, and the next look at the article completes the history or has nothing to complete.
 *
 * KILL_STEP=1 tries every call; without it every 41st is tried.
 */
#include "repository.h"

#include "file.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

static const char *const swaps[] = {"settlement=agreement", "expertise=technology", NULL};
static const char before[] = "Following an settlement to cut back.\n\nThe expertise is old.\n";
static const char after[] = "Following an agreement to cut back.\n\nThe technology is old.\n";
static const char both[] = "expertise → technology\nsettlement → agreement";

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

static void save_like_an_editor(const char *path, enum us_where where)
{
    struct us_history *history;
    struct us_recorded recorded;
    struct us_history_options options = {.where = where};
    struct save save = make_save(path, swaps);
    bool good = us_history_open(&history, path, &options, NULL) == US_OK &&
                us_history_prepare(history, save.before, save.before_length, save.fixes,
                                   save.count, NULL) == US_OK &&
                us_file_replace(path, save.after, save.after_length, NULL) == US_OK &&
                us_history_record(&recorded, history, save.before, save.before_length, save.fixes,
                                  save.count, NULL) == US_OK;
    _exit(good ? 0 : 1);
}

/* Run the save and kill it when it begins its n-th system call; false if it ended before. */
static bool save_killed_at(long n, const char *path, enum us_where where)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        save_like_an_editor(path, where);
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

/* The corrections in the history, newest first, and nothing of a lock or journal left. */
static void check_after(const char *path, const struct kind *kind, const char *context)
{
    size_t length;
    char *text = read_article(path, &length);
    bool corrected = strcmp(text, after) == 0;
    if (!corrected && strcmp(text, before) != 0)
        fail_msg("%s: the article is half written", context);
    free(text);
    output("cd repo && git fsck --strict --no-dangling && "
           "{ test ! -d ../unspin/history.git || git --git-dir ../unspin/history.git fsck --strict "
           "--no-dangling; }");

    struct us_history *history = open_history(path, kind->where);
    const struct us_location *place = us_history_location(history);
    assert_string_equal(us_where_name(place->where), us_where_name(kind->where));
    const char *subjects =
        output("git --git-dir='%s' log --format=%%s '%s' -- 2>/dev/null | grep → || true",
               place->git_dir, place->ref);
    if (strcmp(subjects, corrected ? both : "") != 0)
        fail_msg("%s: the article is %scorrected, and the history has: %s", context,
                 corrected ? "" : "not ", subjects);
    /* half of a private repository may stay, under a name that nobody looks at */
    const char *left = output("find repo/.git unspin -name '*.lock' -o -path '*/unspin/*-*' "
                              "2>/dev/null | grep -v -e history.git/ -e unspin/new- || true");
    if (*left)
        fail_msg("%s: left behind: %s", context, left);
    if (kind->where == US_WHERE_BRANCH && corrected) {
        const char *status = output("cd repo && git status --porcelain -- a.md");
        if (*status)
            fail_msg("%s: git status says %s", context, status);
    }
    output("cd repo && git fsck --strict --no-dangling");
    us_history_close(history);
}

static void check_kind(void **data)
{
    const struct kind *kind = *data;
    const char *step_text = getenv("KILL_STEP");
    long step = step_text ? atol(step_text) : 41, tried = 0;
    char path[200], context[200];
    begin(NULL);
    snprintf(path, sizeof path, "%s/repo/a.md", work);
    output("git init -q template && cd template && echo other >other && printf '%s' >a.md && %s",
           "Following an settlement to cut back.\\n\\nThe expertise is old.\\n", kind->setup);
    for (long n = 0;; n += step) {
        output("rm -rf repo unspin && cp -a template repo && cd repo && git status");
        if (!save_killed_at(n, path, kind->where))
            break;
        tried++;
        snprintf(context, sizeof context, "%s, killed at system call %ld", kind->name, n);
        check_after(path, kind, context);
    }
    printf("%s: %ld kill points\n", kind->name, tried);
    assert_true(tried > 5);
}

int main(void)
{
    enum { COUNT = sizeof kinds / sizeof *kinds };
    static struct CMUnitTest tests[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        tests[i] = (struct CMUnitTest){.name = kinds[i].name,
                                       .test_func = check_kind,
                                       .teardown_func = end,
                                       .initial_state = (void *)(uintptr_t)&kinds[i]};
    return _cmocka_run_group_tests("history: killed anywhere", tests, COUNT, NULL, NULL);
}
