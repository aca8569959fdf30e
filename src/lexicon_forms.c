#include "lexicon_forms.h"

#include <stdio.h>
#include <string.h>

/* The word of a phrase that takes the ending. */
struct head {
    size_t start, length;
    char word[US_WORD_ROOM];
};

static bool is_preposition(const char *word, size_t length)
{
    static const char *const words[] = {"of", "in", "for", "to", "on", "at", "with", "from", "by"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
            return true;
    return false;
}

static bool find_head(struct head *head, const char *phrase, enum us_pos pos)
{
    size_t start = 0, length = strcspn(phrase, " ");
    if (pos == US_POS_ADJ && phrase[length])
        return false;
    while (pos == US_POS_NOUN && phrase[start + length]) {
        size_t next = start + length + 1, next_length = strcspn(phrase + next, " ");
        if (is_preposition(phrase + next, next_length))
            break;
        start = next;
        length = next_length;
    }
    if (length >= US_WORD_ROOM)
        return false;
    *head = (struct head){.start = start, .length = length};
    memcpy(head->word, phrase + start, length);
    return true;
}

static bool put_head(char out[US_SOURCE_ROOM], const char *phrase, const struct head *head,
                     const char *word)
{
    int length = snprintf(out, US_SOURCE_ROOM, "%.*s%s%s", (int)head->start, phrase, word,
                          phrase + head->start + head->length);
    return length > 0 && length < US_SOURCE_ROOM;
}

static bool is_known(const struct us_forms *forms, const char *word)
{
    return us_ngram_id(forms->words, word, strlen(word)) != US_NGRAM_UNKNOWN;
}

/* Adverbs in -ly that mean something else than their adjectives. */
static bool is_misleading(const char *adverb)
{
    static const char *const words[] = {"hardly", "lately", "nearly", "highly", "shortly",
                                        "barely", "fairly", "justly", "mostly", "presently",
                                        "scarcely", "simply", "merely", "only", "likely",
                                        "evenly", "namely", "early", "goodly", "sorely"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(adverb, words[i]) == 0)
            return true;
    return false;
}

/* Verbs have every form; of nouns and adjectives the model's vocabulary knows. */
static bool make_form(char out[US_WORD_ROOM], const struct us_forms *forms, const char *base,
                      enum us_pos pos, enum us_form form, bool must_be_known)
{
    return us_inflect(out, forms->irregulars, base, pos, form) &&
           (!must_be_known || is_known(forms, out)) &&
           !(form == US_FORM_ADVERB && is_misleading(out));
}

static const enum us_form other_forms[][US_ROW_FORMS + 1] = {
    [US_POS_NOUN] = {US_FORM_PLURAL},
    [US_POS_VERB] = {US_FORM_THIRD, US_FORM_PAST, US_FORM_PARTICIPLE, US_FORM_ING},
    [US_POS_ADJ] = {US_FORM_COMPARATIVE, US_FORM_SUPERLATIVE, US_FORM_ADVERB}};

/* A word that looks like some other form than the base of its part of speech: "walls", "told". */
static bool looks_inflected(const struct us_forms *forms, const char *word, enum us_pos pos)
{
    char bases[8][US_WORD_ROOM], made[US_WORD_ROOM];
    if (pos == US_POS_ADJ || us_is_irregular(forms->irregulars, word, pos))
        return false; /* "former" is no comparative, "found" is a base too */
    for (int i = 0; other_forms[pos][i]; i++) {
        enum us_form form = other_forms[pos][i];
        uint32_t count = us_bases(bases, 8, forms->irregulars, word, pos, form);
        for (uint32_t k = 0; k < count; k++)
            if (strlen(bases[k]) > 1 && strcmp(bases[k], word) != 0 && is_known(forms, bases[k]))
                goto base_too;
    }
    return false;
base_too: /* "need" is no past of "nee", "wound" no mere past of "wind": they take endings */
    return !(pos == US_POS_VERB
                 ? us_inflect(made, forms->irregulars, word, pos, US_FORM_ING)
                 : us_inflect(made, forms->irregulars, word, pos, other_forms[pos][0])) ||
           !is_known(forms, made);
}

uint32_t us_row_forms(struct us_row_form out[US_ROW_FORMS], const struct us_forms *forms,
                      const struct us_source_row *row)
{
    enum us_pos pos = (enum us_pos)row->pos;
    struct head spun, original;
    uint32_t count = 0;
    if (!row->inflects || !find_head(&spun, row->spun, pos) ||
        !find_head(&original, row->original, pos) || looks_inflected(forms, spun.word, pos) ||
        looks_inflected(forms, original.word, pos))
        return 0;
    for (int i = 0; other_forms[pos][i]; i++) {
        char spun_word[US_WORD_ROOM], original_word[US_WORD_ROOM];
        struct us_row_form *made = &out[count];
        made->form = other_forms[pos][i];
        made->pos = made->form == US_FORM_ADVERB ? US_POS_ADV : pos;
        if (make_form(spun_word, forms, spun.word, pos, made->form, pos == US_POS_ADJ) &&
            make_form(original_word, forms, original.word, pos, made->form, true) &&
            put_head(made->spun, row->spun, &spun, spun_word) &&
            put_head(made->original, row->original, &original, original_word) &&
            strcmp(made->spun, made->original) != 0)
            count++;
    }
    return count;
}

static bool can_be(const struct us_forms *forms, const char *word, enum us_pos pos,
                   enum us_form form)
{
    char bases[1][US_WORD_ROOM];
    return us_bases(bases, 1, forms->irregulars, word, pos, form) > 0;
}

const char *us_row_form_doubt(const struct us_forms *forms, const struct us_source_row *row)
{
    enum us_pos pos = (enum us_pos)row->pos;
    enum us_form form = (enum us_form)row->form;
    struct head spun, original;
    if (pos != US_POS_NOUN && pos != US_POS_VERB && pos != US_POS_ADJ)
        return row->form == US_FORM_BASE ? NULL : "has no forms";
    if (!find_head(&spun, row->spun, pos) || !find_head(&original, row->original, pos))
        return NULL;
    if (row->inflects)
        return looks_inflected(forms, spun.word, pos) || looks_inflected(forms, original.word, pos)
                   ? "is not in its base form"
                   : NULL;
    return form == US_FORM_BASE || can_be(forms, spun.word, pos, form) ||
                   can_be(forms, original.word, pos, form)
               ? NULL
               : "cannot be that form";
}
