/* The same as ../model.c with libsphinxbase's ngram_model. */
#include "../queries.h"

#include <sphinxbase/ngram_model.h>

int main(int argc, char **argv)
{
    enum { MOST = 1 << 20 };
    static int32 ids[MOST];
    char word[256];
    int count = 0;
    double start = now();
    ngram_model_t *model = argc == 3 ? ngram_model_read(NULL, argv[1], NGRAM_AUTO, NULL) : NULL;
    double opened = now() - start;
    FILE *text = model ? fopen(argv[2], "r") : NULL;
    while (text && count < MOST && next_word(text, word))
        ids[count++] = ngram_wid(model, word);
    if (count < 3)
        return 2;
    volatile double sum = 0; /* so that the scores are worked out */
    start = now();
    for (int round = 0; round < 5; round++)
        for (int i = 2; i < count; i++) {
            int32 used;
            sum += ngram_tg_score(model, ids[i], ids[i - 1], ids[i - 2], &used);
        }
    printf("%.4f %.3f\n", opened * 1e3, 5e-6 * (count - 2) / (now() - start));
    return 0;
}
