#include "evidence.h"

#include "bytes.h"
#include "room.h"
#include "surface.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEIGHBOURHOOD = 15 };

#define US_FAMILIES ((1u << 26) - 1) /* bits of them in a row */

static const float LN10 = 2.302585093f;

static const char *const density_names[] = {
#define X(id, name) #name,
    US_DENSITY_TERMS(X)
#undef X
};

const char *us_density_name(enum us_density_term term)
{
    return density_names[term];
}

void us_evidence_load(struct us_evidence_model *model, const struct us_lexicon *lexicon)
{
    char name[64];
    for (int i = 0; i < US_FEATURE_COUNT; i++) {
        if (i < US_FEATURES_LOCAL) {
            snprintf(name, sizeof name, "local.%s", us_feature_name((enum us_feature)i));
            model->local[i] = us_lexicon_weight(lexicon, name, 0);
        }
        if (i < US_FEATURES_ARTICLE) {
            snprintf(name, sizeof name, "article.%s", us_feature_name((enum us_feature)i));
            model->article[i] = us_lexicon_weight(lexicon, name, 0);
        }
        snprintf(name, sizeof name, "final.%s", us_feature_name((enum us_feature)i));
        model->final[i] = us_lexicon_weight(lexicon, name, 0);
    }
    for (int i = 0; i < US_DENSITY_COUNT; i++) {
        snprintf(name, sizeof name, "density.%s", density_names[i]);
        model->density[i] = us_lexicon_weight(lexicon, name, i == US_DENSITY_SWAPS);
    }
    model->language_scale = us_lexicon_weight(lexicon, "lattice.scale", 0.8f);
    model->agreed_scale = us_lexicon_weight(lexicon, "lattice.agreed_scale", 0.5f);
    for (int f = 0; f < 26; f++)
        model->family_rows[f] = 1 + (float)us_lexicon_family_rows(lexicon, f);
    model->trees = us_lexicon_trees(lexicon, &model->tree_count);
}

static int no_memory(struct us_error *err)
{
    return us_fail(err, US_ENOMEM, "out of memory restoring the text");
}

static float clip(float value, float bound)
{
    return value > bound ? bound : value < -bound ? -bound : value;
}

static float log_odds(float p)
{
    return p < 1e-6f ? -14.0f : p > 1 - 1e-6f ? 14.0f : logf(p / (1 - p));
}

static float logistic(float sum)
{
    return 1 / (1 + expf(-sum));
}

/* Add weights times features, those from `first` to before `end`. */
static float add_features(float sum, const float *weights, const float *features, int first,
                          int end)
{
    for (int i = first; i < end; i++)
        sum += weights[i] * features[i];
    return sum;
}

/* Start to fetch the row of an edge some way on: rows of an article lie far apart. */
static void announce_row(const struct us_lattice *lattice, uint32_t edge)
{
    enum { AHEAD = 8 };
    const struct us_row *row =
        edge + AHEAD < lattice->edge_count ? lattice->edges[edge + AHEAD].row : NULL;
    if (row) {
        us_announce(row);
        us_announce((const char *)(row + 1) - 1);
    }
}

/* ---- the place of an edge ----------------------------------------------------------------- */

static const struct us_token *unit_token(const struct us_lattice *lattice, uint32_t unit)
{
    return &lattice->text->tokens[lattice->units[unit].token];
}

static const char *unit_norm(const struct us_lattice *lattice, uint32_t unit)
{
    return lattice->text->norms + unit_token(lattice, unit)->norm;
}

/* The unit before or after an edge in its sentence, or UINT32_MAX. */
static uint32_t unit_before(const struct us_lattice *lattice, const struct us_edge *edge)
{
    return edge->from > 0 && lattice->units[edge->from - 1].sentence ==
                                 lattice->units[edge->from].sentence
               ? edge->from - 1
               : UINT32_MAX;
}

static uint32_t unit_after(const struct us_lattice *lattice, const struct us_edge *edge)
{
    return edge->to < lattice->unit_count && lattice->units[edge->to].sentence ==
                                                 lattice->units[edge->from].sentence
               ? edge->to
               : UINT32_MAX;
}

/* Is word one of list's, which '|' separates? */
static bool is_listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (*list) {
        size_t item = strcspn(list, "|");
        if (item == length && memcmp(list, word, length) == 0)
            return true;
        list += item + (list[item] == '|');
    }
    return false;
}

static bool is_determiner(const char *norm)
{
    return is_listed("the|a|an|this|that|these|those|its|his|her|their|our|my|your|any|some|no|"
                     "each|every|another",
                     norm);
}

static bool comma_after(const struct us_lattice *lattice, const struct us_edge *edge)
{
    uint32_t next = lattice->units[edge->to - 1].token + 1;
    return next < lattice->text->count &&
           lattice->text->bytes[lattice->text->tokens[next].start] == ',';
}

