/*
 * The lexicon's loader: a file is refused, or all its rows, any walk, and the check of a text of its
 * own phrases stay inside it. What would have most inputs refused is put right first: the header, and
 * the length that it asks for.
 */
#include "fuzz_file.h"
#include "lexicon_file.h"
#include "restore.h"
#include "trees.h"

#include <string.h>

/* A model of a few words, which the check needs. */
static struct us_ngram *open_model(void)
{
    static const char arpa[] = "\\data\\\nngram 1=6\n\\1-grams:\n-1 <s>\n-1 </s>\n-1 an\n-1 of\n"
                               "-1 agreement\n-1 told\n\\end\\\n";
    struct us_ngram *model;
    if (us_ngram_open(&model, fuzz_file((const uint8_t *)arpa, sizeof arpa - 1), NULL) != US_OK)
        abort();
    return model;
}

static void check(const struct us_ngram *model, const struct us_lexicon *lexicon)
{
    char text[1024] = "An ";
    size_t length = strlen(text);
    for (uint32_t i = 0; i < us_lexicon_rows(lexicon); i++) {
        const char *spun = us_lexicon_string(lexicon, us_lexicon_row(lexicon, i)->spun);
        if (length + strlen(spun) + 8 > sizeof text)
            break;
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", spun,
                                   i % 3 ? " of " : "’s. ");
    }
    struct us_restorer *restorer;
    struct us_corrections found;
    struct us_check_options options = {.threshold = 0, .readings = true};
    if (us_restorer_open(&restorer, model, lexicon, NULL, NULL) != US_OK)
        return;
    if (us_restorer_check(&found, restorer, text, length, &options, NULL) == US_OK)
        for (uint32_t i = 0; i < found.count; i++)
            if (found.items[i].end > length)
                abort();
    us_corrections_close(&found);
    us_restorer_close(restorer);
}

static const char *sound_file(const uint8_t *bytes, size_t length)
{
    static uint8_t file[65536];
    struct us_lexicon_header header = {0};
    memcpy(&header, bytes, length < sizeof header ? length : sizeof header);
    memcpy(header.magic, US_LEXICON_MAGIC, sizeof header.magic);
    header.order = US_LEXICON_ORDER;
    header.version = US_LEXICON_VERSION;
    header.slots = UINT32_C(1) << header.slots % 8;
    header.rows %= 64;
    header.weights %= 64;
    header.trees %= 8;
    header.features = US_FEATURES_TREES;
    header.string_bytes = header.string_bytes % 4096 + 1;
    size_t whole = sizeof header + header.slots * sizeof(struct us_lexicon_slot) +
                   header.rows * sizeof(struct us_row) +
                   header.weights * sizeof(struct us_lexicon_weight) +
                   header.trees * sizeof(struct us_tree) + header.string_bytes;
    memset(file, 0, sizeof file);
    if (length > sizeof header)
        memcpy(file, bytes, length < whole ? length : whole);
    memcpy(file, &header, sizeof header);
    file[whole - 1] = 0;
    return fuzz_file(file, whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct us_ngram *model;
    struct us_lexicon *lexicon;
    if (!model)
        model = open_model();
    const char *path = length % 8 == 7 ? fuzz_file(bytes, length) : sound_file(bytes, length);
    if (!fuzz_takes(us_lexicon_open(&lexicon, path, NULL) == US_OK))
        return 0;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < us_lexicon_rows(lexicon); i++) {
        const struct us_row *row = us_lexicon_row(lexicon, i);
        sum += (uint32_t)strlen(us_lexicon_string(lexicon, row->spun));
        sum += (uint32_t)strlen(us_lexicon_string(lexicon, row->original));
        uint64_t state = 0;
        const struct us_row *rows;
        uint32_t count;
        const char *spun = us_lexicon_string(lexicon, row->spun);
        us_lexicon_step(lexicon, &state, spun, strlen(spun), &rows, &count);
        for (uint32_t k = 0; k < count; k++)
            sum += rows[k].original;
    }
    us_lexicon_weight(lexicon, "threshold.sure", (float)sum);
    check(model, lexicon);
    float f[US_FEATURES_TREES] = {(float)sum};
    uint32_t count;
    const struct us_tree *trees = us_lexicon_trees(lexicon, &count);
    us_trees_sum(trees, count, f);
    us_lexicon_close(lexicon);
    return 0;
}
