"""What the tracker is asked: for films it has, for films it does not have, and for a large first list."""

import contextlib
import itertools
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from benchmarks.economy_tracker import (
    BEGIN,
    DAY_S,
    HOUR_S,
    PER_HOUR,
    SWEEP_INTERVAL_S,
    TurnedClock,
    Upload,
    film,
    imdb_id,
    largest_hour,
    other_uploads,
    release_of,
)
from benchmarks.economy_world import Compared, House, Wishes, quick_store
from movie_sync.lib import backoff
from movie_sync.movie import Movie, Purpose
from movie_sync.store.calls import Share
from movie_sync.trackers import call_budget
from movie_sync.trackers.call_budget import KEPT_FOR_HAND, REPEATS, for_searches, shares

SWEEPS_A_DAY = DAY_S / SWEEP_INTERVAL_S
MOST_REPEATS = int(PER_HOUR * REPEATS)
SEARCHES_AN_HOUR = for_searches(PER_HOUR, SWEEP_INTERVAL_S)
# A worker looks at least so often whether something is due.
_LOOK_S = 60.0
# First wishes that use up several hours' calls.
_ENOUGH = 500
_SEARCHES: Sequence[Purpose] = ("search", "repeat")


@contextlib.contextmanager
def house(
    wishes: Wishes, uploads: Sequence[Upload] = (), *, sweep_interval_s: float = SWEEP_INTERVAL_S, newest: bool = True
) -> Iterator[House]:
    """A house of its own, at the beginning of time."""
    with tempfile.TemporaryDirectory() as name:
        folder, clock = Path(name), TurnedClock()
        built = House(
            folder,
            quick_store(folder),
            clock,
            wishes,
            uploads,
            sweep_interval_s=sweep_interval_s,
            newest_first=newest,
        )
        try:
            yield built
        finally:
            built.close()


# -- films that are there


def first_day(films: int, days: int) -> Iterator[Compared]:
    """Films that are wished for at random moments and that the tracker has: searches until each is handed over."""
    calls, done = _wished_one_by_one(films, days, tagged=True)
    calls_off, done_off = _wished_one_by_one(films, days, tagged=False)
    good = (calls, done) == (films, films)
    yield Compared(
        f"{films} films wished over {days} days that the tracker has: searches a film",
        f"{calls / films:.2f}, {done} handed over on their first day",
        "1.00, all",
        good,
        off=f"{calls_off / films:.2f}, {done_off}",
        off_misses=(calls_off, done_off) != (films, films),
        switched="no IMDb tags on the tracker",
    )


def _wished_one_by_one(films: int, days: int, *, tagged: bool) -> tuple[int, int]:
    """Searches made, and films handed over within a day of their wish."""
    dice = random.Random(1)  # noqa: S311  the same each time
    wanted = [film(number, known=False) for number in range(films)]
    wished_at = sorted(BEGIN + dice.uniform(0, days - 1) * DAY_S for _ in wanted)
    old = [release_of(movie, BEGIN - dice.uniform(5, 500) * DAY_S, tagged=tagged) for movie in wanted]
    wishes = Wishes()
    with house(wishes, [*old, *other_uploads(BEGIN, days)]) as built:
        for movie, moment in zip(wanted, wished_at, strict=True):
            built.live_until(moment)
            wishes.films.insert(0, movie)
        built.live_until(BEGIN + days * DAY_S)
        done = built.handed_over()
        in_time = sum(
            done.get(imdb_id(movie), BEGIN + 10 * days * DAY_S) - moment <= DAY_S
            for movie, moment in zip(wanted, wished_at, strict=True)
        )
        return len(built.tracker.moments(*_SEARCHES)), in_time


# -- films that are not there


@dataclass(frozen=True)
class _Month:
    """What films that are not on the tracker cost in the days looked at."""

    days: int
    calls: Counter[str]
    most_repeats: int

    @property
    def a_day(self) -> float:
        return self.calls.total() / self.days

    @property
    def good(self) -> bool:
        return self.a_day <= SWEEPS_A_DAY + REPEATS * PER_HOUR * 24 and self.most_repeats <= MOST_REPEATS

    def __str__(self) -> str:
        by_purpose = ", ".join(f"{what} {count / self.days:.0f}" for what, count in sorted(self.calls.items()))
        return f"{self.a_day:.0f} ({by_purpose}); repeats {self.most_repeats} an hour at most"


def not_there(films: int, first: int, days: int, days_off: int) -> Iterator[Compared]:
    """Calls a day for films nobody uploads, from a day to another; with the shares lifted only so many days long."""
    month = _month(films, first, days)
    with (
        mock.patch.object(call_budget, "shares", _repeats_as_searches),
        mock.patch.object(backoff, "SEARCH_AGAIN_S", (HOUR_S,)),
    ):
        off = _month(films, 1, days_off)
    yield Compared(
        f"{films} films the tracker does not have, day {first} to {days}: calls a day",
        str(month),
        f"≤ {SWEEPS_A_DAY:.0f} sweeps + {REPEATS * PER_HOUR * 24:.0f}; ≤ {MOST_REPEATS} an hour",
        month.good,
        off=str(off),
        off_misses=not off.good,
        switched=f"repeats count as searches, every hour (day 1 to {days_off})",
    )


def _repeats_as_searches(per_hour: int, sweep_interval_s: float) -> Sequence[Share]:
    return [share for share in shares(per_hour, sweep_interval_s) if tuple(share.purposes) != ("repeat",)]


