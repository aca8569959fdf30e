/*
 * history_bytes.h - a growing run of bytes. Failure is sticky, so that a whole message can be
 * put together and checked once: failed is set when memory ran out, and additions do nothing.
 */
#ifndef UNSPIN_HISTORY_BYTES_H
#define UNSPIN_HISTORY_BYTES_H

#include "unspin.h"

#include <stdbool.h>
#include <sys/types.h>

struct us_bytes { /* start zeroed */
    char *at;     /* NUL-terminated once anything was added, or could not be */
    size_t length, room;
    bool failed;
};

void us_bytes_reserve(struct us_bytes *bytes, size_t more);
void us_bytes_add(struct us_bytes *bytes, const void *data, size_t length);
void us_bytes_text(struct us_bytes *bytes, const char *text);
void us_bytes_set(struct us_bytes *bytes, const char *text); /* to this text alone */
void us_bytes_format(struct us_bytes *bytes, const char *fmt, ...) US_PRINTF(2, 3);
void us_bytes_be32(struct us_bytes *bytes, uint32_t value); /* big-endian, as git's files are */
void us_bytes_close(struct us_bytes *bytes);

/* What was put together, for free(), and bytes is as new. NULL if memory ran out. */
char *us_bytes_take(struct us_bytes *bytes);

/* Read a whole file. US_EIO with errno kept if it cannot be read. */
int us_bytes_read_file(struct us_bytes *out, const char *path);

/* Write all, whatever write(2) does in parts; -1 with errno on failure. */
int us_write_all(int fd, const void *data, size_t length);

/* Read until there is nothing more; how many bytes, or -1 with errno. */
ssize_t us_read_all(int fd, void *data, size_t length);

#endif
