/*
 * room.h - memory for what a long text has many of.
 */
#ifndef UNSPIN_ROOM_H
#define UNSPIN_ROOM_H

#include <stddef.h>

/*
 * A block of malloc()'s that is about to be written from its first byte on: if it is large, ask for
 * large pages, where there are such. Otherwise the system makes room a small page at a time as they
 * are written, and takes longer for that than is taken by the writing.
 */
void us_room_expect(void *block, size_t size);

#endif
