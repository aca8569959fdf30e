/*
 * surface.h - how a reading is written: letter case, a or an, spaces and hyphens.
 */
#ifndef UNSPIN_SURFACE_H
#define UNSPIN_SURFACE_H

#include "lattice.h"

/* Does the word sound as if it began with a vowel ("an hour", "a unit")? Any letter case. */
bool us_begins_with_vowel(const char *word, size_t length);

/*
 * Write what an edge proposes as it fits the text: the case of what it replaces, its hyphens and
 * line ends, "a" or "an" before it set right (which may move *start to the left). *out is NUL-
 * terminated and the caller's to free.
 */
int us_surface(char **out, size_t *start, size_t *end, const struct us_lattice *lattice,
               const struct us_lexicon *lexicon, const struct us_edge *edge,
               struct us_error *err);

#endif
