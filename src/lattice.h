/*
 * lattice.h - every reading of a text that the lexicon allows, weighed by the language model.
 *
 * Units are what the language model sees: words and numbers of the text in order, without
 * punctuation. An edge spans units [from, to) of one sentence and proposes another reading for
 * them; the identity, each unit read as it stands, is implied.
 *
 *            ┌── agreement ──┐┌── to reduce ──┐
 *     an ────┴── settlement ─┴┴─ to ── cut ── back ─┐
 *                                └──── reduce ──────┘
 *
 * The weight of a path is exp(scale * ln P(words) + sum of its edges' priors). Forward-backward
 * over the states of the language model, pruned to a beam, gives each edge's posterior; the
 * same with max for sum gives its gain, the distance between the best path through it and the
 * best path that leaves its span alone. Where as many units as the model remembers have no reading but
 * their own, what is before and what is behind are solved apart.
 */
#ifndef UNSPIN_LATTICE_H
#define UNSPIN_LATTICE_H

#include "bytes.h"
#include "lexicon.h"
#include "ngram.h"
#include "phrases.h"
#include "text.h"

#define US_UNIT_WORDS 4 /* words a unit is to the language model, at most */

struct us_unit {
    uint32_t token;
    uint32_t sentence;
    uint32_t ids[US_UNIT_WORDS];
    uint8_t id_count;
    bool joined;  /* a phrase may run over from the unit before: nothing or a hyphen between */
    bool closed;  /* never restored: a number, a protected span */
};

enum us_edge_origin {
    US_EDGE_ROW,       /* a row of the lexicon */
    US_EDGE_DOUBLED,   /* a word twice: one of them */
    US_EDGE_BRACED,    /* {hardware}: without the braces; the span is the word alone */
    US_EDGE_DECIMAL,   /* 102.five, seven.1: in digits */
};

struct us_edge {
    uint32_t from, to;       /* units, half-open */
    const struct us_row *row; /* NULL unless origin is US_EDGE_ROW */
    const uint32_t *ids; /* [id_count] its words for the language model: the unit's, or remembered */
    uint8_t origin;
    bool possessive;         /* both sides carry 's at their end */
    bool no_context;         /* the caller's: the context model does not know both sides, ... */
    uint8_t id_count;
    float context;   /* ... and its gain; see evidence.h */
    float prior;     /* in: natural log of the odds of this swap before looking at the words;
                      * -INFINITY: out of the question, its posterior is 0 and its gain -20 */
    float posterior; /* out: 0 to 1 */
    float gain;      /* out: natural log, best path with it over best path without */
};

struct us_lattice {
    const struct us_text *text;
    const struct us_ngram *model;
    const struct us_lexicon *lexicon;
    size_t from, to;               /* bytes that a span may begin in */
    struct us_unit *units;
    uint32_t unit_count, unit_room;
    struct us_edge *edges;         /* sorted by from, then to */
    uint32_t edge_count, edge_room, edge_most;
    struct us_solver *solver;      /* memory to solve it in, and pairs asked for before */
    struct us_phrases *phrases;
};

/* Borrows model and lexicon. It has no text yet. */
int us_lattice_open(struct us_lattice *out, const struct us_ngram *model,
                    const struct us_lexicon *lexicon, struct us_error *err);
void us_lattice_close(struct us_lattice *lattice); /* safe on a zeroed struct */

/* Find the units of a text, which it borrows, instead of those of the text before; the memory is used
 * again. Edges will be found only where a span begins within the bytes [from, to). */
int us_lattice_read(struct us_lattice *lattice, const struct us_text *text, size_t from, size_t to,
                    struct us_error *err);

/* Let go of the text, and of the memory that only long texts take. */
void us_lattice_rest(struct us_lattice *lattice);

/* What may end a check before its end. */
struct us_limits {
    double deadline;          /* us_now(), past which sentences are left out; 0: none */
    uint32_t edges;           /* more than so many, and sentences are left out; 0: no bound */
    bool (*stop)(void *data); /* asked now and then: true, and all fails with US_ELIMIT; or NULL */
    void *data;
};

struct us_search {
    float scale;                             /* weighs the language model */
    /* Drop those of the edges from the one given to the last, all of one sentence, that are not worth
     * a look; they have no ids yet. NULL: none is dropped. */
    void (*sift)(void *sieve, struct us_lattice *, uint32_t edge);
    void *sieve;
    float (*prior)(const struct us_edge *);  /* of an edge; NULL: 0 */
    bool (*keep)(const struct us_edge *);    /* after the solution; NULL: all */
    struct us_limits limits;
};

/*
 * Find the edges, sentence by sentence, fill their posteriors and gains, and keep those that `keep`
 * says. *cut, which may be NULL, is the first unit that a limit left out, else unit_count.
 */
int us_lattice_search(struct us_lattice *lattice, const struct us_search *search, uint32_t *cut,
                      struct us_error *err);

/* Fill posterior and gain of the edges that there are, anew from their priors. */
int us_lattice_solve(struct us_lattice *lattice, float scale, const struct us_limits *limits,
                     struct us_error *err);

/* Fails with US_ELIMIT where the limits, which may be NULL, say stop. */
int us_go_on(const struct us_limits *limits, struct us_error *err);

double us_now(void); /* seconds on a clock that only goes forward */

/* Does the edge's span stand right between braces? Spinners leave some of their syntax behind. */
bool us_in_braces(const struct us_lattice *lattice, const struct us_edge *edge);

static inline const struct us_token *us_unit_token(const struct us_lattice *lattice, uint32_t unit)
{
    return &lattice->text->tokens[lattice->units[unit].token];
}

static inline const char *us_unit_norm(const struct us_lattice *lattice, uint32_t unit)
{
    return lattice->text->norms + us_unit_token(lattice, unit)->norm;
}

/* Start to fetch the row of an edge some way on: rows of an article lie far apart. */
static inline void us_announce_row(const struct us_lattice *lattice, uint32_t edge)
{
    enum { AHEAD = 8 };
    const struct us_row *row =
        edge + AHEAD < lattice->edge_count ? lattice->edges[edge + AHEAD].row : NULL;
    if (row) {
        us_announce(row);
        us_announce((const char *)(row + 1) - 1);
    }
}

#endif
