/*
 * Handles: libgit2 started, the article's repository found, its history looked at; and what libgit2
 * has to say when it fails.
 */
#include "history_impl.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char *const where_names[] = {"branch", "side", "private"};

const char *us_where_name(enum us_where where)
{
    return where_names[where];
}

int us_where_parse(enum us_where *out, const char *name)
{
    for (unsigned i = 0; i < sizeof where_names / sizeof *where_names; i++)
        if (strcmp(name, where_names[i]) == 0) {
            *out = (enum us_where)i;
            return US_OK;
        }
    return US_EINVAL;
}

int(us_git_fail)(struct us_error *err, int code, const char *what)
{
    const git_error *last = git_error_last();
    if (us_memory_ran_out())
        return us_memory_check(US_OK, err);
    return us_fail(err, code, "cannot %s: %s", what, last ? last->message : "no reason given");
}

/*
 * Once for the process, and never shut down: each start reads the machine's certificates, which
 * takes longer than a save.
 */
int us_start_libgit2(struct us_error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool started;
    pthread_mutex_lock(&lock);
    if (!started) {
        us_memory_start();
        started = git_libgit2_init() >= 0;
        /* As git itself does not: naming each object anew would double the time of the log. */
        if (started)
            git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
    }
    bool good = started;
    pthread_mutex_unlock(&lock);
    return good ? US_OK : us_git_fail(err, US_ENOMEM, "start libgit2");
}

/* The repository that the article's directory is in; NULL with the reason if it can't be had. */
static int find_work(struct us_history *history, struct us_error *err)
{
    struct us_bytes directory = {0}, why = {0};
    int result = US_OK;
    us_bytes_add(&directory, history->file,
                 (size_t)(strrchr(history->file, '/') - history->file) + 1);
    if (directory.failed)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    int found = git_repository_open_ext(&history->work, directory.at, 0, NULL);
    const git_error *last = git_error_last();
    /* libgit2 1.5 says so where safe.directory is not set at all */
    bool other_owner =
        found == GIT_EOWNER || (found == GIT_ENOTFOUND && last && last->klass == GIT_ERROR_CONFIG);
    if (other_owner)
        us_bytes_text(&why, "its repository is another user's; git config --global --add "
                            "safe.directory would trust it");
    else if (found != 0 && found != GIT_ENOTFOUND)
        us_bytes_format(&why, "its repository can't be opened: %s",
                        last ? last->message : "no reason given");
    if (found != 0)
        history->work = NULL;
    if (why.failed)
        result = us_fail(err, US_ENOMEM, "out of memory for the history");
    else
        history->no_work = why.at;
    us_bytes_close(&directory);
    return result;
}

int us_history_open(struct us_history **out, const char *path,
                    const struct us_history_options *options, struct us_error *err)
{
    static const struct us_history_options defaults = {US_WHERE_BRANCH, NULL};
    struct stat st;
    *out = NULL;
    if (!options)
        options = &defaults;
    us_memory_begin();
    int result = us_start_libgit2(err);
    if (result != US_OK)
        return result;
    result = US_EIO;
    struct us_history *history = calloc(1, sizeof *history);
    if (!history) {
        us_fail(err, US_ENOMEM, "out of memory for the history");
        goto fail;
    }
    history->asked = options->where;
    history->file = realpath(path, NULL);
    if (!history->file || stat(history->file, &st) != 0) {
        us_fail(err, US_EIO, "cannot read %s: %s", path, strerror(errno));
        goto fail;
    }
    if (!S_ISREG(st.st_mode)) {
        us_fail(err, US_EIO, "%s is not a file", path);
        goto fail;
    }
    history->state = options->state ? strdup(options->state) : us_default_state();
    if (!history->state) {
        result = us_fail(err, US_ENOMEM, "out of memory for the history");
        goto fail;
    }
    result = find_work(history, err);
    if (result == US_OK)
        result = us_survey(history, US_WHERE_BRANCH, NULL, err);
    if (result == US_OK)
        result = us_recover(history, err);
    if (result != US_OK)
        goto fail;
    *out = history;
    return US_OK;
fail:
    us_history_close(history);
    return result;
}

void us_history_close(struct us_history *history)
{
    if (!history)
        return;
    us_save_close(history);
    git_repository_free(history->work);
    git_repository_free(history->personal);
    struct us_bytes *texts[] = {&history->git_dir, &history->common, &history->objects,
                                &history->ref,     &history->path,   &history->notice,
                                &history->hint};
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        us_bytes_close(texts[i]);
    free(history->file);
    free(history->state);
    free(history->no_work);
    free(history);
}

const struct us_location *us_history_location(const struct us_history *history)
{
    return &history->place;
}
