/*
 * failing_memory.h - malloc and its kin, of which any one call can be made to fail.
 *
 * They take the C library's place in the whole program, so that what libgit2 and the C library
 * itself ask for can fail as well. Only where that can be done: with glibc, without sanitizers,
 * which have their own.
 */
#ifndef UNSPIN_TESTS_FAILING_MEMORY_H
#define UNSPIN_TESTS_FAILING_MEMORY_H

#include <errno.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CAN_FAIL 1
#else
#define CAN_FAIL 0
#endif

/* libgit2 may have threads of its own, so the counts are atomic. */
static atomic_long memory_calls; /* since begin_failing() */
static atomic_long memory_held;  /* blocks that were given out and not yet freed */
static atomic_long memory_bytes; /* of those blocks */
static atomic_long memory_peak;  /* most of memory_bytes since it was set */
static long memory_fails_at;     /* which call fails, from 1; 0: none */
static bool memory_stays_out;    /* and so do all after it */

static inline void begin_failing(long at, bool stays_out)
{
    memory_calls = 0;
    memory_fails_at = at;
    memory_stays_out = stays_out;
}

static inline void end_failing(void)
{
    memory_fails_at = 0;
}

#if CAN_FAIL
#pragma GCC visibility push(default) /* for the libraries, too */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

static bool fails_now(void)
{
    long call = ++memory_calls;
    if (!memory_fails_at || call < memory_fails_at || (call > memory_fails_at && !memory_stays_out))
        return false;
    errno = ENOMEM;
    return true;
}

/* Good enough for what has one thread, as a check has. */
static void count_bytes(long bytes)
{
    memory_bytes += bytes;
    if (memory_bytes > memory_peak)
        memory_peak = memory_bytes;
}

static void *counted(void *block)
{
    memory_held += block != NULL;
    count_bytes((long)malloc_usable_size(block));
    return block;
}

void *malloc(size_t size)
{
    return fails_now() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
    if (fails_now())
        return NULL;
    if (!block)
        return counted(__libc_malloc(size));
    long before = (long)malloc_usable_size(block);
    count_bytes((long)size); /* both may be there for a while */
    void *moved = __libc_realloc(block, size);
    memory_held -= !moved && size == 0; /* that freed it */
    memory_bytes -= (long)size;
    if (moved || size == 0)
        memory_bytes += (long)malloc_usable_size(moved) - before;
    return moved;
}

void free(void *block)
{
    memory_held -= block != NULL;
    memory_bytes -= (long)malloc_usable_size(block);
    __libc_free(block);
}
#pragma GCC visibility pop
#endif

#endif
