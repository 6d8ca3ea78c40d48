"""Thousands of hours of greedy callers: restarts, several processes, starts of the machine, clocks set by days."""

import contextlib
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from benchmarks.economy_tracker import BEGIN, DAY_S, HOUR_S, PER_HOUR, SPACING_S, largest_hour
from benchmarks.economy_world import Compared, quick_store
from movie_sync.errors import CallsUsedUp
from movie_sync.lib.clock import Boot
from movie_sync.movie import Purpose
from movie_sync.store import Store
from movie_sync.trackers.call_budget import KEPT_FOR_HAND, REPEATS, CallBudget

PURPOSES: Sequence[Purpose] = get_args(Purpose)
MOST_REPEATS = int(PER_HOUR * REPEATS)
BY_ITSELF = PER_HOUR - KEPT_FOR_HAND
# Greedy spells and the quiet between them, on average. After the quiet all calls are free again.
_BUSY_S = 3 * HOUR_S
_QUIET_S = 10 * HOUR_S


class Machine:
    """A machine whose true time only the simulation knows; see Clock for what the program is told.

    Attributes:
        true_s: True seconds since the simulation began.
        tells_boots: Each start has a name of its own; else all are called "unknown".
        meanwhile: Called in the middle of every wait: others do not stand still.
    """

    def __init__(self, *, tells_boots: bool = True) -> None:
        self.true_s = 0.0
        self.tells_boots = tells_boots
        self.meanwhile: Callable[[], None] = lambda: None
        self._wall_off_s = 0.0
        self._boots = 1
        self._up_s = 5000.0

    def now(self) -> float:
        """See Clock."""
        return BEGIN + self.true_s + self._wall_off_s

    def monotonic(self) -> float:
        """See Clock."""
        return self._up_s

    def boot(self) -> Boot:
        """See Clock."""
        return Boot(f"boot-{self._boots}" if self.tells_boots else "unknown", self._up_s)

    def wait(self, seconds: float) -> None:
        """See Clock."""
        self.turn(seconds / 2)
        self.meanwhile()
        self.turn(seconds / 2)

    def turn(self, seconds: float) -> None:
        """Let so much true time pass."""
        self.true_s += seconds
        self._up_s += seconds

    def set_wall(self, by_s: float) -> None:
        """Somebody sets the clock."""
        self._wall_off_s += by_s

    def restart(self, off_s: float, up_s: float) -> None:
        """The machine is off for a while; the program is started so many seconds after the machine."""
        self.true_s += off_s + up_s
        self._boots += 1
        self._up_s = up_s


@dataclass
class Seen:
    """What the tracker saw of it.

    Attributes:
        asked: Calls that were asked for.
        made: True seconds of the calls that were made, in order, with their purposes.
        restarts: Starts of a process; of the machine too.
    """

    asked: int = 0
    made: list[tuple[float, Purpose]] = field(default_factory=list)
    restarts: int = 0

    def largest(self, *purposes: Purpose) -> int:
        """The most calls for these purposes in any true 3600 s."""
        return largest_hour([at for at, purpose in self.made if purpose in purposes])

    @property
    def hours(self) -> tuple[int, int, int]:
        """The largest hour of all calls, of repeats, and of all but those by hand."""
        return self.largest(*PURPOSES), self.largest("repeat"), self.largest("search", "repeat", "sweep")

    @property
    def within(self) -> bool:
        """No hour had more than is allowed."""
        return all(had <= most for had, most in zip(self.hours, (PER_HOUR, MOST_REPEATS, BY_ITSELF), strict=True))


