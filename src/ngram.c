#include "ngram.h"

#include "bytes.h"
#include "ngram_arpa.h"
#include "ngram_file.h"

#include <stdbool.h>
#include <stdlib.h>

struct us_ngram {
    struct us_mapping mapping;
    unsigned char *image; /* instead of the mapping, for a model compiled from ARPA */
    uint32_t unigram_count, bigram_count, trigram_count;
    struct us_ngram_layout layout;
    const unsigned char *bigram_probability, *bigram_backoff, *trigram_probability;
    const unsigned char *unigrams, *bigrams, *trigrams;
    const char *words;
    uint32_t *word_starts;   /* [unigram_count + 1] offsets into words */
    uint32_t *buckets;       /* [257] first id whose word begins with that byte or a later one */
    uint32_t begin, end;
    float unknown;
};

static inline uint64_t bits_at(const unsigned char *rows, uint64_t bit)
{
    return us_le64(rows + (bit >> 3)) >> (bit & 7);
}

static inline uint32_t row_word(const unsigned char *rows, uint32_t row_bits, uint32_t word_bits,
                                uint32_t row)
{
    return (uint32_t)(bits_at(rows, (uint64_t)row * row_bits) & ((1u << word_bits) - 1));
}

/* Find a word among the rows [low, high), which are sorted by word. */
static bool find_row(const unsigned char *rows, uint32_t row_bits, uint32_t word_bits,
                     uint32_t low, uint32_t high, uint32_t word, uint32_t *row)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint32_t there = row_word(rows, row_bits, word_bits, middle);
        if (there == word) {
            *row = middle;
            return true;
        }
        if (there < word)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool find_bigram(const struct us_ngram *model, uint32_t given, uint32_t word, uint32_t *row)
{
    const unsigned char *unigram = model->unigrams + (size_t)word * US_NGRAM_UNIGRAM;
    return find_row(model->bigrams, model->layout.bigram_bits, model->layout.word_bits,
                    us_le32(unigram + 8), us_le32(unigram + US_NGRAM_UNIGRAM + 8), given, row);
}

static float bigram_value(const struct us_ngram *model, uint32_t row, bool backoff)
{
    uint64_t bit = (uint64_t)row * model->layout.bigram_bits + model->layout.word_bits +
                   (backoff ? 0 : 16);
    const unsigned char *table = backoff ? model->bigram_backoff : model->bigram_probability;
    return us_lef32(table + 4 * (bits_at(model->bigrams, bit) & 0xffff));
}

/* First trigram under a bigram row; never past the end, whatever the file says. */
static uint32_t first_trigram(const struct us_ngram *model, uint32_t row)
{
    const struct us_ngram_layout *layout = &model->layout;
    uint64_t bit = (uint64_t)row * layout->bigram_bits + layout->word_bits + 32;
    uint32_t first = (uint32_t)(bits_at(model->bigrams, bit) & ((1u << layout->next_bits) - 1));
    return first < model->trigram_count ? first : model->trigram_count;
}

static int foreign(struct us_error *err, const char *path, const char *why)
{
    return us_fail(err, US_EFORMAT,
                   "%s is not a language model that can be read (%s); it should be a Sphinx trie "
                   "such as pocketsphinx-en-us has, or an ARPA file",
                   path, why);
}

