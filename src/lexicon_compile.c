#include "lexicon_compile.h"

#include "bytes.h"
#include "inflect.h"

#include <errno.h>
#include <stdlib.h>

enum { SIDE = 192, FIELDS = 6 }; /* bytes for one side of a row with its NUL; columns */

struct entry {
    char *spun, *original; /* as the source spells them, white space folded */
    char *key;             /* spun as tokens: lower case, hyphens as spaces */
    char *words;           /* of the condition, by '|', or NULL */
    uint32_t families;
    uint16_t pages, flags;
    uint8_t place, pos, form;
    bool derived;
};

struct compiler {
    const struct us_lexicon_sources *sources;
    struct us_irregulars *irregulars;
    struct entry *entries;
    uint32_t count, room;
    uint32_t *table; /* open addressing on key and original: entry + 1, or 0 */
    uint32_t table_size;
    struct us_error *err;
};

/* ---- one side of a row -------------------------------------------------------------------- */

static char *copy_string(const char *s)
{
    size_t length = strlen(s) + 1;
    char *copy = malloc(length);
    if (copy)
        memcpy(copy, s, length);
    return copy;
}

/* Fold white space, straighten apostrophes. False if it is empty or too long. */
static bool read_side(char out[SIDE], const char *at, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        if (used + 2 >= SIDE)
            return false;
        if (i + 2 < length && memcmp(at + i, "\xe2\x80\x99", 3) == 0) {
            out[used++] = '\'';
            i += 2;
        } else if (at[i] == ' ') {
            if (used && out[used - 1] != ' ')
                out[used++] = ' ';
        } else {
            out[used++] = at[i];
        }
    }
    while (used && out[used - 1] == ' ')
        used--;
    out[used] = 0;
    return used > 0;
}

static void lower(char *s)
{
    for (; *s; s++)
        if (*s >= 'A' && *s <= 'Z')
            *s = (char)(*s + 32);
}

/* The phrase as the text's tokens spell it: lower case, hyphens inside words as spaces. */
static void make_key(char out[SIDE], const char *side)
{
    size_t length = strlen(side);
    memcpy(out, side, length + 1);
    lower(out);
    for (size_t i = 1; i + 1 < length; i++)
        if (out[i] == '-' && out[i - 1] != ' ' && out[i + 1] != ' ')
            out[i] = ' ';
}

static uint32_t count_words(const char *side)
{
    uint32_t words = 1;
    for (; *side; side++)
        words += *side == ' ' || *side == '-';
    return words;
}

/* ---- conditions --------------------------------------------------------------------------- */

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

/* "week/month/year", "'to'", "that, a plan or Friday" as "week|month|year"; false if one of them
 * is no single word but a class of words, which the place cannot be asked for. */
static bool read_word_list(char *out, size_t room, const char *text)
{
    static const char *const classes[] = {
        "noun", "nouns", "adjective", "adjectives", "verb", "clause", "plural", "number",
        "numbers", "quantity", "disease", "examples", "list", "name", "names", "resource",
        "infinitive", "object", "figure", "amount", "date", "abstract", "mass", "past", "bare",
        "person", "place", "determiner", "article", "participle", "comma", "gerund", "money",
        "year", "duration", "percentage", "score", "in", "sense", "not", "only", "of", "company"};
    size_t used = 0;
    bool quoted_only = has(text, "'");
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, " ,/'");
        bool quoted = at > text && at[-1] == '\'' && at[length] == '\'';
        if (length == 0) {
            at++;
            continue;
        }
        char word[32];
        if (length >= sizeof word || used + length + 2 > room)
            return false;
        memcpy(word, at, length);
        word[length] = 0;
        at += length;
        if (quoted_only && !quoted)
            continue;
        if (strcmp(word, "or") == 0 || (strcmp(word, "a") == 0 && !quoted))
            continue;
        if (!quoted && strcmp(text, "of") != 0)
            for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
                if (strcmp(word, classes[i]) == 0)
                    return false;
        lower(word);
        if (used)
            out[used++] = '|';
        memcpy(out + used, word, length);
        used += length;
        out[used] = 0;
    }
    return used > 0;
}

