/*
 * Whether an article may have a history at all. Needs nothing that needs libgit2, so that whoever
 * only asks this need not load it.
 */
#include "history_impl.h"

#include "history_sha1.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *us_default_state(void)
{
    char *path;
    const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int length;
    if (base && *base == '/')
        length = asprintf(&path, "%s/unspin", base);
    else if (home && *home)
        length = asprintf(&path, "%s/.local/state/unspin", home);
    else
        length = asprintf(&path, "/tmp/unspin-%lu", (unsigned long)getuid());
    return length < 0 ? NULL : path;
}

char *us_private_ref(const char *file)
{
    char name[64 + 1], *ref;
    size_t length = 0;
    unsigned char sum[20];
    struct us_sha1 sha1;
    const char *c = strrchr(file, '/') + 1;
    for (bool first = true; *c && length < sizeof name - 1; c++, first = false)
        if (isalnum((unsigned char)*c) || (*c == '-' && !first))
            name[length++] = *c;
        else if (length > 0 && name[length - 1] != '-')
            name[length++] = '-';
    us_sha1_begin(&sha1);
    us_sha1_add(&sha1, file, strlen(file));
    us_sha1_end(sum, &sha1);
    return asprintf(&ref, "refs/heads/%.*s-%02x%02x%02x%02x%02x%02x", (int)length, name, sum[0],
                    sum[1], sum[2], sum[3], sum[4], sum[5]) < 0
               ? NULL
               : ref;
}

bool us_is_journal(const char *name)
{
    return strlen(name) == US_JOURNAL_NAME && name[16] == '-';
}

/* Look at folder/name: is there such a file? Yes, where memory runs out; so in all that follows. */
static bool holds(const char *folder, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return true;
    bool found = access(path, F_OK) == 0;
    free(path);
    return found;
}

/* Does a line of that file end so? */
static bool lists(const char *folder, const char *name, const char *end)
{
    char *path, *line = NULL;
    size_t room = 0, tail = strlen(end);
    bool found = false;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return true;
    FILE *file = fopen(path, "re");
    for (ssize_t length; file && !found && (length = getline(&line, &room, file)) > 0;) {
        length -= line[length - 1] == '\n';
        found = (size_t)length >= tail && memcmp(line + length - tail, end, tail) == 0;
    }
    if (file) {
        found |= ferror(file) != 0;
        fclose(file);
    }
    free(line);
    free(path);
    return found;
}

/* Has a save that was killed left its journal there, whoever's it was? */
static bool holds_journal(const char *folder, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return true;
    DIR *dir = opendir(path);
    bool found = false;
    for (struct dirent *d; dir && !found && (d = readdir(dir));)
        found = us_is_journal(d->d_name);
    if (dir)
        closedir(dir);
    free(path);
    return found;
}

/* May the private repository in the folder know of the article? */
static bool knows(const char *state, const char *file)
{
    char *git, *ref;
    if (asprintf(&git, "%s/history.git", state) < 0)
        return true;
    ref = us_private_ref(file);
    bool possible = !ref || holds(git, ref) || lists(git, "packed-refs", ref) ||
                    holds_journal(git, "unspin");
    free(ref);
    free(git);
    return possible;
}

bool us_history_possible(const char *path)
{
    char *file = realpath(path, NULL), *state = us_default_state();
    bool possible = !file || !state || getenv("GIT_DIR") || knows(state, file);
    for (char *slash; !possible && (slash = strrchr(file, '/'));) {
        *slash = 0;
        possible = holds(file, ".git");
    }
    free(file);
    free(state);
    return possible;
}
