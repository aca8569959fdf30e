#include "lexicon.h"

#include "bytes.h"

#include <stdlib.h>

struct us_lexicon {
    struct us_mapping mapping;
    const struct us_lexicon_header *header;
    const struct us_lexicon_slot *slots;
    const struct us_row *rows;
    const struct us_lexicon_weight *weights;
    const char *strings;
};

uint64_t us_lexicon_hash(uint64_t state, const char *word, size_t length)
{
    const uint64_t prime = 0x100000001b3u;
    uint64_t hash = state ? (state ^ ' ') * prime : 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)word[i]) * prime;
    return hash ? hash : 1;
}

static int lay_out(struct us_lexicon *lexicon, const char *path, struct us_error *err)
{
    const struct us_mapping *mapping = &lexicon->mapping;
    const struct us_lexicon_header *header = (const void *)mapping->bytes;
    const char *what = NULL;
    if (mapping->length < sizeof *header ||
        memcmp(header->magic, US_LEXICON_MAGIC, sizeof header->magic) != 0) {
        what = "its first bytes are others";
    } else if (header->byte_order != US_LEXICON_BYTE_ORDER) {
        what = "it was compiled on a machine of another byte order";
    } else if (header->slots == 0 || (header->slots & (header->slots - 1)) != 0 ||
               header->strings == 0) {
        what = "its counts are out of range";
    } else {
        uint64_t slots = sizeof *header;
        uint64_t rows = slots + (uint64_t)header->slots * sizeof *lexicon->slots;
        uint64_t weights = rows + (uint64_t)header->rows * sizeof *lexicon->rows;
        uint64_t strings = weights + (uint64_t)header->weights * sizeof *lexicon->weights;
        if (strings + header->strings != mapping->length) {
            what = "it is cut short";
        } else {
            lexicon->header = header;
            lexicon->slots = (const void *)(mapping->bytes + slots);
            lexicon->rows = (const void *)(mapping->bytes + rows);
            lexicon->weights = (const void *)(mapping->bytes + weights);
            lexicon->strings = (const char *)mapping->bytes + strings;
            if (lexicon->strings[header->strings - 1] != 0)
                what = "its strings do not end";
        }
    }
    uint32_t empty = 0;
    for (uint32_t i = 0; !what && i < header->slots; i++) {
        const struct us_lexicon_slot *slot = &lexicon->slots[i];
        empty += slot->hash == 0;
        if (slot->first > header->rows || slot->count > header->rows - slot->first)
            what = "an entry points past its rows";
    }
    if (!what && empty == 0)
        what = "its table is full";
    for (uint32_t i = 0; !what && i < header->rows; i++) {
        const struct us_row *row = &lexicon->rows[i];
        if (row->original >= header->strings || row->spun >= header->strings ||
            row->words >= header->strings || row->id != i)
            what = "a row is damaged";
    }
    for (uint32_t i = 0; !what && i < header->weights; i++)
        if (lexicon->weights[i].name >= header->strings)
            what = "a weight is damaged";
    if (what)
        return us_fail(err, US_EFORMAT,
                       "%s is not a lexicon that can be read (%s); run `make` to compile it anew",
                       path, what);
    return US_OK;
}

int us_lexicon_open(struct us_lexicon **out, const char *path, struct us_error *err)
{
    *out = NULL;
    struct us_lexicon *lexicon = calloc(1, sizeof *lexicon);
    if (!lexicon)
        return us_fail(err, US_ENOMEM, "out of memory opening the lexicon %s", path);
    int rc = us_map(&lexicon->mapping, path, "lexicon", err);
    if (rc == US_OK)
        rc = lay_out(lexicon, path, err);
    if (rc != US_OK) {
        us_lexicon_close(lexicon);
        return rc;
    }
    *out = lexicon;
    return US_OK;
}

void us_lexicon_close(struct us_lexicon *lexicon)
{
    if (!lexicon)
        return;
    us_unmap(&lexicon->mapping);
    free(lexicon);
}

uint32_t us_lexicon_rows(const struct us_lexicon *lexicon)
{
    return lexicon->header->rows;
}

const struct us_row *us_lexicon_row(const struct us_lexicon *lexicon, uint32_t id)
{
    return &lexicon->rows[id];
}

const char *us_lexicon_string(const struct us_lexicon *lexicon, uint32_t offset)
{
    return lexicon->strings + offset;
}

int us_lexicon_step(const struct us_lexicon *lexicon, uint64_t *state, const char *word,
                    size_t length, const struct us_row **rows, uint32_t *count)
{
    uint64_t hash = us_lexicon_hash(*state, word, length);
    uint32_t mask = lexicon->header->slots - 1;
    *state = hash;
    *rows = NULL;
    *count = 0;
    for (uint32_t i = (uint32_t)(hash >> 32) & mask;; i = (i + 1) & mask) {
        const struct us_lexicon_slot *slot = &lexicon->slots[i];
        if (slot->hash == 0)
            return 0;
        if (slot->hash == hash) {
            *rows = lexicon->rows + slot->first;
            *count = slot->count;
            return 1;
        }
    }
}

float us_lexicon_weight(const struct us_lexicon *lexicon, const char *name, float fallback)
{
    for (uint32_t i = 0; i < lexicon->header->weights; i++)
        if (strcmp(lexicon->strings + lexicon->weights[i].name, name) == 0)
            return lexicon->weights[i].value;
    return fallback;
}
