/*
 * features - print every edge of an article's lattice with its features, for `make tune`.
 *
 *     features MODEL LEXICON CONTEXT|- ARTICLE...
 *
 * A line each: article, start, end (bytes), spun, replacement, then the features in the order of
 * evidence.h, separated by tabs. Lines that begin with # name the columns.
 */
#include "evidence.h"
#include "surface.h"

#include "bytes.h"

#include <stdio.h>
#include <stdlib.h>

static int print_article(const char *path, const struct us_ngram *ngram,
                         const struct us_lexicon *lexicon, const struct us_context *context,
                         const struct us_evidence_model *model, struct us_error *err)
{
    struct us_mapping mapping;
    struct us_text text = {0};
    struct us_lattice lattice = {0};
    struct us_evidence evidence = {0};
    size_t suffix = strlen(path);
    enum us_format format = suffix > 3 && strcmp(path + suffix - 3, ".md") == 0
                                ? US_FORMAT_MARKDOWN
                                : US_FORMAT_TEXT;
    int rc = us_map(&mapping, path, "article", err);
    if (rc == US_OK)
        rc = us_text_open(&text, (const char *)mapping.bytes, mapping.length, format, err);
    if (rc == US_OK)
        rc = us_lattice_open(&lattice, &text, ngram, lexicon, err);
    if (rc == US_OK)
        rc = us_evidence_open(&evidence, &lattice, model, ngram, lexicon, context, 0, err);
    for (uint32_t e = 0; rc == US_OK && e < lattice.edge_count; e++) {
        char *replacement;
        size_t start, end;
        rc = us_surface(&replacement, &start, &end, &lattice, lexicon, &lattice.edges[e], err);
        if (rc != US_OK)
            break;
        printf("%s\t%zu\t%zu\t%.*s\t%s\t%.5f", path, start, end, (int)(end - start),
               text.bytes + start, replacement, (double)evidence.final[e]);
        for (int i = 0; i < US_FEATURE_COUNT; i++)
            printf("\t%.5g", (double)evidence.features[e][i]);
        putchar('\n');
        free(replacement);
    }
    us_evidence_close(&evidence);
    us_lattice_close(&lattice);
    us_text_close(&text);
    us_unmap(&mapping);
    return rc;
}

int main(int argc, char **argv)
{
    struct us_error err;
    struct us_ngram *ngram = NULL;
    struct us_lexicon *lexicon = NULL;
    struct us_context *context = NULL;
    if (argc < 5) {
        fprintf(stderr, "usage: features MODEL LEXICON CONTEXT|- ARTICLE...\n");
        return 2;
    }
    int rc = us_ngram_open(&ngram, argv[1], &err);
    if (rc == US_OK)
        rc = us_lexicon_open(&lexicon, argv[2], &err);
    if (rc == US_OK && strcmp(argv[3], "-") != 0)
        rc = us_context_open(&context, argv[3], &err);
    if (rc == US_OK) {
        struct us_evidence_model model;
        us_evidence_load(&model, lexicon);
        printf("#article\tstart\tend\tspun\treplacement\tprobability");
        for (int i = 0; i < US_FEATURE_COUNT; i++)
            printf("\t%s", us_feature_name((enum us_feature)i));
        printf("\n#local %d article %d\n", US_FEATURES_LOCAL, US_FEATURES_ARTICLE);
        for (int i = 4; i < argc && rc == US_OK; i++)
            rc = print_article(argv[i], ngram, lexicon, context, &model, &err);
    }
    if (rc != US_OK)
        fprintf(stderr, "features: %s\n", err.message);
    us_context_close(context);
    us_lexicon_close(lexicon);
    us_ngram_close(ngram);
    return rc == US_OK ? 0 : 2;
}
