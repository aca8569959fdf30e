/*
 * The private repository: a bare one of the user's own, for articles that no other can hold. Each
 * has a ref of its own there, and lies in its tree under its path.
 */
#include "history_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static bool is_own_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Make it beside its place and rename, so that of ten processes that do so nine are harmless. */
static int create_personal(struct us_history *history, const char *path, struct us_error *err)
{
    struct us_bytes temporary = {0};
    git_repository_init_options options = {.version = GIT_REPOSITORY_INIT_OPTIONS_VERSION};
    git_repository *made = NULL;
    int result = US_OK;

    for (char *slash = history->state + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(history->state, 0777);
        *slash = '/';
    }
    mkdir(history->state, 0700);
    us_bytes_format(&temporary, "%s/new-XXXXXX", history->state);
    if (temporary.failed)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    if (!mkdtemp(temporary.at)) {
        result = us_fail(err, US_EIO, "cannot write into %s: %s; give another state directory",
                         history->state, strerror(errno));
        goto done;
    }
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_NO_REINIT;
    options.description = "Corrections made by unspin to articles outside of repositories\n";
    options.initial_head = "main";
    if (git_repository_init_ext(&made, temporary.at, &options) != 0) {
        result = us_git_fail(err, US_EIO, "make the private history");
        goto done;
    }
    git_repository_free(made);
    if (rename(temporary.at, path) != 0 && !is_own_directory(path))
        result = us_fail(err, US_EIO, "cannot make %s: %s", path, strerror(errno));
done:
    us_bytes_close(&temporary);
    return result;
}

static int open_personal(struct us_history *history, struct us_error *err)
{
    struct us_bytes path = {0};
    int result = US_OK;
    if (history->personal)
        return US_OK;
    us_bytes_format(&path, "%s/history.git", history->state);
    if (path.failed)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    if (!is_own_directory(path.at))
        result = create_personal(history, path.at, err);
    if (result == US_OK && git_repository_open_bare(&history->personal, path.at) != 0)
        result = us_git_fail(err, US_EIO, "open the private history");
    us_bytes_close(&path);
    return result;
}

int us_private_open(git_repository **out, const char *state, struct us_error *err)
{
    struct us_bytes path = {0};
    *out = NULL;
    int result = us_start_libgit2(err);
    char *own = state ? strdup(state) : us_default_state();
    us_bytes_format(&path, "%s/history.git", own ? own : "");
    if (result == US_OK && (!own || path.failed))
        result = us_fail(err, US_ENOMEM, "out of memory for the history");
    if (result == US_OK && is_own_directory(path.at) && git_repository_open_bare(out, path.at) != 0)
        result = us_git_fail(err, US_EIO, "open the private history");
    us_bytes_close(&path);
    free(own);
    return result;
}

/* A name that may stand in a tree: git forbids those that a checkout could take for its own. */
static void add_component(struct us_bytes *out, const char *name, size_t length)
{
    if ((length == 4 && strncasecmp(name, ".git", 4) == 0) ||
        (length == 5 && strncasecmp(name, "git~1", 5) == 0))
        us_bytes_text(out, "_");
    us_bytes_add(out, name, length);
}

static void personal_names(struct us_history *history)
{
    char *ref = us_private_ref(history->file);
    us_bytes_set(&history->ref, ref ? ref : "");
    history->ref.failed |= !ref;
    free(ref);

    history->path.length = 0;
    for (const char *c = history->file; *c;) {
        size_t length = strcspn(c + 1, "/");
        if (history->path.length)
            us_bytes_text(&history->path, "/");
        add_component(&history->path, c + 1, length);
        c += 1 + length;
    }
}

int us_choose_private(struct us_history *history, struct us_error *err)
{
    int result = open_personal(history, err);
    if (result != US_OK)
        return result;
    history->store = history->personal;
    history->place.where = US_WHERE_PRIVATE;
    personal_names(history);
    return US_OK;
}
