/*
 * bench_history: one save with N single-word corrections, recorded by this project, by
 * `git fast-import` (the program's own stream, the same commits) and by a loop of `git commit`.
 *
 *     [FILES="1 5000"] [KB="5 500"] [N="10 100 1000"] [AGE=20000] bench_history [DIRECTORY]...
 *
 * For each directory (a disk, a tmpfs): a row for each number of files in the repository, size of
 * the article and number of corrections; then, unless AGE is 0, saves into a history until it is
 * that many commits old. Prints commits a second and ratios: medians of runs that take turns. Of the
 * loop a part of the commits is timed, and of a long stream into fast-import its beginning, and
 * that is scaled up; a ~ marks those. Ours runs within a process, as in an editor, all but the
 * writing of the article; the others as the programs that they are.
 */
#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    ROUNDS = 3,
    LOOP_MOST = 5,             /* commits of the loop that are timed in each round */
    STREAM_MOST = 50000000,    /* bytes of a stream into fast-import */
    STEP = 10,                 /* corrections of a save that ages a history */
};

static double processor(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void fail(const char *what)
{
    fprintf(stderr, "bench_history: %s\n", what);
    exit(2);
}

static void run(const char *directory, const char *command)
{
    char line[20000];
    int length = snprintf(line, sizeof line, "cd '%s' && { %s\n} >/dev/null", directory, command);
    if (length < 0 || (size_t)length >= sizeof line || system(line) != 0)
        fail(command);
}

struct article {
    char *text;
    size_t length;
    struct us_fix *fixes;
    char (*words)[24]; /* the replacements */
    size_t count;
};

/* Words of ten letters, `count` of them to be replaced, spread evenly. */
static struct article make_article(size_t length, size_t count, unsigned round)
{
    struct article article = {.length = length / 10 * 10, .count = count};
    article.text = malloc(article.length + 1);
    article.fixes = calloc(count, sizeof *article.fixes);
    article.words = calloc(count, sizeof *article.words);
    if (!article.text || !article.fixes || !article.words)
        fail("out of memory");
    unsigned seed = 1 + round;
    for (size_t i = 0; i < article.length; i++) {
        seed = seed * 1103515245 + 12345;
        article.text[i] = i % 10 == 9 ? (i % 90 == 89 ? '\n' : ' ') : (char)('a' + (seed >> 16) % 26);
    }
    size_t words = article.length / 10;
    for (size_t i = 0; i < count; i++) {
        size_t start = words * i / count * 10;
        size_t old = words / count > 1 ? 9 : 4; /* when words run out, parts of them */
        if (count > words)
            start = article.length * i / count;
        snprintf(article.words[i], sizeof article.words[i], "R%zu", i);
        article.fixes[i] = (struct us_fix){.start = start,
                                           .end = start + (count > words ? 2 : old),
                                           .replacement = article.words[i],
                                           .confidence = 0.9f};
    }
    return article;
}

static void free_article(struct article *article)
{
    free(article->text);
    free(article->fixes);
    free(article->words);
}

static char *apply(const struct article *article, size_t count, size_t *length)
{
    char *out = malloc(article->length + count * 24 + 1);
    size_t at = 0, to = 0;
    if (!out)
        fail("out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct us_fix *fix = &article->fixes[i];
        memcpy(out + to, article->text + at, fix->start - at);
        to += fix->start - at;
        memcpy(out + to, fix->replacement, strlen(fix->replacement));
        to += strlen(fix->replacement);
        at = fix->end;
    }
    memcpy(out + to, article->text + at, article->length - at);
    *length = to + article->length - at;
    return out;
}

static void write_file(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(text, 1, length, file) != length || fclose(file) != 0)
        fail(path);
}

static void make_template(const char *path, long files, const struct article *article)
{
    char command[9000], file[4200];
    snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s/articles'", path, path);
    run(".", command);
    snprintf(file, sizeof file, "%s/articles/article.txt", path);
    write_file(file, article->text, article->length);
    if (files > 1)
        run(path, "for d in $(seq 50); do mkdir d$d; for f in $(seq 100); do echo $d $f >d$d/f$f; "
                  "done; done");
    run(path, "git init -q && git config gc.auto 0 && git add . && git commit -qm 'Receive' && "
              "git repack -adq && git prune-packed -q");
}

/*
 * Make a copy of the template as it was at first: of the many files only once, of the rest each
 * time. Its index knows the copies.
 */
static void make_repository(const char *path, const char *template)
{
    char command[16384];
    snprintf(command, sizeof command,
             "cd '%s' 2>/dev/null || { cp -a '%s' '%s' && cd '%s' && git status && cp -a .git pristine; }\n"
             "rm -rf .git && cp -a pristine .git && echo pristine >.git/info/exclude && "
             "cp -a '%s/articles/article.txt' articles && git status && "
             "find .git articles -type f -exec sync {} +",
             path, template, path, path, template);
    run(".", command);
}

