"""The whole program from outside: real processes, real HTTP, real BitTorrent."""

import hashlib
import json
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from movie_sync.demo.filelist_api import LIMITED
from movie_sync.demo.films import FILMS, DemoFilm, Offer
from movie_sync.demo.letterboxd_site import CHALLENGE, PRIVATE
from movie_sync.demo.loopback import Answer
from movie_sync.demo.nox import Nox
from movie_sync.demo.world import PASSKEY, World
from reliability.program import Program

ROOT = Path(__file__).resolve().parents[1]
WANTED = {str(film.movie): film for film in FILMS}


def small(films: tuple[DemoFilm, ...]) -> tuple[DemoFilm, ...]:
    """The same films with files of a megabyte."""
    return tuple(replace(film, offers=tuple(replace(offer, megabytes=1) for offer in film.offers)) for film in films)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "world", private=False, films=small(FILMS))
    made.start_seeder()
    yield made
    made.close()


@pytest.fixture
def program(tmp_path: Path, world: World) -> Iterator[Program]:
    made = Program(tmp_path / "program", world)
    yield made
    made.kill()


def test_one_pass_does_the_whole_job(program: Program, world: World, tmp_path: Path) -> None:
    owned = tmp_path / "library" / "The General (1926)"
    owned.mkdir(parents=True)
    (owned / "The General.mkv").write_bytes(b"there")
    program.settings["library_directories"] = [str(owned.parent)]
    done = program.ask("run", "--once", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "checked": 13,
        "added": 13,
        "handed_over": 10,
        "already_owned": 1,
        "failed": 2,
        "put_off": 0,
    }
    assert program.statuses() == {title: film.expected for title, film in WANTED.items()}
    for film in FILMS:
        if film.taken:
            copy, source = (folder / f"{film.taken}.mkv" for folder in (program.downloads, world.seed_folder))
            assert hashlib.sha256(copy.read_bytes()).digest() == hashlib.sha256(source.read_bytes()).digest()
    assert len(list(program.downloads.glob("*.mkv"))) == 10


def test_a_second_pass_finds_nothing_to_do_and_asks_one_page(program: Program, world: World) -> None:
    program.ask("run", "--once")
    world.site.requests.clear()
    world.api.requests.clear()
    again = program.ask("run", "--once", "--json")
    assert again.returncode == 0
    counts = json.loads(again.stdout)
    assert (counts["added"], counts["handed_over"], counts["failed"]) == (0, 0, 0)
    assert [request.path for request in world.site.requests] == ["/demo/watchlist/"]
    assert world.api.requests == []


def test_stats_show_the_queues_and_read_only(program: Program) -> None:
    program.ask("run", "--once")
    before = {
        path: path.stat().st_mtime_ns for path in program.home.iterdir() if not path.name.endswith(("-shm", "-wal"))
    }
    shown = json.loads(program.ask("stats", "--json").stdout)
    assert shown["completed"] == 11
    assert shown["downloaded"] == 11
    assert shown["failed"] == 2
    assert (shown["not_found"], shown["pending"], shown["permanent_failures"], shown["put_off"]) == (1, 0, 0, 0)
    text = program.ask("--stats").stdout
    assert "London After Midnight (1927)" in text
    assert "The tracker does not have it." in text
    config = {program.home / "config.json", program.home / "filelist_config.json"}
    after = {path: path.stat().st_mtime_ns for path in before}
    assert {path for path in before if before[path] != after[path]} <= config


def test_the_three_files_show_every_film_once(program: Program) -> None:
    program.ask("run", "--once")
    shown = [
        f"{entry['title']} ({entry['year']})"
        for name in ("pending", "failed", "completed")
        for entry in json.loads((program.home / f"queue_{name}.json").read_text())
    ]
    assert sorted(shown) == sorted(WANTED)


