#include "tune_gold.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void die(const char *message)
{
    fprintf(stderr, "tune: %s\n", message);
    exit(2);
}

void *must_have(void *memory)
{
    if (!memory)
        die("out of memory");
    return memory;
}

/* Fold case, hyphens, apostrophes and white space; "an" is "a": how the judge compares. */
static void normalize(char *out, size_t room, const char *text, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length && used + 2 < room; i++) {
        char c = text[i];
        if (i + 2 < length && memcmp(text + i, "\xe2\x80\x99", 3) == 0) {
            c = '\'';
            i += 2;
        }
        c = (char)tolower((unsigned char)c);
        if (c == '-' || c == '\n' || c == '\t')
            c = ' ';
        if (c == ' ' && (used == 0 || out[used - 1] == ' '))
            continue;
        out[used++] = c;
        bool word_ends = i + 1 == length || !isalpha((unsigned char)text[i + 1]);
        if (word_ends && used >= 2 && out[used - 1] == 'n' && out[used - 2] == 'a' &&
            (used == 2 || out[used - 3] == ' '))
            used--;
    }
    while (used && out[used - 1] == ' ')
        used--;
    out[used] = 0;
}

uint32_t read_gold(struct gold **out, const char *article)
{
    char path[1100];
    snprintf(path, sizeof path, "%s", article);
    char *dot = strrchr(path, '.');
    *out = NULL;
    if (!dot || strcmp(dot, ".clean") == 0)
        return 0;
    snprintf(dot, sizeof path - (size_t)(dot - path), ".gold.tsv");
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    uint32_t count = 0;
    char line[4096];
    while (fgets(line, sizeof line, file)) {
        char *field[5] = {line};
        int fields = 1;
        for (char *c = line; *c && fields < 5; c++)
            if (*c == '\t') {
                *c = 0;
                field[fields++] = c + 1;
            }
        if (fields < 5)
            continue;
        *out = must_have(realloc(*out, (count + 1) * sizeof **out));
        (*out)[count++] = (struct gold){strtoul(field[0], NULL, 10), strtoul(field[1], NULL, 10),
                                        must_have(strdup(field[3])),
                                        strncmp(field[4], "must", 4) == 0};
    }
    fclose(file);
    return count;
}

/* Does one choice of accepted readings for the gold rows give the stretch [at, hi) the sound of
 * `got`? `sofar` holds what was chosen before `at`; rows that may stay as they are can. */
static bool reads_as(const char *bytes, const struct gold *gold, uint32_t count, size_t at,
                     size_t hi, const char *sofar, const char *got)
{
    char edited[4096];
    if (count == 0) {
        char want[4096];
        int length = snprintf(edited, sizeof edited, "%s%.*s", sofar, (int)(hi - at), bytes + at);
        normalize(want, sizeof want, edited, (size_t)length);
        return strcmp(got, want) == 0;
    }
    int kept = (int)(gold->start - at);
    for (const char *word = gold->accepted; *word;) {
        size_t n = strcspn(word, "|");
        snprintf(edited, sizeof edited, "%s%.*s%.*s", sofar, kept, bytes + at, (int)n, word);
        if (reads_as(bytes, gold + 1, count - 1, gold->end, hi, edited, got))
            return true;
        word += n + (word[n] == '|');
    }
    if (gold->must)
        return false;
    snprintf(edited, sizeof edited, "%s%.*s", sofar, (int)(gold->end - at), bytes + at);
    return reads_as(bytes, gold + 1, count - 1, gold->end, hi, edited, got);
}

static uint32_t count_words(const char *text, size_t length)
{
    uint32_t words = 0;
    for (size_t i = 0; i < length; i++)
        words += !isspace((unsigned char)text[i]) && text[i] != '-' &&
                 (i == 0 || isspace((unsigned char)text[i - 1]) || text[i - 1] == '-');
    return words;
}

/* Does an edge inside a longer gold row restore its part of it, word for word at its place? */
static bool restores_part(const char *bytes, const struct gold *gold, size_t start, size_t end,
                          const char *replacement)
{
    char want[4096], got[4096];
    if (start < gold->start || end > gold->end || gold->end - gold->start > 500)
        return false;
    uint32_t before = count_words(bytes + gold->start, start - gold->start);
    uint32_t after = count_words(bytes + end, gold->end - end);
    normalize(got, sizeof got, replacement, strlen(replacement));
    for (const char *at = gold->accepted; *at;) {
        size_t n = strcspn(at, "|");
        uint32_t words = count_words(at, n), word = 0;
        normalize(want, sizeof want, at, n);
        at += n + (at[n] == '|');
        if (words <= before + after)
            continue;
        char *first = want;
        for (; word < before && first; word++)
            first = strchr(first, ' ') ? strchr(first, ' ') + 1 : NULL;
        for (uint32_t i = 0; i < after && first; i++) {
            char *last = strrchr(first, ' ');
            if (last)
                *last = 0;
            else
                first = NULL;
        }
        if (first && strcmp(first, got) == 0)
            return true;
    }
    return false;
}

enum label judge(uint8_t *must, const char *bytes, const struct gold *gold, uint32_t count,
                 size_t start, size_t end, const char *replacement)
{
    uint32_t first = 0, last, rows = 0;
    *must = 0;
    while (first < count && gold[first].end <= start)
        first++;
    for (last = first; last < count && gold[last].start < end; last++)
        rows += gold[last].must;
    if (first == last || last - first > 4)
        return WRONG;
    size_t lo = start < gold[first].start ? start : gold[first].start;
    size_t hi = end > gold[last - 1].end ? end : gold[last - 1].end;
    if (hi - lo > 500)
        return WRONG;
    char edited[4096], got[4096];
    int length = snprintf(edited, sizeof edited, "%.*s%s%.*s", (int)(start - lo), bytes + lo,
                          replacement, (int)(hi - end), bytes + end);
    normalize(got, sizeof got, edited, (size_t)length);
    if (reads_as(bytes, gold + first, last - first, lo, hi, "", got)) {
        *must = (uint8_t)rows;
        return rows ? RIGHT : EITHER;
    }
    if (last - first == 1 && restores_part(bytes, &gold[first], start, end, replacement))
        return rows ? RIGHT : EITHER; /* but restores no row by itself */
    return WRONG;
}

void free_gold(struct gold *gold, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        free(gold[i].accepted);
    free(gold);
}
