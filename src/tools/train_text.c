#include "train_text.h"

#include "context_file.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void die(const char *fmt, ...)
{
    va_list arguments;
    va_start(arguments, fmt);
    fputs("train_context: ", stderr);
    vfprintf(stderr, fmt, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}

void *room(void *old, size_t count, size_t size)
{
    void *now = realloc(old, count * size + 1);
    if (!now)
        die("out of memory");
    return now;
}

void *zeroed(size_t count, size_t size)
{
    void *now = calloc(count + 1, size);
    if (!now)
        die("out of memory");
    return now;
}

static void push(uint32_t **array, size_t *count, size_t *capacity, size_t value)
{
    if (*count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 1024;
        *array = room(*array, *capacity, sizeof **array);
    }
    if (value >= NONE)
        die("more than 4 billion words");
    (*array)[(*count)++] = (uint32_t)value;
}

/* ---- strings ------------------------------------------------------------------------------ */

static uint32_t *slot_of(const struct strings *strings, const char *string, size_t length)
{
    uint32_t mask = strings->slot_count - 1, i = us_context_hash(string, length) & mask;
    for (; strings->slots[i] != NONE; i = (i + 1) & mask) {
        const char *other = strings->at[strings->slots[i]];
        if (strncmp(other, string, length) == 0 && other[length] == 0)
            break;
    }
    return &strings->slots[i];
}

uint32_t strings_find(const struct strings *strings, const char *string, size_t length)
{
    return strings->slot_count ? *slot_of(strings, string, length) : NONE;
}

static void grow(struct strings *strings)
{
    strings->slot_count = strings->slot_count ? strings->slot_count * 2 : 1024;
    strings->slots = room(strings->slots, strings->slot_count, sizeof *strings->slots);
    memset(strings->slots, 0xff, strings->slot_count * sizeof *strings->slots);
    for (uint32_t i = 0; i < strings->count; i++)
        *slot_of(strings, strings->at[i], strlen(strings->at[i])) = i;
}

uint32_t strings_add(struct strings *strings, const char *string, size_t length)
{
    if (strings->count * 2 >= strings->slot_count)
        grow(strings);
    uint32_t *slot = slot_of(strings, string, length);
    if (*slot == NONE) {
        if (strings->count == strings->room) {
            strings->room = strings->room ? strings->room * 2 : 1024;
            strings->at = room(strings->at, strings->room, sizeof *strings->at);
        }
        char *copy = room(NULL, length, 1);
        memcpy(copy, string, length);
        copy[length] = 0;
        strings->at[strings->count] = copy;
        *slot = strings->count++;
    }
    return *slot;
}

/* ---- text --------------------------------------------------------------------------------- */

static void add_paragraph(struct corpus *corpus, struct strings *words, const char *line,
                          size_t length)
{
    struct us_text text;
    if (us_text_open(&text, line, length, US_FORMAT_TEXT, NULL) != US_OK)
        return; /* not UTF-8 */
    uint32_t sentence = NONE;
    for (uint32_t i = 0; i < text.count; i++) {
        const struct us_token *token = &text.tokens[i];
        if (token->kind == US_TOKEN_PUNCT)
            continue;
        if (token->sentence != sentence)
            push(&corpus->sentences, &corpus->sentence_count, &corpus->sentence_room,
                 corpus->word_count);
        sentence = token->sentence;
        const char *word = text.norms + token->norm;
        if (token->kind == US_TOKEN_NUMBER)
            word = US_CONTEXT_NUMBER;
        else if (*word == 0)
            word = US_CONTEXT_OPAQUE;
        push(&corpus->words, &corpus->word_count, &corpus->word_room,
             strings_add(words, word, strlen(word)));
    }
    us_text_close(&text);
}

void corpus_add(struct corpus *corpus, struct strings *words, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        die("cannot open %s", path);
    char *line = NULL;
    size_t capacity = 0;
    bool fresh = true;
    for (ssize_t length; (length = getline(&line, &capacity, file)) > 0;) {
        if (*line == '\n') {
            fresh = true;
            continue;
        }
        if (fresh)
            push(&corpus->documents, &corpus->document_count, &corpus->document_room,
                 corpus->sentence_count);
        fresh = false;
        add_paragraph(corpus, words, line, (size_t)length);
    }
    free(line);
    fclose(file);
}

void corpus_end(struct corpus *corpus)
{
    push(&corpus->sentences, &corpus->sentence_count, &corpus->sentence_room, corpus->word_count);
    corpus->sentence_count--;
    push(&corpus->documents, &corpus->document_count, &corpus->document_room,
         corpus->sentence_count);
    corpus->document_count--;
}

/* ---- vectors ------------------------------------------------------------------------------ */

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        die("cannot open %s", path);
    long length = ftell(file);
    rewind(file);
    char *content = room(NULL, (size_t)length, 1);
    if (length < 0 || fread(content, 1, (size_t)length, file) != (size_t)length)
        die("cannot read %s", path);
    content[length] = 0;
    fclose(file);
    return content;
}