def test_python_main_py_is_the_same_program(program: Program) -> None:
    shown = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), "--version"], capture_output=True, text=True, check=True
    )
    assert re.match(r"Movie Sync, version 3\.", shown.stdout)


def test_a_tracker_that_is_down_charges_no_film(program: Program, world: World) -> None:
    world.api.next_answers.extend([Answer(b"down", 503)] * 50)
    done = program.ask("run", "--once", "--json")
    assert done.returncode == 4
    counts = json.loads(done.stdout)
    assert (counts["put_off"], counts["failed"], counts["handed_over"]) == (13, 1 - 1, 0)
    assert set(program.statuses().values()) == {"put_off"}
    assert len(world.api.calls()) == 1
    assert "not available" in program.ask("stats").stdout


def test_used_up_calls_put_films_off_until_the_hour_is_over(program: Program, world: World) -> None:
    world.api.next_answers.append(LIMITED)
    assert program.ask("run", "--once").returncode == 4
    assert set(program.statuses().values()) == {"put_off"}
    pending = json.loads((program.home / "queue_pending.json").read_text())
    assert "150 calls" in pending[0]["reason"]


def test_a_wrong_passkey_is_tried_once_even_across_starts(program: Program, world: World) -> None:
    program.environment["MOVIE_SYNC_FILELIST_PASSKEY"] = "f" * 32
    assert program.ask("run", "--once").returncode == 3
    assert program.ask("run", "--once").returncode == 3
    assert len(world.api.calls()) == 1
    program.environment["MOVIE_SYNC_FILELIST_PASSKEY"] = PASSKEY
    assert program.ask("run", "--once").returncode == 0
    assert list(program.statuses().values()).count("downloaded") == 11


def test_missing_credentials_are_named(program: Program) -> None:
    program.environment.clear()
    done = program.ask("run", "--once", "--json")
    assert done.returncode == 3
    answer = json.loads(done.stdout)
    assert answer["ok"] is False
    assert "FileList passkey" in answer["message"]
    assert "MOVIE_SYNC_FILELIST_PASSKEY" in answer["hint"]


def test_with_nothing_to_do_the_person_is_asked(program: Program) -> None:
    program.settings["username"] = ""
    done = program.ask("run", "--once")
    assert done.returncode == 3
    assert "movie-sync import watchlist.csv" in done.stderr


def test_a_service_asked_for_json_gives_its_object_at_the_end(program: Program) -> None:
    process = program.start("run", "--json")
    program.until_up()
    assert program.stop() == 0
    assert process.stdout is None or json.loads(process.stdout.read())["ok"] is True


def test_a_home_folder_that_cannot_be_made_is_told_in_a_sentence(program: Program, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    program.environment["MOVIE_SYNC_HOME"] = str(tmp_path / "file" / "home")
    done = program.ask("run", "--once")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_back_off_is_kept_across_starts(program: Program, world: World) -> None:
    world.api.next_answers.append(LIMITED)
    assert program.ask("run", "--once").returncode == 4
    assert program.ask("run", "--once").returncode == 4
    assert len(world.api.calls()) == 1


def test_a_stop_in_the_middle_of_a_pass_takes_five_seconds_at_most(program: Program, world: World) -> None:
    def hang(_: object) -> Answer:
        time.sleep(15)
        return Answer()

    world.api.next_answers.extend([world.api.answer, hang])  # the newest releases are looked at first
    process = program.start("run", "--once")
    program.until(lambda seen: "claimed" in seen.values())
    time.sleep(0.3)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=15) == 130
    assert time.monotonic() - begun < 7


def test_a_wrong_setting_is_named_with_what_is_allowed(program: Program) -> None:
    program.settings["check_interval"] = "often"
    done = program.ask("run", "--once")
    assert done.returncode == 3
    assert "config.json: check_interval" in done.stderr


