#include "history_pack.h"

#include "history_sha1.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER = 12, OFS_DELTA = 6, SMALL = 1 << 13, LONG = 1 << 16, STORED_BLOCK = 0xffff };

int us_pack_begin(struct us_pack *pack, struct us_error *err)
{
    *pack = (struct us_pack){0};
    /* A small window and table: clearing the usual 256 KB would cost more than the objects do. */
    if (deflateInit2(&pack->small, 1, Z_DEFLATED, 11, 3, Z_DEFAULT_STRATEGY) != Z_OK)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    pack->small_ready = true;
    us_bytes_add(&pack->bytes, "PACK\0\0\0\2\0\0\0\0", HEADER);
    pack->noted = HEADER;
    return US_OK;
}

void us_pack_close(struct us_pack *pack)
{
    us_bytes_close(&pack->bytes);
    free(pack->guests);
    free(pack->entries);
    if (pack->small_ready)
        deflateEnd(&pack->small);
    *pack = (struct us_pack){0};
}

void us_content_name(git_oid *out, const struct us_content *content)
{
    char header[40];
    int length = snprintf(header, sizeof header, "%s %zu", git_object_type2string(content->type),
                          content->head_length + content->tail_length);
    struct us_sha1 sha1;
    us_sha1_begin(&sha1);
    us_sha1_add(&sha1, header, (size_t)length + 1);
    us_sha1_add(&sha1, content->head, content->head_length);
    us_sha1_add(&sha1, content->tail, content->tail_length);
    us_sha1_end(out->id, &sha1);
}

static void add_size(struct us_bytes *bytes, size_t size, unsigned char first, int first_bits)
{
    unsigned char c = (unsigned char)(first | (size & ((1u << first_bits) - 1)));
    size >>= first_bits;
    while (size) {
        us_bytes_add(bytes, &(unsigned char){(unsigned char)(c | 0x80)}, 1);
        c = size & 0x7f;
        size >>= 7;
    }
    us_bytes_add(bytes, &c, 1);
}

void us_pack_distance(struct us_bytes *bytes, uint64_t distance)
{
    unsigned char out[10];
    int at = sizeof out - 1;
    out[at] = distance & 0x7f;
    while (distance >>= 7)
        out[--at] = (unsigned char)(0x80 | (--distance & 0x7f));
    us_bytes_add(bytes, out + at, sizeof out - (size_t)at);
}

uint64_t us_pack_length(const struct us_pack *pack)
{
    return pack->bytes.length + pack->guest_bytes;
}

/* Add bytes that stay where they are, and as they are, until the pack is written. */
static void add_guest(struct us_pack *pack, const char *data, size_t length)
{
    if (pack->guest_count == pack->guest_room) {
        size_t room = pack->guest_room * 2 + 32;
        struct us_pack_guest *guests = realloc(pack->guests, room * sizeof *guests);
        if (!guests) {
            pack->bytes.failed = true;
            return;
        }
        pack->guests = guests;
        pack->guest_room = room;
    }
    pack->guests[pack->guest_count++] =
        (struct us_pack_guest){.at = pack->bytes.length, .data = data, .length = length};
    pack->guest_bytes += length;
}

/* The pack's bytes from one place on, in pieces; false at the end. */
struct walk {
    const struct us_pack *pack;
    size_t at, guest; /* what comes next, of the pack's own and of the guests */
};

static bool next_bytes(struct walk *walk, const char **data, size_t *length)
{
    const struct us_pack *pack = walk->pack;
    bool last = walk->guest == pack->guest_count;
    size_t stop = last ? pack->bytes.length : pack->guests[walk->guest].at;
    if (walk->at < stop) {
        *data = pack->bytes.at + walk->at;
        *length = stop - walk->at;
        walk->at = stop;
        return true;
    }
    if (last)
        return false;
    *data = pack->guests[walk->guest].data;
    *length = pack->guests[walk->guest++].length;
    return true;
}

/*
 * A zlib stream of blocks that are not compressed: right for a few bytes; for commits, of which the
 * log reads many at a time (history_read.c); and for long texts, of which one in full is kept with
 * each save, until `git gc` makes deltas of them: deflating one takes longer than all else
 * together.
 */
