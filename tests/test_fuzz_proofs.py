"""Each proof takes one safeguard of a parser away: the kept inputs alone find it."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from movie_sync import config, credentials_manager
from movie_sync.cli import library
from movie_sync.clients import qbittorrent_manager
from movie_sync.lib import http, torrent_file
from movie_sync.movie import Status
from movie_sync.queues import earlier_homes, hand_edits, json_files
from movie_sync.releases.parse import parse_name
from movie_sync.store import films
from movie_sync.store.connections import Connection
from movie_sync.store.films import FilmRecord
from movie_sync.trackers import filelist_downloader
from movie_sync.verbs import backups
from movie_sync.verbs import films as verbs_films
from movie_sync.watchlists import csv_export, film_ids, letterboxd_pages, wikidata
from reliability.fuzz import names
from reliability.fuzz.contract import Broken
from reliability.fuzz.targets import TARGETS

BY_NAME = {target.name: target for target in TARGETS}
ANY_YEARS = range(10_000)

# Target, whose safeguard, its name, and what stands in its place.
TAKEN_AWAY: list[tuple[str, Any, str, Any]] = [
    ("tracker_rows", filelist_downloader, "MAX_ID", 1 << 4000),
    ("torrent", torrent_file, "_check_path", lambda _path: None),
    ("torrent", torrent_file, "_path_part", lambda raw: raw.decode("utf-8", "replace")),
    ("torrent", torrent_file, "_size", lambda value: value),
    ("watchlist_page", letterboxd_pages, "MarkupChanged", KeyError),
    ("watchlist_page", letterboxd_pages, "title_and_year", lambda text: (text, 1)),
    ("film_page", letterboxd_pages, "_string", lambda value: value),
    ("film_page", letterboxd_pages, "YEARS", ANY_YEARS),
    ("answer", letterboxd_pages, "_is_challenge", lambda body: "cf-chl" in body.decode("ascii")),
    ("wikidata_answer", wikidata, "_imdb_id", lambda values: values[0]),
    ("client_answer", qbittorrent_manager, "_number", lambda value: float(str(value or 0))),
    ("http_answer", http, "BadReply", KeyError),
    ("waiting_header", http, "MAX_RETRY_AFTER_S", float("inf")),
    ("film_named", verbs_films, "_storable", lambda text: text),
    ("matched_lines", library, "MovieSyncError", KeyError),
    ("film_addresses", film_ids, "_on", lambda _host, _domain: 1 / 0),
    ("config_json", config, "_readable", lambda text: text),
    ("config_json", config, "_possible", lambda value, _setting: value),
    ("filelist_config_json", config, "_readable", lambda text: text),
    ("environment", config, "_readable", lambda text: text),
    ("profile", config, "_readable_throughout", lambda data: data),
    ("credentials", credentials_manager, "CredentialsError", KeyError),
    ("key_file", credentials_manager, "CredentialsError", KeyError),
    ("earlier_credentials", credentials_manager, "write_whole", lambda _path, _content: None),
    ("credential_variables", os, "fsencode", str.encode),
    ("csv_export", csv_export, "YEARS", ANY_YEARS),
    ("csv_export", csv_export, "LATEST_S", float("inf")),
    ("csv_folder", csv_export, "slug", lambda _url: "a\ud800"),
    ("queue_file", json_files, "set_aside", lambda path, _stamp: path),
    ("queue_file", json_files, "_place_once", lambda _taken_in: 1 / 0),
    ("earlier_queue", json_files, "set_aside", lambda path, _stamp: path),
    ("watchlist_json", earlier_homes, "EntryError", KeyError),
    ("release_names", names, "parse_name", lambda name: parse_name(name.lower())),
    ("library_files", names, "match", lambda _movie, path: path.encode()),
    ("backup", backups, "_ours", lambda member: member.isfile()),
]


def _crashes(name: str) -> list[str]:
    found = []
    for path in BY_NAME[name].seeds:
        try:
            BY_NAME[name].take(path.read_bytes())
        except Exception as exc:  # noqa: BLE001  every error is a crash
            found.append(f"{path.name}: {type(exc).__name__}")
    return found


def test_every_parser_has_a_proof() -> None:
    assert {name for name, *_ in TAKEN_AWAY} == {*BY_NAME}


@pytest.mark.parametrize(("name", "owner", "safeguard", "instead"), TAKEN_AWAY)
def test_a_parser_without_its_safeguard_is_found(
    name: str, owner: Any, safeguard: str, instead: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, safeguard, instead)
    assert _crashes(name)


def test_a_film_that_is_lost_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def forget(tx: Connection, film: FilmRecord, *_: object) -> None:
        films.change(tx, film.film_id, Status.UNWISHED)

    monkeypatch.setattr(hand_edits, "exclude", forget)
    with pytest.raises(Broken, match="a film is gone"):
        BY_NAME["queue_file"].take(b"p[]")