static double time_ours(const char *path, const struct article *article)
{
    char file[4200];
    struct us_error err;
    struct us_history *history;
    struct us_recorded recorded;
    size_t length;
    snprintf(file, sizeof file, "%s/articles/article.txt", path);
    char *after = apply(article, article->count, &length);
    double start = now();
    if (us_history_open(&history, file, NULL, &err) != US_OK ||
        us_history_prepare(history, article->text, article->length, article->fixes, article->count,
                           &err) != US_OK)
        fail(err.message);
    double took = now() - start;
    write_file(file, after, length);
    free(after);
    start = now();
    if (us_history_record(&recorded, history, article->text, article->length, article->fixes,
                          article->count, &err) != US_OK)
        fail(err.message);
    took += now() - start;
    if (recorded.count != article->count)
        fail("not all corrections were recorded");
    us_recorded_close(&recorded);
    us_history_close(history);
    return took;
}

/* How many of the article's commits are timed: the rest takes as long for each. */
static size_t timed_in_stream(const struct article *article)
{
    size_t most = STREAM_MOST / article->length;
    return article->count < most ? article->count : most;
}

static double time_fast_import(const char *path, const struct article *article)
{
    char stream[4200];
    size_t count = timed_in_stream(article);
    snprintf(stream, sizeof stream, "%s/stream", path);
    FILE *out = fopen(stream, "wb");
    if (!out)
        fail(stream);
    for (size_t i = 1; i <= count; i++) {
        size_t length;
        char *text = apply(article, i, &length);
        fprintf(out,
                "commit refs/heads/master\ncommitter A U Thor <a@example.com> 1700000000 +0000\n"
                "data <<END\nword → %s\n\narticles/article.txt:1: …the [word → %s] of the…\n\n"
                "Unspin-File: articles/article.txt\nUnspin-Line: 1\nUnspin-Confidence: 0.900\n"
                "Unspin-Kind: substitution\nEND\n%sM 100644 inline articles/article.txt\ndata %zu\n",
                article->words[i - 1], article->words[i - 1],
                i == 1 ? "from refs/heads/master^0\n" : "", length);
        fwrite(text, 1, length, out);
        fputc('\n', out);
        free(text);
    }
    fclose(out);
    run(path, "git branch -M master");
    double start = now();
    run(path, "git fast-import --quiet <stream");
    double took = now() - start;
    unlink(stream);
    return took * (double)article->count / (double)count;
}

