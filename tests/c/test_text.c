#include "fixture.h"

#include "text.h"

static struct us_text text;

static int close_text(void **state)
{
    (void)state;
    us_text_close(&text);
    return 0;
}

static void read_bytes(const char *bytes, size_t length, enum us_format format)
{
    us_text_close(&text);
    if (us_text_open(&text, bytes, length, format, &err) != US_OK)
        fail_msg("%s", err.message);
}

static void read_text(const char *bytes)
{
    read_bytes(bytes, strlen(bytes), US_FORMAT_TEXT);
}

/* Tokens as they stand in the text, by '|': words as such, numbers with #, marks in (), protected
 * spans in []. */
static const char *tokens(const char *bytes)
{
    static char shown[1024];
    static const char *const forms[] = {"%.*s", "#%.*s", "(%.*s)", "[%.*s]"};
    size_t used = 0;
    read_text(bytes);
    shown[0] = 0;
    for (uint32_t i = 0; i < text.count; i++) {
        const struct us_token *token = &text.tokens[i];
        if (i)
            shown[used++] = '|';
        used += (size_t)snprintf(shown + used, sizeof shown - used, forms[token->kind],
                                 (int)(token->end - token->start), bytes + token->start);
    }
    return shown;
}

static const char *norm(uint32_t i)
{
    return text.norms + text.tokens[i].norm;
}

static unsigned flags(uint32_t i)
{
    return text.tokens[i].flags;
}

/* ---- tokens -------------------------------------------------------------------------------- */

static void words_numbers_marks_and_spans(void **state)
{
    (void)state;
    assert_string_equal(tokens("He told \"no\" to 3 firms' chiefs at x@y.org."),
                        "He|told|(\")|no|(\")|to|#3|firms|(')|chiefs|at|[x@y.org]|(.)");
    assert_string_equal(tokens(""), "");
    assert_string_equal(tokens(" \t\r\n"), "");
}

static void apostrophes_inside_a_word_belong_to_it(void **state)
{
    (void)state;
    assert_string_equal(tokens("don't it\xe2\x80\x99s 'tis"), "don't|it\xe2\x80\x99s|(')|tis");
    assert_string_equal(norm(1), "it's");
}

static void initials_keep_their_full_stops(void **state)
{
    (void)state;
    assert_string_equal(tokens("U.S. troops at 5 p.m. in the U.S."),
                        "U.S.|troops|at|#5|p.m.|in|the|U.S.");
    assert_string_equal(tokens("Seven p.c of it."), "Seven|p.c|of|it|(.)");
    assert_string_equal(tokens("It was I. We left."), "It|was|I|(.)|We|left|(.)");
    assert_string_equal(tokens("e.g. this"), "e.g.|this");
}

static void numbers_keep_their_marks(void **state)
{
    (void)state;
    assert_string_equal(tokens("1,000 4.4 10th 1000's 50% in 2010, 3."),
                        "#1,000|#4.4|#10th|#1000's|#50%|in|#2010|(,)|#3|(.)");
}

static void hyphens_are_marks_glued_to_their_words(void **state)
{
    (void)state;
    assert_string_equal(tokens("well-known fact"), "well|(-)|known|fact");
    assert_true(flags(1) & US_TOKEN_GLUED);
    assert_true(flags(2) & US_TOKEN_GLUED);
    assert_false(flags(3) & US_TOKEN_GLUED);
}

static void words_of_any_script_are_words(void **state)
{
    (void)state;
    assert_string_equal(tokens("\xc3\x89mile caf\xc3\xa9 na\xc3\xafve \xd0\x9c\xd0\xb8\xd1\x80"),
                        "\xc3\x89mile|caf\xc3\xa9|na\xc3\xafve|\xd0\x9c\xd0\xb8\xd1\x80");
    assert_string_equal(norm(0), "\xc3\xa9mile");
    assert_string_equal(norm(3), "\xd0\xbc\xd0\xb8\xd1\x80");
    assert_true(flags(0) & US_TOKEN_CAPITAL);
    /* decomposed: the accent belongs to the letter before it */
    assert_string_equal(tokens("cafe\xcc\x81 x"), "cafe\xcc\x81|x");
}

static void lower_case_never_takes_more_room(void **state)
{
    (void)state;
    /* U+023A has two bytes, its lower case three */
    assert_string_equal(tokens("\xc8\xba\xc8\xba\xc8\xba"), "\xc8\xba\xc8\xba\xc8\xba");
    assert_string_equal(norm(0), "\xc8\xba\xc8\xba\xc8\xba");
}

static void a_word_beyond_64_kilobytes_has_no_norm(void **state)
{
    (void)state;
    size_t length = 70000;
    char *word = malloc(length);
    assert_non_null(word);
    memset(word, 'a', length);
    read_bytes(word, length, US_FORMAT_TEXT);
    assert_int_equal(text.count, 1);
    assert_int_equal(text.tokens[0].end, length);
    assert_int_equal(text.tokens[0].norm_length, 0);
    assert_string_equal(norm(0), "");
    close_text(NULL);
    free(word);
}

