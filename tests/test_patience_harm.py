"""What must never happen while films wait: lost, doubled, a second call paid, a write when nothing is due."""

import logging
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import HandClock
from test_economy import many
from test_workers import HEAT, MATRIX, House, house_in, scripted

from movie_sync.demo.filelist_api import LIMITED
from movie_sync.demo.loopback import Answer, Request
from movie_sync.errors import Unavailable
from movie_sync.movie import Movie, Release, Status, WatchedFilm
from movie_sync.store import Store, films, offers
from movie_sync.watchlists.csv_folder import CsvFolder
from movie_sync.workers import MonitorWorker

HOUR = 3600.0
NAME = "The.Matrix.1999.1080p.BluRay.x264-A"
SITE = "letterboxd:me"


@pytest.fixture
def house(home: Path, store: Store, clock: HandClock) -> Iterator[House]:
    with house_in(home, store, clock, sweeping=True) as built:
        yield built


def release_of(wanted: Movie) -> str:
    return f"{wanted.title.replace(' ', '.')}.{wanted.year}.1080p.BluRay.x264-A"


def change(house: House, wanted: Movie, status: Status | None = None, **columns: object) -> None:
    with house.store.write() as tx:
        films.change(tx, films.of_names(tx, wanted.names)[0], status, details_at=1.0, **columns)


def asked(house: House) -> Counter[str]:
    return Counter(request.query["action"] for request in house.api.calls())


def drive(house: House, seconds: float) -> int:
    """Let time pass as the worker's own waits would; how many steps that took."""
    end, steps = house.clock.now() + seconds, 0
    while house.clock.now() < end:
        house.clock.turn(min(house.downloads.guarded_step(), 60.0))
        steps += 1
        assert steps < 5000
    return steps


def killed(*_: object, **__: object) -> bool:
    raise KeyboardInterrupt


# -- no call twice, no film twice


def test_an_outage_between_search_and_torrent_costs_no_second_search(house: House) -> None:
    house.offer(MATRIX, NAME)
    house.wish(MATRIX)
    change(house, MATRIX)
    answer = house.api.answer
    house.api.answer = lambda request: (  # type: ignore[method-assign]
        Answer(b"down", 503) if request.path == "/download.php" else answer(request)
    )
    house.work()
    assert house.status(MATRIX) is Status.PUT_OFF
    house.api.answer = answer  # type: ignore[method-assign]
    house.clock.turn(61)
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING
    assert asked(house)["search-torrents"] == 1


def test_a_kill_before_the_hand_over_costs_no_second_search(house: House) -> None:
    house.offer(MATRIX, NAME)
    house.wish(MATRIX)
    change(house, MATRIX)
    house.hand_over.begin = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        house.downloads.guarded_step()
    house.__post_init__()
    house.queue.release_claims()
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING
    assert asked(house)["search-torrents"] == 1


@pytest.mark.parametrize("method", ["intend", "handed_over", "searched", "offer"])
def test_a_kill_at_any_step_hands_each_film_over_once(house: House, method: str) -> None:
    wanted = many(4)
    for one in wanted:
        house.offer(one, release_of(one))
    house.wish(*wanted)
    for _ in range(3):
        setattr(house.queue, method, killed)
        with pytest.raises(KeyboardInterrupt):
            house.work()
        house.__post_init__()
        house.queue.release_claims()
    house.work()
    assert {house.status(one) for one in wanted} == {Status.DOWNLOADING}
    assert sorted(scripted(house).torrents) == sorted(house.film(one).info_hash or "" for one in wanted)


def test_a_film_merged_while_something_is_at_hand_for_it_is_handed_over_once(house: House) -> None:
    upload = house.offer(MATRIX, NAME)
    twin = Movie("Matrix", 1999, lid="abc", url="https://boxd.it/abc")
    house.queue.wish([WatchedFilm(MATRIX, 0, None), WatchedFilm(twin, 1, None)], SITE)
    release = Release("filelist", upload.upload_id, NAME, imdb_id=MATRIX.imdb_id, size_bytes=10**9, seeders=5)
    with house.store.write() as tx:
        ids = [films.of_names(tx, one.names)[0] for one in (MATRIX, twin)]
        for film_id in ids:
            films.change(tx, film_id, searches=1, details_at=1.0)
            offers.put(tx, film_id, "sweep", [release], house.clock.now())
        films.learn(tx, ids[1], MATRIX)
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING
    assert (len(scripted(house).added), asked(house)["search-torrents"]) == (1, 0)


def test_a_replacement_waits_behind_no_repeat(house: House) -> None:
    house.offer(MATRIX, NAME)
    house.offer(MATRIX, NAME.replace("-A", "-B"))
    house.wish(MATRIX)
    house.work()
    repeats = many(60, 100)
    house.wish(*repeats)
    for one in repeats:
        change(house, one, searches=1)
    drive(house, 600)
    house.queue.blocklist(house.queue.current_transfers()[0][0], "It stood still.")
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING
    assert len(house.queue.blocklisted_hashes(house.film(MATRIX).film_id)) == 1


# -- left alone


def test_in_a_pause_the_tracker_asked_for_no_call_is_made_whatever_is_built_anew(house: House) -> None:
    house.wish(*many(5))
    house.api.next_answers.append(LIMITED)
    house.downloads.guarded_step()
    calls = len(house.api.calls())
    for _ in range(5):
        house.__post_init__()
        drive(house, 600)
    assert len(house.api.calls()) == calls
    house.clock.turn(HOUR)
    house.work()
    assert {house.status(one) for one in many(5)} == {Status.NOT_FOUND}


