#include "fixture.h"

/* The trie of four words, two bigrams and a trigram, as CMU Sphinx lays it out; see ngram_sphinx.c.
 * Words take 3 bits, places of trigrams 1. */
enum { HEADER = 36, TABLE = 65536 * 4, UNIGRAMS = HEADER + 3 * TABLE };

static unsigned char image[UNIGRAMS + 400];
static size_t image_length;

static void put32(size_t at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        image[at + (size_t)i] = (unsigned char)(value >> (8 * i));
}

static void put_log(size_t at, double log10)
{
    float value = (float)(log10 / 4.3427276862669634e-05);
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put32(at, bits);
}

static size_t put_bits(size_t at, size_t bit, uint32_t value, int bits)
{
    for (int i = 0; i < bits; i++, bit++)
        image[at + bit / 8] |= (unsigned char)((value >> i & 1) << bit % 8);
    return bit;
}

static int make_image(void **state)
{
    static const struct { double probability, backoff; uint32_t first; } unigrams[] = {
        {-1, 0, 0}, {-1, -0.5, 0}, {-3, 0, 0}, {-2, -0.25, 1}, {0, 0, 2}};
    static const char words[] = "</s>\0<s>\0agreement\0an"; /* 0 to 3; "<s> an", "an agreement" */
    memcpy(image, "Trie Language Model\3", 20);
    put32(20, 4);
    put32(24, 2);
    put32(28, 1);
    put32(32, 1);
    put_log(HEADER, -0.5);
    put_log(HEADER + 4, -0.75);
    put_log(HEADER + TABLE + 4, -0.125);
    put_log(HEADER + 2 * TABLE, -0.25);
    size_t at = UNIGRAMS;
    for (int i = 0; i < 5; i++, at += 12) {
        put_log(at, unigrams[i].probability);
        put_log(at + 4, unigrams[i].backoff);
        put32(at + 8, unigrams[i].first);
    }
    static const uint32_t bigrams[3][4] = {{3, 0, 1, 0}, {1, 1, 0, 1}, {0, 0, 0, 1}};
    size_t bit = 0;
    for (int b = 0; b < 3; b++) { /* word before, back-off, probability, first trigram */
        bit = put_bits(at, bit, bigrams[b][0], 3);
        bit = put_bits(at, bit, bigrams[b][1], 16);
        bit = put_bits(at, bit, bigrams[b][2], 16);
        bit = put_bits(at, bit, bigrams[b][3], 1);
    }
    at += (bit + 7) / 8 + 8;
    put_bits(at, put_bits(at, 0, 1, 3), 0, 16); /* "<s> an agreement" */
    at += (2 * 19 + 7) / 8 + 8;
    put32(at, sizeof words);
    memcpy(image + at + 4, words, sizeof words);
    image_length = at + 4 + sizeof words;
    return enter_folder(state);
}

static struct us_ngram *model;

static uint32_t id(const char *word)
{
    return us_ngram_id(model, word, strlen(word));
}

static void a_trie_is_read(void **state)
{
    (void)state;
    put_bytes("model.bin", image, image_length);
    if (us_ngram_open(&model, "model.bin", &err) != US_OK)
        fail_msg("%s", err.message);
    assert_int_equal(us_ngram_words(model), 4);
    assert_int_equal(us_ngram_order(model), 3);
    assert_float_equal(us_ngram_trigram(model, id("<s>"), id("an"), id("agreement")), -0.25, 1e-5);
    assert_float_equal(us_ngram_trigram(model, id("an"), id("an"), id("agreement")), -0.75, 1e-5);
    assert_float_equal(us_ngram_trigram(model, id("<s>"), id("an"), id("an")), -2.375, 1e-5);
    us_ngram_close(model);
}

static void assert_refused(const char *why)
{
    char expected[160];
    snprintf(expected, sizeof expected, "bad.bin is not a Sphinx trie that can be read (%s)", why);
    put_bytes("bad.bin", image, image_length);
    assert_int_equal(us_ngram_open(&model, "bad.bin", &err), US_EFORMAT);
    assert_null(model);
    assert_string_equal(err.message, expected);
}

static void another_order_or_quantizer_is_refused(void **state)
{
    (void)state;
    image[19] = 5;
    assert_refused("its order is not 3");
    image[19] = 3;
    image[32] = 0;
    assert_refused("its values are not 16-bit quantized");
    image[32] = 1;
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t length = 0; length < image_length;
         length += length > 60 && length + 4096 < UNIGRAMS ? 4096 : 1) {
        put_bytes("cut", image, length);
        assert_int_equal(us_ngram_open(&model, "cut", &err), US_EFORMAT);
        assert_one_line(err.message);
    }
}

/* Whatever a file says, its reader stays inside it: under the sanitizers this test shows it. */
static void a_file_with_any_byte_changed_is_refused_or_read(void **state)
{
    (void)state;
    for (size_t at = 0; at < image_length; at = at == HEADER ? UNIGRAMS : at + 1) {
        for (unsigned flip = 1; flip < 256; flip = flip * 15) {
            image[at] = (unsigned char)(image[at] ^ flip);
            put_bytes("flipped", image, image_length);
            image[at] = (unsigned char)(image[at] ^ flip);
            if (us_ngram_open(&model, "flipped", &err) != US_OK)
                assert_one_line(err.message);
            us_ngram_close(model);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trie_is_read),
        cmocka_unit_test(another_order_or_quantizer_is_refused),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_file_with_any_byte_changed_is_refused_or_read),
    };
    return cmocka_run_group_tests(tests, make_image, leave_folder);
}
