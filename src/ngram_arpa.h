/*
 * ngram_arpa.h - from an ARPA text file (KenLM, SRILM) to the trie image that ngram.c reads.
 *
 * Orders up to 3 are used; higher ones are read over. Probabilities are quantized to 65,536
 * values a table, each the mean of as many neighbours (exact where there are no more than that).
 */
#ifndef UNSPIN_NGRAM_ARPA_H
#define UNSPIN_NGRAM_ARPA_H

#include "unspin.h"

/* Compile text to an image on the heap, which the caller frees. `path` is for messages. */
int us_ngram_arpa_compile(unsigned char **image, size_t *length, const char *text,
                          size_t text_length, const char *path, struct us_error *err);

#endif
