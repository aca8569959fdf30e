/*
 * history_impl.h - what the files of the history share among themselves; see history.h for who
 * does what. Nothing outside src/history*.c includes it (its tests do).
 */
#ifndef UNSPIN_HISTORY_IMPL_H
#define UNSPIN_HISTORY_IMPL_H

#include "history.h"

#include "history_bytes.h"
#include "history_memory.h"
#include "history_pack.h"

#include <git2.h>
#include <sys/stat.h>

/* Beside enum us_result: the ref moved under us; build on its new place and try again. */
enum { US_RETRY = 1 };

/* --- history_possible.c --- */

/* The directory of the private repository; free() it; NULL: out of memory. */
char *us_default_state(void);

/* The article's own ref in the private repository: its name, for people, and its path's hash; free()
 * it; NULL: out of memory. file is its real path. */
char *us_private_ref(const char *file);

enum { US_JOURNAL_NAME = 16 + 1 + 6 }; /* hash of the article's path, '-', random */
bool us_is_journal(const char *name);  /* a file in unspin/ of the git directory: us_journal_begin() */

/* --- history_open.c: handles --- */

struct us_save; /* history_record.c: a save that was prepared */

struct us_history {
    git_repository *work;     /* the article's own; NULL: none, or it can't be opened */
    git_repository *personal; /* the private one, once it was needed */
    git_repository *store;    /* whichever of both holds the history now */
    char *file;               /* the article's real path */
    char *state;              /* directory of the private repository */
    char *no_work;            /* why work is NULL; NULL: just outside any repository */
    enum us_where asked;

    struct us_location place;
    struct us_bytes git_dir, common, objects, ref, path, notice, hint; /* place's strings, too */
    git_oid tip; /* what a new commit builds on */
    bool has_tip;
    git_oid seen; /* what the ref itself held: unlike tip, unset for a side not yet forked */
    bool has_seen;

    struct us_save *save;
};

/* Once for the process: all that follows needs it. */
int us_start_libgit2(struct us_error *err);

/* Fill *err from libgit2's last error: "cannot <what>: <reason>". */
int us_git_fail(struct us_error *err, int code, const char *what);
#ifdef __clang_analyzer__
#define us_git_fail(err, code, what) us_code(us_git_fail((err), (code), (what)), (code))
#endif

/* --- history_where.c: which repository, which ref --- */

/*
 * Look at the repository as it is now and fill place, tip and seen. least is the humblest place
 * that may be chosen: US_WHERE_SIDE after the branch was found locked, say; why then goes into
 * the notice.
 */
int us_survey(struct us_history *history, enum us_where least, const char *why,
              struct us_error *err);

/* Is the history's ref still the branch that is checked out, and nothing under way there? */
bool us_on_branch(struct us_history *history);

/* --- history_private.c: the repository of the user's own --- */

/* That of a state directory (NULL: the default); *out is NULL if there is none. */
int us_private_open(git_repository **out, const char *state, struct us_error *err);

/* Let the history be there: made if there is none, place, store, ref and path filled. */
int us_choose_private(struct us_history *history, struct us_error *err);

/* --- history_stored.c: what git stores --- */

/*
 * The bytes git would store for the article's text (line endings, ident), or, to_worktree, the
 * other way round. *out is owned by the caller; us_filter() leaves it empty where git would
 * store the text as it is, that is, where *filtered is false.
 */
int us_filter(struct us_bytes *out, bool *filtered, struct us_history *history, const char *text,
              size_t length, bool to_worktree, struct us_error *err);
int us_convert(struct us_bytes *out, struct us_history *history, const char *text, size_t length,
               bool to_worktree, struct us_error *err);

/* "Name <mail> seconds zone" as commits have it, for the author or the committer. */
void us_identity(struct us_bytes *out, struct us_history *history, bool committer);

/* Entry of the path in a commit's tree; false if there is none. */
bool us_commit_entry(git_oid *oid, uint32_t *mode, git_repository *repo, const git_oid *commit,
                     const char *path);

/* --- history_message.c: a commit's message --- */

struct us_spot { /* what a message tells of a correction's place */
    const char *path;
    uint32_t line;
    const char *left; /* text before it, left_length bytes of it */
    size_t left_length;
    const char *old;
    size_t old_length;
    const char *right; /* text after it */
    size_t right_length;
    const struct us_fix *fix;
};
void us_message_correction(struct us_bytes *out, const struct us_spot *spot);
void us_message_original(struct us_bytes *out, const char *path);
void us_message_rejection(struct us_bytes *out, const struct us_entry *entry);
void us_message_refusal(struct us_bytes *out, const struct us_spot *spot);

