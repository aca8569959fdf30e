#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "file.h"

static char folder[64];

static int enter(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/unspin-file-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void put(const char *path, const char *content)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_not_equal(fputs(content, file), EOF);
    assert_int_equal(fclose(file), 0);
}

static void assert_content(const char *path, const char *content)
{
    char read[64];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(read, 1, sizeof read - 1, file);
    read[length] = '\0';
    fclose(file);
    assert_string_equal(read, content);
}

static unsigned mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void content_is_replaced_and_mode_kept(void **state)
{
    (void)state;
    struct us_error err;
    put("article", "an settlement");
    assert_int_equal(chmod("article", 0640), 0);
    assert_int_equal(us_file_replace("article", "an agreement", 12, &err), US_OK);
    assert_content("article", "an agreement");
    assert_int_equal(mode_of("article"), 0640);
}

static void symbolic_link_is_followed_and_stays(void **state)
{
    (void)state;
    struct stat status;
    put("target", "old");
    assert_int_equal(symlink("target", "link"), 0);
    assert_int_equal(us_file_replace("link", "new", 3, NULL), US_OK);
    assert_content("target", "new");
    assert_int_equal(lstat("link", &status), 0);
    assert_true(S_ISLNK(status.st_mode));
}

static void nothing_is_left_beside_it(void **state)
{
    (void)state;
    put("article", "old");
    assert_int_equal(us_file_replace("article", "new", 3, NULL), US_OK);
    assert_int_equal(system("test \"$(ls -A)\" = article"), 0);
}

static void failures_name_the_file(void **state)
{
    (void)state;
    struct us_error err;
    assert_int_equal(us_file_replace("missing", "x", 1, &err), US_EIO);
    assert_string_equal(err.message, "missing: No such file or directory");
    assert_int_equal(us_file_replace(".", "x", 1, &err), US_EIO);
    assert_string_equal(err.message, ".: is not a regular file");
}

static void file_that_may_not_be_written_is_refused(void **state)
{
    (void)state;
    struct us_error err;
    uid_t self = geteuid();
    put("article", "old");
    assert_int_equal(chmod("article", 0444), 0);
    assert_int_equal(chmod(".", 0777), 0);
    if (self == 0) /* root may write everything: become nobody for a moment */
        assert_int_equal(seteuid(65534), 0);
    int result = us_file_replace("article", "new", 3, &err);
    assert_int_equal(seteuid(self), 0);
    assert_int_equal(result, US_EIO);
    assert_content("article", "old");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(content_is_replaced_and_mode_kept, enter, leave),
        cmocka_unit_test_setup_teardown(symbolic_link_is_followed_and_stays, enter, leave),
        cmocka_unit_test_setup_teardown(nothing_is_left_beside_it, enter, leave),
        cmocka_unit_test_setup_teardown(failures_name_the_file, enter, leave),
        cmocka_unit_test_setup_teardown(file_that_may_not_be_written_is_refused, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
