/*
 * tune - fit the weights of evidence.h on articles with gold, and report cross-validated figures.
 *
 *     tune MODEL LEXICON[,LEXICON...] CONTEXT OUT FOLDER...
 *
 * A folder holds NAME.txt or NAME.md with NAME.gold.tsv (see tests/quality/README.md); files that
 * have no gold, and NAME.clean, are clean text, in which every edge is wrong. Writes the fitted
 * weights to OUT as lines of data/weights.tsv. Each of the three models is a logistic regression,
 * fitted by Newton's method with an L2 penalty on standardized features; the later ones see what
 * the earlier ones make of the articles. Further lexicons, made from thinned sources, show the
 * models articles of which the lexicon knows less; otherwise they trust too much in rows that were
 * seen. Figures are of the first lexicon. They come from five folds by article name; they count
 * edges, where tests/quality/score.lua judges stretches of text, and differ from it by a little.
 */
#include "bytes.h"
#include "evidence.h"
#include "surface.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { FOLDS = 5, CLEAN_WEIGHT = 2 };
enum label { WRONG, RIGHT, EITHER };

struct gold {
    size_t start, end;
    char *accepted; /* by '|' */
    bool must;
};

struct example {
    float features[US_FEATURE_COUNT];
    uint32_t from, to; /* units */
    uint8_t label;
    uint8_t must; /* rows of gold that a right edge restores */
};

struct article {
    float terms[US_DENSITY_COUNT]; /* of its density */
    char path[1024];
    int folder;
    uint32_t lexicon; /* of parts.lexicons */
    uint32_t fold;
    bool clean;
    struct example *examples;
    uint32_t count;
    uint32_t must, words;
};

struct corpus {
    struct article *articles;
    uint32_t count, room;
};

static _Noreturn void die(const char *message)
{
    fprintf(stderr, "tune: %s\n", message);
    exit(2);
}

static void *must_have(void *memory)
{
    if (!memory)
        die("out of memory");
    return memory;
}

/* ---- gold --------------------------------------------------------------------------------- */

/* Fold case, hyphens, apostrophes and white space; "an" is "a": how the judge compares. */
static void normalize(char *out, size_t room, const char *text, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length && used + 2 < room; i++) {
        char c = text[i];
        if (i + 2 < length && memcmp(text + i, "\xe2\x80\x99", 3) == 0) {
            c = '\'';
            i += 2;
        }
        c = (char)tolower((unsigned char)c);
        if (c == '-' || c == '\n' || c == '\t')
            c = ' ';
        if (c == ' ' && (used == 0 || out[used - 1] == ' '))
            continue;
        out[used++] = c;
        bool word_ends = i + 1 == length || !isalpha((unsigned char)text[i + 1]);
        if (word_ends && used >= 2 && out[used - 1] == 'n' && out[used - 2] == 'a' &&
            (used == 2 || out[used - 3] == ' '))
            used--;
    }
    while (used && out[used - 1] == ' ')
        used--;
    out[used] = 0;
}

static uint32_t read_gold(struct gold **out, const char *article)
{
    char path[1100];
    snprintf(path, sizeof path, "%s", article);
    char *dot = strrchr(path, '.');
    *out = NULL;
    if (!dot || strcmp(dot, ".clean") == 0)
        return 0;
    snprintf(dot, sizeof path - (size_t)(dot - path), ".gold.tsv");
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    uint32_t count = 0;
    char line[4096];
    while (fgets(line, sizeof line, file)) {
        char *field[5] = {line};
        int fields = 1;
        for (char *c = line; *c && fields < 5; c++)
            if (*c == '\t') {
                *c = 0;
                field[fields++] = c + 1;
            }
        if (fields < 5)
            continue;
        *out = must_have(realloc(*out, (count + 1) * sizeof **out));
        (*out)[count++] = (struct gold){strtoul(field[0], NULL, 10), strtoul(field[1], NULL, 10),
                                        must_have(strdup(field[3])),
                                        strncmp(field[4], "must", 4) == 0};
    }
    fclose(file);
    return count;
}

