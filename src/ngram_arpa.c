#include "ngram_arpa.h"

int us_ngram_arpa_compile(unsigned char **image, size_t *length, const char *text,
                          size_t text_length, const char *path, struct us_error *err)
{
    (void)text;
    (void)text_length;
    *image = NULL;
    *length = 0;
    return us_fail(err, US_EFORMAT, "%s is an ARPA file, which cannot be read yet", path);
}
