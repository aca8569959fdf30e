/*
 * Memory that runs out at every single call of opening the parts, checking a text and closing all
 * again: an error of one line each time, and nothing held afterwards.
 */
#include "context_fixture.h"
#include "fixture.h"

#include "failing_memory.h"
#include "ngram_arpa.h"
#include "restore.h"

#define MODEL                                                                                     \
    "\\data\\\nngram 1=13\nngram 2=4\nngram 3=1\n\\1-grams:\n-1 <s> 0\n-1 </s>\n-1 an -0.5\n"       \
    "-1 the -0.5\n-1 of 0\n-1 a 0\n-3 bank\n-3 shore\n-3 lender\n-3 river\n-3 loan\n-3 signed\n"   \
    "-3 theatre\n\\2-grams:\n-0.2 the shore -0.1\n-0.2 a shore\n-0.2 an bank\n-0.5 of the -0.1\n"  \
    "\\3-grams:\n-0.1 of the shore\n\\end\\\n"
#define ROWS                                                                                      \
    "bank\tshore\t3\tnoun\t\tA\nbank\tlender\t1\tnoun\tbefore: of|the\tB\n"                         \
    "cash financial institution\tmoney lender\t2\tphrase\t\tA\n"
#define WEIGHTS                                                                                   \
    "threshold.sure\t0.3\nlattice.scale\t1\nlattice.agreed_scale\t1\nlocal.gain\t1\n"              \
    "article.gain\t1\nfinal.agreed\t1\nfinal.bias\t1\n"

static struct entry words[] = {
    {US_CONTEXT_OTHER, 0, 0, 0, 0, 0}, {US_CONTEXT_NUMBER, 0, 0, 0, 2, 0},
    {US_CONTEXT_OPAQUE, 0, 0, 0, 0, 0}, {US_CONTEXT_BEGIN, 0, 0, 0, 0, 0},
    {US_CONTEXT_END, 0, 0, 0, 0, 0}, {"river", 255, 0, 5, 0, 0}, {"loan", 255, 0, 0, 5, 0},
};
static struct entry phrases[] = {
    {"bank", 0, -2048, 2, 2, 0}, {"shore", 0, -2048, 5, 0, 0}, {"lender", 0, -2048, 0, 5, 0},
};

static const char text[] =
    "# The Banks\n\nAn bank of the river, `code`: the bank of the {bank}.\n\n"
    "“The cash financial\ninstitution’s bank,” 7.five he he said. A bank, www.example.org.\n";

static int enter(void **state)
{
    if (enter_folder(state) != 0)
        return -1;
    struct us_ngram *model = model_of(MODEL);
    us_lexicon_close(lexicon_of(ROWS, WEIGHTS, model));
    us_ngram_close(model);
    make_image(words, sizeof words / sizeof *words, phrases, sizeof phrases / sizeof *phrases);
    put_bytes("context.bin", image, image_length);
    return 0;
}

/* Each is one way through the core; it returns what failed, with everything closed again. */
static int check(struct us_error *error)
{
    struct us_ngram *model = NULL;
    struct us_lexicon *lexicon = NULL;
    struct us_context *context = NULL;
    struct us_restorer *restorer = NULL;
    struct us_corrections found;
    struct us_except except = {"the", "a", false, NULL};
    struct us_check_options options = {.format = US_FORMAT_MARKDOWN, .threshold = -1,
                                       .readings = true, .excepts = &except, .except_count = 1};
    int rc = us_ngram_open(&model, "model.arpa", error);
    if (rc == US_OK)
        rc = us_lexicon_open(&lexicon, "words.lex", error);
    if (rc == US_OK)
        rc = us_context_open(&context, "context.bin", error);
    if (rc == US_OK)
        rc = us_restorer_open(&restorer, model, lexicon, context, error);
    if (rc == US_OK) {
        rc = us_restorer_check(&found, restorer, text, sizeof text - 1, &options, error);
        if (rc != US_OK) { /* what is kept from one check to the next is as good as new */
            assert_int_equal(found.count, 0);
            end_failing();
            assert_int_equal(us_restorer_check(&found, restorer, text, sizeof text - 1, &options, NULL),
                             US_OK);
        }
        assert_true(found.count >= 3);
        us_corrections_close(&found);
    }
    us_restorer_close(restorer);
    us_context_close(context);
    us_lexicon_close(lexicon);
    us_ngram_close(model);
    return rc;
}

