/*
 * Saves: from a text and its corrections to commits.
 *
 *     prepare:  objects (one pack)  ->  journal
 *     the caller writes the file
 *     land:     index.lock  ->  <ref>.lock  ->  ref  ->  index  ->  journal removed
 *
 * What a kill leaves of it: history_recover.c.
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

struct us_save {
    struct us_slice before; /* as the file had it: the caller's */
    struct us_edit *edits;
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

/* Does the article's file hold the text with all corrections made? */
static bool file_is_edited(const struct us_history *history)
{
    const struct us_save *save = history->save;
    return us_edits_in_file(history->file, &save->before, save->edits, save->count);
}

/* Version i by way of the filters, for a conversion that does not go edit by edit. */
static int add_converted(git_oid *out, struct us_history *history, size_t i, struct us_error *err)
{
    struct us_save *save = history->save;
    struct us_bytes version = {0}, stored = {0};
    us_edits_make(&version, &save->before, save->edits, i + 1);
    int result = version.failed
                     ? us_fail(err, US_ENOMEM, "out of memory for the article")
                     : us_convert(&stored, history, version.at, version.length, false, err);
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
                         const struct us_edit *edit, const struct us_spot *spot)
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

/* after: the author's text with all corrections made. */
static int build_corrections(struct us_history *history, struct us_versions *versions,
                             const struct us_slice *after, struct us_error *err)
{
    struct us_save *save = history->save;
    struct us_bytes message = {0};
    size_t lines = 1, counted = 0, settled = 0;
    git_oid blob = save->text;
    int result = US_OK;
    for (size_t i = 0; i < save->count && result == US_OK; i++) {
        const struct us_edit *edit = &save->edits[i];
        settled += edit->start - (i ? save->edits[i - 1].end : 0);
        lines += count_lines(after->at + counted, settled - counted);
        counted = settled;
        message.length = 0;
        edit_message(&message, history, edit,
                     &(struct us_spot){.path = history->path.at,
                                       .line = (uint32_t)lines,
                                       .left = after->at,
                                       .left_length = settled,
                                       .old = save->before.at + edit->start,
                                       .old_length = edit->end - edit->start,
                                       .right = save->before.at + edit->end,
                                       .right_length = save->before.length - edit->end,
                                       .fix = &edit->fix});
        settled += edit->length;
        if (versions->edits)
            us_versions_make_edit(versions);
        /* unless it is a refusal, or a rejection that finds its work done */
        if (!changes_nothing(save->before.at, edit->start, edit->end, &edit->fix))
            result = versions->edits ? us_versions_add(&blob, versions, &save->chain.pack,
                                                       &save->chain.delta, err)
                                     : add_converted(&blob, history, i, err);
        if (result == US_OK)
            result = us_chain_commit(&save->chain, &blob, &message, err);
        save->oids[i] = save->chain.tip;
    }
    us_bytes_close(&message);
    return result;
}

static struct us_slice slice_of(const struct us_bytes *bytes)
{
    return (struct us_slice){bytes->at, bytes->length};
}

/* What the file holds in the end, if that is not what was made of the text. */
static int build_later(struct us_history *history, struct us_error *err)
{
    struct us_save *save = history->save;
    struct us_bytes stored = {0};
    git_oid blob;
    int result = us_convert(&stored, history, save->later.at, save->later.length, false, err);
    if (result == US_OK)
        result = us_pack_whole(&blob, NULL, &save->chain.pack,
                               &(struct us_content){.type = GIT_OBJECT_BLOB,
                                                    .head = stored.at,
                                                    .head_length = stored.length,
                                                    .tail = ""},
                               err);
    if (result == US_OK)
        result = add_text(history, &blob, err);
    us_bytes_close(&stored);
    return result;
}

