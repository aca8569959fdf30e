#include "lexicon_compile.h"

#include "bytes.h"
#include "intern.h"
#include "lexicon_file.h"
#include "lexicon_forms.h"
#include "lexicon_source.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

#define NO_GROUP UINT32_MAX

struct entry {
    struct us_row row;
    uint32_t key;         /* offset of the spun phrase's normalized words */
    uint32_t group;       /* of a base row and those derived from it, or NO_GROUP */
    uint32_t source, line;
    const char *key_text, *original_text; /* for sorting, once all strings are there */
};

struct group { /* a base row's forms taken together */
    uint32_t families;
    uint16_t pages; /* of the best attested form */
    bool forbidden;
};

struct compiler {
    const struct us_lexicon_sources *sources;
    struct us_lexicon_report *report;
    struct us_error *err;
    struct us_forms forms;
    struct us_intern strings;
    struct entry *entries;
    uint32_t count, room;
    struct group *groups;
    uint32_t group_count;
    struct us_lexicon_weight *weights;
    uint32_t weight_count;
    struct us_tree *trees;
    uint32_t tree_count;
};

static int no_memory(struct compiler *c)
{
    return us_fail(c->err, US_ENOMEM, "out of memory compiling the lexicon");
}

static void doubt(struct compiler *c, uint32_t source, uint32_t line, const char *what)
{
    c->report->doubts++;
    if (c->sources->doubts)
        fprintf(c->sources->doubts, "%s:%u: %s\n", c->sources->paths[source], line, what);
}

static void doubt_row(struct compiler *c, uint32_t source, uint32_t line, const char *spun,
                      const char *original, const char *what)
{
    char message[3 * US_SOURCE_ROOM];
    snprintf(message, sizeof message, "%s / %s %s", spun, original, what);
    doubt(c, source, line, message);
}

/* ---- reading ------------------------------------------------------------------------------ */

static int add_entry(struct compiler *c, const struct us_source_row *source, uint32_t group,
                     uint32_t path, uint32_t line, struct us_error *err)
{
    if (c->count == c->room) {
        uint32_t room = c->room ? c->room * 2 : 1u << 14;
        struct entry *entries = realloc(c->entries, room * sizeof *entries);
        if (!entries)
            return no_memory(c);
        c->entries = entries;
        c->room = room;
    }
    struct entry *entry = &c->entries[c->count];
    *entry = (struct entry){.group = group, .source = path, .line = line};
    struct us_row *row = &entry->row;
    *row = (struct us_row){.families = source->families,
                           .pages = source->pages,
                           .flags = source->flags,
                           .place = source->place,
                           .pos = source->pos,
                           .form = source->form,
                           .original_words = source->original_words};
    int rc = us_intern(&row->spun, &c->strings, source->spun, err);
    if (rc == US_OK)
        rc = us_intern(&row->original, &c->strings, source->original, err);
    if (rc == US_OK)
        rc = us_intern(&row->words, &c->strings, source->words, err);
    if (rc == US_OK)
        rc = us_intern(&entry->key, &c->strings, source->key, err);
    if (rc == US_OK)
        c->count++;
    return rc;
}

/* A row and, if it is in its base form, those it stands for. */
static int add_row(struct compiler *c, uint32_t source, uint32_t line, const char *at,
                   size_t length, struct us_error *err)
{
    struct us_source_row row;
    struct us_row_form others[US_ROW_FORMS];
    int rc = us_source_row(&row, at, length, err);
    if (rc == US_ELIMIT) {
        doubt(c, source, line, err->message);
        return US_OK;
    }
    if (rc != US_OK)
        return rc;
    row.flags |= us_source_flags(c->sources->paths[source]);
    c->report->read++;
    const char *odd = us_row_form_doubt(&c->forms, &row);
    if (odd)
        doubt_row(c, source, line, row.spun, row.original, odd);
    uint32_t count = us_row_forms(others, &c->forms, &row);
    uint32_t group = count ? c->group_count++ : NO_GROUP;
    rc = add_entry(c, &row, group, source, line, err);
    for (uint32_t i = 0; i < count && rc == US_OK; i++) {
        struct us_source_row derived = row;
        memcpy(derived.spun, others[i].spun, sizeof derived.spun);
        memcpy(derived.original, others[i].original, sizeof derived.original);
        derived.pos = (uint8_t)others[i].pos;
        derived.form = (uint8_t)others[i].form;
        derived.flags = (uint16_t)((row.flags & ~US_ROW_SEEN) | US_ROW_INFLECTED);
        if (us_source_key(&derived, err) == US_OK)
            rc = add_entry(c, &derived, group, source, line, err);
    }
    return rc;
}

