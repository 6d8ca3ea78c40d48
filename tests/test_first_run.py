"""What the first read of a watchlist queues, and how many films are downloaded at once."""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from command_line import as_before, runner
from conftest import HandClock, movie
from test_workers import HEAT, House, ScriptedClient, client_torrent, house_in

from movie_sync.app import App
from movie_sync.clients.torrent_folder import TorrentFolder
from movie_sync.config import Config
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.demo.letterboxd_site import CHALLENGE
from movie_sync.demo.loopback import Answer, Request
from movie_sync.movie import Movie, Queue, Status, WatchedFilm
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.readiness import MAX_ACTIVE
from movie_sync.store import Store, films
from movie_sync.store.films import FilmRecord
from movie_sync.workers import MonitorWorker

HOUR = 3600.0
DOWN = Answer(b"down", 503)
# Three pages: 28, 28, 14.
LIST = [movie(number) for number in range(1, 71)]


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    yield from as_before()


@pytest.fixture
def house(home: Path, store: Store, clock: HandClock) -> Iterator[House]:
    with house_in(home, store, clock, LIST) as built:
        yield built


def first_run(house: House, limit: int | None, on_new: Callable[[], None] = lambda: None) -> MonitorWorker:
    """The check with a setting of first_run."""
    house.monitor = MonitorWorker(
        [house.watchlist],
        house.queue,
        house.details,
        house.health,
        house.clock,
        check_interval_s=HOUR,
        watchlist_path=house.folder / "watchlist.json",
        first_run=limit,
        on_new=on_new,
    )
    return house.monitor


def check(house: House) -> None:
    """The next check, when its time has come."""
    house.clock.turn(2 * HOUR)
    house.monitor.step(house.clock.now())


def numbers(house: House, queue: Queue) -> list[int]:
    """Film numbers of a queue in its order."""
    return [film.movie.number or 0 for film in house.queue.films_in(queue)]


def queued(house: House) -> list[int]:
    assert {film.status for film in house.queue.films_in(Queue.PENDING)} <= {Status.DUE}
    return numbers(house, Queue.PENDING)


def seen(house: House) -> list[int]:
    found = house.queue.films_in(Queue.FAILED)
    assert {(film.status, film.reason_code) for film in found} <= {(Status.EXCLUDED, "seen_before")}
    return numbers(house, Queue.FAILED)


def proven(house: House) -> bool:
    return house.queue.list_state(house.watchlist.name).proven_at is not None


def page_then(*answers: Answer | Callable[[Request], Answer | None]) -> list[Any]:
    """The first page as it is, then these answers."""
    return [lambda _: None, *answers]


# -- what the first read queues


@pytest.mark.parametrize(
    ("limit", "count"),
    [(None, 70), (0, 0), (1, 1), (28, 28), (29, 29), (70, 70), (999, 70)],
)
def test_the_first_read_queues_all_none_or_the_newest_so_many(limit: int | None, count: int, house: House) -> None:
    first_run(house, limit)
    check(house)
    assert proven(house)
    assert queued(house) == list(range(1, count + 1))
    assert seen(house) == list(range(count + 1, 71))
    claimed = house.queue.claim()
    assert (claimed.movie.number if claimed else None) == (1 if count else None)


