/* fuzz_file.h - bytes of the fuzzer as a file, for what reads files only; whether they were taken. */
#ifndef UNSPIN_FUZZ_FILE_H
#define UNSPIN_FUZZ_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Of the inputs so far, for the fuzzers that tell: a corpus of which all is refused tries nothing. */
__attribute__((weak)) int fuzz_taken;
__attribute__((weak)) int fuzz_refused;

static inline bool fuzz_takes(bool taken)
{
    *(taken ? &fuzz_taken : &fuzz_refused) += 1;
    return taken;
}

static inline const char *fuzz_file(const uint8_t *bytes, size_t length)
{
    static char path[64];
    static int file = -1;
    if (file < 0)
        file = memfd_create("fuzz", 0);
    if (ftruncate(file, 0) != 0 || pwrite(file, bytes, length, 0) != (ssize_t)length)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return path;
}

#endif
