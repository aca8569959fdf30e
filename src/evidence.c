#include "evidence_impl.h"

#include "room.h"
#include "sieve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void us_evidence_load(struct us_evidence_model *model, const struct us_lexicon *lexicon)
{
    char name[64];
    for (int i = 0; i < US_FEATURE_COUNT; i++) {
        if (i < US_FEATURES_LOCAL) {
            snprintf(name, sizeof name, "local.%s", us_feature_name((enum us_feature)i));
            model->local[i] = us_lexicon_weight(lexicon, name, 0);
        }
        if (i < US_FEATURES_ARTICLE) {
            snprintf(name, sizeof name, "article.%s", us_feature_name((enum us_feature)i));
            model->article[i] = us_lexicon_weight(lexicon, name, 0);
        }
        snprintf(name, sizeof name, "final.%s", us_feature_name((enum us_feature)i));
        model->final[i] = us_lexicon_weight(lexicon, name, 0);
    }
    for (int i = 0; i < US_DENSITY_COUNT; i++) {
        snprintf(name, sizeof name, "density.%s", us_density_name((enum us_density_term)i));
        model->density[i] = us_lexicon_weight(lexicon, name, i == US_DENSITY_SWAPS);
    }
    model->language_scale = us_lexicon_weight(lexicon, "lattice.scale", 0.8f);
    model->agreed_scale = us_lexicon_weight(lexicon, "lattice.agreed_scale", 0.5f);
    for (int f = 0; f < 26; f++)
        model->family_rows[f] = 1 + (float)us_lexicon_family_rows(lexicon, f);
    model->trees = us_lexicon_trees(lexicon, &model->tree_count);
}

/* Add weights times features, those from `first` to before `end`. */
static float add_features(float sum, const float *weights, const float *features, int first,
                          int end)
{
    for (int i = first; i < end; i++)
        sum += weights[i] * features[i];
    return sum;
}

/* What no row stands for is too rare to fit a weight on. Each is an error in any text; whether it
 * is a bot's, and not an author's to keep, the article's other swaps tell. */
static float artefact(const struct us_edge *edge, float density)
{
    if (density < 0.02f)
        return edge->origin == US_EDGE_DECIMAL ? 0.5f : 0.2f;
    return edge->origin == US_EDGE_DOUBLED ? 0.85f : 0.95f;
}

/* A prior before any words are looked at, from what the row says. */
static float prior_of(const struct us_edge *edge)
{
    if (!edge->row)
        return 2;
    float prior = -2.5f + 0.6f * logf(1 + (float)edge->row->pages);
    if (edge->row->flags & US_ROW_ALWAYS)
        prior += 1.5f;
    if (edge->row->flags & US_ROW_TAIL)
        prior -= 2;
    return prior;
}

/* Two edges of three fit their place so badly that nothing can speak for them loudly enough. */
static bool has_hope(const struct us_edge *edge)
{
    const float least_gain = -3, least_posterior = 0.0025f;
    return edge->gain > least_gain || edge->posterior > least_posterior || !edge->row ||
           edge->row->flags & US_ROW_ALWAYS;
}

static int make_room(struct us_evidence *out, const struct us_lattice *lattice,
                     struct us_error *err)
{
    uint32_t edges = lattice->edge_count, units = lattice->unit_count;
    struct us_sums *sums = &out->sums;
    sums->at = calloc(units + 1, sizeof *sums->at);
    sums->before = calloc(units + 1, sizeof *sums->before);
    out->signs = calloc(edges + 1, sizeof *out->signs);
    out->local = calloc(edges + 1, sizeof *out->local);
    out->final = calloc(edges + 1, sizeof *out->final);
    us_room_expect(out->signs, edges * sizeof *out->signs);
    us_room_expect(out->local, edges * sizeof *out->local);
    us_room_expect(out->final, edges * sizeof *out->final);
    return sums->at && sums->before && out->signs && out->local && out->final ? US_OK
                                                                              : us_no_memory(err);
}

/* Each edge alone. What the other models make of the same features is kept for later. */
static void weigh_locally(struct us_evidence *out, const struct us_lattice *lattice,
                          const struct us_evidence_model *model)
{
    enum { LOCAL, ARTICLE, FINAL, SUMS = 4 }; /* a power of two at a time */
    float weights[US_FEATURES_LOCAL][SUMS] = {{0}};
    for (int i = 0; i < US_FEATURES_LOCAL; i++) {
        weights[i][LOCAL] = model->local[i];
        weights[i][ARTICLE] = model->article[i];
        weights[i][FINAL] = model->final[i];
    }
    for (uint32_t e = 0; e < lattice->edge_count; e++) {
        float f[US_FEATURES_LOCAL] = {0}, sums[SUMS] = {0};
        const struct us_edge *edge = &lattice->edges[e];
        struct us_signs *signs = &out->signs[e];
        us_announce_row(lattice, e);
        signs->gain = us_clip(edge->gain, 8);
        signs->posterior = us_clip(us_log_odds(edge->posterior), 8);
        us_local_features(f, lattice, edge, signs);
        for (int i = 0; i < US_FEATURES_LOCAL; i++)
            for (int k = 0; k < SUMS; k++)
                sums[k] += weights[i][k] * f[i];
        out->local[e] = us_logistic(sums[LOCAL]);
        signs->article_sum = sums[ARTICLE];
        signs->final_sum = sums[FINAL];
    }
}