class Callers:
    """Some processes on one database that want all the calls they can get.

    Args:
        folder: For the database.
        machine: Theirs.
        seed: Of all that happens.
        processes: At least 1.
        forgets: Each start of a process begins the count anew: what must not be.
    """

    def __init__(self, folder: Path, machine: Machine, seed: int, *, processes: int = 3, forgets: bool = False) -> None:
        self.seen = Seen()
        self._folder = folder
        self._machine = machine
        self._dice = random.Random(seed)  # noqa: S311  it decides what happens, nothing secret
        self._forgets = forgets
        self._interrupted = False
        self._running = [self._start() for _ in range(processes)]
        machine.meanwhile = self._interrupt

    def close(self) -> None:
        """End every process."""
        for store, _ in self._running:
            store.close()

    def live(self, hours: float) -> None:
        """Let so many true hours pass, greedy spells between quiet ones."""
        while self._machine.true_s < hours * HOUR_S:
            end = self._machine.true_s + self._dice.uniform(0, 2 * _BUSY_S)
            while self._machine.true_s < end:
                self._happen()
            self._machine.turn(self._dice.uniform(0, 2 * _QUIET_S))

    def _happen(self) -> None:
        """One of the things that happen in a greedy spell."""
        dice = self._dice
        what = dice.choices(("burst", "rest", "process", "machine", "clock"), (12, 4, 3, 1, 2))[0]
        if what == "burst":
            self._burst(dice.randint(1, PER_HOUR))
        elif what == "rest":
            self._machine.turn(dice.choice((0.0, 1.0, 60.0, 900.0)) * dice.random())
        elif what == "process":
            self._restart(dice.randrange(len(self._running)))
        elif what == "machine":
            self._machine.restart(dice.choice((5.0, 600.0, 2 * HOUR_S)) * dice.random(), dice.uniform(0, 40))
            for place in range(len(self._running)):
                self._restart(place)
        else:
            self._machine.set_wall(dice.choice((-DAY_S, DAY_S, HOUR_S, -HOUR_S)) * dice.uniform(0, 10))

    def _burst(self, calls: int) -> None:
        """Ask so often, whoever is free, for some purposes; when nothing is left, often wait just as long as told."""
        wanted = self._dice.sample(PURPOSES, self._dice.randint(1, len(PURPOSES)))
        for _ in range(calls):
            waits = []
            for purpose in self._dice.sample(wanted, len(wanted)):
                if (wait_s := self._ask(purpose)) is None:
                    break
                waits.append(wait_s)
            else:
                if self._dice.random() < 0.5:
                    return
                self._machine.turn(min(waits))

    def _ask(self, purpose: Purpose) -> float | None:
        """None when the call was made, else the seconds until one would be free."""
        _, budget = self._dice.choice(self._running)
        self.seen.asked += 1
        try:
            budget.take(purpose)
        except CallsUsedUp as exc:
            return exc.retry_after_s or 0.0
        self.seen.made.append((self._machine.true_s, purpose))
        return None

    def _interrupt(self) -> None:
        """Sometimes another asks while one waits for its turn."""
        if not self._interrupted and self._dice.random() < 0.1:
            self._interrupted = True
            self._ask(self._dice.choice(PURPOSES))
            self._interrupted = False

    def _restart(self, place: int) -> None:
        self._running[place][0].close()
        self._running[place] = self._start()

    def _start(self) -> tuple[Store, CallBudget]:
        self.seen.restarts += 1
        store = quick_store(self._folder)
        if self._forgets:
            with store.write() as tx:
                tx.execute("DELETE FROM calls")
        budget = CallBudget(
            "filelist", "filelist", store=store, clock=self._machine, per_hour=PER_HOUR, spacing_s=SPACING_S
        )
        return store, budget


@contextlib.contextmanager
def _callers(seed: int, *, tells_boots: bool, forgets: bool) -> Iterator[Callers]:
    with tempfile.TemporaryDirectory() as name:
        callers = Callers(Path(name), Machine(tells_boots=tells_boots), seed, forgets=forgets)
        try:
            yield callers
        finally:
            callers.close()


def simulate(hours: float, seed: int = 1, *, tells_boots: bool = True, forgets: bool = False) -> Seen:
    """So many true hours of three greedy processes on one machine; see Machine and Callers."""
    with _callers(seed, tells_boots=tells_boots, forgets=forgets) as callers:
        callers.live(hours)
        return callers.seen


def rolling_hours(hours: int, hours_off: int) -> Iterator[Compared]:
    """No hour above the limit in so many hours; fewer are enough for a budget that forgets."""
    seen, off = simulate(hours), simulate(hours_off, forgets=True)
    yield Compared(
        f"{hours:,} hours, {seen.restarts:,} starts, {seen.asked:,} calls asked for, {len(seen.made):,} made:"
        " largest rolling hour",
        _words(seen),
        f"≤ {PER_HOUR}; ≤ {MOST_REPEATS}; ≤ {BY_ITSELF}",
        seen.within,
        off=_words(off),
        off_misses=not off.within,
        switched=f"each start forgets ({hours_off:,} h)",
    )


def _words(seen: Seen) -> str:
    every, repeats, by_itself = seen.hours
    return f"{every}; repeats {repeats}; all but by hand {by_itself}"
