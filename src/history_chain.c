/*
 * Commits that change one path. Only the trees on the way to the article are read and written;
 * after the first commit each is a delta of twenty bytes.
 */
#include "history_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char no_oid[20] = {0};

/* An entry of a tree's raw bytes. */
struct item {
    const char *name;
    size_t name_length;
    uint32_t mode;
    size_t start, oid_at;
};

static bool next_item(struct item *item, const struct us_bytes *tree, size_t *at)
{
    if (*at >= tree->length)
        return false;
    const char *start = tree->at + *at, *end = tree->at + tree->length;
    char *space;
    item->start = *at;
    item->mode = (uint32_t)strtoul(start, &space, 8);
    const char *nul = memchr(space, '\0', (size_t)(end - space));
    if (*space != ' ' || !nul || end - nul < 21)
        return false;
    item->name = space + 1;
    item->name_length = (size_t)(nul - item->name);
    item->oid_at = (size_t)(nul + 1 - tree->at);
    *at = item->oid_at + 20;
    return true;
}

/* git's order: by bytes, a directory as if its name ended in a slash. */
static int compare_names(const char *a, size_t a_length, bool a_tree, const char *b,
                         size_t b_length, bool b_tree)
{
    size_t least = a_length < b_length ? a_length : b_length;
    int order = memcmp(a, b, least);
    if (order)
        return order;
    unsigned char x = a_length > least ? (unsigned char)a[least] : a_tree ? '/' : 0;
    unsigned char y = b_length > least ? (unsigned char)b[least] : b_tree ? '/' : 0;
    return (int)x - (int)y;
}

static bool is_tree(uint32_t mode)
{
    return (mode & 0170000) == 0040000;
}

/*
 * Find the name in the tree, or make an entry for it with no oid yet; one of another type (a
 * directory or a link where a file is to be) goes. Returns where its oid is; *found gets its mode, or 0.
 */
static size_t place_in_tree(struct us_bytes *tree, uint32_t *found, const char *name,
                            size_t length, uint32_t mode)
{
    struct us_bytes made = {0};
    struct item item;
    size_t at = 0, where = tree->length;
    bool placed = false;
    *found = 0;
    while (next_item(&item, tree, &at)) {
        if (item.name_length == length && memcmp(item.name, name, length) == 0) {
            if ((item.mode & 0170000) == (mode & 0170000)) {
                *found = item.mode;
                return item.oid_at;
            }
            memmove(tree->at + item.start, tree->at + at, tree->length - at);
            tree->length -= at - item.start;
            at = item.start;
            continue;
        }
        if (!placed && compare_names(item.name, item.name_length, is_tree(item.mode), name, length,
                                     is_tree(mode)) > 0) {
            where = item.start;
            placed = true;
        }
    }
    if (!placed)
        where = tree->length;
    us_bytes_format(&made, "%o ", (unsigned)mode);
    us_bytes_add(&made, name, length);
    us_bytes_add(&made, "", 1);
    size_t oid_at = where + made.length;
    us_bytes_add(&made, no_oid, 20);
    us_bytes_reserve(tree, made.length + 1);
    if (made.failed || tree->failed) {
        tree->failed = true;
    } else {
        memmove(tree->at + where + made.length, tree->at + where, tree->length - where);
        memcpy(tree->at + where, made.at, made.length);
        tree->length += made.length;
    }
    us_bytes_close(&made);
    return oid_at;
}

static int load_tree(struct us_level *level, git_odb *odb, const git_oid *oid,
                     struct us_error *err)
{
    git_odb_object *object = NULL;
    if (git_odb_read(&object, odb, oid) != 0)
        return us_git_fail(err, US_EFORMAT, "read a tree of the repository");
    us_bytes_add(&level->tree, git_odb_object_data(object), git_odb_object_size(object));
    git_odb_object_free(object);
    level->was = level->is = *oid;
    level->existed = true;
    return US_OK;
}