/* Each edge in its article. All that speaks for it but its neighbours becomes its prior. */
static void weigh_in_article(struct us_evidence *out, struct us_lattice *lattice,
                             const struct us_evidence_model *model)
{
    const float *weights = model->article;
    const float least_sum = -5.8f; /* 3 in 1000: too unlikely for neighbours to help it up */
    float all = 0;
    for (uint32_t e = 0; e < lattice->edge_count; e++) {
        float f[US_FEATURES_ARTICLE] = {0};
        struct us_signs *signs = &out->signs[e];
        us_announce_row(lattice, e);
        if (e == 0 || lattice->edges[e].from != lattice->edges[e - 1].from ||
            lattice->edges[e].to != lattice->edges[e - 1].to)
            all = us_place_sum(out, lattice, e);
        us_shared_features(f, lattice, &lattice->edges[e], signs);
        us_article_features(f, out, lattice, e, all);
        signs->article_sum =
            add_features(signs->article_sum, weights, f, US_FEATURES_LOCAL, US_FEATURES_ARTICLE);
        signs->final_sum =
            add_features(signs->final_sum, model->final, f, US_FEATURES_LOCAL, US_FEATURES_ARTICLE);
        float loss = signs->gain < 0 ? signs->gain : 0;
        float prior = us_clip(signs->article_sum, 14) - weights[US_FEATURE_GAIN] * signs->gain -
                      weights[US_FEATURE_LOSS] * loss -
                      weights[US_FEATURE_POSTERIOR] * signs->posterior;
        lattice->edges[e].prior = signs->article_sum < least_sum ? -INFINITY : prior;
    }
}

/* Edges that wait for what the trees say. */
struct doubtful {
    uint32_t edges[US_TREES_EDGES], count;
    float f[US_FEATURES_TREES][US_TREES_EDGES];
};

static void ask_trees(struct us_evidence *out, struct doubtful *doubtful,
                      const struct us_evidence_model *model)
{
    float sums[US_TREES_EDGES];
    us_trees_sums(sums, model->trees, model->tree_count,
                  (const float(*)[US_TREES_EDGES])doubtful->f);
    for (uint32_t i = 0; i < doubtful->count; i++) {
        float *p = &out->final[doubtful->edges[i]];
        *p = us_trees_mix(*p, sums[i]);
    }
    doubtful->count = 0;
}

static void weigh_finally(struct us_evidence *out, const struct us_lattice *lattice,
                          const struct us_evidence_model *model)
{
    struct doubtful doubtful = {0};
    for (uint32_t e = 0; e < lattice->edge_count; e++) {
        const struct us_edge *edge = &lattice->edges[e];
        float f[US_FEATURES_TREES] = {0};
        struct us_signs *signs = &out->signs[e];
        signs->agreed = us_clip(us_log_odds(edge->posterior), 8);
        signs->agreed_gain = us_clip(edge->gain, 8);
        us_agreed_features(f, signs);
        out->final[e] = edge->row ? us_logistic(add_features(signs->final_sum, model->final, f,
                                                             US_FEATURES_ARTICLE, US_FEATURE_COUNT))
                                  : artefact(edge, out->density);
        if (!edge->row || !model->tree_count || out->final[e] < US_TREES_LEAST)
            continue;
        us_evidence_features(f, out, lattice, e);
        for (int i = 0; i < US_FEATURES_TREES; i++)
            doubtful.f[i][doubtful.count] = f[i];
        doubtful.edges[doubtful.count++] = e;
        if (doubtful.count == US_TREES_EDGES)
            ask_trees(out, &doubtful, model);
    }
    if (doubtful.count)
        ask_trees(out, &doubtful, model);
}

int us_evidence_open(struct us_evidence *out, struct us_lattice *lattice,
                     const struct us_evidence_model *model, const struct us_context *context,
                     const struct us_article *known, const struct us_limits *limits,
                     struct us_error *err)
{
    struct us_sieve sieve;
    struct us_search search = {.scale = model->language_scale,
                               .sift = us_sift,
                               .sieve = &sieve,
                               .prior = prior_of,
                               .keep = has_hope};
    if (limits)
        search.limits = *limits;
    if (search.limits.deadline > 0)
        search.limits.deadline = (us_now() + search.limits.deadline) / 2;
    *out = (struct us_evidence){0};
    int rc = us_sieve_open(&sieve, lattice, context, err);
    if (rc == US_OK)
        rc = us_lattice_search(lattice, &search, &out->cut, err);
    if (rc == US_OK)
        rc = make_room(out, lattice, err);
    if (rc != US_OK)
        goto done;
    weigh_locally(out, lattice, model);
    rc = us_article_read(&out->whole, &out->sums, lattice, out->local, err);
    if (rc != US_OK)
        goto done;
    us_article_weigh_families(&out->whole, lattice, model->family_rows, out->local);
    us_article_weigh_kinds(&out->whole, lattice, out->local, sieve.places);
    us_article_weigh_density(&out->whole, out->terms, model->density);
    if (known)
        out->whole = *known;
    out->density = out->whole.swaps / (out->whole.words < 1 ? 1 : out->whole.words);
    weigh_in_article(out, lattice, model);
    rc = us_lattice_solve(lattice, model->agreed_scale, limits, err);
    if (rc == US_OK)
        weigh_finally(out, lattice, model);
done:
    us_sieve_close(&sieve);
    if (rc != US_OK)
        us_evidence_close(out);
    return rc;
}

void us_evidence_close(struct us_evidence *evidence)
{
    us_sums_close(&evidence->sums);
    free(evidence->signs);
    free(evidence->local);
    free(evidence->final);
    *evidence = (struct us_evidence){0};
}
