/*
 * What the history records, how it is read, and what taking a correction back means.
 */
#include "repository.h"

#include "history_bytes.h"

#include <sys/wait.h>

static void test_one_commit_a_correction(void **state)
{
    (void)state;
    struct us_recorded recorded = correct_all();
    assert_int_equal(recorded.count, 3);
    assert_string_equal(recorded.original, "");
    assert_string_equal(output("cd repo && git log --reverse --format=%%H HEAD~3.."),
                        output("echo %s; echo %s; echo %s", recorded.oids[0], recorded.oids[1],
                               recorded.oids[2]));
    assert_string_equal(output("cd repo && git show --format= -U0 --word-diff HEAD~2 | tail -1"),
                        "Following an [-settlement-]{+agreement+} to cut back student trade.");
    assert_string_equal(output("cd repo && git show --format= -U0 --word-diff HEAD~1 | tail -1"),
                        "Following an agreement to cut back student [-trade.-]{+exchange.+}");
    assert_string_equal(output("cd repo && git log -1 --format=%%B"),
                        "instructed → told\n\n"
                        "articles/a.md:3: The expertise was [instructed → told] final November.\n\n"
                        "Unspin-File: articles/a.md\nUnspin-Line: 3\nUnspin-Confidence: 0.981\n"
                        "Unspin-Kind: substitution");
    assert_string_equal(output("cd repo && git log -1 --format='%%(trailers:key=Unspin-Confidence,"
                               "valueonly)'"), "0.981");
    us_recorded_close(&recorded);
}

static void test_the_authors_own_text_comes_first(void **state)
{
    (void)state;
    output("echo 'A line of mine.' >>repo/articles/a.md");
    struct us_recorded recorded = correct_all();
    assert_string_equal(output("cd repo && git rev-parse HEAD~3"), recorded.original);
    assert_string_equal(output("cd repo && git show --format=%%s -U0 HEAD~3 | sed -n '1p;$p'"),
                        "Save articles/a.md as written\n+A line of mine.");
    us_recorded_close(&recorded);
}

static void test_no_corrections_no_commits(void **state)
{
    (void)state;
    struct us_recorded recorded;
    output("echo more >>repo/articles/a.md");
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    assert_int_equal(us_history_record(&recorded, history, "x", 1, NULL, 0, NULL), US_OK);
    assert_int_equal(recorded.count, 0);
    assert_string_equal(output("cd repo && git log --format=%%s"), "Receive");
    us_history_close(history);
}

static void test_at_most_three_files_a_save(void **state)
{
    (void)state;
    const char *count = "find repo/.git/objects -type f | wc -l";
    int before = atoi(output("%s", count));
    struct us_recorded recorded = correct_all();
    assert_true(atoi(output("%s", count)) - before <= 3);
    us_recorded_close(&recorded);
}

static void test_nothing_is_recorded_that_is_not_on_disk(void **state)
{
    (void)state;
    static const char *const swaps[] = {"settlement=agreement", NULL};
    struct us_recorded recorded;
    struct us_error err = {0};
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    struct save save = make_save(article, swaps);
    assert_int_equal(us_history_record(&recorded, history, save.before, save.before_length,
                                       save.fixes, save.count, &err),
                     US_ESTATE);
    assert_non_null(strstr(err.message, "does not hold the corrections"));
    assert_string_equal(output("cd repo && git log --format=%%s && git status --porcelain"),
                        "Receive");
    free_save(&save);
    us_history_close(history);
}

static void test_what_else_changed_on_disk_is_recorded_last(void **state)
{
    (void)state;
    static const char *const swaps[] = {"settlement=agreement", NULL};
    struct us_recorded recorded;
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    struct save save = make_save(article, swaps);
    write_article(article, save.after, save.after_length);
    output("echo 'by another hook' >>repo/articles/a.md");
    assert_int_equal(us_history_record(&recorded, history, save.before, save.before_length,
                                       save.fixes, save.count, NULL),
                     US_OK);
    assert_string_equal(output("cd repo && git log --format=%%s && git status --porcelain"),
                        "Save articles/a.md as written\nsettlement → agreement\nReceive");
    us_recorded_close(&recorded);
    free_save(&save);
    us_history_close(history);
}

static void test_fixes_out_of_order_are_refused(void **state)
{
    (void)state;
    struct us_recorded recorded;
    struct us_error err = {0};
    struct us_fix fixes[] = {{.start = 5, .end = 6, .replacement = "x"},
                             {.start = 1, .end = 2, .replacement = "y"}};
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    assert_int_equal(us_history_record(&recorded, history, "0123456789", 10, fixes, 2, &err),
                     US_EINVAL);
    fixes[0] = (struct us_fix){.start = 5, .end = 11, .replacement = "x"};
    assert_int_equal(us_history_record(&recorded, history, "0123456789", 10, fixes, 1, &err),
                     US_EINVAL);
    us_history_close(history);
}

static void test_a_branch_that_moved_is_built_on(void **state)
{
    (void)state;
    static const char *const swaps[] = {"settlement=agreement", NULL};
    struct us_recorded recorded;
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    struct save save = make_save(article, swaps);
    assert_int_equal(us_history_prepare(history, save.before, save.before_length, save.fixes,
                                        save.count, NULL), US_OK);
    write_article(article, save.after, save.after_length);
    output("cd repo && echo x >x && git add x && git commit -qm Meanwhile");
    assert_int_equal(us_history_record(&recorded, history, save.before, save.before_length,
                                       save.fixes, save.count, NULL), US_OK);
    assert_string_equal(output("cd repo && git log --format=%%s && git status --porcelain"),
                        "settlement → agreement\nMeanwhile\nReceive");
    us_recorded_close(&recorded);
    free_save(&save);
    us_history_close(history);
}

/* A rebase that stops in the middle, of commits that do not touch the article. */
#define STOPPED_REBASE                                                                             \
    "cd repo && { echo 1 >other && git add other && git commit -qm one && git branch onto && "      \
    "git reset -q --hard HEAD~1 && echo 2 >other && git add other && git commit -qm two; } && "
