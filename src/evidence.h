/*
 * evidence.h - how likely each edge of a lattice is the truth, from all there is to know.
 *
 * Three log-linear models (logistic regressions; weights by name in data/weights.tsv, fitted by
 * `make tune`). The local one looks at the edge alone: the lattice's gain, the context model, the
 * lexicon row. Its probabilities, summed over the article as soft counts, say how hard the article
 * was spun, by which family of bots, with which habits; the article model adds these. What it
 * makes of each edge, but for its neighbours, is the edge's prior in a second solution of the
 * lattice, in which neighbours that were both swapped agree; the final model adds that.
 */
#ifndef UNSPIN_EVIDENCE_H
#define UNSPIN_EVIDENCE_H

#include "context.h"
#include "lattice.h"

/* Every feature once: its name in the weights file. The first US_FEATURES_LOCAL are local. */
#define US_FEATURES(X)                                                                            \
    X(BIAS, bias)                                                                                 \
    X(GAIN, gain)                       /* natural log, -8 to 8 */                                \
    X(LOSS, loss)                       /* the gain's negative part */                            \
    X(POSTERIOR, posterior)             /* its log odds, -8 to 8 */                               \
    X(CONTEXT, context)                 /* context model: original over spun, natural log */      \
    X(CONTEXT_LOSS, context_loss)       /* its negative part */                                   \
    X(NO_CONTEXT, no_context)           /* the context model does not know both */                \
    X(PAGES, pages)                     /* ln(1 + pages) */                                       \
    X(ALWAYS, always)                                                                             \
    X(SPUN_ONLY, spun_only)                                                                       \
    X(BOT_ONLY, bot_only)                                                                         \
    X(SEEN, seen)                                                                                 \
    X(INFLECTED, inflected)                                                                       \
    X(TAIL, tail)                                                                                 \
    X(SCHOLARLY, scholarly)                                                                       \
    X(NAME, name)                                                                                 \
    X(READINGS, readings)               /* ln of how many originals the spun phrase has */        \
    X(SWAPS, swaps)                     /* ln of how many swaps the original has */               \
    X(AUTHORED, authored)                                                                         \
    X(READING_SHARE, reading_share)     /* ln of the pages' share among the spun phrase's rows */ \
    X(SWAP_SHARE, swap_share)           /* ln of the pages' share among the original's rows */    \
    X(SWAPPED_AWAY, swapped_away)       /* ln(1 + pages where the spun phrase is an original) */  \
    X(SPUN_RARITY, spun_rarity)         /* -ln P(spun words), unigrams, a word */                 \
    X(ORIGINAL_RARITY, original_rarity)                                                           \
    X(PLACE_HOLDS, place_holds)         /* the row's condition on its place */                    \
    X(PLACE_FAILS, place_fails)                                                                   \
    X(SPUN_PHRASE, spun_phrase)         /* two words and more */                                  \
    X(ORIGINAL_PHRASE, original_phrase)                                                           \
    X(SPUN_UNKNOWN, spun_unknown)       /* the model lacks a word of it */                        \
    X(ORIGINAL_UNKNOWN, original_unknown)                                                         \
    X(CAPITAL, capital)                 /* capitalised inside a sentence */                       \
    X(FIRST, first)                     /* begins a sentence */                                   \
    X(QUOTED, quoted)                                                                             \
    X(DETERMINER_FOR, determiner_for)   /* "an" left before a consonant, and the like */          \
    X(DETERMINER_AGAINST, determiner_against)                                                     \
    X(POSSESSIVE, possessive)                                                                     \
    X(DENSITY, density)                 /* ln of the article's share of swaps */                  \
    X(DENSITY_GAIN, density_gain)                                                                 \
    X(DENSITY_CONTEXT, density_context)                                                           \
    X(DENSITY_ALWAYS, density_always)                                                             \
    X(DENSITY_SPUN_ONLY, density_spun_only)                                                       \
    X(FAMILY, family)                   /* is the row of the article's bots? 0 to 1 */            \
    X(LOW, low)                         /* density, as far as it is below that of spun text */       \
    X(KIND, kind)                       /* ln of how often rows of its kind fit here */           \
    X(KIND_GAIN, kind_gain)                                                                       \
    X(KIND_CONTEXT, kind_context)                                                                 \
    X(REPEATED, repeated)               /* ln(1 + same swap elsewhere) */                         \
    X(RIVAL, rival)                     /* the same spun phrase for others elsewhere */           \
    X(NEARBY, nearby)                   /* share of swaps in the 30 words around */               \
    X(UNTOUCHED, untouched)             /* ln(1 + the original elsewhere, left as it is) */       \
    X(ELSEWHERE, elsewhere)             /* ln(1 + the original elsewhere under other swaps) */    \
    X(SWAPPED_DENSITY, swapped_density) /* swapped away, by the article's share of swaps */       \
    X(SCHOLARLY_SHARE, scholarly_share)                                                           \
    X(QUOTED_HABIT, quoted_habit)       /* quoted, in an article whose quotations are spun */     \
    X(CAPITAL_HABIT, capital_habit)                                                               \
    X(AGREED, agreed)                   /* posterior's log odds when all edges have their prior */ \
    X(AGREED_GAIN, agreed_gain)         /* gain among such edges */                               \
    X(AGREED_LOSS, agreed_loss)

