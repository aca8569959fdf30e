/* ARPA files: whatever is accepted makes a model that opens and answers. */
#include "fuzz_file.h"
#include "ngram.h"
#include "ngram_arpa.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    unsigned char *image;
    size_t image_length;
    struct us_ngram *model;
    struct us_ngram_source source = {0};
    int rc = us_ngram_read_arpa(&source, (const char *)bytes, length, "fuzz", NULL);
    if (rc == US_OK)
        rc = us_ngram_write(&image, &image_length, &source, "fuzz", NULL);
    us_ngram_source_close(&source);
    if (rc != US_OK)
        return 0;
    if (us_ngram_open(&model, fuzz_file(image, image_length), NULL) != US_OK)
        abort();
    for (uint32_t w = 0; w < us_ngram_words(model) && w < 20; w++)
        for (uint32_t v = 0; v < us_ngram_words(model) && v < 20; v++)
            us_ngram_trigram(model, v, w, v);
    us_ngram_close(model);
    free(image);
    return 0;
}
