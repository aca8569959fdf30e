/*
 * train_context - train the context model (context.h) and measure it on text kept aside.
 *
 *     train_context LEXICON VECTORS MODEL TRAIN... -- TEST...
 *
 * LEXICON is the compiled lexicon, VECTORS the word vectors to start from (train_text.h), TRAIN
 * and TEST are plain text. What is learned is P(phrase | surroundings), by telling the phrase that
 * stands somewhere from those that the lexicon confuses it with, and from random ones. The
 * confusables are the phrase that a bot may have left there and all its originals; which of them
 * it was is drawn, and its probability is taken out of the score (`log_sets`), so that the model
 * need not learn how many rows the lexicon has. Three articles in four are spun on purpose first, up to
 * one word in three: surroundings look like that when it matters.
 *
 * Stochastic gradient descent with a step of its own for each number (AdaGrad, Duchi et al. 2011).
 * The same input gives the same model.
 */
#include "train_text.h"

#include "context_file.h"
#include "lexicon.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    D = US_CONTEXT_DIMENSIONS,
    WINDOW = US_CONTEXT_WINDOW,
    PHRASE_WORDS = 6,
    CANDIDATES = 24, /* at most, for one gap */
    NOISE = 10,      /* random candidates */
    PASSES = 2,
    SEEN_WORD = 12,  /* least occurrences of a word, of a phrase */
    SEEN_PHRASE = 12,
    FILE_LIMIT = 3980000, /* bytes */
    PHRASE_SHARE = 55,    /* of it, in percent */
    WORD_SIZE = 4 + 1 + 1 + US_CONTEXT_VECTOR_SIZE, /* in the file, as context_file.h has it */
    PHRASE_SIZE = 4 + 2 + 1 + US_CONTEXT_VECTOR_SIZE,
};

static const float spun_most = 0.35f;    /* share of words replaced on purpose, at most */
static const float clean_share = 0.3f;   /* of articles, left as they are */
static const float noise_share = 0.05f;  /* of the gaps, compared to random phrases */
static const double frequent = 2e-4;     /* gaps oftener than this are thinned out */
static const float first_step = 0.1f, last_step = 0.03f;
static const float bag_weight = 1, article_weight = 3;

static uint64_t random_state = 88172645463325252u;

static uint32_t draw(uint32_t below) /* xorshift64 (Marsaglia 2003) */
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) * below >> 32);
}

static float draw_share(void)
{
    return (float)draw(1u << 24) / (float)(1u << 24);
}

/* ---- what is confused with what ----------------------------------------------------------- */

struct phrase { /* a side of the lexicon's rows */
    uint32_t words[PHRASE_WORDS], length; /* 0 words: longer than that */
    uint32_t next;                        /* phrase with the same first word */
    uint32_t count;                       /* in the training text */
    uint32_t *originals, original_count;
    uint32_t *swaps, swap_count;
    uint32_t bot_count;                   /* of the swaps: the first, which bots are known to use */
    uint32_t sets;  /* sets of confusables that it is in: one for each swap, one if itself is one */
    float log_sets;
    float keep;     /* share of the gaps kept whose confusables are those of this one */
    uint32_t id;    /* in the model */
};

struct task {
    struct strings words, names; /* single words; phrases */
    struct phrase *phrases;
    uint32_t *first;        /* by word: a phrase that begins with it */
    uint32_t *word_counts;
    uint32_t *word_ids;     /* by word: id in the model */
    uint32_t *noise, noise_count; /* phrases of one word, each as often as it is frequent */
    struct corpus train, test;
};

struct model {
    uint32_t words, phrases;
    uint32_t *word_of, *phrase_of; /* by id: word, phrase */
    uint32_t other, begin, end;
    float *in, *out, *bias, *places;   /* [words][D] [phrases][D] [phrases] [PLACES][D] */
    float *in_squares, *out_squares, *bias_squares, *places_squares; /* sums of squared gradients */
    float *weight;                     /* [words] in a bag */
};

static void link_to(uint32_t **list, uint32_t *count, uint32_t phrase)
{
    for (uint32_t i = 0; i < *count; i++)
        if ((*list)[i] == phrase)
            return;
    *list = room(*list, *count + 1, sizeof **list);
    (*list)[(*count)++] = phrase;
}

static uint32_t add_name(struct task *task, const char *string)
{
    char lower[256];
    size_t length = 0;
    for (; string[length] && length < sizeof lower; length++)
        lower[length] = (char)tolower((unsigned char)string[length]);
    return strings_add(&task->names, lower, length);
}

