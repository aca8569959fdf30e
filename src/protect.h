/*
 * protect.h - the spans of a text that are not prose and are never looked into.
 *
 * In every text: URLs, host names, e-mail addresses, @handles, #hashtags, fenced code. In
 * Markdown also front matter, indented and inline code, HTML tags and comments, link targets,
 * reference definitions and formulas ($...$).
 */
#ifndef UNSPIN_PROTECT_H
#define UNSPIN_PROTECT_H

#include "text.h"

struct us_span {
    uint32_t start, end; /* bytes, 0-based, half-open */
};

/* The protected spans in order, no two overlapping; the caller frees *spans. Linear time. */
int us_protect(struct us_span **spans, uint32_t *count, const char *bytes, size_t length,
               enum us_format format, struct us_error *err);

/* Past the end of the line that `at` is in, whatever ends it: LF, CRLF or CR. At most `end`. */
size_t us_line_end(const char *bytes, size_t at, size_t end);

#endif
