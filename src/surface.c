#include "surface.h"

#include "protect.h"
#include "spelling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static bool has_prefix(const char *word, size_t length, const char *prefix)
{
    size_t n = strlen(prefix);
    if (length < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((word[i] | 0x20) != prefix[i])
            return false;
    return true;
}

bool us_begins_with_vowel(const char *word, size_t length)
{
    static const char *const silent[] = {"hour", "honest", "honor", "honour", "heir", "herb"};
    static const char *const consonant[] = {"uni",  "use",  "usa",  "usu", "uti",  "euro", "eu",
                                            "one",  "once", "ubi",  "ura", "ute",  "uk",   "ufo",
                                            "oui",  "oua"};
    if (length == 0)
        return false;
    bool letters = length > 1; /* an acronym is spelled out: an FBI agent, a U.S. firm */
    for (size_t i = 0; i < length && letters; i++)
        letters = (word[i] >= 'A' && word[i] <= 'Z') || word[i] == '.';
    char first = (char)(word[0] | 0x20);
    if (letters && strchr("aefhilmnorsx", first))
        return true;
    if (letters)
        return false;
    if (word[0] == '8')
        return true;
    if (word[0] == '1') /* eleven, 18th, 11,000; but 180 */
        return length >= 2 && (word[1] == '1' || word[1] == '8') &&
               (length == 2 || word[2] < '0' || word[2] > '9');
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        if (has_prefix(word, length, silent[i]))
            return true;
    if (has_prefix(word, length, "unim") || has_prefix(word, length, "unin") ||
        has_prefix(word, length, "uniden") || has_prefix(word, length, "out") ||
        has_prefix(word, length, "our"))
        return true;
    for (size_t i = 0; i < sizeof consonant / sizeof *consonant; i++)
        if (has_prefix(word, length, consonant[i]))
            return false;
    return strchr("aeiou", first) != NULL;
}

struct buffer {
    char *bytes;
    size_t length, room;
};

static bool append(struct buffer *buffer, const char *bytes, size_t length)
{
    if (buffer->length + length + 1 > buffer->room) {
        size_t room = (buffer->length + length + 1) * 2;
        char *grown = realloc(buffer->bytes, room);
        if (!grown)
            return false;
        buffer->bytes = grown;
        buffer->room = room;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): without room, it was made above */
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    buffer->bytes[buffer->length] = 0;
    return true;
}

static bool append_capital(struct buffer *buffer, const char *word, size_t length)
{
    int32_t code;
    utf8proc_ssize_t step =
        utf8proc_iterate((const utf8proc_uint8_t *)word, (utf8proc_ssize_t)length, &code);
    if (step <= 0)
        return append(buffer, word, length);
    utf8proc_uint8_t upper[4];
    utf8proc_ssize_t bytes = utf8proc_encode_char(utf8proc_toupper(code), upper);
    return append(buffer, (const char *)upper, (size_t)bytes) &&
           append(buffer, word + step, length - (size_t)step);
}

static bool append_upper(struct buffer *buffer, const char *word, size_t length)
{
    for (size_t at = 0; at < length;) {
        int32_t code;
        utf8proc_ssize_t step = utf8proc_iterate((const utf8proc_uint8_t *)word + at,
                                                 (utf8proc_ssize_t)(length - at), &code);
        if (step <= 0)
            return append(buffer, word + at, length - at);
        utf8proc_uint8_t upper[4];
        utf8proc_ssize_t bytes = utf8proc_encode_char(utf8proc_toupper(code), upper);
        if (!append(buffer, (const char *)upper, (size_t)bytes))
            return false;
        at += (size_t)step;
    }
    return true;
}

/* Turn the apostrophes from a place in the buffer on into curly ones. */
static bool curl(struct buffer *buffer, size_t from)
{
    static const char curly[] = "\xe2\x80\x99";
    for (char *mark; (mark = strchr(buffer->bytes + from, '\''));) {
        from = (size_t)(mark - buffer->bytes);
        if (!append(buffer, "  ", sizeof curly - 2)) /* room for its further bytes */
            return false;
        mark = buffer->bytes + from;
        memmove(mark + sizeof curly - 1, mark + 1, buffer->length - from - (sizeof curly - 1));
        memcpy(mark, curly, sizeof curly - 1);
    }
    return true;
}

/* Words that stay small inside a title or a name. */
static bool is_small(const char *word, size_t length)
{
    static const char *const words[] = {"of", "the", "and", "a", "an", "in", "on", "for", "to",
                                        "at", "by", "or", "with", "from"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
            return true;
    return false;
}

enum letters { AS_IT_IS, FIRST_CAPITAL, EACH_CAPITAL, ALL_UPPER };

static enum letters letters_of(const struct us_lattice *lattice, const struct us_edge *edge)
{
    uint32_t words = 0, capitals = 0, uppers = 0;
    const struct us_token *first = us_unit_token(lattice, edge->from);
    for (uint32_t i = edge->from; i < edge->to; i++) {
        const struct us_token *token = us_unit_token(lattice, i);
        const char *norm = lattice->text->norms + token->norm;
        if (token->kind != US_TOKEN_WORD || (i > edge->from && is_small(norm, token->norm_length)))
            continue;
        words++;
        uppers += (token->flags & US_TOKEN_UPPER) != 0;
        /* "I" and "A" are capitals of their own */
        capitals += (token->flags & US_TOKEN_CAPITAL) != 0;
    }
    if (words && uppers == words)
        return ALL_UPPER;
    if (words && capitals == words && (words > 1 || !(first->flags & US_TOKEN_FIRST) ||
                                       (first->flags & US_TOKEN_TITLE)))
        return words == 1 && !(first->flags & US_TOKEN_TITLE) && (first->flags & US_TOKEN_FIRST)
                   ? FIRST_CAPITAL
                   : EACH_CAPITAL;
    return first->flags & US_TOKEN_CAPITAL ? FIRST_CAPITAL : AS_IT_IS;
}

/* The article before the span, if "a" or "an" stands right there; else NULL. */
static const struct us_token *article_before(const struct us_lattice *lattice,
                                             const struct us_edge *edge)
{
    if (edge->from == 0 || !lattice->units[edge->from].joined)
        return NULL;
    const struct us_unit *unit = &lattice->units[edge->from - 1];
    const struct us_token *token = &lattice->text->tokens[unit->token];
    const char *norm = lattice->text->norms + token->norm;
    bool is_article = strcmp(norm, "a") == 0 || strcmp(norm, "an") == 0;
    return is_article && unit[1].token == unit->token + 1 ? token : NULL;
}

int us_surface(char **out, size_t *start, size_t *end, const struct us_lattice *lattice,
               const struct us_lexicon *lexicon, const struct us_edge *edge,
               struct us_error *err)
{
    const struct us_text *text = lattice->text;
    const struct us_token *first = us_unit_token(lattice, edge->from);
    const struct us_token *last = us_unit_token(lattice, edge->to - 1);
    *start = first->start;
    *end = last->end;

    char decimal[64];
    const char *phrase = edge->row ? us_lexicon_string(lexicon, edge->row->original)
                                   : text->norms + first->norm;
    if (edge->origin == US_EDGE_DECIMAL) {
        const char *parts[2] = {text->norms + first->norm, text->norms + last->norm};
        char digits[2][24];
        for (int i = 0; i < 2; i++) {
            int value = us_small_number(parts[i]);
            snprintf(digits[i], sizeof digits[i], value < 0 ? "%.20s" : "%.0s%d", parts[i], value);
        }
        snprintf(decimal, sizeof decimal, "%s.%s", digits[0], digits[1]);
        phrase = decimal;
    }
    uint32_t spun_words = edge->to - edge->from, words = 1;
    for (const char *c = phrase; *c; c++)
        words += *c == ' ';
    enum letters letters = letters_of(lattice, edge);
    bool own_case = edge->row && (edge->row->flags & US_ROW_NAME);

    struct buffer buffer = {0};
    bool ok = true;
    uint32_t word = 0;
    for (const char *at = phrase; ok && *at; word++) {
        size_t american = strcspn(at, " "), length = american;
        const char *spelled = text->british ? us_british(at, american, &length) : at;
        bool small = word > 0 && is_small(spelled, length);
        size_t begin = buffer.length;
        if (letters == ALL_UPPER && !own_case)
            ok = append_upper(&buffer, spelled, length);
        else if (own_case ? word == 0 && (first->flags & US_TOKEN_FIRST) &&
                                (first->flags & US_TOKEN_CAPITAL)
                          : !small && (letters == EACH_CAPITAL ||
                                       (letters == FIRST_CAPITAL && word == 0)))
            ok = append_capital(&buffer, spelled, length);
        else if (length == 1 && *at == 'i')
            ok = append(&buffer, "I", 1);
        else
            ok = append(&buffer, spelled, length);
        ok = ok && (!text->curly || curl(&buffer, begin));
        at += american;
        if (*at == ' ') {
            at++;
            const char *gap = " ";
            size_t gap_length = 1;
            if (words == spun_words) { /* what stood between these two words */
                const struct us_token *here = us_unit_token(lattice, edge->from + word);
                const struct us_token *next =
                    us_unit_token(lattice, edge->from + word + 1);
                gap = text->bytes + here->end;
                gap_length = next->start - here->end;
            }
            ok = ok && append(&buffer, gap, gap_length);
        }
    }
    if (edge->possessive) { /* with the apostrophe that the text has */
        const char *mark = text->bytes + last->end;
        size_t length = 2;
        mark -= 2;
        if ((unsigned char)*mark >= 0x80) {
            mark -= 2;
            length = 4;
        }
        ok = ok && append(&buffer, mark, length);
    }
    /* A line that ended inside the span ends after it. */
    size_t line_end = us_line_end(text->bytes, *start, *end);
    if (ok && words != spun_words && line_end < *end && *end < text->length &&
        text->bytes[*end] == ' ') {
        bool crlf = text->bytes[line_end - 1] == '\n' && text->bytes[line_end - 2] == '\r';
        size_t mark = crlf ? 2 : 1;
        ok = append(&buffer, text->bytes + line_end - mark, mark);
        ++*end;
    }

    if (us_in_braces(lattice, edge)) {
        --*start;
        ++*end;
    }

    const struct us_token *article = article_before(lattice, edge);
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): an edge without words is none */
    bool vowel = ok && us_begins_with_vowel(buffer.bytes, strcspn(buffer.bytes, " -"));
    if (ok && article && vowel != (article->norm_length == 2)) {
        struct buffer whole = {0};
        char letter = text->bytes[article->start];
        ok = append(&whole, &letter, 1);
        if (vowel) /* "AN" only where the text shouts */
            ok = ok && append(&whole,
                              letter == 'A' && (first->flags & US_TOKEN_UPPER) ? "N" : "n", 1);
        ok = ok && append(&whole, text->bytes + article->end, first->start - article->end) &&
             append(&whole, buffer.bytes, buffer.length);
        free(buffer.bytes);
        buffer = whole;
        *start = article->start;
    }
    if (!ok) {
        free(buffer.bytes);
        return us_fail(err, US_ENOMEM, "out of memory writing a correction");
    }
    *out = buffer.bytes;
    return US_OK;
}
