#include "fixture.h"

#include <math.h>

#include "lattice.h"

#define MODEL                                                                                     \
    "\\data\\\nngram 1=10\nngram 2=4\n\\1-grams:\n-1 <s> 0\n-1 </s>\n-1 an -0.5\n-1 the -0.5\n"   \
    "-3 settlement\n-2 agreement\n-2 u. 0\n-2 s. 0\n-2 cut 0\n-2 reduce 0\n"                      \
    "\\2-grams:\n-0.5 an agreement\n-1 the settlement\n-1 u. s.\n-1 agreement </s>\n\\end\\\n"
#define ROWS                                                                                      \
    "settlement\tagreement\t3\tnoun fixed\t\tA\n"                                                 \
    "reduce back\tcut\t3\tphrase\t\tA\n"                                                          \
    "again\tback\t3\tphrase\t\tA\n"                                                               \
    "Wall Avenue\tWall Street\t3\tname\t\tA\n"                                                    \
    "4\tfour\t3\tphrase\t\tA\nset\tcollection\t3\tphrase\t\tA\n"

static struct us_ngram *model;
static struct us_lexicon *lexicon;
static struct us_text text;
static struct us_lattice lattice;

static int enter(void **state)
{
    if (enter_folder(state) != 0)
        return -1;
    model = model_of(MODEL);
    lexicon = lexicon_of(ROWS, "", model);
    return 0;
}

static int leave(void **state)
{
    us_lexicon_close(lexicon);
    us_ngram_close(model);
    return leave_folder(state);
}

static int close_lattice(void **state)
{
    (void)state;
    us_lattice_close(&lattice);
    us_text_close(&text);
    return 0;
}

static void open_lattice(const char *bytes)
{
    close_lattice(NULL);
    assert_int_equal(us_text_open(&text, bytes, strlen(bytes), US_FORMAT_TEXT, &err), US_OK);
    const struct us_search search = {.scale = 1};
    assert_int_equal(us_lattice_open(&lattice, model, lexicon, &err), US_OK);
    assert_int_equal(us_lattice_read(&lattice, &text, 0, text.length, &err), US_OK);
    assert_int_equal(us_lattice_search(&lattice, &search, NULL, &err), US_OK);
}

/* The originals that the edges propose with their units, by '|'. */
static const char *edges(const char *bytes)
{
    static char shown[512];
    size_t used = 0;
    open_lattice(bytes);
    shown[0] = 0;
    for (uint32_t i = 0; i < lattice.edge_count; i++) {
        const struct us_edge *edge = &lattice.edges[i];
        used += (size_t)snprintf(
            shown + used, sizeof shown - used, "%s%u-%u %s", i ? "|" : "", edge->from, edge->to,
            edge->row ? us_lexicon_string(lexicon, edge->row->original) : "doubled");
    }
    return shown;
}

static uint32_t id(const char *word)
{
    return us_ngram_id(model, word, strlen(word));
}

static void an_edge_stands_for_each_row_that_matches(void **state)
{
    (void)state;
    assert_string_equal(edges("an settlement to reduce back again"),
                        "1-2 agreement|3-5 cut|5-6 back");
    assert_string_equal(edges("nothing here"), "");
    assert_string_equal(edges(""), "");
}

static void phrases_run_over_spaces_line_ends_and_hyphens_only(void **state)
{
    (void)state;
    assert_string_equal(edges("reduce\nback"), "0-2 cut");
    assert_string_equal(edges("reduce-back"), "0-2 cut");
    assert_string_equal(edges("reduce, back"), "");
    assert_string_equal(edges("reduce. Back"), "");
    assert_string_equal(edges("reduce (back)"), "");
}

static void no_edge_runs_over_the_cut_of_a_sentence_without_end(void **state)
{
    enum { SENTENCE = 1024 };
    (void)state;
    static char bytes[2 * SENTENCE + 16];
    const struct { uint32_t before; const char *shown; } texts[] = {
        {10, "10-12 doubled"}, {SENTENCE - 3, "1021-1023 doubled"}, {SENTENCE - 2, ""}, {SENTENCE - 1, ""}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (uint32_t k = 0; k < texts[i].before; k++)
            memcpy(bytes + 2 * k, "x ", 2);
        strcpy(bytes + 2 * texts[i].before, "seven.1");
        assert_string_equal(edges(bytes), texts[i].shown);
    }
}

static void protected_spans_are_closed(void **state)
{
    (void)state;
    assert_string_equal(edges("http://settlement.org/settlement reduce @settlement back"), "");
    assert_true(lattice.units[0].closed);
    assert_int_equal(lattice.units[0].ids[0], US_NGRAM_UNKNOWN);
}

