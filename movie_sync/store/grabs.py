"""Grabs: releases a person chose for a film, to be taken in place of a search."""

import msgspec

from movie_sync.movie import Release
from movie_sync.store.connections import Connection


def put(tx: Connection, film_id: int, release: Release, now: float) -> None:
    """Take this release for the film; in place of one chosen before."""
    text = msgspec.json.encode(release).decode()
    tx.execute("INSERT OR REPLACE INTO grabs (film, at, release) VALUES (?, ?, ?)", (film_id, now, text))


def get(tx: Connection, film_id: int) -> Release | None:
    """What a person chose, None when nothing."""
    row = tx.execute("SELECT release FROM grabs WHERE film = ?", (film_id,)).fetchone()
    return msgspec.json.decode(row[0], type=Release) if row else None


def clear(tx: Connection, film_id: int) -> None:
    """It was taken, or cannot be."""
    tx.execute("DELETE FROM grabs WHERE film = ?", (film_id,))
