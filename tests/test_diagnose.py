"""A bundle for a bug report: what one has to see is in it, what nobody may see is not."""

import base64
import io
import json
import re
import stat
import urllib.parse
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from command_line import Run, as_before, runner

from movie_sync import __version__
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.store import Store, history, providers
from movie_sync.store.providers import BACKING_OFF, ProviderState
from movie_sync.verbs.home import opened

PASSKEY = "3f5a0c9e7b1d24680f0f0f0f0f0f0f0f"
PASSWORD = 'pä"ss/w+ö rd\\%41'
NAMES = {"ionpopescu", "anamaria", "gheorghe"}


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield from as_before()


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(home, monkeypatch, capsys)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder of gheorghe, who is logged in."""
    folder = tmp_path / "people" / "gheorghe" / ".movie_sync"
    folder.mkdir(parents=True, mode=0o700)
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USER", "gheorghe")
    monkeypatch.setenv("LOGNAME", "gheorghe")
    return folder


def forms(secret: str) -> set[str]:
    """What a secret looks like in logs, replies, headers and addresses."""
    raw = secret.encode()
    return {
        secret,
        secret.upper(),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        urllib.parse.quote(secret),
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(secret),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
        raw.hex().upper(),
    }


SECRETS = forms(PASSKEY) | forms(PASSWORD)


def everything_private(home: Path) -> str:
    """A text that holds each secret in each form, each name, and the paths of the home."""
    names = [f"user={name} https://letterboxd.com/{name}/watchlist/ «{name.title()}»" for name in sorted(NAMES)]
    paths = [f"{home}/config.json", f"{home.parent}/films"]
    return " | ".join([*sorted(SECRETS), *names, *paths])


@pytest.fixture
def used(home: Path) -> Path:
    """A home of somebody who was careless: what is private stands in log, events, service states and samples."""
    (home / "config.json").write_text(json.dumps({"username": "anamaria", "max_retries": 7}))
    (home / "filelist_config.json").write_text(json.dumps({"qbittorrent": {"save_path": f"{home.parent}/films"}}))
    manager = CredentialsManager(home, {})
    manager.set("filelist", {"username": "ionpopescu", "passkey": PASSKEY})
    manager.set("qbittorrent", {"username": "gheorghe", "password": PASSWORD})
    text = everything_private(home)
    with opened(home) as open_home, open_home.store.write() as tx:
        history.append(tx, 1_790_000_000.0, None, "checked", text)
        providers.put(tx, ProviderState("filelist", BACKING_OFF, message=text, hint=text))
    for name in ("movie_sync.log", "movie_sync.log.1", "bad_reply_filelist.txt"):
        (home / name).write_text(f"Nosferatu (1922) {text}\n", encoding="utf-8")
    return home


def bundle(run: Run, tmp_path: Path, *more: str) -> dict[str, str]:
    """Name to text of the files in a bundle made now."""
    path = tmp_path / "report.zip"
    answered = run("diagnose", path, "--json", *more)
    assert (answered.code, "Traceback" in answered.err) == (0, False), answered
    return unpacked(path)


def unpacked(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_bundle_holds_versions_settings_states_events_and_the_log(used: Path, run: Run, tmp_path: Path) -> None:
    files = bundle(run, tmp_path)
    assert list(files) == [
        "about.json",
        "settings.json",
        "database.json",
        "movie_sync.log",
        "movie_sync.log.1",
        "bad_reply_filelist.txt",
    ]
    about = json.loads(files["about.json"])
    assert (about["movie_sync"], about["running"]) == (__version__, False)
    assert about["files"]["config.json"]["bytes"] == (used / "config.json").stat().st_size
    assert about["libraries"]["click"]
    database = json.loads(files["database.json"])
    assert database["counts"]["pending"] == 0
    assert [row[1] for row in database["events"]] == ["checked"]
    assert [row["provider"] for row in database["services"]] == ["filelist"]
    assert files["movie_sync.log"].startswith("Nosferatu (1922)")


def test_changed_settings_are_in_it_with_where_they_come_from(
    used: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIE_SYNC_CHECK_INTERVAL", "7200")
    changed = json.loads(bundle(run, tmp_path)["settings.json"])["changed"]
    assert set(changed) == {"username", "max_retries", "check_interval", "qbittorrent.save_path"}
    assert changed["max_retries"] == {"value": 7, "origin": "config.json"}
    assert changed["username"]["value"] == "(set)"
    assert changed["check_interval"]["value"] == 7200
    assert changed["qbittorrent.save_path"]["value"] == "~/films"


@pytest.mark.parametrize("part", ["secrets", "names", "paths"])
def test_nothing_private_is_in_any_file(part: str, used: Path, run: Run, tmp_path: Path) -> None:
    private = {"secrets": SECRETS, "names": NAMES, "paths": {str(used), str(used.parent)}}[part]
    for name, text in bundle(run, tmp_path).items():
        found = {one for one in private if one.casefold() in text.casefold()}
        assert not found, name


def test_secrets_given_by_variables_are_not_in_it_either(
    used: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (used / "credentials.enc").unlink()
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_PASSKEY", PASSKEY)
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_USERNAME", "ionpopescu")
    monkeypatch.setenv("MOVIE_SYNC_QBITTORRENT_PASSWORD", PASSWORD)
    monkeypatch.setenv("MOVIE_SYNC_QBITTORRENT_USERNAME", "gheorghe")
    text = "".join(bundle(run, tmp_path).values()).casefold()
    assert not {one for one in SECRETS | NAMES if one.casefold() in text}


def test_neither_log_ins_nor_their_key_nor_torrents_are_in_it(used: Path, run: Run, tmp_path: Path) -> None:
    (used / "torrents").mkdir()
    (used / "torrents" / "a.torrent").write_bytes(b"announce")
    files = bundle(run, tmp_path)
    text = "".join(files.values())
    assert (used / ".key").read_text().strip() not in text
    assert (used / "credentials.enc").read_text().strip() not in text
    assert not [name for name in files if "torrent" in name or "cred" in name or "key" in name]


def test_words_that_only_begin_like_a_name_stay(used: Path, run: Run, tmp_path: Path) -> None:
    with (used / "movie_sync.log").open("a") as log:
        log.write("Gheorghescu (1999) anamarias\n")
    assert "Gheorghescu (1999) anamarias\n" in bundle(run, tmp_path)["movie_sync.log"]


def test_the_bundle_is_private_and_the_user_is_told_to_look(used: Path, run: Run, tmp_path: Path) -> None:
    answered = run("diagnose", tmp_path / "report.zip")
    assert answered.code == 0
    assert str(tmp_path / "report.zip") in answered.out
    assert "look before you send it" in answered.err
    assert stat.S_IMODE((tmp_path / "report.zip").stat().st_mode) == 0o600


def test_without_a_name_it_is_dated_and_lies_where_the_user_is(
    used: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = Path(run("diagnose", "--json").json["file"])
    assert made.parent == tmp_path
    assert re.fullmatch(r"movie-sync-20\d\d-\d\d-\d\d\.zip", made.name)


def test_a_bundle_that_cannot_be_written_says_where(used: Path, run: Run, tmp_path: Path) -> None:
    error = run("diagnose", tmp_path / "nowhere" / "report.zip", "--json").failed(1, "store")
    assert str(tmp_path / "nowhere") in error["message"]


def test_of_a_long_log_the_end_is_in_it(used: Path, run: Run, tmp_path: Path) -> None:
    with (used / "movie_sync.log").open("w") as log:
        log.writelines(f"line {number}\n" for number in range(400_000))
    text = bundle(run, tmp_path)["movie_sync.log"]
    assert text.endswith("line 399999\n")
    assert "line 1\n" not in text
    assert 1_000_000 < len(text) <= 2 * 1024 * 1024


def test_a_bundle_changes_nothing(used: Path, run: Run, tmp_path: Path) -> None:
    def state() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in used.iterdir() if path.suffix != ".db-shm"}

    before = state()
    bundle(run, tmp_path)
    assert {name: data for name, data in state().items() if not name.endswith("-wal")} == before


# -- homes that something is wrong with


def test_an_empty_home_gives_a_bundle_too(run: Run, home: Path, tmp_path: Path) -> None:
    files = bundle(run, tmp_path)
    assert list(files) == ["about.json", "settings.json", "database.json"]
    assert "no database" in json.loads(files["database.json"])["error"]
    assert json.loads(files["settings.json"]) == {"changed": {}, "notes": []}
    assert list(home.iterdir()) == []


def test_a_home_that_is_not_there_gives_a_bundle_too_and_is_not_made(run: Run, home: Path, tmp_path: Path) -> None:
    home.rmdir()
    assert list(bundle(run, tmp_path)) == ["about.json", "settings.json", "database.json"]
    assert not home.exists()


def no_config(home: Path) -> None:
    (home / "config.json").write_text('{"username": "anamaria",')


def no_database(home: Path) -> None:
    (home / "movie_sync.db").write_bytes(b"junk" * 5000)


def newer_database(home: Path) -> None:
    with closing(Store(home / "movie_sync.db")) as store:
        store.connection().execute("PRAGMA user_version=999")


def no_log_ins(home: Path) -> None:
    (home / "credentials.enc").write_text("junk")


def no_key(home: Path) -> None:
    (home / ".key").write_text("junk")


def log_of_bytes(home: Path) -> None:
    (home / "movie_sync.log").write_bytes(bytes(range(256)) * 100 + PASSKEY.encode())


DAMAGES: dict[str, Any] = {
    "settings": no_config,
    "database": no_database,
    "newer database": newer_database,
    "log-ins": no_log_ins,
    "key": no_key,
    "log": log_of_bytes,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_whatever_is_damaged_the_rest_is_in_the_bundle(damage: Any, used: Path, run: Run, tmp_path: Path) -> None:
    damage(used)
    files = bundle(run, tmp_path)
    assert {"about.json", "settings.json", "database.json", "movie_sync.log"} <= files.keys()
    for name in ("about.json", "settings.json", "database.json"):
        json.loads(files[name])


@pytest.mark.parametrize("damage", [no_config, no_database, log_of_bytes], ids=["settings", "database", "log"])
def test_secrets_stay_out_whatever_is_damaged(damage: Any, used: Path, run: Run, tmp_path: Path) -> None:
    damage(used)
    text = "".join(bundle(run, tmp_path).values()).casefold()
    assert not {one for one in SECRETS if one.casefold() in text}


@pytest.mark.parametrize("damage", [no_config, no_log_ins, no_key], ids=["settings", "log-ins", "key"])
def test_the_name_on_letterboxd_stays_out_whatever_is_damaged(
    damage: Any, used: Path, run: Run, tmp_path: Path
) -> None:
    damage(used)
    assert "anamaria" not in "".join(bundle(run, tmp_path).values()).casefold()


@pytest.mark.parametrize("damage", [no_log_ins, no_key], ids=["log-ins", "key"])
def test_log_ins_of_variables_stay_out_when_the_stored_ones_are_damaged(
    damage: Any, used: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(used)
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_PASSKEY", PASSKEY)
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_USERNAME", "ionpopescu")
    text = "".join(bundle(run, tmp_path).values()).casefold()
    assert not {one for one in forms(PASSKEY) | {"ionpopescu"} if one.casefold() in text}


def test_a_log_that_cannot_be_read_is_said_so_in_the_bundle(used: Path, run: Run, tmp_path: Path) -> None:
    (used / "movie_sync.log").unlink()
    (used / "movie_sync.log").mkdir()
    assert {"about.json", "settings.json", "database.json", "movie_sync.log.1"} <= bundle(run, tmp_path).keys()


# -- who and where


def test_the_name_of_the_user_stays_out_without_the_usual_variable(
    used: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("USER")
    CredentialsManager(used, {}).set("qbittorrent", {"username": "admin", "password": PASSWORD})
    assert "gheorghe" not in "".join(bundle(run, tmp_path).values()).casefold()


def test_where_home_is_the_root_folder_paths_stay_readable(
    used: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/")
    (used / "movie_sync.log").write_text("cannot read /data/films/Nosferatu (1922)\n")
    assert bundle(run, tmp_path)["movie_sync.log"] == "cannot read /data/films/Nosferatu (1922)\n"


def test_a_path_that_only_begins_like_the_home_stays_readable(
    used: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/srv")
    (used / "movie_sync.log").write_text("cannot read /srv-2/data and /srv/films\n")
    assert bundle(run, tmp_path)["movie_sync.log"] == "cannot read /srv-2/data and ~/films\n"
