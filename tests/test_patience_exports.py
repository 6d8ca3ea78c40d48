"""Exports that were broken off, laid down again or no longer looked for, and films that turn out to be one."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import movie
from test_exports import export, house, laid_down, lists_of, monitor
from test_patience_harm import SITE, killed
from test_workers import HEAT, MATRIX, House

from movie_sync.app import App
from movie_sync.config import Config
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.demo.filelist_api import FileListApi
from movie_sync.movie import Movie, Status, WatchedFilm
from movie_sync.queues.queue_editor import QueueEditor
from movie_sync.queues.queue_manager import Intake
from movie_sync.store import Store, films, wishes

__all__ = ["house"]


# -- films that turn out to be one


@pytest.mark.parametrize("learner", ["lid:abc", "letterboxd:1"])
def test_a_film_of_an_export_that_turns_out_to_be_on_the_page_belongs_to_the_page(house: House, learner: str) -> None:
    exported = Movie("The Matrix", 1999, lid="abc", url="https://boxd.it/abc")
    house.queue.wish([WatchedFilm(exported, 0)], wishes.EXPORT)
    house.queue.wish([WatchedFilm(movie(1, "Matrix, The", 1999), 0)], SITE)
    with house.store.write() as tx:
        (film_id,) = films.of_names(tx, [learner])
        films.learn(tx, film_id, Movie("The Matrix", 1999, number=1, lid="abc"))
    assert house.queue.stats().statuses == {"due": 1}
    assert lists_of(house, exported) == {SITE}


# -- the first export


def test_a_first_export_that_was_broken_off_keeps_to_first_run_when_it_is_taken_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"2023-09-26,t{number},2022,https://boxd.it/t{number}\n" for number in range(1200))
    laid_down(house, export() + rows)
    wish = house.queue.wish

    def wish_and_die(*given: Any, **more: Any) -> Intake:
        monkeypatch.setattr(house.queue, "wish", killed)
        return wish(*given, **more)

    monkeypatch.setattr(house.queue, "wish", wish_and_die)
    with pytest.raises(KeyboardInterrupt):
        monitor(house, first_run=10).step(house.clock.now())
    assert 0 < sum(house.queue.stats().statuses.values()) < 1200
    monkeypatch.setattr(house.queue, "wish", wish)
    monitor(house, first_run=10).step(house.clock.now())
    assert house.queue.stats().statuses == {"due": 10, "excluded": 1190}


def test_a_second_export_is_no_first_one_though_the_page_had_all_films_of_the_first(house: House) -> None:
    house.monitor = monitor(house, first_run=0)
    house.queue.wish([WatchedFilm(MATRIX, 0)], SITE)
    laid_down(house, export(MATRIX), "one.csv", age_s=90)
    house.monitor.step(house.clock.now())
    laid_down(house, export(MATRIX, HEAT), "two.csv")
    house.monitor.step(house.clock.now())
    assert (house.status(MATRIX), house.status(HEAT)) == (Status.DUE, Status.DUE)


def test_a_removed_film_stays_out_though_its_export_is_laid_down_anew(house: House) -> None:
    path = laid_down(house, export(MATRIX, HEAT))
    house.monitor.step(house.clock.now())
    QueueEditor(house.store, house.clock).remove(house.film(MATRIX).film_id)
    os.utime(path, (house.clock.now() - 30,) * 2)
    house.monitor.step(house.clock.now())
    assert (house.status(MATRIX), house.status(HEAT)) == (Status.EXCLUDED, Status.DUE)


# -- exports that stand in the way


def test_a_bad_export_whose_name_looks_like_a_secret_is_written_of_once(house: House) -> None:
    laid_down(house, "nothing", "token=abc.csv")
    house.monitor.step(house.clock.now())
    assert "abc" not in (house.health.state("csv").message or "abc")
    watcher = Store(house.store.path, read_only=True)
    version = watcher.data_version()
    for _ in range(3):
        house.clock.turn(30)
        house.monitor.step(house.clock.now())
    assert watcher.data_version() == version
    watcher.close()


@pytest.fixture
def api() -> Iterator[FileListApi]:
    made = FileListApi("user", "secret-passkey")
    yield made
    made.close()


def troubles(home: Path, api: FileListApi, csv_directory: str) -> list[str]:
    """Build the whole program with that setting and look for exports once; who is in trouble then."""
    settings = {
        "filelist_url": api.url,
        "filelist_delay": 0,
        "client": "none",
        "download_directory": str(home.parent / "films"),
        "csv_directory": csv_directory,
    }
    (home / "config.json").write_text(json.dumps(settings))
    credentials = CredentialsManager(home, {})
    credentials.set("filelist", {"username": "user", "passkey": "secret-passkey"})
    with App(Config.load(home, environment={}), credentials, threading.Event()) as app:
        app._monitor.guarded_step()
        return [state.provider for state in app._health.every()]


def test_a_folder_that_is_no_longer_set_is_told_of_no_more(home: Path, api: FileListApi) -> None:
    assert troubles(home, api, str(home / "nowhere")) == ["csv"]
    assert troubles(home, api, "") == []
