/*
 * model MODEL TEXT - prints milliseconds to open a language model, and million queries a second:
 * P(word | its history) of each word of the text in turn, ids looked up before.
 */
#include "ngram.h"
#include "queries.h"

#include <string.h>

int main(int argc, char **argv)
{
    enum { MOST = 1 << 20 };
    static uint32_t ids[MOST];
    struct us_ngram *model;
    struct us_error err;
    double start = now(), opened;
    if (argc != 3 || us_ngram_open(&model, argv[1], &err) != US_OK)
        return 2;
    opened = now() - start;
    FILE *text = fopen(argv[2], "r");
    char word[256];
    size_t count = 0;
    while (text && count < MOST && next_word(text, word))
        ids[count++] = us_ngram_id(model, word, strlen(word));
    if (count == 0)
        return 2;
    double sum = 0;
    start = now();
    for (int round = 0; round < 5; round++) {
        struct us_ngram_state state;
        us_ngram_start(&state, model);
        for (size_t i = 0; i < count; i++)
            sum += (double)us_ngram_step(&state, model, &state, ids[i]);
    }
    double took = now() - start;
    printf("%.4f %.3f\n", opened * 1e3, sum < 0 ? 5e-6 * (double)count / took : 0);
    us_ngram_close(model);
    return fclose(text);
}
