#include "fixture.h"

#include <math.h>

#include "ngram_file.h"

#define SPHINX_MODEL "/usr/share/pocketsphinx/model/en-us/en-us.lm.bin"

#define ARPA                                                                                      \
    "\\data\\\nngram 1=4\nngram 2=2\nngram 3=1\n"                                                  \
    "\\1-grams:\n-1 <s> -0.5\n-1 </s>\n-2 an -0.25\n-3 agreement\n"                                \
    "\\2-grams:\n-0.5 <s> an -0.125\n-0.75 an agreement\n"                                        \
    "\\3-grams:\n-0.25 <s> an agreement\n\\end\\\n"

static unsigned char image[8192];
static size_t image_length;

static int make_image(void **state)
{
    if (enter_folder(state) != 0)
        return -1;
    put("model.arpa", ARPA);
    if (us_ngram_compile("model.lm", "model.arpa", &err) != US_OK)
        return -1;
    FILE *file = fopen("model.lm", "rb");
    image_length = fread(image, 1, sizeof image, file);
    return fclose(file) == 0 && image_length < sizeof image ? 0 : -1;
}

static void assert_refused(const char *path, int code, const char *message)
{
    struct us_ngram *model;
    assert_int_equal(us_ngram_open(&model, path, &err), code);
    assert_null(model);
    assert_int_equal(err.code, code);
    assert_one_line(err.message);
    if (message)
        assert_string_equal(err.message, message);
}

#define FOREIGN(path, why)                                                                        \
    path " is not a language model that can be read (" why "); it should be one that unspin "     \
         "compiled, a Sphinx trie such as pocketsphinx-en-us has, or an ARPA file"

static void a_compiled_file_is_mapped_and_queried(void **state)
{
    (void)state;
    struct us_ngram *model;
    assert_int_equal(us_ngram_open(&model, "model.lm", &err), US_OK);
    assert_int_equal(us_ngram_words(model), 4);
    assert_int_equal(us_ngram_order(model), 3);
    uint32_t begin = us_ngram_begin(model);
    uint32_t an = us_ngram_id(model, "an", 2), agreement = us_ngram_id(model, "agreement", 9);
    assert_string_equal(us_ngram_word(model, an), "an");
    assert_null(us_ngram_word(model, 4));
    assert_int_equal(us_ngram_id(model, "a", 1), US_NGRAM_UNKNOWN);
    assert_int_equal(us_ngram_id(model, "and", 3), US_NGRAM_UNKNOWN);
    assert_int_equal(us_ngram_id(model, "", 0), US_NGRAM_UNKNOWN);
    assert_float_equal(us_ngram_trigram(model, begin, an, agreement), -0.25, 1e-5);
    assert_float_equal(us_ngram_trigram(model, an, an, agreement), -0.75, 1e-5);
    assert_float_equal(us_ngram_trigram(model, begin, an, an), -0.125 - 0.25 - 2, 1e-5);
    us_ngram_close(model);
}

static void a_word_out_of_the_vocabulary_breaks_the_history(void **state)
{
    (void)state;
    struct us_ngram *model;
    assert_int_equal(us_ngram_open(&model, "model.lm", &err), US_OK);
    uint32_t an = us_ngram_id(model, "an", 2);
    assert_float_equal(us_ngram_trigram(model, an, US_NGRAM_UNKNOWN, an), -2, 1e-5);
    assert_float_equal(us_ngram_trigram(model, an, an, US_NGRAM_UNKNOWN),
                       us_ngram_unknown(model), 0);
    us_ngram_close(model);
}

static void a_state_forgets_what_cannot_matter(void **state)
{
    (void)state;
    struct us_ngram *model;
    assert_int_equal(us_ngram_open(&model, "model.lm", &err), US_OK);
    uint32_t an = us_ngram_id(model, "an", 2), agreement = us_ngram_id(model, "agreement", 9);
    struct us_ngram_state start, after;
    us_ngram_start(&start, model);
    assert_int_equal(start.length, 1);
    us_ngram_step(&after, model, &start, an);
    assert_int_equal(after.length, 2); /* "<s> an agreement" may follow */
    us_ngram_step(&after, model, &after, an);
    assert_int_equal(after.length, 1); /* there is no "an an" */
    us_ngram_step(&after, model, &after, agreement);
    assert_int_equal(after.length, 0); /* nothing begins with "agreement" */
    assert_int_equal(after.words[0], US_NGRAM_UNKNOWN);
    us_ngram_close(model);
}

