#include "fixture.h"

#include <time.h>

#include "protect.h"

/* The protected spans of a text, by '|'. */
static const char *spans(const char *bytes, enum us_format format)
{
    static char shown[1024];
    struct us_span *found = NULL;
    uint32_t count;
    size_t used = 0;
    assert_int_equal(us_protect(&found, &count, bytes, strlen(bytes), format, &err), US_OK);
    shown[0] = 0;
    for (uint32_t i = 0; i < count; i++)
        used += (size_t)snprintf(shown + used, sizeof shown - used, "%s%.*s", i ? "|" : "",
                                 (int)(found[i].end - found[i].start), bytes + found[i].start);
    free(found);
    return shown;
}

static void assert_plain(const char *bytes, const char *expected)
{
    assert_string_equal(spans(bytes, US_FORMAT_TEXT), expected);
}

static void assert_markdown(const char *bytes, const char *expected)
{
    assert_string_equal(spans(bytes, US_FORMAT_MARKDOWN), expected);
}

/* ---- in every text ------------------------------------------------------------------------- */

static void addresses_are_protected(void **state)
{
    (void)state;
    assert_plain("see https://a.org/b?c=d, then", "https://a.org/b?c=d");
    assert_plain("(ftp://a.b/c.)", "ftp://a.b/c");
    assert_plain("at www.example.com/page or example.org.", "www.example.com/page|example.org");
    assert_plain("write to a.b@c.example.org.", "a.b@c.example.org");
    assert_plain("said @some_one on #topic1!", "@some_one|#topic1");
}

static void what_merely_looks_like_an_address_is_prose(void **state)
{
    (void)state;
    assert_plain("It ended.Then it began. At 5@3. One # two @ three.", "");
    assert_plain("U.S. and e.g. this", "");
    assert_plain("x.combine", "");
}

static void fenced_code_is_protected_to_its_close_or_the_end(void **state)
{
    (void)state;
    assert_plain("a\n```c\nint b;\n```\nd\n", "```c\nint b;\n```\n");
    assert_plain("a\n```\nint b;\n", "```\nint b;\n");
}

static void markdown_is_prose_in_plain_text(void **state)
{
    (void)state;
    assert_plain("---\na: b\n---\n", "");
    assert_plain("    indented\n", "");
    assert_plain("a `b` <i>c</i> $d$\n", "");
}

/* ---- in Markdown --------------------------------------------------------------------------- */

static void front_matter_is_protected(void **state)
{
    (void)state;
    assert_markdown("---\ntitle: A settlement\n---\nText", "---\ntitle: A settlement\n---\n");
    assert_markdown("+++\na = 1\n+++\nText", "+++\na = 1\n+++\n");
    assert_markdown("\xef\xbb\xbf---\na: b\n---\n", "---\na: b\n---\n");
    assert_markdown("---\r\na: b\r\n---\r\nText", "---\r\na: b\r\n---\r\n");
    assert_markdown("---\ra: b\r---\rText", "---\ra: b\r---\r");
    assert_markdown("---\nno end of it\n", "");
    assert_markdown("Text\n\n---\na: b\n---\n", "");
}

static void code_is_protected(void **state)
{
    (void)state;
    assert_markdown("call `f(x)` now", "`f(x)`");
    assert_markdown("two ``a ` b`` ticks", "``a ` b``");
    assert_markdown("one ` alone", "`");
    assert_markdown("~~~\ncode\n~~~\ntext", "~~~\ncode\n~~~\n");
    assert_markdown("a\n\n    code\n    more\n\nb", "    code\n    more\n");
    assert_markdown("a\r\r    code\r\rb\r", "    code\r");
    assert_markdown("a\n    wrapped, no code", "");
}

static void a_list_item_goes_on_indented(void **state)
{
    (void)state;
    assert_markdown("- one\n\n    goes on\n", "");
    assert_markdown("1. one\n\n    goes on\n", "");
}

static void tags_and_comments_are_protected(void **state)
{
    (void)state;
    assert_markdown("a <b class=\"c\">d</b> 1 < 2 > 0", "<b class=\"c\">|</b>");
    assert_markdown("<!-- a\nb -->\nc", "<!-- a\nb -->");
    assert_markdown("<!-- no end\nb", "<!-- no end\nb");
}

static void link_targets_are_protected_and_their_text_is_not(void **state)
{
    (void)state;
    assert_markdown("a [fair deal](b/c_(d).md \"e\") f", "](b/c_(d).md \"e\")");
    assert_markdown("a [fair deal][ref] f", "][ref]");
    assert_markdown("[ref]: http://a.b \"title\"\n", "[ref]: http://a.b \"title\"\n");
    assert_markdown("a [b] (c)", "");
}

static void formulas_are_protected_and_prices_are_not(void **state)
{
    (void)state;
    assert_markdown("so $x + y$ and $$z$$.", "$x + y$|$$z$$");
    assert_markdown("from $5 to $10", "");
}

static void spans_are_in_order_and_apart(void **state)
{
    (void)state;
    const char *bytes = "---\na\n---\n`b``c` <d><e> [f](g)[h][i] a@b.org#c www.x.com\n```\n";
    struct us_span *found;
    uint32_t count, end = 0;
    assert_int_equal(
        us_protect(&found, &count, bytes, strlen(bytes), US_FORMAT_MARKDOWN, &err), US_OK);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(found[i].start < found[i].end);
        assert_true(i == 0 || found[i].start > end);
        end = found[i].end;
    }
    assert_true(end <= strlen(bytes));
    free(found);
}

/* What opens and never closes is looked for once, not once for each opening. */
static void time_is_linear(void **state)
{
    (void)state;
    static const char *const openings[] = {"`a ", "<a ", "](", "][", "$a ", "@a.", "a.b.c"};
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        size_t size = strlen(openings[i]), length = 2000000 / size * size;
        char *bytes = malloc(length);
        struct us_span *found;
        uint32_t count;
        assert_non_null(bytes);
        for (size_t at = 0; at < length; at += size)
            memcpy(bytes + at, openings[i], size);
        clock_t start = clock();
        assert_int_equal(us_protect(&found, &count, bytes, length, US_FORMAT_MARKDOWN, &err),
                         US_OK);
        if (clock() - start > 5 * CLOCKS_PER_SEC)
            fail_msg("%s takes %.1f s", openings[i], (double)(clock() - start) / CLOCKS_PER_SEC);
        free(found);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_protected),
        cmocka_unit_test(what_merely_looks_like_an_address_is_prose),
        cmocka_unit_test(fenced_code_is_protected_to_its_close_or_the_end),
        cmocka_unit_test(markdown_is_prose_in_plain_text),
        cmocka_unit_test(front_matter_is_protected),
        cmocka_unit_test(code_is_protected),
        cmocka_unit_test(a_list_item_goes_on_indented),
        cmocka_unit_test(tags_and_comments_are_protected),
        cmocka_unit_test(link_targets_are_protected_and_their_text_is_not),
        cmocka_unit_test(formulas_are_protected_and_prices_are_not),
        cmocka_unit_test(spans_are_in_order_and_apart),
        cmocka_unit_test(time_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
