/*
 * inflect.h - the forms of English words: what one row of the lexicon stands for besides itself.
 *
 * Regular spelling rules (Quirk et al. 1985, ch. 3 and 5) and a table of irregular forms. Words
 * are lower-case ASCII; others are left as they are. Used when the lexicon is compiled.
 */
#ifndef UNSPIN_INFLECT_H
#define UNSPIN_INFLECT_H

#include "lexicon.h"

#include <stdbool.h>

#define US_WORD_ROOM 64 /* bytes for a word with its NUL; longer ones are not inflected */

struct us_irregulars;

/*
 * Read the table: lines of part of speech, base form, other forms, by tabs (data/irregular.tsv).
 * A form "-" is one that the word does not have (the plural of news).
 */
int us_irregulars_open(struct us_irregulars **out, const char *path, struct us_error *err);
void us_irregulars_close(struct us_irregulars *irregulars);

/* Whether the table has a word as a base form. */
bool us_is_irregular(const struct us_irregulars *irregulars, const char *base, enum us_pos pos);

/* The form of a base word; false where it has none or is too long. */
bool us_inflect(char out[US_WORD_ROOM], const struct us_irregulars *irregulars, const char *base,
                enum us_pos pos, enum us_form form);

/*
 * The base words that `word` may be the form of, best guess first; at most `room` of them. They
 * are only spellings: "using" gives "use" and "us", which a word list must tell apart.
 */
uint32_t us_bases(char (*out)[US_WORD_ROOM], uint32_t room,
                  const struct us_irregulars *irregulars, const char *word, enum us_pos pos,
                  enum us_form form);

#endif
