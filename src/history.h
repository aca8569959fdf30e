/*
 * history.h - from corrections to git commits: the report, the way back and the memory.
 *
 * One commit a correction, in the order of the text, each diff exactly that correction. A save's
 * commits are written as one pack, the ref moves once and last, by compare-and-swap:
 *
 *     before, fixes --prepare--> objects + journal --(the caller writes the file)--> record
 *                                                               record: index.lock, ref, index
 *
 * The journal (a file in <git dir>/unspin/) is what makes a kill at any instant harmless: the next
 * us_history_open() of the article finds it, and finishes or drops the save, whichever matches the
 * file on disk. Locks are taken as hard links of files of ours, so that a lock left by a killed
 * process of ours is known for certain, and nobody else's is ever deleted.
 *
 * Four times a save waits for the disk (fsync), so that a power cut is as harmless as a kill:
 *
 * 1. the pack and 2. its index, each before it gets its name. Without: objects with holes in them,
 *    under names by which git trusts them. Cut before or between: nothing was recorded, the file is
 *    as it was; what is left has names that `git gc` clears away.
 * 3. the journal, after those renames and before the caller writes the file, which puts the renames
 *    on the disk, too (where a file system keeps their order, as ext4, XFS, Btrfs and APFS do).
 *    Without: corrections in the file that no history knows of. Cut after: the next open lands the
 *    save if the file's new text reached the disk, and drops it if not.
 * 4. the ref's lock file, before it is renamed over the ref. Without: an empty ref, that is, a branch
 *    that git can't read. Cut before or after: the journal is still there, as after 3.
 *
 * Not waited for, as git does not either: git's index and the reflogs. Of a cut that comes after the
 * ref moved and before these are on the disk, the journal tells as long as it is there itself, and
 * the next open mends the index; a line of the reflog may be lost. The file itself is the caller's.
 *
 * Files, each a concern: history_possible.c (whether there may be one at all), history_open.c
 * (handles), history_where.c (which repository and ref), history_private.c (the user's own one),
 * history_stored.c (what git stores of a text), history_message.c (a commit's message, both ways),
 * history_chain.c (trees and commits), history_versions.c (the texts between), history_record.c
 * (prepare and record), history_recover.c (after a kill), history_ref.c and history_index.c (moving
 * the ref, keeping the index true), history_lock.c (locks and the journal), history_pack.c (the
 * pack writer), history_consolidate.c (joining packs), history_read.c (commits from packs),
 * history_log.c (the log), history_names.c (renames), history_reject.c (rejecting),
 * history_rejected.c (what was rejected), history_export.c (patches), history_keep.c (prune),
 * history_memory.c (what libgit2 allocates).
 *
 * A handle serves one thread at a time.
 */
#ifndef UNSPIN_HISTORY_H
#define UNSPIN_HISTORY_H

#include "unspin.h"

#include <stdbool.h>

enum us_where {
    US_WHERE_BRANCH,  /* the checked-out branch of the article's repository */
    US_WHERE_SIDE,    /* refs/unspin/heads/<branch> of the same repository */
    US_WHERE_PRIVATE, /* a bare repository of the user's own */
};
const char *us_where_name(enum us_where where);                   /* "branch", ... */
int us_where_parse(enum us_where *out, const char *name);         /* US_EINVAL if unknown */

struct us_history_options {
    enum us_where where; /* where commits are to go; what cannot be done falls back */
    const char *state;   /* directory of the private repository; NULL: $XDG_STATE_HOME/unspin */
};

/* Where the commits of an article go. Strings belong to the handle, valid until its next call. */
struct us_location {
    enum us_where where;
    const char *git_dir; /* of the repository that holds the history */
    const char *ref;     /* full name of the ref that moves */
    const char *path;    /* of the article in that repository's trees */
    const char *notice;  /* one line: why not where it was asked for; NULL: it is as asked */
    const char *hint;    /* one line worth saying once: hooks, signatures, identity; or NULL */
};

struct us_history;

/*
 * Find the history of the article at path, which must exist, following symbolic links, and finish
 * what a killed process may have left. Fails with US_EIO if path is no readable regular file.
 */
int us_history_open(struct us_history **out, const char *path,
                    const struct us_history_options *options, struct us_error *err);

/* May there be a history of the article? It lies in a repository, or a private history knows it. A
 * quick look: libgit2 need not be loaded for most articles that have none. */
bool us_history_possible(const char *path);
void us_history_close(struct us_history *history); /* NULL is fine */
const struct us_location *us_history_location(const struct us_history *history);