static int compile(struct us_error *error)
{
    const char *const paths[] = {"rows.tsv"};
    struct us_ngram *model = NULL;
    struct us_lexicon_report report;
    int rc = us_ngram_open(&model, "model.arpa", error);
    struct us_lexicon_sources sources = {.paths = paths, .count = 1, .words = model,
                                         .irregulars = "irregular.tsv", .weights = "weights.tsv"};
    if (rc == US_OK)
        rc = us_lexicon_compile(&report, "again.lex", &sources, error);
    us_ngram_close(model);
    return rc;
}

static long fail_everywhere(int (*run)(struct us_error *), bool stays_out)
{
    struct us_error error;
    long failures = 0;
    assert_int_equal(run(&error), US_OK); /* what the C library keeps for good is there now */
    for (long at = 1;; at++) {
        long held = memory_held;
        error = (struct us_error){0};
        begin_failing(at, stays_out);
        int rc = run(&error);
        end_failing();
        if (memory_held != held)
            fail_msg("call %ld failed: %ld blocks are still held", at, memory_held - held);
        if (rc != US_OK) {
            assert_int_equal(rc, error.code);
            assert_true(rc == US_ENOMEM || rc == US_EIO);
            assert_one_line(error.message);
            failures++;
        }
        if (memory_calls < at) {
            assert_int_equal(rc, US_OK);
            print_message("%ld calls failed, %ld of them made it fail\n", at - 1, failures);
            return failures;
        }
    }
}

static void a_check_without_memory_fails_cleanly(void **state)
{
    (void)state;
    if (!CAN_FAIL)
        skip();
    assert_true(fail_everywhere(check, false) > 20);
    assert_true(fail_everywhere(check, true) > 20);
}

static void compiling_without_memory_fails_cleanly(void **state)
{
    (void)state;
    if (!CAN_FAIL)
        skip();
    assert_true(fail_everywhere(compile, false) > 20);
    assert_true(fail_everywhere(compile, true) > 20);
    assert_int_not_equal(access("again.lex.new", F_OK), 0);
}

/* Texts that differ in what they take most of: edges, in one sentence and in many; units; tokens. */
static void a_check_takes_no_more_memory_than_it_may(void **state)
{
    (void)state;
    if (!CAN_FAIL)
        skip();
    const char *const texts[] = {"an bank of the river ", "An bank of the river. ", "a b ", ". ", ".",
                                 "“The bank\n", "`a` "};
    struct us_ngram *model = model_of(MODEL);
    struct us_lexicon *lexicon = lexicon_of(ROWS, WEIGHTS, model);
    struct us_context *context;
    struct us_restorer *restorer;
    assert_int_equal(us_context_open(&context, "context.bin", &err), US_OK);
    assert_int_equal(us_restorer_open(&restorer, model, lexicon, context, &err), US_OK);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t length = strlen(texts[i]), times = ((size_t)4 << 20) / length;
        char *bytes = malloc(times * length);
        assert_non_null(bytes);
        for (size_t t = 0; t < times; t++)
            memcpy(bytes + t * length, texts[i], length);
        for (size_t memory = (size_t)4 << 20; memory <= (size_t)64 << 20; memory *= 2) {
            struct us_check_options options = {.threshold = 0, .readings = true, .memory = memory};
            struct us_corrections found;
            long before = memory_bytes;
            memory_peak = before;
            assert_int_equal(us_restorer_check(&found, restorer, bytes, times * length, &options, &err),
                             US_OK);
            long taken = memory_peak - before;
            assert_true(taken <= (long)memory);
            us_corrections_close(&found);
        }
        free(bytes);
    }
    us_restorer_close(restorer);
    us_context_close(context);
    us_lexicon_close(lexicon);
    us_ngram_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_without_memory_fails_cleanly),
        cmocka_unit_test(compiling_without_memory_fails_cleanly),
        cmocka_unit_test(a_check_takes_no_more_memory_than_it_may),
    };
    return cmocka_run_group_tests_name("memory that runs out", tests, enter, leave_folder);
}
