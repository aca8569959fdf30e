#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "context_fixture.h"

/* "bank" and "shore" fit rivers, "lender" fits money. */
static struct entry words[] = {
    {US_CONTEXT_OTHER, 0, 0, 0, 0, 0}, {US_CONTEXT_NUMBER, 0, 0, 0, 2, 0},
    {US_CONTEXT_OPAQUE, 0, 0, 0, 0, 0}, {US_CONTEXT_BEGIN, 0, 0, 0, 0, 0},
    {US_CONTEXT_END, 0, 0, 0, 0, 0}, {"the", 0, 0, 0, 0, 0},
    {"river", 255, 0, 5, 0, 0}, {"loan", 255, 0, 0, 5, 0},
};
static struct entry phrases[] = {
    {"shore", 0, -2048, 5, 0, 0}, {"lender", 0, -2048, 0, 5, 0},
    {"money lender", 0, -4096, 0, 5, 0},
};

static char path[64];

static int make_model(void **state)
{
    (void)state;
    make_image(words, sizeof words / sizeof *words, phrases, sizeof phrases / sizeof *phrases);
    strcpy(path, "/tmp/unspin-context-XXXXXX");
    int file = mkstemp(path);
    return file < 0 ? -1 : close(file);
}

static int remove_model(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_image(size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(image, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static struct us_context *opened(void)
{
    struct us_context *context;
    struct us_error err = {0};
    write_image(image_length);
    assert_int_equal(us_context_open(&context, path, &err), US_OK);
    return context;
}

static uint32_t word(const struct us_context *context, const char *string)
{
    return us_context_word(context, string, strlen(string));
}

static uint32_t phrase(const struct us_context *context, const char *string)
{
    return us_context_phrase(context, string, strlen(string));
}

/* Score of a phrase in the gap that "_" stands for in a sentence of words. */
static float score(const struct us_context *context, const char *sentence, const char *candidate,
                   const char *rest_of_article)
{
    enum { WORDS = 32 };
    uint32_t ids[WORDS], count = 0, rest = 0, gap_at = 0, all[WORDS];
    char copy[128], *save;
    snprintf(copy, sizeof copy, "%s", sentence);
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        if (strcmp(w, "_") == 0)
            gap_at = count;
        ids[count] = all[count] = word(context, w);
        count++;
    }
    rest = count;
    snprintf(copy, sizeof copy, "%s", rest_of_article ? rest_of_article : "");
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        all[rest++] = word(context, w);
    struct us_context_bag bag, article;
    us_context_bag(&bag, NULL, context, ids, count);
    us_context_bag(&article, NULL, context, all, rest);
    float topic[US_CONTEXT_DIMENSIONS];
    us_context_topic(topic, context, &article, &bag);
    struct us_context_gap gap = {ids, count, gap_at, gap_at + 1, &bag,
                                 rest_of_article ? topic : NULL, NULL};
    uint32_t id = phrase(context, candidate);
    float value, from_vectors;
    us_context_score(&value, context, &gap, &id, 1);
    float vectors[WORDS][US_CONTEXT_DIMENSIONS];
    us_context_bag(&bag, vectors[0], context, ids, count);
    gap.vectors = vectors[0];
    us_context_score(&from_vectors, context, &gap, &id, 1);
    assert_float_equal(value, from_vectors, 0);
    return value;
}

static void test_every_word_has_an_id(void **state)
{
    (void)state;
    struct us_context *context = opened();
    assert_int_not_equal(word(context, "river"), word(context, "loan"));
    assert_int_equal(word(context, "zyzzyva"), word(context, "qwerty"));
    assert_int_equal(word(context, "1999"), word(context, "3.5"));
    assert_int_not_equal(word(context, "1999"), word(context, "qwerty"));
    assert_int_not_equal(us_context_word(context, "", 0), word(context, "qwerty"));
    assert_int_equal(us_context_word(context, "rivers", 5), word(context, "river"));
    us_context_close(context);
}

static void test_only_trained_phrases_have_an_id(void **state)
{
    (void)state;
    struct us_context *context = opened();
    assert_int_not_equal(phrase(context, "shore"), US_CONTEXT_UNKNOWN);
    assert_int_not_equal(phrase(context, "money lender"), US_CONTEXT_UNKNOWN);
    assert_int_not_equal(phrase(context, "money lender"), phrase(context, "lender"));
    assert_int_equal(phrase(context, "money"), US_CONTEXT_UNKNOWN);
    assert_int_equal(phrase(context, ""), US_CONTEXT_UNKNOWN);
    us_context_close(context);
}

static void test_neighbours_decide(void **state)
{
    (void)state;
    struct us_context *context = opened();
    assert_true(score(context, "the river _", "shore", NULL) >
                score(context, "the river _", "lender", NULL) + 1);
    assert_true(score(context, "the loan _", "lender", NULL) >
                score(context, "the loan _", "shore", NULL) + 1);
    us_context_close(context);
}

static void test_a_place_has_its_own_weight(void **state)
{
    (void)state;
    struct us_context *context = opened();
    float before = score(context, "river _ the", "shore", NULL);
    float after = score(context, "the _ river", "shore", NULL);
    /* 5 x 5 x 0.08 against 5 x 5 x 0.04, beside the bag that is the same */
    assert_float_equal(before - after, 1, 1e-4); /* 15 bits of each number */
    us_context_close(context);
}

static void test_the_rest_of_the_sentence_and_of_the_article_count(void **state)
{
    (void)state;
    struct us_context *context = opened();
    const char *far = "loan the the the the _";
    /* 10 x 10 x 0.001, and 0.004: a bag of one word of weight 1, divided by 1 + 1 */
    assert_float_equal(score(context, far, "lender", NULL) - score(context, far, "shore", NULL),
                       0.05f, 1e-5f);
    assert_float_equal(score(context, "the _", "lender", "loan the") -
                           score(context, "the _", "shore", "loan the"),
                       0.2f, 1e-5f);
    us_context_close(context);
}

static void test_what_stands_in_the_gap_is_not_evidence(void **state)
{
    (void)state;
    struct us_context *context = opened();
    uint32_t ids[] = {word(context, "the"), word(context, "loan")}, id = phrase(context, "lender");
    struct us_context_bag bag;
    us_context_bag(&bag, NULL, context, ids, 2);
    float topic[US_CONTEXT_DIMENSIONS];
    us_context_topic(topic, context, &bag, &bag);
    struct us_context_gap gap = {ids, 2, 1, 2, &bag, topic, NULL};
    float value;
    us_context_score(&value, context, &gap, &id, 1);
    assert_float_equal(value, score(context, "the _", "lender", "the"), 1e-5);
    us_context_close(context);
}

static void test_an_unknown_phrase_scores_as_the_rarest(void **state)
{
    (void)state;
    struct us_context *context = opened();
    assert_float_equal(score(context, "the river _", "estuary", NULL), -9, 0);
    us_context_close(context);
}

static void test_a_damaged_file_is_refused(void **state)
{
    (void)state;
    struct us_context *context = (void *)path;
    struct us_error err;
    const struct { size_t at; unsigned char byte; const char *says; } damages[] = {
        {0, 'X', "first bytes"},
        {16, 9, "byte order"},
        {20, 7, "another version"},
        {28, 200, "cut short"},
    };
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        unsigned char was = image[damages[i].at];
        image[damages[i].at] = damages[i].byte;
        write_image(image_length);
        image[damages[i].at] = was;
        assert_int_equal(us_context_open(&context, path, &err), US_EFORMAT);
        assert_null(context);
        assert_non_null(strstr(err.message, damages[i].says));
        assert_null(strchr(err.message, '\n'));
    }
    const struct { size_t at; float number; } numbers[] = {
        {offsetof(struct us_context_header, rarest), -INFINITY},
        {offsetof(struct us_context_header, bag_weight), 0},
        {offsetof(struct us_context_header, article_weight), NAN},
        {sizeof(struct us_context_header), NAN},
        {sizeof(struct us_context_header) + 4 * US_CONTEXT_PLACES * US_CONTEXT_DIMENSIONS - 4, 1e30f},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        float was;
        memcpy(&was, image + numbers[i].at, sizeof was);
        memcpy(image + numbers[i].at, &numbers[i].number, sizeof was);
        write_image(image_length);
        memcpy(image + numbers[i].at, &was, sizeof was);
        assert_int_equal(us_context_open(&context, path, &err), US_EFORMAT);
        assert_non_null(strstr(err.message, "numbers"));
    }
    for (size_t length = 0; length < image_length; length += 7) {
        write_image(length);
        assert_int_equal(us_context_open(&context, path, &err), US_EFORMAT);
    }
    assert_int_equal(us_context_open(&context, "/nowhere/context.bin", &err), US_EIO);
    assert_non_null(strstr(err.message, "/nowhere/context.bin"));
    us_context_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_word_has_an_id),
        cmocka_unit_test(test_only_trained_phrases_have_an_id),
        cmocka_unit_test(test_neighbours_decide),
        cmocka_unit_test(test_a_place_has_its_own_weight),
        cmocka_unit_test(test_the_rest_of_the_sentence_and_of_the_article_count),
        cmocka_unit_test(test_what_stands_in_the_gap_is_not_evidence),
        cmocka_unit_test(test_an_unknown_phrase_scores_as_the_rarest),
        cmocka_unit_test(test_a_damaged_file_is_refused),
    };
    return cmocka_run_group_tests_name("context", tests, make_model, remove_model);
}
