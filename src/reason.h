/*
 * reason.h - why a correction was made, in one line of plain words.
 */
#ifndef UNSPIN_REASON_H
#define UNSPIN_REASON_H

#include "evidence.h"

/* Write the reasons for an edge to be taken, the strongest first; the caller frees *out. */
int us_reason(char **out, const struct us_lattice *lattice, const struct us_lexicon *lexicon,
              const struct us_evidence *evidence, uint32_t edge, struct us_error *err);

#endif
