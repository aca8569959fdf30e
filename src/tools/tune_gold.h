/*
 * tune_gold.h - which edges of an article with gold are right: what tests/quality/score.lua judges
 * stretches of text by, for one edge.
 */
#ifndef UNSPIN_TUNE_GOLD_H
#define UNSPIN_TUNE_GOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum label { WRONG, RIGHT, EITHER };

struct gold {
    size_t start, end; /* bytes */
    char *accepted;    /* by '|' */
    bool must;
};

/* The gold beside an article NAME.txt; none for clean text. Ends the program without memory. */
uint32_t read_gold(struct gold **out, const char *article);
void free_gold(struct gold *gold, uint32_t count);

/* Label an edge that would make [start, end) the replacement, *must: how many rows of gold that a
 * restorer has to find it restores. Gold is in order of the text. */
enum label judge(uint8_t *must, const char *bytes, const struct gold *gold, uint32_t count,
                 size_t start, size_t end, const char *replacement);

_Noreturn void die(const char *message);    /* "tune: ..." and exit status 2 */
void *must_have(void *memory);    /* what malloc returned, if it did */

#endif
