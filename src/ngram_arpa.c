#include "ngram_arpa.h"

#include "bytes.h"
#include "intern.h"
#include "ngram_file.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { FIELDS = 6, WORD_BYTES = 255, ORDERS = 9 };

struct field {
    const char *at;
    size_t length;
};

struct unigram {
    uint32_t word;    /* offset in words */
    const char *name; /* only while they are sorted: words may move */
    float probability, backoff;
};

struct bigram { /* P(word | given) */
    uint32_t word, given;
    float probability, backoff;
};

struct trigram { /* P(word | before given) */
    uint32_t word, given, before;
    float probability;
};

struct arpa {
    const char *path;
    const char *at, *end; /* what is still to be read */
    unsigned long line;   /* number of the line read last */
    struct field fields[FIELDS];
    uint32_t field_count;
    uint32_t said[ORDERS + 1]; /* n-grams of each order, as the header has them */
    uint32_t read[4];
    uint32_t order;            /* the highest */
    struct us_intern words;
    uint32_t *ids;             /* [words.length] a word's id by its offset */
    struct unigram *unigrams;
    struct bigram *bigrams;
    struct trigram *trigrams;
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
    if (arpa->read[order] == arpa->said[order])
        return malformed(arpa, err, "more n-grams than the header says");
    uint32_t at = arpa->read[order]++, word[3];
    if (order == 1) {
        uint32_t count = arpa->words.count;
        int rc = add_word(arpa, &word[0], &arpa->fields[1], err);
        if (rc == US_OK && arpa->words.count == count)
            rc = malformed(arpa, err, "this word stands twice");
        arpa->unigrams[at] = (struct unigram){word[0], NULL, probability, backoff};
        return rc;
    }
    for (uint32_t i = 0; i < order; i++) {
        int rc = find_word(arpa, &word[i], &arpa->fields[1 + i], err);
        if (rc != US_OK)
            return rc;
    }
    if (order == 2)
        arpa->bigrams[at] = (struct bigram){word[1], word[0], probability, backoff};
    else
        arpa->trigrams[at] = (struct trigram){word[2], word[1], word[0], probability};
    return US_OK;
}

/* ---- order -------------------------------------------------------------------------------- */