static int add_weight(struct compiler *c, uint32_t source, uint32_t line, const char *at,
                      size_t length, struct us_error *err)
{
    char copy[256], *end = copy;
    (void)source;
    (void)line;
    if (length >= sizeof copy)
        return us_fail(err, US_EFORMAT, "is too long for a weight");
    memcpy(copy, at, length);
    copy[length] = '\0';
    char *tab = strchr(copy, '\t');
    float value = tab ? strtof(tab + 1, &end) : 0;
    if (!tab || tab == copy || end == tab + 1 || !strchr("\t\r", *end))
        return us_fail(err, US_EFORMAT, "should be a name, a tab and a number");
    *tab = '\0';
    struct us_lexicon_weight *weights =
        realloc(c->weights, (c->weight_count + 1) * sizeof *weights);
    if (!weights)
        return no_memory(c);
    c->weights = weights;
    weights[c->weight_count].value = value;
    int rc = us_intern(&weights[c->weight_count].name, &c->strings, copy, err);
    if (rc == US_OK)
        c->weight_count++;
    return rc;
}

static int add_tree(struct compiler *c, uint32_t source, uint32_t line, const char *at,
                    size_t length, struct us_error *err)
{
    (void)source;
    (void)line;
    struct us_tree *trees = realloc(c->trees, (c->tree_count + 1) * sizeof *trees);
    if (!trees)
        return no_memory(c);
    c->trees = trees;
    int rc = us_tree_read(&trees[c->tree_count], at, length, err);
    if (rc == US_OK)
        c->tree_count++;
    return rc;
}

typedef int take_line(struct compiler *c, uint32_t source, uint32_t line, const char *at,
                      size_t length, struct us_error *err);

/* Hand every line that is neither empty nor a comment on. Bad ones are gathered as doubts. */
static int read_lines(struct compiler *c, const char *path, uint32_t source, take_line *take)
{
    struct us_mapping mapping;
    int rc = us_map(&mapping, path, "lexicon source", c->err);
    if (rc != US_OK)
        return rc;
    const char *at = (const char *)mapping.bytes, *end = at + mapping.length;
    for (uint32_t line = 1; at < end && (rc == US_OK || rc == US_EFORMAT); line++) {
        struct us_error why = {0};
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        int taken = length && *at != '#' ? take(c, source, line, at, length, &why) : US_OK;
        if (taken != US_OK) {
            if (rc == US_OK)
                rc = us_fail(c->err, taken, "%s:%u: %s", path, line, why.message);
            if (!c->sources->doubts)
                break;
            c->report->doubts++;
            fprintf(c->sources->doubts, "%s:%u: %s\n", path, line, why.message);
        }
        at = stop ? stop + 1 : end;
    }
    us_unmap(&mapping);
    return rc;
}

/* ---- merging ------------------------------------------------------------------------------ */

static bool is_derived(const struct entry *entry)
{
    return (entry->row.flags & US_ROW_INFLECTED) != 0;
}

static bool is_tail(const struct entry *entry)
{
    return (entry->row.flags & US_ROW_TAIL) != 0;
}

static int by_swap(const void *a, const void *b)
{
    const struct entry *one = a, *two = b;
    int order = strcmp(one->key_text, two->key_text);
    if (order == 0)
        order = strcasecmp(one->original_text, two->original_text);
    if (order == 0)
        order = is_derived(one) - is_derived(two);
    if (order == 0)
        order = is_tail(one) - is_tail(two);
    if (order == 0)
        order = (one->row.pages < two->row.pages) - (one->row.pages > two->row.pages);
    if (order == 0)
        order = (one->source > two->source) - (one->source < two->source);
    return order ? order : (one->line > two->line) - (one->line < two->line);
}

static bool is_forbidden(const struct entry *entry)
{
    return (entry->row.flags & US_ROW_NEVER) != 0;
}

static bool same_swap(const struct entry *one, const struct entry *two)
{
    return one->key == two->key && strcasecmp(one->original_text, two->original_text) == 0;
}

