/*
 * file.h - replace a file's content so that a reader, or a crash, never meets half of it.
 *
 * A temporary file beside the target gets the bytes, the target's mode and, where the system
 * lets it, its owner; it is synced and renamed over the target. Signals that would end the
 * process wait until that is done, so that no temporary file is left behind. A symbolic link is
 * followed and stays. Other hard links keep the old content.
 */
#ifndef UNSPIN_FILE_H
#define UNSPIN_FILE_H

#include "unspin.h"

/* Replace the content of an existing regular file that the caller may write to. */
int us_file_replace(const char *path, const char *bytes, size_t length, struct us_error *err);

#endif