static int by_number(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int by_name(const void *a, const void *b)
{
    const struct unigram *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int by_bigram(const void *a, const void *b)
{
    const struct bigram *x = a, *y = b;
    int order = by_number(x->word, y->word);
    return order ? order : by_number(x->given, y->given);
}

static int by_trigram(const void *a, const void *b)
{
    const struct trigram *x = a, *y = b;
    int order = by_number(x->word, y->word);
    order = order ? order : by_number(x->given, y->given);
    return order ? order : by_number(x->before, y->before);
}

/* Words are sorted bytewise, and their ids are their positions. */
static int number_words(struct arpa *arpa, struct us_error *err)
{
    arpa->ids = calloc(arpa->words.length, sizeof *arpa->ids);
    if (!arpa->ids)
        return no_memory(arpa, err);
    for (uint32_t i = 0; i < arpa->read[1]; i++)
        arpa->unigrams[i].name = arpa->words.bytes + arpa->unigrams[i].word;
    qsort(arpa->unigrams, arpa->read[1], sizeof *arpa->unigrams, by_name);
    for (uint32_t id = 0; id < arpa->read[1]; id++)
        arpa->ids[arpa->unigrams[id].word] = id;
    return US_OK;
}

static int sort_ngrams(struct arpa *arpa, struct us_error *err)
{
    qsort(arpa->bigrams, arpa->read[2], sizeof *arpa->bigrams, by_bigram);
    qsort(arpa->trigrams, arpa->read[3], sizeof *arpa->trigrams, by_trigram);
    for (uint32_t i = 1; i < arpa->read[2]; i++)
        if (by_bigram(&arpa->bigrams[i - 1], &arpa->bigrams[i]) == 0)
            return us_fail(err, US_EFORMAT, "%s is not a sound ARPA file: a 2-gram stands twice",
                           arpa->path);
    for (uint32_t i = 1; i < arpa->read[3]; i++)
        if (by_trigram(&arpa->trigrams[i - 1], &arpa->trigrams[i]) == 0)
            return us_fail(err, US_EFORMAT, "%s is not a sound ARPA file: a 3-gram stands twice",
                           arpa->path);
    return US_OK;
}

/* The trie has a trigram only under a bigram: give those that lack one (pruned models do) the
 * bigram that backing off amounts to. */
static int add_suffixes(struct arpa *arpa, struct us_error *err)
{
    size_t room = (size_t)arpa->read[2] + arpa->read[3] + 1;
    struct bigram *all = malloc(room * sizeof *all);
    if (!all)
        return no_memory(arpa, err);
    uint32_t count = 0, b = 0;
    for (uint32_t t = 0; t < arpa->read[3]; t++) {
        const struct trigram *trigram = &arpa->trigrams[t];
        const struct unigram *word = &arpa->unigrams[trigram->word];
        struct bigram suffix = {trigram->word, trigram->given, 0, 0};
        suffix.probability = word->probability + arpa->unigrams[trigram->given].backoff;
        while (b < arpa->read[2] && by_bigram(&arpa->bigrams[b], &suffix) <= 0)
            all[count++] = arpa->bigrams[b++];
        if (count == 0 || by_bigram(&all[count - 1], &suffix) != 0)
            all[count++] = suffix;
    }
    while (b < arpa->read[2])
        all[count++] = arpa->bigrams[b++];
    free(arpa->bigrams);
    arpa->bigrams = all;
    arpa->read[2] = count;
    return count < US_NGRAM_MOST ? US_OK
                                 : us_fail(err, US_EFORMAT, "%s has more 2-grams than can be held",
                                           arpa->path);
}

static int read_sections(struct arpa *arpa, struct us_error *err)
{
    arpa->unigrams = malloc(((size_t)arpa->said[1] + 1) * sizeof *arpa->unigrams);
    arpa->bigrams = malloc(((size_t)arpa->said[2] + 1) * sizeof *arpa->bigrams);
    arpa->trigrams = malloc(((size_t)arpa->said[3] + 1) * sizeof *arpa->trigrams);
    if (!arpa->unigrams || !arpa->bigrams || !arpa->trigrams)
        return no_memory(arpa, err);
    for (uint32_t order = 1; order <= arpa->order; order++) {
        if (arpa->field_count == 0 || !heads_section(arpa, order))
            return malformed(arpa, err, "the next section should begin here (\\1-grams:, ...)");
        while (next_line(arpa) && arpa->fields[0].at[0] != '\\') {
            int rc = order <= 3 ? add_ngram(arpa, order, err) : US_OK;
            if (rc != US_OK)
                return rc;
        }
        if (order <= 3 && arpa->read[order] != arpa->said[order])
            return malformed(arpa, err, "the section has fewer n-grams than the header says");
        int rc = order == 1 ? number_words(arpa, err) : US_OK;
        if (rc != US_OK)
            return rc;
    }
    if (arpa->field_count == 0 || !says(&arpa->fields[0], "\\end\\"))
        return malformed(arpa, err, "it ends without \\end\\; is it cut short?");
    return US_OK;
}

/* ---- writing ------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Make a table of the values, which are sorted on the way. Returns how many it has. */
static uint32_t quantize(float *table, float *values, uint32_t count)
{
    uint32_t distinct = 0;
    qsort(values, count, sizeof *values, by_value);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || values[i] > values[i - 1]) {
            if (distinct < US_NGRAM_TABLE)
                table[distinct] = values[i];
            distinct++;
        }
    if (distinct <= US_NGRAM_TABLE)
        return distinct;
    for (uint32_t cell = 0; cell < US_NGRAM_TABLE; cell++) {
        uint32_t from = (uint32_t)((uint64_t)count * cell / US_NGRAM_TABLE);
        uint32_t to = (uint32_t)((uint64_t)count * (cell + 1) / US_NGRAM_TABLE);
        double sum = 0;
        for (uint32_t i = from; i < to; i++)
            sum += (double)values[i];
        table[cell] = (float)(sum / (to - from));
    }
    return US_NGRAM_TABLE;
}

static uint32_t nearest(const float *table, uint32_t count, float value)
{
    uint32_t low = 0, high = count;
    while (low + 1 < high) {
        uint32_t middle = low + (high - low) / 2;
        if (table[middle] <= value)
            low = middle;
        else
            high = middle;
    }
    return low + 1 < count && table[low + 1] - value < value - table[low] ? low + 1 : low;
}

static void put_bits(unsigned char *rows, uint64_t *bit, uint32_t bits, uint32_t value)
{
    for (uint32_t i = 0; i < bits; i++, ++*bit)
        rows[*bit >> 3] |= (unsigned char)((value >> i & 1) << (*bit & 7));
}

struct tables {
    float bigram[US_NGRAM_TABLE], backoff[US_NGRAM_TABLE], trigram[US_NGRAM_TABLE];
    uint32_t bigrams, backoffs, trigrams;
};

static int make_tables(struct tables *tables, const struct arpa *arpa, struct us_error *err)
{
    uint32_t bigrams = arpa->read[2], trigrams = arpa->read[3];
    uint32_t most = bigrams > trigrams ? bigrams : trigrams;
    float *values = malloc(((size_t)most + 1) * sizeof *values);
    if (!values)
        return no_memory(arpa, err);
    for (uint32_t i = 0; i < bigrams; i++)
        values[i] = arpa->bigrams[i].probability;
    tables->bigrams = quantize(tables->bigram, values, bigrams);
    for (uint32_t i = 0; i < bigrams; i++)
        values[i] = arpa->bigrams[i].backoff;
    tables->backoffs = quantize(tables->backoff, values, bigrams);
    for (uint32_t i = 0; i < trigrams; i++)
        values[i] = arpa->trigrams[i].probability;
    tables->trigrams = quantize(tables->trigram, values, trigrams);
    free(values);
    return US_OK;
}

static void put_value(unsigned char *at, float log10_value)
{
    us_putf32(at, log10_value / US_NGRAM_LOG10_OF_BASE);
}

static void write_bigrams(unsigned char *rows, const struct arpa *arpa,
                          const struct us_ngram_layout *layout, const struct tables *tables)
{
    uint64_t bit = 0;
    uint32_t t = 0;
    for (uint32_t b = 0; b < arpa->read[2]; b++) {
        const struct bigram *bigram = &arpa->bigrams[b];
        put_bits(rows, &bit, layout->word_bits, bigram->given);
        put_bits(rows, &bit, 16, nearest(tables->backoff, tables->backoffs, bigram->backoff));
        put_bits(rows, &bit, 16, nearest(tables->bigram, tables->bigrams, bigram->probability));
        put_bits(rows, &bit, layout->next_bits, t);
        while (t < arpa->read[3] && arpa->trigrams[t].word == bigram->word &&
               arpa->trigrams[t].given == bigram->given)
            t++;
    }
    put_bits(rows, &bit, layout->word_bits, 0);
    put_bits(rows, &bit, 32, 0);
    put_bits(rows, &bit, layout->next_bits, arpa->read[3]);
}

static int write_image(unsigned char **out, size_t *length, const struct arpa *arpa,
                       struct us_error *err)
{
    uint32_t words = arpa->read[1];
    struct us_ngram_layout layout;
    us_ngram_layout(&layout, words, arpa->read[2], arpa->read[3]);
    uint32_t strings = arpa->words.length - 1; /* without the empty one */
    struct tables *tables = malloc(sizeof *tables);
    unsigned char *image = calloc(layout.words_at + 4 + strings, 1);
    int rc = tables && image ? make_tables(tables, arpa, err) : no_memory(arpa, err);
    if (rc != US_OK)
        goto done;

    memcpy(image, US_NGRAM_MAGIC, US_NGRAM_MAGIC_LENGTH);
    unsigned char *at = image + US_NGRAM_MAGIC_LENGTH;
    *at++ = 3;
    us_put32(at, words);
    us_put32(at + 4, arpa->read[2]);
    us_put32(at + 8, arpa->read[3]);
    us_put32(at + 12, 1);
    at = image + US_NGRAM_HEADER;
    for (uint32_t i = 0; i < US_NGRAM_TABLE; i++, at += 4) {
        put_value(at, i < tables->bigrams ? tables->bigram[i] : 0);
        put_value(at + 4 * US_NGRAM_TABLE, i < tables->backoffs ? tables->backoff[i] : 0);
        put_value(at + 8 * US_NGRAM_TABLE, i < tables->trigrams ? tables->trigram[i] : 0);
    }
    at = image + layout.unigrams_at;
    for (uint32_t id = 0, b = 0; id <= words; id++, at += US_NGRAM_UNIGRAM) {
        while (b < arpa->read[2] && arpa->bigrams[b].word < id)
            b++;
        us_put32(at + 8, b);
        if (id == words)
            break;
        put_value(at, arpa->unigrams[id].probability);
        put_value(at + 4, arpa->unigrams[id].backoff);
    }
    write_bigrams(image + layout.bigrams_at, arpa, &layout, tables);
    uint64_t bit = 0;
    for (uint32_t t = 0; t < arpa->read[3]; t++) {
        const struct trigram *trigram = &arpa->trigrams[t];
        put_bits(image + layout.trigrams_at, &bit, layout.word_bits, trigram->before);
        put_bits(image + layout.trigrams_at, &bit, 16,
                 nearest(tables->trigram, tables->trigrams, trigram->probability));
    }
    at = image + layout.words_at;
    us_put32(at, strings);
    at += 4;
    for (uint32_t id = 0; id < words; id++) {
        const char *word = arpa->words.bytes + arpa->unigrams[id].word;
        size_t size = strlen(word) + 1;
        memcpy(at, word, size);
        at += size;
    }
    *out = image;
    *length = layout.words_at + 4 + strings;
    image = NULL;
done:
    free(image);
    free(tables);
    return rc;
}

int us_ngram_arpa_compile(unsigned char **image, size_t *length, const char *text,
                          size_t text_length, const char *path, struct us_error *err)
{
    struct arpa arpa = {.path = path, .at = text, .end = text + text_length};
    *image = NULL;
    *length = 0;
    int rc = read_header(&arpa, err);
    /* an n-gram takes 4 bytes and more: no memory for what a header only boasts of */
    if (rc == US_OK && (uint64_t)arpa.said[1] + arpa.said[2] + arpa.said[3] > text_length / 4 + 1)
        rc = malformed(&arpa, err, "the header says more n-grams than the file has room for");
    if (rc == US_OK)
        rc = read_sections(&arpa, err);
    if (rc == US_OK)
        rc = sort_ngrams(&arpa, err);
    if (rc == US_OK)
        rc = add_suffixes(&arpa, err);
    if (rc == US_OK)
        rc = write_image(image, length, &arpa, err);
    us_intern_close(&arpa.words);
    free(arpa.ids);
    free(arpa.unigrams);
    free(arpa.bigrams);
    free(arpa.trigrams);
    return rc;
}
