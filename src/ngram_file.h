/*
 * ngram_file.h - the compiled language model as it lies on disk; for its reader and writer only.
 *
 *     header | unigrams | table of 2-grams | ... | of the highest order | vocabulary
 *
 * All numbers are little-endian, logarithms to base 10.
 *
 *     unigram     f32 probability | f32 back-off | u32 flags; by word id
 *     table       cells, side by side in bits, the lowest first:
 *                 flags 2 | back-off 16 | probability 16 | check; without flags and back-off in
 *                 the highest order
 *     vocabulary  {u32 hash, u32 id + 1} by hash, open addressing | u32 start of each word's string,
 *                 and where the last ends | strings, sorted bytewise, NUL-terminated
 *
 * An n-gram is known by the cell of the n-gram without its first word, and that first word: a trie
 * of reversed n-grams. This key, mixed by a bijection of key_bits bits, gives its place: cells are
 * sorted by the mixed key, each at or up to US_NGRAM_REACH cells behind its home, with free ones
 * in between. The check holds as many of the mixed key's low bits as tell it from all that can be
 * met on the way, so that a look-up is exact. Whatever a file says, home and reach stay inside the
 * table. Values are quantized evenly between a table's lowest and highest.
 */
#ifndef UNSPIN_NGRAM_FILE_H
#define UNSPIN_NGRAM_FILE_H

#include "bytes.h"
#include "ngram.h"

#include <stdbool.h>

#define US_NGRAM_MAGIC "unspin ngrams 1\n"
#define US_NGRAM_MOST (1u << 28) /* n-grams of one order, fewer than */

enum {
    US_NGRAM_MAGIC_LENGTH = sizeof US_NGRAM_MAGIC - 1,
    US_NGRAM_HEADER = 256,
    US_NGRAM_UNIGRAM = 12, /* bytes of a unigram, and of a table in the header */
    US_NGRAM_TABLE = 40,
    US_NGRAM_REACH = 127,
    US_NGRAM_VALUES = 65535, /* quantized to 0 ... 65534 */
    US_NGRAM_FREE = 65535,   /* probability of a free cell */

    US_NGRAM_ENDS_LONGER = 1,   /* flag: longer n-grams end in it */
    US_NGRAM_BEGINS_LONGER = 2, /* flag: longer n-grams begin with it, or it has a back-off */
};

struct us_ngram_scale { /* value = low + step * quantized */
    float low, step;
};

struct us_ngram_table { /* the first seven as the header has them */
    uint32_t slots;     /* homes; there are US_NGRAM_REACH + 1 more cells */
    uint32_t count;     /* n-grams */
    uint32_t key_bits;  /* 2 to 62 */
    uint32_t check_bits;
    uint64_t mixer;     /* odd */
    struct us_ngram_scale probability, backoff;
    /* not in the header */
    uint32_t cell_bits, value_bits; /* of a cell; of them before the check */
    bool highest;
    const unsigned char *cells;
};

/* From the first byte of the file. */
struct us_ngram_layout {
    uint64_t unigrams, tables[US_NGRAM_ORDER + 1], slots, starts, strings, end;
};

struct us_ngram_counts {
    uint32_t order, words;
    uint32_t slots;        /* of the vocabulary's table */
    uint32_t string_bytes;
};

static inline uint64_t us_ngram_cells_size(const struct us_ngram_table *table)
{
    uint64_t cells = (uint64_t)table->slots + US_NGRAM_REACH + 1;
    return (cells * table->cell_bits + 7) / 8 + 16; /* what is loaded at once ends inside */
}

static inline void us_ngram_layout(struct us_ngram_layout *out,
                                   const struct us_ngram_counts *counts,
                                   const struct us_ngram_table *tables)
{
    uint64_t at = US_NGRAM_HEADER;
    out->unigrams = at;
    at += (uint64_t)counts->words * US_NGRAM_UNIGRAM;
    for (uint32_t n = 2; n <= counts->order; n++) {
        at = (at + 63) & ~UINT64_C(63);
        out->tables[n] = at;
        at += us_ngram_cells_size(&tables[n]);
    }
    at = (at + 63) & ~UINT64_C(63);
    out->slots = at;
    out->starts = at + UINT64_C(8) * counts->slots;
    out->strings = out->starts + UINT64_C(4) * (counts->words + UINT64_C(1));
    out->end = out->strings + counts->string_bytes;
}

