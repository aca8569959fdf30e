/*
 * phrases.h - what the models call the words and phrases of a text and of the lexicon's rows. The
 * originals of rows are looked up once, and remembered.
 */
#ifndef UNSPIN_PHRASES_H
#define UNSPIN_PHRASES_H

#include "context.h"
#include "lexicon.h"
#include "ngram.h"

#define US_EDGE_WORDS 8 /* words a reading is to the language model, at most: "U.S." is "u." "s." */

struct us_phrases;

/* Borrows both. */
int us_phrases_open(struct us_phrases **out, const struct us_ngram *model,
                    const struct us_lexicon *lexicon, struct us_error *err);
void us_phrases_close(struct us_phrases *phrases); /* NULL is fine */

/* Let go of what was looked up, and the memory. */
void us_phrases_forget(struct us_phrases *phrases);

/*
 * Ids of a row's original for the language model, with 's behind it if possessive: *ids are *count,
 * none if it is too long, and stay where they are until all is forgotten.
 */
int us_phrases_ids(const uint32_t **ids, uint8_t *count, struct us_phrases *phrases,
                   const struct us_row *row, bool possessive, struct us_error *err);

/* The id of a row's original for the context model, as us_context_phrase() has it. */
uint32_t us_phrases_context(struct us_phrases *phrases, const struct us_context *context,
                            const struct us_row *row);

/* Ids of a phrase's words for the language model; returns how many, at most `room`. */
uint32_t us_phrase_ids(const struct us_ngram *model, const char *phrase, size_t length,
                       uint32_t *ids, uint32_t room);

/* Ids of a word as norms have it; returns how many, 1 to `room`. */
uint32_t us_word_ids(const struct us_ngram *model, const char *word, size_t length, uint32_t *ids,
                     uint32_t room);

/* The id of a number: small ones are words to the model, others one that stands for them. */
uint32_t us_number_id(const struct us_ngram *model, const char *norm, size_t length);

/* The value of a small number's word, "zero" to "twelve"; -1 for other words. */
int us_small_number(const char *word);

#endif
