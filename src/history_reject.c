/*
 * Taking one correction back: a three-way merge of words. The common ancestor is the text after
 * the correction, one side the text before it, the other the text as it is now; so it works
 * whatever was changed elsewhere on the line since.
 */
#include "history_impl.h"

#include "file.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* One token a line, for a merge that works by lines: words, runs of white space, single marks. */
static void to_lines(struct us_bytes *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t start = i++;
        unsigned char c = (unsigned char)text[start];
        if (isalnum(c) || c >= 0x80)
            while (i < length && (isalnum((unsigned char)text[i]) || (unsigned char)text[i] >= 0x80))
                i++;
        else if (c == ' ')
            while (i < length && text[i] == ' ')
                i++;
        if (c == '\n')
            us_bytes_text(out, "\\n");
        else if (c == '\\')
            us_bytes_text(out, "\\\\");
        else
            us_bytes_add(out, text + start, i - start);
        us_bytes_text(out, "\n");
    }
}

static void from_lines(struct us_bytes *out, const char *lines, size_t length)
{
    us_bytes_add(out, "", 0);
    for (size_t i = 0; i < length; i++)
        if (lines[i] == '\\' && i + 1 < length)
            us_bytes_add(out, lines[++i] == 'n' ? "\n" : "\\", 1);
        else if (lines[i] != '\n')
            us_bytes_add(out, lines + i, 1);
}

/* The one stretch in which two texts differ. */
struct stretch {
    size_t start, a_end, b_end;
};

static struct stretch difference(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t start = 0, end = 0, least = a_length < b_length ? a_length : b_length;
    while (start < least && a[start] == b[start])
        start++;
    while (end < least - start && a[a_length - end - 1] == b[b_length - end - 1])
        end++;
    return (struct stretch){start, a_length - end, b_length - end};
}

/* The one place where the text has these bytes; SIZE_MAX if there is none, or more than one. */
static size_t only_place(const struct us_bytes *text, const char *part, size_t length)
{
    const char *first = length ? memmem(text->at, text->length, part, length) : NULL;
    if (!first)
        return SIZE_MAX;
    size_t at = (size_t)(first - text->at);
    return memmem(first + 1, text->length - at - 1, part, length) ? SIZE_MAX : at;
}

/*
 * Where the author changed the very words beside the correction no merge can tell the two apart.
 * If the correction still stands, with what was on one side of it, it is taken back there; if not,
 * the author has replaced it, and the text stays.
 */
static void take_back_in_context(struct us_bytes *out, const git_blob *base,
                                 const struct us_bytes *ours, const git_blob *theirs)
{
    enum { CONTEXT = 16 };
    const char *a = git_blob_rawcontent(base), *b = git_blob_rawcontent(theirs);
    size_t a_length = (size_t)git_blob_rawsize(base);
    struct stretch stretch = difference(a, a_length, b, (size_t)git_blob_rawsize(theirs));
    size_t left = stretch.start < CONTEXT ? stretch.start : CONTEXT;
    size_t right = a_length - stretch.a_end < CONTEXT ? a_length - stretch.a_end : CONTEXT;
    size_t length = stretch.a_end - stretch.start;
    size_t at = left ? only_place(ours, a + stretch.start - left, left + length) : SIZE_MAX;
    at = at != SIZE_MAX ? at + left
         : right        ? only_place(ours, a + stretch.start, length + right)
                        : SIZE_MAX;
    if (at == SIZE_MAX)
        at = ours->length, length = 0, stretch.b_end = stretch.start;
    us_bytes_add(out, ours->at, at);
    us_bytes_add(out, b + stretch.start, stretch.b_end - stretch.start);
    us_bytes_add(out, ours->at + at + length, ours->length - at - length);
}

/* base -> theirs, done to ours. */
static int merge_words(struct us_bytes *out, const git_blob *base, const struct us_bytes *ours,
                       const git_blob *theirs, struct us_error *err)
{
    struct us_bytes texts[3] = {{0}};
    git_merge_file_input inputs[3];
    git_merge_file_options options = {.version = GIT_MERGE_FILE_OPTIONS_VERSION};
    git_merge_file_result merge = {0};
    int result = US_OK;
    to_lines(&texts[0], git_blob_rawcontent(base), (size_t)git_blob_rawsize(base));
    to_lines(&texts[1], ours->at, ours->length);
    to_lines(&texts[2], git_blob_rawcontent(theirs), (size_t)git_blob_rawsize(theirs));
    for (int i = 0; i < 3; i++) {
        if (texts[i].failed) {
            result = us_fail(err, US_ENOMEM, "out of memory for the article");
            goto done;
        }
        git_merge_file_input_init(&inputs[i], GIT_MERGE_FILE_INPUT_VERSION);
        inputs[i].ptr = texts[i].at ? texts[i].at : "";
        inputs[i].size = texts[i].length;
    }
    if (git_merge_file(&merge, &inputs[0], &inputs[1], &inputs[2], &options) != 0) {
        result = us_git_fail(err, US_ENOMEM, "merge the article's texts");
        goto done;
    }
    if (merge.automergeable)
        from_lines(out, merge.ptr, merge.len);
    else
        take_back_in_context(out, base, ours, theirs);
    if (out->failed)
        result = us_fail(err, US_ENOMEM, "out of memory for the article");
done:
    git_merge_file_result_free(&merge);
    for (int i = 0; i < 3; i++)
        us_bytes_close(&texts[i]);
    return result;
}

