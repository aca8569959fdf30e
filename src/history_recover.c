/*
 * Recovering: from what a killed process left to a finished save, or to none.
 *
 * Killed before the file was written: the journal's text is not what the file holds, and the save
 * is dropped. Killed after: it lands now. If the ref moved meanwhile, the commits are made again on
 * its new place, the blobs being there already.
 */
#include "history_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    reached =
        contains(stored, b + start, b_stop - start) && !contains(stored, a + start, a_stop - start);
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
    if (!checked_out || !us_commit_entry(&chain.blob, &chain.mode, history->work, tip, left->path))
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
        left.chain = (struct us_chain){
            .tip = left.tip, .had_blob = left.has_was, .was = left.was, .blob = blob, .mode = mode};
        result = US_OK;
    } else {
        result = replay(&left, NULL);
    }
    if (result == US_OK)
        result = us_land(history, &left.chain, journal, NULL, 1, replay, &left, NULL);
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
