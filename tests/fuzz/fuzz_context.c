/*
 * The context model's loader: a file is refused, or all that it says of words and phrases can be read
 * and scored. Nearly all inputs would be refused for their header, their length, numbers that can't be
 * or the words that stand for others, so these are put right first, and the table of places, which is
 * long and only numbers, is filled from the input's first bytes.
 */
#include "context_file.h"
#include "fuzz_file.h"

#include <string.h>

enum { MOST = 64, PLACES = US_CONTEXT_PLACES * US_CONTEXT_DIMENSIONS * 4 };

static int ascending(const void *a, const void *b)
{
    uint32_t x, y;
    memcpy(&x, a, 4);
    memcpy(&y, b, 4);
    return x < y ? -1 : x > y;
}

static void make_moderate(void *at, float least)
{
    float number;
    memcpy(&number, at, sizeof number);
    if (!(number >= least && number <= 1e6f))
        memcpy(at, &least, sizeof least);
}

static const char *sound_file(const uint8_t *bytes, size_t length)
{
    static const char *const others[] = {US_CONTEXT_OTHER, US_CONTEXT_NUMBER, US_CONTEXT_OPAQUE,
                                         US_CONTEXT_BEGIN, US_CONTEXT_END};
    static uint8_t file[sizeof(struct us_context_header) + PLACES +
                        2 * MOST * (4 + 2 + 1 + US_CONTEXT_VECTOR_SIZE)];
    struct us_context_header header = {0};
    memcpy(&header, bytes, length < sizeof header ? length : sizeof header);
    memcpy(header.magic, US_CONTEXT_MAGIC, sizeof header.magic);
    header.byte_order = US_CONTEXT_BYTE_ORDER;
    header.dimensions = US_CONTEXT_DIMENSIONS;
    header.window = US_CONTEXT_WINDOW;
    header.words = 5 + header.words % (MOST - 5);
    header.phrases %= MOST;
    make_moderate(&header.rarest, -1e6f);
    make_moderate(&header.bag_weight, 0.01f);
    make_moderate(&header.article_weight, 0.01f);
    memset(file, 0, sizeof file);
    for (size_t i = 0; i < PLACES && length; i++)
        file[sizeof header + i] = bytes[i % (length < 64 ? length : 64)];
    for (size_t i = 0; i < PLACES; i += 4)
        make_moderate(file + sizeof header + i, -1e6f);
    uint8_t *rest = file + sizeof header + PLACES;
    if (length > sizeof header) {
        size_t more = length - sizeof header, room = sizeof file - sizeof header - PLACES;
        memcpy(rest, bytes + sizeof header, more < room ? more : room);
    }
    for (size_t i = 0; i < 5; i++) {
        uint32_t hash = us_context_hash(others[i], strlen(others[i]));
        memcpy(rest + 4 * i, &hash, 4);
    }
    qsort(rest, header.words, 4, ascending);
    memcpy(file, &header, sizeof header);
    return fuzz_file(file, sizeof header + PLACES +
                               header.words * (4 + 1 + 1 + US_CONTEXT_VECTOR_SIZE) +
                               header.phrases * (4 + 2 + 1 + US_CONTEXT_VECTOR_SIZE));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const words[] = {"the", "river", "", "1999", "loan", "nowhere"};
    enum { COUNT = sizeof words / sizeof *words };
    struct us_context *context;
    const char *path = length % 8 == 7 ? fuzz_file(bytes, length) : sound_file(bytes, length);
    if (!fuzz_takes(us_context_open(&context, path, NULL) == US_OK)) {
        if (length % 8 != 7)
            abort();
        return 0;
    }
    uint32_t ids[COUNT], phrases[COUNT];
    float scores[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        ids[i] = us_context_word(context, words[i], strlen(words[i]));
        phrases[i] = us_context_phrase(context, words[i], strlen(words[i]));
    }
    struct us_context_bag bag;
    float topic[US_CONTEXT_DIMENSIONS];
    us_context_bag(&bag, NULL, context, ids, COUNT);
    us_context_topic(topic, context, &bag, &bag);
    for (uint32_t start = 0; start < COUNT; start++) {
        struct us_context_gap gap = {ids, COUNT, start, start + 1, &bag, start % 2 ? topic : NULL, NULL};
        us_context_score(scores, context, &gap, phrases, COUNT);
    }
    us_context_close(context);
    return 0;
}
