/* fuzz_source.h - what was read of a language model makes one that opens and answers. */
#ifndef UNSPIN_FUZZ_SOURCE_H
#define UNSPIN_FUZZ_SOURCE_H

#include "fuzz_file.h"
#include "ngram.h"
#include "ngram_source.h"

/* read: what the reader said. Closes source. */
static inline void fuzz_source(struct us_ngram_source *source, int read)
{
    unsigned char *image;
    size_t image_length;
    struct us_ngram *model;
    int rc = read;
    if (rc == US_OK)
        rc = us_ngram_write(&image, &image_length, source, "fuzz", NULL);
    us_ngram_source_close(source);
    if (!fuzz_takes(rc == US_OK))
        return;
    if (us_ngram_open(&model, fuzz_file(image, image_length), NULL) != US_OK)
        abort();
    for (uint32_t w = 0; w < us_ngram_words(model) && w < 20; w++)
        for (uint32_t v = 0; v < us_ngram_words(model) && v < 20; v++)
            us_ngram_trigram(model, v, w, v);
    us_ngram_close(model);
    free(image);
}

#endif
