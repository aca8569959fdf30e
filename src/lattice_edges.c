#include "lattice_impl.h"

#include "room.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { EDGES_AT = 48 }; /* edges kept that begin at one unit */

/* ---- units -------------------------------------------------------------------------------- */

int us_lattice_add_units(struct us_lattice *lattice, struct us_error *err)
{
    const struct us_ngram *model = lattice->model;
    const struct us_text *text = lattice->text;
    lattice->unit_count = lattice->edge_count = 0;
    if (text->count > lattice->unit_room) {
        free(lattice->units);
        lattice->units = malloc(text->count * sizeof *lattice->units);
        us_room_expect(lattice->units, text->count * sizeof *lattice->units);
        lattice->unit_room = lattice->units ? text->count : 0;
        if (!lattice->units)
            return us_fail(err, US_ENOMEM, "out of memory reading the text");
    }
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
            unit->id_count = (uint8_t)us_word_ids(model, norm, token->norm_length, unit->ids,
                                                  US_UNIT_WORDS);
        } else {
            unit->closed = token->kind == US_TOKEN_OPAQUE;
            unit->ids[0] = token->kind == US_TOKEN_NUMBER
                               ? us_number_id(model, norm, token->norm_length)
                               : US_NGRAM_UNKNOWN;
        }
    }
    return US_OK;
}

uint32_t us_lattice_sentence_end(const struct us_lattice *lattice, uint32_t unit)
{
    uint32_t sentence = lattice->units[unit].sentence;
    while (unit < lattice->unit_count && lattice->units[unit].sentence == sentence)
        unit++;
    return unit;
}

/* ---- edges -------------------------------------------------------------------------------- */

static int push_edge(struct us_lattice *lattice, struct us_edge edge, struct us_error *err)
{
    if (lattice->edge_count == lattice->edge_most)
        return US_ELIMIT;
    if (lattice->edge_count == lattice->edge_room) {
        uint32_t least = lattice->unit_count > 256 ? lattice->unit_count : 256;
        uint32_t room = lattice->edge_room ? lattice->edge_room * 2 : least;
        room = room > lattice->edge_most ? lattice->edge_most : room;
        struct us_edge *edges = realloc(lattice->edges, room * sizeof *edges);
        if (!edges)
            return us_fail(err, US_ENOMEM, "out of memory reading the text");
        us_room_expect(edges, room * sizeof *edges);
        lattice->edges = edges;
        lattice->edge_room = room;
    }
    lattice->edges[lattice->edge_count++] = edge;
    return US_OK;
}

static bool begins_capital(const char *word)
{
    return (word[0] >= 'A' && word[0] <= 'Z') || (unsigned char)word[0] >= 0x80;
}

/* A name's row fits only text with its capitals. Units part words as the lexicon's keys do, but
 * where an apostrophe is: such a name is told by its first word. */
