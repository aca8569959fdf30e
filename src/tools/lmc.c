/*
 * lmc - compile a language model: lmc MODEL OUT.
 *
 * MODEL is a Sphinx trie or an ARPA file.
 */
#include "ngram.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    struct us_error err;
    if (argc != 3) {
        fprintf(stderr, "usage: lmc MODEL OUT\n");
        return 2;
    }
    if (us_ngram_compile(argv[2], argv[1], &err) != US_OK) {
        fprintf(stderr, "lmc: %s\n", err.message);
        return 2;
    }
    return 0;
}
