/*
 * bench_history: one save with N single-word corrections, recorded by this project, by
 * `git fast-import` (the program's own stream, the same commits) and by a loop of `git commit`.
 *
 *     bench_history [DIRECTORY]...
 *
 * For each directory (a disk, a tmpfs), repositories of 1 and of 5,000 files, articles of 5 KB and
 * of 500 KB, N of 10, 100 and 1,000. Then saves into a history that is 20,000 commits old.
 * Prints commits a second and ratios: medians of runs that take turns; the loop is timed on a part
 * of its commits where it is long. Ours runs within a process, as in an editor, the others as the
 * programs that they are.
 */
#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 3, LOOP_MOST = 8, OLD = 20000 }; /* LOOP_MOST: in each round */

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

static void make_template(const char *path, int files, const struct article *article)
{
    char command[9000], file[4200];
    snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s/articles'", path, path);
    run(".", command);
    snprintf(file, sizeof file, "%s/articles/article.txt", path);
    write_file(file, article->text, article->length);
    if (files > 1)
        run(path, "for d in $(seq 50); do mkdir d$d; for f in $(seq 100); do echo $d $f >d$d/f$f; "
                  "done; done");
    run(path, "git init -q && git config gc.auto 0 && git add . && git commit -qm 'Receive'");
}

/* A fresh copy of the template, whose index knows the copies. */
static void make_repository(const char *path, const char *template)
{
    char command[16384];
    snprintf(command, sizeof command,
             "rm -rf '%s' && cp -a '%s' '%s' && cd '%s' && git status && sync -f .", path, template,
             path, path);
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
    write_file(file, after, length);
    free(after);
    double start = now();
    if (us_history_open(&history, file, NULL, &err) != US_OK ||
        us_history_record(&recorded, history, article->text, article->length, article->fixes,
                          article->count, &err) != US_OK)
        fail(err.message);
    double took = now() - start;
    if (recorded.count != article->count)
        fail("not all corrections were recorded");
    us_recorded_close(&recorded);
    us_history_close(history);
    return took;
}

static double time_fast_import(const char *path, const struct article *article)
{
    char stream[4200];
    snprintf(stream, sizeof stream, "%s/stream", path);
    FILE *out = fopen(stream, "wb");
    if (!out)
        fail(stream);
    for (size_t i = 1; i <= article->count; i++) {
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
    return took;
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

static void compare(const char *directory)
{
    static const int files[] = {1, 5000};
    static const size_t lengths[] = {5000, 500000}, counts[] = {10, 100, 1000};
    static double (*const timers[3])(const char *, const struct article *) = {
        time_ours, time_fast_import, time_loop};
    char path[2048], template[2048];
    if ((size_t)snprintf(template, sizeof template, "%s/bench-template", directory) >=
        sizeof template)
        fail("the path is too long");
    snprintf(path, sizeof path, "%s/bench-history", directory);
    printf("\n%s\n%6s %8s %6s %12s %12s %12s %9s %9s\n", directory, "files", "article", "N",
           "ours/s", "fast-import", "git commit", "x import", "x commit");
    for (int f = 0; f < 2; f++)
        for (int l = 0; l < 2; l++)
            for (int c = 0; c < 3; c++) {
                struct article article = make_article(lengths[l], counts[c], 0);
                double times[3][ROUNDS], n = (double)counts[c], took[3];
                if (c == 0)
                    make_template(template, files[f], &article);
                for (int round = 0; round < ROUNDS; round++)
                    for (int t = 0; t < 3; t++) {
                        make_repository(path, template);
                        times[t][round] = timers[t](path, &article);
                    }
                for (int t = 0; t < 3; t++)
                    took[t] = median(times[t], ROUNDS);
                printf("%6d %7zuK %6zu %12.0f %12.0f %12.0f %9.1f %9.0f\n", files[f],
                       lengths[l] / 1000, counts[c], n / took[0], n / took[1], n / took[2],
                       took[1] / took[0], took[2] / took[0]);
                fflush(stdout);
                free_article(&article);
            }
    run(directory, "rm -rf bench-history bench-template");
}

/* Saves of ten corrections each, until the history is old: the first and the last hundred. */
static void age(const char *directory)
{
    enum { N = 10, SAVES = OLD / N };
    char path[4000];
    double *times = calloc(SAVES, sizeof *times);
    if (!times)
        fail("out of memory");
    snprintf(path, sizeof path, "%s/bench-history", directory);
    struct article article = make_article(5000, N, 0);
    make_template(path, 1, &article);
    double start = now();
    for (unsigned i = 0; i < SAVES; i++) {
        free_article(&article);
        article = make_article(5000, N, i + 1);
        times[i] = time_ours(path, &article);
    }
    printf("\n%s: %d saves of %d corrections in %.1f s, each one's time in ms\n", directory, SAVES,
           N, now() - start);
    static const int from[] = {0, SAVES / 2, SAVES - 100};
    for (int i = 0; i < 3; i++) {
        qsort(times + from[i], 100, sizeof *times, compare_times);
        printf("  after %5d commits: median %.2f, 90th of 100 %.2f, slowest %.2f\n", from[i] * N,
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
            if (entries != OLD)
                fail("the log does not hold all corrections");
        }
        printf("  log of %d corrections%s: median %.1f ms (%.1f of them on the processor)\n", OLD,
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
    setenv("GIT_AUTHOR_NAME", "A U Thor", 1);
    setenv("GIT_AUTHOR_EMAIL", "a@example.com", 1);
    setenv("GIT_COMMITTER_NAME", "A U Thor", 1);
    setenv("GIT_COMMITTER_EMAIL", "a@example.com", 1);
    for (int i = 0; i < count; i++)
        compare(directories[i]);
    for (int i = 0; i < count; i++)
        age(directories[i]);
    return 0;
}
