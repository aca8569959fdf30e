#include "context.h"

int us_context_open(struct us_context **out, const char *path, struct us_error *err)
{
    *out = NULL;
    return us_fail(err, US_EIO, "cannot open the context model %s", path);
}

void us_context_close(struct us_context *context)
{
    (void)context;
}

uint32_t us_context_id(const struct us_context *context, const char *word, size_t length)
{
    (void)context, (void)word, (void)length;
    return US_CONTEXT_UNKNOWN;
}

void us_context_score(const struct us_context *context, const uint32_t *sentence, uint32_t length,
                      uint32_t gap_start, uint32_t gap_end, const uint32_t *candidates,
                      const uint8_t *words, uint32_t count, float *scores)
{
    (void)context, (void)sentence, (void)length, (void)gap_start, (void)gap_end;
    (void)candidates, (void)words;
    for (uint32_t i = 0; i < count; i++)
        scores[i] = 0;
}
