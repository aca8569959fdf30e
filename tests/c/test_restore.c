#include "fixture.h"

#include "restore.h"
#include "trees.h"

#define MODEL                                                                                     \
    "\\data\\\nngram 1=16\nngram 2=6\n\\1-grams:\n-1 <s> 0\n-1 </s>\n-1 an -0.5\n-1 the -0.5\n"     \
    "-1 of 0\n-1 and 0\n-1 to 0\n-1 was 0\n-1 a 0\n-3 settlement\n-3 agreement\n-3 automobile\n"   \
    "-3 car\n-3 signed\n-3 treaty\n-3 deal\n"                                                      \
    "\\2-grams:\n-0.2 an agreement\n-0.2 the agreement\n-0.2 the car\n-0.2 an car\n"                \
    "-0.5 the treaty\n-0.2 agreement was\n\\end\\\n"
#define ROWS                                                                                      \
    "settlement\tagreement\t3\tnoun fixed\t\tA\n"                                                  \
    "settlement\ttreaty\t1\tnoun fixed\t\tA\n"                                                     \
    "automobile\tcar\t3\tnoun fixed\t\tB\n"
/* The language model alone decides. */
#define WEIGHTS                                                                                   \
    "threshold.sure\t0.6\nthreshold.ask\t0.3\nlattice.scale\t1\nlattice.agreed_scale\t1\n"         \
    "local.bias\t-2\nlocal.gain\t1\narticle.bias\t-2\narticle.gain\t1\n"                           \
    "final.bias\t-1\nfinal.agreed\t1\n"

static struct us_ngram *model;
static struct us_lexicon *lexicon;
static struct us_restorer *restorer;
static struct us_corrections corrections;
static struct us_check_options options;

static int enter(void **state)
{
    if (enter_folder(state) != 0)
        return -1;
    model = model_of(MODEL);
    lexicon = lexicon_of(ROWS, WEIGHTS, model);
    return us_restorer_open(&restorer, model, lexicon, NULL, &err);
}

static int leave(void **state)
{
    us_restorer_close(restorer);
    us_lexicon_close(lexicon);
    us_ngram_close(model);
    return leave_folder(state);
}

static int begin(void **state)
{
    (void)state;
    options = (struct us_check_options){.threshold = -1};
    return 0;
}

static int end(void **state)
{
    (void)state;
    us_corrections_close(&corrections);
    return 0;
}

static void check(const char *bytes)
{
    us_corrections_close(&corrections);
    if (us_restorer_check(&corrections, restorer, bytes, strlen(bytes), &options, &err) != US_OK)
        fail_msg("%s", err.message);
}

/* The corrections as old > new, by '|'. */
static const char *found(const char *bytes)
{
    static char shown[512];
    size_t used = 0;
    check(bytes);
    shown[0] = 0;
    for (uint32_t i = 0; i < corrections.count; i++) {
        const struct us_correction *c = &corrections.items[i];
        used += (size_t)snprintf(shown + used, sizeof shown - used, "%s%.*s > %s", i ? "|" : "",
                                 (int)(c->end - c->start), bytes + c->start, c->replacement);
    }
    return shown;
}

static void swaps_are_found_and_what_is_right_stays(void **state)
{
    (void)state;
    assert_string_equal(found("the settlement was signed"), "settlement > agreement");
    assert_string_equal(found("the agreement was signed"), "");
    assert_string_equal(found("an settlement and the automobile"),
                        "settlement > agreement|automobile > car");
    assert_string_equal(found("was signed an automobile"), "an automobile > a car");
    assert_string_equal(found(""), "");
}

static void an_article_between_two_corrections_is_of_the_first(void **state)
{
    (void)state;
    options.threshold = 0.1f;
    assert_string_equal(found("was signed a a settlement was"), "a a > an|settlement > agreement");
    assert_string_equal(found("A a\nsettlement was"), "A a > An|settlement > agreement");
    assert_string_equal(found("an an automobile"), "an an > a|automobile > car");
}

