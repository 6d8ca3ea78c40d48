"""Films, and a tracker in this process that has some of them, on a simulated clock."""

import functools
import hashlib
import json
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import bencode2

from benchmarks import library_cost
from movie_sync.lib.clock import Boot
from movie_sync.lib.http import HttpClient, HttpReply
from movie_sync.movie import Movie, Purpose, Release
from movie_sync.store import Store
from movie_sync.trackers.filelist_downloader import LATEST_LIMIT, FileListDownloader

HOUR_S = 3600.0
DAY_S = 86400.0
# 2026-09-21 13:33 UTC, when every simulation begins.
BEGIN = 1_790_000_000.0
PER_HOUR = 120
SPACING_S = 2.0
SWEEP_INTERVAL_S = 900.0
# What else comes to the tracker.
UPLOADS_A_DAY = 150
_ZONE = ZoneInfo("Europe/Bucharest")
_ADDRESS = "http://127.0.0.1:9"
_MOST_FILMS = 20_000
# Numbers of films that nobody here wishes for.
_OTHERS_FROM = 10_000


class TurnedClock:
    """A clock that stands still until turned; waiting turns it."""

    def __init__(self) -> None:
        self._wall = BEGIN
        self._up = 50_000.0

    def now(self) -> float:
        """See Clock."""
        return self._wall

    def monotonic(self) -> float:
        """See Clock."""
        return self._up

    def boot(self) -> Boot:
        """See Clock."""
        return Boot("boot-1", self._up)

    def wait(self, seconds: float) -> None:
        """See Clock."""
        self.turn(seconds)

    def turn(self, seconds: float) -> None:
        """Let so many seconds pass; fewer than none are none."""
        self._wall += max(seconds, 0.0)
        self._up += max(seconds, 0.0)


# -- films and releases


@functools.cache
def _titles() -> Sequence[tuple[str, int]]:
    return list(library_cost.films(_MOST_FILMS))


def film(number: int, *, known: bool = True) -> Movie:
    """One of 20,000 films, no two alike.

    Args:
        number: 0 to 19,999.
        known: With its IMDb id and without a page; else as a watchlist shows it, with a page that gives the id.
    """
    title, year = _titles()[number]
    plain = Movie(title, year, number + 1)
    if known:
        return Movie(title, year, plain.number, imdb_id=imdb_id(plain))
    return Movie(title, year, plain.number, f"L{number:x}", f"film-{number}")


def imdb_id(movie: Movie) -> str:
    """The id a film of `film` has."""
    return f"tt{movie.number or 0:07d}"


@dataclass(frozen=True, slots=True)
class Upload:
    """A release that comes to the tracker.

    Attributes:
        at: When, Unix seconds.
        imdb_id: How it is tagged there; None: not at all.
    """

    at: float
    name: str
    imdb_id: str | None


def release_of(movie: Movie, at: float, *, tagged: bool = True) -> Upload:
    """A good release of a film."""
    dots = "".join(char for char in movie.title if char not in ":'").replace(" - ", ".").replace(" ", ".")
    return Upload(at, f"{dots}.{movie.year}.1080p.BluRay.x264-GRP", imdb_id(movie) if tagged else None)


def other_uploads(begin: float, days: float) -> Iterator[Upload]:
    """What comes to the tracker for nobody here, from two days before ``begin`` on."""
    dice = random.Random(3)  # noqa: S311  the same each time
    for number in range(int(UPLOADS_A_DAY * (days + 2))):
        at = begin + dice.uniform(-2, days) * DAY_S
        yield release_of(film(_OTHERS_FROM + number % _OTHERS_FROM), at)


# -- the tracker


@dataclass(frozen=True, slots=True)
class Call:
    """A call the tracker got.

    Attributes:
        wanted: IMDb id of the film it was asked for; None for a sweep, or where the id is not known.
    """

    at: float
    purpose: Purpose
    wanted: str | None