/* Does one choice of accepted readings for the gold rows give the stretch [at, hi) the sound of
 * `got`? `sofar` holds what was chosen before `at`; rows that may stay as they are can. */
static bool reads_as(const char *bytes, const struct gold *gold, uint32_t count, size_t at,
                     size_t hi, const char *sofar, const char *got)
{
    char edited[4096];
    if (count == 0) {
        char want[4096];
        int length = snprintf(edited, sizeof edited, "%s%.*s", sofar, (int)(hi - at), bytes + at);
        normalize(want, sizeof want, edited, (size_t)length);
        return strcmp(got, want) == 0;
    }
    int kept = (int)(gold->start - at);
    for (const char *word = gold->accepted; *word;) {
        size_t n = strcspn(word, "|");
        snprintf(edited, sizeof edited, "%s%.*s%.*s", sofar, kept, bytes + at, (int)n, word);
        if (reads_as(bytes, gold + 1, count - 1, gold->end, hi, edited, got))
            return true;
        word += n + (word[n] == '|');
    }
    if (gold->must)
        return false;
    snprintf(edited, sizeof edited, "%s%.*s", sofar, (int)(gold->end - at), bytes + at);
    return reads_as(bytes, gold + 1, count - 1, gold->end, hi, edited, got);
}

static uint32_t count_words(const char *text, size_t length)
{
    uint32_t words = 0;
    for (size_t i = 0; i < length; i++)
        words += !isspace((unsigned char)text[i]) && text[i] != '-' &&
                 (i == 0 || isspace((unsigned char)text[i - 1]) || text[i - 1] == '-');
    return words;
}

/* Does an edge inside a longer gold row restore its part of it, word for word at its place? */
static bool restores_part(const char *bytes, const struct gold *gold, size_t start, size_t end,
                          const char *replacement)
{
    char want[4096], got[4096];
    if (start < gold->start || end > gold->end || gold->end - gold->start > 500)
        return false;
    uint32_t before = count_words(bytes + gold->start, start - gold->start);
    uint32_t after = count_words(bytes + end, gold->end - end);
    normalize(got, sizeof got, replacement, strlen(replacement));
    for (const char *at = gold->accepted; *at;) {
        size_t n = strcspn(at, "|");
        uint32_t words = count_words(at, n), word = 0;
        normalize(want, sizeof want, at, n);
        at += n + (at[n] == '|');
        if (words <= before + after)
            continue;
        char *first = want;
        for (; word < before && first; word++)
            first = strchr(first, ' ') ? strchr(first, ' ') + 1 : NULL;
        for (uint32_t i = 0; i < after && first; i++) {
            char *last = strrchr(first, ' ');
            if (last)
                *last = 0;
            else
                first = NULL;
        }
        if (first && strcmp(first, got) == 0)
            return true;
    }
    return false;
}

/* Label an edge that would make [start, end) the replacement. Gold is in order of the text. */
static void judge(struct example *example, const char *bytes, const struct gold *gold,
                  uint32_t count, size_t start, size_t end, const char *replacement)
{
    uint32_t first = 0, last, must = 0;
    while (first < count && gold[first].end <= start)
        first++;
    for (last = first; last < count && gold[last].start < end; last++)
        must += gold[last].must;
    example->label = WRONG;
    if (first == last || last - first > 4)
        return;
    size_t lo = start < gold[first].start ? start : gold[first].start;
    size_t hi = end > gold[last - 1].end ? end : gold[last - 1].end;
    if (hi - lo > 500)
        return;
    char edited[4096], got[4096];
    int length = snprintf(edited, sizeof edited, "%.*s%s%.*s", (int)(start - lo), bytes + lo,
                          replacement, (int)(hi - end), bytes + end);
    normalize(got, sizeof got, edited, (size_t)length);
    if (!reads_as(bytes, gold + first, last - first, lo, hi, "", got)) {
        if (last - first == 1 && restores_part(bytes, &gold[first], start, end, replacement))
            example->label = must ? RIGHT : EITHER; /* but restores no row by itself */
        return;
    }
    example->label = must ? RIGHT : EITHER;
    example->must = (uint8_t)must;
}