struct us_fix { /* a correction: bytes [start, end) of the text before become replacement */
    size_t start, end;
    const char *replacement; /* UTF-8, NUL-terminated */
    float confidence;        /* 0 to 1 */
    const char *kind;        /* one word; NULL: "substitution" */
    const char *rejects; /* id of a correction's commit, 40 digits, that this takes back; or NULL */
    const char *refuses; /* what was proposed for the words, which stay as they are; or NULL */
};

struct us_recorded {
    char (*oids)[41]; /* one a correction, in order; owned */
    size_t count;
    char original[41]; /* the first commit, of the author's own text; "" if none was needed */
};
void us_recorded_close(struct us_recorded *recorded);

/*
 * To be called before the file is written, if it can be: makes the objects and the journal, so
 * that the corrections are in the history even if the process is killed right after the write.
 * before is the file's bytes as the author wrote them, which must stay until the save is recorded,
 * another one is prepared, or the history is closed; fixes are in order and do not overlap.
 */
int us_history_prepare(struct us_history *history, const char *before, size_t length,
                       const struct us_fix *fixes, size_t count, struct us_error *err);

/*
 * To be called after the file was written: moves the ref. Needs no us_history_prepare() before,
 * but uses it. If the file holds neither what the fixes make of before nor a later text, nothing
 * is recorded and it fails with US_ESTATE. No fixes: no commits. Close *out in any case.
 */
int us_history_record(struct us_recorded *out, struct us_history *history, const char *before,
                      size_t length, const struct us_fix *fixes, size_t count,
                      struct us_error *err);

/* A commit of the log. Strings belong to the log, valid until its next step. */
struct us_entry {
    char oid[41];
    int64_t time; /* seconds since 1970 */
    int offset;   /* of the author's time zone, minutes east of UTC */
    const char *author, *email;
    const char *old, *replacement; /* of the correction */
    const char *path;              /* as it was called then */
    uint32_t line;                 /* 1-based */
    float confidence;
    const char *kind, *excerpt;
    bool rejected; /* reverted since, in whatever way */
};

struct us_log_options {
    bool all;     /* corrections of every article of this history, not of this one alone */
    size_t limit; /* 0: no bound */
};

struct us_log;

/* Corrections, newest first, read while they are asked for. The history must outlive the log. */
int us_log_open(struct us_log **out, struct us_history *history,
                const struct us_log_options *options, struct us_error *err);
/* Fills *entry; *more is false at the end. */
int us_log_next(bool *more, struct us_entry *entry, struct us_log *log, struct us_error *err);
void us_log_close(struct us_log *log);

/*
 * Take back one correction, named by its commit's id (at least 7 digits): by three-way merge of
 * words, in the history and in the file on disk (left alone if it is taken back there already).
 * out, of 41 bytes, gets the id of the new commit; it holds no other edit of the file, and no
 * change at all where the author has written something else there since: the swap is still
 * remembered as rejected.
 */
int us_history_reject(char *out, struct us_history *history, const char *oid,
                      struct us_error *err);

struct us_rejection {
    char *old, *replacement; /* the swap not to be proposed again */
    char *path;
    char oid[41]; /* of the correction */
    bool here;    /* rejected in this article; else in another one of its repository */
};
struct us_rejections {
    struct us_rejection *items;
    size_t count;
};

/*
 * What was rejected: by us_history_reject(), by `git revert`, or by a rebase that dropped the
 * commit; read from the history alone. The cache it keeps in <git dir>/unspin/ may be deleted.
 */
int us_history_rejected(struct us_rejections *out, struct us_history *history,
                        struct us_error *err);
void us_rejections_close(struct us_rejections *rejections);

/* Housekeeping. Nothing here touches a branch. */

/*
 * Forget corrections made before the given time (seconds since 1970) from a side or private
 * history; US_ESTATE for a branch. *dropped gets the number of commits forgotten.
 */
int us_history_prune(size_t *dropped, struct us_history *history, int64_t before,
                     struct us_error *err);

/*
 * The corrections as an mbox of patches that `git am` takes, oldest first; of commits that renamed
 * the article what concerns it, so that patches under both names find their file. free(*out).
 */
int us_history_export(char **out, size_t *length, struct us_history *history,
                      struct us_error *err);

/* The git command that shows the article's history, for a shell. free(*out). */
int us_history_command(char **out, const struct us_history *history, struct us_error *err);

/*
 * Private histories whose articles are gone. Calls found() with each one's path; drops the
 * history if it returns true. state as in us_history_options.
 */
int us_history_orphans(const char *state, bool (*found)(void *data, const char *path), void *data,
                       struct us_error *err);

#endif