static bool name_fits(const struct us_lattice *lattice, const struct us_row *row, uint32_t from,
                      uint32_t to)
{
    const char *word = us_lexicon_string(lattice->lexicon, row->spun);
    bool whole = strchr(word, '\'') == NULL;
    for (uint32_t unit = from; unit < to; unit++) {
        const struct us_token *token = us_unit_token(lattice, unit);
        if (begins_capital(word) && !(token->flags & (US_TOKEN_CAPITAL | US_TOKEN_UPPER)))
            return false;
        word += strcspn(word, " -");
        if (!whole || !*word)
            break;
        word++;
    }
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool joins_figures(char c)
{
    return c == '-' || c == '/' || c == ':';
}

/* Is a number part of a longer figure, such as 4-4-2, 24/7, 9:30? */
static bool in_figure(const struct us_text *text, const struct us_token *token)
{
    const char *bytes = text->bytes;
    size_t start = token->start, end = token->end;
    return token->kind == US_TOKEN_NUMBER &&
           ((start >= 2 && joins_figures(bytes[start - 1]) && is_digit(bytes[start - 2])) ||
            (end + 2 <= text->length && joins_figures(bytes[end]) && is_digit(bytes[end + 1])));
}

/* What bots leave alone, whatever the lexicon says of the word. */
static bool is_left_alone(const struct us_lattice *lattice, uint32_t from, uint32_t to)
{
    const struct us_token *token = us_unit_token(lattice, from);
    bool acronym = to - from == 1 && (token->flags & US_TOKEN_UPPER) &&
                   !(token->flags & US_TOKEN_TITLE) && token->end - token->start <= 5;
    return acronym || in_figure(lattice->text, token);
}

static int add_rows(struct us_lattice *lattice, uint32_t from, uint32_t to,
                    const struct us_row *rows, uint32_t count, bool possessive,
                    struct us_error *err)
{
    if (count > EDGES_AT)
        count = EDGES_AT;
    bool left_alone = is_left_alone(lattice, from, to);
    for (uint32_t i = 0; i < count; i++) {
        const struct us_row *row = &rows[i];
        if (row->flags & US_ROW_NAME ? !name_fits(lattice, row, from, to) : left_alone)
            continue;
        int rc = push_edge(lattice,
                           (struct us_edge){.from = from, .to = to, .row = row,
                                            .possessive = possessive},
                           err);
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

/* Braces right behind a name or a sign are markup, not a spinner's: \emph{word}, ${word}, {{word}}. */
static bool opens_spinner_braces(const char *bytes, size_t at)
{
    if (bytes[at] != '{')
        return false;
    unsigned char before = at ? (unsigned char)bytes[at - 1] : ' ';
    return !isalnum(before) && !strchr("$#%@\\{}])=_^~", before);
}

bool us_in_braces(const struct us_lattice *lattice, const struct us_edge *edge)
{
    const struct us_text *text = lattice->text;
    uint32_t first = lattice->units[edge->from].token, last = lattice->units[edge->to - 1].token;
    size_t start = text->tokens[first].start, end = text->tokens[last].end;
    return start > 0 && end < text->length && opens_spinner_braces(text->bytes, start - 1) &&
           text->bytes[end] == '}';
}

/* A number of which the part before or behind the point is a word: 102.five, seven.1. */
static bool is_mixed_decimal(const struct us_lattice *lattice, uint32_t unit)
{
    const struct us_text *text = lattice->text;
    if (unit + 1 >= lattice->unit_count ||
        lattice->units[unit].sentence != lattice->units[unit + 1].sentence)
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
    struct us_edge edge = {.from = from, .to = from + 1, .id_count = unit->id_count,
                           .ids = unit->ids};
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

int us_lattice_add_ids(struct us_lattice *lattice, uint32_t first, struct us_error *err)
{
    uint32_t kept = first;
    for (uint32_t e = first; e < lattice->edge_count; e++) {
        struct us_edge *edge = &lattice->edges[e];
        int rc = edge->row ? us_phrases_ids(&edge->ids, &edge->id_count, lattice->phrases, edge->row,
                                            edge->possessive, err)
                           : US_OK;
        if (rc != US_OK)
            return rc;
        if (!edge->row || edge->id_count)
            lattice->edges[kept++] = *edge;
    }
    lattice->edge_count = kept;
    return US_OK;
}

/* Tell the lexicon what it will be asked for, some units ahead. */
static void announce(const struct us_lattice *lattice, uint32_t unit)
{
    enum { ENTRY = 8, ROWS = 4 };
    for (int rows = 0; rows < 2; rows++) {
        uint32_t ahead = unit + (rows ? ROWS : ENTRY);
        if (ahead >= lattice->unit_count)
            continue;
        const struct us_token *token = us_unit_token(lattice, ahead);
        us_lexicon_announce(lattice->lexicon, lattice->text->norms + token->norm,
                            token->norm_length, rows);
    }
}

int us_lattice_add_edges(struct us_lattice *lattice, uint32_t first, uint32_t last,
                     struct us_error *err)
{
    const struct us_text *text = lattice->text;
    const struct us_lexicon *lexicon = lattice->lexicon;
    for (uint32_t from = first; from < last; from++) {
        announce(lattice, from);
        size_t start = us_unit_token(lattice, from)->start;
        if (lattice->units[from].closed || start < lattice->from || start >= lattice->to)
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
                rc = add_rows(lattice, from, at + 1, rows, count, true, err);
                if (rc != US_OK)
                    return rc;
            }
            int goes_on =
                us_lexicon_step(lexicon, &state, norm, token->norm_length, &rows, &count);
            if (!goes_on)
                break;
            rc = add_rows(lattice, from, at + 1, rows, count, false, err);
            if (rc != US_OK)
                return rc;
        }
        int rc = add_artefacts(lattice, from, err);
        if (rc != US_OK)
            return rc;
    }
    return US_OK;
}
