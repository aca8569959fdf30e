#!/bin/sh
# instructions.sh: what a check of 100 KB executes, counted by callgrind and compared with the figure
# in instructions.txt. Reports; a difference is no failure. --store keeps the new figure.
set -eu
cd "$(dirname "$0")/../.."
command -v valgrind >/dev/null || { echo 'valgrind is not installed: not counted'; exit 0; }
text=$(mktemp)
trap 'rm -f "$text"' EXIT
while [ "$(wc -c <"$text")" -lt 100000 ]; do cat tests/quality/articles/*.txt >>"$text"; done
count=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null lua5.4 bin/unspin check --json "$text" \
    2>&1 >/dev/null | sed -n 's/.*Collected : \([0-9]*\).*/\1/p')
stored=$(cat tests/bench/instructions.txt 2>/dev/null || echo 0)
echo "instructions: $count; stored: $stored ($((stored ? (count - stored) * 100 / stored : 0))%)"
if [ "${1:-}" = --store ]; then echo "$count" >tests/bench/instructions.txt; fi
