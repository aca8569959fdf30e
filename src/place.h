/*
 * place.h - what stands around an edge: the condition of its row, and the article before it.
 */
#ifndef UNSPIN_PLACE_H
#define UNSPIN_PLACE_H

#include "lattice.h"

/* 1 if the condition of the edge's row holds here, -1 if not, 0 if the row has none. */
int us_place_holds(const struct us_lattice *lattice, const struct us_lexicon *lexicon,
                   const struct us_edge *edge);

/* What "a" or "an" before the edge says: 1 if only the original fits it, -1 if only the spun
 * words do, else 0. */
int us_place_determiner(const struct us_lattice *lattice, const struct us_lexicon *lexicon,
                        const struct us_edge *edge);

#endif
