#include "history_memory.h"

#include <git2.h>
#include <git2/sys/alloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#ifdef __APPLE__
#include <malloc/malloc.h>
#define usable_size malloc_size
#else
#include <malloc.h>
#define usable_size malloc_usable_size
#endif

enum { RESERVE = 256 * 1024, ALIGNMENT = 16 };

struct block {
    _Alignas(ALIGNMENT) size_t size;
};

/* Blocks of the reserve lie one after the other; it is empty again when all were given back. */
static _Alignas(ALIGNMENT) unsigned char reserve[RESERVE];
static size_t reserve_used, reserve_blocks;
static pthread_mutex_t reserve_lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local bool ran_out;

static bool in_reserve(const void *at)
{
    return (uintptr_t)at - (uintptr_t)reserve < RESERVE;
}

static void *from_reserve(size_t size)
{
    void *at = NULL;
    ran_out = true;
    pthread_mutex_lock(&reserve_lock);
    if (size < RESERVE) {
        struct block *block = (void *)(reserve + reserve_used);
        size_t whole = sizeof *block + (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (whole <= RESERVE - reserve_used) {
            block->size = size;
            at = block + 1;
            reserve_used += whole;
            reserve_blocks++;
        }
    }
    pthread_mutex_unlock(&reserve_lock);
    return at;
}

static void *take(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    void *at = malloc(size ? size : 1);
    if (!at)
        at = from_reserve(size);
    return at;
}

static void give_back(void *at)
{
    if (!in_reserve(at)) {
        free(at);
        return;
    }
    pthread_mutex_lock(&reserve_lock);
    if (--reserve_blocks == 0)
        reserve_used = 0;
    pthread_mutex_unlock(&reserve_lock);
}

static void *take_again(void *at, size_t size, const char *file, int line)
{
    if (!at)
        return take(size, file, line);
    if (!in_reserve(at)) {
        void *moved = realloc(at, size ? size : 1);
        if (moved)
            return moved;
    }
    size_t old = in_reserve(at) ? ((struct block *)at)[-1].size : usable_size(at);
    void *moved = from_reserve(size);
    if (moved) {
        memcpy(moved, at, old < size ? old : size);
        give_back(at);
    }
    return moved;
}

#if LIBGIT2_VER_MAJOR == 1 && LIBGIT2_VER_MINOR < 7
static void *take_array(size_t count, size_t size, const char *file, int line)
{
    return size && count > SIZE_MAX / size ? NULL : take(count * size, file, line);
}

static void *take_array_again(void *at, size_t count, size_t size, const char *file, int line)
{
    return size && count > SIZE_MAX / size ? NULL : take_again(at, count * size, file, line);
}

static void *take_zeroed(size_t count, size_t size, const char *file, int line)
{
    void *at = take_array(count, size, file, line);
    return at ? memset(at, 0, count * size) : NULL;
}

static char *copy_bytes(const char *text, size_t length, const char *file, int line)
{
    char *copy = take(length + 1, file, line);
    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

static char *copy_text(const char *text, const char *file, int line)
{
    return copy_bytes(text, strlen(text), file, line);
}

static char *copy_text_to(const char *text, size_t most, const char *file, int line)
{
    return copy_bytes(text, strnlen(text, most), file, line);
}
#endif

void us_memory_start(void)
{
    static git_allocator allocator = {
        .gmalloc = take,
        .grealloc = take_again,
        .gfree = give_back,
#if LIBGIT2_VER_MAJOR == 1 && LIBGIT2_VER_MINOR < 7
        .gcalloc = take_zeroed,
        .gmallocarray = take_array,
        .greallocarray = take_array_again,
        .gstrdup = copy_text,
        .gstrndup = copy_text_to,
        .gsubstrdup = copy_bytes,
#endif
    };
    git_libgit2_opts(GIT_OPT_SET_ALLOCATOR, &allocator);
}

void us_memory_begin(void)
{
    ran_out = false;
}

void us_memory_note(void)
{
    ran_out = true;
}

bool us_memory_ran_out(void)
{
    return ran_out;
}

int us_memory_check(int result, struct us_error *err)
{
    return ran_out && result == US_OK ? us_fail(err, US_ENOMEM, "out of memory for the history")
                                      : result;
}
