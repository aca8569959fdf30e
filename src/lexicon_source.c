#include "lexicon_source.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

struct field {
    const char *at;
    size_t length;
};

static struct field trim(const char *at, size_t length)
{
    while (length > 0 && (*at == ' ' || *at == '\r')) {
        at++;
        length--;
    }
    while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\r'))
        length--;
    return (struct field){at, length};
}

/* What stands before the next `mark`; *rest moves behind it, or to nothing. */
static struct field take(struct field *rest, char mark)
{
    const char *end = memchr(rest->at, mark, rest->length);
    size_t length = end ? (size_t)(end - rest->at) : rest->length;
    struct field taken = trim(rest->at, length);
    size_t used = end ? length + 1 : length;
    rest->at += used;
    rest->length -= used;
    return taken;
}

static bool is(struct field field, const char *word)
{
    return strlen(word) == field.length && memcmp(field.at, word, field.length) == 0;
}

static bool begins(struct field field, const char *word)
{
    size_t length = strlen(word);
    return field.length >= length && memcmp(field.at, word, length) == 0;
}

struct choice {
    const char *name;
    int value;
};

static bool choose(int *out, struct field field, const struct choice *choices, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is(field, choices[i].name)) {
            *out = choices[i].value;
            return true;
        }
    return false;
}
#define CHOOSE(out, field, choices) choose(out, field, choices, sizeof(choices) / sizeof *(choices))

/* ---- phrases ------------------------------------------------------------------------------ */

/* One space between words, straight apostrophes. */
static bool copy_phrase(char out[US_SOURCE_ROOM], struct field phrase, bool keep_case)
{
    size_t length = 0;
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)phrase.at;
    const utf8proc_uint8_t *end = at + phrase.length;
    while (at < end) {
        utf8proc_int32_t c;
        utf8proc_ssize_t size = utf8proc_iterate(at, end - at, &c);
        if (size <= 0 || c < ' ' || length + 5 > US_SOURCE_ROOM)
            return false;
        at += size;
        if (c == 0x2019)
            c = '\'';
        if (c == ' ' && length > 0 && out[length - 1] == ' ')
            continue;
        length += (size_t)utf8proc_encode_char(keep_case ? c : utf8proc_tolower(c),
                                               (utf8proc_uint8_t *)out + length);
    }
    out[length] = '\0';
    return length > 0;
}

static uint32_t count_words(const char *phrase)
{
    uint32_t count = 1;
    for (; *phrase; phrase++)
        count += *phrase == ' ';
    return count;
}

int us_source_key(struct us_source_row *row, struct us_error *err)
{
    struct us_text text = {0};
    size_t length = 0;
    uint32_t words = 0;
    bool joined = true;
    int rc = us_text_open(&text, row->spun, strlen(row->spun), US_FORMAT_TEXT, err);
    if (rc != US_OK)
        return rc;
    for (uint32_t i = 0; i < text.count; i++) {
        const struct us_token *token = &text.tokens[i];
        if (token->kind == US_TOKEN_PUNCT) {
            joined = joined && words > 0 && row->spun[token->start] == '-';
            continue;
        }
        joined = joined && token->kind != US_TOKEN_OPAQUE && token->sentence == 0 &&
                 token->norm_length > 0;
        if (!joined || length + token->norm_length + 2 > sizeof row->key)
            break;
        if (words++ > 0)
            row->key[length++] = ' ';
        memcpy(row->key + length, text.norms + token->norm, token->norm_length);
        length += token->norm_length;
    }
    row->key[length] = '\0';
    us_text_close(&text);
    if (!joined || words == 0)
        return us_fail(err, US_ELIMIT, "\"%s\" is not words side by side", row->spun);
    if (words > US_LEXICON_WORDS)
        return us_fail(err, US_ELIMIT, "\"%s\" has more than %d words", row->spun,
                       US_LEXICON_WORDS);
    return US_OK;
}

/* ---- the other columns -------------------------------------------------------------------- */

static const struct choice parts[] = {
    {"noun", US_POS_NOUN}, {"verb", US_POS_VERB}, {"adj", US_POS_ADJ},
    {"adv", US_POS_ADV},   {"prep", US_POS_PREP}, {"conj", US_POS_CONJ},
    {"phrase", US_POS_PHRASE}, {"name", US_POS_NAME}};

static const struct choice forms[] = {
    {"fixed", US_FORM_BASE},       {"plural", US_FORM_PLURAL},
    {"third", US_FORM_THIRD},      {"past", US_FORM_PAST},
    {"participle", US_FORM_PARTICIPLE}, {"ing", US_FORM_ING},
    {"comparative", US_FORM_COMPARATIVE}, {"superlative", US_FORM_SUPERLATIVE},
    {"adverb", US_FORM_ADVERB}};

static int read_part(struct us_source_row *row, struct field part, struct us_error *err)
{
    int pos, form = US_FORM_BASE;
    struct field rest = part;
    struct field first = take(&rest, ' ');
    if (!CHOOSE(&pos, first, parts))
        return us_fail(err, US_EFORMAT, "\"%.*s\" is not a part of speech", (int)part.length,
                       part.at);
    if (rest.length > 0 && !CHOOSE(&form, trim(rest.at, rest.length), forms))
        return us_fail(err, US_EFORMAT, "\"%.*s\" is not a form of a %.*s", (int)rest.length,
                       rest.at, (int)first.length, first.at);
    row->pos = (uint8_t)pos;
    row->form = (uint8_t)form;
    row->inflects = rest.length == 0 &&
                    (pos == US_POS_NOUN || pos == US_POS_VERB || pos == US_POS_ADJ);
    return US_OK;
}