static void read_condition(struct entry *entry, const char *condition, char *words, size_t room)
{
    words[0] = 0;
    if (strcmp(condition, "always") == 0) {
        entry->flags |= US_ROW_ALWAYS;
    } else if (has(condition, "ordinary English too") || has(condition, "clearly spun text")) {
        entry->flags |= US_ROW_SPUN_ONLY;
    } else if (has(condition, "spun by this bot")) {
        entry->flags |= US_ROW_BOT_ONLY;
    } else if (has(condition, "before number") || has(condition, "before a number")) {
        entry->place = US_PLACE_BEFORE_NUMBER;
    } else if (has(condition, "after number") || has(condition, "after a number")) {
        entry->place = US_PLACE_AFTER_NUMBER;
    } else if (has(condition, "sentence start")) {
        entry->place = US_PLACE_SENTENCE_START;
    } else if (has(condition, "mid-sentence")) {
        entry->place = US_PLACE_MID_SENTENCE;
    } else if (has(condition, "without comma")) {
        entry->place = US_PLACE_NO_COMMA_AFTER;
    } else if (has(condition, "as a noun") || has(condition, "as noun")) {
        entry->place = US_PLACE_AFTER_DETERMINER;
    } else if (has(condition, "as a verb") || has(condition, "as verb")) {
        entry->place = US_PLACE_NO_DETERMINER_BEFORE;
    } else if (has(condition, "before infinitive")) {
        entry->place = US_PLACE_BEFORE_WORDS;
        strcpy(words, "to");
    } else if (strncmp(condition, "before ", 7) == 0 && read_word_list(words, room, condition + 7)) {
        entry->place = US_PLACE_BEFORE_WORDS;
    } else if (strncmp(condition, "after ", 6) == 0 && read_word_list(words, room, condition + 6)) {
        entry->place = US_PLACE_AFTER_WORDS;
    } else {
        words[0] = 0; /* "in sense of ...": nothing that can be looked up */
    }
}