static void test_a_rebase_that_began_meanwhile_is_left_alone(void **state)
{
    (void)state;
    static const char *const swaps[] = {"settlement=agreement", NULL};
    struct us_recorded recorded;
    output(STOPPED_REBASE "true");
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    struct save save = make_save(article, swaps);
    assert_int_equal(us_history_prepare(history, save.before, save.before_length, save.fixes,
                                        save.count, NULL), US_OK);
    output("cd repo && ! git rebase -q onto");
    write_article(article, save.after, save.after_length);
    assert_int_equal(us_history_record(&recorded, history, save.before, save.before_length,
                                       save.fixes, save.count, NULL), US_OK);
    assert_string_equal(us_history_location(history)->ref, "refs/unspin/heads/main");
    assert_non_null(strstr(us_history_location(history)->notice, "a rebase is under way"));
    assert_string_equal(output("cd repo && git log --format=%%s main && git diff --cached "
                               "--name-only"), "two\nReceive\nother");
    us_recorded_close(&recorded);
    free_save(&save);
    us_history_close(history);
}

static void test_what_a_rebase_sent_to_the_side_is_listed_after_it(void **state)
{
    (void)state;
    char log[4096];
    output(STOPPED_REBASE "! git rebase -q onto");
    struct us_recorded recorded = correct_all();
    us_recorded_close(&recorded);
    output("cd repo && git checkout -q articles && git checkout -q --theirs other && git add other "
           "&& git rebase --continue && git status");
    read_log(log, sizeof log, article, false);
    assert_string_equal(log, "articles/a.md:3 instructed>told\n"
                             "articles/a.md:1 student trade>student exchange\n"
                             "articles/a.md:1 settlement>agreement\n");
}

static void test_the_reflog_tells_of_a_save(void **state)
{
    (void)state;
    struct us_recorded recorded = correct_all();
    assert_string_equal(output("cd repo && git reflog --format=%%gs -1 && git reflog --format=%%gs "
                               "-1 main"),
                        "unspin: 3 corrections of articles/a.md\n"
                        "unspin: 3 corrections of articles/a.md");
    us_recorded_close(&recorded);
}

static void test_git_shows_it_in_its_own_ways(void **state)
{
    (void)state;
    static const char *const more[] = {"final=last", NULL};
    struct us_recorded recorded = correct_all();
    output("cd repo && git notes add -m 'seen by an editor' %s && git rev-parse refs/notes/commits "
           ">../notes", recorded.oids[0]);
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    struct us_recorded later = correct(history, article, more);
    us_history_close(history);
    assert_string_equal(output("cd repo && git blame -s --abbrev=39 articles/a.md | cut -d' ' -f1 | "
                               "sed -n '1p;3p'"),
                        output("echo %s; echo %s", recorded.oids[1], later.oids[0]));
    assert_string_equal(output("cd repo && git log --format=%%H --grep='student trade →'"),
                        recorded.oids[1]);
    assert_string_equal(output("cd repo && git log -1 --format=%%B | git interpret-trailers --parse"),
                        "Unspin-File: articles/a.md\nUnspin-Line: 3\nUnspin-Confidence: 0.981\n"
                        "Unspin-Kind: substitution");
    assert_string_equal(output("cd repo && git shortlog -ns HEAD | sed 's/^ *//'"), "5\tA U Thor");
    assert_string_equal(output("cd repo && git notes show %s && git rev-parse refs/notes/commits | "
                               "cmp - ../notes", recorded.oids[0]), "seen by an editor");
    output("cd repo && git mv articles/a.md b.md && git commit -qm Move");
    assert_string_equal(output("cd repo && git log --follow --format=%%s b.md | wc -l"), "6");
    us_recorded_close(&recorded);
    us_recorded_close(&later);
}

static void test_an_odd_path_survives_the_message(void **state)
{
    (void)state;
    char log[4096], path[300];
    static const char *const swaps[] = {"settlement=agreement", NULL};
    snprintf(path, sizeof path, "%s/repo/\"odd\"\nUnspin-Kind: x.md", work);
    write_article(path, "an settlement", 13);
    struct us_history *history = open_history(path, US_WHERE_BRANCH);
    struct us_recorded recorded = correct(history, path, swaps);
    us_recorded_close(&recorded);
    us_history_close(history);
    read_log(log, sizeof log, path, false);
    assert_string_equal(log, "\"odd\"\nUnspin-Kind: x.md:1 settlement>agreement\n");
}

/* --- taking back --- */

/* "old>new@path here" of all that is rejected, sorted. */
static const char *rejected(const char *path)
{
    static char out[4096];
    struct us_rejections rejections;
    struct us_history *history = open_history(path, US_WHERE_BRANCH);
    assert_int_equal(us_history_rejected(&rejections, history, NULL), US_OK);
    out[0] = '\0';
    for (size_t i = 0; i < rejections.count; i++)
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s>%s@%s%s", i ? "; " : "",
                 rejections.items[i].old, rejections.items[i].replacement,
                 rejections.items[i].path, rejections.items[i].here ? " here" : "");
    us_rejections_close(&rejections);
    us_history_close(history);
    return out;
}

static void reject(const char *oid)
{
    char made[41];
    struct us_error err = {0};
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    if (us_history_reject(made, history, oid, &err) != US_OK)
        fail_msg("%s", err.message);
    assert_string_equal(output("cd repo && git rev-parse HEAD"), made);
    us_history_close(history);
}

static void test_reject_takes_back_one_of_several_on_a_line(void **state)
{
    (void)state;
    struct us_recorded recorded = correct_all();
    reject(recorded.oids[0]);
    assert_string_equal(output("head -1 repo/articles/a.md && cd repo && git status --porcelain"),
                        "Following an settlement to cut back student exchange.");
    assert_string_equal(output("cd repo && git log -1 --format='%%s%%n%%(trailers:key="
                               "Unspin-Rejects,valueonly)'"),
                        output("echo 'Reject settlement → agreement'; echo %s", recorded.oids[0]));
    assert_string_equal(rejected(article), "settlement>agreement@articles/a.md here");
    char log[4096];
    read_log(log, sizeof log, article, false);
    assert_non_null(strstr(log, "settlement>agreement rejected"));
    assert_non_null(strstr(log, "instructed>told\n"));
    us_recorded_close(&recorded);
}