/* Lay the parts out over the bytes and check all that queries rely on. */
static int lay_out(struct us_ngram *model, const unsigned char *bytes, size_t length,
                   const char *path, struct us_error *err)
{
    if (length < US_NGRAM_HEADER || memcmp(bytes, US_NGRAM_MAGIC, US_NGRAM_MAGIC_LENGTH) != 0)
        return foreign(err, path, "its first bytes are others");
    const unsigned char *at = bytes + US_NGRAM_MAGIC_LENGTH;
    if (*at++ != 3)
        return foreign(err, path, "its order is not 3");
    model->unigram_count = us_le32(at);
    model->bigram_count = us_le32(at + 4);
    model->trigram_count = us_le32(at + 8);
    if (us_le32(at + 12) != 1)
        return foreign(err, path, "its values are not 16-bit quantized");
    uint32_t words = model->unigram_count, bigrams = model->bigram_count;
    if (words == 0 || words >= US_NGRAM_MOST || bigrams >= US_NGRAM_MOST ||
        model->trigram_count >= US_NGRAM_MOST)
        return foreign(err, path, "its counts are out of range");
    us_ngram_layout(&model->layout, model->unigram_count, model->bigram_count,
                    model->trigram_count);
    uint64_t words_at = model->layout.words_at;
    if (words_at + 4 > length)
        return foreign(err, path, "it is cut short");
    uint64_t words_length = us_le32(bytes + words_at);
    if (words_at + 4 + words_length > length)
        return foreign(err, path, "its list of words is cut short");

    model->bigram_probability = bytes + US_NGRAM_HEADER;
    model->bigram_backoff = model->bigram_probability + US_NGRAM_TABLE * 4;
    model->trigram_probability = model->bigram_backoff + US_NGRAM_TABLE * 4;
    model->unigrams = bytes + model->layout.unigrams_at;
    model->bigrams = bytes + model->layout.bigrams_at;
    model->trigrams = bytes + model->layout.trigrams_at;
    model->words = (const char *)bytes + words_at + 4;

    uint32_t last = 0;
    for (uint32_t id = 0; id <= model->unigram_count; id++) {
        uint32_t first = us_le32(model->unigrams + (size_t)id * US_NGRAM_UNIGRAM + 8);
        if (first < last || first > model->bigram_count)
            return foreign(err, path, "its bigrams are out of order");
        last = first;
    }

    model->word_starts = malloc(((size_t)words + 1) * sizeof *model->word_starts);
    model->buckets = calloc(257, sizeof *model->buckets);
    if (!model->word_starts || !model->buckets)
        return us_fail(err, US_ENOMEM, "out of memory opening the language model %s", path);
    size_t offset = 0;
    for (uint32_t id = 0; id < model->unigram_count; id++) {
        const char *word = model->words + offset;
        const char *nul = memchr(word, 0, words_length - offset);
        if (!nul)
            return foreign(err, path, "its list of words is cut short");
        model->word_starts[id] = (uint32_t)offset;
        model->buckets[(unsigned char)word[0] + 1] = id + 1;
        offset += (size_t)(nul - word) + 1;
    }
    model->word_starts[model->unigram_count] = (uint32_t)offset;
    for (int byte = 1; byte <= 256; byte++)
        if (model->buckets[byte] < model->buckets[byte - 1])
            model->buckets[byte] = model->buckets[byte - 1];
    return US_OK;
}

int us_ngram_open(struct us_ngram **out, const char *path, struct us_error *err)
{
    *out = NULL;
    struct us_ngram *model = calloc(1, sizeof *model);
    if (!model)
        return us_fail(err, US_ENOMEM, "out of memory opening the language model %s", path);
    int rc = us_map(&model->mapping, path, "language model", err);
    if (rc != US_OK)
        goto done;

    const unsigned char *bytes = model->mapping.bytes;
    size_t length = model->mapping.length;
    if (length && (bytes[0] == '\\' || bytes[0] == '\n' || bytes[0] == '#')) {
        rc = us_ngram_arpa_compile(&model->image, &length, (const char *)bytes, length, path, err);
        if (rc != US_OK)
            goto done;
        us_unmap(&model->mapping);
        bytes = model->image;
    }
    rc = lay_out(model, bytes, length, path, err);
    if (rc != US_OK)
        goto done;

    model->begin = us_ngram_id(model, "<s>", 3);
    model->end = us_ngram_id(model, "</s>", 4);
    uint32_t unk = us_ngram_id(model, "<unk>", 5);
    /* Without a row for unknown words, one costs what the rarest words of the list do. */
    model->unknown = unk != US_NGRAM_UNKNOWN ? us_ngram_unigram(model, unk) : -6.5f;
done:
    if (rc != US_OK) {
        us_ngram_close(model);
        model = NULL;
    }
    *out = model;
    return rc;
}

