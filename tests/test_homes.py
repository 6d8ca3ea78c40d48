"""Homes of version 2.0 and of every schema since: each opens without loss."""

import contextlib
import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import HandClock

from movie_sync.app import App
from movie_sync.config import Config
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.demo.filelist_api import FileListApi
from movie_sync.demo.films import FILMS
from movie_sync.demo.letterboxd_site import LetterboxdSite
from movie_sync.movie import Queue, Status
from movie_sync.queues.json_files import QueueFiles
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store, offers
from movie_sync.store.films import FilmRecord
from movie_sync.store.migrations import SCHEMA_VERSION

HOMES = Path(__file__).parent / "homes"
SCHEMAS = sorted(HOMES.glob("schema-*.sql"), key=lambda path: int(path.stem.rpartition("-")[2]))
# Counted again by triggers and migrations; what they say is checked by the queue files.
_DERIVED = {"faces", "exports", "sqlite_sequence", "requests"}
# Schema 4 keeps what people chose among what is at hand.
_MOVED = {"grabs"}


def rows_of(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table's rows; a table that got further columns has them at their end."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: map(tuple, connection.execute(f"SELECT * FROM {name}")) for name in names}  # noqa: S608
        return {name: sorted(rows, key=repr) for name, rows in found.items()}


def films_by_title(store: Store) -> dict[str, FilmRecord]:
    queue = QueueManager(store, HandClock())
    return {str(film.movie): film for name in Queue for film in queue.films_in(name)}


def loaded(schema: Path, home: Path) -> Path:
    path = home / "movie_sync.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema.read_text(encoding="utf-8"))
    return path


def test_there_is_a_home_of_every_schema() -> None:
    assert [schema.stem for schema in SCHEMAS] == [f"schema-{number}" for number in range(1, SCHEMA_VERSION + 1)]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_a_home_of_every_schema_opens_without_the_loss_of_a_row(schema: Path, home: Path) -> None:
    path = loaded(schema, home)
    before = rows_of(path)
    Store(path).close()
    after = rows_of(path)
    assert before["films"]
    for table in before.keys() - _DERIVED - _MOVED:
        width = len(before[table][0]) if before[table] else None
        assert [row[:width] for row in after[table]] == before[table], table


def test_a_release_chosen_under_schema_3_is_still_chosen(home: Path) -> None:
    with contextlib.closing(Store(loaded(HOMES / "schema-3.sql", home))) as store, store.read() as tx:
        (film_id,) = [row[0] for row in tx.execute("SELECT film FROM offers")]
        offer = offers.get(tx, film_id)
    assert offer is not None
    assert (offer.by, [release.name for release in offer.releases]) == ("person", ["Film.0.1080p.BluRay.x264-DEMO"])


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_every_state_of_every_schema_is_understood_and_written_to_its_file(schema: Path, home: Path) -> None:
    path = loaded(schema, home)
    with contextlib.closing(Store(path)) as store:
        films = films_by_title(store)
        assert {film.status for film in films.values()} == set(Status) - {Status.CLAIMED}
        assert all(film.extra == {"note": f"kept {film.movie.title[5:]}"} for film in films.values())
        assert QueueFiles(home, store, HandClock()).sync() == []
    for queue in (Queue.PENDING, Queue.FAILED, Queue.COMPLETED):
        shown = json.loads((home / f"queue_{queue}.json").read_text())
        assert len(shown) == sum(film.queue is queue for film in films.values())


# -- version 2.0


@pytest.fixture
def old_home(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    shutil.copytree(HOMES / "version-2.0", folder)
    return folder


@pytest.fixture
def site() -> Iterator[LetterboxdSite]:
    server = LetterboxdSite("someone", [film.movie for film in FILMS])
    yield server
    server.close()


@pytest.fixture
def api() -> Iterator[FileListApi]:
    server = FileListApi("someone", "made-up-passkey-of-2.0")
    yield server
    server.close()


@pytest.fixture
def config(old_home: Path, site: LetterboxdSite, api: FileListApi, tmp_path: Path) -> Config:
    given = {
        "letterboxd_url": site.url,
        "letterboxd_delay": "0",
        "filelist_url": api.url,
        "filelist_delay": "0",
        "client": "none",
        "download_directory": str(tmp_path / "downloads"),
    }
    return Config.load(old_home, environment={}, overrides=given)


def one_pass(config: Config) -> dict[str, FilmRecord]:
    """One whole pass over the home, and what its database says then."""
    with App(config, CredentialsManager(config.home, {}), threading.Event()) as app:
        app.run_once()
    with contextlib.closing(Store(config.home / "movie_sync.db", read_only=True)) as store:
        return films_by_title(store)


def test_settings_of_version_2_hold_and_what_nobody_knows_any_more_is_named(config: Config) -> None:
    assert (config.settings.username, config.settings.max_retries) == ("someone", 5)
    assert config.filelist.download_preferences.minimum_seeders == 2
    assert [note for note in config.notes if "notifications_enabled" in note]


def test_log_ins_of_version_2_are_taken_in(old_home: Path) -> None:
    manager = CredentialsManager(old_home, {})
    assert manager.get("filelist") == {"username": "someone", "passkey": "made-up-passkey-of-2.0"}
    assert manager.get("qbittorrent") == {"username": "admin", "password": "made-up-password-of-2.0"}
    assert len(list(old_home.glob("*_credentials.enc"))) == 2, "reading alone changes nothing"
    manager.take_in()
    assert not list(old_home.glob("*_credentials.enc"))
    assert CredentialsManager(old_home, {}).get("filelist")["passkey"] == "made-up-passkey-of-2.0"


def test_each_film_of_version_2_is_where_it_was_and_the_new_ones_are_queued(config: Config) -> None:
    films = one_pass(config)
    assert len(films) == len(FILMS)
    assert films["M (1931)"].queue is Queue.COMPLETED
    assert films["The General (1926)"].queue is Queue.COMPLETED
    assert films["The Phantom Empire (1935)"].status is Status.PERMANENT
    assert films["London After Midnight (1927)"].queue is Queue.FAILED
    assert films["Metropolis (1927)"].extra == {"my_note": "for Sunday"}
    assert films["Nosferatu (1922)"].searches == 1


def test_films_version_2_had_seen_and_not_queued_stay_out_and_the_log_says_how_to_queue_them(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    films = one_pass(config)
    assert "2 films of" in caplog.text
    assert "movie-sync add --seen" in caplog.text
    for title in ("Häxan (1922)", "Limite (1931)"):
        assert (films[title].status, films[title].reason_code) == (Status.EXCLUDED, "seen_before")
        assert films[title].movie.number, "the list's own entry was not recognised as this film"


def test_a_second_start_takes_nothing_in_again(config: Config) -> None:
    first = {title: film.film_id for title, film in one_pass(config).items()}
    assert {title: film.film_id for title, film in one_pass(config).items()} == first
