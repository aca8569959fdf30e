/*
 * Every state that a repository can be in: where the corrections go, that the user is told, and
 * that git finds everything else as it was.
 */
#include "repository.h"

#define ARTICLE "printf 'Following an settlement to cut back.\\n\\nThe expertise is old.\\n'"
#define COMMITTED                                                                                  \
    "git init -q repo && cd repo && mkdir articles && " ARTICLE " >articles/a.md && "              \
    "echo other >other && git add . && git commit -qm Receive && "
#define TWO_BRANCHES                                                                               \
    COMMITTED "git checkout -qb topic && echo topic >other && git commit -qam topic && "           \
              "git checkout -q main && echo main >other && git commit -qam main && "

/* As newer gits leave it. */
#define REFTABLE                                                                                   \
    COMMITTED "git config core.repositoryFormatVersion 1 && "                                      \
              "git config extensions.refStorage reftable && rm -r .git/refs && mkdir .git/refs "    \
              ".git/reftable && echo 'this repository uses the reftable format' >.git/refs/heads "  \
              "&& echo 'ref: refs/heads/.invalid' >.git/HEAD && : >.git/reftable/tables.list"

struct state {
    const char *name;
    const char *setup;   /* in an empty folder, leaves the article */
    const char *article; /* NULL: repo/articles/a.md */
    enum us_where where;
    const char *told;    /* part of the notice or hint; NULL: there is no notice */
};

