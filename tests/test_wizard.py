"""``movie-sync config`` as a newcomer meets it: the program at a terminal, the replicas, a real qBittorrent."""

import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import movie
from terminal import CTRL_C, CTRL_D, Terminal

from movie_sync.credentials_manager import CredentialsManager
from movie_sync.demo import nox
from movie_sync.demo.filelist_api import FileListApi
from movie_sync.demo.films import FILMS
from movie_sync.demo.letterboxd_site import PRIVATE, LetterboxdSite
from movie_sync.demo.loopback import Answer
from movie_sync.demo.nox import Nox
from movie_sync.demo.world import PASSKEY, USERNAME, World

WRONG_PASSKEY = "f" * 32
PROGRAM = (sys.executable, "-m", "movie_sync")
# Variables count as set up, so the addresses come after that was looked at.
NEVER_USED = """
import json, os, sys
from movie_sync.cli import main, wizard
set_up = wizard.set_up
def with_addresses(home):
    os.environ.update(json.loads(sys.argv[1]))
    set_up(home)
wizard.set_up = with_addresses
main(sys.argv[2:])
"""


class Newcomer:
    """Somebody with an empty home folder, an account at each replica, and a qBittorrent.

    Attributes:
        environment: What the program is started with.
    """

    def __init__(self, folder: Path, site: LetterboxdSite, api: FileListApi, server: Nox) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.site = site
        self.api = api
        self.server = server
        self.addresses = {
            "MOVIE_SYNC_LETTERBOXD_URL": site.url,
            "MOVIE_SYNC_LETTERBOXD_DELAY": "0",
            "MOVIE_SYNC_FILELIST_URL": api.url,
            "MOVIE_SYNC_FILELIST_DELAY": "0",
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MOVIE_SYNC_")}
        self.environment = {
            **inherited,
            **self.addresses,
            "HOME": str(folder),
            "TERM": "xterm",
            "MOVIE_SYNC_HOME": str(self.home),
        }

    def at_terminal(self, *arguments: str) -> Terminal:
        return Terminal([*PROGRAM, *arguments], self.environment)

    def without_terminal(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with nobody to ask."""
        return subprocess.run(
            [*PROGRAM, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    @property
    def questions(self) -> list[tuple[str, str]]:
        """Each question of a short list with an answer that works."""
        return [
            ("Letterboxd name [", USERNAME),
            ("Check it how often", ""),
            ("Folder for downloads", ""),
            ("More folders with films", ""),
            ("Retries of a film", ""),
            ("Wait before the first", ""),
            ("FileList user name", USERNAME),
            ("FileList passkey", PASSKEY),
            ("Who downloads", ""),
            ("Its host", "127.0.0.1"),
            ("Port of its web UI", str(self.server.port)),
            ("qBittorrent web UI user name", nox.USERNAME),
            ("qBittorrent web UI password", self.server.password),
        ]

    def but(self, **others: str) -> list[tuple[str, str]]:
        """The questions with other answers, by the first word of a question."""
        return [(question, others.get(question.split()[0], answer)) for question, answer in self.questions]

    def set_up(self, **others: str) -> None:
        with self.at_terminal("config") as terminal:
            terminal.answer(*self.but(**others))
            assert terminal.leave() == 0

    def file(self, name: str) -> Any:
        return json.loads((self.home / name).read_bytes())

    def log_in(self, service: str) -> dict[str, str]:
        return CredentialsManager(self.home, {}).get(service)


def content(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    """Everything in a folder: path to mode and bytes."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes() if path.is_file() else None)
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nox]:
    folder = tmp_path_factory.mktemp("qbittorrent")
    with Nox(folder / "profile", folder / "films") as running:
        yield running


@pytest.fixture
def newcomer(tmp_path: Path, server: Nox) -> Iterator[Newcomer]:
    site = LetterboxdSite(USERNAME, [movie(number) for number in range(1, 4)])
    api = FileListApi(USERNAME, PASSKEY)
    yield Newcomer(tmp_path, site, api, server)
    site.close()
    api.close()


# -- the way through


def test_every_step_is_tried_at_once_and_says_what_came_of_it(newcomer: Newcomer) -> None:
    questions = newcomer.questions
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*questions[:1])
        terminal.expect("✓ The watchlist of demo can be read: 3 films.")
        assert (len(newcomer.site.requests), len(newcomer.api.requests)) == (1, 0)
        terminal.answer(*questions[1:3])
        terminal.expect(f"✓ {newcomer.folder / 'Downloads'} will be made")
        terminal.answer(*questions[3:8])
        terminal.expect("✓ The log-in works")
        assert [request.path for request in newcomer.api.requests] == ["/api.php"]
        terminal.answer(*questions[8:])
        terminal.expect("✓ qBittorrent v")
        terminal.expect(str(newcomer.server.save_path))
        terminal.expect(f"Written to {newcomer.home}.")
        assert terminal.leave() == 0
    assert (len(newcomer.site.requests), len(newcomer.api.requests)) == (1, 1)


