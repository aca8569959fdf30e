#include "lattice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BEAM = 12,          /* states kept at a node */
    MEMO_BITS = 14,     /* trigrams remembered, logarithm */
    ORIGINAL_BITS = 12, /* originals remembered, likewise */
    EDGES_AT = 48,      /* edges kept that begin at one unit */
};
static const float BEAM_WIDTH = 10.0f; /* natural log below the best state of a node */
static const float LN10 = 2.302585093f;

/* ---- units -------------------------------------------------------------------------------- */

static bool is_initials(const char *word, size_t length)
{
    if (length < 3 || word[1] != '.')
        return false;
    for (size_t i = 0; i < length; i++)
        if ((i % 2 == 1) != (word[i] == '.'))
            return false;
    return true;
}

static uint32_t word_ids(const struct us_ngram *model, const char *word, size_t length,
                         uint32_t *ids, uint32_t room)
{
    ids[0] = us_ngram_id(model, word, length);
    if (ids[0] != US_NGRAM_UNKNOWN)
        return 1;
    if (is_initials(word, length)) { /* the model has them one by one: u. s. */
        uint32_t count = 0;
        for (size_t i = 0; i < length && count < room; i += 2) {
            char initial[2] = {word[i], '.'};
            ids[count++] = us_ngram_id(model, initial, 2);
        }
        return count;
    }
    const char *hyphen = memchr(word, '-', length);
    if (hyphen && room > 1 && hyphen > word && hyphen + 1 < word + length) {
        size_t first = (size_t)(hyphen - word);
        uint32_t count = word_ids(model, word, first, ids, 1);
        return count + word_ids(model, hyphen + 1, length - first - 1, ids + count, room - count);
    }
    return 1;
}

uint32_t us_phrase_ids(const struct us_ngram *model, const char *phrase, size_t length,
                       uint32_t *ids, uint32_t room)
{
    uint32_t count = 0;
    for (size_t at = 0; at < length && count < room;) {
        const char *space = memchr(phrase + at, ' ', length - at);
        size_t end = space ? (size_t)(space - phrase) : length;
        if (end > at)
            count += word_ids(model, phrase + at, end - at, ids + count, room - count);
        at = end + 1;
    }
    return count;
}

static const char *const small[] = {"zero",  "one",   "two",  "three", "four",   "five",  "six",
                                    "seven", "eight", "nine", "ten",   "eleven", "twelve"};

int us_small_number(const char *word)
{
    for (int i = 0; i < 13; i++)
        if (strcmp(word, small[i]) == 0)
            return i;
    return -1;
}

/* Numbers are words to the model: small ones as such, others as one that stands for them. */
static uint32_t number_id(const struct us_ngram *model, const char *norm, size_t length)
{
    unsigned value = 0;
    for (size_t i = 0; i < length; i++) {
        if (norm[i] < '0' || norm[i] > '9' || value > 9999) {
            value = 10000;
            break;
        }
        value = value * 10 + (unsigned)(norm[i] - '0');
    }
    const char *word = value < 13                    ? small[value]
                       : value > 1900 && value < 2100 ? "nineteen"
                       : value < 100                 ? "fifty"
                       : value < 1000                ? "hundred"
                                                     : "thousand";
    return us_ngram_id(model, word, strlen(word));
}