/* Fill what follows from the counts. */
static inline void us_ngram_table_derive(struct us_ngram_table *table, bool highest)
{
    table->highest = highest;
    table->value_bits = highest ? 16 : 34;
    table->cell_bits = table->value_bits + table->check_bits;
}

static inline uint64_t us_ngram_mask(uint32_t bits)
{
    return (UINT64_C(1) << bits) - 1;
}

static inline uint64_t us_ngram_mix(const struct us_ngram_table *table, uint64_t key)
{
    uint64_t mask = us_ngram_mask(table->key_bits);
    uint32_t half = table->key_bits / 2;
    key = key * table->mixer & mask;
    key ^= key >> half;
    key = key * UINT64_C(0xd6e8feb86659fd93) & mask;
    return key ^ key >> half;
}

static inline uint32_t us_ngram_home(const struct us_ngram_table *table, uint64_t mixed)
{
    uint32_t dropped = table->key_bits > 32 ? table->key_bits - 32 : 0;
    return (uint32_t)((mixed >> dropped) * table->slots >> (table->key_bits - dropped));
}

static inline uint64_t us_ngram_cell(const struct us_ngram_table *table, uint32_t cell)
{
    uint64_t bit = (uint64_t)cell * table->cell_bits;
    const unsigned char *at = table->cells + (bit >> 3);
    uint32_t shift = (uint32_t)(bit & 7);
    uint64_t bits = us_le64(at) >> shift;
    if (table->cell_bits > 57 && shift)
        bits |= (uint64_t)at[8] << (64 - shift);
    return bits;
}

static inline uint32_t us_ngram_cell_probability(const struct us_ngram_table *table, uint64_t cell)
{
    return (uint32_t)(cell >> (table->value_bits - 16)) & 0xffff;
}

static inline uint32_t us_ngram_cell_backoff(uint64_t cell)
{
    return (uint32_t)(cell >> 2) & 0xffff;
}

/* Start to fetch the cells that us_ngram_find() will look at. */
US_INLINE void us_ngram_announce(const struct us_ngram_table *table, uint32_t words,
                                     uint32_t parent, uint32_t word)
{
    uint64_t mixed = us_ngram_mix(table, (uint64_t)parent * words + word);
    uint64_t bit = (uint64_t)us_ngram_home(table, mixed) * table->cell_bits;
    us_announce(table->cells + (bit >> 3));
    us_announce(table->cells + (bit >> 3) + 40); /* a few cells on */
}

/* The n-gram that this word makes of the shorter one at `parent`; its cell's bits are *bits. */
static inline bool us_ngram_find(const struct us_ngram_table *table, uint32_t words,
                                 uint32_t parent, uint32_t word, uint32_t *found, uint64_t *bits)
{
    uint64_t mixed = us_ngram_mix(table, (uint64_t)parent * words + word);
    uint32_t cell = us_ngram_home(table, mixed), unused = 64 - table->check_bits;
    for (uint32_t last = cell + US_NGRAM_REACH; cell <= last; cell++) {
        *bits = us_ngram_cell(table, cell);
        if (us_ngram_cell_probability(table, *bits) == US_NGRAM_FREE)
            return false;
        /* the distance around the circle of checks: before or behind the one looked for */
        uint64_t behind = ((*bits >> table->value_bits) - mixed) << unused;
        if (behind == 0) {
            *found = cell;
            return true;
        }
        if (behind >> 63 == 0)
            return false;
    }
    return false;
}

/* FNV-1a (Fowler, Noll, Vo): its high half is the check in the vocabulary, its low half the home. */
static inline uint64_t us_ngram_hash(const char *word, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)word[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static inline uint32_t us_ngram_word_home(uint64_t hash, uint32_t slots)
{
    return (uint32_t)((hash & 0xffffffff) * slots >> 32);
}

#endif
