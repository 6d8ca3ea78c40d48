"""The process in which the real program lives by a turned time: ``python -m reliability.soak.house PLAN``.

It has all its threads, and each of them does what it does at the moment at which it wants to. What it is told comes as
lines of JSON on standard input; each is answered by one.
"""

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import movie_sync.app
import movie_sync.worker
from movie_sync import film_details
from movie_sync.app import App
from movie_sync.cli.log_set_up import start_logging
from movie_sync.clients import qbittorrent_manager
from movie_sync.config import Config
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.lib.http import HttpClient
from movie_sync.store import connections
from movie_sync.transfer_worker import TransferWorker
from movie_sync.watchlists import monitor, wikidata
from movie_sync.worker import Worker
from reliability.soak.turning import Time, TurnedClock, TurnedThreading

# A server that hangs costs this much of real time, not a minute.
_HTTP_LIMITS_S = {"connect_s": 2.0, "read_s": 0.4, "total_s": 2.0}
BUSY_S = 1.0
# While bytes move the clock goes at most 40 times as fast as they do, and at most this long for one that comes to rest.
_BYTES_S = 0.05
_MOST_BYTES_S = 4.0
# The main loop, beside the workers' own names.
MAIN = "main loop"
_ENDED_S = 30.0


class House:
    """One program after the other, in one process.

    Args:
        home: The home folder.
        clock: See make_clock.
    """

    def __init__(self, home: Path, clock: Path) -> None:
        self._home = home
        self._time = Time(clock)
        self._threading = TurnedThreading(self._time)
        self._steps: Counter[str] = Counter()
        self._app: App
        self._thread: threading.Thread
        self._lock = threading.Lock()

    def furnish(self) -> None:
        """Put the turned time under the program, and a count beside each step."""
        for module in (movie_sync.app, movie_sync.worker, film_details, monitor, wikidata, qbittorrent_manager):
            vars(module)["threading"] = self._threading
        vars(movie_sync.app)["SystemClock"] = lambda stop: TurnedClock(self._time, stop)
        HttpClient.__init__.__kwdefaults__ = _HTTP_LIMITS_S
        connections.BUSY_TIMEOUT_S = BUSY_S
        self._count(Worker, "guarded_step", lambda worker: worker.name)
        self._count(App, "_reread_settings", lambda _: MAIN)
        setattr(TransferWorker, "step", _waiting_for_bytes(TransferWorker.step))  # noqa: B010  in place of a method

    def _count(self, owner: type, method: str, name: Callable[[Any], str]) -> None:
        plain: Callable[[Any], Any] = getattr(owner, method)

        def counting(part: Any) -> Any:
            with self._lock:
                self._steps[name(part)] += 1
            return plain(part)

        setattr(owner, method, counting)

    def move_in(self) -> None:
        """Start the program as `movie-sync run` does."""
        config = Config.load(self._home)
        stop = self._threading.Event()
        self._app = App(config, CredentialsManager(self._home), stop)
        self._thread = self._threading.Thread(target=self._live, name="main", daemon=True)
        self._thread.start()

    def _live(self) -> None:
        with self._app as app:
            app.run()

    def move_out(self) -> None:
        """End the program as SIGTERM does."""
        self._app.stop()
        self._thread.join(_ENDED_S)
        if self._thread.is_alive():
            sys.exit("The program did not end.")

    def do(self, told: dict[str, Any]) -> dict[str, Any]:
        """Do one thing, and say how it stands."""
        if told["do"] == "live":
            self._time.live_until(told["until"])
        elif told["do"] == "jump":
            self._time.jump(told["seconds"])
        elif told["do"] == "restart":
            self.move_out()
            self.move_in()
        elif told["do"] == "stop":
            self.move_out()
        return {"steps": dict(self._steps), "alive": self._thread.is_alive()}


def _waiting_for_bytes(step: Callable[[Any, float], float]) -> Callable[[Any, float], float]:
    """Bytes need real time: the clock does not run ahead of a transfer that was just begun."""
    moving = 0
    since = 0.0

    def waiting(worker: Any, now: float) -> float:
        nonlocal moving, since
        wait_s = step(worker, now)
        if worker.unfinished() != moving:
            moving, since = worker.unfinished(), time.monotonic()
        if moving and time.monotonic() - since < _MOST_BYTES_S:
            time.sleep(_BYTES_S)
        return wait_s

    return waiting


def main() -> None:
    """Live as told, until standard input ends."""
    plan = json.loads(sys.argv[1])
    home = Path(plan["home"])
    start_logging(home, "INFO", on_stderr=False)
    house = House(home, Path(plan["clock"]))
    house.furnish()
    house.move_in()
    for line in sys.stdin:
        print(json.dumps(house.do(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
