#!/bin/sh
# Makes sure that a real qbittorrent-nox and a C compiler are there for the tests; says the one command where it may not
# install them.
missing=
command -v qbittorrent-nox >/dev/null 2>&1 || missing="qbittorrent-nox"
command -v cc >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
[ -z "$missing" ] && exit 0
install="apt-get install -y --no-install-recommends $missing"
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then
        # shellcheck disable=SC2086
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive $install >/dev/null && exit 0
    elif sudo -n true 2>/dev/null; then
        # shellcheck disable=SC2086
        sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive $install >/dev/null && exit 0
    fi
fi
echo "The tests need what is not installed here. Install it: sudo $install" >&2
exit 1