enum us_feature {
#define X(id, name) US_FEATURE_##id,
    US_FEATURES(X)
#undef X
    US_FEATURE_COUNT,
    US_FEATURES_LOCAL = US_FEATURE_DENSITY,
    US_FEATURES_ARTICLE = US_FEATURE_AGREED
};

const char *us_feature_name(enum us_feature feature);

/* What an article's density is told by: terms of a linear regression ("density.swaps", ...). */
#define US_DENSITY_TERMS(X)                                                                       \
    X(BIAS, bias)                                                                                 \
    X(SWAPS, swaps)   /* ln of the share of swaps that the local model expects */                 \
    X(ALWAYS, always) /* likewise by rows that are wrong English anywhere */                      \
    X(A, a)           /* ln of how often rows of a family fit */                                  \
    X(S, s)                                                                                       \
    X(T, t)                                                                                       \
    X(G, g)                                                                                       \
    X(X, x)                                                                                       \
    X(Y, y)                                                                                       \
    X(TAIL, tail)                                                                                 \
    X(OTHER, other)

enum us_density_term {
#define X(id, name) US_DENSITY_##id,
    US_DENSITY_TERMS(X)
#undef X
    US_DENSITY_COUNT
};

const char *us_density_name(enum us_density_term term);

struct us_evidence_model {
    float density[US_DENSITY_COUNT];
    float local[US_FEATURES_LOCAL];
    float article[US_FEATURES_ARTICLE];
    float final[US_FEATURE_COUNT];
    float language_scale;               /* of ln P(words) in the lattice */
    float agreed_scale;                 /* likewise when it is solved again */
    float family_rows[26];              /* rows a family has; filled at load */
};

/* Read the weights that the lexicon file carries ("local.gain", "article.gain", ...). */
void us_evidence_load(struct us_evidence_model *model, const struct us_lexicon *lexicon);

/* Kinds of rows: 26 families, the thesaurus, and others. */
/* The first families, A to W, are bots; X and Y are word lists that several bots share. */
enum { US_BOTS = 'X' - 'A' };

enum { US_KIND_TAIL = 26, US_KIND_OTHER, US_KINDS };

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

struct us_signs { /* of one edge: what its features are made of, beside its row and place */
    float gain, posterior, agreed_gain, agreed; /* as the features of these names have them */
    float article_sum, final_sum; /* of weights times features, those that are known by then */
};

/* Sums by a number, of which an article holds few: a hash table, open addressing. */
struct us_tally {
    uint32_t *keys; /* [mask + 1] number + 1; 0: empty */
    float *sums;
    uint32_t mask;
};

/* Expected swaps, and words that were left alone. */
struct us_sums {
    float *at;        /* [units] that begin at a unit */
    float *before;    /* [units + 1] sums of at */
    struct us_tally rows, originals; /* by row id, by original_id */
    uint16_t *counts; /* [vocabulary] units of a word */
};

struct us_evidence {
    struct us_signs *signs; /* [edge_count] */
    float *local;           /* [edge_count] probability by the local model */
    float *final;           /* [edge_count] probability in the end */
    struct us_sums sums;
    struct us_article whole;
    float terms[US_DENSITY_COUNT]; /* of whole.level */
    float density;          /* expected share of words that were swapped */
    uint32_t cut;           /* units from here on were not looked at */
};

/* Find all edges and weigh them, solving the lattice on the way. context may be NULL. known is what
 * is known of the article, NULL to estimate it on this text. limits may be NULL; of the time until a
 * deadline half goes into looking as far as it gets, about the other half into deciding on that. */
int us_evidence_open(struct us_evidence *out, struct us_lattice *lattice,
                     const struct us_evidence_model *model, const struct us_context *context,
                     const struct us_article *known, const struct us_limits *limits,
                     struct us_error *err);

/* The features of an edge: f[US_FEATURE_COUNT]. */
void us_evidence_features(float *f, const struct us_evidence *evidence,
                          const struct us_lattice *lattice, uint32_t edge);
void us_evidence_close(struct us_evidence *evidence); /* safe on a zeroed struct */

#endif
