"""The blocklist as a person asks about it: what is on it, and taking it off."""

import contextlib
from pathlib import Path

from movie_sync.lib.clock import SystemClock
from movie_sync.queues.blocklist import Blocked, Blocklist
from movie_sync.store import DATABASE_FILE, Store
from movie_sync.store.films import FilmRecord
from movie_sync.verbs import films
from movie_sync.verbs.home import Home


def entries(home: Path) -> list[Blocked]:
    """Every blocklisted release; reads only.

    Raises:
        StoreError: There is no database, or it cannot be used.
    """
    with contextlib.closing(Store(home / DATABASE_FILE, read_only=True)) as store:
        return Blocklist(store, SystemClock()).entries()


def clear(home: Home, text: str | None) -> tuple[FilmRecord | None, int]:
    """Let a film's blocklisted releases be taken again, or those of all films.

    Args:
        home: Opened for writing.
        text: The film by any of its names; None: all.

    Returns:
        The film, None for all, and how many releases. Raises as for films.find.
    """
    film = None if text is None else films.find(home.store, text)
    return film, Blocklist(home.store, home.clock).clear(film)