/* ---- letter case, sentences, titles, quotations -------------------------------------------- */

static void letter_case_is_flagged(void **state)
{
    (void)state;
    read_text("the Rome NATO I iPad");
    assert_false(flags(0) & (US_TOKEN_CAPITAL | US_TOKEN_UPPER));
    assert_true(flags(1) & US_TOKEN_CAPITAL);
    assert_true(flags(2) & US_TOKEN_UPPER);
    assert_false(flags(2) & US_TOKEN_CAPITAL);
    assert_true(flags(3) & US_TOKEN_CAPITAL);
    assert_false(flags(4) & (US_TOKEN_CAPITAL | US_TOKEN_UPPER));
}

static void sentences_end_at_full_stops_before_capitals(void **state)
{
    (void)state;
    read_text("One is here. Two are not! \"Three?\" Mr. Smith of 3 p.m. went.");
    assert_int_equal(text.sentences, 4);
    assert_true(flags(0) & US_TOKEN_FIRST);
    read_text("No. 7 is one sentence of St. Paul");
    assert_int_equal(text.sentences, 1);
    read_text("it ended . and went on");
    assert_int_equal(text.sentences, 1);
}

static void empty_lines_end_sentences_and_wrapped_lines_do_not(void **state)
{
    (void)state;
    read_text("A heading\n\nthe text goes\non here");
    assert_int_equal(text.sentences, 2);
    read_text("A heading\r\n\r\nthe text goes\r\non here");
    assert_int_equal(text.sentences, 2);
}

static void a_sentence_that_goes_on_and_on_is_cut(void **state)
{
    enum { WORDS = 5000, MOST = 1024 };
    (void)state;
    static char bytes[2 * WORDS + 1];
    for (size_t i = 0; i < WORDS; i++)
        memcpy(bytes + 2 * i, "a ", 2);
    read_text(bytes);
    assert_int_equal(text.sentences, 5);
    for (uint32_t i = 0; i < WORDS; i++) {
        assert_int_equal(text.tokens[i].sentence, i / MOST);
        assert_int_equal(flags(i) & US_TOKEN_FIRST, i == 0 ? US_TOKEN_FIRST : 0);
    }
}

static void titles_are_flagged(void **state)
{
    (void)state;
    read_text("The Fall of Modern Rome\nIt was not built in one day.\n");
    assert_true(flags(0) & US_TOKEN_TITLE);
    assert_true(flags(4) & US_TOKEN_TITLE);
    assert_false(flags(5) & US_TOKEN_TITLE);
}

static void well_formed_quotations_are_flagged(void **state)
{
    (void)state;
    read_text("she \"went home\" and");
    assert_false(flags(0) & US_TOKEN_QUOTED);
    assert_true(flags(2) & US_TOKEN_QUOTED);
    assert_true(flags(3) & US_TOKEN_QUOTED);
    assert_false(flags(5) & US_TOKEN_QUOTED);
    read_text("she \xe2\x80\x9cwent home\xe2\x80\x9d and");
    assert_true(flags(2) & US_TOKEN_QUOTED);
    assert_false(flags(5) & US_TOKEN_QUOTED);
}

static void a_mark_without_its_other_half_quotes_nothing(void **state)
{
    (void)state;
    read_text("she \"went home and\nstayed");
    for (uint32_t i = 0; i < text.count; i++)
        assert_false(flags(i) & US_TOKEN_QUOTED);
    read_text("a screen of 5\xe2\x80\x9d" " and more \xe2\x80\x9copen");
    for (uint32_t i = 0; i < text.count; i++)
        assert_false(flags(i) & US_TOKEN_QUOTED);
}

static void a_quotation_that_the_next_paragraph_goes_on_with_is_one(void **state)
{
    (void)state;
    read_text("\xe2\x80\x9cIt began\n\xe2\x80\x9c" "and ended.\xe2\x80\x9d Then");
    assert_true(flags(1) & US_TOKEN_QUOTED);
    assert_true(flags(4) & US_TOKEN_QUOTED);
    assert_false(flags(text.count - 1) & US_TOKEN_QUOTED);
}

static void another_language_is_told(void **state)
{
    (void)state;
    read_text("Der alte Mann ging ueber die Bruecke und sah den Fluss, der langsam durch das Tal nach "
         "Norden zog, wo keine Stadt mehr lag und niemand wohnte.");
    assert_false(text.english);
    read_text("The old man went over the bridge and saw the river that ran to the north through the "
         "valley, where no town was left and nobody lived.");
    assert_true(text.english);
    read_text("Kurz und gut."); /* too short to tell */
    assert_true(text.english);
}

/* ---- bytes --------------------------------------------------------------------------------- */

static void a_byte_order_mark_is_skipped(void **state)
{
    (void)state;
    assert_string_equal(tokens("\xef\xbb\xbfThe end"), "The|end");
    assert_int_equal(text.tokens[0].start, 3);
    assert_true(flags(0) & US_TOKEN_FIRST);
}

