/*
 * Which repository and which ref an article's corrections go to. What cannot be recorded safely
 * on the branch goes to the side, what no repository of the user can hold to the private one, and
 * the reason is said in one line.
 */
#include "history_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

/* A directory as git names it, without the slash at its end. */
static void set_directory(struct us_bytes *out, const char *path)
{
    us_bytes_set(out, path);
    while (out->length > 1 && out->at[out->length - 1] == '/')
        out->at[--out->length] = '\0';
}

/*
 * What a ref names, or libgit2's error. Its commit may seem missing to libgit2 while other
 * processes join packs: it lists the directory anew, but the old pack may be gone and the new one
 * not yet there in one listing. Then it is looked for again.
 */
static int read_ref(git_oid *out, git_repository *repo, const char *ref)
{
    git_odb *odb = NULL;
    int result = git_reference_name_to_id(out, repo, ref);
    if (result != 0)
        return result;
    if (git_repository_odb(&odb, repo) == 0)
        for (int tries = 0; tries < 5 && !git_odb_exists(odb, out); tries++)
            nanosleep(&(struct timespec){.tv_nsec = 1000000L << tries}, NULL);
    git_odb_free(odb);
    return 0;
}

static const char *state_name(git_repository *repo)
{
    switch (git_repository_state(repo)) {
    case GIT_REPOSITORY_STATE_NONE:
        return NULL;
    case GIT_REPOSITORY_STATE_MERGE:
        return "a merge";
    case GIT_REPOSITORY_STATE_REVERT:
    case GIT_REPOSITORY_STATE_REVERT_SEQUENCE:
        return "a revert";
    case GIT_REPOSITORY_STATE_CHERRYPICK:
    case GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE:
        return "a cherry-pick";
    case GIT_REPOSITORY_STATE_BISECT:
        return "a bisect";
    default:
        return "a rebase";
    }
}

/* Is the work tree a submodule of another? */
static bool is_submodule(git_repository *repo)
{
    struct us_bytes up = {0};
    struct stat st;
    git_repository *outer = NULL;
    bool found = false;
    const char *workdir = git_repository_workdir(repo);
    us_bytes_format(&up, "%s.git", workdir);
    if (!up.failed && !git_repository_is_worktree(repo) && lstat(up.at, &st) == 0 &&
        S_ISREG(st.st_mode)) {
        up.length = 0;
        us_bytes_format(&up, "%s..", workdir);
        if (!up.failed && git_repository_open_ext(&outer, up.at, 0, NULL) == 0 &&
            git_repository_workdir(outer)) {
            struct us_index_entry entry;
            const char *root = git_repository_workdir(outer);
            size_t length = strlen(root);
            set_directory(&up, workdir);
            found =
                !up.failed && strncmp(up.at, root, length) == 0 &&
                us_index_look(&entry, git_repository_path(outer), up.at + length, NULL) == US_OK &&
                entry.present && entry.mode == GIT_FILEMODE_COMMIT;
        }
    }
    git_repository_free(outer);
    us_bytes_close(&up);
    return found;
}

/* Why the stored bytes can't be made as git would: a filter that only git can run. */
static bool foreign_filter(struct us_bytes *why, git_repository *repo, const char *path)
{
    const char *names[] = {"filter", "working-tree-encoding"};
    const char *values[2] = {NULL, NULL};
    if (git_attr_get_many(values, repo, GIT_ATTR_CHECK_FILE_THEN_INDEX, path, 2, names) != 0)
        return false;
    if (git_attr_value(values[0]) == GIT_ATTR_VALUE_STRING) {
        us_bytes_format(why, "the filter %s of its .gitattributes can't be run", values[0]);
        return true;
    }
    if (git_attr_value(values[1]) == GIT_ATTR_VALUE_STRING && strcasecmp(values[1], "UTF-8") != 0) {
        us_bytes_format(why, "its working-tree-encoding %s can't be converted", values[1]);
        return true;
    }
    return false;
}

