#!/bin/sh
# portability.sh - the core on other C libraries and word sizes, as far as this machine has their
# compilers: with musl all that needs no libgit2 is built and the fuzzers' corpora are run through it;
# for 32 bits all of it is compiled but what binds it to Lua. Any warning fails. MAKE as make sets it.
set -eu
make=${MAKE:-make}
fuzzers='arpa check compile context lexicon model protect sphinx'

objects() { # DIR PATTERN: what the core's files become there, without those that match
    for file in src/*.c; do
        name=$(basename "$file" .c)
        # shellcheck disable=SC2254 # a pattern
        case $name in
        lua_* | $2) ;;
        *) printf '%s/%s.o ' "$1" "$name" ;;
        esac
    done
}

if command -v musl-gcc >/dev/null && [ -r "$(pkg-config --variable=libdir libutf8proc)/libutf8proc.a" ]; then
    # musl-gcc sees no headers but musl's own
    mkdir -p build/obj-musl/include
    ln -sf "$(pkg-config --variable=includedir libutf8proc)/utf8proc.h" build/obj-musl/include/
    $make --no-print-directory OBJ=build/obj-musl CC=musl-gcc CFLAGS='-O2 -Werror' \
        CPPFLAGS=-Ibuild/obj-musl/include CORE_OBJECTS="$(objects build/obj-musl 'history*')" \
        CORE_LIBS="-static $(pkg-config --variable=libdir libutf8proc)/libutf8proc.a -lm" \
        FUZZERS="$(for name in $fuzzers; do printf 'build/obj-musl/fuzz_%s ' "$name"; done)" fuzzers
    for name in $fuzzers; do
        echo "musl, corpus of $name"
        "build/obj-musl/fuzz_$name" tests/fuzz/corpus/"$name"/*
    done
else
    echo "skipped: musl (Debian: musl-tools)"
fi

if echo '#include <stdio.h>' | gcc -m32 -x c -fsyntax-only - 2>/dev/null; then
    # shellcheck disable=SC2046 # a list
    $make --no-print-directory OBJ=build/obj-32 CC='gcc -m32' CFLAGS='-O2 -Werror' $(objects build/obj-32 '')
else
    echo "skipped: 32 bits (Debian: gcc-multilib)"
fi
