/*
 * Threads that record in one repository, each the corrections of an article of its own, and that
 * are the first of the process to do so. `make test SANITIZE=thread` tells more.
 */
#include "repository.h"

#include "file.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 3 };

struct task {
    char path[200];
    int number;
    struct us_error err;
};

static void *correct_rounds(void *data)
{
    struct task *task = data;
    char before[64], after[64];
    snprintf(before, sizeof before, "The settlement of %d.\n", task->number);
    snprintf(after, sizeof after, "The agreement of %d.\n", task->number);
    struct us_fix fix = {.start = 4, .end = 14, .replacement = "agreement", .confidence = 0.9f};
    for (int round = 0; round < ROUNDS; round++) {
        struct us_history *history = NULL;
        struct us_recorded recorded = {0};
        bool good =
            us_file_replace(task->path, before, strlen(before), &task->err) == US_OK &&
            us_history_open(&history, task->path, NULL, &task->err) == US_OK &&
            us_history_prepare(history, before, strlen(before), &fix, 1, &task->err) == US_OK &&
            us_file_replace(task->path, after, strlen(after), &task->err) == US_OK &&
            us_history_record(&recorded, history, before, strlen(before), &fix, 1,
                              &task->err) == US_OK;
        us_recorded_close(&recorded);
        us_history_close(history);
        if (!good)
            return task;
    }
    return NULL;
}

static void threads_record_at_the_same_time(void **state)
{
    static struct task tasks[THREADS];
    pthread_t threads[THREADS];
    (void)state;
    output("git init -q repo && cd repo && for i in 0 1 2 3; do echo \"The settlement of $i.\" "
           ">$i.md; done && git add . && git commit -qm Receive");
    for (int i = 0; i < THREADS; i++) {
        tasks[i].number = i;
        snprintf(tasks[i].path, sizeof tasks[i].path, "%s/repo/%d.md", work, i);
        assert_int_equal(pthread_create(&threads[i], NULL, correct_rounds, &tasks[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        if (failed)
            fail_msg("%s", tasks[i].err.message);
    }
    for (int i = 0; i < THREADS; i++) {
        struct us_history *history = open_history(tasks[i].path, US_WHERE_BRANCH);
        struct us_log *log;
        struct us_entry entry;
        int count = 0;
        assert_int_equal(us_log_open(&log, history, NULL, NULL), US_OK);
        for (bool more = true; us_log_next(&more, &entry, log, NULL) == US_OK && more;)
            count++;
        us_log_close(log);
        us_history_close(history);
        assert_int_equal(count, ROUNDS);
    }
    assert_string_equal(output("cd repo && git fsck --strict --no-dangling 2>&1 | grep -v ^notice;"
                               "find . -name '*.lock'; git status --porcelain"),
                        "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(threads_record_at_the_same_time, begin, end),
    };
    return cmocka_run_group_tests_name("history: threads", tests, NULL, NULL);
}
