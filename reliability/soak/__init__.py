"""Thirty days of service with two thousand films and random faults: nothing is lost, and nothing grows.

The program is the real one in a process of its own, with its threads, its HTTP, its database and a real qBittorrent;
only the time is turned. Every step comes at the moment at which its worker wants it: none is skipped or made coarser.
"""

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from movie_sync.demo.nox import installed
from reliability.soak import checks, script, years
from reliability.soak.checks import MIB
from reliability.soak.ledger import Sample
from reliability.soak.life import Life, Lived
from reliability.soak.script import DAY_S, HOUR_S, Plan
from reliability.soak.street import HOUSE, HouseEnded, Street
from reliability.tried import Effort, Tried

PART = "Soak"
# Wikidata knows the ids of so many of the films; the others' pages are read.
_IN_WIKIDATA = 0.75
# So many of the films were wished for years ago.
_FROM_YEARS_AGO = 0.1


def long_plan(seed: int) -> Plan:
    """Thirty days with 2,000 films."""
    return Plan(
        days=30,
        films=2000,
        offered=60,
        uploads_a_day=8,
        others_a_day=90,
        dead=3,
        samples=30,
        warm_up=3,
        # 2,000 first searches of two calls each take a day and a half.
        patience_s=60 * HOUR_S,
        refused_s=12 * HOUR_S,
        seed=seed,
    )


def short_plan(seed: int) -> Plan:
    """Two days with 200 films."""
    return Plan(
        days=2,
        films=200,
        offered=5,
        uploads_a_day=5,
        others_a_day=90,
        dead=1,
        samples=16,
        # Until every cache was full once.
        warm_up=8,
        patience_s=6 * HOUR_S,
        refused_s=2 * HOUR_S,
        seed=seed,
    )


def run(effort: Effort, folder: Path) -> Iterator[Tried]:
    """Live one life and judge it.

    Args:
        effort: How long a life.
        folder: Empty; for everything.
    """
    plan = long_plan(effort.seed) if effort.long else short_plan(effort.seed)
    if not installed():
        yield Tried(PART, _words(plan), why_not="qbittorrent-nox is not installed")
        return
    yield from lived(plan, folder)


def lived(plan: Plan, folder: Path, *, real_client: bool = True, house: Sequence[str] = HOUSE) -> Iterator[Tried]:
    """Live a life of this size, and judge it.

    Args:
        plan: Its size.
        folder: Empty; for everything.
        real_client: See Street.
        house: See Street.
    """
    begun = time.monotonic()
    wished = list(range(plan.films))
    street = Street(folder, wished, script.uploads(plan), real_client=real_client, house=house)
    life: Life | None = None
    ended = ""
    try:
        street.know(random.Random(plan.seed).sample(wished, int(_IN_WIKIDATA * plan.films)))
        years.lay_behind(street.home, _from_years_ago(plan), street.seen.now())
        street.open()
        life = Life(street, plan, wished)
        life.live()
    except HouseEnded as error:
        ended = str(error)
    finally:
        street.close()
    found = life.lived if life is not None else Lived()
    if ended or not found.samples:
        yield Tried(PART, _words(plan), "", 1, (ended or "Nothing was measured.",))
        return
    yield from judged(plan, street, found, time.monotonic() - begun)


def _from_years_ago(plan: Plan) -> range:
    """The oldest wishes."""
    return range(plan.films - int(_FROM_YEARS_AGO * plan.films), plan.films)


def _words(plan: Plan) -> str:
    days = f"{plan.days:g} simulated day{'s' if plan.days != 1 else ''}"
    return f"{days} with {plan.films:,} films and random faults, by the clock"


def judged(plan: Plan, street: Street, found: Lived, real_s: float) -> Iterator[Tried]:
    """A row for the life and one for each thing that may not grow."""
    last = found.samples[-1]
    times = sum(found.happened.values())
    faults = found.faults
    steps = sum(last.steps.values())
    lists, sweeps = checks.rounds(street.site.checked, HOUR_S / 2), checks.rounds(street.api.swept, 60.0)
    yield Tried(
        PART,
        _words(plan),
        f"{found.fetched} films fetched, {found.waiting} more could be had and say when they are tried next; "
        f"{found.searches:,} searches; "
        f"{faults} faults, {times - faults} acts of people; lived in {real_s / 60:.0f} min",
        times,
        (
            *found.lost,
            *checks.lived_through(found.samples, plan.seconds, plan.samples),
            *checks.enough_fetched(found.waiting, found.due),
        ),
    )
    yield Tried(
        PART,
        "every step at its own moment, none skipped or made coarser",
        f"{lists} list checks, {sweeps} sweeps, {steps:,} steps ({_steps(last)})",
        steps,
        tuple(checks.by_the_clock(street.site.checked, street.api.swept, last.steps, last.at_s, found.away_s)),
    )
    yield Tried(
        PART,
        "API calls in any hour",
        f"{checks.busiest_hour(street.api.called)} at the most, {checks.CALLS_AN_HOUR} allowed",
        len(street.api.called),
        tuple(checks.within_budget(street.api.called)),
    )
    yield from _resources(found.samples, plan.warm_up)
    behind = _from_years_ago(plan)
    told = len(behind) * (1 + years.TOLD_A_FILM)
    yield Tried(
        PART,
        "history of more than a year",
        f"{told:,} events at the beginning, {len(found.old):,} at the end; none that says why a film is where it is",
        told,
        tuple(checks.forgotten(found.old, behind, years.REPEATED)),
    )


def _steps(last: Sample) -> str:
    return ", ".join(f"{name} {times:,}" for name, times in sorted(last.steps.items()))


def _resources(samples: Sequence[Sample], warm_up: int) -> Iterator[Tried]:
    first, last = samples[warm_up], samples[-1]
    measured = len(samples)
    yield Tried(
        PART,
        "resident memory",
        f"{first.rss_bytes / MIB:.1f} MiB on {_day(first)}, {last.rss_bytes / MIB:.1f} MiB on {_day(last)}",
        measured,
        tuple(checks.flat_memory(samples, warm_up)),
    )
    threads, files = [one.threads for one in samples], [one.files for one in samples]
    yield Tried(
        PART,
        "threads",
        f"{threads[warm_up]} on {_day(first)}, {threads[-1]} on {_day(last)}, never more than {max(threads)}",
        measured,
        tuple(checks.flat_count("Threads", threads, warm_up)),
    )
    yield Tried(
        PART,
        "descriptors",
        f"{_descriptors(first)} on {_day(first)}, {_descriptors(last)} on {_day(last)}",
        measured,
        (*checks.flat_count("Open files", files, warm_up), *checks.few_connections(samples, warm_up)),
    )
    yield Tried(PART, "disk", _disk(first, last), measured, tuple(checks.bounded_rows(samples)))


def _descriptors(one: Sample) -> str:
    return f"{one.files} files and {one.connections} connections"


def _disk(first: Sample, last: Sample) -> str:
    days = (last.at_s - first.at_s) / DAY_S or 1.0
    events = (last.rows[checks.HISTORY] - first.rows[checks.HISTORY]) / days
    return (
        f"database {first.disk_bytes / MIB:.1f} MiB on {_day(first)}, {last.disk_bytes / MIB:.1f} MiB on {_day(last)};"
        f" log {(last.log_bytes - first.log_bytes) / days / 1024:.0f} KiB a day; history {events:.0f} rows a day"
    )


def _day(one: Sample) -> str:
    day = one.at_s / DAY_S
    return f"day {day:.0f}" if day >= 2 else f"hour {one.at_s / HOUR_S:.0f}"
