/*
 * Saves: from a text and its corrections to commits, and from a killed save to a finished one.
 *
 *     prepare:  objects (one pack)  ->  journal
 *     the caller writes the file
 *     land:     index.lock  ->  <ref>.lock  ->  ref  ->  index  ->  journal removed
 *
 * Killed before the file is written: the journal's text is not what the file holds, and it is
 * dropped. Killed after: the next open lands it. If the ref moved meanwhile, the commits are made
 * again on its new place, the blobs being there already.
 */
#include "history_impl.h"

#include "history_sha1.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 200 }; /* at landing, while other gits move the ref */

struct edit { /* of the author's text: bytes [start, end) become the replacement */
    size_t start, end;
    struct us_fix fix; /* with strings of the save's own */
    size_t length;     /* of the replacement */
};

struct us_save {
    struct us_bytes before; /* as the file had it */
    struct edit *edits;
    size_t count;
    struct us_bytes message; /* for the one commit, instead of the usual one */
    struct us_bytes later;   /* what the file holds in the end, if that is not the text edited */
    bool has_later;

    struct us_chain chain; /* what was built last */
    git_oid text;          /* blob of before */
    git_oid *oids;         /* of the corrections */
    git_oid original;
    bool has_original, has_base;
    git_oid base;
    struct us_journal journal;
};

/* --- building --- */

static size_t count_lines(const char *text, size_t length)
{
    size_t lines = 0;
    for (const char *c = text; (c = memchr(c, '\n', length - (size_t)(c - text))); c++)
        lines++;
    return lines;
}

/* The text with the edits up to i made, as far as it is settled: append what edit i adds to it. */
static void advance(struct us_bytes *done, const struct us_bytes *text, const struct edit *edits,
                    size_t i)
{
    size_t from = i ? edits[i - 1].end : 0;
    us_bytes_add(done, text->at + from, edits[i].start - from);
    us_bytes_add(done, edits[i].fix.replacement, edits[i].length);
}

static void apply_all(struct us_bytes *out, const struct us_bytes *text, const struct edit *edits,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        advance(out, text, edits, i);
    size_t from = count ? edits[count - 1].end : 0;
    us_bytes_add(out, text->at + from, text->length - from);
}

/* The text with all edits made, in pieces: of the text, of the edits, and so on; false at the end. */
static bool next_piece(const char **at, size_t *length, size_t *n, const struct us_bytes *text,
                       const struct edit *edits, size_t count)
{
    size_t i = *n / 2;
    if (*n > 2 * count)
        return false;
    if (*n % 2) {
        *at = edits[i].fix.replacement;
        *length = edits[i].length;
    } else {
        size_t from = i ? edits[i - 1].end : 0;
        *at = text->at + from;
        *length = (i < count ? edits[i].start : text->length) - from;
    }
    ++*n;
    return true;
}

/* Is this the text with all edits made? */
static bool is_edited(const struct us_bytes *made, const struct us_bytes *text,
                      const struct edit *edits, size_t count)
{
    const char *piece;
    size_t length, at = 0;
    for (size_t n = 0; next_piece(&piece, &length, &n, text, edits, count); at += length)
        if (made->length - at < length || (length && memcmp(made->at + at, piece, length) != 0))
            return false;
    return at == made->length;
}

