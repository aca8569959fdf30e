#include "sieve.h"

#include "odds.h"

#include <stdlib.h>
#include <string.h>

/* The words [from, to) as they stand, as a phrase of the context model. */
static uint32_t standing_phrase(const struct us_lattice *lattice, const struct us_context *context,
                                uint32_t from, uint32_t to)
{
    char phrase[256];
    size_t length = 0;
    for (uint32_t i = from; i < to; i++) {
        size_t more = us_unit_token(lattice, i)->norm_length;
        if (length + 1 + more > sizeof phrase)
            return US_CONTEXT_UNKNOWN;
        if (i > from)
            phrase[length++] = ' ';
        memcpy(phrase + length, us_unit_norm(lattice, i), more);
        length += more;
    }
    return us_context_phrase(context, phrase, length);
}

int us_sieve_open(struct us_sieve *out, const struct us_lattice *lattice,
                  const struct us_context *context, struct us_error *err)
{
    *out = (struct us_sieve){.context = context};
    if (!context)
        return US_OK;
    out->words = malloc((lattice->unit_count + 1) * sizeof *out->words);
    if (!out->words)
        return us_no_memory(err);
    for (uint32_t i = 0; i < lattice->unit_count; i++)
        out->words[i] = us_context_word(context, us_unit_norm(lattice, i),
                                        us_unit_token(lattice, i)->norm_length);
    us_context_bag(&out->article, NULL, context, out->words, lattice->unit_count);
    return US_OK; /* NOLINT(clang-analyzer-unix.Malloc): us_sieve_close() frees them */
}

void us_sieve_close(struct us_sieve *sieve)
{
    free(sieve->words);
    free(sieve->vectors);
}

/* The gap's sentence is that of a unit; returns the sentence's first unit. */
static uint32_t context_sentence(struct us_context_gap *gap, struct us_context_bag *bag,
                                 const struct us_lattice *lattice, struct us_sieve *sieve,
                                 uint32_t unit)
{
    uint32_t first = unit, last = unit;
    while (first > 0 && lattice->units[first - 1].sentence == lattice->units[unit].sentence)
        first--;
    while (last < lattice->unit_count &&
           lattice->units[last].sentence == lattice->units[unit].sentence)
        last++;
    gap->sentence = sieve->words + first;
    gap->length = last - first;
    gap->bag = bag;
    if (gap->length > sieve->vector_room) {
        free(sieve->vectors);
        sieve->vectors =
            malloc((size_t)gap->length * US_CONTEXT_DIMENSIONS * sizeof *sieve->vectors);
        sieve->vector_room = sieve->vectors ? gap->length : 0;
    }
    gap->vectors = sieve->vectors;
    us_context_bag(bag, sieve->vectors, sieve->context, gap->sentence, gap->length);
    return first;
}

/* The context model's gain of a sentence's edges: ln of each original over the words as they stand.
 */
static void add_context(struct us_lattice *lattice, struct us_sieve *sieve, uint32_t edge)
{
    enum { AT_ONCE = 64 };
    struct us_context_bag bag;
    float topic[US_CONTEXT_DIMENSIONS];
    struct us_context_gap gap = {.topic = topic};
    uint32_t first = context_sentence(&gap, &bag, lattice, sieve, lattice->edges[edge].from);
    us_context_topic(topic, sieve->context, &sieve->article, &bag);
    for (uint32_t next; edge < lattice->edge_count; edge = next) {
        struct us_edge *edges = &lattice->edges[edge];
        uint32_t phrases[AT_ONCE] = {
            standing_phrase(lattice, sieve->context, edges->from, edges->to)};
        float scores[AT_ONCE];
        uint32_t count = 1;
        for (next = edge;
             next < lattice->edge_count && count < AT_ONCE &&
             lattice->edges[next].from == edges->from && lattice->edges[next].to == edges->to;
             next++, count++) {
            const struct us_row *row = lattice->edges[next].row;
            phrases[count] = row ? us_phrases_context(lattice->phrases, sieve->context, row)
                                 : US_CONTEXT_UNKNOWN;
        }
        gap.start = edges->from - first;
        gap.end = edges->to - first;
        us_context_score(scores, sieve->context, &gap, phrases, count);
        for (uint32_t c = 1; c < count; c++, edges++) {
            edges->context = edges->row ? us_clip(scores[c] - scores[0], 6) : 0;
            edges->no_context =
                phrases[0] == US_CONTEXT_UNKNOWN || phrases[c] == US_CONTEXT_UNKNOWN;
        }
    }
}

/* Is the row, at a place that the context model thinks so of, worth the language model's look? Of
 * the swaps that are found with no sieve, one in 250 does not pass, of all edges four in five. */
static bool has_promise(const struct us_edge *edge)
{
    const float least = -8;
    if (!edge->row || edge->row->flags & (US_ROW_NAME | US_ROW_ALWAYS))
        return true;
    float loss = edge->context < 0 ? edge->context : 0;
    return 0.01f * edge->row->promise + 0.62f * edge->context + 0.98f * loss -
               0.8f * edge->no_context >=
           least;
}

static void count_places(struct us_sieve *sieve, const struct us_lattice *lattice, uint32_t edge)
{
    for (uint32_t next; edge < lattice->edge_count; edge = next) {
        const struct us_edge *edges = lattice->edges;
        uint32_t kinds = 0;
        for (next = edge; next < lattice->edge_count && edges[next].from == edges[edge].from &&
                          edges[next].to == edges[edge].to;
             next++)
            kinds |= edges[next].row ? us_row_kinds(edges[next].row) : 0;
        for (; kinds; kinds &= kinds - 1)
            sieve->places[__builtin_ctz(kinds)]++;
    }
}

void us_sift(void *who, struct us_lattice *lattice, uint32_t edge)
{
    struct us_sieve *sieve = who;
    count_places(sieve, lattice, edge);
    if (sieve->context)
        add_context(lattice, sieve, edge);
    uint32_t kept = edge;
    for (; edge < lattice->edge_count; edge++)
        if (has_promise(&lattice->edges[edge]))
            lattice->edges[kept++] = lattice->edges[edge];
    lattice->edge_count = kept;
}
