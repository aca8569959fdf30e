/*
 * replay.c - runs a fuzzer's stored corpus through it, without a fuzzing engine: each input is a
 * test. usage: fuzz_NAME FILE...
 */
#include "fuzz_file.h"

int main(int count, char **paths)
{
    int tried = 0;
    for (int i = 1; i < count; i++, tried++) {
        FILE *file = fopen(paths[i], "rb");
        if (!file || fseek(file, 0, SEEK_END) != 0) {
            perror(paths[i]);
            return 1;
        }
        size_t length = (size_t)ftell(file);
        uint8_t *bytes = malloc(length ? length : 1); /* no more, so that a sanitizer sees its end */
        rewind(file);
        if (!bytes || fread(bytes, 1, length, file) != length) {
            perror(paths[i]);
            return 1;
        }
        fclose(file);
        LLVMFuzzerTestOneInput(bytes, length);
        free(bytes);
    }
    if (fuzz_refused && !fuzz_taken) {
        fprintf(stderr, "every input is refused: the corpus is of another version\n");
        return 1;
    }
    printf("[  PASSED  ] %d test(s).\n", tried);
    return 0;
}
