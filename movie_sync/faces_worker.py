"""FacesWorker: keeps the three queue files in step with the database, and takes what a person edits in them."""

import logging
from collections.abc import Callable, Sequence

from movie_sync.errors import FacesError
from movie_sync.lib.clock import Clock
from movie_sync.queues.json_files import QueueFiles
from movie_sync.worker import Worker

log = logging.getLogger(__name__)


class FacesWorker(Worker):
    """Keeps the three queue files up to date, and takes what a person edits in them.

    Args:
        files: The files.
        clock: See Worker.
        on_edit: Called after a round, for an edit may have made films due.
        on_quiet: Called when there is nothing to write, once a second.
    """

    name = "queue files"

    def __init__(
        self,
        files: QueueFiles,
        clock: Clock,
        *,
        on_edit: Callable[[], None] = lambda: None,
        on_quiet: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(clock)
        self._files = files
        self._on_edit = on_edit
        self._on_quiet = on_quiet

    def step(self, now: float) -> float:  # noqa: ARG002  the files have no schedule
        """Merge and write if anything changed; at the latest after 1 s or 20 times what that cost."""
        if not self._files.out_of_date():
            self._on_quiet()
            return 1.0
        begun = self._clock.monotonic()
        report(self._files.sync())
        self._on_edit()
        return max(1.0, 20 * (self._clock.monotonic() - begun))


def report(problems: Sequence[FacesError]) -> None:
    """Tell of queue files that could not be taken as they were."""
    for problem in problems:
        log.error("%s", problem)