/* Does the article's file hold it? Read bit by bit, as room for a long text costs more than that. */
static bool file_is_edited(const struct us_history *history)
{
    const struct us_save *save = history->save;
    const char *piece;
    char buffer[1 << 14];
    size_t length;
    bool same = true;
    int fd = open(history->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    for (size_t n = 0; same && next_piece(&piece, &length, &n, &save->before, save->edits,
                                          save->count);)
        for (size_t part; same && length; piece += part, length -= part) {
            part = length < sizeof buffer ? length : sizeof buffer;
            same = us_read_all(fd, buffer, part) == (ssize_t)part &&
                   memcmp(buffer, piece, part) == 0;
        }
    same = same && us_read_all(fd, buffer, 1) == 0;
    close(fd);
    return same;
}

/* The blobs of a save, one after the other, and what deltas can be made against. */
struct blobs {
    const struct us_bytes *text; /* as stored by git */
    const struct edit *edits;    /* of that text; NULL: each version must be converted whole */
    const struct us_bytes *done; /* the text with the edits so far made, up to the last one's end */
    uint64_t previous, first; /* entries in the pack */
    size_t previous_length, first_length, first_edit;
    unsigned depth;
    bool have_first;
};

static int add_first(git_oid *out, struct blobs *blobs, struct us_pack *pack,
                     const struct us_content *content, size_t edits_in, struct us_error *err)
{
    int result = us_pack_whole(out, &blobs->first, pack, content, err);
    blobs->previous = blobs->first;
    blobs->first_length = blobs->previous_length = content->head_length + content->tail_length;
    blobs->first_edit = edits_in;
    blobs->have_first = true;
    blobs->depth = 0;
    return result;
}

/* Delta of version i on the first one in the pack: all the edits between. */
static void delta_on_first(struct us_delta *delta, const struct blobs *blobs, size_t i,
                           size_t length)
{
    size_t at = 0, shift = 0, unshift = 0;
    if (blobs->first_edit) { /* the first version has edit 0 made */
        shift = blobs->edits[0].length;
        unshift = blobs->edits[0].end - blobs->edits[0].start;
    }
    us_delta_begin(delta, blobs->first, blobs->first_length, length);
    for (size_t n = blobs->first_edit; n <= i; n++) {
        const struct edit *edit = &blobs->edits[n];
        size_t start = edit->start + shift - unshift;
        us_delta_copy(delta, at, start - at);
        us_delta_insert(delta, edit->fix.replacement, edit->length);
        at = edit->end + shift - unshift;
    }
    us_delta_copy(delta, at, blobs->first_length - at);
}

static int add_version(git_oid *out, struct blobs *blobs, struct us_chain *chain, size_t i,
                       struct us_error *err)
{
    const struct edit *edit = &blobs->edits[i];
    size_t old_length = edit->end - edit->start;
    struct us_content content = {.type = GIT_OBJECT_BLOB,
                                 .head = blobs->done->at,
                                 .head_length = blobs->done->length,
                                 .tail = blobs->text->at + edit->end,
                                 .tail_length = blobs->text->length - edit->end};
    if (!blobs->have_first)
        return add_first(out, blobs, &chain->pack, &content, i + 1, err);
    size_t length = content.head_length + content.tail_length;
    struct us_delta *delta = &chain->delta;
    if (blobs->depth < US_PACK_DEPTH - 1) {
        size_t at = blobs->done->length - edit->length;
        us_delta_begin(delta, blobs->previous, blobs->previous_length, length);
        us_delta_copy(delta, 0, at);
        us_delta_insert(delta, edit->fix.replacement, edit->length);
        us_delta_copy(delta, at + old_length, content.tail_length);
        blobs->depth++;
    } else {
        delta_on_first(delta, blobs, i, length);
        blobs->depth = 1;
    }
    blobs->previous_length = length;
    return us_pack_delta(out, &blobs->previous, &chain->pack, &content, delta, err);
}

/* Version i by way of the filters, for a conversion that does not go edit by edit. */
static int add_converted(git_oid *out, struct us_history *history, size_t i, struct us_error *err)
{
    struct us_save *save = history->save;
    struct us_bytes version = {0}, stored = {0};
    apply_all(&version, &save->before, save->edits, i + 1);
    int result = version.failed ? us_fail(err, US_ENOMEM, "out of memory for the article")
                                : us_convert(&stored, history, version.at, version.length, false,
                                             err);
    if (result == US_OK)
        result = us_pack_whole(out, NULL, &save->chain.pack,
                               &(struct us_content){.type = GIT_OBJECT_BLOB,
                                                    .head = stored.at,
                                                    .head_length = stored.length,
                                                    .tail = ""},
                               err);
    us_bytes_close(&version);
    us_bytes_close(&stored);
    return result;
}

/*
 * The edits in the text as git stores it, line endings converted: NULL if they can't be told,
 * which is found by making them all and comparing.
 */
static struct edit *map_edits(const struct us_save *save, const struct us_bytes *stored,
                              const struct us_bytes *stored_after)
{
    struct edit *edits = calloc(save->count, sizeof *edits);
    size_t at = 0, returns = 0;
    bool good = edits != NULL;
    for (size_t i = 0; i < save->count && good; i++) {
        edits[i] = save->edits[i];
        size_t ends[2] = {save->edits[i].start, save->edits[i].end};
        for (int e = 0; e < 2; e++) {
            for (; at < ends[e]; at++)
                returns += save->before.at[at] == '\r' && save->before.at[at + 1] == '\n';
            ends[e] -= returns;
        }
        edits[i].start = ends[0];
        edits[i].end = ends[1];
        good = ends[1] <= stored->length;
    }
    if (good && is_edited(stored_after, stored, edits, save->count))
        return edits;
    free(edits);
    return NULL;
}

/* A commit of the whole text, as somebody wrote it, whose blob is there. */
static int add_text(struct us_history *history, const git_oid *blob, struct us_error *err)
{
    struct us_bytes message = {0};
    us_message_original(&message, history->path.at);
    int result = us_chain_commit(&history->save->chain, blob, &message, err);
    us_bytes_close(&message);
    return result;
}

static bool changes_nothing(const char *text, size_t start, size_t end, const struct us_fix *fix)
{
    return strlen(fix->replacement) == end - start &&
           memcmp(text + start, fix->replacement, end - start) == 0;
}

static void edit_message(struct us_bytes *out, const struct us_history *history,
                         const struct edit *edit, const struct us_spot *spot)
{
    const struct us_fix *fix = &edit->fix;
    if (history->save->message.length) {
        us_bytes_add(out, history->save->message.at, history->save->message.length);
    } else if (fix->rejects) {
        char *was = strndup(spot->old, spot->old_length);
        struct us_entry entry = {
            .old = fix->replacement, .replacement = was ? was : "", .path = spot->path};
        snprintf(entry.oid, sizeof entry.oid, "%s", fix->rejects);
        us_message_rejection(out, &entry);
        out->failed |= !was;
        free(was);
    } else if (fix->refuses) {
        us_message_refusal(out, spot);
    } else {
        us_message_correction(out, spot);
    }
}

static int build_corrections(struct us_history *history, struct blobs *blobs, struct us_error *err)
{
    struct us_save *save = history->save;
    struct us_bytes message = {0}, done = {0}, stored = {0};
    size_t lines = 1, counted = 0;
    git_oid blob = save->text;
    int result = US_OK;
    bool converted = blobs->edits && blobs->edits != save->edits;
    blobs->done = converted ? &stored : &done;
    us_bytes_reserve(&done, save->before.length);
    for (size_t i = 0; i < save->count && result == US_OK; i++) {
        const struct edit *edit = &save->edits[i];
        advance(&done, &save->before, save->edits, i);
        if (converted)
            advance(&stored, blobs->text, blobs->edits, i);
        if (done.failed || stored.failed) {
            result = us_fail(err, US_ENOMEM, "out of memory for the article");
            break;
        }
        size_t left = done.length - edit->length;
        lines += count_lines(done.at + counted, left - counted);
        counted = left;
        message.length = 0;
        edit_message(&message, history, edit,
                     &(struct us_spot){.path = history->path.at,
                                       .line = (uint32_t)lines,
                                       .left = done.at,
                                       .left_length = left,
                                       .old = save->before.at + edit->start,
                                       .old_length = edit->end - edit->start,
                                       .right = save->before.at + edit->end,
                                       .right_length = save->before.length - edit->end,
                                       .fix = &edit->fix});
        /* unless it is a refusal, or a rejection that finds its work done */
        if (!changes_nothing(save->before.at, edit->start, edit->end, &edit->fix))
            result = blobs->edits ? add_version(&blob, blobs, &save->chain, i, err)
                                  : add_converted(&blob, history, i, err);
        if (result == US_OK)
            result = us_chain_commit(&save->chain, &blob, &message, err);
        save->oids[i] = save->chain.tip;
    }
    blobs->done = NULL;
    us_bytes_close(&message);
    us_bytes_close(&done);
    us_bytes_close(&stored);
    return result;
}

/* Make the save's commits on the history's tip, in one pack. */
static int build(struct us_history *history, struct us_error *err)
{
    struct us_save *save = history->save;
    struct us_bytes filtered = {0}, after = {0}, filtered_after = {0}, filtered_later = {0};
    const struct us_bytes *stored = &save->before;
    struct blobs blobs = {.edits = save->edits};
    struct edit *mapped = NULL;
    bool is_filtered;
    int result;

    us_chain_close(&save->chain);
    save->has_base = history->has_tip;
    save->base = history->tip;
    result = us_chain_begin(&save->chain, history, history->has_tip ? &history->tip : NULL,
                            GIT_FILEMODE_BLOB, err);
    if (result == US_OK)
        result = us_filter(&filtered, &is_filtered, history, save->before.at, save->before.length,
                           false, err);
    if (result != US_OK)
        goto done;
    if (is_filtered) {
        stored = &filtered;
        apply_all(&after, &save->before, save->edits, save->count);
        result = after.failed ? us_fail(err, US_ENOMEM, "out of memory for the article")
                              : us_convert(&filtered_after, history, after.at, after.length, false,
                                           err);
        if (result != US_OK)
            goto done;
        blobs.edits = mapped = map_edits(save, stored, &filtered_after);
    }
    blobs.text = stored;

    struct us_content original = {
        .type = GIT_OBJECT_BLOB, .head = stored->at, .head_length = stored->length, .tail = ""};
    us_content_name(&save->text, &original);
    save->has_original =
        !save->chain.had_blob || !git_oid_equal(&save->chain.was, &save->text);
    if (save->has_original) {
        result = add_first(&save->text, &blobs, &save->chain.pack, &original, 0, err);
        if (result == US_OK)
            result = add_text(history, &save->text, err);
        save->original = save->chain.tip;
    }
    if (result == US_OK)
        result = build_corrections(history, &blobs, err);
    if (result == US_OK && save->has_later) {
        result = us_convert(&filtered_later, history, save->later.at, save->later.length, false,
                            err);
        git_oid blob;
        if (result == US_OK)
            result = us_pack_whole(&blob, NULL, &save->chain.pack,
                                   &(struct us_content){.type = GIT_OBJECT_BLOB,
                                                        .head = filtered_later.at,
                                                        .head_length = filtered_later.length,
                                                        .tail = ""},
                                   err);
        if (result == US_OK)
            result = add_text(history, &blob, err);
    }
    result = us_memory_check(result, err);
    if (result == US_OK)
        result = us_pack_write(&save->chain.pack, history->objects.at, err);
done:
    free(mapped);
    us_bytes_close(&filtered);
    us_bytes_close(&after);
    us_bytes_close(&filtered_after);
    us_bytes_close(&filtered_later);
    return result;
}

static void add_field(struct us_bytes *text, const char *name, bool has, const git_oid *oid)
{
    char hex[41];
    git_oid_tostr(hex, sizeof hex, oid);
    us_bytes_format(text, "%s %s\n", name, has ? hex : "-");
}

static int write_journal(struct us_history *history, struct us_error *err)
{
    struct us_save *save = history->save;
    struct us_bytes text = {0};
    int result = US_OK;
    if (save->journal.fd >= 0 &&
        strncmp(save->journal.path, history->git_dir.at, history->git_dir.length) != 0)
        us_journal_remove(&save->journal); /* the place changed to another repository */
    if (save->journal.fd < 0)
        result = us_journal_begin(&save->journal, history->git_dir.at, history->file, err);
    if (result != US_OK)
        return result;
    us_bytes_format(&text, "ref %s\npath %s\n", history->ref.at, history->path.at);
    add_field(&text, "base", save->has_base, &save->base);
    add_field(&text, "tip", true, &save->chain.tip);
    add_field(&text, "was", save->chain.had_blob, &save->chain.was);
    add_field(&text, "text", true, &save->text);
    us_bytes_text(&text, "end\n");
    result = us_journal_write(&save->journal, &text, err);
    us_bytes_close(&text);
    return result;
}

/* --- preparing --- */

static int check_fixes(const struct us_fix *fixes, size_t count, size_t length,
                       struct us_error *err)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (fixes[i].start < at || fixes[i].end < fixes[i].start || fixes[i].end > length)
            return us_fail(err, US_EINVAL,
                           "correction %zu is out of order or outside of the text", i + 1);
        const char *oid = fixes[i].rejects;
        if (oid && (strlen(oid) != 40 || strspn(oid, "0123456789abcdef") != 40))
            return us_fail(err, US_EINVAL, "correction %zu rejects %.60s, which is no commit's id",
                           i + 1, oid);
        at = fixes[i].end;
    }
    return US_OK;
}