static const struct state states[] = {
    {"tracked and clean", COMMITTED "true", NULL, US_WHERE_BRANCH, NULL},
    {"tracked and edited", COMMITTED "echo more >>articles/a.md", NULL, US_WHERE_BRANCH, NULL},
    {"unborn HEAD", "mkdir -p repo/articles && git init -q repo && " ARTICLE " >repo/articles/a.md",
     NULL, US_WHERE_BRANCH, NULL},
    {"unborn HEAD, other files staged",
     "mkdir -p repo/articles && git init -q repo && " ARTICLE " >repo/articles/a.md && "
     "cd repo && echo other >other && git add other",
     NULL, US_WHERE_BRANCH, NULL},
    {"untracked", COMMITTED ARTICLE " >articles/b.md", "repo/articles/b.md", US_WHERE_BRANCH, NULL},
    {"untracked in a new folder", COMMITTED "mkdir -p new/er && " ARTICLE " >new/er/b.md",
     "repo/new/er/b.md", US_WHERE_BRANCH, NULL},
    {"other files staged",
     COMMITTED "echo x >>other && echo y >articles/y && git add . && git rm -q --cached other", NULL,
     US_WHERE_BRANCH, NULL},
    {"a neighbour staged", COMMITTED "echo y >articles/b && git add articles/b", NULL,
     US_WHERE_BRANCH, NULL},
    {"detached HEAD", COMMITTED "git checkout -q --detach", NULL, US_WHERE_SIDE, "detached"},
    {"merge under way", TWO_BRANCHES "! git merge topic", NULL, US_WHERE_SIDE, "merge"},
    {"rebase under way", TWO_BRANCHES "! git rebase topic", NULL, US_WHERE_SIDE, "rebase"},
    {"cherry-pick under way", TWO_BRANCHES "! git cherry-pick topic", NULL, US_WHERE_SIDE,
     "cherry-pick"},
    {"revert under way",
     COMMITTED "echo 1 >other && git commit -qam 1 && echo 2 >other && git commit -qam 2 && "
               "! git revert --no-edit HEAD~1",
     NULL, US_WHERE_SIDE, "revert"},
    {"bisect under way",
     COMMITTED "echo 1 >other && git commit -qam 1 && git bisect start HEAD HEAD~1", NULL,
     US_WHERE_SIDE, "bisect"},
    {"staged differently",
     COMMITTED "echo x >>articles/a.md && git add . && echo y >>articles/a.md", NULL, US_WHERE_SIDE,
     "staged"},
    {"added, not committed", COMMITTED ARTICLE " >b.md && git add b.md", "repo/b.md", US_WHERE_SIDE,
     "staged"},
    {"removed from the index", COMMITTED "git rm -q --cached articles/a.md", NULL, US_WHERE_SIDE,
     "staged"},
    {"intent to add", COMMITTED ARTICLE " >b.md && git add -N b.md", "repo/b.md", US_WHERE_BRANCH,
     NULL},
    {"conflicted",
     COMMITTED "git checkout -qb topic && echo x >>articles/a.md && git commit -qam x && "
               "git checkout -q main && echo y >>articles/a.md && git commit -qam y && "
               "! git merge topic && " ARTICLE " >articles/a.md",
     NULL, US_WHERE_SIDE, "conflict"},
    {"ignored", COMMITTED "echo b.md >.gitignore && " ARTICLE " >b.md", "repo/b.md",
     US_WHERE_PRIVATE, "ignored"},
    {"ignored but tracked", COMMITTED "echo articles >.gitignore", NULL, US_WHERE_BRANCH, NULL},
    {"assume-unchanged", COMMITTED "git update-index --assume-unchanged articles/a.md", NULL,
     US_WHERE_SIDE, "assume-unchanged"},
    {"skip-worktree", COMMITTED "git update-index --skip-worktree articles/a.md", NULL,
     US_WHERE_SIDE, "skip-worktree"},
    {"sparse checkout",
     COMMITTED "mkdir far && echo f >far/f && git add . && git commit -qm far && "
               "git sparse-checkout set articles",
     NULL, US_WHERE_BRANCH, NULL},
    {"sparse index",
     COMMITTED "mkdir far && echo f >far/f && git add . && git commit -qm far && "
               "git sparse-checkout set --cone --sparse-index articles",
     NULL, US_WHERE_PRIVATE, "sparse"},
    {"split index", COMMITTED "git update-index --split-index", NULL, US_WHERE_PRIVATE, "split"},
    {"index of version 4", COMMITTED "git update-index --index-version 4", NULL, US_WHERE_BRANCH,
     NULL},
    {"index of version 4, untracked",
     COMMITTED "echo c >articles/c.md && git add . && git commit -qm c && "
               "git update-index --index-version 4 && " ARTICLE " >articles/b.md",
     "repo/articles/b.md", US_WHERE_BRANCH, NULL},
    {"untracked cache", COMMITTED "git update-index --untracked-cache && git status", NULL,
     US_WHERE_BRANCH, NULL},
    {"linked worktree", COMMITTED "git worktree add -q ../linked -b linked", "linked/articles/a.md",
     US_WHERE_BRANCH, NULL},
    {"submodule",
     COMMITTED "cd .. && git init -q outer && cd outer && git submodule --quiet add ../repo sub && "
               "git commit -qm sub",
     "outer/sub/articles/a.md", US_WHERE_SIDE, "submodule"},
    {"separate git dir",
     "git init -q --separate-git-dir store repo && cd repo && " ARTICLE " >a.md && git add . && "
     "git commit -qm Receive",
     "repo/a.md", US_WHERE_BRANCH, NULL},
    {"bare store", "git init -q --bare repo && " ARTICLE " >repo/a.md", "repo/a.md",
     US_WHERE_PRIVATE, "bare"},
    {"inside of .git", COMMITTED ARTICLE " >.git/a.md", "repo/.git/a.md", US_WHERE_PRIVATE,
     "not in the work tree"},
    {"outside of any repository", ARTICLE " >a.md", "a.md", US_WHERE_PRIVATE, "no repository"},
    {"shallow clone",
     COMMITTED "echo x >>other && git commit -qam x && cd .. && "
               "git clone -q --depth 1 file://$PWD/repo shallow",
     "shallow/articles/a.md", US_WHERE_BRANCH, NULL},
    {"partial clone",
     COMMITTED "git config uploadpack.allowFilter true && cd .. && "
               "git clone -q --filter=blob:none file://$PWD/repo partial",
     "partial/articles/a.md", US_WHERE_BRANCH, NULL},
    {"partial clone, a tree missing",
     COMMITTED "git config uploadpack.allowFilter true && cd .. && "
               "git clone -q --filter=tree:0 file://$PWD/repo partial && cd repo && echo x >new && "
               "git add . && git commit -qm new && cd ../partial && git fetch -q && "
               "git update-ref refs/heads/main origin/main && mv ../repo ../away",
     "partial/articles/a.md", US_WHERE_PRIVATE, "cannot read a tree"},
    {"sha256",
     "git init -q --object-format=sha256 repo && cd repo && " ARTICLE " >a.md && git add . && "
     "git commit -qm Receive",
     "repo/a.md", US_WHERE_PRIVATE, "can't be opened"},
    {"an extension of the future",
     COMMITTED "git config core.repositoryFormatVersion 1 && git config extensions.future true", NULL,
     US_WHERE_PRIVATE, "can't be opened"},
    {"reftable", REFTABLE, NULL, US_WHERE_PRIVATE,
     "its repository can't be opened: unsupported extension name extensions.refstorage"},
    {"autocrlf",
     COMMITTED "git config core.autocrlf true && rm articles/a.md && git checkout -q articles/a.md",
     NULL, US_WHERE_BRANCH, NULL},
    {"text=auto, CRLF in the work tree",
     COMMITTED "echo '* text=auto' >.gitattributes && git add . && git commit -qm attributes && "
               "sed -i 's/$/\\r/' articles/a.md",
     NULL, US_WHERE_BRANCH, NULL},
    {"eol=crlf",
     COMMITTED "echo '*.md text eol=crlf' >.gitattributes && rm articles/a.md && "
               "git checkout -q articles/a.md && git add . && git commit -qm attributes",
     NULL, US_WHERE_BRANCH, NULL},
    {"CRLF as it is",
     COMMITTED "sed -i 's/$/\\r/' articles/a.md && git commit -qam crlf", NULL, US_WHERE_BRANCH,
     NULL},
    {"ident",
     COMMITTED "echo '*.md ident' >.gitattributes && git add . && git commit -qm attributes && "
               "echo '$Id$' >>articles/a.md && git commit -qam id && rm articles/a.md && "
               "git checkout -q articles/a.md",
     NULL, US_WHERE_BRANCH, NULL},
    {"ident before the corrections",
     COMMITTED "echo '*.md ident' >.gitattributes && git add . && git commit -qm attributes && "
               "sed -i '1i$Id$' articles/a.md && git commit -qam id && rm articles/a.md && "
               "git checkout -q articles/a.md",
     NULL, US_WHERE_BRANCH, NULL},
    {"working-tree-encoding",
     COMMITTED "echo '*.md working-tree-encoding=latin1' >.gitattributes", NULL, US_WHERE_PRIVATE,
     "working-tree-encoding"},
    {"clean and smudge filter",
     COMMITTED "echo '*.md filter=upper' >.gitattributes && "
               "git config filter.upper.clean 'tr a-z A-Z'",
     NULL, US_WHERE_PRIVATE, "filter upper"},
    {"LFS", COMMITTED "echo '*.md filter=lfs diff=lfs merge=lfs -text' >.gitattributes", NULL,
     US_WHERE_PRIVATE, "filter lfs"},
    {"executable", COMMITTED "chmod +x articles/a.md && git commit -qam x", NULL, US_WHERE_BRANCH,
     NULL},
    {"a link into another repository",
     COMMITTED "cd .. && git init -q links && ln -s ../repo/articles/a.md links/a.md", "links/a.md",
     US_WHERE_BRANCH, NULL},
    {"a link out of the repository", COMMITTED ARTICLE " >../a.md && ln -s ../a.md out.md",
     "repo/out.md", US_WHERE_PRIVATE, "no repository"},
    {"a file where a link was",
     COMMITTED "ln -s other l.md && git add . && git commit -qm link && rm l.md && " ARTICLE
               " >l.md",
     "repo/l.md", US_WHERE_SIDE, NULL},
    {"a folder where a file was",
     COMMITTED "rm other && mkdir other && " ARTICLE " >other/a.md", "repo/other/a.md",
     US_WHERE_SIDE, NULL},
    {"another case of the name",
     COMMITTED "git config core.ignoreCase true && mv articles/a.md articles/A.MD",
     "repo/articles/A.MD", US_WHERE_BRANCH, NULL},
    {"odd names", COMMITTED "mkdir \"d 'q\" && " ARTICLE " >\"d 'q/é → \\\"x\\\" #.md\"",
     "repo/d 'q/é → \"x\" #.md", US_WHERE_BRANCH, NULL},
    {"a very long path",
     COMMITTED "n=$(printf 'n%.0s' $(seq 250)) && p=$n/$n/$n/$n/$n/$n/$n/$n/$n/$n/$n/$n && "
               "mkdir -p $p && " ARTICLE " >$p/a.md && ln -s repo/$p/a.md ../link.md",
     "link.md", US_WHERE_BRANCH, NULL},
    {"a decomposed name", COMMITTED ARTICLE " >\"$(printf 'e\\314\\201.md')\"", "repo/e\xcc\x81.md",
     US_WHERE_BRANCH, NULL},
    {"a hook", COMMITTED "printf '#!/bin/sh\\nexit 1\\n' >.git/hooks/pre-commit && "
                         "chmod +x .git/hooks/pre-commit",
     NULL, US_WHERE_BRANCH, "hooks are not run"},
    {"core.hooksPath",
     COMMITTED "git config core.hooksPath hooks && mkdir hooks && "
               "printf '#!/bin/sh\\nexit 1\\n' >hooks/pre-commit && chmod +x hooks/pre-commit",
     NULL, US_WHERE_BRANCH, "hooks are not run"},
    {"commit.gpgsign", COMMITTED "git config commit.gpgsign true", NULL, US_WHERE_BRANCH,
     "not signed"},
    {"no identity", COMMITTED "rm ~/.gitconfig && git config user.useConfigOnly true", NULL,
     US_WHERE_BRANCH, "no user.email"},
    {"another owner", COMMITTED "chown -R 12345 .", NULL, US_WHERE_PRIVATE, "safe.directory"},
    {"index.lock held", COMMITTED "echo held >.git/index.lock", NULL, US_WHERE_SIDE, "index.lock"},
    {"branch locked", COMMITTED "echo held >.git/refs/heads/main.lock", NULL, US_WHERE_SIDE,
     "main.lock"},
    {"a damaged index", COMMITTED "echo damaged >.git/index", NULL, US_WHERE_PRIVATE, "its index"},
    {"an index of version 4, long names",
     COMMITTED "n=$(printf 'n%.0s' $(seq 200)) && echo 1 >articles/$n && echo 2 >articles/${n}2 && "
               "echo 3 >articles/z && git update-index --index-version 4 && git add . && "
               "git commit -qm names",
     NULL, US_WHERE_BRANCH, NULL},
    {"packed refs", COMMITTED "git pack-refs --all", NULL, US_WHERE_BRANCH, NULL},
    {"a branch with slashes", COMMITTED "git checkout -qb a/b/c", NULL, US_WHERE_BRANCH, NULL},
};

