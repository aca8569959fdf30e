#include "fixture.h"

#include <math.h>
#include <stdbool.h>

/* "an" has a trigram whose bigram "an agreement" the file lacks, as pruned models do. */
#define SMALL                                                                                     \
    "a line before the header\n\n\\data\\\nngram 1=6\nngram 2=3\nngram 3=2\n\n"                    \
    "\\1-grams:\n-1.5\t<s>\t-0.3\n-1.2\t</s>\n-0.9\tan\t-0.4\n-1.8\tagreement\t-0.2\n"             \
    "-2.1\tsigned\t-0.1\n-3\t<unk>\n\n"                                                            \
    "\\2-grams:\n-0.5\t<s> signed\t-0.25\n-0.7\tsigned an\t-0.15\n-0.2\tagreement </s>\n\n"        \
    "\\3-grams:\n-0.1\t<s> signed an\n-0.6\tsigned an agreement\n\n\\end\\\n"

static struct us_ngram *model;

static int close_model(void **state)
{
    (void)state;
    us_ngram_close(model);
    model = NULL;
    return 0;
}

static uint32_t id(const char *word)
{
    return us_ngram_id(model, word, strlen(word));
}

static void assert_score(const char *w1, const char *w2, const char *w3, double expected)
{
    double score = (double)us_ngram_trigram(model, id(w1), id(w2), id(w3));
    if (fabs(score - expected) > 1e-4)
        fail_msg("P(%s | %s %s) is %f, not %f", w3, w1, w2, score, expected);
}

static void a_small_file_scores_as_katz_says(void **state)
{
    (void)state;
    /* begins with an empty line, as SRILM writes it */
    model = model_of("\n" SMALL);
    assert_int_equal(us_ngram_words(model), 6);
    assert_score("<s>", "signed", "an", -0.1);                    /* the trigram */
    assert_score("an", "signed", "an", -0.7);                     /* no bigram "an signed" */
    assert_score("signed", "an", "agreement", -0.6);
    assert_score("agreement", "an", "agreement", -0.4 - 1.8);     /* twice backed off */
    assert_score("<s>", "signed", "agreement", -0.25 - 0.1 - 1.8);
    assert_score("<s>", "signed", "</s>", -0.25 - 0.1 - 1.2);
    assert_score("unheard", "signed", "an", -0.7);
    assert_score("signed", "unheard", "an", -0.9);
    assert_score("signed", "an", "unheard", -3);                  /* <unk> */
}

static void words_are_numbered_bytewise(void **state)
{
    (void)state;
    model = model_of("\n" SMALL);
    const char *const sorted[] = {"</s>", "<s>", "<unk>", "agreement", "an", "signed"};
    for (uint32_t i = 0; i < 6; i++) {
        assert_string_equal(us_ngram_word(model, i), sorted[i]);
        assert_int_equal(id(sorted[i]), i);
    }
    assert_int_equal(us_ngram_begin(model), 1);
    assert_int_equal(us_ngram_end(model), 0);
}

static void line_ends_and_spaces_may_be_of_any_kind(void **state)
{
    (void)state;
    model = model_of("\\data\\\r\nngram 1 = 2\r\n\r\n\\1-grams:\r\n-1e0 a -0.5\r\n-.25  b \r\n"
                     "\\end\\");
    assert_score("x", "a", "b", -0.5 - 0.25);
    assert_score("x", "b", "a", -1);
}

/* Histories of up to four words; an order that the model does not hold falls back to the next. */
static void orders_up_to_five_are_used(void **state)
{
    (void)state;
    model = model_of("\\data\\\nngram 1=2\nngram 2=1\nngram 3=1\nngram 4=1\nngram 5=1\nngram 6=1\n"
                     "\\1-grams:\n-1 a -0.5\n-2 b -0.3\n\\2-grams:\n-0.5 a a -0.4\n"
                     "\\3-grams:\n-0.25 a a a -0.1\n\\4-grams:\n-0.125 b a a a -0.05\n"
                     "\\5-grams:\n-0.0625 a b a a a -0.7\n\\6-grams:\n-0.9 a a b a a a\n\\end\\\n");
    assert_int_equal(us_ngram_order(model), 5);
    struct us_ngram_state history;
    us_ngram_start(&history, model);
    static const char *const text[] = {"a", "b", "a", "a", "a", "a", "b", "a"};
    static const double scores[] = {
        -1,                 /* no <s> */
        -0.5 - 2,
        -0.3 - 1,           /* "b a" is not a bigram of the file */
        -0.5,               /* nor "b a a" a trigram */
        -0.0625,
        -0.05 - 0.1 - 0.25, /* back-offs of the histories "b a a a" and "a a a" */
        -0.1 - 0.4 - 0.5 - 2,
        -0.3 - 1,
    };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        double score = (double)us_ngram_step(&history, model, &history, id(text[i]));
        if (fabs(score - scores[i]) > 1e-4)
            fail_msg("word %zu scores %f, not %f", i, score, scores[i]);
    }
}

