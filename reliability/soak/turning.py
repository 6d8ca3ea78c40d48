"""Time that is turned: the threads of a process wait by it, and it goes on only while all of them wait.

So every moment at which a thread wants to do something comes, in its order, and none is slept through: thirty days pass
in as long as the work of thirty days takes. While a thread works, time goes on as fast as the real one.
"""

import math
import mmap
import struct
import threading
import time as real
from collections.abc import Callable
from pathlib import Path
from typing import Any

from movie_sync.errors import Stopping
from movie_sync.lib.clock import Boot

# Seconds since the start of the machine when a life begins: longer than the hour in which calls of an earlier start
# would count.
BOOT_S = 50_000.0
_BOOT_ID = "soak"
# Seconds since the start; what the wall clock shows more; the real moment since which a thread works, 0 while none
# does. The real moment is of a clock that all processes of a machine share (CLOCK_MONOTONIC).
_MOMENT = struct.Struct("ddd")


def make_clock(file: Path, wall: float) -> None:
    """Lay out the file by which one process turns the time and others see it; ``wall`` in Unix seconds."""
    file.write_bytes(_MOMENT.pack(BOOT_S, wall - BOOT_S, 0.0))


def _moved_on(up: float, since: float) -> float:
    return up + (real.monotonic() - since) if since else up


class SeenTime:
    """The time another process turns, read from its file; a Clock of which nobody waits.

    Args:
        file: Laid out by `make_clock`.
    """

    def __init__(self, file: Path) -> None:
        with file.open("rb") as opened:
            self._moment = mmap.mmap(opened.fileno(), _MOMENT.size, access=mmap.ACCESS_READ)

    def now(self) -> float:
        """See Clock."""
        up, ahead, since = _MOMENT.unpack(self._moment[:])
        return _moved_on(up, since) + float(ahead)

    def monotonic(self) -> float:
        """See Clock."""
        up, _, since = _MOMENT.unpack(self._moment[:])
        return _moved_on(up, since)

    def boot(self) -> Boot:
        """See Clock."""
        return Boot(_BOOT_ID, self.monotonic())

    def wait(self, seconds: float) -> None:
        """See Clock; whoever only looks at the time cannot let it pass."""
        raise AssertionError(f"nobody turns the clock by {seconds} s for a looker-on")

    def close(self) -> None:
        """Let go of the file."""
        self._moment.close()


class _Waiter:
    """A thread that waits: until when, and for what."""

    def __init__(self, until: float, event: "TurnedEvent | None") -> None:
        self.until = until
        self.event = event
        self.turn = threading.Lock()
        self.turn.acquire()


class Time:
    """One time for the threads that take part in it.

    Args:
        file: Laid out by `make_clock`; each turn is written to it.
    """

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            self._moment = mmap.mmap(opened.fileno(), _MOMENT.size)
        up, ahead, _ = _MOMENT.unpack(self._moment[:])
        self._ahead: float = ahead
        # As in the file; read without the lock, and so exchanged as one.
        self._base: tuple[float, float] = (up, 0.0)
        self._limit: float = up
        self._lock = threading.Lock()
        self._still = threading.Condition(self._lock)
        self._waiters: list[_Waiter] = []
        self._working = 0

    def now(self) -> float:
        """Unix seconds, wrong by what `jump` made of it."""
        return self.up() + self._ahead

    def up(self) -> float:
        """Seconds that only go forward."""
        return _moved_on(*self._base)

    def jump(self, seconds: float) -> None:
        """Set the wall clock wrong, or right again."""
        with self._lock:
            self._ahead += seconds
            self._turn_to(self.up())

    def live_until(self, up: float) -> None:
        """Let time pass as the threads' work allows, from a thread that takes no part; it stands still then.

        It may stand a little later, by what the last work took.
        """
        with self._lock:
            self._limit = up
            if not self._working:
                self._next()
            while self._working or any(waiter.until <= up for waiter in self._waiters):
                self._still.wait()
            self._turn_to(max(up, self.up()))

    # -- for the threads that take part

    def begin(self) -> None:
        """One thread more works from now on."""
        with self._lock:
            self._works()

    def end(self) -> None:
        """One thread that took part has ended."""
        with self._lock:
            self._rest()

    def wait(self, seconds: float | None, event: "TurnedEvent | None" = None) -> None:
        """Wait for a span (None: for ever) or for an event, whichever comes first."""
        with self._lock:
            if event is not None and event.happened:
                return
            waiter = _Waiter(math.inf if seconds is None else self.up() + seconds, event)
            self._waiters.append(waiter)
            self._rest()
        with waiter.turn:
            pass

    def happens(self, event: "TurnedEvent", happened: bool) -> None:
        """Set or clear an event; who waits for it works from now on."""
        with self._lock:
            event.happened = happened
            for waiter in [one for one in self._waiters if happened and one.event is event]:
                self._wake(waiter)

    def _rest(self) -> None:
        self._working -= 1
        if not self._working:
            self._next()

    def _next(self) -> None:
        """Nobody works: turn the time to the next moment somebody waits for, and let that thread work."""
        first = min(self._waiters, key=lambda waiter: waiter.until, default=None)
        up = self.up()
        if first is None or first.until > self._limit:
            self._turn_to(up)
            self._still.notify_all()
            return
        self._turn_to(max(up, first.until))
        self._wake(first)

    def _wake(self, waiter: _Waiter) -> None:
        self._waiters.remove(waiter)
        self._works()
        waiter.turn.release()

    def _works(self) -> None:
        self._working += 1
        if self._working == 1:
            self._turn_to(self.up())

    def _turn_to(self, up: float) -> None:
        since = real.monotonic() if self._working else 0.0
        self._base = (up, since)
        _MOMENT.pack_into(self._moment, 0, up, self._ahead, since)


