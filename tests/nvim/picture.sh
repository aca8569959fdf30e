#!/bin/sh
# picture.sh - draw doc/session.svg anew: a real session, in a real terminal (tmux), of a spun
# article that is opened, saved and asked about.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
folder=$(mktemp -d)
session=unspin-picture-$$
trap 'tmux kill-session -t "$session" 2>/dev/null || true; rm -rf "$folder"' EXIT

cp tests/quality/articles/tram.txt "$folder"
git -C "$folder" init -q -b main
git -C "$folder" config user.name 'A. Reader'
git -C "$folder" config user.email reader@example.org
git -C "$folder" add .
git -C "$folder" commit -q -m 'Receive'

screen() { # wait for the keys to take effect, then draw what is seen under a caption
    sleep "${PAUSE:-2}"
    tmux capture-pane -t "$session" -p -e >"$folder/$1"
}
HOME=$folder XDG_CONFIG_HOME=$folder XDG_STATE_HOME=$folder TERM=xterm-256color COLORTERM=truecolor \
    tmux -f /dev/null new-session -d -s "$session" -x 96 -y 19 -c "$folder" \
    "${NVIM:-nvim} --clean -n --cmd 'set rtp^=$root termguicolors linebreak laststatus=0 noruler noshowcmd background=dark fillchars=eob:\\ ' \
    --cmd 'lua require(\"unspin\").setup{ on_save = { \"*.txt\" } }' -c 'hi NormalFloat guibg=#262a33' -c 'hi FloatBorder guifg=#8b909c guibg=#262a33' tram.txt"
screen received
tmux send-keys -t "$session" ':w' Enter
screen restored
tmux send-keys -t "$session" ':1 | Unspin next | Unspin next' Enter ':Unspin why' Enter
screen why

${LUA54:-lua5.4} tests/nvim/picture.lua \
    "$folder/received" 'A spun article, as received; unsure suggestions underlined' \
    "$folder/restored" ':w — corrected, one commit a correction' \
    "$folder/why" ']u ]u :Unspin why' >doc/session.svg