static void test_reject_leaves_other_edits_uncommitted(void **state)
{
    (void)state;
    struct us_recorded recorded = correct_all();
    output("echo 'not yet' >>repo/articles/a.md");
    reject(recorded.oids[2]);
    assert_string_equal(output("cd repo && git diff -U0 | tail -1 && git show --format= -U0 | tail -1"),
                        "+not yet\n+The expertise was instructed final November.");
    us_recorded_close(&recorded);
}

static void test_reject_of_what_was_undone_by_hand(void **state)
{
    (void)state;
    struct us_recorded recorded = correct_all();
    output("sed -i 's/told/instructed/' repo/articles/a.md");
    reject(recorded.oids[2]);
    assert_string_equal(output("cd repo && git status --porcelain && git show --format= --stat | "
                               "tail -1"),
                        " 1 file changed, 1 insertion(+), 1 deletion(-)");
    us_recorded_close(&recorded);
}

static void test_reject_beside_words_that_were_changed(void **state)
{
    (void)state;
    struct us_recorded recorded = correct_all();
    output("sed -i 's/was told final/has said/' repo/articles/a.md");
    reject(recorded.oids[2]); /* nothing to take back any more: the swap is remembered */
    assert_string_equal(output("tail -1 repo/articles/a.md"), "The expertise has said November.");
    assert_string_equal(rejected(article), "instructed>told@articles/a.md here");
    us_recorded_close(&recorded);
}

static void test_reject_refuses_what_is_no_correction(void **state)
{
    (void)state;
    char made[41];
    struct us_error err = {0};
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    assert_int_equal(us_history_reject(made, history, "zzzzzzzz", &err), US_EINVAL);
    assert_int_equal(us_history_reject(made, history, "0123456789", &err), US_ESTATE);
    assert_int_equal(us_history_reject(made, history, output("cd repo && git rev-parse HEAD"), &err),
                     US_ESTATE);
    assert_non_null(strstr(err.message, "is no correction"));
    us_history_close(history);
}

static void test_reject_in_a_partial_clone_says_what_is_missing(void **state)
{
    (void)state;
    char made[41], log[4096];
    struct us_error err = {0};
    struct us_recorded recorded = correct_all();
    output("git -C repo config uploadpack.allowFilter true && "
           "git clone -q --filter=blob:none file://$PWD/repo partial");
    snprintf(article, sizeof article, "%s/partial/articles/a.md", work);
    read_log(log, sizeof log, article, false);
    assert_non_null(strstr(log, "settlement>agreement"));
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    assert_int_equal(us_history_reject(made, history, recorded.oids[0], &err), US_EFORMAT);
    assert_string_equal(err.message, output("echo 'the texts of commit %s are missing here (a partial "
                                            "clone?): git show %s would fetch them'",
                                            recorded.oids[0], recorded.oids[0]));
    assert_string_equal(output("cd partial && git status --porcelain && git show %s >/dev/null",
                               recorded.oids[0]), "");
    assert_int_equal(us_history_reject(made, history, recorded.oids[0], &err), US_OK);
    us_history_close(history);
    us_recorded_close(&recorded);
}

/* A save of fixes given in full, of the article as it is. */
static void save_fixes(struct us_fix *fixes, size_t count)
{
    struct us_recorded recorded;
    struct us_error err = {0};
    size_t length, at = 0;
    char *text = read_article(article, &length);
    struct us_bytes after = {0};
    for (size_t i = 0; i < count; i++) {
        us_bytes_add(&after, text + at, fixes[i].start - at);
        us_bytes_text(&after, fixes[i].replacement);
        at = fixes[i].end;
    }
    us_bytes_add(&after, text + at, length - at);
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    if (us_history_prepare(history, text, length, fixes, count, &err) != US_OK)
        fail_msg("%s", err.message);
    write_article(article, after.at, after.length);
    if (us_history_record(&recorded, history, text, length, fixes, count, &err) != US_OK)
        fail_msg("%s", err.message);
    assert_int_equal(recorded.count, count);
    us_recorded_close(&recorded);
    us_history_close(history);
    us_bytes_close(&after);
    free(text);
}

/* The place of a word in the article. */
static struct us_fix fix_of(const char *word, const char *replacement)
{
    size_t length;
    char *text = read_article(article, &length), *place = strstr(text, word);
    assert_non_null(place);
    size_t start = (size_t)(place - text);
    free(text);
    return (struct us_fix){.start = start, .end = start + strlen(word),
                           .replacement = replacement, .confidence = 0.5f};
}

static void test_a_save_corrects_rejects_and_refuses(void **state)
{
    (void)state;
    char log[4096];
    struct us_recorded recorded = correct_all();
    struct us_fix fixes[] = {fix_of("agreement", "settlement"), fix_of("expertise", "expertise"),
                             fix_of("final", "last")};
    fixes[0].rejects = recorded.oids[0];
    fixes[1].refuses = "technology";
    save_fixes(fixes, 3);
    assert_string_equal(output("cd repo && cat articles/a.md && git status --porcelain && "
                               "git log -3 --format=%%s && git fsck --strict --no-dangling"),
                        "Following an settlement to cut back student exchange.\n\n"
                        "The expertise was told last November.\n"
                        "final → last\nKeep expertise\nReject settlement → agreement");
    assert_string_equal(output("cd repo && git log -1 --format=%%B HEAD~1 && git show --format= HEAD~1"),
                        "Keep expertise\n\nUnspin-File: articles/a.md\n"
                        "Unspin-Refuses: expertise → technology");
    assert_string_equal(output("cd repo && git log -1 --format=%%B HEAD~2"),
                        output("echo 'Reject settlement → agreement'; echo; echo 'This takes back "
                               "commit %s.'; echo; echo 'Unspin-File: articles/a.md'; echo "
                               "'Unspin-Rejects: %s'", recorded.oids[0], recorded.oids[0]));
    assert_string_equal(rejected(article), "settlement>agreement@articles/a.md here; "
                                           "expertise>technology@articles/a.md here");
    read_log(log, sizeof log, article, false);
    assert_string_equal(log, "articles/a.md:3 final>last\n"
                             "articles/a.md:3 instructed>told\n"
                             "articles/a.md:1 student trade>student exchange\n"
                             "articles/a.md:1 settlement>agreement rejected\n");
    us_recorded_close(&recorded);
}

