"""Time: wall time for schedules, monotonic time for waiting, boot time for rate limits."""

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from movie_sync.errors import Stopping

# In 2096: a moment from there on, or before 1970, is nothing a person or a service meant.
LATEST_S = 4e9
BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")


class Boot(NamedTuple):
    """This start of the machine.

    Attributes:
        boot_id: Changes with each start of the machine; "unknown" where the system does not tell.
        seconds: Since that start, suspended time included; never jumps.
    """

    boot_id: str
    seconds: float


class Clock(Protocol):
    """What the parts need to know of time; tests put one in that they turn by hand."""

    def now(self) -> float:
        """Unix seconds; may jump when the clock is set."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""

    def boot(self) -> Boot:
        """Where in which boot this moment lies."""

    def wait(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            Stopping: The process was asked to stop; nothing more should be begun.
        """


class SystemClock:
    """The machine's own clock.

    Args:
        stop: Set when the process should end; None for a command that is never asked to.
    """

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()
        try:
            self._boot_id = BOOT_ID_FILE.read_text(encoding="ascii").strip()
        except OSError:
            self._boot_id = "unknown"

    def now(self) -> float:
        """See Clock."""
        return time.time()

    def monotonic(self) -> float:
        """See Clock."""
        return time.monotonic()

    def boot(self) -> Boot:
        """See Clock; CLOCK_BOOTTIME where there is one, else the monotonic clock."""
        clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        return Boot(self._boot_id, time.clock_gettime(clock))

    def wait(self, seconds: float) -> None:
        """See Clock."""
        if self._stop.wait(max(0.0, seconds)):
            raise Stopping("The program is stopping.")


def utc_text(moment: float | None) -> str | None:
    """Unix seconds as people and JSON files read them: ``2026-11-22T16:00:00Z``; None stays None."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat()[: len("2026-11-22T16:00:00")] + "Z"


def utc_seconds(text: str) -> float:
    """Unix seconds of an ISO 8601 date or time; one without a zone is local time.

    Raises:
        ValueError: It is no such text.
    """
    return datetime.fromisoformat(text.strip()).timestamp()


def span_text(seconds: float) -> str:
    """A span as a person says it: ``45 s``, ``12 min``, ``3 h``, ``2 days``."""
    seconds = max(0.0, seconds)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 36 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"
