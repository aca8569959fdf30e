/*
 * Many at once in one repository: processes that correct articles of their own, two that correct
 * the same, and git committing, rebasing and collecting garbage. Every correction is in the history
 * exactly once, on the branch or, where that was in use, on the side; no lock is left.
 */
#include "repository.h"

#include "file.h"

#include <sys/wait.h>

enum { PROCESSES = 10, ROUNDS = 5, COMMITS = 15 };

static void correct_rounds(int process, const char *path)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct us_history *history;
        struct us_recorded recorded;
        struct us_error err = {0};
        char old[32], replacement[32];
        size_t length;
        char *text = read_article(path, &length);
        snprintf(old, sizeof old, "old-%d-%d.", process, round);
        snprintf(replacement, sizeof replacement, "new-%d-%d.", process, round);
        const char *place = strstr(text, old);
        if (!place) { /* the other process wrote over this one's text: type it again */
            strcat(text, old);
            strcat(text, "\n");
            length = strlen(text);
            place = strstr(text, old);
        }
        size_t start = (size_t)(place - text);
        struct us_fix fix = {.start = start, .end = start + strlen(old),
                             .replacement = replacement, .confidence = 0.9f};
        char *after = strdup(text);
        if (!after)
            _exit(1);
        memcpy(after + start, replacement, strlen(replacement));
        if (us_history_open(&history, path, NULL, &err) != US_OK ||
            us_history_prepare(history, text, length, &fix, 1, &err) != US_OK ||
            us_file_replace(path, after, length, &err) != US_OK ||
            us_history_record(&recorded, history, text, length, &fix, 1, &err) != US_OK) {
            fprintf(stderr, "process %d, round %d: %s\n", process, round, err.message);
            _exit(1);
        }
        us_recorded_close(&recorded);
        us_history_close(history);
        free(text);
        free(after);
    }
    _exit(0);
}