def test_the_wizard_is_also_an_option_and_a_command_of_its_own(newcomer: Newcomer) -> None:
    for arguments in (["--config"], ["config", "wizard"]):
        with newcomer.at_terminal(*arguments) as terminal:
            terminal.expect("Letterboxd name [")
            terminal.press(CTRL_C)
            assert terminal.leave() == 130


def test_the_files_hold_the_answers_and_only_what_differs_from_the_defaults(newcomer: Newcomer) -> None:
    newcomer.set_up(Check="15m", Retries="3", Wait="2 h", More=str(newcomer.folder))
    assert newcomer.file("config.json") == {
        "username": USERNAME,
        "check_interval": 900,
        "max_retries": 3,
        "retry_interval": 7200,
        "library_directories": [str(newcomer.folder)],
    }
    port = newcomer.server.port
    assert newcomer.file("filelist_config.json") == {"qbittorrent": {"host": "127.0.0.1", "port": port}}
    assert newcomer.log_in("filelist") == {"username": USERNAME, "passkey": PASSKEY}
    assert newcomer.log_in("qbittorrent") == {"username": nox.USERNAME, "password": newcomer.server.password}
    assert {stat.S_IMODE(path.stat().st_mode) for path in newcomer.home.iterdir()} == {0o600}
    assert stat.S_IMODE(newcomer.home.stat().st_mode) == 0o700


def test_an_answer_taken_back_to_the_default_stands_in_no_file(newcomer: Newcomer) -> None:
    newcomer.set_up(Check="15m", Retries="3")
    newcomer.set_up(Check="1h", Retries="5")
    kept = newcomer.file("config.json")
    assert (kept.get("check_interval", 3600), kept.get("max_retries", 5)) == (3600, 5)


def test_enter_keeps_each_value(newcomer: Newcomer) -> None:
    (newcomer.folder / "films").mkdir()
    newcomer.set_up(Check="90m", Retries="0", Wait="45s", More=f"{newcomer.folder}, ~/films")
    files = ("config.json", "filelist_config.json", "credentials.enc", ".key")
    before = {name: (newcomer.home / name).read_bytes() for name in files}
    newcomer.api.requests.clear()
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*((question, "") for question, _ in newcomer.questions))
        terminal.expect("✓ qBittorrent v")
        assert terminal.leave() == 0
    assert {name: (newcomer.home / name).read_bytes() for name in files} == before
    assert len(newcomer.api.calls()) == 1


def test_unknown_keys_survive(newcomer: Newcomer) -> None:
    newcomer.home.mkdir()
    (newcomer.home / "config.json").write_text('{"my_own": {"a": [1]}, "username": "other"}')
    (newcomer.home / "filelist_config.json").write_text('{"qbittorrent": {"colour": "blue"}}')
    newcomer.set_up(Check="15m")
    assert newcomer.file("config.json") == {"my_own": {"a": [1]}, "username": USERNAME, "check_interval": 900}
    assert newcomer.file("filelist_config.json")["qbittorrent"]["colour"] == "blue"


def test_what_cannot_be_is_asked_again_with_what_is_allowed(newcomer: Newcomer) -> None:
    first, second, *rest = newcomer.questions
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(first, (second[0], "soon"))
        terminal.expect("'soon' is no span of time such as 90s, 15m, 2h or 1d")
        terminal.answer((second[0], "0"))
        terminal.expect("allowed is a number from 1")
        terminal.answer(second, *rest[:2], ("Retries of a film", "many"))
        terminal.expect("allowed is a whole number")
        terminal.answer(*rest[2:6], ("Who downloads", "carrier pigeon"))
        terminal.expect('allowed is one of "qbittorrent"')
        terminal.answer(*rest[6:8], ("Port of its web UI", "99999"))
        terminal.expect("from 1 to 65535")
        terminal.answer(*rest[8:])
        assert terminal.leave() == 0
    assert newcomer.file("config.json") == {"username": USERNAME}


