/*
 * What was rejected, from the history alone. The commits are read oldest first, each once, and
 * change a small state; the state and the commit it was reached at are kept in a file, so that
 * the next look reads only what came since. The file may be deleted at any time.
 *
 * A correction is rejected by a commit that says so (us_history_reject, `git revert`), accepted
 * again by a revert of that or by being made again, and rejected too if a rebase dropped its
 * commit and the text has the old words.
 */
#include "history_impl.h"

#include "history_sha1.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rejected {
    git_oid correction, by; /* by: zero if a rebase dropped it */
    char *path, *old, *replacement;
};

struct state {
    git_repository *repo;
    struct rejected *items;
    size_t count, room;
    git_oid tips[3];
    size_t tip_count;
    size_t log_size; /* of the branch's reflog, as far as it was read */
    struct us_bytes store, raw;
};

static void drop(struct state *state, size_t i)
{
    free(state->items[i].path);
    free(state->items[i].old);
    free(state->items[i].replacement);
    state->items[i] = state->items[--state->count];
}

static bool add(struct state *state, const git_oid *correction, const git_oid *by,
                const char *path, const char *old, const char *replacement)
{
    for (size_t i = 0; i < state->count; i++)
        if (git_oid_equal(&state->items[i].correction, correction))
            return true;
    if (state->count == state->room) {
        size_t room = state->room * 2 + 16;
        struct rejected *items = realloc(state->items, room * sizeof *items);
        if (!items)
            return false;
        state->items = items;
        state->room = room;
    }
    struct rejected item = {.correction = *correction,
                            .path = strdup(path),
                            .old = strdup(old),
                            .replacement = strdup(replacement)};
    if (by)
        item.by = *by;
    state->items[state->count++] = item;
    if (item.path && item.old && item.replacement)
        return true;
    drop(state, state->count - 1);
    return false;
}

static enum us_message_kind read_message(struct us_entry *entry, struct state *state,
                                         git_odb *odb, const git_oid *oid)
{
    git_odb_object *object = NULL;
    enum us_message_kind kind = US_MESSAGE_OTHER;
    *entry = (struct us_entry){0};
    if (git_odb_read(&object, odb, oid) == 0 &&
        git_odb_object_type(object) == GIT_OBJECT_COMMIT) {
        size_t length;
        const char *message =
            us_raw_message(&length, git_odb_object_data(object), git_odb_object_size(object));
        kind = us_message_parse(entry, &state->store, message, length);
    }
    git_odb_object_free(object);
    return kind;
}

/* The files of rejected corrections are known by the names they have now. */
static void follow(struct state *state, const git_oid *commit)
{
    struct us_bytes to = {0};
    for (size_t i = 0; i < state->count; i++) {
        if (!us_renamed_to(&to, state->repo, commit, state->items[i].path))
            continue;
        char *was = strdup(state->items[i].path);
        for (size_t n = i; n < state->count && was; n++)
            if (strcmp(state->items[n].path, was) == 0) {
                char *now = strdup(to.at);
                if (now) {
                    free(state->items[n].path);
                    state->items[n].path = now;
                }
            }
        free(was);
    }
    us_bytes_close(&to);
}

/* One commit's effect. */
static bool take(struct state *state, git_odb *odb, const git_oid *oid)
{
    struct us_entry entry;
    enum us_message_kind kind = read_message(&entry, state, odb, oid);
    git_oid reverted;
    if (kind == US_MESSAGE_OTHER && state->count)
        follow(state, oid);
    if (kind == US_MESSAGE_CORRECTION) { /* made again: no longer rejected */
        for (size_t i = state->count; i-- > 0;)
            if (strcmp(state->items[i].old, entry.old) == 0 &&
                strcmp(state->items[i].replacement, entry.replacement) == 0 &&
                strcmp(state->items[i].path, entry.path) == 0)
                drop(state, i);
        return true;
    }
    if (kind == US_MESSAGE_REFUSAL)
        return add(state, oid, oid, entry.path, entry.old, entry.replacement);
    if (kind != US_MESSAGE_REVERT || git_oid_fromstr(&reverted, entry.oid) != 0)
        return true;
    for (size_t i = state->count; i-- > 0;)
        if (git_oid_equal(&state->items[i].by, &reverted)) {
            drop(state, i); /* the rejection itself is taken back */
            return true;
        }
    if (read_message(&entry, state, odb, &reverted) == US_MESSAGE_CORRECTION)
        return add(state, &reverted, oid, entry.path, entry.old, entry.replacement);
    /* where that commit is missing (a shallow clone), a rejection of ours tells what it was */
    return read_message(&entry, state, odb, oid) != US_MESSAGE_REVERT || !entry.old ||
           add(state, &reverted, oid, entry.path, entry.old, entry.replacement);
}

