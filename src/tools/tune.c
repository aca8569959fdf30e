/*
 * tune - fit the weights and trees of evidence.h on articles with gold, and report cross-validated
 * figures.
 *
 *     tune [--trees] MODEL LEXICON[,LEXICON...] CONTEXT WEIGHTS TREES FOLDER...
 *
 * A folder holds NAME.txt or NAME.md with NAME.gold.tsv (see tests/quality/README.md); files that
 * have no gold, and NAME.clean, are clean text, in which every edge is wrong. Writes the fitted
 * weights to WEIGHTS as lines of data/weights.tsv, and the trees to TREES as data/trees.tsv has
 * them. --trees takes the weights as the lexicon has them and fits the trees alone. Each of the
 * three linear models is a logistic regression, fitted by Newton's method with an L2 penalty on
 * standardized features; the later ones see what the earlier ones make of the articles. Further
 * lexicons, made from thinned sources, show the models articles of which the lexicon knows less;
 * otherwise they trust too much in rows that were seen. Figures are of the first lexicon. They come
 * from five folds by article name, for each of which the trees are fitted anew (and, without
 * --trees, the final model); they count edges, where tests/quality/score.lua judges stretches of
 * text, and differ from it by a little.
 */
#include "bytes.h"
#include "evidence.h"
#include "surface.h"
#include "tune_gold.h"
#include "tune_trees.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { FOLDS = 5, CLEAN_WEIGHT = 2 };

static const struct tree_options FOREST = {
    .trees = 300, .rate = 0.15, .features = 0.2, .examples = 0.7, .penalty = 20};
struct example {
    float features[US_FEATURES_TREES];
    uint32_t from, to; /* units */
    uint8_t label;
    uint8_t must; /* rows of gold that a right edge restores */
    bool has_row; /* else its probability is set by hand */
    float p;      /* by the models of the other folds */
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
        rc = us_lattice_open(&lattice, parts->ngram, lexicon, &err);
    if (rc == US_OK)
        rc = us_lattice_read(&lattice, &text, 0, text.length, &err);
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
        example->has_row = lattice.edges[e].row != NULL;
        char *replacement;
        size_t start, end;
        if (us_surface(&replacement, &start, &end, &lattice, lexicon, &lattice.edges[e], &err) != US_OK)
            die(err.message);
        example->label = (uint8_t)judge(&example->must, text.bytes, gold, rows, start, end, replacement);
        free(replacement);
    }
    free_gold(gold, rows);
    us_evidence_close(&evidence);
    us_lattice_close(&lattice);
    us_text_close(&text);
    us_unmap(&mapping);
}

