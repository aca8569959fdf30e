#include "ngram_arpa.h"

#include "intern.h"
#include "ngram_file.h"

#include <math.h>
#include <stdlib.h>

enum { FIELDS = US_NGRAM_ORDER + 3, WORD_BYTES = 255, ORDERS = 9 };

struct field {
    const char *at;
    size_t length;
};

struct name { /* of a word, while they are put in order */
    const char *string;
    uint32_t row; /* the unigram's */
};

struct arpa {
    const char *path;
    const char *at, *end; /* what is still to be read */
    unsigned long line;   /* number of the line read last */
    struct field fields[FIELDS];
    uint32_t field_count;
    uint32_t said[ORDERS + 1]; /* n-grams of each order, as the header has them */
    uint32_t order;            /* the highest in the file */
    struct us_intern words;
    uint32_t *ids;             /* [words.length] a word's id by its offset */
    struct us_ngram_source *out;
};

static int no_memory(const struct arpa *arpa, struct us_error *err)
{
    return us_fail(err, US_ENOMEM, "out of memory reading the ARPA file %s", arpa->path);
}

static int malformed(const struct arpa *arpa, struct us_error *err, const char *what)
{
    return us_fail(err, US_EFORMAT, "%s is not a sound ARPA file: line %lu: %s", arpa->path,
                   arpa->line, what);
}

/* ---- reading ------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Take the next line that is not empty, in fields; those past FIELDS are only counted. */
static bool next_line(struct arpa *arpa)
{
    while (arpa->at < arpa->end) {
        const char *at = arpa->at;
        const char *newline = memchr(at, '\n', (size_t)(arpa->end - at));
        const char *stop = newline ? newline : arpa->end;
        arpa->at = newline ? newline + 1 : arpa->end;
        arpa->line++;
        arpa->field_count = 0;
        for (;;) {
            while (at < stop && is_blank(*at))
                at++;
            if (at == stop)
                break;
            const char *start = at;
            while (at < stop && !is_blank(*at))
                at++;
            if (arpa->field_count < FIELDS)
                arpa->fields[arpa->field_count] = (struct field){start, (size_t)(at - start)};
            arpa->field_count++;
        }
        if (arpa->field_count)
            return true;
    }
    arpa->field_count = 0;
    return false;
}

static bool says(const struct field *field, const char *word)
{
    return field->length == strlen(word) && memcmp(field->at, word, field->length) == 0;
}

/* Is the line the head of section `order`, such as \2-grams: ? */
static bool heads_section(const struct arpa *arpa, uint32_t order)
{
    const struct field *field = &arpa->fields[0];
    return arpa->field_count == 1 && field->length == 9 && field->at[0] == '\\' &&
           field->at[1] == (char)('0' + order) && memcmp(field->at + 2, "-grams:", 7) == 0;
}

/* A decimal number whatever the locale, in log10; "-inf" is -99, as SRILM writes it. */
static bool read_number(float *out, const struct field *field)
{
    const char *at = field->at, *end = at + field->length;
    if (says(field, "-inf") || says(field, "-Inf")) {
        *out = -99;
        return true;
    }
    double sign = 1, value = 0;
    int scale = 0, digits = 0;
    if (at < end && (*at == '-' || *at == '+'))
        sign = *at++ == '-' ? -1 : 1;
    bool point = false;
    for (; at < end && (*at == '.' || (*at >= '0' && *at <= '9')); at++) {
        if (*at == '.') {
            if (point)
                return false;
            point = true;
        } else {
            value = value * 10 + (*at - '0');
            scale -= point;
            digits++;
        }
    }
    if (at < end && digits && (*at == 'e' || *at == 'E')) {
        int exponent = 0, exponent_sign = 1;
        at++;
        if (at < end && (*at == '-' || *at == '+'))
            exponent_sign = *at++ == '-' ? -1 : 1;
        if (at == end)
            return false;
        for (; at < end && *at >= '0' && *at <= '9' && exponent < 1000; at++)
            exponent = exponent * 10 + (*at - '0');
        scale += exponent_sign * exponent;
    }
    value = sign * value * pow(10, scale);
    if (at != end || !digits || !isfinite(value) || fabs(value) > 1000)
        return false;
    *out = (float)value;
    return true;
}