class TurnedEvent(threading.Event):
    """An event for which threads wait by a turned time.

    Attributes:
        happened: It is set.
    """

    def __init__(self, time: Time) -> None:
        super().__init__()
        self._time = time
        self.happened = False

    def is_set(self) -> bool:
        """See threading.Event."""
        return self.happened

    def set(self) -> None:
        """See threading.Event."""
        self._time.happens(self, True)

    def clear(self) -> None:
        """See threading.Event."""
        self._time.happens(self, False)

    def wait(self, timeout: float | None = None) -> bool:
        """See threading.Event."""
        self._time.wait(timeout, self)
        return self.happened


class TurnedLock:
    """A lock, also one that its holder may take again: its holder may wait by the turned time, and so may others."""

    def __init__(self, time: Time) -> None:
        self._guard = threading.Lock()
        self._free = TurnedEvent(time)
        self._holder: int | None = None
        self._depth = 0

    def __enter__(self) -> None:
        me = threading.get_ident()
        while True:
            with self._guard:
                if self._holder in {None, me}:
                    self._holder = me
                    self._depth += 1
                    return
                self._free.clear()
            self._free.wait()

    def __exit__(self, *_: object) -> None:
        with self._guard:
            self._depth -= 1
            if not self._depth:
                self._holder = None
                self._free.set()


class TurnedClock:
    """What the parts get in place of the machine's clock.

    Args:
        time: By which it goes.
        stop: As for SystemClock.
    """

    def __init__(self, time: Time, stop: threading.Event) -> None:
        self._time = time
        self._stop = stop

    def now(self) -> float:
        """See Clock."""
        return self._time.now()

    def monotonic(self) -> float:
        """See Clock."""
        return self._time.up()

    def boot(self) -> Boot:
        """See Clock."""
        return Boot(_BOOT_ID, self._time.up())

    def wait(self, seconds: float) -> None:
        """See Clock."""
        if self._stop.wait(max(0.0, seconds)):
            raise Stopping("The program is stopping.")


class _TurnedThread(threading.Thread):
    def __init__(self, time: Time, options: dict[str, Any]) -> None:
        super().__init__(**options)
        self._time = time

    def start(self) -> None:
        self._time.begin()
        super().start()

    def run(self) -> None:
        try:
            super().run()
        finally:
            self._time.end()


class TurnedThreading:
    """What a module finds in place of ``threading``: the same threads, events and locks, waiting by a turned time."""

    def __init__(self, time: Time) -> None:
        self.Event: Callable[[], TurnedEvent] = lambda: TurnedEvent(time)
        self.Lock: Callable[[], TurnedLock] = lambda: TurnedLock(time)
        self.RLock = self.Lock
        self.Thread: Callable[..., threading.Thread] = lambda **options: _TurnedThread(time, options)