static void all_kinds_of_line_ends_give_the_same_tokens_and_sentences(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "A Heading Here\n\nthe text\ngoes on\nHe said\n",
        "A Heading Here\r\n\r\nthe text\r\ngoes on\r\nHe said\r\n",
        "A Heading Here\r\rthe text\rgoes on\rHe said\r"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        assert_string_equal(tokens(forms[i]), "A|Heading|Here|the|text|goes|on|He|said");
        assert_int_equal(text.sentences, 3);
        assert_true(flags(1) & US_TOKEN_TITLE);
        assert_false(flags(3) & US_TOKEN_TITLE);
    }
}

static void assert_refused(const char *bytes, size_t length, const char *message)
{
    assert_int_equal(us_text_open(&text, bytes, length, US_FORMAT_TEXT, &err), US_EFORMAT);
    assert_string_equal(err.message, message);
    assert_null(text.tokens);
}

static void a_nul_byte_is_refused_with_its_place(void **state)
{
    (void)state;
    assert_refused("abc\0def", 7, "not a text: a NUL byte at byte 3; nothing was changed");
    assert_refused("", 1, "not a text: a NUL byte at byte 0; nothing was changed");
}

static void what_is_not_utf8_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "ab\xff",             /* no such byte */
        "ab\xe9 latin 1",     /* a sequence that is none */
        "ab\xc3",             /* cut short */
        "ab\xc0\xaf",         /* longer than need be */
        "ab\xed\xa0\x80",     /* a surrogate */
        "ab\xf4\x90\x80\x80", /* past U+10FFFF */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(bad[i], strlen(bad[i]),
                       "not UTF-8 at byte 2; convert it (iconv -t UTF-8) and try again");
}

static void a_line_of_ten_megabytes_is_read(void **state)
{
    (void)state;
    static const char sentence[] = "The settlement was signed at x.org by \"both\" sides. ";
    size_t size = sizeof sentence - 1, length = (10u << 20) / size * size;
    char *bytes = malloc(length);
    assert_non_null(bytes);
    for (size_t at = 0; at < length; at += size)
        memcpy(bytes + at, sentence, size);
    read_bytes(bytes, length, US_FORMAT_MARKDOWN);
    assert_int_equal(text.sentences, length / size);
    close_text(NULL);
    free(bytes);
}

static void tokens_are_in_order_and_within_the_text(void **state)
{
    (void)state;
    read_text("``code`` \"A\" b-c, <d> http://e.f/g?h#i (j) 1.2.3. U.S. \xe2\x80\x9ck\xe2\x80\x9d\n");
    uint32_t end = 0;
    for (uint32_t i = 0; i < text.count; i++) {
        assert_true(text.tokens[i].start >= end);
        assert_true(text.tokens[i].end > text.tokens[i].start);
        end = text.tokens[i].end;
    }
    assert_true(end <= text.length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(words_numbers_marks_and_spans, close_text),
        cmocka_unit_test_teardown(apostrophes_inside_a_word_belong_to_it, close_text),
        cmocka_unit_test_teardown(initials_keep_their_full_stops, close_text),
        cmocka_unit_test_teardown(numbers_keep_their_marks, close_text),
        cmocka_unit_test_teardown(hyphens_are_marks_glued_to_their_words, close_text),
        cmocka_unit_test_teardown(words_of_any_script_are_words, close_text),
        cmocka_unit_test_teardown(lower_case_never_takes_more_room, close_text),
        cmocka_unit_test_teardown(a_word_beyond_64_kilobytes_has_no_norm, close_text),
        cmocka_unit_test_teardown(letter_case_is_flagged, close_text),
        cmocka_unit_test_teardown(sentences_end_at_full_stops_before_capitals, close_text),
        cmocka_unit_test_teardown(empty_lines_end_sentences_and_wrapped_lines_do_not, close_text),
        cmocka_unit_test_teardown(a_sentence_that_goes_on_and_on_is_cut, close_text),
        cmocka_unit_test_teardown(titles_are_flagged, close_text),
        cmocka_unit_test_teardown(well_formed_quotations_are_flagged, close_text),
        cmocka_unit_test_teardown(a_mark_without_its_other_half_quotes_nothing, close_text),
        cmocka_unit_test_teardown(a_quotation_that_the_next_paragraph_goes_on_with_is_one,
                                  close_text),
        cmocka_unit_test_teardown(another_language_is_told, close_text),
        cmocka_unit_test_teardown(a_byte_order_mark_is_skipped, close_text),
        cmocka_unit_test_teardown(all_kinds_of_line_ends_give_the_same_tokens_and_sentences, close_text),
        cmocka_unit_test_teardown(a_nul_byte_is_refused_with_its_place, close_text),
        cmocka_unit_test_teardown(what_is_not_utf8_is_refused_with_its_place, close_text),
        cmocka_unit_test_teardown(a_line_of_ten_megabytes_is_read, close_text),
        cmocka_unit_test_teardown(tokens_are_in_order_and_within_the_text, close_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
