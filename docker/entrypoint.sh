#!/bin/sh
# Runs movie-sync as PUID:PGID (1000:1000), so that what it writes belongs to the person outside.
set -eu
program=${PROGRAM:-/opt/movie-sync/bin/movie-sync}

if [ "$(id -u)" -ne 0 ]; then
    exec "$program" "$@"
fi

uid=${PUID:-1000}
gid=${PGID:-1000}
case "$uid$gid" in
    *[!0-9]*)
        echo "PUID ($uid) and PGID ($gid) have to be numbers, as the command id shows them." >&2
        exit 2
        ;;
esac

home=${MOVIE_SYNC_HOME:-/config}
mkdir -p "$home"
# A large folder is walked only when it came with another owner.
if [ "$(stat -c %u:%g "$home")" != "$uid:$gid" ]; then
    chown -R "$uid:$gid" "$home"
fi
export HOME="$home"
exec setpriv --reuid="$uid" --regid="$gid" --clear-groups -- "$program" "$@"
