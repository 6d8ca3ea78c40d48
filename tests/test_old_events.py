"""Old events: what was repeated long ago is forgotten, and what says why a film is where it is stays."""

import json
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from conftest import HandClock, movie

from movie_sync.app import App
from movie_sync.config import Config
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.errors import Unavailable
from movie_sync.faces_worker import FacesWorker
from movie_sync.health import ProviderHealth
from movie_sync.lib.backoff import SEARCH_AGAIN_S
from movie_sync.movie import Status, WatchedFilm
from movie_sync.queues.json_files import QueueFiles
from movie_sync.queues.old_events import DAY_S, KEPT_S, OldEvents
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store, films, history
from movie_sync.verbs.stories import story


@pytest.fixture
def old_events(store: Store, clock: HandClock) -> OldEvents:
    return OldEvents(store, clock)


def wish(store: Store, queue: QueueManager, number: int = 1) -> int:
    queue.wish([WatchedFilm(movie(number), 0)], "letterboxd:demo")
    with store.read() as tx:
        return films.of_names(tx, movie(number).names)[0]


def tell(store: Store, film_id: int | None, event: str, times: int, at: float) -> None:
    with store.write() as tx:
        for _ in range(times):
            history.append(tx, at, film_id, event, f"{event}.")


def told(store: Store, film_id: int | None) -> Counter[str]:
    with store.read() as tx:
        found = history.latest(tx, 1_000_000) if film_id is None else history.of_film(tx, film_id)
    return Counter(one.event for one in found if one.film_id == film_id)


def whole_look(old_events: OldEvents) -> int:
    """How many calls it takes."""
    calls = 1
    while old_events.look():
        calls += 1
    return calls


@pytest.mark.parametrize("event", history.REPEATED)
def test_what_was_repeated_is_forgotten_after_90_days_but_the_newest_20(
    event: str, store: Store, queue: QueueManager, clock: HandClock, old_events: OldEvents
) -> None:
    film_id = wish(store, queue)
    tell(store, film_id, event, 50, clock.now())
    clock.turn(KEPT_S)
    whole_look(old_events)
    assert told(store, film_id)[event] == 50
    clock.turn(DAY_S)
    whole_look(old_events)
    assert told(store, film_id) == {"wished": 1, event: 20}


def test_a_film_keeps_its_newest_20_events_of_whatever_kind_and_each_film_its_own(
    store: Store, queue: QueueManager, clock: HandClock, old_events: OldEvents
) -> None:
    busy, quiet = wish(store, queue, 1), wish(store, queue, 2)
    tell(store, busy, "searched", 30, clock.now())
    tell(store, quiet, "searched", 15, clock.now())
    clock.turn(KEPT_S + DAY_S)
    tell(store, busy, "not_found", 12, clock.now())
    whole_look(old_events)
    assert told(store, busy) == {"wished": 1, "searched": 8, "not_found": 12}
    assert told(store, quiet) == {"wished": 1, "searched": 15}


def test_what_says_why_a_film_is_where_it_is_stays_for_ever(
    store: Store, queue: QueueManager, clock: HandClock, old_events: OldEvents
) -> None:
    film_id = wish(store, queue)
    why = ("chosen", "handed_over", "downloaded", "failed", "blocklisted", "excluded", "asked_again", "moved", "left")
    for event in why:
        tell(store, film_id, event, 2, clock.now())
    clock.turn(DAY_S)
    tell(store, film_id, "searched", 40, clock.now())
    clock.turn(10 * 365 * DAY_S)
    whole_look(old_events)
    assert told(store, film_id) == {"wished": 1, **dict.fromkeys(why, 2), "searched": 20}


def test_what_is_told_of_services_is_forgotten_and_what_a_person_asked_for_is_not(
    home: Path, store: Store, clock: HandClock, old_events: OldEvents
) -> None:
    health = ProviderHealth(store, clock, home, {})
    for _ in range(40):
        health.failed(Unavailable("letterboxd", "Letterboxd is down (503)."))
        health.fine("letterboxd")
    tell(store, None, "asked_again", 5, clock.now())
    tell(store, None, "queue_file_kept", 5, clock.now())
    clock.turn(KEPT_S + DAY_S)
    whole_look(old_events)
    found = told(store, None)
    assert found == {"asked_again": 5, "queue_file_kept": 5, "letterboxd_backing_off": 5, "letterboxd_fine": 5}


