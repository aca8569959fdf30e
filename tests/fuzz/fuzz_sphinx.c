/*
 * The reader of .lm.bin files: whatever is accepted makes a model that opens and answers. The three
 * tables of 65,536 values, which are as long in every file, are filled from the input's last bytes.
 */
#include "fuzz_file.h"
#include "ngram_sphinx.h"

#include <string.h>

enum { HEADER = 36, TABLES = 3 * 65536 * 4 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static uint8_t tables[TABLES];
    struct us_ngram_source source = {0};
    unsigned char *image;
    size_t image_length;
    struct us_ngram *model;
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
    if (rc == US_OK)
        rc = us_ngram_write(&image, &image_length, &source, "fuzz", NULL);
    us_ngram_source_close(&source);
    if (rc != US_OK)
        return 0;
    if (us_ngram_open(&model, fuzz_file(image, image_length), NULL) != US_OK)
        abort();
    for (uint32_t w = 0; w < us_ngram_words(model) && w < 20; w++)
        us_ngram_trigram(model, w, w / 2, w);
    us_ngram_close(model);
    free(image);
    return 0;
}