static int add_units(struct us_lattice *lattice, const struct us_ngram *model,
                     struct us_error *err)
{
    const struct us_text *text = lattice->text;
    lattice->units = malloc((text->count ? text->count : 1) * sizeof *lattice->units);
    if (!lattice->units)
        return us_fail(err, US_ENOMEM, "out of memory reading the text");
    bool joined = false;
    for (uint32_t i = 0; i < text->count; i++) {
        const struct us_token *token = &text->tokens[i];
        if (token->kind == US_TOKEN_PUNCT) {
            bool hyphen = token->end - token->start == 1 && text->bytes[token->start] == '-' &&
                          (token->flags & US_TOKEN_GLUED);
            joined = joined && hyphen;
            continue;
        }
        struct us_unit *unit = &lattice->units[lattice->unit_count++];
        const char *norm = text->norms + token->norm;
        *unit = (struct us_unit){.token = i, .sentence = token->sentence, .id_count = 1};
        unit->joined = joined && lattice->unit_count > 1 && unit[-1].sentence == unit->sentence;
        joined = token->kind != US_TOKEN_OPAQUE;
        if (token->kind == US_TOKEN_WORD) {
            unit->id_count = (uint8_t)word_ids(model, norm, token->norm_length, unit->ids,
                                               US_UNIT_WORDS);
        } else {
            unit->closed = token->kind == US_TOKEN_OPAQUE;
            unit->ids[0] = token->kind == US_TOKEN_NUMBER
                               ? number_id(model, norm, token->norm_length)
                               : US_NGRAM_UNKNOWN;
        }
    }
    return US_OK;
}

/* ---- edges -------------------------------------------------------------------------------- */

static int push_edge(struct us_lattice *lattice, struct us_edge edge, struct us_error *err)
{
    if (lattice->edge_count == lattice->edge_room) {
        uint32_t room = lattice->edge_room ? lattice->edge_room * 2 : 256;
        struct us_edge *edges = realloc(lattice->edges, room * sizeof *edges);
        if (!edges)
            return us_fail(err, US_ENOMEM, "out of memory reading the text");
        lattice->edges = edges;
        lattice->edge_room = room;
    }
    lattice->edges[lattice->edge_count++] = edge;
    return US_OK;
}

/* A name's row fits only text in its own letter case. */
static bool name_fits(const struct us_lattice *lattice, const struct us_lexicon *lexicon,
                      const struct us_row *row, uint32_t from)
{
    const char *name = us_lexicon_string(lexicon, row->spun);
    const struct us_token *token = &lattice->text->tokens[lattice->units[from].token];
    bool capital = (name[0] >= 'A' && name[0] <= 'Z') || (unsigned char)name[0] >= 0x80;
    return !capital || (token->flags & (US_TOKEN_CAPITAL | US_TOKEN_UPPER));
}

/* Fill an edge's ids with those of its row's original; false if that is too long. */
static bool original_ids(struct us_lattice *lattice, const struct us_ngram *model,
                         const struct us_lexicon *lexicon, struct us_edge *edge)
{
    uint32_t phrase = edge->row->original;
    struct us_original *known =
        &lattice->originals[(phrase * 2 + edge->possessive) * 0x9e3779b1u >> (32 - ORIGINAL_BITS)];
    if (known->phrase != phrase || known->possessive != edge->possessive) {
        char lower[256];
        const char *original = us_lexicon_string(lexicon, phrase);
        size_t length = strlen(original);
        if (length + 3 > sizeof lower)
            return false;
        for (size_t i = 0; i < length; i++)
            lower[i] = original[i] >= 'A' && original[i] <= 'Z' ? (char)(original[i] + 32)
                                                                : original[i];
        if (edge->possessive) {
            memcpy(lower + length, "'s", 2);
            length += 2;
        }
        known->phrase = phrase;
        known->possessive = edge->possessive;
        known->id_count = (uint8_t)us_phrase_ids(model, lower, length, known->ids, US_EDGE_WORDS);
    }
    edge->id_count = known->id_count;
    memcpy(edge->ids, known->ids, sizeof edge->ids);
    return true;
}

static int add_rows(struct us_lattice *lattice, const struct us_ngram *model,
                    const struct us_lexicon *lexicon, uint32_t from, uint32_t to,
                    const struct us_row *rows, uint32_t count, bool possessive,
                    struct us_error *err)
{
    if (count > EDGES_AT)
        count = EDGES_AT;
    for (uint32_t i = 0; i < count; i++) {
        const struct us_row *row = &rows[i];
        if ((row->flags & US_ROW_NAME) && !name_fits(lattice, lexicon, row, from))
            continue;
        struct us_edge edge = {.from = from, .to = to, .row = row, .possessive = possessive};
        if (!original_ids(lattice, model, lexicon, &edge))
            continue;
        int rc = push_edge(lattice, edge, err);
        if (rc != US_OK)
            return rc;
    }
    return US_OK;
}

