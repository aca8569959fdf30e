/*
 * ngram_arpa.h - reads ARPA text files (KenLM, SRILM). Orders past US_NGRAM_ORDER are read over.
 */
#ifndef UNSPIN_NGRAM_ARPA_H
#define UNSPIN_NGRAM_ARPA_H

#include "ngram_source.h"

/* `path` is for messages. On failure *out may be filled in part; close it either way. */
int us_ngram_read_arpa(struct us_ngram_source *out, const char *text, size_t length,
                       const char *path, struct us_error *err);

#endif
