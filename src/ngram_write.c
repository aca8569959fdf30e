#include "ngram_source.h"

#include "ngram_file.h"

#include <math.h>
#include <stdlib.h>

void us_ngram_source_close(struct us_ngram_source *source)
{
    for (uint32_t n = 1; n <= US_NGRAM_ORDER; n++)
        free(source->grams[n]);
    free(source->strings);
    *source = (struct us_ngram_source){0};
}

static int no_memory(const char *path, struct us_error *err)
{
    return us_fail(err, US_ENOMEM, "out of memory compiling the language model %s", path);
}

/* ---- n-grams that longer ones begin or end with ------------------------------------------- */

static int by_words(const void *a, const void *b)
{
    const struct us_gram *x = a, *y = b;
    for (int i = 0; i < US_NGRAM_ORDER; i++)
        if (x->words[i] != y->words[i])
            return x->words[i] < y->words[i] ? -1 : 1;
    return 0;
}

static void sort(struct us_gram *grams, uint32_t count)
{
    if (count)
        qsort(grams, count, sizeof *grams, by_words);
}

/* One of the two (n-1)-grams in an n-gram; a probability of NaN is to be worked out. */
static struct us_gram part(const struct us_gram *gram, uint32_t n, uint32_t from)
{
    struct us_gram out = {.probability = NAN};
    memcpy(out.words, gram->words + from, (n - 1) * sizeof *out.words);
    return out;
}

/* Give order n - 1 what it lacks of order n's parts. All are sorted, before and after. */
static int add_parts(struct us_ngram_source *source, uint32_t n, const char *path,
                     struct us_error *err)
{
    const struct us_gram *longer = source->grams[n], *old = source->grams[n - 1];
    uint32_t count = source->counts[n], old_count = source->counts[n - 1];
    struct us_gram *parts = malloc((size_t)count * 2 * sizeof *parts + 1);
    struct us_gram *all = malloc(((size_t)count * 2 + old_count) * sizeof *all + 1);
    uint32_t part_count = 0, all_count = 0, o = 0;
    if (!parts || !all) {
        free(parts);
        free(all);
        return no_memory(path, err);
    }
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t from = 0; from < 2; from++)
            parts[part_count++] = part(&longer[i], n, from);
    sort(parts, part_count);
    for (uint32_t i = 0; i < part_count; i++) {
        while (o < old_count && by_words(&old[o], &parts[i]) <= 0)
            all[all_count++] = old[o++];
        if (all_count == 0 || by_words(&all[all_count - 1], &parts[i]) != 0)
            all[all_count++] = parts[i];
    }
    while (o < old_count)
        all[all_count++] = old[o++];
    free(parts);
    free(source->grams[n - 1]);
    source->grams[n - 1] = all;
    source->counts[n - 1] = all_count;
    return all_count < US_NGRAM_MOST
               ? US_OK
               : us_fail(err, US_EFORMAT, "%s has more %u-grams than can be held", path, n - 1);
}

static int complete(struct us_ngram_source *source, const char *path, struct us_error *err)
{
    for (uint32_t n = 2; n <= source->order; n++) {
        struct us_gram *grams = source->grams[n];
        sort(grams, source->counts[n]);
        for (uint32_t i = 1; i < source->counts[n]; i++)
            if (by_words(&grams[i - 1], &grams[i]) == 0)
                return us_fail(err, US_EFORMAT,
                               "%s is not a sound language model: a %u-gram stands twice", path, n);
    }
    for (uint32_t n = source->order; n > 2; n--) {
        int rc = add_parts(source, n, path, err);
        if (rc != US_OK)
            return rc;
    }
    return US_OK;
}

/* ---- the image ---------------------------------------------------------------------------- */

struct writer {
    struct us_ngram_source *source;
    struct us_ngram_counts counts;
    struct us_ngram_table tables[US_NGRAM_ORDER + 1];
    unsigned char *cells[US_NGRAM_ORDER + 1]; /* of the tables */
    unsigned char *unigrams;
    const char *path;
};

/* Beyond it a value is as good as impossible, and would only make the steps between others wide. */
static const float BOUND = 16;

static float bounded(float value)
{
    return value < -BOUND ? -BOUND : value > BOUND ? BOUND : value;
}