static void read_lexicon(struct task *task, const char *path)
{
    struct us_lexicon *lexicon;
    struct us_error err;
    if (us_lexicon_open(&lexicon, path, &err) != US_OK)
        die("%s", err.message);
    uint32_t rows = us_lexicon_rows(lexicon);
    uint32_t(*sides)[2] = zeroed(rows, sizeof *sides);
    for (uint32_t i = 0; i < rows; i++) {
        const struct us_row *row = us_lexicon_row(lexicon, i);
        sides[i][0] = add_name(task, us_lexicon_string(lexicon, row->spun));
        sides[i][1] = add_name(task, us_lexicon_string(lexicon, row->original));
    }
    task->phrases = zeroed(task->names.count, sizeof *task->phrases);
    for (uint32_t i = 0; i < 2 * rows; i++) { /* rows from a thesaurus last */
        const uint32_t *side = sides[i % rows];
        struct phrase *spun = &task->phrases[side[0]], *original = &task->phrases[side[1]];
        bool tail = us_lexicon_row(lexicon, i % rows)->flags & US_ROW_TAIL;
        if (spun == original || tail != (i >= rows))
            continue;
        link_to(&spun->originals, &spun->original_count, side[1]);
        link_to(&original->swaps, &original->swap_count, side[0]);
        if (!tail)
            original->bot_count = original->swap_count;
    }
    free(sides);
    us_lexicon_close(lexicon);
}

static bool stands_at(const struct phrase *phrase, const uint32_t *words, size_t left)
{
    return phrase->length && phrase->length <= left &&
           memcmp(phrase->words, words, phrase->length * sizeof *words) == 0;
}

/* Spell the phrases in words, count both. */
static void count(struct task *task)
{
    for (uint32_t i = 0; i < task->names.count; i++) {
        struct phrase *phrase = &task->phrases[i];
        for (const char *at = task->names.at[i]; *at;) {
            size_t length = strcspn(at, " ");
            if (phrase->length == PHRASE_WORDS) {
                phrase->length = 0;
                break;
            }
            phrase->words[phrase->length++] = strings_add(&task->words, at, length);
            at += length + (at[length] == ' ');
        }
        phrase->sets = phrase->swap_count + (phrase->original_count > 0);
        phrase->log_sets = phrase->sets ? logf((float)phrase->sets) : 0;
        phrase->id = NONE;
    }
    const char *special[] = {US_CONTEXT_OTHER, US_CONTEXT_NUMBER, US_CONTEXT_OPAQUE,
                             US_CONTEXT_BEGIN, US_CONTEXT_END};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        strings_add(&task->words, special[i], strlen(special[i]));

    task->first = room(NULL, task->words.count, sizeof *task->first);
    memset(task->first, 0xff, task->words.count * sizeof *task->first);
    for (uint32_t i = 0; i < task->names.count; i++) {
        struct phrase *phrase = &task->phrases[i];
        if (!phrase->length)
            continue;
        phrase->next = task->first[phrase->words[0]];
        task->first[phrase->words[0]] = i;
    }
    task->word_counts = zeroed(task->words.count, sizeof *task->word_counts);
    const struct corpus *text = &task->train;
    for (size_t s = 0; s < text->sentence_count; s++)
        for (uint32_t i = text->sentences[s], end = text->sentences[s + 1]; i < end; i++) {
            task->word_counts[text->words[i]]++;
            for (uint32_t p = task->first[text->words[i]]; p != NONE; p = task->phrases[p].next)
                if (stands_at(&task->phrases[p], text->words + i, end - i))
                    task->phrases[p].count++;
        }
    for (uint32_t i = 0; i < task->names.count; i++) {
        struct phrase *spun = &task->phrases[i];
        double gaps = spun->sets ? (double)spun->count / spun->sets : 0;
        for (uint32_t k = 0; k < spun->original_count; k++) {
            const struct phrase *original = &task->phrases[spun->originals[k]];
            gaps += (double)original->count / original->sets;
        }
        double share = gaps / (double)text->word_count;
        spun->keep = share < frequent ? 1 : (float)sqrt(frequent / share);
    }
}

/* ---- the model at its start --------------------------------------------------------------- */

static const uint32_t *sort_counts;

static int by_count(const void *a, const void *b)
{
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    if (sort_counts[i] != sort_counts[k])
        return sort_counts[i] > sort_counts[k] ? -1 : 1;
    return i < k ? -1 : i > k;
}

