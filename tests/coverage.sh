#!/bin/sh
# coverage.sh DIR: lines of the core that ran, from the counts that gcc's --coverage left in DIR.
set -eu
gcov -n -o "$1" "$1"/*.gcda 2>/dev/null | awk '
    /^File .src\/[a-z_0-9]*\.c/ { file = substr($2, 6, length($2) - 6); next }
    /^File / { file = "" }
    /^Lines executed/ && file != "" {
        split($0, part, /[:% ]+/)
        printf "%-24s %6.1f %% of %5d lines\n", file, part[3], $NF
        run += part[3] * $NF / 100
        lines += $NF
        file = ""
    }
    END { if (lines) printf "%-24s %6.1f %% of %5d lines\n", "all", run / lines * 100, lines }'
