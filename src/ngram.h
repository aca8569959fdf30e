/*
 * ngram.h - a back-off language model of up to five words, mapped from its compiled file.
 *
 * `make` compiles the model that it finds to build/unspin.lm. What that is made of is read as
 * well, compiled in memory at every open: the quantized trie that CMU Sphinx writes (Debian package
 * pocketsphinx-en-us, BSD-2, Carnegie Mellon University), and ARPA text files (KenLM, SRILM).
 * A compiled file is not looked through when it is opened; each look-up stays inside it, whatever
 * it says. All probabilities are log10; back-off is Katz's (Katz 1987).
 */
#ifndef UNSPIN_NGRAM_H
#define UNSPIN_NGRAM_H

#include "unspin.h"

#include <stdbool.h>

#define US_NGRAM_ORDER 5            /* words in an n-gram, at most; longer ones are read over */
#define US_NGRAM_UNKNOWN UINT32_MAX /* the id of every word that the model does not hold */

struct us_ngram;

int us_ngram_open(struct us_ngram **out, const char *path, struct us_error *err);
void us_ngram_close(struct us_ngram *model); /* NULL is fine */

/* Compile a model to a file, which us_ngram_open() maps. Replaces `out` by rename. */
int us_ngram_compile(const char *out, const char *path, struct us_error *err);

uint32_t us_ngram_order(const struct us_ngram *model);
uint32_t us_ngram_words(const struct us_ngram *model);
uint32_t us_ngram_id(const struct us_ngram *model, const char *word, size_t length);
const char *us_ngram_word(const struct us_ngram *model, uint32_t id); /* NULL past the end */
uint32_t us_ngram_begin(const struct us_ngram *model); /* <s>, or US_NGRAM_UNKNOWN */
uint32_t us_ngram_end(const struct us_ngram *model);   /* </s> */

float us_ngram_unigram(const struct us_ngram *model, uint32_t word);
float us_ngram_unknown(const struct us_ngram *model); /* of a word that it does not hold */

/*
 * The words before, as far as they matter to what may follow: those that no n-gram begins with are
 * dropped, so that two histories with the same future are equal.
 */
struct us_ngram_state {
    uint32_t length;
    uint32_t words[US_NGRAM_ORDER - 1]; /* the last one first; US_NGRAM_UNKNOWN past length */
    float backoff[US_NGRAM_ORDER - 1];  /* of the history of 1, 2, ... of them; 0 past length */
};

void us_ngram_start(struct us_ngram_state *out, const struct us_ngram *model); /* after <s> */

/* log10 P(word | state); *next, unless NULL, is the state after it. May be &state itself. */
float us_ngram_step(struct us_ngram_state *next, const struct us_ngram *model,
                    const struct us_ngram_state *state, uint32_t word);

/* The same in two steps, for those who have many states that end in one word. */
struct us_ngram_pair {
    uint32_t before, word;
    float unigram_backoff;
    float probability, backoff; /* P(word | before) without the back-off of before; of the pair */
    uint32_t cell;              /* of the pair */
    uint8_t flags;
};
void us_ngram_pair(struct us_ngram_pair *out, const struct us_ngram *model, uint32_t before,
                   uint32_t word);
/* state.words[0] is pair->before. */
float us_ngram_pair_after(struct us_ngram_state *next, const struct us_ngram *model,
                          const struct us_ngram_pair *pair, const struct us_ngram_state *state);

/* Soon to be asked: start to fetch what the answer needs. */
void us_ngram_announce_pair(const struct us_ngram *model, uint32_t before, uint32_t word);
void us_ngram_announce_after(const struct us_ngram *model, const struct us_ngram_pair *pair,
                             const struct us_ngram_state *state);

/* log10 P(w3 | w1 w2), for two words before and no more. */
float us_ngram_trigram(const struct us_ngram *model, uint32_t w1, uint32_t w2, uint32_t w3);

#endif
