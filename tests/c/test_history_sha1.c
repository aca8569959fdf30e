/*
 * SHA-1 as git names objects by it: the vectors of FIPS 180, any split of the input, and both ways
 * of computing it where the processor knows one. The file itself is taken in, since which way is
 * taken is no choice of its callers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../src/history_sha1.c"

static const char *hex(struct us_sha1 *sha1)
{
    static char text[41];
    unsigned char sum[20];
    us_sha1_end(sum, sha1);
    for (size_t i = 0; i < 20; i++)
        snprintf(text + 2 * i, 3, "%02x", sum[i]);
    return text;
}

static const char *sum_of(const char *text)
{
    struct us_sha1 sha1;
    us_sha1_begin(&sha1);
    us_sha1_add(&sha1, text, strlen(text));
    return hex(&sha1);
}

static void the_sums_are_those_of_the_standard(void **state)
{
    (void)state;
    struct us_sha1 sha1;
    assert_string_equal(sum_of(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_string_equal(sum_of("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_string_equal(sum_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
                        "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    us_sha1_begin(&sha1);
    for (int i = 0; i < 1000000; i += 50)
        us_sha1_add(&sha1, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 50);
    assert_string_equal(hex(&sha1), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

static void it_makes_no_difference_how_the_bytes_come(void **state)
{
    (void)state;
    unsigned char bytes[300], whole[20], parts[20];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7);
    for (size_t length = 0; length <= sizeof bytes; length++)
        for (size_t step = 1; step <= 130; step += 43) {
            struct us_sha1 sha1;
            us_sha1_begin(&sha1);
            us_sha1_add(&sha1, bytes, length);
            us_sha1_end(whole, &sha1);
            us_sha1_begin(&sha1);
            for (size_t at = 0; at < length; at += step)
                us_sha1_add(&sha1, bytes + at, length - at < step ? length - at : step);
            us_sha1_end(parts, &sha1);
            assert_memory_equal(whole, parts, 20);
        }
}

static void every_processor_computes_the_same(void **state)
{
    (void)state;
    unsigned char bytes[64 * 9];
    uint32_t plain[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}, other[5];
    memcpy(other, plain, sizeof plain);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 31 + i / 64);
    for (size_t count = 1; count <= 9; count++) {
        blocks_plain(plain, bytes, count);
        blocks(other, bytes, count);
        assert_memory_equal(plain, other, sizeof plain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sums_are_those_of_the_standard),
        cmocka_unit_test(it_makes_no_difference_how_the_bytes_come),
        cmocka_unit_test(every_processor_computes_the_same),
    };
    return cmocka_run_group_tests_name("history: SHA-1", tests, NULL, NULL);
}
