#include "text.h"

#include "protect.h"
#include "room.h"
#include "spelling.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum class { SPACE, LETTER, DIGIT, MARK, APOSTROPHE, OPEN_QUOTE, CLOSE_QUOTE, QUOTE, OTHER };

struct character {
    int32_t code;
    uint32_t bytes;
    enum class class;
};

/* Of ASCII. */
#define X4(c) c, c, c, c
#define X8(c) X4(c), X4(c)
static const uint8_t classes[0x80] = {
    X8(OTHER), OTHER, SPACE, SPACE, SPACE, SPACE, SPACE, OTHER, OTHER, X8(OTHER), X8(OTHER),
    SPACE, OTHER, QUOTE, X4(OTHER), APOSTROPHE, X8(OTHER), X8(DIGIT), DIGIT, DIGIT, OTHER, OTHER,
    X4(OTHER), OTHER, LETTER, LETTER, LETTER, X4(LETTER), X8(LETTER), X8(LETTER), LETTER, LETTER,
    LETTER, OTHER, X4(OTHER), OTHER, LETTER, LETTER, LETTER, X4(LETTER), X8(LETTER), X8(LETTER),
    LETTER, LETTER, LETTER, OTHER, X4(OTHER)};
#undef X4
#undef X8

/* Of what is not ASCII. */
static enum class classify(int32_t code)
{
    switch (code) {
    case 0x2019: return APOSTROPHE;
    case 0x201c: case 0xab: return OPEN_QUOTE;
    case 0x201d: case 0xbb: return CLOSE_QUOTE;
    case 0xfeff: case 0x200b: return SPACE;
    }
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU: case UTF8PROC_CATEGORY_LL: case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM: case UTF8PROC_CATEGORY_LO:
        return LETTER;
    case UTF8PROC_CATEGORY_MN: case UTF8PROC_CATEGORY_MC: case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
        return MARK;
    case UTF8PROC_CATEGORY_ND:
        return DIGIT;
    case UTF8PROC_CATEGORY_ZS: case UTF8PROC_CATEGORY_ZL: case UTF8PROC_CATEGORY_ZP:
        return SPACE;
    default:
        return OTHER;
    }
}

static struct character beyond_ascii(const struct us_text *text, size_t at)
{
    struct character c = {0};
    /* validated by check_encoding() */
    c.bytes = (uint32_t)utf8proc_iterate((const utf8proc_uint8_t *)text->bytes + at,
                                         (utf8proc_ssize_t)(text->length - at), &c.code);
    c.class = classify(c.code);
    return c;
}

static inline struct character character_at(const struct us_text *text, size_t at)
{
    unsigned char first = (unsigned char)text->bytes[at];
    return first < 0x80 ? (struct character){first, 1, classes[first]} : beyond_ascii(text, at);
}