/* 1 if the row's condition holds here, -1 if not, 0 if it has none. */
static int place_holds(const struct us_lattice *lattice, const struct us_lexicon *lexicon,
                       const struct us_edge *edge)
{
    uint32_t before = unit_before(lattice, edge), after = unit_after(lattice, edge);
    bool holds;
    switch ((enum us_place)edge->row->place) {
    case US_PLACE_BEFORE_WORDS:
        holds = after != UINT32_MAX && is_listed(us_lexicon_string(lexicon, edge->row->words),
                                                 unit_norm(lattice, after));
        break;
    case US_PLACE_AFTER_WORDS:
        holds = before != UINT32_MAX && is_listed(us_lexicon_string(lexicon, edge->row->words),
                                                  unit_norm(lattice, before));
        break;
    case US_PLACE_NOT_BEFORE_WORDS:
        holds = after == UINT32_MAX || !is_listed(us_lexicon_string(lexicon, edge->row->words),
                                                  unit_norm(lattice, after));
        break;
    case US_PLACE_NOT_AFTER_WORDS:
        holds = before == UINT32_MAX || !is_listed(us_lexicon_string(lexicon, edge->row->words),
                                                   unit_norm(lattice, before));
        break;
    case US_PLACE_BEFORE_NUMBER:
        holds = after != UINT32_MAX && unit_token(lattice, after)->kind == US_TOKEN_NUMBER;
        break;
    case US_PLACE_AFTER_NUMBER:
        holds = before != UINT32_MAX && unit_token(lattice, before)->kind == US_TOKEN_NUMBER;
        break;
    case US_PLACE_SENTENCE_START:
        holds = before == UINT32_MAX;
        break;
    case US_PLACE_MID_SENTENCE:
        holds = before != UINT32_MAX;
        break;
    case US_PLACE_BEFORE_COMMA:
        holds = comma_after(lattice, edge);
        break;
    case US_PLACE_NO_COMMA_AFTER:
        holds = !comma_after(lattice, edge);
        break;
    case US_PLACE_AFTER_DETERMINER:
        holds = before != UINT32_MAX && is_determiner(unit_norm(lattice, before));
        break;
    case US_PLACE_NO_DETERMINER_BEFORE:
        holds = before == UINT32_MAX || !is_determiner(unit_norm(lattice, before));
        break;
    default:
        return 0;
    }
    return holds ? 1 : -1;
}

/* What "a" or "an" before the edge says: 1 if only the original fits it, -1 if only the spun
 * words do, else 0. */
static int determiner(const struct us_lattice *lattice, const struct us_lexicon *lexicon,
                      const struct us_edge *edge)
{
    uint32_t before = unit_before(lattice, edge);
    if (before == UINT32_MAX || !edge->row)
        return 0;
    const char *norm = unit_norm(lattice, before);
    if (strcmp(norm, "a") != 0 && strcmp(norm, "an") != 0)
        return 0;
    bool an = norm[1] == 'n';
    const struct us_token *token = unit_token(lattice, edge->from);
    const char *original = us_lexicon_string(lexicon, edge->row->original);
    bool spun_fits = us_begins_with_vowel(lattice->text->bytes + token->start,
                                          token->end - token->start) == an;
    bool original_fits = us_begins_with_vowel(original, strcspn(original, " -")) == an;
    return (int)original_fits - (int)spun_fits;
}

/* ---- features ----------------------------------------------------------------------------- */

static void row_features(float *f, const struct us_row *row)
{
    f[US_FEATURE_PAGES] = logf(1 + (float)row->pages);
    f[US_FEATURE_BOT_ONLY] = (row->flags & US_ROW_BOT_ONLY) != 0;
    f[US_FEATURE_SEEN] = (row->flags & US_ROW_SEEN) != 0;
    f[US_FEATURE_INFLECTED] = (row->flags & US_ROW_INFLECTED) != 0;
    f[US_FEATURE_TAIL] = (row->flags & US_ROW_TAIL) != 0;
    f[US_FEATURE_NAME] = (row->flags & US_ROW_NAME) != 0;
    f[US_FEATURE_READINGS] = logf(row->readings ? row->readings : 1);
    f[US_FEATURE_SWAPS] = logf(row->swaps ? row->swaps : 1);
    f[US_FEATURE_ORIGINAL_PHRASE] = row->original_words > 1;
    f[US_FEATURE_AUTHORED] = (row->flags & US_ROW_AUTHORED) != 0;
    f[US_FEATURE_READING_SHARE] = logf(0.001f * (float)row->reading_share + 0.01f);
    f[US_FEATURE_SWAP_SHARE] = logf(0.001f * (float)row->swap_share + 0.01f);
}

/* Capitalised where only names are. */
static bool is_capital(const struct us_token *token)
{
    return (token->flags & (US_TOKEN_CAPITAL | US_TOKEN_UPPER)) &&
           !(token->flags & (US_TOKEN_FIRST | US_TOKEN_TITLE));
}

/* Those that the features of the article are made of as well. */
static void shared_features(float *f, const struct us_lattice *lattice, const struct us_edge *edge,
                            const struct us_signs *signs)
{
    const struct us_token *first = unit_token(lattice, edge->from);
    f[US_FEATURE_GAIN] = signs->gain;
    f[US_FEATURE_CONTEXT] = edge->context;
    f[US_FEATURE_QUOTED] = (first->flags & US_TOKEN_QUOTED) != 0;
    f[US_FEATURE_CAPITAL] =
        is_capital(first) && !(edge->row && edge->row->flags & US_ROW_NAME);
    if (!edge->row)
        return;
    f[US_FEATURE_ALWAYS] = (edge->row->flags & US_ROW_ALWAYS) != 0;
    f[US_FEATURE_SPUN_ONLY] = (edge->row->flags & US_ROW_SPUN_ONLY) != 0;
    f[US_FEATURE_SCHOLARLY] = (edge->row->flags & US_ROW_SCHOLARLY) != 0;
    f[US_FEATURE_SWAPPED_AWAY] = logf(1 + (float)edge->row->spun_pages);
}

