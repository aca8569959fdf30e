#include "phrases.h"

#include "table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Ids lie in blocks that are never moved. */
enum { BLOCK_BITS = 12, BLOCK = 1 << BLOCK_BITS };

struct us_phrases {
    const struct us_ngram *model;
    const struct us_lexicon *lexicon;
    struct us_table known; /* by original_id * 2 + possessive: where its count lies, its ids behind */
    uint32_t **blocks;     /* [][BLOCK] */
    uint32_t block_count, used; /* all up to `used` in the last one */
    struct us_table contexts;   /* by original_id: the context model's id ... */
    const struct us_context *context; /* ... of this one */
};

int us_phrases_open(struct us_phrases **out, const struct us_ngram *model,
                    const struct us_lexicon *lexicon, struct us_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return us_no_memory(err);
    **out = (struct us_phrases){.model = model, .lexicon = lexicon, .used = BLOCK};
    return US_OK;
}

void us_phrases_forget(struct us_phrases *phrases)
{
    for (uint32_t i = 0; i < phrases->block_count; i++)
        free(phrases->blocks[i]);
    free(phrases->blocks);
    phrases->blocks = NULL;
    phrases->block_count = 0;
    phrases->used = BLOCK;
    us_table_close(&phrases->known);
    us_table_close(&phrases->contexts);
}

void us_phrases_close(struct us_phrases *phrases)
{
    if (phrases)
        us_phrases_forget(phrases);
    free(phrases);
}

/* ---- words -------------------------------------------------------------------------------- */

static bool is_initials(const char *word, size_t length)
{
    if (length < 3 || word[1] != '.')
        return false;
    for (size_t i = 0; i < length; i++)
        if ((i % 2 == 1) != (word[i] == '.'))
            return false;
    return true;
}

uint32_t us_word_ids(const struct us_ngram *model, const char *word, size_t length, uint32_t *ids,
                     uint32_t room)
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
        uint32_t count = us_word_ids(model, word, first, ids, 1);
        return count +
               us_word_ids(model, hyphen + 1, length - first - 1, ids + count, room - count);
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
            count += us_word_ids(model, phrase + at, end - at, ids + count, room - count);
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

uint32_t us_number_id(const struct us_ngram *model, const char *norm, size_t length)
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

/* ---- originals ---------------------------------------------------------------------------- */

/* Look a row's original up; 0 if it is too long. */
static uint32_t look_up(uint32_t ids[US_EDGE_WORDS], const struct us_phrases *phrases,
                        const struct us_row *row, bool possessive)
{
    char lower[256] = "";
    const char *original = us_lexicon_string(phrases->lexicon, row->original);
    size_t length = strlen(original);
    if (length + 3 > sizeof lower)
        return 0;
    for (size_t i = 0; i < length; i++)
        lower[i] = original[i] >= 'A' && original[i] <= 'Z' ? (char)(original[i] + 32)
                                                            : original[i];
    if (possessive) {
        lower[length++] = '\'';
        lower[length++] = 's';
    }
    return us_phrase_ids(phrases->model, lower, length, ids, US_EDGE_WORDS);
}

/* Room for an entry of some numbers, and where it is; NULL: no memory. */
static uint32_t *new_entry(uint32_t *where, struct us_phrases *phrases, uint32_t count)
{
    if (phrases->used + count > BLOCK) {
        uint32_t **blocks =
            realloc(phrases->blocks, (phrases->block_count + 1) * sizeof *phrases->blocks);
        if (!blocks)
            return NULL;
        phrases->blocks = blocks;
        blocks[phrases->block_count] = malloc(BLOCK * sizeof **blocks);
        if (!blocks[phrases->block_count])
            return NULL;
        phrases->block_count++;
        phrases->used = 0;
    }
    *where = (phrases->block_count - 1) << BLOCK_BITS | phrases->used;
    phrases->used += count;
    return phrases->blocks[*where >> BLOCK_BITS] + *where % BLOCK;
}

int us_phrases_ids(const uint32_t **ids, uint8_t *count, struct us_phrases *phrases,
                   const struct us_row *row, bool possessive, struct us_error *err)
{
    uint32_t number = row->original_id * 2 + possessive;
    const struct us_cell *known = us_table_find(&phrases->known, number);
    if (!known) {
        uint32_t looked_up[US_EDGE_WORDS], where;
        uint32_t found = look_up(looked_up, phrases, row, possessive);
        uint32_t *entry = new_entry(&where, phrases, found + 1);
        struct us_cell *made = entry ? us_table_put(&phrases->known, number) : NULL;
        if (!made)
            return us_no_memory(err);
        entry[0] = found;
        memcpy(entry + 1, looked_up, found * sizeof *entry);
        made->index = where;
        known = made;
    }
    const uint32_t *entry = phrases->blocks[known->index >> BLOCK_BITS] + known->index % BLOCK;
    *ids = entry + 1;
    *count = (uint8_t)entry[0];
    return US_OK;
}

uint32_t us_phrases_context(struct us_phrases *phrases, const struct us_context *context,
                            const struct us_row *row)
{
    if (phrases->context != context)
        us_table_close(&phrases->contexts);
    phrases->context = context;
    struct us_cell *entry = us_table_put(&phrases->contexts, row->original_id);
    if (entry && entry->index)
        return entry->index - 2;
    const char *original = us_lexicon_string(phrases->lexicon, row->original);
    uint32_t id = us_context_phrase(context, original, strlen(original));
    if (entry)
        entry->index = id + 2; /* US_CONTEXT_UNKNOWN is 1 */
    return id;
}
