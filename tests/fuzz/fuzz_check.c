/*
 * From a text to its corrections, with the built lexicon and model: in order, apart, in range, on
 * character boundaries, confidences from 0 to 1, reasons of one line, UTF-8 again when applied.
 */
#include "restore.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define MODEL "build/unspin.lm"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct us_restorer *open_restorer(void)
{
    struct us_error err = {0};
    struct us_ngram *model;
    struct us_lexicon *lexicon;
    struct us_context *context;
    struct us_restorer *restorer;
    const char *path = getenv("UNSPIN_MODEL");
    if (us_ngram_open(&model, path ? path : MODEL, &err) != US_OK ||
        us_lexicon_open(&lexicon, "build/unspin.lex", &err) != US_OK ||
        us_context_open(&context, "data/context.bin", &err) != US_OK ||
        us_restorer_open(&restorer, model, lexicon, context, &err) != US_OK) {
        fprintf(stderr, "%s\n", err.message);
        exit(2);
    }
    return restorer;
}

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool is_utf8(const char *text)
{
    int32_t code;
    for (size_t at = 0, length = strlen(text); at < length;) {
        utf8proc_ssize_t step = utf8proc_iterate((const utf8proc_uint8_t *)text + at,
                                                 (utf8proc_ssize_t)(length - at), &code);
        if (step <= 0)
            return false;
        at += (size_t)step;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct us_restorer *restorer;
    if (!restorer)
        restorer = open_restorer();
    struct us_corrections found;
    struct us_error err = {0};
    struct us_check_options options = {.readings = true};
    options.format = length && bytes[0] == '#' ? US_FORMAT_MARKDOWN : US_FORMAT_TEXT;
    options.threshold = length % 2 ? 0 : -1;
    if (us_restorer_check(&found, restorer, (const char *)bytes, length, &options, &err) != US_OK) {
        require(err.message[0] && !strchr(err.message, '\n'));
        return 0;
    }
    size_t end = 0;
    for (uint32_t i = 0; i < found.count; i++) {
        const struct us_correction *c = &found.items[i];
        require(c->start >= end && c->end > c->start && c->end <= length);
        require((bytes[c->start] & 0xc0) != 0x80);
        require(c->end == length || (bytes[c->end] & 0xc0) != 0x80);
        require(c->confidence >= 0 && c->confidence <= 1);
        require(is_utf8(c->replacement) && !strchr(c->reason, '\n'));
        require(c->reading_count >= 2);
        end = c->end;
    }
    require(isfinite(found.rate) && found.rate >= 0);
    us_corrections_close(&found);
    return 0;
}
