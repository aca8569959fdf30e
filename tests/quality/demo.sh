#!/bin/sh
# demo.sh [ARTICLE] - open a spun article in headless Neovim, save it, and show what became of it.
# Works on a copy in a new repository, build/demo, which is left there to be looked at.
set -eu
cd "$(dirname "$0")/../.."
article=${1:-tests/quality/articles/tram.txt}
[ -r "$article" ] || { echo "demo.sh: cannot read $article; give ARTICLE=path" >&2; exit 2; }

root=$PWD
repository=build/demo
case $article in
*.txt) copy=article.md ;;
*) copy=$(basename "$article") ;;
esac
rm -rf "$repository"
mkdir -p "$repository"
cp "$article" "$repository/$copy"
cd "$repository"
git init -q -b main .
git config user.name 'A. Reader'
git config user.email reader@example.org
git config commit.gpgsign false
git add "./$copy"
git commit -q -m 'Add the article as received'

"${NVIM:-nvim}" --clean --headless \
    --cmd "set runtimepath^=$root" \
    --cmd 'lua require("unspin").setup{ on_save = { "*" } }' \
    -c 'write' -c 'qall!' -- "$copy" >save.log 2>&1 || { cat save.log; exit 1; }
sed 's/\r$//' save.log | grep . || true # what Neovim said
rm save.log

red=$(printf '\033[31m') green=$(printf '\033[32m') off=$(printf '\033[0m')
[ -z "${NO_COLOR:-}" ] || red='[' green='[' off=']'
first=$(git rev-list --max-parents=0 HEAD)

# Both versions from one diff of words: [-taken out-]{+put in+}.
words() { git diff -U100000 --word-diff=plain \
        --word-diff-regex='[[:alnum:]]+|[[:space:]]|[^[:space:]]' "$first" -- "$copy" | sed '1,/^@@/d'; }
heading() { printf '\n%s\n%s\n\n' "$1" "$(printf %s "$1" | sed 's/./-/g')"; }
if [ -z "$(words)" ]; then
    printf '\nNothing was corrected in %s.\n' "$article"
    exit 0
fi
heading 'As received, what was swapped in red'
words | sed 's/{+[^}]*+}//g' | fold -s -w 96 | sed "s/\[-/$red/g; s/-\]/$off/g"
heading 'As saved, what was restored in green'
words | sed 's/\[-[^]]*-\]//g' | fold -s -w 96 | sed "s/{+/$green/g; s/+}/$off/g"
heading 'git log --oneline'
git log --oneline --no-decorate
printf '\nThe repository is %s: see git log -p there.\nTo take a word back: bin/unspin reject %s COMMIT\n' \
    "$repository" "$repository/$copy"