static enum us_pos read_pos(const char *name)
{
    static const char *const names[] = {"", "noun", "verb", "adj", "adv", "prep", "conj",
                                        "phrase", "name"};
    for (size_t i = 1; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return (enum us_pos)i;
    return US_POS_OTHER;
}

/* ---- entries ------------------------------------------------------------------------------ */

static int no_memory(struct compiler *c)
{
    return us_fail(c->err, US_ENOMEM, "out of memory compiling the lexicon");
}

static uint64_t pair_hash(const char *key, const char *original)
{
    return us_lexicon_hash(us_lexicon_hash(0, key, strlen(key)), original, strlen(original));
}

static bool rehash(struct compiler *c)
{
    uint32_t size = c->table_size ? c->table_size * 2 : 1u << 16;
    uint32_t *table = calloc(size, sizeof *table);
    if (!table)
        return false;
    for (uint32_t e = 0; e < c->count; e++) {
        uint32_t i = (uint32_t)pair_hash(c->entries[e].key, c->entries[e].original) & (size - 1);
        while (table[i])
            i = (i + 1) & (size - 1);
        table[i] = e + 1;
    }
    free(c->table);
    c->table = table;
    c->table_size = size;
    return true;
}

/* Add a row or merge it with the one of the same pair. The strings are copied. */
static int add_entry(struct compiler *c, const struct entry *given, bool *merged)
{
    *merged = false;
    if ((c->count + 1) * 2 > c->table_size && !rehash(c))
        return no_memory(c);
    uint32_t mask = c->table_size - 1;
    uint32_t i = (uint32_t)pair_hash(given->key, given->original) & mask;
    for (; c->table[i]; i = (i + 1) & mask) {
        struct entry *there = &c->entries[c->table[i] - 1];
        if (strcmp(there->key, given->key) != 0 || strcmp(there->original, given->original) != 0)
            continue;
        *merged = true;
        there->families |= given->families;
        if (!given->derived && given->pages > there->pages)
            there->pages = given->pages;
        if (there->derived == given->derived) {
            there->flags |= given->flags & (US_ROW_SEEN | US_ROW_SCHOLARLY | US_ROW_ALWAYS);
            if (!(given->flags & US_ROW_TAIL))
                there->flags &= (uint16_t)~US_ROW_TAIL;
        }
        return US_OK;
    }
    if (c->count == c->room) {
        uint32_t room = c->room ? c->room * 2 : 1u << 14;
        struct entry *entries = realloc(c->entries, room * sizeof *entries);
        if (!entries)
            return no_memory(c);
        c->entries = entries;
        c->room = room;
    }
    struct entry *entry = &c->entries[c->count];
    *entry = *given;
    entry->spun = copy_string(given->spun);
    entry->original = copy_string(given->original);
    entry->key = copy_string(given->key);
    entry->words = given->words && given->words[0] ? copy_string(given->words) : NULL;
    c->count++;
    c->table[i] = c->count;
    if (!entry->spun || !entry->original || !entry->key ||
        (given->words && given->words[0] && !entry->words))
        return no_memory(c);
    return US_OK;
}

static void doubt(const struct compiler *c, const char *path, uint32_t line, const char *why,
                  const char *spun, const char *original)
{
    if (c->sources->doubts)
        fprintf(c->sources->doubts, "%s:%u: %s: %s / %s\n", path, line, why, spun, original);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int read_line(struct compiler *c, const char *path, uint32_t line, const char *at,
                     size_t length)
{
    char field[FIELDS][SIDE], key[SIDE], words[SIDE];
    uint32_t fields = 0;
    for (size_t start = 0; start <= length && fields < FIELDS; fields++) {
        const char *tab = memchr(at + start, '\t', length - start);
        size_t end = tab ? (size_t)(tab - at) : length;
        if (!read_side(field[fields], at + start, end - start)) {
            if (fields < 2)
                return us_fail(c->err, US_EFORMAT, "%s:%u: a side is empty or too long", path,
                               line);
            field[fields][0] = 0;
        }
        start = end + 1;
    }
    if (fields != FIELDS)
        return us_fail(c->err, US_EFORMAT,
                       "%s:%u: %u columns; should be spun, original, pages, part of speech, "
                       "condition, families", path, line, fields);

    struct entry entry = {.spun = field[0], .original = field[1], .key = key, .words = words};
    entry.pos = (uint8_t)read_pos(field[3]);
    long pages = strtol(field[2], NULL, 10);
    entry.pages = (uint16_t)(pages < 0 ? 0 : pages > 1000 ? 1000 : pages);
    const char *name = base_name(path);
    if (strncmp(name, "tail", 4) == 0)
        entry.flags |= US_ROW_TAIL;
    if (has(name, "scholarly"))
        entry.flags |= US_ROW_SCHOLARLY;
    if (entry.pages > 0)
        entry.flags |= US_ROW_SEEN;
    for (const char *f = field[5]; *f; f++)
        if (*f >= 'A' && *f <= 'Z') {
            entry.families |= 1u << (*f - 'A');
            if (*f == 'T')
                entry.flags |= US_ROW_SCHOLARLY;
        }
    read_condition(&entry, field[4], words, sizeof words);
    if (entry.pos == US_POS_NAME) {
        entry.flags |= US_ROW_NAME;
    } else {
        lower(entry.spun);
        lower(entry.original);
    }
    make_key(key, entry.spun);
    if (count_words(key) > US_LEXICON_WORDS || count_words(entry.original) > US_LEXICON_WORDS) {
        doubt(c, path, line, "more than six words", entry.spun, entry.original);
        return US_OK;
    }
    if (strcmp(entry.spun, entry.original) == 0) {
        doubt(c, path, line, "both sides are the same", entry.spun, entry.original);
        return US_OK;
    }
    bool merged;
    int rc = add_entry(c, &entry, &merged);
    if (rc == US_OK && merged)
        doubt(c, path, line, "stands in the sources before", entry.spun, entry.original);
    return rc;
}

/* Call `each` for every line that is neither empty nor a comment. */
static int read_lines(struct compiler *c, const char *path,
                      int (*each)(struct compiler *, const char *, uint32_t, const char *, size_t))
{
    struct us_mapping mapping;
    int rc = us_map(&mapping, path, "lexicon source", c->err);
    if (rc != US_OK)
        return rc;
    const char *at = (const char *)mapping.bytes, *end = at + mapping.length;
    for (uint32_t line = 1; rc == US_OK && at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        if (length && at[0] != '#')
            rc = each(c, path, line, at, length);
        at += length + 1;
    }
    us_unmap(&mapping);
    return rc;
}

/* ---- inflection --------------------------------------------------------------------------- */

/* The word of a side that takes the inflection. */
struct head {
    size_t start, length;
    char word[US_WORD_ROOM];
};

static bool find_head(struct head *head, const char *side, enum us_pos pos)
{
    size_t length = strlen(side), start = 0, end = strcspn(side, " ");
    if (pos == US_POS_ADJ && end < length)
        return false;
    if (pos == US_POS_NOUN) { /* the last word, or the one before a preposition */
        for (size_t at = end; at < length;) {
            size_t next = at + 1, next_end = next + strcspn(side + next, " ");
            size_t n = next_end - next;
            if ((n == 2 && (memcmp(side + next, "of", 2) == 0 || memcmp(side + next, "in", 2) == 0)) ||
                (n == 3 && memcmp(side + next, "for", 3) == 0))
                break;
            start = next;
            end = at = next_end;
        }
    }
    if (end - start >= US_WORD_ROOM)
        return false;
    *head = (struct head){.start = start, .length = end - start};
    memcpy(head->word, side + start, end - start);
    head->word[end - start] = 0;
    return true;
}

static bool is_word(const struct compiler *c, const char *word)
{
    return us_ngram_id(c->sources->words, word, strlen(word)) != US_NGRAM_UNKNOWN;
}

/* The likeliest base of a head in a form: the commonest spelling that the word list has. */
static bool find_base(char out[US_WORD_ROOM], const struct compiler *c, const struct head *head,
                      enum us_pos pos, enum us_form form)
{
    char bases[8][US_WORD_ROOM];
    if (form == US_FORM_BASE) {
        memcpy(out, head->word, US_WORD_ROOM);
        return true;
    }
    uint32_t count = us_bases(bases, 8, c->irregulars, head->word, pos, form);
    float best = -100;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = us_ngram_id(c->sources->words, bases[i], strlen(bases[i]));
        if (id != US_NGRAM_UNKNOWN && us_ngram_unigram(c->sources->words, id) > best) {
            best = us_ngram_unigram(c->sources->words, id);
            memcpy(out, bases[i], US_WORD_ROOM);
        }
    }
    return best > -100;
}

static bool put_head(char out[SIDE], const char *side, const struct head *head, const char *word)
{
    size_t rest = strlen(side + head->start + head->length), length = strlen(word);
    if (head->start + length + rest >= SIDE)
        return false;
    memcpy(out, side, head->start);
    memcpy(out + head->start, word, length);
    memcpy(out + head->start + length, side + head->start + head->length, rest + 1);
    return true;
}

/* Adverbs in -ly that mean something else than their adjectives. */
static bool is_misleading_adverb(const char *word)
{
    static const char *const words[] = {"hardly", "lately", "nearly", "highly", "shortly", "barely",
                                        "fairly", "justly", "mostly", "presently", "scarcely",
                                        "simply", "merely", "only", "likely", "evenly"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

/* Add the other forms of entry e, read as standing in `form` now. */
static int inflect_from(struct compiler *c, uint32_t e, enum us_form form)
{
    static const enum us_form forms[][6] = {
        [US_POS_NOUN] = {US_FORM_BASE, US_FORM_PLURAL},
        [US_POS_VERB] = {US_FORM_BASE, US_FORM_THIRD, US_FORM_PAST, US_FORM_PARTICIPLE,
                         US_FORM_ING},
        [US_POS_ADJ] = {US_FORM_BASE, US_FORM_COMPARATIVE, US_FORM_SUPERLATIVE, US_FORM_ADVERB}};
    struct entry row = c->entries[e]; /* add_entry may move the array */
    enum us_pos pos = (enum us_pos)row.pos;
    struct head spun, original;
    char spun_base[US_WORD_ROOM], original_base[US_WORD_ROOM];
    if (!find_head(&spun, row.spun, pos) || !find_head(&original, row.original, pos) ||
        !find_base(spun_base, c, &spun, pos, form) ||
        !find_base(original_base, c, &original, pos, form))
        return US_OK;
    for (int i = 0; i < 6; i++) {
        char spun_word[US_WORD_ROOM], original_word[US_WORD_ROOM];
        char spun_side[SIDE], original_side[SIDE], key[SIDE];
        enum us_form other = forms[pos][i];
        if (other == form || (i > 0 && other == US_FORM_BASE) ||
            !us_inflect(spun_word, c->irregulars, spun_base, pos, other) ||
            !us_inflect(original_word, c->irregulars, original_base, pos, other) ||
            !is_word(c, spun_word) || !is_word(c, original_word) ||
            is_misleading_adverb(spun_word) || is_misleading_adverb(original_word) ||
            !put_head(spun_side, row.spun, &spun, spun_word) ||
            !put_head(original_side, row.original, &original, original_word) ||
            strcmp(spun_side, original_side) == 0)
            continue;
        make_key(key, spun_side);
        struct entry derived = row;
        derived.spun = spun_side;
        derived.original = original_side;
        derived.key = key;
        derived.pages = row.pages / 2;
        derived.flags |= US_ROW_INFLECTED;
        derived.form = (uint8_t)other;
        derived.derived = true;
        if (other == US_FORM_ADVERB)
            derived.pos = US_POS_ADV;
        bool merged;
        int rc = add_entry(c, &derived, &merged);
        if (rc != US_OK)
            return rc;
    }
    return US_OK;
}

static int inflect_all(struct compiler *c)
{
    uint32_t count = c->count;
    for (uint32_t e = 0; e < count; e++) {
        static const enum us_form readings[][4] = {
            [US_POS_NOUN] = {US_FORM_PLURAL},
            [US_POS_VERB] = {US_FORM_PAST, US_FORM_PARTICIPLE, US_FORM_THIRD, US_FORM_ING},
            [US_POS_ADJ] = {US_FORM_COMPARATIVE}};
        enum us_pos pos = (enum us_pos)c->entries[e].pos;
        if (pos != US_POS_NOUN && pos != US_POS_VERB && pos != US_POS_ADJ)
            continue;
        int rc = inflect_from(c, e, US_FORM_BASE);
        for (int i = 0; rc == US_OK && i < 4 && readings[pos][i] != US_FORM_BASE; i++)
            rc = inflect_from(c, e, readings[pos][i]);
        if (rc != US_OK)
            return rc;
    }
    return US_OK;
}

/* ---- the file ----------------------------------------------------------------------------- */

struct strings {
    char *bytes;
    uint32_t length, room;
    uint32_t *table; /* offsets + 1 of strings that are there already */
    uint32_t count, table_size;
};

/* Offset of a string, which is added if it is not there yet; UINT32_MAX: out of memory. */
static uint32_t intern(struct strings *strings, const char *s)
{
    if ((strings->count + 1) * 2 > strings->table_size) {
        uint32_t size = strings->table_size ? strings->table_size * 2 : 1u << 16;
        uint32_t *table = calloc(size, sizeof *table);
        if (!table)
            return UINT32_MAX;
        for (uint32_t k = 0; k < strings->table_size; k++) {
            if (!strings->table[k])
                continue;
            const char *there = strings->bytes + strings->table[k] - 1;
            uint32_t i = (uint32_t)us_lexicon_hash(0, there, strlen(there)) & (size - 1);
            while (table[i])
                i = (i + 1) & (size - 1);
            table[i] = strings->table[k];
        }
        free(strings->table);
        strings->table = table;
        strings->table_size = size;
    }
    size_t length = strlen(s) + 1;
    uint32_t mask = strings->table_size - 1;
    uint32_t i = (uint32_t)us_lexicon_hash(0, s, length - 1) & mask;
    for (; strings->table[i]; i = (i + 1) & mask)
        if (strcmp(strings->bytes + strings->table[i] - 1, s) == 0)
            return strings->table[i] - 1;
    if (strings->length + length > strings->room) {
        uint32_t room = (strings->room + (uint32_t)length) * 2;
        char *bytes = realloc(strings->bytes, room);
        if (!bytes)
            return UINT32_MAX;
        strings->bytes = bytes;
        strings->room = room;
    }
    memcpy(strings->bytes + strings->length, s, length);
    strings->table[i] = strings->length + 1;
    strings->count++;
    strings->length += (uint32_t)length;
    return strings->length - (uint32_t)length;
}

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    if (order == 0)
        order = (x->pages < y->pages) - (x->pages > y->pages);
    if (order == 0)
        order = (int)x->derived - (int)y->derived;
    return order ? order : strcmp(x->original, y->original);
}

struct image {
    struct us_lexicon_header header;
    struct us_lexicon_slot *slots;
    struct us_row *rows;
    struct us_lexicon_weight *weights;
    struct strings strings;
};

static struct us_lexicon_slot *find_slot(const struct image *image, uint64_t hash)
{
    uint32_t mask = image->header.slots - 1, i = (uint32_t)(hash >> 32) & mask;
    while (image->slots[i].hash && image->slots[i].hash != hash)
        i = (i + 1) & mask;
    return &image->slots[i];
}

/* Enter a phrase and all its prefixes. */
static void add_phrase(const struct image *image, const char *key, uint32_t first, uint32_t count)
{
    uint64_t hash = 0;
    for (const char *at = key; *at;) {
        size_t length = strcspn(at, " ");
        hash = us_lexicon_hash(hash, at, length);
        find_slot(image, hash)->hash = hash;
        at += length + (at[length] == ' ');
    }
    struct us_lexicon_slot *slot = find_slot(image, hash);
    slot->first = first;
    slot->count = count;
}

/* How many rows have an original: swaps, by string offset. */
static int count_swaps(struct compiler *c, struct image *image)
{
    uint16_t *swaps = calloc(image->strings.length, sizeof *swaps);
    if (!swaps)
        return no_memory(c);
    for (uint32_t i = 0; i < c->count; i++)
        if (swaps[image->rows[i].original] < UINT16_MAX)
            swaps[image->rows[i].original]++;
    for (uint32_t i = 0; i < c->count; i++)
        image->rows[i].swaps = swaps[image->rows[i].original];
    free(swaps);
    return US_OK;
}

static int make_rows(struct compiler *c, struct image *image)
{
    qsort(c->entries, c->count, sizeof *c->entries, by_key);
    uint32_t slots = 1u << 10, words = 0;
    for (uint32_t i = 0; i < c->count; i++)
        words += count_words(c->entries[i].key);
    while (slots < words * 2)
        slots *= 2;
    image->header.slots = slots;
    image->header.rows = c->count;
    image->slots = calloc(slots, sizeof *image->slots);
    image->rows = calloc(c->count + 1, sizeof *image->rows);
    if (!image->slots || !image->rows || intern(&image->strings, "") == UINT32_MAX)
        return no_memory(c);
    for (uint32_t i = 0, next; i < c->count; i = next) {
        for (next = i; next < c->count && strcmp(c->entries[next].key, c->entries[i].key) == 0;)
            next++;
        for (uint32_t k = i; k < next; k++) {
            const struct entry *entry = &c->entries[k];
            uint32_t spun = intern(&image->strings, entry->spun);
            uint32_t original = intern(&image->strings, entry->original);
            uint32_t list = entry->words ? intern(&image->strings, entry->words) : 0;
            if (spun == UINT32_MAX || original == UINT32_MAX || list == UINT32_MAX)
                return no_memory(c);
            image->rows[k] = (struct us_row){
                .original = original, .spun = spun, .families = entry->families, .words = list,
                .pages = entry->pages, .flags = entry->flags, .place = entry->place,
                .pos = entry->pos, .form = entry->form,
                .original_words = (uint8_t)count_words(entry->original),
                .readings = (uint16_t)(next - i < UINT16_MAX ? next - i : UINT16_MAX), .id = k};
        }
        add_phrase(image, c->entries[i].key, i, next - i);
    }
    return count_swaps(c, image);
}

static struct image *reading; /* the image that read_weight() adds to */

static int read_weight(struct compiler *c, const char *path, uint32_t line, const char *at,
                       size_t length)
{
    char name[SIDE], *end;
    const char *tab = memchr(at, '\t', length);
    size_t name_length = tab ? (size_t)(tab - at) : SIDE;
    if (name_length >= SIDE)
        return us_fail(c->err, US_EFORMAT, "%s:%u: not a name, a tab and a value", path, line);
    memcpy(name, at, name_length);
    name[name_length] = 0;
    float value = strtof(tab + 1, &end);
    if (end == tab + 1)
        return us_fail(c->err, US_EFORMAT, "%s:%u: %s has no value", path, line, name);
    struct us_lexicon_weight *weights =
        realloc(reading->weights, (reading->header.weights + 1) * sizeof *weights);
    if (!weights)
        return no_memory(c);
    reading->weights = weights;
    uint32_t offset = intern(&reading->strings, name);
    if (offset == UINT32_MAX)
        return no_memory(c);
    weights[reading->header.weights++] = (struct us_lexicon_weight){offset, value};
    return US_OK;
}

static int write_image(struct compiler *c, const struct image *image, const char *path)
{
    FILE *file = fopen(path, "wb");
    bool ok = file != NULL;
    const struct us_lexicon_header *h = &image->header;
    ok = ok && fwrite(h, sizeof *h, 1, file) == 1;
    ok = ok && fwrite(image->slots, sizeof *image->slots, h->slots, file) == h->slots;
    ok = ok && fwrite(image->rows, sizeof *image->rows, h->rows, file) == h->rows;
    ok = ok && (h->weights == 0 || fwrite(image->weights, sizeof *image->weights, h->weights,
                                          file) == h->weights);
    ok = ok && fwrite(image->strings.bytes, 1, h->strings, file) == h->strings;
    int code = errno;
    if (file && fclose(file) != 0 && ok) {
        ok = false;
        code = errno;
    }
    return ok ? US_OK
              : us_fail(c->err, US_EIO, "cannot write the lexicon %s: %s", path, strerror(code));
}

int us_lexicon_compile(const char *path, const struct us_lexicon_sources *sources,
                       uint32_t *rows, struct us_error *err)
{
    struct compiler c = {.sources = sources, .err = err};
    struct image image = {0};
    char *unfinished = NULL;
    int rc = us_irregulars_open(&c.irregulars, sources->irregulars, err);
    for (uint32_t i = 0; rc == US_OK && i < sources->count; i++)
        rc = read_lines(&c, sources->paths[i], read_line);
    if (rc == US_OK)
        rc = inflect_all(&c);
    if (rc == US_OK)
        rc = make_rows(&c, &image);
    if (rc == US_OK && sources->weights) {
        reading = &image;
        rc = read_lines(&c, sources->weights, read_weight);
    }
    if (rc != US_OK)
        goto done;

    memcpy(image.header.magic, US_LEXICON_MAGIC, sizeof image.header.magic);
    image.header.byte_order = US_LEXICON_BYTE_ORDER;
    image.header.strings = image.strings.length;
    size_t length = strlen(path);
    unfinished = malloc(length + 5);
    if (!unfinished) {
        rc = no_memory(&c);
        goto done;
    }
    memcpy(unfinished, path, length);
    memcpy(unfinished + length, ".new", 5);
    rc = write_image(&c, &image, unfinished);
    if (rc == US_OK && rename(unfinished, path) != 0)
        rc = us_fail(err, US_EIO, "cannot write the lexicon %s: %s", path, strerror(errno));
    if (rc == US_OK && rows)
        *rows = c.count;
    if (rc != US_OK)
        remove(unfinished);
done:
    free(unfinished);
    for (uint32_t i = 0; i < c.count; i++) {
        free(c.entries[i].spun);
        free(c.entries[i].original);
        free(c.entries[i].key);
        free(c.entries[i].words);
    }
    free(c.entries);
    free(c.table);
    us_irregulars_close(c.irregulars);
    free(image.slots);
    free(image.rows);
    free(image.weights);
    free(image.strings.bytes);
    free(image.strings.table);
    return rc;
}
