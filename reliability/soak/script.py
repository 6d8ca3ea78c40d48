"""What happens in a life, and when: decided by dice before it begins, so that the same seed lives the same."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from reliability.soak.catalog import Coming, Grade, release_name

DAY_S = 86400.0
HOUR_S = 3600.0
# Films that come to the tracker for nobody here, and films a person asks for by command, have numbers of their own.
OTHERS = range(3000, 3400)
BY_COMMAND = range(2900, 3000)
_GRADES: Mapping[Grade, float] = {"good": 0.8, "refused": 0.12, "empty": 0.08}
# Nothing is bent in this last part of a life, so that everything can come right.
QUIET_PART = 0.05

What = Literal[
    "wish",
    "take back",
    "bend letterboxd",
    "bend filelist",
    "bend wikidata",
    "client stops",
    "client dies",
    "clock jumps",
    "lock for a moment",
    "lock for long",
    "edit by hand",
    "command",
    "new setting",
    "restart",
    "take out of client",
    "log-in refused",
]
# How often a day, on the average; at least once in a life.
RATES: Mapping[What, float] = {
    "wish": 3,
    "take back": 1.5,
    "bend letterboxd": 3,
    "bend filelist": 5,
    "bend wikidata": 0.5,
    "client stops": 0.5,
    "client dies": 0.2,
    "clock jumps": 0.3,
    "lock for a moment": 2,
    "lock for long": 0.3,
    "edit by hand": 1,
    "command": 3,
    "new setting": 0.4,
    "restart": 0.2,
    "take out of client": 1.5,
}
FAULTS = frozenset(
    {
        "bend letterboxd",
        "bend filelist",
        "bend wikidata",
        "client stops",
        "client dies",
        "clock jumps",
        "lock for a moment",
        "lock for long",
        "log-in refused",
    }
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a life is.

    Attributes:
        days: Simulated.
        films: On the watchlist at the beginning.
        offered: How many of them the tracker has at the beginning.
        uploads_a_day: Releases of wished films.
        others_a_day: Releases for nobody here.
        dead: Releases that nobody seeds though the tracker says so.
        samples: How often the process is measured, evenly spread.
        warm_up: The first so many of them do not count.
        patience_s: A film that can be had is to be fetched so long after its wish and its release are there.
        refused_s: For how long the log-in is refused once in the life; 0: never.
        seed: Of the dice.
        rates: What happens, how often a day; each at least once in the life.
    """

    days: float
    films: int
    offered: int
    uploads_a_day: float
    others_a_day: float
    dead: int
    samples: int
    warm_up: int
    patience_s: float
    refused_s: float = 0.0
    seed: int = 1
    rates: Mapping[What, float] = field(default_factory=lambda: RATES)

    @property
    def seconds(self) -> float:
        """Simulated seconds of the whole life."""
        return self.days * DAY_S


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happens, seconds after the beginning."""

    at_s: float
    what: What


def happenings(plan: Plan) -> list[Happening]:
    """All that happens beside uploads, in its order."""
    dice = random.Random(plan.seed)
    found = [
        Happening(dice.uniform(0.03, 1 - QUIET_PART) * plan.seconds, what)
        for what, rate in plan.rates.items()
        for _ in range(max(1, round(rate * plan.days)))
    ]
    if plan.refused_s:
        found.append(Happening(0.4 * plan.seconds, "log-in refused"))
    return sorted(found, key=lambda one: one.at_s)


def uploads(plan: Plan) -> list[Coming]:
    """All that ever comes to the tracker, in its order."""
    dice = random.Random(plan.seed + 1)
    found = [*_wished(plan, dice), *_others(plan, dice)]
    return sorted(found, key=lambda one: one.at_s)


def _wished(plan: Plan, dice: random.Random) -> Iterator[Coming]:
    wanted = dice.sample(range(plan.films), min(plan.films, plan.offered + round(plan.uploads_a_day * plan.days)))
    for place, number in enumerate(wanted):
        at_s = 0.0 if place < plan.offered else dice.uniform(0.02, 1 - QUIET_PART) * plan.seconds
        yield _release(at_s, number, dice.choices(list(_GRADES), list(_GRADES.values()))[0])
    # One after the other: two that stand still at once could be the line, and are waited for.
    for place, number in enumerate(dice.sample(sorted(set(range(plan.films)) - set(wanted)), plan.dead), 1):
        at_s = place / (plan.dead + 1) * plan.seconds
        # The best one never comes; the next best does.
        yield _release(at_s, number, "dead")
        yield _release(at_s, number, "good")


def _others(plan: Plan, dice: random.Random) -> Iterator[Coming]:
    for _ in range(round(plan.others_a_day * plan.days)):
        yield _release(dice.uniform(0, 1) * plan.seconds, dice.choice(OTHERS), "empty")


def _release(at_s: float, number: int, grade: Grade) -> Coming:
    return Coming(at_s, number, release_name(number, grade), grade, 32 * 1024)
