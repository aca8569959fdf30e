/*
 * tune_trees.h - fit decision trees (trees.h) to edges that are known to be right or wrong.
 *
 * Gradient boosting (J. Friedman, 2001) of the logistic loss with second derivatives (T. Chen and
 * C. Guestrin, "XGBoost", 2016): each tree is grown level by level, one question for all nodes of a
 * level, that which lowers the loss most; features are asked by quantiles. Each tree sees a part of
 * the examples and features, drawn with a fixed seed: the same examples give the same trees.
 */
#ifndef UNSPIN_TUNE_TREES_H
#define UNSPIN_TUNE_TREES_H

#include "trees.h"

struct tree_example {
    const float *features; /* [US_FEATURES_TREES] */
    float weight;
    bool right;
};

struct tree_options {
    uint32_t trees;
    double rate;     /* of learning: a tree is added at this share of what it would be */
    double features; /* the share of features that a tree sees */
    double examples; /* likewise of examples */
    double penalty;  /* L2, on the leaves */
};

/* Fit options->trees trees to the examples. Ends the program without memory. */
void fit_trees(struct us_tree *out, const struct tree_options *options,
               const struct tree_example *examples, uint32_t count);

#endif