void us_ngram_close(struct us_ngram *model)
{
    if (!model)
        return;
    us_unmap(&model->mapping);
    free(model->image);
    free(model->word_starts);
    free(model->buckets);
    free(model);
}

uint32_t us_ngram_words(const struct us_ngram *model)
{
    return model->unigram_count;
}

uint32_t us_ngram_id(const struct us_ngram *model, const char *word, size_t length)
{
    if (length == 0)
        return US_NGRAM_UNKNOWN;
    uint32_t low = model->buckets[(unsigned char)word[0]];
    uint32_t high = model->buckets[(unsigned char)word[0] + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const char *there = model->words + model->word_starts[middle];
        size_t there_length = model->word_starts[middle + 1] - model->word_starts[middle] - 1;
        size_t shared = length < there_length ? length : there_length;
        int order = memcmp(word, there, shared);
        if (order == 0)
            order = (length > there_length) - (length < there_length);
        if (order == 0)
            return middle;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return US_NGRAM_UNKNOWN;
}

const char *us_ngram_word(const struct us_ngram *model, uint32_t id)
{
    return id < model->unigram_count ? model->words + model->word_starts[id] : NULL;
}

uint32_t us_ngram_begin(const struct us_ngram *model)
{
    return model->begin;
}

uint32_t us_ngram_end(const struct us_ngram *model)
{
    return model->end;
}

float us_ngram_unknown(const struct us_ngram *model)
{
    return model->unknown;
}

float us_ngram_unigram(const struct us_ngram *model, uint32_t w)
{
    if (w >= model->unigram_count)
        return model->unknown;
    return us_lef32(model->unigrams + (size_t)w * US_NGRAM_UNIGRAM) * US_NGRAM_LOG10_OF_BASE;
}

/* Stands for the trigrams of a pair that no history makes likelier or less likely. */
static const uint32_t NO_HISTORY = UINT32_MAX;

void us_ngram_pair(struct us_ngram_pair *out, const struct us_ngram *model, uint32_t w2,
                   uint32_t w3)
{
    uint32_t row;
    *out = (struct us_ngram_pair){.probability = us_ngram_unigram(model, w3)};
    if (w3 >= model->unigram_count || w2 >= model->unigram_count) {
        out->first = out->end = w3 >= model->unigram_count ? NO_HISTORY : 0;
    } else if (find_bigram(model, w2, w3, &row)) {
        out->probability = bigram_value(model, row, false) * US_NGRAM_LOG10_OF_BASE;
        out->backoff = bigram_value(model, row, true) * US_NGRAM_LOG10_OF_BASE;
        out->first = first_trigram(model, row);
        out->end = first_trigram(model, row + 1);
    } else {
        out->probability += us_lef32(model->unigrams + (size_t)w2 * US_NGRAM_UNIGRAM + 4) *
                            US_NGRAM_LOG10_OF_BASE;
    }
}

float us_ngram_pair_after(const struct us_ngram *model, const struct us_ngram_pair *pair,
                          uint32_t w1, float backoff)
{
    const struct us_ngram_layout *layout = &model->layout;
    uint32_t row;
    if (pair->first == NO_HISTORY)
        return pair->probability;
    if (pair->first < pair->end && w1 < model->unigram_count &&
        find_row(model->trigrams, layout->trigram_bits, layout->word_bits, pair->first, pair->end,
                 w1, &row)) {
        uint64_t bit = (uint64_t)row * layout->trigram_bits + layout->word_bits;
        return us_lef32(model->trigram_probability + 4 * (bits_at(model->trigrams, bit) & 0xffff)) *
               US_NGRAM_LOG10_OF_BASE;
    }
    return pair->probability + backoff;
}

float us_ngram_trigram(const struct us_ngram *model, uint32_t w1, uint32_t w2, uint32_t w3)
{
    struct us_ngram_pair before, pair;
    us_ngram_pair(&before, model, w1, w2);
    us_ngram_pair(&pair, model, w2, w3);
    return us_ngram_pair_after(model, &pair, w1, before.backoff);
}
