#!/bin/sh
# thin.sh PERCENT SEED OUT SOURCE... - copy lexicon sources without PERCENT of their swaps, all forms
# of a swap together, so that weights can be fitted for articles of bots that nobody has read. The
# thesaurus tail stays. A swap is told by the first four letters of its sides.
set -eu
percent=$1 seed=$2 out=$3
shift 3
mkdir -p "$out"
for source; do
    awk -F '\t' -v percent="$percent" -v seed="$seed" '
        BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }
        /^#/ || FILENAME ~ /\/tail-/ { print; next }
        {
            key = tolower(seed substr($1, 1, 4) "|" substr($2, 1, 4))
            hash = 5381
            for (i = 1; i <= length(key); i++)
                hash = (hash * 33 + code[substr(key, i, 1)]) % 1000003
            if ((hash * 7919) % 100003 % 100 >= percent) print
        }' "$source" >"$out/$(basename "$source")"
done