/* The commit, its message and the article's text after and before it. */
static int load_correction(struct us_entry *entry, struct us_bytes *store, git_blob **after,
                           git_blob **before, struct us_history *history, const char *oid,
                           struct us_error *err)
{
    git_oid id, blob;
    git_commit *commit = NULL;
    uint32_t mode;
    size_t length = strlen(oid);
    int result = US_ESTATE;
    if (length < 7 || length > 40 || git_oid_fromstrn(&id, oid, length) != 0)
        return us_fail(err, US_EINVAL, "%.60s is no commit's id (at least 7 hexadecimal digits)",
                       oid);
    if (git_commit_lookup_prefix(&commit, history->store, &id, length) != 0)
        return us_fail(err, US_ESTATE, "there is no commit %s in %s", oid, history->git_dir.at);
    const char *message = git_commit_message_raw(commit);
    if (us_message_parse(entry, store, message, strlen(message)) != US_MESSAGE_CORRECTION) {
        us_fail(err, US_ESTATE, "commit %s is no correction", oid);
        goto done;
    }
    git_oid_tostr(entry->oid, sizeof entry->oid, git_commit_id(commit));
    if (!us_commit_entry(&blob, &mode, history->store, git_commit_id(commit), entry->path) ||
        git_blob_lookup(after, history->store, &blob) != 0 ||
        git_commit_parentcount(commit) < 1 ||
        !us_commit_entry(&blob, &mode, history->store, git_commit_parent_id(commit, 0),
                         entry->path) ||
        git_blob_lookup(before, history->store, &blob) != 0)
        result = us_fail(err, US_EFORMAT,
                         "the texts of commit %s are missing here (a partial clone?): git show %s "
                         "would fetch them", entry->oid, entry->oid);
    else
        result = US_OK;
done:
    git_commit_free(commit);
    return result;
}

/* The article's text as the history's tip has it; false if it has none. */
static bool text_at_tip(struct us_bytes *out, const struct us_history *history)
{
    git_oid oid;
    uint32_t mode;
    git_blob *blob = NULL;
    bool found = history->has_tip &&
                 us_commit_entry(&oid, &mode, history->store, &history->tip, history->path.at) &&
                 git_blob_lookup(&blob, history->store, &oid) == 0;
    if (found)
        us_bytes_add(out, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
    git_blob_free(blob);
    return found && !out->failed;
}

/*
 * One commit that takes the history from one text to the other, as the file would have them. before
 * gets the first of these, and must stay until the commit is made.
 */
static int prepare_commit(struct us_history *history, struct us_bytes *before,
                          const struct us_bytes *from, const struct us_bytes *to,
                          const struct us_entry *entry, struct us_error *err)
{
    struct us_bytes after = {0}, replacement = {0}, message = {0};
    struct us_fix fix;
    int result = us_convert(before, history, from->at, from->length, true, err);
    if (result == US_OK)
        result = us_convert(&after, history, to->at, to->length, true, err);
    if (result == US_OK) {
        struct stretch stretch = difference(before->at, before->length, after.at, after.length);
        us_bytes_add(&replacement, after.at + stretch.start, stretch.b_end - stretch.start);
        fix = (struct us_fix){.start = stretch.start, .end = stretch.a_end,
                              .replacement = replacement.at};
        us_message_rejection(&message, entry);
        if (replacement.failed)
            result = us_fail(err, US_ENOMEM, "out of memory for the article");
    }
    if (result == US_OK)
        result = us_save_prepare(history, before->at, before->length, &fix, 1, &message, err);
    us_bytes_close(&after);
    us_bytes_close(&replacement);
    us_bytes_close(&message);
    return result;
}

int us_history_reject(char *out, struct us_history *history, const char *oid,
                      struct us_error *err)
{
    struct us_entry entry = {0};
    struct us_bytes store = {0}, disk = {0}, stored = {0}, wanted = {0}, now = {0};
    struct us_bytes tip = {0}, tip_wanted = {0}, recorded_before = {0};
    git_blob *after = NULL, *before = NULL;
    struct us_recorded recorded = {0};

    out[0] = '\0';
    us_memory_begin();
    int result = us_survey(history, US_WHERE_BRANCH, NULL, err);
    if (result == US_OK)
        result = load_correction(&entry, &store, &after, &before, history, oid, err);
    if (result != US_OK)
        goto done;
    if (us_bytes_read_file(&disk, history->file) != US_OK) {
        result = us_fail(err, US_EIO, "cannot read %s: %s", history->file, strerror(errno));
        goto done;
    }
    result = us_convert(&stored, history, disk.at, disk.length, false, err);
    if (result == US_OK)
        result = merge_words(&wanted, after, &stored, before, err);
    if (result == US_OK)
        result = us_convert(&now, history, wanted.at, wanted.length, true, err);
    if (result != US_OK)
        goto done;

    /* Other edits of the file are its author's: they stay out of this commit where they can. */
    bool at_tip = text_at_tip(&tip, history);
    if (at_tip)
        result = merge_words(&tip_wanted, after, &tip, before, err);
    if (result == US_OK)
        result = at_tip ? prepare_commit(history, &recorded_before, &tip, &tip_wanted, &entry, err)
                        : prepare_commit(history, &recorded_before, &stored, &wanted, &entry, err);
    bool same = now.length == disk.length && memcmp(now.at, disk.at, now.length) == 0;
    if (result == US_OK && !same)
        result = us_file_replace(history->file, now.at, now.length, err);
    if (result == US_OK)
        result = us_save_land(&recorded, history, err);
    else
        us_save_close(history);
    if (result == US_OK)
        memcpy(out, recorded.oids[0], 41);
done:
    us_recorded_close(&recorded);
    git_blob_free(after);
    git_blob_free(before);
    struct us_bytes *texts[] = {&store, &disk, &stored, &wanted, &now, &tip, &tip_wanted,
                                &recorded_before};
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        us_bytes_close(texts[i]);
    return result;
}
