/*
 * From the first byte (all integers and floats little-endian; logarithms to base 1.0001):
 *
 *     magic 19 | order 1 | U B T 3 x u32 | quantizer i32
 *     tables 3 x 65,536 x f32: bigram probability, bigram back-off, trigram probability
 *     unigrams (U+1) x { f32 probability, f32 back-off, u32 first bigram }
 *     bigrams  bit-packed rows { word wb | back-off 16 | probability 16 | first trigram nb }
 *     trigrams bit-packed rows { word wb | probability 16 }
 *     words    i32 bytes, then U NUL-terminated strings sorted bytewise; the index is the id
 *
 * wb and nb are the bit lengths of U and T. A trie of reversed n-grams: unigram w3 -> bigram rows
 * (w2) -> trigram rows (w1). The last unigram and the last bigram row only close a range.
 */
#include "ngram_sphinx.h"

#include "bytes.h"
#include "ngram_file.h"

#include <math.h>
#include <stdlib.h>

#define MAGIC "Trie Language Model"

enum {
    MAGIC_LENGTH = sizeof MAGIC - 1,
    HEADER = MAGIC_LENGTH + 1 + 3 * 4 + 4,
    TABLE = 65536, /* values */
    UNIGRAM = 12,  /* bytes */
};
static const float LOG10_OF_BASE = 4.3427276862669634e-05f;

struct trie {
    uint32_t words, bigrams, trigrams;
    uint32_t word_bits, next_bits, bigram_bits, trigram_bits;
    const unsigned char *values, *unigram_rows, *bigram_rows, *trigram_rows;
    const char *strings;
    uint32_t string_bytes;
};

bool us_ngram_is_sphinx(const unsigned char *bytes, size_t length)
{
    return length >= MAGIC_LENGTH && memcmp(bytes, MAGIC, MAGIC_LENGTH) == 0;
}

static int unsound(struct us_error *err, const char *path, const char *why)
{
    return us_fail(err, US_EFORMAT, "%s is not a Sphinx trie that can be read (%s)", path, why);
}

static uint32_t bit_length(uint32_t value)
{
    uint32_t bits = 0;
    for (; value; value >>= 1)
        bits++;
    return bits;
}

static int lay_out(struct trie *trie, const unsigned char *bytes, size_t length, const char *path,
                   struct us_error *err)
{
    if (length < HEADER)
        return unsound(err, path, "it is cut short");
    const unsigned char *at = bytes + MAGIC_LENGTH;
    if (*at++ != 3)
        return unsound(err, path, "its order is not 3");
    *trie = (struct trie){.words = us_le32(at), .bigrams = us_le32(at + 4),
                          .trigrams = us_le32(at + 8)};
    if (us_le32(at + 12) != 1)
        return unsound(err, path, "its values are not 16-bit quantized");
    if (trie->words == 0 || trie->words >= US_NGRAM_MOST || trie->bigrams >= US_NGRAM_MOST ||
        trie->trigrams >= US_NGRAM_MOST)
        return unsound(err, path, "its counts are out of range");
    trie->word_bits = bit_length(trie->words);
    trie->next_bits = bit_length(trie->trigrams);
    trie->bigram_bits = trie->word_bits + 32 + trie->next_bits;
    trie->trigram_bits = trie->word_bits + 16;
    uint64_t unigrams_at = HEADER + UINT64_C(3) * TABLE * 4;
    uint64_t bigrams_at = unigrams_at + (UINT64_C(1) + trie->words) * UNIGRAM;
    uint64_t trigrams_at =
        bigrams_at + ((UINT64_C(1) + trie->bigrams) * trie->bigram_bits + 7) / 8 + 8;
    uint64_t strings_at =
        trigrams_at + ((UINT64_C(1) + trie->trigrams) * trie->trigram_bits + 7) / 8 + 8;
    if (strings_at + 4 > length)
        return unsound(err, path, "it is cut short");
    trie->string_bytes = us_le32(bytes + strings_at);
    if (strings_at + 4 + trie->string_bytes > length)
        return unsound(err, path, "its list of words is cut short");
    trie->values = bytes + HEADER;
    trie->unigram_rows = bytes + unigrams_at;
    trie->bigram_rows = bytes + bigrams_at;
    trie->trigram_rows = bytes + trigrams_at;
    trie->strings = (const char *)bytes + strings_at + 4;
    return US_OK;
}

static uint32_t bits_at(const unsigned char *rows, uint64_t bit, uint32_t count)
{
    return (uint32_t)(us_le64(rows + (bit >> 3)) >> (bit & 7) & us_ngram_mask(count));
}

