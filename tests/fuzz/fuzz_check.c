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

struct ended_text {
    char *at;
    size_t length;
};

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
        us_context_open(&context, "build/context.bin", &err) != US_OK ||
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

/* The text with one kind of line ends. Returns how many there are. */
static size_t with_line_ends(struct ended_text *out, const uint8_t *bytes, size_t length,
                             const char *ending)
{
    size_t ends = 0;
    out->at = malloc(2 * length + 1);
    out->length = 0;
    require(out->at != NULL);
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != '\n' && bytes[i] != '\r') {
            out->at[out->length++] = (char)bytes[i];
            continue;
        }
        if (bytes[i] == '\r' && i + 1 < length && bytes[i + 1] == '\n')
            i++;
        for (const char *c = ending; *c; c++)
            out->at[out->length++] = *c;
        ends++;
    }
    return ends;
}

/* Whatever ends the lines, the corrections are as many and as sure. */
static void other_line_ends(struct us_restorer *restorer, const uint8_t *bytes, size_t length,
                            const struct us_check_options *options)
{
    static const char *const endings[] = {"\n", "\r\n", "\r"};
    struct us_corrections found[3] = {{0}};
    for (int i = 0; i < 3; i++) {
        struct ended_text text;
        size_t ends = with_line_ends(&text, bytes, length, endings[i]);
        require(us_restorer_check(&found[i], restorer, text.at, text.length, options, NULL) ==
                US_OK);
        free(text.at);
        if (!ends)
            break;
        require(found[i].count == found[0].count);
        for (uint32_t k = 0; k < found[0].count; k++)
            require(fabsf(found[i].items[k].confidence - found[0].items[k].confidence) < 1e-4f);
    }
    for (int i = 0; i < 3; i++)
        us_corrections_close(&found[i]);
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
    other_line_ends(restorer, bytes, length, &options);
    us_corrections_close(&found);
    return 0;
}
