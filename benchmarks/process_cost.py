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
from movie_sync.demo import nox
from movie_sync.demo.films import FILMS
from movie_sync.demo.world import PASSKEY, USERNAME, World

IDLE_S = 15.0
_MIB = 1024 * 1024


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


def _service(folder: Path, films: object, server: nox.Nox | None) -> tuple[float, float, float]:
    """Idle MiB, idle CPU %, and most MiB of a service that did its work in a small world."""
    assert isinstance(films, tuple)
    world = World(folder / "world", private=server is not None, films=films)
    if any(film.taken for film in films):
        world.start_seeder()
    environment = {
        **os.environ,
        "MOVIE_SYNC_HOME": str(folder / "home"),
        "MOVIE_SYNC_USERNAME": USERNAME,
        "MOVIE_SYNC_LETTERBOXD_URL": world.site.url,
        "MOVIE_SYNC_LETTERBOXD_DELAY": "0",
        "MOVIE_SYNC_FILELIST_URL": world.api.url,
        "MOVIE_SYNC_FILELIST_DELAY": "0",
        "MOVIE_SYNC_CLIENT": "qbittorrent" if server else "builtin",
        "MOVIE_SYNC_QBITTORRENT_HOST": "127.0.0.1",
        "MOVIE_SYNC_QBITTORRENT_PORT": str(server.port if server else 1),
        "MOVIE_SYNC_QBITTORRENT_USERNAME": nox.USERNAME,
        "MOVIE_SYNC_QBITTORRENT_PASSWORD": server.password if server else "unused",
        "MOVIE_SYNC_BUILTIN_LISTEN": "127.0.0.1:0",
        "MOVIE_SYNC_DOWNLOAD_DIRECTORY": str(folder / "downloads"),
        "MOVIE_SYNC_FILELIST_USERNAME": USERNAME,
        "MOVIE_SYNC_FILELIST_PASSKEY": PASSKEY,
    }
    command = [str(Path(sys.executable).with_name("movie-sync")), "run"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        most = 0.0
        for _ in range(80):
            time.sleep(0.1)
            most = max(most, _memory(process.pid))
        before = _cpu_s(process.pid)
        time.sleep(IDLE_S)
        cpu = 100 * (_cpu_s(process.pid) - before) / IDLE_S
        return _memory(process.pid), cpu, most
    finally:
        process.terminate()
        process.wait(timeout=20)
        world.close()


def _memory(pid: int) -> float:
    """Resident MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