static void local_features(float *f, const struct us_lattice *lattice, const struct us_edge *edge,
                           const struct us_signs *signs)
{
    const struct us_ngram *ngram = lattice->model;
    const struct us_lexicon *lexicon = lattice->lexicon;
    shared_features(f, lattice, edge, signs);
    f[US_FEATURE_BIAS] = 1;
    f[US_FEATURE_LOSS] = signs->gain < 0 ? signs->gain : 0;
    f[US_FEATURE_POSTERIOR] = signs->posterior;
    f[US_FEATURE_CONTEXT_LOSS] = edge->context < 0 ? edge->context : 0;
    f[US_FEATURE_NO_CONTEXT] = edge->no_context;
    if (edge->row) {
        row_features(f, edge->row);
        int place = place_holds(lattice, lexicon, edge);
        f[US_FEATURE_PLACE_HOLDS] = place > 0;
        f[US_FEATURE_PLACE_FAILS] = place < 0;
    }
    float rarity = 0;
    uint32_t words = 0;
    for (uint32_t i = edge->from; i < edge->to; i++)
        for (uint32_t k = 0; k < lattice->units[i].id_count; k++, words++) {
            uint32_t id = lattice->units[i].ids[k];
            rarity -= us_ngram_unigram(ngram, id) * LN10;
            if (id == US_NGRAM_UNKNOWN)
                f[US_FEATURE_SPUN_UNKNOWN] = 1;
        }
    f[US_FEATURE_SPUN_RARITY] = rarity / (float)words / 10;
    rarity = 0;
    for (uint32_t k = 0; k < edge->id_count; k++) {
        rarity -= us_ngram_unigram(ngram, edge->ids[k]) * LN10;
        if (edge->ids[k] == US_NGRAM_UNKNOWN)
            f[US_FEATURE_ORIGINAL_UNKNOWN] = 1;
    }
    f[US_FEATURE_ORIGINAL_RARITY] = rarity / (float)(edge->id_count ? edge->id_count : 1) / 10;
    f[US_FEATURE_SPUN_PHRASE] = edge->to - edge->from > 1;

    f[US_FEATURE_FIRST] = (unit_token(lattice, edge->from)->flags & US_TOKEN_FIRST) != 0;
    int fits = determiner(lattice, lexicon, edge);
    f[US_FEATURE_DETERMINER_FOR] = fits > 0;
    f[US_FEATURE_DETERMINER_AGAINST] = fits < 0;
    f[US_FEATURE_POSSESSIVE] = edge->possessive;
}

/* The words [from, to) as they stand, as a phrase of the context model. */
static uint32_t standing_phrase(const struct us_lattice *lattice, const struct us_context *context,
                                uint32_t from, uint32_t to)
{
    char phrase[256];
    size_t length = 0;
    for (uint32_t i = from; i < to; i++) {
        size_t more = unit_token(lattice, i)->norm_length;
        if (length + 1 + more > sizeof phrase)
            return US_CONTEXT_UNKNOWN;
        if (i > from)
            phrase[length++] = ' ';
        memcpy(phrase + length, unit_norm(lattice, i), more);
        length += more;
    }
    return us_context_phrase(context, phrase, length);
}

/* Which kinds a row is of: a bit for each. */
static uint32_t kinds_of(const struct us_row *row)
{
    uint32_t kinds = row->families & US_FAMILIES;
    if (row->flags & US_ROW_TAIL)
        kinds |= 1u << US_KIND_TAIL;
    return kinds ? kinds : 1u << US_KIND_OTHER;
}

/* ---- what is worth a look ------------------------------------------------------------------ */

/* What tells the rows that have no hope at their place before the language model is asked. */
struct sieve {
    const struct us_context *context; /* may be NULL */
    uint32_t *words;                  /* [units] the context model's ids */
    float *vectors;                   /* of the sentence's words; NULL: no memory, do without */
    uint32_t vector_room;             /* words */
    struct us_context_bag article;
    float places[US_KINDS];           /* where there is a row of a kind, promising or not */
};

static int sieve_open(struct sieve *out, const struct us_lattice *lattice,
                      const struct us_context *context, struct us_error *err)
{
    *out = (struct sieve){.context = context};
    if (!context)
        return US_OK;
    out->words = malloc((lattice->unit_count + 1) * sizeof *out->words);
    if (!out->words)
        return no_memory(err);
    for (uint32_t i = 0; i < lattice->unit_count; i++)
        out->words[i] = us_context_word(context, unit_norm(lattice, i),
                                        unit_token(lattice, i)->norm_length);
    us_context_bag(&out->article, NULL, context, out->words, lattice->unit_count);
    return US_OK; /* NOLINT(clang-analyzer-unix.Malloc): sieve_close() frees them */
}

static void sieve_close(struct sieve *sieve)
{
    free(sieve->words);
    free(sieve->vectors);
}

/* The gap's sentence is that of a unit; returns the sentence's first unit. */
static uint32_t context_sentence(struct us_context_gap *gap, struct us_context_bag *bag,
                                 const struct us_lattice *lattice, struct sieve *sieve,
                                 uint32_t unit)
{
    uint32_t first = unit, last = unit;
    while (first > 0 && lattice->units[first - 1].sentence == lattice->units[unit].sentence)
        first--;
    while (last < lattice->unit_count &&
           lattice->units[last].sentence == lattice->units[unit].sentence)
        last++;
    gap->sentence = sieve->words + first;
    gap->length = last - first;
    gap->bag = bag;
    if (gap->length > sieve->vector_room) {
        free(sieve->vectors);
        sieve->vectors = malloc((size_t)gap->length * US_CONTEXT_DIMENSIONS * sizeof *sieve->vectors);
        sieve->vector_room = sieve->vectors ? gap->length : 0;
    }
    gap->vectors = sieve->vectors;
    us_context_bag(bag, sieve->vectors, sieve->context, gap->sentence, gap->length);
    return first;
}

/* The context model's gain of a sentence's edges: ln of each original over the words as they stand. */
static void add_context(struct us_lattice *lattice, struct sieve *sieve, uint32_t edge)
{
    enum { AT_ONCE = 64 };
    struct us_context_bag bag;
    float topic[US_CONTEXT_DIMENSIONS];
    struct us_context_gap gap = {.topic = topic};
    uint32_t first =
        context_sentence(&gap, &bag, lattice, sieve, lattice->edges[edge].from);
    us_context_topic(topic, sieve->context, &sieve->article, &bag);
    for (uint32_t next; edge < lattice->edge_count; edge = next) {
        struct us_edge *edges = &lattice->edges[edge];
        uint32_t phrases[AT_ONCE] = {
            standing_phrase(lattice, sieve->context, edges->from, edges->to)};
        float scores[AT_ONCE];
        uint32_t count = 1;
        for (next = edge; next < lattice->edge_count && count < AT_ONCE &&
                          lattice->edges[next].from == edges->from &&
                          lattice->edges[next].to == edges->to;
             next++, count++) {
            const struct us_row *row = lattice->edges[next].row;
            phrases[count] = row ? us_phrases_context(lattice->phrases, sieve->context, row)
                                  : US_CONTEXT_UNKNOWN;
        }
        gap.start = edges->from - first;
        gap.end = edges->to - first;
        us_context_score(scores, sieve->context, &gap, phrases, count);
        for (uint32_t c = 1; c < count; c++, edges++) {
            edges->context = edges->row ? clip(scores[c] - scores[0], 6) : 0;
            edges->no_context =
                phrases[0] == US_CONTEXT_UNKNOWN || phrases[c] == US_CONTEXT_UNKNOWN;
        }
    }
}

