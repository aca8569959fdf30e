#include "ngram.h"

#include "ngram_arpa.h"
#include "ngram_file.h"
#include "ngram_source.h"
#include "ngram_sphinx.h"

#include <stdio.h>
#include <stdlib.h>

struct us_ngram {
    struct us_mapping mapping;
    unsigned char *image; /* instead of the mapping, for a model compiled as it was opened */
    struct us_ngram_counts counts;
    struct us_ngram_table tables[US_NGRAM_ORDER + 1]; /* [2] to [order] */
    const unsigned char *unigrams, *slots, *starts;
    const char *strings;
    uint32_t begin, end;
    float unknown;
};

/* ---- opening ------------------------------------------------------------------------------ */

static int foreign(struct us_error *err, const char *path, const char *why)
{
    return us_fail(err, US_EFORMAT,
                   "%s is not a language model that can be read (%s); it should be one that "
                   "unspin compiled, a Sphinx trie such as pocketsphinx-en-us has, or an ARPA file",
                   path, why);
}

static void read_table(struct us_ngram_table *table, const unsigned char *at, bool highest)
{
    table->slots = us_le32(at);
    table->count = us_le32(at + 4);
    table->key_bits = us_le32(at + 8);
    table->check_bits = us_le32(at + 12);
    table->mixer = us_le64(at + 16);
    table->probability = (struct us_ngram_scale){us_lef32(at + 24), us_lef32(at + 28)};
    table->backoff = (struct us_ngram_scale){us_lef32(at + 32), us_lef32(at + 36)};
    us_ngram_table_derive(table, highest);
}

/* Lay the parts out over the bytes and check all that look-ups rely on. */
static int lay_out(struct us_ngram *model, const unsigned char *bytes, size_t length,
                   const char *path, struct us_error *err)
{
    struct us_ngram_counts *counts = &model->counts;
    struct us_ngram_layout layout;
    if (length < US_NGRAM_HEADER)
        return foreign(err, path, "it is cut short");
    const unsigned char *at = bytes + US_NGRAM_MAGIC_LENGTH;
    *counts = (struct us_ngram_counts){us_le32(at), us_le32(at + 4), us_le32(at + 8),
                                       us_le32(at + 12)};
    at += 16;
    if (counts->order < 1 || counts->order > US_NGRAM_ORDER)
        return foreign(err, path, "its order is out of range");
    if (counts->words == 0 || counts->words >= US_NGRAM_MOST || counts->slots == 0 ||
        counts->string_bytes == 0)
        return foreign(err, path, "its counts are out of range");
    for (uint32_t n = 2; n <= counts->order; n++, at += US_NGRAM_TABLE) {
        struct us_ngram_table *table = &model->tables[n];
        read_table(table, at, n == counts->order);
        if (table->slots == 0 || table->key_bits < 2 || table->key_bits > 62 ||
            table->check_bits == 0 || table->cell_bits > 64)
            return foreign(err, path, "its counts are out of range");
    }
    us_ngram_layout(&layout, counts, model->tables);
    if (layout.end != length)
        return foreign(err, path, layout.end > length ? "it is cut short" : "it is too long");

    for (uint32_t n = 2; n <= counts->order; n++)
        model->tables[n].cells = bytes + layout.tables[n];
    model->unigrams = bytes + layout.unigrams;
    model->slots = bytes + layout.slots;
    model->starts = bytes + layout.starts;
    model->strings = (const char *)bytes + layout.strings;
    if (model->strings[counts->string_bytes - 1] != 0)
        return foreign(err, path, "its list of words does not end");
    return US_OK;
}

/* Make an image of a model that is not compiled. */
static int compile_image(unsigned char **image, size_t *length, const struct us_mapping *mapping,
                         const char *path, struct us_error *err)
{
    struct us_ngram_source source = {0};
    const unsigned char *bytes = mapping->bytes;
    int rc;
    if (us_ngram_is_sphinx(bytes, mapping->length))
        rc = us_ngram_read_sphinx(&source, bytes, mapping->length, path, err);
    else if (mapping->length && (bytes[0] == '\\' || bytes[0] == '\n' || bytes[0] == '#'))
        rc = us_ngram_read_arpa(&source, (const char *)bytes, mapping->length, path, err);
    else
        rc = foreign(err, path, "its first bytes are others");
    if (rc == US_OK)
        rc = us_ngram_write(image, length, &source, path, err);
    us_ngram_source_close(&source);
    return rc;
}

static bool is_compiled(const struct us_mapping *mapping)
{
    return mapping->length >= US_NGRAM_MAGIC_LENGTH &&
           memcmp(mapping->bytes, US_NGRAM_MAGIC, US_NGRAM_MAGIC_LENGTH) == 0;
}

