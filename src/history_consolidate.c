/*
 * Joining packs of ours. Entries are copied as they are; only the distance from a delta to its
 * base is written anew where an object that is in two packs was left out between them.
 */
#include "history_pack.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEM "pack-756e7370696e"
enum { NAME_LENGTH = 5 + 40, MOST_PACKS = 4096, MOST_BYTES = 256 << 20 };

struct part { /* a pack that is there */
    char name[NAME_LENGTH + 1]; /* without .pack */
    size_t bytes;
};

static int by_size(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

static int by_offset(const void *a, const void *b)
{
    const struct us_pack_entry *x = a, *y = b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static uint32_t be32(const char *at)
{
    const unsigned char *u = (const unsigned char *)at;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

/* Our packs in the directory that may be joined, smallest first. */
static size_t list_parts(struct part *parts, const char *directory)
{
    size_t count = 0;
    DIR *dir = opendir(directory);
    if (!dir)
        return 0;
    for (struct dirent *d; count < MOST_PACKS && (d = readdir(dir));) {
        char path[4096];
        struct stat st;
        if (strncmp(d->d_name, STEM, sizeof STEM - 1) != 0 ||
            strlen(d->d_name) != NAME_LENGTH + 4 ||
            strcmp(d->d_name + NAME_LENGTH, ".idx") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%.*s.keep", directory, NAME_LENGTH, d->d_name);
        if (access(path, F_OK) == 0)
            continue;
        snprintf(path, sizeof path, "%s/%.*s.pack", directory, NAME_LENGTH, d->d_name);
        if (stat(path, &st) != 0)
            continue;
        memcpy(parts[count].name, d->d_name, NAME_LENGTH);
        parts[count].name[NAME_LENGTH] = '\0';
        parts[count++].bytes = (size_t)st.st_size;
    }
    closedir(dir);
    qsort(parts, count, sizeof *parts, by_size);
    return count;
}

/* How many of the smallest to join, so that each that stays is twice the sum of those below. */
static size_t how_many(const struct part *parts, size_t count)
{
    size_t take = 0, sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && parts[i].bytes < 2 * sum)
            take = i + 1;
        sum += parts[i].bytes;
        if (sum > MOST_BYTES)
            break;
    }
    return take;
}

/* Objects already in the joined pack, by open addressing: index + 1 into pack->entries. */
struct seen {
    uint32_t *slots;
    size_t mask;
};

static uint32_t *slot_of(const struct seen *seen, const struct us_pack *pack, const git_oid *oid)
{
    size_t i = be32((const char *)oid->id);
    while (seen->slots[i & seen->mask] &&
           !git_oid_equal(&pack->entries[seen->slots[i & seen->mask] - 1].oid, oid))
        i++;
    return &seen->slots[i & seen->mask];
}

/* Where the objects of one pack went in the joined one. */
struct moved {
    uint64_t from, to;
};

static uint64_t moved_to(const struct moved *moved, size_t count, uint64_t from)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (moved[middle].from < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && moved[low].from == from ? moved[low].to : 0;
}

static bool copy_entry(struct us_pack *pack, const char *at, size_t length, uint64_t offset,
                       const struct moved *moved, size_t count)
{
    size_t head = 0;
    while (head < length && (unsigned char)at[head] & 0x80)
        head++;
    head++;
    int type = (unsigned char)at[0] >> 4 & 7;
    if (head >= length || type == 7)
        return false;
    if (type != 6) {
        us_bytes_add(&pack->bytes, at, length);
        return true;
    }
    size_t i = head;
    uint64_t distance = (unsigned char)at[i] & 0x7f;
    while (i < length && (unsigned char)at[i++] & 0x80)
        distance = i < length ? ((distance + 1) << 7) | ((unsigned char)at[i] & 0x7f) : 0;
    uint64_t base = distance && distance < offset ? moved_to(moved, count, offset - distance) : 0;
    if (!base)
        return false;
    uint64_t here = us_pack_length(pack);
    us_bytes_add(&pack->bytes, at, head);
    us_pack_distance(&pack->bytes, here - base);
    us_bytes_add(&pack->bytes, at + i, length - i);
    return true;
}

/* Copy a pack's entries; false if it is not as this file knows packs to be. */
static bool copy_part(struct us_pack *pack, struct seen *seen, const struct us_bytes *index,
                      const struct us_bytes *data)
{
    if (index->length < 1072 || memcmp(index->at, "\377tOc\0\0\0\2", 8) != 0 ||
        data->length < 32 || memcmp(data->at, "PACK\0\0\0\2", 8) != 0)
        return false;
    size_t count = be32(index->at + 8 + 255 * sizeof(uint32_t));
    if (count != be32(data->at + 8) || index->length != 1072 + count * 28)
        return false;
    const char *oids = index->at + 1032, *offsets = oids + count * 24;
    struct us_pack_entry *entries = calloc(count + 1, sizeof *entries);
    struct moved *moved = calloc(count + 1, sizeof *moved);
    bool good = false;
    if (entries && moved) {
        for (size_t i = 0; i < count; i++) {
            memcpy(entries[i].oid.id, oids + i * 20, 20);
            entries[i].offset = be32(offsets + i * 4);
        }
        qsort(entries, count, sizeof *entries, by_offset);
        entries[count].offset = data->length - 20;
        good = true;
    }
    for (size_t i = 0; i < count && good; i++) {
        uint64_t start = entries[i].offset, stop = entries[i + 1].offset;
        if (start < 12 || stop <= start || stop > data->length - 20) {
            good = false;
            break;
        }
        moved[i].from = start;
        uint32_t *slot = slot_of(seen, pack, &entries[i].oid);
        if (*slot) {
            moved[i].to = pack->entries[*slot - 1].offset;
            continue;
        }
        moved[i].to = us_pack_length(pack);
        good = copy_entry(pack, data->at + start, (size_t)(stop - start), start, moved, i) &&
               us_pack_note(pack, &entries[i].oid, NULL) == US_OK;
        *slot = (uint32_t)pack->count;
    }
    free(entries);
    free(moved);
    return good;
}

int us_pack_consolidate(const char *objects, struct us_error *err)
{
    struct part *parts = NULL;
    struct us_pack pack = {0};
    struct seen seen = {0};
    char directory[2048], path[4096];
    int result = US_OK;
    size_t count, take, total = 0;

    if ((size_t)snprintf(directory, sizeof directory, "%s/pack", objects) >= sizeof directory)
        return US_OK;
    parts = calloc(MOST_PACKS, sizeof *parts);
    if (!parts)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    count = list_parts(parts, directory);
    take = count >= US_PACK_MANY ? how_many(parts, count) : 0;
    if (take < 2)
        goto done;
    for (size_t i = 0; i < take; i++)
        total += parts[i].bytes;
    seen.mask = 1024; /* an entry has more than 16 bytes: the table stays less than half full */
    while (seen.mask < total / 8)
        seen.mask *= 2;
    seen.slots = calloc(seen.mask--, sizeof *seen.slots);
    result = seen.slots ? us_pack_begin(&pack, err)
                        : us_fail(err, US_ENOMEM, "out of memory for the history");
    us_bytes_reserve(&pack.bytes, total);
    for (size_t i = 0; i < take && result == US_OK; i++) {
        struct us_bytes index = {0}, data = {0};
        snprintf(path, sizeof path, "%s/%s.idx", directory, parts[i].name);
        bool good = us_bytes_read_file(&index, path) == US_OK;
        snprintf(path, sizeof path, "%s/%s.pack", directory, parts[i].name);
        good = good && us_bytes_read_file(&data, path) == US_OK &&
               copy_part(&pack, &seen, &index, &data);
        us_bytes_close(&index);
        us_bytes_close(&data);
        if (!good) /* somebody else tidies up here too: leave it to them */
            result = us_fail(err, US_ESTATE, "the packs of the history could not be joined");
    }
    char made[NAME_LENGTH + 1];
    if (result == US_OK)
        result = us_pack_write_named(made, sizeof made, &pack, objects, err);
    for (size_t i = 0; i < take && result == US_OK; i++) {
        if (strcmp(parts[i].name, made) == 0)
            continue;
        static const char *const kinds[] = {"idx", "rev", "pack"}; /* the index first */
        for (int k = 0; k < 3; k++) {
            snprintf(path, sizeof path, "%s/%s.%s", directory, parts[i].name, kinds[k]);
            unlink(path);
        }
    }
done:
    free(seen.slots);
    us_pack_close(&pack);
    free(parts);
    return result;
}
