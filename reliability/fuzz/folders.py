"""Targets: exports, queue files and backups, as they lie in a folder."""

import atexit
import functools
import gzip
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from movie_sync.errors import ConfigError, FacesError, MovieSyncError
from movie_sync.lib.clock import SystemClock
from movie_sync.movie import Movie, Queue, WatchedFilm
from movie_sync.queues.earlier_homes import take_in_watchlist
from movie_sync.queues.json_files import FACES, QueueFiles, kept_aside
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import DATABASE_FILE, Store, films
from movie_sync.verbs.backups import back_up, restore
from movie_sync.watchlists.csv_export import read_csv_export
from movie_sync.watchlists.csv_folder import CsvFolder
from reliability.fuzz.contract import (
    NOW,
    Broken,
    demand,
    demand_movie,
    demand_storable,
    memory,
    new_store,
    scratch,
    sentence,
    tree,
)

_LIST = "someone/watchlist"
_FILMS = (
    Movie("Quiet Harbour", 1999, 46682, "1Xrm", "quiet-harbour", imdb_id="tt0900001", directors=("A. Person",)),
    Movie("Tide", 2001, 46683, "1Xro", "tide"),
    Movie("Low Water", 2012, 46684, "1Xrq", "low-water", tmdb_id="movie/603"),
)
_MOST_CHECKED = 20


# -- exports


def csv_export(data: bytes) -> str:
    """A CSV export, or the ZIP it comes in."""
    with scratch() as folder:
        path = folder / "watchlist.csv"
        path.write_bytes(data)
        try:
            found = read_csv_export(path)
        except ConfigError as exc:
            demand("watchlist.csv" in exc.message, f"no file in: {exc.message!a}")
            return sentence(exc)
    _demand_wishes(found)
    return ""


def _demand_wishes(found: list[WatchedFilm]) -> None:
    demand([one.position for one in found] == [*range(len(found))], "the positions are out of order")
    for film in found[:_MOST_CHECKED]:
        demand_storable(film)
        demand_movie(film.movie, film.wished_at)


def csv_folder(data: bytes) -> str:
    """A folder with one file: its name in the first line, then what is in it; its films are queued."""
    name, _, content = data.partition(b"\n")
    name = name.replace(b"\0", b"").replace(b"/", b"")[:200]
    told = ""
    with scratch() as home:
        folder = home / "exports"
        folder.mkdir()
        (folder / os.fsdecode(name + b".csv")).write_bytes(content)
        with new_store(home) as store:
            exports = CsvFolder(folder, store)
            queue = QueueManager(store, SystemClock())
            for path, found in exports.changed(SystemClock().now() + 60):
                queue.wish(found, "csv")
                exports.taken(path)
            told = "".join(map(sentence, exports.problems))
            demand(not [*exports.changed(SystemClock().now() + 60)], "taken in again though nothing changed")
            _demand_faces(home, store, QueueFiles(home, store, SystemClock()).sync())
    return told


# -- the queue


@functools.cache
def _home() -> Path:
    """A home folder with a film in each queue, all files written; it is copied, never used."""
    home = Path(tempfile.mkdtemp(prefix="movie-sync-fuzz-", dir=memory()))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    with closing(Store(home / DATABASE_FILE)) as store:
        queue = QueueManager(store, SystemClock())
        queue.wish([WatchedFilm(film, place) for place, film in enumerate(_FILMS)], _LIST)
        ends: Sequence[Callable[[int], bool]] = (
            lambda film: queue.fail(film, "no_peers", "Nobody has it."),
            lambda film: queue.owned(film, "it.mkv"),
        )
        for end in ends:
            film = queue.claim()
            demand(film is not None and end(film.film_id), "the home folder could not be made")
        QueueFiles(home, store, SystemClock()).sync()
    return home


def queue_file(data: bytes) -> str:
    """One of the three queue files, edited: the first byte says which (p, f, c), the rest is what is in it."""
    queue, content = _queue(data), data[1:]
    with scratch() as folder:
        home = folder / "home"
        shutil.copytree(_home(), home)
        with closing(Store(home / DATABASE_FILE)) as store:
            files = QueueFiles(home, store, SystemClock())
            before = _statuses(store)
            files.path(queue).write_bytes(content)
            problems = files.sync()
            after = _statuses(store)
            demand(before.keys() <= after.keys(), "a film is gone")
            if problems:
                kept = [path.read_bytes() for path in kept_aside(home)]
                demand(content in kept, "the refused file was not kept as it was")
                changed = [film for film in before if before[film] != after[film]]
                demand(not changed, "a film was moved by a file that was refused")
            _demand_faces(home, store, [])
    return " ".join(map(sentence, problems))


def _queue(data: bytes) -> Queue:
    return {b"f": Queue.FAILED, b"c": Queue.COMPLETED}.get(data[:1], Queue.PENDING)


def _statuses(store: Store) -> Mapping[int, str]:
    with store.read() as tx:
        return {film.film_id: str(film.status) for queue in FACES for film in films.in_queue(tx, queue)}


