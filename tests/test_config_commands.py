"""``movie-sync config show|set|unset|path`` and ``movie-sync credentials``, as people and scripts use them."""

import contextlib
import io
import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import Answered, Run, as_before, runner

from movie_sync.config import SETTINGS
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.demo import nox
from movie_sync.demo.filelist_api import FileListApi
from movie_sync.demo.loopback import Answer
from movie_sync.demo.nox import Nox
from movie_sync.demo.world import PASSKEY, USERNAME
from movie_sync.errors import AuthFailed
from movie_sync.health import ProviderHealth
from movie_sync.lib.clock import SystemClock
from movie_sync.store import Store

WRONG_PASSKEY = "f" * 32

same_process = pytest.fixture(autouse=True)(as_before)

Give = Callable[..., Answered]


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    for setting in SETTINGS.values():
        monkeypatch.delenv(setting.variable, raising=False)
    return runner(home, monkeypatch, capsys)


@pytest.fixture
def give(run: Run, monkeypatch: pytest.MonkeyPatch) -> Give:
    """Runs a command line with lines on standard input."""

    def giving(lines: str, *arguments: object) -> Answered:
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        return run(*arguments)

    return giving


@pytest.fixture
def api(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileListApi]:
    replica = FileListApi(USERNAME, PASSKEY)
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_URL", replica.url)
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_DELAY", "0")
    yield replica
    replica.close()


def written(home: Path) -> dict[str, Any]:
    """The settings' files that are there."""
    names = ("config.json", "filelist_config.json")
    return {name: json.loads((home / name).read_bytes()) for name in names if (home / name).exists()}


def row(run: Run, key: str) -> Any:
    (found,) = [one for one in run("config", "show", "--json").json["settings"] if one["key"] == key]
    return found


# -- config show, config path


def test_every_setting_is_shown_with_its_default_and_nothing_is_written(run: Run, home: Path) -> None:
    shown = run("config", "show", "--json").json
    assert (shown["ok"], shown["home"]) == (True, str(home))
    assert [one["key"] for one in shown["settings"]] == list(SETTINGS)
    assert all((one["origin"], one["value"]) == ("default", one["default"]) for one in shown["settings"])
    assert all(one["help"] and one["file"] in {"config.json", "filelist_config.json"} for one in shown["settings"])
    in_words = run("config", "show")
    assert (in_words.code, in_words.err) == (0, "")
    *lines, empty, decides = in_words.out.splitlines()
    assert [line.split()[0] for line in lines] == list(SETTINGS)
    assert (empty, decides) == ("", "Which release is best is decided by: category_priority")
    assert list(home.iterdir()) == []


