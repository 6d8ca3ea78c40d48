"""What the tests share: a clock turned by hand, a store, and the replicas."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from movie_sync.errors import Stopping
from movie_sync.lib import redaction
from movie_sync.lib.clock import Boot
from movie_sync.movie import Movie
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store
from reliability.disk import preload
from reliability.program import Program

# The gate has to say the same twice; at home each run may find something new.
hypothesis.settings.register_profile("gate", derandomize=True, deadline=None)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("gate")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


class HandClock:
    """A clock that stands still until turned; waiting turns it.

    Attributes:
        wall: Unix seconds, may be set to anything.
        up: Seconds since boot, only goes forward.
        boot_id: Change it, with ``up``, to start the machine anew.
        waits: Every wait asked for.
        stopping: When true, waits raise Stopping.
    """

    def __init__(self, wall: float = 1_790_000_000.0) -> None:
        self.wall = wall
        self.up = 50_000.0
        self.boot_id = "boot-1"
        self.waits: list[float] = []
        self.stopping = False
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.up

    def boot(self) -> Boot:
        return Boot(self.boot_id, self.up)

    def wait(self, seconds: float) -> None:
        if self.stopping:
            raise Stopping("The program is stopping.")
        with self._lock:
            self.waits.append(seconds)
        self.turn(max(seconds, 0.0))

    def turn(self, seconds: float) -> None:
        self.wall += seconds
        self.up += seconds


def movie(number: int, title: str = "", year: int | None = 2000, **facts: Any) -> Movie:
    """A film with everything a watchlist page gives."""
    plain = Movie(title or f"Film {number}", year, number, f"L{number:x}", f"film-{number}")
    return replace(plain, **facts)


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """A test that fails before it ends its program would else fail others with it."""
    yield
    while Program.started:
        process = Program.started.pop()
        process.kill()
        process.wait()


@pytest.fixture(autouse=True)
def secrets_stay_with_their_test() -> Iterator[None]:
    """Else a password such as "pass" would be taken out of every text of the tests behind it."""
    before = set(redaction._secrets)
    yield
    redaction._secrets.intersection_update(before)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shim that watches a program's files (reliability/disk)."""
    return preload.build(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = Store(home / "movie_sync.db")
    yield opened
    opened.close()


@pytest.fixture
def queue(store: Store, clock: HandClock) -> QueueManager:
    return QueueManager(store, clock)
