/*
 * Reading: a walk over the commits, newest first, that keeps no more than it must and reads each
 * commit once.
 */
#include "history_impl.h"

#include <stdlib.h>
#include <string.h>

struct waiting { /* a commit that was reached and not yet shown */
    git_oid oid;
    git_odb_object *object;
    int64_t time;
    uint64_t order; /* of being reached: of two of one second the first goes first */
};

struct us_log {
    struct us_history *history;
    git_odb *odb;
    struct waiting *heap; /* newest on top */
    size_t count, room;
    git_oid *seen; /* open addressing; kept only once there was a merge */
    size_t seen_count, seen_room;
    uint64_t reached;
    char **names; /* what the article was called */
    size_t name_count;
    bool all;
    size_t left;
    struct us_rejections rejections; /* sorted by commit */
    git_odb_object *shown;
    struct us_bytes store, author, email;
};

/* --- pieces of a raw commit --- */

const char *us_raw_message(size_t *length, const char *raw, size_t raw_length)
{
    const char *end = memmem(raw, raw_length, "\n\n", 2);
    if (!end) {
        *length = 0;
        return raw + raw_length;
    }
    *length = raw_length - (size_t)(end + 2 - raw);
    return end + 2;
}

/* The header line that begins with the name; NULL if it is missing. */
static const char *header(const char *raw, size_t length, const char *name, size_t *line_length)
{
    size_t n = strlen(name);
    const char *end = raw + length;
    for (const char *line = raw; line < end && *line != '\n';) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop)
            break;
        if ((size_t)(stop - line) > n && memcmp(line, name, n) == 0) {
            *line_length = (size_t)(stop - line) - n;
            return line + n;
        }
        line = stop + 1;
    }
    return NULL;
}

/* Seconds and zone stand at the end of the line. */
static int64_t line_time(const char *line, size_t length, int *offset)
{
    const char *end = line + length, *close = memrchr(line, '>', length);
    int64_t seconds = 0;
    const char *at = close ? close + 1 : end;
    while (at < end && *at == ' ')
        at++;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        seconds = seconds * 10 + (*at - '0');
    if (offset && end - at == 6) {
        int zone = atoi(at + 2);
        *offset = (zone / 100 * 60 + zone % 100) * (at[1] == '-' ? -1 : 1);
    }
    return seconds;
}

/* --- the walk --- */

static bool before(const struct waiting *a, const struct waiting *b)
{
    return a->time != b->time ? a->time > b->time : a->order < b->order;
}

/* Was the commit reached before? Notes it. */
static bool reached_before(bool *again, struct us_log *log, const git_oid *oid)
{
    if ((log->seen_count + 1) * 2 > log->seen_room) {
        size_t room = log->seen_room ? log->seen_room * 2 : 1024;
        git_oid *grown = calloc(room, sizeof *grown);
        if (!grown)
            return false;
        for (size_t i = 0; i < log->seen_room; i++) {
            size_t at;
            if (git_oid_is_zero(&log->seen[i]))
                continue;
            memcpy(&at, log->seen[i].id, sizeof at);
            while (!git_oid_is_zero(&grown[at & (room - 1)]))
                at++;
            grown[at & (room - 1)] = log->seen[i];
        }
        free(log->seen);
        log->seen = grown;
        log->seen_room = room;
    }
    size_t at;
    memcpy(&at, oid->id, sizeof at);
    while (!git_oid_is_zero(&log->seen[at & (log->seen_room - 1)])) {
        if (git_oid_equal(&log->seen[at & (log->seen_room - 1)], oid)) {
            *again = true;
            return true;
        }
        at++;
    }
    log->seen[at & (log->seen_room - 1)] = *oid;
    log->seen_count++;
    *again = false;
    return true;
}