/* The index's spelling of the path, where the file system ignores case. */
static void look_in_index(struct us_history *history, struct us_index_entry *entry, bool *editable)
{
    *editable =
        us_index_look(entry, git_repository_path(history->work), history->path.at, NULL) == US_OK;
    if (!*editable || entry->present)
        return;
    git_config *config = NULL;
    git_index *index = NULL;
    int ignore_case = 0;
    if (git_repository_config_snapshot(&config, history->work) == 0 &&
        git_config_get_bool(&ignore_case, config, "core.ignorecase") == 0 && ignore_case &&
        git_repository_index(&index, history->work) == 0) {
        const git_index_entry *spelled = git_index_get_bypath(index, history->path.at, 0);
        if (spelled) {
            us_bytes_set(&history->path, spelled->path);
            us_index_look(entry, git_repository_path(history->work), history->path.at, NULL);
        }
    }
    git_index_free(index);
    git_config_free(config);
}

/* Is there a folder in the commit where the file is to be, or a file where its folder is? */
static bool in_the_way(struct us_history *history)
{
    git_commit *commit = NULL;
    git_tree *tree = NULL;
    bool found = false;
    char *path = history->path.at;
    if (!history->has_tip || git_commit_lookup(&commit, history->work, &history->tip) != 0)
        return false;
    if (git_commit_tree(&tree, commit) == 0) {
        for (char *slash = path; slash && !found; slash = slash + 1) {
            git_tree_entry *entry = NULL;
            slash = strchr(slash, '/');
            if (slash)
                *slash = '\0';
            if (git_tree_entry_bypath(&entry, tree, path) == 0)
                found = (git_tree_entry_type(entry) == GIT_OBJECT_TREE) != (slash != NULL);
            git_tree_entry_free(entry);
            if (!slash)
                break;
            *slash = '/';
        }
    }
    git_tree_free(tree);
    git_commit_free(commit);
    return found;
}

/* Why not the branch, or NULL; also whether the private history is the only way. */
static void judge(struct us_history *history, struct us_bytes *why, enum us_where *least,
                  bool detached)
{
    struct us_index_entry entry;
    bool editable;
    git_oid head_oid = {{0}};
    uint32_t head_mode = 0;
    int ignored = 0;

    look_in_index(history, &entry, &editable);
    if (editable && !entry.present && !entry.conflicted &&
        git_ignore_path_is_ignored(&ignored, history->work, history->path.at) == 0 && ignored) {
        us_bytes_text(why, "it is ignored by git");
        *least = US_WHERE_PRIVATE;
        return;
    }
    git_index *index = NULL;
    if (git_repository_index(&index, history->work) != 0) { /* attributes need it, too */
        us_bytes_text(why, "its index can't be read: it is split, sparse or damaged");
        *least = US_WHERE_PRIVATE;
        return;
    }
    git_index_free(index);
    if (foreign_filter(why, history->work, history->path.at)) {
        *least = US_WHERE_PRIVATE;
        return;
    }
    struct us_bytes objects = {0};
    us_bytes_format(&objects, "%sobjects", git_repository_commondir(history->work));
    if (!objects.failed && access(objects.at, W_OK) != 0) {
        us_bytes_format(why, "its repository can't be written: %s", strerror(errno));
        *least = US_WHERE_PRIVATE;
    }
    us_bytes_close(&objects);
    if (*least == US_WHERE_PRIVATE)
        return;

    const char *under_way = state_name(history->work);
    bool in_head = history->has_tip && us_commit_entry(&head_oid, &head_mode, history->work,
                                                       &history->tip, history->path.at);
    bool staged = entry.present ? !entry.intent_to_add &&
                                      (!in_head || !git_oid_equal(&entry.oid, &head_oid) ||
                                       entry.mode != head_mode)
                                : in_head;
    if (!editable)
        us_bytes_text(why, "its index is of an unknown kind");
    else if (entry.conflicted)
        us_bytes_text(why, "it has conflicts");
    else if (under_way)
        us_bytes_format(why, "%s is under way", under_way);
    else if (is_submodule(history->work))
        us_bytes_text(why, "it is in a submodule");
    else if (detached)
        us_bytes_text(why, "HEAD is detached");
    else if (entry.assume_unchanged)
        us_bytes_text(why, "it is marked assume-unchanged");
    else if (entry.skip_worktree)
        us_bytes_text(why, "it is marked skip-worktree");
    else if (staged)
        us_bytes_text(why, "it has staged changes");
    else if (in_the_way(history))
        us_bytes_text(why, "its folder was a file, or it was a folder, in the last commit");
    else
        return;
    *least = US_WHERE_SIDE;
}