/*
 * The most frequent phrases that are seen often enough and fill PHRASE_SHARE of the file, and the
 * most frequent words that it still has room for.
 */
static void choose(struct model *model, struct task *task)
{
    model->phrase_of = room(NULL, task->names.count, sizeof *model->phrase_of);
    uint32_t *counts = zeroed(task->names.count, sizeof *counts);
    for (uint32_t i = 0; i < task->names.count; i++)
        if (task->phrases[i].sets && task->phrases[i].count >= SEEN_PHRASE) {
            counts[i] = task->phrases[i].count;
            model->phrase_of[model->phrases++] = i;
        }
    sort_counts = counts;
    qsort(model->phrase_of, model->phrases, sizeof *model->phrase_of, by_count);
    const uint32_t most_phrases = FILE_LIMIT / 100 * PHRASE_SHARE / PHRASE_SIZE;
    if (model->phrases > most_phrases)
        model->phrases = most_phrases;
    for (uint32_t i = 0; i < model->phrases; i++)
        task->phrases[model->phrase_of[i]].id = i;
    free(counts);
    size_t left = FILE_LIMIT - sizeof(struct us_context_header) -
                  sizeof(float) * US_CONTEXT_PLACES * D - (size_t)model->phrases * PHRASE_SIZE;
    uint32_t most = (uint32_t)(left / WORD_SIZE);

    struct { const char *name; uint32_t *id; } special[] = {
        {US_CONTEXT_OTHER, &model->other}, {US_CONTEXT_BEGIN, &model->begin},
        {US_CONTEXT_END, &model->end}, {US_CONTEXT_NUMBER, NULL}, {US_CONTEXT_OPAQUE, NULL}};
    uint32_t *order = room(NULL, task->words.count, sizeof *order);
    for (uint32_t i = 0; i < task->words.count; i++)
        order[i] = i;
    task->word_ids = room(NULL, task->words.count, sizeof *task->word_ids);
    memset(task->word_ids, 0xff, task->words.count * sizeof *task->word_ids);
    model->word_of = room(NULL, task->words.count, sizeof *model->word_of);
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        uint32_t word = strings_find(&task->words, special[i].name, strlen(special[i].name));
        if (special[i].id)
            *special[i].id = model->words;
        task->word_ids[word] = model->words;
        model->word_of[model->words++] = word;
    }
    sort_counts = task->word_counts;
    qsort(order, task->words.count, sizeof *order, by_count);
    for (uint32_t i = 0; i < task->words.count; i++) {
        uint32_t *id = &task->word_ids[order[i]];
        if (*id != NONE)
            continue;
        *id = model->other;
        if (model->words < most && task->word_counts[order[i]] >= SEEN_WORD) {
            *id = model->words;
            model->word_of[model->words++] = order[i];
        }
    }
    free(order);
}

static float *filled(size_t numbers, float value)
{
    float *array = room(NULL, numbers, sizeof *array);
    for (size_t i = 0; i < numbers; i++)
        array[i] = value;
    return array;
}

