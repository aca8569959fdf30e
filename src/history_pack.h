/*
 * history_pack.h - writing many small git objects at once: one pack and its index per save.
 *
 * A correction changes a few bytes of a text, and twenty of each tree above it; the writer knows
 * where, so it writes deltas without having to search for them. Chains of deltas are kept short
 * (US_PACK_DEPTH). Packs carry a name of their own ("pack-756e7370696e...": "unspin" in
 * hexadecimal), by which us_pack_consolidate() knows which packs it may join.
 */
#ifndef UNSPIN_HISTORY_PACK_H
#define UNSPIN_HISTORY_PACK_H

#include "history_bytes.h"
#include "unspin.h"

#include <git2.h>
#include <zlib.h>

#define US_PACK_DEPTH 40 /* git's own limit when it packs is 50 */

struct us_pack_entry {
    git_oid oid;
    uint32_t crc;
    uint64_t offset;
};

struct us_pack_guest { /* bytes that lie elsewhere, and come after the first at of the pack's own */
    size_t at;
    const char *data;
    size_t length;
};

struct us_pack {           /* start with us_pack_begin() */
    struct us_bytes bytes; /* all but the guests */
    struct us_pack_guest *guests;
    size_t guest_count, guest_room, guest_bytes;
    struct us_pack_entry *entries;
    size_t count, room;
    size_t noted, noted_guests; /* of bytes and guests: what the entries so far take */
    z_stream small;
    bool small_ready;
};

/* An object's bytes, in two pieces, so that a text need not be put together to be named. */
struct us_content {
    git_object_t type;
    const char *head, *tail;
    size_t head_length, tail_length;
    bool stays; /* both as they are until the pack is written: a long one need not be copied */
};

/* A delta under construction: how to make an object of its base. */
struct us_delta {
    struct us_bytes bytes;
    uint64_t base; /* offset in the pack of the base's entry */
};

int us_pack_begin(struct us_pack *pack, struct us_error *err);
void us_pack_close(struct us_pack *pack); /* safe on a zeroed struct */

void us_content_name(git_oid *out, const struct us_content *content);

/* Add an object in full, or, if it was named already, as a delta. *offset (if not NULL) is where it
 * went. */
int us_pack_whole(git_oid *out, uint64_t *offset, struct us_pack *pack,
                  const struct us_content *content, struct us_error *err);
int us_pack_delta(uint64_t *offset, struct us_pack *pack, const git_oid *oid,
                  const struct us_delta *delta, struct us_error *err);

void us_delta_begin(struct us_delta *delta, uint64_t base, size_t base_size, size_t size);
void us_delta_copy(struct us_delta *delta, size_t start, size_t length);
void us_delta_insert(struct us_delta *delta, const char *data, size_t length);

/*
 * Write pack and index into the object directory ("<git dir>/objects"), synced to the disk, the
 * index last: before it is there nobody sees the pack. The pack can't be added to after.
 */
int us_pack_write(struct us_pack *pack, const char *objects, struct us_error *err);
/* The same, and tell the pack's name without ".pack": 45 bytes and a NUL. */
int us_pack_write_named(char *name, size_t size, struct us_pack *pack, const char *objects,
                        struct us_error *err);

/* For copying: where the next entry will be, the distance to a delta's base, the end of an entry.
 */
uint64_t us_pack_length(const struct us_pack *pack);
void us_pack_distance(struct us_bytes *bytes, uint64_t distance);
int us_pack_note(struct us_pack *pack, const git_oid *oid, struct us_error *err);

/*
 * Join packs of ours once there are many of them, so that looking an object up stays fast: those
 * that are small beside the larger ones are copied into one, so that an object is copied about
 * log2(saves) times in its life. What `git gc` does is not undone: only packs of ours, without
 * .keep, are looked at. Failure is harmless; nothing is removed before its copy is in place.
 */
#define US_PACK_MANY 16
int us_pack_consolidate(const char *objects, struct us_error *err);

#endif