static uint32_t swap_end(const struct compiler *c, uint32_t first)
{
    uint32_t next = first + 1;
    while (next < c->count && same_swap(&c->entries[first], &c->entries[next]))
        next++;
    return next;
}

static uint16_t bounded(uint32_t value)
{
    return (uint16_t)(value < UINT16_MAX ? value : UINT16_MAX);
}

/* In how many pages the sources saw a swap, entries [first, next): no two have a page in common. */
static uint16_t attested(const struct compiler *c, uint32_t first, uint32_t next)
{
    uint32_t pages = 0;
    for (uint32_t i = first; i < next; i++) {
        const struct entry *entry = &c->entries[i];
        uint16_t most = 0; /* that an entry before it has of its source */
        if (is_derived(entry))
            continue;
        for (uint32_t k = first; k < i; k++)
            if (!is_derived(&c->entries[k]) && c->entries[k].source == entry->source &&
                c->entries[k].row.pages > most)
                most = c->entries[k].row.pages;
        if (entry->row.pages > most)
            pages += entry->row.pages - most;
    }
    return bounded(pages);
}

/* Give each group the pages and families of its best attested form, wherever that stands. */
static int attest_groups(struct compiler *c)
{
    c->groups = calloc(c->group_count + 1, sizeof *c->groups);
    if (!c->groups)
        return no_memory(c);
    for (uint32_t first = 0, next; first < c->count; first = next) {
        const struct us_row *best = &c->entries[first].row;
        bool forbidden = false;
        next = swap_end(c, first);
        uint16_t pages = attested(c, first, next);
        if (pages > 0)
            c->entries[first].row.pages = pages;
        for (uint32_t i = first; i < next; i++)
            forbidden = forbidden || is_forbidden(&c->entries[i]);
        for (uint32_t i = first; i < next; i++) {
            if (c->entries[i].group == NO_GROUP)
                continue;
            struct group *group = &c->groups[c->entries[i].group];
            group->forbidden = group->forbidden || (forbidden && !is_derived(&c->entries[i]));
            if (pages > group->pages)
                group->pages = pages;
            group->families |= best->families;
        }
    }
    for (uint32_t i = 0; i < c->count; i++) {
        struct entry *entry = &c->entries[i];
        if (entry->group == NO_GROUP)
            continue;
        const struct group *group = &c->groups[entry->group];
        if (group->forbidden)
            entry->row.flags |= US_ROW_NEVER;
        if (!is_derived(entry) && entry->row.pages > 0)
            continue;
        entry->row.families |= group->families;
        entry->row.pages = (uint16_t)((group->pages + 1) / 2);
        if (entry->row.pages > 0)
            entry->row.flags |= US_ROW_INFLECTED;
    }
    return US_OK;
}

/* `into` is the better attested; both are one swap. */
static void merge(struct compiler *c, struct entry *into, const struct entry *other)
{
    uint16_t both = into->row.flags & other->row.flags;
    if (is_forbidden(into) || is_forbidden(other)) {
        into->row.flags |= US_ROW_NEVER;
        return;
    }
    if (!is_derived(other)) {
        c->report->merged++;
        if ((into->row.families | other->row.families) == into->row.families && !is_tail(other) &&
            (other->row.pages == 0 || other->source == into->source))
            doubt_row(c, other->source, other->line, other->key_text, other->original_text,
                      "says nothing that another row does not");
    }
    into->row.families |= other->row.families;
    into->row.flags = (uint16_t)((into->row.flags & ~US_ROW_TAIL) | (both & US_ROW_TAIL) |
                                 (other->row.flags & US_ROW_SCHOLARLY));
    /* Of "High School" and "high school" the one without capitals serves both. */
    if ((into->row.flags & US_ROW_NAME) && !(other->row.flags & US_ROW_NAME)) {
        into->row.flags &= (uint16_t)~US_ROW_NAME;
        into->row.original = other->row.original;
        into->row.spun = other->row.spun;
        into->row.pos = other->row.pos;
    }
    if (into->row.pages < other->row.pages)
        into->row.pages = other->row.pages;
}

