/*
 * lexicon_file.h - the compiled lexicon as it lies on disk; for the compiler and the reader only.
 *
 *     header | slots | rows | weights | trees | strings
 *
 * All in the byte order of the machine that compiled it (the file is built where it is used; one
 * from elsewhere is told by header.order). A slot stands for a spun phrase or a proper prefix of
 * one; slots are open addressing on the phrase's hash, and those of a phrase name its rows, which
 * lie side by side. Weights are sorted by name. Trees (trees.h) ask for features by number, and
 * header.features tells whether these are the features of this version. Strings are NUL-terminated;
 * the one at offset 0 is empty.
 */
#ifndef UNSPIN_LEXICON_FILE_H
#define UNSPIN_LEXICON_FILE_H

#include "lexicon.h"

#define US_LEXICON_MAGIC "unspinLX"
#define US_LEXICON_ORDER UINT32_C(0x01020304)
#define US_LEXICON_VERSION 5u

struct us_lexicon_header {
    char magic[8];
    uint32_t order, version;
    uint32_t slots; /* a power of two */
    uint32_t rows, weights, string_bytes;
    uint32_t trees, features; /* how many; how many features there are to ask for */
    uint64_t checksum; /* us_lexicon_checksum of all after the header: tells contents apart */
    uint32_t family_rows[26]; /* of each family of bots */
};

struct us_lexicon_slot {
    uint64_t hash;         /* us_lexicon_hash of the phrase's words; 0 = free */
    uint32_t first, count; /* its rows; count 0 = a mere prefix */
};

struct us_lexicon_weight {
    uint32_t name; /* offset in strings */
    float value;
};

/* The hash of a phrase, word by word: feed 0 with the first word, the result with the next. */
static inline uint64_t us_lexicon_hash(uint64_t state, const char *word, size_t length)
{
    const uint64_t prime = UINT64_C(0x100000001b3); /* FNV-1a (Fowler, Noll, Vo) */
    uint64_t hash = state ? (state ^ ' ') * prime : UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)word[i]) * prime;
    return hash ? hash : 1;
}

/* Where a hash's probing begins, before masking. */
static inline uint32_t us_lexicon_home(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32);
}

uint64_t us_lexicon_checksum(const void *bytes, size_t length);

#endif