/* Words that English does not double ("that that" and "had had" it does). */
static bool doubles_wrongly(const char *word)
{
    static const char *const words[] = {"the", "a", "an", "of", "to", "in", "for", "and", "our",
                                        "their", "your", "my", "its", "his", "with", "at", "by",
                                        "from", "be", "are", "or", "we"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

bool us_in_braces(const struct us_lattice *lattice, const struct us_edge *edge)
{
    const struct us_text *text = lattice->text;
    uint32_t first = lattice->units[edge->from].token, last = lattice->units[edge->to - 1].token;
    size_t start = text->tokens[first].start, end = text->tokens[last].end;
    return start > 0 && end < text->length && text->bytes[start - 1] == '{' &&
           text->bytes[end] == '}' && (start < 2 || text->bytes[start - 2] != '{');
}

/* A number of which the part before or behind the point is a word: 102.five, seven.1. */
static bool is_mixed_decimal(const struct us_lattice *lattice, uint32_t unit)
{
    const struct us_text *text = lattice->text;
    if (unit + 1 >= lattice->unit_count)
        return false;
    uint32_t first = lattice->units[unit].token, last = lattice->units[unit + 1].token;
    if (last != first + 2)
        return false;
    const struct us_token *one = &text->tokens[first], *point = one + 1, *two = one + 2;
    if (point->start != one->end || two->start != point->end ||
        text->bytes[point->start] != '.' || point->end != point->start + 1)
        return false;
    bool one_is_word = us_small_number(text->norms + one->norm) >= 0;
    bool two_is_word = us_small_number(text->norms + two->norm) >= 0;
    return (one_is_word && two->kind == US_TOKEN_NUMBER) ||
           (two_is_word && one->kind == US_TOKEN_NUMBER);
}

/* Edges of what bots leave behind: braces, mixed decimals, doubled words. */
static int add_artefacts(struct us_lattice *lattice, uint32_t from, struct us_error *err)
{
    const struct us_text *text = lattice->text;
    const struct us_unit *unit = &lattice->units[from];
    const struct us_token *one = &text->tokens[unit->token];
    struct us_edge edge = {.from = from, .to = from + 1, .id_count = unit->id_count};
    memcpy(edge.ids, unit->ids, sizeof unit->ids);
    edge.origin = US_EDGE_BRACED;
    if (one->kind == US_TOKEN_WORD && us_in_braces(lattice, &edge)) {
        int rc = push_edge(lattice, edge, err);
        if (rc != US_OK)
            return rc;
    }
    edge.to = from + 2;
    edge.origin = US_EDGE_DECIMAL;
    if (is_mixed_decimal(lattice, from)) {
        int rc = push_edge(lattice, edge, err);
        if (rc != US_OK)
            return rc;
    }
    if (from + 1 >= lattice->unit_count || !unit[1].joined || unit[1].token != unit->token + 1)
        return US_OK;
    const struct us_token *two = &text->tokens[unit[1].token];
    edge.origin = US_EDGE_DOUBLED;
    if (one->norm_length == two->norm_length &&
        strcmp(text->norms + one->norm, text->norms + two->norm) == 0 &&
        doubles_wrongly(text->norms + one->norm))
        return push_edge(lattice, edge, err);
    return US_OK;
}

static int add_edges(struct us_lattice *lattice, size_t first, size_t end,
                     const struct us_ngram *model, const struct us_lexicon *lexicon,
                     struct us_error *err)
{
    const struct us_text *text = lattice->text;
    for (uint32_t from = 0; from < lattice->unit_count; from++) {
        size_t start = text->tokens[lattice->units[from].token].start;
        if (lattice->units[from].closed || start < first || start >= end)
            continue;
        uint64_t state = 0;
        for (uint32_t at = from; at < lattice->unit_count && at - from < US_LEXICON_WORDS; at++) {
            const struct us_unit *unit = &lattice->units[at];
            if (unit->closed || (at > from && !unit->joined))
                break;
            const struct us_token *token = &text->tokens[unit->token];
            const char *norm = text->norms + token->norm;
            const struct us_row *rows;
            uint32_t count;
            int rc;
            if (token->norm_length > 2 && memcmp(norm + token->norm_length - 2, "'s", 2) == 0) {
                uint64_t bare = state;
                us_lexicon_step(lexicon, &bare, norm, token->norm_length - 2u, &rows, &count);
                rc = add_rows(lattice, model, lexicon, from, at + 1, rows, count, true, err);
                if (rc != US_OK)
                    return rc;
            }
            int goes_on =
                us_lexicon_step(lexicon, &state, norm, token->norm_length, &rows, &count);
            if (!goes_on)
                break;
            rc = add_rows(lattice, model, lexicon, from, at + 1, rows, count, false, err);
            if (rc != US_OK)
                return rc;
        }
        int rc = add_artefacts(lattice, from, err);
        if (rc != US_OK)
            return rc;
    }
    return US_OK;
}

int us_lattice_open(struct us_lattice *out, const struct us_text *text, size_t from, size_t to,
                    const struct us_ngram *model, const struct us_lexicon *lexicon,
                    struct us_error *err)
{
    *out = (struct us_lattice){.text = text};
    out->memo = malloc((1u << MEMO_BITS) * sizeof *out->memo);
    out->originals = calloc(1u << ORIGINAL_BITS, sizeof *out->originals); /* 0: no row's phrase */
    if (!out->memo || !out->originals) {
        us_lattice_close(out);
        return us_fail(err, US_ENOMEM, "out of memory reading the text");
    }
    struct us_memo blank = {.w2 = US_NGRAM_UNKNOWN, .w3 = US_NGRAM_UNKNOWN};
    us_ngram_pair(&blank.pair, model, blank.w2, blank.w3);
    for (uint32_t i = 0; i < 1u << MEMO_BITS; i++)
        out->memo[i] = blank;
    int rc = add_units(out, model, err);
    if (rc == US_OK)
        rc = add_edges(out, from, to, model, lexicon, err);
    if (rc != US_OK)
        us_lattice_close(out);
    return rc;
}

void us_lattice_close(struct us_lattice *lattice)
{
    free(lattice->units);
    free(lattice->edges);
    free(lattice->memo);
    free(lattice->originals);
    *lattice = (struct us_lattice){0};
}

/* ---- forward-backward --------------------------------------------------------------------- */

struct state {
    uint32_t w1, w2;      /* the last two words */
    float backoff;        /* of them as a history, log10 */
    float sum, best;      /* forward: natural log */
    float back_sum, back_best;
};

struct arc {
    uint32_t from, to; /* states */
    uint32_t edge;     /* or NO_EDGE for the identity */
    float score;
};

#define NO_EDGE UINT32_MAX

/* One sentence at a time. Node k holds the states before unit first + k. */
struct solver {
    const struct us_ngram *model;
    struct us_memo *memo;
    float scale;
    struct state *states;
    uint32_t state_count, state_room;
    struct arc *arcs;
    uint32_t arc_count, arc_room;
    struct state *waiting; /* [(US_LEXICON_WORDS + 1) * WAITING] states of the nodes to come */
    uint32_t waiting_count[US_LEXICON_WORDS + 1];
    uint32_t *nodes;       /* first state of each node; [unit count + 2] */
    struct pending { uint32_t from, edge, slot, node; float score; } *pending;
    uint32_t pending_count, pending_room;
};

static float log_add(float a, float b)
{
    if (a < b) {
        float swap = a;
        a = b;
        b = swap;
    }
    return b > a - 17 ? a + log1pf(expf(b - a)) : a; /* less does not show in a float */
}

/* The same few pairs are asked for again and again, by every state and in both solutions. */
static const struct us_ngram_pair *pair_of(const struct solver *solver, uint32_t w2, uint32_t w3)
{
    uint32_t hash = (w2 * 0x9e3779b1u ^ w3) * 0x85ebca6bu;
    struct us_memo *memo = &solver->memo[hash >> (32 - MEMO_BITS)];
    if (memo->w2 != w2 || memo->w3 != w3) {
        memo->w2 = w2;
        memo->w3 = w3;
        us_ngram_pair(&memo->pair, solver->model, w2, w3);
    }
    return &memo->pair;
}

/* Add words to the history w1 w2 with its back-off; returns their weight. */
static float words_score(const struct solver *solver, uint32_t *w1, uint32_t *w2, float *backoff,
                         const uint32_t *ids, uint32_t count)
{
    float sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct us_ngram_pair *pair = pair_of(solver, *w2, ids[i]);
        sum += us_ngram_pair_after(solver->model, pair, *w1, *backoff);
        *backoff = pair->backoff;
        *w1 = *w2;
        *w2 = ids[i];
    }
    return sum * LN10 * solver->scale;
}

enum { WAITING = 600 }; /* states that may wait for a node before pruning */

/* The state of a node to come that ends in (w1, w2); NO_EDGE if too many wait there already. */
static uint32_t wait_for(struct solver *solver, uint32_t node, uint32_t w1, uint32_t w2,
                         float backoff)
{
    uint32_t ring = node % (US_LEXICON_WORDS + 1);
    struct state *states = solver->waiting + (size_t)ring * WAITING;
    uint32_t count = solver->waiting_count[ring];
    for (uint32_t i = 0; i < count; i++)
        if (states[i].w1 == w1 && states[i].w2 == w2)
            return i;
    if (count == WAITING)
        return NO_EDGE;
    states[count] =
        (struct state){w1, w2, backoff, -INFINITY, -INFINITY, -INFINITY, -INFINITY};
    solver->waiting_count[ring]++;
    return count;
}

static bool grow(void **items, uint32_t *room, uint32_t need, size_t size)
{
    if (need <= *room)
        return true;
    uint32_t more = *room ? *room : 1024;
    while (more < need)
        more *= 2;
    void *grown = realloc(*items, more * size);
    if (!grown)
        return false;
    *items = grown;
    *room = more;
    return true;
}

static bool send(struct solver *solver, uint32_t from, uint32_t node, uint32_t edge,
                 const uint32_t *ids, uint32_t id_count, float prior)
{
    const struct state *state = &solver->states[from];
    uint32_t w1 = state->w1, w2 = state->w2;
    float backoff = state->backoff;
    float score = words_score(solver, &w1, &w2, &backoff, ids, id_count) + prior;
    uint32_t slot = wait_for(solver, node, w1, w2, backoff);
    if (slot == NO_EDGE)
        return true;
    struct state *to =
        &solver->waiting[(size_t)(node % (US_LEXICON_WORDS + 1)) * WAITING + slot];
    to->sum = log_add(to->sum, state->sum + score);
    if (state->best + score > to->best)
        to->best = state->best + score;
    if (!grow((void **)&solver->pending, &solver->pending_room, solver->pending_count + 1,
              sizeof *solver->pending))
        return false;
    solver->pending[solver->pending_count++] =
        (struct pending){from, edge, slot, node, score};
    return true;
}

/* Move the states that wait for `node` into place, the best BEAM of them, with their arcs. */
static bool settle(struct solver *solver, uint32_t node)
{
    uint32_t ring = node % (US_LEXICON_WORDS + 1);
    struct state *waiting = solver->waiting + (size_t)ring * WAITING;
    uint32_t count = solver->waiting_count[ring];
    uint32_t kept[WAITING];
    float top[BEAM]; /* the best sums so far, falling */
    uint32_t top_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        float sum = waiting[i].sum;
        if (top_count == BEAM && sum <= top[BEAM - 1])
            continue;
        uint32_t k = top_count < BEAM ? top_count++ : BEAM - 1;
        for (; k > 0 && top[k - 1] < sum; k--)
            top[k] = top[k - 1];
        top[k] = sum;
    }
    float least = top_count ? fmaxf(top[top_count - 1], top[0] - BEAM_WIDTH) : 0;
    if (!grow((void **)&solver->states, &solver->state_room, solver->state_count + count,
              sizeof *solver->states))
        return false;
    solver->nodes[node] = solver->state_count;
    for (uint32_t i = 0; i < count; i++) {
        kept[i] = NO_EDGE;
        if (waiting[i].sum >= least) {
            kept[i] = solver->state_count;
            solver->states[solver->state_count++] = waiting[i];
        }
    }
    solver->nodes[node + 1] = solver->state_count;
    solver->waiting_count[ring] = 0;

    uint32_t left = 0;
    for (uint32_t i = 0; i < solver->pending_count; i++) {
        struct pending p = solver->pending[i];
        if (p.node != node) {
            solver->pending[left++] = p;
            continue;
        }
        if (kept[p.slot] == NO_EDGE)
            continue;
        if (!grow((void **)&solver->arcs, &solver->arc_room, solver->arc_count + 1,
                  sizeof *solver->arcs))
            return false;
        solver->arcs[solver->arc_count++] = (struct arc){p.from, kept[p.slot], p.edge, p.score};
    }
    solver->pending_count = left;
    return true;
}

