"""The sweep: what comes to the tracker reaches every film that waits for it, by one call for all."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import HandClock, movie
from test_workers import HEAT, MATRIX, House, ScriptedClient, house_in

from movie_sync.demo.filelist_api import LOGIN_PAGE, OUTAGE, Upload
from movie_sync.demo.loopback import Answer
from movie_sync.errors import Unavailable
from movie_sync.movie import Movie, Release, Status
from movie_sync.queues.sweep_queue import Swept
from movie_sync.store import Store, films, history
from movie_sync.sweep import QUICK_FOR_S

SWEEP_S = 900.0
NAME = "The.Matrix.1999.1080p.BluRay.x264-A"


@pytest.fixture
def house(home: Path, store: Store, clock: HandClock) -> Iterator[House]:
    with house_in(home, store, clock, sweeping=True) as built:
        yield built


def asked(house: House) -> Counter[str]:
    """Calls of the API by what they asked for."""
    return Counter(request.query["action"] for request in house.api.calls())


def one_sweep_later(house: House) -> None:
    house.clock.turn(SWEEP_S)
    house.work()


def waiting(house: House, *wanted: Movie) -> None:
    """Wished for, searched, not there."""
    house.wish(*wanted)
    house.work()
    assert {house.status(one) for one in wanted} == {Status.NOT_FOUND}


def filler(house: House, count: int, first: int = 5000) -> None:
    """Uploads of other films."""
    house.api.uploads += [
        Upload(first + number, f"Other.{number}.1980.1080p.BluRay.x264-X", 4, None, 10**9, 9, None)
        for number in range(count)
    ]


def events(house: House, wanted: Movie | None, event: str) -> list[str]:
    film_id = house.film(wanted).film_id if wanted else None
    with house.store.read() as tx:
        found = history.latest(tx, 1000) if film_id is None else history.of_film(tx, film_id)
    return [one.text for one in found if one.event == event]


def test_a_film_that_comes_to_the_tracker_later_is_handed_over_without_a_search(house: House) -> None:
    waiting(house, MATRIX)
    before = asked(house)
    house.clock.turn(3 * SWEEP_S)
    house.work()
    house.offer(MATRIX, NAME)
    one_sweep_later(house)
    assert house.status(MATRIX) is Status.DOWNLOADING
    assert asked(house)["search-torrents"] == before["search-torrents"]
    assert asked(house)["latest-torrents"] == before["latest-torrents"] + 2


def test_why_tells_what_came_and_how_it_was_judged(house: House) -> None:
    waiting(house, MATRIX)
    house.offer(MATRIX, NAME)
    one_sweep_later(house)
    assert events(house, MATRIX, "seen") == [f"New on filelist: {NAME}."]
    assert "the only one that passes" in events(house, MATRIX, "chosen")[0]


def test_one_call_serves_hundreds_of_films(house: House) -> None:
    many = [
        movie(number, f"Wanted {number}", 1900 + number % 100, imdb_id=f"tt{number:07d}") for number in range(1, 301)
    ]
    house.wish(*many)
    with house.store.write() as tx:
        for film_id, _, _ in films.titles(tx):
            later = house.clock.now() + 1e6
            films.change(tx, film_id, Status.NOT_FOUND, searches=1, retry_after=later, details_at=1.0)
    house.work()
    for one in many[::60]:
        house.offer(one, f"{one.title.replace(' ', '.')}.{one.year}.1080p.BluRay.x264-A")
    before = asked(house)
    one_sweep_later(house)
    assert [house.status(one) for one in many[::60]] == [Status.DOWNLOADING] * 5
    assert asked(house) - before == {"latest-torrents": 1}


def test_between_two_sweeps_lies_the_interval_also_across_a_restart(house: House, clock: HandClock) -> None:
    waiting(house, MATRIX)
    for _ in range(5):
        clock.turn(SWEEP_S / 5)
        house.__post_init__()
        house.work()
    assert asked(house)["latest-torrents"] == 2


@pytest.mark.parametrize("hours", [-900.0, 900.0])
def test_a_clock_that_jumps_stops_no_sweep(house: House, clock: HandClock, hours: float) -> None:
    waiting(house, MATRIX)
    clock.wall += hours * 3600
    house.offer(MATRIX, NAME)
    house.work()
    assert asked(house)["latest-torrents"] == 2


def test_a_film_without_an_imdb_tag_is_found_by_title_and_year(house: House) -> None:
    waiting(house, MATRIX, HEAT)
    house.offer(replace(MATRIX, imdb_id=None), NAME)
    house.offer(replace(HEAT, imdb_id=None), "Heat.2013.1080p.BluRay.x264-A")
    one_sweep_later(house)
    assert (house.status(MATRIX), house.status(HEAT)) == (Status.DOWNLOADING, Status.NOT_FOUND)


@pytest.mark.parametrize("status", [Status.PERMANENT, Status.RETRYING])
def test_a_film_that_failed_is_woken_with_its_retries_anew(house: House, status: Status) -> None:
    waiting(house, MATRIX)
    film_id = house.film(MATRIX).film_id
    with house.store.write() as tx:
        films.change(tx, film_id, status, retry_count=5, retry_after=None)
    house.offer(MATRIX, NAME)
    one_sweep_later(house)
    assert house.status(MATRIX) is Status.DOWNLOADING


@pytest.mark.parametrize("status", [Status.SERIES, Status.EXCLUDED, Status.UNWISHED, Status.OWNED])
def test_what_is_not_wanted_is_not_woken(house: House, status: Status) -> None:
    waiting(house, MATRIX)
    film_id = house.film(MATRIX).film_id
    with house.store.write() as tx:
        films.change(tx, film_id, status, retry_after=None)
    house.offer(MATRIX, NAME)
    one_sweep_later(house)
    assert house.status(MATRIX) is status


def test_a_release_that_may_not_be_taken_is_told_once_and_taken_once_it_may_be(house: House) -> None:
    house.wanted = replace(house.profile, minimum_seeders=5)
    house.__post_init__()
    waiting(house, MATRIX)
    upload = house.offer(MATRIX, NAME, seeders=1)
    for _ in range(4):
        one_sweep_later(house)
    assert house.status(MATRIX) is Status.NOT_FOUND
    assert events(house, MATRIX, "seen") == [f"New on filelist: {NAME}; not taken: 1 seeder, minimum 5."]
    house.api.uploads = [replace(upload, seeders=6)]
    one_sweep_later(house)
    assert house.status(MATRIX) is Status.DOWNLOADING


def test_a_film_that_waits_for_freeleech_takes_what_comes_free(house: House) -> None:
    house.wanted = replace(house.profile, freeleech="wait 90 days")
    house.__post_init__()
    house.offer(MATRIX, NAME)
    house.wish(MATRIX)
    house.work()
    assert house.status(MATRIX) is Status.PUT_OFF
    house.api.uploads = [replace(upload, freeleech=True) for upload in house.api.uploads]
    one_sweep_later(house)
    assert house.status(MATRIX) is Status.DOWNLOADING


def test_what_passed_before_and_could_not_be_had_is_not_taken_again_and_again(house: House) -> None:
    house.offer(MATRIX, NAME, torrent=None)
    house.wish(MATRIX)
    house.work()
    assert house.status(MATRIX) is Status.RETRYING
    for _ in range(3):
        one_sweep_later(house)
    assert house.film(MATRIX).retry_count == 1
    house.offer(MATRIX, NAME.replace("-A", "-B"))
    one_sweep_later(house)
    assert house.film(MATRIX).release_name == NAME.replace("-A", "-B")


def test_a_bad_torrent_of_a_sweep_leaves_the_film_to_its_next_search(house: House) -> None:
    waiting(house, MATRIX)
    house.offer(MATRIX, NAME, torrent=b"no torrent")
    one_sweep_later(house)
    assert house.status(MATRIX) is Status.RETRYING
    assert house.queue.offer(house.film(MATRIX).film_id) is None


def test_a_sweep_goes_on_while_the_client_is_down_and_nothing_is_searched_when_it_is_back(house: House) -> None:
    waiting(house, MATRIX)
    assert isinstance(house.client, ScriptedClient)
    house.offer(MATRIX, NAME)
    house.client.error = Unavailable("scripted", "It does not answer.")
    one_sweep_later(house)
    assert house.status(MATRIX) is Status.PUT_OFF
    house.client.error = None
    before = asked(house)["search-torrents"]
    one_sweep_later(house)
    assert house.status(MATRIX) is Status.DOWNLOADING
    assert asked(house)["search-torrents"] == before


@pytest.mark.parametrize("answer", [OUTAGE, LOGIN_PAGE])
def test_a_sweep_that_fails_charges_no_film_and_is_made_up_for(house: House, answer: Answer) -> None:
    waiting(house, MATRIX)
    house.offer(MATRIX, NAME)
    house.api.next_answers.append(answer)
    one_sweep_later(house)
    assert house.status(MATRIX) is Status.NOT_FOUND
    assert house.health.next_try("filelist") > house.clock.now()
    house.clock.turn(61)
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING


def test_a_film_taken_out_while_it_is_swept_stays_out(house: House) -> None:
    waiting(house, MATRIX)
    film_id = house.film(MATRIX).film_id
    with house.store.write() as tx:
        films.change(tx, film_id, Status.EXCLUDED)
    found = Swept(1, found={film_id: [Release("filelist", 1, NAME)]})
    assert house.sweeps.swept("filelist", found) == 0
    assert house.status(MATRIX) is Status.EXCLUDED


# -- gaps


def test_a_page_that_does_not_reach_back_is_a_gap_that_is_told_once(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    filler(house, 3, first=10)
    house.work()
    filler(house, 130)
    with caplog.at_level(logging.WARNING):
        one_sweep_later(house)
        for _ in range(3):
            one_sweep_later(house)
    assert caplog.text.count("than it shows at once") == 1
    state = house.sweeps.state("filelist")
    assert (state.gaps, len(events(house, None, "sweep_gap"))) == (1, 1)


def test_a_page_that_reaches_back_is_no_gap_however_full(house: House) -> None:
    filler(house, 150, first=10)
    house.work()
    filler(house, 99)
    one_sweep_later(house)
    assert house.sweeps.state("filelist").gaps == 0


def test_after_a_gap_the_page_is_looked_at_more_often_for_a_while(house: House, clock: HandClock) -> None:
    filler(house, 1, first=10)
    house.work()
    filler(house, 130)
    one_sweep_later(house)
    before = asked(house)["latest-torrents"]
    for _ in range(12):
        clock.turn(SWEEP_S / 3)
        house.work()
    assert asked(house)["latest-torrents"] == before + 12
    clock.turn(QUICK_FOR_S)
    house.work()
    before = asked(house)["latest-torrents"]
    for _ in range(12):
        clock.turn(SWEEP_S / 3)
        house.work()
    assert asked(house)["latest-torrents"] == before + 4


def test_what_came_and_went_in_a_gap_is_found_by_a_search_in_its_turn(house: House) -> None:
    filler(house, 1, first=10)
    waiting(house, MATRIX)
    house.offer(MATRIX, NAME)
    filler(house, 130)
    one_sweep_later(house)
    assert house.status(MATRIX) is Status.DOWNLOADING
