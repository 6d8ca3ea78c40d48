"""OldEvents: keeps the history from growing for as long as a service runs."""

from movie_sync.lib.clock import Clock
from movie_sync.store import Store, facts, history

DAY_S = 86400.0
KEPT_S = 90 * DAY_S
_LOOKED = "old_events_looked_at"


class OldEvents:
    """Once a day goes through the history, some events at a time, and forgets what was repeated long ago.

    Args:
        store: Whose history it is.
        clock: Wall time.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        # None: no look is under way.
        self._after_id: int | None = None
        self._looked_at: float | None = None

    def look(self) -> bool:
        """Look at the next events, if it is time: one short transaction. Raises StoreError.

        Returns:
            True while there are more to look at now.
        """
        now = self._clock.now()
        if self._after_id is None and not self._due(now):
            return False
        with self._store.write() as tx:
            after_id = history.forget(tx, now - KEPT_S, self._after_id)
            if after_id is None:
                facts.put(tx, _LOOKED, repr(now))
        self._after_id = after_id
        self._looked_at = now if after_id is None else self._looked_at
        return after_id is not None

    def _due(self, now: float) -> bool:
        if self._looked_at is None:
            with self._store.read() as tx:
                self._looked_at = float(facts.get(tx, _LOOKED) or "-inf")
        # A look that lies ahead was noted by a clock that was wrong.
        return not 0 <= now - self._looked_at < DAY_S
