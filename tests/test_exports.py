"""Exports beside the watchlist page: one film from both is one film, and the site's own list has the last word."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import HandClock, movie
from test_workers import HEAT, MATRIX, House, house_in

from movie_sync.movie import Movie, Queue, Status
from movie_sync.queues.exports import take_in
from movie_sync.store import Store, wishes
from movie_sync.watchlists.csv_export import films_of
from movie_sync.watchlists.csv_folder import CsvFolder
from movie_sync.workers import PROVEN_S, MonitorWorker

HEADER = "Date,Name,Year,Letterboxd URI"


@pytest.fixture
def house(home: Path, store: Store) -> Iterator[House]:
    # Files have the machine's own time.
    clock = HandClock(time.time())
    (home / "exports").mkdir()
    with house_in(home, store, clock) as built:
        built.monitor = monitor(built)
        yield built


def monitor(house: House, *, prove_daily: bool = False, first_run: int | None = None) -> MonitorWorker:
    return MonitorWorker(
        [house.watchlist],
        house.queue,
        house.details,
        house.health,
        house.clock,
        check_interval_s=3600.0,
        watchlist_path=house.folder / "watchlist.json",
        exports=CsvFolder(house.folder / "exports", house.store),
        prove_daily=prove_daily,
        first_run=first_run,
    )


def export(*films: Movie) -> str:
    rows = [
        f'2026-01-{day:02},"{film.title}",{film.year},https://boxd.it/{film.lid}' for day, film in enumerate(films, 1)
    ]
    return "\n".join([HEADER, *rows]) + "\n"


def laid_down(house: House, text: str, name: str = "watchlist.csv", age_s: float = 60.0) -> Path:
    path = house.folder / "exports" / name
    path.write_text(text, encoding="utf-8")
    moment = house.clock.now() - age_s
    os.utime(path, (moment, moment))
    return path


def lists_of(house: House, wanted: Movie) -> set[str]:
    film_id = house.film(wanted).film_id
    with house.store.read() as tx:
        return {row[0] for row in tx.execute("SELECT list FROM wishes WHERE film = ?", (film_id,))}


def titles(house: House) -> list[str]:
    return sorted(str(film.movie) for film in house.queue.films_in(Queue.PENDING))


def test_an_export_laid_into_the_folder_is_taken_in_at_the_next_step(house: House) -> None:
    laid_down(house, export(MATRIX, HEAT))
    house.monitor.step(house.clock.now())
    assert titles(house) == ["Heat (1995)", "The Matrix (1999)"]
    assert house.monitor.tally.added == 2


def test_the_same_export_is_taken_once_also_across_a_restart(house: House) -> None:
    laid_down(house, export(MATRIX))
    for _ in range(3):
        house.monitor = monitor(house)
        house.monitor.step(house.clock.now())
    assert house.monitor.tally.added == 0
    assert titles(house) == ["The Matrix (1999)"]


@pytest.mark.parametrize("page_first", [True, False])
def test_a_film_on_the_page_and_in_an_export_is_one_film(house: House, *, page_first: bool) -> None:
    if page_first:
        house.wish(MATRIX)
    laid_down(house, export(MATRIX, HEAT))
    house.monitor.step(house.clock.now())
    if not page_first:
        house.wish(MATRIX)
    assert titles(house) == ["Heat (1995)", "The Matrix (1999)"]
    assert lists_of(house, MATRIX) == {"letterboxd:me"}
    assert lists_of(house, HEAT) == {wishes.EXPORT}


def test_a_film_taken_off_the_page_leaves_though_an_export_had_it(house: House) -> None:
    laid_down(house, export(MATRIX, HEAT))
    house.wish(MATRIX, HEAT)
    house.monitor.step(house.clock.now())
    house.site.films.remove(MATRIX)
    hourly(house, 2)
    assert (house.status(MATRIX), house.status(HEAT)) == (Status.UNWISHED, Status.DUE)


def test_a_bad_export_stops_no_other_and_is_told_until_it_is_mended(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    bad = laid_down(house, "not,an,export\n", "a.csv", age_s=90)
    laid_down(house, export(HEAT), "b.csv")
    for _ in range(3):
        house.monitor.step(house.clock.now())
    (state,) = house.health.every()
    assert (state.provider, state.code) == ("csv", "bad_export")
    assert "a.csv" in (state.message or "")
    assert caplog.text.count("a.csv") == 1
    assert titles(house) == ["Heat (1995)"]
    bad.unlink()
    house.monitor.step(house.clock.now())
    assert house.health.every() == []


def test_the_first_export_keeps_to_first_run_and_later_ones_are_taken_whole(house: House) -> None:
    house.monitor = monitor(house, first_run=1)
    laid_down(house, export(MATRIX, HEAT))
    house.monitor.step(house.clock.now())
    assert (house.status(MATRIX), house.status(HEAT)) == (Status.EXCLUDED, Status.DUE)
    alien, brazil = movie(3, "Alien", 1979), movie(4, "Brazil", 1985)
    laid_down(house, export(MATRIX, HEAT, alien, brazil))
    house.monitor.step(house.clock.now())
    assert (house.status(alien), house.status(brazil), house.status(MATRIX)) == (
        Status.DUE,
        Status.DUE,
        Status.EXCLUDED,
    )


def test_an_import_by_command_takes_large_files_in_parts_and_counts_them_all(house: House) -> None:
    many = [movie(number, f"Film {number}") for number in range(1, 1203)]
    intake = take_in(house.queue, films_of(export(*many[:30]), "x"), house.clock.now())
    assert intake.added == 30
    rows = "\n".join(f"2026-01-01,Film {n},2000,https://boxd.it/L{n:x}" for n in range(1, 1203))
    intake = take_in(house.queue, films_of(f"{HEADER}\n{rows}\n", "x"), house.clock.now())
    assert (intake.added, intake.known) == (1172, 30)


# -- how often a list is read as a whole


def pages(house: House) -> int:
    return sum("/watchlist/" in request.path for request in house.site.requests)


def hourly(house: House, hours: int) -> int:
    """Pages of so many hourly checks."""
    before = pages(house)
    for _ in range(hours):
        house.clock.turn(3600.0)
        house.monitor.step(house.clock.now())
    return pages(house) - before


def test_a_check_that_finds_nothing_new_costs_one_page(house: House) -> None:
    house.wish(*[movie(number, f"Film {number}") for number in range(1, 90)])
    assert hourly(house, 48) == 48


def test_where_removals_matter_a_list_is_read_as_a_whole_once_a_day(house: House) -> None:
    house.monitor = monitor(house, prove_daily=True)
    house.wish(*[movie(number, f"Film {number}") for number in range(1, 90)])
    whole = 5  # four pages, and the first once more
    assert hourly(house, 48) == 46 + 2 * whole
    assert house.queue.list_state("letterboxd:me").proven_at == pytest.approx(house.clock.now(), abs=PROVEN_S)


def test_the_daily_read_changes_no_order_and_queues_nothing_anew(house: House) -> None:
    wanted = [movie(number, f"Film {number}") for number in range(1, 60)]
    house.monitor = monitor(house, prove_daily=True)
    house.wish(*wanted)
    before = [(film.movie.title, film.wish_order) for film in house.queue.wished_films("letterboxd:me")]
    hourly(house, 25)
    after = [(film.movie.title, film.wish_order) for film in house.queue.wished_films("letterboxd:me")]
    assert after == before
    assert house.monitor.tally.added == len(wanted)
