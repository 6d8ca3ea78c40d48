"""The street the house stands in: the services, a real qBittorrent with a seeder, and the house's own process."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from movie_sync.demo import nox
from movie_sync.demo.filelist_api import FileListApi, Upload
from movie_sync.demo.letterboxd_site import LetterboxdSite
from movie_sync.demo.loopback import Answer, Request
from movie_sync.demo.nox import Nox
from movie_sync.demo.torrents import TorrentTracker, make_torrent
from movie_sync.demo.wikidata_site import Item, WikidataSite
from movie_sync.demo.world import PASSKEY, USERNAME
from reliability.soak.catalog import Coming, film, make_file
from reliability.soak.turning import SeenTime, make_clock

HOUSE = (sys.executable, "-m", "reliability.soak.house")
_ZONE = ZoneInfo("Europe/Bucharest")
_SEEDING_S = 60.0
_FIRST_UPLOAD = 1_000_001
_ANSWER_S = 900.0
_CHECKOUT = str(Path(__file__).resolve().parents[2])


class _Moments(list[Request]):
    """In place of a server's list of requests: only when they came is kept, so that a month fits into memory."""

    def __init__(self, note: Callable[[Request], None]) -> None:
        super().__init__()
        self._note = note

    def append(self, request: Request) -> None:
        self._note(request)


class Site(LetterboxdSite):
    """Letterboxd, which notes when the list was read well.

    Attributes:
        checked: When its first page was given out, seconds of the turned time.
    """

    def __init__(self, films: Sequence[int], seen: SeenTime) -> None:
        super().__init__(USERNAME, [film(number) for number in films])
        self._seen = seen
        self.checked: list[float] = []
        self.requests = _Moments(lambda _: None)

    def answer(self, request: Request) -> Answer:
        """See LoopbackServer."""
        if request.path == f"/{USERNAME}/watchlist/":
            self.checked.append(self._seen.monotonic())
        return super().answer(request)


class Api(FileListApi):
    """FileList, which notes when it was called, and lets nobody in while told so.

    Attributes:
        called: When each API call came, bent ones too, seconds of the turned time.
        swept: When its newest releases were given out.
        shut: The log-in is refused.
    """

    def __init__(self, seen: SeenTime) -> None:
        super().__init__(USERNAME, PASSKEY)
        self._seen = seen
        self.called: list[float] = []
        self.swept: list[float] = []
        self.shut = False
        self.requests = _Moments(self._note)

    def _note(self, request: Request) -> None:
        if request.path == "/api.php":
            self.called.append(self._seen.monotonic())

    def answer(self, request: Request) -> Answer:
        """See LoopbackServer."""
        if self.shut:
            return Answer(b'{"error": "Invalid passkey/username"}', 403, "application/json")
        if request.query.get("action") == "latest-torrents":
            self.swept.append(self._seen.monotonic())
        return super().answer(request)


class _QuietTracker(TorrentTracker):
    """Hundreds of torrents need not tell every five seconds that they are there."""

    def answer(self, request: Request) -> Answer:
        """See LoopbackServer."""
        given = super().answer(request)
        return replace(given, body=given.body.replace(b"8:intervali5e", b"8:intervali900e"))