def test_films_seen_before_are_excluded_with_a_reason_people_can_act_on(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first_run(house, 30)
    check(house)
    film = house.film(LIST[50])
    assert (film.status, film.reason_code, film.retry_after) == (Status.EXCLUDED, "seen_before", None)
    assert film.last_error == "on the list before the first run"
    assert [event.event for event in house.queue.story(LIST[50])] == ["wished", "excluded"]
    assert "movie-sync add --seen" in house.queue.story(LIST[50])[-1].text
    assert "40 films count as seen before; movie-sync add --seen queues them." in caplog.text
    rows = json.loads((house.folder / "watchlist.json").read_text())
    assert [row["status"] for row in rows] == ["due"] * 30 + ["excluded"] * 40


def test_films_seen_before_are_never_searched_nor_woken(house: House) -> None:
    first_run(house, 0)
    check(house)
    for _ in range(3):
        house.work()
        house.clock.turn(30 * 24 * HOUR)
    assert house.api.requests == []
    assert len(seen(house)) == 70


@pytest.mark.parametrize("limit", [0, 30])
def test_after_the_first_read_everything_new_is_queued(limit: int, house: House) -> None:
    first_run(house, limit)
    check(house)
    for number in (101, 102):
        house.site.films.insert(0, movie(number))
        check(house)
    house.site.films[0:0] = [movie(number) for number in range(240, 200, -1)]
    check(house)
    assert queued(house) == [*range(240, 200, -1), 102, 101, *range(1, limit + 1)]
    assert len(seen(house)) == 70 - limit
    assert house.monitor.tally.added == 42 + limit


def test_a_list_that_was_empty_at_first_has_been_read_and_what_comes_is_new(house: House) -> None:
    house.site.films = []
    first_run(house, 0)
    check(house)
    house.site.films = LIST[:3]
    check(house)
    assert (queued(house), seen(house)) == ([1, 2, 3], [])


def test_another_setting_later_changes_nothing_of_what_was_read(house: House) -> None:
    first_run(house, 5)
    check(house)
    for limit in (None, 0, 50):
        first_run(house, limit)
        check(house)
        assert (len(queued(house)), len(seen(house))) == (5, 65)


def test_a_film_seen_before_that_is_wished_anew_stays_out_until_it_is_asked_for(house: House) -> None:
    first_run(house, 0)
    check(house)
    house.site.films.remove(LIST[9])
    check(house)
    check(house)
    house.site.films.insert(0, LIST[9])
    check(house)
    assert house.status(LIST[9]) is Status.EXCLUDED


def test_films_known_already_keep_their_place_whatever_the_first_read_takes(house: House) -> None:
    house.queue.wish([WatchedFilm(LIST[40], 0), WatchedFilm(LIST[60], 1)], "csv")
    first_run(house, 2)
    check(house)
    assert sorted(queued(house)) == [1, 2, 41, 61]
    assert len(seen(house)) == 66


def test_the_download_worker_is_woken_only_when_something_is_queued(house: House) -> None:
    woken: list[int] = []
    first_run(house, 0, lambda: woken.append(1))
    check(house)
    assert woken == []
    house.site.films.insert(0, movie(101))
    check(house)
    assert woken == [1]


def test_all_that_was_seen_before_can_be_queued_in_one_go(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first_run(house, 3)
    check(house)
    run = runner(house.folder, monkeypatch, capsys)
    assert run("add", "--seen", "--json").json == {"ok": True, "queued": 67}
    assert sorted(queued(house)) == list(range(1, 71))
    check(house)
    assert (len(queued(house)), seen(house)) == (70, [])


# -- a first read that is broken off


@pytest.mark.parametrize("limit", [None, 0, 28, 40, 60])
@pytest.mark.parametrize("pages", [1, 2])
def test_a_first_read_broken_off_between_pages_is_taken_up_by_the_next_check(
    pages: int, limit: int | None, house: House
) -> None:
    wanted = 70 if limit is None else min(limit, 70)
    house.site.next_answers.extend([lambda _: None] * pages + [DOWN])
    first_run(house, limit)
    check(house)
    assert not proven(house)
    assert queued(house) == list(range(1, min(wanted, 28 * pages) + 1))
    check(house)
    assert proven(house)
    assert sorted(queued(house)) == list(range(1, wanted + 1))
    assert sorted(seen(house)) == list(range(wanted + 1, 71))


@pytest.mark.parametrize("fault", [DOWN, CHALLENGE, Answer(b"<html>", 200), Answer(b"x", 429)])
def test_a_first_read_that_brought_nothing_is_still_the_first(fault: Answer, house: House) -> None:
    house.site.next_answers.append(fault)
    first_run(house, 4)
    check(house)
    assert queued(house) == seen(house) == []
    check(house)
    assert (len(queued(house)), len(seen(house))) == (4, 66)


def test_a_first_read_broken_off_again_and_again_queues_no_more_than_it_should(house: House) -> None:
    first_run(house, 30)
    for pages in (1, 2, 1, 2, 3):
        house.site.next_answers.extend([lambda _: None] * pages + [DOWN])
        check(house)
        house.site.next_answers.clear()
    assert not proven(house)
    check(house)
    assert (sorted(queued(house)), len(seen(house))) == (list(range(1, 31)), 40)


@pytest.mark.parametrize(("count", "limit"), [(1, 0), (3, 5), (28, 0), (30, 5)])
def test_what_was_added_while_the_first_read_was_broken_off_is_queued(count: int, limit: int, house: House) -> None:
    house.site.next_answers.extend(page_then(DOWN))
    first_run(house, limit)
    check(house)
    added = [movie(number) for number in range(201, 201 + count)]
    house.site.films[0:0] = added
    check(house)
    assert proven(house)
    assert queued(house) == [*range(201, 201 + count), *range(1, limit + 1)]
    assert sorted(seen(house)) == list(range(limit + 1, 71))


def test_a_film_added_meanwhile_does_not_bring_older_ones_with_it(house: House) -> None:
    house.site.next_answers.extend(page_then(DOWN))
    first_run(house, 0)
    check(house)
    house.site.films.insert(0, movie(201))
    house.site.films.append(movie(202))
    check(house)
    assert queued(house) == [201]
    assert 202 in seen(house)


def test_a_film_added_while_the_pages_are_read_is_queued(house: House) -> None:
    def add(_: Request) -> None:
        house.site.films.insert(0, movie(201))

    house.site.next_answers.extend(page_then(add))
    first_run(house, 0)
    check(house)
    assert proven(house)
    assert (queued(house), seen(house)) == ([201], list(range(1, 71)))


def test_a_list_whose_count_is_never_right_still_queues_what_is_new(house: House) -> None:
    """Entries that are no film of their own keep a list from being proven until its surplus is known."""
    house.site.films.append(LIST[0])
    first_run(house, 2)
    check(house)
    assert sorted(queued(house)) == [1, 2]
    house.site.films.insert(0, movie(201))
    check(house)
    house.site.films.insert(0, movie(202))
    check(house)
    assert queued(house)[:2] == [202, 201]
    assert len(seen(house)) == 68


def test_a_first_read_ended_by_a_stop_is_taken_up_by_the_next_start(house: House) -> None:
    def stop(_: Request) -> None:
        house.clock.stopping = True

    # The wait before the third page is where a stop is heard.
    house.watchlist._delay_s = 1.0
    house.site.next_answers.extend(page_then(stop))
    first_run(house, 40)
    assert house.monitor.guarded_step() == 0.0
    house.clock.stopping = False
    assert 28 <= len(queued(house)) <= 40
    first_run(house, 40)
    check(house)
    assert (sorted(queued(house)), len(seen(house))) == (list(range(1, 41)), 30)


# -- the setting, in a whole pass


@pytest.mark.parametrize(("setting", "pending"), [("all", 70), ("new", 0), ("12", 12), (12, 12)])
def test_the_setting_reaches_the_first_pass(setting: str | int, pending: int, house: House, home: Path) -> None:
    settings = {
        "username": "me",
        "first_run": setting,
        "letterboxd_url": house.site.url,
        "letterboxd_delay": 0,
        "filelist_url": "http://127.0.0.1:9",
        "client": "none",
        "download_directory": str(home / "films"),
    }
    (home / "config.json").write_text(json.dumps(settings))
    environment = {"MOVIE_SYNC_FILELIST_USERNAME": "user", "MOVIE_SYNC_FILELIST_PASSKEY": "made-up-passkey"}
    with App(Config.load(home, environment={}), CredentialsManager(home, environment), threading.Event()) as app:
        outcome = app.run_once()
    assert (outcome.counts["checked"], outcome.counts["added"]) == (70, pending)
    assert len(json.loads((home / "queue_pending.json").read_text())) == pending
    assert len(json.loads((home / "queue_failed.json").read_text())) == 70 - pending


# -- so many downloads at once


def limited(house: House, most: int, queue: QueueManager | None = None) -> ScriptedClient:
    """The house's download worker with a limit, its tracker with a release of every film; its client."""
    house.downloads = house.download_worker(queue, max_active=most)
    assert isinstance(house.client, ScriptedClient)
    return house.client


WISHED = [movie(number, title, 1990 + number, imdb_id=f"tt{number:07d}") for number, title in enumerate(
    ("Alpha", "Bravo", "Charlie", "Delta", "Echo"), 11
)]  # fmt: skip


def wished(house: House, wanted: Sequence[Movie] = WISHED) -> None:
    house.site.films.clear()
    for one in wanted:
        house.offer(one, f"{one.title}.{one.year}.1080p.BluRay.x264-A")
    house.wish(*wanted)


LETTERS = {Status.DOWNLOADING: "D", Status.PUT_OFF: "p", Status.DUE: "!", Status.DOWNLOADED: "e"}


def by_status(house: House, *wanted: Movie) -> str:
    """A letter a film: D(ownloading), p(ut off), e(nded); "!" is due, which nothing should be after work."""
    return "".join(LETTERS[house.status(one)] for one in (wanted or WISHED))


def ends(house: House, wanted: Movie) -> None:
    """The client has all of a film."""
    info_hash = house.film(wanted).info_hash or ""
    assert isinstance(house.client, ScriptedClient)
    house.client.torrents[info_hash] = client_torrent(info_hash, "seeding", 1.0)
    house.transfers.step(house.clock.now())
    assert house.status(wanted) is Status.DOWNLOADED


def active(house: House) -> list[FilmRecord]:
    return [film for film in house.queue.films_in(Queue.COMPLETED) if film.status is Status.DOWNLOADING]


@pytest.mark.parametrize("most", [1, 2, 4])
def test_never_more_than_the_limit_are_downloading_and_the_rest_waits_its_turn(most: int, house: House) -> None:
    limited(house, most)
    wished(house)
    house.work()
    assert by_status(house) == "D" * most + "p" * (5 - most)
    waiting = house.film(WISHED[-1])
    assert waiting.reason == f"{most} films are downloading, which is the limit set."
    assert (waiting.retry_count, waiting.searches, waiting.not_before) == (0, 0, house.clock.now() + HOUR)


@pytest.mark.parametrize("most", [0, 5, 100])
def test_without_a_limit_or_below_it_nothing_waits(most: int, house: House) -> None:
    limited(house, most)
    wished(house)
    house.work()
    assert by_status(house) == "DDDDD"


def test_while_the_limit_is_reached_no_service_is_asked(house: House) -> None:
    limited(house, 1)
    wished(house)
    house.work()
    before = len(house.api.requests), len(house.site.requests)
    for _ in range(5):
        house.clock.turn(HOUR)
        house.work()
    assert (len(house.api.requests), len(house.site.requests)) == before
    assert by_status(house) == "Dpppp"


@pytest.mark.parametrize("most", [1, 2, 3])
def test_when_one_ends_the_next_is_taken_newest_first_until_all_are_there(most: int, house: House) -> None:
    client = limited(house, most)
    wished(house)
    for ended, one in enumerate(WISHED):
        house.work()
        left = len(WISHED) - ended - most
        assert by_status(house) == "e" * ended + "D" * min(most, len(WISHED) - ended) + "p" * left
        ends(house, one)
    assert by_status(house) == "eeeee"
    assert client.added == [house.film(one).info_hash for one in WISHED]


def test_where_the_oldest_wish_comes_first_it_is_the_next(house: House) -> None:
    queue = QueueManager(house.store, house.clock, newest_first=False)
    limited(house, 1, queue)
    wished(house)
    for one in reversed(WISHED):
        house.work()
        assert [film.movie.title for film in active(house)] == [one.title]
        ends(house, one)


def test_a_new_wish_goes_before_those_that_wait(house: House) -> None:
    limited(house, 1)
    wished(house, WISHED[1:])
    house.work()
    assert by_status(house, *WISHED[1:]) == "Dppp"
    house.offer(WISHED[0], "Alpha.2001.1080p.BluRay.x264-A")
    house.wish(WISHED[0])
    house.work()
    assert by_status(house) == "pDppp"
    ends(house, WISHED[1])
    house.work()
    assert house.status(WISHED[0]) is Status.DOWNLOADING
    assert by_status(house, *WISHED[2:]) == "ppp"


def test_a_place_is_free_also_for_the_one_after_a_film_that_is_not_found(house: House) -> None:
    limited(house, 1)
    wished(house)
    house.api.uploads = [upload for upload in house.api.uploads if upload.name[0] in "AD"]
    house.work()
    assert by_status(house) == "Dpppp"
    ends(house, WISHED[0])
    house.work()
    assert [house.status(one) for one in WISHED[1:3]] == [Status.NOT_FOUND, Status.NOT_FOUND]
    assert (house.status(WISHED[3]), house.status(WISHED[4])) == (Status.DOWNLOADING, Status.PUT_OFF)


def test_one_that_stands_still_gives_its_place_away(house: House) -> None:
    limited(house, 1)
    wished(house)
    house.work()
    (transfer, _), *_ = house.queue.current_transfers()
    house.queue.stalled(transfer, "No byte came.")
    house.work()
    assert [house.status(one) for one in WISHED[:3]] == [Status.STALLED, Status.DOWNLOADING, Status.PUT_OFF]
    house.queue.resumed(transfer)
    ends(house, WISHED[1])
    house.work()
    assert [house.status(one) for one in WISHED[:3]] == [Status.DOWNLOADING, Status.DOWNLOADED, Status.PUT_OFF]


@pytest.mark.parametrize("how", ["gone", "removed", "blocklisted"])
def test_one_that_will_not_come_gives_its_place_away(how: str, house: House) -> None:
    limited(house, 1)
    wished(house)
    house.work()
    (transfer, film), *_ = house.queue.current_transfers()
    if how == "gone":
        house.queue.gone(transfer)
    elif how == "removed":
        with house.store.write() as tx:
            films.change(tx, film.film_id, Status.EXCLUDED)
    else:
        house.queue.blocklist(transfer, "dead.")
    house.work()
    assert [one.movie.title for one in active(house)] == ["Bravo"]


def test_what_the_client_has_at_a_start_counts_and_a_higher_limit_is_used_at_once(house: House) -> None:
    limited(house, 2)
    wished(house)
    house.work()
    limited(house, 2)
    house.work()
    assert by_status(house) == "DDppp"
    limited(house, 4)
    house.work()
    assert by_status(house) == "DDDDp"
    limited(house, 1)
    ends(house, WISHED[0])
    house.work()
    assert len(active(house)) == 3
    limited(house, 0)
    house.queue.end_put_off(MAX_ACTIVE)
    house.work()
    assert {house.status(one) for one in WISHED[1:]} == {Status.DOWNLOADING}


def test_a_begun_hand_over_is_finished_though_the_limit_is_reached(house: House) -> None:
    client = limited(house, 1)
    wished(house, [HEAT])
    client.takes_nothing = True
    house.work()
    assert house.status(HEAT) is Status.HANDING_OVER
    client.takes_nothing = False
    other = movie(50)
    with house.store.write() as tx:
        film_id = films.insert(tx, other, Status.DUE, queued_at=1.0, wish_order=1.0)
        films.change(tx, film_id, Status.DOWNLOADING)
    wished(house, WISHED)
    house.clock.turn(HOUR)
    house.work()
    assert house.status(HEAT) is Status.DOWNLOADING
    assert by_status(house) == "ppppp"
    assert len(active(house)) == 2


def test_where_torrents_are_only_saved_there_is_no_limit(house: House) -> None:
    house.client = TorrentFolder(house.folder / "saved")
    house.__post_init__()
    wished(house)
    house.downloads = house.download_worker(max_active=1)
    house.work()
    assert {house.status(one) for one in WISHED} == {Status.SAVED}


def test_a_film_asked_for_by_command_waits_its_turn_too(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    limited(house, 1)
    wished(house)
    house.work()
    run = runner(house.folder, monkeypatch, capsys)
    for arguments in (("retry", "Echo"), ("retry", "--now"), ("retry", "--all")):
        assert run(*arguments).code == 0
        house.work()
        assert by_status(house) == "Dpppp"


# -- order and places


@pytest.mark.parametrize("pages", [1, 2])
def test_the_order_of_wishes_holds_though_the_first_read_was_broken_off(pages: int, house: House) -> None:
    house.site.next_answers.extend([lambda _: None] * pages + [DOWN])
    first_run(house, None)
    check(house)
    check(house)
    assert queued(house) == list(range(1, 71))


def test_no_place_is_given_twice_when_a_begun_hand_over_is_finished(house: House) -> None:
    client = limited(house, 1)
    wished(house, [HEAT])
    client.takes_nothing = True
    house.work()
    assert house.status(HEAT) is Status.HANDING_OVER
    client.takes_nothing = False
    wished(house)
    house.clock.turn(HOUR)
    house.work()
    assert (house.status(HEAT), by_status(house)) == (Status.DOWNLOADING, "ppppp")


def test_a_film_known_from_elsewhere_does_not_hide_what_was_added_below_it(house: House) -> None:
    house.site.next_answers.extend(page_then(DOWN))
    first_run(house, 0)
    check(house)
    by_hand, added = movie(201), movie(202)
    house.queue.wish([WatchedFilm(by_hand, 0)], "by hand")
    house.site.films[0:0] = [by_hand, added]
    check(house)
    assert house.status(added) is Status.DUE
