"""The invariant check: what was lost, doubled or broken, computed from what lies on disk and in the client.

It reads the files itself rather than through the program, which might be wrong in the same way twice.
"""

import contextlib
import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from movie_sync.errors import BadTorrent
from movie_sync.lib.torrent_file import read_torrent
from movie_sync.movie import STATUSES, Queue, Status
from reliability.stage import Stage

FACES = ("pending", "failed", "completed")
_LIVE = ("intended", "current", "upgrade")
_SETTINGS = ("config.json", "filelist_config.json")


@contextlib.contextmanager
def _database(home: Path) -> Iterator[sqlite3.Connection]:
    """A copy of the database, so that looking at it recovers nothing in the one that is tried."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("movie_sync.db", "movie_sync.db-wal"):
            if (home / name).exists():
                shutil.copyfile(home / name, Path(folder) / name)
        connection = sqlite3.connect(Path(folder) / "movie_sync.db")
        connection.row_factory = sqlite3.Row
        try:
            yield connection
        finally:
            connection.close()


def rows(home: Path) -> dict[str, list[str]]:
    """Every row of every table, as text, sorted; to compare two homes."""
    with _database(home) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(repr(tuple(row)) for row in database.execute(f"SELECT * FROM {name}")) for name in names}


def at_rest(home: Path, *, calls: int = 0, hashes: Collection[str] = ()) -> list[str]:
    """What is wrong with a home folder in which no process works; also one whose process was killed.

    Args:
        home: The home folder.
        calls: How many calls the tracker's API got since the folder was made.
        hashes: Info-hashes of the torrents in the client.

    Returns:
        A sentence for each thing that is wrong; empty when nothing is.
    """
    lost = [*_settings(home), *_faces(home), *_torrents(home)]
    try:
        with _database(home) as database:
            if database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'films'").fetchone()[0]:
                lost += _tables(database, calls, hashes)
            elif calls or hashes:
                lost.append("There are calls or torrents, but no database that knows of them.")
    except sqlite3.DatabaseError as error:
        lost.append(f"The database is damaged: {error}.")
    return lost


def _tables(database: sqlite3.Connection, calls: int, hashes: Collection[str]) -> Iterator[str]:
    for row in database.execute("PRAGMA integrity_check"):
        if row[0] != "ok":
            yield f"The database is damaged: {row[0]}."
    if database.execute("PRAGMA foreign_key_check").fetchall():
        yield "The database has rows that belong to nothing."
    for film in database.execute("SELECT title, queue, status FROM films"):
        if film["status"] not in STATUSES[Queue(film["queue"])]:
            yield f"{film['title']} is {film['status']} in the queue {film['queue']}."
    for column in ("number", "lid", "imdb_id"):
        for row in database.execute(f"SELECT {column} FROM films GROUP BY {column} HAVING count({column}) > 1"):
            yield f"The film {row[0]} is there twice."
    yield from _transfers(database, hashes)
    counted = database.execute("SELECT count(*) FROM calls WHERE account = 'filelist'").fetchone()[0]
    if counted < calls:
        yield f"The tracker got {calls} calls, {counted} are counted."


def _transfers(database: sqlite3.Connection, hashes: Collection[str]) -> Iterator[str]:
    for role in _LIVE:
        for row in database.execute(
            "SELECT film FROM transfers WHERE role = ? GROUP BY film HAVING count(*) > 1", [role]
        ):
            yield f"Film {row[0]} has more than one {role} transfer."
    known = {row[0] for row in database.execute("SELECT info_hash FROM transfers")}
    for info_hash in sorted(set(hashes) - known):
        yield f"The client has the torrent {info_hash}, which no transfer stands for."
    for film, needed in ((Status.HANDING_OVER, "intended"), (Status.DOWNLOADING, "current")):
        for row in database.execute(
            "SELECT title FROM films WHERE status = ? AND NOT EXISTS"
            " (SELECT 1 FROM transfers WHERE film = films.id AND role = ?)",
            [film, needed],
        ):
            yield f"{row[0]} is {film} without a transfer."


def _settings(home: Path) -> Iterator[str]:
    for name in _SETTINGS:
        with contextlib.suppress(FileNotFoundError):
            try:
                json.loads((home / name).read_text(encoding="utf-8"))
            except ValueError:
                yield f"{name} does not parse."
    credentials = home / "credentials.enc"
    if credentials.exists():
        try:
            Fernet((home / ".key").read_bytes().strip()).decrypt(credentials.read_bytes().strip())
        except (InvalidToken, ValueError, OSError) as error:
            yield f"credentials.enc cannot be read ({type(error).__name__})."


def _entries(home: Path, queue: str) -> list[Mapping[str, object]]:
    """What a queue file holds; empty when there is none. Raises ValueError when it does not parse."""
    path = home / f"queue_{queue}.json"
    found: list[Mapping[str, object]] = json.loads(path.read_bytes()) if path.exists() else []
    return found


def _faces(home: Path) -> Iterator[str]:
    for queue in FACES:
        try:
            entries = _entries(home, queue)
        except ValueError:
            yield f"queue_{queue}.json does not parse."
            continue
        for name, times in Counter(str(entry["id"]) for entry in entries).items():
            if times > 1:
                yield f"queue_{queue}.json has film {name} {times} times."


def _torrents(home: Path) -> Iterator[str]:
    for path in (home / "torrents").glob("*.torrent"):
        try:
            if read_torrent(path.read_bytes()).info_hash != path.stem:
                yield f"{path.name} holds another torrent."
        except BadTorrent:
            yield f"{path.name} is damaged."


def now(stage: Stage) -> list[str]:
    """What is wrong with a stage whose program does not run; see `at_rest`."""
    hashes = [] if stage.server is None else [str(row["hash"]) for row in stage.server.api.torrents_info()]
    return at_rest(stage.program.home, calls=len(stage.world.api.calls()), hashes=hashes)


def settled(stage: Stage) -> list[str]:
    """What is wrong with a stage whose program has ended its work and was stopped: as `now`, and nothing is missing."""
    home = stage.program.home
    lost = now(stage)
    with _database(home) as database:
        rows = database.execute("SELECT number, queue FROM films WHERE queue != 'left'").fetchall()
        queues = {int(row["number"]): row["queue"] for row in rows}
        live = "SELECT info_hash, torrent_name FROM transfers WHERE role IN ('current', 'upgrade', 'retiring')"
        names = {row["info_hash"]: row["torrent_name"] for row in database.execute(live)}
    lost += _wished(stage, queues)
    with contextlib.suppress(ValueError):  # `now` has told of it
        lost += _shown(home, queues)
    if stage.server is not None:
        torrents = Counter(str(row["hash"]) for row in stage.server.api.torrents_info())
        if torrents != Counter(names.keys()):
            lost.append(f"The client has {sum(torrents.values())} torrents for {len(names)} transfers.")
        lost += _bytes(stage, set(names.values()))
    left = [path.name for path in home.rglob("*") if path.suffix == ".unfinished"]
    return lost + [f"{name} was left behind." for name in left]


def _wished(stage: Stage, queues: Mapping[int, str]) -> Iterator[str]:
    for film in stage.films:
        if film.movie.number not in queues:
            yield f"{film.movie} was forgotten."
    if strangers := queues.keys() - {film.movie.number for film in stage.films}:
        yield f"{len(strangers)} films are there that nobody wished for."


def _shown(home: Path, queues: Mapping[int, str]) -> Iterator[str]:
    """The queue files show each film once, in its queue."""
    shown = sorted((str(entry["id"]), queue) for queue in FACES for entry in _entries(home, queue))
    if shown != sorted((str(number), queue) for number, queue in queues.items()):
        yield f"The queue files show {len(shown)} films in other places than the {len(queues)} of the database."


def _bytes(stage: Stage, in_client: Collection[str]) -> Iterator[str]:
    """What was downloaded has the bytes that were seeded, and nothing else lies there but what is still seeded."""
    names = {f"{film.taken}.mkv" for film in stage.films if film.taken}
    folder = stage.program.downloads
    for name in sorted(names):
        source, copy = stage.world.seed_folder / name, folder / name
        if not copy.exists() or _digest(copy) != _digest(source):
            yield f"{name} is not on disk as it was seeded."
    for path in folder.glob("*-DEMO*"):
        if path.name not in names and path.name not in in_client:
            yield f"{path.name} was downloaded and should not have been."


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
