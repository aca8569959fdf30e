/*
 * ngram.h - a back-off trigram language model, mapped from its file.
 *
 * Reads the quantized trie that CMU Sphinx writes (Debian package pocketsphinx-en-us, BSD-2,
 * Carnegie Mellon University) and ARPA text files. Nothing is copied into the heap but an index
 * of the vocabulary. All probabilities are log10.
 */
#ifndef UNSPIN_NGRAM_H
#define UNSPIN_NGRAM_H

#include "unspin.h"

#define US_NGRAM_UNKNOWN UINT32_MAX /* the id of every word that the model does not hold */

struct us_ngram;

/* Map a model. Every offset that a query can reach is checked here, once. */
int us_ngram_open(struct us_ngram **out, const char *path, struct us_error *err);
void us_ngram_close(struct us_ngram *model); /* NULL is fine */

uint32_t us_ngram_words(const struct us_ngram *model);
uint32_t us_ngram_id(const struct us_ngram *model, const char *word, size_t length);
const char *us_ngram_word(const struct us_ngram *model, uint32_t id); /* NULL past the end */
uint32_t us_ngram_begin(const struct us_ngram *model); /* <s>, or US_NGRAM_UNKNOWN */
uint32_t us_ngram_end(const struct us_ngram *model);   /* </s> */

/*
 * log10 P(w3 | w1 w2), Katz back-off (Katz 1987). w1 or w2 unknown shorten the history;
 * w3 unknown gives the floor of us_ngram_unknown().
 */
float us_ngram_trigram(const struct us_ngram *model, uint32_t w1, uint32_t w2, uint32_t w3);
float us_ngram_unigram(const struct us_ngram *model, uint32_t w);

/* The same in two steps, for those who ask for many w1 before one w2 w3. */
struct us_ngram_pair {
    float probability;   /* log10 P(w3 | w2) */
    float backoff;       /* log10, of the history w2 w3 */
    uint32_t first, end; /* its trigrams */
};
void us_ngram_pair(struct us_ngram_pair *out, const struct us_ngram *model, uint32_t w2,
                   uint32_t w3);
/* log10 P(w3 | w1 w2) from the pair w2 w3; backoff is that of the pair w1 w2. */
float us_ngram_pair_after(const struct us_ngram *model, const struct us_ngram_pair *pair,
                          uint32_t w1, float backoff);
float us_ngram_unknown(const struct us_ngram *model);

#endif