static struct us_ngram_scale scale_of(const struct us_gram *grams, uint32_t count, bool backoff)
{
    float low = 0, high = -INFINITY;
    for (uint32_t i = 0; i < count; i++) {
        float value = bounded(backoff ? grams[i].backoff : grams[i].probability);
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    return (struct us_ngram_scale){low, high > low ? (high - low) / (US_NGRAM_VALUES - 1) : 0};
}

static uint32_t quantized(const struct us_ngram_scale *scale, float value)
{
    return scale->step > 0 ? (uint32_t)lroundf((bounded(value) - scale->low) / scale->step) : 0;
}

static void put_bits(unsigned char *at, uint64_t bit, uint64_t value, uint32_t bits)
{
    for (uint32_t done = 0; done < bits;) {
        uint32_t shift = (uint32_t)((bit + done) & 7);
        uint32_t count = bits - done < 8 - shift ? bits - done : 8 - shift;
        unsigned mask = (unsigned)us_ngram_mask(count) << shift;
        unsigned char *byte = &at[(bit + done) >> 3];
        *byte = (unsigned char)((*byte & ~mask) | ((unsigned)(value >> done) << shift & mask));
        done += count;
    }
}

/* The cell of the n-gram of these words, which is there. */
static uint32_t cell_of(const struct writer *w, const uint32_t *words, uint32_t n)
{
    uint32_t cell = words[0];
    uint64_t bits;
    for (uint32_t k = 2; k <= n; k++)
        us_ngram_find(&w->tables[k], w->counts.words, cell, words[k - 1], &cell, &bits);
    return cell;
}

static void set_flag(const struct writer *w, const uint32_t *words, uint32_t n, unsigned flag)
{
    uint32_t cell = cell_of(w, words, n);
    uint64_t bit = n == 1 ? ((uint64_t)cell * US_NGRAM_UNIGRAM + 8) * 8
                          : (uint64_t)cell * w->tables[n].cell_bits;
    unsigned char *at = (n == 1 ? w->unigrams : w->cells[n]) + (bit >> 3);
    put_bits(at, bit & 7, us_le32(at) >> (bit & 7) | flag, 2);
}

/* log10 of its probability by the lower orders, which are written. */
static float backed_off(const struct writer *w, const struct us_gram *gram, uint32_t n)
{
    const struct us_ngram_table *table = &w->tables[n - 1];
    uint32_t history = cell_of(w, gram->words + 1, n - 1), shorter = cell_of(w, gram->words, n - 1);
    if (n == 2)
        return us_lef32(w->unigrams + (size_t)history * US_NGRAM_UNIGRAM + 4) +
               us_lef32(w->unigrams + (size_t)shorter * US_NGRAM_UNIGRAM);
    uint32_t backoff = us_ngram_cell_backoff(us_ngram_cell(table, history));
    uint32_t probability = us_ngram_cell_probability(table, us_ngram_cell(table, shorter));
    return table->backoff.low + table->backoff.step * (float)backoff + table->probability.low +
           table->probability.step * (float)probability;
}

struct entry {
    uint64_t mixed;
    uint32_t gram;
};

static int by_mixed(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return (x->mixed > y->mixed) - (x->mixed < y->mixed);
}

/* Decide on the table's size and mixer for these entries, whose `mixed` is their key until then.
 * False: some would lie too far from home. */
static bool fits(struct us_ngram_table *table, struct entry *entries, uint64_t keys)
{
    table->key_bits = 2;
    while (table->key_bits < 62 && UINT64_C(1) << table->key_bits < keys)
        table->key_bits++;
    uint64_t at_home = (UINT64_C(1) << table->key_bits) / table->slots + 1; /* mixed keys, at most */
    table->check_bits = 8; /* behind by up to US_NGRAM_REACH homes, or before */
    while (UINT64_C(1) << (table->check_bits - 8) < at_home)
        table->check_bits++;
    for (uint32_t i = 0; i < table->count; i++)
        entries[i].mixed = us_ngram_mix(table, entries[i].mixed);
    if (table->count)
        qsort(entries, table->count, sizeof *entries, by_mixed);
    uint32_t next = 0;
    for (uint32_t i = 0; i < table->count; i++, next++) {
        uint32_t home = us_ngram_home(table, entries[i].mixed);
        next = next < home ? home : next;
        if (next - home > US_NGRAM_REACH)
            return false;
    }
    return true;
}

/* Do both end in the same n-gram of n - 1? */
static bool same_parent(const struct us_gram *a, const struct us_gram *b, uint32_t n)
{
    return memcmp(a->words, b->words, (n - 1) * sizeof *a->words) == 0;
}

static void key_entries(const struct writer *w, struct entry *entries, uint32_t n)
{
    const struct us_gram *grams = w->source->grams[n];
    uint64_t parent = 0;
    for (uint32_t i = 0; i < w->source->counts[n]; i++) {
        if (i == 0 || !same_parent(&grams[i - 1], &grams[i], n))
            parent = cell_of(w, grams[i].words, n - 1);
        entries[i] = (struct entry){parent * w->counts.words + grams[i].words[n - 1], i};
    }
}

static void fill_cells(struct writer *w, const struct entry *entries, uint32_t n)
{
    struct us_ngram_table *table = &w->tables[n];
    const struct us_gram *grams = w->source->grams[n];
    uint32_t cells = table->slots + US_NGRAM_REACH + 1, next = 0;
    for (uint32_t i = 0; i < cells; i++)
        put_bits(w->cells[n], (uint64_t)i * table->cell_bits + table->value_bits - 16,
                 US_NGRAM_FREE, 16);
    for (uint32_t i = 0; i < table->count; i++, next++) {
        uint32_t home = us_ngram_home(table, entries[i].mixed);
        const struct us_gram *gram = &grams[entries[i].gram];
        next = next < home ? home : next;
        uint64_t value = quantized(&table->probability, gram->probability);
        if (!table->highest)
            value = value << 18 | (uint64_t)quantized(&table->backoff, gram->backoff) << 2 |
                    (gram->backoff != 0.0f ? US_NGRAM_BEGINS_LONGER : 0);
        uint64_t bit = (uint64_t)next * table->cell_bits;
        put_bits(w->cells[n], bit, value, table->value_bits);
        put_bits(w->cells[n], bit + table->value_bits, entries[i].mixed, table->check_bits);
    }
}

static int write_table(struct writer *w, uint32_t n, struct us_error *err)
{
    struct us_ngram_table *table = &w->tables[n];
    struct us_gram *grams = w->source->grams[n];
    uint32_t count = w->source->counts[n];
    struct entry *entries = malloc((size_t)count * sizeof *entries + 1);
    if (!entries)
        return no_memory(w->path, err);
    for (uint32_t i = 0; i < count; i++)
        if (isnan(grams[i].probability))
            grams[i].probability = backed_off(w, &grams[i], n);
    uint64_t parents = n == 2 ? w->counts.words
                              : w->tables[n - 1].slots + UINT64_C(1) + US_NGRAM_REACH;
    uint64_t keys = parents * w->counts.words;
    *table = (struct us_ngram_table){.slots = count + count / 7 + 1, /* seven of eight are taken */
                                     .count = count,
                                     .mixer = UINT64_C(0x9e3779b97f4a7c15),
                                     .probability = scale_of(grams, count, false),
                                     .backoff = scale_of(grams, count, true)};
    for (;;) {
        key_entries(w, entries, n);
        if (fits(table, entries, keys))
            break;
        table->mixer = table->mixer * UINT64_C(0xd1342543de82ef95) | 1;
        table->slots += table->slots / 8 + 1;
    }
    us_ngram_table_derive(table, n == w->counts.order);
    if (table->cell_bits > 64) {
        free(entries);
        return us_fail(err, US_EFORMAT, "%s has too many words or %u-grams to be compiled", w->path,
                       n);
    }
    uint64_t size = us_ngram_cells_size(table);
    w->cells[n] = size <= SIZE_MAX ? calloc((size_t)size, 1) : NULL;
    table->cells = w->cells[n];
    if (w->cells[n])
        fill_cells(w, entries, n);
    free(entries);
    if (!w->cells[n])
        return no_memory(w->path, err);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || !same_parent(&grams[i - 1], &grams[i], n))
            set_flag(w, grams[i].words, n - 1, US_NGRAM_ENDS_LONGER);
        set_flag(w, grams[i].words + 1, n - 1, US_NGRAM_BEGINS_LONGER);
        /* a history keeps a word for its back-off alone, and then those behind it */
        for (uint32_t k = n - 1; !table->highest && grams[i].backoff != 0.0f && k > 0; k--)
            set_flag(w, grams[i].words, k, US_NGRAM_BEGINS_LONGER);
    }
    return US_OK;
}