/* Is the row, at a place that the context model thinks so of, worth the language model's look? Of the
 * swaps that are found with no sieve, one in 250 does not pass, of all edges four in five. */
static bool has_promise(const struct us_edge *edge)
{
    const float least = -8;
    if (!edge->row || edge->row->flags & (US_ROW_NAME | US_ROW_ALWAYS))
        return true;
    float loss = edge->context < 0 ? edge->context : 0;
    return 0.01f * edge->row->promise + 0.62f * edge->context + 0.98f * loss -
               0.8f * edge->no_context >=
           least;
}

static void count_places(struct sieve *sieve, const struct us_lattice *lattice, uint32_t edge)
{
    for (uint32_t next; edge < lattice->edge_count; edge = next) {
        const struct us_edge *edges = lattice->edges;
        uint32_t kinds = 0;
        for (next = edge; next < lattice->edge_count && edges[next].from == edges[edge].from &&
                          edges[next].to == edges[edge].to;
             next++)
            kinds |= edges[next].row ? kinds_of(edges[next].row) : 0;
        for (; kinds; kinds &= kinds - 1)
            sieve->places[__builtin_ctz(kinds)]++;
    }
}

static void sift(void *who, struct us_lattice *lattice, uint32_t edge)
{
    struct sieve *sieve = who;
    count_places(sieve, lattice, edge);
    if (sieve->context)
        add_context(lattice, sieve, edge);
    uint32_t kept = edge;
    for (; edge < lattice->edge_count; edge++)
        if (has_promise(&lattice->edges[edge]))
            lattice->edges[kept++] = lattice->edges[edge];
    lattice->edge_count = kept;
}

/* ---- the article -------------------------------------------------------------------------- */

static bool tally_add(struct us_table *tally, uint32_t number, float value)
{
    struct us_cell *entry = us_table_put(tally, number);
    if (entry)
        entry->sum += value;
    return entry != NULL;
}

static float tally_sum(const struct us_table *tally, uint32_t number)
{
    const struct us_cell *entry = us_table_find(tally, number);
    return entry ? entry->sum : 0;
}

/* Add the edges up. Readings of one place share its probability, so that none counts twice. */
static int add_up(struct us_article *article, struct us_sums *sums, const struct us_lattice *lattice,
                  const float *probability, struct us_error *err)
{
    double swaps = 0, scholarly = 0, always = 0, quoted = 0, capital = 0;
    uint32_t covered = 0; /* units before it lie under the best edges so far */
    for (uint32_t e = 0, next; e < lattice->edge_count; e = next) {
        uint32_t best = e;
        for (next = e; next < lattice->edge_count &&
                       lattice->edges[next].from == lattice->edges[e].from;
             next++) {
            const struct us_row *row = lattice->edges[next].row;
            announce_row(lattice, next);
            if (row && (!tally_add(&sums->rows, row->id, probability[next]) ||
                        !tally_add(&sums->originals, row->original_id, probability[next])))
                return no_memory(err);
            if (probability[next] > probability[best])
                best = next;
        }
        const struct us_edge *edge = &lattice->edges[best];
        float p = probability[best];
        if (edge->from < covered && p < 0.5f)
            continue;
        if (edge->from < covered)
            p *= 0.5f;
        sums->at[edge->from] = p;
        swaps += p;
        if (edge->row && (edge->row->flags & US_ROW_SCHOLARLY))
            scholarly += p;
        if (edge->row && (edge->row->flags & US_ROW_ALWAYS))
            always += p;
        const struct us_token *token = unit_token(lattice, edge->from);
        if (token->flags & US_TOKEN_QUOTED)
            quoted += p;
        if (is_capital(token))
            capital += p;
        if (p > 0.3f && edge->to > covered)
            covered = edge->to;
    }
    article->swaps += (float)swaps;
    article->scholarly += (float)scholarly;
    article->always += (float)always;
    article->quoted += (float)quoted;
    article->capital += (float)capital;
    sums->before[0] = 0;
    for (uint32_t i = 0; i < lattice->unit_count; i++)
        sums->before[i + 1] = sums->before[i] + sums->at[i];
    return US_OK;
}

/* Which bots' dictionaries explain the swaps best: naive Bayes over the rows, each drawn from a
 * family's rows or, one time in five, from any. */
static void weigh_families(struct us_evidence *evidence, const struct us_lattice *lattice,
                           const struct us_evidence_model *model, const float *probability)
{
    double score[26], best = -INFINITY;
    float gain[26], total = 0;
    const float any = 1.0f / (float)us_lexicon_rows(lattice->lexicon), miss = logf(0.2f);
    for (int f = 0; f < 26; f++) {
        float hit = clip(logf((0.8f / model->family_rows[f] + 0.2f * any) / any), 3);
        gain[f] = hit - miss;
        score[f] = 0;
    }
    for (uint32_t e = 0; e < lattice->edge_count; e++) {
        const struct us_row *row = lattice->edges[e].row;
        if (!row || probability[e] < 0.05f || !row->families)
            continue;
        for (uint32_t families = row->families & US_FAMILIES; families; families &= families - 1) {
            int f = __builtin_ctz(families);
            score[f] += (double)(probability[e] * gain[f]);
        }
    }
    for (int f = 0; f < 26; f++) {
        score[f] *= 0.5; /* swaps are not independent */
        if (score[f] > best)
            best = score[f];
    }
    for (int f = 0; f < 26; f++)
        total += evidence->whole.family[f] = expf((float)(score[f] - best));
    for (int f = 0; f < 26; f++)
        evidence->whole.family[f] /= total;
}

