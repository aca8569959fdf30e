/*
 * Reading: a walk over the commits, newest first, that keeps no more than it must and reads each
 * commit once. A commit that takes another back is met before that one.
 */
#include "history_impl.h"

#include <stdlib.h>
#include <string.h>

struct line { /* of a raw commit */
    const char *at;
    size_t length;
};

struct waiting { /* a commit that was reached and not yet shown */
    git_oid oid;
    struct us_raw raw;
    struct line author;
    size_t parents, message; /* where in raw the lines of parents begin, and the message */
    int64_t time;
    uint64_t order; /* of being reached: of two of one second the first goes first */
};

struct oids { /* a set, by open addressing */
    git_oid *slots;
    size_t count, room;
};

struct us_log {
    struct us_history *history;
    struct us_reader *reader;
    struct waiting *heap; /* newest on top */
    size_t count, room;
    struct oids seen; /* commits that may be reached again: none while only one waits */
    struct oids reverted;
    uint64_t reached;
    struct us_names names;
    bool all;
    size_t left;
    struct us_raw shown;
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

/* Seconds and zone stand at the end of the line. */
static int64_t line_time(struct line line, int *offset)
{
    const char *end = line.at + line.length;
    const char *close = line.length ? memrchr(line.at, '>', line.length) : NULL;
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

/* Fill what is known of a commit from the lines before its message. */
static void read_header(struct waiting *commit)
{
    const char *raw = commit->raw.at, *end = raw + commit->raw.length, *line = raw;
    for (const char *stop; line < end && *line != '\n'; line = stop + 1) {
        stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop)
            stop = end - 1;
        size_t length = (size_t)(stop - line);
        if (!commit->parents && length > 7 && memcmp(line, "parent ", 7) == 0)
            commit->parents = (size_t)(line - raw);
        else if (length > 7 && memcmp(line, "author ", 7) == 0)
            commit->author = (struct line){line + 7, length - 7};
        else if (length > 10 && memcmp(line, "committer ", 10) == 0)
            commit->time = line_time((struct line){line + 10, length - 10}, NULL);
    }
    commit->message = line < end ? (size_t)(line + 1 - raw) : commit->raw.length;
}

/* --- the walk --- */

static bool before(const struct waiting *a, const struct waiting *b)
{
    return a->time != b->time ? a->time > b->time : a->order < b->order;
}

/* Where the id is in the set, or would be. */
static git_oid *slot_of(const struct oids *set, const git_oid *oid)
{
    size_t at;
    memcpy(&at, oid->id, sizeof at);
    while (!git_oid_is_zero(&set->slots[at & (set->room - 1)]) &&
           !git_oid_equal(&set->slots[at & (set->room - 1)], oid))
        at++;
    return &set->slots[at & (set->room - 1)];
}

static bool has(const struct oids *set, const git_oid *oid)
{
    return set->room && !git_oid_is_zero(slot_of(set, oid));
}

static bool add(struct oids *set, const git_oid *oid)
{
    if ((set->count + 1) * 2 > set->room) {
        struct oids grown = {.room = set->room ? set->room * 2 : 64};
        grown.slots = calloc(grown.room, sizeof *grown.slots);
        if (!grown.slots)
            return false;
        for (size_t i = 0; i < set->room; i++)
            if (!git_oid_is_zero(&set->slots[i]))
                *slot_of(&grown, &set->slots[i]) = set->slots[i];
        grown.count = set->count;
        free(set->slots);
        *set = grown;
    }
    git_oid *slot = slot_of(set, oid);
    if (git_oid_is_zero(slot))
        set->count++;
    *slot = *oid;
    return true;
}

/* Note that a commit was reached, as long as another way may lead to it. */
static bool note(bool *again, struct us_log *log, const git_oid *oid)
{
    *again = false;
    if (!log->count && !log->seen.count)
        return true;
    if (!log->seen.count && !add(&log->seen, &log->heap[0].oid))
        return false;
    *again = has(&log->seen, oid);
    return add(&log->seen, oid);
}

static int push(struct us_log *log, const git_oid *oid, struct us_error *err)
{
    bool again = false;
    if (!note(&again, log, oid))
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
    if (!us_reader_commit(&item.raw, log->reader, oid))
        return US_OK; /* where a shallow clone ends */
    read_header(&item);
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
    const char *raw = commit->raw.at;
    size_t length = commit->raw.length;
    *has_first = false;
    for (size_t at = commit->parents;
         at && at + 48 <= length && memcmp(raw + at, "parent ", 7) == 0; at += 48) {
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

/* --- the log --- */

/* Add what the name refers to, if it is something new. */
static void add_tip(git_oid tips[3], size_t *count, git_repository *repo, const char *name)
{
    if (git_reference_name_to_id(&tips[*count], repo, name) != 0)
        return;
    for (size_t i = 0; i < *count; i++)
        if (git_oid_equal(&tips[i], &tips[*count]))
            return;
    ++*count;
}

size_t us_history_tips(git_oid tips[3], struct us_history *history)
{
    size_t count = 0;
    add_tip(tips, &count, history->store, history->ref.at);
    if (history->place.where == US_WHERE_PRIVATE)
        return count;
    add_tip(tips, &count, history->store, "HEAD");
    if (history->place.where == US_WHERE_BRANCH &&
        strncmp(history->ref.at, "refs/heads/", 11) == 0) {
        struct us_bytes side = {0};
        us_bytes_format(&side, "refs/unspin/heads/%s", history->ref.at + 11);
        if (!side.failed)
            add_tip(tips, &count, history->store, side.at);
        us_bytes_close(&side);
    }
    return count;
}

int us_log_open(struct us_log **out, struct us_history *history,
                const struct us_log_options *options, struct us_error *err)
{
    git_oid tips[3];
    *out = NULL;
    us_memory_begin();
    int result = us_survey(history, US_WHERE_BRANCH, NULL, err);
    if (result != US_OK)
        return result;
    struct us_log *log = calloc(1, sizeof *log);
    if (!log)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    log->history = history;
    log->all = options && options->all;
    log->left = options && options->limit ? options->limit : SIZE_MAX;
    result = us_reader_open(&log->reader, history->store, history->objects.at, err);
    if (result != US_OK)
        goto fail;
    result = us_names_add(&log->names, history->path.at, err);
    if (result != US_OK)
        goto fail;
    size_t count = us_history_tips(tips, history);
    for (size_t i = 0; i < count && result == US_OK; i++)
        result = push(log, &tips[i], err);
    result = us_memory_check(result, err);
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
    struct line line = commit->author;
    git_oid_tostr(entry->oid, sizeof entry->oid, &commit->oid);
    log->author.length = log->email.length = 0;
    us_bytes_text(&log->author, "");
    us_bytes_text(&log->email, "");
    if (line.length) {
        const char *open = memchr(line.at, '<', line.length);
        const char *close = open ? memchr(open, '>', line.length - (size_t)(open - line.at)) : NULL;
        entry->time = line_time(line, &entry->offset);
        if (close) {
            us_bytes_add(&log->author, line.at, open > line.at ? (size_t)(open - line.at) - 1 : 0);
            us_bytes_add(&log->email, open + 1, (size_t)(close - open) - 1);
        }
    }
    entry->author = log->author.at ? log->author.at : "";
    entry->email = log->email.at ? log->email.at : "";
    entry->rejected = has(&log->reverted, &commit->oid);
}

int us_log_next(bool *more, struct us_entry *entry, struct us_log *log, struct us_error *err)
{
    *more = false;
    us_memory_begin();
    while (log->count && log->left) {
        us_raw_close(&log->shown);
        struct waiting commit = pop(log);
        log->shown = commit.raw;
        git_oid parent;
        bool has_parent;
        int result = push_parents(log, &commit, &parent, &has_parent, err);
        result = us_memory_check(result, err);
        if (result != US_OK)
            return result;
        *entry = (struct us_entry){0};
        enum us_message_kind kind =
            us_message_parse(entry, &log->store, commit.raw.at + commit.message,
                             commit.raw.length - commit.message);
        if (kind == US_MESSAGE_CORRECTION && (log->all || us_names_have(&log->names, entry->path))) {
            fill(entry, log, &commit);
            log->left--;
            *more = true;
            return US_OK;
        }
        git_oid reverted; /* by a commit that still stands */
        if (kind == US_MESSAGE_REVERT && !has(&log->reverted, &commit.oid) &&
            git_oid_fromstr(&reverted, entry->oid) == 0 && !add(&log->reverted, &reverted))
            return us_fail(err, US_ENOMEM, "out of memory for the history");
        bool renamed;
        if (kind == US_MESSAGE_OTHER && has_parent && !log->all &&
            us_names_follow(&renamed, &log->names, log->history->store, &commit.oid, &parent,
                            err) != US_OK)
            return US_ENOMEM;
    }
    return US_OK;
}

void us_log_close(struct us_log *log)
{
    if (!log)
        return;
    us_raw_close(&log->shown);
    for (size_t i = 0; i < log->count; i++)
        us_raw_close(&log->heap[i].raw);
    free(log->heap);
    free(log->seen.slots);
    free(log->reverted.slots);
    us_names_close(&log->names);
    us_bytes_close(&log->store);
    us_bytes_close(&log->author);
    us_bytes_close(&log->email);
    us_reader_close(log->reader);
    free(log);
}
