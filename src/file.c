#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0) {
            if (errno == EINTR)
                continue;
            return false;
        }
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

/* Make the rename itself last: best effort, since not every file system can sync a directory. */
static void sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* target is a real path (no symbolic link), folder the directory it lies in. */
static int replace(const char *target, const char *folder, const char *bytes, size_t length,
                   const struct stat *old, struct us_error *err)
{
    int result = US_EIO;
    int fd = -1;
    size_t size = strlen(folder) + sizeof "/.unspin-XXXXXX";
    char *temporary = malloc(size);
    if (!temporary)
        return us_fail(err, US_ENOMEM, "out of memory while writing %s", target);
    snprintf(temporary, size, "%s/.unspin-XXXXXX", folder);

    fd = mkstemp(temporary);
    if (fd < 0) {
        us_fail(err, US_EIO, "%s: cannot create a file beside it: %s; it was left as it was",
                target, strerror(errno));
        goto done;
    }
    /* Owner before mode: chown clears the set-id bits. Only root may give files away. */
    bool owned =
        fchown(fd, old->st_uid, old->st_gid) == 0 || fchown(fd, (uid_t)-1, old->st_gid) == 0;
    mode_t mode = old->st_mode & (owned ? 07777 : 0777);
    bool written = fchmod(fd, mode) == 0 && write_all(fd, bytes, length) && fsync(fd) == 0;
    int why = errno;
    if (close(fd) != 0 && written) {
        written = false;
        why = errno;
    }
    if (written && rename(temporary, target) != 0) {
        written = false;
        why = errno;
    }
    if (!written) {
        unlink(temporary);
        us_fail(err, US_EIO, "%s: cannot be written: %s; it was left as it was", target,
                strerror(why));
        goto done;
    }
    sync_folder(folder);
    result = US_OK;
done:
    free(temporary);
    return result;
}

int us_file_replace(const char *path, const char *bytes, size_t length, struct us_error *err)
{
    int result = US_EIO;
    struct stat old;
    char *target = realpath(path, NULL);
    char *folder = target ? strdup(target) : NULL;

    if (!target || !folder) {
        us_fail(err, US_EIO, "%s: %s", path, strerror(errno));
        goto done;
    }
    if (stat(target, &old) != 0 || faccessat(AT_FDCWD, target, W_OK, AT_EACCESS) != 0) {
        us_fail(err, US_EIO, "%s: %s", path, strerror(errno));
        goto done;
    }
    if (!S_ISREG(old.st_mode)) {
        us_fail(err, US_EIO, "%s: is not a regular file", path);
        goto done;
    }

    sigset_t ending, before;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGHUP);
    sigaddset(&ending, SIGQUIT);
    sigprocmask(SIG_BLOCK, &ending, &before);
    result = replace(target, dirname(folder), bytes, length, &old, err);
    sigprocmask(SIG_SETMASK, &before, NULL);
done:
    free(folder);
    free(target);
    return result;
}
