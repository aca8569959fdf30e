/* queries.h - what model.c and its peers share, so that they are asked and timed alike. */
#ifndef UNSPIN_QUERIES_H
#define UNSPIN_QUERIES_H

#include <stdio.h>
#include <time.h>

/* The next run of small letters. */
static inline int next_word(FILE *text, char word[256])
{
    while (fscanf(text, "%255[a-z']", word) != 1)
        if (fscanf(text, "%*[^a-z']") == EOF)
            return 0;
    return 1;
}

/* Seconds of processor time. */
static inline double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

#endif
