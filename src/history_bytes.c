#include "history_bytes.h"

#include "history_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char nothing[1]; /* what is read of a run that never had memory */

void us_bytes_reserve(struct us_bytes *bytes, size_t more)
{
    if (bytes->failed || more < bytes->room - bytes->length)
        return;
    size_t room = bytes->room + bytes->room / 2 + more + 64;
    char *at = realloc(bytes->at, room);
    if (!at) {
        us_memory_note();
        bytes->failed = true;
        if (!bytes->at)
            bytes->at = nothing;
        return;
    }
    bytes->at = at;
    bytes->room = room;
}

void us_bytes_add(struct us_bytes *bytes, const void *data, size_t length)
{
    us_bytes_reserve(bytes, length + 1);
    if (bytes->failed)
        return;
    if (length)
        memcpy(bytes->at + bytes->length, data, length);
    bytes->length += length;
    bytes->at[bytes->length] = '\0';
}

void us_bytes_text(struct us_bytes *bytes, const char *text)
{
    us_bytes_add(bytes, text, strlen(text));
}

void us_bytes_set(struct us_bytes *bytes, const char *text)
{
    bytes->length = 0;
    us_bytes_text(bytes, text);
}

void us_bytes_format(struct us_bytes *bytes, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (length < 0) {
        bytes->failed = true;
        return;
    }
    us_bytes_reserve(bytes, (size_t)length + 1);
    if (bytes->failed)
        return;
    va_start(args, fmt);
    vsnprintf(bytes->at + bytes->length, (size_t)length + 1, fmt, args);
    va_end(args);
    bytes->length += (size_t)length;
}

void us_bytes_be32(struct us_bytes *bytes, uint32_t value)
{
    unsigned char be[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
                           (unsigned char)(value >> 8), (unsigned char)value};
    us_bytes_add(bytes, be, sizeof be);
}

void us_bytes_close(struct us_bytes *bytes)
{
    if (bytes->at != nothing)
        free(bytes->at);
    *bytes = (struct us_bytes){0};
}

char *us_bytes_take(struct us_bytes *bytes)
{
    if (bytes->failed)
        us_bytes_close(bytes);
    char *at = bytes->at;
    *bytes = (struct us_bytes){0};
    return at;
}

int us_bytes_read_file(struct us_bytes *out, const char *path)
{
    int result = US_EIO;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return US_EIO;
    struct stat st;
    if (fstat(fd, &st) != 0)
        goto done;
    if (!S_ISREG(st.st_mode)) {
        errno = EISDIR;
        goto done;
    }
    us_bytes_add(out, "", 0);
    for (size_t room = (size_t)st.st_size + 1, got = room; got == room; room = 1 << 16) {
        us_bytes_reserve(out, room);
        if (out->failed) {
            result = US_ENOMEM;
            goto done;
        }
        ssize_t n = us_read_all(fd, out->at + out->length, room);
        if (n < 0)
            goto done;
        got = (size_t)n;
        out->length += got;
        out->at[out->length] = '\0';
    }
    result = US_OK;
done:;
    int saved = errno;
    close(fd);
    errno = saved;
    return result;
}

int us_write_all(int fd, const void *data, size_t length)
{
    const char *at = data;
    while (length) {
        ssize_t n = write(fd, at, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        at += n;
        length -= (size_t)n;
    }
    return 0;
}

ssize_t us_read_all(int fd, void *data, size_t length)
{
    size_t at = 0;
    while (at < length) {
        ssize_t n = read(fd, (char *)data + at, length - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        at += (size_t)n;
    }
    return (ssize_t)at;
}
