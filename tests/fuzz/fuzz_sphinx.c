/*
 * The reader of .lm.bin files: whatever is accepted makes a model that opens and answers. The three
 * tables of 65,536 values, which are as long in every file, are filled from the input's last bytes.
 */
#include "fuzz_source.h"
#include "ngram_sphinx.h"

#include <string.h>

enum { HEADER = 36, TABLES = 3 * 65536 * 4 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static uint8_t tables[TABLES];
    struct us_ngram_source source = {0};
    if (length < HEADER + 12)
        return 0;
    for (size_t i = 0; i < 64; i++)
        memcpy(tables + 4 * i, bytes + length - 4 - 4 * (i % 3), 4);
    uint8_t *file = malloc(length + TABLES);
    if (!file)
        abort();
    memcpy(file, bytes, HEADER);
    memcpy(file, "Trie Language Model", 19);
    memcpy(file + HEADER, tables, TABLES);
    memcpy(file + HEADER + TABLES, bytes + HEADER, length - HEADER);
    int rc = us_ngram_read_sphinx(&source, file, length + TABLES, "fuzz", NULL);
    free(file);
    fuzz_source(&source, rc);
    return 0;
}
