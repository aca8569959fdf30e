/*
 * lexicon_source.h - one line of the lexicon's sources, read.
 *
 * The sources in data/lexicon/ are tab-separated:
 *
 *     spun  original  pages  part of speech  condition  families
 *
 *     settlement	agreement	3	noun	ordinary English too: only in spun text	AG
 *     final	last	21	adj	before: week|month|year|time	A
 *
 * pages: in how many real pages it was seen (0: from experience). Part of speech: noun, verb, adj,
 * adv, prep, conj, phrase, name; a second word tells the form (plural, third, past, participle,
 * ing, comparative, superlative, adverb, fixed): such a row stands as it is, while a bare noun,
 * verb or adj stands for all its forms. Families: letters of the bots that were seen to do it,
 * and X or Y if the swap stands in a word list that spinners share (data/SOURCES.md).
 *
 * The condition is prose for the reader; of its clauses, parted by `;`, these carry meaning:
 *
 *     always                                    wrong English anywhere
 *     never                                     no such swap, whatever other rows say
 *     ordinary English too: only in spun text   (or: only in spun text, only in clearly spun text)
 *     only in text spun by this bot
 *     before: a|b   after: a|b   not before: a|b   not after: a|b
 *     before number   after number   before comma   no comma after
 *     at sentence start   mid-sentence   as noun   as verb
 *
 * Lines that begin with `#` are comments. A file whose name has "scholarly" in it gives tortured
 * phrases, one whose name begins with "tail" weak rows.
 */
#ifndef UNSPIN_LEXICON_SOURCE_H
#define UNSPIN_LEXICON_SOURCE_H

#include "lexicon.h"

#include <stdbool.h>

#define US_SOURCE_ROOM 256 /* bytes of a phrase or word list with its NUL, at most */

struct us_source_row {
    char spun[US_SOURCE_ROOM]; /* lower case, but for names */
    char original[US_SOURCE_ROOM];
    char key[US_SOURCE_ROOM];   /* the spun phrase's words as text.h normalizes them */
    char words[US_SOURCE_ROOM]; /* of the condition, by '|' */
    uint32_t families;
    uint16_t pages, flags;
    uint8_t place, pos, form, original_words;
    bool inflects; /* stands for its other forms too */
};

/* The flags that all rows of a file have, by its name. */
uint16_t us_source_flags(const char *path);

/*
 * Read a row. On failure *err says what is wrong with it, without the place: US_EFORMAT for a
 * malformed line, US_ELIMIT for a row that no text can ever match, which may be passed over.
 */
int us_source_row(struct us_source_row *out, const char *line, size_t length,
                  struct us_error *err);

/* Fill row->key from row->spun. Fails as us_source_row does. */
int us_source_key(struct us_source_row *row, struct us_error *err);

#endif