static struct us_save *new_save(const char *before, size_t length, const struct us_fix *fixes,
                                size_t count, const struct us_bytes *message)
{
    struct us_save *save = calloc(1, sizeof *save);
    if (!save)
        return NULL;
    save->journal.fd = -1;
    us_bytes_add(&save->before, before, length);
    save->edits = calloc(count, sizeof *save->edits);
    save->oids = calloc(count, sizeof *save->oids);
    bool good = save->edits && save->oids && !save->before.failed;
    for (size_t i = 0; i < count && good; i++) {
        struct edit *edit = &save->edits[save->count];
        size_t n = strlen(fixes[i].replacement);
        if (!message && !fixes[i].refuses && !fixes[i].rejects &&
            changes_nothing(before, fixes[i].start, fixes[i].end, &fixes[i]))
            continue; /* it changes nothing: no commit */
        *edit = (struct edit){.start = fixes[i].start,
                              .end = fixes[i].end,
                              .length = n,
                              .fix = {.confidence = fixes[i].confidence}};
        edit->fix.replacement = strdup(fixes[i].replacement);
        edit->fix.kind = strdup(fixes[i].kind ? fixes[i].kind : "");
        edit->fix.rejects = fixes[i].rejects ? strdup(fixes[i].rejects) : NULL;
        edit->fix.refuses = fixes[i].refuses ? strdup(fixes[i].refuses) : NULL;
        good = edit->fix.replacement && edit->fix.kind &&
               !edit->fix.rejects == !fixes[i].rejects && !edit->fix.refuses == !fixes[i].refuses;
        save->count++;
    }
    if (message)
        us_bytes_add(&save->message, message->at, message->length);
    if (!good || save->message.failed) {
        struct us_history holder = {.save = save};
        us_save_close(&holder);
        return NULL;
    }
    return save;
}

