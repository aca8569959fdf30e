/*
 * Housekeeping: saying where a history is, taking it elsewhere, and forgetting what is old or has
 * lost its article.
 */
#include "history_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_quoted(struct us_bytes *out, const char *text)
{
    us_bytes_text(out, "'");
    for (const char *c = text; *c; c++)
        if (*c == '\'')
            us_bytes_text(out, "'\\''");
        else
            us_bytes_add(out, c, 1);
    us_bytes_text(out, "'");
}

int us_history_command(char **out, const struct us_history *history, struct us_error *err)
{
    struct us_bytes command = {0};
    *out = NULL;
    us_bytes_text(&command, "git --git-dir=");
    add_quoted(&command, history->git_dir.at);
    us_bytes_text(&command, " log -p ");
    add_quoted(&command, history->ref.at);
    us_bytes_text(&command, " -- ");
    add_quoted(&command, history->path.at);
    if (command.failed) {
        us_bytes_close(&command);
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    }
    *out = command.at;
    return US_OK;
}

/* Did this commit, of ours or a revert, change the article? */
static bool concerns(struct us_history *history, git_commit *commit)
{
    struct us_entry entry;
    struct us_bytes store = {0};
    git_oid here = {{0}}, there = {{0}};
    uint32_t mode;
    const char *message = git_commit_message_raw(commit);
    bool ours = us_message_parse(&entry, &store, message, strlen(message)) != US_MESSAGE_OTHER;
    us_bytes_close(&store);
    if (!ours || !us_commit_entry(&here, &mode, history->store, git_commit_id(commit),
                                  history->path.at))
        return false;
    if (git_commit_parentcount(commit))
        us_commit_entry(&there, &mode, history->store, git_commit_parent_id(commit, 0),
                        history->path.at);
    return !git_oid_equal(&here, &there);
}

int us_history_export(char **out, size_t *length, struct us_history *history,
                      struct us_error *err)
{
    struct us_bytes mbox = {0};
    git_revwalk *walk = NULL;
    git_oid tip, oid;
    *out = NULL;
    *length = 0;
    int result = us_survey(history, US_WHERE_BRANCH, NULL, err);
    if (result != US_OK)
        return result;
    us_bytes_text(&mbox, "");
    if (git_reference_name_to_id(&tip, history->store, history->ref.at) == 0) {
        if (git_revwalk_new(&walk, history->store) != 0 || git_revwalk_push(walk, &tip) != 0) {
            result = us_git_fail(err, US_EFORMAT, "read the history");
            goto done;
        }
        git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE);
    }
    while (walk && result == US_OK && git_revwalk_next(&oid, walk) == 0) {
        git_commit *commit = NULL;
        git_buf mail = {0};
        if (git_commit_lookup(&commit, history->store, &oid) != 0) {
            result = us_git_fail(err, US_EFORMAT, "read the history");
        } else if (concerns(history, commit)) {
            if (git_email_create_from_commit(&mail, commit, NULL) != 0)
                result = us_git_fail(err, US_EFORMAT, "export a correction");
            else
                us_bytes_add(&mbox, mail.ptr, mail.size);
        }
        git_buf_dispose(&mail);
        git_commit_free(commit);
    }
    if (result == US_OK && mbox.failed)
        result = us_fail(err, US_ENOMEM, "out of memory for the export");
done:
    git_revwalk_free(walk);
    if (result != US_OK) {
        us_bytes_close(&mbox);
        return result;
    }
    *out = mbox.at;
    *length = mbox.length;
    return US_OK;
}

/* The same commit on another parent (NULL: none). */
static int copy_commit(git_oid *out, git_repository *repo, const git_oid *oid,
                       const git_oid *parent, struct us_error *err)
{
    git_commit *commit = NULL, *on = NULL;
    git_tree *tree = NULL;
    int result = US_OK;
    if (git_commit_lookup(&commit, repo, oid) != 0 || git_commit_tree(&tree, commit) != 0 ||
        (parent && git_commit_lookup(&on, repo, parent) != 0) ||
        git_commit_create(out, repo, NULL, git_commit_author(commit), git_commit_committer(commit),
                          git_commit_message_encoding(commit), git_commit_message_raw(commit), tree,
                          parent ? 1 : 0, (const git_commit **)&on) != 0)
        result = us_git_fail(err, US_EIO, "rewrite the history");
    git_tree_free(tree);
    git_commit_free(on);
    git_commit_free(commit);
    return result;
}

static int delete_ref(git_repository *repo, const char *name, struct us_error *err)
{
    git_reference *ref = NULL;
    int result = US_OK;
    if (git_reference_lookup(&ref, repo, name) != 0 || git_reference_delete(ref) != 0)
        result = us_git_fail(err, US_EIO, "drop the history");
    git_reference_free(ref);
    return result;
}

