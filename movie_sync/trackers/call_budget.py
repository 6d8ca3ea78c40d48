"""The calls a tracker allows an hour, kept across restarts, processes and clock jumps, and shared out by purpose."""

import math
from collections.abc import Mapping, Sequence

from movie_sync.errors import CallsUsedUp
from movie_sync.lib.clock import Clock, span_text
from movie_sync.movie import Purpose
from movie_sync.store import Store
from movie_sync.store.calls import HOUR_S, Share, take_turn, used, wait_s
from movie_sync.trackers.download_service import CALLS_A_SEARCH

# Calls of an hour that are kept for searches by hand.
KEPT_FOR_HAND = 10
# Of all calls of an hour, what repeated searches may use.
REPEATS = 0.1
# A budget so small that these would eat it up keeps less.
_MOST_KEPT = 0.2
# A wait this short is waited out; a longer one (the hour is used up) is told to the queue.
_PATIENCE_S = 30.0
# A rest too small to be told by the clock would be asked for again and again.
_SHORTEST_S = 0.001
_WORDS: Mapping[Purpose, str] = {
    "hand": "of this hour",
    "search": "this hour has for searches",
    "repeat": "this hour has for repeated searches",
    "sweep": "this hour has for the newest releases",
}


def shares(per_hour: int, sweep_interval_s: float) -> Sequence[Share]:
    """How the calls of an hour are shared out: some are kept for people, some for the sweep; few go to repeats.

    Args:
        per_hour: Calls in any 3600 s, at least 1.
        sweep_interval_s: Between two sweeps, more than 0.
    """
    by_itself = per_hour - min(KEPT_FOR_HAND, int(per_hour * _MOST_KEPT))
    searches = for_searches(per_hour, sweep_interval_s)
    return (
        Share(("hand", "search", "repeat", "sweep"), per_hour),
        Share(("search", "repeat", "sweep"), by_itself),
        Share(("search", "repeat"), searches),
        # Less than one search takes would never end one.
        Share(("repeat",), max(min(CALLS_A_SEARCH, per_hour), int(per_hour * REPEATS))),
    )


def for_searches(per_hour: int, sweep_interval_s: float) -> int:
    """How many searches an hour the program makes by itself, at least 1; see shares."""
    most = int(per_hour * _MOST_KEPT)
    return max(1, per_hour - min(KEPT_FOR_HAND, most) - min(math.ceil(HOUR_S / sweep_interval_s), most))


class CallBudget:
    """Gives out turns: never more than so many in any rolling hour, never closer together than the spacing.

    Args:
        provider: Named in errors.
        account: Whose budget it is; calls of all processes on this database count together.
        store: Where each call is committed before it is made.
        clock: Boot time counts, wall time is only noted.
        per_hour: Calls in any 3600 s, at least 1; None for no such limit.
        spacing_s: Seconds between two calls, at least 0.
        sweep_interval_s: Between two sweeps, which have calls of their own.
    """

    def __init__(
        self,
        provider: str,
        account: str,
        *,
        store: Store,
        clock: Clock,
        per_hour: int | None,
        spacing_s: float,
        sweep_interval_s: float = 900.0,
    ) -> None:
        self._provider = provider
        self._account = account
        self._store = store
        self._clock = clock
        self._per_hour = per_hour
        self._shares = () if per_hour is None else shares(per_hour, sweep_interval_s)
        self._spacing_s = spacing_s

    def take(self, purpose: Purpose) -> None:
        """Wait for a turn and count it.

        Raises:
            CallsUsedUp: The hour's calls for this purpose are used up; ``retry_after_s`` says when the next is free.
            Stopping: The process is stopping.
        """
        while True:
            turn = take_turn(
                self._store,
                self._account,
                self._clock.boot(),
                self._clock.now(),
                shares=self._shares,
                spacing_s=self._spacing_s,
                purpose=purpose,
            )
            if turn.granted:
                return
            if turn.used_up and turn.wait_s > _PATIENCE_S:
                raise CallsUsedUp(
                    self._provider,
                    f"All calls {_WORDS[purpose]} are used; the next is free in {span_text(turn.wait_s)}.",
                    retry_after_s=turn.wait_s,
                )
            self._clock.wait(max(turn.wait_s, _SHORTEST_S))

    def wait_s(self, purpose: Purpose, calls: int = 1) -> float:
        """Seconds until so many calls may be made for a purpose, their distance left aside; 0: now."""
        return wait_s(self._store, self._account, self._clock.boot(), self._shares, purpose, calls)

    def left(self) -> int | None:
        """Calls still free in the hour that ends now, None without a limit."""
        if self._per_hour is None:
            return None
        return max(0, self._per_hour - used(self._store, self._account, self._clock.boot()))