# -- long and short lists


@pytest.mark.parametrize(("films", "asked"), [(28, False), (29, True), (1200, True)])
def test_only_a_long_list_asks_how_much_of_it_is_wanted(films: int, asked: bool, newcomer: Newcomer) -> None:
    newcomer.site.films = [movie(number) for number in range(1, films + 1)]
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(newcomer.questions[0])
        terminal.expect(f"can be read: {films:,} films")
        between = terminal.expect("[all]" if asked else "Check it how often")
        assert ("First run takes" in between) == asked


def test_what_a_long_list_asked_for_is_kept(newcomer: Newcomer) -> None:
    newcomer.site.films = [movie(number) for number in range(1, 41)]
    first, *rest = newcomer.questions
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(first, ("First run takes", "some"))
        terminal.expect('allowed is "all", "new", or a number from 1')
        terminal.answer(("First run takes", "10"), ("Downloads at once", "3"), *rest)
        assert terminal.leave() == 0
    assert newcomer.file("config.json") == {"username": USERNAME, "first_run": "10", "max_active_downloads": 3}
    done = newcomer.without_terminal("run", "--once", "--json")
    assert (done.returncode, json.loads(done.stdout)["added"]) == (0, 10)


def test_a_list_that_was_read_before_is_not_asked_about_again(newcomer: Newcomer) -> None:
    newcomer.set_up()
    assert newcomer.without_terminal("run", "--once").returncode == 0
    newcomer.site.films = [movie(number) for number in range(1, 41)]
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(newcomer.questions[0])
        assert "First run" not in terminal.expect("Check it how often")


# -- log-ins


def test_a_wrong_passkey_is_tried_once_and_asked_for_again(newcomer: Newcomer) -> None:
    user, passkey = newcomer.questions[6:8]
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*newcomer.questions[:7], (passkey[0], WRONG_PASSKEY))
        terminal.expect("✗ FileList refused the user name or passkey (403).")
        assert len(newcomer.api.calls()) == 1
        terminal.answer(("Keep it all the same?", "n"), user, (passkey[0], WRONG_PASSKEY))
        terminal.expect("are not tried again")
        terminal.answer(("Keep it all the same?", ""), user, (passkey[0], ""))
        terminal.expect("are not tried again")
        assert len(newcomer.api.calls()) == 1
        terminal.answer(("Keep it all the same?", "n"), user, passkey)
        terminal.expect("✓ The log-in works")
        terminal.answer(*newcomer.questions[8:])
        assert terminal.leave() == 0
    assert len(newcomer.api.calls()) == 2
    assert newcomer.log_in("filelist")["passkey"] == PASSKEY


def test_a_refused_passkey_that_is_kept_is_not_tried_by_the_service(newcomer: Newcomer) -> None:
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*newcomer.questions[:7], ("FileList passkey", WRONG_PASSKEY))
        terminal.answer(("Keep it all the same?", "y"), *newcomer.questions[8:])
        assert terminal.leave() == 0
    assert newcomer.log_in("filelist")["passkey"] == WRONG_PASSKEY
    assert newcomer.without_terminal("run", "--once").returncode == 3
    assert len(newcomer.api.calls()) == 1


def test_a_wrong_qbittorrent_password_is_told_and_asked_again(newcomer: Newcomer) -> None:
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*newcomer.questions[:12], ("qBittorrent web UI password", "not-this-one"))
        terminal.expect("✗ qBittorrent at ")
        terminal.expect("refused the user name or password")
        terminal.answer(("Keep it all the same?", "n"), *newcomer.questions[11:])
        terminal.expect("✓ qBittorrent v")
        assert terminal.leave() == 0
    assert newcomer.log_in("qbittorrent")["password"] == newcomer.server.password


