/*
 * sieve.h - which rows are worth the language model's look at their place.
 */
#ifndef UNSPIN_SIEVE_H
#define UNSPIN_SIEVE_H

#include "article.h"
#include "context.h"
#include "lattice.h"

/* What tells the rows that have no hope at their place before the language model is asked. */
struct us_sieve {
    const struct us_context *context; /* may be NULL */
    uint32_t *words;                  /* [units] the context model's ids */
    float *vectors;                   /* of the sentence's words; NULL: no memory, do without */
    uint32_t vector_room;             /* words */
    struct us_context_bag article;
    float places[US_KINDS]; /* where there is a row of a kind, promising or not */
};

int us_sieve_open(struct us_sieve *out, const struct us_lattice *lattice,
                  const struct us_context *context, struct us_error *err);
void us_sieve_close(struct us_sieve *sieve);

/* As us_search.sift takes it: gives a sentence's edges, from `edge` on, what the context model says
 * of them, and takes those without promise out again. who: the struct us_sieve. */
void us_sift(void *who, struct us_lattice *lattice, uint32_t edge);

#endif