int us_chain_begin(struct us_chain *chain, struct us_history *history, const git_oid *base,
                   uint32_t mode, struct us_error *err)
{
    git_odb *odb = NULL;
    git_commit *commit = NULL;
    const char *path = history->path.at;
    git_oid next;
    bool have_next = false;

    *chain = (struct us_chain){.mode = mode};
    int result = us_pack_begin(&chain->pack, err);
    if (result != US_OK)
        return result;
    chain->depth = 1;
    for (const char *c = path; *c; c++)
        chain->depth += *c == '/';
    chain->levels = calloc(chain->depth, sizeof *chain->levels);
    if (!chain->levels)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    us_identity(&chain->author, history, false);
    us_identity(&chain->committer, history, true);
    if (base) {
        chain->tip = *base;
        chain->has_tip = true;
        if (git_commit_lookup(&commit, history->store, base) != 0)
            return us_git_fail(err, US_EFORMAT, "read the branch's last commit");
        next = *git_commit_tree_id(commit);
        have_next = true;
        git_commit_free(commit);
    }
    if (git_repository_odb(&odb, history->store) != 0)
        return us_git_fail(err, US_EFORMAT, "open the repository's objects");
    for (size_t i = 0; i < chain->depth; i++) {
        struct us_level *level = &chain->levels[i];
        size_t length = strcspn(path, "/");
        bool last = path[length] == '\0';
        uint32_t found;
        us_bytes_add(&level->tree, "", 0);
        if (have_next)
            result = load_tree(level, odb, &next, err);
        if (result != US_OK)
            break;
        level->oid_at = place_in_tree(&level->tree, &found, path, length,
                                      last ? mode : (uint32_t)GIT_FILEMODE_TREE);
        if (level->tree.failed) {
            result = us_fail(err, US_ENOMEM, "out of memory for the history");
            break;
        }
        have_next = found != 0;
        if (have_next)
            memcpy(next.id, level->tree.at + level->oid_at, 20);
        if (last && have_next) {
            chain->had_blob = true;
            chain->was = next;
            chain->mode = found;
        }
        path += length + 1;
    }
    git_odb_free(odb);
    return result;
}

/* Write a level's tree as it is now. */
static int pack_tree(struct us_chain *chain, struct us_level *level, struct us_error *err)
{
    struct us_content content = {.type = GIT_OBJECT_TREE,
                                 .head = level->tree.at,
                                 .head_length = level->tree.length,
                                 .tail = ""};
    if (!level->packed || level->tree.length < 100) {
        level->packed = true;
        return us_pack_whole(&level->is, &level->key, &chain->pack, &content, err);
    }
    struct us_delta *delta = &chain->delta;
    us_delta_begin(delta, level->key, level->tree.length, level->tree.length);
    us_delta_copy(delta, 0, level->oid_at);
    us_delta_insert(delta, level->tree.at + level->oid_at, 20);
    us_delta_copy(delta, level->oid_at + 20, level->tree.length - level->oid_at - 20);
    us_content_name(&level->is, &content);
    return us_pack_delta(NULL, &chain->pack, &level->is, delta, err);
}

int us_chain_commit(struct us_chain *chain, const git_oid *blob, const struct us_bytes *message,
                    struct us_error *err)
{
    const git_oid *below = blob;
    chain->blob = *blob;
    for (size_t i = chain->depth; i-- > 0;) {
        struct us_level *level = &chain->levels[i];
        memcpy(level->tree.at + level->oid_at, below->id, 20);
        int result = pack_tree(chain, level, err);
        if (result != US_OK)
            return result;
        below = &level->is;
    }
    char hex[41];
    struct us_bytes *text = &chain->text;
    text->length = 0;
    git_oid_tostr(hex, sizeof hex, below);
    us_bytes_text(text, "tree ");
    us_bytes_text(text, hex);
    if (chain->has_tip) {
        git_oid_tostr(hex, sizeof hex, &chain->tip);
        us_bytes_text(text, "\nparent ");
        us_bytes_text(text, hex);
    }
    us_bytes_text(text, "\nauthor ");
    us_bytes_add(text, chain->author.at, chain->author.length);
    us_bytes_text(text, "\ncommitter ");
    us_bytes_add(text, chain->committer.at, chain->committer.length);
    us_bytes_text(text, "\n\n");
    us_bytes_add(text, message->at, message->length);
    if (text->failed || message->failed || chain->author.failed || chain->committer.failed)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    struct us_content content = {
        .type = GIT_OBJECT_COMMIT, .head = text->at, .head_length = text->length, .tail = ""};
    int result = us_pack_whole(&chain->tip, NULL, &chain->pack, &content, err);
    chain->has_tip = true;
    return result;
}

void us_chain_close(struct us_chain *chain)
{
    for (size_t i = 0; i < chain->depth && chain->levels; i++)
        us_bytes_close(&chain->levels[i].tree);
    free(chain->levels);
    us_pack_close(&chain->pack);
    us_bytes_close(&chain->author);
    us_bytes_close(&chain->committer);
    us_bytes_close(&chain->text);
    us_bytes_close(&chain->delta.bytes);
    *chain = (struct us_chain){0};
}
