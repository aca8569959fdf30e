/*
 * table.h - numbers that few of many are of interest of, and what each stands for: a hash table, open
 * addressing, that grows with what it holds. Emptied by closing it.
 */
#ifndef UNSPIN_TABLE_H
#define UNSPIN_TABLE_H

#include "unspin.h"

struct us_cell {
    uint32_t key; /* the number + 1; 0: free */
    union {
        uint32_t index;
        float sum;
    };
};

struct us_table { /* zeroed to begin with */
    struct us_cell *entries;
    uint32_t count, mask; /* room is for mask + 1, half of which is used at most */
};

/* The entry of a number (below UINT32_MAX), a new and zeroed one if there is none; NULL: no memory.
 * It may be moved by the next that is added. */
struct us_cell *us_table_put(struct us_table *table, uint32_t number);

/* The entry of a number, NULL if there is none. */
const struct us_cell *us_table_find(const struct us_table *table, uint32_t number);

void us_table_close(struct us_table *table);

#endif
