/*
 * Commit messages, both ways: any message is read without harm, and a correction of any words at
 * any place is read as it was written, but for what cannot stand in one line, arrows, and the words
 * that stand for no words.
 */
#include "fuzz_file.h"
#include "history_impl.h"

#include <string.h>

static bool is_plain(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            return false;
    return *text != '\0' && strcmp(text, "(nothing)") != 0 &&
           !strstr(text, "\xe2\x86\x92") && *text != ' ' &&
           text[strlen(text) - 1] != ' ';
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct us_entry entry = {0};
    struct us_bytes store = {0}, message = {0};
    enum us_message_kind kind = us_message_parse(&entry, &store, (const char *)bytes, length);
    if (kind == US_MESSAGE_CORRECTION &&
        (!entry.old || !entry.replacement || !entry.path || !entry.kind || !entry.excerpt))
        abort();

    /* The input in four parts: what was there, what it became, the path, the text around. */
    char *parts[4], *text = malloc(length + 1);
    if (!text)
        abort();
    memcpy(text, bytes, length);
    text[length] = '\0';
    char *rest = text;
    for (int i = 0; i < 4; i++) {
        parts[i] = rest;
        char *end = strchr(rest, '|');
        if (end)
            *end = '\0';
        rest = end ? end + 1 : rest + strlen(rest);
    }
    struct us_fix fix = {.replacement = parts[1], .confidence = (float)(length % 1000) / 1000};
    struct us_spot spot = {.path = parts[2], .line = (uint32_t)length, .left = parts[3],
                           .left_length = strlen(parts[3]), .old = parts[0],
                           .old_length = strlen(parts[0]), .right = parts[3],
                           .right_length = strlen(parts[3]), .fix = &fix};
    us_message_correction(&message, &spot);
    if (us_message_parse(&entry, &store, message.at, message.length) != US_MESSAGE_CORRECTION)
        abort();
    if (is_plain(parts[0]) && is_plain(parts[1]) &&
        (strcmp(entry.old, parts[0]) != 0 || strcmp(entry.replacement, parts[1]) != 0))
        abort();
    if (*parts[2] && strcmp(entry.path, parts[2]) != 0)
        abort();
    if (entry.line != (uint32_t)length)
        abort();
    us_bytes_close(&store);
    us_bytes_close(&message);
    free(text);
    return 0;
}