/* All commits that the tips reach and the state's do not, parents first. */
static int read_commits(struct state *state, git_odb *odb, const git_oid *tips, size_t count,
                        struct us_error *err)
{
    git_revwalk *walk = NULL;
    git_oid oid;
    int result = US_OK;
    if (git_revwalk_new(&walk, state->repo) != 0)
        return us_git_fail(err, US_EFORMAT, "read the history");
    git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE);
    for (size_t i = 0; i < count; i++)
        git_revwalk_push(walk, &tips[i]);
    for (size_t i = 0; i < state->tip_count; i++)
        git_revwalk_hide(walk, &state->tips[i]);
    while (result == US_OK && git_revwalk_next(&oid, walk) == 0)
        if (!take(state, odb, &oid))
            result = us_fail(err, US_ENOMEM, "out of memory for the history");
    git_revwalk_free(walk);
    return result;
}

/* --- corrections that a rebase dropped --- */

/* Is there the same correction among the commits that the new tip has and the old one has not? */
static bool made_anew(struct state *state, git_odb *odb, const git_oid *old_tip,
                      const git_oid *new_tip, const struct us_entry *wanted)
{
    git_revwalk *walk = NULL;
    git_oid oid;
    bool found = false;
    char *old = strdup(wanted->old), *replacement = strdup(wanted->replacement);
    char *path = strdup(wanted->path);
    if (old && replacement && path && git_revwalk_new(&walk, state->repo) == 0) {
        git_revwalk_push(walk, new_tip);
        git_revwalk_hide(walk, old_tip);
        while (!found && git_revwalk_next(&oid, walk) == 0) {
            struct us_entry entry;
            found = read_message(&entry, state, odb, &oid) == US_MESSAGE_CORRECTION &&
                    strcmp(entry.old, old) == 0 && strcmp(entry.replacement, replacement) == 0 &&
                    strcmp(entry.path, path) == 0;
        }
    }
    git_revwalk_free(walk);
    free(old);
    free(replacement);
    free(path);
    return found;
}

/* Does the file at this commit have the old words where the correction had been? */
static bool has_old_words(struct state *state, const git_oid *commit, const struct us_entry *entry)
{
    git_oid oid;
    uint32_t mode;
    git_blob *blob = NULL;
    struct us_bytes around = {0};
    bool has = false;
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): every correction has an excerpt */
    const char *open = strchr(entry->excerpt, '[');
    if (!open || !us_commit_entry(&oid, &mode, state->repo, commit, entry->path) ||
        git_blob_lookup(&blob, state->repo, &oid) != 0)
        return false;
    const char *word = open > entry->excerpt && open[-1] == ' ' ? open - 1 : open;
    while (word > entry->excerpt && word[-1] != ' ' && (unsigned char)word[-1] < 0x80)
        word--; /* one word of context */
    us_bytes_add(&around, word, (size_t)(open - word));
    us_bytes_text(&around, entry->old);
    has = !around.failed && memmem(git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob),
                                   around.at, around.length) != NULL;
    us_bytes_close(&around);
    git_blob_free(blob);
    return has;
}

static int read_rebase(struct state *state, git_odb *odb, const git_oid *old_tip,
                       const git_oid *new_tip, struct us_error *err)
{
    git_revwalk *walk = NULL;
    git_oid oid;
    int result = US_OK;
    if (git_revwalk_new(&walk, state->repo) != 0)
        return us_git_fail(err, US_EFORMAT, "read the history");
    if (git_revwalk_push(walk, old_tip) == 0 && git_revwalk_hide(walk, new_tip) == 0)
        while (result == US_OK && git_revwalk_next(&oid, walk) == 0) {
            struct us_entry entry;
            if (read_message(&entry, state, odb, &oid) != US_MESSAGE_CORRECTION ||
                made_anew(state, odb, old_tip, new_tip, &entry))
                continue;
            read_message(&entry, state, odb, &oid);
            if (has_old_words(state, new_tip, &entry) &&
                !add(state, &oid, NULL, entry.path, entry.old, entry.replacement))
                result = us_fail(err, US_ENOMEM, "out of memory for the history");
        }
    git_revwalk_free(walk);
    return result;
}