static bool is_letter(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static int check_encoding(const char *bytes, size_t length, struct us_error *err)
{
    for (size_t at = 0; at < length;) {
        unsigned char byte = (unsigned char)bytes[at];
        if (byte == 0)
            return us_fail(err, US_EFORMAT,
                           "not a text: a NUL byte at byte %zu; nothing was changed", at);
        if (byte < 0x80) {
            at++;
            continue;
        }
        int32_t code;
        utf8proc_ssize_t step = utf8proc_iterate((const utf8proc_uint8_t *)bytes + at,
                                                 (utf8proc_ssize_t)(length - at), &code);
        if (step <= 0)
            return us_fail(err, US_EFORMAT,
                           "not UTF-8 at byte %zu; convert it (iconv -t UTF-8) and try again", at);
        at += (size_t)step;
    }
    return US_OK;
}

struct reader {
    struct us_text *text;
    uint32_t room;         /* tokens allocated */
    size_t norms_used;     /* norms holds at most 2 bytes for each of the text, see reserve() */
    const struct us_span *spans;
    uint32_t span_count, span;
};

static int add_token(struct reader *r, struct us_token token, struct us_error *err)
{
    struct us_text *text = r->text;
    if (text->count == r->room) {
        uint32_t least = (uint32_t)(text->length / 4) + 64; /* prose has one in five bytes */
        uint32_t room = r->room ? r->room * 2 : least;
        struct us_token *tokens = realloc(text->tokens, room * sizeof *tokens);
        if (!tokens)
            return us_fail(err, US_ENOMEM, "out of memory reading the text");
        us_room_expect(tokens, room * sizeof *tokens);
        text->tokens = tokens;
        r->room = room;
    }
    text->tokens[text->count++] = token;
    return US_OK;
}

/* Does the last full stop of these initials belong to them? U.S. and a.m. have one, p.c has not. */
static bool keeps_full_stop(const struct us_text *text, size_t start, size_t end)
{
    char first = text->bytes[start], last = text->bytes[end - 1];
    return (first >= 'A' && first <= 'Z') || (end - start == 3 && last == 'm') ||
           (end - start == 3 && (last == 'e' || last == 'g'));
}

/* End of the word that begins at `at`; letters with inner apostrophes and, between single
 * letters, full stops (U.S., p.c, a.m.). */
static size_t word_end(const struct us_text *text, size_t at, size_t limit)
{
    size_t start = at, run = 0; /* letters since the start or the last full stop */
    bool initials = true;       /* only single letters so far */
    while (at < limit) {
        size_t letters = at;
        while (at < limit && is_letter(text->bytes[at]))
            at++;
        run += at - letters;
        if (run > 1)
            initials = false;
        if (at == limit)
            break;
        struct character c = character_at(text, at);
        if (c.class == LETTER) {
            run++;
            if (run > 1)
                initials = false;
            at += c.bytes;
        } else if (c.class == MARK || c.class == DIGIT) {
            initials = false;
            at += c.bytes;
        } else if (c.class == APOSTROPHE && at + c.bytes < limit &&
                   character_at(text, at + c.bytes).class == LETTER) {
            initials = false;
            run = 0;
            at += c.bytes;
        } else if (c.code == '.' && initials && run == 1 && at + 1 < limit) {
            struct character next = character_at(text, at + 1);
            bool letter = next.class == LETTER;
            if (letter) { /* one letter only, or it was the end of a sentence */
                size_t after = at + 1 + next.bytes;
                if (after < limit && character_at(text, after).class == LETTER)
                    break;
                at++;
                run = 0;
            } else {
                if (at - start > 1 && next.code != '.' && keeps_full_stop(text, start, at))
                    at++;
                break;
            }
        } else if (c.code == '.' && initials && run == 1 && at - start > 1 &&
                   keeps_full_stop(text, start, at)) {
            at++;
            break;
        } else {
            break;
        }
    }
    return at;
}

/* End of the number that begins at `at`: digits, inner commas and full stops, letters (10th). */
static size_t number_end(const struct us_text *text, size_t at, size_t limit)
{
    while (at < limit) {
        struct character c = character_at(text, at);
        if (c.class == DIGIT || c.class == LETTER) {
            at += c.bytes;
        } else if ((c.code == '.' || c.code == ',' || c.class == APOSTROPHE) &&
                   at + c.bytes < limit) {
            enum class next = character_at(text, at + c.bytes).class;
            if (next == DIGIT || (c.class == APOSTROPHE && next == LETTER))
                at += c.bytes;
            else
                break;
        } else if (c.code == '%') {
            at++;
            break;
        } else {
            break;
        }
    }
    return at;
}

/* Write the norm of [start, end) and set the flags that depend on letter case. */
static void normalize(struct reader *r, struct us_token *token)
{
    struct us_text *text = r->text;
    char *out = text->norms + r->norms_used;
    size_t used = 0;
    int upper = 0, lower = 0, first_upper = -1;
    size_t at = token->start;
    token->norm = (uint32_t)r->norms_used;
    for (; at < token->end && text->bytes[at] >= 'a' && text->bytes[at] <= 'z'; at++)
        out[used++] = text->bytes[at];
    if (used) {
        lower = 1; /* or more, it is all the same */
        first_upper = 0;
    }
    while (at < token->end) {
        struct character c = character_at(text, at);
        at += c.bytes;
        int32_t code = c.code;
        if (code < 0x80) {
            if (code >= 'A' && code <= 'Z') {
                code += 'a' - 'A';
                upper++;
                first_upper = first_upper < 0 ? 1 : first_upper;
            } else if (code >= 'a' && code <= 'z') {
                lower++;
                first_upper = first_upper < 0 ? 0 : first_upper;
            }
            out[used++] = (char)code;
        } else if (c.class == APOSTROPHE) {
            out[used++] = '\'';
        } else {
            int32_t low = utf8proc_tolower(code);
            if (c.class == LETTER) {
                if (low != code)
                    upper++;
                else
                    lower++;
                if (first_upper < 0)
                    first_upper = low != code;
            }
            /* a few capitals have longer lower-case forms: keep those as they are */
            utf8proc_uint8_t encoded[4];
            size_t bytes = (size_t)utf8proc_encode_char(low, encoded);
            if (bytes > c.bytes) {
                memcpy(out + used, text->bytes + at - c.bytes, c.bytes);
                used += c.bytes;
            } else {
                memcpy(out + used, encoded, bytes);
                used += bytes;
            }
        }
    }
    if (used > UINT16_MAX)
        used = 0;
    out[used] = 0;
    token->norm_length = (uint16_t)used;
    r->norms_used += used + 1;
    if (upper >= 2 && lower == 0)
        token->flags |= US_TOKEN_UPPER;
    else if (first_upper == 1)
        token->flags |= US_TOKEN_CAPITAL;
}

/* Abbreviations whose full stop does not end a sentence. */
static bool is_abbreviation(const struct us_text *text, const struct us_token *token)
{
    static const char *const words[] = {
        "mr", "mrs", "ms", "dr", "prof", "st", "sen", "rep", "gov", "gen", "col", "lt", "sgt",
        "capt", "rev", "hon", "jr", "sr", "no", "vs", "etc", "eg", "ie", "fig", "figs", "eq", "al",
        "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
        "inc", "ltd", "co", "corp", "approx", "e.g", "i.e", "vol", "pp", "ed", "eds"};
    if (token->kind != US_TOKEN_WORD)
        return false;
    const char *norm = text->norms + token->norm;
    if (token->norm_length == 1)
        return true; /* an initial */
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (norm[0] == words[i][0] && strcmp(norm, words[i]) == 0)
            return true;
    return false;
}

static bool is_one(const struct us_text *text, const struct us_token *token, const char *marks)
{
    return token->kind == US_TOKEN_PUNCT && token->end - token->start == 1 &&
           strchr(marks, text->bytes[token->start]) != NULL;
}

/* How many lines end between two tokens, by LF, CRLF or CR. */
static uint32_t line_ends(const struct us_text *text, size_t from, size_t to)
{
    uint32_t lines = 0;
    for (size_t at = from; at < to; at++)
        lines += text->bytes[at] == '\n' ||
                 (text->bytes[at] == '\r' && (at + 1 == to || text->bytes[at + 1] != '\n'));
    return lines;
}

/* Does what lies between two tokens hold an empty line, or a line end before a new beginning? */
static bool breaks_line(const struct us_text *text, size_t from, size_t to, bool capital)
{
    uint32_t lines = line_ends(text, from, to);
    return lines > 1 || (lines == 1 && capital);
}

/* Number the sentences and mark their first words. A full stop, a question or exclamation mark
 * (and closing marks after it) ends one before a capital, a digit or an opening mark. What goes on and
 * on is cut, as it would take memory and time that nobody bounds. */
static void mark_sentences(struct us_text *text)
{
    enum { LONGEST = 1024 }; /* tokens; no sentence of prose comes near */
    uint32_t sentence = 0, start = 0;
    bool first_word = true, ended = false;
    for (uint32_t i = 0; i < text->count; i++) {
        struct us_token *token = &text->tokens[i];
        const struct us_token *before = i ? token - 1 : NULL;
        bool capital = (token->flags & (US_TOKEN_CAPITAL | US_TOKEN_UPPER)) ||
                       token->kind == US_TOKEN_NUMBER ||
                       (token->kind == US_TOKEN_PUNCT && !is_one(text, token, ",;:)]-"));
        if (before && !first_word &&
            ((ended && capital && token->start > before->end) ||
             breaks_line(text, before->end, token->start, capital))) {
            sentence++;
            start = i;
            first_word = true;
        } else if (i - start == LONGEST) {
            sentence++;
            start = i;
        }
        token->sentence = sentence;
        if (token->kind == US_TOKEN_WORD || token->kind == US_TOKEN_NUMBER) {
            if (first_word && token->kind == US_TOKEN_WORD)
                token->flags |= US_TOKEN_FIRST;
            first_word = false;
        }
        bool closing = is_one(text, token, "\"')]*_") ||
                       (token->kind == US_TOKEN_PUNCT && token->end - token->start == 3);
        if (is_one(text, token, "?!"))
            ended = true;
        else if (is_one(text, token, "."))
            ended = !before || !is_abbreviation(text, before);
        else if (!closing)
            ended = false;
    }
    text->sentences = text->count ? sentence + 1 : 0;
}

static void quote_range(struct us_text *text, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        text->tokens[i].flags |= US_TOKEN_QUOTED;
}

/* Flag what stands in well-formed quotations: an opening and its closing mark in one paragraph,
 * or straight marks in pairs; also a paragraph that opens one which the next paragraph opens
 * again, as newspapers set long quotations. */
static void mark_quotations(struct us_text *text)
{
    uint32_t from = 0;
    while (from < text->count) {
        uint32_t to = from + 1;
        while (to < text->count &&
               line_ends(text, text->tokens[to - 1].end, text->tokens[to].start) == 0)
            to++;

        uint32_t open = UINT32_MAX, straight = UINT32_MAX;
        for (uint32_t i = from; i < to; i++) {
            const struct us_token *token = &text->tokens[i];
            if (token->kind != US_TOKEN_PUNCT)
                continue;
            switch (character_at(text, token->start).class) {
            case OPEN_QUOTE:
                open = i;
                break;
            case CLOSE_QUOTE:
                if (open != UINT32_MAX)
                    quote_range(text, open, i + 1);
                open = UINT32_MAX;
                break;
            case QUOTE:
                if (straight == UINT32_MAX) {
                    straight = i;
                } else {
                    quote_range(text, straight, i + 1);
                    straight = UINT32_MAX;
                }
                break;
            default:
                break;
            }
        }
        if (open == from && to < text->count &&
            character_at(text, text->tokens[to].start).class == OPEN_QUOTE)
            quote_range(text, from, to);
        from = to;
    }
}

/* Flag lines that are set like titles: no full stop, most words capitalised. */
static void mark_titles(struct us_text *text)
{
    for (uint32_t from = 0, to; from < text->count; from = to) {
        uint32_t words = 0, capitals = 0;
        for (to = from; to < text->count; to++) {
            const struct us_token *token = &text->tokens[to];
            if (to > from && line_ends(text, token[-1].end, token->start))
                break;
            if (token->kind == US_TOKEN_WORD && token->norm_length > 3) {
                words++;
                capitals += (token->flags & (US_TOKEN_CAPITAL | US_TOKEN_UPPER)) != 0;
            }
        }
        if (words >= 2 && capitals * 4 >= words * 3 && !is_one(text, &text->tokens[to - 1], "."))
            for (uint32_t i = from; i < to; i++)
                text->tokens[i].flags |= US_TOKEN_TITLE;
    }
}

/* English prose has a function word in every two or three; a longer text without is another
 * language. */
static bool looks_english(const struct us_text *text)
{
    static const char *const common[] = {
        "the", "of", "and", "to", "a", "in", "is", "that", "for", "it", "was", "on", "with", "as",
        "be", "by", "at", "are", "this", "from", "have", "has", "an", "not", "or", "we", "his",
        "you", "were", "their", "but", "they", "which", "i", "he", "she", "its", "will", "been"};
    uint32_t words = 0, hits = 0;
    for (uint32_t i = 0; i < text->count; i++) {
        const struct us_token *token = &text->tokens[i];
        if (token->kind != US_TOKEN_WORD)
            continue;
        words++;
        if (token->norm_length > 5)
            continue;
        const char *norm = text->norms + token->norm;
        for (size_t k = 0; k < sizeof common / sizeof *common; k++)
            if (norm[0] == common[k][0] && strcmp(norm, common[k]) == 0) {
                hits++;
                break;
            }
    }
    return words < 20 || hits * 6 >= words;
}

static int tokenize(struct reader *r, struct us_error *err)
{
    struct us_text *text = r->text;
    for (size_t at = 0; at < text->length;) {
        struct us_token token = {0};
        size_t limit = r->span < r->span_count ? r->spans[r->span].start : text->length;
        if (at == limit) {
            token.start = (uint32_t)at;
            at = token.end = r->spans[r->span++].end;
            token.kind = US_TOKEN_OPAQUE;
        } else {
            struct character c = character_at(text, at);
            if (c.class == SPACE) {
                at += c.bytes;
                continue;
            }
            token.start = (uint32_t)at;
            if (c.class == LETTER || c.class == MARK) {
                token.kind = US_TOKEN_WORD;
                at = word_end(text, at, limit);
            } else if (c.class == DIGIT) {
                token.kind = US_TOKEN_NUMBER;
                at = number_end(text, at, limit);
            } else {
                token.kind = US_TOKEN_PUNCT;
                at += c.bytes;
            }
            if (at > limit)
                at = limit;
            token.end = (uint32_t)at;
        }
        if (text->count && text->tokens[text->count - 1].end == token.start)
            token.flags |= US_TOKEN_GLUED;
        if (token.kind != US_TOKEN_OPAQUE) {
            normalize(r, &token);
        } else {
            token.norm = (uint32_t)r->norms_used;
            text->norms[r->norms_used++] = 0;
        }
        int rc = add_token(r, token, err);
        if (rc != US_OK)
            return rc;
    }
    return US_OK;
}

/* An apostrophe inside a word is one byte in the norm, and three in the text if it is curly. */
static bool is_curly(const struct us_text *text)
{
    uint32_t curly = 0, straight = 0;
    for (uint32_t i = 0; i < text->count; i++) {
        const struct us_token *token = &text->tokens[i];
        const char *mark = memchr(text->norms + token->norm, '\'', token->norm_length);
        if (!mark)
            continue;
        if (memchr(text->bytes + token->start, '\'', token->end - token->start))
            straight++;
        else
            curly++;
    }
    return curly > straight;
}

int us_text_open(struct us_text *out, const char *bytes, size_t length, enum us_format format,
                 struct us_error *err)
{
    *out = (struct us_text){.bytes = bytes, .length = length, .english = true};
    if (length >= INT32_MAX)
        return us_fail(err, US_ELIMIT, "the text has %zu bytes; the most is 2 GiB", length);
    int rc = check_encoding(bytes, length, err);
    if (rc != US_OK)
        return rc;

    struct us_span *spans = NULL;
    struct reader reader = {.text = out};
    rc = us_protect(&spans, &reader.span_count, bytes, length, format, err);
    if (rc != US_OK)
        goto done;
    reader.spans = spans;
    /* a norm is no longer than its token, and each adds one NUL; a token has at least one byte */
    out->norms = malloc(2 * length + 1);
    if (!out->norms) {
        rc = us_fail(err, US_ENOMEM, "out of memory reading the text");
        goto done;
    }
    rc = tokenize(&reader, err);
    if (rc != US_OK)
        goto done;
    mark_sentences(out);
    mark_quotations(out);
    mark_titles(out);
    out->english = looks_english(out);
    out->british = us_is_british(out);
    out->curly = is_curly(out);
done:
    free(spans);
    if (rc != US_OK)
        us_text_close(out);
    return rc;
}

void us_text_close(struct us_text *text)
{
    free(text->tokens);
    free(text->norms);
    *text = (struct us_text){0};
}
