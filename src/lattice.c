#include "lattice_impl.h"

#include "odds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BEAM = 12,          /* states kept at a node */
    MEMO_BITS = 10,     /* pairs remembered, logarithm */
    UNITS_KEPT = 1 << 13, /* room for so many is kept for the next text */
    EDGES_KEPT = 1 << 13,
};
static const float BEAM_WIDTH = 10.0f; /* natural log below the best state of a node */

/* ---- what it is solved with --------------------------------------------------------------- */

/* Logarithms of a node's states and of the arcs to it count from the best path to the node, so that
 * they stay small in long sentences, and weights need no logarithm. */
struct state {
    struct us_ngram_state words;
    float best, weight;           /* forward: log of the best path; sum of all */
    float back_best, back_weight; /* likewise to the end */
};

struct arc {
    uint32_t from, to; /* states */
    uint32_t edge;     /* or NO_EDGE for the identity */
    float score, weight;
};

#define NO_EDGE UINT32_MAX

enum {
    WAITING = 600,                /* states that may wait for a node before pruning */
    AHEAD = US_LEXICON_WORDS + 1, /* nodes that may be waited for at one time */
};

/* An arc to a node to come. */
struct pending {
    uint32_t from, edge, slot;
    double score; /* of its node's best path and its own */
};

/* What waits for a node to come. */
struct queue {
    uint64_t keys[WAITING]; /* the last two words of a state, to find it by */
    struct us_ngram_state states[WAITING];
    double best[WAITING];
    uint32_t count;
    struct pending *pending;
    uint32_t pending_count, pending_room;
};

/* Units of a sentence, [first, last), that are solved together, and their edges [edge, edge_end). */
struct stretch {
    uint32_t first, last, edge, edge_end;
    bool ends_sentence;
};

/* One stretch at a time. Node k holds the states before unit first + k. */
struct us_solver {
    const struct us_ngram *model;
    const struct us_limits *limits; /* or NULL */
    float scale;
    bool last_pair_tells; /* the model is of order 3 or less: the state after two words is theirs */
    struct us_ngram_pair memo[1u << MEMO_BITS];      /* pairs asked for before */
    struct state *states;
    uint32_t state_count, state_room;
    struct arc *arcs;
    uint32_t arc_count, arc_room;
    struct us_ngram_pair *pairs;       /* of one node's groups of states and ways on */
    uint32_t pair_room;
    float *identity_best;              /* best path through each unit as it stands */
    uint32_t identity_room, node_room;
    struct node {
        uint32_t first_state, first_arc; /* its own, and those to it */
        double best;                     /* log of the best path to it */
    } *nodes;                            /* [unit count + 2] */
    struct queue queues[AHEAD];          /* of node k: k % AHEAD */
};

/* ---- forward-backward --------------------------------------------------------------------- */

/* The pairs inside what edges propose are asked for again and again. */
static const struct us_ngram_pair *pair_of(struct us_solver *solver, uint32_t before,
                                           uint32_t word)
{
    uint32_t hash = (before * 0x9e3779b1u ^ word) * 0x85ebca6bu;
    struct us_ngram_pair *known = &solver->memo[hash >> (32 - MEMO_BITS)];
    if (known->before != before || known->word != word)
        us_ngram_pair(known, solver->model, before, word);
    return known;
}