/* ---- articles ----------------------------------------------------------------------------- */

enum { MOST_LEXICONS = 8 };

struct parts {
    struct us_ngram *ngram;
    struct us_lexicon *lexicons[MOST_LEXICONS];
    uint32_t lexicon_count;
    struct us_context *context;
};

/* (Re)compute the features of an article; labels only the first time. */
static void look(struct article *article, const struct parts *parts,
                 const struct us_evidence_model *model)
{
    struct us_error err;
    struct us_mapping mapping;
    struct us_text text = {0};
    struct us_lattice lattice = {0};
    struct us_evidence evidence = {0};
    const struct us_lexicon *lexicon = parts->lexicons[article->lexicon];
    size_t suffix = strlen(article->path);
    enum us_format format = suffix > 3 && strcmp(article->path + suffix - 3, ".md") == 0
                                ? US_FORMAT_MARKDOWN
                                : US_FORMAT_TEXT;
    int rc = us_map(&mapping, article->path, "article", &err);
    if (rc == US_OK)
        rc = us_text_open(&text, (const char *)mapping.bytes, mapping.length, format, &err);
    if (rc == US_OK)
        rc = us_lattice_open(&lattice, &text, 0, text.length, parts->ngram, lexicon, &err);
    if (rc == US_OK)
        rc = us_evidence_open(&evidence, &lattice, model, parts->context, NULL, NULL, &err);
    if (rc != US_OK)
        die(err.message);

    bool first = !article->examples;
    struct gold *gold = NULL;
    uint32_t rows = first ? read_gold(&gold, article->path) : 0;
    if (first) {
        article->count = lattice.edge_count;
        article->examples = must_have(calloc(article->count + 1, sizeof *article->examples));
        article->clean = rows == 0;
        for (uint32_t i = 0; i < rows; i++)
            article->must += gold[i].must;
        for (uint32_t i = 0; i < text.count; i++)
            article->words += text.tokens[i].kind == US_TOKEN_WORD;
    }
    memcpy(article->terms, evidence.terms, sizeof article->terms);
    for (uint32_t e = 0; e < lattice.edge_count; e++) {
        struct example *example = &article->examples[e];
        us_evidence_features(example->features, &evidence, &lattice, e);
        if (!first)
            continue;
        example->from = lattice.edges[e].from;
        example->to = lattice.edges[e].to;
        char *replacement;
        size_t start, end;
        if (us_surface(&replacement, &start, &end, &lattice, lexicon, &lattice.edges[e], &err) != US_OK)
            die(err.message);
        judge(example, text.bytes, gold, rows, start, end, replacement);
        free(replacement);
    }
    for (uint32_t i = 0; i < rows; i++)
        free(gold[i].accepted);
    free(gold);
    us_evidence_close(&evidence);
    us_lattice_close(&lattice);
    us_text_close(&text);
    us_unmap(&mapping);
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t length = strlen(name), n = strlen(suffix);
    return length > n && strcmp(name + length - n, suffix) == 0;
}

static void add_folder(struct corpus *corpus, const char *folder, int number, uint32_t lexicon)
{
    DIR *dir = opendir(folder);
    if (!dir)
        die("a folder cannot be opened");
    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *name = entry->d_name;
        if (strcmp(name, "README.md") == 0 ||
            (!ends_with(name, ".txt") && !ends_with(name, ".md") && !ends_with(name, ".clean")))
            continue;
        if (corpus->count == corpus->room) {
            corpus->room = corpus->room ? corpus->room * 2 : 64;
            corpus->articles =
                must_have(realloc(corpus->articles, corpus->room * sizeof *corpus->articles));
        }
        struct article *article = &corpus->articles[corpus->count++];
        *article = (struct article){.folder = number, .lexicon = lexicon};
        snprintf(article->path, sizeof article->path, "%s/%s", folder, name);
        /* versions of one article, in whatever folder, are in one fold */
        uint32_t hash = 2166136261u;
        for (const char *c = name; *c && *c != '.'; c++)
            hash = (hash ^ (unsigned char)*c) * 16777619u;
        article->fold = hash % FOLDS;
    }
    closedir(dir);
}