static bool leave_alone(struct us_lattice *lattice, uint32_t edge, uint32_t edge_end)
{
    for (; edge < edge_end; edge++) {
        lattice->edges[edge].posterior = 0;
        lattice->edges[edge].gain = -20;
    }
    return true;
}

/* Forward-backward over the units [first, last), one sentence; edges [edge, edge_end) are its. */
static bool solve_sentence(struct solver *solver, struct us_lattice *lattice, uint32_t first,
                           uint32_t last, uint32_t edge, uint32_t edge_end, float *identity_best)
{
    uint32_t length = last - first, edge_start = edge;
    solver->state_count = solver->arc_count = solver->pending_count = 0;
    memset(solver->waiting_count, 0, sizeof solver->waiting_count);
    if (!grow((void **)&solver->states, &solver->state_room, 1, sizeof *solver->states))
        return false;
    solver->states[solver->state_count++] =
        (struct state){.w1 = US_NGRAM_UNKNOWN, .w2 = us_ngram_begin(solver->model),
                       .back_sum = -INFINITY, .back_best = -INFINITY};
    solver->nodes[0] = 0;
    solver->nodes[1] = 1;
    for (uint32_t node = 0; node < length; node++) {
        if (node > 0 && !settle(solver, node))
            return false;
        const struct us_unit *unit = &lattice->units[first + node];
        uint32_t edges_from = edge;
        while (edge < edge_end && lattice->edges[edge].from == first + node)
            edge++;
        for (uint32_t s = solver->nodes[node]; s < solver->nodes[node + 1]; s++) {
            if (!send(solver, s, node + 1, NO_EDGE, unit->ids, unit->id_count, 0))
                return false;
            for (uint32_t e = edges_from; e < edge; e++) {
                const struct us_edge *candidate = &lattice->edges[e];
                if (!send(solver, s, candidate->to - first, e, candidate->ids,
                          candidate->id_count, candidate->prior))
                    return false;
            }
        }
    }
    if (!settle(solver, length))
        return false;

    float total = -INFINITY;
    uint32_t end = us_ngram_end(solver->model);
    for (uint32_t s = solver->nodes[length]; s < solver->state_count; s++) {
        struct state *state = &solver->states[s];
        uint32_t w1 = state->w1, w2 = state->w2;
        float backoff = state->backoff;
        float score = words_score(solver, &w1, &w2, &backoff, &end, 1);
        state->back_sum = state->back_best = score;
        total = log_add(total, state->sum + score);
    }
    for (uint32_t e = edge_start; e < edge_end; e++) {
        lattice->edges[e].posterior = 0;
        lattice->edges[e].gain = -INFINITY; /* the best path through it, until subtracted below */
    }
    if (total == -INFINITY) /* too many readings crowded the text itself out: leave it alone */
        return leave_alone(lattice, edge_start, edge_end);
    for (uint32_t i = 0; i < length; i++)
        identity_best[i] = -INFINITY;
    for (uint32_t a = solver->arc_count; a-- > 0;) {
        const struct arc *arc = &solver->arcs[a];
        struct state *from = &solver->states[arc->from];
        const struct state *to = &solver->states[arc->to];
        from->back_sum = log_add(from->back_sum, arc->score + to->back_sum);
        if (arc->score + to->back_best > from->back_best)
            from->back_best = arc->score + to->back_best;
        float best = from->best + arc->score + to->back_best;
        if (arc->edge != NO_EDGE) {
            struct us_edge *candidate = &lattice->edges[arc->edge];
            candidate->posterior += expf(from->sum + arc->score + to->back_sum - total);
            if (best > candidate->gain)
                candidate->gain = best;
        } else {
            uint32_t low = 0, high = length; /* the node that the arc begins at */
            while (low + 1 < high) {
                uint32_t middle = (low + high) / 2;
                if (solver->nodes[middle] <= arc->from)
                    low = middle;
                else
                    high = middle;
            }
            if (best > identity_best[low])
                identity_best[low] = best;
        }
    }
    for (uint32_t e = edge_start; e < edge_end; e++) {
        struct us_edge *candidate = &lattice->edges[e];
        /* the best path that leaves the span alone is no better than the worst of its units' */
        float alone = INFINITY;
        for (uint32_t i = candidate->from; i < candidate->to; i++)
            if (identity_best[i - first] < alone)
                alone = identity_best[i - first];
        if (alone == -INFINITY)
            alone = candidate->gain - 20;
        candidate->gain = candidate->gain == -INFINITY ? -20.0f
                                                       : candidate->gain - candidate->prior - alone;
        if (candidate->posterior > 1)
            candidate->posterior = 1;
    }
    return true;
}