/* The weight of words after a state. */
static float words_score(struct us_ngram_state *next, struct us_solver *solver,
                         const struct us_ngram_state *state, const uint32_t *ids, uint32_t count)
{
    float sum = 0;
    *next = *state;
    for (uint32_t i = 0; i < count; i++)
        sum += us_ngram_pair_after(next, solver->model, pair_of(solver, next->words[0], ids[i]),
                                   next);
    return sum * US_LN10 * solver->scale;
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

/* The place of a state that waits; NO_EDGE if too many wait already. */
static uint32_t wait_for(struct queue *queue, const struct us_ngram_state *state)
{
    uint64_t key = (uint64_t)state->words[1] << 32 | state->words[0];
    for (uint32_t i = 0; i < queue->count; i++)
        if (queue->keys[i] == key &&
            memcmp(queue->states[i].words, state->words, sizeof state->words) == 0)
            return i;
    if (queue->count == WAITING)
        return NO_EDGE;
    queue->keys[queue->count] = key;
    queue->states[queue->count] = *state;
    queue->best[queue->count] = -INFINITY;
    return queue->count++;
}

/* The states of a node that end in one word are a group: [group[g], group[g + 1]). */
struct groups {
    uint32_t starts[BEAM + WAITING + 1], count;
};

/* Send all states of a node along an edge, or along its unit as it stands. pairs: of the last words
 * of the groups, and the edge's first. */
static bool send(struct us_solver *solver, uint32_t from_node, const struct groups *groups,
                 const struct us_ngram_pair *pairs, uint32_t to_node, uint32_t edge,
                 const uint32_t *ids, uint32_t id_count, float prior)
{
    struct queue *queue = &solver->queues[to_node % AHEAD];
    const struct node *node = &solver->nodes[from_node];
    uint32_t states = node[1].first_state - node->first_state;
    if (!grow((void **)&queue->pending, &queue->pending_room, queue->pending_count + states,
              sizeof *queue->pending))
        return false;
    for (uint32_t g = 0; g < groups->count; g++) {
        struct us_ngram_state next;
        float rest = 0; /* of the words but the first */
        uint32_t slot = NO_EDGE;
        for (uint32_t s = groups->starts[g]; s < groups->starts[g + 1]; s++) {
            const struct state *state = &solver->states[s];
            bool told = solver->last_pair_tells && s > groups->starts[g];
            float score = us_ngram_pair_after(told ? NULL : &next, solver->model, &pairs[g],
                                              &state->words);
            if (!told) {
                if (id_count > 1)
                    rest = words_score(&next, solver, &next, ids + 1, id_count - 1);
                slot = wait_for(queue, &next);
            }
            if (slot == NO_EDGE)
                continue;
            double sum = node->best + (double)(score * US_LN10 * solver->scale + rest + prior);
            queue->pending[queue->pending_count++] = (struct pending){s, edge, slot, sum};
            if (sum + (double)state->best > queue->best[slot])
                queue->best[slot] = sum + (double)state->best;
        }
    }
    return true;
}

static bool is_out(const struct us_edge *edge)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): always an element of lattice->edges */
    return edge->prior == -INFINITY;
}

static void leave_alone(struct us_lattice *lattice, uint32_t edge, uint32_t edge_end)
{
    for (; edge < edge_end; edge++) {
        lattice->edges[edge].posterior = 0;
        lattice->edges[edge].gain = -20;
    }
}

/* Send a node's states along its unit and its edges [edge, edge_end). What the language model will
 * be asked is announced some time before, so that memory is not waited for. */
