/*
 * Housekeeping: saying where a history is, and forgetting what is old or has lost its article.
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
    us_bytes_text(&command, " log -p --word-diff --follow ");
    add_quoted(&command, history->ref.at);
    us_bytes_text(&command, " -- ");
    add_quoted(&command, history->path.at);
    *out = us_bytes_take(&command);
    return *out ? US_OK : us_fail(err, US_ENOMEM, "out of memory for the history");
}

struct kept { /* a commit that outlives a pruning, and what it becomes */
    git_oid was, is;
};

static void replace_all(struct us_bytes *text, const char *from, const char *to, size_t length)
{
    for (char *at = text->at; at && (at = memmem(at, text->length - (size_t)(at - text->at), from,
                                                 length)); at += length)
        memcpy(at, to, length);
}

/* A commit's message; what it says of commits that became others is said of those. */
static void add_message(struct us_bytes *out, const char *message, size_t length,
                        const struct kept *kept, size_t from, size_t count)
{
    struct us_entry entry;
    struct us_bytes store = {0}, text = {0};
    us_bytes_add(&text, message, length);
    if (us_message_parse(&entry, &store, message, length) == US_MESSAGE_REVERT)
        for (size_t i = from; i < count; i++) {
            char was[41], is[41];
            git_oid_tostr(was, sizeof was, &kept[i].was);
            git_oid_tostr(is, sizeof is, &kept[i].is);
            if (strcmp(was, entry.oid) == 0)
                replace_all(&text, was, is, 40);
        }
    us_bytes_add(out, text.at, text.length);
    out->failed |= text.failed || store.failed;
    us_bytes_close(&store);
    us_bytes_close(&text);
}

/* Write the commit oid with another parent (NULL: none) and another message. */
static int copy_commit(git_oid *out, struct us_pack *pack, git_odb *odb, const git_oid *oid,
                       const git_oid *parent, const struct us_bytes *message, struct us_error *err)
{
    git_odb_object *object = NULL;
    struct us_bytes text = {0};
    char hex[41];
    size_t message_length;
    if (git_odb_read(&object, odb, oid) != 0)
        return us_git_fail(err, US_EFORMAT, "read the history");
    const char *raw = git_odb_object_data(object);
    const char *body = us_raw_message(&message_length, raw, git_odb_object_size(object));
    for (const char *line = raw; line < body; line = strchr(line, '\n') + 1) {
        if (strncmp(line, "parent ", 7) == 0)
            continue;
        us_bytes_add(&text, line, (size_t)(strchr(line, '\n') + 1 - line));
        if (strncmp(line, "tree ", 5) == 0 && parent)
            us_bytes_format(&text, "parent %s\n", git_oid_tostr(hex, sizeof hex, parent));
    }
    us_bytes_add(&text, message->at, message->length);
    int result = text.failed || message->failed
                     ? us_fail(err, US_ENOMEM, "out of memory for the history")
                     : us_pack_whole(out, NULL, pack,
                                     &(struct us_content){.type = GIT_OBJECT_COMMIT,
                                                          .head = text.at,
                                                          .head_length = text.length,
                                                          .tail = ""},
                                     err);
    us_bytes_close(&text);
    git_odb_object_free(object);
    return result;
}

/*
 * The kept commits (newest first) on base, or on nothing. What the dropped ones did to the text is
 * one commit of the text as it was, so that each that is kept shows its own correction alone.
 */