static int read_header(struct arpa *arpa, struct us_error *err)
{
    do {
        if (!next_line(arpa))
            return malformed(arpa, err, "no \\data\\ in it");
    } while (!says(&arpa->fields[0], "\\data\\"));
    while (next_line(arpa) && says(&arpa->fields[0], "ngram")) {
        /* "ngram 2=345", with spaces around the sign or none */
        uint64_t order = 0, count = 0;
        uint64_t *number = &order;
        for (uint32_t i = 1; i < arpa->field_count && i < FIELDS; i++)
            for (size_t k = 0; k < arpa->fields[i].length; k++) {
                char c = arpa->fields[i].at[k];
                if (c == '=' && number == &order)
                    number = &count;
                else if (c >= '0' && c <= '9' && *number < UINT32_MAX)
                    *number = *number * 10 + (uint64_t)(c - '0');
                else
                    return malformed(arpa, err, "it should read like `ngram 2=345`");
            }
        if (number != &count || order != arpa->order + 1 || order > ORDERS)
            return malformed(arpa, err, "the orders should be 1, 2, 3 and so on, up to 9");
        if (count >= US_NGRAM_MOST)
            return malformed(arpa, err, "more n-grams than can be held");
        arpa->order = (uint32_t)order;
        arpa->said[order] = (uint32_t)count;
    }
    if (arpa->order == 0 || arpa->said[1] == 0)
        return malformed(arpa, err, "the header should say how many words there are");
    return US_OK;
}

static int add_word(struct arpa *arpa, uint32_t *word, const struct field *field,
                    struct us_error *err)
{
    char copy[WORD_BYTES + 1];
    if (field->length > WORD_BYTES)
        return malformed(arpa, err, "a word has more than 255 bytes");
    if (memchr(field->at, 0, field->length))
        return malformed(arpa, err, "a NUL byte");
    memcpy(copy, field->at, field->length);
    copy[field->length] = 0;
    return us_intern(word, &arpa->words, copy, err);
}

static int find_word(struct arpa *arpa, uint32_t *id, const struct field *field,
                     struct us_error *err)
{
    uint32_t offset, count = arpa->words.count;
    int rc = add_word(arpa, &offset, field, err);
    if (rc != US_OK)
        return rc;
    if (arpa->words.count != count)
        return malformed(arpa, err, "a word that is not among the 1-grams");
    *id = arpa->ids[offset];
    return US_OK;
}

/* Take the line read last as an n-gram of this order. */
static int add_ngram(struct arpa *arpa, uint32_t order, struct us_error *err)
{
    float probability, backoff = 0;
    if (arpa->field_count != order + 1 && arpa->field_count != order + 2)
        return malformed(arpa, err, "it should hold a probability, the words, and a back-off");
    if (!read_number(&probability, &arpa->fields[0]) || probability > 0)
        return malformed(arpa, err, "its probability is not a logarithm");
    if (arpa->field_count == order + 2 && !read_number(&backoff, &arpa->fields[order + 1]))
        return malformed(arpa, err, "its back-off is not a logarithm");
    struct us_ngram_source *out = arpa->out;
    if (out->counts[order] == arpa->said[order])
        return malformed(arpa, err, "more n-grams than the header says");
    struct us_gram *gram = &out->grams[order][out->counts[order]++];
    *gram = (struct us_gram){.probability = probability, .backoff = backoff};
    if (order == 1) {
        uint32_t count = arpa->words.count;
        int rc = add_word(arpa, &gram->words[0], &arpa->fields[1], err); /* not an id as yet */
        if (rc == US_OK && arpa->words.count == count)
            rc = malformed(arpa, err, "this word stands twice");
        return rc;
    }
    for (uint32_t i = 0; i < order; i++) {
        int rc = find_word(arpa, &gram->words[order - 1 - i], &arpa->fields[1 + i], err);
        if (rc != US_OK)
            return rc;
    }
    return US_OK;
}

