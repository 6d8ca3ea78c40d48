"""What went wrong once while films waited: looks without end, states that outlived their cause, work left lying."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import HandClock
from test_choosing import UPGRADING, downloaded, events, with_profile
from test_economy import house, many, roomy
from test_film_details import House as ReadingHouse
from test_patience_harm import HOUR, NAME, asked, change, drive, release_of
from test_sweep import SWEEP_S, filler, one_sweep_later, waiting
from test_workers import HEAT, MATRIX, House, client_torrent, scripted

from movie_sync.demo.filelist_api import Upload
from movie_sync.demo.letterboxd_site import LetterboxdSite
from movie_sync.demo.loopback import Answer, Request
from movie_sync.demo.wikidata_site import OUTAGE, WikidataSite
from movie_sync.disk_space import GB
from movie_sync.errors import Unavailable
from movie_sync.lib.http import HttpClient
from movie_sync.movie import Movie, Release, Status
from movie_sync.queues.queue_editor import QueueEditor
from movie_sync.store import Store, films, offers
from movie_sync.trackers.filelist_downloader import FileListDownloader

__all__ = ["house"]

DAY = 24 * HOUR
YEAR = 365 * DAY


def down(house: House) -> None:
    scripted(house).error = Unavailable("scripted", "It does not answer.")


def remove(house: House, *wanted: Movie) -> None:
    """As a person would, one film after the other."""
    for one in wanted:
        QueueEditor(house.store, house.clock).remove(house.film(one).film_id)


def offered(house: House, wanted: list[Movie]) -> list[Movie]:
    """Wished for, with a release of each on the tracker."""
    for one in wanted:
        house.offer(one, release_of(one))
    house.wish(*wanted)
    for one in wanted:
        change(house, one)
    return wanted


# -- sweeps


def test_a_sweep_that_is_refused_is_asked_for_again_in_its_turn(house: House) -> None:
    waiting(house, MATRIX)
    before, answer = asked(house)["latest-torrents"], house.api.answer

    def refuse(request: Request) -> Answer:
        latest = request.query.get("action") == "latest-torrents"
        return Answer(b'{"error":"bad"}', 400, "application/json") if latest else answer(request)

    house.api.answer = refuse  # type: ignore[method-assign]
    house.clock.turn(SWEEP_S + 1)
    drive(house, HOUR)
    assert 2 <= asked(house)["latest-torrents"] - before <= 6


def test_a_number_far_ahead_of_all_others_hides_no_later_gap(house: House) -> None:
    house.api.uploads.append(Upload(2**60, "Other.1980.1080p.BluRay.x264-X", 4, None, GB, 9, None))
    house.work()
    house.api.uploads.clear()
    filler(house, 3)
    one_sweep_later(house)
    filler(house, 130, first=6000)
    one_sweep_later(house)
    assert house.sweeps.state("filelist").gaps == 1


def test_what_comes_for_a_film_that_is_put_off_meanwhile_is_kept_for_it(house: House) -> None:
    waiting(house, MATRIX)
    down(house)
    house.clock.turn(1.01 * DAY)
    house.work()
    assert house.status(MATRIX) is Status.PUT_OFF
    house.offer(MATRIX, NAME)
    drive(house, HOUR)
    assert house.queue.offer(house.film(MATRIX).film_id)


def test_what_was_found_at_a_moment_that_lies_ahead_is_not_taken(house: House) -> None:
    waiting(house, MATRIX)
    film_id = house.film(MATRIX).film_id
    release = Release("filelist", 1, NAME, imdb_id=MATRIX.imdb_id, size_bytes=GB, seeders=5)
    with house.store.write() as tx:
        offers.put(tx, film_id, "sweep", [release], house.clock.now() + 1e7)
        films.change(tx, film_id, Status.DUE)
    house.work()
    assert house.film(MATRIX).retry_count == 0


# -- the calls of an hour


def test_a_repeat_has_its_turn_though_the_hour_has_few_calls(house: House) -> None:
    house.tracker.close()
    house.tracker = FileListDownloader(
        house.api.url,
        "user",
        "secret-passkey",
        categories=[6, 4, 1],
        http=HttpClient("filelist", "test"),
        store=house.store,
        clock=house.clock,
        delay_s=0,
        per_hour=15,
    )
    house.downloads = house.download_worker()
    house.wish(MATRIX)
    change(house, MATRIX, searches=1, imdb_id=MATRIX.imdb_id)
    drive(house, 5 * HOUR)
    assert house.status(MATRIX) is Status.NOT_FOUND


def test_after_a_time_off_the_repeat_that_is_due_longest_goes_first(house: House) -> None:
    wanted = many(6)
    house.wish(*wanted)
    for place, one in enumerate(wanted):
        due = house.clock.now() - 1000 - 100 * place
        change(house, one, Status.NOT_FOUND, searches=1, imdb_id=one.imdb_id, retry_after=due, failed_at=due - 1000)
    house.work()
    searches = [one.query for one in house.api.calls() if one.query["action"] == "search-torrents"]
    order = [query["query"] for query in searches if query["type"] == "imdb"]
    assert len(order) > 1
    assert order == [one.imdb_id for one in reversed(wanted)][: len(order)]


def finish_all(house: House, age_s: float) -> None:
    """Let the client have whole what was handed over so long ago."""
    for transfer, _ in house.queue.current_transfers():
        if transfer.done_at is None and house.clock.now() - transfer.created_at > age_s:
            scripted(house).torrents[transfer.info_hash] = client_torrent(transfer.info_hash, "seeding", 1.0)
            house.transfers.step(house.clock.now())


def test_ten_new_films_go_through_one_place_though_newer_repeats_wait(house: House) -> None:
    house.downloads = house.download_worker(max_active=1)
    new, repeats = offered(house, many(10)), many(40, 100)
    house.wish(*repeats)
    for one in repeats:
        change(house, one, searches=1)
    for _ in range(24):
        drive(house, 300)
        finish_all(house, age_s=300)
    assert {house.status(one) for one in new} == {Status.DOWNLOADED}


def test_a_place_that_comes_free_goes_to_a_new_film_though_newer_repeats_have_no_calls(house: House) -> None:
    house.downloads = house.download_worker(max_active=1)
    offered(house, [HEAT])
    house.work()
    (new,), repeats = offered(house, many(1)), many(20, 100)
    house.clock.turn(100)
    house.wish(*repeats)
    for one in repeats:
        change(house, one, searches=1)
    house.work()
    assert {house.status(one) for one in (new, *repeats)} == {Status.PUT_OFF}
    while house.tracker.wait_s("repeat", 2) <= 0:
        house.tracker._calls.take("repeat")
    finish_all(house, age_s=0)
    drive(house, 600)
    assert house.status(new) is Status.DOWNLOADING


# -- better releases later


def test_while_the_client_is_down_no_better_release_is_searched(house: House) -> None:
    downloaded(with_profile(house, UPGRADING))
    change(house, MATRIX, upgrade_after=house.clock.now() - 1)
    down(house)
    house.transfers.guarded_step()
    before = asked(house)["search-torrents"]
    drive(house, HOUR / 2)
    assert asked(house)["search-torrents"] == before


def test_a_look_that_has_to_wait_for_a_place_keeps_nobody_busy(house: House) -> None:
    downloaded(with_profile(house, UPGRADING))
    house.downloads = house.download_worker(max_active=1)
    house.offer(HEAT, release_of(HEAT))
    house.wish(HEAT)
    house.work()
    assert house.status(HEAT) is Status.DOWNLOADING
    change(house, MATRIX, upgrade_after=house.clock.now() - 1)
    assert drive(house, 600) < 30


# -- states end with their cause


def test_a_full_disk_is_told_of_no_more_once_no_film_needs_the_room(house: House) -> None:
    client = roomy(house, 4.0)
    offered(house, [MATRIX])
    house.work()
    assert [state.provider for state in house.health.every()] == ["disk"]
    remove(house, MATRIX)
    client.free_bytes = lambda: 50 * GB  # type: ignore[method-assign]
    drive(house, 2 * HOUR)
    assert house.health.every() == []


def test_missing_torrents_are_told_of_no_more_once_their_films_are_removed(house: House) -> None:
    wanted = offered(house, many(6))
    house.work()
    scripted(house).torrents.clear()
    for _ in range(3):
        house.transfers.guarded_step()
    assert [state.provider for state in house.health.every()] == ["scripted:missing"]
    remove(house, *wanted)
    for _ in range(3):
        house.transfers.guarded_step()
    assert house.health.every() == []


@pytest.fixture
def reading(home: Path, store: Store, clock: HandClock) -> Iterator[ReadingHouse]:
    site, wikidata = LetterboxdSite("me", []), WikidataSite({})
    made = ReadingHouse(home, store, clock, site, wikidata)
    yield made
    for part in (made.letterboxd, made.ids, site, wikidata):
        part.close()


def test_trouble_of_wikidata_ends_though_no_film_needs_it_any_more(reading: ReadingHouse) -> None:
    reading.twelve()
    reading.wikidata.next_answers.append(OUTAGE)
    reading.details.read_one(reading.clock.now())
    assert reading.health.every()
    for number in range(1, 13):
        reading.change(number, details_at=1.0)
    for _ in range(200):
        reading.clock.turn(60)
        reading.details.read_one(reading.clock.now())
    assert reading.health.every() == []


# -- room


def test_a_film_that_waits_for_room_all_day_is_not_told_of_all_day(house: House) -> None:
    roomy(house, 5.5)
    offered(house, [MATRIX])
    house.work()
    drive(house, 10 * HOUR)
    assert house.status(MATRIX) is Status.PUT_OFF
    assert Counter(events(house, MATRIX))["put_off"] in {1, 2}


def test_small_films_are_had_within_hours_though_many_large_ones_find_no_room(house: House) -> None:
    roomy(house, 8.0)
    wanted = offered(house, many(30))
    house.api.uploads[:25] = [replace(upload, size_bytes=9 * GB) for upload in house.api.uploads[:25]]
    drive(house, 5 * HOUR)
    assert house.status(wanted[-1]) is Status.DOWNLOADING


# -- clients and clocks


def test_a_download_that_lost_pieces_in_a_recheck_and_goes_on_is_no_dead_one(house: House) -> None:
    (film,) = offered(house, [MATRIX])
    house.work()
    info_hash = house.film(film).info_hash or ""
    torrents = scripted(house).torrents
    torrents[info_hash] = client_torrent(info_hash, "downloading", 0.8, seeds=1, speed_bytes_s=1)
    house.transfers.guarded_step()
    for minute in range(30 * 60):
        progress = 0.1 + 0.0002 * minute
        torrents[info_hash] = client_torrent(info_hash, "downloading", progress, seeds=0, speed_bytes_s=500)
        house.clock.turn(60)
        house.transfers.guarded_step()
    assert house.status(film) is Status.DOWNLOADING


def test_a_film_put_off_by_a_clock_a_year_ahead_is_taken_up_when_the_clock_is_right(house: House) -> None:
    waiting(house, MATRIX)
    down(house)
    house.clock.wall += YEAR
    house.work()
    assert house.status(MATRIX) is Status.PUT_OFF
    house.clock.wall -= YEAR
    scripted(house).error = None
    drive(house, 3 * HOUR)
    assert house.status(MATRIX) is not Status.PUT_OFF