static int write_unigrams(struct writer *w, struct us_error *err)
{
    const struct us_gram *grams = w->source->grams[1];
    w->unigrams = calloc(w->counts.words, US_NGRAM_UNIGRAM);
    if (!w->unigrams)
        return no_memory(w->path, err);
    for (uint32_t id = 0; id < w->counts.words; id++) {
        unsigned char *at = w->unigrams + (size_t)id * US_NGRAM_UNIGRAM;
        us_putf32(at, grams[id].probability);
        us_putf32(at + 4, grams[id].backoff);
        if (grams[id].backoff != 0.0f)
            us_put32(at + 8, US_NGRAM_BEGINS_LONGER);
    }
    return US_OK;
}

static void put_vocabulary(unsigned char *image, const struct writer *w,
                           const struct us_ngram_layout *layout)
{
    const struct us_ngram_source *source = w->source;
    uint32_t start = 0;
    for (uint32_t id = 0; id < w->counts.words; id++) {
        const char *word = source->strings + start;
        size_t length = strlen(word);
        uint64_t hash = us_ngram_hash(word, length);
        uint32_t slot = us_ngram_word_home(hash, w->counts.slots);
        while (us_le32(image + layout->slots + (size_t)slot * 8 + 4) != 0)
            slot = slot + 1 < w->counts.slots ? slot + 1 : 0;
        us_put32(image + layout->slots + (size_t)slot * 8, (uint32_t)(hash >> 32));
        us_put32(image + layout->slots + (size_t)slot * 8 + 4, id + 1);
        us_put32(image + layout->starts + (size_t)id * 4, start);
        start += (uint32_t)length + 1;
    }
    us_put32(image + layout->starts + (size_t)w->counts.words * 4, start);
    memcpy(image + layout->strings, source->strings, source->string_bytes);
}