static int merge_all(struct compiler *c)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        c->entries[i].key_text = c->strings.bytes + c->entries[i].key;
        c->entries[i].original_text = c->strings.bytes + c->entries[i].row.original;
    }
    if (c->count)
        qsort(c->entries, c->count, sizeof *c->entries, by_swap);
    int rc = attest_groups(c);
    if (rc != US_OK)
        return rc;
    for (uint32_t first = 0, next; first < c->count; first = next) {
        next = swap_end(c, first);
        struct entry *into = &c->entries[kept];
        bool derived = is_derived(&c->entries[first]);
        *into = c->entries[first];
        for (uint32_t i = first + 1; i < next; i++)
            merge(c, into, &c->entries[i]);
        c->report->forbidden += is_forbidden(into);
        c->report->derived += derived && !is_forbidden(into);
        kept += !is_forbidden(into);
    }
    c->count = kept;
    return US_OK;
}

/* ---- order, rivals, circles --------------------------------------------------------------- */

/* The best attested reading of a phrase first. */
static int by_phrase(const void *a, const void *b)
{
    const struct entry *one = a, *two = b;
    int order = strcmp(one->key_text, two->key_text);
    if (order == 0)
        order = (one->row.pages < two->row.pages) - (one->row.pages > two->row.pages);
    if (order == 0)
        order = is_derived(one) - is_derived(two);
    return order ? order : strcmp(one->original_text, two->original_text);
}

static int by_original(const void *a, const void *b)
{
    const struct entry *one = *(struct entry *const *)a, *two = *(struct entry *const *)b;
    return (one->row.original > two->row.original) - (one->row.original < two->row.original);
}

/* A row that nobody saw counts as a third of a page. */
static float page_weight(const struct us_row *row)
{
    return (float)row->pages + 0.33f;
}

static uint16_t in_thousandths(float part, float whole)
{
    return (uint16_t)(1000 * part / whole);
}

/*
 * Log odds of a row that is known by itself. The terms were fitted to what the full models decided in
 * 860 articles, spun and clean, together with the context model's gain (evidence.c adds it); they only
 * have to tell the rows that are worth a look from those that are not.
 */
static int16_t promise_of(const struct us_row *row)
{
    float odds = -4.0f + 0.43f * logf(1 + (float)row->pages) + 0.40f * logf(row->swaps) +
                 0.70f * logf(0.001f * (float)row->swap_share + 0.01f) +
                 0.45f * logf(0.001f * (float)row->reading_share + 0.01f) +
                 0.11f * logf(row->readings);
    if (row->flags & US_ROW_ALWAYS)
        odds += 3.6f;
    if (row->flags & US_ROW_TAIL)
        odds -= 2.2f;
    if (row->flags & US_ROW_INFLECTED)
        odds -= 1.1f;
    if (row->original_words > 1)
        odds += 0.6f;
    return (int16_t)lrintf(100 * odds);
}

/* Put the rows in order and tell each what it needs to know of its rivals: the other originals of
 * its phrase, the other swaps of its original. */
static int order_rows(struct compiler *c)
{
    struct entry **order = malloc((c->count + 1) * sizeof(struct entry *));
    uint16_t *pages = calloc(c->strings.length, sizeof *pages); /* of originals, by string */
    if (!order || !pages) {
        free(order);
        free(pages);
        return no_memory(c);
    }
    if (c->count)
        qsort(c->entries, c->count, sizeof *c->entries, by_phrase);
    for (uint32_t first = 0, next; first < c->count; first = next) {
        for (next = first; next < c->count && c->entries[next].key == c->entries[first].key;)
            next++;
        float weight = 0;
        for (uint32_t i = first; i < next; i++)
            weight += page_weight(&c->entries[i].row);
        for (uint32_t i = first; i < next; i++) {
            struct us_row *row = &c->entries[i].row;
            row->readings = bounded(next - first);
            row->reading_share = in_thousandths(page_weight(row), weight);
        }
    }
    for (uint32_t i = 0; i < c->count; i++) {
        c->entries[i].row.id = i;
        order[i] = &c->entries[i];
    }
    if (c->count)
        qsort(order, c->count, sizeof *order, by_original);
    for (uint32_t first = 0, next; first < c->count; first = next) {
        for (next = first; next < c->count && by_original(&order[first], &order[next]) == 0;)
            next++;
        uint32_t all = 0;
        float weight = 0;
        for (uint32_t i = first; i < next; i++) {
            all += order[i]->row.pages;
            weight += page_weight(&order[i]->row);
        }
        for (uint32_t i = first; i < next; i++) {
            struct us_row *row = &order[i]->row;
            row->original_id = first;
            row->swaps = bounded(next - first);
            row->swap_share = in_thousandths(page_weight(row), weight);
            row->promise = promise_of(row);
        }
        pages[order[first]->row.original] = bounded(all);
    }
    for (uint32_t i = 0; i < c->count; i++)
        c->entries[i].row.spun_pages = pages[c->entries[i].row.spun];
    free(pages);
    free(order);
    return US_OK;
}

