"""How soon a release is found that comes to the tracker, whatever the number of films that wait for one."""

import math
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.economy_calls import house
from benchmarks.economy_tracker import (
    BEGIN,
    DAY_S,
    HOUR_S,
    SWEEP_INTERVAL_S,
    Upload,
    film,
    imdb_id,
    other_uploads,
    release_of,
)
from benchmarks.economy_world import Compared, House, Wishes
from movie_sync.lib.backoff import search_again_s
from movie_sync.lib.clock import span_text
from movie_sync.movie import Movie, Status
from movie_sync.store import films as film_rows

# As good as no sweep.
YEAR_S = 365 * DAY_S
# Found by the sweep after the next on average half its interval later; handed over by the worker's next step.
MOST_S = SWEEP_INTERVAL_S / 2 + 60
# Films came onto the list over so long before the simulation begins.
_LIST_GREW_S = 60 * DAY_S
_SWEEPS_TIMED = 20


@dataclass(frozen=True)
class _Waited:
    """Upload to hand-over.

    Attributes:
        median_s: At least so long, where films were left.
        longest_s: The same.
        found: Films handed over.
        came: Films that came to the tracker.
        sweep_cpu_s: Processor time of one sweep; 0 where there is none.
    """

    median_s: float
    longest_s: float
    found: int
    came: int
    sweep_cpu_s: float


def upload_to_hand_over(sizes: Sequence[int], came: int, days: int) -> Iterator[Compared]:
    """Median time at each number of waiting films; of the largest also what a sweep costs."""
    for size in sizes:
        got = _wait(size, min(came, size), days)
        off = _wait(size, min(came, size), days, sweep_interval_s=YEAR_S)
        at_least = "≥ " if off.found <= off.came / 2 else ""
        yield Compared(
            f"{size:,} films wait, {got.came} of them come within {days} days: upload to hand-over, median",
            f"{got.median_s:.0f} s (at most {got.longest_s:.0f} s), {got.found} handed over",
            f"≤ {MOST_S:.0f} s, all",
            got.median_s <= MOST_S and got.found == got.came,
            off=f"{at_least}{_span(off.median_s)}, {off.found}",
            off_misses=off.median_s > MOST_S,
            switched="no sweep",
        )
    share = got.sweep_cpu_s / SWEEP_INTERVAL_S
    yield Compared(
        f"  processor time of a sweep, {size:,} films",
        f"{got.sweep_cpu_s:.3f} s, {share:.3%} of {SWEEP_INTERVAL_S:.0f} s",
    )


def _span(seconds: float) -> str:
    return f"{seconds / DAY_S:.1f} days" if seconds >= DAY_S else span_text(seconds)


def _wait(size: int, came: int, days: int, *, sweep_interval_s: float = SWEEP_INTERVAL_S) -> _Waited:
    dice = random.Random(5)  # noqa: S311  the same each time
    wanted = [film(number) for number in range(size)]
    wishes = Wishes(wanted)
    uploads = _coming(dice.sample(wanted, came), days, dice)
    others = list(other_uploads(BEGIN, days))
    with house(wishes, [*uploads.values(), *others], sweep_interval_s=sweep_interval_s) as built:
        built.monitor.check_all()
        _searched_before(built, dice)
        built.live_until(BEGIN + days * DAY_S)
        done = built.handed_over()
        end = built.clock.now()
        waits = [done.get(name, end) - upload.at for name, upload in uploads.items()]
        assert not built.health.every()
        cpu_s = _cpu_s(built) if sweep_interval_s == SWEEP_INTERVAL_S else 0.0
        return _Waited(statistics.median(waits), max(waits), len(done), came, cpu_s)


def _coming(wanted: Sequence[Movie], days: int, dice: random.Random) -> dict[str, Upload]:
    """A release of each film at a random moment, by IMDb id.

    The moments' places within the sweep's interval are spread evenly, so that few films tell as much as many.
    """
    slots = dice.sample(range(math.floor((days * DAY_S - HOUR_S) / SWEEP_INTERVAL_S)), len(wanted))
    places = [(place + 0.5) / len(wanted) for place in range(len(wanted))]
    dice.shuffle(places)
    return {
        imdb_id(movie): release_of(movie, BEGIN + (slot + place) * SWEEP_INTERVAL_S)
        for movie, slot, place in zip(wanted, slots, places, strict=True)
    }


def _searched_before(built: House, dice: random.Random) -> None:
    """Have every film wait for its next search, as far along the schedule as a list that grew for two months is."""
    with built.store.write() as tx:
        for film_id, _, _ in film_rows.titles(tx):
            searches, searched_at = 1, BEGIN - dice.uniform(0, _LIST_GREW_S)
            while searched_at + search_again_s(searches) <= BEGIN:
                searched_at += search_again_s(searches)
                searches += 1
            film_rows.change(
                tx,
                film_id,
                Status.NOT_FOUND,
                searches=searches,
                searched_at=searched_at,
                retry_after=searched_at + search_again_s(searches),
                reason_code="not_on_tracker",
                failed_at=searched_at,
            )


def _cpu_s(built: House) -> float:
    """Processor seconds of one sweep, on average; the files of people are written by another worker."""
    begun = time.process_time()
    for _ in range(_SWEEPS_TIMED):
        built.clock.turn(SWEEP_INTERVAL_S)
        built.sweep.look()
    return (time.process_time() - begun) / _SWEEPS_TIMED