static int by_string(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    return strcmp(x->string, y->string);
}

/* Words are sorted bytewise, and their ids are their positions. */
static int number_words(struct arpa *arpa, struct us_error *err)
{
    struct us_ngram_source *out = arpa->out;
    uint32_t count = out->counts[1];
    struct us_gram *sorted = malloc((size_t)count * sizeof *sorted);
    struct name *names = malloc((size_t)count * sizeof *names);
    arpa->ids = calloc(arpa->words.length, sizeof *arpa->ids);
    out->strings = malloc(arpa->words.length);
    if (!sorted || !names || !arpa->ids || !out->strings) {
        free(sorted);
        free(names);
        return no_memory(arpa, err);
    }
    for (uint32_t i = 0; i < count; i++)
        names[i] = (struct name){arpa->words.bytes + out->grams[1][i].words[0], i};
    qsort(names, count, sizeof *names, by_string);
    for (uint32_t id = 0; id < count; id++) {
        size_t size = strlen(names[id].string) + 1;
        memcpy(out->strings + out->string_bytes, names[id].string, size);
        out->string_bytes += (uint32_t)size;
        sorted[id] = out->grams[1][names[id].row];
        arpa->ids[sorted[id].words[0]] = id;
        sorted[id].words[0] = id;
    }
    free(names);
    free(out->grams[1]);
    out->grams[1] = sorted;
    return US_OK;
}

static int read_sections(struct arpa *arpa, struct us_error *err)
{
    struct us_ngram_source *out = arpa->out;
    out->order = arpa->order < US_NGRAM_ORDER ? arpa->order : US_NGRAM_ORDER;
    for (uint32_t order = 1; order <= out->order; order++) {
        out->grams[order] = malloc(((size_t)arpa->said[order] + 1) * sizeof *out->grams[order]);
        if (!out->grams[order])
            return no_memory(arpa, err);
    }
    for (uint32_t order = 1; order <= arpa->order; order++) {
        if (arpa->field_count == 0 || !heads_section(arpa, order))
            return malformed(arpa, err, "the next section should begin here (\\1-grams:, ...)");
        bool used = order <= out->order;
        while (next_line(arpa) && arpa->fields[0].at[0] != '\\') {
            int rc = used ? add_ngram(arpa, order, err) : US_OK;
            if (rc != US_OK)
                return rc;
        }
        if (used && out->counts[order] != arpa->said[order])
            return malformed(arpa, err, "the section has fewer n-grams than the header says");
        int rc = order == 1 ? number_words(arpa, err) : US_OK;
        if (rc != US_OK)
            return rc;
    }
    if (arpa->field_count == 0 || !says(&arpa->fields[0], "\\end\\"))
        return malformed(arpa, err, "it ends without \\end\\; is it cut short?");
    return US_OK;
}

int us_ngram_read_arpa(struct us_ngram_source *out, const char *text, size_t length,
                       const char *path, struct us_error *err)
{
    struct arpa arpa = {.path = path, .at = text, .end = text + length, .out = out};
    int rc = read_header(&arpa, err);
    uint64_t all = 0;
    for (uint32_t order = 1; order <= arpa.order; order++)
        all += arpa.said[order];
    /* an n-gram takes 4 bytes and more: no memory for what a header only boasts of */
    if (rc == US_OK && all > length / 4 + 1)
        rc = malformed(&arpa, err, "the header says more n-grams than the file has room for");
    if (rc == US_OK)
        rc = read_sections(&arpa, err);
    us_intern_close(&arpa.words);
    free(arpa.ids);
    return rc;
}