def test_a_long_history_is_gone_through_in_short_turns_and_wholly(
    store: Store, queue: QueueManager, clock: HandClock, old_events: OldEvents
) -> None:
    numbers = [wish(store, queue, number) for number in range(1, 6)]
    for film_id in numbers:
        tell(store, film_id, "searched", 700, clock.now())
    clock.turn(KEPT_S + DAY_S)
    before = 5 * 701
    for _ in range(3):
        assert old_events.look() is True
        left = sum(told(store, film_id).total() for film_id in numbers)
        assert before - history.WINDOW <= left < before
        before = left
    whole_look(old_events)
    assert [told(store, film_id) for film_id in numbers] == [{"wished": 1, "searched": 20}] * 5
    assert OldEvents(store, clock).look() is False


def test_it_looks_once_a_day_also_over_restarts_and_when_the_clock_was_wrong(store: Store, clock: HandClock) -> None:
    def looked() -> bool:
        """Whether a program that has just started looks."""
        before = store.data_version()
        OldEvents(other, clock).look()
        return store.data_version() != before

    other = Store(store.path)
    looks = [looked()]
    for span_s in (0, DAY_S - 1, 1, -3 * DAY_S, 0):
        clock.turn(span_s)
        looks.append(looked())
    other.close()
    assert looks == [True, False, False, True, True, False]


def test_years_of_searching_leave_no_more_events_than_the_first_and_why_explains_them(
    store: Store, queue: QueueManager, clock: HandClock, old_events: OldEvents
) -> None:
    film_id = wish(store, queue)
    rows = []
    for day in range(4 * 365):
        while (film := queue.claim(["search", "repeat"])) is not None:
            queue.searched(film.film_id, [])
            queue.not_found(film.film_id, "not_on_tracker", "The tracker does not have it.")
        whole_look(old_events)
        clock.turn(DAY_S)
        if day % 365 == 364:
            rows.append(told(store, film_id).total())
    assert max(rows[1:]) <= rows[0]
    assert rows[1] <= history.NEWEST_KEPT + 1 + KEPT_S / SEARCH_AGAIN_S[-1] * 3
    with store.read() as tx:
        film = films.get(tx, film_id)
    assert film is not None
    found = story(store, film)
    assert found.moments[0].text == "Wished for on letterboxd:demo."
    assert found.moments[-1].text.startswith("The tracker does not have it.")
    assert (film.status, found.next.at) == (Status.NOT_FOUND, film.retry_after)
    assert film.searches > 4 * 365 / 15


def test_the_worker_of_the_queue_files_lets_it_look_when_there_is_nothing_to_write(
    home: Path, store: Store, queue: QueueManager, clock: HandClock, old_events: OldEvents
) -> None:
    film_id = wish(store, queue)
    tell(store, film_id, "searched", 30, clock.now())
    clock.turn(KEPT_S + DAY_S)
    worker = FacesWorker(QueueFiles(home, store, clock), clock, on_quiet=old_events.look)
    worker.guarded_step()
    assert told(store, film_id)["searched"] == 30
    worker.guarded_step()
    assert told(store, film_id)["searched"] == 20


def test_a_pass_for_cron_looks_too(home: Path, store: Store, queue: QueueManager) -> None:
    film_id = wish(store, queue)
    tell(store, film_id, "searched", 3 * history.WINDOW, time.time() - KEPT_S - DAY_S)
    settings = {"filelist_url": "http://127.0.0.1:9", "client": "none", "download_directory": str(home / "films")}
    (home / "config.json").write_text(json.dumps(settings))
    environment = {"MOVIE_SYNC_FILELIST_USERNAME": "user", "MOVIE_SYNC_FILELIST_PASSKEY": "made-up-passkey"}
    with App(Config.load(home, environment={}), CredentialsManager(home, environment), threading.Event()) as app:
        app.run_once()
    assert told(store, film_id)["searched"] <= history.NEWEST_KEPT
