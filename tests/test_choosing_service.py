"""Choosing beside the running service: another profile, a release of one's own choice, a doubtful file, an upgrade."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

from test_running_service import (
    NOSFERATU,
    Service,
    server,
    service,
    standing_server,
    standing_world,
    until,
    with_server,
    world,
)

from movie_sync.demo.nox import Nox
from movie_sync.demo.world import World

__all__ = ["server", "service", "standing_server", "standing_world", "with_server", "world"]

FILM = "Nosferatu (1922)"
LESSER, BETTER = "Nosferatu.1922.1080p.BluRay.x264-DEMO", "Nosferatu.1922.2160p.UHD.BluRay.x265-DEMO"


def only_seeded(world: World, *names: str) -> None:
    """From now on the tracker counts seeders for these releases alone."""
    world.api.uploads[:] = [replace(upload, seeders=12 if upload.name in names else 0) for upload in world.api.uploads]


def test_another_profile_is_used_at_once_for_what_was_refused(service: Service, world: World) -> None:
    world.site.films = [NOSFERATU.movie]
    only_seeded(world, BETTER)
    service.settings["profile"] = "small"
    service.up()
    service.until_all("not_found")
    service.do("config", "unset", "profile")
    service.until_all("saved")
    assert service.films()[FILM].release_name == BETTER


def test_a_profile_of_ones_own_is_read_again_when_it_is_written(service: Service, world: World) -> None:
    world.site.films = [NOSFERATU.movie]
    mine = service.home / "mine.json"
    mine.write_text('{"qualities": ["720p"]}')
    service.settings["profile"] = "mine.json"
    service.up()
    service.until_all("not_found")
    mine.write_text('{"qualities": ["8k"]}')
    until(lambda: "nobody knows the quality '8k'" in service.log())
    mine.write_text('{"qualities": ["1080p"]}')
    service.until_all("saved")
    assert service.films()[FILM].release_name == LESSER


def test_a_release_of_ones_own_choice_is_handed_over_within_seconds(with_server: Service, server: Nox) -> None:
    with_server.up()
    with_server.until_all("downloading", "downloaded")
    rows = json.loads(with_server.do("search", "Nosferatu (1922)", "--json"))["releases"]
    number = next(row["number"] for row in rows if row["name"] == LESSER)
    with_server.do("search", "Nosferatu (1922)", "--grab", str(number))
    until(lambda: with_server.films()[FILM].release_name == LESSER)
    with_server.until_all("downloaded")
    told = json.loads(with_server.do("why", "Nosferatu (1922)", "--json"))
    assert [one["event"] for one in told["story"]][-4:] == ["grabbed", "chosen", "handed_over", "downloaded"]
    assert len(server.api.torrents_info()) == 3


def test_a_doubtful_file_holds_its_film_until_an_answer_comes(service: Service) -> None:
    service.downloads.mkdir(parents=True, exist_ok=True)
    (service.downloads / "Nosferatu.1923.1080p.mkv").write_bytes(b"film")
    service.up()
    service.until(lambda seen: seen.get(FILM) == "put_off" and "saved" in seen.values())
    assert "Nosferatu.1923" in service.do("library")
    service.do("library", "reject", "Nosferatu (1922)")
    service.until_all("saved")


def test_a_better_release_replaces_what_is_there_by_real_transfers(
    with_server: Service, server: Nox, world: World
) -> None:
    world.site.films = [NOSFERATU.movie]
    only_seeded(world, LESSER)
    (with_server.home / "mine.json").write_text('{"qualities": ["2160p", "1080p"], "upgrade_until": "2160p"}')
    with_server.settings["profile"] = "mine.json"
    with_server.up()
    with_server.until_all("downloaded")
    assert with_server.films()[FILM].release_name == LESSER
    only_seeded(world, LESSER, BETTER)
    the_time_has_come(with_server)
    until(lambda: with_server.films()[FILM].release_name == BETTER, seconds=40)
    assert {one.name: one.progress for one in server.api.torrents_info()} == {
        f"{LESSER}.mkv": 1.0,
        f"{BETTER}.mkv": 1.0,
    }
    assert with_server.films()[FILM].upgrade_after is None
    told = json.loads(with_server.do("why", "Nosferatu (1922)", "--json"))
    assert {one["release"]: one["role"] for one in told["transfers"]} == {LESSER: "retiring", BETTER: "current"}
    assert (Path(server.save_path) / f"{BETTER}.mkv").stat().st_size == 1_048_576


def the_time_has_come(running: Service) -> None:
    """A look for something better is due now."""
    with sqlite3.connect(running.home / "movie_sync.db", timeout=10) as connection:
        connection.execute("UPDATE films SET upgrade_after = 1 WHERE upgrade_after IS NOT NULL")
