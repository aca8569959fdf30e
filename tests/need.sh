#!/bin/sh
# need.sh [luajit] [lua5.4] - say in one line what the build for these (default: both) lacks and which
# packages bring it; CC, PKG_CONFIG and UNSPIN_MODEL as for make. Installs nothing: `make deps` does.
set -eu

pkg_config=${PKG_CONFIG:-pkg-config}
missing='' debian='' fedora='' arch='' homebrew=''
lacks() { # what Debian Fedora Arch Homebrew
    missing="$missing${missing:+, }$1"
    debian="$debian $2" fedora="$fedora $3" arch="$arch $4" homebrew="$homebrew $5"
}

command -v "${CC:-cc}" >/dev/null || lacks "a C compiler" gcc gcc gcc gcc
if command -v "$pkg_config" >/dev/null; then
    has() { "$pkg_config" --exists "$1"; }
else
    lacks pkg-config pkg-config pkgconf pkgconf pkgconf
    has() { false; }
fi
has libgit2 || lacks libgit2 libgit2-dev libgit2-devel libgit2 libgit2
has libutf8proc || lacks utf8proc libutf8proc-dev utf8proc-devel libutf8proc utf8proc
has zlib || lacks zlib zlib1g-dev zlib-devel zlib zlib
case "${*:-luajit}" in *luajit*)
    has luajit || lacks LuaJIT libluajit-5.1-dev luajit-devel luajit luajit ;;
esac
case "${*:-lua5.4}" in *lua5.4*)
    has lua5.4 || has lua || lacks Lua liblua5.4-dev lua-devel lua lua ;;
esac

model=${UNSPIN_MODEL:-}
for file in /usr /usr/local /opt/homebrew /home/linuxbrew/.linuxbrew; do
    file=$file/share/pocketsphinx/model/en-us/en-us.lm.bin
    [ -n "$model" ] || [ ! -r "$file" ] || model=$file
done
[ -n "$model" ] ||
    lacks "the language model" pocketsphinx-en-us pocketsphinx-models pocketsphinx cmu-pocketsphinx

[ -n "$missing" ] || exit 0
echo "unspin.nvim cannot be built without: $missing." \
    "Debian: sudo apt install$debian; Fedora: sudo dnf install$fedora;" \
    "Arch: sudo pacman -S$arch; Homebrew: brew install$homebrew" >&2
exit 1