class _Wire(HttpClient):
    """The tracker's side: answers in this process as FileList's API does; asks the budget first, as HTTP would."""

    def __init__(self, uploads: Sequence[Upload], clock: TurnedClock) -> None:
        super().__init__("filelist", "benchmark")
        self._uploads = sorted(uploads, key=lambda upload: upload.at)
        self._times = [upload.at for upload in self._uploads]
        self._words = [frozenset(upload.name.lower().split("-")[0].split(".")) for upload in self._uploads]
        self._tagged: dict[str, list[int]] = {}
        for place, upload in enumerate(self._uploads):
            self._tagged.setdefault(upload.imdb_id or "", []).append(place)
        self._clock = clock
        self.purpose: Purpose = "search"
        self.wanted: str | None = None
        self.calls: list[Call] = []

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,  # noqa: ARG002  everybody is let in
        max_bytes: int,  # noqa: ARG002  its answers are short
        pace: Callable[[], None] = lambda: None,
    ) -> HttpReply:
        """See HttpClient."""
        pace()
        asked = params or {}
        if "action" not in asked:
            return HttpReply(200, url, {}, _torrent(self._uploads[int(asked["id"]) - 1].name))
        self.calls.append(Call(self._clock.now(), self.purpose, self.wanted))
        return HttpReply(200, url, {}, json.dumps([self._row(place) for place in self._found(asked)]).encode())

    def _found(self, asked: Mapping[str, str]) -> Sequence[int]:
        there = bisect_right(self._times, self._clock.now())
        if asked["action"] == "latest-torrents":
            return range(there - 1, max(there - 1 - LATEST_LIMIT, -1), -1)
        if asked["type"] == "imdb":
            return [place for place in self._tagged.get(asked["query"], ()) if place < there]
        words = set(asked["query"].lower().split())
        return [place for place in range(there) if words <= self._words[place]]

    def _row(self, place: int) -> Mapping[str, object]:
        upload = self._uploads[place]
        uploaded = datetime.fromtimestamp(upload.at, _ZONE).strftime("%Y-%m-%d %H:%M:%S")
        return {
            "id": place + 1,
            "name": upload.name,
            "imdb": upload.imdb_id,
            "upload_date": uploaded,
            "size": 8 * 10**9,
            "category": 4,
            "seeders": 9,
        }


def _torrent(name: str) -> bytes:
    info: dict[bytes, object] = {
        b"name": f"{name}.mkv".encode(),
        b"piece length": 1 << 18,
        b"pieces": hashlib.sha1(name.encode()).digest(),  # noqa: S324  BEP 3
        b"length": 1 << 18,
        b"private": 1,
    }
    return bencode2.bencode({b"announce": f"{_ADDRESS}/announce".encode(), b"info": info})


class Tracker(FileListDownloader):
    """FileList by the real downloader, which keeps to the real budget; what comes to it is written beforehand.

    Args:
        uploads: All that is ever there, in any order.
        store: Where calls are counted.
        clock: Decides what is there already.
        per_hour: Calls in any hour.
        spacing_s: Between two calls.

    Attributes:
        calls: Every call it got, oldest first.
    """

    def __init__(
        self, uploads: Sequence[Upload], store: Store, clock: TurnedClock, *, per_hour: int, spacing_s: float
    ) -> None:
        self._wire = _Wire(uploads, clock)
        self.calls = self._wire.calls
        super().__init__(
            _ADDRESS,
            "user",
            "benchmark-passkey",
            categories=[4],
            http=self._wire,
            store=store,
            clock=clock,
            per_hour=per_hour,
            delay_s=spacing_s,
        )

    def search(self, movie: Movie, purpose: Purpose = "search") -> list[Release]:
        """See MovieDownloader."""
        self._wire.purpose, self._wire.wanted = purpose, movie.imdb_id
        return super().search(movie, purpose)

    def latest(self, purpose: Purpose = "sweep") -> list[Release]:
        """See MovieDownloader."""
        self._wire.purpose, self._wire.wanted = purpose, None
        return super().latest(purpose)

    def moments(self, *purposes: Purpose) -> list[float]:
        """When calls for these purposes came, Unix seconds, oldest first."""
        return [call.at for call in self.calls if call.purpose in purposes]


def largest_hour(moments: Sequence[float]) -> int:
    """The most calls in any 3600 s; ``moments`` are sorted."""
    largest = first = 0
    for place, moment in enumerate(moments):
        # A call an hour after another, to a millionth of a second, is no longer in its hour.
        while moments[first] <= moment - HOUR_S + 1e-6:
            first += 1
        largest = max(largest, place + 1 - first)
    return largest
