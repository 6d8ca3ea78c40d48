"""CallBudget: never more calls in any rolling hour than allowed, whatever is restarted or set wrong."""

import tempfile
import threading
from pathlib import Path

import pytest
from conftest import HandClock
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_sync.errors import RateLimited, Stopping
from movie_sync.store import Store
from movie_sync.trackers.call_budget import CallBudget


def budget(
    store: Store, clock: HandClock, *, per_hour: int | None = 3, spacing_s: float = 2.0, account: str = "site"
) -> CallBudget:
    return CallBudget("site", account, store=store, clock=clock, per_hour=per_hour, spacing_s=spacing_s)


def reboot(clock: HandClock, *, up: float = 10.0, boot_id: str = "boot-2") -> None:
    clock.boot_id, clock.up = boot_id, up


def test_the_first_call_waits_for_nothing(store: Store, clock: HandClock) -> None:
    budget(store, clock).take("hand")
    assert clock.waits == []


def test_calls_keep_their_distance(store: Store, clock: HandClock) -> None:
    calls = budget(store, clock)
    calls.take("hand")
    clock.turn(0.5)
    calls.take("hand")
    clock.turn(2.0)
    calls.take("hand")
    assert clock.waits == [1.5]


def test_a_used_up_hour_is_told_with_the_seconds_until_the_next_free_call(store: Store, clock: HandClock) -> None:
    calls = budget(store, clock)
    for _ in range(3):
        calls.take("hand")
    clock.turn(96.0)  # the calls were made at 0, 2 and 4 s; this is 100 s
    with pytest.raises(RateLimited) as caught:
        calls.take("hand")
    assert caught.value.retry_after_s == pytest.approx(3500.0)
    assert caught.value.code == "calls_used_up"
    assert "All calls of this hour are used" in caught.value.message


def test_a_refused_call_is_not_counted(store: Store, clock: HandClock) -> None:
    calls = budget(store, clock, per_hour=1)
    calls.take("hand")
    clock.turn(10.0)
    for _ in range(5):
        with pytest.raises(RateLimited):
            calls.take("hand")
    clock.turn(3590.0)
    calls.take("hand")


def test_a_short_wait_for_the_hour_is_waited_out(store: Store, clock: HandClock) -> None:
    calls = budget(store, clock, per_hour=1)
    calls.take("hand")
    clock.turn(3575.0)
    calls.take("hand")
    assert clock.waits == [pytest.approx(25.0)]


@pytest.mark.parametrize(("seconds", "left"), [(0.0, 0), (3599.0, 0), (3600.0, 1), (3604.0, 3)])
def test_calls_stop_counting_an_hour_after_they_were_made(
    store: Store, clock: HandClock, seconds: float, left: int
) -> None:
    calls = budget(store, clock)
    start = clock.up
    for _ in range(3):
        calls.take("hand")
    clock.up = max(start + seconds, clock.up)
    assert calls.left() == left


def test_without_a_limit_only_the_distance_counts(store: Store, clock: HandClock) -> None:
    calls = budget(store, clock, per_hour=None)
    for _ in range(200):
        calls.take("hand")
    assert calls.left() is None
    assert clock.waits == [2.0] * 199


def test_a_new_object_on_the_same_store_goes_on_counting(store: Store, clock: HandClock) -> None:
    for _ in range(3):
        budget(store, clock).take("hand")
    with pytest.raises(RateLimited):
        budget(store, clock).take("hand")


def test_another_process_on_the_same_database_counts_too(store: Store, clock: HandClock) -> None:
    for _ in range(3):
        budget(store, clock).take("hand")
    other = Store(store.path)
    try:
        assert budget(other, clock).left() == 0
        with pytest.raises(RateLimited):
            budget(other, clock).take("hand")
    finally:
        other.close()


def test_accounts_are_counted_apart(store: Store, clock: HandClock) -> None:
    budget(store, clock, per_hour=1).take("hand")
    budget(store, clock, per_hour=1, account="other").take("hand")
    assert clock.waits == []


def test_calls_before_a_restart_of_the_machine_count_until_it_is_up_for_an_hour(store: Store, clock: HandClock) -> None:
    for _ in range(3):
        budget(store, clock).take("hand")
    reboot(clock)
    assert budget(store, clock).left() == 0
    with pytest.raises(RateLimited) as caught:
        budget(store, clock).take("hand")
    assert caught.value.retry_after_s == pytest.approx(3590.0)
    clock.up = 3600.0
    assert budget(store, clock).left() == 3
    budget(store, clock).take("hand")


def test_a_restart_of_a_machine_without_a_boot_id_never_blocks_for_longer_than_an_hour(
    store: Store, clock: HandClock
) -> None:
    clock.boot_id = "unknown"
    budget(store, clock).take("hand")
    reboot(clock, boot_id="unknown")
    budget(store, clock).take("hand")
    assert sum(clock.waits) <= 3600.0


@pytest.mark.parametrize("jump", [-1e9, -3600.0, 3600.0, 1e9])
def test_a_wall_clock_that_jumps_changes_nothing(store: Store, clock: HandClock, jump: float) -> None:
    for _ in range(3):
        budget(store, clock).take("hand")
    clock.wall += jump
    with pytest.raises(RateLimited):
        budget(store, clock).take("hand")


def test_a_wait_is_left_and_no_call_counted_when_the_process_stops(store: Store, clock: HandClock) -> None:
    calls = budget(store, clock)
    calls.take("hand")
    clock.stopping = True
    with pytest.raises(Stopping):
        calls.take("hand")
    assert calls.left() == 2


def test_threads_together_get_no_more_than_the_hour_allows(store: Store, clock: HandClock) -> None:
    outcomes: list[bool] = []

    def work() -> None:
        for _ in range(5):
            try:
                budget(store, clock, per_hour=7, spacing_s=0.0).take("hand")
            except RateLimited:
                outcomes.append(False)
            else:
                outcomes.append(True)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count(True), len(outcomes)) == (7, 30)


# Quarters of a second: a clock turned by hand never stands still for being asked to wait less than it can show.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "take", "wait", "reboot", "set"]),
        st.integers(0, 16000).map(lambda quarters: quarters / 4),
    ),
    min_size=10,
    max_size=50,
)


@given(steps=STEPS)
@settings(max_examples=25, deadline=None)
def test_no_rolling_hour_ever_has_more_calls_than_allowed(steps: list[tuple[str, float]]) -> None:
    clock, real_s, granted, boots = HandClock(), 0.0, [], 1
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "home" / "movie_sync.db")
        for what, amount in steps:
            before = clock.up
            if what == "take":
                try:
                    budget(store, clock, per_hour=2).take("hand")
                except RateLimited:
                    continue
                granted.append(real_s + clock.up - before)
            elif what == "wait":
                clock.turn(amount)
            elif what == "set":
                clock.wall += 1e6 * (amount - 2000.0)
            else:
                boots += 1
                reboot(clock, up=amount / 128, boot_id=f"boot-{boots}")
                before = 0.0  # the time to start up is real time too
            real_s += clock.up - before
        store.close()
    assert all(later - early >= 3600.0 - 1e-6 for early, later in zip(granted, granted[2:], strict=False))
