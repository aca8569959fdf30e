#include "inflect.h"

#include "bytes.h"

#include <stdlib.h>
#include <string.h>

struct irregular {
    enum us_pos pos;
    char base[US_WORD_ROOM];
    char forms[2][US_WORD_ROOM];
};

struct us_irregulars {
    struct irregular *items;
    uint32_t count;
};

/* ---- the table ---------------------------------------------------------------------------- */

/* Copy the next field of a line; returns what follows its tab. */
static const char *take_field(char out[US_WORD_ROOM], const char *at, const char *end)
{
    const char *tab = memchr(at, '\t', (size_t)(end - at));
    size_t length = (size_t)((tab ? tab : end) - at);
    if (length >= US_WORD_ROOM)
        length = US_WORD_ROOM - 1;
    memcpy(out, at, length);
    out[length] = 0;
    return tab ? tab + 1 : end;
}

static int by_base(const void *a, const void *b)
{
    const struct irregular *one = a, *two = b;
    return one->pos != two->pos ? (int)one->pos - (int)two->pos : strcmp(one->base, two->base);
}

int us_irregulars_open(struct us_irregulars **out, const char *path, struct us_error *err)
{
    struct us_mapping mapping;
    struct us_irregulars *irregulars = NULL;
    *out = NULL;
    int rc = us_map(&mapping, path, "table of irregular forms", err);
    if (rc != US_OK)
        return rc;
    const char *at = (const char *)mapping.bytes, *end = at + mapping.length;
    uint32_t lines = 1;
    for (size_t i = 0; i < mapping.length; i++)
        lines += mapping.bytes[i] == '\n';
    irregulars = calloc(1, sizeof *irregulars);
    if (irregulars)
        irregulars->items = calloc(lines, sizeof *irregulars->items);
    if (!irregulars || !irregulars->items) {
        rc = us_fail(err, US_ENOMEM, "out of memory reading %s", path);
        goto done;
    }
    for (uint32_t line = 1; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const char *next = stop ? stop + 1 : end;
        if (!stop)
            stop = end;
        if (at < stop && *at != '#') {
            struct irregular *item = &irregulars->items[irregulars->count++];
            char pos[US_WORD_ROOM];
            const char *field = take_field(pos, at, stop);
            field = take_field(item->base, field, stop);
            field = take_field(item->forms[0], field, stop);
            take_field(item->forms[1], field, stop);
            item->pos = strcmp(pos, "verb") == 0   ? US_POS_VERB
                        : strcmp(pos, "noun") == 0 ? US_POS_NOUN
                        : strcmp(pos, "adj") == 0  ? US_POS_ADJ
                                                   : US_POS_OTHER;
            if (item->pos == US_POS_OTHER || !item->base[0] || !item->forms[0][0]) {
                rc = us_fail(err, US_EFORMAT,
                             "%s:%u: not a part of speech (verb, noun, adj), a base form and its "
                             "other forms", path, line);
                goto done;
            }
        }
        at = next;
    }
    if (irregulars->count)
        qsort(irregulars->items, irregulars->count, sizeof *irregulars->items, by_base);
done:
    us_unmap(&mapping);
    if (rc != US_OK) {
        us_irregulars_close(irregulars);
        irregulars = NULL;
    }
    *out = irregulars;
    return rc;
}

void us_irregulars_close(struct us_irregulars *irregulars)
{
    if (!irregulars)
        return;
    free(irregulars->items);
    free(irregulars);
}

static const struct irregular *find_base(const struct us_irregulars *irregulars, const char *base,
                                         enum us_pos pos)
{
    struct irregular wanted = {.pos = pos};
    size_t length = strlen(base);
    if (length >= sizeof wanted.base || irregulars->count == 0)
        return NULL;
    memcpy(wanted.base, base, length + 1);
    return bsearch(&wanted, irregulars->items, irregulars->count, sizeof wanted, by_base);
}

bool us_is_irregular(const struct us_irregulars *irregulars, const char *base, enum us_pos pos)
{
    return find_base(irregulars, base, pos) != NULL;
}

/* Which of an irregular's forms it is, or -1 for one that is regular. */
static int irregular_slot(enum us_form form)
{
    switch (form) {
    case US_FORM_PAST: case US_FORM_PLURAL: case US_FORM_COMPARATIVE: return 0;
    case US_FORM_PARTICIPLE: case US_FORM_SUPERLATIVE: return 1;
    default: return -1;
    }
}

