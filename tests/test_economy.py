"""Calls and room: newest wishes first, shares of the hour kept, and no film handed over where there is no room."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import HandClock, movie
from test_sweep import asked
from test_workers import HEAT, MATRIX, House, ScriptedClient, client_torrent, house_in, scripted

from movie_sync.disk_space import GB, DiskSpace
from movie_sync.errors import Unavailable
from movie_sync.movie import Movie, Status
from movie_sync.store import Store, films
from movie_sync.trackers.call_budget import KEPT_FOR_HAND

HOUR = 3600.0
NAME = "The.Matrix.1999.1080p.BluRay.x264-A"


@pytest.fixture
def house(home: Path, store: Store, clock: HandClock) -> Iterator[House]:
    with house_in(home, store, clock, sweeping=True) as built:
        yield built


def many(count: int, first: int = 1) -> list[Movie]:
    return [movie(n, f"Wanted {n}", 1900 + n % 100, imdb_id=f"tt{n:07d}") for n in range(first, first + count)]


def wished(house: House, wanted: list[Movie], *, searches: int = 0) -> None:
    """On the list with all that is known of them; searched so often and due again, where said."""
    house.wish(*wanted)
    with house.store.write() as tx:
        for film_id, _, _ in films.titles(tx):
            films.change(tx, film_id, searches=searches, details_at=1.0)


def work_an_hour(house: House, step_s: float = 60.0) -> None:
    """Let an hour pass as the worker's own waits would."""
    end = house.clock.now() + HOUR
    while house.clock.now() < end:
        wait_s = house.downloads.guarded_step()
        house.clock.turn(min(wait_s, step_s))


# -- the calls of an hour


def test_a_large_first_list_leaves_calls_for_people_and_for_the_sweep(house: House) -> None:
    wished(house, many(150))
    work_an_hour(house)
    used = asked(house)
    assert used["latest-torrents"] in {4, 5}
    assert 100 <= used.total() <= 120 - KEPT_FOR_HAND
    for _ in range(KEPT_FOR_HAND):
        house.tracker.search(Movie("Anything", 1990, imdb_id="tt9999999"), "hand")


def test_films_that_wait_for_calls_are_due_and_nothing_is_written_of_them(house: House) -> None:
    wished(house, many(300))
    work_an_hour(house)
    while house.downloads.guarded_step() == 0:
        pass
    states = Counter(house.status(one) for one in many(300))
    assert states.keys() == {Status.DUE, Status.NOT_FOUND}
    watcher = Store(house.store.path, read_only=True)
    version = watcher.data_version()
    assert house.downloads.guarded_step() > 0
    assert watcher.data_version() == version
    watcher.close()
    assert house.health.every() == []


def test_the_newest_wishes_are_searched_first(house: House) -> None:
    wanted = many(60)
    wished(house, wanted)
    for _ in range(20):
        house.downloads.guarded_step()
    searched = [one for one in wanted if house.status(one) is not Status.DUE]
    assert searched == wanted[: len(searched)]
    assert len(searched) > 10


def test_repeats_take_a_tenth_of_the_hour_and_the_oldest_due_first(house: House) -> None:
    wanted = many(60)
    wished(house, wanted, searches=2)
    with house.store.write() as tx:
        for film_id, _, _ in films.titles(tx):
            films.change(tx, film_id, queued_at=house.clock.now() - film_id)
    oldest = sorted(wanted, key=lambda one: -house.film(one).film_id)
    work_an_hour(house)
    searched = [one for one in oldest if house.status(one) is not Status.DUE]
    assert searched == oldest[: len(searched)]
    assert 10 <= asked(house)["search-torrents"] <= 12


def test_a_new_wish_goes_before_repeats_whose_calls_are_used_up(house: House) -> None:
    wished(house, many(20), searches=1)
    house.work()
    house.offer(MATRIX, NAME)
    new = movie(999, "The Matrix", 1999, imdb_id="tt0133093", tmdb_id="movie/603")
    house.wish(new)
    house.work()
    assert house.status(new) is Status.DOWNLOADING


def test_calls_used_up_in_the_middle_of_a_film_leave_it_in_its_place(house: House) -> None:
    wished(house, many(3))
    calls = house.tracker._calls
    house.downloads._ready.free_searches = lambda: ["search"]  # type: ignore[method-assign]
    for _ in range(calls.left() or 0):
        calls.take("hand")
    house.downloads.guarded_step()
    assert {house.status(one) for one in many(3)} == {Status.DUE}
    assert house.health.every() == []


# -- room


def roomy(house: House, free_gb: float | None, *, keep_gb: float = 5, most_gb: float = 0) -> ScriptedClient:
    """The house with a disk of so many free GB."""
    client = scripted(house)
    client.free_bytes = lambda: None if free_gb is None else int(free_gb * GB)  # type: ignore[method-assign]
    house.space = DiskSpace(
        client, house.queue, minimum_free_bytes=int(keep_gb * GB), max_download_bytes=int(most_gb * GB)
    )
    house.downloads = house.download_worker()
    return client


@pytest.mark.parametrize(("free_gb", "status"), [(6.01, Status.DOWNLOADING), (5.99, Status.PUT_OFF)])
def test_a_film_is_put_off_when_less_than_the_minimum_would_stay_free(
    house: House, free_gb: float, status: Status
) -> None:
    roomy(house, free_gb)  # every release of the replica has 1 GB
    house.offer(MATRIX, NAME)
    house.wish(MATRIX)
    house.work()
    assert house.status(MATRIX) is status


