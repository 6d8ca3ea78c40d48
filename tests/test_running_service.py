"""What a person changes while the service runs takes effect within seconds, and nothing is lost or doubled by it."""

import contextlib
import json
import logging
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from movie_sync.app import App
from movie_sync.cli import main
from movie_sync.config import Config, write_settings
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.demo import nox
from movie_sync.demo.filelist_api import LIMITED
from movie_sync.demo.films import FILMS, DemoFilm, Offer
from movie_sync.demo.letterboxd_site import CHALLENGE
from movie_sync.demo.loopback import Answer, Request
from movie_sync.demo.nox import Nox, free_port
from movie_sync.demo.torrents import make_torrent
from movie_sync.demo.world import PASSKEY, USERNAME, World
from movie_sync.errors import CredentialsError
from movie_sync.lib.files import InstanceLock
from movie_sync.queues.queue_editor import QueueEditor
from movie_sync.store import connections
from movie_sync.store.providers import FINE
from reliability.program import Program

DOWN = Answer(b"down", 503)
NOSFERATU, METROPOLIS, LOST, SAFETY = (FILMS[place] for place in (0, 1, 6, 11))
WRONG_PASSKEY = "f" * 32


class Service(Program):
    """The running service, its log-ins stored, and commands beside it that leave its settings as they are.

    Without a qBittorrent it saves .torrent files, which is quick.
    """

    def __init__(self, folder: Path, world: World, server: Nox | None = None) -> None:
        super().__init__(folder, world, server)
        self.environment = {}
        self.filelist: dict[str, object] = {}
        if server is None:
            self.settings["client"] = "none"
        self.log_in("filelist", username=USERNAME, passkey=PASSKEY)
        if server is not None:
            self.log_in("qbittorrent", username=nox.USERNAME, password=server.password)

    def log_in(self, service: str, **values: str) -> None:
        """Store a log-in, whoever runs."""
        CredentialsManager(self.home, {}).set(service, values)

    def _prepare(self) -> dict[str, str]:
        environment = super()._prepare()
        path = self.home / "filelist_config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **self.filelist}))
        return environment

    def up(self) -> None:
        """Start it and wait until it hears signals."""
        self.start()
        self.until_up()

    def do(self, *arguments: str, typed: str = "", code: int = 0) -> str:
        """Run a command as a person would, beside the service; what it printed."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MOVIE_SYNC_")}
        done = subprocess.run(
            [sys.executable, "-m", "movie_sync", *arguments],
            env={**kept, "MOVIE_SYNC_HOME": str(self.home)},
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        return done.stdout

    def log(self) -> str:
        """Everything it logged so far."""
        return (self.home / "movie_sync.log").read_text(encoding="utf-8")

    def until_settings_taken(self) -> None:
        """Wait until it works with other settings than it was started with."""
        until(lambda: "Settings were read again." in self.log())

    def until_all(self, *statuses: str) -> None:
        """Wait until every film is in one of these states."""
        self.until(lambda seen: set(seen.values()) <= set(statuses), seconds=20)


def until(ready: Callable[[], object], seconds: float = 15) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def small(films: tuple[DemoFilm, ...]) -> tuple[DemoFilm, ...]:
    """The same films with files of a megabyte."""
    return tuple(replace(film, offers=tuple(replace(offer, megabytes=1) for offer in film.offers)) for film in films)


@pytest.fixture(scope="module")
def standing_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"), private=False, films=small(FILMS))
    made.start_seeder()
    yield made
    made.close()


@pytest.fixture
def world(standing_world: World) -> Iterator[World]:
    """Two films are wished for, the others have their pages; as new for each test."""
    site, api = standing_world.site, standing_world.api
    uploads = list(api.uploads)
    site.films, site.others = [film.movie for film in FILMS[:2]], [film.movie for film in FILMS[2:]]
    for server in (site, api):
        server.next_answers.clear()
        server.requests.clear()
    yield standing_world
    api.uploads[:] = uploads


@pytest.fixture
def service(tmp_path: Path, world: World) -> Iterator[Service]:
    made = Service(tmp_path / "service", world)
    yield made
    made.kill()


@pytest.fixture(scope="module")
def standing_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nox]:
    folder = tmp_path_factory.mktemp("nox")
    with Nox(folder, folder / "downloads") as server:
        yield server


@pytest.fixture
def server(standing_server: Nox) -> Iterator[Nox]:
    """A qBittorrent without torrents and without a memory of refusals."""
    yield standing_server
    standing_server.api.torrents_delete(delete_files=True, torrent_hashes="all")


@pytest.fixture
def with_server(tmp_path: Path, world: World, server: Nox) -> Iterator[Service]:
    made = Service(tmp_path / "service", world, server)
    yield made
    made.kill()


@pytest.fixture
def hang(world: World) -> Iterator[Callable[[Request], Answer]]:
    """An answer that does not come before the test ends."""
    over = threading.Event()

    def hanging(request: Request) -> Answer:
        over.wait(30)
        return Answer(b"late", 503)

    yield hanging
    over.set()


def nobody_seeds(world: World, folder: Path) -> None:
    """Whatever is taken from now on downloads for ever."""
    folder.mkdir()
    for place, upload in enumerate(world.api.uploads):
        path = folder / f"{upload.name}.mkv"
        path.write_bytes(random.Random(upload.upload_id).randbytes(65536))
        torrent = make_torrent(path, world.tracker.announce_url, private=False)
        world.api.uploads[place] = replace(upload, torrent=torrent)


def offered(world: World, film: DemoFilm) -> None:
    """The tracker has the film from now on."""
    name = f"{film.movie.title.replace(' ', '.')}.{film.movie.year}.1080p.WEB-DL.x264-DEMO"
    world.offer(film, Offer(name, 4, 1), private=False, seeders=12)


def wished(world: World, *films: DemoFilm) -> None:
    """Put films on the watchlist, newest first."""
    world.site.films = [*(film.movie for film in films), *world.site.films]


# -- films by command


def test_a_film_added_by_command_is_searched_and_downloaded(service: Service) -> None:
    service.settings["client"] = "builtin"
    service.up()
    service.until(lambda seen: len(seen) == 2)
    service.do("add", "https://letterboxd.com/film/safety-last/")
    service.until(lambda seen: seen[str(SAFETY.movie)] == "downloaded")


def test_a_film_removed_while_the_tracker_is_down_stays_out_when_the_others_go_on(
    service: Service, world: World
) -> None:
    world.api.next_answers.append(DOWN)
    service.up()
    service.until_all("put_off")
    service.do("remove", str(METROPOLIS.movie))
    service.do("retry", "--now")
    service.until(lambda seen: seen == {str(NOSFERATU.movie): "saved", str(METROPOLIS.movie): "excluded"})


def test_films_that_failed_are_tried_again_by_name_and_all_together_but_for_removed_ones(
    service: Service, world: World
) -> None:
    wished(world, LOST, SAFETY)
    uploads, world.api.uploads[:] = list(world.api.uploads), []
    service.up()
    service.until_all("not_found")
    world.api.uploads[:] = uploads
    service.do("remove", str(METROPOLIS.movie))
    service.do("retry", str(NOSFERATU.movie))
    service.until(lambda seen: seen[str(NOSFERATU.movie)] == "saved")
    assert list(service.statuses().values()).count("not_found") == 2
    offered(world, LOST)
    service.do("retry", "--all")
    service.until(lambda seen: list(seen.values()).count("saved") == 3)
    assert service.statuses()[str(METROPOLIS.movie)] == "excluded"


def test_an_import_is_seen(service: Service, tmp_path: Path) -> None:
    export = tmp_path / "watchlist.csv"
    export.write_text(
        f"Date,Name,Year,Letterboxd URI\n2026-01-01,Safety Last!,1923,https://boxd.it/{SAFETY.movie.lid}\n"
    )
    service.settings["username"] = ""
    service.up()
    service.do("import", str(export))
    service.until(lambda seen: seen == {str(SAFETY.movie): "saved"})


def test_the_queues_can_be_looked_at_and_the_services_tried_beside_it_and_its_end_is_seen(service: Service) -> None:
    service.up()
    service.until_all("saved")
    films = json.loads(service.do("list", "completed", "--json"))["films"]
    assert [film["title"] for film in films] == ["Nosferatu", "Metropolis"]
    assert json.loads(service.do("stats", "--json"))["saved"] == 2
    findings = json.loads(service.do("check", "--json"))["findings"]
    assert {finding["state"] for finding in findings} == {"fine"}
    service.do("check", "--live")
    assert service.stop() == 0
    service.do("check", "--live", code=4)


def test_a_backup_is_made_beside_it_and_putting_one_back_waits_for_its_end(service: Service, tmp_path: Path) -> None:
    saved = tmp_path / "saved.tar.gz"
    service.up()
    service.until_all("saved")
    service.do("backup", str(saved))
    with tarfile.open(saved) as archive:
        assert {"movie_sync.db", "config.json", "queue_completed.json"} <= set(archive.getnames())
    service.do("remove", str(METROPOLIS.movie))
    service.do("restore", str(saved), "--yes", code=1)
    assert service.statuses()[str(METROPOLIS.movie)] == "excluded"
    assert service.stop() == 0
    service.do("restore", str(saved), "--yes")
    assert set(service.statuses().values()) == {"saved"}


def test_of_a_first_run_for_new_films_only_those_added_since_are_fetched_until_the_rest_is_asked_for(
    service: Service, world: World
) -> None:
    service.settings |= {"first_run": "new", "check_interval": 1}
    service.up()
    service.until(lambda seen: list(seen.values()) == ["excluded"] * 2)
    wished(world, SAFETY)
    service.until(lambda seen: seen.get(str(SAFETY.movie)) == "saved")
    assert list(service.statuses().values()).count("excluded") == 2
    service.do("add", "--seen")
    service.until_all("saved")


# -- settings


def test_a_shorter_check_interval_is_kept_from_now_on(service: Service, world: World) -> None:
    service.up()
    service.until_all("saved")
    wished(world, SAFETY)
    service.do("config", "set", "check_interval", "1")
    service.until(lambda seen: seen.get(str(SAFETY.movie)) == "saved")
    wished(world, LOST)
    service.until(lambda seen: seen.get(str(LOST.movie)) == "not_found")


def test_a_name_that_is_set_brings_its_watchlist(service: Service) -> None:
    service.settings["username"] = ""
    service.up()
    service.do("config", "set", "username", USERNAME)
    service.until(lambda seen: list(seen.values()) == ["saved"] * 2)


def test_more_films_download_at_once_when_more_may(service: Service, world: World, tmp_path: Path) -> None:
    wished(world, SAFETY)
    nobody_seeds(world, tmp_path / "nobody")
    service.settings["client"] = "builtin"
    service.settings["max_active_downloads"] = 1
    service.up()
    service.until(lambda seen: sorted(seen.values()) == ["downloading", "put_off", "put_off"])
    service.do("config", "set", "max_active_downloads", "2")
    service.until(lambda seen: sorted(seen.values()) == ["downloading", "downloading", "put_off"])
    service.do("config", "set", "max_active_downloads", "0")
    service.until_all("downloading")


def test_another_retry_interval_holds_from_the_next_failure_on(service: Service, world: World) -> None:
    uploads = list(world.api.uploads)
    world.api.uploads[:] = [replace(upload, torrent=None) for upload in uploads]
    service.up()
    service.until_all("retrying")
    service.do("config", "set", "retry_interval", "1")
    service.until_settings_taken()
    service.do("retry", "--all")
    until(lambda: all(film["retry_count"] >= 2 for film in json.loads(service.do("list", "failed", "--json"))["films"]))
    world.api.uploads[:] = uploads
    service.until_all("saved")


def test_fewer_seeders_are_enough_at_once_for_what_had_too_few(service: Service) -> None:
    service.filelist["download_preferences"] = {"minimum_seeders": 50}
    service.up()
    service.until_all("not_found")
    service.do("config", "set", "download_preferences.minimum_seeders", "5")
    service.until_all("saved")


def test_a_hand_edit_that_cannot_be_used_is_told_once_and_the_settings_before_stay(
    service: Service, world: World
) -> None:
    service.settings["check_interval"] = 1
    service.up()
    service.until_all("saved")
    (service.home / "config.json").write_text('{"check_interval": "often"')
    until(lambda: "settings are not used" in service.log())
    wished(world, SAFETY)
    service.until(lambda seen: seen.get(str(SAFETY.movie)) == "saved")
    assert service.log().count("settings are not used") == 1


def test_many_settings_changed_in_a_row_while_films_download_double_nothing(
    with_server: Service, world: World, server: Nox, monkeypatch: pytest.MonkeyPatch
) -> None:
    wished(world, SAFETY, LOST)
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(with_server.home))
    with_server.up()
    until(world.api.calls)
    for number in range(20):
        with pytest.raises(SystemExit, match="0"):
            main(["config", "set", "qbittorrent.tags", f"movie_sync,tag{number}"])
        time.sleep(0.1)
    with_server.until(lambda seen: sorted(seen.values()) == ["downloaded"] * 3 + ["not_found"])
    assert len(server.api.torrents_info()) == 3
    assert len(world.api.calls()) <= 8
    assert with_server.stop() == 0


# -- log-ins and services that are left alone


def test_a_refused_passkey_is_tried_again_only_when_asked_for_and_another_at_once(
    service: Service, world: World
) -> None:
    service.log_in("filelist", passkey=WRONG_PASSKEY)
    service.up()
    service.until_all("put_off")
    service.do("add", "Safety Last! (1923)")
    service.until(lambda seen: seen.get(str(SAFETY.movie)) == "put_off")
    assert len(world.api.calls()) == 1
    service.do("retry", "--now")
    until(lambda: len(world.api.calls()) == 2)
    service.until_all("put_off")
    service.do("credentials", "set", "filelist", typed=f"{USERNAME}\n{PASSKEY}\n")
    service.until_all("saved")
    # Refused twice; tried by the command that took it; one look at the newest releases, and three searches.
    assert len(world.api.calls()) == 7


def refused_log_ins(server: Nox) -> int:
    """How often qBittorrent refused someone since it started."""
    return sum("login failure" in entry.message.lower() for entry in server.api.log_main())


def test_a_refused_qbittorrent_password_is_tried_again_only_when_asked_for_and_another_at_once(
    with_server: Service, server: Nox
) -> None:
    with_server.log_in("qbittorrent", password="wrong-and-made-up")
    before = refused_log_ins(server)
    with_server.up()
    with_server.until_all("put_off")
    with_server.do("config", "set", "qbittorrent.category", "Films")
    with_server.do("add", "Safety Last! (1923)")
    with_server.until(lambda seen: seen.get(str(SAFETY.movie)) == "put_off")
    assert refused_log_ins(server) == before + 1
    with_server.do("retry", "--now")
    until(lambda: refused_log_ins(server) == before + 2)
    with_server.until_all("put_off")
    with_server.do("credentials", "set", "qbittorrent", typed=f"{nox.USERNAME}\n{server.password}\n")
    with_server.until_all("downloading", "downloaded")
    assert refused_log_ins(server) == before + 2
    assert {row.category for row in server.api.torrents_info()} == {"Films"}


@pytest.mark.parametrize("answer", [CHALLENGE, Answer(b"slow down", 429)], ids=["challenge", "429"])
def test_a_pause_letterboxd_asked_for_outlasts_an_impatient_person(
    service: Service, world: World, answer: Answer
) -> None:
    world.site.next_answers.extend([answer] * 3)
    service.up()
    until(lambda: "letterboxd" in service.do("stats"))
    assert json.loads(service.do("retry", "--now", "--json"))["left_alone"] == ["letterboxd"]
    until(lambda: "asked again" in service.log())
    assert len(world.site.requests) == 1


def test_used_up_calls_stay_used_up_for_an_impatient_person(service: Service, world: World) -> None:
    world.api.next_answers.extend([LIMITED] * 3)
    service.up()
    service.until_all("put_off")
    assert json.loads(service.do("retry", "--now", "--json"))["left_alone"] == ["filelist"]
    until(lambda: "asked again" in service.log())
    assert len(world.api.calls()) == 1


# -- ends at odd moments


def hangs(service: Service, world: World, hang: Callable[[Request], Answer]) -> None:
    """The service waits for an answer of the tracker."""
    world.api.next_answers.append(hang)
    service.up()
    until(world.api.calls)


def test_a_stop_does_not_wait_for_settings_that_wait_for_a_request(
    service: Service, world: World, hang: Callable[[Request], Answer]
) -> None:
    hangs(service, world, hang)
    assert service.process is not None
    threads = Path(f"/proc/{service.process.pid}/task")
    before = len(list(threads.iterdir()))
    service.do("config", "set", "check_interval", "1")
    until(lambda: len(list(threads.iterdir())) < before)
    begun = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - begun < 6


def test_a_kill_while_settings_are_taken_loses_and_doubles_nothing(
    with_server: Service, world: World, server: Nox, hang: Callable[[Request], Answer]
) -> None:
    hangs(with_server, world, hang)
    chance = random.Random(1)
    for number in range(2):
        with_server.do("config", "set", "qbittorrent.category", f"Films{number}")
        time.sleep(chance.uniform(0.7, 1.3))
        with_server.kill()
        with_server.qbittorrent["category"] = f"Films{number}"
        with_server.up()
    with_server.until_all("downloading", "downloaded")
    assert len(server.api.torrents_info()) == 2
    assert with_server.stop() == 0


# -- in this process


@contextmanager
def running(service: Service) -> Iterator[App]:
    """The service in this process, on the settings of a program."""
    service._prepare()
    stop = threading.Event()
    with App(Config.load(service.home, environment={}), CredentialsManager(service.home, {}), stop) as app:
        thread = threading.Thread(target=app.run, name="main of the service")
        thread.start()
        try:
            yield app
        finally:
            app.stop()
            thread.join(10)
            assert not thread.is_alive()


def test_a_setting_leaves_alone_the_parts_that_do_not_depend_on_it(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    service.settings["client"] = "builtin"
    with running(service) as app:
        service.until(lambda seen: len(seen) == 2)
        parts = app._client, app._tracker, app._library, app._watchlists
        write_settings(service.home, {"check_interval": 7, "max_active_downloads": 5})
        until(lambda: "Settings were read again." in caplog.text)
        now = app._client, app._tracker, app._library, app._watchlists
        assert all(before is after for before, after in zip(parts, now, strict=True))
        service.until_all("downloaded")


def test_a_start_that_fails_holds_neither_lock_nor_file_nor_thread(service: Service) -> None:
    service._prepare()
    config = Config.load(service.home, environment={})
    nobody = CredentialsManager(service.home, {})
    nobody.clear("filelist")

    def fails() -> tuple[int, int]:
        with pytest.raises(CredentialsError), App(config, nobody, threading.Event()):
            pass
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    before = fails()
    assert [fails() for _ in range(3)] == [before] * 3
    assert InstanceLock(service.home / "instance.lock").holder() is None


# -- another address is another service


def test_a_wrong_name_that_is_corrected_brings_its_watchlist(service: Service, world: World) -> None:
    service.settings["username"] = "nobody"
    service.up()
    until(lambda: "no user" in service.log())
    service.do("config", "set", "username", USERNAME)
    service.until_all("saved")


def test_films_put_off_for_a_wrong_port_are_handed_over_once_it_is_right(with_server: Service, server: Nox) -> None:
    with_server.qbittorrent["port"] = free_port()
    with_server.up()
    with_server.until_all("put_off")
    with_server.do("config", "set", "qbittorrent.port", str(server.port))
    with_server.until_all("downloading", "downloaded")
    assert len(server.api.torrents_info()) == 2


def test_films_put_off_for_a_wrong_tracker_address_go_on_once_it_is_right(service: Service, world: World) -> None:
    service.settings["filelist_url"] = f"http://127.0.0.1:{free_port()}"
    service.up()
    service.until_all("put_off")
    service.do("config", "set", "filelist_url", world.api.url)
    service.until_all("saved")


def test_films_put_off_for_a_library_that_is_not_there_go_on_once_it_is_taken_out(service: Service) -> None:
    service.settings["library_directories"] = [str(service.folder / "nowhere")]
    service.up()
    service.until_all("put_off")
    service.do("config", "unset", "library_directories")
    service.until_all("saved")


def test_another_setting_shortens_no_pause_a_service_asked_for(service: Service, world: World) -> None:
    world.api.next_answers.append(LIMITED)
    service.up()
    service.until_all("put_off")
    service.do("config", "set", "filelist_delay", "0.01")
    service.until_settings_taken()
    service.do("add", "Safety Last! (1923)")
    service.until(lambda seen: seen.get(str(SAFETY.movie)) == "put_off")
    assert len(world.api.calls()) == 1


# -- trouble while settings are taken


def test_a_cleared_log_in_and_a_wish_to_ask_again_end_no_service(service: Service) -> None:
    service.up()
    service.until_all("saved")
    service.do("credentials", "clear", "filelist")
    service.do("retry", "--now")
    until(lambda: "Nothing is done" in service.log())
    service.do("add", "Safety Last! (1923)")
    service.do("credentials", "set", "filelist", "--untried", typed=f"{USERNAME}\n{PASSKEY}\n")
    service.until(lambda seen: seen.get(str(SAFETY.movie)) == "saved")


def test_a_film_whose_work_broke_off_is_due_again_when_settings_change(service: Service) -> None:
    (service.home / "torrents").write_text("in the way")
    service.up()
    until(lambda: "Next try in" in service.log())
    (service.home / "torrents").unlink()
    service.do("config", "set", "max_active_downloads", "9")
    service.until_all("saved")


def test_state_of_the_builtin_client_that_is_gone_ends_no_service(
    service: Service, world: World, tmp_path: Path
) -> None:
    nobody_seeds(world, tmp_path / "nobody")
    service.settings["client"] = "builtin"
    service.up()
    service.until_all("downloading")
    shutil.rmtree(service.home / "torrents" / "builtin")
    service.do("retry", "--now")
    until(lambda: "was not ended in order" in service.log())
    service.do("remove", str(METROPOLIS.movie))
    service.do("add", "Safety Last! (1923)")
    service.until(lambda seen: seen.get(str(SAFETY.movie)) == "downloading")


def test_settings_that_vanish_for_a_moment_are_not_taken_for_defaults(
    with_server: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with running(with_server) as app:
        until(lambda: "runs on" in caplog.text)
        watchlists = app._watchlists
        (with_server.home / "config.json").rename(with_server.home / "config.json~")
        until(lambda: "config.json is gone" in caplog.text)
        assert app._watchlists is watchlists


def test_settings_taken_again_and_again_leave_no_thread_and_no_file_open(service: Service) -> None:
    service._prepare()
    config = Config.load(service.home, environment={})
    files = []
    with App(config, CredentialsManager(service.home, {}), threading.Event()) as app:
        for _ in range(30):
            app.apply(config, ask_services=True)
            until(lambda: len(app._store._open) >= 5)  # each worker has opened its own
            files.append(len(list(Path("/proc/self/fd").iterdir())))
        threads = threading.active_count()
        app._end()
    assert threads < 20
    assert files[-1] < files[4] + 20


def test_a_database_that_is_locked_for_a_while_ends_no_service(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_S", 0.2)
    with running(service):
        until(lambda: set(service.statuses().values()) == {"saved"})
        with contextlib.closing(sqlite3.connect(service.home / "movie_sync.db", isolation_level=None)) as other:
            other.execute("INSERT INTO requests (request, at) VALUES ('ask_services', 0)")
            other.execute("BEGIN IMMEDIATE")
            until(lambda: any("app" in one.name and "locked" in one.message for one in caplog.records))
            other.execute("ROLLBACK")
        until(lambda: "asked again" in caplog.text)


def test_a_try_asked_for_is_made_though_a_worker_remembers_the_refusal_meanwhile(
    with_server: Service, world: World, server: Nox, tmp_path: Path
) -> None:
    nobody_seeds(world, tmp_path / "nobody")
    with_server._prepare()
    config = Config.load(with_server.home, environment={})
    with App(config, CredentialsManager(with_server.home, {}), threading.Event()) as app:
        app._start()
        until(lambda: set(with_server.statuses().values()) == {"downloading"})
        before = refused_log_ins(server)
        with_server.log_in("qbittorrent", password="wrong-and-made-up")
        app._reread_settings()
        until(lambda: app._health.state("qbittorrent").state != FINE)
        QueueEditor(app._store, app._clock).ask_services()
        # As the worker does by itself every two seconds.
        app._transfers.guarded_step()
        app._answer_commands()
        until(lambda: refused_log_ins(server) == before + 2)
        app._end()


# -- the end


def test_a_signal_in_the_middle_of_a_look_at_the_stop_is_heard(service: Service) -> None:
    code = """
import signal, threading
from movie_sync.app import App
from movie_sync.cli.run import _stop_on_signals
from movie_sync.config import Config
from movie_sync.credentials_manager import CredentialsManager
stop = threading.Event()
config = Config.load()
with App(config, CredentialsManager(config.home), stop) as app:
    _stop_on_signals(app, once=False)
    with stop._cond:  # the main thread holds this for a moment each second
        signal.raise_signal(signal.SIGTERM)
    print(stop.wait(3))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=service._prepare(), capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout == "True\n", done.stderr


def test_systemd_hears_of_it_while_settings_wait_for_a_request(
    service: Service, world: World, hang: Callable[[Request], Answer]
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(service.folder / "n"))
        ear.settimeout(3)
        service.environment["NOTIFY_SOCKET"] = str(service.folder / "n")
        hangs(service, world, hang)
        assert service.process is not None
        threads = Path(f"/proc/{service.process.pid}/task")
        before = len(list(threads.iterdir()))
        service.do("config", "set", "check_interval", "7")
        until(lambda: len(list(threads.iterdir())) < before)
        heard = {ear.recv(100) for _ in range(30)}
        assert b"WATCHDOG=1" in heard
