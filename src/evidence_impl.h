/*
 * evidence_impl.h - the features of an edge, by what they need to be known; for evidence.c, which
 * fits them together, and evidence_features.c, which computes them. f is zeroed at first, and has
 * room for those up to the ones that a function sets.
 */
#ifndef UNSPIN_EVIDENCE_IMPL_H
#define UNSPIN_EVIDENCE_IMPL_H

#include "evidence.h"
#include "odds.h"

/* Those that the features of the article are made of as well; a part of the local ones. */
void us_shared_features(float *f, const struct us_lattice *lattice, const struct us_edge *edge,
                        const struct us_signs *signs);

/* What the edge, its row and its place say: up to US_FEATURES_LOCAL. */
void us_local_features(float *f, const struct us_lattice *lattice, const struct us_edge *edge,
                       const struct us_signs *signs);

/* Sum over the article of all rows that have their say where the edge does. */
float us_place_sum(const struct us_evidence *evidence, const struct us_lattice *lattice,
                   uint32_t edge);

/* What depends on the article; f has the shared ones. all: us_place_sum(). */
void us_article_features(float *f, const struct us_evidence *evidence,
                         const struct us_lattice *lattice, uint32_t edge, float all);

/* What the lattice says once all evidence counts. */
void us_agreed_features(float *f, const struct us_signs *signs);

#endif
