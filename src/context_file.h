/*
 * context_file.h - the file of the context model: what tools/train_context.c writes and
 * context.c maps.
 *
 *     header | f32 places[US_CONTEXT_PLACES][dimensions]
 *            | u32 word_hashes[words] | u32 phrase_hashes[phrases]     ascending
 *            | i16 biases[phrases] | u8 weights[words]
 *            | u8 word_steps[words] | u8 phrase_steps[phrases]
 *            | u4 word_vectors[words][dimensions] | u4 phrase_vectors[phrases][dimensions]
 *
 * Numbers are those of a little-endian machine. Words and phrases are not kept, only 32 bits of
 * their hash: 5 unknown words in a million are taken for another. A bias is in
 * 1/US_CONTEXT_BIAS_UNIT, natural log; a weight in 1/255. Each number of a vector is -7 to 7 steps
 * of that vector, a step in 1/US_CONTEXT_STEP_UNIT; what scales the dimensions is part of places[].
 * Byte d of a vector holds steps + 8 of dimension d in its low half, of d + dimensions / 2 in its
 * high half. Four bits lose 1% of a vector's length: half the bits, twice the dimensions.
 */
#ifndef UNSPIN_CONTEXT_FILE_H
#define UNSPIN_CONTEXT_FILE_H

#include "context.h"

#define US_CONTEXT_MAGIC "unspin context 2" /* 16 bytes, no NUL */
#define US_CONTEXT_BYTE_ORDER 0x01020304u
#define US_CONTEXT_WINDOW 4 /* words looked at on either side */
#define US_CONTEXT_BIAS_UNIT 1024.0f
#define US_CONTEXT_STEP_UNIT 128.0f
#define US_CONTEXT_VECTOR_SIZE (US_CONTEXT_DIMENSIONS / 2) /* bytes */

enum { /* places[]: left and right words by distance - 1, then: */
    US_CONTEXT_RIGHT = US_CONTEXT_WINDOW,
    US_CONTEXT_SENTENCE = 2 * US_CONTEXT_WINDOW,
    US_CONTEXT_ARTICLE,
    US_CONTEXT_CONSTANT,
    US_CONTEXT_PLACES
};

struct us_context_header { /* 64 bytes */
    char magic[16];
    uint32_t byte_order;
    uint32_t dimensions;
    uint32_t window;
    uint32_t words, phrases;
    float rarest;     /* score of an unknown phrase */
    float bag_weight, article_weight; /* added to a bag's weight before it divides: few words say little */
    uint32_t reserved[4];
};

/* Words that stand for others, as surroundings. */
#define US_CONTEXT_OTHER "<other>"   /* words that the model does not hold */
#define US_CONTEXT_NUMBER "<number>"
#define US_CONTEXT_OPAQUE "<opaque>" /* protected spans */
#define US_CONTEXT_BEGIN "<s>"
#define US_CONTEXT_END "</s>"

/* FNV-1a, folded to 32 bits. */
static inline uint32_t us_context_hash(const char *string, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)string[i]) * 0x100000001b3u;
    return (uint32_t)(hash ^ hash >> 32);
}

#endif
