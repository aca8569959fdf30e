/*
 * fixture.h - a folder of its own for a test program, and the small models made in it.
 */
#ifndef UNSPIN_TESTS_FIXTURE_H
#define UNSPIN_TESTS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lexicon_compile.h"
#include "ngram.h"

static char fixture_folder[64];
static struct us_error err;

static inline int enter_folder(void **state)
{
    (void)state;
    strcpy(fixture_folder, "/tmp/unspin-test-XXXXXX");
    return mkdtemp(fixture_folder) && chdir(fixture_folder) == 0 ? 0 : -1;
}

static inline int leave_folder(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", fixture_folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static inline void put_bytes(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static inline void put(const char *path, const char *text)
{
    put_bytes(path, text, strlen(text));
}

/* One line, that says something and no more than that. */
static inline void assert_one_line(const char *message)
{
    assert_true(strlen(message) > 10);
    assert_null(strchr(message, '\n'));
}

/* A language model from the text of an ARPA file. */
static inline struct us_ngram *model_of(const char *arpa)
{
    struct us_ngram *model;
    put("model.arpa", arpa);
    if (us_ngram_open(&model, "model.arpa", &err) != US_OK)
        fail_msg("%s", err.message);
    return model;
}

/* A lexicon from rows, weights and trees as the sources in data/ have them. */
static inline struct us_lexicon *lexicon_with_trees(const char *rows, const char *weights,
                                                    const char *trees,
                                                    const struct us_ngram *words)
{
    const char *const paths[] = {"rows.tsv"};
    struct us_lexicon *lexicon;
    struct us_lexicon_report report;
    put("rows.tsv", rows);
    put("irregular.tsv", "");
    put("weights.tsv", weights);
    put("trees.tsv", trees);
    struct us_lexicon_sources sources = {.paths = paths, .count = 1, .words = words,
                                         .irregulars = "irregular.tsv", .weights = "weights.tsv",
                                         .trees = "trees.tsv"};
    if (us_lexicon_compile(&report, "words.lex", &sources, &err) != US_OK ||
        us_lexicon_open(&lexicon, "words.lex", &err) != US_OK)
        fail_msg("%s", err.message);
    return lexicon;
}

static inline struct us_lexicon *lexicon_of(const char *rows, const char *weights,
                                            const struct us_ngram *words)
{
    return lexicon_with_trees(rows, weights, "", words);
}

#endif
