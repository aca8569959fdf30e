/*
 * Whether an article may have a history at all, told without libgit2: a repository around it, a
 * history of the user's own, or GIT_DIR.
 */
#include "fixture.h"

#include "history_impl.h"

#include <sys/stat.h>

static int begin(void **state)
{
    if (enter_folder(state) != 0 || mkdir("articles", 0755) != 0)
        return -1;
    put("articles/a.md", "text\n");
    setenv("XDG_STATE_HOME", fixture_folder, 1);
    setenv("HOME", fixture_folder, 1);
    return unsetenv("GIT_DIR");
}

static void an_article_outside_of_all_has_none(void **state)
{
    (void)state;
    assert_false(us_history_possible("articles/a.md"));
}

static void one_in_a_repository_may_have_one(void **state)
{
    (void)state;
    assert_int_equal(mkdir(".git", 0755), 0);
    assert_true(us_history_possible("articles/a.md"));
    assert_true(us_history_possible("articles/../articles/a.md"));
}

static const char *private_ref(const char *path)
{
    static char name[200];
    char *file = realpath(path, NULL), *ref = us_private_ref(file);
    assert_non_null(ref);
    snprintf(name, sizeof name, "%s", ref);
    free(ref);
    free(file);
    return name;
}

static void run(const char *format, const char *value)
{
    char command[300];
    snprintf(command, sizeof command, format, value);
    assert_int_equal(system(command), 0);
}

static void one_that_the_users_own_history_knows_has_one(void **state)
{
    (void)state;
    run("mkdir -p unspin/history.git/refs/heads && : >unspin/history.git/%s",
        private_ref("articles/a.md"));
    assert_true(us_history_possible("articles/a.md"));
    assert_true(us_history_possible("articles/../articles/a.md"));
    put("articles/b.md", "text\n");
    assert_false(us_history_possible("articles/b.md"));
}

static void its_ref_may_be_packed(void **state)
{
    (void)state;
    put("articles/b.md", "text\n");
    run("mkdir -p unspin/history.git && printf '# pack-refs with: peeled\\n0123 %s\\n' "
        ">unspin/history.git/packed-refs",
        private_ref("articles/a.md"));
    assert_true(us_history_possible("articles/a.md"));
    assert_false(us_history_possible("articles/b.md"));
}

static void any_may_have_one_while_a_save_is_unfinished(void **state)
{
    (void)state;
    run("mkdir -p unspin/history.git/unspin && : >unspin/history.git/unspin/%s", "lock");
    assert_false(us_history_possible("articles/a.md"));
    run(": >unspin/history.git/unspin/%s", "0123456789abcdef-XyZ123");
    assert_true(us_history_possible("articles/a.md"));
}

static void it_is_in_the_home_folder_where_no_state_folder_is_named(void **state)
{
    (void)state;
    unsetenv("XDG_STATE_HOME");
    assert_false(us_history_possible("articles/a.md"));
    run("mkdir -p .local/state/unspin/history.git/refs/heads && : "
        ">.local/state/unspin/history.git/%s",
        private_ref("articles/a.md"));
    assert_true(us_history_possible("articles/a.md"));
    setenv("XDG_STATE_HOME", "relative", 1); /* which the standard bids to ignore */
    assert_true(us_history_possible("articles/a.md"));
}

static void nothing_is_ruled_out_with_git_dir_or_of_what_is_not_there(void **state)
{
    (void)state;
    assert_true(us_history_possible("articles/none.md"));
    setenv("GIT_DIR", "/nowhere", 1);
    assert_true(us_history_possible("articles/a.md"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_article_outside_of_all_has_none, begin, leave_folder),
        cmocka_unit_test_setup_teardown(one_in_a_repository_may_have_one, begin, leave_folder),
        cmocka_unit_test_setup_teardown(one_that_the_users_own_history_knows_has_one, begin,
                                        leave_folder),
        cmocka_unit_test_setup_teardown(its_ref_may_be_packed, begin, leave_folder),
        cmocka_unit_test_setup_teardown(any_may_have_one_while_a_save_is_unfinished, begin,
                                        leave_folder),
        cmocka_unit_test_setup_teardown(it_is_in_the_home_folder_where_no_state_folder_is_named,
                                        begin, leave_folder),
        cmocka_unit_test_setup_teardown(nothing_is_ruled_out_with_git_dir_or_of_what_is_not_there,
                                        begin, leave_folder),
    };
    return cmocka_run_group_tests_name("history: whether there may be one", tests, NULL, NULL);
}