/* How often do rows of a kind fit, where there is one? A bot that is known little of leaves few
 * sure traces, but these are of its kind. */
static void weigh_kinds(struct us_article *article, const struct us_lattice *lattice,
                        const float *probability, const float *places)
{
    double fits[US_KINDS] = {0};
    for (uint32_t e = 0, next; e < lattice->edge_count; e = next) {
        float here[US_KINDS] = {0};
        uint32_t present = 0;
        for (next = e; next < lattice->edge_count &&
                       lattice->edges[next].from == lattice->edges[e].from &&
                       lattice->edges[next].to == lattice->edges[e].to;
             next++) {
            uint32_t kinds = lattice->edges[next].row ? kinds_of(lattice->edges[next].row) : 0;
            announce_row(lattice, next);
            present |= kinds;
            for (; kinds; kinds &= kinds - 1)
                here[__builtin_ctz(kinds)] += probability[next];
        }
        for (; present; present &= present - 1) {
            int kind = __builtin_ctz(present);
            fits[kind] += here[kind] > 1 ? 1 : (double)here[kind];
        }
    }
    for (int kind = 0; kind < US_KINDS; kind++)
        article->kinds[kind] = logf(((float)fits[kind] + 0.2f) / (places[kind] + 10) / 0.05f);
}

static float share_level(float swaps, float words)
{
    /* shrunk towards a clean article, so that a short text needs more than a lucky hit */
    return logf((swaps + 0.05f) / (words + 40) / US_LEVEL_ZERO);
}

/* How hard the article was spun. */
static void weigh_density(struct us_evidence *evidence, const struct us_evidence_model *model)
{
    struct us_article *article = &evidence->whole;
    const float *kinds = article->kinds;
    const float terms[US_DENSITY_COUNT] = {
        [US_DENSITY_BIAS] = 1,
        [US_DENSITY_SWAPS] = share_level(article->swaps, article->words),
        [US_DENSITY_ALWAYS] = share_level(article->always, article->words),
        [US_DENSITY_A] = kinds['A' - 'A'],
        [US_DENSITY_S] = kinds['S' - 'A'],
        [US_DENSITY_T] = kinds['T' - 'A'],
        [US_DENSITY_G] = kinds['G' - 'A'],
        [US_DENSITY_X] = kinds['X' - 'A'],
        [US_DENSITY_Y] = kinds['Y' - 'A'],
        [US_DENSITY_TAIL] = kinds[US_KIND_TAIL],
        [US_DENSITY_OTHER] = kinds[US_KIND_OTHER],
    };
    memcpy(evidence->terms, terms, sizeof terms);
    article->level = 0;
    for (int i = 0; i < US_DENSITY_COUNT; i++)
        article->level += model->density[i] * terms[i];
    article->level = clip(article->level, 3);
}

/* The best of a row's kinds. */
static float kind_level(const struct us_article *article, const struct us_row *row)
{
    float level = -INFINITY;
    for (uint32_t kinds = row ? kinds_of(row) : 1u << US_KIND_OTHER; kinds; kinds &= kinds - 1) {
        float of_kind = article->kinds[__builtin_ctz(kinds)];
        level = of_kind > level ? of_kind : level;
    }
    return level;
}

static float family_share(const struct us_evidence *evidence, const struct us_row *row)
{
    if (!row || !row->families)
        return 0.3f;
    float share = 0;
    for (uint32_t families = row->families & US_FAMILIES; families; families &= families - 1)
        share += evidence->whole.family[__builtin_ctz(families)];
    return share;
}

/* How often the article has a word as it stands, for single words. */
static uint32_t occurrences(const struct us_sums *sums, const struct us_edge *edge)
{
    const struct us_cell *word = edge->id_count == 1 && edge->ids[0] != US_NGRAM_UNKNOWN
                                      ? us_table_find(&sums->words, edge->ids[0])
                                      : NULL;
    return word ? word->index : 0;
}

/* Does the bot swap this kind of words like others? 0 up to a third of the article's density, which
 * chance hits may reach, to 1 at all of it. */
static float habit(float density, float overall)
{
    float share = density / (overall + 0.01f);
    return share < 0.33f ? 0 : share > 1 ? 1 : (share - 0.33f) * 1.5f;
}

/* Sum over the article of all rows that have their say where the edge does. */
static float place_sum(const struct us_evidence *evidence, const struct us_lattice *lattice,
                       uint32_t edge)
{
    const struct us_edge *edges = lattice->edges;
    uint32_t first = edge;
    float all = 0;
    while (first > 0 && edges[first - 1].from == edges[edge].from &&
           edges[first - 1].to == edges[edge].to)
        first--;
    for (uint32_t e = first; e < lattice->edge_count && edges[e].from == edges[edge].from &&
                             edges[e].to == edges[edge].to;
         e++)
        if (edges[e].row)
            all += tally_sum(&evidence->sums.rows, edges[e].row->id);
    return all;
}

