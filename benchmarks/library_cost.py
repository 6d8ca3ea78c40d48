"""What 100,000 films on disk cost: the first index, a later start, a look-up, a change, and the memory for it.

Each figure of a process is taken in one of its own: ``python -m benchmarks.library_cost first FOLDER`` and the like.
"""

import contextlib
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.row import Row
from movie_sync.library.index import LibraryFolder, LibraryIndex
from movie_sync.library.match import read_path
from movie_sync.movie import Movie
from movie_sync.store import Store
from movie_sync.store.connections import Connection

FILES = 100_000
LOOKUPS = 2_000
_OLD_S = 1_600_000_000
_MIB = 1024
_FIRST = (
    "Silent Broken Golden Hidden Last Lost Crimson Distant Burning Frozen Secret Little Great Dark Wild Empty Quiet"
    " Perfect Strange Final Iron Paper Glass Electric Forgotten Endless Midnight Winter Summer Northern"
).split()
_SECOND = (
    "River Garden Mountain Letter Soldier Daughter Mirror City Ocean Horizon Promise Station Teacher Island Shadow"
    " Harvest Kingdom Orchard Stranger Bridge Memory Window Journey Machine Circus Planet Highway Forest Carnival"
    " Desert"
).split()
_ENDS = (
    "",
    " Returns",
    " of the Sea",
    " in Paris",
    " and Sons",
    ": The Beginning",
    " II",
    " 3",
    " - Part Two",
    "'s End",
)
_STYLES = (
    "{title} ({year})/{title} ({year}) [1080p].mkv",
    "{title} ({year})/{title} ({year}) [Bluray-1080p][DTS 5.1][x264]-GRP.mkv",
    "{dots}.{year}.1080p.BluRay.x264-GROUP/{dots}.{year}.1080p.BluRay.x264-GROUP.mkv",
    "{dots}.{year}.2160p.WEB-DL.DDP5.1.Atmos.DV.HDR.H.265-GRP/{dots}.{year}.2160p.WEB-DL.DDP5.1.Atmos.DV.HDR.H.265-GRP.mkv",
    "{title} ({year}) [2160p] [WEB] [5.1] [YTS.MX]/{dots}.{year}.2160p.WEB.x265.10bit.AAC5.1-[YTS.MX].mp4",
    "{title} ({year})/movie.mkv",
    "{title} ({year}) {{tmdb-{number}}}/{title} ({year}).mkv",
    "{dots}.{year}.720p.WEBRip.x264-GRP.mkv",
    "Unsorted/{title} {year} DVDRip.avi",
)


def films(count: int) -> Iterator[tuple[str, int]]:
    """Titles and years; no two alike."""
    dice = random.Random(1)  # noqa: S311  the same library each time
    every = [
        (f"{the}{one} {two}{end}", year)
        for (the, one, two, end), year in itertools.product(
            itertools.product(("The ", ""), _FIRST, _SECOND, _ENDS), range(1950, 2026)
        )
        if (hash((len(one), len(two), year)) + len(end)) % 3 == 0
    ]
    return iter(dice.sample(every, count))


