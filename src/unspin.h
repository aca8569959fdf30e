/*
 * unspin.h - what every module of the core shares: result codes and errors.
 *
 * Data flows one way through the core; each module is usable without those below it:
 *
 *     protect   bytes -> spans that are not prose
 *     text      bytes -> tokens, sentences                       (utf8proc)
 *     ngram     P(word | the words before)                       (mapped, compiled model)
 *     lexicon   what spinners put for what                       (mapped, compiled from data/)
 *     context   which word fits the words around it              (mapped, trained)
 *     lattice   tokens -> readings, weighed by their neighbours
 *     evidence  readings -> probabilities; the article's rate, family, habits
 *     trees     ... of those in doubt, by decision trees over edge_features
 *     surface   a reading as it is written here; spelling: British or American
 *     reason    why, in plain words
 *     restore   all of these: text -> corrections
 *     history   corrections -> git commits                       (libgit2)
 *     lua_unspin.c, lua_history.c  bind all of it; with lua_values.c the only files that know Lua
 *
 * Conventions: out-parameters first; functions that can fail return an enum us_result and, on
 * failure, leave their out-parameters NULL or untouched and one line in *err (which may be NULL).
 * The line says what happened, where, and what to do next. Byte offsets are size_t or uint32_t,
 * 0-based, half-open. Strings that come with a length need not be NUL-terminated.
 */
#ifndef UNSPIN_H
#define UNSPIN_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

enum us_result {
    US_OK = 0,
    US_ENOMEM = -1,  /* out of memory */
    US_EIO = -2,     /* a file could not be opened, read, mapped or written */
    US_EFORMAT = -3, /* a file or text is not what it should be */
    US_EINVAL = -4,  /* an argument is out of range */
    US_ESTATE = -5,  /* the repository or handle is in a state that forbids it */
    US_ELIMIT = -6,  /* a limit set by the caller was reached; results so far are valid */
};

struct us_error {
    int code;          /* the enum us_result that was returned */
    char message[512]; /* one line, UTF-8, NUL-terminated, no full stop at its end */
};

#if defined(__GNUC__)
#define US_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define US_PRINTF(fmt, args)
#endif

/* Fill *err (if not NULL) and return code, so that failures read `return us_fail(err, ...)`. */
int us_fail(struct us_error *err, int code, const char *fmt, ...) US_PRINTF(3, 4);

#ifdef __clang_analyzer__
/* It reads one file at a time: say here what is returned, or it follows ways that are none. */
static inline int us_code(int returned, int code)
{
    (void)returned;
    return code;
}
#define us_fail(err, code, ...) us_code(us_fail((err), (code), __VA_ARGS__), (code))
#endif

/* What all say that restore a text. */
#define us_no_memory(err) us_fail(err, US_ENOMEM, "out of memory restoring the text")

/* The version of the project, "MAJOR.MINOR.PATCH". */
const char *us_version(void);

#endif
