/*
 * Several threads, as an editor has that checks in the background: each with handles of its own, or
 * with a restorer of its own over parts that all share. Every one finds what one alone finds.
 * `make test SANITIZE=thread` tells more.
 */
#include "context_fixture.h"
#include "fixture.h"

#include "restore.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 20 };

#define MODEL                                                                                     \
    "\\data\\\nngram 1=9\nngram 2=2\n\\1-grams:\n-1 <s> 0\n-1 </s>\n-1 an -0.5\n-1 the -0.5\n"      \
    "-1 was 0\n-3 settlement\n-3 agreement\n-3 signed\n-3 treaty\n"                                \
    "\\2-grams:\n-0.2 the agreement\n-0.2 an agreement\n\\end\\\n"
#define ROWS "settlement\tagreement\t3\tnoun fixed\t\tA\nsettlement\ttreaty\t1\tnoun fixed\t\tA\n"
#define WEIGHTS "threshold.sure\t0.3\nlattice.scale\t1\nlattice.agreed_scale\t1\nlocal.gain\t1\n" \
                "article.gain\t1\nfinal.agreed\t1\nfinal.bias\t-1\n"

static struct entry words[] = {
    {US_CONTEXT_OTHER, 0, 0, 0, 0, 0}, {US_CONTEXT_NUMBER, 0, 0, 0, 2, 0},
    {US_CONTEXT_OPAQUE, 0, 0, 0, 0, 0}, {US_CONTEXT_BEGIN, 0, 0, 0, 0, 0},
    {US_CONTEXT_END, 0, 0, 0, 0, 0}, {"signed", 255, 0, 5, 0, 0},
};
static struct entry phrases[] = {{"agreement", 0, -2048, 2, 2, 0}, {"treaty", 0, -2048, 5, 0, 0}};

static const char text[] = "The settlement was signed. An settlement was the settlement.\n";

static const struct us_check_options options = {.threshold = 0.3f, .readings = true};
static struct us_corrections alone; /* what one thread finds */

struct parts {
    struct us_ngram *model;
    struct us_lexicon *lexicon;
    struct us_context *context;
};

static int open_parts(struct parts *parts, struct us_error *error)
{
    *parts = (struct parts){0};
    int rc = us_ngram_open(&parts->model, "model.arpa", error);
    if (rc == US_OK)
        rc = us_lexicon_open(&parts->lexicon, "words.lex", error);
    if (rc == US_OK)
        rc = us_context_open(&parts->context, "context.bin", error);
    return rc;
}

static void close_parts(struct parts *parts)
{
    us_context_close(parts->context);
    us_lexicon_close(parts->lexicon);
    us_ngram_close(parts->model);
}

static int enter(void **state)
{
    if (enter_folder(state) != 0)
        return -1;
    struct us_ngram *model = model_of(MODEL);
    us_lexicon_close(lexicon_of(ROWS, WEIGHTS, model));
    us_ngram_close(model);
    make_image(words, sizeof words / sizeof *words, phrases, sizeof phrases / sizeof *phrases);
    put_bytes("context.bin", image, image_length);

    struct parts parts;
    struct us_restorer *restorer;
    if (open_parts(&parts, &err) != US_OK ||
        us_restorer_open(&restorer, parts.model, parts.lexicon, parts.context, &err) != US_OK ||
        us_restorer_check(&alone, restorer, text, sizeof text - 1, &options, &err) != US_OK)
        fail_msg("%s", err.message);
    assert_true(alone.count >= 2);
    us_restorer_close(restorer);
    close_parts(&parts);
    return 0;
}

static int leave(void **state)
{
    us_corrections_close(&alone);
    return leave_folder(state);
}

/* Returns NULL, or what went wrong. cmocka's assertions are for its own thread. */
static const char *check(const struct parts *parts)
{
    struct us_restorer *restorer;
    struct us_corrections found;
    const char *wrong = NULL;
    if (us_restorer_open(&restorer, parts->model, parts->lexicon, parts->context, NULL) != US_OK)
        return "it cannot be opened";
    for (int round = 0; round < ROUNDS && !wrong; round++) {
        if (us_restorer_check(&found, restorer, text, sizeof text - 1, &options, NULL) != US_OK)
            wrong = "the check failed";
        else if (found.count != alone.count)
            wrong = "it found something else";
        for (uint32_t i = 0; i < found.count && !wrong; i++)
            if (found.items[i].start != alone.items[i].start ||
                found.items[i].confidence != alone.items[i].confidence ||
                strcmp(found.items[i].replacement, alone.items[i].replacement) != 0)
                wrong = "it found it otherwise";
        us_corrections_close(&found);
    }
    us_restorer_close(restorer);
    return wrong;
}

static void *with_shared_parts(void *data)
{
    return (void *)(uintptr_t)check(data);
}

static void *with_own_parts(void *unused)
{
    (void)unused;
    struct parts parts;
    const char *wrong = open_parts(&parts, NULL) == US_OK ? check(&parts) : "its parts are missing";
    close_parts(&parts);
    return (void *)(uintptr_t)wrong;
}

/* Each writes a file of the same name, as each check with own pairs does. */
static void *with_own_lexicon(void *unused)
{
    (void)unused;
    const char *const paths[] = {"rows.tsv"};
    struct us_lexicon_report report;
    struct us_lexicon_sources sources = {.paths = paths, .count = 1, .irregulars = "irregular.tsv",
                                         .weights = "weights.tsv"};
    struct parts parts = {0};
    const char *wrong = NULL;
    if (us_ngram_open(&parts.model, "model.arpa", NULL) != US_OK)
        return "no model";
    sources.words = parts.model;
    for (int round = 0; round < ROUNDS / 4 && !wrong; round++) {
        if (us_lexicon_compile(&report, "own.lex", &sources, NULL) != US_OK)
            wrong = "it was not compiled";
        else if (us_lexicon_open(&parts.lexicon, "own.lex", NULL) != US_OK)
            wrong = "what was compiled cannot be opened";
        else
            wrong = check(&parts);
        us_lexicon_close(parts.lexicon);
        parts.lexicon = NULL;
    }
    close_parts(&parts);
    return (void *)(uintptr_t)wrong;
}

static void run_together(void *(*run)(void *), void *data)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, data), 0);
    const char *wrong = NULL;
    for (int i = 0; i < THREADS; i++) {
        void *said;
        assert_int_equal(pthread_join(threads[i], &said), 0);
        wrong = said ? said : wrong;
    }
    if (wrong)
        fail_msg("%s", wrong);
}

static void threads_check_with_parts_that_they_share(void **state)
{
    (void)state;
    struct parts parts;
    assert_int_equal(open_parts(&parts, &err), US_OK);
    run_together(with_shared_parts, &parts);
    close_parts(&parts);
}

static void threads_check_with_parts_of_their_own(void **state)
{
    (void)state;
    run_together(with_own_parts, NULL);
}

static void threads_compile_the_same_lexicon(void **state)
{
    (void)state;
    run_together(with_own_lexicon, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_check_with_parts_that_they_share),
        cmocka_unit_test(threads_check_with_parts_of_their_own),
        cmocka_unit_test(threads_compile_the_same_lexicon),
    };
    return cmocka_run_group_tests_name("threads", tests, enter, leave);
}