static void start(struct model *model, struct task *task, const char *vectors_path)
{
    float *vectors = vectors_read(&task->words, vectors_path, D);
    size_t in = (size_t)model->words * D, out = (size_t)model->phrases * D;
    model->in = zeroed(in, sizeof(float));
    model->out = zeroed(out, sizeof(float));
    model->bias = zeroed(model->phrases, sizeof(float));
    model->weight = zeroed(model->words, sizeof(float));
    model->places = zeroed((size_t)US_CONTEXT_PLACES * D, sizeof(float));
    model->in_squares = filled(in, 0.1f);
    model->out_squares = filled(out, 0.1f);
    model->bias_squares = filled(model->phrases, 0.1f);
    model->places_squares = filled((size_t)US_CONTEXT_PLACES * D, 0.1f);

    double text = (double)task->train.word_count;
    for (uint32_t i = 0; i < model->words; i++) {
        const float *vector = vectors + (size_t)model->word_of[i] * D;
        const char *word = task->words.at[model->word_of[i]];
        for (int d = 0; d < D; d++)
            model->in[(size_t)i * D + (size_t)d] = 0.5f * vector[d] + 0.05f * (draw_share() - 0.5f);
        if (*word != '<') /* smooth inverse frequency (Arora et al. 2017) */
            model->weight[i] = (float)(1 / (1 + task->word_counts[model->word_of[i]] / text / 1e-4));
    }
    for (uint32_t i = 0; i < model->phrases; i++) {
        const struct phrase *phrase = &task->phrases[model->phrase_of[i]];
        float *vector = model->out + (size_t)i * D;
        for (uint32_t k = 0; k < phrase->length; k++)
            for (int d = 0; d < D; d++)
                vector[d] += 0.3f / (float)phrase->length *
                             vectors[(size_t)phrase->words[k] * D + (size_t)d];
        for (int d = 0; d < D; d++)
            vector[d] += 0.02f * (draw_share() - 0.5f);
        model->bias[i] = (float)log(phrase->count / text);
    }
    for (uint32_t d = 0; d < D; d++) {
        for (uint32_t i = 0; i < WINDOW; i++)
            model->places[i * D + d] = model->places[(US_CONTEXT_RIGHT + i) * D + d] =
                0.2f / (float)(1 + i);
        model->places[US_CONTEXT_SENTENCE * D + d] = 0.3f;
        model->places[US_CONTEXT_ARTICLE * D + d] = 0.1f;
    }
    free(vectors);

    for (uint32_t i = 0; i < model->phrases; i++) {
        const struct phrase *phrase = &task->phrases[model->phrase_of[i]];
        for (uint32_t k = 0; phrase->length == 1 && k <= phrase->count / 8; k++) {
            if ((task->noise_count & (task->noise_count + 1)) == 0)
                task->noise = room(task->noise, 2 * (size_t)task->noise_count + 2,
                                   sizeof *task->noise);
            task->noise[task->noise_count++] = model->phrase_of[i];
        }
    }
}

/* ---- one gap ------------------------------------------------------------------------------ */

struct bag {
    float sum[D], weight;
};

static void bag_add(struct bag *bag, const struct model *model, uint32_t word, float sign)
{
    float weight = sign * model->weight[word];
    bag->weight += weight;
    for (int d = 0; d < D; d++)
        bag->sum[d] += weight * model->in[(size_t)word * D + (size_t)d];
}

struct gap {
    uint32_t words[2 * WINDOW]; /* ids by place; NONE past the sentence's end */
    struct bag sentence, article;
    const struct phrase *candidates[CANDIDATES]; /* the first is the truth */
    float prior[CANDIDATES];                     /* ln of its chance to be among them */
    uint32_t count;
};

static void descend(float *value, float *squares, float gradient, float step)
{
    *squares += gradient * gradient;
    *value -= step * gradient / sqrtf(*squares);
}

static void predict(float *hidden, const struct model *model, const struct gap *gap)
{
    const float *places = model->places;
    float share = 1 / (gap->sentence.weight + bag_weight);
    float article_share = 1 / (gap->article.weight + article_weight);
    for (int d = 0; d < D; d++)
        hidden[d] = places[US_CONTEXT_CONSTANT * D + d] +
                    places[US_CONTEXT_SENTENCE * D + d] * share * gap->sentence.sum[d] +
                    places[US_CONTEXT_ARTICLE * D + d] * article_share * gap->article.sum[d];
    for (int i = 0; i < 2 * WINDOW; i++)
        for (int d = 0; gap->words[i] != NONE && d < D; d++)
            hidden[d] += places[i * D + d] * model->in[(size_t)gap->words[i] * D + (size_t)d];
}

static void pass_back(struct model *model, const struct gap *gap, const float *back, float step)
{
    for (int i = 0; i < 2 * WINDOW; i++) {
        if (gap->words[i] == NONE)
            continue;
        size_t at = (size_t)gap->words[i] * D;
        for (int d = 0; d < D; d++) {
            float in = model->in[at + (size_t)d];
            descend(&model->in[at + (size_t)d], &model->in_squares[at + (size_t)d],
                    back[d] * model->places[i * D + d], step);
            descend(&model->places[i * D + d], &model->places_squares[i * D + d], back[d] * in,
                    step);
        }
    }
    float share = 1 / (gap->sentence.weight + bag_weight);
    float article_share = 1 / (gap->article.weight + article_weight);
    for (int d = 0; d < D; d++) {
        int sentence = US_CONTEXT_SENTENCE * D + d, article = US_CONTEXT_ARTICLE * D + d,
            constant = US_CONTEXT_CONSTANT * D + d;
        descend(&model->places[sentence], &model->places_squares[sentence],
                back[d] * share * gap->sentence.sum[d], step);
        descend(&model->places[article], &model->places_squares[article],
                back[d] * article_share * gap->article.sum[d], step);
        descend(&model->places[constant], &model->places_squares[constant], back[d], step);
    }
}