static bool same_save(const struct us_save *save, const char *before, size_t length,
                      const struct us_fix *fixes, size_t count)
{
    if (!save || save->message.length || save->count != count || save->before.length != length ||
        memcmp(save->before.at, before, length) != 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (save->edits[i].start != fixes[i].start || save->edits[i].end != fixes[i].end ||
            strcmp(save->edits[i].fix.replacement, fixes[i].replacement) != 0)
            return false;
    return true;
}

void us_save_close(struct us_history *history)
{
    struct us_save *save = history->save;
    if (!save)
        return;
    if (save->journal.fd >= 0) {
        if (file_is_edited(history))
            us_journal_release(&save->journal);
        else
            us_journal_remove(&save->journal);
    }
    history->save = NULL;
    us_chain_close(&save->chain);
    for (size_t i = 0; i < save->count && save->edits; i++) {
        free((char *)(uintptr_t)save->edits[i].fix.replacement);
        free((char *)(uintptr_t)save->edits[i].fix.kind);
        free((char *)(uintptr_t)save->edits[i].fix.rejects);
        free((char *)(uintptr_t)save->edits[i].fix.refuses);
    }
    free(save->edits);
    free(save->oids);
    us_bytes_close(&save->before);
    us_bytes_close(&save->message);
    us_bytes_close(&save->later);
    free(save);
}

int us_save_prepare(struct us_history *history, const char *before, size_t length,
                    const struct us_fix *fixes, size_t count, const struct us_bytes *message,
                    struct us_error *err)
{
    us_save_close(history);
    int result = check_fixes(fixes, count, length, err);
    if (result == US_OK)
        result = us_survey(history, US_WHERE_BRANCH, NULL, err);
    if (result != US_OK || count == 0)
        return result;
    history->save = new_save(before, length, fixes, count, message);
    if (!history->save)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    if (history->save->count == 0) {
        us_save_close(history);
        return US_OK;
    }
    struct us_error reason = {0};
    result = build(history, &reason);
    if (result == US_EFORMAT) /* zlib without memory fails alike: not for long, it may be hoped */
        result = build(history, &reason);
    if (result == US_EFORMAT && history->place.where != US_WHERE_PRIVATE && !message) {
        /* objects are missing (a partial clone) or damaged: nothing can be built on them */
        result = us_survey(history, US_WHERE_PRIVATE, reason.message, &reason);
        if (result == US_OK)
            result = build(history, &reason);
    }
    if (result == US_OK)
        result = write_journal(history, &reason);
    if (result != US_OK)
        us_save_close(history);
    if (result != US_OK && err)
        *err = reason;
    return result;
}

int us_history_prepare(struct us_history *history, const char *before, size_t length,
                       const struct us_fix *fixes, size_t count, struct us_error *err)
{
    us_memory_begin();
    return us_save_prepare(history, before, length, fixes, count, NULL, err);
}

/* --- landing --- */

/* Move the ref to the chain's tip, keeping the index true on the branch. */
static int land_once(struct us_history *history, const struct us_chain *chain,
                     const struct us_journal *journal, const struct stat *st, const char *why,
                     struct us_error *err)
{
    struct us_lock index_lock = {.fd = -1};
    struct us_bytes index = {0};
    char path[4096];
    int result;
    if (history->place.where != US_WHERE_BRANCH)
        return us_ref_move(history, journal, &chain->tip, why, err);

    snprintf(path, sizeof path, "%s/index", history->git_dir.at);
    result = us_lock_take(&index_lock, journal, "index", path, 3, err);
    if (result != US_OK)
        return result;
    /* No git can check anything else out before the index is free again. */
    result = us_on_branch(history)
                 ? us_index_set(&index, history->git_dir.at, history->path.at, chain, st, err)
                 : us_fail(err, US_ESTATE, "it is no longer checked out");
    if (result == US_OK)
        result = us_ref_move(history, journal, &chain->tip, why, err);
    if (result == US_OK)
        result = us_lock_commit(&index_lock, index.at, index.length, false, err);
    else
        us_lock_drop(&index_lock);
    us_bytes_close(&index);
    return result;
}

static void explain(struct us_bytes *why, const struct us_history *history, size_t count)
{
    us_bytes_format(why, "unspin: %zu correction%s of ", count, count == 1 ? "" : "s");
    for (const char *c = history->path.at; *c; c++)
        us_bytes_add(why, (unsigned char)*c < ' ' ? "?" : c, 1);
}

/*
 * Land, again and again while other gits are in the way. rebuild() makes the chain anew on the
 * history's present place.
 */
static int land(struct us_history *history, const struct us_chain *chain,
                const struct us_journal *journal, const struct stat *st, size_t count,
                int (*rebuild)(void *data, struct us_error *err), void *data,
                struct us_error *err)
{
    struct us_bytes why = {0};
    struct us_error reason = {0};
    enum us_where least = US_WHERE_BRANCH;
    int result = US_OK;
    explain(&why, history, count);
    for (int tries = 0; tries < TRIES; tries++) {
        result = why.failed ? us_fail(&reason, US_ENOMEM, "out of memory for the history")
                            : land_once(history, chain, journal, st, why.at, &reason);
        if (result == US_ESTATE && history->place.where == US_WHERE_BRANCH) {
            least = US_WHERE_SIDE; /* the branch is in use: to the side with it */
        } else if (result != US_RETRY) {
            if (result != US_OK && err)
                *err = reason;
            break;
        } else if (tries > 2) {
            nanosleep(&(struct timespec){.tv_nsec = (tries * 7919 % 17 + 1) * 1000000L}, NULL);
        }
        result = us_survey(history, least, least == US_WHERE_BRANCH ? NULL : reason.message, err);
        if (result == US_OK)
            result = rebuild(data, err);
        if (result != US_OK)
            break;
    }
    if (result == US_RETRY)
        result = us_fail(err, US_ESTATE, "%s keeps moving; the corrections are recorded at the "
                                         "next save", history->ref.at);
    us_bytes_close(&why);
    return result;
}

static int rebuild_save(void *data, struct us_error *err)
{
    struct us_history *history = data;
    int result = build(history, err);
    return result == US_OK ? write_journal(history, err) : result;
}

static bool ignore_journal(void *data, struct us_journal *journal, const char *text)
{
    (void)data, (void)journal, (void)text;
    return false;
}

/* Look at what the file holds now, which decides what is recorded. */
static int look_at_file(struct us_history *history, struct stat *st, bool *as_recorded,
                        struct us_error *err)
{
    struct us_save *save = history->save;
    struct us_bytes disk = {0};
    int result = US_OK;
    if (stat(history->file, st) == 0 && file_is_edited(history)) {
        *as_recorded = true;
        return US_OK;
    }
    if (us_bytes_read_file(&disk, history->file) != US_OK) {
        result = us_fail(err, US_EIO, "cannot read %s: %s; nothing was recorded", history->file,
                         strerror(errno));
        goto done;
    }
    if (save->message.length) /* a rejection leaves other edits be */
        goto done;
    if (disk.length == save->before.length &&
        memcmp(disk.at, save->before.at, disk.length) == 0) {
        result = us_fail(err, US_ESTATE, "%s does not hold the corrections; nothing was recorded",
                         history->file);
        goto done;
    }
    size_t others = 0;
    us_journal_reap(&others, history->git_dir.at, history->common.at, history->file,
                    ignore_journal, NULL);
    if (others <= 1) { /* else another process is about to record what it wrote */
        us_bytes_add(&save->later, disk.at, disk.length);
        save->has_later = true;
        *as_recorded = true;
        result = rebuild_save(history, err);
    }
done:
    us_bytes_close(&disk);
    return result;
}

int us_save_land(struct us_recorded *out, struct us_history *history, struct us_error *err)
{
    struct us_save *save = history->save;
    struct stat st;
    bool as_recorded = false;
    *out = (struct us_recorded){0};
    int result = look_at_file(history, &st, &as_recorded, err);
    if (result == US_OK)
        result = land(history, &save->chain, &save->journal, as_recorded ? &st : NULL, save->count,
                      rebuild_save, history, err);
    if (result == US_OK) {
        us_journal_remove(&save->journal);
        us_pack_consolidate(history->objects.at, NULL);
        out->oids = calloc(save->count, sizeof *out->oids);
        if (!out->oids) {
            result = us_fail(err, US_ENOMEM, "out of memory for the history");
        } else {
            out->count = save->count;
            for (size_t i = 0; i < save->count; i++)
                git_oid_tostr(out->oids[i], sizeof out->oids[i], &save->oids[i]);
            if (save->has_original)
                git_oid_tostr(out->original, sizeof out->original, &save->original);
        }
    }
    us_save_close(history);
    return result;
}

int us_history_record(struct us_recorded *out, struct us_history *history, const char *before,
                      size_t length, const struct us_fix *fixes, size_t count,
                      struct us_error *err)
{
    int result = US_OK;
    *out = (struct us_recorded){0};
    us_memory_begin();
    if (!same_save(history->save, before, length, fixes, count))
        result = us_history_prepare(history, before, length, fixes, count, err);
    if (result != US_OK || !history->save)
        return result;
    return us_save_land(out, history, err);
}

void us_recorded_close(struct us_recorded *recorded)
{
    free(recorded->oids);
    *recorded = (struct us_recorded){0};
}

/* --- recovering --- */

struct left { /* what a journal tells */
    struct us_history *history;
    struct us_journal *journal;
    struct us_chain chain;
    char ref[4096], path[4096];
    git_oid base, tip, was, text;
    bool has_base, has_was;
};

static bool read_oid(git_oid *out, bool *has, const char *text, const char *name)
{
    char value[64];
    if (!us_journal_field(value, sizeof value, text, name))
        return false;
    *has = strcmp(value, "-") != 0;
    return !*has || git_oid_fromstr(out, value) == 0;
}

/* Make the left commits anew on the history's present tip. */
static int replay(void *data, struct us_error *err)
{
    struct left *left = data;
    struct us_history *history = left->history;
    git_oid *list = NULL, oid = left->tip;
    size_t count = 0, room = 0;
    int result = US_OK;
    us_chain_close(&left->chain);
    for (bool more = true; more;) {
        if (left->has_base && git_oid_equal(&oid, &left->base))
            break;
        if (count == room) {
            room = room * 2 + 64;
            git_oid *grown = realloc(list, room * sizeof *list);
            if (!grown) {
                result = us_fail(err, US_ENOMEM, "out of memory for the history");
                goto done;
            }
            list = grown;
        }
        git_commit *commit = NULL;
        list[count++] = oid;
        if (git_commit_lookup(&commit, history->store, &oid) != 0) {
            result = us_git_fail(err, US_EFORMAT, "finish a save that was cut short");
            goto done;
        }
        more = git_commit_parentcount(commit) > 0;
        if (more)
            oid = *git_commit_parent_id(commit, 0);
        git_commit_free(commit);
    }
    result = us_chain_begin(&left->chain, history, history->has_tip ? &history->tip : NULL,
                            GIT_FILEMODE_BLOB, err);
    bool settled = left->chain.had_blob && git_oid_equal(&left->chain.was, &left->text);
    for (size_t i = count; i-- > 0 && result == US_OK;) {
        git_commit *commit = NULL;
        git_oid blob;
        uint32_t mode;
        struct us_bytes message = {0};
        if (git_commit_lookup(&commit, history->store, &list[i]) != 0 ||
            !us_commit_entry(&blob, &mode, history->store, &list[i], left->path)) {
            git_commit_free(commit);
            result = us_git_fail(err, US_EFORMAT, "finish a save that was cut short");
            break;
        }
        const char *text = git_commit_message_raw(commit);
        bool is_original = i == count - 1 && git_oid_equal(&blob, &left->text);
        if (!settled && !is_original) { /* the author's text was not new then, but is here */
            us_message_original(&message, history->path.at);
            result = us_chain_commit(&left->chain, &left->text, &message, err);
            message.length = 0;
        }
        us_bytes_text(&message, text);
        if (result == US_OK && !(settled && is_original))
            result = us_chain_commit(&left->chain, &blob, &message, err);
        settled = true;
        us_bytes_close(&message);
        git_commit_free(commit);
    }
    if (result == US_OK)
        result = us_pack_write(&left->chain.pack, history->objects.at, err);
done:
    free(list);
    return result;
}

static bool contains(const struct us_bytes *text, const char *part, size_t length)
{
    return length && memmem(text->at, text->length, part, length) != NULL;
}

/*
 * Did the corrections reach the file? Its text is the corrected one; or, if it was edited since,
 * it has the first corrected place as it became and not as it was.
 */
static bool reached_file(struct us_history *history, const struct left *left, const git_oid *blob,
                         const struct us_bytes *stored)
{
    struct us_content content = {
        .type = GIT_OBJECT_BLOB, .head = stored->at, .head_length = stored->length, .tail = ""};
    git_oid now;
    us_content_name(&now, &content);
    if (git_oid_equal(&now, blob))
        return true;
    git_blob *was = NULL, *is = NULL;
    bool reached = false;
    if (git_oid_equal(&now, &left->text) ||
        git_blob_lookup(&was, history->store, &left->text) != 0 ||
        git_blob_lookup(&is, history->store, blob) != 0)
        goto done;
    enum { AROUND = 24 };
    const char *a = git_blob_rawcontent(was), *b = git_blob_rawcontent(is);
    size_t a_length = (size_t)git_blob_rawsize(was), b_length = (size_t)git_blob_rawsize(is);
    size_t at = 0;
    while (at < a_length && at < b_length && a[at] == b[at])
        at++;
    size_t start = at > AROUND ? at - AROUND : 0;
    size_t a_stop = at + AROUND < a_length ? at + AROUND : a_length;
    size_t b_stop = at + AROUND < b_length ? at + AROUND : b_length;
    reached = contains(stored, b + start, b_stop - start) &&
              !contains(stored, a + start, a_stop - start);
done:
    git_blob_free(was);
    git_blob_free(is);
    return reached;
}

/* The ref is where it should be; was the process killed before it wrote the index? */
static void mend_index(struct us_history *history, const struct left *left, const git_oid *tip,
                       const struct stat *st)
{
    struct us_lock lock = {.fd = -1};
    struct us_bytes index = {0};
    struct us_chain chain = {.had_blob = left->has_was, .was = left->was};
    git_reference *head = NULL;
    char path[4096];
    bool checked_out = history->store == history->work &&
                       git_reference_lookup(&head, history->work, "HEAD") == 0 &&
                       git_reference_type(head) == GIT_REFERENCE_SYMBOLIC &&
                       strcmp(git_reference_symbolic_target(head), left->ref) == 0;
    git_reference_free(head);
    if (!checked_out ||
        !us_commit_entry(&chain.blob, &chain.mode, history->work, tip, left->path))
        return;
    snprintf(path, sizeof path, "%s/index", history->git_dir.at);
    if (us_lock_take(&lock, left->journal, "index", path, 1, NULL) != US_OK)
        return;
    if (us_index_set(&index, history->git_dir.at, left->path, &chain, st, NULL) == US_OK)
        us_lock_commit(&lock, index.at, index.length, false, NULL);
    else
        us_lock_drop(&lock);
    us_bytes_close(&index);
    us_survey(history, US_WHERE_BRANCH, NULL, NULL);
}

/*
 * Was the same recorded another way: by another handle of a process that prepared twice, say? Its
 * last commit would be there, whatever its time.
 */
static bool recorded_since(git_repository *repo, const struct left *left, const git_oid *blob,
                           git_oid at)
{
    enum { MOST = 10000 };
    git_commit *tip = NULL, *commit = NULL;
    bool found = false;
    if (git_commit_lookup(&tip, repo, &left->tip) != 0)
        return false;
    for (int n = 0; n < MOST && !found && !(left->has_base && git_oid_equal(&at, &left->base));
         n++) {
        git_oid there;
        uint32_t mode;
        if (git_commit_lookup(&commit, repo, &at) != 0)
            break;
        found = strcmp(git_commit_message_raw(commit), git_commit_message_raw(tip)) == 0 &&
                us_commit_entry(&there, &mode, repo, &at, left->path) &&
                git_oid_equal(&there, blob);
        bool more = git_commit_parentcount(commit) > 0;
        if (more)
            at = *git_commit_parent_id(commit, 0);
        git_commit_free(commit);
        if (!more)
            break;
    }
    git_commit_free(tip);
    return found;
}

static bool finish_left(void *data, struct us_journal *journal, const char *text)
{
    struct us_history *history = data;
    struct left left = {.history = history, .journal = journal};
    struct us_bytes disk = {0}, stored = {0};
    struct stat st;
    git_oid blob, now;
    uint32_t mode;
    bool has, finished = true;
    int result;

    if (!us_journal_field(left.ref, sizeof left.ref, text, "ref") ||
        !us_journal_field(left.path, sizeof left.path, text, "path") ||
        !read_oid(&left.base, &left.has_base, text, "base") ||
        !read_oid(&left.tip, &has, text, "tip") || !has ||
        !read_oid(&left.was, &left.has_was, text, "was") ||
        !read_oid(&left.text, &has, text, "text"))
        return true;
    if (!us_commit_entry(&blob, &mode, history->store, &left.tip, left.path) ||
        stat(history->file, &st) != 0 || us_bytes_read_file(&disk, history->file) != US_OK ||
        us_convert(&stored, history, disk.at, disk.length, false, NULL) != US_OK)
        goto done;

    bool landed = git_reference_name_to_id(&now, history->store, left.ref) == 0 &&
                  (git_oid_equal(&now, &left.tip) ||
                   git_graph_descendant_of(history->store, &now, &left.tip) == 1);
    if (landed) {
        mend_index(history, &left, &now, &st);
        goto done;
    }
    if (!reached_file(history, &left, &blob, &stored) ||
        (history->has_tip && recorded_since(history->store, &left, &blob, history->tip)))
        goto done;
    if (strcmp(left.ref, history->ref.at) == 0 && left.has_base == history->has_tip &&
        (!left.has_base || git_oid_equal(&left.base, &history->tip))) {
        left.chain = (struct us_chain){.tip = left.tip, .had_blob = left.has_was,
                                       .was = left.was, .blob = blob, .mode = mode};
        result = US_OK;
    } else {
        result = replay(&left, NULL);
    }
    if (result == US_OK)
        result = land(history, &left.chain, journal, NULL, 1, replay, &left, NULL);
    finished = result == US_OK;
    us_survey(history, US_WHERE_BRANCH, NULL, NULL);
done:
    us_chain_close(&left.chain);
    us_bytes_close(&disk);
    us_bytes_close(&stored);
    return finished && !us_memory_ran_out();
}

int us_recover(struct us_history *history, struct us_error *err)
{
    size_t others;
    (void)err;
    return us_journal_reap(&others, history->git_dir.at, history->common.at, history->file,
                           finish_left, history);
}
