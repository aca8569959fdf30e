/*
 * lexicon_compile.h - from the tab-separated sources in data/ to the file that lexicon.h maps.
 *
 * Rows (lexicon_source.h) of one spun phrase and original become one: the pages of all sources (the
 * most of each), all families, the condition of the better attested. A row in its base form also
 * gives its other forms (lexicon_forms.h). Such a derived row yields to one that stands in a source,
 * counts half the pages of the best attested of its sisters, and is not marked as seen. A swap that
 * some row forbids (condition: never) is left out, and so are the forms derived from it.
 */
#ifndef UNSPIN_LEXICON_COMPILE_H
#define UNSPIN_LEXICON_COMPILE_H

#include "lexicon.h"
#include "ngram.h"

#include <stdio.h>

struct us_lexicon_sources {
    const char *const *paths;     /* of rows */
    uint32_t count;
    const char *irregulars;       /* data/irregular.tsv */
    const char *weights;          /* lines of name, value, comment by tabs; or NULL */
    const char *trees;            /* lines of us_tree_read; or NULL */
    const struct us_ngram *words; /* the word list: the language model's vocabulary */
    FILE *doubts; /* rows that look wrong are named here, one a line, bad ones too; or NULL */
};

struct us_lexicon_report {
    uint32_t read;    /* rows read from the sources */
    uint32_t merged;  /* of them, such as joined another */
    uint32_t derived; /* rows added by inflection */
    uint32_t forbidden; /* swaps left out */
    uint32_t rows;    /* in the file */
    uint32_t doubts;
    size_t bytes;     /* of the file */
};

/*
 * Compile to `path`, written in whole or not at all. A bad line fails with "source:line: what";
 * with `doubts`, all bad lines are named there and nothing is written if there are any.
 */
int us_lexicon_compile(struct us_lexicon_report *report, const char *path,
                       const struct us_lexicon_sources *sources, struct us_error *err);

#endif
