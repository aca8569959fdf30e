#!/bin/sh
# tune.sh MODEL FOLDER... - fit data/weights.tsv anew on folders of articles with gold (and of clean
# text), with the whole lexicon and two thinned ones, and print cross-validated figures. What is set
# by hand (threshold.*, lattice.*) stays.
set -eu
model=$1
shift
lexicons=build/unspin.lex
for seed in 1 2; do
    tests/quality/thin.sh 40 $seed build/thin$seed data/lexicon/*.tsv
    build/lexc "$model" data/irregular.tsv data/weights.tsv build/thin$seed.lex build/thin$seed/*.tsv
    lexicons=$lexicons,build/thin$seed.lex
done
build/tune "$model" "$lexicons" build/context.bin build/weights "$@"
{
    grep -v -E '^(local|article|final|density)\.' data/weights.tsv
    cat build/weights
} >build/weights.tsv
mv build/weights.tsv data/weights.tsv