int us_ngram_open(struct us_ngram **out, const char *path, struct us_error *err)
{
    *out = NULL;
    struct us_ngram *model = calloc(1, sizeof *model);
    if (!model)
        return us_fail(err, US_ENOMEM, "out of memory opening the language model %s", path);
    int rc = us_map(&model->mapping, path, "language model", err);
    if (rc != US_OK)
        goto done;
    const unsigned char *bytes = model->mapping.bytes;
    size_t length = model->mapping.length;
    if (!is_compiled(&model->mapping)) {
        rc = compile_image(&model->image, &length, &model->mapping, path, err);
        us_unmap(&model->mapping);
        bytes = model->image;
    }
    if (rc == US_OK)
        rc = lay_out(model, bytes, length, path, err);
    if (rc != US_OK)
        goto done;

    model->begin = us_ngram_id(model, "<s>", 3);
    model->end = us_ngram_id(model, "</s>", 4);
    uint32_t unk = us_ngram_id(model, "<unk>", 5);
    /* Without a row for unknown words, one costs what the rarest words of the list do. */
    model->unknown = -6.5f;
    if (unk != US_NGRAM_UNKNOWN)
        model->unknown = us_ngram_unigram(model, unk);
done:
    if (rc != US_OK) {
        us_ngram_close(model);
        model = NULL;
    }
    *out = model;
    return rc;
}

void us_ngram_close(struct us_ngram *model)
{
    if (!model)
        return;
    us_unmap(&model->mapping);
    free(model->image);
    free(model);
}

int us_ngram_compile(const char *out, const char *path, struct us_error *err)
{
    struct us_mapping mapping;
    unsigned char *image = NULL;
    size_t length = 0;
    int rc = us_map(&mapping, path, "language model", err);
    if (rc != US_OK)
        return rc;
    if (is_compiled(&mapping))
        rc = us_fail(err, US_EINVAL, "%s is compiled already", path);
    else
        rc = compile_image(&image, &length, &mapping, path, err);
    if (rc == US_OK)
        rc = us_write_file(out, image, length, "compiled language model", err);
    free(image);
    us_unmap(&mapping);
    return rc;
}

/* ---- words -------------------------------------------------------------------------------- */

uint32_t us_ngram_order(const struct us_ngram *model)
{
    return model->counts.order;
}

uint32_t us_ngram_words(const struct us_ngram *model)
{
    return model->counts.words;
}

uint32_t us_ngram_id(const struct us_ngram *model, const char *word, size_t length)
{
    uint64_t hash = us_ngram_hash(word, length);
    uint32_t check = (uint32_t)(hash >> 32), slots = model->counts.slots;
    uint32_t slot = us_ngram_word_home(hash, slots);
    for (uint32_t i = 0; i < slots; i++) {
        const unsigned char *at = model->slots + (size_t)slot * 8;
        uint32_t id = us_le32(at + 4);
        if (id == 0 || length == 0)
            break;
        if (us_le32(at) == check && id <= model->counts.words)
            return id - 1;
        slot = slot + 1 < slots ? slot + 1 : 0;
    }
    return US_NGRAM_UNKNOWN;
}

const char *us_ngram_word(const struct us_ngram *model, uint32_t id)
{
    if (id >= model->counts.words)
        return NULL;
    uint32_t start = us_le32(model->starts + (size_t)id * 4);
    return model->strings + (start < model->counts.string_bytes ? start : 0);
}

uint32_t us_ngram_begin(const struct us_ngram *model)
{
    return model->begin;
}

uint32_t us_ngram_end(const struct us_ngram *model)
{
    return model->end;
}

float us_ngram_unknown(const struct us_ngram *model)
{
    return model->unknown;
}

float us_ngram_unigram(const struct us_ngram *model, uint32_t word)
{
    if (word >= model->counts.words)
        return model->unknown;
    return us_lef32(model->unigrams + (size_t)word * US_NGRAM_UNIGRAM);
}

/* ---- scores ------------------------------------------------------------------------------- */

static inline float scaled(const struct us_ngram_scale *scale, uint32_t quantized)
{
    return scale->low + scale->step * (float)quantized;
}

static inline float probability_of(const struct us_ngram_table *table, uint64_t bits)
{
    return scaled(&table->probability, us_ngram_cell_probability(table, bits));
}

/* Flags of a pair beside those of its cell. */
enum { UNKNOWN = 4, FOUND = 8, WORD_BEGINS_LONGER = 16 };