static void a_correction_says_what_and_why(void **state)
{
    (void)state;
    check("the settlement was signed");
    assert_int_equal(corrections.count, 1);
    const struct us_correction *c = &corrections.items[0];
    assert_int_equal(c->start, 4);
    assert_int_equal(c->end, 14);
    assert_int_equal(c->kind, US_KIND_SUBSTITUTION);
    assert_true(c->confidence > 0.6f && c->confidence <= 1);
    assert_one_line(c->reason);
    assert_int_equal(corrections.words, 4);
    assert_true(corrections.rate > 0 && corrections.rate <= 1);
    assert_int_equal(c->reading_count, 0);
}

static void no_correction_is_below_the_threshold(void **state)
{
    (void)state;
    options.threshold = 1.1f;
    assert_string_equal(found("the settlement was signed"), "");
    options.threshold = 0;
    check("the settlement of an automobile");
    assert_true(corrections.count >= 1);
}

static void readings_name_the_rivals_and_the_text_as_it_is(void **state)
{
    (void)state;
    options.readings = true;
    check("the settlement was signed");
    const struct us_correction *c = &corrections.items[0];
    assert_int_equal(c->reading_count, 3);
    assert_string_equal(c->readings[0].text, "agreement");
    assert_string_equal(c->readings[1].text, "treaty");
    assert_string_equal(c->readings[2].text, "settlement");
    assert_true(c->readings[0].confidence > c->readings[1].confidence);
}

static void a_rejected_swap_is_not_made_again(void **state)
{
    (void)state;
    struct us_except here = {"Settlement", "Agreement", true, NULL};
    options.excepts = &here;
    options.except_count = 1;
    assert_string_equal(found("the settlement was signed"), "");
    assert_string_equal(found("the automobile"), "automobile > car");
}

static void one_rejected_elsewhere_is_made_less_readily(void **state)
{
    (void)state;
    check("the settlement was signed");
    float before = corrections.items[0].confidence;
    struct us_except elsewhere = {"settlement", "agreement", false, NULL};
    options.excepts = &elsewhere;
    options.except_count = 1;
    options.threshold = 0.1f;
    check("the settlement was signed");
    assert_true(corrections.items[0].confidence < before);
}

/* The confidence of the one correction where these were rejected. */
static float confidence_after(const struct us_except *excepts, uint32_t count)
{
    options.excepts = excepts;
    options.except_count = count;
    options.threshold = 0.01f;
    check("the settlement was signed");
    assert_int_equal(corrections.count, 1);
    return corrections.items[0].confidence;
}

static void one_rejected_often_in_an_article_counts_once(void **state)
{
    (void)state;
    enum { MANY = 45 };
    struct us_except often[MANY], scattered[MANY];
    char articles[MANY][8];
    for (int i = 0; i < MANY; i++) {
        often[i] = (struct us_except){"settlement", "agreement", false, "other.md"};
        snprintf(articles[i], sizeof articles[i], "%d.md", i);
        scattered[i] = (struct us_except){"settlement", "agreement", false, articles[i]};
    }
    float once = confidence_after(often, 1);
    assert_true(confidence_after(often, MANY) == once);
    assert_true(confidence_after(scattered, 2) < once);
    options.threshold = -1;
    options.excepts = scattered;
    options.except_count = MANY;
    assert_string_equal(found("the settlement was signed"), "");
}

static void one_that_is_very_sure_is_made_though_rejected_elsewhere(void **state)
{
    (void)state;
    struct us_except elsewhere[] = {{"automobile", "car", false, "a.md"},
                                    {"automobile", "car", false, "b.md"},
                                    {"automobile", "car", false, "c.md"}};
    options.excepts = elsewhere;
    options.except_count = 1;
    assert_string_equal(found("the automobile"), "automobile > car");
    options.except_count = 3; /* by now it is the repository's opinion */
    options.threshold = 0.9f;
    assert_string_equal(found("the automobile"), "");
}