static int by_key_text(const void *a, const void *b)
{
    const struct entry *one = a, *two = b;
    return strcmp(one->key_text, two->key_text);
}

/* Two rows that each call the other's original wrong anywhere: neither can win. */
static void doubt_circles(struct compiler *c)
{
    for (uint32_t i = 0; i < c->count; i++) {
        const struct entry *entry = &c->entries[i];
        if (!(entry->row.flags & US_ROW_ALWAYS) || is_derived(entry))
            continue;
        struct entry wanted = {.key_text = entry->original_text};
        const struct entry *back =
            bsearch(&wanted, c->entries, c->count, sizeof wanted, by_key_text);
        if (!back)
            continue;
        while (back > c->entries && back[-1].key == back->key)
            back--;
        for (uint32_t key = back->key; back < c->entries + c->count && back->key == key; back++)
            if ((back->row.flags & US_ROW_ALWAYS) &&
                strcmp(back->original_text, entry->key_text) == 0)
                doubt_row(c, entry->source, entry->line, entry->key_text, entry->original_text,
                          "goes in a circle: each is said to be wrong anywhere");
    }
}

/* ---- the table of phrases ----------------------------------------------------------------- */

struct table {
    struct us_lexicon_slot *slots;
    struct phrase {
        uint32_t key, length; /* the phrase or prefix that took the slot */
    } *phrases;
    uint32_t count;
};

/* The slot of a phrase or prefix. Two phrases of one hash could not be told apart later. */
static int claim(struct us_lexicon_slot **out, struct compiler *c, struct table *table,
                 uint64_t hash, struct phrase phrase)
{
    const char *strings = c->strings.bytes;
    for (uint32_t i = us_lexicon_home(hash);; i++) {
        struct us_lexicon_slot *slot = &table->slots[i & (table->count - 1)];
        struct phrase *there = &table->phrases[i & (table->count - 1)];
        if (slot->hash == 0) {
            slot->hash = hash;
            *there = phrase;
        } else if (slot->hash != hash) {
            continue;
        } else if (there->length != phrase.length ||
                   memcmp(strings + there->key, strings + phrase.key, phrase.length) != 0) {
            return us_fail(c->err, US_EFORMAT,
                           "\"%s\" and \"%s\" have one hash; take one of them out",
                           strings + there->key, strings + phrase.key);
        }
        *out = slot;
        return US_OK;
    }
}

static int fill_table(struct compiler *c, struct table *table)
{
    for (uint32_t i = 0; i < c->count; i++) {
        const struct entry *entry = &c->entries[i];
        struct us_lexicon_slot *slot = NULL;
        uint64_t hash = 0;
        for (const char *word = entry->key_text; *word;) {
            size_t length = strcspn(word, " ");
            hash = us_lexicon_hash(hash, word, length);
            word += length;
            int rc = claim(&slot, c, table, hash,
                           (struct phrase){entry->key, (uint32_t)(word - entry->key_text)});
            if (rc != US_OK)
                return rc;
            word += *word == ' ';
        }
        if (slot && slot->count++ == 0)
            slot->first = i;
    }
    return US_OK;
}

static int build_table(struct compiler *c, struct table *table)
{
    uint32_t claims = 1;
    for (uint32_t i = 0; i < c->count; i++) {
        if (i > 0 && c->entries[i].key == c->entries[i - 1].key)
            continue;
        claims++;
        for (const char *at = c->entries[i].key_text; *at; at++)
            claims += *at == ' ';
    }
    for (table->count = 16; table->count < claims + claims / 4;)
        table->count *= 2;
    table->slots = calloc(table->count, sizeof *table->slots);
    table->phrases = calloc(table->count, sizeof *table->phrases);
    return table->slots && table->phrases ? fill_table(c, table) : no_memory(c);
}

