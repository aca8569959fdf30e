/*
 * context.h - which word fits the words around it: a log-bilinear model over word vectors.
 *
 * After Mnih and Hinton 2007 (log-bilinear), Mnih and Kavukcuoglu 2013 (one diagonal per
 * position): the words around a gap, each weighted by its place, the bag of the sentence's other
 * words and that of the rest of the article predict the vector of the phrase in the gap. Trained
 * (tools/train_context.c) to tell a phrase from those that spinners confuse it with, in
 * surroundings that were spun as well. The file is mapped; context_file.h describes it.
 *
 * Words are in lower case with ASCII apostrophes, as us_text has them; punctuation is left out.
 */
#ifndef UNSPIN_CONTEXT_H
#define UNSPIN_CONTEXT_H

#include "unspin.h"

#define US_CONTEXT_DIMENSIONS 192 /* a multiple of 16 */
#define US_CONTEXT_UNKNOWN UINT32_MAX

struct us_context;

int us_context_open(struct us_context **out, const char *path, struct us_error *err);
void us_context_close(struct us_context *context); /* NULL is fine */

/*
 * The id of a word as surroundings. All words have one: numbers share theirs, and so do words that
 * the model does not hold. An empty word stands for a protected span.
 */
uint32_t us_context_word(const struct us_context *context, const char *word, size_t length);

/*
 * The id of a phrase as what may stand in a gap: words with one space between them, or one word.
 * US_CONTEXT_UNKNOWN if the model was not trained on it.
 */
uint32_t us_context_phrase(const struct us_context *context, const char *phrase, size_t length);

/* The topic of some words: each by its vector, content words more than function words. The vectors
 * themselves go to vectors[count][US_CONTEXT_DIMENSIONS], unless that is NULL. */
struct us_context_bag {
    float sum[US_CONTEXT_DIMENSIONS];
    float weight;
};
void us_context_bag(struct us_context_bag *out, float *vectors, const struct us_context *context,
                    const uint32_t *words, uint32_t count);

/* What the rest of an article leads to expect in all gaps of a sentence, by the bags of both. */
void us_context_topic(float topic[US_CONTEXT_DIMENSIONS], const struct us_context *context,
                      const struct us_context_bag *article, const struct us_context_bag *sentence);

struct us_context_gap {
    const uint32_t *sentence;             /* ids of the sentence's words, as they stand */
    uint32_t length;                      /* of the sentence */
    uint32_t start, end;                  /* the gap: [start, end) of the sentence */
    const struct us_context_bag *bag;     /* of the whole sentence, the gap included */
    const float *topic;   /* of the rest of the article, us_context_topic(); NULL: there is no more */
    const float *vectors; /* of the sentence's words, us_context_bag(); NULL: read for each gap */
};

/*
 * Natural log of P(phrase | its surroundings), up to a constant that is the same for all phrases
 * of one gap. An unknown phrase gets the score of the rarest ones, whatever surrounds it.
 */
void us_context_score(float *scores, const struct us_context *context,
                      const struct us_context_gap *gap, const uint32_t *phrases, uint32_t count);

#endif
