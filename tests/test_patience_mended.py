"""What an attack on waiting and economy found once, and must not come back: busy loops, stuck films, wasted calls."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import HandClock
from test_economy import NAME, asked, many, roomy, wished
from test_sweep import filler
from test_workers import HEAT, MATRIX, House, ScriptedClient, client_torrent, scripted

from movie_sync.demo.filelist_api import FileListApi, Upload
from movie_sync.demo.letterboxd_site import LetterboxdSite
from movie_sync.demo.loopback import Answer, Request
from movie_sync.disk_space import GB
from movie_sync.errors import Unavailable
from movie_sync.lib.http import HttpClient
from movie_sync.movie import Movie, Status, WatchedFilm
from movie_sync.queues.queue_editor import QueueEditor
from movie_sync.store import Store, films
from movie_sync.trackers.filelist_downloader import FileListDownloader

HOUR = 3600.0


@pytest.fixture
def house(home: Path, store: Store, clock: HandClock) -> Iterator[House]:
    site, api = LetterboxdSite("me", []), FileListApi("user", "secret-passkey")
    built = House(home, store, clock, site, api, ScriptedClient(), sweeping=True)
    yield built
    built.watchlist.close()
    built.tracker.close()
    site.close()
    api.close()


def drive(house: House, seconds: float) -> int:
    """Let the download worker work and wait as its thread would; how many steps that took."""
    end, steps = house.clock.now() + seconds, 0
    while house.clock.now() < end:
        wait_s = house.downloads.guarded_step()
        steps += 1
        assert steps < 2000, "it is busy with nothing"
        house.clock.turn(min(wait_s, 60.0))
    return steps


def change(house: House, wanted: Movie, status: Status | None = None, **columns: object) -> None:
    film_id = house.film(wanted).film_id
    with house.store.write() as tx:
        films.change(tx, film_id, status, **columns)


def offered(house: House, *wanted: Movie, size_bytes: int = 10**9) -> None:
    for one in wanted:
        house.offer(one, f"{one.title.replace(' ', '.')}.{one.year}.1080p.BluRay.x264-A")
        house.api.uploads[-1] = replace(house.api.uploads[-1], size_bytes=size_bytes)


def upgradable(house: House, wanted: Movie) -> None:
    """Downloaded in a quality that can be bettered, and to be looked at now."""
    house.wanted = replace(house.profile, upgrade_until=house.profile.qualities[0][0])
    house.__post_init__()
    house.offer(wanted, f"{wanted.title.replace(' ', '.')}.{wanted.year}.720p.WEB.x264-A")
    house.wish(wanted)
    house.work()
    info_hash = house.film(wanted).info_hash or ""
    scripted(house).torrents[info_hash] = client_torrent(info_hash, "seeding", 1.0, size_bytes=GB)
    house.transfers.step(house.clock.now())
    assert house.status(wanted) is Status.DOWNLOADED
    change(house, wanted, upgrade_after=house.clock.now() - 1)


# -- calls


def test_a_sweep_that_is_refused_is_asked_again_in_its_turn_alone(house: House) -> None:
    house.work()
    ordinary = house.api.answer

    def answer(request: Request) -> Answer:
        refused = request.query.get("action") == "latest-torrents"
        return Answer(b'{"error": "bad"}', 400, "application/json") if refused else ordinary(request)

    house.api.answer = answer  # type: ignore[method-assign]
    before = asked(house)["latest-torrents"]
    drive(house, HOUR)
    assert asked(house)["latest-torrents"] - before <= 4


def test_no_better_release_is_searched_while_the_client_is_off(house: House) -> None:
    upgradable(house, MATRIX)
    scripted(house).error = Unavailable("scripted", "It does not answer.")
    house.transfers.step(house.clock.now())
    before = asked(house)["search-torrents"]
    drive(house, HOUR / 2)
    assert asked(house)["search-torrents"] == before


def test_a_budget_whose_tenth_is_one_call_still_ends_a_repeat_that_takes_two(house: House) -> None:
    http = HttpClient("filelist", "test")
    house.tracker.close()
    house.tracker = FileListDownloader(
        house.api.url, "user", "secret-passkey", categories=[4], http=http, store=house.store, clock=house.clock,
        per_hour=15, delay_s=0,
    )  # fmt: skip
    house.downloads = house.download_worker()
    wished(house, [MATRIX], searches=1)
    change(house, MATRIX, imdb_id=MATRIX.imdb_id)
    drive(house, 2 * HOUR)
    assert house.status(MATRIX) is Status.NOT_FOUND


def test_what_fell_due_first_is_searched_first_also_after_a_long_stop(house: House) -> None:
    wanted = many(6)
    house.wish(*wanted)
    for place, one in enumerate(wanted):
        due = house.clock.now() - 100 * (place + 1)
        change(house, one, Status.NOT_FOUND, searches=1, details_at=1.0, imdb_id=one.imdb_id, retry_after=due)
    house.work()
    searched = [call.query["query"] for call in house.api.calls() if call.query.get("type") == "imdb"]
    assert searched == [one.imdb_id for one in reversed(wanted)][: len(searched)]
    assert len(searched) > 3


# -- room and places


def test_a_better_release_that_waits_for_a_place_keeps_nobody_busy(house: House) -> None:
    upgradable(house, MATRIX)
    offered(house, HEAT)
    house.downloads = house.download_worker(max_active=1)
    house.wish(HEAT)
    house.work()
    assert house.status(HEAT) is Status.DOWNLOADING
    assert drive(house, 600) < 30


def test_small_films_are_not_stuck_behind_many_large_ones(house: House) -> None:
    roomy(house, 8.0)
    wanted = many(30)
    offered(house, *wanted[:25], size_bytes=9 * GB)
    offered(house, *wanted[25:])
    wished(house, wanted)
    drive(house, 5 * HOUR)
    assert house.status(wanted[-1]) is Status.DOWNLOADING


def test_a_place_that_is_free_goes_to_a_first_search_though_newer_repeats_wait(house: House) -> None:
    house.downloads = house.download_worker(max_active=1)
    first, repeats = many(1), many(21)[1:]
    offered(house, *first)
    wished(house, [*repeats, *first])
    for one in repeats:
        change(house, one, searches=1)
    house.queue.put_off_all_due(house.clock.now() + HOUR, "The limit.", "max_active_downloads")
    drive(house, 300)
    assert house.status(first[0]) is Status.DOWNLOADING


# -- states that end


def test_a_disk_that_has_room_again_is_well_though_no_film_waits_for_it_any_more(house: House) -> None:
    roomy(house, 4.0)
    offered(house, MATRIX)
    house.wish(MATRIX)
    house.work()
    assert [state.provider for state in house.health.every()] == ["disk"]
    QueueEditor(house.store, house.clock).remove(house.film(MATRIX).film_id)
    roomy(house, 50.0)
    drive(house, HOUR)
    assert house.health.every() == []


def test_that_many_are_missing_is_over_when_the_person_took_them_out(house: House) -> None:
    wanted = many(5)
    offered(house, *wanted)
    wished(house, wanted)
    house.work()
    scripted(house).torrents.clear()
    for _ in range(3):
        house.transfers.guarded_step()
    assert [state.provider for state in house.health.every()] == ["scripted:missing"]
    for one in wanted:
        QueueEditor(house.store, house.clock).remove(house.film(one).film_id)
    house.transfers.guarded_step()
    assert house.health.every() == []


# -- films


def test_a_film_held_by_the_client_before_its_next_search_is_swept_all_the_same(house: House) -> None:
    house.wish(MATRIX)
    house.work()
    scripted(house).error = Unavailable("scripted", "It does not answer.")
    house.clock.turn(25 * HOUR)
    house.work()
    assert house.status(MATRIX) is Status.PUT_OFF
    house.offer(MATRIX, NAME)
    drive(house, HOUR)
    assert house.queue.offer(house.film(MATRIX).film_id) is not None


def test_one_absurd_number_hides_no_gap(house: House) -> None:
    absurd = Upload(2**60, "Other.1.1980.1080p.BluRay.x264-X", 4, None, 10**9, 9, None)
    house.api.uploads.append(absurd)
    house.work()
    house.api.uploads.remove(absurd)
    for count, first in ((3, 5000), (130, 6000)):
        filler(house, count, first=first)
        house.clock.turn(900)
        house.work()
    assert house.sweeps.state("filelist").gaps == 1


def test_films_that_turn_out_to_be_one_are_on_the_sites_own_list_alone(house: House) -> None:
    house.queue.wish([WatchedFilm(Movie("The Matrix", 1999, lid="abc", url="https://boxd.it/abc"), 0)], "csv")
    house.queue.wish([WatchedFilm(Movie("Matrix, The", 1999, 1, "Lx", "the-matrix"), 0)], "letterboxd:me")
    with house.store.write() as tx:
        (exported,) = films.of_names(tx, ["lid:abc"])
        kept = films.learn(tx, exported, Movie("The Matrix", 1999, number=1))
        lists = [row[0] for row in tx.execute("SELECT list FROM wishes WHERE film = ?", (kept,))]
    assert lists == ["letterboxd:me"]


def test_a_torrent_that_moves_again_after_a_recheck_is_not_standing_still(house: House) -> None:
    house.offer(MATRIX, NAME)
    house.wish(MATRIX)
    house.work()
    info_hash = house.film(MATRIX).info_hash or ""
    progress = [0.8, *(0.1 + minute / 5000 for minute in range(1800))]
    seen: Counter[Status] = Counter()
    for share in progress:
        scripted(house).torrents[info_hash] = client_torrent(info_hash, progress=share, speed_bytes_s=500)
        house.transfers.guarded_step()
        house.clock.turn(60)
        seen[house.status(MATRIX)] += 1
    assert seen == {Status.DOWNLOADING: len(progress)}
