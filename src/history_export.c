/*
 * Taking a history elsewhere, as patches in mails. They are chosen from the newest to the oldest,
 * since only so is it known what the article was called before, and written the other way round.
 */
#include "history_impl.h"

#include <stdlib.h>
#include <string.h>

struct patch { /* of the export */
    git_oid commit;
    size_t name; /* of a commit that renamed the article, of names: what it was called after */
    bool renames;
};

struct export {
    struct us_history *history;
    struct us_names names;
    struct patch *patches; /* newest first */
    size_t count, room;
    struct us_bytes mbox;
};

/* Did the commit change the article, whatever it was called? */
static bool changed(const struct export *export, git_commit *commit)
{
    git_repository *repo = export->history->store;
    for (size_t i = 0; i < export->names.count; i++) {
        git_oid here = {{0}}, there = {{0}};
        uint32_t mode;
        const char *path = export->names.items[i];
        if (!us_commit_entry(&here, &mode, repo, git_commit_id(commit), path))
            continue;
        if (git_commit_parentcount(commit))
            us_commit_entry(&there, &mode, repo, git_commit_parent_id(commit, 0), path);
        if (!git_oid_equal(&here, &there))
            return true;
    }
    return false;
}

/* Note what of the commit belongs into the export: a change of ours or a revert, a new name. */
static int consider(struct export *export, git_commit *commit, struct us_error *err)
{
    struct us_entry entry;
    struct us_bytes store = {0};
    struct patch patch = {.commit = *git_commit_id(commit), .name = export->names.count - 1};
    const char *message = git_commit_message_raw(commit);
    bool ours = us_message_parse(&entry, &store, message, strlen(message)) != US_MESSAGE_OTHER;
    us_bytes_close(&store);
    if (!ours && git_commit_parentcount(commit)) {
        int result = us_names_follow(&patch.renames, &export->names, export->history->store,
                                     &patch.commit, git_commit_parent_id(commit, 0), err);
        if (result != US_OK)
            return result;
    }
    if (!patch.renames && !(ours && changed(export, commit)))
        return US_OK;
    if (export->count == export->room) {
        size_t room = export->room * 2 + 64;
        struct patch *grown = realloc(export->patches, room * sizeof *grown);
        if (!grown)
            return us_fail(err, US_ENOMEM, "out of memory for the export");
        export->patches = grown;
        export->room = room;
    }
    export->patches[export->count++] = patch;
    return US_OK;
}

/* What the commit did to the article alone, as a mail. */
static int mail_rename(git_buf *out, const struct export *export, git_commit *commit, size_t name)
{
    git_tree *tree = NULL, *parent_tree = NULL;
    git_commit *parent = NULL;
    git_diff *diff = NULL;
    git_diff_options options;
    char **names = export->names.items + name; /* the new one; the old one follows it */
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags |= GIT_DIFF_DISABLE_PATHSPEC_MATCH | GIT_DIFF_SHOW_BINARY;
    options.pathspec = (git_strarray){.strings = names, .count = 2};
    int result = git_commit_parent(&parent, commit, 0);
    if (result == 0)
        result = git_commit_tree(&tree, commit);
    if (result == 0)
        result = git_commit_tree(&parent_tree, parent);
    if (result == 0)
        result = git_diff_tree_to_tree(&diff, export->history->store, parent_tree, tree, &options);
    if (result == 0)
        result = git_diff_find_similar(diff, NULL);
    if (result == 0)
        result = git_email_create_from_diff(out, diff, 1, 1, git_commit_id(commit),
                                            git_commit_summary(commit), git_commit_body(commit),
                                            git_commit_author(commit), NULL);
    git_diff_free(diff);
    git_tree_free(tree);
    git_tree_free(parent_tree);
    git_commit_free(parent);
    return result;
}

static int add_patch(struct export *export, const struct patch *patch, struct us_error *err)
{
    git_commit *commit = NULL;
    git_buf mail = {0};
    int result = git_commit_lookup(&commit, export->history->store, &patch->commit);
    if (result == 0)
        result = patch->renames ? mail_rename(&mail, export, commit, patch->name)
                                : git_email_create_from_commit(&mail, commit, NULL);
    if (result == 0)
        us_bytes_add(&export->mbox, mail.ptr, mail.size);
    else
        result = us_git_fail(err, US_EFORMAT, "export a correction");
    git_buf_dispose(&mail);
    git_commit_free(commit);
    return result;
}

/* All of the ref's commits, newest first. */
static int consider_all(struct export *export, const git_oid *tip, struct us_error *err)
{
    git_revwalk *walk = NULL;
    git_oid oid;
    int result = US_OK;
    if (git_revwalk_new(&walk, export->history->store) != 0 || git_revwalk_push(walk, tip) != 0)
        result = us_git_fail(err, US_EFORMAT, "read the history");
    else
        git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL);
    while (result == US_OK && git_revwalk_next(&oid, walk) == 0) {
        git_commit *commit = NULL;
        if (git_commit_lookup(&commit, export->history->store, &oid) != 0)
            result = us_git_fail(err, US_EFORMAT, "read the history");
        else
            result = consider(export, commit, err);
        git_commit_free(commit);
    }
    git_revwalk_free(walk);
    return result;
}

int us_history_export(char **out, size_t *length, struct us_history *history,
                      struct us_error *err)
{
    struct export export = {.history = history};
    git_oid tip;
    *out = NULL;
    *length = 0;
    us_memory_begin();
    int result = us_survey(history, US_WHERE_BRANCH, NULL, err);
    if (result != US_OK)
        return result;
    us_bytes_text(&export.mbox, "");
    result = us_names_add(&export.names, history->path.at, err);
    if (result == US_OK && git_reference_name_to_id(&tip, history->store, history->ref.at) == 0)
        result = consider_all(&export, &tip, err);
    for (size_t i = export.count; i-- > 0 && result == US_OK;)
        result = add_patch(&export, &export.patches[i], err);
    if (result == US_OK && export.mbox.failed)
        result = us_fail(err, US_ENOMEM, "out of memory for the export");
    result = us_memory_check(result, err);
    if (result == US_OK) {
        *out = export.mbox.at;
        *length = export.mbox.length;
    } else {
        us_bytes_close(&export.mbox);
    }
    us_names_close(&export.names);
    free(export.patches);
    return result;
}
