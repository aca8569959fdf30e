/*
 * What an article was called: renames, followed from commit to commit.
 */
#include "history_impl.h"

#include <stdlib.h>
#include <string.h>

static bool has_path(git_repository *repo, const git_oid *commit, const char *path)
{
    git_oid oid;
    uint32_t mode;
    return us_commit_entry(&oid, &mode, repo, commit, path);
}

/* The other side's name of a path in what the commit did to its first parent. */
static bool renamed(struct us_bytes *out, git_repository *repo, const git_oid *oid,
                    const char *path, bool backward)
{
    git_commit *commit = NULL, *parent = NULL;
    git_tree *tree = NULL, *parent_tree = NULL;
    git_diff *diff = NULL;
    bool found = false;
    if (git_commit_lookup(&commit, repo, oid) != 0 || git_commit_parent(&parent, commit, 0) != 0 ||
        has_path(repo, git_commit_id(backward ? parent : commit), path) ||
        !has_path(repo, git_commit_id(backward ? commit : parent), path))
        goto done;
    if (git_commit_tree(&tree, commit) != 0 || git_commit_tree(&parent_tree, parent) != 0 ||
        git_diff_tree_to_tree(&diff, repo, parent_tree, tree, NULL) != 0 ||
        git_diff_find_similar(diff, NULL) != 0)
        goto done;
    for (size_t i = 0; i < git_diff_num_deltas(diff) && !found; i++) {
        const git_diff_delta *delta = git_diff_get_delta(diff, i);
        const char *here = backward ? delta->new_file.path : delta->old_file.path;
        if (delta->status != GIT_DELTA_RENAMED || strcmp(here, path) != 0)
            continue;
        out->length = 0;
        us_bytes_text(out, backward ? delta->old_file.path : delta->new_file.path);
        found = !out->failed;
    }
done:
    git_diff_free(diff);
    git_tree_free(tree);
    git_tree_free(parent_tree);
    git_commit_free(parent);
    git_commit_free(commit);
    return found;
}

bool us_renamed_from(struct us_bytes *out, git_repository *repo, const git_oid *commit,
                     const char *path)
{
    return renamed(out, repo, commit, path, true);
}

bool us_renamed_to(struct us_bytes *out, git_repository *repo, const git_oid *commit,
                   const char *path)
{
    return renamed(out, repo, commit, path, false);
}

bool us_names_have(const struct us_names *names, const char *path)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], path) == 0)
            return true;
    return false;
}

int us_names_add(struct us_names *names, const char *path, struct us_error *err)
{
    char **items = realloc(names->items, (names->count + 1) * sizeof *items);
    if (items)
        names->items = items;
    if (!items || !(items[names->count] = strdup(path)))
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    names->count++;
    return US_OK;
}

int us_names_follow(bool *followed, struct us_names *names, git_repository *repo,
                    const git_oid *commit, const git_oid *parent, struct us_error *err)
{
    struct us_bytes from = {0};
    const char *name = names->items[names->count - 1];
    int result = US_OK;
    *followed = false;
    if (!has_path(repo, parent, name) && us_renamed_from(&from, repo, commit, name) &&
        !us_names_have(names, from.at)) {
        result = us_names_add(names, from.at, err);
        *followed = result == US_OK;
    }
    us_bytes_close(&from);
    return result;
}

void us_names_close(struct us_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct us_names){0};
}
