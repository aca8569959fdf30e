/*
 * ngram_file.h - the language model as it lies on disk; for its reader and the ARPA compiler only.
 *
 * From the first byte (all integers and floats little-endian; logarithms to base 1.0001):
 *
 *     magic 19 | order 1 | U B T 3 x u32 | quantizer i32
 *     tables 3 x 65,536 x f32: bigram probability, bigram back-off, trigram probability
 *     unigrams (U+1) x { f32 probability, f32 back-off, u32 first bigram }
 *     bigrams  bit-packed rows { word wb | back-off 16 | probability 16 | first trigram nb }
 *     trigrams bit-packed rows { word wb | probability 16 }
 *     words    i32 bytes, then U NUL-terminated strings sorted bytewise; the index is the id
 *
 * A trie of reversed n-grams: unigram w3 -> bigram rows (w2) -> trigram rows (w1), each range of
 * rows sorted by word. The last unigram and the last bigram row only close a range.
 */
#ifndef UNSPIN_NGRAM_FILE_H
#define UNSPIN_NGRAM_FILE_H

#include "unspin.h"

#define US_NGRAM_MAGIC "Trie Language Model"
#define US_NGRAM_MOST (1u << 28) /* n-grams of one order, fewer than */
#define US_NGRAM_LOG10_OF_BASE 4.3427276862669634e-05f

enum {
    US_NGRAM_MAGIC_LENGTH = sizeof US_NGRAM_MAGIC - 1,
    US_NGRAM_HEADER = US_NGRAM_MAGIC_LENGTH + 1 + 3 * 4 + 4,
    US_NGRAM_TABLE = 65536, /* values */
    US_NGRAM_UNIGRAM = 12,  /* bytes */
};

struct us_ngram_layout {
    uint32_t word_bits, next_bits;
    uint32_t bigram_bits, trigram_bits; /* of a row */
    uint64_t unigrams_at, bigrams_at, trigrams_at, words_at; /* bytes from the file's first */
};

static inline uint32_t us_bit_length(uint32_t value)
{
    uint32_t bits = 0;
    for (; value; value >>= 1)
        bits++;
    return bits;
}

static inline void us_ngram_layout(struct us_ngram_layout *out, uint32_t unigrams,
                                   uint32_t bigrams, uint32_t trigrams)
{
    out->word_bits = us_bit_length(unigrams);
    out->next_bits = us_bit_length(trigrams);
    out->bigram_bits = out->word_bits + 32 + out->next_bits;
    out->trigram_bits = out->word_bits + 16;
    out->unigrams_at = US_NGRAM_HEADER + UINT64_C(3) * US_NGRAM_TABLE * 4;
    out->bigrams_at = out->unigrams_at + (UINT64_C(1) + unigrams) * US_NGRAM_UNIGRAM;
    out->trigrams_at =
        out->bigrams_at + ((UINT64_C(1) + bigrams) * out->bigram_bits + 7) / 8 + 8;
    out->words_at = out->trigrams_at + ((UINT64_C(1) + trigrams) * out->trigram_bits + 7) / 8 + 8;
}

#endif