static int compare_times(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static double median(double *times, size_t count)
{
    qsort(times, count, sizeof *times, compare_times);
    return times[count / 2];
}

static double time_loop(const char *path, const struct article *article)
{
    char file[4200];
    double took[LOOP_MOST];
    snprintf(file, sizeof file, "%s/articles/article.txt", path);
    for (size_t i = 0; i < LOOP_MOST; i++) {
        size_t length;
        char *text = apply(article, i + 1, &length);
        write_file(file, text, length);
        free(text);
        double start = now();
        run(path, "git commit -qm 'word to word' articles/article.txt");
        took[i] = now() - start;
    }
    return median(took, LOOP_MOST) * (double)article->count;
}

struct numbers { /* that a variable of the environment lists */
    long at[16];
    size_t count;
};

static struct numbers numbers_of(const char *name, const char *usual)
{
    struct numbers numbers = {0};
    const char *list = getenv(name);
    char *end;
    if (!list || !*list)
        list = usual;
    for (; numbers.count < 16 && *list; list = end) {
        numbers.at[numbers.count++] = strtol(list, &end, 10);
        end += strspn(end, " ,");
        if (numbers.at[numbers.count - 1] < 0 || end == list)
            fail(name);
    }
    return numbers;
}

static void compare_row(const char *path, const char *template, long files,
                        const struct article *article)
{
    static double (*const timers[3])(const char *, const struct article *) = {
        time_ours, time_fast_import, time_loop};
    double times[3][ROUNDS], n = (double)article->count, took[3];
    for (int round = 0; round < ROUNDS; round++)
        for (int t = 0; t < 3; t++) {
            make_repository(path, template);
            times[t][round] = timers[t](path, article);
        }
    for (int t = 0; t < 3; t++)
        took[t] = median(times[t], ROUNDS);
    printf("%6ld %6zu KB %6zu %9.2f ms %9.0f %11.0f%s %10.0f%s %9.1f %9.0f\n", files,
           article->length / 1000, article->count, took[0] * 1e3, n / took[0], n / took[1],
           timed_in_stream(article) < article->count ? "~" : " ", n / took[2],
           LOOP_MOST < article->count ? "~" : " ", took[1] / took[0], took[2] / took[0]);
    fflush(stdout);
}

static void compare(const char *directory)
{
    struct numbers files = numbers_of("FILES", "1 5000"), kilobytes = numbers_of("KB", "5 500"),
                   counts = numbers_of("N", "10 100 1000");
    char path[2048], template[2048];
    if ((size_t)snprintf(template, sizeof template, "%s/bench-template", directory) >=
        sizeof template)
        fail("the path is too long");
    snprintf(path, sizeof path, "%s/bench-history", directory);
    printf("\n%s, commits a second\n%6s %9s %6s %12s %9s %12s %11s %9s %9s\n", directory, "files",
           "article", "N", "a save", "ours", "fast-import", "git commit", "x import", "x commit");
    for (size_t f = 0; f < files.count; f++)
        for (size_t k = 0; k < kilobytes.count; k++)
            for (size_t c = 0; c < counts.count; c++) {
                struct article article =
                    make_article((size_t)kilobytes.at[k] * 1000, (size_t)counts.at[c], 0);
                if (c == 0) {
                    run(directory, "rm -rf bench-history");
                    make_template(template, files.at[f], &article);
                }
                compare_row(path, template, files.at[f], &article);
                free_article(&article);
            }
    run(directory, "rm -rf bench-history bench-template");
}

/* Saves of ten corrections each, until the history is old: the first and the last hundred. */
static void age(const char *directory, size_t old)
{
    const size_t saves = old / STEP;
    char path[4000];
    double *times = calloc(saves, sizeof *times);
    if (!times)
        fail("out of memory");
    snprintf(path, sizeof path, "%s/bench-history", directory);
    struct article article = make_article(5000, STEP, 0);
    make_template(path, 1, &article);
    double start = now();
    for (unsigned i = 0; i < saves; i++) {
        free_article(&article);
        article = make_article(5000, STEP, i + 1);
        times[i] = time_ours(path, &article);
    }
    printf("\n%s: %zu saves of %d corrections in %.1f s, each one's time in ms\n", directory, saves,
           STEP, now() - start);
    const size_t from[] = {0, saves / 2, saves - 100};
    for (int i = 0; i < 3; i++) {
        qsort(times + from[i], 100, sizeof *times, compare_times);
        printf("  after %5zu commits: median %.2f, 90th of 100 %.2f, slowest %.2f\n", from[i] * STEP,
               times[from[i] + 50] * 1e3, times[from[i] + 90] * 1e3, times[from[i] + 99] * 1e3);
    }
    char file[4100];
    struct us_history *history;
    struct us_log *log;
    struct us_error err;
    struct us_entry entry;
    snprintf(file, sizeof file, "%s/articles/article.txt", path);
    for (int warm = 0; warm < 2; warm++) {
        struct us_rejections rejections;
        if (us_history_open(&history, file, NULL, &err) != US_OK)
            fail(err.message);
        start = now();
        if (us_history_rejected(&rejections, history, &err) != US_OK)
            fail(err.message);
        printf("  what was rejected, %s its cache: %.1f ms\n", warm ? "with" : "without",
               (now() - start) * 1e3);
        us_rejections_close(&rejections);
        us_history_close(history);
    }
    for (int collected = 0; collected < 2; collected++) {
        double wall[7], cpu[7];
        for (int i = 0; i < 7; i++) {
            size_t entries = 0;
            bool more = true;
            if (us_history_open(&history, file, NULL, &err) != US_OK)
                fail(err.message);
            double start_processor = processor();
            start = now();
            if (us_log_open(&log, history, NULL, &err) != US_OK)
                fail(err.message);
            while (us_log_next(&more, &entry, log, &err) == US_OK && more)
                entries++;
            wall[i] = (now() - start) * 1e3;
            cpu[i] = (processor() - start_processor) * 1e3;
            us_log_close(log);
            us_history_close(history);
            if (entries != saves * STEP)
                fail("the log does not hold all corrections");
        }
        printf("  log of %zu corrections%s: median %.1f ms (%.1f of them on the processor)\n", saves * STEP,
               collected ? ", after git gc" : "", median(wall, 7), median(cpu, 7));
        fflush(stdout);
        if (!collected)
            run(path, "ls .git/objects/pack/*.pack | wc -l | sed 's/^/  packs: /' >&2; git gc -q");
    }
    run(path, "git fsck --strict --no-dangling >&2");
    run(directory, "rm -rf bench-history");
    free_article(&article);
    free(times);
}

int main(int argc, char **argv)
{
    static char *here[] = {"/tmp", "/dev/shm"};
    char **directories = argc > 1 ? argv + 1 : here;
    int count = argc > 1 ? argc - 1 : 2;
    size_t old = (size_t)numbers_of("AGE", "20000").at[0];
    setenv("GIT_AUTHOR_NAME", "A U Thor", 1);
    setenv("GIT_AUTHOR_EMAIL", "a@example.com", 1);
    setenv("GIT_COMMITTER_NAME", "A U Thor", 1);
    setenv("GIT_COMMITTER_EMAIL", "a@example.com", 1);
    for (int i = 0; i < count; i++)
        compare(directories[i]);
    for (int i = 0; i < count && old >= 200 * STEP; i++)
        age(directories[i], old);
    return 0;
}
