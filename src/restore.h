/*
 * restore.h - from a text to the corrections that restore it: a noisy channel over a lattice.
 *
 * The bot turned the original o into s. The lattice over the tokens holds, beside each token
 * itself, the originals that the lexicon knows for the phrase there; a path's score is the
 * language model's log-probability plus, for each swap undone, the channel's and the context's
 * evidence. Forward-backward over trigram states gives each correction's posterior (Rabiner
 * 1989). The article's rate of spinning and the bot's family are latent and estimated on the
 * article by EM with soft counts, so that clean text is left alone.
 */
#ifndef UNSPIN_RESTORE_H
#define UNSPIN_RESTORE_H

#include "text.h"

#include "context.h"
#include "evidence.h"
#include "lexicon.h"
#include "ngram.h"

enum us_kind {
    US_KIND_SUBSTITUTION, /* one word or phrase for another */
    US_KIND_NAME,         /* a proper name: Wall Avenue */
    US_KIND_NUMBER,       /* p.c, 3 years, seven.1, 1000's */
    US_KIND_CONTRACTION,  /* it'd for it would */
    US_KIND_ARTEFACT,     /* braces, doubled words, damaged words */
    US_KIND_SCHOLARLY,    /* a tortured phrase */
};
const char *us_kind_name(enum us_kind kind); /* "substitution", "name", ... */

struct us_reading { /* what else the place may have said */
    char *text;     /* owned by the corrections */
    float confidence;
};

struct us_correction {
    size_t start, end;    /* bytes of the text, 0-based, half-open; on character boundaries */
    char *replacement;    /* UTF-8, NUL-terminated, owned by the corrections */
    float confidence;     /* posterior, 0 to 1: 0.9 is right nine times in ten */
    enum us_kind kind;
    char *reason;         /* why, in plain words, one line; owned by the corrections */
    struct us_reading *readings; /* the best few, the replacement and the text as it is among them */
    uint32_t reading_count;
};

struct us_corrections {
    struct us_correction *items; /* in order of the text, no two overlap */
    uint32_t count;
    uint32_t words;   /* words looked at */
    float rate;       /* estimated share of words that were swapped, 0 to 1 */
    float spun;       /* probability that the article is spun at all */
    char family;      /* the likeliest bot, 'A'...; 0 if none */
    struct us_article article; /* the same in full, for a check of a part */
    bool english;
    bool cut_short;   /* a limit was reached: what follows limit_at was not looked at */
    size_t limit_at;
};

struct us_except { /* a swap that is not to be undone (again) */
    const char *old, *replacement;
    bool here; /* rejected in this article: never; else, in its repository: less readily */
    const char *article; /* where else: as often as there, it counts once; NULL: it counts by itself */
};

struct us_check_options {
    enum us_format format;
    float threshold; /* least confidence of a correction; < 0: the default, us_restorer_sure() */
    bool readings;   /* fill us_correction.readings */
    const struct us_except *excepts;
    uint32_t except_count;
    const struct us_article *article; /* as an earlier check gave it; NULL: estimated anew */
    size_t from, to; /* look only at what begins within these bytes (to 0: at all) */
    double seconds;  /* give up after so long (0: never) */
    size_t bytes;    /* refuse longer texts (0: no bound) */
    size_t memory;   /* take at most so many bytes of memory, what was opened aside (0: no bound) */
    bool (*stop)(void *data); /* NULL; or asked now and then: true, and the check fails */
    void *data;
};

struct us_restorer;

/*
 * Borrows its parts; they must outlive it. context may be NULL (no such evidence). One restorer
 * serves one thread at a time.
 */
int us_restorer_open(struct us_restorer **out, const struct us_ngram *model,
                     const struct us_lexicon *lexicon, const struct us_context *context,
                     struct us_error *err);
void us_restorer_close(struct us_restorer *restorer);

float us_restorer_sure(const struct us_restorer *restorer); /* applied on save */
float us_restorer_ask(const struct us_restorer *restorer);  /* worth a suggestion */

/* Find the corrections of a text. *out must be closed by us_corrections_close(). Time or memory used
 * up is no failure, see cut_short; US_ELIMIT is for a text that is too long, or a check stopped. */
int us_restorer_check(struct us_corrections *out, struct us_restorer *restorer, const char *text,
                      size_t length, const struct us_check_options *options, struct us_error *err);
void us_corrections_close(struct us_corrections *corrections);

#endif
