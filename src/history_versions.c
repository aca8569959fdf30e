/*
 * The versions of a text: one more edit made in each, all of them in a pack. What deltas are made
 * against, and where they differ, is known from the edits, so nothing is searched for.
 */
#include "history_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void us_edits_make(struct us_bytes *out, const struct us_slice *text, const struct us_edit *edits,
                   size_t count)
{
    size_t from = 0, length = text->length;
    for (size_t i = 0; i < count; i++)
        length += edits[i].length - (edits[i].end - edits[i].start);
    us_bytes_reserve(out, length + 1);
    for (size_t i = 0; i < count; i++) {
        us_bytes_add(out, text->at + from, edits[i].start - from);
        us_bytes_add(out, edits[i].fix.replacement, edits[i].length);
        from = edits[i].end;
    }
    us_bytes_add(out, text->at + from, text->length - from);
}

/* The text with all edits made, in pieces: of the text, of the edits, and so on; false at the end.
 */
static bool next_piece(struct us_slice *piece, size_t *n, const struct us_slice *text,
                       const struct us_edit *edits, size_t count)
{
    size_t i = *n / 2;
    if (*n > 2 * count)
        return false;
    if (*n % 2) {
        *piece = (struct us_slice){edits[i].fix.replacement, edits[i].length};
    } else {
        size_t from = i ? edits[i - 1].end : 0;
        size_t stop = i < count ? edits[i].start : text->length;
        *piece = (struct us_slice){text->at + from, stop - from};
    }
    ++*n;
    return true;
}

/* Is this the text with all edits made? */
static bool is_made(const struct us_slice *made, const struct us_slice *text,
                    const struct us_edit *edits, size_t count)
{
    struct us_slice piece;
    size_t at = 0;
    for (size_t n = 0; next_piece(&piece, &n, text, edits, count); at += piece.length)
        if (made->length - at < piece.length ||
            (piece.length && memcmp(made->at + at, piece.at, piece.length) != 0))
            return false;
    return at == made->length;
}

bool us_edits_in_file(const char *path, const struct us_slice *text, const struct us_edit *edits,
                      size_t count)
{
    struct us_slice piece;
    char buffer[1 << 14];
    bool same = true;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    for (size_t n = 0; same && next_piece(&piece, &n, text, edits, count);)
        for (size_t part; same && piece.length; piece.at += part, piece.length -= part) {
            part = piece.length < sizeof buffer ? piece.length : sizeof buffer;
            same = us_read_all(fd, buffer, part) == (ssize_t)part &&
                   memcmp(buffer, piece.at, part) == 0;
        }
    same = same && us_read_all(fd, buffer, 1) == 0;
    close(fd);
    return same;
}

struct us_edit *us_edits_map(const struct us_edit *edits, size_t count, const struct us_slice *text,
                             const struct us_slice *stored, const struct us_slice *stored_edited)
{
    struct us_edit *mapped = calloc(count, sizeof *mapped);
    size_t at = 0, returns = 0;
    bool good = mapped != NULL;
    for (size_t i = 0; i < count && good; i++) {
        mapped[i] = edits[i];
        size_t ends[2] = {edits[i].start, edits[i].end};
        for (int e = 0; e < 2; e++) {
            for (; at < ends[e]; at++)
                returns +=
                    text->at[at] == '\r' && at + 1 < text->length && text->at[at + 1] == '\n';
            ends[e] -= returns;
        }
        mapped[i].start = ends[0];
        mapped[i].end = ends[1];
        good = ends[1] <= stored->length;
    }
    if (good && is_made(stored_edited, stored, mapped, count))
        return mapped;
    free(mapped);
    return NULL;
}

/* The text with the first edits made, these many bytes of them settled. */
static struct us_content content_of(const struct us_versions *versions, size_t made, size_t settled)
{
    size_t from = made ? versions->edits[made - 1].end : 0;
    return (struct us_content){.type = GIT_OBJECT_BLOB,
                               .head = versions->edited.at,
                               .head_length = settled,
                               .tail = versions->text.at + from,
                               .tail_length = versions->text.length - from,
                               .stays = true};
}

int us_versions_first(git_oid *out, struct us_versions *versions, struct us_pack *pack,
                      struct us_error *err)
{
    struct us_content content = content_of(versions, versions->made, versions->settled);
    int result = us_pack_whole(out, &versions->first, pack, &content, err);
    versions->previous = versions->first;
    versions->first_length = versions->previous_length = content.head_length + content.tail_length;
    versions->first_made = versions->made;
    versions->have_first = true;
    versions->depth = 0;
    return result;
}

/* Delta on the first one in the pack: all the edits between. */
static void delta_on_first(struct us_delta *delta, const struct us_versions *versions,
                           size_t length)
{
    const struct us_edit *edits = versions->edits;
    size_t at = 0, shift = 0, unshift = 0; /* where the first version has the text's bytes */
    for (size_t n = 0; n < versions->first_made; n++) {
        shift += edits[n].length;
        unshift += edits[n].end - edits[n].start;
    }
    us_delta_begin(delta, versions->first, versions->first_length, length);
    for (size_t n = versions->first_made; n < versions->made; n++) {
        size_t start = edits[n].start + shift - unshift;
        us_delta_copy(delta, at, start - at);
        us_delta_insert(delta, edits[n].fix.replacement, edits[n].length);
        at = edits[n].end + shift - unshift;
    }
    us_delta_copy(delta, at, versions->first_length - at);
}

/* Delta on the version before: the last edit. */
static void delta_on_previous(struct us_delta *delta, const struct us_versions *versions,
                              const struct us_content *content)
{
    const struct us_edit *edit = &versions->edits[versions->made - 1];
    size_t start = content->head_length - edit->length;
    us_delta_begin(delta, versions->previous, versions->previous_length,
                   content->head_length + content->tail_length);
    us_delta_copy(delta, 0, start);
    us_delta_insert(delta, edit->fix.replacement, edit->length);
    us_delta_copy(delta, start + (edit->end - edit->start), content->tail_length);
}

void us_versions_make_edit(struct us_versions *versions)
{
    size_t i = versions->made++;
    size_t from = i ? versions->edits[i - 1].end : 0;
    versions->settled += versions->edits[i].start - from + versions->edits[i].length;
}

int us_versions_add(git_oid *out, struct us_versions *versions, struct us_pack *pack,
                    struct us_delta *delta, struct us_error *err)
{
    if (!versions->have_first)
        return us_versions_first(out, versions, pack, err);
    struct us_content content = content_of(versions, versions->made, versions->settled);
    size_t length = content.head_length + content.tail_length;
    if (versions->depth < US_PACK_DEPTH - 1) {
        delta_on_previous(delta, versions, &content);
        versions->depth++;
    } else {
        delta_on_first(delta, versions, length);
        versions->depth = 1;
    }
    versions->previous_length = length;
    us_content_name(out, &content);
    return us_pack_delta(&versions->previous, pack, out, delta, err);
}