enum us_message_kind {
    US_MESSAGE_OTHER,
    US_MESSAGE_ORIGINAL,   /* the author's own text, recorded by a save */
    US_MESSAGE_CORRECTION, /* entry's old, replacement, path, ... are set; strings in *store */
    US_MESSAGE_REVERT,     /* entry->oid is what was reverted; old, ... too if it was by a reject */
    US_MESSAGE_REFUSAL,    /* entry's old, replacement and path: never made, not to be proposed */
};
enum us_message_kind us_message_parse(struct us_entry *entry, struct us_bytes *store,
                                      const char *message, size_t length);

/* --- history_chain.c: commits that change one path --- */

struct us_level { /* one tree on the way to the article */
    struct us_bytes tree;
    size_t oid_at; /* where in tree the oid of the next level is */
    git_oid was;   /* the tree's oid before, if it existed */
    git_oid is;
    bool existed, packed;
    uint64_t key; /* offset in the pack of its first version */
};

struct us_chain {
    struct us_pack pack;
    struct us_level *levels; /* root first */
    size_t depth;
    git_oid tip;
    bool has_tip;
    bool had_blob; /* the path was in the base; was and mode are its entry's */
    git_oid was, blob;
    uint32_t mode;
    struct us_bytes author, committer, text;
    struct us_delta delta;
};

/* Start at base (NULL: no parent) of the history's store. mode is for a path that is new. */
int us_chain_begin(struct us_chain *chain, struct us_history *history, const git_oid *base,
                   uint32_t mode, struct us_error *err);
/* One more commit, of the path with this blob (which is in the store or in chain->pack). */
int us_chain_commit(struct us_chain *chain, const git_oid *blob, const struct us_bytes *message,
                    struct us_error *err);
void us_chain_close(struct us_chain *chain);

/* --- history_lock.c: locks and the journal --- */

struct us_journal { /* start zeroed with fd = -1 */
    char path[4096];
    int fd;
};
struct us_lock {
    char own[4096 + 16], lock[4096], target[4096];
    int fd;
    bool linked; /* own and lock are one file */
};

/* Make a journal of the article's own name, held while fd is open. */
int us_journal_begin(struct us_journal *journal, const char *git_dir, const char *file,
                     struct us_error *err);
int us_journal_write(struct us_journal *journal, const struct us_bytes *text, struct us_error *err);
void us_journal_remove(struct us_journal *journal);
void us_journal_release(struct us_journal *journal); /* let go of it; the file stays */

/*
 * For each journal that nobody holds: take it, drop the locks its process left, and, if it is of
 * this article, call found(); the journal is removed if it returns true. *others is the number
 * of journals of this article that are held by living processes.
 */
int us_journal_reap(size_t *others, const char *git_dir, const char *common, const char *file,
                    bool (*found)(void *data, struct us_journal *journal, const char *text),
                    void *data);
/* The value of a line "name value" of a journal's text; false if it is missing. */
bool us_journal_field(char *out, size_t size, const char *text, const char *name);

/* target.lock; waits for another's up to some seconds, then fails with US_ESTATE. */
int us_lock_take(struct us_lock *lock, const struct us_journal *journal, const char *what,
                 const char *target, double seconds, struct us_error *err);
int us_lock_commit(struct us_lock *lock, const void *data, size_t length, bool sync,
                   struct us_error *err);
void us_lock_drop(struct us_lock *lock);

/* --- history_ref.c: moving the ref --- */

/*
 * Move history's ref from history->seen (or from nothing) to the new commit, by compare-and-swap.
 * US_RETRY if it was elsewhere; US_ESTATE if it stayed locked.
 */
int us_ref_move(struct us_history *history, const struct us_journal *journal, const git_oid *to,
                const char *why, struct us_error *err);

/* --- history_index.c: keeping the index true --- */

struct us_index_entry {
    bool present;
    bool conflicted, intent_to_add, assume_unchanged, skip_worktree;
    git_oid oid;
    uint32_t mode;
};
/* US_ESTATE if the index is of a kind that can't be edited in place (a split index). */
int us_index_look(struct us_index_entry *out, const char *git_dir, const char *path,
                  struct us_error *err);
/*
 * The index with the path's entry set, every other entry and extension as it was. Fails with
 * US_ESTATE if the entry is not chain->was (or absent). st may be NULL: git looks for itself.
 */
int us_index_set(struct us_bytes *out, const char *git_dir, const char *path,
                 const struct us_chain *chain, const struct stat *st, struct us_error *err);

/* --- history_read.c: commits straight from packs --- */

struct us_raw { /* a commit's bytes */
    const char *at;
    size_t length;
    char *owned;            /* what the bytes lie in: this, or */
    git_odb_object *object; /* this, or, if both are NULL, the reader's own mapping of a pack */
};
struct us_reader;

