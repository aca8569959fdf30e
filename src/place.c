#include "place.h"

#include "surface.h"

#include <string.h>

/* The unit before or after an edge in its sentence, or UINT32_MAX. */
static uint32_t unit_before(const struct us_lattice *lattice, const struct us_edge *edge)
{
    return edge->from > 0 &&
                   lattice->units[edge->from - 1].sentence == lattice->units[edge->from].sentence
               ? edge->from - 1
               : UINT32_MAX;
}

static uint32_t unit_after(const struct us_lattice *lattice, const struct us_edge *edge)
{
    return edge->to < lattice->unit_count &&
                   lattice->units[edge->to].sentence == lattice->units[edge->from].sentence
               ? edge->to
               : UINT32_MAX;
}

/* Is word one of list's, which '|' separates? */
static bool is_listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (*list) {
        size_t item = strcspn(list, "|");
        if (item == length && memcmp(list, word, length) == 0)
            return true;
        list += item + (list[item] == '|');
    }
    return false;
}

static bool is_determiner(const char *norm)
{
    return is_listed("the|a|an|this|that|these|those|its|his|her|their|our|my|your|any|some|no|"
                     "each|every|another",
                     norm);
}

static bool comma_after(const struct us_lattice *lattice, const struct us_edge *edge)
{
    uint32_t next = lattice->units[edge->to - 1].token + 1;
    return next < lattice->text->count &&
           lattice->text->bytes[lattice->text->tokens[next].start] == ',';
}

int us_place_holds(const struct us_lattice *lattice, const struct us_lexicon *lexicon,
                   const struct us_edge *edge)
{
    uint32_t before = unit_before(lattice, edge), after = unit_after(lattice, edge);
    bool holds;
    switch ((enum us_place)edge->row->place) {
    case US_PLACE_BEFORE_WORDS:
        holds = after != UINT32_MAX && is_listed(us_lexicon_string(lexicon, edge->row->words),
                                                 us_unit_norm(lattice, after));
        break;
    case US_PLACE_AFTER_WORDS:
        holds = before != UINT32_MAX && is_listed(us_lexicon_string(lexicon, edge->row->words),
                                                  us_unit_norm(lattice, before));
        break;
    case US_PLACE_NOT_BEFORE_WORDS:
        holds = after == UINT32_MAX || !is_listed(us_lexicon_string(lexicon, edge->row->words),
                                                  us_unit_norm(lattice, after));
        break;
    case US_PLACE_NOT_AFTER_WORDS:
        holds = before == UINT32_MAX || !is_listed(us_lexicon_string(lexicon, edge->row->words),
                                                   us_unit_norm(lattice, before));
        break;
    case US_PLACE_BEFORE_NUMBER:
        holds = after != UINT32_MAX && us_unit_token(lattice, after)->kind == US_TOKEN_NUMBER;
        break;
    case US_PLACE_AFTER_NUMBER:
        holds = before != UINT32_MAX && us_unit_token(lattice, before)->kind == US_TOKEN_NUMBER;
        break;
    case US_PLACE_SENTENCE_START:
        holds = before == UINT32_MAX;
        break;
    case US_PLACE_MID_SENTENCE:
        holds = before != UINT32_MAX;
        break;
    case US_PLACE_BEFORE_COMMA:
        holds = comma_after(lattice, edge);
        break;
    case US_PLACE_NO_COMMA_AFTER:
        holds = !comma_after(lattice, edge);
        break;
    case US_PLACE_AFTER_DETERMINER:
        holds = before != UINT32_MAX && is_determiner(us_unit_norm(lattice, before));
        break;
    case US_PLACE_NO_DETERMINER_BEFORE:
        holds = before == UINT32_MAX || !is_determiner(us_unit_norm(lattice, before));
        break;
    default:
        return 0;
    }
    return holds ? 1 : -1;
}

int us_place_determiner(const struct us_lattice *lattice, const struct us_lexicon *lexicon,
                        const struct us_edge *edge)
{
    uint32_t before = unit_before(lattice, edge);
    if (before == UINT32_MAX || !edge->row)
        return 0;
    const char *norm = us_unit_norm(lattice, before);
    if (strcmp(norm, "a") != 0 && strcmp(norm, "an") != 0)
        return 0;
    bool an = norm[1] == 'n';
    const struct us_token *token = us_unit_token(lattice, edge->from);
    const char *original = us_lexicon_string(lexicon, edge->row->original);
    bool spun_fits =
        us_begins_with_vowel(lattice->text->bytes + token->start, token->end - token->start) == an;
    bool original_fits = us_begins_with_vowel(original, strcspn(original, " -")) == an;
    return (int)original_fits - (int)spun_fits;
}
