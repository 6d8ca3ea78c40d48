"""``movie-sync check``: what is fine, what mends itself, what a person has to do; and what that costs the services."""

import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from command_line import Answered, Run, as_before, runner
from conftest import movie

from movie_sync.demo import nox
from movie_sync.demo.filelist_api import LIMITED, FileListApi
from movie_sync.demo.films import FILMS
from movie_sync.demo.letterboxd_site import CHALLENGE, PRIVATE, LetterboxdSite
from movie_sync.demo.loopback import Answer, LoopbackServer, Request
from movie_sync.demo.nox import Nox
from movie_sync.demo.world import PASSKEY, USERNAME, World
from movie_sync.errors import NeedsPerson, Unavailable
from movie_sync.health import ProviderHealth
from movie_sync.lib.clock import SystemClock
from movie_sync.lib.files import InstanceLock
from movie_sync.store import Store
from movie_sync.verbs import trials
from reliability.program import Program

WRONG_PASSKEY = "f" * 32

same_process = pytest.fixture(autouse=True)(as_before)


class Machine:
    """A home folder that is set up, with replicas and qBittorrent; ask it with `check`.

    Attributes:
        settings: What goes into config.json before each command.
    """

    def __init__(self, home: Path, run: Run, site: LetterboxdSite, api: FileListApi, server: Nox) -> None:
        self.home = home
        self.run = run
        self.site = site
        self.api = api
        self.server = server
        self.settings: dict[str, Any] = {
            "username": USERNAME,
            "letterboxd_url": site.url,
            "letterboxd_delay": 0,
            "filelist_url": api.url,
            "filelist_delay": 0,
            "download_directory": str(home.parent / "downloads"),
        }

    def check(self, *arguments: str) -> Answered:
        (self.home / "config.json").write_text(json.dumps(self.settings))
        return self.run("check", *arguments)

    def findings(self, code: int) -> dict[str, dict[str, str]]:
        """What a check with this exit code found: what it looked at to the finding; one of each."""
        answered = self.check("--json")
        assert (answered.code, answered.json["ok"]) == (code, code == 0), answered
        assert "Traceback" not in answered.err
        found = {one["what"]: one for one in answered.json["findings"]}
        assert len(found) == len(answered.json["findings"])
        told = (one["hint"] or "allowed is" in one["message"] for one in found.values() if one["state"] == "person")
        assert all(told), "nobody is told what to do"
        return found

    def one_trouble(self, code: int, what: str) -> dict[str, str]:
        """The finding of a check that found this one trouble and nothing else."""
        found = self.findings(code)
        assert {name for name, one in found.items() if one["state"] != "fine"} == {what}, found
        assert found[what]["state"] == {3: "person", 4: "later"}[code]
        return found[what]

    def only_finding(self, what: str) -> dict[str, str]:
        """The trouble that ended a check at once."""
        found = self.findings(3)
        assert list(found) == [what]
        return found[what]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nox]:
    folder = tmp_path_factory.mktemp("qbittorrent")
    with Nox(folder / "profile", folder / "films") as running:
        yield running


@pytest.fixture
def machine(
    home: Path, server: Nox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Machine]:
    for name in [name for name in os.environ if name.startswith("MOVIE_SYNC_")]:
        monkeypatch.delenv(name)
    for name, value in (
        ("FILELIST_USERNAME", USERNAME),
        ("FILELIST_PASSKEY", PASSKEY),
        ("QBITTORRENT_USERNAME", nox.USERNAME),
        ("QBITTORRENT_PASSWORD", server.password),
        ("QBITTORRENT_HOST", "127.0.0.1"),
        ("QBITTORRENT_PORT", str(server.port)),
    ):
        monkeypatch.setenv(f"MOVIE_SYNC_{name}", value)
    site = LetterboxdSite(USERNAME, [movie(number) for number in range(1, 41)])
    api = FileListApi(USERNAME, PASSKEY)
    yield Machine(home, runner(home, monkeypatch, capsys), site, api, server)
    site.close()
    api.close()