/* -ln P(truth); *best: is it the likeliest? Learns if step > 0. */
static double learn(bool *best, struct model *model, const struct gap *gap, float step)
{
    float hidden[D], back[D] = {0}, score[CANDIDATES] = {0}, most = -INFINITY, sum = 0;
    predict(hidden, model, gap);
    for (uint32_t c = 0; c < gap->count; c++) {
        const float *out = model->out + (size_t)gap->candidates[c]->id * D;
        score[c] = model->bias[gap->candidates[c]->id] - gap->prior[c];
        for (int d = 0; d < D; d++)
            score[c] += out[d] * hidden[d];
        most = score[c] > most ? score[c] : most;
    }
    *best = score[0] >= most;
    for (uint32_t c = 0; c < gap->count; c++)
        sum += expf(score[c] - most);
    double loss = logf(sum) + most - score[0];
    if (step <= 0)
        return loss;
    for (uint32_t c = 0; c < gap->count; c++) {
        float gradient = expf(score[c] - most) / sum - (c == 0);
        if (fabsf(gradient) < 1e-4f)
            continue;
        uint32_t id = gap->candidates[c]->id;
        float *out = model->out + (size_t)id * D, *squares = model->out_squares + (size_t)id * D;
        for (int d = 0; d < D; d++) {
            back[d] += gradient * out[d];
            descend(&out[d], &squares[d], gradient * hidden[d], step);
        }
        descend(&model->bias[id], &model->bias_squares[id], gradient, step);
    }
    pass_back(model, gap, back, step);
    return loss;
}

/* ---- an article, spun on purpose ---------------------------------------------------------- */

struct article { /* in ids of the model */
    uint32_t *words, *sentences, word_count;
    uint32_t *place; /* by word of the original: where it came to stand; NONE inside a swap */
    size_t room;
};

/* Longest phrase that a bot swaps and that stands at words. */
static const struct phrase *swappable(const struct task *task, const uint32_t *words, size_t left)
{
    const struct phrase *best = NULL;
    for (uint32_t p = task->first[words[0]]; p != NONE; p = task->phrases[p].next) {
        const struct phrase *phrase = &task->phrases[p];
        if (phrase->bot_count && (!best || phrase->length > best->length) &&
            stands_at(phrase, words, left))
            best = phrase;
    }
    return best;
}

/* Spin one article of a corpus: mostly one swap for each original, as one bot does. */
static void spin(struct article *out, const struct task *task, const struct corpus *corpus,
                 size_t document)
{
    uint32_t s = corpus->documents[document], last = corpus->documents[document + 1];
    size_t length = corpus->sentences[last] - corpus->sentences[s];
    if (length * PHRASE_WORDS >= out->room) {
        out->room = 2 * length * PHRASE_WORDS + 1;
        out->words = room(out->words, out->room, sizeof *out->words);
        out->sentences = room(out->sentences, out->room, sizeof *out->sentences);
        out->place = room(out->place, out->room, sizeof *out->place);
    }
    float rate = draw_share() < clean_share ? 0 : draw_share() * spun_most;
    uint32_t bot = draw(NONE), base = corpus->sentences[s];
    out->word_count = 0;
    for (uint32_t n = 0; s < last; s++, n++) {
        out->sentences[n] = out->word_count;
        out->sentences[n + 1] = out->word_count;
        for (uint32_t i = corpus->sentences[s], end = corpus->sentences[s + 1]; i < end;) {
            const uint32_t *words = corpus->words + i;
            const struct phrase *original =
                rate > 0 && draw_share() < 1.5f * rate ? swappable(task, words, end - i) : NULL;
            out->place[i - base] = out->word_count;
            if (!original) {
                out->words[out->word_count++] = task->word_ids[*words];
                i++;
                continue;
            }
            uint32_t choice = draw_share() < 0.8f
                                  ? (bot ^ (uint32_t)(original - task->phrases)) * 2654435761u >> 8
                                  : draw(1u << 24);
            const struct phrase *swap =
                &task->phrases[original->swaps[choice % original->bot_count]];
            for (uint32_t k = 0; k < swap->length; k++)
                out->words[out->word_count++] = task->word_ids[swap->words[k]];
            for (uint32_t k = 1; k < original->length; k++)
                out->place[i - base + k] = NONE;
            i += original->length;
        }
        out->sentences[n + 1] = out->word_count;
    }
    out->place[corpus->sentences[last] - base] = out->word_count;
}

