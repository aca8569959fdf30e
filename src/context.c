#include "context.h"

#include "bytes.h"
#include "context_file.h"

#include <stdbool.h>
#include <stdlib.h>

#define DIMENSIONS US_CONTEXT_DIMENSIONS
#define PLACES_SIZE (sizeof(float) * US_CONTEXT_PLACES * DIMENSIONS)

struct vectors {
    const uint8_t *steps;   /* [] */
    const uint8_t *numbers; /* [][US_CONTEXT_VECTOR_SIZE] */
};

struct us_context {
    struct us_mapping mapping;
    const struct us_context_header *header;
    const float *places; /* [US_CONTEXT_PLACES][DIMENSIONS] */
    const uint32_t *word_hashes, *phrase_hashes;
    const int16_t *biases;
    const uint8_t *weights;
    struct vectors word_vectors, phrase_vectors;
    uint32_t other, number, opaque, begin, end; /* ids of the words that stand for others */
};

/* Position of a hash in ascending hashes, or US_CONTEXT_UNKNOWN. They are spread evenly, so that its
 * place is known but for some hundred: near enough for most. */
static uint32_t find(const uint32_t *hashes, uint32_t count, uint32_t hash)
{
    enum { NEAR = 256 };
    uint32_t first = 0, guess = (uint32_t)((uint64_t)hash * count >> 32), end = guess + NEAR;
    if (guess > NEAR && hashes[guess - NEAR] <= hash) {
        first = guess - NEAR;
        count -= first;
    }
    if (end - first < count && hashes[end] > hash)
        count = end - first;
    while (count > 1) {
        uint32_t half = count / 2;
        first += hashes[first + half] <= hash ? half : 0;
        count -= half;
    }
    return count && hashes[first] == hash ? first : US_CONTEXT_UNKNOWN;
}

static uint32_t find_special(const struct us_context *context, const char *word)
{
    return find(context->word_hashes, context->header->words,
                us_context_hash(word, strlen(word)));
}

/* What is computed from numbers no larger stays far from infinity, which no integer holds. */
static bool are_moderate(const float *numbers, size_t count, float least)
{
    const float most = 1e6f;
    for (size_t i = 0; i < count; i++)
        if (!(numbers[i] >= least && numbers[i] <= most)) /* nor NaN */
            return false;
    return true;
}

static const char *lay_out(struct us_context *context)
{
    const struct us_mapping *mapping = &context->mapping;
    const struct us_context_header *header = (const void *)mapping->bytes;
    if (mapping->length < sizeof *header ||
        memcmp(header->magic, US_CONTEXT_MAGIC, sizeof header->magic) != 0)
        return "its first bytes are others";
    if (header->byte_order != US_CONTEXT_BYTE_ORDER)
        return "it is for machines of another byte order";
    if (header->dimensions != DIMENSIONS || header->window != US_CONTEXT_WINDOW)
        return "it is of another version";

    const unsigned char *at = mapping->bytes + sizeof *header;
    uint64_t words = header->words, phrases = header->phrases;
    uint64_t length = sizeof *header + PLACES_SIZE +
                      words * (4 + 1 + 1 + US_CONTEXT_VECTOR_SIZE) +
                      phrases * (4 + 2 + 1 + US_CONTEXT_VECTOR_SIZE);
    if (length != mapping->length)
        return "it is cut short, or longer than it says";
    context->header = header;
    context->places = (const void *)at;
    const float priors[] = {header->bag_weight, header->article_weight};
    if (!are_moderate(context->places, PLACES_SIZE / sizeof *context->places, -1e6f) ||
        !are_moderate(&header->rarest, 1, -1e6f) || !are_moderate(priors, 2, 0.01f))
        return "it has numbers that can't be";
    at += PLACES_SIZE;
    context->word_hashes = (const void *)at;
    at += words * 4;
    context->phrase_hashes = (const void *)at;
    at += phrases * 4;
    context->biases = (const void *)at;
    at += phrases * 2;
    context->weights = at;
    at += words;
    context->word_vectors.steps = at;
    at += words;
    context->phrase_vectors.steps = at;
    at += phrases;
    context->word_vectors.numbers = at;
    at += words * US_CONTEXT_VECTOR_SIZE;
    context->phrase_vectors.numbers = at;

    context->other = find_special(context, US_CONTEXT_OTHER);
    context->number = find_special(context, US_CONTEXT_NUMBER);
    context->opaque = find_special(context, US_CONTEXT_OPAQUE);
    context->begin = find_special(context, US_CONTEXT_BEGIN);
    context->end = find_special(context, US_CONTEXT_END);
    if (context->other == US_CONTEXT_UNKNOWN || context->number == US_CONTEXT_UNKNOWN ||
        context->opaque == US_CONTEXT_UNKNOWN || context->begin == US_CONTEXT_UNKNOWN ||
        context->end == US_CONTEXT_UNKNOWN)
        return "it lacks a word that stands for others";
    return NULL;
}