void us_ngram_pair(struct us_ngram_pair *out, const struct us_ngram *model, uint32_t before,
                   uint32_t word)
{
    const struct us_ngram_counts *counts = &model->counts;
    const struct us_ngram_table *table = &model->tables[2];
    *out = (struct us_ngram_pair){.before = before, .word = word, .probability = model->unknown};
    if (word >= counts->words) {
        out->flags = UNKNOWN;
        return;
    }
    const unsigned char *unigram = model->unigrams + (size_t)word * US_NGRAM_UNIGRAM;
    uint32_t flags = us_le32(unigram + 8);
    uint64_t bits;
    out->unigram_backoff = us_lef32(unigram + 4);
    if (flags & US_NGRAM_BEGINS_LONGER)
        out->flags = WORD_BEGINS_LONGER;
    if (counts->order < 2 || before >= counts->words || !(flags & US_NGRAM_ENDS_LONGER) ||
        !us_ngram_find(table, counts->words, word, before, &out->cell, &bits)) {
        out->probability = us_lef32(unigram);
        return;
    }
    out->flags |= FOUND;
    out->probability = probability_of(table, bits);
    if (counts->order > 2) {
        out->flags |= bits & (US_NGRAM_ENDS_LONGER | US_NGRAM_BEGINS_LONGER);
        out->backoff = scaled(&table->backoff, us_ngram_cell_backoff(bits));
    }
}

/* The state after an unknown word, or before any. */
static const struct us_ngram_state nothing = {
    .words = {US_NGRAM_UNKNOWN, US_NGRAM_UNKNOWN, US_NGRAM_UNKNOWN, US_NGRAM_UNKNOWN}};

static inline void keep(struct us_ngram_state *state, uint32_t word, float backoff)
{
    state->words[state->length] = word;
    state->backoff[state->length++] = backoff;
}

float us_ngram_pair_after(struct us_ngram_state *next, const struct us_ngram *model,
                          const struct us_ngram_pair *pair, const struct us_ngram_state *state)
{
    struct us_ngram_state after = nothing;
    float probability = pair->probability;
    if (pair->flags & UNKNOWN) {
        if (next)
            *next = after;
        return probability;
    }
    if (next && pair->flags & WORD_BEGINS_LONGER)
        keep(&after, pair->word, pair->unigram_backoff);
    if (next && pair->flags & US_NGRAM_BEGINS_LONGER)
        keep(&after, pair->before, pair->backoff);

    uint32_t cell = pair->cell, matched = pair->flags & FOUND ? 2 : 1;
    uint32_t flags = pair->flags & US_NGRAM_ENDS_LONGER;
    while (flags & US_NGRAM_ENDS_LONGER && matched < model->counts.order &&
           matched <= state->length) {
        const struct us_ngram_table *table = &model->tables[matched + 1];
        uint32_t word = state->words[matched - 1];
        uint64_t bits;
        if (!us_ngram_find(table, model->counts.words, cell, word, &cell, &bits))
            break;
        probability = probability_of(table, bits);
        flags = table->highest ? 0 : (uint32_t)bits;
        if (next && flags & US_NGRAM_BEGINS_LONGER && after.length == matched)
            keep(&after, word, scaled(&table->backoff, us_ngram_cell_backoff(bits)));
        matched++;
    }
    for (uint32_t i = matched - 1; i < state->length; i++)
        probability += state->backoff[i];
    if (next)
        *next = after;
    return probability;
}

void us_ngram_announce_pair(const struct us_ngram *model, uint32_t before, uint32_t word)
{
    uint32_t words = model->counts.words;
    if (word >= words)
        return;
    us_announce(model->unigrams + (size_t)word * US_NGRAM_UNIGRAM);
    if (before < words && model->counts.order >= 2)
        us_ngram_announce(&model->tables[2], words, word, before);
}

void us_ngram_announce_after(const struct us_ngram *model, const struct us_ngram_pair *pair,
                             const struct us_ngram_state *state)
{
    if (pair->flags & US_NGRAM_ENDS_LONGER && state->length > 1)
        us_ngram_announce(&model->tables[3], model->counts.words, pair->cell, state->words[1]);
}

void us_ngram_start(struct us_ngram_state *out, const struct us_ngram *model)
{
    *out = nothing;
    us_ngram_step(out, model, out, model->begin);
}

float us_ngram_step(struct us_ngram_state *next, const struct us_ngram *model,
                    const struct us_ngram_state *state, uint32_t word)
{
    struct us_ngram_pair pair;
    us_ngram_pair(&pair, model, state->words[0], word);
    return us_ngram_pair_after(next, model, &pair, state);
}

float us_ngram_trigram(const struct us_ngram *model, uint32_t w1, uint32_t w2, uint32_t w3)
{
    struct us_ngram_state state = nothing;
    us_ngram_step(&state, model, &state, w1);
    us_ngram_step(&state, model, &state, w2);
    return us_ngram_step(NULL, model, &state, w3);
}
