/*
 * The log: every correction once, newest first, wherever git keeps its commit.
 */
#include "repository.h"

static void newest_comes_first(void **state)
{
    (void)state;
    char log[4096];
    struct us_recorded recorded = correct_all();
    read_log(log, sizeof log, article, false);
    assert_string_equal(log, "articles/a.md:3 instructed>told\n"
                             "articles/a.md:1 student trade>student exchange\n"
                             "articles/a.md:1 settlement>agreement\n");
    us_recorded_close(&recorded);
}

static void renames_are_followed(void **state)
{
    (void)state;
    char log[4096], path[300];
    struct us_recorded recorded = correct_all();
    us_recorded_close(&recorded);
    output("cd repo && git mv articles/a.md b.md && git commit -qm Move && echo c >c.md && "
           "git add . && git commit -qm Another");
    snprintf(path, sizeof path, "%s/repo/b.md", work);
    read_log(log, sizeof log, path, false);
    assert_non_null(strstr(log, "articles/a.md:1 settlement>agreement"));
    snprintf(path, sizeof path, "%s/repo/c.md", work);
    read_log(log, sizeof log, path, false);
    assert_string_equal(log, "");
    read_log(log, sizeof log, path, true);
    assert_non_null(strstr(log, "articles/a.md:1 settlement>agreement"));
}

static const char all_three[] = "articles/a.md:3 instructed>told\n"
                                "articles/a.md:1 student trade>student exchange\n"
                                "articles/a.md:1 settlement>agreement\n";

static void assert_log(const char *expected)
{
    char log[4096];
    read_log(log, sizeof log, article, false);
    assert_string_equal(log, expected);
}

static void commits_are_found_wherever_git_keeps_them(void **state)
{
    (void)state;
    struct us_recorded recorded = correct_all();
    us_recorded_close(&recorded);
    output("cd repo && git gc -q");
    assert_log(all_three);
    output("cd repo && git repack -q -a -d -f --depth=50 --window=50"); /* deltas of each other */
    assert_log(all_three);
    output("cd repo && git config pack.indexVersion 1 && git repack -q -a -d");
    assert_log(all_three);
    output("cd repo && mv .git/objects/pack/*.pack pack && rm -f .git/objects/pack/* && "
           "git unpack-objects -q <pack && rm pack"); /* loose */
    assert_log(all_three);
    output("git clone -q --shared repo other");
    snprintf(article, sizeof article, "%s/other/articles/a.md", work);
    assert_log(all_three);
}

static void a_damaged_pack_ends_the_log_and_no_more(void **state)
{
    (void)state;
    char log[4096];
    struct us_recorded recorded = correct_all();
    us_recorded_close(&recorded);
    for (int kept = 4000; kept >= 0; kept -= 250) {
        output("cd repo/.git/objects/pack && chmod u+w * && for f in *.pack *.idx; do "
               "truncate -c -s '<%d' $f; done", kept);
        read_log(log, sizeof log, article, false);
    }
    assert_string_equal(log, "");
}

static void what_was_reverted_is_marked_until_that_is_reverted(void **state)
{
    (void)state;
    struct us_recorded recorded = correct_all();
    output("cd repo && git revert --no-edit %s", recorded.oids[2]);
    assert_log("articles/a.md:3 instructed>told rejected\n"
               "articles/a.md:1 student trade>student exchange\n"
               "articles/a.md:1 settlement>agreement\n");
    output("cd repo && git revert --no-edit HEAD");
    assert_log(all_three);
    us_recorded_close(&recorded);
}

static void merged_branches_are_listed_once(void **state)
{
    (void)state;
    struct us_recorded recorded = correct_all();
    us_recorded_close(&recorded);
    output("cd repo && git checkout -qb topic && echo t >t && git add t && git commit -qm t && "
           "git checkout -q main && echo m >m && git add m && git commit -qm m && "
           "git merge -q --no-edit topic");
    assert_log(all_three);
}

static void the_side_is_listed_with_the_branch(void **state)
{
    (void)state;
    static const char *const first[] = {"settlement=agreement", NULL};
    static const char *const second[] = {"instructed=told", NULL};
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    struct us_recorded recorded = correct(history, article, first);
    us_recorded_close(&recorded);
    us_history_close(history);
    sleep(1); /* of one second, the branch's would come first */
    history = open_history(article, US_WHERE_SIDE);
    recorded = correct(history, article, second);
    us_recorded_close(&recorded);
    us_history_close(history);
    assert_log("articles/a.md:3 instructed>told\narticles/a.md:1 settlement>agreement\n");
}

static void a_shallow_clone_lists_what_it_has(void **state)
{
    (void)state;
    struct us_recorded recorded = correct_all();
    us_recorded_close(&recorded);
    output("git clone -q --depth 2 file://$PWD/repo shallow");
    snprintf(article, sizeof article, "%s/shallow/articles/a.md", work);
    assert_log("articles/a.md:3 instructed>told\n"
               "articles/a.md:1 student trade>student exchange\n");
}

static void a_limit_ends_it(void **state)
{
    (void)state;
    struct us_log *log;
    struct us_entry entry;
    bool more;
    struct us_recorded recorded = correct_all();
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    assert_int_equal(us_log_open(&log, history, &(struct us_log_options){.limit = 1}, NULL), US_OK);
    assert_int_equal(us_log_next(&more, &entry, log, NULL), US_OK);
    assert_true(more);
    assert_string_equal(entry.oid, recorded.oids[2]);
    assert_string_equal(entry.author, "A U Thor");
    assert_string_equal(entry.email, "author@example.com");
    assert_string_equal(entry.excerpt, "The expertise was [instructed → told] final November.");
    assert_int_equal(us_log_next(&more, &entry, log, NULL), US_OK);
    assert_false(more);
    us_log_close(log);
    us_history_close(history);
    us_recorded_close(&recorded);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_committed, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(newest_comes_first),
        TEST(renames_are_followed),
        TEST(commits_are_found_wherever_git_keeps_them),
        TEST(a_damaged_pack_ends_the_log_and_no_more),
        TEST(what_was_reverted_is_marked_until_that_is_reverted),
        TEST(merged_branches_are_listed_once),
        TEST(the_side_is_listed_with_the_branch),
        TEST(a_shallow_clone_lists_what_it_has),
        TEST(a_limit_ends_it),
    };
    return cmocka_run_group_tests_name("history: the log", tests, NULL, NULL);
}