/* The ref's own commits, newest first: kept gets those since the time, *dropped counts the others. */
static int split_by_time(git_oid **kept, size_t *count, size_t *dropped, git_oid *base,
                         bool *has_base, struct us_history *history, int64_t before,
                         struct us_error *err)
{
    size_t room = 0;
    git_oid oid = history->seen;
    bool old = false;
    *has_base = false;
    for (bool more = true; more;) {
        git_commit *commit = NULL;
        struct us_entry entry;
        struct us_bytes store = {0};
        if (git_commit_lookup(&commit, history->store, &oid) != 0)
            return us_git_fail(err, US_EFORMAT, "read the history");
        const char *message = git_commit_message_raw(commit);
        bool ours = us_message_parse(&entry, &store, message, strlen(message)) != US_MESSAGE_OTHER;
        us_bytes_close(&store);
        old = old || git_commit_time(commit) < before;
        if (!ours) { /* where the side was forked from the branch */
            *base = oid;
            *has_base = true;
        } else if (old) {
            ++*dropped;
        } else {
            if (*count == room) {
                room = room * 2 + 64;
                git_oid *grown = realloc(*kept, room * sizeof **kept);
                if (!grown) {
                    git_commit_free(commit);
                    return us_fail(err, US_ENOMEM, "out of memory for the history");
                }
                *kept = grown;
            }
            (*kept)[(*count)++] = oid;
        }
        more = ours && git_commit_parentcount(commit) > 0;
        if (more)
            oid = *git_commit_parent_id(commit, 0);
        git_commit_free(commit);
    }
    return US_OK;
}

int us_history_prune(size_t *dropped, struct us_history *history, int64_t before,
                     struct us_error *err)
{
    struct us_journal journal = {.fd = -1};
    git_oid *kept = NULL, at, base = {{0}};
    size_t count = 0;
    bool has_base;
    *dropped = 0;
    int result = us_survey(history, US_WHERE_BRANCH, NULL, err);
    if (result != US_OK)
        return result;
    if (history->place.where == US_WHERE_BRANCH)
        return us_fail(err, US_ESTATE, "%s is a branch of yours: only side and private histories "
                                       "are pruned", history->ref.at);
    if (!history->has_seen)
        return US_OK;
    result = split_by_time(&kept, &count, dropped, &base, &has_base, history, before, err);
    if (result != US_OK || *dropped == 0)
        goto done;
    if (count == 0) {
        result = delete_ref(history->store, history->ref.at, err);
        goto done;
    }
    at = base;
    for (size_t i = count; i-- > 0 && result == US_OK; has_base = true) {
        git_oid parent = at;
        result = copy_commit(&at, history->store, &kept[i], has_base ? &parent : NULL, err);
    }
    if (result == US_OK)
        result = us_journal_begin(&journal, history->git_dir.at, history->file, err);
    if (result == US_OK)
        result = us_ref_move(history, &journal, &at, "unspin: prune", err);
    if (result == US_RETRY)
        result = us_fail(err, US_ESTATE, "%s moved meanwhile; prune again", history->ref.at);
done:
    free(kept);
    us_journal_remove(&journal);
    return result;
}

/* The one file of a private history. */
static int note_path(const char *root, const git_tree_entry *entry, void *data)
{
    struct us_bytes *path = data;
    if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB)
        return 0;
    path->length = 0;
    us_bytes_format(path, "/%s%s", root, git_tree_entry_name(entry));
    return -1;
}

int us_history_orphans(const char *state, bool (*found)(void *data, const char *path), void *data,
                       struct us_error *err)
{
    struct us_bytes path = {0};
    git_repository *repo = NULL;
    git_strarray refs = {0};
    int result = us_private_open(&repo, state, err);
    if (result != US_OK || !repo)
        return result;
    if (git_reference_list(&refs, repo) != 0)
        result = us_git_fail(err, US_EFORMAT, "list the private histories");
    for (size_t i = 0; i < refs.count && result == US_OK; i++) {
        git_object *tree = NULL;
        git_oid oid;
        struct us_bytes spec = {0};
        us_bytes_format(&spec, "%s^{tree}", refs.strings[i]);
        path.length = 0;
        if (!spec.failed && git_reference_name_to_id(&oid, repo, refs.strings[i]) == 0 &&
            git_revparse_single(&tree, repo, spec.at) == 0)
            git_tree_walk((git_tree *)tree, GIT_TREEWALK_PRE, note_path, &path);
        if (path.length && !path.failed && access(path.at, F_OK) != 0 && found(data, path.at))
            result = delete_ref(repo, refs.strings[i], err);
        git_object_free(tree);
        us_bytes_close(&spec);
    }
    git_strarray_dispose(&refs);
    git_repository_free(repo);
    us_bytes_close(&path);
    return result;
}
