"""The real service in a small world, looked at from outside."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from movie_sync.demo import nox
from movie_sync.demo.films import DemoFilm
from movie_sync.demo.world import PASSKEY, USERNAME, World

_MIB = 1024 * 1024


@contextlib.contextmanager
def service(folder: Path, films: tuple[DemoFilm, ...], server: nox.Nox | None, **settings: str) -> Iterator[int]:
    """Its process id while it runs.

    Args:
        folder: For its home, its world and its downloads.
        films: What is wished for.
        server: Downloads; None: the built-in client.
        settings: Other values than those of the small world.
    """
    world = World(folder / "world", private=server is not None, films=films)
    if any(film.taken for film in films):
        world.start_seeder()
    command = [str(Path(sys.executable).with_name("movie-sync")), "run"]
    values = {**_settings(folder, world, server), **settings}
    environment = {**os.environ, **{f"MOVIE_SYNC_{name.upper()}": value for name, value in values.items()}}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)
        world.close()


def _settings(folder: Path, world: World, server: nox.Nox | None) -> dict[str, str]:
    return {
        "home": str(folder / "home"),
        "username": USERNAME,
        "letterboxd_url": world.site.url,
        "letterboxd_delay": "0",
        "filelist_url": world.api.url,
        "filelist_delay": "0",
        "client": "qbittorrent" if server else "builtin",
        "qbittorrent_host": "127.0.0.1",
        "qbittorrent_port": str(server.port if server else 1),
        "qbittorrent_username": nox.USERNAME,
        "qbittorrent_password": server.password if server else "unused",
        "builtin_listen": "127.0.0.1:0",
        "download_directory": str(folder / "downloads"),
        "minimum_free_space": "0",
        "filelist_username": USERNAME,
        "filelist_passkey": PASSKEY,
    }


def memory_mib(pid: int) -> float:
    """Resident MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


def cpu_s(pid: int) -> float:
    """Seconds of processor time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def written_bytes(pid: int) -> int:
    """Bytes it had written to disk so far (proc(5), ``write_bytes``)."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("write_bytes:")))