def test_a_value_is_shown_with_the_file_or_variable_it_comes_from(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config.json").write_text('{"username": "ion", "max_retries": 3}')
    (home / "filelist_config.json").write_text('{"qbittorrent": {"port": 8081}}')
    monkeypatch.setenv("MOVIE_SYNC_MAX_RETRIES", "7")
    assert (row(run, "username")["value"], row(run, "username")["origin"]) == ("ion", "config.json")
    assert row(run, "qbittorrent.port")["origin"] == "filelist_config.json"
    assert (row(run, "max_retries")["value"], row(run, "max_retries")["origin"]) == (
        7,
        "environment variable MOVIE_SYNC_MAX_RETRIES",
    )
    assert "(environment variable MOVIE_SYNC_MAX_RETRIES)" in run("config", "show", "max_retries").out
    assert "(default)" not in run("config", "show").out


def test_a_word_shows_the_settings_that_have_it_in_their_name(run: Run) -> None:
    found = run("config", "show", "qbittorrent", "--json").json["settings"]
    assert {one["key"].partition(".")[0] for one in found} == {"qbittorrent"}
    assert len(found) == 8
    run("config", "show", "nothing_of_the_kind", "--json").failed(2, "config")


def test_a_key_nobody_knows_is_told_beside_the_settings(run: Run, home: Path) -> None:
    (home / "config.json").write_text('{"usrname": "ion"}')
    shown = run("config", "show", "username")
    assert shown.code == 0
    assert "did you mean username" in shown.err


def test_a_file_that_does_not_parse_is_told_and_left(run: Run, home: Path) -> None:
    (home / "config.json").write_text("{,}")
    for arguments in (["show"], ["set", "max_retries", "3"], ["unset", "max_retries"]):
        error = run("config", *arguments, "--json").failed(3, "config")
        assert "line 1, column 2" in error["message"]
    assert (home / "config.json").read_text() == "{,}"


def test_path_tells_where_the_files_lie(run: Run, home: Path) -> None:
    (home / "config.json").write_text("{}")
    assert run("config", "path", "--json").json == {
        "ok": True,
        "home": str(home),
        "config": str(home / "config.json"),
        "filelist_config": str(home / "filelist_config.json"),
    }
    lines = run("config", "path").out.splitlines()
    assert lines == [str(home), str(home / "config.json"), f"{home / 'filelist_config.json'}   (not there yet)"]


def test_path_and_show_make_no_home(run: Run, home: Path) -> None:
    home.rmdir()
    assert run("config", "path").code == run("config", "show").code == 0
    assert not home.exists()


# -- config set, config unset


@pytest.mark.parametrize(
    ("key", "text", "file", "content", "value"),
    [
        ("max_retries", "3", "config.json", {"max_retries": 3}, 3),
        ("check_interval", "900", "config.json", {"check_interval": 900}, 900.0),
        ("backoff_multiplier", "1.5", "config.json", {"backoff_multiplier": 1.5}, 1.5),
        ("keep_torrent_files", "yes", "config.json", {"keep_torrent_files": True}, True),
        ("first_run", "10", "config.json", {"first_run": "10"}, "10"),
        ("username", "  ion ", "config.json", {"username": "ion"}, "ion"),
        ("download_directory", "~/Filme și altele", "config.json", {"download_directory": "~/Filme și altele"}, None),
        ("library_directories", "/a, /b c", "config.json", {"library_directories": ["/a", "/b c"]}, ["/a", "/b c"]),
        ("library_directories", '["/a, b"]', "config.json", {"library_directories": ["/a, b"]}, ["/a, b"]),
        ("library_directories", "", "config.json", {"library_directories": []}, []),
        ("qbittorrent.port", "8081", "filelist_config.json", {"qbittorrent": {"port": 8081}}, 8081),
        ("port", "8081", "filelist_config.json", {"qbittorrent": {"port": 8081}}, 8081),
        ("minimum_seeders", "4", "filelist_config.json", {"download_preferences": {"minimum_seeders": 4}}, 4),
    ],
)
def test_a_value_is_written_into_its_file(
    key: str, text: str, file: str, content: dict[str, Any], value: Any, run: Run, home: Path
) -> None:
    answered = run("config", "set", key, text, "--json")
    assert (answered.code, answered.err) == (0, "")
    assert answered.json["origin"] == file
    assert answered.json["value"] == (value if value is not None else text)
    assert written(home) == {file: content}
    assert stat.S_IMODE((home / file).stat().st_mode) == 0o600


def test_a_list_of_objects_is_given_as_json(run: Run, home: Path) -> None:
    categories = [{"id": 4, "name": "Filme HD", "priority": 1}]
    run("config", "set", "category_priority", json.dumps(categories))
    assert written(home) == {"filelist_config.json": {"category_priority": categories}}


def test_setting_says_what_holds_now(run: Run) -> None:
    assert run("config", "set", "port", "8081") == (0, "qbittorrent.port = 8081\n", "")


def test_everything_else_in_the_file_stays(run: Run, home: Path) -> None:
    (home / "config.json").write_text('{"my_own": [1], "max_retries": 1, "username": "ion"}')
    run("config", "set", "max_retries", "3")
    assert json.loads((home / "config.json").read_bytes()) == {"my_own": [1], "max_retries": 3, "username": "ion"}


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("max_retries", "many", "allowed is a whole number from 0 to 100"),
        ("max_retries", "101", "from 0 to 100"),
        ("max_retries", "1.5", "a whole number"),
        ("check_interval", "0", "a number from 1"),
        ("check_interval", "nan", "a number from 1"),
        ("check_interval", "1 week", "a number from 1"),
        ("keep_torrent_files", "perhaps", "true or false"),
        ("client", "transmission", 'one of "qbittorrent"'),
        ("first_run", "0", '"all", "new", or a number from 1'),
        ("library_directories", "[1]", "a list of texts"),
        ("category_priority", "[]", "at least one"),
        ("category_priority", "4,6", '{"id", "name", "priority"}'),
        ("filelist_url", "filelist.io", "an http:// or https:// address"),
        ("filelist_url", "http://box:port/", "an http:// or https:// address"),
        ("builtin_listen", "0.0.0.0:99999", "an address and a port"),
        ("download_directory", " ", "not empty"),
        ("port", "0", "from 1 to 65535"),
        ("nothing", "1", "There is no setting nothing"),
        ("qbittorrent", "1", "There is no setting qbittorrent"),
        ("usrname", "1", "did you mean username"),
    ],
)
def test_what_is_not_allowed_is_usage_and_nothing_is_written(
    key: str, text: str, said: str, run: Run, home: Path
) -> None:
    error = run("config", "set", key, text, "--json").failed(2, "config")
    assert said in error["message"]
    answered = run("config", "set", key, text)
    assert (answered.code, answered.out) == (2, "")
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("client", "builtin", "FileList is a private tracker"),
        ("letterboxd_delay", "0", "at least 1 second"),
        ("filelist_delay", "0.5", "at least 1 second"),
        ("api_calls_per_hour", "151", "at most 150"),
    ],
)
def test_what_is_wrong_beside_the_real_sites_is_refused(key: str, text: str, said: str, run: Run, home: Path) -> None:
    error = run("config", "set", key, text, "--json").failed(2, "config")
    assert said in error["message"]
    assert list(home.iterdir()) == []


