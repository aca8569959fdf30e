#include "lexicon.h"

#include "bytes.h"
#include "lexicon_file.h"

#include <stdbool.h>
#include <stdlib.h>

struct us_lexicon {
    struct us_mapping mapping;
    const struct us_lexicon_header *header;
    const struct us_lexicon_slot *slots;
    const struct us_row *rows;
    const struct us_lexicon_weight *weights;
    const struct us_tree *trees;
    const char *strings;
};

_Static_assert(sizeof(struct us_lexicon_header) == 152, "the header has no padding");
_Static_assert(sizeof(struct us_lexicon_slot) == 16, "a slot has no padding");
_Static_assert(sizeof(struct us_row) == 44, "a row has no padding");
_Static_assert(sizeof(struct us_lexicon_weight) == 8, "a weight has no padding");
_Static_assert(offsetof(struct us_lexicon_header, checksum) == 40 &&
                   offsetof(struct us_row, id) == 28 && offsetof(struct us_row, promise) == 42,
               "fields lie where they do on every machine");
_Static_assert(sizeof(struct us_tree) == 292, "a tree has no padding");

uint64_t us_lexicon_checksum(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t sum = length;
    for (; length >= 8; at += 8, length -= 8) {
        uint64_t block;
        memcpy(&block, at, 8);
        sum = (sum ^ block) * UINT64_C(0x9e3779b97f4a7c15);
        sum ^= sum >> 32;
    }
    for (; length > 0; at++, length--)
        sum = (sum ^ *at) * UINT64_C(0x100000001b3);
    return sum;
}

static int foreign(struct us_error *err, const char *path, const char *why)
{
    return us_fail(err, US_EFORMAT, "%s is not a usable lexicon (%s); run make to build it anew",
                   path, why);
}

static int lay_out(struct us_lexicon *lexicon, const char *path, struct us_error *err)
{
    const unsigned char *at = lexicon->mapping.bytes;
    size_t length = lexicon->mapping.length;
    const struct us_lexicon_header *header = (const void *)at;

    if (length < sizeof *header || memcmp(header->magic, US_LEXICON_MAGIC, 8) != 0)
        return foreign(err, path, "it does not begin as one");
    if (header->order != US_LEXICON_ORDER)
        return foreign(err, path, "compiled on a machine with another byte order");
    if (header->version != US_LEXICON_VERSION || header->features != US_FEATURES_TREES)
        return foreign(err, path, "made by another version");

    uint64_t expected = sizeof *header + (uint64_t)header->slots * sizeof *lexicon->slots +
                        (uint64_t)header->rows * sizeof *lexicon->rows +
                        (uint64_t)header->weights * sizeof *lexicon->weights +
                        (uint64_t)header->trees * sizeof *lexicon->trees +
                        header->string_bytes;
    if (length != expected)
        return foreign(err, path, length < expected ? "it is cut short" : "it is too long");

    lexicon->header = header;
    lexicon->slots = (const void *)(at + sizeof *header);
    lexicon->rows = (const void *)(lexicon->slots + header->slots);
    lexicon->weights = (const void *)(lexicon->rows + header->rows);
    lexicon->trees = (const void *)(lexicon->weights + header->weights);
    lexicon->strings = (const void *)(lexicon->trees + header->trees);
    if (header->slots == 0 || (header->slots & (header->slots - 1)) != 0 ||
        header->string_bytes == 0 || lexicon->strings[header->string_bytes - 1] != '\0')
        return foreign(err, path, "it is damaged");
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
    if (rc == US_OK)
        *out = lexicon;
    else
        us_lexicon_close(lexicon);
    return rc;
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
    return id < lexicon->header->rows ? &lexicon->rows[id] : NULL;
}

const char *us_lexicon_string(const struct us_lexicon *lexicon, uint32_t offset)
{
    return lexicon->strings + (offset < lexicon->header->string_bytes ? offset : 0);
}

/* Does what the slot says of its rows hold, and what callers take as indexes? */
static bool is_sound(const struct us_lexicon *lexicon, const struct us_lexicon_slot *slot)
{
    uint32_t all = lexicon->header->rows;
    if (slot->first > all || slot->count > all - slot->first)
        return false;
    for (uint32_t id = slot->first; id < slot->first + slot->count; id++)
        if (lexicon->rows[id].id != id || lexicon->rows[id].original_id >= all)
            return false;
    return true;
}

int us_lexicon_step(const struct us_lexicon *lexicon, uint64_t *state, const char *word,
                    size_t length, const struct us_row **rows, uint32_t *count)
{
    uint32_t slots = lexicon->header->slots;
    *state = us_lexicon_hash(*state, word, length);
    *rows = NULL;
    *count = 0;
    uint32_t home = us_lexicon_home(*state);
    for (uint32_t i = 0; i < slots; i++) {
        const struct us_lexicon_slot *slot = &lexicon->slots[(home + i) & (slots - 1)];
        if (slot->hash == 0)
            return 0;
        if (slot->hash == *state) {
            if (!is_sound(lexicon, slot))
                return 0;
            *rows = lexicon->rows + slot->first;
            *count = slot->count;
            return 1;
        }
    }
    return 0;
}

void us_lexicon_announce(const struct us_lexicon *lexicon, const char *word, size_t length, bool rows)
{
    enum { LINES = 6 }; /* of the cache; those that follow are guessed */
    uint64_t hash = us_lexicon_hash(0, word, length);
    const struct us_lexicon_slot *slot =
        &lexicon->slots[us_lexicon_home(hash) & (lexicon->header->slots - 1)];
    if (!rows) {
        us_announce(slot);
    } else if (slot->hash == hash && slot->first < lexicon->header->rows) {
        const char *at = (const char *)&lexicon->rows[slot->first];
        size_t length_of_rows = slot->count * sizeof(struct us_row);
        for (size_t line = 0; line < LINES && line * 64 < length_of_rows; line++)
            us_announce(at + line * 64);
    }
}

uint32_t us_lexicon_family_rows(const struct us_lexicon *lexicon, int family)
{
    return lexicon->header->family_rows[family];
}

const struct us_tree *us_lexicon_trees(const struct us_lexicon *lexicon, uint32_t *count)
{
    *count = us_trees_sound(lexicon->trees, lexicon->header->trees) ? lexicon->header->trees : 0;
    return lexicon->trees;
}

float us_lexicon_weight(const struct us_lexicon *lexicon, const char *name, float fallback)
{
    uint32_t low = 0, high = lexicon->header->weights;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct us_lexicon_weight *weight = &lexicon->weights[middle];
        int order = strcmp(name, us_lexicon_string(lexicon, weight->name));
        if (order == 0)
            return weight->value;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return fallback;
}
