/*
 * bytes.h - little-endian numbers read from mapped files, whatever the machine and alignment,
 * and whole files mapped read-only.
 */
#ifndef UNSPIN_BYTES_H
#define UNSPIN_BYTES_H

#include "unspin.h"

#include <string.h>

static inline uint32_t us_le32(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t us_le64(const unsigned char *at)
{
    return (uint64_t)us_le32(at) | (uint64_t)us_le32(at + 4) << 32;
}

static inline float us_lef32(const unsigned char *at)
{
    uint32_t bits = us_le32(at);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline void us_put32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static inline void us_putf32(unsigned char *at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    us_put32(at, bits);
}

/* Start to fetch what will soon be read. A macro, and US_INLINE for functions that do only this: GCC
 * drops calls of functions that have no effect but to fetch. */
#ifdef __GNUC__
#define us_announce(at) __builtin_prefetch(at)
#define US_INLINE static inline __attribute__((always_inline))
#else
#define us_announce(at) ((void)(at))
#define US_INLINE static inline
#endif

/* A function whose loops are short and simple, compiled for AVX2 as well; which of the two is called, the
 * processor says when the library is loaded. No fused multiplication: both compute the same. GCC's alone:
 * up to version 17 clang gives such a function another name than its callers know. Not under
 * ThreadSanitizer, which wakes only after that has been said. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && \
    !defined(__SANITIZE_THREAD__) && defined(__has_attribute)
#if __has_attribute(target_clones)
#define US_FOR_PROCESSORS __attribute__((target_clones("avx2", "default")))
#endif
#endif
#ifndef US_FOR_PROCESSORS
#define US_FOR_PROCESSORS
#endif

struct us_mapping {
    const unsigned char *bytes;
    size_t length;
};

/*
 * Map a regular file read-only. `what` names it in messages ("language model"). An empty file
 * gives length 0.
 */
int us_map(struct us_mapping *out, const char *path, const char *what, struct us_error *err);
void us_unmap(struct us_mapping *mapping); /* safe on a zeroed struct */

/* Write a whole file: beside it at first, then by rename, since the old one may be mapped. */
int us_write_file(const char *path, const void *bytes, size_t length, const char *what,
                  struct us_error *err);

#endif
