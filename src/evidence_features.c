#include "evidence_impl.h"

#include "place.h"

#include <math.h>
#include <string.h>

enum { NEIGHBOURHOOD = 15 };

static void row_features(float *f, const struct us_row *row)
{
    f[US_FEATURE_PAGES] = logf(1 + (float)row->pages);
    f[US_FEATURE_BOT_ONLY] = (row->flags & US_ROW_BOT_ONLY) != 0;
    f[US_FEATURE_SEEN] = (row->flags & US_ROW_SEEN) != 0;
    f[US_FEATURE_INFLECTED] = (row->flags & US_ROW_INFLECTED) != 0;
    f[US_FEATURE_TAIL] = (row->flags & US_ROW_TAIL) != 0;
    f[US_FEATURE_NAME] = (row->flags & US_ROW_NAME) != 0;
    f[US_FEATURE_READINGS] = logf(row->readings ? row->readings : 1);
    f[US_FEATURE_SWAPS] = logf(row->swaps ? row->swaps : 1);
    f[US_FEATURE_ORIGINAL_PHRASE] = row->original_words > 1;
    f[US_FEATURE_AUTHORED] = (row->flags & US_ROW_AUTHORED) != 0;
    f[US_FEATURE_READING_SHARE] = logf(0.001f * (float)row->reading_share + 0.01f);
    f[US_FEATURE_SWAP_SHARE] = logf(0.001f * (float)row->swap_share + 0.01f);
}

void us_shared_features(float *f, const struct us_lattice *lattice, const struct us_edge *edge,
                        const struct us_signs *signs)
{
    const struct us_token *first = us_unit_token(lattice, edge->from);
    f[US_FEATURE_GAIN] = signs->gain;
    f[US_FEATURE_CONTEXT] = edge->context;
    f[US_FEATURE_QUOTED] = (first->flags & US_TOKEN_QUOTED) != 0;
    f[US_FEATURE_CAPITAL] = us_is_capital(first) && !(edge->row && edge->row->flags & US_ROW_NAME);
    if (!edge->row)
        return;
    f[US_FEATURE_ALWAYS] = (edge->row->flags & US_ROW_ALWAYS) != 0;
    f[US_FEATURE_SPUN_ONLY] = (edge->row->flags & US_ROW_SPUN_ONLY) != 0;
    f[US_FEATURE_SCHOLARLY] = (edge->row->flags & US_ROW_SCHOLARLY) != 0;
    f[US_FEATURE_SWAPPED_AWAY] = logf(1 + (float)edge->row->spun_pages);
}

void us_local_features(float *f, const struct us_lattice *lattice, const struct us_edge *edge,
                       const struct us_signs *signs)
{
    const struct us_ngram *ngram = lattice->model;
    const struct us_lexicon *lexicon = lattice->lexicon;
    us_shared_features(f, lattice, edge, signs);
    f[US_FEATURE_BIAS] = 1;
    f[US_FEATURE_LOSS] = signs->gain < 0 ? signs->gain : 0;
    f[US_FEATURE_POSTERIOR] = signs->posterior;
    f[US_FEATURE_CONTEXT_LOSS] = edge->context < 0 ? edge->context : 0;
    f[US_FEATURE_NO_CONTEXT] = edge->no_context;
    if (edge->row) {
        row_features(f, edge->row);
        int place = us_place_holds(lattice, lexicon, edge);
        f[US_FEATURE_PLACE_HOLDS] = place > 0;
        f[US_FEATURE_PLACE_FAILS] = place < 0;
    }
    float rarity = 0;
    uint32_t words = 0;
    for (uint32_t i = edge->from; i < edge->to; i++)
        for (uint32_t k = 0; k < lattice->units[i].id_count; k++, words++) {
            uint32_t id = lattice->units[i].ids[k];
            rarity -= us_ngram_unigram(ngram, id) * US_LN10;
            if (id == US_NGRAM_UNKNOWN)
                f[US_FEATURE_SPUN_UNKNOWN] = 1;
        }
    f[US_FEATURE_SPUN_RARITY] = rarity / (float)words / 10;
    rarity = 0;
    for (uint32_t k = 0; k < edge->id_count; k++) {
        rarity -= us_ngram_unigram(ngram, edge->ids[k]) * US_LN10;
        if (edge->ids[k] == US_NGRAM_UNKNOWN)
            f[US_FEATURE_ORIGINAL_UNKNOWN] = 1;
    }
    f[US_FEATURE_ORIGINAL_RARITY] = rarity / (float)(edge->id_count ? edge->id_count : 1) / 10;
    f[US_FEATURE_SPUN_PHRASE] = edge->to - edge->from > 1;

    f[US_FEATURE_FIRST] = (us_unit_token(lattice, edge->from)->flags & US_TOKEN_FIRST) != 0;
    int fits = us_place_determiner(lattice, lexicon, edge);
    f[US_FEATURE_DETERMINER_FOR] = fits > 0;
    f[US_FEATURE_DETERMINER_AGAINST] = fits < 0;
    f[US_FEATURE_POSSESSIVE] = edge->possessive;
}

