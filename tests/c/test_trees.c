#include "fixture.h"

#include "trees.h"

#define QUESTIONS "gain>1.5 density>-0.25 context>0 of_a>0.5 pages>2 words>6\t"
#define EIGHT(x) x " " x " " x " " x " " x " " x " " x " " x
/* Leaf 0 says -4, leaf 1 (a gain, and nothing else) 0.5, the others 2. */
#define LEAVES                                                                                    \
    "-4 0.5 2 2 2 2 2 2 " EIGHT("2") " " EIGHT("2") " " EIGHT("2") " " EIGHT("2") " " EIGHT("2")    \
    " " EIGHT("2") " " EIGHT("2")

static struct us_tree tree;

static int read_tree(const char *line)
{
    err.message[0] = 0;
    return us_tree_read(&tree, line, strlen(line), &err);
}

static void answers_are_the_bits_of_the_leafs_number(void **state)
{
    (void)state;
    float f[US_FEATURES_TREES] = {0};
    f[US_FEATURE_DENSITY] = -1;
    assert_int_equal(read_tree(QUESTIONS LEAVES), US_OK);
    assert_true(us_trees_sum(&tree, 1, f) == -4);
    f[US_FEATURE_GAIN] = 1.5f; /* not above it */
    assert_true(us_trees_sum(&tree, 1, f) == -4);
    f[US_FEATURE_GAIN] = 1.6f;
    assert_true(us_trees_sum(&tree, 1, f) == 0.5f);
    f[US_FEATURE_WORDS] = 7; /* the last question: leaf 33 */
    assert_true(us_trees_sum(&tree, 1, f) == 2);
}

static void their_log_odds_are_averaged_with_anothers(void **state)
{
    (void)state;
    assert_float_equal(us_trees_mix(0.5f, 0), 0.5, 1e-6);
    assert_float_equal(us_trees_mix(0.5f, 2), 0.731059, 1e-5);
    assert_float_equal(us_trees_mix(0.880797f, 2), 0.880797, 1e-5);
    assert_true(us_trees_mix(1, 0) < 1 && us_trees_mix(0, 0) > 0);
}

static void trees_are_added_up(void **state)
{
    (void)state;
    float f[US_FEATURES_TREES] = {[US_FEATURE_GAIN] = 2, [US_FEATURE_DENSITY] = -1};
    assert_int_equal(read_tree(QUESTIONS LEAVES), US_OK);
    const struct us_tree three[] = {tree, tree, tree};
    assert_true(us_trees_sum(three, 3, f) == 1.5f);
    assert_true(us_trees_sum(NULL, 0, f) == 0);
}

static void edges_asked_for_at_once_have_the_sums_they_have_alone(void **state)
{
    (void)state;
    float each[US_TREES_EDGES][US_FEATURES_TREES] = {{0}};
    float f[US_FEATURES_TREES][US_TREES_EDGES], sums[US_TREES_EDGES];
    assert_int_equal(read_tree(QUESTIONS LEAVES), US_OK);
    const struct us_tree two[] = {tree, tree};
    for (int e = 0; e < US_TREES_EDGES; e++) {
        each[e][US_FEATURE_GAIN] = 0.5f * (float)e;
        each[e][US_FEATURE_WORDS] = (float)(e % 3 * 4);
        for (int i = 0; i < US_FEATURES_TREES; i++)
            f[i][e] = each[e][i];
    }
    us_trees_sums(sums, two, 2, (const float(*)[US_TREES_EDGES])f);
    for (int e = 0; e < US_TREES_EDGES; e++)
        assert_true(sums[e] == us_trees_sum(two, 2, each[e]));
}

static void a_tree_is_written_as_it_is_read(void **state)
{
    (void)state;
    char *line;
    size_t length;
    FILE *file = open_memstream(&line, &length);
    assert_int_equal(read_tree(QUESTIONS LEAVES), US_OK);
    struct us_tree before = tree;
    us_tree_write(file, &tree);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(line[length - 1], '\n');
    assert_int_equal(us_tree_read(&tree, line, length - 1, &err), US_OK);
    assert_memory_equal(&tree, &before, sizeof tree);
    free(line);
}

