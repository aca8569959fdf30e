/*
 * lexicon_forms.h - the other forms that one row of the lexicon stands for.
 *
 * debate/discuss also stands for debates/discusses, debated/discussed and debating/discussing. In
 * a phrase the head takes the ending: of a verb the first word (cut back, cuts back), of a noun
 * the last word or the one before a preposition (school of thought, schools of thought). A form
 * is only given where both sides have one and the original's is a word that the model knows.
 */
#ifndef UNSPIN_LEXICON_FORMS_H
#define UNSPIN_LEXICON_FORMS_H

#include "inflect.h"
#include "lexicon_source.h"
#include "ngram.h"

#define US_ROW_FORMS 4 /* other forms of a row, at most */

struct us_forms { /* what tells forms; both borrowed */
    const struct us_irregulars *irregulars;
    const struct us_ngram *words;
};

struct us_row_form {
    enum us_form form;
    enum us_pos pos;
    char spun[US_SOURCE_ROOM], original[US_SOURCE_ROOM];
};

/* The other forms of a row that stands in its base form (row->inflects). Returns how many. */
uint32_t us_row_forms(struct us_row_form out[US_ROW_FORMS], const struct us_forms *forms,
                      const struct us_source_row *row);

/*
 * NULL, or what is odd about the form that a row says it stands in: a base row with an inflected
 * word in it, a tagged row whose words cannot be that form.
 */
const char *us_row_form_doubt(const struct us_forms *forms, const struct us_source_row *row);

#endif
