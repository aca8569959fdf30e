#include "table.h"

#include <stdbool.h>
#include <stdlib.h>

/* The place of a number, or the free one where it belongs. */
static struct us_cell *place_of(const struct us_table *table, uint32_t number)
{
    uint32_t at = number * 0x9e3779b1u >> 7;
    while (table->entries[at & table->mask].key != 0 &&
           table->entries[at & table->mask].key != number + 1)
        at++;
    return &table->entries[at & table->mask];
}

static bool grow(struct us_table *table)
{
    enum { LEAST = 256 };
    uint32_t room = table->entries ? (table->mask + 1) * 2 : LEAST;
    struct us_table grown = {.count = table->count, .mask = room - 1};
    grown.entries = room ? calloc(room, sizeof *grown.entries) : NULL;
    if (!grown.entries)
        return false;
    for (uint32_t i = 0; table->entries && i <= table->mask; i++)
        if (table->entries[i].key)
            *place_of(&grown, table->entries[i].key - 1) = table->entries[i];
    free(table->entries);
    *table = grown;
    return true;
}

struct us_cell *us_table_put(struct us_table *table, uint32_t number)
{
    struct us_cell *entry = table->entries ? place_of(table, number) : NULL;
    if (entry && entry->key)
        return entry;
    if (!entry || table->count > table->mask / 2) {
        if (!grow(table))
            return NULL;
        entry = place_of(table, number);
    }
    entry->key = number + 1;
    table->count++;
    return entry;
}

const struct us_cell *us_table_find(const struct us_table *table, uint32_t number)
{
    const struct us_cell *entry = table->entries ? place_of(table, number) : NULL;
    return entry && entry->key ? entry : NULL;
}

void us_table_close(struct us_table *table)
{
    free(table->entries);
    *table = (struct us_table){0};
}