def asked(machine: Machine) -> tuple[int, int]:
    """Requests to Letterboxd and FileList so far."""
    return len(machine.site.requests), len(machine.api.requests)


# -- all is well


def test_when_all_is_well_it_says_so_of_each_thing(machine: Machine) -> None:
    found = machine.findings(0)
    assert list(found) == [
        "home folder",
        "database",
        "letterboxd",
        "filelist",
        "qbittorrent",
        "download folder",
        "newest releases",
        "clock",
    ]
    assert {one["state"] for one in found.values()} == {"fine"}
    assert found["letterboxd"]["message"] == "The watchlist of demo can be read: 40 films."
    assert "119 calls are left" in found["filelist"]["message"]
    assert str(machine.server.save_path) in found["qbittorrent"]["message"]


def test_a_check_makes_one_request_to_each_service(machine: Machine) -> None:
    for times in (1, 2, 3):
        assert machine.check().code == 0
        assert asked(machine) == (times, times)
    assert {request.path for request in machine.site.requests} == {"/demo/watchlist/"}
    assert {request.query["action"] for request in machine.api.requests} == {"latest-torrents"}


def test_for_people_there_is_a_line_each_and_nothing_on_stderr(machine: Machine) -> None:
    answered = machine.check()
    assert (answered.code, answered.err) == (0, "")
    assert all(line.startswith("fine ") for line in answered.out.splitlines())
    assert len(answered.out.splitlines()) == 8


def test_trouble_is_a_line_with_what_to_do_below_it(machine: Machine) -> None:
    machine.site.next_answers.append(PRIVATE)
    lines = machine.check().out.splitlines()
    (number,) = [number for number, line in enumerate(lines) if not line.startswith("fine ")][:1]
    assert re.match(r"you +letterboxd +The watchlist is private\.", lines[number])
    assert re.match(r" +→ Make it public", lines[number + 1])


def test_no_secret_is_shown(machine: Machine) -> None:
    echo = json.dumps({"error": f"The passkey {PASSKEY} is out of order"}).encode()
    machine.api.next_answers.extend([Answer(echo, 200, "application/json")] * 2)
    told = [machine.check(), machine.check("--json")]
    assert [one.code for one in told] == [4, 4]
    assert not any(secret in one.out + one.err for one in told for secret in (PASSKEY, machine.server.password))


def test_without_a_name_the_watchlist_is_left_out(machine: Machine) -> None:
    machine.settings["username"] = ""
    assert "imports" in machine.findings(0)["letterboxd"]["message"]
    assert machine.site.requests == []


@pytest.mark.parametrize("client", ["none", "builtin"])
def test_another_client_is_tried_in_place_of_qbittorrent(client: str, machine: Machine) -> None:
    machine.settings |= {"client": client, "builtin_listen": "127.0.0.1:0"}
    found = machine.findings(0)
    assert client in found
    assert "qbittorrent" not in found


# -- one trouble each


def test_a_setting_that_cannot_be_ends_it_before_anybody_is_asked(machine: Machine) -> None:
    machine.settings["check_interval"] = "often"
    assert "check_interval" in machine.only_finding("settings")["message"]
    assert asked(machine) == (0, 0)


def test_a_settings_file_that_does_not_parse_is_told_with_its_line(machine: Machine) -> None:
    (machine.home / "filelist_config.json").write_text("{\n,")
    assert "line 2" in machine.only_finding("settings")["message"]


def test_a_setting_nobody_knows_is_told_and_the_rest_is_looked_at(machine: Machine) -> None:
    machine.settings["usrname"] = "ion"
    assert "did you mean username" in machine.one_trouble(3, "settings")["message"]
    assert asked(machine) == (1, 1)


