/*
 * Locks and the journal. git's protocol is a file <target>.lock, made exclusively and renamed over
 * the target. A killed process leaves it behind, and nothing in it says whose it was. So ours is
 * made as a hard link to a file beside the journal, and the journal is held by flock(2), which the
 * kernel lets go when its process ends: a journal that can be taken is of a dead process, and a
 * lock that is the same file as that journal's is its lock, whatever it contains.
 */
#include "history_impl.h"

#include "history_sha1.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static void path_hash(char out[17], const char *file)
{
    unsigned char sum[20];
    struct us_sha1 sha1;
    us_sha1_begin(&sha1);
    us_sha1_add(&sha1, file, strlen(file));
    us_sha1_end(sum, &sha1);
    for (size_t i = 0; i < 8; i++)
        snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

/* Take a journal that may be another's: false if it is held, or was removed meanwhile. */
static bool take(int fd, const char *path)
{
    struct stat ours, there;
    return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &ours) == 0 && stat(path, &there) == 0 &&
           ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

int us_journal_begin(struct us_journal *journal, const char *git_dir, const char *file,
                     struct us_error *err)
{
    char hash[17];
    path_hash(hash, file);
    for (int tries = 0; tries < 100; tries++) {
        int length = snprintf(journal->path, sizeof journal->path, "%s/unspin", git_dir);
        if (length < 0 || (size_t)length + US_JOURNAL_NAME + 2 > sizeof journal->path)
            return us_fail(err, US_EIO, "the path of %s is too long", git_dir);
        if (mkdir(journal->path, 0777) != 0 && errno != EEXIST)
            break;
        snprintf(journal->path + length, sizeof journal->path - (size_t)length, "/%s-XXXXXX",
                 hash);
        journal->fd = mkostemp(journal->path, O_CLOEXEC);
        if (journal->fd < 0 && errno == ENOENT)
            continue;
        if (journal->fd < 0)
            break;
        if (take(journal->fd, journal->path))
            return US_OK;
        close(journal->fd); /* another process took it for a dead one's; it removes it */
        journal->fd = -1;
    }
    journal->fd = -1;
    return us_fail(err, US_EIO, "cannot write into %s/unspin: %s; nothing was recorded", git_dir,
                   strerror(errno));
}

int us_journal_write(struct us_journal *journal, const struct us_bytes *text, struct us_error *err)
{
    if (text->failed)
        return us_fail(err, US_ENOMEM, "out of memory for the history");
    if (ftruncate(journal->fd, 0) != 0 || lseek(journal->fd, 0, SEEK_SET) != 0 ||
        us_write_all(journal->fd, text->at, text->length) != 0 || fdatasync(journal->fd) != 0)
        return us_fail(err, US_EIO, "cannot write %s: %s; nothing was recorded", journal->path,
                       strerror(errno));
    return US_OK;
}

void us_journal_remove(struct us_journal *journal)
{
    if (journal->fd >= 0) {
        unlink(journal->path);
        char directory[4096];
        memcpy(directory, journal->path, sizeof directory);
        *strrchr(directory, '/') = '\0';
        rmdir(directory); /* if it is empty */
    }
    us_journal_release(journal);
}

void us_journal_release(struct us_journal *journal)
{
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
}

bool us_journal_field(char *out, size_t size, const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ' ') {
            size_t n = strcspn(line + length + 1, "\n");
            if (n >= size)
                return false;
            memcpy(out, line + length + 1, n);
            out[n] = '\0';
            return true;
        }
    }
    return false;
}

/* Remove what a dead process left of one lock: its own file, and the lock if it is the same. */
static void drop_left(const char *own, const char *target)
{
    char lock[4096 + 8];
    struct stat ours, there;
    if (lstat(own, &ours) != 0)
        return;
    if (target && (size_t)snprintf(lock, sizeof lock, "%s.lock", target) < sizeof lock &&
        lstat(lock, &there) == 0 && there.st_ino == ours.st_ino && there.st_dev == ours.st_dev)
        unlink(lock);
    unlink(own);
}