static void add_stored(struct us_pack *pack, const struct us_content *content)
{
    const struct {
        const char *at;
        size_t length;
    } pieces[] = {{content->head, content->head_length}, {content->tail, content->tail_length}};
    struct us_bytes *bytes = &pack->bytes;
    size_t left = content->head_length + content->tail_length, room = 0;
    bool as_guest = content->stays && left > LONG;
    uLong sum = 1;
    us_bytes_reserve(bytes, (as_guest ? 0 : left) + left / STORED_BLOCK * 5 + 16);
    us_bytes_add(bytes, "\x78\x01", 2);
    if (!left)
        us_bytes_add(bytes, "\1\0\0\377\377", 5);
    for (int i = 0; i < 2; i++) {
        for (size_t at = 0, part; at < pieces[i].length; at += part, left -= part, room -= part) {
            if (!room) {
                room = left < STORED_BLOCK ? left : STORED_BLOCK;
                unsigned char head[5] = {room == left, (unsigned char)room,
                                         (unsigned char)(room >> 8), (unsigned char)~room,
                                         (unsigned char)(~room >> 8)};
                us_bytes_add(bytes, head, sizeof head);
            }
            part = pieces[i].length - at < room ? pieces[i].length - at : room;
            if (as_guest)
                add_guest(pack, pieces[i].at + at, part);
            else
                us_bytes_add(bytes, pieces[i].at + at, part);
        }
        sum = adler32_z(sum, (const Bytef *)pieces[i].at, pieces[i].length);
    }
    us_bytes_be32(bytes, (uint32_t)sum);
}

static int deflate_piece(struct us_bytes *bytes, z_stream *z, const char *data, size_t length,
                         int flush)
{
    do {
        uInt part = length > 1u << 30 ? 1u << 30 : (uInt)length;
        z->next_in = (z_const Bytef *)data;
        z->avail_in = part;
        data += part;
        length -= part;
        int last = length ? Z_NO_FLUSH : flush, status;
        do {
            us_bytes_reserve(bytes, deflateBound(z, z->avail_in) + 16);
            if (bytes->failed)
                return Z_MEM_ERROR;
            size_t free_room = bytes->room - bytes->length - 1;
            z->next_out = (Bytef *)bytes->at + bytes->length;
            z->avail_out = free_room > UINT32_MAX ? UINT32_MAX : (uInt)free_room;
            uInt before = z->avail_out;
            status = deflate(z, last);
            bytes->length += before - z->avail_out;
            if (status == Z_STREAM_ERROR)
                return status;
        } while (last == Z_FINISH ? status != Z_STREAM_END : z->avail_in > 0);
    } while (length);
    return Z_OK;
}

