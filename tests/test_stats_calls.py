"""``stats``, ``why`` and ``check`` on waiting: calls of the hour, the backlog, the sweep, and gaps."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Run, as_before, runner
from conftest import movie

from movie_sync.lib.clock import SystemClock
from movie_sync.movie import Purpose, WatchedFilm
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store, facts, films, sweeps
from movie_sync.store.calls import take_turn
from movie_sync.store.overview import BUDGET
from movie_sync.store.sweeps import SweepState


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    yield from as_before()


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(home, monkeypatch, capsys)


@pytest.fixture
def queue(store: Store) -> QueueManager:
    """Of a service that once ran, on the machine's own clock."""
    with store.write() as tx:
        facts.put(tx, BUDGET, json.dumps(["filelist", 120, 106, 900.0]))
    return QueueManager(store, SystemClock())


def wished(queue: QueueManager, count: int) -> None:
    queue.wish([WatchedFilm(movie(number), number) for number in range(1, count + 1)], "list")


def called(store: Store, count: int, purpose: Purpose = "search") -> None:
    clock = SystemClock()
    for _ in range(count):
        assert take_turn(store, "filelist", clock.boot(), clock.now(), spacing_s=0, purpose=purpose).granted


def line(run: Run, word: str) -> str:
    return next(text for text in run("stats").out.splitlines() if text.startswith(word))


def test_before_the_service_ran_nothing_is_said_of_calls(run: Run, store: Store) -> None:
    assert "Calls" not in run("stats").out
    assert run("stats", "--json").json["calls_per_hour"] == 0


def test_the_calls_of_the_last_hour_are_shown_whatever_they_were_for(
    run: Run, store: Store, queue: QueueManager
) -> None:
    called(store, 7)
    called(store, 2, "hand")
    called(store, 1, "sweep")
    assert line(run, "Calls").split() == ["Calls", "10", "of", "120", "in", "the", "last", "hour", "(filelist)"]
    answered = run("stats", "--json").json
    assert (answered["calls_used"], answered["calls_per_hour"], answered["backlog"]) == (10, 120, 0)


def test_a_long_list_says_when_its_first_searches_are_through(run: Run, queue: QueueManager) -> None:
    wished(queue, 212)
    assert "212 first searches to make, through in about 3 h" in line(run, "Calls")
    answered = run("stats", "--json").json
    assert (answered["backlog"], answered["backlog_minutes"]) == (212, 180)


def test_how_long_it_takes_is_told_by_the_searches_of_the_last_hour(
    run: Run, store: Store, queue: QueueManager
) -> None:
    wished(queue, 116)
    for _ in range(10):
        film = queue.claim()
        assert film is not None
        queue.searched(film.film_id, [])
        queue.not_found(film.film_id, "not_on_tracker", "Not there.")
    called(store, 20)
    assert run("stats", "--json").json["backlog_minutes"] == 120


def test_films_put_off_by_a_service_still_have_their_first_search_to_come(run: Run, queue: QueueManager) -> None:
    wished(queue, 5)
    queue.put_off_all_due(SystemClock().now() + 600, "It does not answer.", "qbittorrent")
    assert run("stats", "--json").json["backlog"] == 5


def test_repeats_in_their_turn_are_told_apart(run: Run, store: Store, queue: QueueManager) -> None:
    wished(queue, 3)
    with store.write() as tx:
        films.change(tx, 1, searches=2)
    assert "2 first searches" in line(run, "Calls")
    assert "1 further ones in their turn" in line(run, "Calls")


def test_the_last_look_at_the_newest_and_a_gap_are_shown(run: Run, store: Store, queue: QueueManager) -> None:
    now = SystemClock().now()
    with store.write() as tx:
        sweeps.put(tx, "filelist", SweepState(5, now - 240, now - 7200, 1))
    assert "newest releases looked at 4 min ago, every 15 min" in line(run, "Watched")
    assert "A gap 2 h ago" in run("stats").out
    with store.write() as tx:
        sweeps.put(tx, "filelist", SweepState(5, now - 240, now - 2 * 86400, 1))
    assert "gap" not in run("stats").out


def test_why_says_how_many_films_are_before_one(run: Run, store: Store, queue: QueueManager) -> None:
    wished(queue, 5)
    assert "It is searched in its turn: 3 films are before it." in run("why", "4").out
    with store.write() as tx:
        films.change(tx, 5, searches=1)
        films.change(tx, 4, searches=1, queued_at=1.0)
    assert "It is searched again in its turn: 1 films are before it." in run("why", "5").out