static int by_path(const void *a, const void *b)
{
    const struct article *x = a, *y = b;
    int order = strcmp(x->path, y->path);
    return order ? order : (x->lexicon > y->lexicon) - (x->lexicon < y->lexicon);
}

/* ---- logistic regression ------------------------------------------------------------------ */

typedef double vector[US_FEATURE_COUNT];

/* Solve A x = b in place, A symmetric positive definite, by Cholesky. */
static void solve(double (*a)[US_FEATURE_COUNT], double *b, int n)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = a[i][j];
            for (int k = 0; k < j; k++)
                sum -= a[i][k] * a[j][k];
            a[i][j] = i == j ? sqrt(sum > 1e-9 ? sum : 1e-9) : sum / a[j][j];
        }
    }
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++)
            b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
    }
    for (int i = n; i-- > 0;) {
        for (int k = i + 1; k < n; k++)
            b[i] -= a[k][i] * b[k];
        b[i] /= a[i][i];
    }
}

static double dot(const float *weights, const float *features, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (double)weights[i] * (double)features[i];
    return sum;
}

/* Fit the first n features on all articles but those of one fold (-1: on all). */
static void fit(float *weights, const struct corpus *corpus, int n, int without)
{
    vector mean = {0}, square = {0}, scale;
    double total = 0;
    for (uint32_t a = 0; a < corpus->count; a++)
        for (uint32_t e = 0; e < corpus->articles[a].count; e++, total++)
            for (int i = 0; i < n; i++) {
                double f = (double)corpus->articles[a].examples[e].features[i];
                mean[i] += f;
                square[i] += f * f;
            }
    for (int i = 0; i < n; i++) {
        double variance = square[i] / total - mean[i] / total * (mean[i] / total);
        scale[i] = variance > 1e-12 ? sqrt(variance) : 1;
        weights[i] = 0;
    }
    static double hessian[US_FEATURE_COUNT][US_FEATURE_COUNT];
    for (int round = 0; round < 30; round++) {
        const double penalty = 2;
        vector step = {0};
        memset(hessian, 0, sizeof hessian);
        for (uint32_t a = 0; a < corpus->count; a++) {
            const struct article *article = &corpus->articles[a];
            if ((int)article->fold == without)
                continue;
            double weight = article->clean ? CLEAN_WEIGHT : 1;
            for (uint32_t e = 0; e < article->count; e++) {
                const struct example *example = &article->examples[e];
                if (example->label == EITHER)
                    continue;
                double p = 1 / (1 + exp(-dot(weights, example->features, n)));
                double slope = weight * (p - (example->label == RIGHT));
                double bend = weight * p * (1 - p);
                vector f;
                int used[US_FEATURE_COUNT], count = 0; /* most features are zero */
                for (int i = 0; i < n; i++)
                    if ((f[i] = (double)example->features[i] / scale[i]) != 0)
                        used[count++] = i;
                for (int x = 0; x < count; x++) {
                    int i = used[x];
                    step[i] += slope * f[i];
                    if (bend > 1e-6)
                        for (int y = 0; y <= x; y++)
                            hessian[i][used[y]] += bend * f[i] * f[used[y]];
                }
            }
        }
        double most = 0;
        for (int i = 0; i < n; i++) {
            double l2 = i == US_FEATURE_BIAS ? 1e-6 : penalty;
            step[i] += l2 * (double)weights[i] * scale[i];
            hessian[i][i] += l2;
        }
        solve(hessian, step, n);
        for (int i = 0; i < n; i++) {
            weights[i] -= (float)(step[i] / scale[i]);
            if (fabs(step[i]) > most)
                most = fabs(step[i]);
        }
        if (most < 1e-4)
            break;
    }
}

