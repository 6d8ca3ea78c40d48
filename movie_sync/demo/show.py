"""The demo: the real program in the small world, watched from outside, its result checked byte by byte."""

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from movie_sync.demo import nox
from movie_sync.demo.films import FILMS, DemoFilm
from movie_sync.demo.world import PASSKEY, USERNAME, Addresses
from movie_sync.errors import MovieSyncError
from movie_sync.lib.clock import SystemClock
from movie_sync.movie import Queue
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import DATABASE_FILE, Store
from movie_sync.store.films import FilmRecord

LIMIT_S = 30.0
_LOOK_S = 0.2
# Characters of the live table's other columns and its lines.
_OTHER_COLUMNS = 71
_COLOURS = {Queue.PENDING: "cyan", Queue.FAILED: "yellow", Queue.COMPLETED: "green"}


@dataclass(frozen=True, slots=True)
class Checked:
    """The summary, every number checked against what is on disk.

    Attributes:
        done: Films in the state the world makes them end in.
        bytes_on_disk: Of the films downloaded; ``bytes_seeded`` of the same films at the seeder.
        equal: Every downloaded file has the content that was seeded.
        problems: A sentence for each thing that is not as it should be.
    """

    done: int
    bytes_on_disk: int
    bytes_seeded: int
    equal: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """How the demo ended.

    Attributes:
        code: The exit code, 0 when everything checked is true.
        data: What was checked, for a script.
    """

    code: int
    data: dict[str, Any]


def run(client: str, *, keep: bool, picture: Path | None = None, quiet: bool = False) -> Shown:
    """Run the demo and check what it left on disk.

    Args:
        client: ``builtin`` or ``qbittorrent``.
        keep: Leave its folder there.
        picture: An SVG of the screen is drawn into this file; None: none.
        quiet: Show nothing.

    Raises:
        MovieSyncError: What it needs is not installed; the message says how to get it.
    """
    console = _console(picture, quiet=quiet)
    client = _usable_client(client, console)
    folder = Path(tempfile.mkdtemp(prefix="movie-sync-demo-"))
    try:
        with _world(folder, client) as addresses, _client(folder, client) as client_settings:
            begun = time.monotonic()
            home = _write_home(folder, addresses, client, client_settings)
            console.print(f"A small world stands on loopback: Letterboxd at {addresses.letterboxd},")
            console.print(f"FileList at {addresses.filelist}, a tracker at {addresses.tracker}, a seeder.")
            console.print(_about_client(client))
            with _program(folder, home, client_settings) as program:
                films = _watch(home, console, begun)
                code = _stop(program)
            checked = _check(folder, films, client, code)
            seconds = time.monotonic() - begun
            failed = _summary(console, checked, films, client, seconds)
            if picture is not None:
                _draw(console, picture)
            return Shown(failed, {"films": len(FILMS), **asdict(checked), "seconds": round(seconds, 1)})
    finally:
        if keep:
            console.print(f"Everything is kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _console(picture: Path | None, *, quiet: bool) -> Console:
    """The terminal; a recorded one of fixed size for a picture."""
    if picture is not None:
        return Console(record=True, force_terminal=True, width=110, highlight=False)
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), quiet=quiet)


def _draw(console: Console, picture: Path) -> None:
    """Save what was shown; in a font of the reader's own instead of one from a server."""
    drawn = console.export_svg(title="movie-sync demo")
    picture.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.S), encoding="utf-8")


def _usable_client(client: str, console: Console) -> str:
    if client == "builtin" and importlib.util.find_spec("libtorrent") is None:
        console.print("libtorrent has no wheel for this Python or machine: two qbittorrent-nox are used instead.")
        client = "qbittorrent"
    if client == "qbittorrent" and not nox.installed():
        raise MovieSyncError(
            "The demo needs qbittorrent-nox for this, which is not installed.",
            hint="Install it: sudo apt-get install --no-install-recommends qbittorrent-nox",
        )
    return client


def _about_client(client: str) -> str:
    if client == "builtin":
        return "The built-in client fetches the films by BitTorrent; the torrents here are public, as it needs them."
    return "A real qbittorrent-nox fetches the films by BitTorrent; the torrents here are private, as FileList's are."


