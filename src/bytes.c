#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int us_map(struct us_mapping *out, const char *path, const char *what, struct us_error *err)
{
    *out = (struct us_mapping){.bytes = (const unsigned char *)""};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return us_fail(err, US_EIO, "cannot open the %s %s: %s", what, path, strerror(errno));

    int rc = US_OK;
    struct stat info;
    if (fstat(file, &info) < 0) {
        rc = us_fail(err, US_EIO, "cannot read the %s %s: %s", what, path, strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        rc = us_fail(err, US_EIO, "the %s %s is not a regular file", what, path);
    } else if (info.st_size > 0) {
        void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (bytes == MAP_FAILED) {
            rc = us_fail(err, US_EIO, "cannot map the %s %s: %s", what, path, strerror(errno));
        } else {
            out->bytes = bytes;
            out->length = (size_t)info.st_size;
        }
    }
    close(file);
    return rc;
}

void us_unmap(struct us_mapping *mapping)
{
    if (mapping->length)
        munmap((void *)(uintptr_t)mapping->bytes, mapping->length);
    *mapping = (struct us_mapping){0};
}

int us_write_file(const char *path, const void *bytes, size_t length, const char *what,
                  struct us_error *err)
{
    /* Two writers may write one path at the same time. */
    static atomic_uint number;
    size_t size = strlen(path) + sizeof ".-9223372036854775808.4294967295.new";
    char *unfinished = malloc(size);
    if (!unfinished)
        return us_fail(err, US_ENOMEM, "out of memory writing the %s %s", what, path);
    snprintf(unfinished, size, "%s.%ld.%u.new", path, (long)getpid(), atomic_fetch_add(&number, 1));
    FILE *file = fopen(unfinished, "wb");
    bool written = file && fwrite(bytes, 1, length, file) == length;
    int why = errno;
    if (file && fclose(file) != 0 && written) {
        written = false;
        why = errno;
    }
    if (written && rename(unfinished, path) != 0) {
        written = false;
        why = errno;
    }
    if (!written && file)
        remove(unfinished);
    free(unfinished);
    return written ? US_OK
                   : us_fail(err, US_EIO, "cannot write the %s %s: %s", what, path, strerror(why));
}