bool us_on_branch(struct us_history *history)
{
    git_reference *head = NULL;
    bool is = state_name(history->work) == NULL &&
              git_reference_lookup(&head, history->work, "HEAD") == 0 &&
              git_reference_type(head) == GIT_REFERENCE_SYMBOLIC &&
              strcmp(git_reference_symbolic_target(head), history->ref.at) == 0;
    git_reference_free(head);
    return is;
}

/*
 * The branch that a rebase or a bisect will come back to, by git's notes of it: its side is where
 * corrections made meanwhile are looked for later.
 */
static bool interrupted_branch(struct us_bytes *branch, struct us_history *history)
{
    static const char *const notes[] = {"rebase-merge/head-name", "rebase-apply/head-name",
                                        "BISECT_START"};
    struct us_bytes path = {0}, note = {0};
    branch->length = 0;
    for (unsigned i = 0; i < sizeof notes / sizeof *notes && !branch->length; i++) {
        path.length = note.length = 0;
        us_bytes_format(&path, "%s%s", git_repository_path(history->work), notes[i]);
        if (path.failed || us_bytes_read_file(&note, path.at) != US_OK)
            continue;
        note.at[strcspn(note.at, "\n")] = '\0';
        git_reference *found = NULL;
        if (git_reference_dwim(&found, history->work, note.at) == 0 &&
            git_reference_is_branch(found))
            us_bytes_text(branch, git_reference_name(found));
        git_reference_free(found);
    }
    us_bytes_close(&path);
    us_bytes_close(&note);
    return branch->length > 0;
}

/* What HEAD names: a branch, born or not, or a commit. */
static int read_head(struct us_history *history, struct us_bytes *branch, bool *detached,
                     struct us_error *err)
{
    git_reference *head = NULL;
    int result = US_OK;
    history->has_tip = false;
    *detached = false;
    if (git_reference_lookup(&head, history->work, "HEAD") != 0)
        return us_git_fail(err, US_EFORMAT, "read HEAD");
    if (git_reference_type(head) == GIT_REFERENCE_SYMBOLIC) {
        const char *target = git_reference_symbolic_target(head);
        us_bytes_set(branch, target);
        int found = read_ref(&history->tip, history->work, target);
        history->has_tip = found == 0;
        if (found != 0 && found != GIT_ENOTFOUND)
            result = us_git_fail(err, US_EFORMAT, "read the branch");
    } else {
        *detached = true;
        if (!interrupted_branch(branch, history))
            us_bytes_set(branch, "HEAD");
        history->tip = *git_reference_target(head);
        history->has_tip = true;
    }
    git_reference_free(head);
    return result;
}

/* Hooks and signatures are not made: worth saying once. */
static void find_hint(struct us_history *history)
{
    static const char *const hooks[] = {"pre-commit", "commit-msg", "post-commit",
                                        "prepare-commit-msg"};
    git_config *config = NULL;
    git_buf directory = {0};
    struct us_bytes path = {0};
    const char *value;
    int sign = 0;

    history->hint.length = 0;
    if (git_repository_config_snapshot(&config, history->work) == 0) {
        if (git_config_get_path(&directory, config, "core.hookspath") == 0)
            us_bytes_format(&path, "%s%s/",
                            directory.ptr[0] == '/' ? "" : git_repository_workdir(history->work),
                            directory.ptr);
        else
            us_bytes_format(&path, "%shooks/", git_repository_commondir(history->work));
        size_t stem = path.length;
        for (unsigned i = 0; i < sizeof hooks / sizeof *hooks && !path.failed; i++) {
            path.length = stem;
            us_bytes_text(&path, hooks[i]);
            if (!path.failed && access(path.at, X_OK) == 0) {
                us_bytes_format(&history->hint, "hooks are not run: %s", path.at);
                break;
            }
        }
        if (git_config_get_bool(&sign, config, "commit.gpgsign") == 0 && sign)
            us_bytes_format(&history->hint,
                            "%scommits are not signed, though commit.gpgsign is set",
                            history->hint.length ? "; " : "");
        if (git_config_get_string(&value, config, "user.email") != 0 && !getenv("EMAIL") &&
            !getenv("GIT_AUTHOR_EMAIL"))
            us_bytes_format(&history->hint,
                            "%sno user.email is set: commits carry a name of this machine",
                            history->hint.length ? "; " : "");
    }
    git_buf_dispose(&directory);
    git_config_free(config);
    us_bytes_close(&path);
}