def test_what_is_still_to_come_counts_whoever_added_it(house: House) -> None:
    client = roomy(house, 7.9)
    client.torrents["a" * 40] = client_torrent("a" * 40, progress=0.5, size_bytes=4 * GB, ours=False)
    client.torrents["b" * 40] = client_torrent("b" * 40, "seeding", 1.0, size_bytes=90 * GB)
    house.offer(MATRIX, NAME)
    house.wish(MATRIX)
    house.work()
    assert house.status(MATRIX) is Status.PUT_OFF
    reason = house.film(MATRIX).reason or ""
    assert "7.9 GB are free, 2.0 GB are still to come, this one has 1.0 GB, and 5 GB are to stay free" in reason


def test_a_full_disk_is_a_state_of_its_own_that_costs_no_call_and_ends_with_the_room(house: House) -> None:
    roomy(house, 4.0)
    house.offer(MATRIX, NAME)
    house.wish(MATRIX)
    house.work()
    (state,) = house.health.every()
    assert (state.provider, state.code) == ("disk", "disk_full")
    assert "4.0 GB are free, and 5 GB are to stay free" in (state.message or "")
    assert (house.status(MATRIX), asked(house)["search-torrents"]) == (Status.PUT_OFF, 0)
    roomy(house, 40.0)
    house.clock.turn(301)
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING
    assert house.health.every() == []


def test_a_film_that_waits_for_room_is_not_searched_again(house: House) -> None:
    roomy(house, 5.5)
    house.offer(MATRIX, NAME)
    house.wish(MATRIX)
    house.work()
    before = asked(house)["search-torrents"]
    roomy(house, 20.0)
    house.clock.turn(HOUR + 1)
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING
    assert asked(house)["search-torrents"] == before


def test_what_was_found_too_long_ago_is_searched_anew(house: House) -> None:
    roomy(house, 5.5)
    house.offer(MATRIX, NAME)
    house.wish(MATRIX)
    house.work()
    before = asked(house)["search-torrents"]
    roomy(house, 20.0)
    house.clock.turn(25 * HOUR)
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING
    assert asked(house)["search-torrents"] == before + 1


def test_downloaded_films_take_no_more_than_the_limit(house: House) -> None:
    client = roomy(house, None, most_gb=1.5)
    client.torrents["a" * 40] = client_torrent("a" * 40, size_bytes=90 * GB, ours=False)
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    house.wish(HEAT)
    house.work()
    first = house.film(HEAT)
    client.torrents[first.info_hash or ""] = client_torrent(first.info_hash or "", "seeding", 1.0, size_bytes=GB)
    house.offer(MATRIX, NAME)
    house.wish(MATRIX)
    house.work()
    held = house.film(MATRIX)
    assert (held.status, house.health.every()) == (Status.PUT_OFF, [])
    assert "Downloaded films take 1.0 of 1.5 GB" in (held.reason or "")
    del client.torrents[first.info_hash or ""]
    house.clock.turn(HOUR + 1)
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING


def test_where_nobody_can_tell_how_much_is_free_films_are_handed_over(house: House) -> None:
    roomy(house, None)
    house.offer(MATRIX, NAME)
    house.wish(MATRIX)
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING


def test_a_client_that_fails_while_it_is_asked_for_room_puts_films_off(house: House) -> None:
    client = roomy(house, 50.0)

    def down() -> int | None:
        raise Unavailable("scripted", "It does not answer.")

    client.free_bytes = down  # type: ignore[method-assign]
    house.offer(MATRIX, NAME)
    house.wish(MATRIX)
    house.work()
    assert house.status(MATRIX) is Status.PUT_OFF
    assert [state.provider for state in house.health.every()] == ["scripted"]


def test_waiting_for_room_keeps_the_age_of_what_was_found(house: House) -> None:
    roomy(house, 5.5)
    house.offer(MATRIX, NAME)
    house.wish(MATRIX)
    house.work()
    before = asked(house)["search-torrents"]
    for _ in range(30):
        house.clock.turn(HOUR + 1)
        house.work()
    assert asked(house)["search-torrents"] == before + 1


def test_when_many_films_in_a_row_have_no_room_no_further_one_is_searched_for_an_hour(house: House) -> None:
    roomy(house, 5.5)
    wanted = many(60)
    wished(house, wanted)
    for one in wanted:
        house.offer(one, f"{one.title.replace(' ', '.')}.{one.year}.1080p.BluRay.x264-A")
    for _ in range(60):
        house.downloads.guarded_step()
    assert asked(house)["search-torrents"] == 20
    assert {house.status(one) for one in wanted} == {Status.PUT_OFF}


def test_films_that_wait_for_a_place_get_it_though_repeats_wait_for_calls(house: House) -> None:
    wished(house, many(20), searches=1)
    house.work()
    house.offer(MATRIX, NAME)
    house.wish(movie(999, "The Matrix", 1999))
    house.queue.put_off_all_due(house.clock.now() + 9e6, "The limit.", "max_active_downloads")
    with house.store.write() as tx:
        for film_id, title, _ in films.titles(tx):
            if title != "The Matrix":
                films.change(tx, film_id, Status.DUE, put_off_by=None, not_before=None)
    house.downloads = house.download_worker(max_active=3)
    house.work()
    assert house.status(movie(999, "The Matrix", 1999)) is Status.DOWNLOADING
