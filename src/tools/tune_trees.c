#include "tune_trees.h"

#include "tune_gold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 32 };

struct fitting {
    const struct tree_options *options;
    const struct tree_example *examples;
    uint32_t count;
    uint64_t random;
    float (*borders)[BINS - 1];   /* [US_FEATURES_TREES] ascending; a value is in the bin of how many
                                   * it is above */
    uint32_t *border_count;
    uint8_t *bins;                /* [US_FEATURES_TREES][count] */
    double *sum;                  /* [count] of the trees so far */
    float *slope, *bend;          /* [count] of the loss; 0 where this tree does not look */
    uint8_t *leaf;                /* [count] */
};

/* xorshift64* (S. Vigna, 2016), 0 to 1. */
static double draw(struct fitting *fit)
{
    fit->random ^= fit->random >> 12;
    fit->random ^= fit->random << 25;
    fit->random ^= fit->random >> 27;
    return (double)(fit->random * UINT64_C(0x2545f4914f6cdd1d) >> 11) / 9007199254740992.0;
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Borders halfway between neighbouring values, so that about as many examples lie in each bin. */
static void cut(struct fitting *fit, int feature, float *values)
{
    uint32_t n = fit->count, *count = &fit->border_count[feature];
    float *borders = fit->borders[feature];
    for (uint32_t i = 0; i < n; i++)
        values[i] = fit->examples[i].features[feature];
    qsort(values, n, sizeof *values, by_value);
    for (uint32_t b = 1; b < BINS; b++) {
        uint32_t at = (uint32_t)((uint64_t)n * b / BINS);
        while (at > 0 && at < n && values[at] == values[at - 1])
            at++; /* to where the value changes */
        if (at == 0 || at >= n)
            continue;
        float border = values[at - 1] + (values[at] - values[at - 1]) / 2;
        if (*count == 0 || border > borders[*count - 1])
            borders[(*count)++] = border;
    }
    uint8_t *bins = fit->bins + (size_t)feature * n;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t b = 0; b < *count; b++)
            bins[i] = (uint8_t)(bins[i] + (fit->examples[i].features[feature] > borders[b]));
}

struct node_sums {
    double slope, bend;
};

/* How much better each question about a feature makes a level of `nodes` nodes; the best of them. */
static double best_border(uint32_t *border, const struct fitting *fit, int feature, uint32_t nodes)
{
    static struct node_sums sums[US_TREE_LEAVES][BINS];
    const uint8_t *bins = fit->bins + (size_t)feature * fit->count;
    memset(sums, 0, nodes * sizeof *sums);
    for (uint32_t i = 0; i < fit->count; i++)
        if (fit->bend[i] > 0) {
            struct node_sums *at = &sums[fit->leaf[i]][bins[i]];
            at->slope += (double)fit->slope[i];
            at->bend += (double)fit->bend[i];
        }
    double gains[BINS] = {0}, penalty = fit->options->penalty, best = -1;
    for (uint32_t node = 0; node < nodes; node++) {
        struct node_sums all = {0, 0}, low = {0, 0};
        for (uint32_t b = 0; b <= fit->border_count[feature]; b++) {
            all.slope += sums[node][b].slope;
            all.bend += sums[node][b].bend;
        }
        for (uint32_t b = 0; b < fit->border_count[feature]; b++) {
            low.slope += sums[node][b].slope;
            low.bend += sums[node][b].bend;
            double slope = all.slope - low.slope, bend = all.bend - low.bend;
            gains[b] += low.slope * low.slope / (low.bend + penalty) +
                        slope * slope / (bend + penalty);
        }
    }
    for (uint32_t b = 0; b < fit->border_count[feature]; b++)
        if (gains[b] > best) {
            best = gains[b];
            *border = b;
        }
    return best;
}

static void grow(struct us_tree *tree, struct fitting *fit)
{
    bool seen[US_FEATURES_TREES];
    for (int f = 0; f < US_FEATURES_TREES; f++)
        seen[f] = draw(fit) < fit->options->features;
    memset(fit->leaf, 0, fit->count);
    for (uint32_t level = 0; level < US_TREE_DEPTH; level++) {
        double best = -1;
        uint32_t border = 0;
        int feature = US_FEATURE_GAIN;
        for (int f = 0; f < US_FEATURES_TREES; f++) {
            uint32_t at = 0;
            double gain = seen[f] ? best_border(&at, fit, f, 1u << level) : -1;
            if (gain > best) {
                best = gain;
                border = at;
                feature = f;
            }
        }
        tree->features[level] = (uint16_t)feature;
        tree->thresholds[level] = fit->borders[feature][border];
        const uint8_t *bins = fit->bins + (size_t)feature * fit->count;
        for (uint32_t i = 0; i < fit->count; i++)
            fit->leaf[i] = (uint8_t)(fit->leaf[i] | (bins[i] > border) << level);
    }
    struct node_sums sums[US_TREE_LEAVES] = {{0, 0}};
    for (uint32_t i = 0; i < fit->count; i++) {
        sums[fit->leaf[i]].slope += (double)fit->slope[i];
        sums[fit->leaf[i]].bend += (double)fit->bend[i];
    }
    for (int l = 0; l < US_TREE_LEAVES; l++)
        tree->leaves[l] = (float)(-fit->options->rate * sums[l].slope /
                                  (sums[l].bend + fit->options->penalty));
}

void fit_trees(struct us_tree *out, const struct tree_options *options,
               const struct tree_example *examples, uint32_t count)
{
    size_t n = count ? count : 1;
    struct fitting fit = {.options = options, .examples = examples, .count = count,
                          .random = UINT64_C(0x9e3779b97f4a7c15)};
    fit.borders = must_have(calloc(US_FEATURES_TREES, sizeof *fit.borders));
    fit.border_count = must_have(calloc(US_FEATURES_TREES, sizeof *fit.border_count));
    fit.bins = must_have(calloc(US_FEATURES_TREES, n));
    fit.sum = must_have(calloc(n, sizeof *fit.sum));
    fit.slope = must_have(calloc(n, sizeof *fit.slope));
    fit.bend = must_have(calloc(n, sizeof *fit.bend));
    fit.leaf = must_have(calloc(n, 1));
    for (int f = 0; f < US_FEATURES_TREES; f++)
        cut(&fit, f, fit.slope);
    double right = 1, all = 2;
    for (uint32_t i = 0; i < count; i++) {
        right += examples[i].right ? (double)examples[i].weight : 0;
        all += (double)examples[i].weight;
    }
    double base = log(right / (all - right)); /* the first tree's leaves say it */
    for (uint32_t i = 0; i < count; i++)
        fit.sum[i] = base;
    for (uint32_t t = 0; t < options->trees; t++) {
        for (uint32_t i = 0; i < count; i++) {
            double p = 1 / (1 + exp(-fit.sum[i])), weight = (double)examples[i].weight;
            bool looks = draw(&fit) < options->examples;
            fit.slope[i] = looks ? (float)(weight * (p - examples[i].right)) : 0;
            fit.bend[i] = looks ? (float)(weight * (p * (1 - p) + 1e-9)) : 0;
        }
        grow(&out[t], &fit);
        for (uint32_t i = 0; i < count; i++)
            fit.sum[i] += (double)out[t].leaves[fit.leaf[i]];
    }
    for (int l = 0; options->trees && l < US_TREE_LEAVES; l++)
        out[0].leaves[l] += (float)base;
    free(fit.borders);
    free(fit.border_count);
    free(fit.bins);
    free(fit.sum);
    free(fit.slope);
    free(fit.bend);
    free(fit.leaf);
}