static void what_is_no_tree_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "", "gain>1", QUESTIONS, QUESTIONS "1 2 3", QUESTIONS LEAVES " 5", QUESTIONS LEAVES "x",
        "gain>nan density>0 context>0 of_a>0 pages>0 words>0\t" LEAVES,
        "gain 1.5 density>0 context>0 of_a>0 pages>0 words>0\t" LEAVES,
        "gain>1.5 density>0 context>0 of_a>0 pages>0\t" LEAVES,
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_int_equal(read_tree(lines[i]), US_EFORMAT);
        assert_string_equal(err.message, "should be 6 questions (feature>number), a tab and 64 numbers");
    }
    assert_int_equal(read_tree("grain>1.5 density>0 context>0 of_a>0 pages>0 words>0\t" LEAVES),
                     US_EFORMAT);
    assert_string_equal(err.message, "asks for \"grain\", which is no feature");
}

static void a_tree_that_asks_for_what_is_not_is_unsound(void **state)
{
    (void)state;
    assert_int_equal(read_tree(QUESTIONS LEAVES), US_OK);
    assert_true(us_trees_sound(&tree, 1));
    tree.features[5] = US_FEATURES_TREES;
    assert_false(us_trees_sound(&tree, 1));
    assert_true(us_trees_sound(&tree, 0));
}

static void every_feature_is_found_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < US_FEATURES_TREES; i++) {
        const char *name = us_feature_name((enum us_feature)i);
        assert_int_equal(us_feature_named(name, strlen(name)), i);
    }
    assert_int_equal(us_feature_named("gain", 3), US_FEATURES_TREES);
}

static void they_come_with_the_lexicon(void **state)
{
    (void)state;
    struct us_ngram *model = model_of("\\data\\\nngram 1=3\n\\1-grams:\n-1 <s>\n-1 </s>\n-1 last\n\\end\\\n");
    const char *const paths[] = {"rows.tsv"};
    struct us_lexicon_report report;
    struct us_lexicon *lexicon;
    uint32_t count;
    put("rows.tsv", "final\tlast\t0\tadj\t\tA\n");
    put("irregular.tsv", "");
    put("trees.tsv", "# trees\n" QUESTIONS LEAVES "\n" QUESTIONS LEAVES "\r\n");
    struct us_lexicon_sources sources = {.paths = paths, .count = 1, .words = model,
                                         .irregulars = "irregular.tsv", .trees = "trees.tsv"};
    assert_int_equal(us_lexicon_compile(&report, "words.lex", &sources, &err), US_OK);
    assert_int_equal(us_lexicon_open(&lexicon, "words.lex", &err), US_OK);
    assert_int_equal(read_tree(QUESTIONS LEAVES), US_OK);
    const struct us_tree *trees = us_lexicon_trees(lexicon, &count);
    assert_int_equal(count, 2);
    assert_memory_equal(&trees[1], &tree, sizeof tree);
    us_lexicon_close(lexicon);

    put("trees.tsv", QUESTIONS LEAVES "\n" QUESTIONS "\n");
    assert_int_equal(us_lexicon_compile(&report, "words.lex", &sources, &err), US_EFORMAT);
    assert_string_equal(err.message, "trees.tsv:2: should be 6 questions (feature>number), a tab "
                                     "and 64 numbers");
    us_ngram_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_the_bits_of_the_leafs_number),
        cmocka_unit_test(trees_are_added_up),
        cmocka_unit_test(edges_asked_for_at_once_have_the_sums_they_have_alone),
        cmocka_unit_test(their_log_odds_are_averaged_with_anothers),
        cmocka_unit_test(a_tree_is_written_as_it_is_read),
        cmocka_unit_test(what_is_no_tree_is_refused),
        cmocka_unit_test(a_tree_that_asks_for_what_is_not_is_unsound),
        cmocka_unit_test(every_feature_is_found_by_its_name),
        cmocka_unit_test(they_come_with_the_lexicon),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