static double true_level(const struct article *article)
{
    const double least = 0.002; /* no article is told from one with fewer swaps */
    return log((article->must / (article->words + 1.0) + least) / US_LEVEL_ZERO);
}

/* Fit the articles' densities: least squares with an L2 penalty. */
static void fit_density(float *weights, const struct corpus *corpus)
{
    const double penalty = 1;
    static double squares[US_FEATURE_COUNT][US_FEATURE_COUNT];
    vector sums = {0};
    memset(squares, 0, sizeof squares);
    for (uint32_t a = 0; a < corpus->count; a++) {
        const struct article *article = &corpus->articles[a];
        double truth = true_level(article);
        for (int i = 0; i < US_DENSITY_COUNT; i++) {
            sums[i] += truth * (double)article->terms[i];
            for (int k = 0; k <= i; k++)
                squares[i][k] += (double)article->terms[i] * (double)article->terms[k];
        }
    }
    for (int i = 0; i < US_DENSITY_COUNT; i++)
        squares[i][i] += penalty;
    solve(squares, sums, US_DENSITY_COUNT);
    double error = 0;
    for (int i = 0; i < US_DENSITY_COUNT; i++)
        weights[i] = (float)sums[i];
    for (uint32_t a = 0; a < corpus->count; a++) {
        const struct article *article = &corpus->articles[a];
        double miss = true_level(article) - dot(weights, article->terms, US_DENSITY_COUNT);
        error += miss * miss / corpus->count;
    }
    printf("ln of the density of articles: off by %.2f\n", sqrt(error));
}

/* ---- figures ------------------------------------------------------------------------------ */

struct pick {
    uint32_t example;
    double p;
};

static int by_probability(const void *a, const void *b)
{
    double x = ((const struct pick *)a)->p, y = ((const struct pick *)b)->p;
    return (x < y) - (x > y);
}

/* Count right, wrong and missed corrections of an article at a threshold. */
static void count_article(const struct article *article, const float *weights, double threshold,
                          uint32_t *right, uint32_t *wrong)
{
    struct pick *picks = must_have(malloc((article->count + 1) * sizeof *picks));
    uint32_t n = 0, units = 0;
    for (uint32_t e = 0; e < article->count; e++) {
        double p = 1 / (1 + exp(-dot(weights, article->examples[e].features, US_FEATURE_COUNT)));
        if (article->examples[e].to > units)
            units = article->examples[e].to;
        if (p >= threshold)
            picks[n++] = (struct pick){e, p};
    }
    bool *taken = must_have(calloc(units + 1, sizeof *taken));
    qsort(picks, n, sizeof *picks, by_probability);
    for (uint32_t i = 0; i < n; i++) {
        const struct example *example = &article->examples[picks[i].example];
        bool is_free = true;
        for (uint32_t u = example->from; u < example->to; u++)
            is_free = is_free && !taken[u];
        if (!is_free)
            continue;
        memset(taken + example->from, true, example->to - example->from);
        *right += example->label == RIGHT ? example->must : 0;
        *wrong += example->label == WRONG;
    }
    free(picks);
    free(taken);
}

static void report(const struct corpus *corpus, float (*folds)[US_FEATURE_COUNT], char **folders,
                   int folder_count)
{
    printf("cross-validated, by folder and least confidence:\n");
    for (int f = 0; f < folder_count; f++)
        for (int percent = 55; percent <= 80; percent += 5) {
            double threshold = percent / 100.0;
            uint32_t right = 0, wrong = 0, must = 0, words = 0;
            for (uint32_t a = 0; a < corpus->count; a++) {
                const struct article *article = &corpus->articles[a];
                if (article->folder != f || article->lexicon != 0)
                    continue;
                count_article(article, folds[article->fold], threshold, &right, &wrong);
                must += article->must;
                words += article->words;
            }
            double precision = right + wrong ? right / (double)(right + wrong) : 1;
            double recall = must ? right / (double)must : 1;
            double both = 0.25 * precision + recall;
            printf("%-24s %.2f  precision %.3f  recall %.3f  F0.5 %.3f  wrong per 10,000 words "
                   "%.1f\n", folders[f], threshold, precision, recall,
                   both > 0 ? 1.25 * precision * recall / both : 0, 1e4 * wrong / (words + 1.0));
        }
}

