/*
 * history_memory.h - libgit2's memory, which does not run out under its hands.
 *
 * Without memory libgit2 may take what it could not read for something that is not there, or
 * crash. So it gets its blocks from a reserve when the system has none, goes on to its end, and
 * what asked for that fails there, before anything of it can be seen.
 */
#ifndef UNSPIN_HISTORY_MEMORY_H
#define UNSPIN_HISTORY_MEMORY_H

#include "unspin.h"

#include <stdbool.h>

void us_memory_start(void); /* before git_libgit2_init() */

/* Of this thread: nothing has run out so far. For the functions of history.h, as they begin. */
void us_memory_begin(void);

/* Did libgit2 need the reserve since, or did anything else go without? */
bool us_memory_ran_out(void);
void us_memory_note(void); /* it did */

/* The result of what was done so far: US_ENOMEM with its line in place of US_OK if memory ran out. */
int us_memory_check(int result, struct us_error *err);

#endif
