/*
 * context_fixture.h - a context model made by hand, of two dimensions: "rivers" and "money".
 */
#ifndef UNSPIN_TESTS_CONTEXT_FIXTURE_H
#define UNSPIN_TESTS_CONTEXT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "context_file.h"

enum { RIVERS, MONEY };

struct entry {
    const char *string;
    uint8_t weight;        /* of a word */
    int16_t bias;          /* of a phrase */
    int8_t rivers, money;  /* -7 to 7 */
    uint32_t hash;
};

static unsigned char image[16384];
static size_t image_length;

static int by_hash(const void *a, const void *b)
{
    uint32_t x = ((const struct entry *)a)->hash, y = ((const struct entry *)b)->hash;
    return x < y ? -1 : x > y;
}

static void index_entries(struct entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        entries[i].hash = us_context_hash(entries[i].string, strlen(entries[i].string));
    qsort(entries, count, sizeof *entries, by_hash);
}

static void append(const void *data, size_t size)
{
    assert_true(image_length + size <= sizeof image);
    memcpy(image + image_length, data, size);
    image_length += size;
}

static void append_steps(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t step = (uint8_t)US_CONTEXT_STEP_UNIT;
        append(&step, 1);
    }
}

static void append_vectors(const struct entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t row[US_CONTEXT_VECTOR_SIZE];
        memset(row, 0x88, sizeof row);
        row[RIVERS] = (uint8_t)(0x80 | (entries[i].rivers + 8));
        row[MONEY] = (uint8_t)(0x80 | (entries[i].money + 8));
        append(row, sizeof row);
    }
}

/* Fill image. A word before the gap counts twice as much as one after it. */
static void make_image(struct entry *words, uint32_t word_count, struct entry *phrases,
                       uint32_t phrase_count)
{
    index_entries(words, word_count);
    index_entries(phrases, phrase_count);
    struct us_context_header header = {
        .byte_order = US_CONTEXT_BYTE_ORDER,
        .dimensions = US_CONTEXT_DIMENSIONS,
        .window = US_CONTEXT_WINDOW,
        .words = word_count,
        .phrases = phrase_count,
        .rarest = -9,
        .bag_weight = 1,
        .article_weight = 1,
    };
    memcpy(header.magic, US_CONTEXT_MAGIC, sizeof header.magic);
    static float places[US_CONTEXT_PLACES][US_CONTEXT_DIMENSIONS];
    for (int d = 0; d <= MONEY; d++) {
        places[0][d] = 0.08f;
        places[US_CONTEXT_RIGHT][d] = 0.04f;
        places[US_CONTEXT_SENTENCE][d] = 0.004f;
        places[US_CONTEXT_ARTICLE][d] = 0.016f;
    }

    image_length = 0;
    append(&header, sizeof header);
    append(places, sizeof places);
    for (uint32_t i = 0; i < word_count; i++)
        append(&words[i].hash, sizeof words[i].hash);
    for (uint32_t i = 0; i < phrase_count; i++)
        append(&phrases[i].hash, sizeof phrases[i].hash);
    for (uint32_t i = 0; i < phrase_count; i++)
        append(&phrases[i].bias, sizeof phrases[i].bias);
    for (uint32_t i = 0; i < word_count; i++)
        append(&words[i].weight, sizeof words[i].weight);
    append_steps(word_count + phrase_count);
    append_vectors(words, word_count);
    append_vectors(phrases, phrase_count);
}

#endif
