"""The calls a tracker allows an hour, kept across restarts, processes and clock jumps."""

from movie_sync.errors import RateLimited
from movie_sync.lib.clock import Clock, span_text
from movie_sync.store import Store
from movie_sync.store.calls import take_turn, used

# A wait this short is waited out; a longer one (the hour is used up) is told to the queue.
_PATIENCE_S = 30.0
# A rest too small to be told by the clock would be asked for again and again.
_SHORTEST_S = 0.001


class CallBudget:
    """Gives out turns: never more than so many in any rolling hour, never closer together than the spacing.

    Args:
        provider: Named in errors.
        account: Whose budget it is; calls of all processes on this database count together.
        store: Where each call is committed before it is made.
        clock: Boot time counts, wall time is only noted.
        per_hour: Calls in any 3600 s, at least 1; None for no such limit.
        spacing_s: Seconds between two calls, at least 0.
    """

    def __init__(
        self, provider: str, account: str, *, store: Store, clock: Clock, per_hour: int | None, spacing_s: float
    ) -> None:
        self._provider = provider
        self._account = account
        self._store = store
        self._clock = clock
        self._per_hour = per_hour
        self._spacing_s = spacing_s

    def take(self) -> None:
        """Wait for a turn and count it.

        Raises:
            RateLimited: The hour is used up; ``retry_after_s`` says when the next call is free.
            Stopping: The process is stopping.
        """
        while True:
            turn = take_turn(
                self._store,
                self._account,
                self._clock.boot(),
                self._clock.now(),
                per_hour=self._per_hour,
                spacing_s=self._spacing_s,
            )
            if turn.granted:
                return
            if turn.used_up and turn.wait_s > _PATIENCE_S:
                raise RateLimited(
                    self._provider,
                    f"All {self._per_hour} calls of this hour are used; the next is free in {span_text(turn.wait_s)}.",
                    code="calls_used_up",
                    retry_after_s=turn.wait_s,
                )
            self._clock.wait(max(turn.wait_s, _SHORTEST_S))

    def left(self) -> int | None:
        """Calls still free in the hour that ends now, None without a limit."""
        if self._per_hour is None:
            return None
        return max(0, self._per_hour - used(self._store, self._account, self._clock.boot()))