/* ---- gaps of an article ------------------------------------------------------------------- */

static bool add_candidate(struct gap *gap, const struct phrase *phrase, float prior)
{
    if (phrase->id == NONE || gap->count == CANDIDATES)
        return false;
    for (uint32_t i = 0; i < gap->count; i++)
        if (gap->candidates[i] == phrase)
            return false;
    gap->candidates[gap->count] = phrase;
    gap->prior[gap->count++] = prior;
    return true;
}

/* Draw what the truth is to be told from; false: leave this gap out. */
static bool draw_confusables(struct gap *gap, const struct task *task, const struct phrase *truth)
{
    uint32_t pick = draw(truth->sets);
    const struct phrase *spun = pick < truth->swap_count
                                    ? &task->phrases[truth->swaps[pick]] : truth;
    if (draw_share() >= spun->keep)
        return false;
    add_candidate(gap, truth, truth->log_sets);
    add_candidate(gap, spun, spun->log_sets);
    uint32_t from = draw(spun->original_count);
    for (uint32_t i = 0; i < spun->original_count; i++) {
        const struct phrase *original =
            &task->phrases[spun->originals[(from + i) % spun->original_count]];
        add_candidate(gap, original, original->log_sets);
    }
    return gap->count > 1;
}

static bool draw_noise(struct gap *gap, const struct task *task, const struct phrase *truth)
{
    if (truth->length > 1)
        return false;
    add_candidate(gap, truth, logf((float)truth->count));
    for (int i = 0; i < NOISE; i++) {
        const struct phrase *noise = &task->phrases[task->noise[draw(task->noise_count)]];
        add_candidate(gap, noise, logf((float)noise->count));
    }
    return true;
}

static void surround(struct gap *gap, const struct model *model, const struct article *article,
                     uint32_t sentence, uint32_t start, uint32_t end)
{
    uint32_t first = article->sentences[sentence], last = article->sentences[sentence + 1];
    for (uint32_t i = 0; i < WINDOW; i++) {
        gap->words[i] = start > first + i ? article->words[start - 1 - i]
                                          : start == first + i ? model->begin : NONE;
        gap->words[US_CONTEXT_RIGHT + i] = end + i < last ? article->words[end + i]
                                                          : end + i == last ? model->end : NONE;
    }
    for (uint32_t i = start; i < end; i++)
        bag_add(&gap->sentence, model, article->words[i], -1);
}

struct tally {
    double loss;
    size_t gaps, right;
};

/* Learn from (step > 0) or measure on one article. */
static void visit(struct tally *tally, struct model *model, const struct task *task,
                  const struct corpus *corpus, size_t document, const struct article *article,
                  float step)
{
    uint32_t first = corpus->documents[document], base = corpus->sentences[first];
    struct bag all = {0};
    for (uint32_t i = 0; i < article->word_count; i++)
        bag_add(&all, model, article->words[i], 1);
    for (uint32_t s = first; s < corpus->documents[document + 1]; s++) {
        struct bag own = {0}, rest = all;
        for (uint32_t i = article->sentences[s - first]; i < article->sentences[s - first + 1]; i++)
            bag_add(&own, model, article->words[i], 1);
        rest.weight -= own.weight;
        for (int d = 0; d < D; d++)
            rest.sum[d] -= own.sum[d];
        for (uint32_t i = corpus->sentences[s], end = corpus->sentences[s + 1]; i < end; i++) {
            uint32_t place = article->place[i - base];
            if (place == NONE)
                continue;
            for (uint32_t p = task->first[corpus->words[i]]; p != NONE;
                 p = task->phrases[p].next) {
                const struct phrase *truth = &task->phrases[p];
                if (truth->id == NONE || !stands_at(truth, corpus->words + i, end - i) ||
                    article->place[i + truth->length - base] == NONE)
                    continue;
                struct gap gap;
                gap.count = 0;
                bool noise = step > 0 && draw_share() < noise_share;
                if (!(noise ? draw_noise : draw_confusables)(&gap, task, truth))
                    continue;
                gap.sentence = own;
                gap.article = rest;
                surround(&gap, model, article, s - first, place,
                         article->place[i + truth->length - base]);
                bool best;
                double loss = learn(&best, model, &gap, step);
                if (!noise) {
                    tally->loss += loss;
                    tally->right += best;
                    tally->gaps++;
                }
            }
        }
    }
}

