/*
 * lattice_impl.h - what a lattice is made of, by lattice_edges.c; lattice.c solves it.
 */
#ifndef UNSPIN_LATTICE_IMPL_H
#define UNSPIN_LATTICE_IMPL_H

#include "lattice.h"

/* The units of lattice->text, and no edges. */
int us_lattice_add_units(struct us_lattice *lattice, struct us_error *err);

/* The first unit after the sentence of a unit. */
uint32_t us_lattice_sentence_end(const struct us_lattice *lattice, uint32_t unit);

/* Add the edges that begin at the units [first, last), a sentence, without ids. Fails with US_ELIMIT,
 * err untouched, where there would be more than edge_most. */
int us_lattice_add_edges(struct us_lattice *lattice, uint32_t first, uint32_t last,
                         struct us_error *err);

/* Give the edges from `first` to the last the ids of their originals; drops those that have none. */
int us_lattice_add_ids(struct us_lattice *lattice, uint32_t first, struct us_error *err);

#endif