def test_services_that_are_down_can_be_kept_with_enter(newcomer: Newcomer) -> None:
    newcomer.api.next_answers.append(Answer(b"down", 503))
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*newcomer.questions[:8])
        terminal.expect("! FileList is not available (503).")
        terminal.answer(("Keep it all the same? [Y/n]", ""), *newcomer.questions[8:10])
        terminal.answer(("Port of its web UI", str(nox.free_port())), *newcomer.questions[11:])
        terminal.expect("! qBittorrent at ")
        terminal.answer(("Keep it all the same? [Y/n]", ""))
        assert terminal.leave() == 0
    assert newcomer.log_in("filelist") == {"username": USERNAME, "passkey": PASSKEY}


def test_secrets_are_trimmed_not_shown_and_stand_nowhere_in_plain(newcomer: Newcomer) -> None:
    password = newcomer.server.password
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*newcomer.questions[:6], ("FileList user name", f" {USERNAME} "))
        terminal.answer(("FileList passkey", f"  {PASSKEY}\t"), *newcomer.questions[8:12])
        terminal.answer(("qBittorrent web UI password", f" {password} "))
        assert terminal.leave() == 0
        raw = terminal.raw
    assert newcomer.log_in("filelist") == {"username": USERNAME, "passkey": PASSKEY}
    assert newcomer.log_in("qbittorrent")["password"] == password
    assert newcomer.without_terminal("run", "--once", "--verbose").returncode == 0
    written = [data for _, data in content(newcomer.folder).values() if data is not None]
    for secret in (PASSKEY, password):
        assert not any(secret.encode() in data for data in [raw, *written])


def test_calls_of_the_trials_count_in_the_hour(newcomer: Newcomer) -> None:
    newcomer.set_up()
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*((question, "") for question, _ in newcomer.questions[:8]))
        terminal.expect("118 calls are left in this hour")


# -- leaving


@pytest.mark.parametrize("number", range(15))
def test_ctrl_c_at_any_question_leaves_nothing_behind(number: int, newcomer: Newcomer) -> None:
    newcomer.site.films = [movie(film) for film in range(1, 41)]
    first, *rest = newcomer.questions
    questions = [first, ("First run takes", "new"), ("Downloads at once", "3"), *rest]
    before = content(newcomer.folder)
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*questions[:number])
        terminal.expect(questions[number][0])
        terminal.expect(": ")
        terminal.press(CTRL_C)
        assert terminal.leave() == 130
        assert "Interrupted." in terminal.shown
        assert "Traceback" not in terminal.shown
    assert content(newcomer.folder) == before


@pytest.mark.parametrize(("number", "key"), [(7, CTRL_D), (12, CTRL_C)])
def test_whoever_leaves_keeps_the_settings_there_were(number: int, key: str, newcomer: Newcomer) -> None:
    newcomer.set_up()
    files = ("config.json", "filelist_config.json", "credentials.enc", ".key")
    before = {name: (newcomer.home / name).read_bytes() for name in files}
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*newcomer.but(Check="15m")[:number])
        terminal.expect(newcomer.questions[number][0])
        terminal.expect(": ")
        terminal.press(key)
        assert terminal.leave() == 130
    assert {name: (newcomer.home / name).read_bytes() for name in files} == before


def test_ctrl_c_while_a_service_is_asked_leaves_nothing_behind(newcomer: Newcomer) -> None:
    before = content(newcomer.folder)
    with newcomer.at_terminal("config") as terminal:

        def answer(_: object) -> None:
            terminal.press(CTRL_C)

        newcomer.site.next_answers.append(answer)
        terminal.answer(newcomer.questions[0])
        assert terminal.leave() == 130
        assert "Traceback" not in terminal.shown
    assert content(newcomer.folder) == before


# -- watchlists that cannot be read


@pytest.mark.parametrize(
    ("answer", "said", "keep"),
    [
        (Answer(b"Not found", 404), "✗ Letterboxd has no user 'demo'.", "[y/N]"),
        (PRIVATE, "✗ The watchlist is private.", "[y/N]"),
        (Answer(b"down", 503), "! Letterboxd is down (503).", "[Y/n]"),
    ],
    ids=["unknown", "private", "down"],
)
def test_a_watchlist_that_cannot_be_read_is_kept_or_asked_for_again(
    answer: Answer, said: str, keep: str, newcomer: Newcomer
) -> None:
    newcomer.site.next_answers.extend([answer, answer])
    with newcomer.at_terminal("config") as terminal:
        for reply in ("n", "y"):
            terminal.answer(newcomer.questions[0])
            terminal.expect(said)
            terminal.answer((f"Keep this name all the same? {keep}", reply))
        terminal.answer(*newcomer.questions[1:])
        assert terminal.leave() == 0
    assert newcomer.file("config.json") == {"username": USERNAME}