static int push(struct us_log *log, const git_oid *oid, struct us_error *err)
{
    bool again = false;
    size_t length = 0;
    if (!reached_before(&again, log, oid))
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    if (again)
        return US_OK;
    if (log->count == log->room) {
        size_t room = log->room * 2 + 8;
        struct waiting *heap = realloc(log->heap, room * sizeof *heap);
        if (!heap)
            return us_fail(err, US_ENOMEM, "out of memory for the history");
        log->heap = heap;
        log->room = room;
    }
    struct waiting item = {.oid = *oid, .order = log->reached++};
    if (git_odb_read(&item.object, log->odb, oid) != 0)
        return US_OK; /* where a shallow clone ends */
    const char *line = header(git_odb_object_data(item.object), git_odb_object_size(item.object),
                              "committer ", &length);
    item.time = line ? line_time(line, length, NULL) : 0;
    size_t at = log->count++;
    while (at > 0 && before(&item, &log->heap[(at - 1) / 2])) {
        log->heap[at] = log->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    log->heap[at] = item;
    return US_OK;
}

static struct waiting pop(struct us_log *log)
{
    struct waiting top = log->heap[0], item = log->heap[--log->count];
    size_t at = 0;
    for (size_t child; (child = at * 2 + 1) < log->count; at = child) {
        if (child + 1 < log->count && before(&log->heap[child + 1], &log->heap[child]))
            child++;
        if (!before(&log->heap[child], &item))
            break;
        log->heap[at] = log->heap[child];
    }
    if (log->count)
        log->heap[at] = item;
    return top;
}

static int push_parents(struct us_log *log, const struct waiting *commit, git_oid *first,
                        bool *has_first, struct us_error *err)
{
    const char *raw = git_odb_object_data(commit->object);
    size_t length = git_odb_object_size(commit->object);
    *has_first = false;
    for (size_t at = 46; at + 48 <= length && memcmp(raw + at, "parent ", 7) == 0; at += 48) {
        git_oid parent;
        if (git_oid_fromstrn(&parent, raw + at + 7, 40) != 0)
            break;
        if (!*has_first)
            *first = parent;
        *has_first = true;
        int result = push(log, &parent, err);
        if (result != US_OK)
            return result;
    }
    return US_OK;
}

/* --- renames --- */

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

static bool is_name(const struct us_log *log, const char *path)
{
    for (size_t i = 0; i < log->name_count; i++)
        if (strcmp(log->names[i], path) == 0)
            return true;
    return false;
}

static bool add_name(struct us_log *log, const char *path)
{
    char **names = realloc(log->names, (log->name_count + 1) * sizeof *names);
    if (!names)
        return false;
    log->names = names;
    names[log->name_count] = strdup(path);
    return names[log->name_count] && ++log->name_count;
}

/* An ordinary commit may have given the article the name it has after. */
static void follow(struct us_log *log, const git_oid *commit, const git_oid *parent)
{
    struct us_bytes from = {0};
    const char *name = log->names[log->name_count - 1];
    if (!has_path(log->history->store, parent, name) &&
        us_renamed_from(&from, log->history->store, commit, name) && !is_name(log, from.at))
        add_name(log, from.at);
    us_bytes_close(&from);
}

/* --- the log --- */

size_t us_history_tips(git_oid tips[3], struct us_history *history)
{
    size_t count = 0;
    if (git_reference_name_to_id(&tips[count], history->store, history->ref.at) == 0)
        count++;
    if (history->place.where == US_WHERE_PRIVATE)
        return count;
    if (git_reference_name_to_id(&tips[count], history->store, "HEAD") == 0)
        count++;
    if (history->place.where == US_WHERE_BRANCH &&
        strncmp(history->ref.at, "refs/heads/", 11) == 0) {
        struct us_bytes side = {0};
        us_bytes_format(&side, "refs/unspin/heads/%s", history->ref.at + 11);
        if (!side.failed && git_reference_name_to_id(&tips[count], history->store, side.at) == 0)
            count++;
        us_bytes_close(&side);
    }
    return count;
}

static int by_commit(const void *a, const void *b)
{
    return strcmp(((const struct us_rejection *)a)->oid, ((const struct us_rejection *)b)->oid);
}

int us_log_open(struct us_log **out, struct us_history *history,
                const struct us_log_options *options, struct us_error *err)
{
    git_oid tips[3];
    *out = NULL;
    int result = us_survey(history, US_WHERE_BRANCH, NULL, err);
    if (result != US_OK)
        return result;
    struct us_log *log = calloc(1, sizeof *log);
    if (!log)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    log->history = history;
    log->all = options && options->all;
    log->left = options && options->limit ? options->limit : SIZE_MAX;
    if (git_repository_odb(&log->odb, history->store) != 0) {
        result = us_git_fail(err, US_EFORMAT, "open the repository's objects");
        goto fail;
    }
    result = us_history_rejected(&log->rejections, history, err);
    if (result != US_OK)
        goto fail;
    if (log->rejections.count)
        qsort(log->rejections.items, log->rejections.count, sizeof *log->rejections.items,
              by_commit);
    if (!add_name(log, history->path.at)) {
        result = us_fail(err, US_ENOMEM, "out of memory for the history");
        goto fail;
    }
    size_t count = us_history_tips(tips, history);
    for (size_t i = 0; i < count && result == US_OK; i++)
        result = push(log, &tips[i], err);
    if (result != US_OK)
        goto fail;
    *out = log;
    return US_OK;
fail:
    us_log_close(log);
    return result;
}

static void fill(struct us_entry *entry, struct us_log *log, const struct waiting *commit)
{
    const char *raw = git_odb_object_data(commit->object);
    size_t length = 0;
    const char *line = header(raw, git_odb_object_size(commit->object), "author ", &length);
    git_oid_tostr(entry->oid, sizeof entry->oid, &commit->oid);
    log->author.length = log->email.length = 0;
    us_bytes_text(&log->author, "");
    us_bytes_text(&log->email, "");
    if (line) {
        const char *open = memchr(line, '<', length);
        const char *close = open ? memchr(open, '>', length - (size_t)(open - line)) : NULL;
        entry->time = line_time(line, length, &entry->offset);
        if (close) {
            us_bytes_add(&log->author, line, open > line ? (size_t)(open - line) - 1 : 0);
            us_bytes_add(&log->email, open + 1, (size_t)(close - open) - 1);
        }
    }
    entry->author = log->author.at ? log->author.at : "";
    entry->email = log->email.at ? log->email.at : "";
    struct us_rejection key = {0};
    memcpy(key.oid, entry->oid, sizeof key.oid);
    entry->rejected = log->rejections.count &&
                      bsearch(&key, log->rejections.items, log->rejections.count,
                              sizeof *log->rejections.items, by_commit) != NULL;
}

int us_log_next(bool *more, struct us_entry *entry, struct us_log *log, struct us_error *err)
{
    *more = false;
    while (log->count && log->left) {
        git_odb_object_free(log->shown);
        struct waiting commit = pop(log);
        log->shown = commit.object;
        git_oid parent;
        bool has_parent;
        int result = push_parents(log, &commit, &parent, &has_parent, err);
        if (result != US_OK)
            return result;
        size_t length;
        const char *message = us_raw_message(&length, git_odb_object_data(commit.object),
                                             git_odb_object_size(commit.object));
        *entry = (struct us_entry){0};
        enum us_message_kind kind = us_message_parse(entry, &log->store, message, length);
        if (kind == US_MESSAGE_CORRECTION && (log->all || is_name(log, entry->path))) {
            fill(entry, log, &commit);
            log->left--;
            *more = true;
            return US_OK;
        }
        if (kind == US_MESSAGE_OTHER && has_parent && !log->all)
            follow(log, &commit.oid, &parent);
    }
    return US_OK;
}

void us_log_close(struct us_log *log)
{
    if (!log)
        return;
    git_odb_object_free(log->shown);
    for (size_t i = 0; i < log->count; i++)
        git_odb_object_free(log->heap[i].object);
    free(log->heap);
    free(log->seen);
    for (size_t i = 0; i < log->name_count; i++)
        free(log->names[i]);
    free(log->names);
    us_rejections_close(&log->rejections);
    us_bytes_close(&log->store);
    us_bytes_close(&log->author);
    us_bytes_close(&log->email);
    git_odb_free(log->odb);
    free(log);
}
