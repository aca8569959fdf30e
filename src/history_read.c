/*
 * Reading commits straight from packs. The log reads each commit of a history once, most of them
 * from packs of this program's own, where they lie uncompressed; through libgit2's object database
 * each would cost several times what reading its message does. What is not found as a whole object
 * in a pack (loose, a delta, in an alternate) is left to libgit2.
 */
#include "history_impl.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { IDX_HEAD = 8, IDX_OIDS = 8 + 1024, IDX_ENTRY = 20 + 4 + 4, IDX_TAIL = 40, COMMIT = 1 };

struct mapped {
    const unsigned char *at; /* NULL: not mapped */
    size_t length;
};

struct readable { /* a pack, with its index of version 2 */
    char *path; /* of the pack; the index's ends in .idx */
    struct mapped index, data;
    uint32_t count;
    bool broken;
};

struct us_reader {
    git_odb *odb;
    struct readable *packs;
    size_t count, room, last; /* last: where a commit was found, and its parents likely are */
    z_stream z;
    bool z_ready;
};

static inline uint32_t be32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool map_file(struct mapped *out, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0;
    void *at = good ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    if (at == MAP_FAILED)
        return false;
    *out = (struct mapped){at, (size_t)st.st_size};
    return true;
}

static void unmap(struct mapped *mapped)
{
    if (mapped->at)
        munmap((void *)(uintptr_t)mapped->at, mapped->length);
    *mapped = (struct mapped){0};
}

static bool map_index(struct readable *pack)
{
    char *suffix = strrchr(pack->path, '.');
    memcpy(suffix, ".idx", sizeof ".idx");
    bool good = map_file(&pack->index, pack->path) &&
                pack->index.length >= IDX_OIDS + IDX_TAIL &&
                memcmp(pack->index.at, "\377tOc\0\0\0\2", IDX_HEAD) == 0;
    memcpy(suffix, ".pack", sizeof ".pack");
    if (good) {
        pack->count = be32(pack->index.at + IDX_OIDS - 4);
        good = pack->index.length >= IDX_OIDS + (size_t)pack->count * IDX_ENTRY + IDX_TAIL;
    }
    return good;
}

static void close_pack(struct readable *pack)
{
    unmap(&pack->index);
    unmap(&pack->data);
    free(pack->path);
}

static bool add_pack(struct us_reader *reader, const char *directory, const char *name)
{
    struct us_bytes path = {0};
    if (reader->count == reader->room) {
        size_t room = reader->room * 2 + 16;
        struct readable *packs = realloc(reader->packs, room * sizeof *packs);
        if (!packs)
            return false;
        reader->packs = packs;
        reader->room = room;
    }
    us_bytes_format(&path, "%s/%s", directory, name);
    struct readable pack = {.path = us_bytes_take(&path)};
    if (!pack.path)
        return false;
    if (map_index(&pack))
        reader->packs[reader->count++] = pack;
    else
        close_pack(&pack);
    return true;
}

static bool add_packs(struct us_reader *reader, const char *objects)
{
    struct us_bytes directory = {0};
    us_bytes_format(&directory, "%s/pack", objects);
    bool good = !directory.failed;
    DIR *dir = good ? opendir(directory.at) : NULL;
    for (struct dirent *d; dir && good && (d = readdir(dir));) {
        size_t length = strlen(d->d_name);
        if (length > 5 && strcmp(d->d_name + length - 5, ".pack") == 0)
            good = add_pack(reader, directory.at, d->d_name);
    }
    if (dir)
        closedir(dir);
    us_bytes_close(&directory);
    return good;
}

int us_reader_open(struct us_reader **out, git_repository *repo, const char *objects,
                   struct us_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    struct us_reader *reader = *out;
    reader->z_ready = inflateInit(&reader->z) == Z_OK;
    if (!reader->z_ready || !add_packs(reader, objects))
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    if (git_repository_odb(&reader->odb, repo) != 0)
        return us_git_fail(err, US_EFORMAT, "open the repository's objects");
    return US_OK;
}

void us_reader_close(struct us_reader *reader)
{
    if (!reader)
        return;
    for (size_t i = 0; i < reader->count; i++)
        close_pack(&reader->packs[i]);
    free(reader->packs);
    if (reader->z_ready)
        inflateEnd(&reader->z);
    git_odb_free(reader->odb);
    free(reader);
}

static inline uint64_t be64(const unsigned char *at)
{
    return (uint64_t)be32(at) << 32 | be32(at + 4);
}