double us_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int us_lattice_solve(struct us_lattice *lattice, const struct us_ngram *model, float scale,
                     double deadline, uint32_t *cut, struct us_error *err)
{
    struct solver solver = {.model = model, .memo = lattice->memo, .scale = scale};
    float *identity_best = malloc((lattice->unit_count + 1) * sizeof *identity_best);
    solver.nodes = malloc((lattice->unit_count + 2) * sizeof *solver.nodes);
    solver.waiting = malloc((size_t)(US_LEXICON_WORDS + 1) * WAITING * sizeof *solver.waiting);
    bool ok = identity_best && solver.nodes && solver.waiting;
    bool late = false;
    uint32_t edge = 0;
    if (cut)
        *cut = lattice->unit_count;
    for (uint32_t first = 0, last; ok && first < lattice->unit_count; first = last) {
        last = first + 1;
        while (last < lattice->unit_count &&
               lattice->units[last].sentence == lattice->units[first].sentence)
            last++;
        uint32_t edge_end = edge;
        while (edge_end < lattice->edge_count && lattice->edges[edge_end].from < last)
            edge_end++;
        if (!late && deadline > 0 && us_now() > deadline) {
            late = true;
            if (cut)
                *cut = first;
        }
        if (late)
            leave_alone(lattice, edge, edge_end);
        else if (edge_end > edge)
            ok = solve_sentence(&solver, lattice, first, last, edge, edge_end, identity_best);
        edge = edge_end;
    }
    free(identity_best);
    free(solver.states);
    free(solver.arcs);
    free(solver.pending);
    free(solver.nodes);
    free(solver.waiting);
    return ok ? US_OK : us_fail(err, US_ENOMEM, "out of memory restoring the text");
}