/* ---- a larger one, against a plain implementation of Katz's back-off ----------------------- */

enum { WORDS = 40, BIGRAMS = 300, TRIGRAMS = 500 };

static uint32_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % bound;
}

static float random_log(void)
{
    return -(float)random_below(40000) / 10000;
}

struct reference {
    float unigram[WORDS], unigram_backoff[WORDS];
    bool has_bigram[WORDS][WORDS], has_trigram[WORDS][WORDS][WORDS];
    float bigram[WORDS][WORDS], bigram_backoff[WORDS][WORDS], trigram[WORDS][WORDS][WORDS];
};

static float reference_score(const struct reference *r, uint32_t w1, uint32_t w2, uint32_t w3)
{
    if (r->has_trigram[w1][w2][w3])
        return r->trigram[w1][w2][w3];
    float backoff = r->has_bigram[w1][w2] ? r->bigram_backoff[w1][w2] : 0;
    return backoff + (r->has_bigram[w2][w3] ? r->bigram[w2][w3]
                                            : r->unigram_backoff[w2] + r->unigram[w3]);
}

static void a_larger_file_scores_as_a_plain_implementation(void **state)
{
    (void)state;
    struct reference *r = calloc(1, sizeof *r);
    assert_non_null(r);
    random_state = 7;
    FILE *file = fopen("large.arpa", "w");
    assert_non_null(file);
    fprintf(file, "\\data\\\nngram 1=%d\nngram 2=%d\nngram 3=%d\n\\1-grams:\n", WORDS, BIGRAMS,
            TRIGRAMS);
    for (uint32_t w = 0; w < WORDS; w++) {
        r->unigram[w] = random_log();
        r->unigram_backoff[w] = random_log();
        fprintf(file, "%.4f\tw%02u\t%.4f\n", (double)r->unigram[w], w,
                (double)r->unigram_backoff[w]);
    }
    fprintf(file, "\\2-grams:\n");
    for (int n = 0; n < BIGRAMS;) {
        uint32_t w1 = random_below(WORDS), w2 = random_below(WORDS);
        if (r->has_bigram[w1][w2])
            continue;
        r->has_bigram[w1][w2] = true;
        r->bigram[w1][w2] = random_log();
        r->bigram_backoff[w1][w2] = random_log();
        fprintf(file, "%.4f\tw%02u w%02u\t%.4f\n", (double)r->bigram[w1][w2], w1, w2,
                (double)r->bigram_backoff[w1][w2]);
        n++;
    }
    fprintf(file, "\\3-grams:\n");
    for (int n = 0; n < TRIGRAMS;) { /* most of them lack their bigram */
        uint32_t w1 = random_below(WORDS), w2 = random_below(WORDS), w3 = random_below(WORDS);
        if (r->has_trigram[w1][w2][w3])
            continue;
        r->has_trigram[w1][w2][w3] = true;
        r->trigram[w1][w2][w3] = random_log();
        fprintf(file, "%.4f\tw%02u w%02u w%02u\n", (double)r->trigram[w1][w2][w3], w1, w2, w3);
        n++;
    }
    fprintf(file, "\\end\\\n");
    assert_int_equal(fclose(file), 0);
    if (us_ngram_open(&model, "large.arpa", &err) != US_OK)
        fail_msg("%s", err.message);
    for (uint32_t w1 = 0; w1 < WORDS; w1++)
        for (uint32_t w2 = 0; w2 < WORDS; w2++)
            for (uint32_t w3 = 0; w3 < WORDS; w3++) {
                double expected = (double)reference_score(r, w1, w2, w3);
                double score = (double)us_ngram_trigram(model, w1, w2, w3);
                if (fabs(score - expected) > 1e-4)
                    fail_msg("P(%u | %u %u) is %f, not %f", w3, w1, w2, score, expected);
            }
    free(r);
}

