#include "article.h"

#include "odds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define US_FAMILIES ((1u << 26) - 1) /* bits of them in a row */

static const char *const density_names[] = {
#define X(id, name) #name,
    US_DENSITY_TERMS(X)
#undef X
};

const char *us_density_name(enum us_density_term term)
{
    return density_names[term];
}

uint32_t us_row_kinds(const struct us_row *row)
{
    uint32_t kinds = row->families & US_FAMILIES;
    if (row->flags & US_ROW_TAIL)
        kinds |= 1u << US_KIND_TAIL;
    return kinds ? kinds : 1u << US_KIND_OTHER;
}

bool us_is_capital(const struct us_token *token)
{
    return (token->flags & (US_TOKEN_CAPITAL | US_TOKEN_UPPER)) &&
           !(token->flags & (US_TOKEN_FIRST | US_TOKEN_TITLE));
}

static bool tally_add(struct us_table *tally, uint32_t number, float value)
{
    struct us_cell *entry = us_table_put(tally, number);
    if (entry)
        entry->sum += value;
    return entry != NULL;
}

float us_sums_of(const struct us_table *tally, uint32_t number)
{
    const struct us_cell *entry = us_table_find(tally, number);
    return entry ? entry->sum : 0;
}

/* Add the edges up. Readings of one place share its probability, so that none counts twice. */
static int add_up(struct us_article *article, struct us_sums *sums,
                  const struct us_lattice *lattice, const float *probability, struct us_error *err)
{
    double swaps = 0, scholarly = 0, always = 0, quoted = 0, capital = 0;
    uint32_t covered = 0; /* units before it lie under the best edges so far */
    for (uint32_t e = 0, next; e < lattice->edge_count; e = next) {
        uint32_t best = e;
        for (next = e;
             next < lattice->edge_count && lattice->edges[next].from == lattice->edges[e].from;
             next++) {
            const struct us_row *row = lattice->edges[next].row;
            us_announce_row(lattice, next);
            if (row && (!tally_add(&sums->rows, row->id, probability[next]) ||
                        !tally_add(&sums->originals, row->original_id, probability[next])))
                return us_no_memory(err);
            if (probability[next] > probability[best])
                best = next;
        }
        const struct us_edge *edge = &lattice->edges[best];
        float p = probability[best];
        if (edge->from < covered && p < 0.5f)
            continue;
        if (edge->from < covered)
            p *= 0.5f;
        sums->at[edge->from] = p;
        swaps += p;
        if (edge->row && (edge->row->flags & US_ROW_SCHOLARLY))
            scholarly += p;
        if (edge->row && (edge->row->flags & US_ROW_ALWAYS))
            always += p;
        const struct us_token *token = us_unit_token(lattice, edge->from);
        if (token->flags & US_TOKEN_QUOTED)
            quoted += p;
        if (us_is_capital(token))
            capital += p;
        if (p > 0.3f && edge->to > covered)
            covered = edge->to;
    }
    article->swaps += (float)swaps;
    article->scholarly += (float)scholarly;
    article->always += (float)always;
    article->quoted += (float)quoted;
    article->capital += (float)capital;
    sums->before[0] = 0;
    for (uint32_t i = 0; i < lattice->unit_count; i++)
        sums->before[i + 1] = sums->before[i] + sums->at[i];
    return US_OK;
}

static int count_words(struct us_article *article, struct us_sums *sums,
                       const struct us_lattice *lattice, struct us_error *err)
{
    for (uint32_t i = 0; i < lattice->unit_count; i++) {
        const struct us_unit *unit = &lattice->units[i];
        const struct us_token *token = us_unit_token(lattice, i);
        if (unit->id_count == 1 && unit->ids[0] != US_NGRAM_UNKNOWN) {
            struct us_cell *word = us_table_put(&sums->words, unit->ids[0]);
            if (!word)
                return us_no_memory(err);
            word->index += word->index < UINT16_MAX;
        }
        if (token->kind != US_TOKEN_WORD)
            continue;
        article->words++;
        article->quoted_words += (token->flags & US_TOKEN_QUOTED) != 0;
        article->capital_words += us_is_capital(token);
    }
    return US_OK;
}

int us_article_read(struct us_article *out, struct us_sums *sums, const struct us_lattice *lattice,
                    const float *probability, struct us_error *err)
{
    int rc = count_words(out, sums, lattice, err);
    return rc == US_OK ? add_up(out, sums, lattice, probability, err) : rc;
}

void us_sums_close(struct us_sums *sums)
{
    free(sums->at);
    free(sums->before);
    us_table_close(&sums->rows);
    us_table_close(&sums->originals);
    us_table_close(&sums->words);
    *sums = (struct us_sums){0};
}