int us_context_open(struct us_context **out, const char *path, struct us_error *err)
{
    *out = NULL;
    struct us_context *context = calloc(1, sizeof *context);
    if (!context)
        return us_fail(err, US_ENOMEM, "out of memory opening the context model %s", path);
    int rc = us_map(&context->mapping, path, "context model", err);
    if (rc == US_OK) {
        const char *what = lay_out(context);
        if (what)
            rc = us_fail(err, US_EFORMAT,
                         "%s is not a context model of this program: %s; run `make` in its tree",
                         path, what);
    }
    if (rc != US_OK) {
        us_context_close(context);
        return rc;
    }
    *out = context;
    return US_OK;
}

void us_context_close(struct us_context *context)
{
    if (!context)
        return;
    us_unmap(&context->mapping);
    free(context);
}

uint32_t us_context_word(const struct us_context *context, const char *word, size_t length)
{
    if (length == 0)
        return context->opaque;
    if (word[0] >= '0' && word[0] <= '9')
        return context->number;
    uint32_t id = find(context->word_hashes, context->header->words,
                       us_context_hash(word, length));
    return id == US_CONTEXT_UNKNOWN ? context->other : id;
}

uint32_t us_context_phrase(const struct us_context *context, const char *phrase, size_t length)
{
    return find(context->phrase_hashes, context->header->phrases,
                us_context_hash(phrase, length));
}

US_INLINE void read_vector(float *restrict out, const struct vectors *vectors, uint32_t id)
{
    const uint8_t *at = vectors->numbers + (size_t)id * US_CONTEXT_VECTOR_SIZE;
    float step = (float)vectors->steps[id] / US_CONTEXT_STEP_UNIT;
    for (int d = 0; d < US_CONTEXT_VECTOR_SIZE; d++) {
        out[d] = step * (float)((at[d] & 15) - 8);
        out[d + US_CONTEXT_VECTOR_SIZE] = step * (float)((at[d] >> 4) - 8);
    }
}

US_INLINE void announce_vector(const struct vectors *vectors, uint32_t id)
{
    const uint8_t *at = vectors->numbers + (size_t)id * US_CONTEXT_VECTOR_SIZE;
    us_announce(at);
    us_announce(at + US_CONTEXT_VECTOR_SIZE - 1);
    us_announce(&vectors->steps[id]);
}

US_INLINE const float *vector_of(float *room, const struct us_context *context,
                                 const struct us_context_gap *gap, uint32_t at)
{
    if (gap->vectors)
        return gap->vectors + (size_t)at * DIMENSIONS;
    read_vector(room, &context->word_vectors, gap->sentence[at]);
    return room;
}

/* Numbers in 15 bits and a sign, which multiply faster. */
struct integers {
    int16_t of[DIMENSIONS];
    int32_t sum;
    float unit; /* what 1 stands for */
};

US_INLINE void to_integers(struct integers *restrict out, const float *vector)
{
    const float largest = 32767;
    const float round = 12582912; /* 1.5 * 2^23: floats this large have no room for a fraction */
    int32_t bits = 0;             /* those of a float rise as it does, if it has no sign */
    float most;
    for (int d = 0; d < DIMENSIONS; d++) {
        int32_t other;
        memcpy(&other, &vector[d], sizeof other);
        other &= INT32_MAX;
        bits = other > bits ? other : bits;
    }
    memcpy(&most, &bits, sizeof most);
    most = most > 1e-20f ? most : 1e-20f;
    float scale = largest / most;
    out->sum = 0;
    for (int d = 0; d < DIMENSIONS; d++)
        out->of[d] = (int16_t)(int32_t)(vector[d] * scale + round - round);
    for (int d = 0; d < DIMENSIONS; d++)
        out->sum += out->of[d];
    out->unit = most / largest;
}

US_INLINE float dot(const struct integers *integers, const struct vectors *vectors, uint32_t id)
{
    const uint8_t *at = vectors->numbers + (size_t)id * US_CONTEXT_VECTOR_SIZE;
    int32_t low = 0, high = 0;
    for (int d = 0; d < US_CONTEXT_VECTOR_SIZE; d++)
        low += integers->of[d] * (int16_t)(at[d] & 15);
    for (int d = 0; d < US_CONTEXT_VECTOR_SIZE; d++)
        high += integers->of[d + US_CONTEXT_VECTOR_SIZE] * (int16_t)(at[d] >> 4);
    return (float)(low + high - 8 * integers->sum) *
           ((float)vectors->steps[id] / US_CONTEXT_STEP_UNIT);
}

