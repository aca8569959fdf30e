/*
 * context.h - which word fits the words around it: a log-bilinear model over word vectors.
 *
 * After Mnih and Hinton 2007 (log-bilinear), Mnih and Kavukcuoglu 2013 (one diagonal per
 * position): the words around a gap, each weighted by its place, and the bag of the sentence's
 * other words predict the vector of the word in the gap. Trained to tell a word from those that
 * spinners confuse it with. The file is mapped; vectors are small integers with a scale.
 */
#ifndef UNSPIN_CONTEXT_H
#define UNSPIN_CONTEXT_H

#include "unspin.h"

#define US_CONTEXT_UNKNOWN UINT32_MAX

struct us_context;

int us_context_open(struct us_context **out, const char *path, struct us_error *err);
void us_context_close(struct us_context *context); /* NULL is fine */

uint32_t us_context_id(const struct us_context *context, const char *word, size_t length);

/*
 * Scores (natural log, up to a constant that is the same for every candidate of one gap) of
 * candidates in the gap [gap_start, gap_end) of a sentence of `length` word ids. A candidate is
 * `words[i]` ids starting at candidates[i * 6]; the observed words are a candidate like others.
 */
void us_context_score(const struct us_context *context, const uint32_t *sentence, uint32_t length,
                      uint32_t gap_start, uint32_t gap_end, const uint32_t *candidates,
                      const uint8_t *words, uint32_t count, float *scores);

#endif
