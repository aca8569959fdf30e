#!/bin/sh
# deb.sh VERSION - build/unspin_VERSION_ARCH.deb, out of a staged installation.
set -eu
cd "$(dirname "$0")/.."
version=$1
arch=$(dpkg --print-architecture)
stage=build/deb

rm -rf "$stage"
${MAKE:-make} --no-print-directory install PREFIX=/usr DESTDIR="$PWD/$stage" >/dev/null
gzip -9n "$stage/usr/share/man/man1/unspin.1"
# The package holds the language model in compiled form, so its licence comes along.
mkdir -p "$stage/usr/share/doc/unspin"
cat LICENSE data/SOURCES.md /usr/share/doc/pocketsphinx-en-us/copyright >"$stage/usr/share/doc/unspin/copyright"
gzip -9nc doc/CHANGELOG.md >"$stage/usr/share/doc/unspin/changelog.gz"
chmod -R u=rwX,go=rX "$stage"

# The packages that the modules' own libraries come from; ldd tells which file each is.
modules="$stage/usr/lib/unspin/lua/unspin/core.so $stage/usr/lib/unspin/lua/unspin/core_history.so"
# shellcheck disable=SC2086
libraries=$(objdump -p $modules | awk '/NEEDED/ { print $2 }' | sort -u |
    while read -r name; do
        file=$(ldd $modules | awk -v name="$name" '$1 == name { print $3; exit }')
        # Where /lib is a link to /usr/lib, dpkg may know the file by either name.
        dpkg-query -S "$file" "$(readlink -f "$file")" "${file#/usr}" 2>/dev/null | head -n 1 | cut -d: -f1
    done | sort -u | paste -s -d, | sed 's/,/, /g')

mkdir "$stage/DEBIAN"
cat >"$stage/DEBIAN/control" <<CONTROL
Package: unspin
Version: $version
Architecture: $arch
Maintainer: the unspin.nvim authors <unspin@example.org>
Section: text
Priority: optional
Installed-Size: $(du -sk --exclude=DEBIAN "$stage" | cut -f1)
Depends: $libraries, lua5.4, lua-argparse, lua-cjson
Recommends: git, neovim
Description: restores the wording of articles that a bot has spun
 A spun article is one in which a bot put other words for the original ones.
 unspin puts them back, on save in Neovim or from a shell, and records each
 correction as one git commit.
CONTROL
dpkg-deb --root-owner-group --build "$stage" "build/unspin_${version}_$arch.deb"
