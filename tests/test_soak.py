"""The soak: its time, its checks, a small real life, and lives that go wrong in ways the checks have to see."""

import random
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from movie_sync.errors import Stopping
from reliability.soak import checks, lived
from reliability.soak.faults import BENT, away_s, bent
from reliability.soak.ledger import Books, FilmRow, Sample, TransferRow, unexpected
from reliability.soak.script import HOUR_S, RATES, Plan, What, happenings, uploads
from reliability.soak.turning import SeenTime, Time, TurnedClock, TurnedThreading, make_clock
from reliability.tried import Tried

MIB = checks.MIB


# -- the time


@pytest.fixture
def time(tmp_path: Path) -> Time:
    make_clock(tmp_path / "clock", 1_790_000_000.0)
    return Time(tmp_path / "clock")


def test_every_moment_comes_in_its_order_and_nobody_waits_for_real(time: Time, tmp_path: Path) -> None:
    turned, seen = TurnedThreading(time), SeenTime(tmp_path / "clock")
    begun, moments = time.up(), list[float]()

    def every(seconds: float, times: int) -> None:
        for _ in range(times):
            time.wait(seconds)
            moments.append(time.up() - begun)

    threads = [turned.Thread(target=every, args=(seconds, times)) for seconds, times in ((1.0, 7200), (3600.0, 2))]
    for thread in threads:
        thread.start()
    time.live_until(begun + 7205)
    for thread in threads:
        thread.join(5)
    # Time goes on, as the real one does, while somebody works: a little of it in so many steps.
    assert moments == sorted(moments)
    assert moments == pytest.approx(sorted([*map(float, range(1, 7201)), 3600.0, 7200.0]), abs=5.0)
    assert len(moments) == 7202
    assert seen.monotonic() == time.up() == begun + 7205
    time.jump(-300)
    assert seen.now() == time.now() == pytest.approx(1_790_000_000.0 + 7205 - 300)
    seen.close()


def test_an_event_ends_a_wait_at_once_and_a_stop_ends_the_clocks(time: Time) -> None:
    turned = TurnedThreading(time)
    stop, ended = turned.Event(), list[float]()

    def until_stopped() -> None:
        with pytest.raises(Stopping):
            TurnedClock(time, stop).wait(3600)
        ended.append(time.up())

    thread = turned.Thread(target=until_stopped)
    thread.start()
    time.live_until(time.up() + 60)
    stop.set()
    thread.join(5)
    assert ended == pytest.approx([time.up()], abs=5.0)


