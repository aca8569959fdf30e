/*
 * The loader of compiled language models: a file is refused, or whatever it says every look-up
 * stays inside it. What is not in the input is put right first: the magic, and the length.
 */
#include "fuzz_file.h"
#include "ngram_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct us_ngram *model;
    struct us_ngram_state state, next;
    uint8_t *copy = malloc(length + 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, length);
    if (length >= US_NGRAM_HEADER)
        memcpy(copy, US_NGRAM_MAGIC, US_NGRAM_MAGIC_LENGTH);
    const char *path = fuzz_file(copy, length);
    free(copy);
    if (!fuzz_takes(us_ngram_open(&model, path, NULL) == US_OK))
        return 0;
    uint32_t words = us_ngram_words(model), step = words / 8 + 1;
    us_ngram_start(&state, model);
    for (uint32_t w = 0; w < words; w += step) {
        const char *word = us_ngram_word(model, w);
        us_ngram_id(model, word, word ? strlen(word) : 0);
        us_ngram_step(&next, model, &state, w);
        for (uint32_t v = 0; v < words; v += step) {
            struct us_ngram_pair pair;
            us_ngram_trigram(model, w, v, w);
            us_ngram_pair(&pair, model, next.words[0], v);
            us_ngram_pair_after(&state, model, &pair, &next);
            us_ngram_step(&state, model, &state, US_NGRAM_UNKNOWN);
        }
    }
    us_ngram_close(model);
    return 0;
}
