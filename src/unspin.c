#include "unspin.h"

#include <stdio.h>

#ifndef UNSPIN_VERSION
#define UNSPIN_VERSION "0.0.0"
#endif

int(us_fail)(struct us_error *err, int code, const char *fmt, ...)
{
    if (err) {
        va_list args;
        va_start(args, fmt);
        err->code = code;
        vsnprintf(err->message, sizeof err->message, fmt, args);
        va_end(args);
    }
    return code;
}

const char *us_version(void)
{
    return UNSPIN_VERSION;
}
