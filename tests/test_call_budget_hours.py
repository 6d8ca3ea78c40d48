"""The hour's calls over hundreds of hours of true time, which only the simulation knows: greedy callers everywhere."""

import pytest

from benchmarks.economy_hours import BY_ITSELF, MOST_REPEATS, Machine, simulate
from benchmarks.economy_tracker import PER_HOUR, largest_hour

SEEDS = (1, 2, 3)
HOURS = 150


@pytest.mark.parametrize("seed", SEEDS)
def test_no_hour_has_more_calls_than_allowed_whatever_restarts_or_is_set_meanwhile(seed: int) -> None:
    seen = simulate(HOURS, seed)
    every, repeats, by_itself = seen.hours
    assert (every <= PER_HOUR, repeats <= MOST_REPEATS, by_itself <= BY_ITSELF) == (True, True, True), seen.hours
    assert seen.restarts > 20


def test_the_callers_are_greedy_enough_to_reach_every_limit() -> None:
    assert simulate(HOURS, SEEDS[0]).hours == (PER_HOUR, MOST_REPEATS, BY_ITSELF)


def test_no_hour_has_more_calls_than_allowed_where_starts_of_the_machine_have_no_name() -> None:
    assert simulate(HOURS, tells_boots=False).within


@pytest.mark.parametrize("seed", SEEDS)
def test_a_budget_that_forgot_at_each_start_would_be_caught(seed: int) -> None:
    seen = simulate(HOURS, seed, forgets=True)
    assert all(had > most for had, most in zip(seen.hours, (PER_HOUR, MOST_REPEATS, BY_ITSELF), strict=True))


@pytest.mark.parametrize(
    ("moments", "largest"),
    [
        ((), 0),
        ((0.0, 3600.0), 1),
        ((0.0, 3599.0), 2),
        ((0.0, 10.0, 3605.0, 3606.0, 9000.0), 3),
    ],
)
def test_an_hour_begins_with_any_call_and_the_call_an_hour_later_is_in_the_next(
    moments: tuple[float, ...], largest: int
) -> None:
    assert largest_hour(moments) == largest


def test_true_time_goes_on_while_the_machine_is_off_and_whatever_its_clock_says() -> None:
    machine = Machine()
    machine.turn(100.0)
    machine.set_wall(-86400.0)
    machine.restart(off_s=50.0, up_s=10.0)
    assert (machine.true_s, machine.boot()) == (160.0, ("boot-2", 10.0))
