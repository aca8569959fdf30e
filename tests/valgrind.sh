#!/bin/sh
# valgrind.sh PROGRAM...: run C tests under memcheck. Nothing may be read that was not written, or
# written or read outside of a block, and no block may be lost.
set -eu
for program; do
    case ${program##*/} in
    test_memory | test_history_memory) continue ;; # they bring a malloc of their own
    test_history_kill | test_history_together) continue ;; # races against git: no time to lose
    esac
    echo "== ${program##*/}"
    valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
        --error-exitcode=9 --suppressions=tests/c/valgrind.supp "$program" 2>&1 |
        grep -E '^==|^\[  (PASSED|FAILED)' || true
done | tee build/valgrind.log
if grep -qE '^==[0-9]|FAILED' build/valgrind.log; then
    exit 1
fi
