/*
 * Moving a ref, as git's file backend does it: <ref>.lock, compare, one line for the reflogs,
 * rename. Done here rather than by libgit2 because the lock must be one that is known to be ours
 * after a kill (history_lock.c).
 */
#include "history_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WAIT = 5 }; /* seconds for which another git's lock is waited for */

static bool wants_log(struct us_history *history)
{
    git_config *config = NULL;
    const char *value = NULL;
    int wants = git_repository_is_bare(history->store) ? 0 : 1;
    if (git_repository_config_snapshot(&config, history->store) == 0 &&
        git_config_get_string(&value, config, "core.logallrefupdates") == 0) {
        int boolean;
        wants = git_config_parse_bool(&boolean, value) != 0 || boolean;
    }
    git_config_free(config);
    return wants;
}

/* Append to a reflog in one write; made if it is not there and create says so. */
static void log_move(const char *directory, const char *name, bool create,
                     const struct us_bytes *line)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/logs/%s", directory, name);
    int flags = O_WRONLY | O_APPEND | O_CLOEXEC | (create ? O_CREAT : 0);
    int fd = open(path, flags, 0666);
    if (fd < 0 && errno == ENOENT && create) {
        for (char *slash = path + strlen(directory) + 1; (slash = strchr(slash, '/')); slash++) {
            *slash = '\0';
            mkdir(path, 0777);
            *slash = '/';
        }
        fd = open(path, flags, 0666);
    }
    if (fd < 0)
        return; /* the log is a convenience: no reason to lose a save */
    (void)!write(fd, line->at, line->length);
    close(fd);
}

/* A new ref must not be a directory of others, nor lie under one. */
static bool name_is_free(git_repository *repo, const char *ref)
{
    char glob[4096];
    git_reference_iterator *iterator = NULL;
    const char *name;
    bool is_free = true;
    snprintf(glob, sizeof glob, "%s/*", ref);
    if (git_reference_iterator_glob_new(&iterator, repo, glob) == 0)
        is_free = git_reference_next_name(&name, iterator) == GIT_ITEROVER;
    git_reference_iterator_free(iterator);
    snprintf(glob, sizeof glob, "%s", ref);
    for (char *slash; is_free && (slash = strrchr(glob, '/')) && strchr(glob, '/') != slash;) {
        git_oid oid;
        *slash = '\0';
        is_free = git_reference_name_to_id(&oid, repo, glob) != 0;
    }
    return is_free;
}

int us_ref_move(struct us_history *history, const struct us_journal *journal, const git_oid *to,
                const char *why, struct us_error *err)
{
    struct us_lock lock;
    struct us_bytes line = {0};
    const char *ref = history->ref.at;
    char target[4096], from_hex[41], to_hex[41], content[42];
    git_oid now = {{0}};
    int result;

    if ((size_t)snprintf(target, sizeof target, "%s/%s", history->common.at, ref) >= sizeof target)
        return us_fail(err, US_EIO, "the path of %s is too long", ref);
    result = us_lock_take(&lock, journal, "ref", target, WAIT, err);
    if (result != US_OK)
        return result;

    int found = git_reference_name_to_id(&now, history->store, ref);
    bool as_seen = history->has_seen ? found == 0 && git_oid_equal(&now, &history->seen)
                                     : found == GIT_ENOTFOUND;
    if (!as_seen) {
        us_lock_drop(&lock);
        return found == 0 || found == GIT_ENOTFOUND
                   ? US_RETRY
                   : us_git_fail(err, US_EIO, "read the branch");
    }
    if (!history->has_seen && !name_is_free(history->store, ref)) {
        us_lock_drop(&lock);
        return us_fail(err, US_ESTATE, "another ref's name is in the way of %s", ref);
    }
    git_oid_tostr(from_hex, sizeof from_hex, &now);
    git_oid_tostr(to_hex, sizeof to_hex, to);
    snprintf(content, sizeof content, "%s\n", to_hex);

    us_bytes_format(&line, "%s %s ", from_hex, to_hex);
    us_identity(&line, history, true);
    us_bytes_format(&line, "\t%s\n", why);
    if (!line.failed) {
        bool wanted = wants_log(history);
        log_move(history->common.at, ref,
                 history->place.where == US_WHERE_SIDE ||
                     (wanted && history->place.where == US_WHERE_BRANCH),
                 &line);
        if (history->place.where == US_WHERE_BRANCH)
            log_move(history->git_dir.at, "HEAD", wanted, &line);
    }
    us_bytes_close(&line);
    return us_lock_commit(&lock, content, 41, true, err);
}