static bool send_all(struct us_solver *solver, const struct us_lattice *lattice, uint32_t first,
                     uint32_t number, uint32_t edge, uint32_t edge_end)
{
    const struct us_unit *unit = &lattice->units[first + number];
    const struct node *node = &solver->nodes[number];
    struct groups groups;
    groups.count = 0;
    for (uint32_t s = node->first_state; s < node[1].first_state; s++)
        if (s == node->first_state ||
            solver->states[s].words.words[0] != solver->states[s - 1].words.words[0])
            groups.starts[groups.count++] = s;
    groups.starts[groups.count] = node[1].first_state;

    uint32_t ways = edge_end - edge + 1; /* the unit's own is the first */
    if (!grow((void **)&solver->pairs, &solver->pair_room, ways * groups.count,
              sizeof *solver->pairs))
        return false;
    struct us_ngram_pair *pair = solver->pairs;
    for (uint32_t w = 0; w < ways; w++) {
        const struct us_edge *candidate = w ? &lattice->edges[edge + w - 1] : NULL;
        if (candidate && is_out(candidate))
            continue;
        for (uint32_t g = 0; g < groups.count; g++, pair++) {
            pair->before = solver->states[groups.starts[g]].words.words[0];
            pair->word = candidate ? candidate->ids[0] : unit->ids[0];
            us_ngram_announce_pair(solver->model, pair->before, pair->word);
        }
    }
    struct us_ngram_pair *end = pair;
    for (pair = solver->pairs; pair < end;)
        for (uint32_t g = 0; g < groups.count; g++, pair++) {
            us_ngram_pair(pair, solver->model, pair->before, pair->word);
            for (uint32_t s = groups.starts[g]; s < groups.starts[g + 1]; s++)
                us_ngram_announce_after(solver->model, pair, &solver->states[s].words);
        }
    pair = solver->pairs;
    if (!send(solver, number, &groups, pair, number + 1, NO_EDGE, unit->ids, unit->id_count, 0))
        return false;
    for (uint32_t e = edge; e < edge_end; e++) {
        const struct us_edge *candidate = &lattice->edges[e];
        if (is_out(candidate))
            continue;
        pair += groups.count;
        if (!send(solver, number, &groups, pair, candidate->to - first, e, candidate->ids,
                  candidate->id_count, candidate->prior))
            return false;
    }
    return true;
}

/* The least weight that is among the best BEAM, and not hopelessly behind the best. */
static float least_weight(const float *weights, uint32_t count)
{
    float top[BEAM] = {0}; /* the best so far, falling */
    uint32_t top_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (top_count == BEAM && weights[i] <= top[BEAM - 1])
            continue;
        uint32_t k = top_count < BEAM ? top_count++ : BEAM - 1;
        for (; k > 0 && top[k - 1] < weights[i]; k--)
            top[k] = top[k - 1];
        top[k] = weights[i];
    }
    return top_count ? fmaxf(top[top_count - 1], top[0] * expf(-BEAM_WIDTH)) : 0;
}

/* Move what waits for a node into place, the best BEAM states of it, with their arcs. States that
 * end in the same word come to lie side by side. */
static bool settle(struct us_solver *solver, uint32_t number)
{
    struct queue *queue = &solver->queues[number % AHEAD];
    struct node *node = &solver->nodes[number];
    uint32_t count = queue->count, places[WAITING];
    float weights[WAITING];
    node->best = -INFINITY;
    for (uint32_t i = 0; i < count; i++) {
        weights[i] = 0;
        if (queue->best[i] > node->best)
            node->best = queue->best[i];
    }
    if (!grow((void **)&solver->states, &solver->state_room, solver->state_count + BEAM + count,
              sizeof *solver->states) ||
        !grow((void **)&solver->arcs, &solver->arc_room,
              solver->arc_count + queue->pending_count + 1, sizeof *solver->arcs))
        return false;
    struct arc *arcs = solver->arcs + solver->arc_count;
    for (uint32_t i = 0; i < queue->pending_count; i++) {
        const struct pending *p = &queue->pending[i];
        float score = (float)(p->score - node->best);
        arcs[i] = (struct arc){p->from, p->slot, p->edge, score, expf(score)};
        weights[p->slot] += solver->states[p->from].weight * arcs[i].weight;
    }

    float least = least_weight(weights, count);
    uint32_t first = solver->state_count;
    for (uint32_t i = 0; i < count; i++) {
        if (weights[i] < least)
            continue;
        uint32_t place = solver->state_count++;
        for (; place > first &&
               solver->states[place - 1].words.words[0] > queue->states[i].words[0];
             place--)
            solver->states[place] = solver->states[place - 1];
        solver->states[place] =
            (struct state){.words = queue->states[i], .weight = weights[i],
                           .best = (float)(queue->best[i] - node->best),
                           .back_best = -INFINITY};
        places[i] = 0;
    }
    node->first_state = first;
    node[1].first_state = solver->state_count;
    for (uint32_t i = 0; i < count; i++) {
        if (weights[i] < least) {
            places[i] = NO_EDGE;
            continue;
        }
        for (places[i] = first; memcmp(solver->states[places[i]].words.words,
                                       queue->states[i].words,
                                       sizeof queue->states[i].words) != 0;)
            places[i]++;
    }
    node->first_arc = solver->arc_count;
    for (uint32_t i = 0; i < queue->pending_count; i++) {
        if (places[arcs[i].to] == NO_EDGE)
            continue;
        struct arc *arc = &solver->arcs[solver->arc_count++];
        *arc = arcs[i];
        arc->to = places[arc->to];
    }
    node[1].first_arc = solver->arc_count;
    queue->count = queue->pending_count = 0;
    return true;
}

