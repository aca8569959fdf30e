/*
 * lexicon_compile.h - from the tab-separated sources in data/ to the file that lexicon.h maps.
 *
 * A source line is
 *
 *     spun <TAB> original <TAB> pages <TAB> part of speech <TAB> condition <TAB> families
 *
 * and lines that begin with # are comments. Rows for the same pair, from whatever source, become
 * one: the most pages, all families. Then each row of nouns, verbs and adjectives is inflected
 * (inflect.h) where both sides take the form and the word list knows both; rows that stand in a
 * source win over rows so derived. A source whose file name begins with "tail" gives weak rows,
 * one that begins with "scholarly" or "known-scholarly" gives tortured phrases.
 */
#ifndef UNSPIN_LEXICON_COMPILE_H
#define UNSPIN_LEXICON_COMPILE_H

#include "lexicon.h"
#include "ngram.h"

#include <stdio.h>

struct us_lexicon_sources {
    const char *const *paths;    /* of rows */
    uint32_t count;
    const char *irregulars;      /* data/irregular.tsv */
    const char *weights;         /* name <TAB> value lines, or NULL */
    const struct us_ngram *words; /* the word list: the language model's vocabulary */
    FILE *doubts;                /* rows that look wrong are named here, one a line; or NULL */
};

/* Compile to `path`, written in whole or not at all. *rows, if not NULL: how many came of it. */
int us_lexicon_compile(const char *path, const struct us_lexicon_sources *sources,
                       uint32_t *rows, struct us_error *err);

#endif