@pytest.mark.parametrize("service", ["filelist", "qbittorrent"])
def test_a_missing_log_in_is_named_with_its_variables(
    service: str, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(f"MOVIE_SYNC_{service.upper()}_USERNAME")
    finding = machine.one_trouble(3, service)
    assert "user name" in finding["message"]
    assert f"MOVIE_SYNC_{service.upper()}_USERNAME" in finding["hint"]
    assert len(machine.api.requests) == (service != "filelist")


def test_stored_credentials_that_cannot_be_read_are_told(machine: Machine) -> None:
    (machine.home / "credentials.enc").write_text("junk")
    found = machine.findings(3)
    assert found["filelist"]["state"] == found["qbittorrent"]["state"] == "person"
    assert "key" in found["filelist"]["message"]
    assert machine.api.requests == []
    assert (machine.home / "credentials.enc").read_text() == "junk"


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (Answer(b"Not found", 404), 3, "no user 'demo'"),
        (PRIVATE, 3, "private"),
        (CHALLENGE, 4, "browser check"),
        (Answer(b"", 429), 4, "left alone"),
        (Answer(b"", 502), 4, "down (502)"),
        (Answer(b"<html><body>Welcome</body></html>"), 3, "could not be read"),
    ],
    ids=["unknown user", "private", "challenge", "limited", "down", "changed"],
)
def test_a_watchlist_that_cannot_be_read_is_told(answer: Answer, code: int, said: str, machine: Machine) -> None:
    machine.site.next_answers.append(answer)
    assert said in machine.one_trouble(code, "letterboxd")["message"]
    assert asked(machine) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (Answer(b"", 503), 4, "not available (503)"),
        (Answer(b"<html>Site in mentenanta</html>"), 4, "page instead of data"),
        (Answer(b'[{"id": 1}]'), 3, "another form"),
    ],
    ids=["down", "outage", "changed"],
)
def test_a_tracker_that_cannot_be_used_is_told(answer: Answer, code: int, said: str, machine: Machine) -> None:
    machine.api.next_answers.append(answer)
    assert said in machine.one_trouble(code, "filelist")["message"]
    assert asked(machine) == (1, 1)
    assert machine.findings(0)["filelist"]["state"] == "fine"


def test_a_pause_the_tracker_asks_for_is_kept_by_the_next_check(machine: Machine) -> None:
    machine.api.next_answers.append(LIMITED)
    assert "150 calls" in machine.one_trouble(4, "filelist")["message"]
    again = machine.one_trouble(4, "filelist")["message"]
    assert "asked again in 60 min" in again
    assert asked(machine) == (2, 1)


def test_services_that_cannot_be_reached_are_for_later(machine: Machine) -> None:
    nowhere = f"http://127.0.0.1:{nox.free_port()}"
    machine.settings |= {"letterboxd_url": nowhere, "filelist_url": nowhere}
    found = machine.findings(4)
    assert found["letterboxd"]["state"] == found["filelist"]["state"] == "later"
    assert "cannot be reached" in found["filelist"]["message"]
    assert found["clock"]["state"] == "fine"


