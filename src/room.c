#include "room.h"

#include <stdint.h>
#include <sys/mman.h>

void us_room_expect(void *block, size_t size)
{
#ifdef MADV_HUGEPAGE
    const size_t large = (size_t)2 << 20, page = 4096;
    uintptr_t start = (uintptr_t)block / page * page; /* malloc()'s own few bytes are before it */
    if (block && size >= large)
        (void)madvise((void *)start, (uintptr_t)block + size - start, MADV_HUGEPAGE);
#else
    (void)block;
    (void)size;
#endif
}