/* What depends on the article; f has the shared ones. all: place_sum(). */
static void article_features(float *f, const struct us_evidence *evidence,
                             const struct us_lattice *lattice, uint32_t e, float all)
{
    const struct us_article *article = &evidence->whole;
    const struct us_sums *sums = &evidence->sums;
    float level = article->level;
    float quoted = article->quoted_words > 8 ? article->quoted / article->quoted_words : 0;
    float capital = article->capital_words > 3 ? article->capital / article->capital_words : 0;
    float scholarly = article->swaps > 0 ? article->scholarly / (article->swaps + 1) : 0;
    const struct us_edge *edge = &lattice->edges[e];
    f[US_FEATURE_DENSITY] = level;
    f[US_FEATURE_LOW] = level < 0 ? level : 0;
    f[US_FEATURE_DENSITY_GAIN] = level * f[US_FEATURE_GAIN];
    f[US_FEATURE_DENSITY_CONTEXT] = level * f[US_FEATURE_CONTEXT];
    f[US_FEATURE_DENSITY_ALWAYS] = level * f[US_FEATURE_ALWAYS];
    f[US_FEATURE_DENSITY_SPUN_ONLY] = level * f[US_FEATURE_SPUN_ONLY];
    f[US_FEATURE_FAMILY] = family_share(evidence, edge->row);
    f[US_FEATURE_KIND] = kind_level(article, edge->row);
    f[US_FEATURE_KIND_GAIN] = f[US_FEATURE_KIND] * f[US_FEATURE_GAIN];
    f[US_FEATURE_KIND_CONTEXT] = f[US_FEATURE_KIND] * f[US_FEATURE_CONTEXT];
    float of_row = edge->row ? tally_sum(&sums->rows, edge->row->id) : 0;
    float same = edge->row ? of_row - evidence->local[e] : 0;
    f[US_FEATURE_REPEATED] = logf(1 + (same > 0 ? same : 0));
    float others =
        edge->row ? tally_sum(&sums->originals, edge->row->original_id) - of_row : 0;
    f[US_FEATURE_ELSEWHERE] = logf(1 + (others > 0 ? others : 0));
    f[US_FEATURE_SWAPPED_DENSITY] = level * f[US_FEATURE_SWAPPED_AWAY];
    uint32_t low = edge->from > NEIGHBOURHOOD ? edge->from - NEIGHBOURHOOD : 0;
    uint32_t high = edge->to + NEIGHBOURHOOD;
    if (high > lattice->unit_count)
        high = lattice->unit_count;
    float nearby = (float)(sums->before[high] - sums->before[low] -
                           (sums->before[edge->to] - sums->before[edge->from]));
    f[US_FEATURE_NEARBY] = nearby / (float)(high - low);
    f[US_FEATURE_UNTOUCHED] = logf(1 + (float)occurrences(sums, edge));
    f[US_FEATURE_RIVAL] = logf(1 + (all > of_row ? all - of_row : 0)); /* other originals' */
    f[US_FEATURE_SCHOLARLY_SHARE] = scholarly * (f[US_FEATURE_SCHOLARLY] - 0.5f);
    f[US_FEATURE_QUOTED_HABIT] = f[US_FEATURE_QUOTED] * habit(quoted, evidence->density);
    f[US_FEATURE_CAPITAL_HABIT] = f[US_FEATURE_CAPITAL] * habit(capital, evidence->density);
}

static void agreed_features(float *f, const struct us_signs *signs)
{
    f[US_FEATURE_AGREED] = signs->agreed;
    f[US_FEATURE_AGREED_GAIN] = signs->agreed_gain;
    f[US_FEATURE_AGREED_LOSS] = signs->agreed_gain < 0 ? signs->agreed_gain : 0;
}

/* How the edge compares with the other readings of its place. */
static void place_features(float *f, const struct us_evidence *evidence,
                           const struct us_lattice *lattice, uint32_t e)
{
    const struct us_edge *edges = lattice->edges, *edge = &edges[e];
    const float least = 1e-6f;
    float odds = 1, posterior = least, local = least, best_context = -6, best_local = least;
    uint32_t count = 0, better = 0, at = e;
    while (at > 0 && edges[at - 1].from == edge->from && edges[at - 1].to == edge->to)
        at--;
    for (; at < lattice->edge_count && edges[at].from == edge->from && edges[at].to == edge->to;
         at++, count++) {
        odds += expf(edges[at].context);
        posterior += edges[at].posterior;
        local += evidence->local[at];
        better += edges[at].context > edge->context;
        if (at != e && edges[at].context > best_context)
            best_context = edges[at].context;
        if (at != e && evidence->local[at] > best_local)
            best_local = evidence->local[at];
    }
    f[US_FEATURE_CONTEXT_SHARE] = expf(edge->context) / odds;
    f[US_FEATURE_CONTEXT_LEAD] = edge->context - best_context;
    f[US_FEATURE_CONTEXT_RANK] = (float)better;
    f[US_FEATURE_PLACE_READINGS] = (float)count;
    f[US_FEATURE_POSTERIOR_SHARE] = edge->posterior / posterior;
    f[US_FEATURE_LOCAL_SHARE] = evidence->local[e] / local;
    f[US_FEATURE_LOCAL_LEAD] = logf((evidence->local[e] + least) / best_local);
}

/* The edges that cover a part of the edge's words, or more than these. */
static void crossing_features(float *f, const struct us_evidence *evidence,
                              const struct us_lattice *lattice, uint32_t e)
{
    const struct us_edge *edges = lattice->edges, *edge = &edges[e];
    float best = 0;
    uint32_t count = 0, at = e;
    while (at > 0 && edges[at - 1].from + US_LEXICON_WORDS > edge->from)
        at--;
    for (; at < lattice->edge_count && edges[at].from < edge->to; at++) {
        if (edges[at].to <= edge->from ||
            (edges[at].from == edge->from && edges[at].to == edge->to))
            continue;
        count++;
        if (evidence->local[at] > best)
            best = evidence->local[at];
    }
    f[US_FEATURE_CROSSING] = (float)count;
    f[US_FEATURE_CROSSING_BEST] = best;
}