class Street:
    """Everything around the program, and the program in a process of its own; close it when done.

    Args:
        folder: Empty; for everything.
        wished: Numbers of the films on the watchlist at the beginning, newest wish first.
        coming: Releases that come to the tracker; those that are good get a torrent and a seed.
        real_client: With a real qBittorrent; else .torrent files are only saved.
        house: The command that starts the house.

    Attributes:
        nox: None without a real client.
        seen: The time the house turns.
    """

    def __init__(
        self,
        folder: Path,
        wished: Sequence[int],
        coming: Sequence[Coming],
        *,
        real_client: bool,
        house: Sequence[str] = HOUSE,
    ) -> None:
        self.home = folder / "home"
        self.home.mkdir(mode=0o700)
        self._folder = folder
        self._command = house
        self._clock = folder / "clock"
        # Whole seconds, so that what is noted can be read again.
        make_clock(self._clock, float(int(time.time())))
        self.seen = SeenTime(self._clock)
        self.site = Site(wished, self.seen)
        self.api = Api(self.seen)
        self.wikidata = WikidataSite({})
        self.tracker = _QuietTracker()
        self.nox = Nox(folder / "qbittorrent", folder / "downloads") if real_client else None
        self._seeder: subprocess.Popen[bytes] | None = None
        self._house: subprocess.Popen[str] | None = None
        self._uploaded = 0
        self.coming = [self._with_torrent(place, one) for place, one in enumerate(coming)]
        self.settings: dict[str, Any] = self._first_settings()

    def _with_torrent(self, place: int, one: Coming) -> Coming:
        if one.grade not in {"good", "dead"}:
            return one
        for name in ("seed", "torrents"):
            (self._folder / name).mkdir(exist_ok=True)
        path = make_file(self._folder / "seed", f"{one.name}.{place}", place)
        torrent = make_torrent(path, self.tracker.announce_url, private=True)
        if one.grade == "good":
            (self._folder / "torrents" / f"{place}.torrent").write_bytes(torrent)
        return replace(one, torrent=torrent, size_bytes=path.stat().st_size)

    def _first_settings(self) -> dict[str, Any]:
        return {
            "username": USERNAME,
            "letterboxd_url": self.site.url,
            "wikidata_url": f"{self.wikidata.url}/sparql",
            "filelist_url": self.api.url,
            "minimum_free_space": 0,
            # So that one that stands still is not looked at every two seconds for a day.
            "stalled_after": 3600,
            "client": "none" if self.nox is None else "qbittorrent",
            "download_directory": str(self._folder / ("saved" if self.nox is None else "downloads")),
        }

    # -- starting and ending

    def open(self) -> None:
        """Start the seeder, the client and the house.

        Raises:
            TimeoutError: The seeder or qBittorrent did not come up.
        """
        if self.nox is not None:
            self._start_seeder()
            self.nox.start()
        self.write_settings()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MOVIE_SYNC_")}
        environment = {
            **kept,
            "PYTHONPATH": _CHECKOUT,
            "MOVIE_SYNC_HOME": str(self.home),
            "MOVIE_SYNC_FILELIST_USERNAME": USERNAME,
            "MOVIE_SYNC_FILELIST_PASSKEY": PASSKEY,
            "MOVIE_SYNC_QBITTORRENT_USERNAME": nox.USERNAME,
            "MOVIE_SYNC_QBITTORRENT_PASSWORD": self.nox.password if self.nox else "none",
        }
        plan = {"home": str(self.home), "clock": str(self._clock)}
        with (self._folder / "stderr.txt").open("w") as words:
            self._house = subprocess.Popen(
                [*self._command, json.dumps(plan)],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                text=True,
            )

    def _start_seeder(self) -> None:
        torrents = self._folder / "torrents"
        torrents.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "movie_sync.demo.seeder", str(torrents), str(self._folder / "seed")]
        self._seeder = subprocess.Popen(command, stdin=subprocess.PIPE, env={**os.environ, "PYTHONPATH": _CHECKOUT})
        expected = len(list(torrents.glob("*.torrent")))
        end = time.monotonic() + _SEEDING_S
        while self.tracker.seeds() < expected:
            if time.monotonic() > end or self._seeder.poll() is not None:
                raise TimeoutError(f"The seeder announced {self.tracker.seeds()} of {expected} torrents.")
            time.sleep(0.05)

    def close(self) -> None:
        """End all of it, however it stands."""
        for process in (self._house, self._seeder):
            if process is None:
                continue
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if self.nox is not None:
            self.nox.stop()
        for server in (self.site, self.api, self.wikidata, self.tracker):
            server.close()
        self.seen.close()

    # -- the house

    @property
    def pid(self) -> int:
        """Of the house."""
        return self._running().pid

    def _running(self) -> "subprocess.Popen[str]":
        if self._house is None:
            raise LookupError("The house does not stand yet.")
        return self._house

    def tell(self, what: str, **how: float) -> dict[str, Any]:
        """Have the house do something; what it says to that.

        Raises:
            HouseEnded: It has left its process.
        """
        house = self._running()
        if house.stdin is None or house.stdout is None:
            raise HouseEnded("The house cannot be talked to.")
        try:
            house.stdin.write(json.dumps({"do": what, **how}) + "\n")
            house.stdin.flush()
            line = house.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer: dict[str, Any] = json.loads(line) if line else {"alive": False}
        if not answer["alive"] and what != "stop":
            words = (self._folder / "stderr.txt").read_text().strip().splitlines()
            raise HouseEnded(f"The program ended by itself: {words[-1] if words else 'it said nothing'}.")
        return answer

    def write_settings(self) -> None:
        """What config.json is to hold from now on; a running program reads it within a second."""
        port = 0 if self.nox is None else self.nox.port
        files = {
            "config.json": self.settings,
            "filelist_config.json": {"qbittorrent": {"host": "127.0.0.1", "port": port}} if port else {},
        }
        for name, content in files.items():
            text = json.dumps(content)
            path = self.home / name
            if not path.exists() or path.read_text() != text:
                path.with_suffix(".new").write_text(text)
                path.with_suffix(".new").replace(path)

    # -- the services

    def upload(self, one: Coming) -> None:
        """A release is there from now on."""
        self._uploaded += 1
        uploaded = datetime.fromtimestamp(self.seen.now(), _ZONE).strftime("%Y-%m-%d %H:%M:%S")
        seeders = 0 if one.grade == "empty" else 9
        number = _FIRST_UPLOAD + self._uploaded
        self.api.uploads.append(
            Upload(number, one.name, 4, film(one.film).imdb_id, one.size_bytes, seeders, one.torrent, uploaded=uploaded)
        )

    def know(self, numbers: Sequence[int]) -> None:
        """Wikidata knows these films."""
        for number in numbers:
            movie = film(number)
            self.wikidata.items[movie.slug or ""] = Item(
                imdb=(movie.imdb_id or "",), tmdb=((movie.tmdb_id or "").removeprefix("movie/"),)
            )


class HouseEnded(Exception):
    """The program left though nobody asked it to."""