/* ---- spelling ----------------------------------------------------------------------------- */

static bool is_vowel(char c)
{
    return c != 0 && strchr("aeiou", c) != NULL;
}

static bool ends_with(const char *word, const char *suffix)
{
    size_t length = strlen(word), n = strlen(suffix);
    return length >= n && strcmp(word + length - n, suffix) == 0;
}

static bool consonant_y(const char *word, size_t length)
{
    return length > 1 && word[length - 1] == 'y' && !is_vowel(word[length - 2]);
}

/* stop -> stopp-: one vowel between consonants at the end, and the stress on it. */
static bool doubles_last(const char *word, size_t length)
{
    static const char *const stressed[] = {
        "abet",   "abhor",  "acquit",   "admit",  "allot",    "begin",    "commit", "compel",
        "concur", "confer", "control",  "defer",  "demur",    "deter",    "dispel", "embed",
        "equip",  "excel",  "expel",    "forbid", "forget",   "format",   "handicap", "impel",
        "incur",  "infer",  "input",    "kidnap", "occur",    "offset",   "omit",   "outfit",
        "outstrip", "patrol", "permit", "prefer", "program",  "propel",   "rebel",  "rebut",
        "recap",  "recur",  "refer",    "regret", "remit",    "repel",    "reset",  "submit",
        "transfer", "transmit", "unplug", "upset", "worship", "zigzag"};
    if (length < 3 || is_vowel(word[length - 1]) || strchr("wxy", word[length - 1]) ||
        !is_vowel(word[length - 2]) ||
        (is_vowel(word[length - 3]) && !(length > 3 && memcmp(word + length - 4, "qu", 2) == 0)))
        return false;
    uint32_t vowels = 0;
    for (size_t i = 0; i < length; i++)
        vowels += is_vowel(word[i]) && !(i > 0 && word[i - 1] == 'q');
    if (vowels == 1)
        return true;
    for (size_t i = 0; i < sizeof stressed / sizeof *stressed; i++)
        if (strcmp(word, stressed[i]) == 0)
            return true;
    return false;
}

static bool join(char out[US_WORD_ROOM], const char *word, size_t length, const char *suffix)
{
    size_t n = strlen(suffix);
    if (length + n >= US_WORD_ROOM)
        return false;
    memmove(out, word, length);
    memcpy(out + length, suffix, n + 1);
    return true;
}

static bool add_s(char out[US_WORD_ROOM], const char *word, size_t length)
{
    if (consonant_y(word, length))
        return join(out, word, length - 1, "ies");
    if (ends_with(word, "s") || ends_with(word, "x") || ends_with(word, "z") ||
        ends_with(word, "ch") || ends_with(word, "sh") || ends_with(word, "go"))
        return join(out, word, length, "es");
    return join(out, word, length, "s");
}

/* -ed, -er, -est: what begins with e swallows a last e. */
static bool add_e(char out[US_WORD_ROOM], const char *word, size_t length, const char *suffix)
{
    char doubled[US_WORD_ROOM];
    if (word[length - 1] == 'e')
        return join(out, word, length - 1, suffix);
    if (consonant_y(word, length))
        return join(out, word, length - 1, "i") && join(out, out, length, suffix);
    if (doubles_last(word, length)) {
        char last[2] = {word[length - 1], 0};
        return join(doubled, word, length, last) && join(out, doubled, length + 1, suffix);
    }
    return join(out, word, length, suffix);
}

static bool add_ing(char out[US_WORD_ROOM], const char *word, size_t length)
{
    if (ends_with(word, "ie"))
        return join(out, word, length - 2, "ying");
    if (ends_with(word, "ic"))
        return join(out, word, length, "king"); /* mimicking */
    if (word[length - 1] == 'e' && !ends_with(word, "ee") && !ends_with(word, "oe") &&
        !ends_with(word, "ye") && length > 2)
        return join(out, word, length - 1, "ing");
    if (doubles_last(word, length)) {
        char last[2] = {word[length - 1], 0}, doubled[US_WORD_ROOM];
        return join(doubled, word, length, last) && join(out, doubled, length + 1, "ing");
    }
    return join(out, word, length, "ing");
}