static void add_deflated(struct us_pack *pack, const struct us_content *content)
{
    z_stream large = {0}, *z = &pack->small;
    bool is_large = content->head_length + content->tail_length > SMALL;
    if (is_large) {
        z = &large;
        if (deflateInit2(z, 1, Z_DEFLATED, 15, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
            pack->bytes.failed = true;
            return;
        }
    } else {
        deflateReset(z);
    }
    if (deflate_piece(&pack->bytes, z, content->head, content->head_length, Z_NO_FLUSH) != Z_OK ||
        deflate_piece(&pack->bytes, z, content->tail, content->tail_length, Z_FINISH) != Z_OK)
        pack->bytes.failed = true;
    if (is_large)
        deflateEnd(&large);
}

/* Note the entry that ends here. */
int us_pack_note(struct us_pack *pack, const git_oid *oid, struct us_error *err)
{
    if (pack->count == pack->room) {
        size_t room = pack->room * 2 + 64;
        struct us_pack_entry *entries = realloc(pack->entries, room * sizeof *entries);
        if (!entries)
            return us_fail(err, US_ENOMEM, "out of memory for the history");
        pack->entries = entries;
        pack->room = room;
    }
    if (pack->bytes.failed)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    if (us_pack_length(pack) > INT32_MAX)
        return us_fail(err, US_ELIMIT, "a save's history is more than 2 GB; save in smaller steps");
    struct us_pack_entry *entry = &pack->entries[pack->count++];
    struct walk walk = {.pack = pack, .at = pack->noted, .guest = pack->noted_guests};
    const char *data;
    size_t length, whole = 0;
    uLong crc = 0;
    for (; next_bytes(&walk, &data, &length); whole += length)
        crc = crc32_z(crc, (const Bytef *)data, length);
    *entry = (struct us_pack_entry){
        .oid = *oid, .crc = (uint32_t)crc, .offset = us_pack_length(pack) - whole};
    pack->noted = walk.at;
    pack->noted_guests = walk.guest;
    return US_OK;
}

int us_pack_whole(git_oid *out, uint64_t *offset, struct us_pack *pack,
                  const struct us_content *content, struct us_error *err)
{
    size_t length = content->head_length + content->tail_length;
    if (offset)
        *offset = us_pack_length(pack);
    us_content_name(out, content);
    add_size(&pack->bytes, length, (unsigned char)(content->type << 4), 4);
    if (content->type == GIT_OBJECT_COMMIT || length > LONG)
        add_stored(pack, content);
    else
        add_deflated(pack, content);
    return us_pack_note(pack, out, err);
}

int us_pack_delta(uint64_t *offset, struct us_pack *pack, const git_oid *oid,
                  const struct us_delta *delta, struct us_error *err)
{
    uint64_t at = us_pack_length(pack);
    if (delta->bytes.failed)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    add_size(&pack->bytes, delta->bytes.length, OFS_DELTA << 4, 4);
    us_pack_distance(&pack->bytes, at - delta->base);
    struct us_content edits = {
        .head = delta->bytes.at, .head_length = delta->bytes.length, .tail = ""};
    if (edits.head_length < 256)
        add_stored(pack, &edits);
    else
        add_deflated(pack, &edits);
    if (offset)
        *offset = at;
    return us_pack_note(pack, oid, err);
}

void us_delta_begin(struct us_delta *delta, uint64_t base, size_t base_size, size_t size)
{
    delta->bytes.length = 0;
    delta->base = base;
    add_size(&delta->bytes, base_size, 0, 7);
    add_size(&delta->bytes, size, 0, 7);
}

void us_delta_copy(struct us_delta *delta, size_t start, size_t length)
{
    while (length) {
        size_t part = length > 0xffffff ? 0xffffff : length;
        unsigned char op[8] = {0x80};
        size_t n = 1;
        for (int i = 0; i < 4; i++)
            if (start >> (8 * i) & 0xff) {
                op[0] |= (unsigned char)(1u << i);
                op[n++] = (unsigned char)(start >> (8 * i));
            }
        for (int i = 0; i < 3; i++)
            if (part >> (8 * i) & 0xff) {
                op[0] |= (unsigned char)(0x10u << i);
                op[n++] = (unsigned char)(part >> (8 * i));
            }
        us_bytes_add(&delta->bytes, op, n);
        start += part;
        length -= part;
    }
}

void us_delta_insert(struct us_delta *delta, const char *data, size_t length)
{
    while (length) {
        unsigned char part = length > 127 ? 127 : (unsigned char)length;
        us_bytes_add(&delta->bytes, &part, 1);
        us_bytes_add(&delta->bytes, data, part);
        data += part;
        length -= part;
    }
}

static int by_oid(const void *a, const void *b)
{
    const struct us_pack_entry *x = a, *y = b;
    return memcmp(x->oid.id, y->oid.id, sizeof x->oid.id);
}

static void sha1_of(unsigned char out[20], const struct us_pack *pack)
{
    struct walk walk = {.pack = pack};
    struct us_sha1 sha1;
    const char *data;
    size_t length;
    us_sha1_begin(&sha1);
    while (next_bytes(&walk, &data, &length))
        us_sha1_add(&sha1, data, length);
    us_sha1_end(out, &sha1);
}

/* The index of a finished pack (version 2), whose entries get sorted. */
static void make_index(struct us_bytes *out, struct us_pack *pack, const unsigned char trailer[20])
{
    qsort(pack->entries, pack->count, sizeof *pack->entries, by_oid);
    us_bytes_reserve(out, 8 + 1024 + pack->count * 28 + 40);
    us_bytes_add(out, "\377tOc\0\0\0\2", 8);
    size_t next = 0;
    for (unsigned first = 0; first < 256; first++) {
        while (next < pack->count && pack->entries[next].oid.id[0] <= first)
            next++;
        us_bytes_be32(out, (uint32_t)next);
    }
    for (size_t i = 0; i < pack->count; i++)
        us_bytes_add(out, pack->entries[i].oid.id, 20);
    for (size_t i = 0; i < pack->count; i++)
        us_bytes_be32(out, pack->entries[i].crc);
    for (size_t i = 0; i < pack->count; i++)
        us_bytes_be32(out, (uint32_t)pack->entries[i].offset);
    us_bytes_add(out, trailer, 20);
    unsigned char sum[20] = {0};
    if (!out->failed)
        sha1_of(sum, &(struct us_pack){.bytes = *out});
    us_bytes_add(out, sum, 20);
}

/* A file on its way into the object directory, of a name that `git gc` cleans away if we are
 * killed. */
struct temporary {
    char path[4096]; /* "" if there is none */
    int fd;
};

static int fail_writing(struct us_error *err, const char *objects)
{
    return us_fail(err, US_EIO, "cannot write the history into %s: %s; nothing was recorded",
                   objects, strerror(errno));
}

static int make_temporary(struct temporary *made, const char *objects, const char *what,
                          struct us_error *err)
{
    made->path[0] = '\0';
    if ((size_t)snprintf(made->path, sizeof made->path, "%s/pack/tmp_%s_XXXXXX", objects, what) >=
        sizeof made->path) {
        made->path[0] = '\0';
        return us_fail(err, US_EIO, "the path of %s is too long", objects);
    }
    made->fd = mkostemp(made->path, O_CLOEXEC);
    if (made->fd < 0 && errno == ENOENT) {
        char directory[4096];
        snprintf(directory, sizeof directory, "%s/pack", objects);
        mkdir(directory, 0777);
        snprintf(made->path, sizeof made->path, "%s/pack/tmp_%s_XXXXXX", objects, what);
        made->fd = mkostemp(made->path, O_CLOEXEC);
    }
    if (made->fd >= 0)
        return US_OK;
    made->path[0] = '\0';
    return us_fail(err, US_EIO, "cannot write into %s/pack: %s", objects, strerror(errno));
}

/* Write it all, and let the disk begin with it. */
static int write_temporary(struct temporary *made, const char *objects, const char *what,
                           const struct us_pack *content, struct us_error *err)
{
    struct walk walk = {.pack = content};
    const char *data;
    size_t length;
    int result = make_temporary(made, objects, what, err);
    if (result != US_OK)
        return result;
    while (next_bytes(&walk, &data, &length))
        if (us_write_all(made->fd, data, length) != 0)
            return fail_writing(err, objects);
    if (fchmod(made->fd, 0444) != 0)
        return fail_writing(err, objects);
#ifdef SYNC_FILE_RANGE_WRITE
    (void)!sync_file_range(made->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#endif
    return US_OK;
}

static int sync_temporary(struct temporary *made, const char *objects, struct us_error *err)
{
    bool good = fsync(made->fd) == 0;
    int saved = errno;
    if (close(made->fd) != 0 && good) {
        good = false;
        saved = errno;
    }
    made->fd = -1;
    errno = saved;
    return good ? US_OK : fail_writing(err, objects);
}

static void drop_temporary(struct temporary *made)
{
    if (made->fd >= 0)
        close(made->fd);
    if (made->path[0])
        unlink(made->path);
}

int us_pack_write(struct us_pack *pack, const char *objects, struct us_error *err)
{
    char name[64];
    return us_pack_write_named(name, sizeof name, pack, objects, err);
}

int us_pack_write_named(char *name_out, size_t size, struct us_pack *pack, const char *objects,
                        struct us_error *err)
{
    struct us_pack index = {0};
    struct temporary files[2] = {{.fd = -1}, {.fd = -1}};
    unsigned char trailer[20];
    char name[4096];
    int result;

    if (pack->bytes.failed)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    for (int i = 0; i < 4; i++)
        pack->bytes.at[8 + i] = (char)(pack->count >> (24 - 8 * i));
    sha1_of(trailer, pack);
    us_bytes_add(&pack->bytes, trailer, 20);
    make_index(&index.bytes, pack, trailer);
    if (pack->bytes.failed || index.bytes.failed) {
        result = us_fail(err, US_ENOMEM, "out of memory for the history");
        goto done;
    }
    /* Both are written before either is waited for: mostly the disk is then waited for once. */
    result = write_temporary(&files[0], objects, "pack", pack, err);
    if (result == US_OK)
        result = write_temporary(&files[1], objects, "idx", &index, err);
    for (int i = 0; i < 2 && result == US_OK; i++)
        result = sync_temporary(&files[i], objects, err);
    if (result != US_OK)
        goto done;

    size_t stem = (size_t)snprintf(name, sizeof name - 8, "%s/pack/pack-756e7370696e", objects);
    for (int i = 0; i < 14 && stem < sizeof name - 8; i++)
        stem += (size_t)snprintf(name + stem, sizeof name - stem, "%02x", trailer[i]);
    snprintf(name_out, size, "%s", strrchr(name, '/') + 1);
    static const char *const endings[] = {".pack", ".idx"}; /* the index last: it shows the pack */
    for (int i = 0; i < 2 && result == US_OK; i++) {
        snprintf(name + stem, sizeof name - stem, "%s", endings[i]);
        if (rename(files[i].path, name) == 0)
            files[i].path[0] = '\0';
        else
            result = us_fail(err, US_EIO, "cannot put a pack into %s: %s; nothing was recorded",
                             objects, strerror(errno));
    }
done:
    for (int i = 0; i < 2; i++)
        drop_temporary(&files[i]);
    us_bytes_close(&index.bytes);
    return result;
}
