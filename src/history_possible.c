/*
 * Whether an article may have a history at all. Needs nothing that needs libgit2, so that whoever
 * only asks this need not load it.
 */
#include "history_impl.h"

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

/* Is there such a file in the folder? Yes, where memory runs out. */
static bool holds(const char *folder, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return true;
    bool found = access(path, F_OK) == 0;
    free(path);
    return found;
}

bool us_history_possible(const char *path)
{
    char *file = realpath(path, NULL), *state = us_default_state();
    bool possible = !file || !state || getenv("GIT_DIR") || holds(state, "history.git");
    for (char *slash; !possible && (slash = strrchr(file, '/'));) {
        *slash = 0;
        possible = holds(file, ".git");
    }
    free(file);
    free(state);
    return possible;
}