static void corrections_are_in_order_apart_and_apply_cleanly(void **state)
{
    (void)state;
    const char *bytes = "An automobile was the settlement. \xe2\x80\x9cThe settlement\xe2\x80\x9d"
                        " of the\r\nsettlement, a settlement\xe2\x80\x99s automobile";
    options.threshold = 0.01f;
    check(bytes);
    assert_true(corrections.count >= 4);
    size_t last = 0;
    for (uint32_t i = 0; i < corrections.count; i++) {
        assert_true(corrections.items[i].start >= last);
        assert_true(corrections.items[i].end > corrections.items[i].start);
        last = corrections.items[i].end;
    }
    assert_true(last <= strlen(bytes));
}

static void line_ends_make_no_difference(void **state)
{
    (void)state;
    check("the settlement was\r\nof the automobile\r\n");
    uint32_t count = corrections.count;
    float confidence = corrections.items[0].confidence;
    check("the settlement was\nof the automobile\n");
    assert_int_equal(corrections.count, count);
    assert_float_equal(corrections.items[0].confidence, confidence, 1e-5);
}

static void a_part_is_looked_at_alone(void **state)
{
    (void)state;
    const char *bytes = "The settlement was of the and.\n\nThe automobile was to an settlement.";
    const char *second = strstr(bytes, "The automobile");
    options.from = (size_t)(second - bytes);
    options.to = strlen(bytes);
    assert_string_equal(found(bytes), "automobile > car|settlement > agreement");
    options.from = 0;
    options.to = (size_t)(second - bytes);
    assert_string_equal(found(bytes), "settlement > agreement");
}

static void a_part_is_judged_by_the_article_it_is_of(void **state)
{
    (void)state;
    struct us_restorer *of_density;
    struct us_lexicon *other =
        lexicon_of(ROWS, WEIGHTS "article.density\t1\nfinal.density\t1\n", model);
    assert_int_equal(us_restorer_open(&of_density, model, other, NULL, &err), US_OK);
    struct us_restorer *usual = restorer;
    restorer = of_density;
    options.threshold = 0.01f;
    check("The settlement was of the settlement to the settlement and the automobile was an car.");
    struct us_article spun = corrections.article;
    float rate = corrections.rate;
    const char *part = "The settlement was of the and the was to the of the was.";
    check(part);
    float alone = corrections.items[0].confidence;
    assert_true(corrections.rate < rate);
    options.article = &spun;
    check(part);
    assert_true(corrections.items[0].confidence > alone);
    assert_float_equal(corrections.rate, rate, 0);
    restorer = usual;
    us_restorer_close(of_density);
    us_lexicon_close(other);
}

/* Trees that speak against what has two readings, and for what has one: by log odds of 8. */
static void trees_have_half_the_say_on_what_is_in_doubt(void **state)
{
    (void)state;
    char trees[512] = "place_readings>1.5 bias>2 bias>2 bias>2 bias>2 bias>2\t8 -8";
    for (int leaf = 2; leaf < 64; leaf++)
        strcat(trees, " 0");
    strcat(trees, "\n");
    const char *bytes = "an settlement and the automobile";
    struct us_restorer *usual = restorer;
    struct us_lexicon *other = lexicon_with_trees(ROWS, WEIGHTS, trees, model);
    assert_string_equal(found(bytes), "settlement > agreement|automobile > car");
    float alone = corrections.items[1].confidence;
    assert_int_equal(us_restorer_open(&restorer, model, other, NULL, &err), US_OK);
    assert_string_equal(found(bytes), "automobile > car");
    assert_float_equal(corrections.items[0].confidence, us_trees_mix(alone, 8), 1e-5);
    us_restorer_close(restorer);
    us_lexicon_close(other);
    restorer = usual;
}

