/*
 * Memory that runs out in the middle of a save: an error of one line, nothing held, and a
 * repository that is as it was, or as it was to be once the next look at the article has finished
 * the save.
 *
 * MEMORY_STEP=1 lets every call fail; without it every 97th does. MEMORY_FROM names the first, and
 * MEMORY_KIND the only kind of history.
 */
#include "repository.h"

#include "failing_memory.h"
#include "file.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

static const char *const swaps[] = {"settlement=agreement", "expertise=technology", NULL};

/* Blocks that libgit2 1.5 may keep of a configuration that it could not read. */
enum { LIBGIT2_KEEPS = 16 };

struct kind {
    const char *name;
    enum us_where where;
    const char *setup;
};

static const struct kind kinds[] = {
    {"branch", US_WHERE_BRANCH, "git add . && git commit -qm Receive"},
    {"untracked article", US_WHERE_BRANCH, "git add other && git commit -qm Receive"},
    {"side", US_WHERE_SIDE, "git add . && git commit -qm Receive"},
    {"private", US_WHERE_PRIVATE, "true"},
};

struct outcome { /* of a save in a process of its own */
    int result;
    const char *step;
    long calls, held;
    char message[512];
};

static int open_again(struct us_history **history, const char *path, enum us_where where,
                      struct us_error *err)
{
    struct us_history_options options = {.where = where};
    return us_history_open(history, path, &options, err);
}

/* Save as an editor does, look at what is there, take one correction back. */
static int save(struct outcome *outcome, const struct save *save, const char *path,
                enum us_where where, struct us_error *err)
{
    struct us_history *history = NULL;
    struct us_recorded recorded = {0};
    outcome->step = "open";
    int rc = open_again(&history, path, where, err);
    if (rc == US_OK) {
        outcome->step = "prepare";
        rc = us_history_prepare(history, save->before, save->before_length, save->fixes,
                                save->count, err);
    }
    if (rc == US_OK) {
        outcome->step = "replace";
        rc = us_file_replace(path, save->after, save->after_length, err);
    }
    if (rc == US_OK) {
        outcome->step = "record";
        rc = us_history_record(&recorded, history, save->before, save->before_length, save->fixes,
                               save->count, err);
        us_recorded_close(&recorded);
    }
    us_history_close(history);
    return rc;
}

static int look(struct outcome *outcome, const struct save *unused, const char *path,
                enum us_where where, struct us_error *err)
{
    (void)unused;
    struct us_history *history = NULL;
    struct us_log *log = NULL;
    struct us_log_options options = {.all = true};
    struct us_entry entry;
    struct us_rejections rejections = {0};
    char *mbox = NULL, *command = NULL;
    size_t length;
    bool more = true;
    outcome->step = "open";
    int rc = open_again(&history, path, where, err);
    if (rc == US_OK) {
        outcome->step = "log";
        rc = us_log_open(&log, history, &options, err);
    }
    while (rc == US_OK && more)
        rc = us_log_next(&more, &entry, log, err);
    us_log_close(log);
    if (rc == US_OK) {
        outcome->step = "rejected";
        rc = us_history_rejected(&rejections, history, err);
        us_rejections_close(&rejections);
    }
    if (rc == US_OK) {
        outcome->step = "export";
        rc = us_history_export(&mbox, &length, history, err);
        free(mbox);
    }
    if (rc == US_OK) {
        outcome->step = "command";
        rc = us_history_command(&command, history, err);
        free(command);
    }
    us_history_close(history);
    return rc;
}

