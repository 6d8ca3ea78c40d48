"""Taking in a list of films from a file."""

from collections.abc import Sequence

from movie_sync.movie import WatchedFilm
from movie_sync.queues.queue_manager import Intake, QueueManager
from movie_sync.store.wishes import EXPORT

_BATCH = 500


def take_in(queue: QueueManager, found: Sequence[WatchedFilm], begun_at: float, newest: int | None = None) -> Intake:
    """Queue the films of an export that are new.

    Args:
        queue: Takes them.
        found: As read_csv_export gives them, position 0 the newest wish.
        begun_at: Unix seconds, now.
        newest: Only so many of them; the rest counts as seen before. None: all.
    """

    def wanted(film: WatchedFilm, new: bool) -> bool:  # noqa: ARG001  the queue's signature
        return newest is None or film.position < newest

    batches = (found[start : start + _BATCH] for start in range(0, len(found), _BATCH))
    intakes = [queue.wish(batch, EXPORT, begun_at, wanted=wanted) for batch in batches]
    return Intake(
        sum(intake.added for intake in intakes),
        sum(intake.known for intake in intakes),
        sum(intake.seen for intake in intakes),
    )
