#include "intern.h"

#include "lexicon_file.h"

#include <stdlib.h>
#include <string.h>

static int no_memory(struct us_error *err)
{
    return us_fail(err, US_ENOMEM, "out of memory collecting strings");
}

/* Where a string is, or would go. */
static uint32_t *find_slot(const struct us_intern *intern, const char *string)
{
    uint32_t i = us_lexicon_home(us_lexicon_hash(0, string, strlen(string)));
    for (;; i++) {
        uint32_t *slot = &intern->table[i & (intern->slots - 1)];
        if (*slot == 0 || strcmp(intern->bytes + *slot, string) == 0)
            return slot;
    }
}

static int grow_table(struct us_intern *intern, struct us_error *err)
{
    struct us_intern grown = *intern;
    grown.slots = intern->slots ? intern->slots * 2 : 1024;
    grown.table = calloc(grown.slots, sizeof *grown.table);
    if (!grown.table)
        return no_memory(err);
    for (uint32_t i = 0; i < intern->slots; i++)
        if (intern->table[i])
            *find_slot(&grown, intern->bytes + intern->table[i]) = intern->table[i];
    free(intern->table);
    intern->table = grown.table;
    intern->slots = grown.slots;
    return US_OK;
}

static int make_room(struct us_intern *intern, size_t length, struct us_error *err)
{
    if (intern->length + length <= intern->room)
        return US_OK;
    size_t room = ((size_t)intern->room + length) * 2 + 1024;
    char *bytes = room < UINT32_MAX ? realloc(intern->bytes, room) : NULL;
    if (!bytes)
        return no_memory(err);
    if (intern->length == 0)
        bytes[intern->length++] = '\0';
    intern->bytes = bytes;
    intern->room = (uint32_t)room;
    return US_OK;
}

int us_intern(uint32_t *out, struct us_intern *intern, const char *string, struct us_error *err)
{
    size_t size = strlen(string) + 1;
    int rc = make_room(intern, size, err);
    if (rc == US_OK && intern->count >= intern->slots / 2)
        rc = grow_table(intern, err);
    if (rc != US_OK)
        return rc;
    if (size == 1) {
        *out = 0;
        return US_OK;
    }
    uint32_t *slot = find_slot(intern, string);
    if (*slot == 0) {
        *slot = intern->length;
        memcpy(intern->bytes + intern->length, string, size);
        intern->length += (uint32_t)size;
        intern->count++;
    }
    *out = *slot;
    return US_OK;
}

void us_intern_close(struct us_intern *intern)
{
    free(intern->bytes);
    free(intern->table);
    *intern = (struct us_intern){0};
}
