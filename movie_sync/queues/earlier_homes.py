"""What version 2.0 left in a home folder beside its queues: the list of films it had seen."""

import json
import logging
from pathlib import Path
from typing import Any

from movie_sync.movie import STATUSES, Movie, Queue, Status, title_and_year
from movie_sync.queues.entries import EntryError, movie_of
from movie_sync.queues.moves import seen_before
from movie_sync.store import Store, facts, films, wishes
from movie_sync.store.connections import Connection

log = logging.getLogger(__name__)

_READ = "watchlist_file_read"
_LIST_KEYS = ("movies", "films", "watchlist", "entries")
# Our own list of a database that is gone says of these that they were still to be fetched.
_OPEN = frozenset(map(str, STATUSES[Queue.PENDING] | STATUSES[Queue.FAILED] - {Status.EXCLUDED}))


def take_in_watchlist(path: Path, store: Store, now: float) -> int:
    """Once in a new database: films of an old ``watchlist.json`` that are in no queue count as seen before.

    Args:
        path: The file; it is left as it is, and may be missing or no JSON.
        store: Its queues were taken in already.
        now: Unix seconds.

    Returns:
        How many films were taken in; they are shown as excluded, and ``movie-sync add --seen`` queues them.
    """
    with store.read() as tx:
        if facts.get(tx, _READ) is not None:
            return 0
        own = wishes.any_list(tx)
    found = [] if own else _read(path)
    with store.write() as tx:
        facts.put(tx, _READ, "yes")
        count = sum(_take_in(tx, movie, now) for movie in found)
    if count:
        log.warning(
            "%d films of %s are in no queue: they count as seen before and are not fetched. To queue them:"
            " movie-sync add --seen",
            count,
            path,
        )
    return count


def _take_in(tx: Connection, movie: Movie, now: float) -> bool:
    if films.find(tx, movie) is not None:
        return False
    seen_before(tx, films.insert(tx, movie, Status.DUE, queued_at=now, wish_order=0.0), now)
    return True


def _read(path: Path) -> list[Movie]:
    try:
        data = json.loads(path.read_bytes().decode("utf-8-sig"))
        # A lone surrogate is valid JSON and cannot be stored.
        json.dumps(data, ensure_ascii=False).encode()
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as exc:
        log.warning("%s of an earlier version cannot be read (%s); it was left as it is.", path, type(exc).__name__)
        return []
    if isinstance(data, dict):
        data = next((data[key] for key in _LIST_KEYS if isinstance(data.get(key), list)), list(data.values()))
    movies = [_movie(entry) for entry in data] if isinstance(data, list) else []
    return [movie for movie in movies if movie is not None]


def _movie(entry: Any) -> Movie | None:
    """The film of an entry, which may be a title alone; None when it is none."""
    if isinstance(entry, str):
        title, year = title_and_year(entry)
        entry = {"title": title, "year": year}
    if not isinstance(entry, dict) or entry.get("status") in _OPEN:
        return None
    try:
        return movie_of(entry)
    except EntryError:
        return None