def test_a_name_mistyped_and_corrected_is_the_corrected_one(newcomer: Newcomer) -> None:
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(("Letterboxd name [", "nobody"), ("Keep this name all the same? [y/N]", ""))
        terminal.answer(*newcomer.questions)
        assert terminal.leave() == 0
    assert newcomer.file("config.json") == {"username": USERNAME}


# -- the CSV export


def export(folder: Path, films: int, *, zipped: bool = False) -> Path:
    rows = (f"2024-01-01,Film {number},2000,https://boxd.it/{number:04x}z" for number in range(1, films + 1))
    text = "Date,Name,Year,Letterboxd URI\n" + "\n".join(rows) + "\n"
    path = folder / "watchlist.csv"
    path.write_text(text)
    if zipped:
        path = folder / "letterboxd-demo.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("watchlist.csv", text)
    return path


def pending(newcomer: Newcomer) -> list[str]:
    return [entry["title"] for entry in newcomer.file("queue_pending.json")]


@pytest.mark.parametrize(
    ("first_run", "queued", "zipped"),
    [("all", 30, False), ("new", 0, False), ("2", 2, True)],
    ids=["all of a CSV file", "none", "the newest two of a ZIP"],
)
def test_films_of_an_export_are_queued_at_the_end(
    first_run: str,
    queued: int,
    zipped: bool,
    newcomer: Newcomer,
) -> None:
    path = export(newcomer.folder, 30, zipped=zipped)
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(("Letterboxd name [", "-"), ("CSV export to take in", str(path)))
        terminal.expect("✓ 30 films.")
        terminal.answer(("First run takes", first_run), ("Downloads at once", ""), *newcomer.questions[1:])
        terminal.expect(f"{queued} films were queued.")
        assert terminal.leave() == 0
    assert newcomer.site.requests == []
    # The last line of an export is the newest wish.
    assert pending(newcomer) == [f"Film {number}" for number in range(30, 30 - queued, -1)]
    assert "username" not in newcomer.file("config.json" if first_run != "all" else "filelist_config.json")


def test_an_export_is_asked_for_until_it_can_be_read(newcomer: Newcomer) -> None:
    path = export(newcomer.folder, 3)
    (newcomer.folder / "diary.csv").write_text("Date,What\n")
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(("Letterboxd name [", ""), ("CSV export", str(newcomer.folder / "nowhere.csv")))
        terminal.expect("cannot be read (No such file or directory)")
        terminal.answer(("CSV export", "~/diary.csv"))
        terminal.expect("has no columns Name, Year and Letterboxd URI")
        terminal.answer(("CSV export", f"~/{path.name}"), *newcomer.questions[1:])
        terminal.expect("3 films were queued.")
        assert terminal.leave() == 0
    assert pending(newcomer) == ["Film 3", "Film 2", "Film 1"]


def test_an_export_can_come_later(newcomer: Newcomer) -> None:
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(("Letterboxd name [", "-"), ("CSV export", ""), *newcomer.questions[1:])
        assert terminal.leave() == 0
        assert "were queued" not in terminal.shown
    assert not (newcomer.home / "queue_pending.json").exists()


# -- afterwards, and without it


def test_after_it_a_pass_works_without_another_question(tmp_path: Path, server: Nox) -> None:
    world = World(tmp_path / "world", private=True, films=FILMS[:2])
    newcomer = Newcomer(tmp_path, world.site, world.api, server)
    newcomer.set_up()
    done = newcomer.without_terminal("run", "--once", "--json")
    world.close()
    counts = json.loads(done.stdout)
    assert (done.returncode, counts["added"], counts["handed_over"]) == (0, 2, 2), done.stderr
    ours = {torrent.name for torrent in server.api.torrents_info(tag="movie_sync")}
    assert len(ours) == 2