/* ---- the file ----------------------------------------------------------------------------- */

/* By name; of two with one name, the one that stands first keeps its place before the other. */
static void sort_weights(struct compiler *c)
{
    for (uint32_t i = 1; i < c->weight_count; i++) {
        struct us_lexicon_weight weight = c->weights[i];
        const char *name = c->strings.bytes + weight.name;
        uint32_t place = i;
        for (; place > 0 && strcmp(c->strings.bytes + c->weights[place - 1].name, name) > 0; place--)
            c->weights[place] = c->weights[place - 1];
        c->weights[place] = weight;
    }
}

static unsigned char *put(unsigned char *at, const void *bytes, size_t length)
{
    if (length)
        memcpy(at, bytes, length);
    return at + length;
}

static int write_lexicon(struct compiler *c, const char *path)
{
    struct table table = {0};
    unsigned char *image = NULL;
    int rc = build_table(c, &table);
    if (rc != US_OK)
        goto done;
    struct us_lexicon_header header = {.magic = US_LEXICON_MAGIC,
                                       .order = US_LEXICON_ORDER,
                                       .version = US_LEXICON_VERSION,
                                       .slots = table.count,
                                       .rows = c->count,
                                       .weights = c->weight_count,
                                       .trees = c->tree_count,
                                       .features = US_FEATURES_TREES,
                                       .string_bytes = c->strings.length};
    size_t length = sizeof header + table.count * sizeof *table.slots +
                    c->count * sizeof(struct us_row) + c->weight_count * sizeof *c->weights +
                    c->tree_count * sizeof *c->trees + c->strings.length;
    image = malloc(length);
    if (!image) {
        rc = no_memory(c);
        goto done;
    }
    unsigned char *at = put(image + sizeof header, table.slots,
                            table.count * sizeof *table.slots);
    for (uint32_t i = 0; i < c->count; i++)
        at = put(at, &c->entries[i].row, sizeof(struct us_row));
    sort_weights(c);
    at = put(at, c->weights, c->weight_count * sizeof *c->weights);
    at = put(at, c->trees, c->tree_count * sizeof *c->trees);
    put(at, c->strings.bytes, c->strings.length);
    header.checksum = us_lexicon_checksum(image + sizeof header, length - sizeof header);
    for (uint32_t i = 0; i < c->count; i++)
        for (int f = 0; f < 26; f++)
            header.family_rows[f] += c->entries[i].row.families >> f & 1;
    put(image, &header, sizeof header);
    rc = us_write_file(path, image, length, "lexicon", c->err);
    c->report->rows = c->count;
    c->report->bytes = length;
done:
    free(image);
    free(table.slots);
    free(table.phrases);
    return rc;
}

int us_lexicon_compile(struct us_lexicon_report *report, const char *path,
                       const struct us_lexicon_sources *sources, struct us_error *err)
{
    uint32_t empty;
    struct us_irregulars *irregulars = NULL;
    struct compiler c = {.sources = sources, .report = report, .err = err};
    *report = (struct us_lexicon_report){0};
    int rc = us_irregulars_open(&irregulars, sources->irregulars, err);
    c.forms = (struct us_forms){irregulars, sources->words};
    if (rc == US_OK)
        rc = us_intern(&empty, &c.strings, "", err);
    int bad = US_OK;
    for (uint32_t i = 0; rc == US_OK && i < sources->count; i++) {
        rc = read_lines(&c, sources->paths[i], i, add_row);
        if (rc == US_EFORMAT && sources->doubts) {
            bad = rc;
            rc = US_OK;
        }
    }
    if (rc == US_OK && sources->weights)
        rc = read_lines(&c, sources->weights, 0, add_weight);
    if (rc == US_OK && sources->trees)
        rc = read_lines(&c, sources->trees, 0, add_tree);
    if (rc == US_OK)
        rc = merge_all(&c);
    if (rc == US_OK)
        rc = order_rows(&c);
    if (rc == US_OK)
        doubt_circles(&c);
    if (rc == US_OK)
        rc = bad == US_OK ? write_lexicon(&c, path) : bad;
    us_irregulars_close(irregulars);
    us_intern_close(&c.strings);
    free(c.entries);
    free(c.groups);
    free(c.weights);
    free(c.trees);
    return rc;
}
