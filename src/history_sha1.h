/*
 * history_sha1.h - SHA-1 as git names objects by it. With the processor's own instructions where
 * it has them: the hashes of a save's texts are most of its work.
 */
#ifndef UNSPIN_HISTORY_SHA1_H
#define UNSPIN_HISTORY_SHA1_H

#include <stddef.h>
#include <stdint.h>

struct us_sha1 {
    uint32_t state[5];
    uint64_t length; /* bytes so far */
    unsigned char block[64];
};

void us_sha1_begin(struct us_sha1 *sha1);
void us_sha1_add(struct us_sha1 *sha1, const void *data, size_t length);
void us_sha1_end(unsigned char out[20], struct us_sha1 *sha1);

#endif