def test_the_first_start_on_a_terminal_sets_up_and_then_runs(newcomer: Newcomer) -> None:
    for name in newcomer.addresses:
        del newcomer.environment[name]
    start = [sys.executable, "-c", NEVER_USED, json.dumps(newcomer.addresses)]
    with Terminal(start, newcomer.environment) as terminal:
        terminal.expect("Movie Sync is not set up yet.")
        terminal.answer(*newcomer.questions)
        terminal.expect(f"Written to {newcomer.home}.")
        terminal.expect("runs on")
        terminal.expect("3 films, 3 new")
        terminal.press(CTRL_C)
        assert terminal.leave() == 0
    shown = [entry["title"] for name in ("pending", "failed") for entry in newcomer.file(f"queue_{name}.json")]
    assert sorted(shown) == ["Film 1", "Film 2", "Film 3"]


def test_leaving_the_first_start_leaves_nothing_behind(newcomer: Newcomer) -> None:
    for name in newcomer.addresses:
        del newcomer.environment[name]
    with newcomer.at_terminal() as terminal:
        terminal.expect("Letterboxd name [")
        terminal.press(CTRL_C)
        assert terminal.leave() == 130
    assert content(newcomer.folder) == {}


def test_credentials_that_were_deleted_are_asked_for_by_the_next_run(newcomer: Newcomer) -> None:
    newcomer.set_up()
    (newcomer.home / "credentials.enc").unlink()
    with newcomer.at_terminal("run", "--once") as terminal:
        terminal.answer(*newcomer.questions[6:8], *newcomer.questions[11:])
        assert terminal.leave() == 0
        assert "Letterboxd name" not in terminal.shown
        assert PASSKEY not in terminal.shown
    assert newcomer.log_in("filelist") == {"username": USERNAME, "passkey": PASSKEY}
    assert newcomer.without_terminal("run", "--once").returncode == 0


def test_without_a_terminal_it_names_what_is_missing_and_asks_nothing(newcomer: Newcomer) -> None:
    names = ("USERNAME", "FILELIST_USERNAME", "FILELIST_PASSKEY", "QBITTORRENT_USERNAME", "QBITTORRENT_PASSWORD")
    for arguments in (["config"], ["--config"], ["config", "wizard"]):
        done = newcomer.without_terminal(*arguments)
        assert (done.returncode, done.stdout) == (3, "")
        assert all(f"MOVIE_SYNC_{name}" in done.stderr for name in names)
    done = newcomer.without_terminal("config", "wizard", "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"], answer["code"]) == (3, False, "config")
    assert all(f"MOVIE_SYNC_{name}" in answer["message"] for name in names)
    assert content(newcomer.folder) == {}


@pytest.mark.parametrize("arguments", [[], ["run"], ["run", "--once"]], ids=" ".join)
def test_a_first_run_without_a_terminal_names_what_is_missing(arguments: list[str], newcomer: Newcomer) -> None:
    done = newcomer.without_terminal(*arguments)
    assert (done.returncode, done.stdout) == (3, "")
    assert "MOVIE_SYNC_FILELIST_PASSKEY" in done.stderr
    assert newcomer.site.requests == newcomer.api.requests == []


def test_a_script_on_a_terminal_that_wants_json_is_asked_nothing(newcomer: Newcomer) -> None:
    for arguments in (["config", "wizard", "--json"], ["run", "--once", "--json"]):
        with newcomer.at_terminal(*arguments) as terminal:
            assert terminal.leave() == 3
            (line,) = re.findall(r"^\{.*\}$", terminal.shown, re.M)
        assert "MOVIE_SYNC_FILELIST_PASSKEY" in json.dumps(json.loads(line))


# -- odd terminals


def test_no_color_is_kept(newcomer: Newcomer) -> None:
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(newcomer.questions[0])
        terminal.expect("✓")
        assert b"\x1b[" in terminal.raw
    newcomer.environment["NO_COLOR"] = "1"
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(newcomer.questions[0])
        terminal.expect("✓")
        assert b"\x1b[" not in terminal.raw


def test_a_terminal_that_cannot_show_our_signs_is_no_obstacle(newcomer: Newcomer) -> None:
    newcomer.environment["PYTHONIOENCODING"] = "latin-1"
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*newcomer.questions)
        assert terminal.leave() == 0
        assert "Traceback" not in terminal.shown
    assert newcomer.file("config.json") == {"username": USERNAME}


# -- what is there already, and what is in the way


