#!/bin/sh
# deps.sh [SET]... - install what unspin.nvim needs: sets build (default), test, check, valgrind, bench.
# On Debian and its children with apt (through sudo unless root); elsewhere the list is printed.
# shellcheck disable=SC2086 # lists of packages are there to be split
set -eu

build="gcc make pkg-config liblua5.4-dev lua5.4 libluajit-5.1-dev luajit libgit2-dev libutf8proc-dev zlib1g-dev \
pocketsphinx-en-us lua-argparse lua-cjson neovim git"
test='libcmocka-dev lua-busted parallel tmux'
check='clang clang-tidy libclang-rt-dev cppcheck lua-check shellcheck'
valgrind='valgrind libc6-dbg'
bench='codespell aspell aspell-en hunspell hunspell-en-us libsphinxbase-dev nodejs valgrind'

wanted=
for set in "${@:-build}"; do
    case $set in
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $test" ;;
    check) wanted="$wanted $check" ;;
    valgrind) wanted="$wanted $valgrind" ;;
    bench) wanted="$wanted $bench" ;;
    *) echo "deps.sh: no set named '$set' (there are build, test, check, valgrind, bench)" >&2; exit 2 ;;
    esac
done

if ! command -v apt-get >/dev/null; then
    if command -v dnf >/dev/null; then
        set -- Fedora 'sudo dnf install gcc make pkgconf lua-devel luajit-devel libgit2-devel utf8proc-devel zlib-devel pocketsphinx-models lua-argparse lua-cjson neovim git libcmocka-devel'
    elif command -v pacman >/dev/null; then
        set -- Arch 'sudo pacman -S --needed gcc make pkgconf lua54 luajit libgit2 libutf8proc zlib pocketsphinx lua54-argparse lua54-cjson neovim git cmocka'
    elif command -v brew >/dev/null; then
        set -- Homebrew 'brew install lua@5.4 luajit libgit2 utf8proc cmu-pocketsphinx luarocks neovim git cmocka && luarocks install argparse && luarocks install lua-cjson'
    else
        set -- 'this system' "the equivalents of these Debian packages: $wanted"
    fi
    # Nothing is known of what is there: say it, and let the build tell what it misses.
    echo "On $1, what unspin.nvim needs: $2 (and busted from LuaRocks and GNU parallel for the tests)"
    exit 0
fi

missing=
for package in $wanted; do
    case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true) in
    installed) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
echo "Installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The lists of a new machine are empty or old: refresh them before the first installation.
if ! { $sudo apt-get update && $sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    echo "deps.sh: apt could not install:$missing; see above, then run 'make deps' again" >&2
    exit 1
fi
