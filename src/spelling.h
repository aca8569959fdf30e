/*
 * spelling.h - British and American spelling: an article keeps its own.
 */
#ifndef UNSPIN_SPELLING_H
#define UNSPIN_SPELLING_H

#include "text.h"

/* Is the text spelled in the British way: some such words, and no American ones? */
bool us_is_british(const struct us_text *text);

/* The British spelling of a lower-case American word, or the word itself. */
const char *us_british(const char *word, size_t length, size_t *british_length);

#endif
