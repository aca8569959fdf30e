#!/bin/sh
# tune.sh [--trees] MODEL FOLDER... - fit data/weights.tsv and data/trees.tsv anew on folders of
# articles with gold (and of clean text), with the whole lexicon and two thinned ones, and print
# cross-validated figures. What is set by hand (threshold.*, lattice.*) stays. --trees fits the trees
# alone.
set -eu
only=
if [ "$1" = --trees ]; then
    only=--trees
    shift
fi
model=$1
shift
lexicons=build/unspin.lex
for seed in 1 2; do
    tests/quality/thin.sh 40 $seed build/thin$seed data/lexicon/*.tsv
    build/lexc "$model" data/irregular.tsv data/weights.tsv data/trees.tsv build/thin$seed.lex \
        build/thin$seed/*.tsv
    lexicons=$lexicons,build/thin$seed.lex
done
build/tune $only "$model" "$lexicons" build/context.bin build/weights build/trees "$@"
if [ -z "$only" ]; then
    {
        grep -v -E '^(local|article|final|density)\.' data/weights.tsv
        cat build/weights
    } >build/weights.tsv
    mv build/weights.tsv data/weights.tsv
fi
{
    grep '^#' data/trees.tsv
    cat build/trees
} >build/trees.tsv
mv build/trees.tsv data/trees.tsv
