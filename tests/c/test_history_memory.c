/*
 * Memory that runs out in the middle of a save: an error of one line, nothing held, and a
 * repository that is as it was, or as it was to be once the next look at the article has finished
 * the save.
 *
 * MEMORY_STEP=1 lets every call fail; without it every 97th does. MEMORY_FROM names the first, and
 * MEMORY_KIND the only kind of history.
 */
#include "interrupted.h"

#include "failing_memory.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* Blocks that libgit2 1.5 may keep of a configuration that it could not read, or of a store of objects
 * that it could not open: it frees none that has an owner already. */
enum { LIBGIT2_KEEPS = 16 };

struct outcome { /* of a save in a process of its own */
    int result;
    const char *step;
    long calls, held;
    char message[512];
};

static int save(struct outcome *outcome, const struct save *save, enum us_where where,
                struct us_error *err)
{
    return save_like_an_editor(&outcome->step, save, where, err);
}

/* Read all that there is to be read. */
static int look(struct outcome *outcome, const struct save *unused, enum us_where where,
                struct us_error *err)
{
    (void)unused;
    struct us_history *history = NULL;
    struct us_log *log = NULL;
    struct us_history_options options = {.where = where};
    struct us_log_options log_options = {.all = true};
    struct us_entry entry;
    struct us_rejections rejections = {0};
    char *mbox = NULL, *command = NULL;
    size_t length;
    bool more = true;
    outcome->step = "open";
    int rc = us_history_open(&history, article_path, &options, err);
    if (rc == US_OK) {
        outcome->step = "log";
        rc = us_log_open(&log, history, &log_options, err);
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
                        int (*run)(struct outcome *, const struct save *, enum us_where,
                                   struct us_error *),
                        const struct save *data, enum us_where where, long at)
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
        shared->result = run(shared, data, where, &err);
        end_failing();
        shared->calls = memory_calls;
        shared->held = memory_held - held;
        memcpy(shared->message, err.message, sizeof err.message);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("call %ld failed in %s: ended by signal %d", at, shared->step,
                 WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    if (shared->result != US_OK && (!*shared->message || strchr(shared->message, '\n')))
        fail_msg("call %ld failed in %s: no message of one line: %s", at, shared->step,
                 shared->message);
}

/* How many corrections the history holds, once it has finished what was left. */
static size_t corrections(const struct kind *kind, const char *context)
{
    struct us_history *history = open_history(article_path, kind->where);
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
static bool check_after(const struct kind *kind, size_t expected, const char *context)
{
    bool corrected = is_corrected(context);
    size_t count = corrections(kind, context);
    if (count != (corrected ? expected : 0))
        fail_msg("%s: the article is %scorrected, and the history has %zu corrections", context,
                 corrected ? "" : "not ", count);
    if (corrected) {
        const char *left =
            output("cd repo && find . ../unspin -name '*.lock' 2>/dev/null; "
                   "test ! -d ../unspin || cd ../unspin/history.git; "
                   "git fsck --strict --no-dangling 2>&1 | grep -v ^notice: || true");
        if (*left)
            fail_msg("%s: left behind: %s", context, left);
    }
    return corrected;
}

static void check_kind(void **data)
{
    const struct kind *kind = *data;
    const char *only = getenv("MEMORY_KIND");
    long step = number_of("MEMORY_STEP", 97), first = number_of("MEMORY_FROM", 1), failed = 0,
         tried = 0;
    char context[700];
    struct us_error err = {0};
    if (!CAN_FAIL || (only && strcmp(only, kind->name) != 0))
        skip();
    begin_kind(kind);
    struct outcome *outcome =
        mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(outcome, MAP_FAILED);
    struct save planned = make_save(article_path, swaps);
    assert_int_equal(save(outcome, &planned, kind->where, &err), US_OK);
    assert_int_equal(look(outcome, NULL, kind->where, &err), US_OK); /* libgit2 has started */

    bool corrected = true;
    for (long at = first;; at += step) {
        if (corrected)
            begin_again();
        run_failing(outcome, save, &planned, kind->where, at);
        if (outcome->calls < at)
            break;
        tried++;
        failed += outcome->result != US_OK;
        snprintf(context, sizeof context, "%s, call %ld failed in %s (%s)", kind->name, at,
                 outcome->step, outcome->message);
        if (outcome->held > LIBGIT2_KEEPS)
            fail_msg("%s: %ld blocks are still held", context, outcome->held);
        corrected = check_after(kind, planned.count, context);
    }
    assert_int_equal(outcome->result, US_OK);
    print_message("saves: %ld calls failed, %ld of them made it fail\n", tried, failed);
    tried = failed = 0;
    for (long at = first;; at += step) {
        run_failing(outcome, look, NULL, kind->where, at);
        if (outcome->calls < at)
            break;
        tried++;
        failed += outcome->result != US_OK;
        if (outcome->held > LIBGIT2_KEEPS)
            fail_msg("call %ld failed in %s: %ld blocks are still held", at, outcome->step,
                     outcome->held);
    }
    assert_int_equal(outcome->result, US_OK);
    assert_true(check_after(kind, planned.count, "after looking"));
    print_message("looks: %ld calls failed, %ld of them made it fail\n", tried, failed);
    munmap(outcome, sizeof *outcome);
    free_save(&planned);
}

int main(void)
{
    struct CMUnitTest tests[KINDS];
    fill_kinds(tests, check_kind);
    return cmocka_run_group_tests_name("history: memory that runs out", tests, NULL, NULL);
}