def _month(films: int, first: int, days: int) -> _Month:
    wishes = Wishes([film(number) for number in range(films)])
    with house(wishes, list(other_uploads(BEGIN, days))) as built:
        built.live_until(BEGIN + days * DAY_S)
        since = BEGIN + first * DAY_S
        calls = Counter[str](call.purpose for call in built.tracker.calls if call.at >= since)
        assert not built.health.every()
        return _Month(days - first, calls, largest_hour(built.tracker.moments("repeat")))


# -- a large first list


@dataclass(frozen=True)
class _Backlog:
    """How a large first list was worked off.

    Attributes:
        hours: Until every film was searched.
        calls_a_film: Searches.
        inversion: The most newer wishes that waited while an older one was searched.
        fewest_left: Calls that were free at any step.
        hand_wait_s: The longest wait for as many searches by hand as are to be free at any time.
        sweeps_apart_s: The longest time between two sweeps.
    """

    hours: float
    calls_a_film: float
    inversion: int
    fewest_left: int
    hand_wait_s: float
    sweeps_apart_s: float


def backlog(films: int, newer: int) -> Iterator[Compared]:
    """A first list of so many films, and a few newer wishes now and then while it is worked off."""
    all_films = films + newer
    got = _work_off(films, newer)
    turned = _work_off(films, newer, tagged=False, newest=False)
    with mock.patch.object(call_budget, "shares", _nothing_kept):
        greedy = _work_off(min(films, _ENOUGH), newer)
    most = all_films / SEARCHES_AN_HOUR + 1
    yield Compared(
        f"{films:,} first wishes and {newer} newer ones: hours until all were searched",
        f"{got.hours:.1f} h, {got.calls_a_film:.2f} calls a film",
        f"≤ {most:.1f} h, 1.00 calls",
        got.hours <= most and got.calls_a_film == 1,
        off=f"{turned.hours:.1f} h, {turned.calls_a_film:.2f}",
        off_misses=turned.hours > most or turned.calls_a_film > 1,
        switched="no IMDb tags on the tracker",
    )
    yield Compared(
        "  newer wishes that waited while an older one was searched, at most",
        f"{got.inversion}",
        "0",
        got.inversion == 0,
        off=f"{turned.inversion}",
        off_misses=turned.inversion > 0,
        switched="oldest wishes first",
    )
    yield Compared(
        "  calls left at any moment for searches by hand",
        f"{got.fewest_left}; longest wait for {KEPT_FOR_HAND}: {got.hand_wait_s:.0f} s",
        f"≥ {KEPT_FOR_HAND}; 0 s",
        got.fewest_left >= KEPT_FOR_HAND and got.hand_wait_s == 0,
        off=f"{greedy.fewest_left}; {greedy.hand_wait_s:.0f} s",
        off_misses=greedy.hand_wait_s > 0,
        switched=f"nothing kept of the hour, {min(films, _ENOUGH)} wishes",
    )
    most_s = SWEEP_INTERVAL_S + _LOOK_S
    yield Compared(
        "  longest time between two sweeps",
        f"{got.sweeps_apart_s:.0f} s",
        f"≤ {most_s:.0f} s",
        got.sweeps_apart_s <= most_s,
        off=f"{greedy.sweeps_apart_s:.0f} s",
        off_misses=greedy.sweeps_apart_s > most_s,
        switched=f"nothing kept of the hour, {min(films, _ENOUGH)} wishes",
    )


def _nothing_kept(per_hour: int, sweep_interval_s: float) -> Sequence[Share]:
    return shares(per_hour, sweep_interval_s)[:1]


def _work_off(films: int, newer: int, *, tagged: bool = True, newest: bool = True) -> _Backlog:
    wanted = [film(number) for number in range(films + newer)]
    wishes = Wishes(wanted[newer:])
    uploads = [release_of(movie, BEGIN - 300 * DAY_S, tagged=tagged) for movie in wanted]
    fewest_left, hand_wait_s = PER_HOUR, 0.0
    with house(wishes, [*uploads, *other_uploads(BEGIN, 0)], newest=newest) as built:

        def probe() -> None:
            nonlocal fewest_left, hand_wait_s
            fewest_left = min(fewest_left, built.tracker.calls_left() or 0)
            hand_wait_s = max(hand_wait_s, built.tracker.wait_s("hand", KEPT_FOR_HAND))

        # One newer wish at a time, evenly over the hours the others take.
        every_s = films / SEARCHES_AN_HOUR * HOUR_S / (newer + 1)
        for movie in wanted[:newer][::-1]:
            built.live_until(built.clock.now() + every_s, probe)
            wishes.films.insert(0, movie)
        while not _all_searched(built, wanted):
            built.live_until(built.clock.now() + _LOOK_S, probe)
        first = {call.wanted or "": call.at for call in reversed(built.tracker.calls) if call.purpose == "search"}
        sweeps = built.tracker.moments("sweep")
        return _Backlog(
            (max(first.values()) - BEGIN) / HOUR_S,
            len(built.tracker.moments(*_SEARCHES)) / len(wanted),
            _largest_inversion(built, first),
            fewest_left,
            hand_wait_s,
            max(later - early for early, later in itertools.pairwise(sweeps)),
        )


def _all_searched(built: House, wanted: Sequence[Movie]) -> bool:
    # The last newer wish is seen by the next check of the list.
    return len({call.wanted for call in built.tracker.calls} - {None}) == len(wanted)


def _largest_inversion(built: House, first: dict[str, float]) -> int:
    """The most newer wishes that waited while an older one was searched."""
    with built.store.read() as tx:
        wished = tx.execute("SELECT imdb_id, wish_order, added_at FROM films").fetchall()
    films: list[tuple[float, float, float]] = [(first[row[0]], row[1], row[2]) for row in wished]
    return max(
        sum(newer > order and wished_at < at < later for later, newer, wished_at in films) for at, order, _ in films
    )
