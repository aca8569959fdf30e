#!/bin/sh
# run.sh SECONDS TARGET...: run each fuzzer so long on its corpus (tests/fuzz/corpus/NAME), which
# stays as it is; what is found goes to build/fuzz/.
set -eu
seconds=$1
shift
for target; do
    name=${target##*/fuzz_}
    words=tests/fuzz/dictionaries/$name.dict
    mkdir -p "build/fuzz/$name"
    echo "== $name"
    # shellcheck disable=SC2046 # one word, or none
    "$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -max_len=4096 \
        -verbosity=0 -print_final_stats=1 -artifact_prefix="build/fuzz/$name-" \
        $([ ! -e "$words" ] || echo "-dict=$words") \
        "build/fuzz/$name" "tests/fuzz/corpus/$name" 2>&1 |
        grep -E 'ERROR|SUMMARY|Test unit|executed_units|peak_rss' || true
    for found in "build/fuzz/$name"-*; do
        if [ -e "$found" ]; then
            echo "$name: found $found"
            exit 1
        fi
    done
done