/* Fills whole[words->count][VECTOR_LENGTH] and, in found, the numbers of the words found. */
static uint32_t read_whole(float *whole, uint32_t *found, const struct strings *words,
                           const char *path)
{
    char *content = read_all(path), *at = strstr(content, "\"vectors\":{");
    if (!at)
        die("%s holds no \"vectors\"", path);
    uint32_t count = 0;
    at += strlen("\"vectors\":{");
    while (*at == '"') {
        char *word = at + 1, *end = strstr(word, "\":[");
        if (!end)
            die("%s ends inside a vector", path);
        uint32_t id = strings_find(words, word, (size_t)(end - word));
        at = end + 3;
        if (id != NONE) {
            for (int i = 0; i < VECTOR_LENGTH; i++) {
                whole[(size_t)id * VECTOR_LENGTH + (size_t)i] = strtof(at, &at);
                at += *at == ',';
            }
            found[count++] = id;
        }
        at = strchr(at, ']');
        if (!at)
            die("%s ends inside a vector", path);
        at += at[1] == ',' ? 2 : 1;
    }
    free(content);
    return count;
}

/* One Jacobi rotation of the symmetric matrix a that makes a[p][q] 0; v gathers the rotations. */
static void rotate(double a[][VECTOR_LENGTH], double v[][VECTOR_LENGTH], int p, int q)
{
    if (fabs(a[p][q]) < 1e-12)
        return;
    double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < VECTOR_LENGTH; k++) {
        double kp = a[k][p], kq = a[k][q];
        a[k][p] = c * kp - s * kq;
        a[k][q] = s * kp + c * kq;
    }
    for (int k = 0; k < VECTOR_LENGTH; k++) {
        double pk = a[p][k], qk = a[q][k], kp = v[k][p], kq = v[k][q];
        a[p][k] = c * pk - s * qk;
        a[q][k] = s * pk + c * qk;
        v[k][p] = c * kp - s * kq;
        v[k][q] = s * kp + c * kq;
    }
}

float *vectors_read(const struct strings *words, const char *path, uint32_t dimensions)
{
    static double mean[VECTOR_LENGTH], a[VECTOR_LENGTH][VECTOR_LENGTH],
        v[VECTOR_LENGTH][VECTOR_LENGTH];
    float *whole = zeroed((size_t)words->count * VECTOR_LENGTH, sizeof *whole);
    uint32_t *found = zeroed(words->count, sizeof *found);
    uint32_t count = read_whole(whole, found, words, path);

    for (uint32_t i = 0; i < count; i++)
        for (int d = 0; d < VECTOR_LENGTH; d++)
            mean[d] += whole[(size_t)found[i] * VECTOR_LENGTH + (size_t)d] / (double)count;
    for (uint32_t i = 0; i < count; i++) {
        const float *x = whole + (size_t)found[i] * VECTOR_LENGTH;
        for (int d = 0; d < VECTOR_LENGTH; d++)
            for (int e = 0; e < VECTOR_LENGTH; e++)
                a[d][e] += (x[d] - mean[d]) * (x[e] - mean[e]) / count;
    }
    for (int d = 0; d < VECTOR_LENGTH; d++)
        v[d][d] = 1;
    for (int sweep = 0; sweep < 12; sweep++)
        for (int p = 0; p < VECTOR_LENGTH; p++)
            for (int q = p + 1; q < VECTOR_LENGTH; q++)
                rotate(a, v, p, q);

    float *reduced = zeroed((size_t)words->count * dimensions, sizeof *reduced);
    for (uint32_t k = 0; k < dimensions && k < VECTOR_LENGTH; k++) {
        int widest = 0;
        for (int d = 1; d < VECTOR_LENGTH; d++)
            if (a[d][d] > a[widest][widest])
                widest = d;
        a[widest][widest] = -1;
        for (uint32_t i = 0; i < count; i++) {
            double sum = 0;
            for (int d = 0; d < VECTOR_LENGTH; d++)
                sum += (whole[(size_t)found[i] * VECTOR_LENGTH + (size_t)d] - mean[d]) *
                       v[d][widest];
            reduced[(size_t)found[i] * dimensions + k] = (float)sum;
        }
    }
    free(whole);
    free(found);
    return reduced;
}
