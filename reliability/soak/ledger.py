"""What stands in the house, read from outside: its database, its queue files, and what its process holds."""

import contextlib
import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from movie_sync.movie import Queue

_IMDB_FROM = 7_000_000
_NUMBER_FROM = 100_000
QUEUES = (Queue.PENDING, Queue.FAILED, Queue.COMPLETED)


@dataclass(frozen=True, slots=True)
class FilmRow:
    """A film as the database has it.

    Attributes:
        number: As in the catalog; -1: it is not of the catalog.
        next_at: When it is tried next, Unix seconds; None when that is not said.
        searches: How often it was searched since it was wished for.
    """

    number: int
    queue: str
    status: str
    next_at: float | None
    searches: int = 0


@dataclass(frozen=True, slots=True)
class TransferRow:
    """A transfer as the database has it."""

    film: int
    info_hash: str
    role: str
    client: str
    done: bool


@dataclass(frozen=True, slots=True)
class Books:
    """What is written of films.

    Attributes:
        shown: Queue to the numbers its file shows, in its order.
    """

    films: tuple[FilmRow, ...]
    transfers: tuple[TransferRow, ...]
    shown: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Sample:
    """The process at one moment at which all its threads wait.

    Attributes:
        at_s: Simulated seconds after the beginning.
        rss_bytes: Resident memory.
        files: Open descriptors that are no connections, without those SQLite keeps back; see _files.
        connections: Open sockets.
        disk_bytes: The database with its journal.
        log_bytes: The log with its copies.
        rows: Table to its rows.
        steps: Worker to its steps so far.
    """

    at_s: float
    rss_bytes: int
    threads: int
    files: int
    connections: int
    disk_bytes: int
    log_bytes: int
    rows: Mapping[str, int]
    steps: Mapping[str, int]


def _open(home: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{(home / 'movie_sync.db').as_uri()}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


def number_of(number: int | None, imdb_id: str | None) -> int:
    """The catalog's number of a film by what is known of it; -1 for a film that is not of the catalog."""
    if number is not None:
        return number - _NUMBER_FROM
    return int(imdb_id[2:]) - _IMDB_FROM if imdb_id else -1


def books(home: Path) -> Books:
    """Everything written of films; the house must stand still."""
    with contextlib.closing(_open(home)) as database:
        transfers = [
            TransferRow(row["film"], row["info_hash"], row["role"], row["client"], row["done_at"] is not None)
            for row in database.execute("SELECT * FROM transfers")
        ]
        films = [_film(row) for row in database.execute("SELECT * FROM films")]
    return Books(tuple(films), tuple(transfers), {queue: _shown(home, queue) for queue in QUEUES})


def _film(row: sqlite3.Row) -> FilmRow:
    number = number_of(row["number"], row["imdb_id"])
    return FilmRow(number, row["queue"], row["status"], row["not_before"] or row["retry_after"], row["searches"])


def _shown(home: Path, queue: Queue) -> tuple[int, ...]:
    entries = json.loads((home / f"queue_{queue}.json").read_bytes())
    ids = ((str(entry["id"]), entry.get("imdb_id")) for entry in entries)
    return tuple(number_of(int(key) if key.isdecimal() else None, imdb_id) for key, imdb_id in ids)


def sample(pid: int, home: Path, at_s: float, steps: Mapping[str, int]) -> Sample:
    """Measure a process whose threads wait."""
    process = Path("/proc") / str(pid)
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    with contextlib.closing(_open(home)) as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: int(database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in tables}
    open_files = [str(path.readlink()) for path in (process / "fd").iterdir()]
    sockets = sum(name.startswith("socket:") for name in open_files)
    threads = _threads(process)
    return Sample(
        at_s,
        int(status["VmRSS"].split()[0]) * 1024,
        threads,
        _files(open_files, threads) - sockets,
        sockets,
        sum(path.stat().st_size for path in home.glob("movie_sync.db*")),
        sum(path.stat().st_size for path in home.glob("movie_sync.log*")),
        rows,
        dict(steps),
    )


def keep(one: Sample, file: Path) -> None:
    """Add a sample as a line, so that one sees how far a long life has come and where it grew."""
    with file.open("a") as lines:
        lines.write(f"{json.dumps(asdict(one))}\n")


def _files(names: Sequence[str], threads: int) -> int:
    """How many there are, the connections among them, without what SQLite keeps back of closed ones to the database.

    While any connection of a process holds a lock on a file, closing another one's descriptor would end that lock, so
    SQLite keeps it and gives it to the next connection (sqlite.org/howtocorrupt.html, 2.2). More than one for each
    thread would be a leak, and counts.
    """
    database = sum(name.endswith("movie_sync.db") for name in names)
    used = sum(name.endswith("movie_sync.db-wal") for name in names)
    return len(names) - min(max(0, database - used), threads)


def _threads(process: Path) -> int:
    """The fewest of three looks: the timer of a request that has just ended is no thread of the program's own."""
    counts = []
    for _ in range(3):
        counts.append(len(list((process / "task").iterdir())))
        time.sleep(0.02)
    return min(counts)


def told_before(home: Path, moment: float) -> list[tuple[int, str]]:
    """Number and event of all that happened to films before a moment (Unix seconds)."""
    with contextlib.closing(_open(home)) as database:
        rows = database.execute(
            "SELECT number, imdb_id, event FROM history JOIN films ON films.id = film WHERE at < ?", (moment,)
        )
        return [(number_of(row["number"], row["imdb_id"]), str(row["event"])) for row in rows]


def unexpected(home: Path) -> list[str]:
    """What the log tells of errors nobody foresaw: the last line of each trace, each once."""
    found: dict[str, None] = {}
    for path in sorted(home.glob("movie_sync.log*")):
        tracing = False
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("Traceback"):
                tracing = True
            elif tracing and line[:1].isalpha():
                found[line] = None
                tracing = False
    return list(found)