static void test_what_was_refused_may_be_accepted_later(void **state)
{
    (void)state;
    struct us_fix fix = fix_of("expertise", "expertise");
    fix.refuses = "technology";
    save_fixes(&fix, 1);
    assert_string_equal(rejected(article), "expertise>technology@articles/a.md here");
    fix = fix_of("expertise", "technology");
    save_fixes(&fix, 1);
    assert_string_equal(rejected(article), "");
    fix = fix_of("instructed", "instructed");
    fix.refuses = "told";
    save_fixes(&fix, 1);
    output("cd repo && git revert --no-edit --allow-empty HEAD 2>&1 || git commit --allow-empty -qm "
           "\"Revert\n\nThis reverts commit $(git rev-parse HEAD).\"");
    assert_string_equal(rejected(article), "");
}

static void test_a_rejection_that_finds_its_work_done_is_recorded(void **state)
{
    (void)state;
    struct us_recorded recorded = correct_all();
    output("cd repo && sed -i s/agreement/settlement/ articles/a.md");
    struct us_fix fix = fix_of("settlement", "settlement");
    fix.rejects = recorded.oids[0];
    save_fixes(&fix, 1);
    assert_string_equal(rejected(article), "settlement>agreement@articles/a.md here");
    assert_string_equal(output("cd repo && git log -2 --format=%%s && git status --porcelain"),
                        "Reject settlement → settlement\nSave articles/a.md as written");
    us_recorded_close(&recorded);
}

static void test_a_rejection_must_name_a_commit(void **state)
{
    (void)state;
    struct us_error err = {0};
    struct us_fix fix = fix_of("settlement", "agreement");
    fix.rejects = "main";
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    assert_int_equal(us_history_prepare(history, "an settlement", 13, &fix, 1, &err), US_EINVAL);
    fix = (struct us_fix){.start = 3, .end = 13, .replacement = "agreement", .rejects = "main"};
    assert_int_equal(us_history_prepare(history, "an settlement", 13, &fix, 1, &err), US_EINVAL);
    assert_non_null(strstr(err.message, "rejects main, which is no commit's id"));
    us_history_close(history);
}

static void test_git_revert_rejects_and_its_revert_accepts(void **state)
{
    (void)state;
    struct us_recorded recorded = correct_all();
    output("cd repo && git revert --no-edit %s", recorded.oids[2]);
    assert_string_equal(rejected(article), "instructed>told@articles/a.md here");
    output("cd repo && git revert --no-edit HEAD");
    assert_string_equal(rejected(article), "");
    us_recorded_close(&recorded);
}

static void test_a_rebase_that_drops_a_commit_rejects(void **state)
{
    (void)state;
    struct us_recorded recorded = correct_all();
    us_recorded_close(&recorded);
    output("cd repo && GIT_SEQUENCE_EDITOR='sed -i /instructed/d' git rebase -qi HEAD~3");
    assert_string_equal(rejected(article), "instructed>told@articles/a.md here");
}

static void test_rejections_are_known_after_a_rename_and_elsewhere(void **state)
{
    (void)state;
    char path[300];
    struct us_recorded recorded = correct_all();
    reject(recorded.oids[0]);
    us_recorded_close(&recorded);
    output("cd repo && git mv articles/a.md b.md && git commit -qm Move && echo c >c.md");
    snprintf(path, sizeof path, "%s/repo/b.md", work);
    assert_string_equal(rejected(path), "settlement>agreement@b.md here");
    snprintf(path, sizeof path, "%s/repo/c.md", work);
    assert_string_equal(rejected(path), "settlement>agreement@b.md");
}

static void test_the_cache_of_rejections_may_be_lost_or_damaged(void **state)
{
    (void)state;
    struct us_recorded recorded = correct_all();
    reject(recorded.oids[0]);
    us_recorded_close(&recorded);
    const char *expected = "settlement>agreement@articles/a.md here";
    assert_string_equal(rejected(article), expected);
    assert_string_equal(output("ls repo/.git/unspin | wc -l"), "1");
    output("truncate -s 60 repo/.git/unspin/rejected-*");
    assert_string_equal(rejected(article), expected);
    output("rm -r repo/.git/unspin");
    assert_string_equal(rejected(article), expected);
}

/* A text of many blocks of 64 KB, whose words are all different; "settlement" here and there. */
static size_t write_long_article(size_t least)
{
    FILE *file = fopen(article, "wb");
    assert_non_null(file);
    size_t length = 0;
    for (unsigned i = 0; length < least; i++)
        length += (size_t)fprintf(file, "%s%x%c", i % 2000 == 1000 ? "settlement " : "",
                                  i * 2654435761u, i % 12 == 11 ? '\n' : ' ');
    assert_int_equal(fclose(file), 0);
    return length;
}

static void test_a_long_article_is_recorded_byte_for_byte(void **state)
{
    (void)state;
    static const size_t lengths[] = {65535 - 4, 65536, 3 * 65535, 500000};
    static const char *const swaps[] = {"settlement=agreement", "settlement=settlement, then",
                                        "settlement=deal", NULL};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        write_long_article(lengths[i]);
        output("cp %s received", article);
        struct us_history *history = open_history(article, US_WHERE_BRANCH);
        struct us_recorded recorded = correct(history, article, swaps);
        us_recorded_close(&recorded);
        us_history_close(history);
        output("cd repo && git show HEAD:articles/a.md | cmp - articles/a.md && "
               "git show HEAD~3:articles/a.md | cmp - ../received && "
               "git show HEAD~2:articles/a.md >../one && sed '0,/settlement/s//agreement/' "
               "../received | cmp - ../one && test -z \"$(git status --porcelain)\" && "
               "git fsck --strict && "
               "for p in .git/objects/pack/*.pack; do git index-pack --strict --stdin <$p; done");
    }
}

/* --- housekeeping --- */