static int choose(struct us_history *history, enum us_where least, struct us_bytes *why,
                  struct us_error *err)
{
    struct us_bytes branch = {0};
    bool detached = false;
    const char *workdir = git_repository_workdir(history->work);
    size_t length = workdir ? strlen(workdir) : 0;
    int result;

    if (!workdir || strncmp(history->file, workdir, length) != 0 ||
        strncmp(history->file + length, ".git/", 5) == 0) {
        us_bytes_text(why, workdir ? "it is not in the work tree" : "its repository is bare");
        return us_choose_private(history, err);
    }
    us_bytes_set(&history->path, history->file + length);
    result = read_head(history, &branch, &detached, err);
    if (result != US_OK)
        goto done;
    if (least != US_WHERE_PRIVATE) {
        struct us_bytes found = {0}; /* the state of things tells more than what came of it */
        judge(history, &found, &least, detached);
        if (found.length) {
            why->length = 0;
            us_bytes_add(why, found.at, found.length);
        }
        why->failed |= found.failed;
        us_bytes_close(&found);
    }
    if (history->asked > least) {
        least = history->asked;
        why->length = 0;
    }
    if (least == US_WHERE_PRIVATE) {
        result = us_choose_private(history, err);
        goto done;
    }
    history->store = history->work;
    history->place.where = least;
    find_hint(history);
    if (least == US_WHERE_BRANCH) {
        us_bytes_set(&history->ref, branch.at);
        history->seen = history->tip;
        history->has_seen = history->has_tip;
        goto done;
    }
    const char *name = strncmp(branch.at, "refs/heads/", 11) == 0 ? branch.at + 11 : branch.at;
    history->ref.length = 0;
    us_bytes_format(&history->ref, "refs/unspin/heads/%s", name);
    history->has_seen = read_ref(&history->seen, history->store, history->ref.at) == 0;
    if (history->has_seen) {
        history->tip = history->seen;
        history->has_tip = true;
    }
done:
    us_bytes_close(&branch);
    return result;
}

int us_survey(struct us_history *history, enum us_where least, const char *reason,
              struct us_error *err)
{
    struct us_bytes why = {0};
    int result;
    struct us_bytes *texts[] = {&history->ref,    &history->path,    &history->notice,
                                &history->hint,   &history->git_dir, &history->common,
                                &history->objects};
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i]->failed) /* there may be memory again */
            us_bytes_close(texts[i]);
    history->hint.length = history->notice.length = 0;
    history->has_tip = history->has_seen = false;
    if (reason)
        us_bytes_text(&why, reason);
    if (history->work && history->asked != US_WHERE_PRIVATE) {
        result = choose(history, least, &why, err);
    } else {
        if (history->asked != US_WHERE_PRIVATE)
            us_bytes_text(&why, history->no_work ? history->no_work : "it is in no repository");
        result = us_choose_private(history, err);
    }
    if (result != US_OK)
        goto done;
    if (history->place.where == US_WHERE_PRIVATE) {
        history->has_seen = read_ref(&history->seen, history->store, history->ref.at) == 0;
        history->tip = history->seen;
        history->has_tip = history->has_seen;
    }
    set_directory(&history->git_dir, git_repository_path(history->store));
    set_directory(&history->common, git_repository_commondir(history->store));
    history->objects.length = 0;
    us_bytes_format(&history->objects, "%s/objects", history->common.at);
    if (why.length && history->place.where != history->asked) {
        us_bytes_set(&history->notice, "corrections go to ");
        if (history->place.where == US_WHERE_SIDE)
            us_bytes_text(&history->notice, history->ref.at);
        else
            us_bytes_format(&history->notice, "%s", history->git_dir.at);
        us_bytes_format(&history->notice, ": %s", why.at);
    }
    if (why.failed || history->git_dir.failed || history->common.failed ||
        history->objects.failed || history->ref.failed || history->path.failed ||
        history->notice.failed || history->hint.failed) {
        result = us_fail(err, US_ENOMEM, "out of memory for the history");
        goto done;
    }
    history->place.git_dir = history->git_dir.at;
    history->place.ref = history->ref.at;
    history->place.path = history->path.at;
    history->place.notice = history->notice.length ? history->notice.at : NULL;
    history->place.hint = history->hint.length ? history->hint.at : NULL;
done:
    us_bytes_close(&why);
    return us_memory_check(result, err);
}
