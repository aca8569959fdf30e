/*
 * lexc - compile the lexicon from its sources.
 *
 *     lexc [--check] MODEL IRREGULARS WEIGHTS TREES OUT SOURCE...
 *
 * MODEL is the language model, whose vocabulary tells which inflected forms are words. --check
 * names rows that look wrong on standard output; the exit status is then 1 if there are any.
 */
#include "lexicon_compile.h"

#include <stdbool.h>
#include <string.h>

int main(int argc, char **argv)
{
    bool check = argc > 1 && strcmp(argv[1], "--check") == 0;
    int first = check ? 2 : 1;
    if (argc - first < 6) {
        fprintf(stderr, "usage: lexc [--check] MODEL IRREGULARS WEIGHTS TREES OUT SOURCE...\n");
        return 2;
    }
    const char *out = argv[first + 4];
    struct us_error err;
    struct us_ngram *words;
    struct us_lexicon_report report = {0};
    int rc = us_ngram_open(&words, argv[first], &err);
    if (rc == US_OK) {
        struct us_lexicon_sources sources = {.paths = (const char *const *)argv + first + 5,
                                             .count = (uint32_t)(argc - first - 5),
                                             .irregulars = argv[first + 1],
                                             .weights = argv[first + 2],
                                             .trees = argv[first + 3],
                                             .words = words,
                                             .doubts = check ? stdout : NULL};
        rc = us_lexicon_compile(&report, out, &sources, &err);
    }
    us_ngram_close(words);
    if (check && report.doubts) {
        printf("%u doubts in %u rows\n", report.doubts, report.read);
        return 1;
    }
    if (rc != US_OK) {
        fprintf(stderr, "lexc: %s\n", err.message);
        return 2;
    }
    printf("%s: %u rows (%u read, %u of them merged, %u derived), %zu bytes\n", out, report.rows,
           report.read, report.merged, report.derived, report.bytes);
    return 0;
}