def test_a_refused_log_in_is_tried_once_and_not_again_by_another_check(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_PASSKEY", WRONG_PASSKEY)
    assert "403" in machine.one_trouble(3, "filelist")["message"]
    for _ in range(2):
        again = machine.one_trouble(3, "filelist")
        assert "not asked again" in again["message"]
        assert "movie-sync credentials set filelist" in again["hint"]
    assert len(machine.api.requests) == 1
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_PASSKEY", PASSKEY)
    machine.findings(0)
    assert len(machine.api.requests) == 2


def test_a_refusal_the_service_met_is_not_tried_again_by_a_check(machine: Machine) -> None:
    machine.api.next_answers.append(Answer(b'{"error": "Invalid passkey/username"}', 403))
    (machine.home / "config.json").write_text(json.dumps(machine.settings))
    assert machine.run("run", "--once", "--json").code == 3
    before = len(machine.api.requests)
    machine.one_trouble(3, "filelist")
    assert len(machine.api.requests) == before


class RefusingQBittorrent(LoopbackServer):
    """Refuses every log-in, as qBittorrent does."""

    def answer(self, request: Request) -> Answer:
        return Answer(b"Fails.") if request.path.endswith("/login") else Answer(b"Forbidden", 403)

    def log_ins(self) -> int:
        return sum(request.path.endswith("/login") for request in self.requests)


def test_a_wrong_qbittorrent_password_is_tried_once(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = RefusingQBittorrent()
    monkeypatch.setenv("MOVIE_SYNC_QBITTORRENT_HOST", refusing.url)
    for _ in range(3):
        assert "refused" in machine.one_trouble(3, "qbittorrent")["message"]
    assert refusing.log_ins() == 1
    refusing.close()


def test_a_wrong_password_never_gets_this_machine_banned(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as wrong:
        wrong.setenv("MOVIE_SYNC_QBITTORRENT_PASSWORD", "not-this-one")
        for _ in range(8):
            machine.one_trouble(3, "qbittorrent")
    machine.findings(0)


def test_a_qbittorrent_that_is_down_is_for_later(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOVIE_SYNC_QBITTORRENT_PORT", str(nox.free_port()))
    finding = machine.one_trouble(4, "qbittorrent")
    assert "does not answer" in finding["message"]
    assert "web UI" in finding["hint"]


def test_a_missing_library_folder_is_for_the_person(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    machine.settings["library_directories"] = [str(tmp_path / "films")]
    assert machine.findings(0)["library"]["state"] == "fine"
    machine.settings["library_directories"] = [str(tmp_path / "not mounted")]
    assert str(tmp_path / "not mounted") in machine.one_trouble(3, "library")["message"]


def test_a_download_folder_that_cannot_be_made_is_for_the_person(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    machine.settings["download_directory"] = str(tmp_path / "file" / "films")
    finding = machine.one_trouble(3, "download folder")
    assert str(tmp_path / "file" / "films") in finding["message"]
    assert str(tmp_path / "file") in finding["hint"]


def test_a_check_does_not_make_the_download_folder(machine: Machine) -> None:
    assert "will be made" in machine.findings(0)["download folder"]["message"]
    assert not Path(machine.settings["download_directory"]).exists()


def test_little_space_is_for_the_person(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "LOW_SPACE_BYTES", 1 << 70)
    found = machine.findings(3)
    assert found["download folder"]["state"] == found["home folder"]["state"] == "person"
    assert "little" in found["download folder"]["message"]


def test_a_home_others_can_read_is_told(machine: Machine) -> None:
    machine.home.chmod(0o755)
    found = machine.findings(3)
    assert found["home folder"]["state"] == "person"
    assert f"chmod 700 {machine.home}" in found["home folder"]["hint"]


def test_a_damaged_database_ends_it_and_stays_as_it_is(machine: Machine) -> None:
    (machine.home / "movie_sync.db").write_bytes(b"junk" * 1000)
    assert "damaged" in machine.one_trouble(3, "database")["message"]
    assert asked(machine) == (0, 0)
    assert (machine.home / "movie_sync.db").read_bytes() == b"junk" * 1000


def test_damage_inside_the_database_is_found(machine: Machine) -> None:
    machine.findings(0)
    path = machine.home / "movie_sync.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'history'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    found = machine.findings(3)
    assert found["database"]["state"] == "person"
    assert "movie-sync restore" in found["database"]["hint"] or "Move it away" in found["database"]["hint"]


def test_an_edit_that_could_not_be_taken_is_shown_until_it_is_dealt_with(machine: Machine) -> None:
    export = machine.home.parent / "watchlist.csv"
    export.write_text("Date,Name,Year,Letterboxd URI\n2024-01-01,Dune,2021,https://boxd.it/dUnE\n")
    machine.run("import", export)
    (machine.home / "queue_pending.json").write_text("[{,")
    machine.run("import", export)
    (kept,) = machine.home.glob("queue_pending.kept-*.json")
    for _ in range(2):
        assert str(kept) in machine.one_trouble(3, "queue files")["message"]
    kept.unlink()
    machine.findings(0)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NeedsPerson("library", "The folder /films lost 20 films at once.", hint="Look at it."), 3),
        (Unavailable("library", "The folder /films cannot be read.", hint="Mount it."), 4),
    ],
)
def test_trouble_only_the_service_can_see_is_shown_too(
    error: NeedsPerson | Unavailable, code: int, machine: Machine
) -> None:
    store = Store(machine.home / "movie_sync.db")
    ProviderHealth(store, SystemClock(), machine.home, {}).failed(error)
    store.close()
    finding = machine.one_trouble(code, "library")
    assert error.message in finding["message"]
    assert finding["hint"] == error.hint


# -- the clock


def at_another_time(server: LoopbackServer, seconds: float) -> Callable[[Request], Answer]:
    """The server's answer with a Date so many seconds from now."""

    def bent(request: Request) -> Answer:
        answer = server.answer(request)
        head = (
            f"HTTP/1.1 {answer.status} OK\r\nDate: {formatdate(time.time() + seconds, usegmt=True)}\r\n"
            f"Content-Type: {answer.content_type}\r\nContent-Length: {len(answer.body)}\r\nConnection: close\r\n\r\n"
        )
        return Answer(write=lambda write: write(head.encode() + answer.body))

    return bent


@pytest.mark.parametrize(("seconds", "said"), [(600, "10 min behind"), (-600, "10 min ahead of")])
def test_a_clock_that_is_ten_minutes_off_is_for_the_person(seconds: float, said: str, machine: Machine) -> None:
    machine.site.next_answers.append(at_another_time(machine.site, seconds))
    machine.api.next_answers.append(at_another_time(machine.api, seconds))
    finding = machine.one_trouble(3, "clock")
    assert said in finding["message"]
    assert "timedatectl" in finding["hint"]


def test_one_server_with_a_wrong_clock_is_not_blamed_on_this_machine(machine: Machine) -> None:
    machine.site.next_answers.append(at_another_time(machine.site, 86400))
    assert machine.findings(0)["clock"]["state"] == "fine"


def test_a_minute_is_close_enough(machine: Machine) -> None:
    machine.site.next_answers.append(at_another_time(machine.site, 60))
    machine.api.next_answers.append(at_another_time(machine.api, 60))
    assert re.search("within (59|60|61) s", machine.findings(0)["clock"]["message"])


# -- the exit code


def test_what_is_for_the_person_goes_before_what_is_for_later(machine: Machine) -> None:
    machine.api.next_answers.append(Answer(b"down", 503))
    assert machine.check().code == 4
    machine.site.next_answers.append(PRIVATE)
    machine.api.next_answers.append(Answer(b"down", 503))
    found = machine.findings(3)
    assert (found["letterboxd"]["state"], found["filelist"]["state"]) == ("person", "later")
    assert machine.check().code == 0


def test_a_check_never_asks_even_on_a_home_that_was_never_used(machine: Machine) -> None:
    for name in [name for name in os.environ if name.startswith("MOVIE_SYNC_") and name != "MOVIE_SYNC_HOME"]:
        del os.environ[name]
    machine.settings = {}
    found = machine.findings(3)
    assert {name for name, one in found.items() if one["state"] == "person"} == {"filelist", "qbittorrent"}


# -- live


def content(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Name to time of change, rights and bytes."""
    return {
        path.name: (path.stat().st_mtime_ns, stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        for path in folder.iterdir()
    }


def test_live_without_a_process_is_for_later_and_writes_nothing(machine: Machine) -> None:
    answered = machine.run("check", "--live", "--json")
    assert (answered.code, answered.err) == (4, "")
    (finding,) = answered.json["findings"]
    assert (finding["what"], finding["state"], finding["hint"]) == ("service", "later", "Start it: movie-sync run")
    assert list(machine.home.iterdir()) == []
    machine.home.rmdir()
    assert machine.run("check", "--live").code == 4
    assert not machine.home.exists()


def test_live_does_not_take_a_lock_that_was_left_for_a_process(machine: Machine) -> None:
    (machine.home / "instance.lock").write_text("1\n")
    assert machine.run("check", "--live").code == 4


def test_live_with_a_process_names_it_asks_nobody_and_writes_nothing(machine: Machine) -> None:
    machine.findings(0)
    lock = InstanceLock(machine.home / "instance.lock")
    lock.acquire()
    store = Store(machine.home / "movie_sync.db")
    before, requests = content(machine.home), asked(machine)
    answered = machine.run("check", "--live", "--json")
    assert (answered.code, answered.err) == (0, "")
    (finding,) = answered.json["findings"]
    assert f"pid {os.getpid()}" in finding["message"]
    assert (content(machine.home), asked(machine)) == (before, requests)
    store.close()
    lock.release()


def test_live_with_a_damaged_database_is_for_the_person(machine: Machine) -> None:
    lock = InstanceLock(machine.home / "instance.lock")
    lock.acquire()
    (machine.home / "movie_sync.db").write_bytes(b"junk" * 1000)
    answered = machine.run("check", "--live", "--json")
    assert answered.code == 3
    assert [one["state"] for one in answered.json["findings"]] == ["fine", "person"]
    lock.release()


def test_live_says_what_the_real_service_does(tmp_path: Path) -> None:
    world = World(tmp_path / "world", private=False, films=FILMS[:1])
    program = Program(tmp_path / "program", world)
    assert program.ask("check", "--live").returncode == 4
    process = program.start()
    # Then it is handed over, and nothing is asked for an hour.
    program.until(lambda seen: bool({"downloading", "stalled"}.intersection(seen.values())))
    requests = len(world.site.requests), len(world.api.requests)
    done = program.ask("check", "--live")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"pid {process.pid}" in done.stdout
    assert (len(world.site.requests), len(world.api.requests)) == requests
    assert program.stop() == 0
    assert program.ask("check", "--live").returncode == 4
    world.close()


# -- odd places


@pytest.mark.parametrize("environment", [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {}], ids=str)
def test_the_signs_do_not_stop_it_whatever_the_terminal_can_show(environment: dict[str, str], home: Path) -> None:
    command = [sys.executable, "-m", "movie_sync", "check"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOVIE_SYNC_")}
    done = subprocess.run(
        command,
        env={**kept, "MOVIE_SYNC_HOME": str(home), "MOVIE_SYNC_CLIENT": "none", "HOME": str(home), **environment},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, b"")
    assert "→".encode() in done.stdout


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_names_and_signs_that_cannot_be_shown_do_not_stop_it(encoding: str, tmp_path: Path) -> None:
    kept = {os.fsencode(name): os.fsencode(value) for name, value in os.environ.items() if "MOVIE_SYNC" not in name}
    odd = os.fsencode(tmp_path) + b"/\xff\xc8\x98"
    environment = {**kept, b"MOVIE_SYNC_HOME": odd, b"PYTHONIOENCODING": encoding.encode()}
    for arguments in (["check"], ["check", "--json"], ["config", "path"], ["config", "path", "--json"]):
        command = [sys.executable, "-m", "movie_sync", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, timeout=30, check=False)
        assert b"Traceback" not in done.stderr
        if "--json" in arguments:
            json.loads(done.stdout.decode(encoding))


def test_a_check_beside_the_service_leaves_its_transfers_alone(tmp_path: Path) -> None:
    world = World(tmp_path / "world", private=False, films=FILMS[:1])
    program = Program(tmp_path / "program", world)
    program.start()
    program.until(lambda seen: bool({"downloading", "stalled"}.intersection(seen.values())))
    end = time.monotonic() + 20
    while not world.tracker.requests and time.monotonic() < end:
        time.sleep(0.1)
    state = program.home / "torrents" / "builtin"
    before = sorted(path.name for path in state.iterdir())
    assert program.ask("check").returncode == 0
    assert sorted(path.name for path in state.iterdir()) == before
    # The service itself announces again now and then; each session has a key of its own.
    assert len({request.query["key"] for request in world.tracker.requests}) == 1
    assert program.stop() == 0
    world.close()
