"""What must hold of anything a parser makes of foreign bytes: it can be kept, shown, and read back."""

import contextlib
import dataclasses
import functools
import json
import logging
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from movie_sync.errors import MovieSyncError
from movie_sync.lib.files import make_private_file
from movie_sync.movie import Movie, Status
from movie_sync.queues.entries import EntryError, checked, entry_of, movie_of
from movie_sync.store import DATABASE_FILE, Store
from movie_sync.store.films import FilmRecord

# Of a fixed clock: 2026-09-21. Nothing a parser makes may depend on the day it is tried.
NOW = 1_790_000_000.0
# What SQLite holds (sqlite.org/datatype3.html): a signed integer of 8 bytes.
_INTEGERS = range(-(1 << 63), 1 << 63)
# Homes of a moment: memory takes an fsync for nothing, a disk would be all that is measured.
_MEMORY = Path("/dev/shm")  # noqa: S108  made by mkdtemp, 0700


class Broken(AssertionError):
    """A parser did what it must not do; the text says what."""


def memory() -> Path | None:
    """Where folders of a moment are made; None: where the system, or TMPDIR, says."""
    return _MEMORY if _MEMORY.is_dir() and "TMPDIR" not in os.environ else None


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="movie-sync-fuzz-", dir=memory()) as folder:
        yield Path(folder)


@functools.cache
def _new_database() -> bytes:
    with scratch() as folder:
        Store(folder / DATABASE_FILE).close()
        return (folder / DATABASE_FILE).read_bytes()


@contextlib.contextmanager
def new_store(folder: Path) -> Iterator[Store]:
    """A new database in a folder; copied, since to make one takes ten times as long as what is tried with it."""
    make_private_file(folder / DATABASE_FILE)
    (folder / DATABASE_FILE).write_bytes(_new_database())
    with contextlib.closing(Store(folder / DATABASE_FILE)) as store:
        yield store


def tree(home: Path) -> Mapping[str, bytes]:
    """What lies in a home folder, without the lock and what SQLite keeps beside its database."""
    passing = ("instance.lock", f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-shm")
    paths = (path for path in sorted(home.rglob("*")) if path.is_file() and path.name not in passing)
    return {str(path.relative_to(home)): path.read_bytes() for path in paths}


def demand(holds: object, otherwise: str) -> None:
    """Raise Broken with the sentence unless something holds."""
    if not holds:
        raise Broken(otherwise)


def demand_storable(value: Any) -> None:
    """Raise Broken for what neither SQLite nor a UTF-8 JSON file can hold, wherever in the value it is."""
    if isinstance(value, str):
        demand_text(value)
    elif isinstance(value, int):
        demand(value in _INTEGERS, f"SQLite cannot hold {value:.3e}")
    elif isinstance(value, float):
        demand(math.isfinite(value), f"JSON cannot hold {value}")
    elif isinstance(value, Mapping):
        demand_storable([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            demand_storable(one)
    elif dataclasses.is_dataclass(value):
        demand_storable([getattr(value, field.name) for field in dataclasses.fields(value)])


def demand_text(text: str) -> None:
    """Raise Broken for a text that is no UTF-8, as one with half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise Broken(f"not writable as UTF-8: {text[:100]!a}") from exc


class _Lines(logging.Handler):
    """Formats each line of the log, as the file it goes to would."""

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        demand_text(self.format(record))


@contextlib.contextmanager
def log_lines() -> Iterator[None]:
    """Raise Broken for a line of the log that cannot be written."""
    root, lines = logging.getLogger(), _Lines(logging.INFO)
    root.addHandler(lines)
    try:
        yield
    finally:
        root.removeHandler(lines)


def sentence(error: MovieSyncError) -> str:
    """The error as the user reads it; raises Broken for one that says nothing or cannot be written."""
    demand(error.message.strip(), f"{type(error).__name__} says nothing")
    demand_text(str(error))
    return str(error)


def demand_movie(movie: Movie, added_at: float | None = None) -> None:
    """Raise Broken for a film that cannot be kept, or whose line in a queue file would be refused when read back.

    Args:
        movie: As a parser made it.
        added_at: When it was wished for, Unix seconds; None: unknown.
    """
    demand_storable(movie)
    demand(movie.title and movie.title == movie.title.strip(), f"the title is {movie.title!r}")
    shown = entry_of(FilmRecord(1, movie, Status.DUE, NOW, NOW, added_at=added_at))
    try:
        entry = json.loads(json.dumps(shown, ensure_ascii=False).encode())
        again = movie_of(entry)
        checked(entry, frozenset(entry))
    except EntryError as exc:
        raise Broken(f"its line in the queue file would be refused: {exc}") from exc
    ids = ("number", "lid", "imdb_id", "tmdb_id", "kind", "year", "title")
    changed = [name for name in ids if getattr(again, name) != getattr(movie, name)]
    demand(not changed, f"read back from the queue file it has another {' and '.join(changed)}")
