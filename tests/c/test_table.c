#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "table.h"

static void test_it_keeps_what_each_number_stands_for(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    struct us_table table = {0};
    assert_null(us_table_find(&table, 0));
    for (uint32_t i = 0; i < MANY; i++) {
        struct us_cell *cell = us_table_put(&table, i * i * 7);
        assert_non_null(cell);
        assert_int_equal(cell->index, 0); /* new */
        cell->index = i + 1;
    }
    assert_int_equal(table.count, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        const struct us_cell *found = us_table_find(&table, i * i * 7);
        assert_non_null(found);
        assert_int_equal(found->index, i + 1);
        assert_ptr_equal(us_table_put(&table, i * i * 7), found);
        assert_null(us_table_find(&table, i * i * 7 + 3));
    }
    assert_int_equal(table.count, MANY);
    us_table_close(&table);
    assert_null(us_table_find(&table, 0));
}

static void test_it_sums_up(void **state)
{
    (void)state;
    struct us_table table = {0};
    for (int i = 0; i < 4; i++) {
        struct us_cell *cell = us_table_put(&table, UINT32_MAX - 1);
        assert_non_null(cell);
        cell->sum += 0.25f;
    }
    const struct us_cell *found = us_table_find(&table, UINT32_MAX - 1);
    assert_non_null(found);
    assert_float_equal(found->sum, 1, 0);
    us_table_close(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_keeps_what_each_number_stands_for),
        cmocka_unit_test(test_it_sums_up),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
