/* The lexicon's compiler: rows are refused, or each of them is found in what they were compiled to. */
#include "fuzz_file.h"
#include "lexicon_compile.h"

#include <string.h>

static const char arpa[] = "\\data\\\nngram 1=6\n\\1-grams:\n-1 <s>\n-1 </s>\n-1 agreement\n"
                           "-1 agreements\n-1 use\n-1 told\n\\end\\\n";

static void put(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct us_ngram *words;
    static char folder[] = "/tmp/unspin-fuzz-XXXXXX", rows[64], none[64], compiled[64];
    if (!words) {
        if (!mkdtemp(folder))
            abort();
        snprintf(rows, sizeof rows, "%s/rows.tsv", folder);
        snprintf(none, sizeof none, "%s/none.tsv", folder);
        snprintf(compiled, sizeof compiled, "%s/words.lex", folder);
        put(none, "", 0);
        if (us_ngram_open(&words, fuzz_file((const uint8_t *)arpa, sizeof arpa - 1), NULL) != US_OK)
            abort();
    }
    const char *const paths[] = {rows};
    struct us_lexicon_sources sources = {.paths = paths, .count = 1, .irregulars = none,
                                         .words = words};
    struct us_lexicon_report report;
    struct us_lexicon *lexicon;
    struct us_error err = {0};
    put(rows, bytes, length);
    if (!fuzz_takes(us_lexicon_compile(&report, compiled, &sources, &err) == US_OK)) {
        if (!*err.message || strchr(err.message, '\n'))
            abort();
        return 0;
    }
    if (us_lexicon_open(&lexicon, compiled, NULL) != US_OK)
        abort();
    for (uint32_t i = 0; i < us_lexicon_rows(lexicon); i++) {
        const struct us_row *row = us_lexicon_row(lexicon, i);
        if (!*us_lexicon_string(lexicon, row->spun) || !*us_lexicon_string(lexicon, row->original))
            abort();
    }
    us_lexicon_close(lexicon);
    return 0;
}