static void put_header(unsigned char *image, const struct writer *w)
{
    unsigned char *at = image + US_NGRAM_MAGIC_LENGTH;
    memcpy(image, US_NGRAM_MAGIC, US_NGRAM_MAGIC_LENGTH);
    us_put32(at, w->counts.order);
    us_put32(at + 4, w->counts.words);
    us_put32(at + 8, w->counts.slots);
    us_put32(at + 12, w->counts.string_bytes);
    at += 16;
    for (uint32_t n = 2; n <= w->counts.order; n++, at += US_NGRAM_TABLE) {
        const struct us_ngram_table *table = &w->tables[n];
        us_put32(at, table->slots);
        us_put32(at + 4, table->count);
        us_put32(at + 8, table->key_bits);
        us_put32(at + 12, table->check_bits);
        us_put32(at + 16, (uint32_t)table->mixer);
        us_put32(at + 20, (uint32_t)(table->mixer >> 32));
        us_putf32(at + 24, table->probability.low);
        us_putf32(at + 28, table->probability.step);
        us_putf32(at + 32, table->backoff.low);
        us_putf32(at + 36, table->backoff.step);
    }
}

int us_ngram_write(unsigned char **image, size_t *length, struct us_ngram_source *source,
                   const char *path, struct us_error *err)
{
    struct writer w = {.source = source,
                       .path = path,
                       .counts = {source->order, source->counts[1],
                                  source->counts[1] + source->counts[1] / 2 + 1,
                                  source->string_bytes}};
    struct us_ngram_layout layout;
    *image = NULL;
    *length = 0;
    int rc = complete(source, path, err);
    if (rc == US_OK)
        rc = write_unigrams(&w, err);
    for (uint32_t n = 2; rc == US_OK && n <= source->order; n++)
        rc = write_table(&w, n, err);
    if (rc != US_OK)
        goto done;

    us_ngram_layout(&layout, &w.counts, w.tables);
    *image = layout.end <= SIZE_MAX ? calloc((size_t)layout.end, 1) : NULL;
    if (!*image) {
        rc = no_memory(path, err);
        goto done;
    }
    *length = (size_t)layout.end;
    put_header(*image, &w);
    memcpy(*image + layout.unigrams, w.unigrams, (size_t)w.counts.words * US_NGRAM_UNIGRAM);
    for (uint32_t n = 2; n <= source->order; n++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): write_table() made them all */
        memcpy(*image + layout.tables[n], w.cells[n],
               (size_t)us_ngram_cells_size(&w.tables[n]));
    put_vocabulary(*image, &w, &layout);
done:
    free(w.unigrams);
    for (uint32_t n = 2; n <= US_NGRAM_ORDER; n++)
        free(w.cells[n]);
    return rc;
}