/* Make the save's commits on the history's tip, in one pack. */
static int build(struct us_history *history, struct us_error *err)
{
    struct us_save *save = history->save;
    struct us_bytes after = {0}, stored = {0}, stored_after = {0};
    struct us_versions versions = {.text = save->before, .edits = save->edits};
    struct us_edit *mapped = NULL;
    bool is_filtered;
    int result;

    us_chain_close(&save->chain);
    save->has_base = history->has_tip;
    save->base = history->tip;
    result = us_chain_begin(&save->chain, history, history->has_tip ? &history->tip : NULL,
                            GIT_FILEMODE_BLOB, err);
    if (result == US_OK)
        result = us_filter(&stored, &is_filtered, history, save->before.at, save->before.length,
                           false, err);
    us_edits_make(&after, &save->before, save->edits, save->count);
    if (result == US_OK && after.failed)
        result = us_fail(err, US_ENOMEM, "out of memory for the article");
    if (result != US_OK)
        goto done;
    struct us_slice edited = slice_of(&after);
    versions.edited = edited;
    if (is_filtered) {
        result = us_convert(&stored_after, history, after.at, after.length, false, err);
        if (result != US_OK)
            goto done;
        versions.text = slice_of(&stored);
        versions.edited = slice_of(&stored_after);
        versions.edits = mapped =
            us_edits_map(save->edits, save->count, &save->before, &versions.text, &versions.edited);
    }
    us_content_name(&save->text, &(struct us_content){.type = GIT_OBJECT_BLOB,
                                                      .head = versions.text.at,
                                                      .head_length = versions.text.length,
                                                      .tail = ""});
    save->has_original = !save->chain.had_blob || !git_oid_equal(&save->chain.was, &save->text);
    if (save->has_original) {
        result = us_versions_first(&save->text, &versions, &save->chain.pack, err);
        if (result == US_OK)
            result = add_text(history, &save->text, err);
        save->original = save->chain.tip;
    }
    if (result == US_OK)
        result = build_corrections(history, &versions, &edited, err);
    if (result == US_OK && save->has_later)
        result = build_later(history, err);
    result = us_memory_check(result, err);
    if (result == US_OK)
        result = us_pack_write(&save->chain.pack, history->objects.at, err);
done:
    free(mapped);
    us_bytes_close(&after);
    us_bytes_close(&stored);
    us_bytes_close(&stored_after);
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
            return us_fail(err, US_EINVAL, "correction %zu is out of order or outside of the text",
                           i + 1);
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
    save->before = (struct us_slice){before, length};
    save->edits = calloc(count, sizeof *save->edits);
    save->oids = calloc(count, sizeof *save->oids);
    bool good = save->edits && save->oids;
    for (size_t i = 0; i < count && good; i++) {
        struct us_edit *edit = &save->edits[save->count];
        size_t n = strlen(fixes[i].replacement);
        if (!message && !fixes[i].refuses && !fixes[i].rejects &&
            changes_nothing(before, fixes[i].start, fixes[i].end, &fixes[i]))
            continue; /* it changes nothing: no commit */
        *edit = (struct us_edit){.start = fixes[i].start,
                                 .end = fixes[i].end,
                                 .length = n,
                                 .fix = {.confidence = fixes[i].confidence}};
        edit->fix.replacement = strdup(fixes[i].replacement);
        edit->fix.kind = strdup(fixes[i].kind ? fixes[i].kind : "");
        edit->fix.rejects = fixes[i].rejects ? strdup(fixes[i].rejects) : NULL;
        edit->fix.refuses = fixes[i].refuses ? strdup(fixes[i].refuses) : NULL;
        good = edit->fix.replacement && edit->fix.kind && !edit->fix.rejects == !fixes[i].rejects &&
               !edit->fix.refuses == !fixes[i].refuses;
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
        (save->before.at != before && memcmp(save->before.at, before, length) != 0))
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

int us_land(struct us_history *history, const struct us_chain *chain,
            const struct us_journal *journal, const struct stat *st, size_t count,
            int (*rebuild)(void *data, struct us_error *err), void *data, struct us_error *err)
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
        result = us_fail(err, US_ESTATE,
                         "%s keeps moving; the corrections are recorded at the "
                         "next save",
                         history->ref.at);
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
    if (disk.length == save->before.length && memcmp(disk.at, save->before.at, disk.length) == 0) {
        result = us_fail(err, US_ESTATE, "%s does not hold the corrections; nothing was recorded",
                         history->file);
        goto done;
    }
    size_t others = 0;
    us_journal_reap(&others, history->git_dir.at, history->common.at, history->file, ignore_journal,
                    NULL);
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
        result = us_land(history, &save->chain, &save->journal, as_recorded ? &st : NULL,
                         save->count, rebuild_save, history, err);
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
                      size_t length, const struct us_fix *fixes, size_t count, struct us_error *err)
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
