/*
 * intern.h - strings side by side in one block, each once, known by their offset.
 */
#ifndef UNSPIN_INTERN_H
#define UNSPIN_INTERN_H

#include "unspin.h"

struct us_intern { /* zeroed to begin with */
    char *bytes;   /* NUL-terminated strings; the one at offset 0 is empty */
    uint32_t length, room;
    uint32_t *table; /* offsets by hash; 0 = free */
    uint32_t count, slots;
};

/* The offset of a string, which is added if it is new. May move `bytes`. */
int us_intern(uint32_t *out, struct us_intern *intern, const char *string, struct us_error *err);
void us_intern_close(struct us_intern *intern);

#endif
