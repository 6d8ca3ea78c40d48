"""What a worker is: a loop around one step, which is tested without threads."""

import abc
import logging
import threading
from collections import Counter
from dataclasses import dataclass, field

from movie_sync.errors import MovieSyncError, Stopping, StoreError
from movie_sync.lib.backoff import provider_wait_s
from movie_sync.lib.clock import Clock
from movie_sync.lib.shortage import shortage

log = logging.getLogger(__name__)

# A step is never further off than this: clocks jump and people act.
LONGEST_WAIT_S = 60.0


class Worker(abc.ABC):
    """A loop around `step`; whatever goes wrong in a step is logged once and the loop goes on.

    Args:
        clock: Time, handed to each step.

    Attributes:
        errors_in_a_row: Unexpected errors since the last step that went well.
    """

    name: str

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._awake = threading.Event()
        self.errors_in_a_row = 0
        self._last_error = ""

    @abc.abstractmethod
    def step(self, now: float) -> float:
        """Do one unit of work.

        Args:
            now: Unix seconds.

        Returns:
            Seconds until the next step is worth doing; 0 when there is more to do now.
        """

    def wake(self) -> None:
        """Make the next step happen now."""
        self._awake.set()

    def run(self, stop: threading.Event) -> None:
        """Step until told to stop."""
        while not stop.is_set():
            wait_s = self.guarded_step()
            if self.errors_in_a_row:
                # Its own last commit would wake it at once.
                stop.wait(wait_s)
            elif wait_s > 0:
                self._awake.wait(min(wait_s, LONGEST_WAIT_S))
            self._awake.clear()

    def guarded_step(self) -> float:
        """One step; an unexpected error is logged once with its trace and answered with back-off."""
        try:
            wait_s = self.step(self._clock.now())
        except Stopping:
            return 0.0
        except Exception as exc:  # noqa: BLE001  the worker boundary: whatever happens, the others go on
            return self._failed(exc)
        if self.errors_in_a_row:
            log.info("%s works again.", self.name)
            self.errors_in_a_row = 0
            self._last_error = ""
        return wait_s

    def _failed(self, exc: Exception) -> float:
        self.errors_in_a_row += 1
        wait_s = min(provider_wait_s(self.errors_in_a_row), 900.0)
        text = _in_words(exc)
        if text != self._last_error:
            expected = isinstance(exc, StoreError | OSError) or shortage(exc)
            log.error("%s: %s Next try in %.0f s.", self.name, text, wait_s, exc_info=None if expected else exc)
        self._last_error = text
        return wait_s


def _in_words(exc: Exception) -> str:
    """What a person is told of an error that nobody expected; of a disk or a database, what to do too."""
    if isinstance(exc, MovieSyncError):
        return str(exc)
    if isinstance(exc, OSError) and exc.strerror:
        return f"{exc.filename or 'A file'} cannot be used ({exc.strerror}). Check its rights and the free space."
    return shortage(exc) or f"{type(exc).__name__}: {exc}"


@dataclass(slots=True)
class Tally:
    """What a pass did, in films."""

    checked: int = 0
    added: int = 0
    counts: Counter[str] = field(default_factory=Counter)
