#include "spelling.h"

#include <limits.h>
#include <string.h>

/* Words whose spelling tells, the commonest, by their first letter, which both share; forms that both
 * spell alike are left out. */
static const struct pair {
    const char *american, *british;
} pairs[] = {
    {"aging", "ageing"},
    {"analyze", "analyse"},
    {"analyzed", "analysed"},
    {"analyzing", "analysing"},
    {"apologize", "apologise"},
    {"apologized", "apologised"},
    {"behavior", "behaviour"},
    {"behavioral", "behavioural"},
    {"canceled", "cancelled"},
    {"catalog", "catalogue"},
    {"center", "centre"},
    {"centered", "centred"},
    {"centers", "centres"},
    {"civilization", "civilisation"},
    {"color", "colour"},
    {"colored", "coloured"},
    {"colorful", "colourful"},
    {"colors", "colours"},
    {"criticize", "criticise"},
    {"criticized", "criticised"},
    {"defense", "defence"},
    {"emphasize", "emphasise"},
    {"emphasized", "emphasised"},
    {"favor", "favour"},
    {"favorable", "favourable"},
    {"favored", "favoured"},
    {"favorite", "favourite"},
    {"favorites", "favourites"},
    {"flavor", "flavour"},
    {"flavors", "flavours"},
    {"fulfill", "fulfil"},
    {"globalization", "globalisation"},
    {"harbor", "harbour"},
    {"honor", "honour"},
    {"honored", "honoured"},
    {"honors", "honours"},
    {"humor", "humour"},
    {"labeled", "labelled"},
    {"labor", "labour"},
    {"liter", "litre"},
    {"liters", "litres"},
    {"maneuver", "manoeuvre"},
    {"meter", "metre"},
    {"meters", "metres"},
    {"minimize", "minimise"},
    {"modeling", "modelling"},
    {"mom", "mum"},
    {"neighbor", "neighbour"},
    {"neighborhood", "neighbourhood"},
    {"neighborhoods", "neighbourhoods"},
    {"neighbors", "neighbours"},
    {"offense", "offence"},
    {"optimization", "optimisation"},
    {"optimize", "optimise"},
    {"organization", "organisation"},
    {"organizations", "organisations"},
    {"organize", "organise"},
    {"organized", "organised"},
    {"organizing", "organising"},
    {"privatization", "privatisation"},
    {"program", "programme"},
    {"programs", "programmes"},
    {"realize", "realise"},
    {"realized", "realised"},
    {"recognize", "recognise"},
    {"recognized", "recognised"},
    {"rumor", "rumour"},
    {"rumors", "rumours"},
    {"signaled", "signalled"},
    {"skeptical", "sceptical"},
    {"specialize", "specialise"},
    {"specialized", "specialised"},
    {"theater", "theatre"},
    {"theaters", "theatres"},
    {"traveled", "travelled"},
    {"traveler", "traveller"},
    {"travelers", "travellers"},
    {"traveling", "travelling"},
    {"utilize", "utilise"},
};
enum { PAIRS = sizeof pairs / sizeof *pairs };

const char *us_british(const char *word, size_t length, size_t *british_length)
{
    for (int i = 0; i < PAIRS; i++)
        if (strncmp(pairs[i].american, word, length) == 0 && !pairs[i].american[length]) {
            *british_length = strlen(pairs[i].british);
            return pairs[i].british;
        }
    *british_length = length;
    return word;
}

bool us_is_british(const struct us_text *text)
{
    uint32_t british = 0, american = 0;
    int first[UCHAR_MAX + 2] = {0}; /* of a letter's pairs */
    for (int k = 0; k < PAIRS; k++)
        first[(unsigned char)pairs[k].british[0] + 1] = k + 1;
    for (int c = 1; c < UCHAR_MAX + 2; c++)
        first[c] = first[c] > first[c - 1] ? first[c] : first[c - 1];
    for (uint32_t i = 0; i < text->count; i++) {
        const struct us_token *token = &text->tokens[i];
        const char *norm = text->norms + token->norm;
        if (token->kind != US_TOKEN_WORD || token->norm_length < 4 || token->norm_length > 16)
            continue;
        unsigned char letter = (unsigned char)norm[0];
        for (int k = first[letter]; k < first[letter + 1]; k++) {
            british += strcmp(pairs[k].british, norm) == 0;
            american += strcmp(pairs[k].american, norm) == 0;
        }
    }
    return british > american && (american == 0 || british > 3 * american);
}
