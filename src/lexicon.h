/*
 * lexicon.h - what spinners put for what: phrases of 1 to 6 words on both sides, mapped.
 *
 * The compiled file comes from the tab-separated sources in data/ (lexicon_compile.h;
 * lexicon_file.h has its layout). It is mapped and not looked through when it is opened; each
 * look-up stays inside it, whatever it says. Its table knows each
 * spun phrase and each proper prefix of one, so that a walk over the tokens costs one probe a
 * token: it goes on while there is an entry and ends at the first miss.
 */
#ifndef UNSPIN_LEXICON_H
#define UNSPIN_LEXICON_H

#include "trees.h"
#include "unspin.h"

#include <stdbool.h>

#define US_LEXICON_WORDS 6 /* words in a phrase, at most */

enum us_row_flag {
    US_ROW_ALWAYS = 1 << 0,    /* the spun phrase is wrong English anywhere: "pores and skin" */
    US_ROW_SPUN_ONLY = 1 << 1, /* ordinary English too: only in clearly spun text */
    US_ROW_BOT_ONLY = 1 << 2,  /* only in text of this row's bots */
    US_ROW_SEEN = 1 << 3,      /* seen on real pages (the others: known, or derived) */
    US_ROW_INFLECTED = 1 << 4, /* derived from another row by inflection */
    US_ROW_TAIL = 1 << 5,      /* from a thesaurus: weak */
    US_ROW_NAME = 1 << 6,      /* a proper name: its capitals are its own, and asked for in the text */
    US_ROW_SCHOLARLY = 1 << 7, /* a tortured phrase of scholarly papers */
    US_ROW_AUTHORED = 1 << 8,  /* written from experience of such bots, not seen */
    US_ROW_NEVER = 1 << 9,     /* forbids the swap; in sources only, a compiled file has none */
};

enum us_pos { US_POS_OTHER, US_POS_NOUN, US_POS_VERB, US_POS_ADJ, US_POS_ADV, US_POS_PREP,
              US_POS_CONJ, US_POS_PHRASE, US_POS_NAME };

enum us_form { /* grammatical form of both sides, where one is known */
    US_FORM_BASE, US_FORM_PLURAL, US_FORM_THIRD, US_FORM_PAST, US_FORM_PARTICIPLE, US_FORM_ING,
    US_FORM_COMPARATIVE, US_FORM_SUPERLATIVE, US_FORM_ADVERB
};

enum us_place { /* what a condition asks of the place; where it does not hold the row is weaker */
    US_PLACE_ANY,
    US_PLACE_BEFORE_WORDS, US_PLACE_AFTER_WORDS,   /* one of words[] stands right there */
    US_PLACE_BEFORE_NUMBER, US_PLACE_AFTER_NUMBER,
    US_PLACE_SENTENCE_START, US_PLACE_MID_SENTENCE,
    US_PLACE_BEFORE_COMMA, US_PLACE_NO_COMMA_AFTER,
    US_PLACE_AFTER_DETERMINER, US_PLACE_NO_DETERMINER_BEFORE, /* as a noun; as a verb */
    US_PLACE_NOT_BEFORE_WORDS, US_PLACE_NOT_AFTER_WORDS,      /* none of words[] stands there */
};

struct us_row {           /* as it lies in the file: 44 bytes */
    uint32_t original;    /* offset in strings: words by one space, capitals where the word has them */
    uint32_t spun;        /* likewise; lower case, but for names */
    uint32_t families;    /* bit 0 = A ... bit 25 = Z: bots it was seen with; 0 = unknown */
    uint32_t words;       /* offset in strings of the condition's words, by '|'; 0 = none */
    uint16_t pages;       /* pages seen in, 0 = not seen */
    uint16_t flags;       /* enum us_row_flag */
    uint8_t place;        /* enum us_place */
    uint8_t pos, form;    /* enum us_pos, enum us_form */
    uint8_t original_words;
    uint16_t readings;    /* rows with this spun phrase: how many originals it may have */
    uint16_t swaps;       /* rows with this original: how many swaps a bot may have put */
    uint32_t id;          /* position among all rows; stable within one file */
    uint32_t original_id; /* the same for rows with the same original; below the count of rows */
    uint16_t reading_share; /* of all pages with this spun phrase, those with this original; */
    uint16_t swap_share;    /* of all pages with this original, those with this spun phrase; */
                            /* both in 1/1000, a row not seen counting as a third of a page */
    uint16_t spun_pages;  /* pages on which the spun phrase is itself an original: swapped away */
    int16_t promise;      /* 1/100 of a natural log: odds that it is the truth, before any look at
                           * the place; what is known of the row alone */
};

struct us_lexicon;

int us_lexicon_open(struct us_lexicon **out, const char *path, struct us_error *err);
void us_lexicon_close(struct us_lexicon *lexicon); /* NULL is fine */

uint32_t us_lexicon_rows(const struct us_lexicon *lexicon);
const struct us_row *us_lexicon_row(const struct us_lexicon *lexicon, uint32_t id);
const char *us_lexicon_string(const struct us_lexicon *lexicon, uint32_t offset);

/*
 * Walk a phrase word by word. *state is 0 to begin with. Feeds one more word (lower case, NULs
 * not counted); returns 1 if some entry begins with the words fed so far, else 0. If the words so
 * far are themselves a spun phrase, *rows and *count give its rows, else *count is 0.
 */
int us_lexicon_step(const struct us_lexicon *lexicon, uint64_t *state, const char *word,
                    size_t length, const struct us_row **rows, uint32_t *count);

/* A phrase that begins with the word will soon be walked: start to fetch its entry, or, a while after
 * that, its rows. */
void us_lexicon_announce(const struct us_lexicon *lexicon, const char *word, size_t length, bool rows);

/* Rows of a family of bots, 0 = A. */
uint32_t us_lexicon_family_rows(const struct us_lexicon *lexicon, int family);

/* The trees of data/trees.tsv, sound ones or none. */
const struct us_tree *us_lexicon_trees(const struct us_lexicon *lexicon, uint32_t *count);

/* A number that data/weights.tsv gives by name; fallback if it is not there. */
float us_lexicon_weight(const struct us_lexicon *lexicon, const char *name, float fallback);

#endif