static void run_together(bool same_article)
{
    pid_t processes[PROCESSES];
    int count = same_article ? 2 : PROCESSES;
    output("git init -q repo && cd repo && echo 0 >count && for p in $(seq 0 9); do "
           "f=$((%d ? 0 : p)); for r in $(seq 0 4); do echo \"a line with old-$p-$r. in it\"; done "
           ">>a$f.md; done && git add . && git commit -qm Receive",
           same_article);
    for (int i = 0; i < count; i++) {
        char path[200];
        snprintf(path, sizeof path, "%s/repo/a%d.md", work, same_article ? 0 : i);
        processes[i] = fork();
        assert_true(processes[i] >= 0);
        if (processes[i] == 0)
            correct_rounds(i, path);
    }
    /* git's own way is to give up where a lock is held: it may, but must not be harmed */
    output("cd repo && (git gc -q || true) & cd repo && for n in $(seq %d); do echo $n >count; "
           "git commit -qm Count count || true; done; wait", COMMITS);
    for (int i = 0; i < count; i++) {
        int status;
        assert_int_equal(waitpid(processes[i], &status, 0), processes[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    for (int i = 0; i < count; i++) /* finish what the last record left to the next look */
        us_history_close(open_history(output("echo $PWD/repo/a%d.md", same_article ? 0 : i),
                                      US_WHERE_BRANCH));
    assert_string_equal(output("cd repo && git log --all --format=%%s | grep -c ' → '"),
                        output("echo %d", count * ROUNDS));
    assert_string_equal(output("cd repo && git log --all --format=%%s | grep ' → ' | sort | uniq -d"),
                        "");
    assert_string_equal(output("cd repo && git fsck --strict --no-dangling; find .git -name "
                               "'*.lock' -o -path '*/unspin/*-*'"), "");
}

static void test_articles_of_their_own(void **state)
{
    (void)state;
    run_together(false);
    if (strcmp(output("cd repo && git for-each-ref refs/unspin"), "") == 0)
        assert_string_equal(output("cd repo && git status --porcelain -- '*.md'"), "");
}

static void test_the_same_article(void **state)
{
    (void)state;
    run_together(true);
}

/* git takes a file away and writes it anew in place: for a moment it is gone, or empty. NULL if it
 * stays so. */
static char *read_when_whole(const char *path, size_t *length)
{
    for (int tries = 0; tries < 100; tries++) {
        if (access(path, R_OK) == 0) {
            char *text = read_article(path, length);
            if (strrchr(text, '['))
                return text;
            free(text);
        }
        usleep(10000);
    }
    return NULL;
}

/* Correct the article over and over; each correction that was recorded is noted in a file. */
static void correct_while_it_changes(int process, const char *path, const char *notes)
{
    FILE *made = fopen(notes, "w");
    for (int round = 0; made && round < 4 * ROUNDS; round++) {
        struct us_history *history = NULL;
        struct us_recorded recorded;
        struct us_error err = {0};
        char replacement[32];
        size_t length;
        char *text = read_when_whole(path, &length);
        if (!text) {
            fprintf(stderr, "process %d, round %d: no article to correct\n", process, round);
            _exit(1);
        }
        char *last = strrchr(text, '[');
        snprintf(replacement, sizeof replacement, "new-%d-%d", process, round);
        struct us_fix fix = {.start = (size_t)(last + 1 - text), .end = length - 2,
                             .replacement = replacement, .confidence = 0.9f};
        char *after = calloc(1, length + 64);
        if (!after)
            _exit(1);
        int after_length = snprintf(after, length + 64, "%.*s%s]\n", (int)fix.start, text,
                                    replacement);
        if (us_history_open(&history, path, NULL, &err) == US_OK &&
            us_history_prepare(history, text, length, &fix, 1, &err) == US_OK &&
            us_file_replace(path, after, (size_t)after_length, &err) == US_OK &&
            us_history_record(&recorded, history, text, length, &fix, 1, &err) == US_OK) {
            fprintf(made, "%s\n", replacement);
            us_recorded_close(&recorded);
        } else if (!strstr(err.message, "nothing was recorded") &&
                   !strstr(err.message, "No such file")) {
            /* all else but that the rebase wrote over the file, or is about to, is a failure */
            fprintf(stderr, "process %d, round %d: %s\n", process, round, err.message);
            _exit(1);
        }
        us_history_close(history);
        free(text);
        free(after);
        usleep(20000);
    }
    fclose(made);
    _exit(0);
}

/*
 * The worst neighbour: it takes HEAD off the branch, writes the articles anew, and makes other
 * commits of the same corrections.
 */
static void test_a_rebase_under_way(void **state)
{
    (void)state;
    enum { SAVERS = 3 };
    pid_t savers[SAVERS];
    output("git init -q repo && cd repo && for p in 0 1 2; do echo \"a line with [old-$p]\" >a$p.md; "
           "done && git add . && git commit -qm Receive && for n in 1 2 3 4; do echo $n >count; git "
           "add count; git commit -qm Count-$n; done");
    for (int i = 0; i < SAVERS; i++) {
        char path[200], notes[200];
        snprintf(path, sizeof path, "%s/repo/a%d.md", work, i);
        snprintf(notes, sizeof notes, "%s/made-%d", work, i);
        savers[i] = fork();
        assert_true(savers[i] >= 0);
        if (savers[i] == 0)
            correct_while_it_changes(i, path, notes);
    }
    output("cd repo && for n in $(seq %d); do git rebase -q --force-rebase HEAD~3 || git rebase "
           "--abort || git rebase --quit || true; done 2>&1 | cat >../rebases", COMMITS);
    for (int i = 0; i < SAVERS; i++) {
        int status;
        assert_int_equal(waitpid(savers[i], &status, 0), savers[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    for (int i = 0; i < SAVERS; i++)
        us_history_close(open_history(output("echo $PWD/repo/a%d.md", i), US_WHERE_BRANCH));
    /* what a rebase that failed took back with --abort is in the branch's reflog, as is git's way */
    assert_string_equal(output("cd repo && git log --all --reflog --format=%%s | sed -n 's,.* → ,,p' | "
                               "sort -u >../kept && cat ../made-* | sort | comm -23 - ../kept"),
                        "");
    assert_string_equal(output("cd repo && for r in $(git for-each-ref --format='%%(refname)'); do "
                               "git log --format=%%s $r | grep ' → ' | sort | uniq -d; done"), "");
    assert_string_equal(output("cd repo && git log --format=%%s main | grep -c Count"), "4");
    assert_string_equal(output("cd repo && git fsck --strict --no-dangling; find .git -name "
                               "'*.lock' -o -path '*/unspin/*-*'"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_articles_of_their_own, begin, end),
        cmocka_unit_test_setup_teardown(test_the_same_article, begin, end),
        cmocka_unit_test_setup_teardown(test_a_rebase_under_way, begin, end),
    };
    return cmocka_run_group_tests_name("history: many at once", tests, NULL, NULL);
}