static bool add_ly(char out[US_WORD_ROOM], const char *word, size_t length)
{
    if (ends_with(word, "ic"))
        return join(out, word, length, "ally");
    if (ends_with(word, "le") && length > 2 && !is_vowel(word[length - 3]))
        return join(out, word, length - 1, "y");
    if (consonant_y(word, length))
        return join(out, word, length - 1, "ily");
    return join(out, word, length, "ly");
}

bool us_inflect(char out[US_WORD_ROOM], const struct us_irregulars *irregulars, const char *base,
                enum us_pos pos, enum us_form form)
{
    size_t length = strlen(base);
    if (length < 2 || length + 4 >= US_WORD_ROOM)
        return false;
    for (size_t i = 0; i < length; i++)
        if (base[i] < 'a' || base[i] > 'z')
            return false;
    const struct irregular *item = find_base(irregulars, base, pos);
    int slot = irregular_slot(form);
    if (item && form != US_FORM_BASE && strcmp(item->forms[0], "-") == 0 &&
        form != US_FORM_ADVERB)
        return false;
    if (item && slot >= 0 && item->forms[slot][0])
        return join(out, item->forms[slot], strlen(item->forms[slot]), "");
    switch (form) {
    case US_FORM_BASE: return join(out, base, length, "");
    case US_FORM_PLURAL: return pos == US_POS_NOUN && add_s(out, base, length);
    case US_FORM_THIRD:
        if (pos != US_POS_VERB)
            return false;
        if (strcmp(base, "have") == 0)
            return join(out, "has", 3, "");
        return ends_with(base, "o") && !is_vowel(base[length - 2])
                   ? join(out, base, length, "es") /* do, echo, veto */
                   : add_s(out, base, length);
    case US_FORM_PAST: case US_FORM_PARTICIPLE:
        return pos == US_POS_VERB && add_e(out, base, length, "ed");
    case US_FORM_ING: return pos == US_POS_VERB && add_ing(out, base, length);
    case US_FORM_COMPARATIVE: return pos == US_POS_ADJ && add_e(out, base, length, "er");
    case US_FORM_SUPERLATIVE: return pos == US_POS_ADJ && add_e(out, base, length, "est");
    case US_FORM_ADVERB: return pos == US_POS_ADJ && add_ly(out, base, length);
    default: return false;
    }
}

uint32_t us_bases(char (*out)[US_WORD_ROOM], uint32_t room,
                  const struct us_irregulars *irregulars, const char *word, enum us_pos pos,
                  enum us_form form)
{
    static const char *const suffixes[] = {
        [US_FORM_PLURAL] = "s", [US_FORM_THIRD] = "s", [US_FORM_PAST] = "ed",
        [US_FORM_PARTICIPLE] = "ed", [US_FORM_ING] = "ing", [US_FORM_COMPARATIVE] = "er",
        [US_FORM_SUPERLATIVE] = "est", [US_FORM_ADVERB] = "ly"};
    uint32_t count = 0;
    int slot = irregular_slot(form);
    for (uint32_t i = 0; slot >= 0 && i < irregulars->count && count < room; i++) {
        const struct irregular *item = &irregulars->items[i];
        if (item->pos == pos && strcmp(item->forms[slot], word) == 0)
            memcpy(out[count++], item->base, US_WORD_ROOM);
    }
    size_t length = strlen(word);
    if (form == US_FORM_BASE || form >= sizeof suffixes / sizeof *suffixes || !suffixes[form] ||
        length + 4 >= US_WORD_ROOM || length < 3)
        return count;
    /* every base whose form is spelled so: the stem with nothing, -e, -y, or its last letter once */
    char made[US_WORD_ROOM], base[US_WORD_ROOM];
    for (size_t cut = 1; cut <= 4 && cut + 2 <= length; cut++) {
        size_t stem = length - cut;
        const char *const ends[] = {"", "e", "y", "ie", "le"};
        for (size_t k = 0; k < sizeof ends / sizeof *ends && count < room; k++) {
            if (!join(base, word, stem, ends[k]) ||
                !us_inflect(made, irregulars, base, pos, form) || strcmp(made, word) != 0)
                continue;
            bool known = false;
            for (uint32_t i = 0; i < count; i++)
                known = known || strcmp(out[i], base) == 0;
            if (!known)
                memcpy(out[count++], base, sizeof base);
        }
    }
    return count;
}
