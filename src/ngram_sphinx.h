/*
 * ngram_sphinx.h - reads the quantized trigram trie that CMU Sphinx writes (.lm.bin).
 */
#ifndef UNSPIN_NGRAM_SPHINX_H
#define UNSPIN_NGRAM_SPHINX_H

#include "ngram_source.h"

bool us_ngram_is_sphinx(const unsigned char *bytes, size_t length);

/* Every offset is checked before it is followed. `path` is for messages. On failure *out may be
 * filled in part; close it either way. */
int us_ngram_read_sphinx(struct us_ngram_source *out, const unsigned char *bytes, size_t length,
                         const char *path, struct us_error *err);

#endif
