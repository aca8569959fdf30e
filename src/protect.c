#include "protect.h"

#include <stdlib.h>
#include <string.h>

struct spans {
    struct us_span *items;
    uint32_t count, room;
    bool failed; /* out of memory */
};

static void add(struct spans *spans, size_t start, size_t end)
{
    if (end <= start || spans->failed)
        return;
    if (spans->count && spans->items[spans->count - 1].end >= start) {
        struct us_span *last = &spans->items[spans->count - 1];
        if (end > last->end)
            last->end = (uint32_t)end;
        return;
    }
    if (spans->count == spans->room) {
        uint32_t room = spans->room ? spans->room * 2 : 32;
        struct us_span *items = realloc(spans->items, room * sizeof *items);
        if (!items) {
            spans->failed = true;
            return;
        }
        spans->items = items;
        spans->room = room;
    }
    spans->items[spans->count++] = (struct us_span){(uint32_t)start, (uint32_t)end};
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_host(char c)
{
    static const bool is[256] = {
        ['-'] = true, ['.'] = true, ['_'] = true, ['0'] = true, ['1'] = true, ['2'] = true,
        ['3'] = true, ['4'] = true, ['5'] = true, ['6'] = true, ['7'] = true, ['8'] = true,
        ['9'] = true, ['A'] = true, ['B'] = true, ['C'] = true, ['D'] = true, ['E'] = true,
        ['F'] = true, ['G'] = true, ['H'] = true, ['I'] = true, ['J'] = true, ['K'] = true,
        ['L'] = true, ['M'] = true, ['N'] = true, ['O'] = true, ['P'] = true, ['Q'] = true,
        ['R'] = true, ['S'] = true, ['T'] = true, ['U'] = true, ['V'] = true, ['W'] = true,
        ['X'] = true, ['Y'] = true, ['Z'] = true, ['a'] = true, ['b'] = true, ['c'] = true,
        ['d'] = true, ['e'] = true, ['f'] = true, ['g'] = true, ['h'] = true, ['i'] = true,
        ['j'] = true, ['k'] = true, ['l'] = true, ['m'] = true, ['n'] = true, ['o'] = true,
        ['p'] = true, ['q'] = true, ['r'] = true, ['s'] = true, ['t'] = true, ['u'] = true,
        ['v'] = true, ['w'] = true, ['x'] = true, ['y'] = true, ['z'] = true};
    return is[(unsigned char)c];
}

static bool starts(const char *s, size_t at, size_t end, const char *with)
{
    size_t length = strlen(with);
    return end - at >= length && memcmp(s + at, with, length) == 0;
}

/* Past the URL's characters from `at`, without the punctuation that ends a sentence. */
static size_t url_end(const char *s, size_t at, size_t end)
{
    while (at < end && !is_space(s[at]) && !strchr("<>\"`|", s[at]) && (unsigned char)s[at] < 0x80)
        at++;
    while (at > 0 && strchr(".,;:!?)'*_", s[at - 1]))
        at--;
    return at;
}

/* Is [start, end) a host name such as www.example.org: dots inside, a known top-level domain? */
static bool is_domain(const char *s, size_t start, size_t end)
{
    static const char *const top[] = {"com", "org", "net",  "edu", "gov", "io",  "info", "co.uk",
                                      "uk",  "de",  "eu",   "us",  "ca",  "au",  "in",   "tv",
                                      "me",  "ai",  "html", "php", "xyz", "biz", "news"};
    if (end - start > 4 && memcmp(s + start, "www.", 4) == 0)
        return true;
    for (size_t i = 0; i < sizeof top / sizeof *top; i++) {
        size_t length = strlen(top[i]);
        if (end - start >= length + 3 && s[end - length - 1] == '.' &&
            memcmp(s + end - length, top[i], length) == 0)
            return is_alpha(s[start]) && s[end - length - 2] != '.';
    }
    return false;
}

/* URLs, hosts, e-mail addresses, handles and hashtags that begin at a word's start. Returns the
 * end of the span, or `at` if there is none. */
static size_t address_end(const char *s, size_t at, size_t end)
{
    if ((s[at] == '@' || s[at] == '#') && at + 1 < end && is_alpha(s[at + 1])) {
        size_t stop = at + 1;
        while (stop < end && (is_alpha(s[stop]) || is_digit(s[stop]) || s[stop] == '_'))
            stop++;
        return stop;
    }
    size_t stop = at;
    while (stop < end && is_host(s[stop]))
        stop++;
    if (stop == at)
        return at;
    if (starts(s, stop, end, "://"))
        return url_end(s, stop, end);
    if (stop < end && s[stop] == '@' && stop + 1 < end && is_alpha(s[stop + 1])) {
        size_t host = stop + 1;
        while (host < end && is_host(s[host]))
            host++;
        while (s[host - 1] == '.' || s[host - 1] == '-')
            host--;
        return memchr(s + stop, '.', host - stop) ? host : at;
    }
    size_t host_end = stop;
    while (host_end > at && s[host_end - 1] == '.')
        host_end--;
    if (memchr(s + at, '.', host_end - at) && is_domain(s, at, host_end))
        return host_end < end && s[host_end] == '/' ? url_end(s, host_end, end) : host_end;
    return at;
}

size_t us_line_end(const char *s, size_t at, size_t end)
{
    while (at < end && s[at] != '\n' && s[at] != '\r')
        at++;
    if (end - at >= 2 && s[at] == '\r' && s[at + 1] == '\n')
        at++;
    return at < end ? at + 1 : end;
}

static bool is_blank(const char *s, size_t at, size_t end)
{
    while (at < end && is_space(s[at]))
        at++;
    return at == end;
}

enum {
    BACKTICKS = 16,   /* longer runs open no code */
    PARENTHESES = 32, /* nested deeper, they are no link target */
};

/* Inline Markdown that begins at `at`: code, tags, link targets, formulas; `limit` is the end of
 * the paragraph's line. Returns the end of the span, or `at`. unclosed[n] is the end of the line
 * in which n backticks were found to have no others to close them, so that the rest of it is not
 * looked through again for each that follow. */
static size_t inline_end(const char *s, size_t at, size_t limit, size_t *unclosed)
{
    const char *hit;
    switch (s[at]) {
    case '`': {
        size_t run = at;
        while (run < limit && s[run] == '`')
            run++;
        size_t length = run - at;
        if (length >= BACKTICKS || unclosed[length] == limit)
            return run; /* unmatched: the backticks alone */
        for (size_t i = run; i < limit;) {
            hit = memchr(s + i, '`', limit - i);
            if (!hit)
                break;
            size_t close = (size_t)(hit - s), stop = close;
            while (stop < limit && s[stop] == '`')
                stop++;
            if (stop - close == length)
                return stop;
            i = stop;
        }
        unclosed[length] = limit;
        return run;
    }
    case '<':
        if (at + 1 < limit && (is_alpha(s[at + 1]) || s[at + 1] == '/')) {
            for (size_t i = at + 1; i < limit; i++)
                if (s[i] == '>')
                    return i + 1;
                else if (s[i] == '<')
                    return at;
        }
        return at;
    case ']':
        if (at + 1 < limit && s[at + 1] == '(') {
            int depth = 0;
            for (size_t i = at + 1; i < limit && depth <= PARENTHESES; i++)
                if (s[i] == '(')
                    depth++;
                else if (s[i] == ')' && --depth == 0)
                    return i + 1;
        } else if (at + 1 < limit && s[at + 1] == '[') {
            hit = memchr(s + at + 2, ']', limit - at - 2);
            return hit ? (size_t)(hit - s) + 1 : at;
        }
        return at;
    case '$': {
        size_t inner = at + 1 < limit && s[at + 1] == '$' ? at + 2 : at + 1;
        if (inner >= limit || is_space(s[inner]) || is_digit(s[inner]))
            return at;
        hit = memchr(s + inner, '$', limit - inner);
        if (!hit || is_space(hit[-1]))
            return at;
        size_t stop = (size_t)(hit - s) + 1;
        return stop < limit && s[stop] == '$' ? stop + 1 : stop;
    }
    default:
        return at;
    }
}

static bool is_list_item(const char *s, size_t at, size_t end)
{
    while (at < end && (s[at] == ' ' || s[at] == '\t'))
        at++;
    if (at < end && strchr("-*+", s[at]))
        return at + 1 < end && s[at + 1] == ' ';
    size_t digits = at;
    while (digits < end && is_digit(s[digits]))
        digits++;
    return digits > at && digits + 1 < end && (s[digits] == '.' || s[digits] == ')');
}

/* Front matter: from a first line of --- or +++ to the next such line. Returns its end, or at. */
static size_t front_matter_end(const char *s, size_t at, size_t end)
{
    if (!starts(s, at, end, "---") && !starts(s, at, end, "+++"))
        return at;
    const char *fence = s[at] == '-' ? "---" : "+++";
    size_t line = us_line_end(s, at, end);
    if (!is_blank(s, at + 3, line))
        return at;
    for (size_t next; line < end; line = next) {
        next = us_line_end(s, line, end);
        if ((starts(s, line, end, fence) || starts(s, line, end, "...")) &&
            is_blank(s, line + 3, next))
            return next;
    }
    return at;
}

int us_protect(struct us_span **out, uint32_t *count, const char *s, size_t length,
               enum us_format format, struct us_error *err)
{
    struct spans spans = {0};
    bool markdown = format == US_FORMAT_MARKDOWN;
    size_t at = starts(s, 0, length, "\xef\xbb\xbf") ? 3 : 0;
    if (markdown) {
        size_t stop = front_matter_end(s, at, length);
        add(&spans, at, stop);
        at = stop;
    }

    size_t unclosed[BACKTICKS] = {0};
    bool after_blank = true, in_code = false, in_list = false;
    for (size_t next; at < length; at = next) {
        next = us_line_end(s, at, length);
        if (is_blank(s, at, next)) {
            after_blank = true;
            continue;
        }
        size_t text = at;
        while (s[text] == ' ' || s[text] == '\t')
            text++;

        if (starts(s, text, next, "```") || (markdown && starts(s, text, next, "~~~"))) {
            char fence[4] = {s[text], s[text], s[text], 0};
            size_t close = next;
            while (close < length) {
                size_t line = close, inner = close;
                close = us_line_end(s, line, length);
                while (inner < close && (s[inner] == ' ' || s[inner] == '\t'))
                    inner++;
                if (starts(s, inner, close, fence))
                    break;
            }
            add(&spans, at, close);
            next = close;
            after_blank = in_code = false;
            continue;
        }
        if (markdown) {
            bool indented = s[at] == '\t' || text - at >= 4;
            if (is_list_item(s, at, next))
                in_list = true;
            else if (after_blank && !indented)
                in_list = false;
            if (indented && !in_list && (after_blank || in_code)) {
                add(&spans, at, next);
                in_code = true;
                after_blank = false;
                continue;
            }
            in_code = false;
            if (starts(s, text, next, "<!--")) {
                size_t close = text;
                while (close + 3 <= length && memcmp(s + close, "-->", 3) != 0)
                    close++;
                close = close + 3 <= length ? close + 3 : length;
                add(&spans, at, close);
                next = close;
                continue;
            }
            const char *colon = s[text] == '[' ? memchr(s + text, ':', next - text) : NULL;
            if (colon && colon[-1] == ']') {
                add(&spans, text, next);
                after_blank = false;
                continue;
            }
        }
        after_blank = false;

        bool word = false; /* the byte before belongs to a word */
        for (size_t i = text; i < next;) {
            size_t stop = markdown ? inline_end(s, i, next, unclosed) : i;
            if (stop == i && !word && (is_host(s[i]) || s[i] == '@' || s[i] == '#'))
                stop = address_end(s, i, next);
            if (stop > i) {
                add(&spans, i, stop);
                i = stop;
                word = false;
                continue;
            }
            word = is_host(s[i]) || (unsigned char)s[i] >= 0x80;
            i++;
        }
    }
    if (spans.failed) {
        free(spans.items);
        return us_fail(err, US_ENOMEM, "out of memory reading the text");
    }
    *out = spans.items;
    *count = spans.count;
    return US_OK;
}
