#!/bin/sh
# run-afl.sh SECONDS TARGET...: the same as run.sh with AFL++; what is found stays in build/afl/.
set -eu
seconds=$1
shift
export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1
export ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0 UBSAN_OPTIONS=abort_on_error=1:symbolize=0
for target; do
    name=${target##*/fuzz_}
    words=tests/fuzz/dictionaries/$name.dict
    rm -rf "build/afl/$name"
    mkdir -p "build/afl/$name"
    echo "== $name"
    # shellcheck disable=SC2046 # two words, or none
    afl-fuzz -V "$seconds" -m none -t 20000 -i "tests/fuzz/corpus/$name" -o "build/afl/$name" \
        $([ ! -e "$words" ] || echo "-x $words") "$target" >"build/afl/$name/log" 2>&1 || {
        tail -n 5 "build/afl/$name/log" >&2
        exit 1
    }
    grep -E 'execs_done|saved_crashes|saved_hangs' "build/afl/$name/default/fuzzer_stats"
    if [ -n "$(ls -A "build/afl/$name/default/crashes")" ]; then
        echo "$name: found build/afl/$name/default/crashes"
        exit 1
    fi
done
