"""``python -m benchmarks.idle [SECONDS]``: what the real service costs while nothing is due, ten minutes long.

It works in a small world with a real qbittorrent-nox until all is done, one film waits for a release to appear and one
is downloaded; then it is left alone. Looked at from outside: processor time, bytes written, commits to the database,
and files that changed.
"""

import contextlib
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.row import Row, cpu_name
from benchmarks.service import cpu_s, service, written_bytes
from movie_sync.demo import nox
from movie_sync.demo.films import FILMS
from movie_sync.store import DATABASE_FILE

TEN_MINUTES_S = 600.0
# Until the first pass, the downloads and the last queue file are done.
_SETTLED_S = 45.0
_LOOK_S = 1.0
_BUSY_S = 20.0


@dataclass(frozen=True)
class _Seen:
    """What a service did in some seconds."""

    cpu_percent: float
    commits: int
    written_bytes: int
    changed: list[str]


def rows(idle_s: float) -> Iterator[Row]:
    """The figures of so many seconds; then the same kind of look at one that checks its list every few seconds."""
    rest = _watched(idle_s)
    span = f"in {idle_s:.0f} s without anything due"
    yield Row(f"processor time, {span}", f"{rest.cpu_percent:.2f} %", "< 0.5 %", rest.cpu_percent < 0.5)
    yield Row(f"commits to the database, {span}", str(rest.commits), "0", rest.commits == 0)
    yield Row(f"bytes written, {span}", str(rest.written_bytes), "0", rest.written_bytes == 0)
    yield Row(f"files changed, {span}", ", ".join(rest.changed) or "none", "none", not rest.changed)
    busy = _watched(_BUSY_S, check_interval="5")
    measured = f"{busy.cpu_percent:.2f} %, {busy.commits} commits, {busy.written_bytes} bytes"
    yield Row(f"the same look, {_BUSY_S:.0f} s with a check every 5 s", measured, "more than nothing", busy.commits > 0)


def _watched(seconds: float, **settings: str) -> _Seen:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = folder / "home"
        downloader = nox.Nox(folder / "nox", folder / "nox-downloads")
        with downloader as server, service(folder, FILMS, server, **settings) as pid:
            time.sleep(_SETTLED_S)
            cpu_before, bytes_before, stamps = cpu_s(pid), written_bytes(pid), _stamps(home)
            commits = _commits(home / DATABASE_FILE, seconds)
            cpu = 100 * (cpu_s(pid) - cpu_before) / seconds
            written = written_bytes(pid) - bytes_before
            changed = sorted(path.name for path, stamp in _stamps(home).items() if stamps.get(path) != stamp)
    return _Seen(cpu, commits, written, changed)


def _commits(path: Path, seconds: float) -> int:
    """How often the database's version changed."""
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        seen = [connection.execute("PRAGMA data_version").fetchone()[0]]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(_LOOK_S)
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            if version != seen[-1]:
                seen.append(version)
    return len(seen) - 1


def _stamps(home: Path) -> dict[Path, tuple[int, int]]:
    # -shm is memory shared between processes: each reader of the database writes its place into it.
    files = [path for path in home.rglob("*") if path.is_file() and not path.name.endswith("-shm")]
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


def main() -> int:
    """Print the table; exit 1 when a figure is missed."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else TEN_MINUTES_S
    table = Table("What", "Measured", "Asked for", "", title=f"The service at rest, {cpu_name()}")
    missed = 0
    for row in rows(seconds):
        table.add_row(row.what, row.measured, row.asked, {None: "", True: "yes", False: "NO"}[row.good])
        missed += row.good is False
    Console(width=130).print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