static void write_weights(const char *path, const struct us_evidence_model *model)
{
    FILE *file = fopen(path, "w");
    if (!file)
        die("the weights cannot be written");
    const struct {
        const char *name;
        const float *weights;
        int count;
    } models[] = {{"local", model->local, US_FEATURES_LOCAL},
                  {"article", model->article, US_FEATURES_ARTICLE},
                  {"final", model->final, US_FEATURE_COUNT}};
    for (int m = 0; m < 3; m++)
        for (int i = 0; i < models[m].count; i++)
            fprintf(file, "%s.%s\t%.4f\n", models[m].name,
                    us_feature_name((enum us_feature)i), (double)models[m].weights[i]);
    for (int i = 0; i < US_DENSITY_COUNT; i++)
        fprintf(file, "density.%s\t%.4f\n", us_density_name((enum us_density_term)i),
                (double)model->density[i]);
    if (fclose(file) != 0)
        die("the weights cannot be written");
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "usage: tune MODEL LEXICON[,LEXICON...] CONTEXT OUT FOLDER...\n");
        return 2;
    }
    struct us_error err;
    struct parts parts = {0};
    if (us_ngram_open(&parts.ngram, argv[1], &err) != US_OK ||
        us_context_open(&parts.context, argv[3], &err) != US_OK)
        die(err.message);
    struct corpus corpus = {0};
    for (char *path = strtok(argv[2], ","); path; path = strtok(NULL, ",")) {
        if (parts.lexicon_count == MOST_LEXICONS)
            die("too many lexicons");
        if (us_lexicon_open(&parts.lexicons[parts.lexicon_count], path, &err) != US_OK)
            die(err.message);
        for (int i = 5; i < argc; i++)
            add_folder(&corpus, argv[i], i - 5, parts.lexicon_count);
        parts.lexicon_count++;
    }
    if (!parts.lexicon_count)
        die("no lexicon is named");
    if (!corpus.count)
        die("no article is in the folders");
    struct us_evidence_model model;
    us_evidence_load(&model, parts.lexicons[0]);
    qsort(corpus.articles, corpus.count, sizeof *corpus.articles, by_path);

    static float folds[FOLDS][US_FEATURE_COUNT];
    const struct {
        float *weights;
        int count;
    } stages[] = {{model.local, US_FEATURES_LOCAL},
                  {model.article, US_FEATURES_ARTICLE},
                  {model.final, US_FEATURE_COUNT}};
    for (int stage = 0; stage < 3; stage++) {
        for (uint32_t a = 0; a < corpus.count; a++)
            look(&corpus.articles[a], &parts, &model);
        if (stage == 1) {
            fit_density(model.density, &corpus);
            for (uint32_t a = 0; a < corpus.count; a++)
                look(&corpus.articles[a], &parts, &model);
        }
        if (stage == 2)
            for (int fold = 0; fold < FOLDS; fold++)
                fit(folds[fold], &corpus, US_FEATURE_COUNT, fold);
        fit(stages[stage].weights, &corpus, stages[stage].count, -1);
    }
    report(&corpus, folds, argv + 5, argc - 5);
    write_weights(argv[4], &model);

    for (uint32_t a = 0; a < corpus.count; a++)
        free(corpus.articles[a].examples);
    free(corpus.articles);
    us_context_close(parts.context);
    for (uint32_t i = 0; i < parts.lexicon_count; i++)
        us_lexicon_close(parts.lexicons[i]);
    us_ngram_close(parts.ngram);
    return 0;
}
