#include "trees.h"

#include "odds.h"

#include "bytes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool us_trees_sound(const struct us_tree *trees, uint32_t count)
{
    for (uint32_t t = 0; t < count; t++)
        for (int i = 0; i < US_TREE_DEPTH; i++)
            if (trees[t].features[i] >= US_FEATURES_TREES)
                return false;
    return true;
}

float us_trees_sum(const struct us_tree *trees, uint32_t count, const float *f)
{
    float sum = 0;
    for (uint32_t t = 0; t < count; t++) {
        const struct us_tree *tree = &trees[t];
        unsigned leaf = 0;
        for (int i = 0; i < US_TREE_DEPTH; i++)
            leaf |= (unsigned)(f[tree->features[i]] > tree->thresholds[i]) << i;
        sum += tree->leaves[leaf];
    }
    return sum;
}

US_FOR_PROCESSORS
void us_trees_sums(float sums[US_TREES_EDGES], const struct us_tree *trees, uint32_t count,
                   const float (*f)[US_TREES_EDGES])
{
    float sum[US_TREES_EDGES] = {0};
    for (uint32_t t = 0; t < count; t++) {
        const struct us_tree *tree = &trees[t];
        int32_t leaves[US_TREES_EDGES] = {0};
        for (int i = 0; i < US_TREE_DEPTH; i++) {
            const float *values = f[tree->features[i]];
            float threshold = tree->thresholds[i];
            for (int e = 0; e < US_TREES_EDGES; e++)
                leaves[e] |= (int32_t)(values[e] > threshold) << i;
        }
        for (int e = 0; e < US_TREES_EDGES; e++)
            sum[e] += tree->leaves[leaves[e]];
    }
    memcpy(sums, sum, sizeof sum);
}

float us_trees_mix(float p, float sum)
{
    const float least = 1e-6f;
    p = p < least ? least : p > 1 - least ? 1 - least : p;
    return us_logistic(0.5f * (logf(p / (1 - p)) + sum));
}

static int bad(struct us_error *err)
{
    return us_fail(err, US_EFORMAT, "should be %d questions (feature>number), a tab and %d numbers",
                   US_TREE_DEPTH, US_TREE_LEAVES);
}

int us_tree_read(struct us_tree *out, const char *line, size_t length, struct us_error *err)
{
    char copy[4096], *at = copy, *end;
    if (length >= sizeof copy)
        return bad(err);
    memcpy(copy, line, length);
    copy[length] = '\0';
    for (int i = 0; i < US_TREE_DEPTH; i++) {
        size_t name = strcspn(at, "> \t");
        enum us_feature feature = us_feature_named(at, name);
        if (at[name] != '>')
            return bad(err);
        if (feature == US_FEATURES_TREES)
            return us_fail(err, US_EFORMAT, "asks for \"%.*s\", which is no feature", (int)name, at);
        out->features[i] = (uint16_t)feature;
        at += name + 1;
        out->thresholds[i] = strtof(at, &end);
        if (end == at || *end != (i + 1 < US_TREE_DEPTH ? ' ' : '\t') ||
            !isfinite(out->thresholds[i]))
            return bad(err);
        at = end + 1;
    }
    for (int i = 0; i < US_TREE_LEAVES; i++) {
        out->leaves[i] = strtof(at, &end);
        if (end == at || (i + 1 < US_TREE_LEAVES ? *end != ' ' : *end && *end != '\r') ||
            !isfinite(out->leaves[i]))
            return bad(err);
        at = end + 1;
    }
    return US_OK;
}

void us_tree_write(FILE *out, const struct us_tree *tree)
{
    for (int i = 0; i < US_TREE_DEPTH; i++)
        fprintf(out, "%s>%.5g%c", us_feature_name((enum us_feature)tree->features[i]),
                (double)tree->thresholds[i], i + 1 < US_TREE_DEPTH ? ' ' : '\t');
    for (int i = 0; i < US_TREE_LEAVES; i++)
        fprintf(out, "%.3f%c", (double)tree->leaves[i], i + 1 < US_TREE_LEAVES ? ' ' : '\n');
}