/* The state before a unit: after the start of its sentence, or the words just before as they stand. */
static void state_before(struct us_ngram_state *out, struct us_solver *solver,
                         const struct us_lattice *lattice, uint32_t unit)
{
    uint32_t from = unit, before = us_ngram_order(solver->model) - 1;
    while (from > 0 && unit - from < before && lattice->units[from - 1].sentence ==
                                                    lattice->units[unit].sentence)
        from--;
    us_ngram_start(out, solver->model);
    for (; from < unit; from++)
        words_score(out, solver, out, lattice->units[from].ids, lattice->units[from].id_count);
}

static bool forward(struct us_solver *solver, const struct us_lattice *lattice,
                    const struct stretch *stretch)
{
    uint32_t edge = stretch->edge, length = stretch->last - stretch->first;
    solver->state_count = solver->arc_count = 0;
    for (uint32_t i = 0; i < AHEAD; i++)
        solver->queues[i].count = solver->queues[i].pending_count = 0;
    struct us_ngram_state start;
    state_before(&start, solver, lattice, stretch->first);
    wait_for(&solver->queues[0], &start);
    solver->queues[0].best[0] = 0;
    for (uint32_t node = 0; node < length; node++) {
        if (!settle(solver, node))
            return false;
        if (node == 0)
            solver->states[0].weight = 1;
        uint32_t next = edge;
        while (next < stretch->edge_end && lattice->edges[next].from == stretch->first + node)
            next++;
        if (!send_all(solver, lattice, stretch->first, node, edge, next))
            return false;
        edge = next;
    }
    return settle(solver, length);
}

/* From the ends of all paths; returns the weight of all paths. */
static float end_paths(struct us_solver *solver, uint32_t length, bool ends_sentence)
{
    float total = 0;
    uint32_t end = us_ngram_end(solver->model);
    for (uint32_t s = solver->nodes[length].first_state; s < solver->state_count; s++) {
        struct state *state = &solver->states[s];
        struct us_ngram_state next;
        state->back_best = ends_sentence ? words_score(&next, solver, &state->words, &end, 1) : 0;
        state->back_weight = expf(state->back_best);
        total += state->weight * state->back_weight;
    }
    return total;
}