static void the_packaged_model_keeps_its_scores(void **state)
{
    (void)state;
    static const struct { const char *words[3]; double score; } known[] = {
        {{"<s>", "he", "said"}, -1.0419},       {{"new", "york", "city"}, -0.8571},
        {{"the", "united", "states"}, -0.0526}, {{"an", "agreement", "settlement"}, -5.7759},
        {{"of", "the", "zebra"}, -5.3592},      {{"student", "exchange", "programs"}, -2.6608},
    };
    struct us_ngram *model;
    if (access(SPHINX_MODEL, R_OK) != 0)
        skip();
    assert_int_equal(us_ngram_open(&model, SPHINX_MODEL, &err), US_OK);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t id[3];
        for (int k = 0; k < 3; k++)
            id[k] = us_ngram_id(model, known[i].words[k], strlen(known[i].words[k]));
        double score = (double)us_ngram_trigram(model, id[0], id[1], id[2]);
        if (fabs(score - known[i].score) > 2e-4)
            fail_msg("P(%s | %s %s) is %f, not %f", known[i].words[2], known[i].words[0],
                     known[i].words[1], score, known[i].score);
    }
    us_ngram_close(model);
}

/* ---- files that are none ------------------------------------------------------------------- */

static void what_is_not_there_or_no_file_is_named(void **state)
{
    (void)state;
    assert_refused("missing", US_EIO,
                   "cannot open the language model missing: No such file or directory");
    assert_refused("/tmp", US_EIO, "the language model /tmp is not a regular file");
}

static void a_foreign_file_is_refused(void **state)
{
    (void)state;
    put("empty", "");
    assert_refused("empty", US_EFORMAT, FOREIGN("empty", "its first bytes are others"));
    put("foreign", "PK\003\004 and so on, for some time, so that a whole header has room in it");
    assert_refused("foreign", US_EFORMAT, FOREIGN("foreign", "its first bytes are others"));
}

/* The file is little-endian on every machine; one that was written the other way round is no model. */
static void a_model_of_the_other_byte_order_is_refused(void **state)
{
    (void)state;
    unsigned char swapped[sizeof image];
    memcpy(swapped, image, image_length);
    for (size_t at = US_NGRAM_MAGIC_LENGTH; at + 4 <= image_length; at += 4)
        for (size_t i = 0; i < 4; i++)
            swapped[at + i] = image[at + 3 - i];
    put_bytes("swapped", swapped, image_length);
    assert_refused("swapped", US_EFORMAT, FOREIGN("swapped", "its order is out of range"));
}

static void another_order_is_refused(void **state)
{
    (void)state;
    image[US_NGRAM_MAGIC_LENGTH] = 6;
    put_bytes("six", image, image_length);
    image[US_NGRAM_MAGIC_LENGTH] = 3;
    assert_refused("six", US_EFORMAT, FOREIGN("six", "its order is out of range"));
}

static void a_file_that_is_compiled_is_not_compiled_again(void **state)
{
    (void)state;
    assert_int_equal(us_ngram_compile("again.lm", "model.lm", &err), US_EINVAL);
    assert_string_equal(err.message, "model.lm is compiled already");
    assert_int_not_equal(access("again.lm", F_OK), 0);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t length = 0; length < image_length; length++) {
        put_bytes("cut", image, length);
        assert_refused("cut", US_EFORMAT, NULL);
    }
}

/* Whatever a file says, a query stays inside it: under the sanitizers this test shows it. */
static void a_file_with_any_byte_changed_is_refused_or_answers(void **state)
{
    (void)state;
    unsigned opened = 0;
    for (size_t at = 0; at < image_length; at++) {
        for (unsigned flip = 1; flip < 256; flip = flip * 15) {
            struct us_ngram *model;
            image[at] = (unsigned char)(image[at] ^ flip);
            put_bytes("flipped", image, image_length);
            image[at] = (unsigned char)(image[at] ^ flip);
            if (us_ngram_open(&model, "flipped", &err) != US_OK) {
                assert_one_line(err.message);
                continue;
            }
            opened++;
            for (uint32_t a = 0; a <= 4; a++) {
                us_ngram_word(model, a);
                for (uint32_t b = 0; b <= 4; b++)
                    for (uint32_t c = 0; c <= 4; c++)
                        us_ngram_trigram(model, a, b, c);
            }
            us_ngram_id(model, "agreement", 9);
            us_ngram_close(model);
        }
    }
    assert_true(opened > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_compiled_file_is_mapped_and_queried),
        cmocka_unit_test(a_word_out_of_the_vocabulary_breaks_the_history),
        cmocka_unit_test(a_state_forgets_what_cannot_matter),
        cmocka_unit_test(the_packaged_model_keeps_its_scores),
        cmocka_unit_test(what_is_not_there_or_no_file_is_named),
        cmocka_unit_test(a_foreign_file_is_refused),
        cmocka_unit_test(a_model_of_the_other_byte_order_is_refused),
        cmocka_unit_test(another_order_is_refused),
        cmocka_unit_test(a_file_that_is_compiled_is_not_compiled_again),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_file_with_any_byte_changed_is_refused_or_answers),
    };
    return cmocka_run_group_tests(tests, make_image, leave_folder);
}