static void a_rows_condition_on_its_place_is_looked_at(void **state)
{
    (void)state;
    const struct { const char *condition, *holds, *fails; } places[] = {
        {"before: of|to", "settlement of it", "settlement was"},
        {"after: the", "the settlement", "an settlement"},
        {"not before: of", "settlement was", "settlement of"},
        {"not after: the", "signed settlement", "signed the settlement"},
        {"before number", "settlement 12", "settlement was"},
        {"after number", "12 settlement", "the settlement"},
        {"before comma", "settlement, signed", "settlement signed"},
        {"no comma after", "settlement signed", "settlement, signed"},
        {"at sentence start", "Settlement was", "The settlement was"},
        {"mid-sentence", "The settlement was", "Settlement was"},
        {"as noun", "the settlement", "to settlement"},
        {"as verb", "to settlement", "the settlement"},
    };
    struct us_restorer *usual = restorer;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char row[128];
        snprintf(row, sizeof row, "settlement\tagreement\t3\tnoun fixed\t%s\tA\n",
                 places[i].condition);
        struct us_lexicon *other = lexicon_of(
            row, "threshold.sure\t0.6\nfinal.place_holds\t4\nfinal.place_fails\t-4\n", model);
        assert_int_equal(us_restorer_open(&restorer, model, other, NULL, &err), US_OK);
        check(places[i].holds);
        if (corrections.count != 1)
            fail_msg("%s: does not hold in \"%s\"", places[i].condition, places[i].holds);
        check(places[i].fails);
        if (corrections.count != 0)
            fail_msg("%s: holds in \"%s\"", places[i].condition, places[i].fails);
        us_restorer_close(restorer);
        us_lexicon_close(other);
    }
    restorer = usual;
}

static void another_language_is_left_alone(void **state)
{
    (void)state;
    assert_string_equal(found("Der alte Mann ging ueber die Bruecke, sah den settlement, der lang"
                              "sam durch das Tal nach Norden zog, wo keine Stadt mehr lag und nie"
                              "mand wohnte."), "");
    assert_false(corrections.english);
}

static void bad_text_is_refused(void **state)
{
    (void)state;
    assert_int_equal(us_restorer_check(&corrections, restorer, "a\0b", 3, &options, &err),
                     US_EFORMAT);
    assert_one_line(err.message);
    assert_int_equal(us_restorer_check(&corrections, restorer, "a\xff", 2, &options, &err),
                     US_EFORMAT);
    assert_one_line(err.message);
    options.bytes = 10;
    assert_int_equal(us_restorer_check(&corrections, restorer, "eleven byte", 11, &options, &err),
                     US_ELIMIT);
    assert_string_equal(err.message, "the text has 11 bytes, more than the limit of 10");
}

static void kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(us_kind_name(US_KIND_SUBSTITUTION), "substitution");
    assert_string_equal(us_kind_name(US_KIND_SCHOLARLY), "scholarly");
}

/* Of all that its bytes may be made to say, nothing leads out of the file or out of the text. */
static void whatever_a_damaged_file_says_a_text_is_checked(const char *path, bool is_lexicon)
{
    static const char text[] = "An settlement was signed. The automobile’s settlement, an settlement.";
    static unsigned char bytes[8192];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(length > 100 && length < sizeof bytes);
    for (size_t at = 0; at < length; at++)
        for (int bit = -1; bit < 8; bit++) {
            unsigned char was = bytes[at];
            struct us_ngram *bad_model = is_lexicon ? model : NULL;
            struct us_lexicon *bad_lexicon = is_lexicon ? NULL : lexicon;
            struct us_restorer *bad = NULL;
            bytes[at] = (unsigned char)(bit < 0 ? 0 : was ^ 1 << bit);
            put_bytes("damaged", bytes, length);
            bytes[at] = was;
            if ((is_lexicon ? us_lexicon_open(&bad_lexicon, "damaged", &err)
                            : us_ngram_open(&bad_model, "damaged", &err)) == US_OK &&
                us_restorer_open(&bad, bad_model, bad_lexicon, NULL, &err) == US_OK) {
                struct us_check_options all = {.threshold = 0, .readings = true};
                us_restorer_check(&corrections, bad, text, sizeof text - 1, &all, &err);
                for (uint32_t i = 0; i < corrections.count; i++)
                    assert_true(corrections.items[i].end < sizeof text);
                us_corrections_close(&corrections);
            } else {
                assert_one_line(err.message);
            }
            us_restorer_close(bad);
            if (is_lexicon)
                us_lexicon_close(bad_lexicon);
            else
                us_ngram_close(bad_model);
        }
}

