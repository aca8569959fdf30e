#include "reason.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
    char text[400];
    size_t length;
};

US_PRINTF(2, 3) static void say(struct line *line, const char *format, ...)
{
    size_t room = sizeof line->text - line->length;
    const char *between = line->length ? "; " : "";
    size_t lead = strlen(between);
    va_list args;
    if (lead >= room)
        return;
    va_start(args, format);
    int length = vsnprintf(line->text + line->length + lead, room - lead, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= room - lead) {
        line->text[line->length] = 0; /* leave out what does not fit whole */
        return;
    }
    memcpy(line->text + line->length, between, lead);
    line->length += lead + (size_t)length;
}

/* "2,000" for 1,870: one digit is all that an odds ratio is good for. A gain is 8 at most. */
static void round_odds(char *out, size_t room, float gain)
{
    unsigned value = (unsigned)expf(gain), unit = 1;
    while (value / unit >= 10)
        unit *= 10;
    value = (value + unit / 2) / unit * unit;
    if (value >= 1000)
        snprintf(out, room, "%u,%03u", value / 1000, value % 1000);
    else
        snprintf(out, room, "%u", value);
}

int us_reason(char **out, const struct us_lattice *lattice, const struct us_lexicon *lexicon,
              const struct us_evidence *evidence, uint32_t index, struct us_error *err)
{
    const struct us_edge *edge = &lattice->edges[index];
    float f[US_FEATURES_TREES];
    us_evidence_features(f, evidence, lattice, index);
    struct line line = {0};
    if (edge->row) {
        const char *spun = us_lexicon_string(lexicon, edge->row->spun);
        const char *original = us_lexicon_string(lexicon, edge->row->original);
        if (f[US_FEATURE_DETERMINER_FOR] > 0)
            say(&line, "the article left before it fits “%s”, not “%s”", original, spun);
        if (f[US_FEATURE_ALWAYS] > 0)
            say(&line, "“%s” is hardly ever right", spun);
        if (f[US_FEATURE_GAIN] > 1) {
            char odds[32];
            round_odds(odds, sizeof odds, f[US_FEATURE_GAIN]);
            say(&line, "between these words “%s” is %s times likelier", original, odds);
        }
        if (f[US_FEATURE_CONTEXT] > 1)
            say(&line, "it fits the rest of the sentence better");
        if (f[US_FEATURE_REPEATED] > 0.4f)
            say(&line, "the same swap stands elsewhere in the article");
        if (edge->row->pages > 1)
            say(&line, "seen on %u spun pages", (unsigned)edge->row->pages);
    } else {
        say(&line, "%s", edge->origin == US_EDGE_DOUBLED   ? "the word stands twice"
                         : edge->origin == US_EDGE_DECIMAL ? "a number half in words"
                                                           : "braces of a spinner's own syntax");
    }
    if (evidence->density > 0.01f && evidence->whole.swaps >= 2)
        say(&line, evidence->density > 0.05f && evidence->whole.swaps >= 6
                       ? "many other words of this article were swapped"
                       : "other words of this article were swapped");
    if (!line.length)
        say(&line, "likelier than not, from many small signs");
    *out = malloc(line.length + 1);
    if (!*out)
        return us_fail(err, US_ENOMEM, "out of memory writing a correction");
    memcpy(*out, line.text, line.length + 1);
    return US_OK;
}