/* objects is the object directory of repo. Close *out in any case. */
int us_reader_open(struct us_reader **out, git_repository *repo, const char *objects,
                   struct us_error *err);
/* False if there is no such commit to be had. The reader must outlive *out, to be closed. */
bool us_reader_commit(struct us_raw *out, struct us_reader *reader, const git_oid *oid);
void us_raw_close(struct us_raw *raw);
void us_reader_close(struct us_reader *reader); /* NULL is fine */

/* --- history_log.c: reading --- */

/* The commits whose ancestors are the history: its ref, the branch, the side. At most 3. */
size_t us_history_tips(git_oid tips[3], struct us_history *history);
/* A commit's message in its raw bytes. */
const char *us_raw_message(size_t *length, const char *raw, size_t raw_length);

/* --- history_names.c: what an article was called --- */

/* What a commit's file was called before it, if the commit renamed it; false if it did not. */
bool us_renamed_from(struct us_bytes *out, git_repository *repo, const git_oid *commit,
                     const char *path);
/* What it was called after. */
bool us_renamed_to(struct us_bytes *out, git_repository *repo, const git_oid *commit,
                   const char *path);

struct us_names { /* of one article, the newest first */
    char **items;
    size_t count;
};
bool us_names_have(const struct us_names *names, const char *path);
int us_names_add(struct us_names *names, const char *path, struct us_error *err);
/* Add what the article was called before the commit, if that gave it its oldest name of these. */
int us_names_follow(bool *followed, struct us_names *names, git_repository *repo,
                    const git_oid *commit, const git_oid *parent, struct us_error *err);
void us_names_close(struct us_names *names);

/* --- history_versions.c: a text's versions --- */

struct us_slice { /* bytes of another's */
    const char *at;
    size_t length;
};
struct us_edit { /* of a text: bytes [start, end) become the replacement */
    size_t start, end;
    struct us_fix fix;
    size_t length; /* of the replacement */
};
/* Append the text with all edits made. */
void us_edits_make(struct us_bytes *out, const struct us_slice *text, const struct us_edit *edits,
                   size_t count);
/* Does a file hold that? Read bit by bit, as room for a long text costs more than to compare it. */
bool us_edits_in_file(const char *path, const struct us_slice *text, const struct us_edit *edits,
                      size_t count);
/*
 * The edits in the text as git stores it, line endings converted; to be freed. NULL if they can't
 * be told, which is found by making them all and comparing.
 */
struct us_edit *us_edits_map(const struct us_edit *edits, size_t count, const struct us_slice *text,
                             const struct us_slice *stored, const struct us_slice *stored_edited);

struct us_versions {        /* start with text, edited and edits set, else zeroed */
    struct us_slice text;   /* as stored by git */
    struct us_slice edited; /* the same with all edits made; both stay until the pack is written */
    const struct us_edit *edits; /* of that text; NULL: each version must be converted whole */
    size_t made;                 /* edits, so far */
    size_t settled;              /* bytes of edited up to the last of these */
    uint64_t previous, first;    /* entries in the pack, which deltas are made against */
    size_t previous_length, first_length, first_made;
    unsigned depth;
    bool have_first;
};
/* Add the version that there is now, in full. */
int us_versions_first(git_oid *out, struct us_versions *versions, struct us_pack *pack,
                      struct us_error *err);
void us_versions_make_edit(struct us_versions *versions); /* the next one */
/* Add the version that there is now, as a delta if it can be one. */
int us_versions_add(git_oid *out, struct us_versions *versions, struct us_pack *pack,
                    struct us_delta *delta, struct us_error *err);

/* --- history_record.c: saves --- */

/*
 * Land, again and again while other gits are in the way. rebuild() makes the chain anew on the
 * history's present place.
 */
int us_land(struct us_history *history, const struct us_chain *chain,
            const struct us_journal *journal, const struct stat *st, size_t count,
            int (*rebuild)(void *data, struct us_error *err), void *data, struct us_error *err);

/*
 * us_history_prepare() with a message of one's own for the one commit of the one fix, which may
 * change nothing, and the file need not be what was recorded. message NULL: as usual.
 */
int us_save_prepare(struct us_history *history, const char *before, size_t length,
                    const struct us_fix *fixes, size_t count, const struct us_bytes *message,
                    struct us_error *err);
/* Move the ref to what was prepared, the file having been written. */
int us_save_land(struct us_recorded *out, struct us_history *history, struct us_error *err);
/* Drop a save; its journal too, unless the file holds what was to be recorded. */
void us_save_close(struct us_history *history);

/* --- history_recover.c: after a kill --- */

/* Finish or drop what killed processes left of this article's saves. */
int us_recover(struct us_history *history, struct us_error *err);

#endif
