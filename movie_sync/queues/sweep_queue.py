"""SweepQueue: which films wait for a release to appear, and what a sweep over the newest releases brought them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from movie_sync.lib.clock import Clock
from movie_sync.movie import Decision, Release, Status
from movie_sync.store import Store, decisions, films, history, offers, sweeps
from movie_sync.store.connections import Connection
from movie_sync.store.films import WaitingFilm
from movie_sync.store.sweeps import SweepState

_WAITS: Mapping[str, Any] = {
    "not_before": None,
    "reason": None,
    "put_off_by": None,
    "retry_after": None,
    "retry_count": 0,
}


@dataclass(slots=True)
class Swept:
    """What one look at a tracker's newest releases came to.

    Attributes:
        newest_id: The largest release number seen so far, None when the tracker showed nothing yet.
        gap: The look did not reach back to the one before.
        found: Film to the releases that may be taken for it.
        refused: Film to what came for it and may not be taken.
    """

    newest_id: int | None
    gap: bool = False
    found: dict[int, Sequence[Release]] = field(default_factory=dict)
    refused: dict[int, Sequence[Decision]] = field(default_factory=dict)


class SweepQueue:
    """Keeps how far the sweep has come, and makes due what it found; each method is one transaction.

    Args:
        store: The database.
        clock: Wall time.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def state(self, tracker: str) -> SweepState:
        """How far the sweep over a tracker has come."""
        with self._store.read() as tx:
            return sweeps.get(tx, tracker)

    def waiting(self) -> list[WaitingFilm]:
        """Films that were searched and for which nothing was found so far."""
        with self._store.read() as tx:
            return films.waiting_for_release(tx)

    def accepted_before(self, film_id: int) -> frozenset[tuple[str, int]]:
        """(tracker, release id) that passed in one of the film's last searches: what became of them is known."""
        with self._store.read() as tx:
            return decisions.accepted(tx, film_id)

    def swept(self, tracker: str, swept: Swept) -> int:
        """Keep what a sweep came to, and make due the films it found releases for.

        After a gap every film that is not found is searched again in its turn, since its release may have come and
        gone from the page unseen.

        Returns:
            How many films are due by it.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            before = sweeps.get(tx, tracker)
            gap_at, gaps = (now, before.gaps + 1) if swept.gap else (before.gap_at, before.gaps)
            sweeps.put(tx, tracker, SweepState(swept.newest_id, now, gap_at, gaps))
            if swept.gap:
                self._after_gap(tx, tracker, before, now)
            for film_id, judged in swept.refused.items():
                for decision in judged:
                    text = f"New on {tracker}: {decision.release.name}; not taken: {'; '.join(decision.refusals)}."
                    history.append(tx, now, film_id, "seen", text)
            return sum(self._wake(tx, film_id, tracker, found, now) for film_id, found in swept.found.items())

    @staticmethod
    def _after_gap(tx: Connection, tracker: str, before: SweepState, now: float) -> None:
        count = films.search_soon(tx, now)
        since = "" if before.swept_at is None else f" in the {(now - before.swept_at) / 3600:.1f} h since the last look"
        text = f"More came to {tracker}{since} than it shows at once; {count} films are searched again in their turn."
        history.append(tx, now, None, "sweep_gap", text)

    @staticmethod
    def _wake(tx: Connection, film_id: int, tracker: str, found: Sequence[Release], now: float) -> bool:
        film = films.get(tx, film_id)
        if film is None or not films.waits_for_release(tx, film_id):
            return False
        if film.status is not Status.DUE:
            films.change(tx, film_id, Status.DUE, queued_at=now, **_WAITS)
        offers.put(tx, film_id, "sweep", found, now)
        history.append(tx, now, film_id, "seen", f"New on {tracker}: {', '.join(one.name for one in found)}.")
        return True