/* What is known of the row alone, and of the article alone: only trees make use of it. */
static void lone_features(float *f, const struct us_article *article, const struct us_edge *edge)
{
    if (edge->row) {
        const struct us_row *row = edge->row;
        static const struct {
            char family;
            enum us_feature feature;
        } families[] = {{'A', US_FEATURE_OF_A}, {'S', US_FEATURE_OF_S}, {'T', US_FEATURE_OF_T},
                        {'X', US_FEATURE_OF_X}, {'Y', US_FEATURE_OF_Y}, {'G', US_FEATURE_OF_G}};
        f[US_FEATURE_PROMISE] = 0.01f * row->promise;
        f[US_FEATURE_FAMILIES] =
            (float)__builtin_popcount(row->families & ((1u << US_BOTS) - 1));
        f[US_FEATURE_POS] = row->pos;
        f[US_FEATURE_FORM] = row->form;
        f[US_FEATURE_ORIGINAL_WORDS] = row->original_words;
        for (size_t i = 0; i < sizeof families / sizeof *families; i++)
            f[families[i].feature] = (float)(row->families >> (families[i].family - 'A') & 1);
    }
    f[US_FEATURE_SPUN_WORDS] = (float)(edge->to - edge->from);
    f[US_FEATURE_WORDS] = logf(1 + article->words);
    f[US_FEATURE_ALWAYS_SWAPS] = article->always;
    f[US_FEATURE_ARTICLE_SWAPS] = article->swaps;
    f[US_FEATURE_TAIL_LEVEL] = article->kinds[US_KIND_TAIL];
    for (int i = 0; i < 26; i++)
        if (article->family[i] > f[US_FEATURE_BEST_FAMILY])
            f[US_FEATURE_BEST_FAMILY] = article->family[i];
}

void us_evidence_features(float *f, const struct us_evidence *evidence,
                          const struct us_lattice *lattice, uint32_t edge)
{
    memset(f, 0, US_FEATURES_TREES * sizeof *f);
    local_features(f, lattice, &lattice->edges[edge], &evidence->signs[edge]);
    article_features(f, evidence, lattice, edge, place_sum(evidence, lattice, edge));
    agreed_features(f, &evidence->signs[edge]);
    place_features(f, evidence, lattice, edge);
    crossing_features(f, evidence, lattice, edge);
    lone_features(f, &evidence->whole, &lattice->edges[edge]);
}

/* What no row stands for is too rare to fit a weight on. Each is an error in any text; whether it
 * is a bot's, and not an author's to keep, the article's other swaps tell. */
static float artefact(const struct us_edge *edge, float density)
{
    if (density < 0.02f)
        return edge->origin == US_EDGE_DECIMAL ? 0.5f : 0.2f;
    return edge->origin == US_EDGE_DOUBLED ? 0.85f : 0.95f;
}

/* A prior before any words are looked at, from what the row says. */
static float prior_of(const struct us_edge *edge)
{
    if (!edge->row)
        return 2;
    float prior = -2.5f + 0.6f * logf(1 + (float)edge->row->pages);
    if (edge->row->flags & US_ROW_ALWAYS)
        prior += 1.5f;
    if (edge->row->flags & US_ROW_TAIL)
        prior -= 2;
    return prior;
}

/* Two edges of three fit their place so badly that nothing can speak for them loudly enough. */
static bool has_hope(const struct us_edge *edge)
{
    const float least_gain = -3, least_posterior = 0.0025f;
    return edge->gain > least_gain || edge->posterior > least_posterior || !edge->row ||
           edge->row->flags & US_ROW_ALWAYS;
}

static int make_room(struct us_evidence *out, const struct us_lattice *lattice,
                     struct us_error *err)
{
    uint32_t edges = lattice->edge_count, units = lattice->unit_count;
    struct us_sums *sums = &out->sums;
    sums->at = calloc(units + 1, sizeof *sums->at);
    sums->before = calloc(units + 1, sizeof *sums->before);
    out->signs = calloc(edges + 1, sizeof *out->signs);
    out->local = calloc(edges + 1, sizeof *out->local);
    out->final = calloc(edges + 1, sizeof *out->final);
    us_room_expect(out->signs, edges * sizeof *out->signs);
    us_room_expect(out->local, edges * sizeof *out->local);
    us_room_expect(out->final, edges * sizeof *out->final);
    return sums->at && sums->before && out->signs && out->local && out->final ? US_OK
                                                                              : no_memory(err);
}

/* Each edge alone. What the other models make of the same features is kept for later. */
static void weigh_locally(struct us_evidence *out, const struct us_lattice *lattice,
                          const struct us_evidence_model *model)
{
    enum { LOCAL, ARTICLE, FINAL, SUMS = 4 }; /* a power of two at a time */
    float weights[US_FEATURES_LOCAL][SUMS] = {{0}};
    for (int i = 0; i < US_FEATURES_LOCAL; i++) {
        weights[i][LOCAL] = model->local[i];
        weights[i][ARTICLE] = model->article[i];
        weights[i][FINAL] = model->final[i];
    }
    for (uint32_t e = 0; e < lattice->edge_count; e++) {
        float f[US_FEATURES_LOCAL] = {0}, sums[SUMS] = {0};
        const struct us_edge *edge = &lattice->edges[e];
        struct us_signs *signs = &out->signs[e];
        announce_row(lattice, e);
        signs->gain = clip(edge->gain, 8);
        signs->posterior = clip(log_odds(edge->posterior), 8);
        local_features(f, lattice, edge, signs);
        for (int i = 0; i < US_FEATURES_LOCAL; i++)
            for (int k = 0; k < SUMS; k++)
                sums[k] += weights[i][k] * f[i];
        out->local[e] = logistic(sums[LOCAL]);
        signs->article_sum = sums[ARTICLE];
        signs->final_sum = sums[FINAL];
    }
}

static int count_words(struct us_evidence *out, const struct us_lattice *lattice,
                       struct us_error *err)
{
    for (uint32_t i = 0; i < lattice->unit_count; i++) {
        const struct us_unit *unit = &lattice->units[i];
        const struct us_token *token = unit_token(lattice, i);
        if (unit->id_count == 1 && unit->ids[0] != US_NGRAM_UNKNOWN) {
            struct us_cell *word = us_table_put(&out->sums.words, unit->ids[0]);
            if (!word)
                return no_memory(err);
            word->index += word->index < UINT16_MAX;
        }
        if (token->kind != US_TOKEN_WORD)
            continue;
        out->whole.words++;
        out->whole.quoted_words += (token->flags & US_TOKEN_QUOTED) != 0;
        out->whole.capital_words += is_capital(token);
    }
    return US_OK;
}