def test_refused_credentials_are_tried_once_and_told_once(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.wish(*many(5))
    answer = house.api.answer

    def refuse(request: Request) -> Answer:
        return Answer(b"{}", 403) if request.path == "/api.php" else answer(request)

    house.api.answer = refuse  # type: ignore[method-assign]
    with caplog.at_level(logging.WARNING):
        for _ in range(6):
            drive(house, HOUR)
            house.__post_init__()
    assert len(house.api.calls()) == 1
    assert sum(record.levelname == "WARNING" for record in caplog.records) == 1
    assert {house.film(one).retry_count for one in many(5)} == {0}


def test_a_client_that_is_off_for_hours_costs_no_call_but_sweeps_and_one_line(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.wish(*many(20))
    scripted(house).error = Unavailable("scripted", "It does not answer.")
    with caplog.at_level(logging.WARNING):
        assert drive(house, 6 * HOUR) < 600
    assert asked(house).keys() == {"latest-torrents"}
    assert sum(record.levelname == "WARNING" for record in caplog.records) == 1


# -- nothing is written when nothing is due


def in_every_state(house: House) -> None:
    later = {"not_before": house.clock.now() + 1e6}
    again = {"searches": 1, "retry_after": house.clock.now() + 1e6}
    states: list[tuple[Status, dict[str, object]]] = [
        (Status.NOT_FOUND, {**again}),
        (Status.RETRYING, {**again}),
        (Status.PERMANENT, {"searches": 5}),
        (Status.DUE, {"searches": 2}),
        (Status.DUE, {}),
        (Status.DOWNLOADED, {"release_name": release_of(many(1)[0]), "upgrade_after": house.clock.now() - 5}),
    ]
    held: list[dict[str, object]] = [
        {**later, "put_off_by": by} for by in ("freeleech", "disk", "library_question", None)
    ]
    states += [(Status.PUT_OFF, columns) for columns in held]
    wanted = many(len(states))
    house.wish(*wanted)
    for one, (status, columns) in zip(wanted, states, strict=True):
        change(house, one, status, **columns)
    while house.tracker.wait_s("sweep") <= 0:
        house.tracker._calls.take("sweep")


def test_an_hour_in_which_nothing_can_be_done_writes_nothing(house: House) -> None:
    in_every_state(house)
    workers = (house.downloads, house.transfers, house.monitor)
    for worker in (*workers, *workers):
        worker.guarded_step()
    watcher = Store(house.store.path, read_only=True)
    version, changed = watcher.data_version(), []
    for _ in range(300):
        for worker in workers:
            worker.guarded_step()
            if (now := watcher.data_version()) != version:
                changed.append(worker.name)
                version = now
        house.clock.turn(10.0)
    watcher.close()
    assert changed == []


# -- exports beside the page


def exports(house: House, *titles: str) -> MonitorWorker:
    """A worker that finds an export of these films."""
    folder = house.folder / "exports"
    folder.mkdir(exist_ok=True)
    rows = "".join(f"2023-09-26,{title},2022,https://boxd.it/{title}\n" for title in titles)
    path = folder / "watchlist.csv"
    path.write_text(f"Date,Name,Year,Letterboxd URI\n{rows}")
    os.utime(path, (house.clock.now() - 60, house.clock.now() - 60))
    return MonitorWorker(
        [],
        house.queue,
        house.details,
        house.health,
        house.clock,
        check_interval_s=HOUR,
        watchlist_path=house.folder / "watchlist.json",
        exports=CsvFolder(folder, house.store),
    )


def on_page(house: House, *found: Movie) -> None:
    """A complete read of the page."""
    begun_at = house.clock.now()
    house.queue.wish([WatchedFilm(one, place, None) for place, one in enumerate(found)], SITE, begun_at)
    house.clock.turn(60)
    later = house.clock.now() + HOUR
    house.queue.list_checked(SITE, begun_at=begun_at, total=len(found), complete=True, next_check=later)


@pytest.mark.parametrize("export_first", [True, False])
def test_a_film_of_page_and_export_is_one_and_leaves_with_the_page(house: House, export_first: bool) -> None:
    film, other = Movie("A", 2022, number=7, lid="A"), Movie("B", 2022, number=8, lid="B")
    for by_export in (export_first, not export_first):
        if by_export:
            exports(house, "A").step(house.clock.now())
        else:
            on_page(house, film, other)
    assert house.queue.stats().queues == {"pending": 2}
    for _ in range(2):
        on_page(house, other)
    assert (house.status(film), house.status(other)) == (Status.UNWISHED, Status.DUE)


def test_a_later_export_without_a_film_takes_nothing_away(house: House) -> None:
    exports(house, "A", "B").step(house.clock.now())
    house.clock.turn(1000)
    exports(house, "A").step(house.clock.now())
    assert house.queue.stats().statuses == {"due": 2}


def test_a_broken_export_is_told_once_and_holds_up_no_other(house: House, caplog: pytest.LogCaptureFixture) -> None:
    worker = exports(house, "A")
    bad = house.folder / "exports" / "bad.csv"
    bad.write_text("nothing")
    os.utime(bad, (house.clock.now() - 100, house.clock.now() - 100))
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            worker.step(house.clock.now())
            house.clock.turn(60)
    assert (sum(record.levelname == "WARNING" for record in caplog.records), house.queue.stats().statuses) == (
        1,
        {"due": 1},
    )
    bad.unlink()
    worker.step(house.clock.now())
    assert house.health.every() == []


def test_a_film_excluded_while_it_waits_for_the_client_stays_out(house: House) -> None:
    house.offer(HEAT, release_of(HEAT))
    house.wish(HEAT)
    scripted(house).error = Unavailable("scripted", "It does not answer.")
    house.work()
    change(house, HEAT, Status.EXCLUDED)
    scripted(house).error = None
    drive(house, 2 * HOUR)
    assert (house.status(HEAT), scripted(house).added) == (Status.EXCLUDED, [])
