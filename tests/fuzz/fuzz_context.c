/* The context model's loader: a file is refused, or all that it says of words and phrases can be
 * read and scored. The magic is put right first. */
#include "context_file.h"
#include "fuzz_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const words[] = {"the", "river", "", "1999", "loan", "nowhere"};
    enum { COUNT = sizeof words / sizeof *words };
    struct us_context *context;
    uint8_t *copy = malloc(length + 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, length);
    if (length >= 16)
        memcpy(copy, US_CONTEXT_MAGIC, 16);
    const char *path = fuzz_file(copy, length);
    free(copy);
    if (us_context_open(&context, path, NULL) != US_OK)
        return 0;
    uint32_t ids[COUNT], phrases[COUNT];
    float scores[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        ids[i] = us_context_word(context, words[i], strlen(words[i]));
        phrases[i] = us_context_phrase(context, words[i], strlen(words[i]));
    }
    struct us_context_bag bag;
    us_context_bag(&bag, context, ids, COUNT);
    for (uint32_t start = 0; start < COUNT; start++) {
        struct us_context_gap gap = {ids, COUNT, start, start + 1, &bag, start % 2 ? &bag : NULL, NULL};
        us_context_score(scores, context, &gap, phrases, COUNT);
    }
    us_context_close(context);
    return 0;
}
