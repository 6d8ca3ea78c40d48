"""`stats` against an empty Python; idle memory and CPU of the service; memory while the built-in client transfers."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.row import Row
from benchmarks.service import cpu_s, memory_mib, service
from movie_sync.demo import nox
from movie_sync.demo.films import FILMS, DemoFilm

IDLE_S = 15.0


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        idle = None
        if nox.installed():
            with nox.Nox(folder / "nox", folder / "nox-downloads") as server:
                idle, cpu, active = _service(folder / "q", FILMS[6:8], server)
            yield Row("idle memory, qBittorrent, empty library", f"{idle:.0f} MiB", "≤ 64 MiB", idle <= 64)
            yield Row("idle CPU", f"{cpu:.2f} %", "< 0.5 %", cpu < 0.5)
        idle_builtin, _, active = _service(folder / "b", FILMS, None)
        yield Row("memory after transfers, built-in client", f"{idle_builtin:.0f} MiB")
        if idle is not None:
            more = active - idle
            yield Row("  most while it transfers, above qBittorrent's idle", f"{more:.0f} MiB", "≤ 30 MiB", more <= 30)
        yield from _stats(folder / "b" / "home")


def _stats(home: Path) -> Iterator[Row]:
    environment = {**os.environ, "MOVIE_SYNC_HOME": str(home)}
    script = str(Path(sys.executable).with_name("movie-sync"))
    plain, stats = [], []
    for _ in range(15):
        plain.append(_seconds([sys.executable, "-c", "pass"], environment))
        stats.append(_seconds([script, "stats"], environment))
    ratio = statistics.median(stats) / statistics.median(plain)
    measured = f"{ratio:.1f}× ({1000 * statistics.median(stats):.0f} ms)"
    yield Row("stats against python -c pass", measured, "≤ 4×, about 150 ms", ratio <= 4)


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def _service(folder: Path, films: tuple[DemoFilm, ...], server: nox.Nox | None) -> tuple[float, float, float]:
    """Idle MiB, idle CPU %, and most MiB of a service that did its work in a small world."""
    with service(folder, films, server) as pid:
        most = 0.0
        for _ in range(80):
            time.sleep(0.1)
            most = max(most, memory_mib(pid))
        before = cpu_s(pid)
        time.sleep(IDLE_S)
        cpu = 100 * (cpu_s(pid) - before) / IDLE_S
        return memory_mib(pid), cpu, most