/* Write the history's export into the file mbox. */
static void export_to_mbox(enum us_where where)
{
    char *mbox, path[200];
    size_t length;
    struct us_history *history = open_history(article, where);
    assert_int_equal(us_history_export(&mbox, &length, history, NULL), US_OK);
    snprintf(path, sizeof path, "%s/mbox", work);
    write_article(path, mbox, length);
    free(mbox);
    us_history_close(history);
}

static void test_an_export_is_taken_by_git_am(void **state)
{
    (void)state;
    output("git clone -q repo clone");
    struct us_recorded recorded = correct_all();
    reject(recorded.oids[1]);
    us_recorded_close(&recorded);
    export_to_mbox(US_WHERE_BRANCH);
    const char *there = output("cd repo && git log --format='%%an %%ae %%at %%B'");
    assert_string_equal(output("cd clone && git am -q ../mbox && git log --format='%%an %%ae %%at %%B'"),
                        there);
    output("cmp clone/articles/a.md repo/articles/a.md");
}

static void test_an_export_of_a_private_history_is_taken_by_git_am(void **state)
{
    (void)state;
    static const char *const swaps[] = {"settlement=agreement", "instructed=told", NULL};
    struct us_history *history = open_history(article, US_WHERE_PRIVATE);
    struct us_recorded recorded = correct(history, article, swaps);
    us_recorded_close(&recorded);
    us_history_close(history);
    export_to_mbox(US_WHERE_PRIVATE);
    output("git init -q other && cd other && git am -q ../mbox && cmp .%s %s", article, article);
}

static void test_an_export_keeps_line_endings_and_odd_lines(void **state)
{
    (void)state;
    static const char text[] = "From here an settlement was\r\n>From there\r\n--- \r\n"
                               "diff --git a/x b/x\r\n\xe9t\xe9 expertise without an end";
    static const char *const swaps[] = {"settlement=agreement", "expertise=technology", NULL};
    write_article(article, text, sizeof text - 1);
    output("cd repo && git commit -qam CRLF && git clone -q . ../clone");
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    struct us_recorded recorded = correct(history, article, swaps);
    us_recorded_close(&recorded);
    us_history_close(history);
    export_to_mbox(US_WHERE_BRANCH);
    output("cd clone && git am -q --keep-cr ../mbox && cmp articles/a.md %s", article);
}

static void test_an_export_follows_the_article_through_renames(void **state)
{
    (void)state;
    static const char *const later[] = {"expertise=technology", NULL};
    char renamed[200];
    output("cd repo && echo other >other.md && git add other.md && git commit -qm Other && "
           "git clone -q . ../clone");
    struct us_recorded recorded = correct_all();
    us_recorded_close(&recorded);
    output("cd repo && mkdir done && git mv articles/a.md done/b.md && echo more >>other.md && "
           "git commit -qam 'Call it b' -m 'It is done.'");
    snprintf(renamed, sizeof renamed, "%s/repo/done/b.md", work);
    struct us_history *history = open_history(renamed, US_WHERE_BRANCH);
    recorded = correct(history, renamed, later);
    us_recorded_close(&recorded);
    us_history_close(history);
    strcpy(article, renamed);
    export_to_mbox(US_WHERE_BRANCH);
    output("cd clone && git am -q ../mbox && cmp done/b.md %s && test ! -e articles/a.md", article);
    assert_string_equal(output("cd clone && git log --reverse --format=%%s HEAD~5..HEAD"),
                        "settlement → agreement\nstudent trade → student exchange\n"
                        "instructed → told\nCall it b\nexpertise → technology");
    /* of the commit that renamed it the export has what concerns the article */
    assert_string_equal(output("cd clone && git log -1 --format=%%b --name-status HEAD~1"),
                        "It is done.\n\n\nR100\tarticles/a.md\tdone/b.md");
}

static void test_the_command_shows_the_history(void **state)
{
    (void)state;
    char *command;
    struct us_recorded recorded = correct_all();
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    assert_int_equal(us_history_command(&command, history, NULL), US_OK);
    assert_non_null(strstr(output("%s", command), "Following an [-settlement-]{+agreement+} to"));
    free(command);
    us_recorded_close(&recorded);
    us_history_close(history);
}

/* Prune what is older than the last second but one, in which nothing is recorded. */
static size_t prune_up_to_now(struct us_history *history)
{
    size_t dropped;
    sleep(1);
    int64_t now = atoll(output("date +%%s"));
    assert_int_equal(us_history_prune(&dropped, history, now, NULL), US_OK);
    sleep(1);
    return dropped;
}

static void test_a_side_history_is_pruned(void **state)
{
    (void)state;
    static const char *const first[] = {"settlement=agreement", "student trade=student exchange",
                                        NULL};
    static const char *const second[] = {"instructed=told", NULL};
    struct us_history *history = open_history(article, US_WHERE_SIDE);
    struct us_recorded recorded = correct(history, article, first);
    us_recorded_close(&recorded);
    sleep(1);
    int64_t between = atoll(output("date +%%s"));
    recorded = correct(history, article, second);
    size_t dropped;
    assert_int_equal(us_history_prune(&dropped, history, between, NULL), US_OK);
    assert_int_equal(dropped, 2);
    assert_string_equal(output("cd repo && git log --format=%%s unspin/heads/main && git fsck "
                               "--strict --no-dangling"),
                        "instructed → told\nSave articles/a.md as written\nReceive");
    assert_string_equal(output("cd repo && git show --format= --word-diff unspin/heads/main | tail -1 && "
                               "git diff --stat unspin/heads/main -- articles"),
                        "The expertise was [-instructed-]{+told+} final November.");
    assert_int_equal(us_history_prune(&dropped, history, between, NULL), US_OK);
    assert_int_equal(dropped, 0); /* what it left is not dropped again and again */
    assert_int_equal(prune_up_to_now(history), 2);
    assert_string_equal(output("cd repo && git for-each-ref refs/unspin"), "");
    us_recorded_close(&recorded);
    us_history_close(history);
}

