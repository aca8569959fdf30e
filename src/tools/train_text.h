/*
 * train_text.h - what the trainer reads: text as numbered words, and word vectors.
 *
 * The trainer is a tool that is run by hand: where it cannot go on it says why and exits.
 */
#ifndef UNSPIN_TRAIN_TEXT_H
#define UNSPIN_TRAIN_TEXT_H

#include "unspin.h"

#include <stdbool.h>

#define NONE UINT32_MAX

_Noreturn void die(const char *fmt, ...) US_PRINTF(1, 2);
void *room(void *old, size_t count, size_t size); /* realloc() that does not fail */
void *zeroed(size_t count, size_t size);          /* calloc() that does not fail */

/* Strings numbered in the order in which they were first seen. */
struct strings {
    char **at;
    uint32_t *slots; /* open addressing */
    uint32_t count, room, slot_count;
};
uint32_t strings_find(const struct strings *strings, const char *string, size_t length);
uint32_t strings_add(struct strings *strings, const char *string, size_t length);

/* Words by number, in sentences, in documents. */
struct corpus {
    uint32_t *words, *sentences, *documents; /* starts, one past the last included */
    size_t word_count, sentence_count, document_count;
    size_t word_room, sentence_room, document_room;
};

/*
 * Add a file of plain text: a paragraph a line, an empty line between documents. Words are as
 * the surroundings of a gap see them: no punctuation, numbers as one word.
 */
void corpus_add(struct corpus *corpus, struct strings *words, const char *path);
void corpus_end(struct corpus *corpus); /* no more files */

/*
 * Read the vectors of those words that the file has, reduced to their `dimensions` principal
 * components: float[words->count][dimensions], 0 for the others. The file is wink-embeddings'
 * JSON: "vectors":{"word":[number,...],...}, VECTOR_LENGTH numbers and two more each.
 */
enum { VECTOR_LENGTH = 100 };
float *vectors_read(const struct strings *words, const char *path, uint32_t dimensions);

#endif
