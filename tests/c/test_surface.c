#include "fixture.h"

#include "surface.h"

#define ROWS                                                                                      \
    "settlement\tagreement\t3\tnoun fixed\t\tA\n"                                                  \
    "pupil trade\tstudent exchange\t3\tphrase\t\tA\n"                                              \
    "local weather\tclimate\t3\tphrase\t\tA\n"                                                     \
    "utilize\tuse\t3\tverb fixed\t\tA\n"                                                           \
    "reduce back\tcut\t3\tphrase\t\tA\n"                                                           \
    "automobile\tcar\t3\tnoun fixed\t\tA\n"                                                        \
    "myself\ti\t3\tphrase\t\tA\n"                                                                  \
    "prime of mountain\ttop of the hill\t3\tphrase\t\tA\n"                                         \
    "Wall Avenue\tWall Street\t3\tname\t\tA\n"                                                     \
    "coffeehouse\tcaf\xc3\xa9\t3\tnoun fixed\t\tA\n"                                               \
    "ecole\t\xc3\xa9lan\t3\tnoun fixed\t\tA\n"                                                     \
    "coloration\tcolor\t3\tnoun fixed\t\tA\n"                                                    \
    "well identified\twell known\t3\tphrase\t\tA\n"                                               \
    "shall not\twon't\t3\tphrase\t\tA\n"

static struct us_ngram *model;
static struct us_lexicon *lexicon;

static int enter(void **state)
{
    if (enter_folder(state) != 0)
        return -1;
    model = model_of("\\data\\\nngram 1=2\n\\1-grams:\n-1 <s>\n-1 a\n\\end\\\n");
    lexicon = lexicon_of(ROWS, "", model);
    return 0;
}

static int leave(void **state)
{
    us_lexicon_close(lexicon);
    us_ngram_close(model);
    return leave_folder(state);
}

/* The text with its one edge written into it. */
static const char *restored(const char *bytes)
{
    static char out[512];
    struct us_text text;
    struct us_lattice lattice;
    char *words = NULL;
    size_t start, end;
    assert_int_equal(us_text_open(&text, bytes, strlen(bytes), US_FORMAT_TEXT, &err), US_OK);
    const struct us_search search = {.scale = 1};
    assert_int_equal(us_lattice_open(&lattice, model, lexicon, &err), US_OK);
    assert_int_equal(us_lattice_read(&lattice, &text, 0, text.length, &err), US_OK);
    assert_int_equal(us_lattice_search(&lattice, &search, NULL, &err), US_OK);
    if (lattice.edge_count != 1)
        fail_msg("%u edges in: %s", lattice.edge_count, bytes);
    assert_int_equal(
        us_surface(&words, &start, &end, &lattice, lexicon, &lattice.edges[0], &err), US_OK);
    snprintf(out, sizeof out, "%.*s%s%s", (int)start, bytes, words, bytes + end);
    free(words);
    us_lattice_close(&lattice);
    us_text_close(&text);
    return out;
}

static void letter_case_is_taken_over(void **state)
{
    (void)state;
    assert_string_equal(restored("the settlement held"), "the agreement held");
    assert_string_equal(restored("Settlement came late"), "Agreement came late");
    assert_string_equal(restored("THE SETTLEMENT HELD"), "THE AGREEMENT HELD");
    assert_string_equal(restored("Pupil trade is good"), "Student exchange is good");
    assert_string_equal(restored("the Pupil Trade began"), "the Student Exchange began");
    assert_string_equal(restored("the PUPIL TRADE began"), "the STUDENT EXCHANGE began");
    assert_string_equal(restored("at the coffeehouse"), "at the caf\xc3\xa9");
    assert_string_equal(restored("AT THE COFFEEHOUSE"), "AT THE CAF\xc3\x89");
    assert_string_equal(restored("Ecole was had"), "\xc3\x89lan was had");
}

static void small_words_stay_small_in_names_and_titles(void **state)
{
    (void)state;
    assert_string_equal(restored("the Prime of Mountain inn"), "the Top of the Hill inn");
}

static void i_is_always_a_capital(void **state)
{
    (void)state;
    assert_string_equal(restored("so myself went"), "so I went");
}

static void names_keep_their_own_case(void **state)
{
    (void)state;
    assert_string_equal(restored("on Wall Avenue now"), "on Wall Street now");
}

static void apostrophes_are_those_of_the_text(void **state)
{
    (void)state;
    assert_string_equal(restored("it shall not end"), "it won't end");
    assert_string_equal(restored("it isn't, it shall not end"), "it isn't, it won't end");
    assert_string_equal(restored("it isn\xe2\x80\x99t, it shall not end"),
                        "it isn\xe2\x80\x99t, it won\xe2\x80\x99t end");
}