static void test_what_was_rejected_outlives_a_pruning(void **state)
{
    (void)state;
    static const char *const first[] = {"settlement=agreement", NULL};
    static const char *const second[] = {"instructed=told", NULL};
    char made[41], log[4096];
    size_t dropped;
    struct us_history *history = open_history(article, US_WHERE_SIDE);
    struct us_recorded old = correct(history, article, first);
    sleep(1);
    int64_t between = atoll(output("date +%%s"));
    struct us_recorded recorded = correct(history, article, second);
    assert_int_equal(us_history_reject(made, history, old.oids[0], NULL), US_OK);
    assert_int_equal(us_history_reject(made, history, recorded.oids[0], NULL), US_OK);
    assert_int_equal(us_history_prune(&dropped, history, between, NULL), US_OK);
    assert_int_equal(dropped, 1);
    output("cd repo && git reflog expire --expire=now --all && git gc -q --prune=now && "
           "! git cat-file -e %s && ! git cat-file -e %s", old.oids[0], recorded.oids[0]);
    assert_string_equal(rejected(article), "settlement>agreement@articles/a.md here; "
                                           "instructed>told@articles/a.md here");
    read_log(log, sizeof log, article, false);
    assert_string_equal(log, "articles/a.md:3 instructed>told rejected\n");
    us_recorded_close(&old);
    us_recorded_close(&recorded);
    us_history_close(history);
}

static void test_a_private_history_is_pruned(void **state)
{
    (void)state;
    static const char *const first[] = {"settlement=agreement", NULL};
    static const char *const second[] = {"instructed=told", NULL};
    struct us_history *history = open_history(article, US_WHERE_PRIVATE);
    struct us_recorded recorded = correct(history, article, first);
    us_recorded_close(&recorded);
    sleep(1);
    int64_t between = atoll(output("date +%%s"));
    recorded = correct(history, article, second);
    us_recorded_close(&recorded);
    size_t dropped;
    assert_int_equal(us_history_prune(&dropped, history, between, NULL), US_OK);
    assert_int_equal(dropped, 2);
    const char *ref = us_history_location(history)->ref, *path = us_history_location(history)->path;
    assert_string_equal(output("git --git-dir unspin/history.git log --format=%%s '%s'", ref),
                        output("echo 'instructed → told'; echo 'Save %s as written'", path));
    us_history_close(history);
}

static void test_a_branch_is_not_pruned(void **state)
{
    (void)state;
    size_t dropped;
    struct us_error err = {0};
    struct us_recorded recorded = correct_all();
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    assert_int_equal(us_history_prune(&dropped, history, INT32_MAX, &err), US_ESTATE);
    assert_non_null(strstr(err.message, "refs/heads/main is a branch of yours"));
    us_history_close(history);
    us_recorded_close(&recorded);
}

static bool remove_all(void *data, const char *path)
{
    snprintf(data, 300, "%s", path);
    return true;
}

static void test_private_histories_without_article_are_found(void **state)
{
    (void)state;
    char found[300] = "";
    static const char *const swaps[] = {"settlement=agreement", NULL};
    struct us_history *history = open_history(article, US_WHERE_PRIVATE);
    struct us_recorded recorded = correct(history, article, swaps);
    us_recorded_close(&recorded);
    us_history_close(history);
    assert_int_equal(us_history_orphans(NULL, remove_all, found, NULL), US_OK);
    assert_string_equal(found, "");
    unlink(article);
    assert_int_equal(us_history_orphans(NULL, remove_all, found, NULL), US_OK);
    assert_string_equal(found, article);
    assert_string_equal(output("git --git-dir unspin/history.git for-each-ref"), "");
}

static void test_a_private_history_is_possible_where_it_knows_the_article(void **state)
{
    (void)state;
    static const char *const swaps[] = {"settlement=agreement", NULL};
    char one[200], other[200];
    snprintf(one, sizeof one, "%s/-Artikel über 1.md", work);
    snprintf(other, sizeof other, "%s/other.md", work);
    output("cp repo/articles/a.md ./-Artikel\\ über\\ 1.md && cp repo/articles/a.md other.md");
    assert_true(us_history_possible(article)); /* in a repository */
    assert_false(us_history_possible(one));

    struct us_history *history = open_history(one, US_WHERE_BRANCH);
    struct us_recorded recorded = correct(history, one, swaps);
    us_recorded_close(&recorded);
    us_history_close(history);
    assert_true(us_history_possible(one));
    assert_false(us_history_possible(other));
    output("git --git-dir unspin/history.git pack-refs --all");
    assert_true(us_history_possible(one));
    assert_false(us_history_possible(other));

    output("mkdir -p unspin/history.git/unspin && touch unspin/history.git/unspin/rejected-01234567");
    assert_false(us_history_possible(other));
    output("touch unspin/history.git/unspin/0123456789abcdef-XYZxyz"); /* a journal */
    assert_true(us_history_possible(other));
}

/* --- cut short --- */