/* Where in its pack the object is; 0 if it is not in it. */
static uint64_t find(const struct readable *pack, const git_oid *oid)
{
    const unsigned char *fan = pack->index.at + IDX_HEAD, *oids = pack->index.at + IDX_OIDS;
    size_t first = oid->id[0];
    uint32_t low = first ? be32(fan + 4 * (first - 1)) : 0, high = be32(fan + 4 * first);
    if (high > pack->count || low >= high)
        return 0;
    /* Ids are spread evenly: look where it would be if they were exactly so, and go on from there. */
    uint64_t key = be64(oid->id);
    uint32_t at = low + (uint32_t)((uint64_t)(high - low) * be32(oid->id + 1) >> 32);
    while (at + 1 < high && be64(oids + (size_t)at * 20) < key)
        at++;
    while (at > low && be64(oids + (size_t)at * 20) > key)
        at--;
    if (memcmp(oids + (size_t)at * 20, oid->id, 20) != 0)
        return 0; /* two that begin with the same 8 bytes would be libgit2's */
    uint32_t offset = be32(oids + (size_t)pack->count * 24 + (size_t)at * 4);
    return offset & 0x80000000u ? 0 : offset; /* beyond 2 GB: libgit2's, too */
}

/* The content of a zlib stream that is one block, not compressed, as it lies in the pack. */
static bool read_stored(struct us_raw *out, const unsigned char *at, size_t room, size_t size)
{
    if (room < 7 + size + 4 || at[0] != 0x78 || at[2] != 0x01 ||
        ((size_t)at[3] | (size_t)at[4] << 8) != size)
        return false;
    const unsigned char *data = at + 7;
    if (be32(data + size) != (uint32_t)adler32(1, data, (uInt)size))
        return false;
    out->at = (const char *)data;
    out->length = size;
    return true;
}

static bool read_deflated(struct us_raw *out, z_stream *z, const unsigned char *at, size_t room,
                          size_t size)
{
    out->owned = malloc(size + 1);
    if (!out->owned || inflateReset(z) != Z_OK)
        return false;
    z->next_in = (z_const Bytef *)(uintptr_t)at;
    z->avail_in = room > UINT32_MAX ? UINT32_MAX : (uInt)room;
    z->next_out = (Bytef *)out->owned;
    z->avail_out = (uInt)size + 1;
    if (inflate(z, Z_FINISH) != Z_STREAM_END || z->avail_out != 1)
        return false;
    out->at = out->owned;
    out->length = size;
    return true;
}

static bool read_entry(struct us_raw *out, struct us_reader *reader, struct readable *pack,
                       uint64_t offset)
{
    enum { TRAILER = 20, MOST = 1 << 20 };
    if (!pack->data.at && !pack->broken)
        pack->broken = !map_file(&pack->data, pack->path) || pack->data.length < 12 + TRAILER;
    if (pack->broken || offset + 2 > pack->data.length - TRAILER)
        return false;
    const unsigned char *at = pack->data.at + offset, *end = pack->data.at + pack->data.length;
    size_t size = *at & 15;
    if ((*at >> 4 & 7) != COMMIT)
        return false;
    for (int shift = 4; *at++ & 0x80 && shift < 32 && at < end; shift += 7)
        size |= (size_t)(*at & 0x7f) << shift;
    size_t room = (size_t)(end - at);
    return size < MOST && (read_stored(out, at, room, size) ||
                           read_deflated(out, &reader->z, at, room, size));
}

bool us_reader_commit(struct us_raw *out, struct us_reader *reader, const git_oid *oid)
{
    *out = (struct us_raw){0};
    for (size_t n = 0; n < reader->count; n++) {
        size_t i = (reader->last + n) % reader->count;
        uint64_t offset = find(&reader->packs[i], oid);
        if (!offset)
            continue;
        if (read_entry(out, reader, &reader->packs[i], offset)) {
            reader->last = i;
            return true;
        }
        us_raw_close(out);
        break;
    }
    if (git_odb_read(&out->object, reader->odb, oid) != 0 ||
        git_odb_object_type(out->object) != GIT_OBJECT_COMMIT) {
        us_raw_close(out);
        return false;
    }
    out->at = git_odb_object_data(out->object);
    out->length = git_odb_object_size(out->object);
    return true;
}

void us_raw_close(struct us_raw *raw)
{
    free(raw->owned);
    git_odb_object_free(raw->object);
    *raw = (struct us_raw){0};
}
