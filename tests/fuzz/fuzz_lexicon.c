/* The lexicon's loader: a file is refused, or all its rows and any walk stay inside it. */
#include "fuzz_file.h"
#include "lexicon.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct us_lexicon *lexicon;
    const char *path = fuzz_file(bytes, length);
    if (us_lexicon_open(&lexicon, path, NULL) != US_OK)
        return 0;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < us_lexicon_rows(lexicon); i++) {
        const struct us_row *row = us_lexicon_row(lexicon, i);
        sum += (uint32_t)strlen(us_lexicon_string(lexicon, row->spun));
        sum += (uint32_t)strlen(us_lexicon_string(lexicon, row->original));
        uint64_t state = 0;
        const struct us_row *rows;
        uint32_t count;
        const char *spun = us_lexicon_string(lexicon, row->spun);
        us_lexicon_step(lexicon, &state, spun, strlen(spun), &rows, &count);
        for (uint32_t k = 0; k < count; k++)
            sum += rows[k].original;
    }
    us_lexicon_weight(lexicon, "threshold.sure", (float)sum);
    us_lexicon_close(lexicon);
    return 0;
}