static void pass(struct tally *tally, struct model *model, const struct task *task,
                 const struct corpus *corpus, float from_step, float to_step)
{
    struct article article = {0};
    uint32_t *order = room(NULL, corpus->document_count, sizeof *order);
    for (uint32_t i = 0; i < corpus->document_count; i++) {
        uint32_t k = draw(i + 1);
        order[i] = order[k];
        order[k] = i;
    }
    *tally = (struct tally){0};
    for (uint32_t i = 0; i < corpus->document_count; i++) {
        float done = (float)i / (float)corpus->document_count;
        spin(&article, task, corpus, order[i]);
        visit(tally, model, task, corpus, order[i], &article,
              from_step + (to_step - from_step) * done);
    }
    free(order);
    free(article.words);
    free(article.sentences);
    free(article.place);
}

static void report(const char *what, const struct tally *tally)
{
    printf("%s: %zu gaps, loss %.4f, right %.4f\n", what, tally->gaps,
           tally->loss / (double)tally->gaps, (double)tally->right / (double)tally->gaps);
    fflush(stdout);
}

/* ---- the file ----------------------------------------------------------------------------- */

struct keyed {
    uint32_t hash, id;
};

static int by_hash(const void *a, const void *b)
{
    uint32_t x = ((const struct keyed *)a)->hash, y = ((const struct keyed *)b)->hash;
    return x < y ? -1 : x > y;
}

static struct keyed *sorted(const struct strings *strings, const uint32_t *of, uint32_t number)
{
    struct keyed *keys = zeroed(number, sizeof *keys);
    for (uint32_t i = 0; i < number; i++) {
        const char *string = strings->at[of[i]];
        keys[i] = (struct keyed){us_context_hash(string, strlen(string)), i};
    }
    qsort(keys, number, sizeof *keys, by_hash);
    for (uint32_t i = 1; i < number; i++)
        if (keys[i].hash == keys[i - 1].hash)
            die("\"%s\" and \"%s\" have one hash; drop one of them",
                strings->at[of[keys[i].id]], strings->at[of[keys[i - 1].id]]);
    return keys;
}

/* Per dimension: the usual size of its numbers, what they are counted in. */
static void scales(float *scale, const float *vectors, uint32_t number)
{
    for (uint32_t d = 0; d < D; d++) {
        double squares = 0;
        for (uint32_t i = 0; i < number; i++)
            squares += (double)vectors[(size_t)i * D + d] * vectors[(size_t)i * D + d];
        scale[d] = (float)sqrt(squares / number);
    }
}

static float quantize(float value, float scale, float most)
{
    float steps = roundf(value / scale);
    return steps > most ? most : steps < -most ? -most : steps;
}

static void put(FILE *file, const void *data, size_t size)
{
    if (fwrite(data, 1, size, file) != size)
        die("cannot write the model");
}

/* A vector in steps -7 to 7; its error squared. */
static float in_steps(int8_t *steps, const float *vector, float step)
{
    float error = 0;
    for (uint32_t d = 0; d < D; d++) {
        float number = quantize(vector[d], step, 7), off = vector[d] - number * step;
        steps[d] = (int8_t)number;
        error += off * off;
    }
    return error;
}

/* The step that loses least: the largest number need not be reached. */
static uint8_t best_step(int8_t *best, const float *vector)
{
    float most = 0, least = INFINITY;
    uint32_t chosen = 1;
    for (uint32_t d = 0; d < D; d++)
        most = fmaxf(most, fabsf(vector[d]));
    uint32_t last = (uint32_t)(most / 7 * US_CONTEXT_STEP_UNIT) + 1;
    last = last > UINT8_MAX ? UINT8_MAX : last;
    for (uint32_t step = last / 2 + 1; step <= last; step++) {
        int8_t steps[D];
        float error = in_steps(steps, vector, (float)step / US_CONTEXT_STEP_UNIT);
        if (error >= least)
            continue;
        least = error;
        chosen = step;
        memcpy(best, steps, sizeof steps);
    }
    return (uint8_t)chosen;
}