/* Each edge in its article. All that speaks for it but its neighbours becomes its prior. */
static void weigh_in_article(struct us_evidence *out, struct us_lattice *lattice,
                             const struct us_evidence_model *model)
{
    const float *weights = model->article;
    const float least_sum = -5.8f; /* 3 in 1000: too unlikely for neighbours to help it up */
    float all = 0;
    for (uint32_t e = 0; e < lattice->edge_count; e++) {
        float f[US_FEATURES_ARTICLE] = {0};
        struct us_signs *signs = &out->signs[e];
        announce_row(lattice, e);
        if (e == 0 || lattice->edges[e].from != lattice->edges[e - 1].from ||
            lattice->edges[e].to != lattice->edges[e - 1].to)
            all = place_sum(out, lattice, e);
        shared_features(f, lattice, &lattice->edges[e], signs);
        article_features(f, out, lattice, e, all);
        signs->article_sum = add_features(signs->article_sum, weights, f, US_FEATURES_LOCAL,
                                          US_FEATURES_ARTICLE);
        signs->final_sum = add_features(signs->final_sum, model->final, f, US_FEATURES_LOCAL,
                                        US_FEATURES_ARTICLE);
        float loss = signs->gain < 0 ? signs->gain : 0;
        float prior = clip(signs->article_sum, 14) - weights[US_FEATURE_GAIN] * signs->gain -
                      weights[US_FEATURE_LOSS] * loss -
                      weights[US_FEATURE_POSTERIOR] * signs->posterior;
        lattice->edges[e].prior = signs->article_sum < least_sum ? -INFINITY : prior;
    }
}

/* Edges that wait for what the trees say. */
struct doubtful {
    uint32_t edges[US_TREES_EDGES], count;
    float f[US_FEATURES_TREES][US_TREES_EDGES];
};

static void ask_trees(struct us_evidence *out, struct doubtful *doubtful,
                      const struct us_evidence_model *model)
{
    float sums[US_TREES_EDGES];
    us_trees_sums(sums, model->trees, model->tree_count,
                  (const float(*)[US_TREES_EDGES])doubtful->f);
    for (uint32_t i = 0; i < doubtful->count; i++) {
        float *p = &out->final[doubtful->edges[i]];
        *p = us_trees_mix(*p, sums[i]);
    }
    doubtful->count = 0;
}

static void weigh_finally(struct us_evidence *out, const struct us_lattice *lattice,
                          const struct us_evidence_model *model)
{
    struct doubtful doubtful = {0};
    for (uint32_t e = 0; e < lattice->edge_count; e++) {
        const struct us_edge *edge = &lattice->edges[e];
        float f[US_FEATURES_TREES] = {0};
        struct us_signs *signs = &out->signs[e];
        signs->agreed = clip(log_odds(edge->posterior), 8);
        signs->agreed_gain = clip(edge->gain, 8);
        agreed_features(f, signs);
        out->final[e] = edge->row ? logistic(add_features(signs->final_sum, model->final, f,
                                                          US_FEATURES_ARTICLE, US_FEATURE_COUNT))
                                  : artefact(edge, out->density);
        if (!edge->row || !model->tree_count || out->final[e] < US_TREES_LEAST)
            continue;
        us_evidence_features(f, out, lattice, e);
        for (int i = 0; i < US_FEATURES_TREES; i++)
            doubtful.f[i][doubtful.count] = f[i];
        doubtful.edges[doubtful.count++] = e;
        if (doubtful.count == US_TREES_EDGES)
            ask_trees(out, &doubtful, model);
    }
    if (doubtful.count)
        ask_trees(out, &doubtful, model);
}

int us_evidence_open(struct us_evidence *out, struct us_lattice *lattice,
                     const struct us_evidence_model *model, const struct us_context *context,
                     const struct us_article *known, const struct us_limits *limits,
                     struct us_error *err)
{
    struct sieve sieve;
    struct us_search search = {.scale = model->language_scale,
                               .sift = sift,
                               .sieve = &sieve,
                               .prior = prior_of,
                               .keep = has_hope};
    if (limits)
        search.limits = *limits;
    if (search.limits.deadline > 0)
        search.limits.deadline = (us_now() + search.limits.deadline) / 2;
    *out = (struct us_evidence){0};
    int rc = sieve_open(&sieve, lattice, context, err);
    if (rc == US_OK)
        rc = us_lattice_search(lattice, &search, &out->cut, err);
    if (rc == US_OK)
        rc = make_room(out, lattice, err);
    if (rc != US_OK)
        goto done;
    weigh_locally(out, lattice, model);
    rc = count_words(out, lattice, err);
    if (rc == US_OK)
        rc = add_up(&out->whole, &out->sums, lattice, out->local, err);
    if (rc != US_OK)
        goto done;
    weigh_families(out, lattice, model, out->local);
    weigh_kinds(&out->whole, lattice, out->local, sieve.places);
    weigh_density(out, model);
    if (known)
        out->whole = *known;
    out->density = out->whole.swaps / (out->whole.words < 1 ? 1 : out->whole.words);
    weigh_in_article(out, lattice, model);
    rc = us_lattice_solve(lattice, model->agreed_scale, limits, err);
    if (rc == US_OK)
        weigh_finally(out, lattice, model);
done:
    sieve_close(&sieve);
    if (rc != US_OK)
        us_evidence_close(out);
    return rc;
}

void us_evidence_close(struct us_evidence *evidence)
{
    free(evidence->sums.at);
    free(evidence->sums.before);
    us_table_close(&evidence->sums.rows);
    us_table_close(&evidence->sums.originals);
    us_table_close(&evidence->sums.words);
    free(evidence->signs);
    free(evidence->local);
    free(evidence->final);
    *evidence = (struct us_evidence){0};
}
