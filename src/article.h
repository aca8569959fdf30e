/*
 * article.h - what the whole of an article says of its bot: how hard it was spun, by which family
 * of bots, with which habits. All of it is summed over the lattice's edges, each by its
 * probability.
 */
#ifndef UNSPIN_ARTICLE_H
#define UNSPIN_ARTICLE_H

#include "lattice.h"
#include "table.h"

/* What an article's density is told by: terms of a linear regression ("density.swaps", ...). */
#define US_DENSITY_TERMS(X)                                                                        \
    X(BIAS, bias)                                                                                  \
    X(SWAPS, swaps)   /* ln of the share of swaps that the local model expects */                  \
    X(ALWAYS, always) /* likewise by rows that are wrong English anywhere */                       \
    X(A, a)           /* ln of how often rows of a family fit */                                   \
    X(S, s)                                                                                        \
    X(T, t)                                                                                        \
    X(G, g)                                                                                        \
    X(X, x)                                                                                        \
    X(Y, y)                                                                                        \
    X(TAIL, tail)                                                                                  \
    X(OTHER, other)

enum us_density_term {
#define X(id, name) US_DENSITY_##id,
    US_DENSITY_TERMS(X)
#undef X
        US_DENSITY_COUNT
};

const char *us_density_name(enum us_density_term term);

/* The first families, A to W, are bots; X and Y are word lists that several bots share. */
enum { US_BOTS = 'X' - 'A' };

/* Kinds of rows: 26 families, the thesaurus, and others. */
enum { US_KIND_TAIL = 26, US_KIND_OTHER, US_KINDS };

/* Which kinds a row is of: a bit for each. */
uint32_t us_row_kinds(const struct us_row *row);

#define US_LEVEL_ZERO 0.02f /* the share of swapped words that is level 0 */

/*
 * What the whole of an article says of its bot. A part of it that is judged alone, because only
 * that part changed, is judged by this.
 */
struct us_article {
    float words, swaps;           /* words, and how many of them were swapped, as expected */
    float always;                 /* swaps by rows that are wrong English anywhere */
    float scholarly;              /* swaps by scholarly rows */
    float quoted, quoted_words;   /* swaps and words in quotations */
    float capital, capital_words; /* of capitalised words */
    float share;                  /* of words that were swapped, by the final probabilities */
    float level;                  /* ln of the share of swapped words / US_LEVEL_ZERO, estimated */
    float family[26];             /* probability of each family of bots, sums to 1 */
    float kinds[US_KINDS];        /* ln of how often rows of a kind fit where there is one */
};

/* Expected swaps, and words that were left alone. */
struct us_sums {
    float *at;      /* [units] that begin at a unit */
    double *before; /* [units + 1] sums of at; exact enough to subtract, however long the text */
    struct us_table rows, originals; /* sums by row id, by original_id */
    struct us_table words;           /* by a word's id: index is how many units are the word */
};

/* Capitalised where only names are. */
bool us_is_capital(const struct us_token *token);

/*
 * Sum up the edges by their probability[edge_count]. out and sums are zeroed but for sums->at and
 * sums->before, which have room and are zeroed as well. On US_ENOMEM both are to be closed still.
 */
int us_article_read(struct us_article *out, struct us_sums *sums, const struct us_lattice *lattice,
                    const float *probability, struct us_error *err);
void us_sums_close(struct us_sums *sums); /* safe on a zeroed struct */

/* How often the article has row `id`, all rows of an original: expected swaps. */
float us_sums_of(const struct us_table *table, uint32_t id);

/* Which bots' dictionaries explain the swaps best. family_rows[26]: how many rows each has. */
void us_article_weigh_families(struct us_article *article, const struct us_lattice *lattice,
                               const float *family_rows, const float *probability);

/* How often rows of each kind fit; places[US_KINDS]: where there is one, likely or not. */
void us_article_weigh_kinds(struct us_article *article, const struct us_lattice *lattice,
                            const float *probability, const float *places);

/* How hard the article was spun: a regression with weights density[US_DENSITY_COUNT]; terms gets
 * what they are the weights of. */
void us_article_weigh_density(struct us_article *article, float terms[US_DENSITY_COUNT],
                              const float *density);

/* The level of the best of a row's kinds; row may be NULL. */
float us_article_kind_level(const struct us_article *article, const struct us_row *row);

/* Is the row of the article's bots? 0 to 1; row may be NULL. */
float us_article_family_share(const struct us_article *article, const struct us_row *row);

#endif