/* HEAD, the staged content and the state of all files but the article, as git sees them. */
static const char *others(const char *folder, const char *name)
{
    return output("cd '%s' && { git rev-parse -q --verify HEAD; git diff --cached; git status "
                  "--porcelain -unormal; } 2>/dev/null | grep -vF \"%s\" | grep -v '^index'; true",
                  folder, name);
}

/* Every file, folder and link of the test but the private history and the article, byte for byte. */
static const char *all_but(const char *path)
{
    return output("find . -mindepth 1 -path ./unspin -prune -o ! -samefile \"%s\" -printf '%%p %%y %%m %%T@ %%l\\n' | "
                  "sort; find . -path ./unspin -prune -o -type f ! -samefile \"%s\" -print0 | sort -z | "
                  "xargs -0 sha1sum", path, path);
}

static void check_state(void **data)
{
    const struct state *state = *data;
    const char *relative = state->article ? state->article : "repo/articles/a.md";
    static const char *const swaps[] = {"settlement=agreement", "expertise=technology", NULL};
    char path[4096], folder[4096], before[65536], files[65536];
    begin(NULL);
    if (strcmp(state->name, "another owner") == 0 && getuid() != 0)
        skip();
    output("%s", state->setup);
    snprintf(path, sizeof path, "%s/%s", work, relative);
    char real[4096];
    assert_non_null(realpath(path, real));
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(real, '/') - real), real);
    for (char *c = folder; (c = strchr(c, '\'')) && strlen(folder) < sizeof folder - 8; c += 4) {
        memmove(c + 4, c + 1, strlen(c));
        memcpy(c, "'\\''", 4);
    }
    const char *name = strrchr(real, '/') + 1;
    char plain[64];
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(name, "\"\\$`"), name);
    bool branch = state->where == US_WHERE_BRANCH;
    snprintf(before, sizeof before, "%s", branch ? "" : others(folder, plain));
    if (state->where == US_WHERE_PRIVATE)
        snprintf(files, sizeof files, "%s", all_but(real));

    struct us_history *history = open_history(path, US_WHERE_BRANCH);
    struct us_recorded recorded = correct(history, path, swaps);
    const struct us_location *place = us_history_location(history);

    assert_string_equal(us_where_name(place->where), us_where_name(state->where));
    assert_int_equal(recorded.count, 2);
    const char *told = place->notice ? place->notice : place->hint;
    if (state->told && (!told || !strstr(told, state->told)))
        fail_msg("told \"%s\", not of \"%s\"", told ? told : "nothing", state->told);
    if (!state->told && branch)
        assert_null(place->notice);

    if (state->where == US_WHERE_PRIVATE)
        assert_string_equal(all_but(real), files);

    /* What git says of it; a lock that was another's is still there. */
    const char *git = "git -c safe.directory='*'";
    if (strstr(state->name, "held") || strstr(state->name, "locked"))
        output("test \"$(cat repo/.git/*.lock repo/.git/refs/heads/*.lock 2>/dev/null)\" = held && "
               "rm -f repo/.git/index.lock repo/.git/refs/heads/main.lock");
    output("%s --git-dir='%s' fsck --strict --no-dangling", git, place->git_dir);
    assert_string_equal(output("%s --git-dir='%s' log -2 --format=%%s '%s'", git, place->git_dir,
                               place->ref),
                        "expertise → technology\nsettlement → agreement");
    assert_string_equal(output("%s --git-dir='%s' log -1 --format='%%H' '%s'", git, place->git_dir,
                               place->ref), recorded.oids[1]);
    assert_string_equal(output("%s --git-dir='%s' diff-tree -r --numstat --no-commit-id -z '%s' | "
                               "cut -f1,2 | head -c 3", git, place->git_dir, recorded.oids[1]),
                        "1\t1");
    if (branch)
        assert_string_equal(output("cd '%s' && git status --porcelain -- \"%s\"*", folder, plain),
                            "");
    else
        assert_string_equal(others(folder, plain), before);
    assert_string_equal(output("ls '%s/unspin' 2>/dev/null || true", place->git_dir), "");
    us_recorded_close(&recorded);
    us_history_close(history);
}

static int finish(void **data)
{
    (void)data;
    return end(NULL);
}

int main(void)
{
    enum { COUNT = sizeof states / sizeof *states };
    static struct CMUnitTest tests[COUNT];
    const char *only = getenv("ONLY");
    size_t count = 0;
    for (size_t i = 0; i < COUNT; i++)
        if (!only || strstr(states[i].name, only))
            tests[count++] = (struct CMUnitTest){.name = states[i].name,
                                                 .test_func = check_state,
                                                 .teardown_func = finish,
                                                 .initial_state = (void *)(uintptr_t)&states[i]};
    return _cmocka_run_group_tests("history: states of a repository", tests, count, NULL, NULL);
}