/* In a process of its own, so that a crash is told from an error. */
static void run_failing(struct outcome *shared,
                        int (*run)(struct outcome *, const struct save *, const char *,
                                   enum us_where, struct us_error *),
                        const struct save *data, const char *path, enum us_where where, long at)
{
    int status;
    memset(shared, 0, sizeof *shared);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* cmocka's would report it as its own */
        signal(SIGABRT, SIG_DFL);
        struct us_error err = {0};
        long held = memory_held;
        begin_failing(at, false);
        shared->result = run(shared, data, path, where, &err);
        end_failing();
        shared->calls = memory_calls;
        shared->held = memory_held - held;
        memcpy(shared->message, err.message, sizeof err.message);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("call %ld failed in %s: ended by signal %d", at, shared->step, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    if (shared->result != US_OK && (!*shared->message || strchr(shared->message, '\n')))
        fail_msg("call %ld failed in %s: no message of one line: %s", at, shared->step,
                 shared->message);
}

/* How many corrections the history holds, once it has finished what was left. */
static size_t corrections(const char *path, const struct kind *kind, const char *context)
{
    struct us_history *history = open_history(path, kind->where);
    struct us_log *log;
    struct us_entry entry;
    size_t count = 0;
    const struct us_location *now = us_history_location(history);
    if (now->where != kind->where)
        fail_msg("%s: the history is %s now: %s", context, us_where_name(now->where),
                 now->notice ? now->notice : "no reason given");
    assert_int_equal(us_log_open(&log, history, NULL, NULL), US_OK);
    for (bool more = true; more; count += more)
        assert_int_equal(us_log_next(&more, &entry, log, NULL), US_OK);
    us_log_close(log);
    us_history_close(history);
    return count;
}

/* The history holds the corrections if the file does. Returns whether it does. */
static bool check_after(const char *path, const struct kind *kind, const struct save *save,
                        const char *context)
{
    size_t length;
    char *text = read_article(path, &length);
    bool corrected = strcmp(text, save->after) == 0;
    if (!corrected && strcmp(text, save->before) != 0)
        fail_msg("%s: the article is half written", context);
    free(text);
    size_t count = corrections(path, kind, context);
    if (count != (corrected ? save->count : 0))
        fail_msg("%s: the article is %scorrected, and the history has %zu corrections", context,
                 corrected ? "" : "not ", count);
    if (corrected) {
        const char *left = output("cd repo && find . ../unspin -name '*.lock' 2>/dev/null; "
                                  "test ! -d ../unspin || cd ../unspin/history.git; "
                                  "git fsck --strict --no-dangling 2>&1 | grep -v ^notice: || true");
        if (*left)
            fail_msg("%s: left behind: %s", context, left);
    }
    return corrected;
}

static long number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : otherwise;
}

static void check_kind(void **data)
{
    const struct kind *kind = *data;
    const char *only = getenv("MEMORY_KIND");
    long step = number("MEMORY_STEP", 97), first = number("MEMORY_FROM", 1), failed = 0, tried = 0;
    char path[200], context[700];
    struct us_error err = {0};
    if (!CAN_FAIL || (only && strcmp(only, kind->name) != 0))
        skip();
    begin(NULL);
    struct outcome *outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(outcome, MAP_FAILED);
    snprintf(path, sizeof path, "%s/repo/a.md", work);
    output("git init -q template && cd template && echo other >other && printf '%s' >a.md && %s",
           "Following an settlement to cut back.\\n\\nThe expertise is old.\\n", kind->setup);
    output("cp -a template repo");
    struct save before = make_save(path, swaps);
    assert_int_equal(save(outcome, &before, path, kind->where, &err), US_OK);
    assert_int_equal(look(outcome, NULL, path, kind->where, &err), US_OK); /* libgit2 has started */

    bool corrected = true;
    for (long at = first;; at += step) {
        if (corrected)
            output("rm -rf repo unspin && cp -a template repo && cd repo && git status");
        run_failing(outcome, save, &before, path, kind->where, at);
        if (outcome->calls < at)
            break;
        tried++;
        failed += outcome->result != US_OK;
        snprintf(context, sizeof context, "%s, call %ld failed in %s (%s)", kind->name, at,
                 outcome->step, outcome->message);
        if (outcome->held > LIBGIT2_KEEPS)
            fail_msg("%s: %ld blocks are still held", context, outcome->held);
        corrected = check_after(path, kind, &before, context);
    }
    assert_int_equal(outcome->result, US_OK);
    print_message("saves: %ld calls failed, %ld of them made it fail\n", tried, failed);
    tried = failed = 0;
    for (long at = first;; at += step) {
        run_failing(outcome, look, NULL, path, kind->where, at);
        if (outcome->calls < at)
            break;
        tried++;
        failed += outcome->result != US_OK;
        if (outcome->held > LIBGIT2_KEEPS)
            fail_msg("call %ld failed in %s: %ld blocks are still held", at, outcome->step,
                     outcome->held);
    }
    assert_int_equal(outcome->result, US_OK);
    assert_true(check_after(path, kind, &before, "after looking"));
    print_message("looks: %ld calls failed, %ld of them made it fail\n", tried, failed);
    munmap(outcome, sizeof *outcome);
    free_save(&before);
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
    return _cmocka_run_group_tests("history: memory that runs out", tests, COUNT, NULL, NULL);
}