int us_journal_reap(size_t *others, const char *git_dir, const char *common, const char *file,
                    bool (*found)(void *data, struct us_journal *journal, const char *text),
                    void *data)
{
    char directory[4096], hash[17];
    *others = 0;
    if ((size_t)snprintf(directory, sizeof directory, "%s/unspin", git_dir) >= sizeof directory)
        return US_OK;
    DIR *dir = opendir(directory);
    if (!dir)
        return US_OK;
    path_hash(hash, file);
    for (struct dirent *d; (d = readdir(dir));) {
        struct us_journal journal = {.fd = -1};
        struct us_bytes text = {0};
        bool ours = strncmp(d->d_name, hash, 16) == 0;
        if (!us_is_journal(d->d_name) ||
            (size_t)snprintf(journal.path, sizeof journal.path, "%s/%s", directory, d->d_name) >=
                sizeof journal.path)
            continue;
        journal.fd = open(journal.path, O_RDWR | O_CLOEXEC);
        if (journal.fd < 0)
            continue;
        if (!take(journal.fd, journal.path)) {
            *others += ours;
            us_journal_release(&journal);
            continue;
        }
        bool remove = true;
        if (us_bytes_read_file(&text, journal.path) == US_OK && text.length > 4 &&
            strcmp(text.at + text.length - 4, "end\n") == 0) {
            char own[4096 + 16], target[8192], ref[4096];
            snprintf(own, sizeof own, "%s.index", journal.path);
            snprintf(target, sizeof target, "%s/index", git_dir);
            drop_left(own, target);
            snprintf(own, sizeof own, "%s.ref", journal.path);
            bool has_ref = us_journal_field(ref, sizeof ref, text.at, "ref");
            snprintf(target, sizeof target, "%s/%s", common, has_ref ? ref : "");
            drop_left(own, has_ref ? target : NULL);
            remove = ours && found(data, &journal, text.at);
        }
        us_bytes_close(&text);
        if (remove)
            us_journal_remove(&journal);
        else
            us_journal_release(&journal);
    }
    closedir(dir);
    return US_OK;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int us_lock_take(struct us_lock *lock, const struct us_journal *journal, const char *what,
                 const char *target, double seconds, struct us_error *err)
{
    double until = now() + seconds;
    unsigned pause = 1;
    lock->fd = -1;
    if ((size_t)snprintf(lock->target, sizeof lock->target, "%s", target) >= sizeof lock->target ||
        (size_t)snprintf(lock->lock, sizeof lock->lock, "%s.lock", target) >= sizeof lock->lock)
        return us_fail(err, US_EIO, "the path %s is too long", target);
    snprintf(lock->own, sizeof lock->own, "%s.%s", journal->path, what);
    lock->fd = open(lock->own, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (lock->fd < 0)
        return us_fail(err, US_EIO, "cannot write %s: %s; nothing was recorded", lock->own,
                       strerror(errno));
    for (;;) {
        if (link(lock->own, lock->lock) == 0) {
            lock->linked = true;
            return US_OK;
        }
        if (errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK || errno == ENOSYS) {
            /* A file system without hard links: git's own way, which can't be told after a kill. */
            int fd = open(lock->lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
            if (fd >= 0) {
                close(lock->fd);
                unlink(lock->own);
                lock->fd = fd;
                lock->linked = false;
                return US_OK;
            }
        }
        if (errno == ENOENT) { /* the directory of a new ref, or of one that git just tidied up */
            for (char *slash = lock->lock + 1; (slash = strchr(slash, '/')); slash++) {
                *slash = '\0';
                mkdir(lock->lock, 0777);
                *slash = '/';
            }
        } else if (errno != EEXIST) {
            break;
        }
        if (now() > until)
            break;
        nanosleep(&(struct timespec){.tv_nsec = (long)pause * 1000000L}, NULL);
        pause = pause < 40 ? pause * 2 : 20 + (unsigned)(now() * 1e6) % 40;
    }
    int saved = errno;
    close(lock->fd);
    unlink(lock->own);
    lock->fd = -1;
    if (saved == EEXIST)
        return us_fail(err, US_ESTATE, "%s is held by another git", lock->lock);
    return us_fail(err, US_EIO, "cannot lock %s: %s; nothing was recorded", target,
                   strerror(saved));
}

int us_lock_commit(struct us_lock *lock, const void *data, size_t length, bool sync,
                   struct us_error *err)
{
    struct stat st;
    if (stat(lock->target, &st) == 0)
        (void)!fchmod(lock->fd, st.st_mode & 0777); /* as shared as it was */
    if (us_write_all(lock->fd, data, length) == 0 && (!sync || fsync(lock->fd) == 0) &&
        rename(lock->lock, lock->target) == 0) {
        close(lock->fd);
        if (lock->linked)
            unlink(lock->own);
        lock->fd = -1;
        return US_OK;
    }
    us_fail(err, US_EIO, "cannot write %s: %s; nothing was recorded", lock->target,
            strerror(errno));
    us_lock_drop(lock);
    return US_EIO;
}

void us_lock_drop(struct us_lock *lock)
{
    if (lock->fd < 0)
        return;
    close(lock->fd);
    unlink(lock->lock);
    if (lock->linked)
        unlink(lock->own);
    lock->fd = -1;
}
