"""What goes wrong around the house: services that answer badly, a client that is gone, a database somebody holds."""

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from movie_sync.demo import filelist_api, letterboxd_site, wikidata_site
from movie_sync.demo.loopback import Answer
from movie_sync.lib.backoff import provider_wait_s
from reliability.soak.house import BUSY_S

_HANGS_S = 0.8
_MOMENT_S = 0.3
_LONG_S = BUSY_S + 0.6


def _hang(_write: Callable[[bytes], Any]) -> None:
    time.sleep(_HANGS_S)


def _reset(_write: Callable[[bytes], Any]) -> None:
    raise ConnectionResetError


def _cut(write: Callable[[bytes], Any]) -> None:
    write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n[{"id": 1')


@dataclass(frozen=True, slots=True)
class Bent:
    """An answer a service should not give.

    Attributes:
        answer: What it says.
        away_s: For how long it is left alone after that, at least.
    """

    answer: Answer
    away_s: float = 0.0


_ANY = (
    Bent(Answer(b"<html>Bad gateway</html>", 503)),
    Bent(Answer(b"Slow down", 429, headers={"Retry-After": "120"}), 120.0),
    Bent(Answer(write=_hang)),
    Bent(Answer(write=_reset)),
    Bent(Answer(write=_cut)),
)
# The last of the first two needs a person, or a browser, and so stops the service for an hour.
BENT: Mapping[str, Sequence[Bent]] = {
    "letterboxd": (*_ANY, *_ANY, *_ANY, Bent(letterboxd_site.CHALLENGE, 3600.0)),
    "filelist": (
        *(*_ANY, *_ANY, *_ANY),
        *(Bent(filelist_api.OUTAGE), Bent(Answer(b"<html>Site offline</html>"))),
        Bent(Answer(b'[{"id": []}]'), 3600.0),
    ),
    "wikidata": (*_ANY, Bent(wikidata_site.TIMEOUT), Bent(wikidata_site.OUTAGE), Bent(wikidata_site.LIMITED, 120.0)),
}


def bent(service: str, dice: random.Random) -> list[Bent]:
    """One to three bad answers of a service, one after the other."""
    return [dice.choice(BENT[service]) for _ in range(dice.choice((1, 1, 2, 3)))]


def away_s(answers: Sequence[Bent]) -> float:
    """For how long a service is left alone in all after so many bad answers in a row."""
    return sum(max(provider_wait_s(place), one.away_s) for place, one in enumerate(answers, 1))


class Holder:
    """Somebody else who holds the database; one at a time.

    Args:
        path: Of the database.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread: threading.Thread | None = None

    def hold(self, *, long: bool) -> None:
        """Lock it against writing for a moment, or for longer than the program waits for it; in real time."""
        self.let_go()
        held = threading.Event()
        self._thread = threading.Thread(target=self._hold, args=(held, _LONG_S if long else _MOMENT_S), daemon=True)
        self._thread.start()
        held.wait()

    def _hold(self, held: threading.Event, seconds: float) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            held.set()
            time.sleep(seconds)
            connection.execute("ROLLBACK")
        finally:
            held.set()
            connection.close()

    def let_go(self) -> None:
        """Wait until nobody holds it any more."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