def test_a_challenge_page_leaves_the_csv_as_the_way_in(program: Program, world: World, tmp_path: Path) -> None:
    world.site.next_answers.extend([CHALLENGE] * 50)
    rows = [f"2026-01-{day:02},{film.movie.title},{film.movie.year},https://boxd.it/{film.movie.lid}"
            for day, film in enumerate(FILMS[:2], 1)]  # fmt: skip
    export = tmp_path / "watchlist.csv"
    export.write_text("Date,Name,Year,Letterboxd URI\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert json.loads(program.ask("import", str(export), "--json").stdout) == {
        "ok": True,
        "read": 2,
        "added": 2,
        "seen": 0,
    }
    done = program.ask("run", "--once")
    assert done.returncode == 4
    assert program.statuses() == {"Nosferatu (1922)": "downloaded", "Metropolis (1927)": "downloaded"}
    assert len(world.site.requests) == 1


def test_a_film_of_the_csv_and_of_the_page_is_one(program: Program, tmp_path: Path) -> None:
    movie = FILMS[0].movie
    export = tmp_path / "watchlist.csv"
    export.write_text(f"Date,Name,Year,Letterboxd URI\n2026-01-01,{movie.title},1922,https://boxd.it/{movie.lid}\n")
    program.ask("import", str(export))
    program.ask("run", "--once")
    assert len(program.films()) == 13


def test_a_private_watchlist_needs_the_person(program: Program, world: World) -> None:
    world.site.next_answers.append(PRIVATE)
    done = program.ask("run", "--once")
    assert done.returncode == 3
    assert "private" in done.stderr


def test_what_needs_the_person_goes_before_what_is_down(program: Program, world: World) -> None:
    world.site.next_answers.append(PRIVATE)
    program.ask("run", "--once")
    export = program.folder / "w.csv"
    export.write_text("Date,Name,Year,Letterboxd URI\n2026-01-01,Nosferatu,1922,https://boxd.it/dc739\n")
    program.ask("import", str(export))
    world.api.next_answers.append(Answer(b"down", 500))
    assert program.ask("run", "--once").returncode == 3


def test_a_pass_while_the_service_runs_names_its_pid(program: Program) -> None:
    process = program.start()
    program.until(lambda seen: len(seen) == 13)
    done = program.ask("run", "--once")
    assert done.returncode == 1
    assert f"pid {process.pid}" in done.stderr
    assert program.stop() == 0


def test_the_service_walks_every_film_to_its_end_and_stops_cleanly(program: Program) -> None:
    program.start()
    ends = {title: "downloaded" if film.on_disk else film.expected for title, film in WANTED.items()}
    program.until(lambda seen: seen == ends)
    begun = time.monotonic()
    assert program.stop() == 0
    assert time.monotonic() - begun < 6


def test_a_stop_does_not_wait_for_a_request_that_hangs(program: Program, world: World) -> None:
    def hang(_: object) -> Answer:
        time.sleep(20)
        return Answer()

    world.api.next_answers.extend([world.api.answer, hang])  # the newest releases are looked at first
    program.start()
    program.until(lambda seen: "claimed" in seen.values())
    time.sleep(0.3)
    begun = time.monotonic()
    assert program.stop() == 0
    assert time.monotonic() - begun < 7
    assert program.ask("run", "--once").returncode == 0


def test_a_second_signal_leaves_at_once(program: Program, world: World) -> None:
    def hang(_: object) -> Answer:
        time.sleep(20)
        return Answer()

    world.api.next_answers.extend([world.api.answer, hang])  # the newest releases are looked at first
    process = program.start()
    program.until(lambda seen: "claimed" in seen.values())
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert program.stop(signal.SIGINT) == 130