def test_the_same_is_fine_beside_a_replica(run: Run, home: Path, api: FileListApi) -> None:
    assert run("config", "set", "client", "builtin").code == 0
    assert run("config", "set", "api_calls_per_hour", "5000").code == 0
    assert written(home) == {"config.json": {"client": "builtin", "api_calls_per_hour": 5000}}


def test_a_variable_goes_before_the_file_and_that_is_said(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIE_SYNC_MAX_RETRIES", "7")
    answered = run("config", "set", "max_retries", "3")
    assert (answered.code, answered.out) == (0, "max_retries = 7\n")
    assert answered.err == "environment variable MOVIE_SYNC_MAX_RETRIES goes before the file.\n"
    assert written(home) == {"config.json": {"max_retries": 3}}


def test_unset_puts_the_default_back_and_keeps_the_rest(run: Run, home: Path) -> None:
    (home / "filelist_config.json").write_text('{"qbittorrent": {"port": 8081, "colour": "blue"}, "mine": 1}')
    answered = run("config", "unset", "port", "--json")
    assert answered.json == {"ok": True, "key": "qbittorrent.port", "value": 8080, "origin": "default"}
    assert written(home) == {"filelist_config.json": {"qbittorrent": {"colour": "blue"}, "mine": 1}}


def test_unset_of_what_was_never_set_is_fine(run: Run) -> None:
    assert run("config", "unset", "max_retries").out == "max_retries = 5\n"
    run("config", "unset", "nothing", "--json").failed(2, "config")


def test_unset_mends_a_value_that_cannot_be(run: Run, home: Path) -> None:
    (home / "config.json").write_text('{"max_retries": "many"}')
    run("config", "show", "--json").failed(3, "config")
    assert run("config", "unset", "max_retries").code == 0
    assert run("config", "show").code == 0


def test_a_first_setting_makes_a_private_home(run: Run, home: Path) -> None:
    home.rmdir()
    assert run("config", "set", "username", "ion").code == 0
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_home_that_is_no_folder_is_told_in_a_sentence(run: Run, home: Path) -> None:
    home.rmdir()
    home.write_text("a file")
    answered = run("config", "set", "username", "ion")
    assert answered.code != 0
    assert str(home) in answered.err
    assert "Traceback" not in answered.err
    assert home.read_text() == "a file"


# -- credentials


def stored(home: Path, service: str = "filelist") -> dict[str, str]:
    return CredentialsManager(home, {}).get(service)


def no_secret_in(*answers: Answered) -> bool:
    return not any(secret in f"{one.out}{one.err}" for one in answers for secret in (PASSKEY, WRONG_PASSKEY))


def test_a_log_in_is_tried_once_and_stored(give: Give, home: Path, api: FileListApi) -> None:
    answered = give(f"{USERNAME}\r\n  {PASSKEY} \r\n", "credentials", "set", "filelist", "--json")
    assert (answered.code, answered.json) == (0, {"ok": True, "service": "filelist", "state": "fine"})
    assert "The log-in works" in answered.err
    assert len(api.requests) == len(api.calls()) == 1
    assert stored(home) == {"username": USERNAME, "passkey": PASSKEY}
    assert no_secret_in(answered)
    assert not any(PASSKEY.encode() in path.read_bytes() for path in home.iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}


def test_a_refused_log_in_is_tried_once_and_not_stored(give: Give, home: Path, api: FileListApi) -> None:
    give(f"{USERNAME}\n{PASSKEY}\n", "credentials", "set", "filelist", "--untried")
    answered = give(f"{USERNAME}\n{WRONG_PASSKEY}\n", "credentials", "set", "filelist", "--json")
    error = answered.failed(3, "auth_failed")
    assert "It was not stored." in error["message"]
    assert "--untried" in error["hint"]
    assert len(api.requests) == 1
    assert stored(home) == {"username": USERNAME, "passkey": PASSKEY}
    assert no_secret_in(answered)


def test_a_log_in_is_stored_though_the_service_is_down(give: Give, home: Path, api: FileListApi) -> None:
    api.next_answers.append(Answer(b"down", 503))
    answered = give(f"{USERNAME}\n{PASSKEY}\n", "credentials", "set", "filelist")
    assert (answered.code, answered.out) == (4, "The log-in of filelist is stored.\n")
    assert "FileList is not available (503)" in answered.err
    assert stored(home) == {"username": USERNAME, "passkey": PASSKEY}
    assert no_secret_in(answered)


def test_untried_asks_nobody(give: Give, home: Path, api: FileListApi) -> None:
    answered = give(f"{USERNAME}\n{WRONG_PASSKEY}\n", "credentials", "set", "filelist", "--untried", "--json")
    assert (answered.code, answered.json["state"]) == (0, "untried")
    assert api.requests == []
    assert stored(home)["passkey"] == WRONG_PASSKEY
    assert no_secret_in(answered)


def test_the_log_in_of_a_client_that_is_not_used_is_not_tried(
    give: Give, home: Path, api: FileListApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIE_SYNC_CLIENT", "none")
    answered = give("admin\nadminadmin\n", "credentials", "set", "qbittorrent", "--json")
    assert (answered.code, answered.json["state"]) == (0, "untried")
    assert stored(home, "qbittorrent") == {"username": "admin", "password": "adminadmin"}


def test_a_real_qbittorrent_is_asked(give: Give, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Nox(tmp_path / "profile", tmp_path / "films") as server:
        monkeypatch.setenv("MOVIE_SYNC_QBITTORRENT_HOST", "127.0.0.1")
        monkeypatch.setenv("MOVIE_SYNC_QBITTORRENT_PORT", str(server.port))
        wrong = give(f"{nox.USERNAME}\nnot-this-one\n", "credentials", "set", "qbittorrent", "--json")
        assert wrong.failed(3, "auth_failed")
        assert stored(home, "qbittorrent") == {}
        fine = give(f"{nox.USERNAME}\n{server.password}\n", "credentials", "set", "qbittorrent", "--json")
    assert (fine.code, fine.json["state"]) == (0, "fine")
    assert "qBittorrent v" in fine.err
    assert server.password not in fine.out + fine.err


@pytest.mark.parametrize("lines", ["", "\n\n", f"{USERNAME}\n", f"\n{PASSKEY}\n", f"{USERNAME}\n   \n"])
def test_too_few_lines_are_told_and_nothing_is_stored(lines: str, give: Give, home: Path, api: FileListApi) -> None:
    error = give(lines, "credentials", "set", "filelist", "--json").failed(3, "credentials_missing")
    assert "username and passkey" in error["message"]
    assert api.requests == []
    assert list(home.iterdir()) == []


def test_the_list_says_where_each_comes_from_and_never_a_secret(
    run: Run, give: Give, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(f"{USERNAME}\n{PASSKEY}\n", "credentials", "set", "filelist", "--untried")
    (tmp_path / "password").write_text("hunter2-secret\n")
    monkeypatch.setenv("MOVIE_SYNC_QBITTORRENT_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_PASSKEY", WRONG_PASSKEY)
    listed = run("credentials", "list", "--json")
    assert {(one["service"], one["field"]): one["origin"] for one in listed.json["credentials"]} == {
        ("filelist", "username"): "credentials.enc",
        ("filelist", "passkey"): "MOVIE_SYNC_FILELIST_PASSKEY",
        ("qbittorrent", "username"): None,
        ("qbittorrent", "password"): "MOVIE_SYNC_QBITTORRENT_PASSWORD_FILE",
    }
    in_words = run("credentials", "list")
    assert "not set" in in_words.out
    assert no_secret_in(listed, in_words)
    assert "hunter2" not in listed.out + in_words.out


def test_clear_forgets_one_service_only(run: Run, give: Give, home: Path) -> None:
    give(f"{USERNAME}\n{PASSKEY}\n", "credentials", "set", "filelist", "--untried")
    give("admin\nadminadmin\n", "credentials", "set", "qbittorrent", "--untried")
    assert run("credentials", "clear", "filelist", "--json").json == {"ok": True, "service": "filelist"}
    assert stored(home) == {}
    assert stored(home, "qbittorrent") == {"username": "admin", "password": "adminadmin"}
    assert run("credentials", "clear", "filelist").code == 0


@pytest.mark.parametrize("command", ["set", "clear"])
def test_an_unknown_service_is_usage(command: str, run: Run) -> None:
    assert "filelist" in run("credentials", command, "netflix", "--json").failed(2, "usage")["message"]


def test_credentials_that_cannot_be_read_are_left_as_they_are(run: Run, give: Give, home: Path) -> None:
    (home / "credentials.enc").write_text("junk")
    (home / ".key").write_text("A" * 43 + "=")
    for arguments in (["list"], ["clear", "filelist"]):
        run("credentials", *arguments, "--json").failed(3, "credentials")
    lines = f"{USERNAME}\n{PASSKEY}\n"
    give(lines, "credentials", "set", "filelist", "--untried", "--json").failed(3, "credentials")
    assert (home / "credentials.enc").read_text() == "junk"


# -- mending


def test_setting_mends_a_value_that_cannot_be(run: Run, home: Path) -> None:
    (home / "config.json").write_text('{"max_retries": "many"}')
    assert run("config", "set", "max_retries", "3").code == 0
    assert written(home) == {"config.json": {"max_retries": 3}}


def test_two_values_that_cannot_be_are_mended_one_after_the_other(run: Run, home: Path) -> None:
    (home / "config.json").write_text('{"max_retries": "many", "check_interval": "often"}')
    run("config", "set", "max_retries", "3")
    run("config", "unset", "check_interval")
    assert written(home) == {"config.json": {"max_retries": 3}}
    assert run("config", "show").code == 0


@pytest.mark.parametrize("change", [("unset", "filelist_url"), ("set", "filelist_url", "https://filelist.io")])
def test_a_change_that_would_contradict_another_setting_is_not_written(
    change: tuple[str, ...], run: Run, home: Path
) -> None:
    before = '{"filelist_url": "http://127.0.0.1:9", "client": "builtin"}'
    (home / "config.json").write_text(before)
    assert "private tracker" in run("config", *change, "--json").failed(3, "config")["message"]
    assert (home / "config.json").read_text() == before


def test_a_variable_that_goes_before_a_stored_log_in_is_named(
    give: Give, api: FileListApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_PASSKEY", WRONG_PASSKEY)
    answered = give(f"{USERNAME}\n{PASSKEY}\n", "credentials", "set", "filelist")
    assert "MOVIE_SYNC_FILELIST_PASSKEY goes before what is stored." in answered.err


def test_a_log_in_that_works_lifts_an_earlier_refusal_of_the_same(give: Give, home: Path, api: FileListApi) -> None:
    lines = f"{USERNAME}\n{PASSKEY}\n"
    give(lines, "credentials", "set", "filelist", "--untried")
    prints = {"filelist": CredentialsManager(home, {}).fingerprint("filelist")}
    with contextlib.closing(Store(home / "movie_sync.db")) as store:
        health = ProviderHealth(store, SystemClock(), home, prints)
        health.failed(AuthFailed("filelist", "FileList refused the user name or passkey (403)."))
        assert give(lines, "credentials", "set", "filelist").code == 0
        assert health.every() == []