/* Naive Bayes over the rows, each drawn from a family's rows or, one time in five, from any. */
void us_article_weigh_families(struct us_article *article, const struct us_lattice *lattice,
                               const float *family_rows, const float *probability)
{
    double score[26], best = -INFINITY;
    float gain[26], total = 0;
    const float any = 1.0f / (float)us_lexicon_rows(lattice->lexicon), miss = logf(0.2f);
    for (int f = 0; f < 26; f++) {
        float hit = us_clip(logf((0.8f / family_rows[f] + 0.2f * any) / any), 3);
        gain[f] = hit - miss;
        score[f] = 0;
    }
    for (uint32_t e = 0; e < lattice->edge_count; e++) {
        const struct us_row *row = lattice->edges[e].row;
        if (!row || probability[e] < 0.05f || !row->families)
            continue;
        for (uint32_t families = row->families & US_FAMILIES; families; families &= families - 1) {
            int f = __builtin_ctz(families);
            score[f] += (double)(probability[e] * gain[f]);
        }
    }
    for (int f = 0; f < 26; f++) {
        score[f] *= 0.5; /* swaps are not independent */
        if (score[f] > best)
            best = score[f];
    }
    for (int f = 0; f < 26; f++)
        total += article->family[f] = expf((float)(score[f] - best));
    for (int f = 0; f < 26; f++)
        article->family[f] /= total;
}

/* A bot that is known little of leaves few
 * sure traces, but these are of its kind. */
void us_article_weigh_kinds(struct us_article *article, const struct us_lattice *lattice,
                            const float *probability, const float *places)
{
    double fits[US_KINDS] = {0};
    for (uint32_t e = 0, next; e < lattice->edge_count; e = next) {
        float here[US_KINDS] = {0};
        uint32_t present = 0;
        for (next = e;
             next < lattice->edge_count && lattice->edges[next].from == lattice->edges[e].from &&
             lattice->edges[next].to == lattice->edges[e].to;
             next++) {
            uint32_t kinds = lattice->edges[next].row ? us_row_kinds(lattice->edges[next].row) : 0;
            us_announce_row(lattice, next);
            present |= kinds;
            for (; kinds; kinds &= kinds - 1)
                here[__builtin_ctz(kinds)] += probability[next];
        }
        for (; present; present &= present - 1) {
            int kind = __builtin_ctz(present);
            fits[kind] += here[kind] > 1 ? 1 : (double)here[kind];
        }
    }
    for (int kind = 0; kind < US_KINDS; kind++)
        article->kinds[kind] = logf(((float)fits[kind] + 0.2f) / (places[kind] + 10) / 0.05f);
}

static float share_level(float swaps, float words)
{
    /* shrunk towards a clean article, so that a short text needs more than a lucky hit */
    return logf((swaps + 0.05f) / (words + 40) / US_LEVEL_ZERO);
}

void us_article_weigh_density(struct us_article *article, float terms[US_DENSITY_COUNT],
                              const float *density)
{
    const float *kinds = article->kinds;
    const float now[US_DENSITY_COUNT] = {
        [US_DENSITY_BIAS] = 1,
        [US_DENSITY_SWAPS] = share_level(article->swaps, article->words),
        [US_DENSITY_ALWAYS] = share_level(article->always, article->words),
        [US_DENSITY_A] = kinds['A' - 'A'],
        [US_DENSITY_S] = kinds['S' - 'A'],
        [US_DENSITY_T] = kinds['T' - 'A'],
        [US_DENSITY_G] = kinds['G' - 'A'],
        [US_DENSITY_X] = kinds['X' - 'A'],
        [US_DENSITY_Y] = kinds['Y' - 'A'],
        [US_DENSITY_TAIL] = kinds[US_KIND_TAIL],
        [US_DENSITY_OTHER] = kinds[US_KIND_OTHER],
    };
    memcpy(terms, now, sizeof now);
    article->level = 0;
    for (int i = 0; i < US_DENSITY_COUNT; i++)
        article->level += density[i] * now[i];
    article->level = us_clip(article->level, 3);
}

float us_article_kind_level(const struct us_article *article, const struct us_row *row)
{
    float level = -INFINITY;
    for (uint32_t kinds = row ? us_row_kinds(row) : 1u << US_KIND_OTHER; kinds;
         kinds &= kinds - 1) {
        float of_kind = article->kinds[__builtin_ctz(kinds)];
        level = of_kind > level ? of_kind : level;
    }
    return level;
}

float us_article_family_share(const struct us_article *article, const struct us_row *row)
{
    if (!row || !row->families)
        return 0.3f;
    float share = 0;
    for (uint32_t families = row->families & US_FAMILIES; families; families &= families - 1)
        share += article->family[__builtin_ctz(families)];
    return share;
}
