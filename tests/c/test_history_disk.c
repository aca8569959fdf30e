/*
 * A disk that is full, read-only or gone: one clear message, nothing half-written. The full and
 * the read-only one are small tmpfs, which take root to mount; without it they are skipped.
 */
#include "repository.h"

#include <sys/mount.h>

static const char *const swaps[] = {"settlement=agreement", NULL};
static char path[200];

static int begin_on_disk(void **state)
{
    begin(state);
    output("mkdir disk");
    static char disk[100];
    snprintf(disk, sizeof disk, "%s/disk", work);
    *state = mount("tmpfs", disk, "tmpfs", 0, "size=1m") == 0 ? disk : NULL;
    output("git init -q disk/repo && cd disk/repo && echo 'an settlement' >a.md && git add . && "
           "git commit -qm Receive");
    snprintf(path, sizeof path, "%s/disk/repo/a.md", work);
    return 0;
}

static int end_on_disk(void **state)
{
    char disk[100];
    snprintf(disk, sizeof disk, "%s/disk", work);
    umount2(disk, MNT_DETACH);
    return end(state);
}

static int prepare(struct us_history *history, struct us_error *err)
{
    struct save save = make_save(path, swaps);
    int result = us_history_prepare(history, save.before, save.before_length, save.fixes,
                                    save.count, err);
    free_save(&save);
    return result;
}

static void test_full(void **state)
{
    if (!*state)
        skip();
    struct us_error err = {0};
    struct us_history *history = open_history(path, US_WHERE_BRANCH);
    output("cat /dev/zero >disk/filler 2>/dev/null; true");
    assert_int_equal(prepare(history, &err), US_EIO);
    assert_non_null(strstr(err.message, "No space left on device"));
    assert_null(strchr(err.message, '\n'));
    assert_string_equal(output("cd disk/repo && cat a.md && git log --format=%%s && find .git -name "
                               "'tmp_*' -o -name '*.lock' && git fsck --strict"),
                        "an settlement\nReceive");
    output("rm disk/filler");
    struct us_recorded recorded = correct(history, path, swaps);
    assert_int_equal(recorded.count, 1);
    us_recorded_close(&recorded);
    us_history_close(history);
}

static void test_read_only(void **state)
{
    char disk[100];
    snprintf(disk, sizeof disk, "%s/disk", work);
    if (!*state || mount("tmpfs", disk, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL) != 0)
        skip();
    struct us_history *history = open_history(path, US_WHERE_BRANCH);
    const struct us_location *place = us_history_location(history);
    assert_int_equal(place->where, US_WHERE_PRIVATE);
    assert_non_null(strstr(place->notice, "can't be written"));
    us_history_close(history);
}

static void test_repository_removed_under_way(void **state)
{
    (void)state;
    struct us_error err = {0};
    struct us_history *history = open_history(path, US_WHERE_BRANCH);
    output("rm -rf disk/repo/.git");
    assert_int_not_equal(prepare(history, &err), US_OK);
    assert_true(err.message[0] && !strchr(err.message, '\n'));
    assert_string_equal(output("cat disk/repo/a.md; ls -A disk/repo"), "an settlement\na.md");
    us_history_close(history);
}

static void test_article_removed_under_way(void **state)
{
    (void)state;
    struct us_error err = {0};
    struct us_recorded recorded;
    struct us_fix fix = {.start = 3, .end = 13, .replacement = "agreement"};
    struct us_history *history = open_history(path, US_WHERE_BRANCH);
    output("rm disk/repo/a.md");
    assert_int_equal(us_history_record(&recorded, history, "an settlement\n", 14, &fix, 1, &err),
                     US_EIO);
    assert_non_null(strstr(err.message, "nothing was recorded"));
    assert_string_equal(output("cd disk/repo && git log --format=%%s"), "Receive");
    us_history_close(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_full, begin_on_disk, end_on_disk),
        cmocka_unit_test_setup_teardown(test_read_only, begin_on_disk, end_on_disk),
        cmocka_unit_test_setup_teardown(test_repository_removed_under_way, begin_on_disk,
                                        end_on_disk),
        cmocka_unit_test_setup_teardown(test_article_removed_under_way, begin_on_disk,
                                        end_on_disk),
    };
    return cmocka_run_group_tests_name("history: the disk", tests, NULL, NULL);
}
