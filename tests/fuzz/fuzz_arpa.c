/* ARPA files: whatever is accepted makes a model that opens and answers. */
#include "fuzz_source.h"
#include "ngram_arpa.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct us_ngram_source source = {0};
    fuzz_source(&source, us_ngram_read_arpa(&source, (const char *)bytes, length, "fuzz", NULL));
    return 0;
}
