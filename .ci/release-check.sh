#!/bin/sh
# release-check.sh VERSION - what must hold before a version is tagged; says each thing that does not.
set -eu
cd "$(dirname "$0")/.."
version=$1
make="${MAKE:-make} --no-print-directory"
faults=0
fault() {
    echo "release-check: $*" >&2
    faults=$((faults + 1))
}

[ -z "$(git status --porcelain)" ] || fault "there are changes that are not committed (git status)"
! git rev-parse -q --verify "refs/tags/v$version" >/dev/null ||
    fault "v$version is tagged already; raise VERSION in the Makefile"
[ "$(sed -n 's/^## \([0-9.]*\).*/\1/p' doc/CHANGELOG.md | head -n 1)" = "$version" ] ||
    fault "doc/CHANGELOG.md does not begin with a section ## $version"
grep -q "rev: v$version\$" doc/integrations.md || fault "doc/integrations.md names another version for pre-commit"

$make all
[ "$(bin/unspin --version)" = "unspin $version" ] || fault "bin/unspin --version is not $version; run make clean all"
# The help's tables are made from the code; a run writes them anew.
nvim --clean --headless --cmd 'set rtp^=.' -c 'luafile tests/nvim/help.lua' -c 'qall!' >/dev/null 2>&1
git diff --quiet -- doc/unspin.txt || fault "doc/unspin.txt was out of date; commit what is there now"

$make check DEEP=1 || fault "make check fails"
$make test || fault "make test fails"
$make rockspec || fault "the rockspec cannot be written"
! command -v luarocks >/dev/null || luarocks --lua-version 5.4 lint "build/unspin-$version-1.rockspec" ||
    fault "the rockspec is wrong"
$make deb || fault "make deb fails"

[ "$faults" -eq 0 ] || exit 1
echo "release-check: $version can be tagged: git tag -a v$version"
