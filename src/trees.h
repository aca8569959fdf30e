/*
 * trees.h - a sum of oblivious decision trees over the features of an edge.
 *
 * An oblivious tree asks the same question of everybody at one level, so that its answers, one bit
 * a level, are the number of the leaf (R. Kohavi, 1994; boosted: L. Prokhorenkova et al., "CatBoost",
 * 2018): no branch is taken, and a tree is a row of a table.
 *
 *     gain > 1.5 ?         yes 1   no 0      ┐
 *     density > -0.2 ?     yes 1   no 0      │ leaf 0b..01: its value is added
 *     ...                                    ┘ (the first question is the lowest bit)
 *
 * The trees are fitted by `make tune` (src/tools/tune_trees.h) and stand in data/trees.tsv, one a
 * line: questions, a tab, leaves. They are compiled into the lexicon's file, as they are here.
 */
#ifndef UNSPIN_TREES_H
#define UNSPIN_TREES_H

#include "edge_features.h"
#include "unspin.h"

#include <stdbool.h>
#include <stdio.h>

enum { US_TREE_DEPTH = 6, US_TREE_LEAVES = 1 << US_TREE_DEPTH };

struct us_tree {
    uint16_t features[US_TREE_DEPTH];  /* enum us_feature */
    float thresholds[US_TREE_DEPTH];   /* yes: the feature is above it */
    float leaves[US_TREE_LEAVES];      /* natural log of odds */
};

/* Do all the trees ask for features that there are? Those of a file may not. */
bool us_trees_sound(const struct us_tree *trees, uint32_t count);

/* The sum of what sound trees say of an edge with features f[US_FEATURES_TREES]. */
float us_trees_sum(const struct us_tree *trees, uint32_t count, const float *f);

/* The same of some edges at once: f[US_FEATURES_TREES][edge]. */
enum { US_TREES_EDGES = 8 };
void us_trees_sums(float sums[US_TREES_EDGES], const struct us_tree *trees, uint32_t count,
                   const float (*f)[US_TREES_EDGES]);

/* The probability where another model gives p, and the trees the log odds `sum`: the mean of both log
 * odds. Trees know nothing of rows that are unlike all they were fitted on, such as a user's own. */
float us_trees_mix(float p, float sum);

/* Read a line of data/trees.tsv, without its end; fails with US_EFORMAT, "should be ...". */
int us_tree_read(struct us_tree *out, const char *line, size_t length, struct us_error *err);

/* Write such a line, with its end. */
void us_tree_write(FILE *out, const struct us_tree *tree);

#endif