/* Forward-backward over a stretch. */
static bool solve_stretch(struct us_solver *solver, struct us_lattice *lattice,
                          const struct stretch *stretch)
{
    uint32_t first = stretch->first, length = stretch->last - first;
    uint32_t edge = stretch->edge, edge_end = stretch->edge_end;
    float *identity_best = solver->identity_best;
    if (!forward(solver, lattice, stretch))
        return false;
    float total = end_paths(solver, length, stretch->ends_sentence);
    if (!(total > 0)) { /* too many readings crowded the text itself out: leave it alone */
        leave_alone(lattice, edge, edge_end);
        return true;
    }
    for (uint32_t e = edge; e < edge_end; e++) {
        lattice->edges[e].posterior = 0;
        lattice->edges[e].gain = -INFINITY; /* the best path through it, until subtracted below */
    }
    for (uint32_t node = length; node > 0; node--) {
        float *identity = &identity_best[node - 1];
        *identity = -INFINITY;
        for (uint32_t a = solver->nodes[node + 1].first_arc; a-- > solver->nodes[node].first_arc;) {
            const struct arc *arc = &solver->arcs[a];
            struct state *from = &solver->states[arc->from];
            const struct state *to = &solver->states[arc->to];
            float back_weight = arc->weight * to->back_weight;
            float back_best = arc->score + to->back_best, best = from->best + back_best;
            from->back_weight += back_weight;
            if (back_best > from->back_best)
                from->back_best = back_best;
            if (arc->edge != NO_EDGE) {
                struct us_edge *candidate = &lattice->edges[arc->edge];
                candidate->posterior += from->weight * back_weight / total;
                if (best > candidate->gain)
                    candidate->gain = best;
            } else if (best > *identity) {
                *identity = best;
            }
        }
    }
    for (uint32_t e = edge; e < edge_end; e++) {
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

/* The stretch that begins with the edge, before `end`. It runs on until so many units stand as they
 * are that nothing before can matter to what follows. */
static void find_stretch(struct stretch *out, const struct us_lattice *lattice, uint32_t edge,
                         uint32_t end)
{
    const uint32_t apart = us_ngram_order(lattice->model) - 1;
    uint32_t first = lattice->edges[edge].from, last = lattice->edges[edge].to, next = edge + 1;
    uint32_t sentence = lattice->units[first].sentence;
    for (; next < end && lattice->edges[next].from < last + apart &&
           lattice->units[lattice->edges[next].from].sentence == sentence;
         next++)
        if (!is_out(&lattice->edges[next]) && lattice->edges[next].to > last)
            last = lattice->edges[next].to;
    uint32_t stop = last + apart;
    while (last < stop && last < lattice->unit_count && lattice->units[last].sentence == sentence)
        last++;
    *out = (struct stretch){.first = first, .last = last, .edge = edge, .edge_end = next,
                            .ends_sentence = last < stop};
}

int us_go_on(const struct us_limits *limits, struct us_error *err)
{
    if (limits && limits->stop && limits->stop(limits->data))
        return us_fail(err, US_ELIMIT, "the check was interrupted");
    return US_OK;
}

/* Solve the stretches that the edges [edge, end) lie in. */
static int solve(struct us_solver *solver, struct us_lattice *lattice, uint32_t edge, uint32_t end,
                 struct us_error *err)
{
    while (edge < end) {
        if (is_out(&lattice->edges[edge])) {
            leave_alone(lattice, edge, edge + 1);
            edge++;
            continue;
        }
        int rc = us_go_on(solver->limits, err);
        if (rc != US_OK)
            return rc;
        struct stretch stretch;
        find_stretch(&stretch, lattice, edge, end);
        uint32_t length = stretch.last - stretch.first;
        if (!grow((void **)&solver->nodes, &solver->node_room, length + 2, sizeof *solver->nodes) ||
            !grow((void **)&solver->identity_best, &solver->identity_room, length,
                  sizeof *solver->identity_best) ||
            !solve_stretch(solver, lattice, &stretch))
            return us_no_memory(err);
        edge = stretch.edge_end;
    }
    return US_OK;
}

double us_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void solver_begin(struct us_solver *solver, float scale, const struct us_limits *limits)
{
    solver->scale = scale;
    solver->limits = limits;
}

/* What waits in a queue is written before it is read: its pages need not be touched here. */
static struct us_solver *solver_new(const struct us_ngram *model)
{
    struct us_solver *solver = calloc(1, sizeof *solver);
    if (!solver)
        return NULL;
    solver->model = model;
    solver->last_pair_tells = us_ngram_order(model) <= 3;
    us_ngram_pair(&solver->memo[0], model, US_NGRAM_UNKNOWN, US_NGRAM_UNKNOWN);
    for (uint32_t i = 1; i < 1u << MEMO_BITS; i++)
        solver->memo[i] = solver->memo[0];
    return solver;
}

/* Free what grows with a text's stretches. */
static void solver_rest(struct us_solver *solver)
{
    for (uint32_t i = 0; i < AHEAD; i++) {
        free(solver->queues[i].pending);
        solver->queues[i].pending = NULL;
        solver->queues[i].pending_room = 0;
    }
    free(solver->pairs);
    free(solver->states);
    free(solver->arcs);
    free(solver->nodes);
    free(solver->identity_best);
    solver->pairs = NULL;
    solver->states = NULL;
    solver->arcs = NULL;
    solver->nodes = NULL;
    solver->identity_best = NULL;
    solver->pair_room = solver->state_room = solver->arc_room = 0;
    solver->node_room = solver->identity_room = 0;
}

int us_lattice_search(struct us_lattice *lattice, const struct us_search *search, uint32_t *cut,
                      struct us_error *err)
{
    struct us_solver *solver = lattice->solver;
    const struct us_limits *limits = &search->limits;
    int rc = US_OK;
    solver_begin(solver, search->scale, limits);
    uint32_t first = 0;
    lattice->edge_count = 0;
    lattice->edge_most = limits->edges ? limits->edges : UINT32_MAX;
    for (uint32_t last; rc == US_OK && first < lattice->unit_count; first = last) {
        if (limits->deadline > 0 && us_now() > limits->deadline)
            break;
        last = us_lattice_sentence_end(lattice, first);
        uint32_t kept = lattice->edge_count, edge = kept;
        rc = us_lattice_add_edges(lattice, first, last, err);
        if (rc == US_ELIMIT) {
            lattice->edge_count = kept;
            rc = US_OK;
            break;
        }
        if (rc != US_OK)
            continue;
        if (search->sift && lattice->edge_count > edge)
            search->sift(search->sieve, lattice, edge);
        rc = us_lattice_add_ids(lattice, edge, err);
        for (uint32_t e = edge; search->prior && e < lattice->edge_count; e++)
            lattice->edges[e].prior = search->prior(&lattice->edges[e]);
        if (rc == US_OK)
            rc = solve(solver, lattice, edge, lattice->edge_count, err);
        for (uint32_t e = edge; search->keep && e < lattice->edge_count; e++)
            if (search->keep(&lattice->edges[e]))
                lattice->edges[kept++] = lattice->edges[e];
        if (search->keep)
            lattice->edge_count = kept;
    }
    if (cut)
        *cut = first;
    return rc;
}

int us_lattice_solve(struct us_lattice *lattice, float scale, const struct us_limits *limits,
                     struct us_error *err)
{
    solver_begin(lattice->solver, scale, limits);
    return solve(lattice->solver, lattice, 0, lattice->edge_count, err);
}

/* ---- opening ------------------------------------------------------------------------------ */

int us_lattice_open(struct us_lattice *out, const struct us_ngram *model,
                    const struct us_lexicon *lexicon, struct us_error *err)
{
    *out = (struct us_lattice){.model = model, .lexicon = lexicon, .solver = solver_new(model)};
    return out->solver ? us_phrases_open(&out->phrases, model, lexicon, err) : us_no_memory(err);
}

int us_lattice_read(struct us_lattice *lattice, const struct us_text *text, size_t from, size_t to,
                    struct us_error *err)
{
    lattice->text = text;
    lattice->from = from;
    lattice->to = to;
    return us_lattice_add_units(lattice, err);
}

void us_lattice_rest(struct us_lattice *lattice)
{
    lattice->text = NULL;
    lattice->unit_count = lattice->edge_count = 0;
    if (lattice->unit_room > UNITS_KEPT || lattice->edge_room > EDGES_KEPT) {
        free(lattice->units);
        free(lattice->edges);
        lattice->units = NULL;
        lattice->edges = NULL;
        lattice->unit_room = lattice->edge_room = 0;
        solver_rest(lattice->solver);
        us_phrases_forget(lattice->phrases);
    }
}

void us_lattice_close(struct us_lattice *lattice)
{
    if (lattice->solver)
        solver_rest(lattice->solver);
    us_phrases_close(lattice->phrases);
    free(lattice->solver);
    free(lattice->units);
    free(lattice->edges);
    *lattice = (struct us_lattice){0};
}