/* ---- what is not sound --------------------------------------------------------------------- */

static void malformed_files_are_refused_in_one_line(void **state)
{
    (void)state;
    static const struct { const char *text, *why; } cases[] = {
        {"\\1-grams:\n", "line 1: no \\data\\ in it"},
        {"\\data\\\n", "line 1: the header should say how many words there are"},
        {"\\data\\\nngram 1=x\n", "line 2: it should read like `ngram 2=345`"},
        {"\\data\\\nngram 2=1\n", "line 2: the orders should be 1, 2, 3 and so on, up to 9"},
        {"\\data\\\nngram 1=4000000000\n", "line 2: more n-grams than can be held"},
        {"\\data\\\nngram 1=200000000\n\\1-grams:\n",
         "line 3: the header says more n-grams than the file has room for"},
        {"\\data\\\nngram 1=1\n\\2-grams:\n",
         "line 3: the next section should begin here (\\1-grams:, ...)"},
        {"\\data\\\nngram 1=1\n\\1-grams:\n-1 a b c\n",
         "line 4: it should hold a probability, the words, and a back-off"},
        {"\\data\\\nngram 1=1\n\\1-grams:\n-1x a\n", "line 4: its probability is not a logarithm"},
        {"\\data\\\nngram 1=1\n\\1-grams:\nnan a\n", "line 4: its probability is not a logarithm"},
        {"\\data\\\nngram 1=1\n\\1-grams:\n0.5 a\n", "line 4: its probability is not a logarithm"},
        {"\\data\\\nngram 1=1\n\\1-grams:\n-1 a .\n", "line 4: its back-off is not a logarithm"},
        {"\\data\\\nngram 1=2\n\\1-grams:\n-1 a\n-1 a\n", "line 5: this word stands twice"},
        {"\\data\\\nngram 1=1\n\\1-grams:\n-1 a\n-1 b\n",
         "line 5: more n-grams than the header says"},
        {"\\data\\\nngram 1=2\n\\1-grams:\n-1 a\n\\end\\\n",
         "line 5: the section has fewer n-grams than the header says"},
        {"\\data\\\nngram 1=1\nngram 2=1\n\\1-grams:\n-1 a\n\\2-grams:\n-1 a b\n",
         "line 7: a word that is not among the 1-grams"},
        {"\\data\\\nngram 1=1\n\\1-grams:\n-1 a\n",
         "line 4: it ends without \\end\\; is it cut short?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[256];
        snprintf(expected, sizeof expected, "bad.arpa is not a sound ARPA file: %s", cases[i].why);
        put("bad.arpa", cases[i].text);
        assert_int_equal(us_ngram_open(&model, "bad.arpa", &err), US_EFORMAT);
        assert_null(model);
        assert_string_equal(err.message, expected);
    }
    put("bad.arpa", "\\data\\\nngram 1=1\nngram 2=2\n\\1-grams:\n-1 a\n\\2-grams:\n-1 a a\n-2 a a\n"
                    "\\end\\\n");
    assert_int_equal(us_ngram_open(&model, "bad.arpa", &err), US_EFORMAT);
    assert_string_equal(err.message, "bad.arpa is not a sound language model: a 2-gram stands twice");
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    const char *text = "\n" SMALL;
    for (size_t length = 1; length < strlen(text) - 2; length++) {
        put_bytes("cut.arpa", text, length);
        assert_int_equal(us_ngram_open(&model, "cut.arpa", &err), US_EFORMAT);
        assert_one_line(err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_small_file_scores_as_katz_says, close_model),
        cmocka_unit_test_teardown(words_are_numbered_bytewise, close_model),
        cmocka_unit_test_teardown(line_ends_and_spaces_may_be_of_any_kind, close_model),
        cmocka_unit_test_teardown(orders_up_to_five_are_used, close_model),
        cmocka_unit_test_teardown(a_larger_file_scores_as_a_plain_implementation, close_model),
        cmocka_unit_test(malformed_files_are_refused_in_one_line),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