def test_a_failed_film_does_what_was_edited_while_the_service_runs(program: Program, world: World) -> None:
    lost = next(film for film in FILMS if film.expected == "not_found")
    program.start()
    program.until(lambda seen: seen.get(str(lost.movie)) == "not_found" and "due" not in seen.values())
    offer = Offer("London.After.Midnight.1927.1080p.WEB-DL.x264-DEMO", 4, 1)
    world.offer(lost, offer, private=False, seeders=12)
    time.sleep(1.5)
    path = program.home / "queue_failed.json"
    entries = json.loads(path.read_text())
    next(entry for entry in entries if entry["title"] == lost.movie.title)["retry_after"] = None
    path.write_text(json.dumps(entries))
    program.until(lambda seen: seen[str(lost.movie)] in {"downloading", "downloaded"}, seconds=15)
    assert program.stop() == 0


def test_a_film_taken_out_by_hand_while_stopped_stays_out(program: Program) -> None:
    program.ask("run", "--once")
    path = program.home / "queue_failed.json"
    entries = [entry for entry in json.loads(path.read_text()) if entry["status"] != "not_found"]
    path.write_text(json.dumps(entries))
    program.ask("run", "--once")
    assert program.statuses()["London After Midnight (1927)"] == "excluded"


def test_a_watchlist_for_people_is_kept(program: Program) -> None:
    program.ask("run", "--once")
    rows = json.loads((program.home / "watchlist.json").read_text())
    assert [row["title"] for row in rows] == [film.movie.title for film in FILMS]


def test_rights_are_the_owners_alone(program: Program) -> None:
    program.ask("run", "--once")
    assert program.home.stat().st_mode & 0o777 == 0o700
    loose = [
        path.name
        for path in program.home.rglob("*")
        if path.stat().st_mode & 0o077 and path.name not in {"config.json", "filelist_config.json"}
    ]
    assert loose == []


def test_the_passkey_is_written_nowhere(program: Program, world: World) -> None:
    world.api.next_answers.append(Answer(f"oops passkey={PASSKEY}".encode(), 500))
    program.ask("run", "--once", "--verbose")
    done = program.ask("run", "--once", "--verbose")
    assert PASSKEY not in done.stdout + done.stderr
    for path in program.home.rglob("*"):
        if path.is_file():
            assert PASSKEY.encode() not in path.read_bytes(), path.name


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_at_any_moment_loses_and_doubles_nothing(program: Program, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(6):
        program.start()
        time.sleep(chance.uniform(0.2, 1.2))
        program.kill()
    program.start()
    program.until_up()
    ends = {title: "downloaded" if film.on_disk else film.expected for title, film in WANTED.items()}
    program.until(lambda seen: seen == ends)
    assert program.stop() == 0
    taken = {f"{film.taken}.mkv" for film in FILMS if film.taken} | {"The.General.1926.1080p.BluRay.x264-DEMO.mkv"}
    assert {path.name for path in program.downloads.glob("*.mkv")} == taken


def test_private_torrents_go_through_a_real_qbittorrent_and_kills_of_both_sides(tmp_path: Path) -> None:
    world = World(tmp_path / "world", private=True, films=small(FILMS))
    world.start_seeder()
    server = Nox(tmp_path / "nox", tmp_path / "downloads")
    program = Program(tmp_path / "program", world, server)
    try:
        server.start()
        for pause in (0.6, 1.0, 1.5):
            program.start()
            time.sleep(pause)
            program.kill()
            server.kill()
            server.start()
        program.start()
        program.until_up()
        ends = {title: "downloaded" if film.on_disk else film.expected for title, film in WANTED.items()}
        program.until(lambda seen: seen == ends, seconds=60)
        rows = server.api.torrents_info()
        assert len(rows) == 11
        assert {row.category for row in rows} == {"Movies"}
        assert program.stop() == 0
        assert list((program.home / "torrents").glob("*.torrent")) == []
        for film in FILMS:
            if film.taken:
                copy, source = (folder / f"{film.taken}.mkv" for folder in (server.save_path, world.seed_folder))
                assert copy.read_bytes() == source.read_bytes()
    finally:
        program.kill()
        server.stop()
        world.close()