/* The branch's reflog tells of rebases: old and new tip, in "rebase (finish)". */
static int read_reflog(struct state *state, git_odb *odb, struct us_history *history,
                       struct us_error *err)
{
    struct us_bytes path = {0}, log = {0};
    const char *ref = history->ref.at;
    int result = US_OK;
    if (history->place.where == US_WHERE_PRIVATE)
        return US_OK;
    if (strncmp(ref, "refs/unspin/heads/", 18) == 0)
        us_bytes_format(&path, "%s/logs/refs/heads/%s", history->common.at, ref + 18);
    else
        us_bytes_format(&path, "%s/logs/%s", history->common.at, ref);
    if (path.failed || us_bytes_read_file(&log, path.at) != US_OK)
        goto done;
    size_t at = state->log_size <= log.length ? state->log_size : 0;
    while (result == US_OK && at < log.length) {
        const char *line = log.at + at;
        const char *stop = memchr(line, '\n', log.length - at);
        if (!stop)
            break;
        const char *tab = memchr(line, '\t', (size_t)(stop - line));
        git_oid old_tip, new_tip;
        if (tab && stop - line > 82 && strncmp(tab + 1, "rebase", 6) == 0 &&
            memmem(tab, (size_t)(stop - tab), "finish", 6) &&
            git_oid_fromstrn(&old_tip, line, 40) == 0 &&
            git_oid_fromstrn(&new_tip, line + 41, 40) == 0)
            result = read_rebase(state, odb, &old_tip, &new_tip, err);
        at = (size_t)(stop + 1 - log.at);
    }
    state->log_size = at;
done:
    us_bytes_close(&path);
    us_bytes_close(&log);
    return result;
}

/* --- the cache --- */

static void cache_path(struct us_bytes *out, const struct us_history *history)
{
    unsigned char sum[20];
    struct us_sha1 sha1;
    us_sha1_begin(&sha1);
    us_sha1_add(&sha1, history->ref.at, history->ref.length);
    us_sha1_end(sum, &sha1);
    us_bytes_format(out, "%s/unspin/rejected-%02x%02x%02x%02x", history->git_dir.at, sum[0],
                    sum[1], sum[2], sum[3]);
}

static const char cache_head[] = "what was rejected; may be deleted\n";

/* Fields are NUL-ended: paths and words may hold anything else. */
static void save_cache(const struct state *state, const struct us_history *history)
{
    struct us_bytes path = {0}, temporary = {0}, text = {0};
    char hex[41];
    us_bytes_text(&text, cache_head);
    us_bytes_format(&text, "%zu %zu %zu\n", state->log_size, state->tip_count, state->count);
    for (size_t i = 0; i < state->tip_count; i++)
        us_bytes_add(&text, git_oid_tostr(hex, sizeof hex, &state->tips[i]), 41);
    for (size_t i = 0; i < state->count; i++) {
        const struct rejected *item = &state->items[i];
        us_bytes_add(&text, git_oid_tostr(hex, sizeof hex, &item->correction), 41);
        us_bytes_add(&text, git_oid_tostr(hex, sizeof hex, &item->by), 41);
        us_bytes_add(&text, item->path, strlen(item->path) + 1);
        us_bytes_add(&text, item->old, strlen(item->old) + 1);
        us_bytes_add(&text, item->replacement, strlen(item->replacement) + 1);
    }
    us_bytes_text(&text, "end\n");
    cache_path(&path, history);
    us_bytes_format(&temporary, "%s/unspin", history->git_dir.at);
    if (!temporary.failed)
        mkdir(temporary.at, 0777);
    us_bytes_text(&temporary, "/new-XXXXXX");
    if (!text.failed && !path.failed && !temporary.failed) {
        int fd = mkstemp(temporary.at);
        if (fd >= 0) {
            bool good = us_write_all(fd, text.at, text.length) == 0;
            close(fd);
            if (!good || rename(temporary.at, path.at) != 0)
                unlink(temporary.at);
        }
    }
    us_bytes_close(&path);
    us_bytes_close(&temporary);
    us_bytes_close(&text);
}

static const char *next_field(const char **at, const char *end)
{
    const char *field = *at, *nul = memchr(field, '\0', (size_t)(end - field));
    if (!nul)
        return NULL;
    *at = nul + 1;
    return field;
}

