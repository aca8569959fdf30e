#include "history_sha1.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define US_SHA1_X86 1
#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>
#endif

static uint32_t rotate(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

static void blocks_plain(uint32_t state[5], const unsigned char *data, size_t count)
{
    for (; count; count--, data += 64) {
        uint32_t w[80];
        for (size_t i = 0; i < 16; i++)
            w[i] = (uint32_t)data[4 * i] << 24 | (uint32_t)data[4 * i + 1] << 16 |
                   (uint32_t)data[4 * i + 2] << 8 | data[4 * i + 3];
        for (int i = 16; i < 80; i++)
            w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
        for (int i = 0; i < 80; i++) {
            uint32_t f, k;
            if (i < 20)
                f = (b & c) | (~b & d), k = 0x5a827999;
            else if (i < 40)
                f = b ^ c ^ d, k = 0x6ed9eba1;
            else if (i < 60)
                f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
            else
                f = b ^ c ^ d, k = 0xca62c1d6;
            uint32_t t = rotate(a, 5) + f + e + k + w[i];
            e = d;
            d = c;
            c = rotate(b, 30);
            b = a;
            a = t;
        }
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
    }
}

#ifdef US_SHA1_X86
/* Four rounds: e goes in, the next e comes out; w is the schedule's next four words. */
#define FOUR_ROUNDS(e_in, e_out, w, f)                                                             \
    do {                                                                                           \
        (e_in) = _mm_sha1nexte_epu32(e_in, w);                                                     \
        (e_out) = abcd;                                                                            \
        abcd = _mm_sha1rnds4_epu32(abcd, e_in, f);                                                 \
    } while (0)

/* The schedule: w[t..t+3] from the sixteen words before, kept in a, b, c, d; result in a. */
#define NEXT_WORDS(a, b, c, d)                                                                     \
    ((a) = _mm_sha1msg2_epu32(_mm_xor_si128(_mm_sha1msg1_epu32(a, b), c), d))

__attribute__((target("sha,sse4.1"))) static void blocks_x86(uint32_t state[5],
                                                             const unsigned char *data,
                                                             size_t count)
{
    const __m128i swap = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)state), 0x1b);
    __m128i e0 = _mm_set_epi32((int)state[4], 0, 0, 0), e1;

    for (; count; count--, data += 64) {
        const __m128i abcd_before = abcd, e_before = e0;
        const __m128i *in = (const __m128i *)(const void *)data;
        __m128i a = _mm_shuffle_epi8(_mm_loadu_si128(in), swap);
        __m128i b = _mm_shuffle_epi8(_mm_loadu_si128(in + 1), swap);
        __m128i c = _mm_shuffle_epi8(_mm_loadu_si128(in + 2), swap);
        __m128i d = _mm_shuffle_epi8(_mm_loadu_si128(in + 3), swap);

        e0 = _mm_add_epi32(e0, a);
        e1 = abcd;
        abcd = _mm_sha1rnds4_epu32(abcd, e0, 0);
        FOUR_ROUNDS(e1, e0, b, 0);
        FOUR_ROUNDS(e0, e1, c, 0);
        FOUR_ROUNDS(e1, e0, d, 0);
        FOUR_ROUNDS(e0, e1, NEXT_WORDS(a, b, c, d), 0);
        FOUR_ROUNDS(e1, e0, NEXT_WORDS(b, c, d, a), 1);
        FOUR_ROUNDS(e0, e1, NEXT_WORDS(c, d, a, b), 1);
        FOUR_ROUNDS(e1, e0, NEXT_WORDS(d, a, b, c), 1);
        FOUR_ROUNDS(e0, e1, NEXT_WORDS(a, b, c, d), 1);
        FOUR_ROUNDS(e1, e0, NEXT_WORDS(b, c, d, a), 1);
        FOUR_ROUNDS(e0, e1, NEXT_WORDS(c, d, a, b), 2);
        FOUR_ROUNDS(e1, e0, NEXT_WORDS(d, a, b, c), 2);
        FOUR_ROUNDS(e0, e1, NEXT_WORDS(a, b, c, d), 2);
        FOUR_ROUNDS(e1, e0, NEXT_WORDS(b, c, d, a), 2);
        FOUR_ROUNDS(e0, e1, NEXT_WORDS(c, d, a, b), 2);
        FOUR_ROUNDS(e1, e0, NEXT_WORDS(d, a, b, c), 3);
        FOUR_ROUNDS(e0, e1, NEXT_WORDS(a, b, c, d), 3);
        FOUR_ROUNDS(e1, e0, NEXT_WORDS(b, c, d, a), 3);
        FOUR_ROUNDS(e0, e1, NEXT_WORDS(c, d, a, b), 3);
        FOUR_ROUNDS(e1, e0, NEXT_WORDS(d, a, b, c), 3);

        e0 = _mm_sha1nexte_epu32(e0, e_before);
        abcd = _mm_add_epi32(abcd, abcd_before);
    }
    _mm_storeu_si128((__m128i *)(void *)state, _mm_shuffle_epi32(abcd, 0x1b));
    state[4] = (uint32_t)_mm_extract_epi32(e0, 3);
}

static int has_x86(void)
{
    static atomic_int known = -1; /* two threads may find out at once */
    if (known < 0) {
        unsigned a, b, c, d;
        known = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & 1u << 29) != 0 &&
                __get_cpuid(1, &a, &b, &c, &d) && (c & 1u << 19) != 0;
    }
    return known;
}
#endif

static void blocks(uint32_t state[5], const unsigned char *data, size_t count)
{
#ifdef US_SHA1_X86
    if (has_x86()) {
        blocks_x86(state, data, count);
        return;
    }
#endif
    blocks_plain(state, data, count);
}

void us_sha1_begin(struct us_sha1 *sha1)
{
    static const uint32_t first[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    memcpy(sha1->state, first, sizeof first);
    sha1->length = 0;
}

void us_sha1_add(struct us_sha1 *sha1, const void *data, size_t length)
{
    const unsigned char *at = data;
    size_t held = sha1->length % 64;
    sha1->length += length;
    if (held) {
        size_t part = 64 - held < length ? 64 - held : length;
        memcpy(sha1->block + held, at, part);
        if (held + part < 64)
            return;
        blocks(sha1->state, sha1->block, 1);
        at += part;
        length -= part;
    }
    if (length >= 64)
        blocks(sha1->state, at, length / 64);
    if (length % 64)
        memcpy(sha1->block, at + length / 64 * 64, length % 64);
}

void us_sha1_end(unsigned char out[20], struct us_sha1 *sha1)
{
    static const unsigned char padding[64] = {0x80};
    uint64_t bits = sha1->length * 8;
    unsigned char tail[8];
    us_sha1_add(sha1, padding, 1 + (119 - sha1->length % 64) % 64);
    for (int i = 0; i < 8; i++)
        tail[i] = (unsigned char)(bits >> (56 - 8 * i));
    us_sha1_add(sha1, tail, 8);
    for (int i = 0; i < 20; i++)
        out[i] = (unsigned char)(sha1->state[i / 4] >> (24 - 8 * (i % 4)));
}