/* The step of each vector, and all vectors packed. */
static void pack(uint8_t *steps, uint8_t (*packed)[US_CONTEXT_VECTOR_SIZE], const float *vectors,
                 const struct keyed *keys, uint32_t number, const float *scale)
{
    for (uint32_t i = 0; i < number; i++) {
        float vector[D];
        int8_t best[D];
        for (uint32_t d = 0; d < D; d++)
            vector[d] = vectors[(size_t)keys[i].id * D + d] / scale[d];
        steps[i] = best_step(best, vector);
        for (uint32_t d = 0; d < US_CONTEXT_VECTOR_SIZE; d++)
            packed[i][d] = (uint8_t)((best[d] + 8) |
                                     (best[d + US_CONTEXT_VECTOR_SIZE] + 8) << 4);
    }
}

static void write_model(const struct model *model, const struct task *task, const char *path)
{
    struct keyed *words = sorted(&task->words, model->word_of, model->words);
    struct keyed *phrases = sorted(&task->names, model->phrase_of, model->phrases);
    float in[D], out[D], places[US_CONTEXT_PLACES * D];
    scales(in, model->in, model->words);
    scales(out, model->out, model->phrases);
    for (int i = 0; i < US_CONTEXT_PLACES; i++)
        for (int d = 0; d < D; d++)
            places[i * D + d] = model->places[i * D + d] * out[d] *
                                (i == US_CONTEXT_CONSTANT ? 1 : in[d]);
    struct us_context_header header = {
        .byte_order = US_CONTEXT_BYTE_ORDER,
        .dimensions = D,
        .window = WINDOW,
        .words = model->words,
        .phrases = model->phrases,
        .rarest = (float)log(2 / (double)task->train.word_count),
        .bag_weight = bag_weight,
        .article_weight = article_weight,
    };
    memcpy(header.magic, US_CONTEXT_MAGIC, sizeof header.magic);

    FILE *file = fopen(path, "wb");
    if (!file)
        die("cannot create %s", path);
    put(file, &header, sizeof header);
    put(file, places, sizeof places);
    for (uint32_t i = 0; i < model->words; i++)
        put(file, &words[i].hash, sizeof words[i].hash);
    for (uint32_t i = 0; i < model->phrases; i++)
        put(file, &phrases[i].hash, sizeof phrases[i].hash);
    for (uint32_t i = 0; i < model->phrases; i++) {
        int16_t bias = (int16_t)quantize(model->bias[phrases[i].id], 1 / US_CONTEXT_BIAS_UNIT,
                                         INT16_MAX);
        put(file, &bias, sizeof bias);
    }
    for (uint32_t i = 0; i < model->words; i++) {
        uint8_t weight = (uint8_t)quantize(model->weight[words[i].id], 1.0f / 255, 255);
        put(file, &weight, sizeof weight);
    }
    uint32_t all = model->words + model->phrases;
    uint8_t *steps = zeroed(all, 1), (*packed)[US_CONTEXT_VECTOR_SIZE] = zeroed(all, sizeof *packed);
    pack(steps, packed, model->in, words, model->words, in);
    pack(steps + model->words, packed + model->words, model->out, phrases, model->phrases, out);
    put(file, steps, all);
    put(file, packed, all * sizeof *packed);
    free(steps);
    free(packed);
    if (fclose(file) != 0)
        die("cannot write %s", path);
    free(words);
    free(phrases);
}

int main(int argc, char **argv)
{
    if (argc < 6)
        die("usage: train_context LEXICON VECTORS MODEL TRAIN... -- TEST...");
    static struct task task;
    static struct model model;
    struct corpus *corpus = &task.train;
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0)
            corpus = &task.test;
        else
            corpus_add(corpus, &task.words, argv[i]);
    }
    corpus_end(&task.train);
    corpus_end(&task.test);
    read_lexicon(&task, argv[1]);
    count(&task);
    choose(&model, &task);
    printf("%zu words to learn from, %zu to measure on; %u words and %u phrases in the model\n",
           task.train.word_count, task.test.word_count, model.words, model.phrases);
    fflush(stdout);
    start(&model, &task, argv[2]);
    for (int i = 0; i < PASSES; i++) {
        struct tally tally;
        float part = (first_step - last_step) / PASSES, step = first_step - part * (float)i;
        pass(&tally, &model, &task, &task.train, step, step - part);
        report("learned", &tally);
        uint64_t state = random_state;
        random_state = 88172645463325252u; /* the same gaps each time */
        pass(&tally, &model, &task, &task.test, 0, 0);
        report("kept aside", &tally);
        random_state = state;
    }
    write_model(&model, &task, argv[3]);
    return 0;
}