def test_enter_keeps_a_folder_with_a_comma_and_an_odd_span(newcomer: Newcomer) -> None:
    folder = newcomer.folder / "Films, old"
    folder.mkdir()
    newcomer.home.mkdir()
    kept = {"username": USERNAME, "library_directories": [str(folder)], "check_interval": 1234567}
    (newcomer.home / "config.json").write_text(json.dumps(kept))
    newcomer.set_up()
    assert newcomer.file("config.json") == kept


def test_a_mistyped_port_can_be_corrected(newcomer: Newcomer) -> None:
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*newcomer.questions[:10], ("Port of its web UI", str(nox.free_port())))
        terminal.answer(*newcomer.questions[11:], ("Keep it all the same? [Y/n]", "n"), *newcomer.questions[9:])
        terminal.expect("✓ qBittorrent v")
        assert terminal.leave() == 0


def test_qbittorrent_that_was_switched_off_is_switched_on_when_it_is_chosen(newcomer: Newcomer) -> None:
    newcomer.home.mkdir()
    (newcomer.home / "filelist_config.json").write_text('{"qbittorrent": {"enabled": false}}')
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*newcomer.but(Who="qbittorrent"))
        terminal.expect("✓ qBittorrent v")
        assert terminal.leave() == 0


def test_a_passkey_refused_before_the_last_is_not_tried_again_either(newcomer: Newcomer) -> None:
    user, question = newcomer.questions[6], "FileList passkey"
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*newcomer.questions[:6])
        for wrong in ("a" * 32, "b" * 32, "a" * 32):
            terminal.answer(user, (question, wrong), ("Keep it all the same?", "n"))
        assert "not tried again" in terminal.shown
    assert len(newcomer.api.calls()) == 2


def test_a_log_in_that_works_again_is_asked_again_by_the_service(newcomer: Newcomer) -> None:
    newcomer.set_up()
    newcomer.api.next_answers.append(Answer(b'{"error": "Invalid passkey/username"}', 403))
    assert newcomer.without_terminal("run", "--once").returncode == 3
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*((question, "") for question, _ in newcomer.questions))
        assert terminal.leave() == 0
    assert newcomer.without_terminal("run", "--once").returncode == 0


def test_a_variable_that_hides_an_answer_is_named(newcomer: Newcomer) -> None:
    newcomer.environment |= {"MOVIE_SYNC_CHECK_INTERVAL": "600", "MOVIE_SYNC_FILELIST_PASSKEY": WRONG_PASSKEY}
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(*newcomer.but(Check="20m"))
        terminal.expect("The variable MOVIE_SYNC_CHECK_INTERVAL is set")
        terminal.expect("The variable MOVIE_SYNC_FILELIST_PASSKEY is set")
        assert terminal.leave() == 0


def test_whoever_has_a_private_list_is_told_what_to_do(newcomer: Newcomer) -> None:
    newcomer.site.next_answers.append(PRIVATE)
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(newcomer.questions[0])
        terminal.expect("    Make it public in Letterboxd's settings.")


@pytest.mark.parametrize("name", ["@demo", "https://letterboxd.com/demo/", "letterboxd.com/demo/watchlist/", " demo "])
def test_a_name_is_understood_as_people_paste_it(name: str, newcomer: Newcomer) -> None:
    with newcomer.at_terminal("config") as terminal:
        terminal.answer(("Letterboxd name [", name))
        terminal.expect("✓ The watchlist of demo can be read")


def test_addresses_alone_do_not_count_as_set_up(newcomer: Newcomer) -> None:
    with newcomer.at_terminal() as terminal:
        terminal.expect("Movie Sync is not set up yet.")


@pytest.mark.parametrize("command", ["config", "run", "credentials set filelist", "check"])
def test_a_closed_standard_input_is_nobody_to_ask(command: str, newcomer: Newcomer) -> None:
    line = f'exec "$0" -m movie_sync {command} <&-'
    done = subprocess.run(
        ["/bin/sh", "-c", line, sys.executable], env=newcomer.environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)


def test_config_with_json_says_what_is_missing(newcomer: Newcomer) -> None:
    done = newcomer.without_terminal("config", "--json")
    assert done.returncode == 3
    assert "MOVIE_SYNC_FILELIST_PASSKEY" in json.loads(done.stdout)["message"]
