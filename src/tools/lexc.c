/*
 * lexc - compile the lexicon from its sources.
 *
 *     lexc [--check] MODEL IRREGULARS WEIGHTS OUT SOURCE...
 *
 * MODEL is the language model, whose vocabulary tells which inflected forms are words. --check
 * names rows that look wrong on standard output.
 */
#include "lexicon_compile.h"

#include <string.h>

int main(int argc, char **argv)
{
    int first = argc > 1 && strcmp(argv[1], "--check") == 0 ? 2 : 1;
    if (argc - first < 5) {
        fprintf(stderr, "usage: lexc [--check] MODEL IRREGULARS WEIGHTS OUT SOURCE...\n");
        return 2;
    }
    struct us_error err;
    struct us_ngram *words;
    uint32_t rows = 0;
    int rc = us_ngram_open(&words, argv[first], &err);
    if (rc == US_OK) {
        struct us_lexicon_sources sources = {.paths = (const char *const *)argv + first + 4,
                                             .count = (uint32_t)(argc - first - 4),
                                             .irregulars = argv[first + 1],
                                             .weights = argv[first + 2],
                                             .words = words,
                                             .doubts = first == 2 ? stdout : NULL};
        rc = us_lexicon_compile(argv[first + 3], &sources, &rows, &err);
    }
    us_ngram_close(words);
    if (rc != US_OK) {
        fprintf(stderr, "lexc: %s\n", err.message);
        return 2;
    }
    printf("%s: %u rows\n", argv[first + 3], rows);
    return 0;
}
