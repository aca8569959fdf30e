/*
 * What git would store of an article, what it has stored, and who is writing.
 */
#include "history_impl.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool us_commit_entry(git_oid *oid, uint32_t *mode, git_repository *repo, const git_oid *commit_id,
                     const char *path)
{
    git_commit *commit = NULL;
    git_tree *tree = NULL;
    git_tree_entry *entry = NULL;
    bool found = git_commit_lookup(&commit, repo, commit_id) == 0 &&
                 git_commit_tree(&tree, commit) == 0 &&
                 git_tree_entry_bypath(&entry, tree, path) == 0 &&
                 git_tree_entry_type(entry) == GIT_OBJECT_BLOB;
    if (found) {
        *oid = *git_tree_entry_id(entry);
        *mode = (uint32_t)git_tree_entry_filemode_raw(entry);
    }
    git_tree_entry_free(entry);
    git_tree_free(tree);
    git_commit_free(commit);
    return found;
}

int us_filter(struct us_bytes *out, bool *filtered, struct us_history *history, const char *text,
              size_t length, bool to_worktree, struct us_error *err)
{
    git_filter_list *filters = NULL;
    git_buf converted = {0};
    int result = US_OK;
    *filtered = false;
    if (history->place.where == US_WHERE_PRIVATE)
        return US_OK; /* kept byte for byte */
    if (git_filter_list_load(&filters, history->store, NULL, history->path.at,
                             to_worktree ? GIT_FILTER_TO_WORKTREE : GIT_FILTER_TO_ODB,
                             GIT_FILTER_ALLOW_UNSAFE) != 0)
        return us_git_fail(err, US_EFORMAT, "read the article's attributes");
    if (!filters)
        return US_OK;
    *filtered = true;
    if (git_filter_list_apply_to_buffer(&converted, filters, text, length) != 0)
        result = us_git_fail(err, US_EFORMAT, "convert the article's line endings");
    else
        us_bytes_add(out, converted.ptr, converted.size);
    if (result == US_OK && out->failed)
        result = us_fail(err, US_ENOMEM, "out of memory for the article");
    git_buf_dispose(&converted);
    git_filter_list_free(filters);
    return result;
}

int us_convert(struct us_bytes *out, struct us_history *history, const char *text, size_t length,
               bool to_worktree, struct us_error *err)
{
    bool filtered;
    int result = us_filter(out, &filtered, history, text, length, to_worktree, err);
    if (result == US_OK && !filtered)
        us_bytes_add(out, text, length);
    if (result == US_OK && out->failed)
        result = us_fail(err, US_ENOMEM, "out of memory for the article");
    return result;
}

/* A name or address without what would break the line it stands in. */
static void add_clean(struct us_bytes *out, const char *text, const char *fallback)
{
    size_t start = out->length;
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c >= ' ' && !strchr("<>", *c) && (out->length > start || *c != ' '))
            us_bytes_add(out, c, 1);
    while (out->length > start && out->at[out->length - 1] == ' ')
        out->at[--out->length] = '\0';
    if (out->length == start)
        us_bytes_text(out, fallback);
}

static const char *first_of(git_config *config, const char *variable, const char *key,
                            const char *user_key)
{
    const char *value = getenv(variable);
    if (value && *value)
        return value;
    if (config && git_config_get_string(&value, config, key) == 0 && *value)
        return value;
    if (config && git_config_get_string(&value, config, user_key) == 0 && *value)
        return value;
    return NULL;
}

/* Asked only where git was not told: the answer may have to come from another machine. */
static const char *login_name(void)
{
    errno = 0;
    const struct passwd *user = getpwuid(getuid());
    if (!user && errno == ENOMEM)
        us_memory_note();
    return user ? user->pw_name : "unspin";
}

void us_identity(struct us_bytes *out, struct us_history *history, bool committer)
{
    git_config *config = NULL;
    struct us_bytes machine = {0};
    char host[HOST_NAME_MAX + 1] = "localhost";
    if (git_repository_config_snapshot(&config, history->store) != 0)
        config = NULL;
    const char *name = committer
                           ? first_of(config, "GIT_COMMITTER_NAME", "committer.name", "user.name")
                           : first_of(config, "GIT_AUTHOR_NAME", "author.name", "user.name");
    const char *mail =
        committer ? first_of(config, "GIT_COMMITTER_EMAIL", "committer.email", "user.email")
                  : first_of(config, "GIT_AUTHOR_EMAIL", "author.email", "user.email");
    if (!mail)
        mail = getenv("EMAIL");
    const char *login = name && mail ? name : login_name();
    gethostname(host, sizeof host - 1);
    us_bytes_format(&machine, "%s@%s", login, host);
    add_clean(out, name ? name : login, "unspin");
    us_bytes_text(out, " <");
    add_clean(out, mail && *mail ? mail : machine.failed ? "" : machine.at, "unspin@localhost");

    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    long minutes = local.tm_gmtoff / 60;
    us_bytes_format(out, "> %lld %c%02ld%02ld", (long long)now, minutes < 0 ? '-' : '+',
                    labs(minutes) / 60, labs(minutes) % 60);
    us_bytes_close(&machine);
    git_config_free(config);
}