def make_library(root: Path, count: int) -> None:
    """A tree like a collector's: most films in a folder of their own, on shelves by letter; old, as most films are."""
    made: set[str] = set()
    for number, (title, year) in enumerate(films(count)):
        plain = title.replace(":", " -")
        dots = "".join(char for char in title if char not in ":'").replace(" - ", ".").replace(" ", ".")
        name = _STYLES[number % len(_STYLES)].format(title=plain, dots=dots, year=year, number=number + 1)
        path = f"{root}/{title[0]}/{name}"
        folder = path.rpartition("/")[0]
        if folder not in made:
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103  half the time of pathlib's, a hundred thousand times
            made.add(folder)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    for folder in sorted(made, reverse=True):
        os.utime(folder, (_OLD_S, _OLD_S))
    for shelf in (*root.iterdir(), root):
        os.utime(shelf, (_OLD_S, _OLD_S))


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "films").mkdir()
        make_library(folder / "films", FILES)
        first, later, looked = (_run(part, folder) for part in ("first", "later", "look"))
        yield _seconds(f"first index of {first['files']:,} files", first["seconds"], 30)
        yield Row("  memory added", f"{first['mib']:.0f} MiB", "≤ 40 MiB", first["mib"] <= 40)
        yield _seconds("  longest write transaction", first["longest_write_s"], 0.5)
        size = (folder / "movie_sync.db").stat().st_size / _MIB**2
        yield Row("  the database", f"{size:.0f} MiB")
        yield _seconds("a later start, nothing changed", later["seconds"], 2)
        yield Row("  memory added", f"{later['mib']:.0f} MiB", "≤ 40 MiB", later["mib"] <= 40)
        yield Row("  rows written", f"{later['written']}", "0", later["written"] == 0)
        for what in ("hit", "miss"):
            for call in ("find", "candidates"):
                median, p99 = looked[f"{what} {call}"]
                measured = f"{median:.2f} ms median, {p99:.2f} ms p99"
                yield Row(f"{call}, {what}", measured, "≤ 1 ms", p99 <= 1)
        yield Row("  films found of those that are there", f"{100 * looked['found']:.1f} %")
        yield Row("  memory added by look-ups", f"{looked['mib']:.0f} MiB", "≤ 40 MiB", looked["mib"] <= 40)
        changed = _run("change", folder)
        yield _seconds("one film added", changed["seconds"], 2)
        yield Row("  names read", f"{changed['names']}", "1", changed["names"] == 1 and changed["found"])


def _seconds(what: str, measured: float, asked: float) -> Row:
    return Row(what, f"{measured:.2f} s", f"≤ {asked:g} s", measured <= asked)


def _run(part: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.library_cost", part, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


class _TimedStore(Store):
    """Remembers how long its longest write took."""

    longest_write_s = 0.0

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        with super().write() as tx:
            begun = time.perf_counter()
            yield tx
        self.longest_write_s = max(self.longest_write_s, time.perf_counter() - begun)


def _measure(part: str, folder: Path) -> dict[str, Any]:
    store = _TimedStore(folder / "movie_sync.db")
    index = LibraryIndex([LibraryFolder(folder / "films", required=True)], store)
    added = folder / "films" / "S" / "A Film Nobody Had (1999).mkv"
    if part == "change":
        added.touch()
    hits, misses = _looked_for() if part == "look" else ([], [])
    memory = _memory_kib()
    written = store.connection().total_changes
    names = read_path.cache_info().misses
    begun = time.perf_counter()
    if part == "look":
        answer = _look(index, hits, misses)
    else:
        index.refresh()
        answer = {"seconds": time.perf_counter() - begun, "files": len(index)}
        answer["longest_write_s"] = store.longest_write_s
    answer["mib"] = (_memory_kib() - memory) / _MIB
    answer["written"] = store.connection().total_changes - written
    if part == "change":
        answer["names"] = read_path.cache_info().misses - names
        answer["found"] = index.find(Movie("A Film Nobody Had", 1999)) == str(added)
    store.close()
    return answer


def _looked_for() -> tuple[list[Movie], list[Movie]]:
    """Films that are there, and as many that are not but share their words and years."""
    there = random.Random(2).sample(list(films(FILES)), LOOKUPS)  # noqa: S311  the same each time
    hits = [Movie(title, year, alt_titles=(f"{title} Original",)) for title, year in there]
    misses = [Movie(f"{title} Nowhere", year, alt_titles=(f"No {title}",)) for title, year in there]
    return hits, misses


def _look(index: LibraryIndex, hits: list[Movie], misses: list[Movie]) -> dict[str, Any]:
    found = sum(index.find(movie) is not None for movie in hits) / LOOKUPS
    answer: dict[str, Any] = {"found": found}
    for what, movies in (("hit", hits), ("miss", misses)):
        answer[f"{what} find"] = _times(index.find, movies)
        answer[f"{what} candidates"] = _times(index.candidates, movies)
    return answer


def _times(call: Callable[[Movie], object], movies: list[Movie]) -> tuple[float, float]:
    """Median and 99th percentile, ms."""
    times = []
    for movie in movies:
        begun = time.perf_counter()
        call(movie)
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


def _memory_kib() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(_measure(sys.argv[1], Path(sys.argv[2]))))
    else:
        for row in rows():
            print(f"{row.what:45} {row.measured:35} {row.asked:12} {({None: '', True: 'yes', False: 'NO'})[row.good]}")
