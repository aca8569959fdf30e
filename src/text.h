/*
 * text.h - from bytes to tokens, sentences and protected spans.
 *
 * The text is UTF-8 as it is on disk: a byte-order mark, CRLF and tabs are kept and merely
 * skipped over, so that every offset is one into the caller's bytes. Tokens partition what is
 * neither white space nor protected; a protected span (code, URL, address, ...; protect.h) is
 * never looked into and shows up as one token of kind US_TOKEN_OPAQUE. What stands in well-formed
 * quotation marks is tokens like others, but flagged.
 *
 *     He told “do not touch” the 3 firms’ chiefs at x@y.org.
 *     w  w    pw  w   w    p w   n w     pw      w  o      p
 */
#ifndef UNSPIN_TEXT_H
#define UNSPIN_TEXT_H

#include "unspin.h"

#include <stdbool.h>

enum us_format { US_FORMAT_TEXT, US_FORMAT_MARKDOWN };

enum us_token_kind {
    US_TOKEN_WORD,   /* letters, with inner apostrophes and full stops: don't, U.S., café */
    US_TOKEN_NUMBER, /* begins with a digit: 3, 1,000, 4.4, 1000's, 12-year */
    US_TOKEN_PUNCT,  /* one mark */
    US_TOKEN_OPAQUE, /* a protected span */
};

enum us_token_flag {
    US_TOKEN_CAPITAL = 1 << 0,    /* first letter is upper case, some other is not */
    US_TOKEN_UPPER = 1 << 1,      /* all letters are upper case, two or more of them */
    US_TOKEN_FIRST = 1 << 2,      /* first word of its sentence */
    US_TOKEN_GLUED = 1 << 3,      /* no white space between the token before and this one */
    US_TOKEN_QUOTED = 1 << 4,     /* inside a well-formed quotation */
    US_TOKEN_TITLE = 1 << 5,      /* in a title-cased line: capitals do not make names there */
};

struct us_token {
    uint32_t start, end;    /* bytes, 0-based, half-open */
    uint32_t sentence;      /* 0-based number of the sentence */
    uint32_t norm;          /* offset into us_text.norms: lower case, ASCII apostrophe, NUL-ended */
    uint16_t norm_length;   /* bytes without the NUL; longer tokens get an empty norm */
    uint8_t kind, flags;
};

struct us_text {
    const char *bytes; /* the caller's; must outlive this */
    size_t length;
    struct us_token *tokens;
    uint32_t count, sentences;
    char *norms;
    bool british; /* spelled in the British way (spelling.h) */
    bool curly;   /* writes most of its apostrophes as U+2019 */
    bool english; /* false: looks like another language; leave it alone */
};

/*
 * Tokenize. Fails with US_EFORMAT for text that is not UTF-8 or holds NUL bytes (the message
 * says at which byte), US_ELIMIT for 2 GiB and more, US_ENOMEM. Time is linear in length.
 */
int us_text_open(struct us_text *out, const char *bytes, size_t length,
                 enum us_format format, struct us_error *err);
void us_text_close(struct us_text *text); /* safe on a zeroed struct */

#endif