static void names_match_in_their_own_case_only(void **state)
{
    (void)state;
    assert_string_equal(edges("on Wall Avenue"), "1-3 Wall Street");
    assert_string_equal(edges("on wall avenue"), "");
    assert_string_equal(edges("Wall avenue is dark"), "");
}

static void acronyms_are_left_alone(void **state)
{
    (void)state;
    assert_string_equal(edges("a set of SET"), "1-2 collection");
}

static void parts_of_longer_figures_are_left_alone(void **state)
{
    (void)state;
    assert_string_equal(edges("4 of them"), "0-1 four");
    assert_string_equal(edges("a 4-4-2, on 4/5, at 4:30, open 24/4"), "");
}

static void possessives_match_the_bare_phrase(void **state)
{
    (void)state;
    assert_string_equal(edges("the settlement's end"), "1-2 agreement");
    assert_true(lattice.edges[0].possessive);
}

static void a_function_word_that_stands_twice_is_an_edge(void **state)
{
    (void)state;
    assert_string_equal(edges("of the the agreement"), "1-3 doubled");
    assert_string_equal(edges("that had had an end"), "");
    assert_string_equal(edges("the, the agreement"), "");
}

static void initials_are_words_each(void **state)
{
    (void)state;
    open_lattice("U.S. an");
    assert_int_equal(lattice.units[0].id_count, 2);
    assert_int_equal(lattice.units[0].ids[0], id("u."));
    assert_int_equal(lattice.units[0].ids[1], id("s."));
    uint32_t ids[4];
    assert_int_equal(us_phrase_ids(model, "an u.s. agreement", 17, ids, 4), 4);
    assert_int_equal(ids[3], id("agreement"));
    assert_int_equal(us_phrase_ids(model, "an u.s. agreement", 17, ids, 2), 2);
    assert_int_equal(us_phrase_ids(model, "", 0, ids, 2), 0);
}

/* One edge, "an settlement" / "an agreement": both paths by hand. */
static void posterior_and_gain_are_those_of_the_two_paths(void **state)
{
    (void)state;
    open_lattice("an settlement");
    assert_int_equal(lattice.edge_count, 1);
    lattice.edges[0].prior = -1;
    assert_int_equal(us_lattice_solve(&lattice, 1, NULL, &err), US_OK);
    double with = (-0.5 - 1) * log(10), without = (-0.5 - 3 - 1) * log(10);
    assert_float_equal(lattice.edges[0].gain, (float)(with - without), 1e-3);
    double odds = exp(with - 1 - without);
    assert_float_equal(lattice.edges[0].posterior, (float)(odds / (1 + odds)), 1e-4);
}

static void the_language_model_can_be_weighed_down_to_nothing(void **state)
{
    (void)state;
    open_lattice("an settlement");
    lattice.edges[0].prior = 0;
    assert_int_equal(us_lattice_solve(&lattice, 0, NULL, &err), US_OK);
    assert_float_equal(lattice.edges[0].posterior, 0.5, 1e-5);
    assert_float_equal(lattice.edges[0].gain, 0, 1e-5);
}

static void sentences_do_not_touch_each_other(void **state)
{
    (void)state;
    open_lattice("an settlement");
    lattice.edges[0].prior = -1;
    us_lattice_solve(&lattice, 1, NULL, &err);
    float alone = lattice.edges[0].posterior;
    open_lattice("The end of it. An settlement. The reduce back.");
    for (uint32_t i = 0; i < lattice.edge_count; i++)
        lattice.edges[i].prior = -1;
    us_lattice_solve(&lattice, 1, NULL, &err);
    assert_float_equal(lattice.edges[0].posterior, alone, 1e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_edge_stands_for_each_row_that_matches, close_lattice),
        cmocka_unit_test_teardown(phrases_run_over_spaces_line_ends_and_hyphens_only,
                                  close_lattice),
        cmocka_unit_test_teardown(no_edge_runs_over_the_cut_of_a_sentence_without_end,
                                  close_lattice),
        cmocka_unit_test_teardown(protected_spans_are_closed, close_lattice),
        cmocka_unit_test_teardown(names_match_in_their_own_case_only, close_lattice),
        cmocka_unit_test_teardown(acronyms_are_left_alone, close_lattice),
        cmocka_unit_test_teardown(parts_of_longer_figures_are_left_alone, close_lattice),
        cmocka_unit_test_teardown(possessives_match_the_bare_phrase, close_lattice),
        cmocka_unit_test_teardown(a_function_word_that_stands_twice_is_an_edge, close_lattice),
        cmocka_unit_test_teardown(initials_are_words_each, close_lattice),
        cmocka_unit_test_teardown(posterior_and_gain_are_those_of_the_two_paths, close_lattice),
        cmocka_unit_test_teardown(the_language_model_can_be_weighed_down_to_nothing,
                                  close_lattice),
        cmocka_unit_test_teardown(sentences_do_not_touch_each_other, close_lattice),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