def test_a_lock_may_be_held_over_a_wait(time: Time) -> None:
    turned = TurnedThreading(time)
    lock, order = turned.Lock(), list[str]()

    def hold(name: str) -> None:
        with lock, lock:
            order.append(name)
            time.wait(10)
            order.append(name)

    threads = [turned.Thread(target=hold, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    time.live_until(time.up() + 60)
    for thread in threads:
        thread.join(5)
    assert order in (list("aabb"), list("bbaa"))


# -- the script


def _plan(hours: float, films: int, rates: Mapping[What, float]) -> Plan:
    return Plan(
        days=hours / 24,
        films=films,
        offered=5,
        uploads_a_day=60,
        others_a_day=90,
        dead=0,
        samples=8,
        warm_up=3,
        patience_s=2 * HOUR_S,
        refused_s=0,
        rates=rates,
    )


def test_the_same_seed_lives_the_same_and_everything_happens_at_least_once() -> None:
    plan = _plan(24, 100, RATES)
    assert happenings(plan) == happenings(plan)
    assert uploads(plan) == uploads(plan)
    assert happenings(plan) != happenings(replace(plan, seed=2))
    assert {one.what for one in happenings(plan)} == set(RATES)


def test_a_bad_answer_is_allowed_for_as_long_as_it_asks_to_be_left_alone() -> None:
    challenge = BENT["letterboxd"][-1]
    assert away_s([challenge]) == 3600
    assert away_s([BENT["filelist"][0]] * 3) == 60 + 300 + 900
    assert 1 <= len(bent("wikidata", random.Random(1))) <= 3


# -- the checks, by made-up samples


def _samples(
    rss: float = 0, threads: float = 0, files: float = 0, connections: float = 0, history: float = 0
) -> list[Sample]:
    """Ten days; each thing grows by so much a day, memory in MiB."""
    return [
        Sample(
            day * 86400.0,
            int((58 + rss * day) * MIB),
            int(6 + threads * day),
            int(17 + files * day),
            int(3 + connections * day),
            MIB,
            1000,
            {"films": 100, "history": int(500 + history * day), "calls": 200, "decisions": 300},
            {},
        )
        for day in range(1, 11)
    ]


def _growing(samples: list[Sample]) -> list[str]:
    return [
        *checks.flat_memory(samples, 3),
        *checks.flat_count("Threads", [one.threads for one in samples], 3),
        *checks.flat_count("Open files", [one.files for one in samples], 3),
        *checks.few_connections(samples, 3),
        *checks.bounded_rows(samples),
    ]


def test_what_stays_is_flat_also_when_it_goes_up_and_down() -> None:
    plain = _samples()
    shaking = [replace(one, rss_bytes=one.rss_bytes + place % 2 * MIB) for place, one in enumerate(plain)]
    assert _growing(plain) == _growing(shaking) == []


@pytest.mark.parametrize(
    ("grown", "told"),
    [
        ({"rss": 0.8}, "Memory grew by 4.8 MiB"),
        ({"threads": 0.5}, "Threads rose from at most 7 in the warm-up to 11."),
        ({"files": 1}, "Open files rose"),
        ({"connections": 0.5}, "8 connections are open to 4 services."),
        ({"history": 500}, "The table history"),
    ],
)
def test_what_grows_is_told(grown: dict[str, float], told: str) -> None:
    found = _growing(_samples(**grown))
    assert len(found) == 1
    assert found[0].startswith(told)


def test_too_few_samples_are_no_proof() -> None:
    assert len(checks.flat_memory(_samples()[:3], 3)) == len(checks.flat_count("Threads", [1, 1, 1], 3)) == 1


def test_any_hour_counts_and_not_only_those_of_the_clock() -> None:
    quick = [1800 + place * 29.9 for place in range(121)]  # the last of them 12 s before the hour is over
    assert checks.within_budget(quick) == ["121 API calls came within an hour, 120 are allowed."]
    assert checks.within_budget([1800 + place * 30.0 for place in range(121)]) == []


def test_what_did_not_come_by_the_clock_is_told() -> None:
    steps = {name: int(asked) for name, asked in checks.steps_asked(86400).items()}
    hourly, quarterly = [hour * 3600.0 for hour in range(24)], [turn * 900.0 for turn in range(96)]
    assert list(checks.by_the_clock(hourly, quarterly, steps, 86400, {})) == []
    assert len(list(checks.by_the_clock(hourly[:20], quarterly, steps, 86400, {}))) == 1
    assert len(list(checks.by_the_clock(hourly, quarterly[:80], steps, 86400, {}))) == 1
    assert list(checks.by_the_clock(hourly[:20], quarterly[:80], steps, 86400, dict.fromkeys(BENT, 4 * HOUR_S))) == []
    for name in steps:
        assert len(list(checks.by_the_clock(hourly, quarterly, {**steps, name: 60}, 86400, {}))) == 1
    # The second look at the first page, at the end of a whole read, is no check.
    assert checks.rounds(sorted([*hourly, *(one + 60 for one in hourly)]), HOUR_S / 2) == 24


def test_a_film_in_two_places_or_none_is_told() -> None:
    films = tuple(FilmRow(number, "pending", "due", None) for number in range(3))
    good = Books(films, (), {"pending": (0, 1, 2), "failed": (), "completed": ()})
    assert list(checks.one_queue({0, 1, 2}, good)) == []
    assert len(list(checks.one_queue({0, 1, 2, 3}, good))) == 1
    assert len(list(checks.one_queue({0}, replace(good, films=(*films, films[0]))))) == 2
    assert len(list(checks.one_queue({0}, replace(good, shown={**good.shown, "failed": (2,)})))) == 1


def test_a_client_that_has_other_torrents_than_are_current_is_told() -> None:
    current = TransferRow(1, "aa", "current", "qbittorrent", done=True)
    assert list(checks.agree([current], {"aa": True})) == []
    assert list(checks.agree([current, TransferRow(1, "bb", "blocklisted", "qbittorrent", False)], {"aa": True})) == []
    assert len(list(checks.agree([current], {}))) == 1
    assert len(list(checks.agree([current], {"aa": True, "cc": False}))) == 1
    assert len(list(checks.agree([current, replace(current, info_hash="bb")], {"aa": True, "bb": True}))) == 1
    assert len(list(checks.agree([replace(current, done=False)], {"aa": True}))) == 1


def test_a_film_that_can_be_had_and_waits_for_nothing_is_told() -> None:
    now = 1_790_000_000.0
    waiting = FilmRow(1, "failed", "not_found", now + 86400)
    assert list(checks.fetched({1}, [FilmRow(1, "completed", "downloaded", None), waiting], now)) == []
    for forgotten in (replace(waiting, next_at=None), replace(waiting, next_at=now + 99 * 86400)):
        assert len(list(checks.fetched({1}, [forgotten], now))) == 1


def test_films_that_could_be_had_and_are_not_there_or_were_never_searched_are_told() -> None:
    assert list(checks.enough_fetched(1, 5)) == list(checks.enough_fetched(6, 60)) == []
    assert len(list(checks.enough_fetched(2, 5))) == len(list(checks.enough_fetched(7, 60))) == 1
    never = FilmRow(1, "failed", "not_found", None)
    assert len(list(checks.searched({1}, [never]))) == 1
    others = (replace(never, searches=1), replace(never, queue="completed"), replace(never, status="excluded"))
    assert all(not list(checks.searched({1}, [one])) for one in (*others, replace(never, number=2)))


def test_a_life_that_ended_early_is_told() -> None:
    ten_days = _samples()
    assert list(checks.lived_through(ten_days, 10 * 86400, 10)) == []
    assert len(list(checks.lived_through(ten_days[:9], 10 * 86400, 10))) == 1
    assert len(list(checks.lived_through(ten_days, 11 * 86400, 10))) == 1


def test_an_old_history_that_stays_or_is_lost_as_a_whole_is_told() -> None:
    repeated = ("searched", "not_found")
    plain = [(1, "wished"), (2, "wished"), *[(1, "searched"), (1, "not_found")] * 10]
    assert list(checks.forgotten(plain, {1, 2}, repeated)) == []
    assert len(list(checks.forgotten([*plain, (1, "searched")], {1, 2}, repeated))) == 1
    assert len(list(checks.forgotten(plain[1:], {1, 2}, repeated))) == 1


def test_an_error_nobody_foresaw_is_found_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "movie_sync.log").write_text(
        "2026 ERROR x: y\nTraceback (most recent call last):\n  File 1\nKeyError: 'a'\n2026 INFO z\n"
    )
    assert unexpected(tmp_path) == ["KeyError: 'a'"]


# -- real lives, small ones


def _rows(plan: Plan, folder: Path, *command: str) -> dict[str, Tried]:
    rows = lived(plan, folder, real_client=False, **({"house": command} if command else {}))
    return {row.fault: row for row in rows}


def test_a_small_life_with_faults_holds_what_is_promised(tmp_path: Path) -> None:
    rows = _rows(_plan(4, 40, dict.fromkeys(RATES, 1.0)), tmp_path)
    assert [row for row in rows.values() if row.failed] == []
    assert len(rows) == 8
    assert not any(thread.name == "main" for thread in threading.enumerate())


_MUTANT = """
import threading
from movie_sync.worker import Worker
from reliability.soak import house

plain, kept, steps = Worker.guarded_step, [], {{}}

def step(worker):
    name, number = worker.name, steps.get(worker.name, 0) + 1
    steps[name] = number
{body}
    return plain(worker)

Worker.guarded_step = step
house.main()
"""
_LEAKS = """
    kept.append(bytearray(4096))
    if number % 50 == 0:
        kept.append(open("/dev/null"))
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    if name == "queue files":
        worker._on_quiet = lambda: None
"""


def _mutant(folder: Path, body: str) -> tuple[str, str]:
    script = folder / "mutant.py"
    script.write_text(_MUTANT.format(body=body))
    return sys.executable, str(script)


def test_what_is_kept_for_ever_turns_memory_threads_descriptors_and_history_red(tmp_path: Path) -> None:
    rows = _rows(_plan(2, 10, {}), tmp_path, *_mutant(tmp_path, _LEAKS))
    red = [name for name, row in rows.items() if row.failed]
    assert red == ["resident memory", "threads", "descriptors", "history of more than a year"]


@pytest.mark.parametrize(
    ("worker", "told"),
    [
        ("watchlist check", "The list was checked"),
        ("download", "The newest releases were looked at"),
        ("queue files", "The file of the queue"),
    ],
)
def test_a_worker_that_does_nothing_at_its_steps_turns_the_life_red(worker: str, told: str, tmp_path: Path) -> None:
    skips = f"    if name == {worker!r} and number > 3:\n        return 1.0"
    plan = replace(_plan(2, 10, {}), samples=2, warm_up=1)
    rows = _rows(plan, tmp_path, *_mutant(tmp_path, skips))
    assert any(sentence.startswith(told) for row in rows.values() for sentence in row.lost)


def test_a_program_that_ends_by_itself_is_told(tmp_path: Path) -> None:
    rows = _rows(_plan(2, 10, {}), tmp_path, *_mutant(tmp_path, "    import os; os._exit(1)"))
    assert [row.lost[0][:28] for row in rows.values()] == ["The program ended by itself:"]
