/*
 * A commit's message, both ways:
 *
 *     settlement → agreement
 *
 *     articles/raimondo.md:1: …following an [settlement → agreement] to cut back…
 *
 *     Unspin-File: articles/raimondo.md
 *     Unspin-Line: 1
 *     Unspin-Confidence: 0.981
 *     Unspin-Kind: substitution
 */
#include "history_impl.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARROW " \xe2\x86\x92 "
#define ELLIPSIS "\xe2\x80\xa6"
#define NOTHING "(nothing)"

enum { CONTEXT = 28 }; /* bytes of text on either side, about */

/* On one line, whatever it was; an empty text gets a word. */
static void add_line(struct us_bytes *out, const char *text, size_t length)
{
    if (!length)
        us_bytes_text(out, NOTHING);
    for (size_t i = 0; i < length; i++)
        us_bytes_add(out, (unsigned char)text[i] < ' ' || text[i] == 127 ? " " : text + i, 1);
}

/* A path on one line: in double quotes with C's escapes where it must be. */
static void add_path(struct us_bytes *out, const char *path)
{
    bool odd = *path == '"';
    for (const char *c = path; *c; c++)
        odd |= iscntrl((unsigned char)*c) != 0;
    if (!odd) {
        us_bytes_text(out, path);
        return;
    }
    us_bytes_text(out, "\"");
    for (const char *c = path; *c; c++)
        if (iscntrl((unsigned char)*c))
            us_bytes_format(out, "\\%03o", (unsigned)(unsigned char)*c);
        else
            us_bytes_format(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    us_bytes_text(out, "\"");
}

static void add_unquoted(struct us_bytes *out, const char *text, size_t length)
{
    if (length < 2 || text[0] != '"') {
        us_bytes_add(out, text, length);
        return;
    }
    us_bytes_add(out, "", 0);
    for (size_t i = 1; i + 1 < length; i++) {
        if (text[i] != '\\') {
            us_bytes_add(out, text + i, 1);
        } else if (i + 3 < length && isdigit((unsigned char)text[i + 1])) {
            char c = (char)((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + text[i + 3] - '0');
            us_bytes_add(out, &c, 1);
            i += 3;
        } else {
            us_bytes_add(out, text + ++i, 1);
        }
    }
}

static bool inside_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The words before, on the same line, as many as fit. */
static void add_left(struct us_bytes *out, const char *text, size_t length)
{
    size_t start = length;
    while (start > 0 && length - start < CONTEXT && text[start - 1] != '\n' &&
           text[start - 1] != '\r')
        start--;
    if (start > 0 && text[start - 1] != '\n' && text[start - 1] != '\r') {
        size_t word = start;
        while (word < length && text[word] != ' ')
            word++;
        if (word < length)
            start = word + 1;
        while (start < length && inside_character(text[start]))
            start++;
        us_bytes_text(out, ELLIPSIS);
    }
    if (start < length)
        add_line(out, text + start, length - start);
}

static void add_right(struct us_bytes *out, const char *text, size_t length)
{
    size_t stop = 0;
    while (stop < length && stop < CONTEXT && text[stop] != '\n' && text[stop] != '\r')
        stop++;
    bool cut = stop < length && text[stop] != '\n' && text[stop] != '\r';
    if (cut) {
        size_t word = stop;
        while (word > 0 && text[word - 1] != ' ')
            word--;
        if (word > 1)
            stop = word - 1;
        while (stop > 0 && inside_character(text[stop]))
            stop--;
    }
    if (stop)
        add_line(out, text, stop);
    if (cut)
        us_bytes_text(out, ELLIPSIS);
}

void us_message_correction(struct us_bytes *out, const struct us_spot *spot)
{
    const struct us_fix *fix = spot->fix;
    size_t length = strlen(fix->replacement);
    float confidence = fix->confidence > 1 ? 1 : fix->confidence > 0 ? fix->confidence : 0;
    unsigned thousandths = (unsigned)(confidence * 1000 + 0.5f);

    size_t subject = out->length;
    add_line(out, spot->old, spot->old_length);
    us_bytes_text(out, ARROW);
    add_line(out, fix->replacement, length);
    size_t subject_length = out->length - subject;
    us_bytes_text(out, "\n\n");
    add_path(out, spot->path);
    us_bytes_format(out, ":%u: ", (unsigned)spot->line);
    add_left(out, spot->left, spot->left_length);
    us_bytes_text(out, "[");
    us_bytes_reserve(out, subject_length + 1);
    if (!out->failed)
        us_bytes_add(out, out->at + subject, subject_length);
    us_bytes_text(out, "]");
    add_right(out, spot->right, spot->right_length);
    us_bytes_text(out, "\n\nUnspin-File: ");
    add_path(out, spot->path);
    us_bytes_format(out, "\nUnspin-Line: %u\nUnspin-Confidence: %u.%03u\nUnspin-Kind: %s\n",
                    (unsigned)spot->line, thousandths / 1000, thousandths % 1000,
                    fix->kind && *fix->kind ? fix->kind : "substitution");
}

void us_message_original(struct us_bytes *out, const char *path)
{
    us_bytes_text(out, "Save ");
    add_path(out, path);
    us_bytes_text(out, " as written\n\nUnspin-File: ");
    add_path(out, path);
    us_bytes_text(out, "\n");
}

void us_message_rejection(struct us_bytes *out, const struct us_entry *entry)
{
    us_bytes_format(out, "Reject %s" ARROW "%s\n\nThis takes back commit %s.\n\n",
                    *entry->old ? entry->old : NOTHING,
                    *entry->replacement ? entry->replacement : NOTHING, entry->oid);
    us_bytes_text(out, "Unspin-File: ");
    add_path(out, entry->path);
    us_bytes_format(out, "\nUnspin-Rejects: %s\n", entry->oid);
}

void us_message_refusal(struct us_bytes *out, const struct us_spot *spot)
{
    us_bytes_text(out, "Keep ");
    add_line(out, spot->old, spot->old_length);
    us_bytes_text(out, "\n\nUnspin-File: ");
    add_path(out, spot->path);
    us_bytes_text(out, "\nUnspin-Refuses: ");
    add_line(out, spot->old, spot->old_length);
    us_bytes_text(out, ARROW);
    add_line(out, spot->fix->refuses, strlen(spot->fix->refuses));
    us_bytes_text(out, "\n");
}

/* The value of the trailer on this line, or NULL. */
static const char *trailer(const char *line, size_t length, const char *name, size_t *value_length)
{
    size_t n = strlen(name);
    if (length < n || strncmp(line, name, n) != 0)
        return NULL;
    *value_length = length - n;
    return line + n;
}

static bool is_oid(const char *text, size_t length)
{
    if (length < 40)
        return false;
    for (size_t i = 0; i < 40; i++)
        if (!isdigit((unsigned char)text[i]) && (text[i] < 'a' || text[i] > 'f'))
            return false;
    return true;
}

/* The number that a text begins with, which need not end in a NUL; at most `most`. */
static uint32_t number_of(const char *text, size_t length, uint32_t most)
{
    uint64_t value = 0;
    for (size_t i = 0; i < length && isdigit((unsigned char)text[i]) && value <= most; i++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    return value < most ? (uint32_t)value : most;
}

/* A piece of *store; its offset, as the store may move. */
static size_t keep(struct us_bytes *store, const char *text, size_t length)
{
    size_t at = store->length;
    if (length == sizeof NOTHING - 1 && strncmp(text, NOTHING, length) == 0)
        length = 0;
    us_bytes_add(store, text, length);
    us_bytes_add(store, "", 1);
    return at;
}

enum us_message_kind us_message_parse(struct us_entry *entry, struct us_bytes *store,
                                      const char *message, size_t length)
{
    static const char reverts[] = "This reverts commit ", rejects[] = "Reject ";
    const char *end = message + length, *subject = message, *excerpt = "", *file = "";
    size_t subject_length = 0, excerpt_length = 0, file_length = 0, n, path = 0, kind = 0;
    const char *refused = NULL;
    size_t refused_length = 0;
    bool correction = false, rejection = false;
    const char *line = message, *value;

    entry->line = 0;
    store->length = 0;
    us_bytes_add(store, "", 1); /* offset 0: the empty string */
    for (unsigned number = 0; line < end; number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t line_length = (size_t)((stop ? stop : end) - line);
        if (number == 0)
            subject_length = line_length;
        else if (number == 2)
            excerpt = line, excerpt_length = line_length;
        if (number == 0) {
            /* the corrected words themselves, whatever they look like */
        } else if (line_length > 7 && line[0] == 'U' && line[1] == 'n') {
            if ((value = trailer(line, line_length, "Unspin-Rejects: ", &n)) && is_oid(value, n)) {
                memcpy(entry->oid, value, 40);
                entry->oid[40] = '\0';
                rejection = true;
            }
            if ((value = trailer(line, line_length, "Unspin-File: ", &n))) {
                path = store->length;
                file = value;
                file_length = n;
                add_unquoted(store, value, n);
                us_bytes_add(store, "", 1);
            } else if ((value = trailer(line, line_length, "Unspin-Line: ", &n))) {
                entry->line = number_of(value, n, UINT32_MAX);
            } else if ((value = trailer(line, line_length, "Unspin-Confidence: ", &n)) && n >= 5) {
                /* by hand: strtof heeds the locale */
                entry->confidence = (float)number_of(value, 1, 1) +
                                    (float)number_of(value + 2, 3, 999) / 1000;
                correction = true;
            } else if ((value = trailer(line, line_length, "Unspin-Refuses: ", &n))) {
                refused = value;
                refused_length = n;
            } else if ((value = trailer(line, line_length, "Unspin-Kind: ", &n))) {
                kind = keep(store, value, n);
            }
        } else if (line_length > sizeof reverts + 39 && line[0] == 'T' &&
                   strncmp(line, reverts, sizeof reverts - 1) == 0 &&
                   is_oid(line + sizeof reverts - 1, line_length - sizeof reverts + 1)) {
            memcpy(entry->oid, line + sizeof reverts - 1, 40);
            entry->oid[40] = '\0';
            return US_MESSAGE_REVERT;
        }
        line = stop ? stop + 1 : end;
    }
    /* The excerpt begins with the article's name, which may look like another trailer. */
    bool refusal = refused && !correction;
    rejection = rejection && !correction;
    if (refusal) {
        subject = refused;
        subject_length = refused_length;
    }
    if (rejection && subject_length > sizeof rejects - 1 &&
        strncmp(subject, rejects, sizeof rejects - 1) == 0) {
        subject += sizeof rejects - 1;
        subject_length -= sizeof rejects - 1;
    } else if (!(correction || refusal) || !path) {
        return rejection ? US_MESSAGE_REVERT : path ? US_MESSAGE_ORIGINAL : US_MESSAGE_OTHER;
    }
    const char *arrow = NULL;
    for (size_t i = 0; i + sizeof ARROW - 1 <= subject_length && !arrow; i++)
        if (memcmp(subject + i, ARROW, sizeof ARROW - 1) == 0)
            arrow = subject + i;
    if (!arrow)
        return rejection ? US_MESSAGE_REVERT : US_MESSAGE_OTHER;
    const char *right = arrow + sizeof ARROW - 1;
    size_t old = keep(store, subject, (size_t)(arrow - subject));
    size_t replacement = keep(store, right, (size_t)(subject + subject_length - right));
    /* before the excerpt stands "path:line: ", the path as in its trailer */
    if (excerpt_length > file_length && memcmp(excerpt, file, file_length) == 0 &&
        excerpt[file_length] == ':') {
        size_t at = file_length + 1;
        while (at < excerpt_length && isdigit((unsigned char)excerpt[at]))
            at++;
        at = at + 2 < excerpt_length ? at + 2 : excerpt_length;
        excerpt += at;
        excerpt_length -= at;
    }
    size_t kept_excerpt = keep(store, excerpt, excerpt_length);
    if (store->failed)
        return US_MESSAGE_OTHER;
    entry->path = store->at + path;
    entry->kind = store->at + kind;
    entry->old = store->at + old;
    entry->replacement = store->at + replacement;
    entry->excerpt = store->at + kept_excerpt;
    return rejection ? US_MESSAGE_REVERT : refusal ? US_MESSAGE_REFUSAL : US_MESSAGE_CORRECTION;
}