static void a_text_is_checked_whatever_a_damaged_lexicon_says(void **state)
{
    (void)state;
    whatever_a_damaged_file_says_a_text_is_checked("words.lex", true);
}

static bool checks_too(void *data)
{
    bool *busy = data;
    struct us_corrections other;
    struct us_check_options plain = {.threshold = -1};
    static const char text[] = "An automobile. The settlement was signed.";
    if (*busy)
        return false;
    *busy = true;
    assert_int_equal(us_restorer_check(&other, restorer, text, strlen(text), &plain, &err), US_OK);
    us_corrections_close(&other);
    *busy = false;
    return false;
}

static void a_check_may_be_made_while_another_asks_whether_to_stop(void **state)
{
    (void)state;
    bool busy = false;
    static const char text[] = "An settlement was signed. The automobile and the settlement.";
    char alone[512];
    snprintf(alone, sizeof alone, "%s", found(text));
    options.stop = checks_too;
    options.data = &busy;
    assert_string_equal(found(text), alone);
    assert_true(strlen(alone) > 0);
}

static void a_text_is_read_alike_after_any_other(void **state)
{
    (void)state;
    static const char text[] = "An settlement was signed.";
    char first[512];
    snprintf(first, sizeof first, "%s", found(text));
    for (int i = 0; i < 3; i++) {
        check("The automobile of the settlement was to the deal and an automobile.");
        check("");
        assert_string_equal(found(text), first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_article_between_two_corrections_is_of_the_first, begin, end),
        cmocka_unit_test_setup_teardown(swaps_are_found_and_what_is_right_stays, begin, end),
        cmocka_unit_test_setup_teardown(a_correction_says_what_and_why, begin, end),
        cmocka_unit_test_setup_teardown(no_correction_is_below_the_threshold, begin, end),
        cmocka_unit_test_setup_teardown(readings_name_the_rivals_and_the_text_as_it_is, begin, end),
        cmocka_unit_test_setup_teardown(a_rejected_swap_is_not_made_again, begin, end),
        cmocka_unit_test_setup_teardown(one_rejected_elsewhere_is_made_less_readily, begin, end),
        cmocka_unit_test_setup_teardown(one_rejected_often_in_an_article_counts_once, begin, end),
        cmocka_unit_test_setup_teardown(one_that_is_very_sure_is_made_though_rejected_elsewhere, begin,
                                        end),
        cmocka_unit_test_setup_teardown(corrections_are_in_order_apart_and_apply_cleanly, begin,
                                        end),
        cmocka_unit_test_setup_teardown(line_ends_make_no_difference, begin, end),
        cmocka_unit_test_setup_teardown(a_part_is_looked_at_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_part_is_judged_by_the_article_it_is_of, begin, end),
        cmocka_unit_test_setup_teardown(trees_have_half_the_say_on_what_is_in_doubt, begin, end),
        cmocka_unit_test_setup_teardown(a_rows_condition_on_its_place_is_looked_at, begin, end),
        cmocka_unit_test_setup_teardown(another_language_is_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(bad_text_is_refused, begin, end),
        cmocka_unit_test(kinds_have_names),
        cmocka_unit_test_setup_teardown(a_text_is_checked_whatever_a_damaged_lexicon_says, begin, end),
        cmocka_unit_test_setup_teardown(a_check_may_be_made_while_another_asks_whether_to_stop, begin, end),
        cmocka_unit_test_setup_teardown(a_text_is_read_alike_after_any_other, begin, end),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