/* A logarithm to base 1.0001 as one to base 10; what no logarithm is becomes a very small one. */
static float log10_of(const unsigned char *at)
{
    float value = us_lef32(at) * LOG10_OF_BASE;
    return isfinite(value) ? value : -99;
}

static float table_value(const struct trie *trie, uint32_t table, uint32_t index)
{
    return log10_of(trie->values + ((size_t)table * TABLE + index) * 4);
}

static int read_bigram(struct us_ngram_source *out, const struct trie *trie, uint32_t row,
                       uint32_t word, const char *path, struct us_error *err)
{
    uint64_t bit = (uint64_t)row * trie->bigram_bits, next = bit + trie->bigram_bits;
    uint32_t given = bits_at(trie->bigram_rows, bit, trie->word_bits);
    uint32_t first_at = trie->word_bits + 32;
    uint32_t first = bits_at(trie->bigram_rows, bit + first_at, trie->next_bits);
    uint32_t end = bits_at(trie->bigram_rows, next + first_at, trie->next_bits);
    if (given >= trie->words || first != out->counts[3] || end < first || end > trie->trigrams)
        return unsound(err, path, "its trigrams are out of order");
    struct us_gram gram = {.words = {word, given}};
    gram.backoff = table_value(trie, 1, bits_at(trie->bigram_rows, bit + trie->word_bits, 16));
    gram.probability =
        table_value(trie, 0, bits_at(trie->bigram_rows, bit + trie->word_bits + 16, 16));
    out->grams[2][out->counts[2]++] = gram;
    for (uint32_t t = first; t < end; t++) {
        bit = (uint64_t)t * trie->trigram_bits;
        gram = (struct us_gram){.words = {word, given}};
        gram.words[2] = bits_at(trie->trigram_rows, bit, trie->word_bits);
        gram.probability =
            table_value(trie, 2, bits_at(trie->trigram_rows, bit + trie->word_bits, 16));
        if (gram.words[2] >= trie->words)
            return unsound(err, path, "its trigrams are out of order");
        out->grams[3][out->counts[3]++] = gram;
    }
    return US_OK;
}

static int read_words(struct us_ngram_source *out, const struct trie *trie, const char *path,
                      struct us_error *err)
{
    size_t at = 0;
    for (uint32_t id = 0; id < trie->words; id++) {
        const char *nul = memchr(trie->strings + at, 0, trie->string_bytes - at);
        if (!nul)
            return unsound(err, path, "its list of words is cut short");
        at = (size_t)(nul - trie->strings) + 1;
    }
    out->strings = malloc(at + 1); /* never none */
    if (!out->strings)
        return us_fail(err, US_ENOMEM, "out of memory reading the language model %s", path);
    memcpy(out->strings, trie->strings, at);
    out->string_bytes = (uint32_t)at;
    return US_OK;
}

int us_ngram_read_sphinx(struct us_ngram_source *out, const unsigned char *bytes, size_t length,
                         const char *path, struct us_error *err)
{
    struct trie trie = {0};
    int rc = lay_out(&trie, bytes, length, path, err);
    if (rc == US_OK)
        rc = read_words(out, &trie, path, err);
    if (rc != US_OK)
        return rc;
    out->order = 3;
    out->grams[1] = calloc(trie.words, sizeof *out->grams[1]);
    out->grams[2] = malloc(((size_t)trie.bigrams + 1) * sizeof *out->grams[2]);
    out->grams[3] = malloc(((size_t)trie.trigrams + 1) * sizeof *out->grams[3]);
    if (!out->grams[1] || !out->grams[2] || !out->grams[3])
        return us_fail(err, US_ENOMEM, "out of memory reading the language model %s", path);
    for (uint32_t id = 0; rc == US_OK && id < trie.words; id++) {
        const unsigned char *row = trie.unigram_rows + (size_t)id * UNIGRAM;
        uint32_t first = us_le32(row + 8), end = us_le32(row + UNIGRAM + 8);
        out->grams[1][out->counts[1]++] = (struct us_gram){
            .words = {id}, .probability = log10_of(row), .backoff = log10_of(row + 4)};
        if (first != out->counts[2] || end < first || end > trie.bigrams)
            return unsound(err, path, "its bigrams are out of order");
        for (uint32_t b = first; rc == US_OK && b < end; b++)
            rc = read_bigram(out, &trie, b, id, path, err);
    }
    return rc;
}
