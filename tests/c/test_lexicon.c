#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lexicon_compile.h"

#define DEFAULT_MODEL "/usr/share/pocketsphinx/model/en-us/en-us.lm.bin"
#define IRREGULARS                                                                                \
    "# irregular forms\n"                                                                         \
    "verb\tgive\tgave\tgiven\n"                                                                   \
    "verb\tcut\tcut\tcut\n"                                                                       \
    "noun\tchild\tchildren\n"                                                                     \
    "noun\tnews\t-\n"                                                                             \
    "adj\tgood\tbetter\tbest\n"

static char folder[64];
static struct us_ngram *words;
static struct us_lexicon *lexicon;
static struct us_lexicon_report report;
static struct us_error err;
static char doubts[4096];

static int enter_folder(void **state)
{
    (void)state;
    const char *model = getenv("UNSPIN_MODEL");
    if (us_ngram_open(&words, model ? model : DEFAULT_MODEL, &err) != US_OK) {
        fprintf(stderr, "%s\n", err.message);
        return -1;
    }
    strcpy(folder, "/tmp/unspin-lexicon-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    char command[96];
    us_ngram_close(words);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static int close_lexicon(void **state)
{
    (void)state;
    us_lexicon_close(lexicon);
    lexicon = NULL;
    return 0;
}

static void put_bytes(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void put(const char *path, const char *text)
{
    put_bytes(path, text, strlen(text));
}

static size_t get_bytes(char *bytes, size_t room, const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(bytes, 1, room, file);
    fclose(file);
    return length;
}

/* Compile sources, given as path and content by turns, into words.lex. */
static int compile_all(const char *const *parts, size_t count, const char *weights, FILE *listed)
{
    const char *paths[8];
    for (size_t i = 0; i < count; i++) {
        paths[i] = parts[2 * i];
        put(paths[i], parts[2 * i + 1]);
    }
    put("irregular.tsv", IRREGULARS);
    struct us_lexicon_sources sources = {.paths = paths,
                                         .count = (uint32_t)count,
                                         .irregulars = "irregular.tsv",
                                         .weights = weights,
                                         .words = words,
                                         .doubts = listed};
    return us_lexicon_compile(&report, "words.lex", &sources, &err);
}

static void open_lexicon(void)
{
    close_lexicon(NULL);
    if (us_lexicon_open(&lexicon, "words.lex", &err) != US_OK)
        fail_msg("%s", err.message);
}

static void compile(const char *rows)
{
    const char *const parts[] = {"known.tsv", rows};
    if (compile_all(parts, 1, NULL, NULL) != US_OK)
        fail_msg("%s", err.message);
    open_lexicon();
}

/* What lexc --check says of rows. */
static const char *check(const char *rows)
{
    const char *const parts[] = {"known.tsv", rows};
    FILE *listed = tmpfile();
    assert_non_null(listed);
    compile_all(parts, 1, NULL, listed);
    rewind(listed);
    doubts[fread(doubts, 1, sizeof doubts - 1, listed)] = '\0';
    fclose(listed);
    return doubts;
}

/* Walk a phrase, words by one space; how many rows it has, or -1 if nothing begins so. */
static int walk(const struct us_row **rows, const char *phrase)
{
    uint64_t state = 0;
    uint32_t count = 0;
    for (int goes_on = 1; *phrase;) {
        size_t length = strcspn(phrase, " ");
        goes_on = us_lexicon_step(lexicon, &state, phrase, length, rows, &count);
        if (!goes_on)
            return -1;
        phrase += length + (phrase[length] == ' ');
    }
    return (int)count;
}

static const struct us_row *find(const char *spun, const char *original)
{
    const struct us_row *rows;
    int count = walk(&rows, spun);
    for (int i = 0; i < count; i++)
        if (strcmp(us_lexicon_string(lexicon, rows[i].original), original) == 0)
            return &rows[i];
    return NULL;
}

static void assert_form(const char *spun, const char *original, enum us_pos pos, enum us_form form)
{
    const struct us_row *row = find(spun, original);
    if (!row)
        fail_msg("no row %s / %s", spun, original);
    assert_int_equal(row->pos, pos);
    assert_int_equal(row->form, form);
}

/* ---- finding ------------------------------------------------------------------------------ */

static void a_phrase_is_found_word_by_word(void **state)
{
    (void)state;
    const struct us_row *rows;
    compile("pores and skin\tskin\t3\tnoun\talways\tA\n");
    assert_int_equal(walk(&rows, "pores"), 0);
    assert_int_equal(walk(&rows, "pores and"), 0);
    assert_int_equal(walk(&rows, "pores and skin"), 1);
    assert_string_equal(us_lexicon_string(lexicon, rows->original), "skin");
    assert_string_equal(us_lexicon_string(lexicon, rows->spun), "pores and skin");
    assert_int_equal(rows->pages, 3);
    assert_int_equal(rows->families, 1);
    assert_int_equal(rows->original_words, 1);
    assert_int_equal(walk(&rows, "pores and bone"), -1);
    assert_int_equal(walk(&rows, "skin"), -1);
}

static void hyphens_and_apostrophes_part_words_as_in_a_text(void **state)
{
    (void)state;
    compile("well-liked\tpopular\t0\tadj\t\tA\n"
            "could actually\xe2\x80\x99t\tcan't\t0\tphrase\talways\tA\n"
            "p.c\tpercent\t0\tphrase\talways\tA\n");
    assert_non_null(find("well liked", "popular"));
    assert_non_null(find("could actually't", "can't"));
    assert_non_null(find("p.c", "percent"));
}

static void a_name_keeps_its_capitals_on_both_sides(void **state)
{
    (void)state;
    compile("Wall Avenue\tWall Street\t0\tname\talways\tA\n"
            "Bundle\tpackage\t0\tnoun\t\tA\n"
            "gullible bayes\tnaive Bayes\t0\tnoun\t\tT\n");
    const struct us_row *row = find("wall avenue", "Wall Street");
    assert_non_null(row);
    assert_true(row->flags & US_ROW_NAME);
    assert_string_equal(us_lexicon_string(lexicon, row->spun), "Wall Avenue");
    row = find("bundle", "package");
    assert_non_null(row);
    assert_string_equal(us_lexicon_string(lexicon, row->spun), "bundle");
    assert_non_null(find("gullible bayes", "naive Bayes"));
}

static void of_a_name_and_a_common_word_the_word_serves_both(void **state)
{
    (void)state;
    const struct us_row *rows;
    compile("Excessive College\tHigh School\t0\tname\talways\tA\n"
            "excessive college\thigh school\t0\tnoun fixed\talways\tG\n");
    assert_int_equal(walk(&rows, "excessive college"), 1);
    assert_string_equal(us_lexicon_string(lexicon, rows->original), "high school");
    assert_string_equal(us_lexicon_string(lexicon, rows->spun), "excessive college");
    assert_false(rows->flags & US_ROW_NAME);
    assert_int_equal(rows->pos, US_POS_NOUN);
}

static void rivals_are_counted_and_the_best_attested_comes_first(void **state)
{
    (void)state;
    const struct us_row *rows;
    compile("round\taround\t2\tprep\t\tA\n"
            "round\tcircular\t5\tadj fixed\t\tA\n"
            "spherical\tcircular\t1\tadj fixed\t\tA\n");
    assert_int_equal(walk(&rows, "round"), 2);
    assert_string_equal(us_lexicon_string(lexicon, rows[0].original), "circular");
    assert_int_equal(rows[0].readings, 2);
    assert_int_equal(rows[0].swaps, 2);
    assert_int_equal(rows[1].swaps, 1);
    for (uint32_t i = 0; i < us_lexicon_rows(lexicon); i++)
        assert_int_equal(us_lexicon_row(lexicon, i)->id, i);
}

/* ---- inflection --------------------------------------------------------------------------- */

static void one_row_serves_all_forms(void **state)
{
    (void)state;
    compile("debate\tdiscuss\t0\tverb\t\tA\n"
            "settlement\tagreement\t0\tnoun\t\tA\n"
            "big\tlarge\t0\tadj\t\tA\n"
            "profound\tdeep\t0\tadj\t\tT\n");
    assert_form("debate", "discuss", US_POS_VERB, US_FORM_BASE);
    assert_form("debates", "discusses", US_POS_VERB, US_FORM_THIRD);
    assert_form("debated", "discussed", US_POS_VERB, US_FORM_PAST);
    assert_form("debating", "discussing", US_POS_VERB, US_FORM_ING);
    assert_form("settlements", "agreements", US_POS_NOUN, US_FORM_PLURAL);
    assert_form("bigger", "larger", US_POS_ADJ, US_FORM_COMPARATIVE);
    assert_form("biggest", "largest", US_POS_ADJ, US_FORM_SUPERLATIVE);
    assert_form("profoundly", "deeply", US_POS_ADV, US_FORM_ADVERB);
    assert_true(find("debated", "discussed")->flags & US_ROW_INFLECTED);
    assert_false(find("debate", "discuss")->flags & US_ROW_INFLECTED);
}

static void irregular_forms_come_from_the_table(void **state)
{
    (void)state;
    compile("donate\tgive\t0\tverb\t\tA\n"
            "youngster\tchild\t0\tnoun\t\tA\n"
            "lower\tcut\t0\tverb\t\tA\n"
            "fine\tgood\t0\tadj\t\tA\n");
    assert_form("donated", "gave", US_POS_VERB, US_FORM_PAST);
    assert_form("donated", "given", US_POS_VERB, US_FORM_PARTICIPLE);
    assert_form("youngsters", "children", US_POS_NOUN, US_FORM_PLURAL);
    assert_form("lowered", "cut", US_POS_VERB, US_FORM_PAST);
    assert_form("finer", "better", US_POS_ADJ, US_FORM_COMPARATIVE);
}

static void the_head_of_a_phrase_takes_the_ending(void **state)
{
    (void)state;
    compile("cut back\treduce\t0\tverb\t\tA\n"
            "institute of learning\tuniversity\t0\tnoun\t\tS\n"
            "most cancer cell\tcancer cell\t0\tnoun\t\tA\n");
    assert_non_null(find("cuts back", "reduces"));
    assert_non_null(find("cutting back", "reducing"));
    assert_non_null(find("institutes of learning", "universities"));
    assert_non_null(find("most cancer cells", "cancer cells"));
}

static void spelling_follows_the_rules(void **state)
{
    (void)state;
    compile("carry\tbring\t0\tverb\t\tA\n"
            "stop\tprevent\t0\tverb\t\tA\n"
            "quit\tabandon\t0\tverb\t\tA\n"
            "lie\trest\t0\tverb\t\tA\n"
            "panic\tworry\t0\tverb\t\tA\n"
            "go\tmove\t0\tverb\t\tA\n"
            "echo\trepeat\t0\tverb\t\tA\n"
            "refer\tpoint\t0\tverb\t\tA\n"
            "offer\tgrant\t0\tverb\t\tA\n"
            "box\tcontainer\t0\tnoun\t\tA\n"
            "heavy\tthick\t0\tadj\t\tA\n");
    assert_non_null(find("carries", "brings"));
    assert_non_null(find("carrying", "bringing"));
    assert_non_null(find("stopped", "prevented"));
    assert_non_null(find("quitting", "abandoning"));
    assert_non_null(find("lying", "resting"));
    assert_non_null(find("panicking", "worrying"));
    assert_non_null(find("goes", "moves"));
    assert_non_null(find("echoes", "repeats"));
    assert_non_null(find("referred", "pointed"));
    assert_non_null(find("offered", "granted"));
    assert_non_null(find("boxes", "containers"));
    assert_non_null(find("heavier", "thicker"));
    assert_non_null(find("heavily", "thickly"));
}

static void impossible_forms_are_not_made(void **state)
{
    (void)state;
    compile("news\tinformation\t0\tnoun\t\tA\n"         /* no plural in the table */
            "authorities\tgovernment\t0\tnoun fixed\t\tA\n"
            "teams\tcrew\t0\tnoun\t\tA\n"               /* plural as it stands */
            "tough\thard\t0\tadj\t\tA\n"                /* hardly is no adverb of hard */
            "pricey\texpensive\t0\tadj\t\tA\n"          /* expensiver is no word */
            "speedily\tquickly\t0\tadv\t\tA\n");
    assert_int_equal(report.derived, 2); /* tougher, toughest */
    assert_non_null(find("toughest", "hardest"));
    assert_null(find("toughly", "hardly"));
}

static void a_row_of_the_sources_wins_over_a_derived_one(void **state)
{
    (void)state;
    compile("settlement\tagreement\t1\tnoun\tordinary English too: only in spun text\tA\n"
            "settlements\tagreements\t7\tnoun plural\talways\tG\n"
            "debate\tdiscuss\t5\tverb\t\tA\n");
    const struct us_row *row = find("settlements", "agreements");
    assert_non_null(row);
    assert_int_equal(row->pages, 7);
    assert_true(row->flags & US_ROW_SEEN);
    assert_true(row->flags & US_ROW_ALWAYS);
    assert_false(row->flags & (US_ROW_INFLECTED | US_ROW_SPUN_ONLY));
    row = find("debated", "discussed"); /* half of the best attested form's, rounded up */
    assert_int_equal(row->pages, 3);
    assert_false(row->flags & US_ROW_SEEN);
}

static void a_base_row_learns_from_its_seen_forms(void **state)
{
    (void)state;
    compile("debate\tdiscuss\t0\tverb\t\tS\n"
            "debated\tdiscussed\t9\tverb past\t\tA\n");
    assert_int_equal(find("debate", "discuss")->pages, 5);
    assert_int_equal(find("debating", "discussing")->pages, 5);
    assert_int_equal(find("debating", "discussing")->families, 1u << ('S' - 'A') | 1u);
    assert_true(find("debated", "discussed")->flags & US_ROW_SEEN);
}

/* ---- merging ------------------------------------------------------------------------------ */

static void sources_merge(void **state)
{
    (void)state;
    const char *const parts[] = {
        "web-seen.tsv", "bosom\tbreast\t2\tnoun fixed\tbefore: cancer\tA\n",
        "scholarly.tsv", "bosom\tbreast\t1\tnoun fixed\talways\tT\n",
        "tail-thesaurus.tsv", "bosom\tbreast\t0\tnoun fixed\t\t\nchest\tbreast\t0\tnoun\t\t\n"};
    assert_int_equal(compile_all(parts, 3, NULL, NULL), US_OK);
    open_lexicon();
    const struct us_row *row = find("bosom", "breast");
    assert_int_equal(row->pages, 3);
    assert_int_equal(row->families, 1u << ('T' - 'A') | 1u);
    assert_true(row->flags & US_ROW_SCHOLARLY);
    assert_false(row->flags & US_ROW_TAIL);
    assert_int_equal(row->place, US_PLACE_BEFORE_WORDS);
    assert_true(find("chest", "breast")->flags & US_ROW_TAIL);
    assert_int_equal(report.read, 4);
    assert_int_equal(report.merged, 2);
}

/* ---- conditions --------------------------------------------------------------------------- */

static void pages_of_several_sources_add_up(void **state)
{
    (void)state;
    const char *const parts[] = {
        "web-seen.tsv", "aid\thelp\t4\tverb\tafter: to\tA\naid\thelp\t3\tnoun\t\tA\n",
        "web-seen-2.tsv", "aid\thelp\t5\tverb\t\tA\n",
        "known.tsv", "aid\thelp\t0\tverb\t\tA\n"};
    assert_int_equal(compile_all(parts, 3, NULL, NULL), US_OK);
    open_lexicon();
    assert_int_equal(find("aid", "help")->pages, 9);
    assert_int_equal(find("aiding", "helping")->pages, 5);
}

static void a_forbidden_swap_is_left_out_with_its_forms(void **state)
{
    (void)state;
    compile("settlement\tagreement\t9\tnoun\talways\tA\n"
            "settlements\tagreements\t3\tnoun plural\talways\tA\n"
            "settlement\tdeal\t2\tnoun\t\tA\n"
            "debated\tdiscussed\t0\tverb past\tnever\t\n"
            "debate\tdiscuss\t0\tverb\t\tA\n"
            "settlement\tagreement\t0\tphrase\tnever\t\n");
    assert_null(find("settlement", "agreement"));
    assert_null(find("settlements", "agreements"));
    assert_non_null(find("settlements", "deals"));
    assert_null(find("debated", "discussed"));
    assert_non_null(find("debates", "discusses"));
    assert_int_equal(report.forbidden, 3);
    for (uint32_t i = 0; i < us_lexicon_rows(lexicon); i++)
        assert_false(us_lexicon_row(lexicon, i)->flags & US_ROW_NEVER);
}

static void conditions_become_flags_and_places(void **state)
{
    (void)state;
    static const struct {
        const char *condition, *words;
        int place, flags;
    } cases[] = {
        {"", "", US_PLACE_ANY, 0},
        {"always", "", US_PLACE_ANY, US_ROW_ALWAYS},
        {"ordinary English too: only in spun text", "", US_PLACE_ANY, US_ROW_SPUN_ONLY},
        {"only in text spun by this bot", "", US_PLACE_ANY, US_ROW_BOT_ONLY},
        {"of people, not of things", "", US_PLACE_ANY, 0},
        {"before: week|month", "week|month", US_PLACE_BEFORE_WORDS, 0},
        {"after: This", "this", US_PLACE_AFTER_WORDS, 0},
        {"not before: of", "of", US_PLACE_NOT_BEFORE_WORDS, 0},
        {"not after: the", "the", US_PLACE_NOT_AFTER_WORDS, 0},
        {"before number", "", US_PLACE_BEFORE_NUMBER, 0},
        {"after number", "", US_PLACE_AFTER_NUMBER, 0},
        {"before comma", "", US_PLACE_BEFORE_COMMA, 0},
        {"no comma after", "", US_PLACE_NO_COMMA_AFTER, 0},
        {"at sentence start", "", US_PLACE_SENTENCE_START, 0},
        {"mid-sentence; frequent", "", US_PLACE_MID_SENTENCE, 0},
        {"as noun", "", US_PLACE_AFTER_DETERMINER, 0},
        {"as verb", "", US_PLACE_NO_DETERMINER_BEFORE, 0},
        {"in print; after: a|the; only in spun text", "a|the", US_PLACE_AFTER_WORDS,
         US_ROW_SPUN_ONLY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[256];
        snprintf(line, sizeof line, "final\tlast\t0\tphrase\t%s\tA\n", cases[i].condition);
        compile(line);
        const struct us_row *row = find("final", "last");
        assert_non_null(row);
        assert_int_equal(row->place, cases[i].place);
        assert_int_equal(row->flags, cases[i].flags);
        assert_string_equal(us_lexicon_string(lexicon, row->words), cases[i].words);
    }
}

/* ---- weights ------------------------------------------------------------------------------ */

static void weights_are_read_by_name(void **state)
{
    (void)state;
    const char *const parts[] = {"known.tsv", "final\tlast\t0\tadj\t\tA\n"};
    put("weights.tsv", "# weights\nlocal.gain\t0.25\tper nat\nlocal.bias\t-2\n");
    assert_int_equal(compile_all(parts, 1, "weights.tsv", NULL), US_OK);
    open_lexicon();
    assert_true(us_lexicon_weight(lexicon, "local.gain", 9) == 0.25f);
    assert_true(us_lexicon_weight(lexicon, "local.bias", 9) == -2);
    assert_true(us_lexicon_weight(lexicon, "local.other", 9) == 9);

    put("weights.tsv", "local.gain\t0.25\nlocal.bias\tmuch\n");
    assert_int_equal(compile_all(parts, 1, "weights.tsv", NULL), US_EFORMAT);
    assert_string_equal(err.message, "weights.tsv:2: should be a name, a tab and a number");
}

/* ---- sources that are wrong --------------------------------------------------------------- */

static void a_malformed_line_is_told_by_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"final\tlast\t0\tadj", "known.tsv:3: has 4 columns instead of 6"},
        {"final\tlast\t0\tadj\t\tA\tB", "known.tsv:3: has more than 6 columns"},
        {"final\tlast\tmany\tadj\t\tA", "known.tsv:3: \"many\" is not a number of pages"},
        {"final\tlast\t70000\tadj\t\tA", "known.tsv:3: \"70000\" is not a number of pages"},
        {"final\tlast\t0\tadjective\t\tA", "known.tsv:3: \"adjective\" is not a part of speech"},
        {"final\tlast\t0\tadj dual\t\tA", "known.tsv:3: \"dual\" is not a form of a adj"},
        {"final\tlast\t0\tadj\t\ta", "known.tsv:3: \"a\" is not letters of families"},
        {"final\tFinal\t0\tadj\t\tA", "known.tsv:3: \"final\" stands for itself"},
        {"\tlast\t0\tadj\t\tA", "known.tsv:3: a phrase is empty, too long or not UTF-8"},
        {"fin\xffl\tlast\t0\tadj\t\tA", "known.tsv:3: a phrase is empty, too long or not UTF-8"},
        {"final\tlast\t0\tadj\tbefore:\tA",
         "known.tsv:3: the condition's list of words is empty or too long"},
        {"final\tlast\t0\tadj\tas noun; as verb\tA",
         "known.tsv:3: the condition asks for two places"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char rows[256];
        snprintf(rows, sizeof rows, "# rows\n\n%s\n", cases[i].line);
        const char *const parts[] = {"known.tsv", rows};
        assert_int_equal(compile_all(parts, 1, NULL, NULL), US_EFORMAT);
        assert_string_equal(err.message, cases[i].message);
    }
}

static void nothing_is_written_if_a_source_is_wrong(void **state)
{
    (void)state;
    compile("final\tlast\t0\tadj\t\tA\n");
    const char *const parts[] = {"known.tsv", "extra\tmore\t0\tadj\n"};
    assert_int_equal(compile_all(parts, 1, NULL, NULL), US_EFORMAT);
    open_lexicon();
    assert_non_null(find("final", "last"));
    assert_int_equal(access("words.lex.new", F_OK), -1);
}

static void the_check_names_all_rows_that_look_wrong(void **state)
{
    (void)state;
    assert_string_equal(check("settlement\tagreement\t2\tnoun\t\tA\n"
                              "settlement\tagreement\t1\tnoun\t\tA\n"),
                        "known.tsv:2: settlement / agreement says nothing that another row does "
                        "not\n");
    assert_string_equal(check("settlements\tagreements\t0\tnoun\t\tA\n"),
                        "known.tsv:1: settlements / agreements is not in its base form\n");
    assert_string_equal(check("settlement\tagreement\t0\tnoun plural\t\tA\n"),
                        "known.tsv:1: settlement / agreement cannot be that form\n");
    assert_string_equal(check("speedily\tquickly\t0\tadv past\t\tA\n"),
                        "known.tsv:1: speedily / quickly has no forms\n");
    assert_string_equal(check("inventory\tstock\t0\tnoun fixed\talways\tA\n"
                              "stock\tinventory\t0\tnoun fixed\talways\tS\n"),
                        "known.tsv:1: inventory / stock goes in a circle: each is said to be wrong "
                        "anywhere\n"
                        "known.tsv:2: stock / inventory goes in a circle: each is said to be wrong "
                        "anywhere\n");
    assert_string_equal(check("final\tlast\t0\nextra\tmore\n"),
                        "known.tsv:1: has 3 columns instead of 6\n"
                        "known.tsv:2: has 2 columns instead of 6\n");
    assert_string_equal(check("settlement\tagreement\t2\tnoun\t\tA\n"), "");
}

static void rows_that_no_text_can_hold_are_passed_over(void **state)
{
    (void)state;
    compile("one two three four five six seven\tseven\t0\tphrase\t\tA\n"
            "one, two\ttwo\t0\tphrase\t\tA\n"
            "final\tlast\t0\tadj fixed\t\tA\n");
    assert_int_equal(us_lexicon_rows(lexicon), 1);
    assert_int_equal(report.doubts, 2);
}

static void a_source_that_is_missing_is_told(void **state)
{
    (void)state;
    const char *const paths[] = {"missing.tsv"};
    put("irregular.tsv", IRREGULARS);
    struct us_lexicon_sources sources = {
        .paths = paths, .count = 1, .irregulars = "irregular.tsv", .words = words};
    assert_int_equal(us_lexicon_compile(&report, "words.lex", &sources, &err), US_EIO);
    assert_non_null(strstr(err.message, "missing.tsv"));
    sources.count = 0;
    assert_int_equal(us_lexicon_compile(&report, "no/such/folder/words.lex", &sources, &err),
                     US_EIO);
    assert_non_null(strstr(err.message, "no/such/folder/words.lex"));
}

/* ---- files that are wrong ----------------------------------------------------------------- */

static void assert_refused(const char *path, int code, const char *why)
{
    struct us_lexicon *out = (struct us_lexicon *)&err;
    err = (struct us_error){0};
    assert_int_equal(us_lexicon_open(&out, path, &err), code);
    assert_null(out);
    assert_non_null(strstr(err.message, path));
    if (!strstr(err.message, why))
        fail_msg("\"%s\" does not say \"%s\"", err.message, why);
    assert_null(strchr(err.message, '\n'));
}

static void a_file_that_is_no_lexicon_is_refused_in_one_line(void **state)
{
    (void)state;
    assert_refused("missing.lex", US_EIO, "No such file");
    assert_int_equal(mkdir("folder.lex", 0755), 0);
    assert_refused("folder.lex", US_EIO, "not a regular file");
    put("empty.lex", "");
    assert_refused("empty.lex", US_EFORMAT, "does not begin as one");
    put("foreign.lex", "a text, and long enough for a header to be looked for in it");
    assert_refused("foreign.lex", US_EFORMAT, "does not begin as one");
}

/* Every number turned round, as a machine of the other byte order writes it. */
static void a_lexicon_of_the_other_byte_order_is_refused(void **state)
{
    (void)state;
    static char bytes[1 << 16];
    compile("final\tlast\t2\tadj\tbefore: week\tA\n");
    size_t length = get_bytes(bytes, sizeof bytes, "words.lex");
    for (size_t at = 8; at + 4 <= 32; at += 4)
        for (size_t i = 0; i < 2; i++) {
            char was = bytes[at + i];
            bytes[at + i] = bytes[at + 3 - i];
            bytes[at + 3 - i] = was;
        }
    put_bytes("swapped.lex", bytes, length);
    assert_refused("swapped.lex", US_EFORMAT, "another byte order");
}

/* The sanitizers see to it that all of this lies in the file. */
static void assert_walk_stays_inside(void)
{
    static const char *const walk[] = {"pores", "and", "skin", "final"};
    uint64_t phrase = 0;
    for (size_t i = 0; i < sizeof walk / sizeof *walk; i++) {
        const struct us_row *rows;
        uint32_t count;
        us_lexicon_step(lexicon, &phrase, walk[i], strlen(walk[i]), &rows, &count);
        for (uint32_t k = 0; k < count; k++) {
            assert_in_range(rows[k].original_id, 0, us_lexicon_rows(lexicon) - 1);
            assert_ptr_equal(us_lexicon_row(lexicon, rows[k].id), &rows[k]);
            assert_in_range(strlen(us_lexicon_string(lexicon, rows[k].original)), 0, 1 << 16);
        }
        if (i == 2)
            phrase = 0;
    }
    us_lexicon_weight(lexicon, "threshold.sure", 0);
}

static void a_damaged_file_is_refused_or_stays_inside(void **state)
{
    (void)state;
    static char whole[1 << 16], bytes[1 << 16];
    compile("pores and skin\tskin\t3\tnoun\talways\tA\nfinal\tlast\t2\tadj\tbefore: week\tA\n");
    size_t length = get_bytes(whole, sizeof whole, "words.lex");
    assert_in_range(length, 100, sizeof whole - 1);
    for (size_t i = 0; i < length; i++) {
        memcpy(bytes, whole, length);
        bytes[i] ^= 0x10;
        put_bytes("damaged.lex", bytes, length);
        us_lexicon_close(lexicon);
        if (us_lexicon_open(&lexicon, "damaged.lex", &err) == US_OK)
            assert_walk_stays_inside();
        else
            assert_non_null(strstr(err.message, "not a usable lexicon"));
    }
    for (size_t cut = 1; cut < length; cut++) {
        put_bytes("damaged.lex", whole, cut);
        assert_refused("damaged.lex", US_EFORMAT, "not a usable lexicon");
    }
    put_bytes("damaged.lex", whole, length + 1);
    assert_refused("damaged.lex", US_EFORMAT, "too long");
}

static void an_empty_lexicon_is_a_lexicon(void **state)
{
    (void)state;
    const struct us_row *rows;
    compile("# nothing yet\n");
    assert_int_equal(us_lexicon_rows(lexicon), 0);
    assert_int_equal(walk(&rows, "final"), -1);
    assert_null(us_lexicon_row(lexicon, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_phrase_is_found_word_by_word, close_lexicon),
        cmocka_unit_test_teardown(hyphens_and_apostrophes_part_words_as_in_a_text, close_lexicon),
        cmocka_unit_test_teardown(a_name_keeps_its_capitals_on_both_sides, close_lexicon),
        cmocka_unit_test_teardown(of_a_name_and_a_common_word_the_word_serves_both,
                                  close_lexicon),
        cmocka_unit_test_teardown(rivals_are_counted_and_the_best_attested_comes_first,
                                  close_lexicon),
        cmocka_unit_test_teardown(one_row_serves_all_forms, close_lexicon),
        cmocka_unit_test_teardown(irregular_forms_come_from_the_table, close_lexicon),
        cmocka_unit_test_teardown(the_head_of_a_phrase_takes_the_ending, close_lexicon),
        cmocka_unit_test_teardown(spelling_follows_the_rules, close_lexicon),
        cmocka_unit_test_teardown(impossible_forms_are_not_made, close_lexicon),
        cmocka_unit_test_teardown(a_row_of_the_sources_wins_over_a_derived_one, close_lexicon),
        cmocka_unit_test_teardown(a_base_row_learns_from_its_seen_forms, close_lexicon),
        cmocka_unit_test_teardown(sources_merge, close_lexicon),
        cmocka_unit_test_teardown(pages_of_several_sources_add_up, close_lexicon),
        cmocka_unit_test_teardown(a_forbidden_swap_is_left_out_with_its_forms, close_lexicon),
        cmocka_unit_test_teardown(conditions_become_flags_and_places, close_lexicon),
        cmocka_unit_test_teardown(weights_are_read_by_name, close_lexicon),
        cmocka_unit_test_teardown(a_malformed_line_is_told_by_its_place, close_lexicon),
        cmocka_unit_test_teardown(nothing_is_written_if_a_source_is_wrong, close_lexicon),
        cmocka_unit_test_teardown(the_check_names_all_rows_that_look_wrong, close_lexicon),
        cmocka_unit_test_teardown(rows_that_no_text_can_hold_are_passed_over, close_lexicon),
        cmocka_unit_test_teardown(a_source_that_is_missing_is_told, close_lexicon),
        cmocka_unit_test_teardown(a_file_that_is_no_lexicon_is_refused_in_one_line, close_lexicon),
        cmocka_unit_test_teardown(a_lexicon_of_the_other_byte_order_is_refused, close_lexicon),
        cmocka_unit_test_teardown(a_damaged_file_is_refused_or_stays_inside, close_lexicon),
        cmocka_unit_test_teardown(an_empty_lexicon_is_a_lexicon, close_lexicon),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