/* How often the article has a word as it stands, for single words. */
static uint32_t occurrences(const struct us_sums *sums, const struct us_edge *edge)
{
    const struct us_cell *word = edge->id_count == 1 && edge->ids[0] != US_NGRAM_UNKNOWN
                                     ? us_table_find(&sums->words, edge->ids[0])
                                     : NULL;
    return word ? word->index : 0;
}

/* Does the bot swap this kind of words like others? 0 up to a third of the article's density, which
 * chance hits may reach, to 1 at all of it. */
static float habit(float density, float overall)
{
    float share = density / (overall + 0.01f);
    return share < 0.33f ? 0 : share > 1 ? 1 : (share - 0.33f) * 1.5f;
}

float us_place_sum(const struct us_evidence *evidence, const struct us_lattice *lattice,
                   uint32_t edge)
{
    const struct us_edge *edges = lattice->edges;
    uint32_t first = edge;
    float all = 0;
    while (first > 0 && edges[first - 1].from == edges[edge].from &&
           edges[first - 1].to == edges[edge].to)
        first--;
    for (uint32_t e = first; e < lattice->edge_count && edges[e].from == edges[edge].from &&
                             edges[e].to == edges[edge].to;
         e++)
        if (edges[e].row)
            all += us_sums_of(&evidence->sums.rows, edges[e].row->id);
    return all;
}

void us_article_features(float *f, const struct us_evidence *evidence,
                         const struct us_lattice *lattice, uint32_t e, float all)
{
    const struct us_article *article = &evidence->whole;
    const struct us_sums *sums = &evidence->sums;
    float level = article->level;
    float quoted = article->quoted_words > 8 ? article->quoted / article->quoted_words : 0;
    float capital = article->capital_words > 3 ? article->capital / article->capital_words : 0;
    float scholarly = article->swaps > 0 ? article->scholarly / (article->swaps + 1) : 0;
    const struct us_edge *edge = &lattice->edges[e];
    f[US_FEATURE_DENSITY] = level;
    f[US_FEATURE_LOW] = level < 0 ? level : 0;
    f[US_FEATURE_DENSITY_GAIN] = level * f[US_FEATURE_GAIN];
    f[US_FEATURE_DENSITY_CONTEXT] = level * f[US_FEATURE_CONTEXT];
    f[US_FEATURE_DENSITY_ALWAYS] = level * f[US_FEATURE_ALWAYS];
    f[US_FEATURE_DENSITY_SPUN_ONLY] = level * f[US_FEATURE_SPUN_ONLY];
    f[US_FEATURE_FAMILY] = us_article_family_share(article, edge->row);
    f[US_FEATURE_KIND] = us_article_kind_level(article, edge->row);
    f[US_FEATURE_KIND_GAIN] = f[US_FEATURE_KIND] * f[US_FEATURE_GAIN];
    f[US_FEATURE_KIND_CONTEXT] = f[US_FEATURE_KIND] * f[US_FEATURE_CONTEXT];
    float of_row = edge->row ? us_sums_of(&sums->rows, edge->row->id) : 0;
    float same = edge->row ? of_row - evidence->local[e] : 0;
    f[US_FEATURE_REPEATED] = logf(1 + (same > 0 ? same : 0));
    float others = edge->row ? us_sums_of(&sums->originals, edge->row->original_id) - of_row : 0;
    f[US_FEATURE_ELSEWHERE] = logf(1 + (others > 0 ? others : 0));
    f[US_FEATURE_SWAPPED_DENSITY] = level * f[US_FEATURE_SWAPPED_AWAY];
    uint32_t low = edge->from > NEIGHBOURHOOD ? edge->from - NEIGHBOURHOOD : 0;
    uint32_t high = edge->to + NEIGHBOURHOOD;
    if (high > lattice->unit_count)
        high = lattice->unit_count;
    float nearby = (float)(sums->before[high] - sums->before[low] -
                           (sums->before[edge->to] - sums->before[edge->from]));
    f[US_FEATURE_NEARBY] = nearby / (float)(high - low);
    f[US_FEATURE_UNTOUCHED] = logf(1 + (float)occurrences(sums, edge));
    f[US_FEATURE_RIVAL] = logf(1 + (all > of_row ? all - of_row : 0)); /* other originals' */
    f[US_FEATURE_SCHOLARLY_SHARE] = scholarly * (f[US_FEATURE_SCHOLARLY] - 0.5f);
    f[US_FEATURE_QUOTED_HABIT] = f[US_FEATURE_QUOTED] * habit(quoted, evidence->density);
    f[US_FEATURE_CAPITAL_HABIT] = f[US_FEATURE_CAPITAL] * habit(capital, evidence->density);
}

void us_agreed_features(float *f, const struct us_signs *signs)
{
    f[US_FEATURE_AGREED] = signs->agreed;
    f[US_FEATURE_AGREED_GAIN] = signs->agreed_gain;
    f[US_FEATURE_AGREED_LOSS] = signs->agreed_gain < 0 ? signs->agreed_gain : 0;
}