/* A save of a process that ends right after the article was written. */
static void save_cut_short(void)
{
    static const char *const swaps[] = {"settlement=agreement", "instructed=told", NULL};
    pid_t child = fork();
    int status;
    assert_true(child >= 0);
    if (child == 0) {
        struct us_history *history = open_history(article, US_WHERE_BRANCH);
        struct save save = make_save(article, swaps);
        if (us_history_prepare(history, save.before, save.before_length, save.fixes, save.count,
                               NULL) != US_OK)
            _exit(1);
        write_article(article, save.after, save.after_length);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    output("ls repo/.git/unspin/*");
}

/* What the next look at the article makes of it: the log, and what git has to say. */
static const char *after_next_look(void)
{
    us_history_close(open_history(article, US_WHERE_BRANCH));
    return output("cd repo && ! ls .git/unspin 2>/dev/null && git fsck --strict --no-dangling && "
                  "git log --format=%%s && git status --porcelain");
}

static void test_a_save_cut_short_is_completed(void **state)
{
    (void)state;
    save_cut_short();
    assert_string_equal(after_next_look(), "instructed → told\nsettlement → agreement\nReceive");
}

static void test_it_is_completed_on_a_branch_that_moved(void **state)
{
    (void)state;
    output("echo mine >>repo/articles/a.md");
    save_cut_short();
    output("cd repo && echo x >x && git add x && git commit -qm Meanwhile");
    assert_string_equal(after_next_look(), "instructed → told\nsettlement → agreement\n"
                                           "Save articles/a.md as written\nMeanwhile\nReceive");
}

static void test_it_is_completed_though_the_author_text_was_committed(void **state)
{
    (void)state;
    output("echo mine >>repo/articles/a.md");
    save_cut_short();
    output("cd repo && cp articles/a.md ../kept && git show HEAD:articles/a.md >articles/a.md && "
           "echo mine >>articles/a.md && git commit -qam Mine && cp ../kept articles/a.md");
    assert_string_equal(after_next_look(),
                        "instructed → told\nsettlement → agreement\nMine\nReceive");
}

static void test_it_is_completed_on_a_text_that_is_newer_in_the_branch(void **state)
{
    (void)state;
    save_cut_short();
    output("cd repo && cp articles/a.md ../kept && git checkout -q articles/a.md && "
           "echo yours >>articles/a.md && git commit -qam Yours && cp ../kept articles/a.md");
    assert_string_equal(after_next_look(), "instructed → told\nsettlement → agreement\n"
                                           "Save articles/a.md as written\nYours\nReceive");
}

static void test_it_is_completed_though_the_article_was_edited_since(void **state)
{
    (void)state;
    save_cut_short();
    output("echo 'a later line' >>repo/articles/a.md");
    assert_string_equal(after_next_look(), "instructed → told\nsettlement → agreement\nReceive\n"
                                           " M articles/a.md");
    assert_string_equal(output("cd repo && git diff -U0 | tail -1"), "+a later line");
}

static void test_it_is_dropped_where_the_article_is_as_before(void **state)
{
    (void)state;
    save_cut_short();
    output("cd repo && git checkout -q articles/a.md");
    assert_string_equal(after_next_look(), "Receive");
    save_cut_short();
    output("cd repo && git checkout -q articles/a.md && echo 'a later line' >>articles/a.md");
    assert_string_equal(after_next_look(), "Receive\n M articles/a.md");
}

static void test_it_is_dropped_where_it_was_recorded_by_another(void **state)
{
    (void)state;
    static const char *const swaps[] = {"settlement=agreement", NULL};
    struct us_recorded recorded;
    struct save save = make_save(article, swaps);
    struct us_history *first = open_history(article, US_WHERE_BRANCH);
    struct us_history *second = open_history(article, US_WHERE_BRANCH);
    assert_int_equal(us_history_prepare(first, save.before, save.before_length, save.fixes, 1, NULL),
                     US_OK);
    assert_int_equal(us_history_prepare(second, save.before, save.before_length, save.fixes, 1,
                                        NULL), US_OK);
    write_article(article, save.after, save.after_length);
    output("cd repo && echo x >x && git add x && git commit -qm Meanwhile");
    assert_int_equal(us_history_record(&recorded, second, save.before, save.before_length,
                                       save.fixes, 1, NULL), US_OK);
    us_recorded_close(&recorded);
    us_history_close(second);
    us_history_close(first); /* its journal stays, as if it had been killed */
    assert_string_equal(after_next_look(), "settlement → agreement\nMeanwhile\nReceive");
    free_save(&save);
}

/* --- many saves --- */

static void test_packs_are_joined(void **state)
{
    (void)state;
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    for (int i = 0; i < 40; i++) {
        /* the same texts again and again: objects that are in several packs */
        static const char *const there[] = {"settlement=agreement", NULL};
        static const char *const back[] = {"agreement=settlement", NULL};
        struct us_recorded recorded = correct(history, article, i % 2 ? back : there);
        us_recorded_close(&recorded);
    }
    us_history_close(history);
    assert_true(atoi(output("ls repo/.git/objects/pack/*.pack | wc -l")) <= 16);
    output("cd repo && git fsck --strict && for p in .git/objects/pack/*.idx; do "
           "git verify-pack $p; done");
    assert_string_equal(output("cd repo && git log --oneline | wc -l && git status --porcelain"),
                        "41");
}

static void test_packs_of_deltas_are_joined_and_others_kept(void **state)
{
    (void)state;
    static const char *const there[] = {"settlement=agreement", "expertise=technology",
                                        "final=last", NULL};
    static const char *const back[] = {"agreement=settlement", "technology=expertise", "last=final",
                                       NULL};
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    output("mkdir -p repo/many && cd repo/many && touch $(seq 20) && cd .. && mv many articles && "
           "git add . && git commit -qm Many"); /* trees that are worth a delta */
    for (int i = 0; i < 50; i++) {
        struct us_recorded recorded = correct(history, article, i % 2 ? back : there);
        us_recorded_close(&recorded);
        if (i == 0)
            output("cd repo/.git/objects/pack && touch $(echo *.pack | sed 's/pack$/keep/')");
        if (i == 20)
            output("cd repo && git repack -q");
    }
    us_history_close(history);
    output("cd repo && git verify-pack -v .git/objects/pack/*.idx | grep -q '^chain length'");
    assert_true(atoi(output("ls repo/.git/objects/pack/*.pack | wc -l")) <= 17);
    output("cd repo && git fsck --strict && for p in .git/objects/pack/*.idx; do git verify-pack "
           "$p; done && test -e $(ls .git/objects/pack/*.keep | sed 's/keep$/pack/')");
    assert_string_equal(output("cd repo && git log --oneline | wc -l && git status --porcelain"),
                        "152");
}

static void test_packs_that_are_damaged_are_left_as_they_are(void **state)
{
    (void)state;
    static const char *const there[] = {"settlement=agreement", NULL};
    static const char *const back[] = {"agreement=settlement", NULL};
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    output("mkdir -p repo/.git/objects/pack && cd repo/.git/objects/pack && "
           "for n in $(seq 10 40); do echo no pack >pack-756e7370696e00000000000000000000000000$n.pack; "
           "echo no index >pack-756e7370696e00000000000000000000000000$n.idx; done");
    for (int i = 0; i < 3; i++) {
        struct us_recorded recorded = correct(history, article, i % 2 ? back : there);
        us_recorded_close(&recorded);
    }
    us_history_close(history);
    assert_string_equal(output("ls repo/.git/objects/pack/*00[1-4][0-9].pack | wc -l && git -C repo "
                               "log --oneline 2>/dev/null | wc -l"), "31\n4");
}

/* Correct the first word of each of a text's stretches, the first of which refuses to be. */
static void save_many(size_t count, size_t step, bool committed, const char *refused)
{
    size_t length = count * step;
    char *text = malloc(length + 1);
    struct us_fix *fixes = calloc(count, sizeof *fixes);
    struct us_recorded recorded;
    struct us_error err;
    assert_true(text && fixes);
    for (size_t i = 0; i < length; i++)
        text[i] = i % step == step - 1 ? (i / step % 8 ? ' ' : '\n') : "some words "[i % step % 11];
    for (size_t i = 0; i < count; i++)
        fixes[i] = (struct us_fix){.start = i * step, .end = i * step + 4,
                                   .replacement = i % 3 ? "another" : "no", .confidence = 0.5f};
    if (refused) {
        fixes[0].refuses = fixes[0].replacement;
        fixes[0].replacement = refused;
    }
    write_article(article, text, length);
    if (committed)
        output("cd repo && git commit -qam Write");
    struct us_history *history = open_history(article, US_WHERE_BRANCH);
    if (us_history_prepare(history, text, length, fixes, count, &err) != US_OK)
        fail_msg("%s", err.message);
    FILE *file = fopen(article, "wb");
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%s%.*s", fixes[i].replacement, (int)step - 4, text + i * step + 4);
    fclose(file);
    if (us_history_record(&recorded, history, text, length, fixes, count, &err) != US_OK)
        fail_msg("%s", err.message);
    assert_int_equal(recorded.count, count);
    us_recorded_close(&recorded);
    us_history_close(history);
    free(text);
    free(fixes);
}

static void test_a_thousand_corrections_in_one_save(void **state)
{
    (void)state;
    save_many(1000, 10, false, NULL);
    assert_string_equal(output("cd repo && git fsck --strict && git status --porcelain && git log "
                               "--oneline | wc -l && git log -1000 --format= --shortstat | sort -u"),
                        "1002\n 1 file changed, 1 insertion(+), 1 deletion(-)");
}

static void test_many_corrections_of_a_long_text(void **state)
{
    (void)state;
    save_many(100, 2000, true, NULL);
    assert_string_equal(output("cd repo && git fsck --strict && git status --porcelain && git log "
                               "--oneline | wc -l && git log -100 --format= --shortstat | sort -u"),
                        "102\n 1 file changed, 1 insertion(+), 1 deletion(-)");
}

/* Versions that are deltas of the first one, which has more than one edit made. */
static void test_many_corrections_after_one_that_was_refused(void **state)
{
    (void)state;
    save_many(100, 20, true, "some");
    assert_string_equal(output("cd repo && git fsck --strict && git status --porcelain && git log "
                               "--oneline | wc -l && git log -99 --format= --shortstat | sort -u"),
                        "102\n 1 file changed, 1 insertion(+), 1 deletion(-)");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_committed, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_commit_a_correction),
        TEST(test_the_authors_own_text_comes_first),
        TEST(test_no_corrections_no_commits),
        TEST(test_at_most_three_files_a_save),
        TEST(test_nothing_is_recorded_that_is_not_on_disk),
        TEST(test_what_else_changed_on_disk_is_recorded_last),
        TEST(test_fixes_out_of_order_are_refused),
        TEST(test_a_branch_that_moved_is_built_on),
        TEST(test_a_rebase_that_began_meanwhile_is_left_alone),
        TEST(test_what_a_rebase_sent_to_the_side_is_listed_after_it),
        TEST(test_the_reflog_tells_of_a_save),
        TEST(test_git_shows_it_in_its_own_ways),
        TEST(test_an_odd_path_survives_the_message),
        TEST(test_reject_takes_back_one_of_several_on_a_line),
        TEST(test_reject_leaves_other_edits_uncommitted),
        TEST(test_reject_of_what_was_undone_by_hand),
        TEST(test_reject_beside_words_that_were_changed),
        TEST(test_reject_refuses_what_is_no_correction),
        TEST(test_reject_in_a_partial_clone_says_what_is_missing),
        TEST(test_a_save_corrects_rejects_and_refuses),
        TEST(test_what_was_refused_may_be_accepted_later),
        TEST(test_a_rejection_that_finds_its_work_done_is_recorded),
        TEST(test_a_rejection_must_name_a_commit),
        TEST(test_git_revert_rejects_and_its_revert_accepts),
        TEST(test_a_rebase_that_drops_a_commit_rejects),
        TEST(test_rejections_are_known_after_a_rename_and_elsewhere),
        TEST(test_the_cache_of_rejections_may_be_lost_or_damaged),
        TEST(test_a_long_article_is_recorded_byte_for_byte),
        TEST(test_an_export_is_taken_by_git_am),
        TEST(test_an_export_of_a_private_history_is_taken_by_git_am),
        TEST(test_an_export_keeps_line_endings_and_odd_lines),
        TEST(test_an_export_follows_the_article_through_renames),
        TEST(test_the_command_shows_the_history),
        TEST(test_a_side_history_is_pruned),
        TEST(test_what_was_rejected_outlives_a_pruning),
        TEST(test_a_private_history_is_pruned),
        TEST(test_a_branch_is_not_pruned),
        TEST(test_private_histories_without_article_are_found),
        TEST(test_a_private_history_is_possible_where_it_knows_the_article),
        TEST(test_a_save_cut_short_is_completed),
        TEST(test_it_is_completed_on_a_branch_that_moved),
        TEST(test_it_is_completed_though_the_author_text_was_committed),
        TEST(test_it_is_completed_on_a_text_that_is_newer_in_the_branch),
        TEST(test_it_is_completed_though_the_article_was_edited_since),
        TEST(test_it_is_dropped_where_the_article_is_as_before),
        TEST(test_it_is_dropped_where_it_was_recorded_by_another),
        TEST(test_packs_are_joined),
        TEST(test_packs_of_deltas_are_joined_and_others_kept),
        TEST(test_packs_that_are_damaged_are_left_as_they_are),
        TEST(test_a_thousand_corrections_in_one_save),
        TEST(test_many_corrections_of_a_long_text),
        TEST(test_many_corrections_after_one_that_was_refused),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
