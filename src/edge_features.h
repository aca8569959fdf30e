/*
 * edge_features.h - what is looked at in an edge of a lattice, each feature once, with its name in
 * data/weights.tsv ("local.gain", "final.gain") and data/trees.tsv ("gain").
 *
 * The logistic models of evidence.h see the first US_FEATURE_COUNT, of which the local one sees
 * US_FEATURES_LOCAL and the article's US_FEATURES_ARTICLE. The trees see all US_FEATURES_TREES.
 */
#ifndef UNSPIN_EDGE_FEATURES_H
#define UNSPIN_EDGE_FEATURES_H

#include <stddef.h>

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

/* "Place" is all readings of the same words: how one compares with the others. */
#define US_TREE_FEATURES(X)                                                                       \
    X(CONTEXT_SHARE, context_share)     /* of the context model's odds at the place, 0 to 1 */    \
    X(CONTEXT_LEAD, context_lead)       /* context, less the best other reading's */              \
    X(CONTEXT_RANK, context_rank)       /* readings of the place with more context */             \
    X(PLACE_READINGS, place_readings)   /* readings of the place */                               \
    X(POSTERIOR_SHARE, posterior_share) /* of the posteriors at the place */                      \
    X(LOCAL_SHARE, local_share)         /* of the local model's probabilities at the place */     \
    X(LOCAL_LEAD, local_lead)           /* ln of the local probability over the best other's */   \
    X(CROSSING, crossing)               /* edges over a part of the words, or over more */        \
    X(CROSSING_BEST, crossing_best)     /* the best local probability of these */                 \
    X(PROMISE, promise)                 /* the row's, natural log */                              \
    X(FAMILIES, families)               /* bots that the row was seen with */                     \
    X(POS, pos)                         /* enum us_pos */                                         \
    X(FORM, form)                       /* enum us_form */                                        \
    X(ORIGINAL_WORDS, original_words)                                                             \
    X(SPUN_WORDS, spun_words)                                                                     \
    X(OF_A, of_a)                       /* the row is of the family */                            \
    X(OF_S, of_s)                                                                                 \
    X(OF_T, of_t)                                                                                 \
    X(OF_X, of_x)                                                                                 \
    X(OF_Y, of_y)                                                                                 \
    X(OF_G, of_g)                                                                                 \
    X(WORDS, words)                     /* ln of the article's */                                 \
    X(ALWAYS_SWAPS, always_swaps)       /* the article's swaps that are wrong English anywhere */ \
    X(BEST_FAMILY, best_family)         /* probability of the article's likeliest family */       \
    X(ARTICLE_SWAPS, article_swaps)     /* the article's, as the local model expects */           \
    X(TAIL_LEVEL, tail_level)           /* ln of how often the thesaurus's rows fit here */

enum us_feature {
#define X(id, name) US_FEATURE_##id,
    US_FEATURES(X)
    US_FEATURE_COUNT,
    US_FEATURE_LAST = US_FEATURE_COUNT - 1, /* so that those of the trees follow */
    US_TREE_FEATURES(X)
#undef X
    US_FEATURES_TREES,
    US_FEATURES_LOCAL = US_FEATURE_DENSITY,
    US_FEATURES_ARTICLE = US_FEATURE_AGREED
};

const char *us_feature_name(enum us_feature feature);

/* The feature of a name, `length` bytes long; US_FEATURES_TREES if there is none. */
enum us_feature us_feature_named(const char *name, size_t length);

#endif
