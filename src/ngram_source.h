/*
 * ngram_source.h - a language model as its n-grams, one by one: what the readers of foreign files
 * make, and the writer compiles (ngram_file.h).
 */
#ifndef UNSPIN_NGRAM_SOURCE_H
#define UNSPIN_NGRAM_SOURCE_H

#include "ngram.h"

struct us_gram {
    uint32_t words[US_NGRAM_ORDER]; /* ids, the last word first; 0 past the order */
    float probability, backoff;     /* log10 */
};

struct us_ngram_source { /* zeroed to begin with */
    uint32_t order;
    uint32_t counts[US_NGRAM_ORDER + 1];
    struct us_gram *grams[US_NGRAM_ORDER + 1]; /* [1][id], the others in any order */
    char *strings; /* the words, sorted bytewise, each with its NUL; the position is the id */
    uint32_t string_bytes;
};

void us_ngram_source_close(struct us_ngram_source *source);

/*
 * Compile to an image on the heap, which the caller frees. Fails with US_EFORMAT for an n-gram that
 * stands twice. Pruned models lack n-grams that longer ones begin or end with: `source` gets them,
 * with the probability that backing off amounts to. `path` is for messages.
 */
int us_ngram_write(unsigned char **image, size_t *length, struct us_ngram_source *source,
                   const char *path, struct us_error *err);

#endif