@contextlib.contextmanager
def _world(folder: Path, client: str) -> Iterator[Addresses]:
    command = [sys.executable, "-m", "movie_sync.demo.world", str(folder / "world"), client]
    (folder / "world").mkdir()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603  our own
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise MovieSyncError("The demo's small world did not come up.", hint="Its error stands above.")
        yield Addresses(**json.loads(line))
    finally:
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _client(folder: Path, client: str) -> Iterator[nox.Nox | None]:
    if client == "builtin":
        yield None
        return
    with nox.Nox(folder / "qbittorrent", folder / "downloads") as running:
        yield running


def _write_home(folder: Path, addresses: Addresses, client: str, qbittorrent: nox.Nox | None) -> Path:
    """Settings as a user would have them, and one film that is on disk already."""
    home, library = folder / "home", folder / "library"
    home.mkdir(mode=0o700)
    library.mkdir()
    settings = {
        "username": USERNAME,
        "check_interval": 60,
        "letterboxd_url": addresses.letterboxd,
        "letterboxd_delay": 0,
        "filelist_url": addresses.filelist,
        "filelist_delay": 0,
        "client": client,
        "download_directory": str(folder / "downloads"),
        "library_directories": [str(library)],
        "builtin_listen": "127.0.0.1:0",
        "minimum_free_space": 0,
    }
    (home / "config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
    if qbittorrent is not None:
        part = {"qbittorrent": {"host": "127.0.0.1", "port": qbittorrent.port}}
        (home / "filelist_config.json").write_text(json.dumps(part, indent=2), encoding="utf-8")
    for film in FILMS:
        if film.on_disk:
            owned = library / f"{film.movie.title} ({film.movie.year})" / f"{film.movie.title}.mkv"
            owned.parent.mkdir()
            owned.write_bytes(b"on disk before the demo began")
    return home


@contextlib.contextmanager
def _program(folder: Path, home: Path, qbittorrent: nox.Nox | None) -> Iterator[subprocess.Popen[bytes]]:
    """The real program, as a user would start it."""
    environment = {
        **os.environ,
        "MOVIE_SYNC_HOME": str(home),
        "MOVIE_SYNC_FILELIST_USERNAME": USERNAME,
        "MOVIE_SYNC_FILELIST_PASSKEY": PASSKEY,
    }
    if qbittorrent is not None:
        environment |= {
            "MOVIE_SYNC_QBITTORRENT_USERNAME": nox.USERNAME,
            "MOVIE_SYNC_QBITTORRENT_PASSWORD": qbittorrent.password,
        }
    with (folder / "program.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "movie_sync", "run"], env=environment, stdin=subprocess.DEVNULL, stderr=output
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def _stop(program: subprocess.Popen[bytes]) -> int:
    program.send_signal(signal.SIGTERM)
    try:
        return program.wait(timeout=10)
    except subprocess.TimeoutExpired:
        return -1


def _watch(home: Path, console: Console, begun: float) -> dict[int, FilmRecord]:
    """Show the films walking through the queues until each stands where it has to, or time is up."""
    films: dict[int, FilmRecord] = {}
    with _display(console) as show:
        while time.monotonic() - begun < LIMIT_S:
            films = _look(home)
            show(films)
            if len(films) == len(FILMS) and all(_settled(film, films) for film in FILMS):
                break
            time.sleep(_LOOK_S)
    return films


def _look(home: Path) -> dict[int, FilmRecord]:
    """Film number to what the program's own database says of it."""
    try:
        store = Store(home / DATABASE_FILE, read_only=True)
    except MovieSyncError:
        return {}
    try:
        queue = QueueManager(store, SystemClock())
        found = [film for name in (Queue.PENDING, Queue.FAILED, Queue.COMPLETED) for film in queue.films_in(name)]
    finally:
        store.close()
    return {film.movie.number: film for film in found if film.movie.number is not None}


def _settled(film: DemoFilm, films: dict[int, FilmRecord]) -> bool:
    record = films.get(film.movie.number or 0)
    return record is not None and record.status == film.expected


@contextlib.contextmanager
def _display(console: Console) -> Iterator[Callable[[dict[int, FilmRecord]], None]]:
    """A live table on a terminal, only its end in a picture; a line for each change elsewhere."""
    if console.record:
        latest: list[dict[int, FilmRecord]] = [{}]
        yield lambda films: latest.__setitem__(0, films)
        console.print(_table(latest[0], console.width))
        return
    if console.is_terminal:
        with Live(console=console, refresh_per_second=8) as live:
            yield lambda films: live.update(_table(films, console.width))
        return
    last: dict[int, str] = {}

    def tell(films: dict[int, FilmRecord]) -> None:
        for number, film in films.items():
            if last.get(number) != film.status:
                last[number] = film.status
                console.print(f"  {film.queue:9} {film.status:12} {film.movie}")

    yield tell


def _table(films: dict[int, FilmRecord], width: int) -> Table:
    """The films as they stand; the last column takes what the terminal has left."""
    table = Table()
    table.add_column("Film", max_width=24, no_wrap=True)
    table.add_column("Queue", min_width=9)
    table.add_column("State", min_width=12)
    table.add_column("Progress", min_width=10)
    table.add_column("Release, or why not", max_width=max(8, width - _OTHER_COLUMNS), no_wrap=True)
    for wish in FILMS:
        film = films.get(wish.movie.number or 0)
        if film is None:
            table.add_row(str(wish.movie), "", "not read yet", "", "")
            continue
        done = int(10 * (film.progress or 0.0))
        bar = "" if film.progress is None else "█" * done + "░" * (10 - done)
        story = film.last_error or film.reason or (film.release_name or "").rpartition("/")[2]
        colour = _COLOURS[film.queue]
        state = Text(film.status, colour)
        table.add_row(str(film.movie), Text(film.queue, colour), state, Text(bar, colour), story)
    return table


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check(folder: Path, films: dict[int, FilmRecord], client: str, code: int) -> Checked:
    """Hold the program's word against the disk."""
    problems: list[str] = []
    done = on_disk = seeded = equal = 0
    for wish in FILMS:
        record = films.get(wish.movie.number or 0)
        if record is None or record.status != wish.expected:
            problems.append(f"{wish.movie} is {record.status if record else 'unknown'}, not {wish.expected}.")
            continue
        done += 1
        if wish.taken is None:
            continue
        name = f"{wish.taken}.mkv"
        source, copy = folder / "world" / "seed" / name, folder / "downloads" / name
        if record.release_name != wish.taken or not copy.exists():
            problems.append(f"{wish.movie}: {record.release_name} was taken, not {wish.taken}.")
            continue
        on_disk += copy.stat().st_size
        seeded += source.stat().st_size
        equal += _digest(copy) == _digest(source)
    wanted = sum(wish.taken is not None for wish in FILMS)
    if equal != wanted:
        problems.append(f"{equal} of {wanted} files have the content that was seeded.")
    extra = {path.stem for path in (folder / "downloads").glob("*.mkv")} - {wish.taken for wish in FILMS}
    problems += [f"{name} was downloaded and should not have been." for name in sorted(extra)]
    if code != 0:
        problems.append(f"The program ended with exit code {code}; its log: {client} …/program.log (use --keep).")
    return Checked(done, on_disk, seeded, equal, tuple(problems))


def _summary(console: Console, checked: Checked, films: dict[int, FilmRecord], client: str, seconds: float) -> int:
    console.print()
    for wish in FILMS:
        record = films.get(wish.movie.number or 0)
        if record is not None and record.queue != Queue.COMPLETED:
            label = "Put off" if record.queue == Queue.PENDING else "Not taken"
            console.print(f"{label}: {wish.movie}: {record.last_error or record.reason or record.status}")
        elif wish.note:
            console.print(f"Of note: {wish.movie}: {wish.note}.")
    for problem in checked.problems:
        console.print(f"WRONG: {problem}")
    wanted = sum(wish.taken is not None for wish in FILMS)
    console.print(
        f"Films: {checked.done} of {len(FILMS)} ended where they had to, {checked.equal} of {wanted} downloaded"
    )
    fetched_by = "the built-in client" if client == "builtin" else "qBittorrent"
    console.print(f"by {fetched_by} with the content that was seeded, in {seconds:.1f} s.")
    console.print(f"Bytes on disk: {checked.bytes_on_disk:,}; seeded: {checked.bytes_seeded:,}; equal: ", end="")
    console.print("yes" if checked.bytes_on_disk == checked.bytes_seeded and not checked.problems else "NO")
    return 1 if checked.problems or checked.bytes_on_disk != checked.bytes_seeded else 0