/* How the edge compares with the other readings of its place. */
static void place_features(float *f, const struct us_evidence *evidence,
                           const struct us_lattice *lattice, uint32_t e)
{
    const struct us_edge *edges = lattice->edges, *edge = &edges[e];
    const float least = 1e-6f;
    float odds = 1, posterior = least, local = least, best_context = -6, best_local = least;
    uint32_t count = 0, better = 0, at = e;
    while (at > 0 && edges[at - 1].from == edge->from && edges[at - 1].to == edge->to)
        at--;
    for (; at < lattice->edge_count && edges[at].from == edge->from && edges[at].to == edge->to;
         at++, count++) {
        odds += expf(edges[at].context);
        posterior += edges[at].posterior;
        local += evidence->local[at];
        better += edges[at].context > edge->context;
        if (at != e && edges[at].context > best_context)
            best_context = edges[at].context;
        if (at != e && evidence->local[at] > best_local)
            best_local = evidence->local[at];
    }
    f[US_FEATURE_CONTEXT_SHARE] = expf(edge->context) / odds;
    f[US_FEATURE_CONTEXT_LEAD] = edge->context - best_context;
    f[US_FEATURE_CONTEXT_RANK] = (float)better;
    f[US_FEATURE_PLACE_READINGS] = (float)count;
    f[US_FEATURE_POSTERIOR_SHARE] = edge->posterior / posterior;
    f[US_FEATURE_LOCAL_SHARE] = evidence->local[e] / local;
    f[US_FEATURE_LOCAL_LEAD] = logf((evidence->local[e] + least) / best_local);
}

/* The edges that cover a part of the edge's words, or more than these. */
static void crossing_features(float *f, const struct us_evidence *evidence,
                              const struct us_lattice *lattice, uint32_t e)
{
    const struct us_edge *edges = lattice->edges, *edge = &edges[e];
    float best = 0;
    uint32_t count = 0, at = e;
    while (at > 0 && edges[at - 1].from + US_LEXICON_WORDS > edge->from)
        at--;
    for (; at < lattice->edge_count && edges[at].from < edge->to; at++) {
        if (edges[at].to <= edge->from ||
            (edges[at].from == edge->from && edges[at].to == edge->to))
            continue;
        count++;
        if (evidence->local[at] > best)
            best = evidence->local[at];
    }
    f[US_FEATURE_CROSSING] = (float)count;
    f[US_FEATURE_CROSSING_BEST] = best;
}

/* What is known of the row alone, and of the article alone: only trees make use of it. */
static void lone_features(float *f, const struct us_article *article, const struct us_edge *edge)
{
    if (edge->row) {
        const struct us_row *row = edge->row;
        static const struct {
            char family;
            enum us_feature feature;
        } families[] = {{'A', US_FEATURE_OF_A}, {'S', US_FEATURE_OF_S}, {'T', US_FEATURE_OF_T},
                        {'X', US_FEATURE_OF_X}, {'Y', US_FEATURE_OF_Y}, {'G', US_FEATURE_OF_G}};
        f[US_FEATURE_PROMISE] = 0.01f * row->promise;
        f[US_FEATURE_FAMILIES] = (float)__builtin_popcount(row->families & ((1u << US_BOTS) - 1));
        f[US_FEATURE_POS] = row->pos;
        f[US_FEATURE_FORM] = row->form;
        f[US_FEATURE_ORIGINAL_WORDS] = row->original_words;
        for (size_t i = 0; i < sizeof families / sizeof *families; i++)
            f[families[i].feature] = (float)(row->families >> (families[i].family - 'A') & 1);
    }
    f[US_FEATURE_SPUN_WORDS] = (float)(edge->to - edge->from);
    f[US_FEATURE_WORDS] = logf(1 + article->words);
    f[US_FEATURE_ALWAYS_SWAPS] = article->always;
    f[US_FEATURE_ARTICLE_SWAPS] = article->swaps;
    f[US_FEATURE_TAIL_LEVEL] = article->kinds[US_KIND_TAIL];
    for (int i = 0; i < 26; i++)
        if (article->family[i] > f[US_FEATURE_BEST_FAMILY])
            f[US_FEATURE_BEST_FAMILY] = article->family[i];
}

void us_evidence_features(float *f, const struct us_evidence *evidence,
                          const struct us_lattice *lattice, uint32_t edge)
{
    memset(f, 0, US_FEATURES_TREES * sizeof *f);
    us_local_features(f, lattice, &lattice->edges[edge], &evidence->signs[edge]);
    us_article_features(f, evidence, lattice, edge, us_place_sum(evidence, lattice, edge));
    us_agreed_features(f, &evidence->signs[edge]);
    place_features(f, evidence, lattice, edge);
    crossing_features(f, evidence, lattice, edge);
    lone_features(f, &evidence->whole, &lattice->edges[edge]);
}
