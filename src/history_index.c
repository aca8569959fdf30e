/*
 * Keeping the index true after a commit of one path: that path's entry is set in a copy of the
 * file, and nothing else is touched. libgit2 would read and write it too, but it drops the
 * extensions it does not know (the untracked cache, the file system monitor's), and refuses
 * indexes that need only to be copied.
 *
 * The file: "DIRC", version, count; entries sorted by name, each 62 bytes and a name (2 more bytes
 * of flags if extended; version 4 cuts what the name shares with the one before); extensions, each
 * a signature, a size and data; SHA-1 of it all.
 */
#include "history_impl.h"

#include "history_sha1.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    FIXED = 62,                /* bytes of an entry before its name */
    VALID = 0x8000,            /* assume-unchanged */
    EXTENDED = 0x4000,
    STAGE = 0x3000,
    NAME_MASK = 0x0fff,
    SKIP_WORKTREE = 0x4000,    /* of the second flags */
    INTENT_TO_ADD = 0x2000,
};

static uint32_t be32(const char *at)
{
    const unsigned char *u = (const unsigned char *)at;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static unsigned be16(const char *at)
{
    const unsigned char *u = (const unsigned char *)at;
    return (unsigned)u[0] << 8 | u[1];
}

static void put32(char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (char)(value >> (24 - 8 * i));
}

static void put16(char *at, unsigned value)
{
    at[0] = (char)(value >> 8);
    at[1] = (char)value;
}

struct place { /* where in the file an entry is, or would go */
    size_t start, stop; /* of the entry; both the same if it is absent */
    bool present;
    unsigned flags, more_flags; /* of the entry, if present */
    uint32_t mode;
    size_t oid_at;
    bool conflicted;
    size_t end; /* of all entries: where the extensions begin */
    /* For version 4, which counts on the names of the neighbours: */
    struct us_bytes before; /* name of the entry before */
    struct us_bytes after;  /* name of the entry at stop, if there is one */
    size_t after_name;      /* where that entry's name part begins, 0 if there is none */
    size_t after_stop;
};

static int bad_index(struct us_error *err)
{
    return us_fail(err, US_ESTATE, "the index is damaged or of an unknown kind");
}

struct index_item { /* an entry as it lies in the file */
    size_t start, stop;
    size_t name_at; /* where the name begins or, in version 4, what it adds to the one before */
    unsigned flags, more_flags;
    const char *name; /* NUL-terminated */
    struct us_bytes built; /* version 4: the name lies here */
};

/* The entry at item->stop; false if it is damaged. */
static bool next_index_item(struct index_item *item, const char *at, size_t length,
                            uint32_t version)
{
    size_t i = item->start = item->stop;
    if (i + FIXED + 2 > length)
        return false;
    item->flags = be16(at + i + 60);
    item->more_flags = 0;
    item->name_at = i + FIXED;
    if (item->flags & EXTENDED) {
        item->more_flags = be16(at + item->name_at);
        item->name_at += 2;
    }
    size_t part = item->name_at, cut = 0;
    if (version == 4) {
        cut = (unsigned char)at[part] & 0x7f;
        while ((unsigned char)at[part++] & 0x80 && part < length)
            cut = ((cut + 1) << 7) | ((unsigned char)at[part] & 0x7f);
    }
    const char *nul = part < length ? memchr(at + part, '\0', length - part) : NULL;
    if (!nul || cut > item->built.length)
        return false;
    size_t part_length = (size_t)(nul - at) - part;
    if (version == 4) {
        item->built.length -= cut;
        us_bytes_add(&item->built, at + part, part_length);
        item->name = item->built.at;
        item->stop = part + part_length + 1;
    } else {
        item->name = at + part;
        item->stop = i + ((part - i + part_length + 8) & ~(size_t)7);
    }
    return item->stop <= length;
}

/* Walk the entries once. */
static int find_place(struct place *place, const struct us_bytes *file, const char *path,
                      struct us_error *err)
{
    struct index_item item = {.stop = 12};
    const char *at = file->at;
    size_t length = file->length < 20 ? 0 : file->length - 20;
    int result = US_OK;
    if (length < 12 || memcmp(at, "DIRC", 4) != 0)
        return bad_index(err);
    uint32_t version = be32(at + 4), count = be32(at + 8);
    if (version < 2 || version > 4)
        return bad_index(err);
    bool placed = false;
    for (uint32_t n = 0; n < count; n++) {
        if (version == 4 && !placed) {
            place->before.length = 0;
            us_bytes_add(&place->before, item.built.at, item.built.length);
        }
        bool whole = next_index_item(&item, at, length, version);
        if (item.built.failed || place->before.failed) {
            result = us_fail(err, US_ENOMEM, "out of memory for the index");
            goto done;
        }
        if (!whole) {
            result = bad_index(err);
            goto done;
        }
        int order = strcmp(item.name, path);
        if (order == 0 && (item.flags & STAGE)) {
            place->conflicted = true;
        } else if (order == 0) {
            place->present = placed = true;
            place->start = item.start;
            place->stop = item.stop;
            place->flags = item.flags;
            place->more_flags = item.more_flags;
            place->oid_at = item.start + 40;
            place->mode = be32(at + item.start + 24);
        } else if (order > 0 && !placed) {
            place->start = place->stop = item.start;
            placed = true;
        }
        if (version == 4 && placed && !place->after_name && item.start >= place->stop) {
            us_bytes_text(&place->after, item.name);
            place->after_name = item.name_at;
            place->after_stop = item.stop;
        }
    }
    if (!placed) {
        place->before.length = 0;
        us_bytes_add(&place->before, item.built.at, item.built.length);
        place->start = place->stop = item.stop;
    }
    place->end = item.stop;
done:
    us_bytes_close(&item.built);
    return result;
}

static void close_place(struct place *place)
{
    us_bytes_close(&place->before);
    us_bytes_close(&place->after);
}

/*
 * <git dir>/index, mapped: every git replaces it by rename, and copying it would take longer than
 * looking an entry up. A missing one is an empty one. To be closed with close_index().
 */
static int open_index(struct us_bytes *file, const char *git_dir, struct us_error *err)
{
    static const char empty[] = "DIRC\0\0\0\2\0\0\0\0"
                                "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1";
    char path[4096];
    struct stat st;
    size_t length = strlen(git_dir);
    snprintf(path, sizeof path, "%s%sindex", git_dir,
             length && git_dir[length - 1] == '/' ? "" : "/");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        *file = (struct us_bytes){.at = (char *)(uintptr_t)empty, .length = sizeof empty - 1};
        return US_OK;
    }
    void *at = MAP_FAILED;
    if (fd >= 0 && fstat(fd, &st) == 0) {
        if (st.st_size < 32)
            errno = EINVAL;
        else
            at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    int saved = errno;
    if (fd >= 0)
        close(fd);
    if (at == MAP_FAILED)
        return us_fail(err, US_ESTATE, "cannot read %s: %s", path, strerror(saved));
    *file = (struct us_bytes){.at = at, .length = (size_t)st.st_size, .room = 1};
    return US_OK;
}

static void close_index(struct us_bytes *file)
{
    if (file->room)
        munmap(file->at, file->length);
}

/* Does the file need more than itself to be understood? ("link": a split index) */
static bool has_extension(const struct us_bytes *file, size_t start, const char *signature)
{
    for (size_t i = start; i + 8 + 20 <= file->length; i += 8 + be32(file->at + i + 4))
        if (memcmp(file->at + i, signature, 4) == 0)
            return true;
    return false;
}

int us_index_look(struct us_index_entry *out, const char *git_dir, const char *path,
                  struct us_error *err)
{
    struct us_bytes file = {0};
    struct place place = {0};
    *out = (struct us_index_entry){0};
    int result = open_index(&file, git_dir, err);
    if (result == US_OK)
        result = find_place(&place, &file, path, err);
    if (result == US_OK && has_extension(&file, place.end, "link"))
        result = us_fail(err, US_ESTATE, "the index is split");
    if (result == US_OK) {
        out->present = place.present;
        out->conflicted = place.conflicted;
        out->mode = place.mode;
        if (place.present) {
            memcpy(out->oid.id, file.at + place.oid_at, 20);
            out->assume_unchanged = (place.flags & VALID) != 0;
            out->skip_worktree = (place.more_flags & SKIP_WORKTREE) != 0;
            out->intent_to_add = (place.more_flags & INTENT_TO_ADD) != 0;
        }
    }
    close_place(&place);
    close_index(&file);
    return result;
}

static void add_name(struct us_bytes *out, uint32_t version, const struct us_bytes *before,
                     const char *name)
{
    size_t length = strlen(name);
    if (version != 4) {
        us_bytes_add(out, name, length);
        return;
    }
    size_t shared = 0;
    while (shared < before->length && shared < length && before->at[shared] == name[shared])
        shared++;
    size_t cut = before->length - shared;
    unsigned char varint[10];
    int at = sizeof varint - 1;
    varint[at] = cut & 0x7f;
    while (cut >>= 7)
        varint[--at] = (unsigned char)(0x80 | (--cut & 0x7f));
    us_bytes_add(out, varint + at, sizeof varint - (size_t)at);
    us_bytes_add(out, name + shared, length - shared + 1);
}

static void add_entry(struct us_bytes *out, uint32_t version, const struct us_bytes *before,
                      const char *path, const struct us_chain *chain, const struct stat *st)
{
    char fixed[FIXED] = {0};
    size_t start = out->length, length = strlen(path);
    if (st) {
        put32(fixed, (uint32_t)st->st_ctim.tv_sec);
        put32(fixed + 4, (uint32_t)st->st_ctim.tv_nsec);
        put32(fixed + 8, (uint32_t)st->st_mtim.tv_sec);
        put32(fixed + 12, (uint32_t)st->st_mtim.tv_nsec);
        put32(fixed + 16, (uint32_t)st->st_dev);
        put32(fixed + 20, (uint32_t)st->st_ino);
        put32(fixed + 28, (uint32_t)st->st_uid);
        put32(fixed + 32, (uint32_t)st->st_gid);
        put32(fixed + 36, (uint32_t)st->st_size);
    }
    put32(fixed + 24, chain->mode);
    memcpy(fixed + 40, chain->blob.id, 20);
    put16(fixed + 60, length < NAME_MASK ? (unsigned)length : NAME_MASK);
    us_bytes_add(out, fixed, sizeof fixed);
    add_name(out, version, before, path);
    if (version != 4) {
        size_t size = out->length - start;
        us_bytes_add(out, "\0\0\0\0\0\0\0\0", ((size + 8) & ~(size_t)7) - size);
    }
}

/*
 * The cached trees: those on the way to the path that were HEAD's become what HEAD's are now, any
 * other on the way (something else is staged there) is marked as not known.
 */
static size_t add_tree(struct us_bytes *out, const char *data, size_t length, size_t i,
                       const char *path, const struct us_chain *chain, size_t depth, bool on_way)
{
    const char *nul = memchr(data + i, '\0', length - i);
    if (!nul)
        return 0;
    size_t name_length = (size_t)(nul - data) - i;
    size_t at = i + name_length + 1;
    if (depth > 0 && on_way) {
        size_t want = strcspn(path, "/");
        on_way = path[want] == '/' && want == name_length && memcmp(path, data + i, want) == 0;
        path += on_way ? want + 1 : 0;
    }
    const char *newline = memchr(data + at, '\n', length - at);
    if (!newline)
        return 0;
    int count = atoi(data + at);
    const char *space = memchr(data + at, ' ', (size_t)(newline - (data + at)));
    if (!space)
        return 0;
    int subtrees = atoi(space + 1);
    size_t oid_at = (size_t)(newline - data) + 1;
    size_t next = oid_at + (count >= 0 ? 20 : 0);
    if (next > length || subtrees < 0)
        return 0;
    if (!on_way) {
        us_bytes_add(out, data + i, next - i);
    } else {
        us_bytes_add(out, data + i, name_length + 1);
        bool known = count >= 0 && chain->had_blob && depth < chain->depth &&
                     chain->levels[depth].existed &&
                     memcmp(data + oid_at, chain->levels[depth].was.id, 20) == 0;
        us_bytes_format(out, "%d %d\n", known ? count : -1, subtrees);
        if (known)
            us_bytes_add(out, chain->levels[depth].is.id, 20);
    }
    for (int n = 0; n < subtrees && next; n++)
        next = next < length ? add_tree(out, data, length, next, path, chain, depth + 1, on_way)
                             : 0;
    return next;
}

static void add_extensions(struct us_bytes *out, const struct us_bytes *file, size_t start,
                           const char *path, const struct us_chain *chain, bool same_layout)
{
    struct us_bytes trees = {0};
    for (size_t i = start, size; i + 8 + 20 <= file->length; i += 8 + size) {
        const char *at = file->at + i;
        size = be32(at + 4);
        if (size > file->length - 20 - i - 8)
            break;
        if (memcmp(at, "TREE", 4) == 0) {
            trees.length = 0;
            if (add_tree(&trees, at + 8, size, 0, path, chain, 0, true) != size)
                continue; /* not as we know it: git makes it anew */
            same_layout &= trees.length == size;
            us_bytes_add(out, "TREE", 4);
            us_bytes_be32(out, (uint32_t)trees.length);
            us_bytes_add(out, trees.at, trees.length);
            continue;
        }
        /* These hold positions of entries, or offsets in the file. */
        bool positional = memcmp(at, "EOIE", 4) == 0 || memcmp(at, "IEOT", 4) == 0 ||
                          memcmp(at, "FSMN", 4) == 0 || memcmp(at, "UNTR", 4) == 0;
        if (!positional || same_layout)
            us_bytes_add(out, at, 8 + size);
    }
    us_bytes_close(&trees);
}

int us_index_set(struct us_bytes *out, const char *git_dir, const char *path,
                 const struct us_chain *chain, const struct stat *st, struct us_error *err)
{
    struct us_bytes file = {0};
    struct place place = {0};
    int result = open_index(&file, git_dir, err);
    if (result == US_OK)
        result = find_place(&place, &file, path, err);
    if (result != US_OK)
        goto done;

    bool intended = place.present && (place.more_flags & INTENT_TO_ADD);
    bool as_was = place.present && !intended
                      ? memcmp(file.at + place.oid_at, chain->was.id, 20) == 0 && chain->had_blob
                      : !chain->had_blob;
    /* After a kill between ref and index, recovery comes here with an index that is true. */
    bool as_is = place.present && memcmp(file.at + place.oid_at, chain->blob.id, 20) == 0;
    if (place.conflicted || !(as_was || as_is)) {
        result = us_fail(err, US_ESTATE, "it has staged changes");
        goto done;
    }
    uint32_t version = be32(file.at + 4);
    us_bytes_reserve(out, file.length + strlen(path) + 256);
    us_bytes_add(out, file.at, place.start);
    bool same_layout = place.present && !(place.flags & EXTENDED);
    add_entry(out, version, &place.before, path, chain, st);
    size_t rest = place.stop;
    if (version == 4 && place.after_name) { /* its name counts on ours now */
        size_t fixed_start = place.stop;
        us_bytes_add(out, file.at + fixed_start, place.after_name - fixed_start);
        struct us_bytes ours = {.at = (char *)(uintptr_t)path, .length = strlen(path)};
        add_name(out, version, &ours, place.after.at);
        rest = place.after_stop;
    }
    us_bytes_add(out, file.at + rest, place.end - rest);
    add_extensions(out, &file, place.end, path, chain, same_layout);
    if (!out->failed && !place.present)
        put32(out->at + 8, be32(out->at + 8) + 1);

    static const char unhashed[20] = {0}; /* index.skipHash */
    unsigned char sum[20] = {0};
    if (!out->failed && memcmp(file.at + file.length - 20, unhashed, 20) != 0) {
        struct us_sha1 sha1;
        us_sha1_begin(&sha1);
        us_sha1_add(&sha1, out->at, out->length);
        us_sha1_end(sum, &sha1);
    }
    us_bytes_add(out, sum, 20);
    if (out->failed)
        result = us_fail(err, US_ENOMEM, "out of memory for the index");
done:
    close_place(&place);
    close_index(&file);
    return result;
}