def _demand_faces(home: Path, store: Store, problems: list[FacesError]) -> None:
    """The files show each film once, stay as they are, and are all it takes to have the films again."""
    demand(not problems, f"the program refuses its own files: {' '.join(map(str, problems))}")
    with store.read() as tx:
        keys = Counter(film.movie.key for queue in FACES for film in films.in_queue(tx, queue))
    contents = _faces(home)
    entries = [entry for content in contents.values() for entry in json.loads(content)]
    demand(Counter(entry["id"] for entry in entries) == keys, "the files do not show what is queued")
    demand(not keys or max(keys.values()) == 1, "two films have one id")
    again = QueueFiles(home, store, SystemClock()).sync()
    demand(not again and _faces(home) == contents, "a second look finds an edit nobody made")
    if keys:
        _demand_taken_in(home, contents, keys)


def _faces(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(home.glob("queue_*.json")) if ".kept-" not in path.name}


def _demand_taken_in(home: Path, contents: Mapping[str, bytes], keys: Counter[str]) -> None:
    """Without the database the files are read in whole."""
    other = home / "anew"
    other.mkdir()
    for name, content in contents.items():
        (other / name).write_bytes(content)
    with new_store(other) as store:
        problems = QueueFiles(other, store, SystemClock()).sync()
        said = " ".join(map(str, problems))
        demand(not problems, f"without the database the program refuses its own files: {said!a}")
        with store.read() as tx:
            found = Counter(film.movie.key for queue in FACES for film in films.in_queue(tx, queue))
    demand(found == keys, "without the database the files give other films")


def earlier_queue(data: bytes) -> str:
    """One of the three queue files of an earlier version, without a database; its name as for `queue_file`."""
    queue = _queue(data)
    with scratch() as home, new_store(home) as store:
        files = QueueFiles(home, store, SystemClock())
        files.path(queue).write_bytes(data[1:])
        problems = files.sync()
        if problems:
            demand(not _statuses(store), "a film was taken from a file that was refused")
            demand(data[1:] in [path.read_bytes() for path in kept_aside(home)], "the refused file was not kept")
        _demand_faces(home, store, [])
    return " ".join(map(sentence, problems))


def watchlist_json(data: bytes) -> str:
    """watchlist.json of an earlier version, beside a new database."""
    with scratch() as home:
        path = home / "watchlist.json"
        path.write_bytes(data)
        with new_store(home) as store:
            count = take_in_watchlist(path, store, NOW)
            demand(path.read_bytes() == data, "the file was changed")
            demand(take_in_watchlist(path, store, NOW) == 0, "taken in twice")
            files = QueueFiles(home, store, SystemClock())
            demand(not files.sync(), "the program refuses its own files")
            demand(len(_statuses(store)) == count, "another number of films than said")
            _demand_faces(home, store, [])
    return ""


# -- backups


def backup(data: bytes) -> str:
    """A backup that is restored: as it is, or behind ``=`` what is in it (see `_packed`)."""
    with scratch() as folder:
        home = folder / "home"
        shutil.copytree(_home(), home)
        path = folder / "backup.tar.gz"
        path.write_bytes(_packed(data[1:]) if data.startswith(b"=") else data)
        before = tree(home)
        try:
            restore(home, path, NOW)
        except MovieSyncError as exc:
            demand(tree(home) == before, "refused, and the home folder was changed")
            demand([*folder.iterdir()] == [home, path] or {*folder.iterdir()} == {home, path}, "written elsewhere")
            return sentence(exc)
        demand({*folder.iterdir()} == {home, path}, "written outside of the home folder")
        demand([*home.glob("before-restore-*")], "what was there was not kept")
        with closing(Store(home / DATABASE_FILE)) as store:
            _demand_faces(home, store, [])
    return ""


def _packed(recipe: bytes) -> bytes:
    r"""A .tar.gz of the members a recipe names, with ``\n--\n`` between them.

    Each is a type and a name in the first line (``0 config.json``), then its content. Content that begins with ``@`` is
    the database of a good home folder, with what follows the next two bytes put over it where those two say.
    """
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for part in recipe.split(b"\n--\n")[:12]:
            line, _, content = part.partition(b"\n")
            member = tarfile.TarInfo(os.fsdecode(line[2:102].replace(b"\0", b"")))
            member.type = line[:1] or b"0"
            member.linkname = "target"
            content = _damaged(content[1:]) if content.startswith(b"@") else content
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(out.getvalue(), 1)


def _damaged(content: bytes) -> bytes:
    database = bytearray(_database())
    place, over = int.from_bytes(content[:2], "big") * 16 % len(database), content[2:]
    database[place : place + len(over)] = over
    return bytes(database)


@functools.cache
def _database() -> bytes:
    with scratch() as folder:
        back_up(_home(), folder / "whole.tar.gz", NOW)
        with tarfile.open(folder / "whole.tar.gz") as archive:
            member = archive.extractfile(DATABASE_FILE)
            if member is None:
                raise Broken("a backup without a database")
            return member.read()