US_INLINE void bag_add(struct us_context_bag *restrict bag, const struct us_context *context,
                       uint32_t word, const float *restrict vector, float sign)
{
    float weight = (float)context->weights[word] * (sign / 255);
    bag->weight += weight;
    for (int d = 0; d < DIMENSIONS; d++)
        bag->sum[d] += weight * vector[d];
}

US_FOR_PROCESSORS
void us_context_bag(struct us_context_bag *out, float *vectors, const struct us_context *context,
                    const uint32_t *words, uint32_t count)
{
    enum { AHEAD = 4 };
    float room[DIMENSIONS];
    *out = (struct us_context_bag){0};
    for (uint32_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            announce_vector(&context->word_vectors, words[i + AHEAD]);
        float *vector = vectors ? vectors + (size_t)i * DIMENSIONS : room;
        read_vector(vector, &context->word_vectors, words[i]);
        bag_add(out, context, words[i], vector, 1);
    }
}

US_INLINE const float *place(const struct us_context *context, uint32_t which)
{
    return context->places + (size_t)which * DIMENSIONS;
}

US_INLINE void add_vector(float *restrict hidden, const float *scale, const float *vector)
{
    for (int d = 0; d < DIMENSIONS; d++)
        hidden[d] += scale[d] * vector[d];
}

US_INLINE void add_special(float *hidden, const struct us_context *context, uint32_t which,
                           uint32_t word)
{
    float vector[DIMENSIONS];
    read_vector(vector, &context->word_vectors, word);
    add_vector(hidden, place(context, which), vector);
}

void us_context_topic(float topic[DIMENSIONS], const struct us_context *context,
                      const struct us_context_bag *article, const struct us_context_bag *sentence)
{
    const float *scale = place(context, US_CONTEXT_ARTICLE);
    float share =
        1 / (article->weight - sentence->weight + context->header->article_weight);
    for (int d = 0; d < DIMENSIONS; d++)
        topic[d] = scale[d] * (share * (article->sum[d] - sentence->sum[d]));
}

/* What the surroundings of a gap lead to expect in it. */
US_INLINE void predict(float *hidden, const struct us_context *context,
                       const struct us_context_gap *gap)
{
    float room[DIMENSIONS];
    memcpy(hidden, place(context, US_CONTEXT_CONSTANT), DIMENSIONS * sizeof *hidden);
    for (uint32_t i = 0; i < US_CONTEXT_WINDOW && i < gap->start; i++)
        add_vector(hidden, place(context, i), vector_of(room, context, gap, gap->start - 1 - i));
    if (gap->start < US_CONTEXT_WINDOW)
        add_special(hidden, context, gap->start, context->begin);
    for (uint32_t i = 0; i < US_CONTEXT_WINDOW && gap->end + i < gap->length; i++)
        add_vector(hidden, place(context, US_CONTEXT_RIGHT + i),
                   vector_of(room, context, gap, gap->end + i));
    if (gap->length - gap->end < US_CONTEXT_WINDOW)
        add_special(hidden, context, US_CONTEXT_RIGHT + gap->length - gap->end, context->end);

    struct us_context_bag rest = *gap->bag;
    for (uint32_t i = gap->start; i < gap->end; i++)
        bag_add(&rest, context, gap->sentence[i], vector_of(room, context, gap, i), -1);
    const float *scale = place(context, US_CONTEXT_SENTENCE);
    float share = 1 / (rest.weight + context->header->bag_weight);
    for (int d = 0; d < DIMENSIONS; d++)
        hidden[d] += scale[d] * (share * rest.sum[d]);
    for (int d = 0; gap->topic && d < DIMENSIONS; d++)
        hidden[d] += gap->topic[d];
}

US_FOR_PROCESSORS
void us_context_score(float *scores, const struct us_context *context,
                      const struct us_context_gap *gap, const uint32_t *phrases, uint32_t count)
{
    float hidden[DIMENSIONS];
    struct integers integers;
    for (uint32_t i = 0; i < count; i++)
        if (phrases[i] != US_CONTEXT_UNKNOWN) {
            announce_vector(&context->phrase_vectors, phrases[i]);
            us_announce(&context->biases[phrases[i]]);
        }
    predict(hidden, context, gap);
    to_integers(&integers, hidden);
    for (uint32_t i = 0; i < count; i++) {
        if (phrases[i] == US_CONTEXT_UNKNOWN) {
            scores[i] = context->header->rarest;
            continue;
        }
        scores[i] = integers.unit * dot(&integers, &context->phrase_vectors, phrases[i]) +
                    (float)context->biases[phrases[i]] / US_CONTEXT_BIAS_UNIT;
    }
}
