/*
 * From a text to its corrections, with the built lexicon and model: in order, apart, in range, on
 * character boundaries, confidences from 0 to 1, reasons of one line, UTF-8 again when applied, never
 * taken back by a second check, the same whatever ends the lines, and the same with a paragraph more.
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

static void require_at(bool holds, int line)
{
    if (holds)
        return;
    fprintf(stderr, "line %d: what must hold does not\n", line);
    abort();
}
#define require(holds) require_at(holds, __LINE__)

static bool is_utf8(const char *text, size_t length)
{
    int32_t code;
    for (size_t at = 0; at < length;) {
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

/* The text with its corrections made; where they are in it goes to at[found->count]. */
static void apply(struct ended_text *out, size_t *at, const uint8_t *bytes, size_t length,
                  const struct us_corrections *found)
{
    size_t room = length + 1, from = 0;
    for (uint32_t i = 0; i < found->count; i++)
        room += strlen(found->items[i].replacement);
    out->at = malloc(room);
    out->length = 0;
    require(out->at != NULL);
    for (uint32_t i = 0; i <= found->count; i++) {
        const struct us_correction *c = i < found->count ? &found->items[i] : NULL;
        size_t kept = (c ? c->start : length) - from;
        if (kept)
            memcpy(out->at + out->length, bytes + from, kept);
        out->length += kept;
        if (!c)
            break;
        at[i] = out->length;
        memcpy(out->at + out->length, c->replacement, strlen(c->replacement));
        out->length += strlen(c->replacement);
        from = c->end;
    }
}

/* No correction that was sure enough to be made is taken back. */
static void once_more(struct us_restorer *restorer, const uint8_t *bytes, size_t length,
                      const struct us_corrections *found, const struct us_check_options *options)
{
    struct ended_text text;
    struct us_corrections again;
    size_t *at = malloc((found->count + 1) * sizeof *at);
    require(at != NULL);
    apply(&text, at, bytes, length, found);
    require(is_utf8(text.at, text.length));
    require(us_restorer_check(&again, restorer, text.at, text.length, options, NULL) == US_OK);
    for (uint32_t i = 0, k = 0; i < again.count; i++) {
        const struct us_correction *c = &again.items[i];
        while (k < found->count && at[k] < c->start)
            k++;
        if (k == found->count || at[k] != c->start)
            continue;
        const struct us_correction *made = &found->items[k];
        size_t was = made->end - made->start;
        require(c->end - c->start != strlen(made->replacement) || strlen(c->replacement) != was ||
                memcmp(c->replacement, bytes + made->start, was) != 0);
    }
    us_corrections_close(&again);
    free(text.at);
    free(at);
}

static bool may_reach_over_a_paragraph(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] >= 0x80 || strchr("\"'`<>{}[]()$~*_#|\\", bytes[i]))
            return true;
    return false;
}

/* What is far from a paragraph more at the end is found with it as without it, given how the article
 * is judged. */
static void one_paragraph_more(struct us_restorer *restorer, const uint8_t *bytes, size_t length,
                               const struct us_corrections *found,
                               const struct us_check_options *options)
{
    static const char more[] = "\n\nThe recipe asks for two eggs and a cup of milk.\n";
    enum { NEAR = 200 };
    struct us_check_options given = *options;
    struct us_corrections with, without;
    if (length < NEAR || !found->english || may_reach_over_a_paragraph(bytes, length))
        return;
    char *text = malloc(length + sizeof more);
    require(text != NULL);
    memcpy(text, bytes, length);
    memcpy(text + length, more, sizeof more);
    given.article = &found->article;
    given.threshold = 0.6f; /* below that, one of near-equal readings may be taken for another */
    require(us_restorer_check(&without, restorer, text, length, &given, NULL) == US_OK);
    given.threshold = 0.2f; /* words that stand in the paragraph too move a step of some tree */
    require(us_restorer_check(&with, restorer, text, length + sizeof more - 1, &given, NULL) == US_OK);
    for (uint32_t i = 0, k = 0; i < without.count && without.items[i].end + NEAR < length; i++) {
        while (k < with.count && with.items[k].end <= without.items[i].start)
            k++;
        /* "has turned into" may become what "turned into" was, with as much */
        require(k < with.count && with.items[k].start < without.items[i].end);
    }
    us_corrections_close(&with);
    us_corrections_close(&without);
    free(text);
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
        require(is_utf8(c->replacement, strlen(c->replacement)) && !strchr(c->reason, '\n'));
        require(c->reading_count >= 2);
        end = c->end;
    }
    require(isfinite(found.rate) && found.rate >= 0);
    other_line_ends(restorer, bytes, length, &options);
    if (options.threshold < 0)
        once_more(restorer, bytes, length, &found, &options);
    one_paragraph_more(restorer, bytes, length, &found, &options);
    us_corrections_close(&found);
    return 0;
}
