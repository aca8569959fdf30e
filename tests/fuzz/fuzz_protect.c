/* Markdown protection: spans are in order, apart, in range and on character boundaries. */
#include "protect.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct us_text text;
    /* protection is for what is UTF-8 without NUL */
    if (us_text_open(&text, (const char *)bytes, length, US_FORMAT_TEXT, NULL) != US_OK)
        return -1;
    us_text_close(&text);
    for (int format = US_FORMAT_TEXT; format <= US_FORMAT_MARKDOWN; format++) {
        struct us_span *spans = NULL;
        uint32_t count, end = 0;
        if (us_protect(&spans, &count, (const char *)bytes, length, (enum us_format)format,
                       NULL) != US_OK)
            abort();
        for (uint32_t i = 0; i < count; i++) {
            if (spans[i].start >= spans[i].end || (i && spans[i].start <= end) ||
                spans[i].end > length || (bytes[spans[i].start] & 0xc0) == 0x80 ||
                (spans[i].end < length && (bytes[spans[i].end] & 0xc0) == 0x80))
                abort();
            end = spans[i].end;
        }
        free(spans);
    }
    return 0;
}
