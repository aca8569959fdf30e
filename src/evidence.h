/*
 * evidence.h - how likely each edge of a lattice is the truth, from all there is to know.
 *
 * Three log-linear models (logistic regressions; weights by name in data/weights.tsv, fitted by
 * `make tune`). The local one looks at the edge alone: the lattice's gain, the context model, the
 * lexicon row. Its probabilities, summed over the article as soft counts, say how hard the article
 * was spun, by which family of bots, with which habits; the article model adds these. What it
 * makes of each edge, but for its neighbours, is the edge's prior in a second solution of the
 * lattice, in which neighbours that were both swapped agree; the final model adds that. Where it
 * leaves a doubt, decision trees (trees.h) over all features have half the say.
 */
#ifndef UNSPIN_EVIDENCE_H
#define UNSPIN_EVIDENCE_H

#include "article.h"
#include "context.h"
#include "edge_features.h"
#include "lattice.h"
#include "trees.h"

struct us_evidence_model {
    float density[US_DENSITY_COUNT];
    float local[US_FEATURES_LOCAL];
    float article[US_FEATURES_ARTICLE];
    float final[US_FEATURE_COUNT];
    float language_scale;        /* of ln P(words) in the lattice */
    float agreed_scale;          /* likewise when it is solved again */
    float family_rows[26];       /* rows a family has; filled at load */
    const struct us_tree *trees; /* the lexicon's, borrowed */
    uint32_t tree_count;         /* 0: the final model decides alone */
};

/* Read the weights that the lexicon file carries ("local.gain", "article.gain", ...). */
void us_evidence_load(struct us_evidence_model *model, const struct us_lexicon *lexicon);

struct us_signs { /* of one edge: what its features are made of, beside its row and place */
    float gain, posterior, agreed_gain, agreed; /* as the features of these names have them */
    float article_sum, final_sum; /* of weights times features, those that are known by then */
};

struct us_evidence {
    struct us_signs *signs; /* [edge_count] */
    float *local;           /* [edge_count] probability by the local model */
    float *final;           /* [edge_count] probability in the end */
    struct us_sums sums;
    struct us_article whole;
    float terms[US_DENSITY_COUNT]; /* of whole.level */
    float density;                 /* expected share of words that were swapped */
    uint32_t cut;                  /* units from here on were not looked at */
};

/* Find all edges and weigh them, solving the lattice on the way. context may be NULL. known is what
 * is known of the article, NULL to estimate it on this text. limits may be NULL; of the time until
 * a deadline half goes into looking as far as it gets, about the other half into deciding on that.
 */
int us_evidence_open(struct us_evidence *out, struct us_lattice *lattice,
                     const struct us_evidence_model *model, const struct us_context *context,
                     const struct us_article *known, const struct us_limits *limits,
                     struct us_error *err);

#define US_TREES_LEAST 0.02f /* edges less likely by the final model are not worth the trees */

/* The features of an edge: f[US_FEATURES_TREES]. */
void us_evidence_features(float *f, const struct us_evidence *evidence,
                          const struct us_lattice *lattice, uint32_t edge);
void us_evidence_close(struct us_evidence *evidence); /* safe on a zeroed struct */

#endif