static int set_place(struct us_source_row *row, int place, struct us_error *err)
{
    if (row->place != US_PLACE_ANY)
        return us_fail(err, US_EFORMAT, "the condition asks for two places");
    row->place = (uint8_t)place;
    return US_OK;
}

static int read_clause(struct us_source_row *row, struct field clause, struct us_error *err)
{
    static const struct choice flags[] = {
        {"always", US_ROW_ALWAYS},
        {"never", US_ROW_NEVER},
        {"ordinary English too: only in spun text", US_ROW_SPUN_ONLY},
        {"only in spun text", US_ROW_SPUN_ONLY},
        {"only in clearly spun text", US_ROW_SPUN_ONLY},
        {"only in text spun by this bot", US_ROW_BOT_ONLY}};
    static const struct choice places[] = {
        {"before number", US_PLACE_BEFORE_NUMBER},
        {"after number", US_PLACE_AFTER_NUMBER},
        {"before comma", US_PLACE_BEFORE_COMMA},
        {"no comma after", US_PLACE_NO_COMMA_AFTER},
        {"at sentence start", US_PLACE_SENTENCE_START},
        {"mid-sentence", US_PLACE_MID_SENTENCE},
        {"as noun", US_PLACE_AFTER_DETERMINER},
        {"as verb", US_PLACE_NO_DETERMINER_BEFORE}};
    static const struct choice lists[] = {
        {"before:", US_PLACE_BEFORE_WORDS},
        {"after:", US_PLACE_AFTER_WORDS},
        {"not before:", US_PLACE_NOT_BEFORE_WORDS},
        {"not after:", US_PLACE_NOT_AFTER_WORDS}};
    int value;

    if (CHOOSE(&value, clause, flags)) {
        row->flags |= (uint16_t)value;
        return US_OK;
    }
    if (CHOOSE(&value, clause, places))
        return set_place(row, value, err);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (!begins(clause, lists[i].name))
            continue;
        size_t used = strlen(lists[i].name);
        if (!copy_phrase(row->words, trim(clause.at + used, clause.length - used), false))
            return us_fail(err, US_EFORMAT, "the condition's list of words is empty or too long");
        return set_place(row, lists[i].value, err);
    }
    return US_OK; /* a note for the reader */
}

static int read_pages(struct us_source_row *row, struct field pages, struct us_error *err)
{
    uint32_t value = 0;
    for (size_t i = 0; i < pages.length; i++) {
        if (pages.at[i] < '0' || pages.at[i] > '9' || value > UINT16_MAX)
            goto bad;
        value = value * 10 + (uint32_t)(pages.at[i] - '0');
    }
    if (pages.length == 0 || value > UINT16_MAX)
        goto bad;
    row->pages = (uint16_t)value;
    if (value > 0)
        row->flags |= US_ROW_SEEN;
    return US_OK;
bad:
    return us_fail(err, US_EFORMAT, "\"%.*s\" is not a number of pages", (int)pages.length,
                   pages.at);
}

static int read_families(struct us_source_row *row, struct field families, struct us_error *err)
{
    for (size_t i = 0; i < families.length; i++) {
        char letter = families.at[i];
        if (letter < 'A' || letter > 'Z')
            return us_fail(err, US_EFORMAT, "\"%.*s\" is not letters of families",
                           (int)families.length, families.at);
        row->families |= UINT32_C(1) << (letter - 'A');
    }
    return US_OK;
}

uint16_t us_source_flags(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return (uint16_t)((strstr(name, "scholarly") ? US_ROW_SCHOLARLY : 0) |
                      (strncmp(name, "known-", 6) == 0 ? US_ROW_AUTHORED : 0) |
                      (strncmp(name, "tail", 4) == 0 ? US_ROW_TAIL : 0));
}

int us_source_row(struct us_source_row *out, const char *line, size_t length, struct us_error *err)
{
    struct field rest = {line, length}, columns[6];
    int rc = US_OK;
    *out = (struct us_source_row){0};
    for (size_t i = 0; i < 6; i++) {
        if (i > 0 && rest.at[-1] != '\t')
            return us_fail(err, US_EFORMAT, "has %zu columns instead of 6", i);
        columns[i] = take(&rest, '\t');
    }
    if (rest.length > 0)
        return us_fail(err, US_EFORMAT, "has more than 6 columns");

    if ((rc = read_part(out, columns[3], err)) != US_OK ||
        (rc = read_pages(out, columns[2], err)) != US_OK ||
        (rc = read_families(out, columns[5], err)) != US_OK)
        return rc;
    bool is_name = out->pos == US_POS_NAME;
    if (is_name)
        out->flags |= US_ROW_NAME;
    if (!copy_phrase(out->spun, columns[0], is_name) ||
        !copy_phrase(out->original, columns[1], true))
        return us_fail(err, US_EFORMAT, "a phrase is empty, too long or not UTF-8");
    if (strcasecmp(out->spun, out->original) == 0)
        return us_fail(err, US_EFORMAT, "\"%s\" stands for itself", out->spun);
    uint32_t words = count_words(out->original);
    if (words > US_LEXICON_WORDS)
        return us_fail(err, US_ELIMIT, "\"%s\" has more than %d words", out->original,
                       US_LEXICON_WORDS);
    out->original_words = (uint8_t)words;
    for (rest = columns[4]; rest.length > 0 && rc == US_OK;)
        rc = read_clause(out, take(&rest, ';'), err);
    return rc == US_OK ? us_source_key(out, err) : rc;
}