static int rebuild(git_oid *tip, struct kept *kept, size_t count, const git_oid *dropped,
                   const git_oid *base, struct us_history *history, struct us_error *err)
{
    struct us_pack pack = {0};
    struct us_bytes message = {0};
    git_odb *odb = NULL;
    git_oid at = {{0}};
    int result = us_pack_begin(&pack, err);
    if (result == US_OK && git_repository_odb(&odb, history->store) != 0)
        result = us_git_fail(err, US_EFORMAT, "open the repository's objects");
    us_message_original(&message, history->path.at);
    if (result == US_OK)
        result = copy_commit(&at, &pack, odb, dropped, base, &message, err);
    for (size_t i = count; i-- > 0 && result == US_OK;) {
        git_odb_object *object = NULL;
        git_oid parent = at;
        size_t length;
        if (git_odb_read(&object, odb, &kept[i].was) != 0) {
            result = us_git_fail(err, US_EFORMAT, "read the history");
            break;
        }
        const char *text = us_raw_message(&length, git_odb_object_data(object),
                                          git_odb_object_size(object));
        message.length = 0;
        add_message(&message, text, length, kept, i + 1, count);
        result = copy_commit(&at, &pack, odb, &kept[i].was, &parent, &message, err);
        kept[i].is = at;
        git_odb_object_free(object);
    }
    if (result == US_OK)
        result = us_pack_write(&pack, history->objects.at, err);
    *tip = at;
    us_pack_close(&pack);
    us_bytes_close(&message);
    git_odb_free(odb);
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

struct division { /* of a ref's own commits */
    struct kept *kept; /* those since the time, newest first; owned */
    size_t count, dropped;
    git_oid newest_dropped, base; /* base: where the side was forked from the branch */
    bool has_base;
};

static int divide_by_time(struct division *out, struct us_history *history, int64_t before,
                          struct us_error *err)
{
    size_t room = 0;
    git_oid oid = history->seen;
    bool old = false;
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
        if (!ours) {
            out->base = oid;
            out->has_base = true;
        } else if (old) {
            if (!out->dropped++)
                out->newest_dropped = oid;
        } else {
            if (out->count == room) {
                room = room * 2 + 64;
                struct kept *grown = realloc(out->kept, room * sizeof *grown);
                if (!grown) {
                    git_commit_free(commit);
                    return us_fail(err, US_ENOMEM, "out of memory for the history");
                }
                out->kept = grown;
            }
            out->kept[out->count++] = (struct kept){.was = oid};
        }
        more = ours && git_commit_parentcount(commit) > 0;
        if (more)
            oid = *git_commit_parent_id(commit, 0);
        git_commit_free(commit);
    }
    return US_OK;
}

/* Is all that would be dropped a commit of the text as it was, which a pruning makes too? */
static bool is_pruned(const struct division *division, struct us_history *history)
{
    git_commit *commit = NULL;
    struct us_entry entry;
    struct us_bytes store = {0};
    bool is = false;
    if (division->dropped == 1 && division->count > 0 &&
        git_commit_lookup(&commit, history->store, &division->newest_dropped) == 0) {
        const char *message = git_commit_message_raw(commit);
        is = us_message_parse(&entry, &store, message, strlen(message)) == US_MESSAGE_ORIGINAL;
    }
    us_bytes_close(&store);
    git_commit_free(commit);
    return is;
}

int us_history_prune(size_t *dropped, struct us_history *history, int64_t before,
                     struct us_error *err)
{
    struct us_journal journal = {.fd = -1};
    struct division division = {0};
    git_oid tip;
    *dropped = 0;
    us_memory_begin();
    int result = us_survey(history, US_WHERE_BRANCH, NULL, err);
    if (result != US_OK)
        return result;
    if (history->place.where == US_WHERE_BRANCH)
        return us_fail(err, US_ESTATE, "%s is a branch of yours: only side and private histories "
                                       "are pruned", history->ref.at);
    if (!history->has_seen)
        return US_OK;
    result = divide_by_time(&division, history, before, err);
    if (result != US_OK || division.dropped == 0 || is_pruned(&division, history))
        goto done;
    if (division.count == 0) {
        result = delete_ref(history->store, history->ref.at, err);
    } else {
        result = rebuild(&tip, division.kept, division.count, &division.newest_dropped,
                         division.has_base ? &division.base : NULL, history, err);
        if (result == US_OK)
            result = us_journal_begin(&journal, history->git_dir.at, history->file, err);
        if (result == US_OK)
            result = us_ref_move(history, &journal, &tip, "unspin: prune", err);
        if (result == US_RETRY)
            result = us_fail(err, US_ESTATE, "%s moved meanwhile; prune again", history->ref.at);
    }
    result = us_memory_check(result, err);
    if (result == US_OK)
        *dropped = division.dropped;
done:
    free(division.kept);
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