static void look_at_all(struct corpus *corpus, const struct parts *parts,
                        const struct us_evidence_model *model)
{
    for (uint32_t a = 0; a < corpus->count; a++)
        look(&corpus->articles[a], parts, model);
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

/* ---- trees -------------------------------------------------------------------------------- */

/* An example's probability by the final linear model. */
static void judge_linearly(struct corpus *corpus, float (*folds)[US_FEATURE_COUNT])
{
    for (uint32_t a = 0; a < corpus->count; a++)
        for (uint32_t e = 0; e < corpus->articles[a].count; e++) {
            struct example *example = &corpus->articles[a].examples[e];
            double sum = dot(folds[corpus->articles[a].fold], example->features, US_FEATURE_COUNT);
            example->p = (float)(1 / (1 + exp(-sum)));
        }
}

static bool is_for_trees(const struct example *example)
{
    return example->has_row && example->p >= US_TREES_LEAST;
}

/* The examples of all articles but those of a fold (-1: of all). */
static uint32_t gather(struct tree_example **out, const struct corpus *corpus, int without)
{
    uint32_t count = 0, room = 0;
    *out = NULL;
    for (uint32_t a = 0; a < corpus->count; a++) {
        const struct article *article = &corpus->articles[a];
        for (uint32_t e = 0; (int)article->fold != without && e < article->count; e++) {
            const struct example *example = &article->examples[e];
            if (!is_for_trees(example) || example->label == EITHER)
                continue;
            if (count == room) {
                room = room ? room * 2 : 4096;
                *out = must_have(realloc(*out, room * sizeof **out));
            }
            (*out)[count++] = (struct tree_example){.features = example->features,
                                                    .weight = article->clean ? CLEAN_WEIGHT : 1,
                                                    .right = example->label == RIGHT};
        }
    }
    return count;
}

/* Fit the trees for each fold, which gives its examples their probability, and on all. */
static void fit_forest(struct us_tree *trees, const struct tree_options *options,
                       struct corpus *corpus)
{
    struct tree_example *examples;
    uint32_t count = gather(&examples, corpus, -1);
    printf("%u examples for the trees\n", count);
    float **sums = must_have(calloc(corpus->count + 1, sizeof *sums));
    for (int fold = 0; fold < FOLDS; fold++) {
        struct tree_example *others;
        uint32_t other_count = gather(&others, corpus, fold);
        fit_trees(trees, options, others, other_count);
        free(others);
        for (uint32_t a = 0; a < corpus->count; a++) {
            struct article *article = &corpus->articles[a];
            if ((int)article->fold != fold)
                continue;
            sums[a] = must_have(calloc(article->count + 1, sizeof **sums));
            for (uint32_t e = 0; e < article->count; e++)
                sums[a][e] = us_trees_sum(trees, options->trees, article->examples[e].features);
        }
    }
    fit_trees(trees, options, examples, count);
    free(examples);
    for (uint32_t a = 0; a < corpus->count; a++) {
        for (uint32_t e = 0; e < corpus->articles[a].count; e++) {
            struct example *example = &corpus->articles[a].examples[e];
            if (is_for_trees(example))
                example->p = us_trees_mix(example->p, sums[a][e]);
        }
        free(sums[a]);
    }
    free(sums);
}

static void write_trees(const char *path, const struct us_tree *trees, uint32_t count)
{
    FILE *file = fopen(path, "w");
    if (!file)
        die("the trees cannot be written");
    for (uint32_t t = 0; t < count; t++)
        us_tree_write(file, &trees[t]);
    if (fclose(file) != 0)
        die("the trees cannot be written");
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
static void count_article(const struct article *article, double threshold, uint32_t *right,
                          uint32_t *wrong)
{
    struct pick *picks = must_have(malloc((article->count + 1) * sizeof *picks));
    uint32_t n = 0, units = 0;
    for (uint32_t e = 0; e < article->count; e++) {
        double p = (double)article->examples[e].p;
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

static void report(const struct corpus *corpus, char **folders, int folder_count)
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
                count_article(article, threshold, &right, &wrong);
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

/* Fit the linear models one after the other, and the final one for each fold as well. */
static void fit_models(struct us_evidence_model *model, float (*folds)[US_FEATURE_COUNT],
                       struct corpus *corpus, const struct parts *parts)
{
    const struct {
        float *weights;
        int count;
    } stages[] = {{model->local, US_FEATURES_LOCAL},
                  {model->article, US_FEATURES_ARTICLE},
                  {model->final, US_FEATURE_COUNT}};
    for (int stage = 0; stage < 3; stage++) {
        look_at_all(corpus, parts, model);
        if (stage == 1) {
            fit_density(model->density, corpus);
            look_at_all(corpus, parts, model);
        }
        if (stage == 2)
            for (int fold = 0; fold < FOLDS; fold++)
                fit(folds[fold], corpus, US_FEATURE_COUNT, fold);
        fit(stages[stage].weights, corpus, stages[stage].count, -1);
    }
}

int main(int argc, char **argv)
{
    bool only_trees = argc > 1 && strcmp(argv[1], "--trees") == 0;
    argv += only_trees;
    argc -= only_trees;
    if (argc < 7) {
        fprintf(stderr, "usage: tune [--trees] MODEL LEXICON[,LEXICON...] CONTEXT WEIGHTS TREES "
                        "FOLDER...\n");
        return 2;
    }
    struct us_error err;
    struct parts parts = {0};
    if (us_ngram_open(&parts.ngram, argv[1], &err) != US_OK ||
        us_context_open(&parts.context, argv[3], &err) != US_OK)
        die(err.message);
    char **folders = argv + 6;
    int folder_count = argc - 6;
    struct corpus corpus = {0};
    for (char *path = strtok(argv[2], ","); path; path = strtok(NULL, ",")) {
        if (parts.lexicon_count == MOST_LEXICONS)
            die("too many lexicons");
        if (us_lexicon_open(&parts.lexicons[parts.lexicon_count], path, &err) != US_OK)
            die(err.message);
        for (int i = 0; i < folder_count; i++)
            add_folder(&corpus, folders[i], i, parts.lexicon_count);
        parts.lexicon_count++;
    }
    if (!parts.lexicon_count)
        die("no lexicon is named");
    if (!corpus.count)
        die("no article is in the folders");
    struct us_evidence_model model;
    us_evidence_load(&model, parts.lexicons[0]);
    model.tree_count = 0;
    qsort(corpus.articles, corpus.count, sizeof *corpus.articles, by_path);

    static float folds[FOLDS][US_FEATURE_COUNT];
    if (only_trees) {
        look_at_all(&corpus, &parts, &model);
        for (int fold = 0; fold < FOLDS; fold++)
            memcpy(folds[fold], model.final, sizeof folds[fold]);
    } else {
        fit_models(&model, folds, &corpus, &parts);
    }
    judge_linearly(&corpus, folds);
    printf("without trees, ");
    report(&corpus, folders, folder_count);
    struct us_tree *trees = must_have(calloc(FOREST.trees, sizeof *trees));
    fit_forest(trees, &FOREST, &corpus);
    report(&corpus, folders, folder_count);
    if (!only_trees)
        write_weights(argv[4], &model);
    write_trees(argv[5], trees, FOREST.trees);

    free(trees);
    for (uint32_t a = 0; a < corpus.count; a++)
        free(corpus.articles[a].examples);
    free(corpus.articles);
    us_context_close(parts.context);
    for (uint32_t i = 0; i < parts.lexicon_count; i++)
        us_lexicon_close(parts.lexicons[i]);
    us_ngram_close(parts.ngram);
    return 0;
}
