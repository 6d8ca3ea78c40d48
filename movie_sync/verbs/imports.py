"""Taking in a list of films from a file."""

from collections.abc import Sequence

from movie_sync.movie import WatchedFilm
from movie_sync.queues.queue_manager import Intake
from movie_sync.verbs.home import Home

LIST_NAME = "csv"
_BATCH = 500


def take_in(home: Home, found: Sequence[WatchedFilm], newest: int | None = None) -> Intake:
    """Queue the films of an export that are new.

    Args:
        home: Opened for writing.
        found: As read_csv_export gives them, position 0 the newest wish.
        newest: Only so many of them; the rest counts as seen before. None: all.
    """

    def wanted(film: WatchedFilm, new: bool) -> bool:  # noqa: ARG001  the queue's signature
        return newest is None or film.position < newest

    begun_at = home.clock.now()
    batches = (found[start : start + _BATCH] for start in range(0, len(found), _BATCH))
    intakes = [home.queue.wish(batch, LIST_NAME, begun_at, wanted=wanted) for batch in batches]
    return Intake(
        sum(intake.added for intake in intakes),
        sum(intake.known for intake in intakes),
        sum(intake.seen for intake in intakes),
    )