/* False if there is no cache or it is not whole. */
static bool load_cache(struct state *state, const struct us_history *history)
{
    struct us_bytes path = {0}, text = {0};
    size_t log_size, tips, items, head = sizeof cache_head - 1;
    bool good = false;
    cache_path(&path, history);
    if (path.failed || us_bytes_read_file(&text, path.at) != US_OK || text.length < head + 4 ||
        memcmp(text.at, cache_head, head) != 0 ||
        memcmp(text.at + text.length - 4, "end\n", 4) != 0 ||
        sscanf(text.at + head, "%zu %zu %zu\n", &log_size, &tips, &items) != 3 || tips > 3)
        goto done;
    const char *end = text.at + text.length - 4;
    const char *at = (const char *)memchr(text.at + head, '\n', text.length - head) + 1;
    good = true;
    for (size_t i = 0; i < tips && good; i++) {
        const char *hex = next_field(&at, end);
        good = hex && git_oid_fromstr(&state->tips[i], hex) == 0;
    }
    for (size_t i = 0; i < items && good; i++) {
        const char *fields[5] = {0};
        git_oid correction, by;
        for (int f = 0; f < 5 && good; f++)
            good = (fields[f] = next_field(&at, end)) != NULL;
        good = good && git_oid_fromstr(&correction, fields[0]) == 0 &&
               git_oid_fromstr(&by, fields[1]) == 0 &&
               add(state, &correction, &by, fields[2], fields[3], fields[4]);
    }
    state->tip_count = tips;
    state->log_size = log_size;
done:
    us_bytes_close(&path);
    us_bytes_close(&text);
    return good;
}

static void forget(struct state *state)
{
    while (state->count)
        drop(state, state->count - 1);
    state->tip_count = 0;
    state->log_size = 0;
}

/* Every tip that the cache stands for must still be part of the history. */
static bool builds_on(const struct state *state, const git_oid *tips, size_t count)
{
    for (size_t i = 0; i < state->tip_count; i++) {
        bool kept = false;
        for (size_t n = 0; n < count && !kept; n++)
            kept = git_oid_equal(&tips[n], &state->tips[i]) ||
                   git_graph_descendant_of(state->repo, &tips[n], &state->tips[i]) == 1;
        if (!kept)
            return false;
    }
    return true;
}

static int publish(struct us_rejections *out, const struct state *state, const char *path,
                   struct us_error *err)
{
    out->items = calloc(state->count ? state->count : 1, sizeof *out->items);
    if (!out->items)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    for (size_t i = 0; i < state->count; i++) {
        struct us_rejection *item = &out->items[out->count++];
        item->old = strdup(state->items[i].old);
        item->replacement = strdup(state->items[i].replacement);
        item->path = strdup(state->items[i].path);
        if (!item->old || !item->replacement || !item->path) {
            us_rejections_close(out);
            return us_fail(err, US_ENOMEM, "out of memory for the history");
        }
        git_oid_tostr(item->oid, sizeof item->oid, &state->items[i].correction);
        item->here = strcmp(item->path, path) == 0;
    }
    return US_OK;
}

int us_history_rejected(struct us_rejections *out, struct us_history *history,
                        struct us_error *err)
{
    struct state state = {.repo = history->store};
    git_odb *odb = NULL;
    git_oid tips[3];
    *out = (struct us_rejections){0};
    us_memory_begin();
    int result = us_survey(history, US_WHERE_BRANCH, NULL, err);
    if (result != US_OK)
        return result;
    state.repo = history->store;
    size_t count = us_history_tips(tips, history);
    if (git_repository_odb(&odb, history->store) != 0)
        return us_git_fail(err, US_EFORMAT, "open the repository's objects");
    if (!load_cache(&state, history) || !builds_on(&state, tips, count))
        forget(&state);
    bool same = count == state.tip_count &&
                (!count || memcmp(tips, state.tips, count * sizeof *tips) == 0);
    if (!same) {
        result = read_commits(&state, odb, tips, count, err);
        if (result == US_OK)
            result = read_reflog(&state, odb, history, err);
        result = us_memory_check(result, err);
        memcpy(state.tips, tips, count * sizeof *tips);
        state.tip_count = count;
        if (result == US_OK)
            save_cache(&state, history);
    }
    if (result == US_OK)
        result = publish(out, &state, history->path.at, err);
    forget(&state);
    free(state.items);
    us_bytes_close(&state.store);
    us_bytes_close(&state.raw);
    git_odb_free(odb);
    return result;
}

void us_rejections_close(struct us_rejections *rejections)
{
    for (size_t i = 0; i < rejections->count; i++) {
        free(rejections->items[i].old);
        free(rejections->items[i].replacement);
        free(rejections->items[i].path);
    }
    free(rejections->items);
    *rejections = (struct us_rejections){0};
}
