"""Transitions a second at three sizes, what an fsync costs beside them, and what the queue files cost."""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.row import Row
from movie_sync.lib.clock import SystemClock
from movie_sync.movie import Movie, WatchedFilm
from movie_sync.queues.json_files import QueueFiles
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store

SIZES = (100, 10_000, 100_000)
ROUNDS = 150


def rows() -> Iterator[Row]:
    rates: dict[int, float] = {}
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            rates[size], ratio, faces_s, again_s = _measure(Path(folder), size)
        yield Row(f"transitions a second, {size:,} films", f"{rates[size]:.0f}")
        yield Row(f"  a durable transition against one fsync, {size:,} films", f"{ratio:.2f}×", "≤ 2×", ratio <= 2)
        yield Row(f"  queue files, all {size:,} films", f"{faces_s:.2f} s first, {again_s:.2f} s after one change")
    flat = max(rates.values()) / min(rates.values())
    yield Row("transitions: fastest against slowest size", f"{flat:.2f}×", "≤ 1.5×", flat <= 1.5)


def _measure(folder: Path, size: int) -> tuple[float, float, float, float]:
    """Transitions a second, one against an fsync, and seconds of a first and a later export."""
    store = Store(folder / "movie_sync.db")
    clock = SystemClock()
    queue = QueueManager(store, clock)
    for start in range(0, size, 5000):
        films = (Movie(f"Film {n}", 2000, n, f"L{n:x}", f"film-{n}") for n in range(start, min(size, start + 5000)))
        queue.wish([WatchedFilm(movie, place) for place, movie in enumerate(films, start)], "bench")
    fsyncs, moves = [], []
    for _ in range(ROUNDS):
        fsyncs.append(_fsync(folder / "probe"))
        begun = time.perf_counter()
        film = queue.claim()
        moves.append(time.perf_counter() - begun)
        assert film is not None
        begun = time.perf_counter()
        queue.put_off(film.film_id, clock.now(), "bench", "bench")
        moves.append(time.perf_counter() - begun)
    files = QueueFiles(folder, store, clock)
    begun = time.perf_counter()
    files.sync()
    first = time.perf_counter() - begun
    queue.claim()
    begun = time.perf_counter()
    files.sync()
    again = time.perf_counter() - begun
    store.close()
    return 1 / statistics.mean(moves), statistics.median(moves) / statistics.median(fsyncs), first, again


def _fsync(path: Path) -> float:
    """Seconds of one write of a page and its fsync."""
    with path.open("ab") as file:
        begun = time.perf_counter()
        file.write(b"x" * 4096)
        file.flush()
        os.fsync(file.fileno())
        return time.perf_counter() - begun