static void a_and_an_are_set_right(void **state)
{
    (void)state;
    assert_string_equal(restored("following a settlement to"), "following an agreement to");
    assert_string_equal(restored("following an settlement to"), "following an agreement to");
    assert_string_equal(restored("an automobile"), "a car");
    assert_string_equal(restored("An automobile came"), "A car came");
    assert_string_equal(restored("A settlement came"), "An agreement came");
    assert_string_equal(restored("AN AUTOMOBILE CAME"), "A CAR CAME");
    assert_string_equal(restored("a\nsettlement came"), "an\nagreement came");
    assert_string_equal(restored("the settlement"), "the agreement");
    assert_string_equal(restored("plan a, settlement"), "plan a, agreement"); /* no article */
}

static void vowels_are_told_by_their_sound(void **state)
{
    (void)state;
    static const char *const an[] = {"hour", "honest", "apple", "FBI", "11", "18th", "8", "unusual",
                                     "umbrella", "Ounce", "11,000", "MP"};
    static const char *const a[] = {"unit", "university", "European", "one", "U.S.", "house",
                                    "10", "useful", "BBC", "", "180", "uniform"};
    for (size_t i = 0; i < sizeof an / sizeof *an; i++)
        if (!us_begins_with_vowel(an[i], strlen(an[i])))
            fail_msg("an %s", an[i]);
    for (size_t i = 0; i < sizeof a / sizeof *a; i++)
        if (us_begins_with_vowel(a[i], strlen(a[i])))
            fail_msg("a %s", a[i]);
}

static void the_possessive_keeps_its_mark(void **state)
{
    (void)state;
    assert_string_equal(restored("the settlement's end"), "the agreement's end");
    assert_string_equal(restored("the settlement\xe2\x80\x99s end"),
                        "the agreement\xe2\x80\x99s end");
    assert_string_equal(restored("the pupil trade's end"), "the student exchange's end");
}

static void hyphens_and_line_ends_between_words_stay(void **state)
{
    (void)state;
    assert_string_equal(restored("a well-identified man"), "a well-known man");
    assert_string_equal(restored("the pupil\ntrade began"), "the student\nexchange began");
    assert_string_equal(restored("the pupil\r\ntrade began"), "the student\r\nexchange began");
    assert_string_equal(restored("the pupil\rtrade began"), "the student\rexchange began");
    assert_string_equal(restored("the pupil  trade began"), "the student  exchange began");
}

static void a_line_that_ended_inside_the_span_ends_after_it(void **state)
{
    (void)state;
    assert_string_equal(restored("the local\nweather is"), "the climate\nis");
    assert_string_equal(restored("the local\r\nweather is"), "the climate\r\nis");
    assert_string_equal(restored("the local\rweather is"), "the climate\ris");
    assert_string_equal(restored("the local weather is"), "the climate is");
    assert_string_equal(restored("the local\nweather."), "the climate.");
}

static void an_article_keeps_its_spelling(void **state)
{
    (void)state;
    assert_string_equal(restored("the coloration of it"), "the color of it");
    assert_string_equal(restored("the coloration of the theatre"), "the colour of the theatre");
    assert_string_equal(restored("Coloration in the theatre"), "Colour in the theatre");
    assert_string_equal(restored("the coloration of the theater"), "the color of the theater");
    assert_string_equal(restored("its coloration, the theater and the theatre"),
                        "its color, the theater and the theatre");
}

static void what_bots_leave_behind_is_mended(void **state)
{
    (void)state;
    assert_string_equal(restored("the {hardware} store"), "the hardware store");
    assert_string_equal(restored("“{hardware}” store"), "“hardware” store");
    assert_string_equal(restored("rose to 102.five in"), "rose to 102.5 in");
    assert_string_equal(restored("some seven.1 million"), "some 7.1 million");
    assert_string_equal(restored("one of of them"), "one of them");
}

static void braces_of_markup_stay(void **state)
{
    (void)state;
    assert_string_equal(restored("\\emph{hardware} settlement"), "\\emph{hardware} agreement");
    assert_string_equal(restored("\\emph{settlement}"), "\\emph{agreement}");
    assert_string_equal(restored("\\section[short]{settlement}"), "\\section[short]{agreement}");
    assert_string_equal(restored("the ${settlement} held"), "the ${agreement} held");
    assert_string_equal(restored("the {{settlement}} held"), "the {{agreement}} held");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letter_case_is_taken_over),
        cmocka_unit_test(small_words_stay_small_in_names_and_titles),
        cmocka_unit_test(i_is_always_a_capital),
        cmocka_unit_test(names_keep_their_own_case),
        cmocka_unit_test(apostrophes_are_those_of_the_text),
        cmocka_unit_test(a_and_an_are_set_right),
        cmocka_unit_test(vowels_are_told_by_their_sound),
        cmocka_unit_test(the_possessive_keeps_its_mark),
        cmocka_unit_test(hyphens_and_line_ends_between_words_stay),
        cmocka_unit_test(a_line_that_ended_inside_the_span_ends_after_it),
        cmocka_unit_test(an_article_keeps_its_spelling),
        cmocka_unit_test(what_bots_leave_behind_is_mended),
        cmocka_unit_test(braces_of_markup_stay),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
