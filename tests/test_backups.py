"""A backup holds the home folder as of one moment, and a restore puts exactly that back, or changes nothing."""

import gzip
import io
import json
import os
import random
import shutil
import sqlite3
import stat
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from command_line import Run, as_before, runner
from conftest import HandClock, movie

from movie_sync.credentials_manager import CredentialsManager
from movie_sync.lib.clock import Boot
from movie_sync.lib.files import InstanceLock, write_whole
from movie_sync.movie import Queue, Status, WatchedFilm
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store, calls
from movie_sync.store.migrations import SCHEMA_VERSION
from movie_sync.verbs.backups import restore
from movie_sync.verbs.home import opened

HOMES = Path(__file__).parent / "homes"
PASSKEY = "3f5a0c9e7b1d24680f0f0f0f0f0f0f0f"
# Changed by looking at the home; what they say is checked by the queue files.
DERIVED = {"faces", "exports", "calls"}
FACES = ["queue_pending.json", "queue_failed.json", "queue_completed.json"]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield from as_before()


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(home, monkeypatch, capsys)


def load(home: Path, schema: int = SCHEMA_VERSION) -> None:
    """A database with a film in every state that outlives its process."""
    with closing(sqlite3.connect(home / "movie_sync.db")) as connection:
        connection.executescript((HOMES / f"schema-{schema}.sql").read_text(encoding="utf-8"))


def rows(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(home / "movie_sync.db")) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: list(map(tuple, connection.execute(f"SELECT * FROM {name}"))) for name in names}  # noqa: S608
    return {name: sorted(values, key=repr) for name, values in found.items() if name not in DERIVED}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but those that say who is at work."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in {"instance.lock", "faces.lock"} and path.suffix != ".db-shm"
    }


@pytest.fixture
def full(home: Path, clock: HandClock) -> Path:
    """A home with films in every state, settings, log-ins, the built-in client's folder and a private .torrent."""
    load(home)
    with opened(home) as open_home:
        open_home.queue.claim()
    (home / "config.json").write_text('{"username": "ana", "max_retries": 7}')
    (home / "filelist_config.json").write_text('{"category_priority": [4, 19]}')
    (home / "watchlist.json").write_text("[]")
    CredentialsManager(home, {}).set("filelist", {"username": "ion", "passkey": PASSKEY})
    (home / "torrents" / "builtin").mkdir(parents=True)
    (home / "torrents" / "builtin" / f"{1:040x}.resume").write_bytes(b"resume data")
    (home / "torrents" / f"{2:040x}.torrent").write_bytes(f"announce?passkey={PASSKEY}".encode())
    (home / "movie_sync.log").write_text("a line\n")
    return home


@pytest.fixture
def saved(full: Path, tmp_path: Path, run: Run) -> Path:
    path = tmp_path / "saved.tar.gz"
    assert run("backup", path, "--with-key").code == 0
    return path


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another machine's home folder, not there yet; what `run` does happens there."""
    folder = tmp_path / "elsewhere"
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(folder))
    return folder


def members(path: Path) -> list[str]:
    with tarfile.open(path) as archive:
        return archive.getnames()


# -- the round trip


def test_what_is_backed_up_is_what_is_restored_on_another_machine(
    full: Path, saved: Path, run: Run, elsewhere: Path
) -> None:
    before = rows(full)
    assert {row[1] for row in before["films"]} >= {f"Film {number}" for number in range(len(Status) - 1)}
    answered = run("restore", saved, "--json")
    assert (answered.code, answered.err) == (0, "")
    assert (answered.json["ok"], answered.json["kept"], answered.json["credentials"]) == (True, "", "restored")
    assert rows(elsewhere) == before
    assert CredentialsManager(elsewhere, {}).get("filelist") == {"username": "ion", "passkey": PASSKEY}
    same = ["config.json", "filelist_config.json", "watchlist.json", f"torrents/builtin/{1:040x}.resume", *FACES]
    assert {name: (elsewhere / name).read_bytes() for name in same} == {
        name: (full / name).read_bytes() for name in same
    }


def test_a_restored_home_is_private_and_holds_nothing_else(full: Path, saved: Path, run: Run, elsewhere: Path) -> None:
    run("restore", saved)
    found = list(elsewhere.rglob("*"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in [elsewhere, *found] if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_file()} == {0o600}
    strangers = {path.name for path in elsewhere.iterdir()} - {path.name for path in full.iterdir()}
    assert strangers <= {"instance.lock"}
    assert not (elsewhere / "movie_sync.log").exists()


def test_the_words_say_of_when_the_backup_is(saved: Path, run: Run, elsewhere: Path) -> None:
    answered = run("restore", saved)
    assert (answered.code, answered.err) == (0, "")
    assert answered.out.startswith("Restored the state of 20")


def test_a_backup_is_private_and_holds_neither_log_nor_private_torrents(full: Path, saved: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert sorted(members(saved)) == sorted(
        [
            "about.json",
            "movie_sync.db",
            "config.json",
            "filelist_config.json",
            "credentials.enc",
            ".key",
            "watchlist.json",
            f"torrents/builtin/{1:040x}.resume",
            *FACES,
        ]
    )


def test_a_backup_replaces_an_older_one_and_leaves_nothing_beside_it(full: Path, saved: Path, run: Run) -> None:
    saved.write_bytes(b"an older one")
    saved.chmod(0o644)
    assert run("backup", saved).code == 0
    assert "movie_sync.db" in members(saved)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert [path.name for path in saved.parent.iterdir() if path != full] == [saved.name]


def test_a_backup_names_its_files_for_scripts(full: Path, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "b.tar.gz"
    answered = run("backup", path, "--json")
    assert answered.json["file"] == str(path)
    assert {"about.json", *answered.json["files"]} == set(members(path))
    assert answered.json["with_key"] is False


@pytest.mark.parametrize("command", ["backup", "restore", "diagnose"])
def test_a_file_in_the_home_of_nobody_is_told_in_a_sentence(command: str, full: Path, run: Run) -> None:
    error = run(command, "~nobody-here/saved", "--json").failed(3, "config")
    assert "~nobody-here/saved cannot be found" in error["message"]


def test_a_hand_edited_queue_file_is_taken_in_before_the_backup(
    full: Path, run: Run, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = json.loads((full / "queue_pending.json").read_bytes())
    entries.append({"id": 4711, "title": "By Hand", "year": 1999})
    (full / "queue_pending.json").write_text(json.dumps(entries))
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(full))
    run("backup", tmp_path / "b.tar.gz")
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(elsewhere))
    run("restore", tmp_path / "b.tar.gz")
    assert "By Hand" in [row[1] for row in rows(elsewhere)["films"]]
    assert "By Hand" in (elsewhere / "queue_pending.json").read_text()


def test_without_a_database_there_is_nothing_to_back_up(run: Run, home: Path, tmp_path: Path) -> None:
    run("backup", tmp_path / "b.tar.gz", "--json").failed(1, "nothing_to_back_up")
    assert not (tmp_path / "b.tar.gz").exists()
    assert list(home.iterdir()) == []


def test_a_backup_that_cannot_be_written_says_so(full: Path, run: Run, tmp_path: Path) -> None:
    answered = run("backup", tmp_path / "nowhere" / "b.tar.gz", "--json")
    assert str(tmp_path / "nowhere") in answered.failed(1, "store")["message"]


def test_a_damaged_database_is_not_backed_up(full: Path, run: Run, tmp_path: Path) -> None:
    (full / "movie_sync.db").write_bytes(b"junk" * 5000)
    run("backup", tmp_path / "b.tar.gz", "--json").failed(1, "store_corrupt")
    assert not (tmp_path / "b.tar.gz").exists()


# -- while others write


def test_a_backup_beside_a_writer_is_of_one_moment(full: Path, run: Run, tmp_path: Path) -> None:
    stop, started = threading.Event(), threading.Event()

    def write() -> None:
        with closing(Store(full / "movie_sync.db")) as store:
            queue = QueueManager(store, HandClock())
            for number in range(9000, 100_000, 2):
                queue.wish([WatchedFilm(movie(number), 0), WatchedFilm(movie(number + 1), 1)], "list")
                started.set()
                if stop.is_set():
                    return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert started.wait(10)
        answered = run("backup", tmp_path / "b.tar.gz")
    finally:
        stop.set()
        writer.join()
    assert answered.code == 0
    restore(tmp_path / "other", tmp_path / "b.tar.gz", 0)
    found = [row[3] for row in rows(tmp_path / "other")["films"] if row[3] is not None and row[3] >= 9000]
    assert found
    assert sorted(found) == list(range(9000, 9000 + len(found)))
    assert len(found) % 2 == 0


def test_a_backup_goes_on_while_the_service_holds_the_home(full: Path, run: Run, tmp_path: Path) -> None:
    lock = InstanceLock(full / "instance.lock")
    lock.acquire()
    try:
        assert run("backup", tmp_path / "b.tar.gz").code == 0
    finally:
        lock.release()


# -- the key


def test_with_the_key_the_user_is_told_to_keep_the_file_secret(full: Path, run: Run, tmp_path: Path) -> None:
    answered = run("backup", tmp_path / "b.tar.gz", "--with-key")
    assert "keep it as secret" in answered.err
    assert ".key" in members(tmp_path / "b.tar.gz")


def test_without_the_key_log_ins_are_left_out_on_another_machine_with_a_sentence(
    full: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = run("backup", tmp_path / "b.tar.gz")
    assert "--with-key" in answered.err
    assert ".key" not in members(tmp_path / "b.tar.gz")
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(tmp_path / "other"))
    answered = run("restore", tmp_path / "b.tar.gz")
    assert answered.code == 0
    assert "log-ins cannot be read without their key" in answered.err
    assert not (tmp_path / "other" / "credentials.enc").exists()
    assert CredentialsManager(tmp_path / "other", {}).get("filelist") == {}


def test_without_the_key_log_ins_come_back_where_the_key_still_is(full: Path, run: Run, tmp_path: Path) -> None:
    run("backup", tmp_path / "b.tar.gz")
    CredentialsManager(full, {}).set("filelist", {"username": "ion", "passkey": "another-passkey"})
    assert run("restore", tmp_path / "b.tar.gz", "--json").json["credentials"] == "restored"
    assert CredentialsManager(full, {}).get("filelist")["passkey"] == PASSKEY


def test_log_ins_of_another_key_stay_out_and_those_that_are_here_stay(
    full: Path, run: Run, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(full))
    run("backup", tmp_path / "b.tar.gz")
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(elsewhere))
    CredentialsManager(elsewhere, {}).set("filelist", {"username": "eva", "passkey": "evas-own-passkey"})
    assert run("restore", tmp_path / "b.tar.gz", "--json").json["credentials"] == "unreadable"
    assert CredentialsManager(elsewhere, {}).get("filelist") == {"username": "eva", "passkey": "evas-own-passkey"}


def test_a_backup_without_log_ins_leaves_those_that_are_here(
    full: Path, run: Run, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(full))
    (full / "credentials.enc").unlink()
    run("backup", tmp_path / "b.tar.gz")
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(elsewhere))
    CredentialsManager(elsewhere, {}).set("filelist", {"username": "eva", "passkey": "evas-own-passkey"})
    assert run("restore", tmp_path / "b.tar.gz", "--json").json["credentials"] == "none"
    assert CredentialsManager(elsewhere, {}).get("filelist")["passkey"] == "evas-own-passkey"


def test_a_key_without_log_ins_in_the_backup_does_not_lock_those_that_are_here(
    full: Path, run: Run, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(full))
    (full / "credentials.enc").unlink()
    run("backup", tmp_path / "b.tar.gz", "--with-key")
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(elsewhere))
    CredentialsManager(elsewhere, {}).set("filelist", {"username": "eva", "passkey": "evas-own-passkey"})
    assert run("restore", tmp_path / "b.tar.gz").code == 0
    assert CredentialsManager(elsewhere, {}).get("filelist")["passkey"] == "evas-own-passkey"


def test_log_ins_whose_key_is_given_by_a_variable_come_back(
    full: Path, run: Run, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(full))
    monkeypatch.setenv("MOVIE_SYNC_KEY", (full / ".key").read_text().strip())
    (full / ".key").unlink()
    run("backup", tmp_path / "b.tar.gz")
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(elsewhere))
    assert run("restore", tmp_path / "b.tar.gz", "--json").json["credentials"] == "restored"
    assert CredentialsManager(elsewhere).get("filelist")["passkey"] == PASSKEY


def test_a_key_that_is_not_in_the_backup_is_not_said_to_be(
    full: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIE_SYNC_KEY", (full / ".key").read_text().strip())
    (full / ".key").unlink()
    answered = run("backup", tmp_path / "b.tar.gz", "--with-key", "--json")
    assert answered.code == 0
    assert answered.json["with_key"] is False
    assert "The key of the log-ins is in it" not in answered.err


# -- putting it back in place of something


def test_a_restore_refuses_while_the_service_runs(full: Path, saved: Path, run: Run) -> None:
    lock = InstanceLock(full / "instance.lock")
    lock.acquire()
    before = contents(full)
    try:
        run("restore", saved, "--json").failed(1, "already_running")
    finally:
        lock.release()
    assert contents(full) == before


def test_what_was_there_before_is_kept_whole(full: Path, saved: Path, run: Run) -> None:
    with opened(full) as open_home:
        open_home.queue.wish([WatchedFilm(movie(4711, "Newer"), 0)], "list")
    (full / "config.json").write_text('{"username": "eva"}')
    before, films = contents(full), rows(full)
    kept = Path(run("restore", saved, "--json").json["kept"])
    assert kept.parent == full
    assert kept.name.startswith("before-restore-20")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert rows(kept) == films
    there = contents(kept)
    assert {name: there[name] for name in there if "movie_sync.db" not in name}.items() <= before.items()
    assert {"config.json", "credentials.enc", f"torrents/builtin/{1:040x}.resume", *FACES} <= there.keys()
    assert "Newer" not in [row[1] for row in rows(full)["films"]]


def test_two_restores_in_a_row_keep_both_states(full: Path, saved: Path, run: Run) -> None:
    (full / "config.json").write_text('{"username": "first"}')
    kept = Path(run("restore", saved, "--json").json["kept"])
    (full / "config.json").write_text('{"username": "second"}')
    again = run("restore", saved, "--json")
    assert again.code == 0
    assert json.loads((kept / "config.json").read_bytes()) == {"username": "first"}
    assert json.loads((Path(again.json["kept"]) / "config.json").read_bytes()) == {"username": "second"}


def test_what_is_not_in_the_backup_is_gone_afterwards(full: Path, saved: Path, run: Run) -> None:
    (full / "torrents" / "builtin" / "later.resume").write_bytes(b"later")
    (full / "watchlist.json").unlink()
    run("backup", saved, "--with-key")
    (full / "watchlist.json").write_text("[]")
    (full / "torrents" / "builtin" / "much-later.resume").write_bytes(b"later")
    assert run("restore", saved).code == 0
    assert not (full / "watchlist.json").exists()
    assert sorted(path.name for path in (full / "torrents" / "builtin").iterdir()) == [
        f"{1:040x}.resume",
        "later.resume",
    ]


def test_the_old_queue_files_are_not_read_as_edits(full: Path, saved: Path, run: Run) -> None:
    before = rows(full)
    with opened(full) as open_home:
        open_home.queue.wish([WatchedFilm(movie(4711, "Newer"), 0)], "list")
        pending = open_home.queue.films_in(Queue.PENDING)
        assert open_home.editor.remove(next(one.film_id for one in pending if one.status is Status.DUE))
    (full / "queue_failed.json").write_text("[]")
    assert run("restore", saved).code == 0
    assert rows(full) == before
    shown = {name: (full / name).read_text() for name in FACES}
    assert "Newer" not in "".join(shown.values())
    with opened(full) as open_home:
        assert open_home.problems == []
    assert rows(full) == before
    assert {name: (full / name).read_text() for name in FACES} == shown


def test_calls_made_since_the_backup_stay_counted(full: Path, saved: Path, run: Run) -> None:
    boot = Boot("this-boot", 50_000)
    with closing(Store(full / "movie_sync.db")) as store:
        for number in range(30):
            calls.take_turn(store, "filelist", Boot("this-boot", 49_000 + number), 1e9, spacing_s=0)
        before = calls.used(store, "filelist", boot)
    assert before >= 30
    assert run("restore", saved).code == 0
    with closing(Store(full / "movie_sync.db")) as store:
        assert calls.used(store, "filelist", boot) == before
    assert run("restore", saved).code == 0
    with closing(Store(full / "movie_sync.db")) as store:
        assert calls.used(store, "filelist", boot) == before


def test_a_home_whose_database_is_damaged_can_be_restored(full: Path, saved: Path, run: Run) -> None:
    before = rows(full)
    (full / "movie_sync.db").write_bytes(b"junk" * 5000)
    kept = Path(run("restore", saved, "--json").json["kept"])
    assert rows(full) == before
    assert (kept / "movie_sync.db").read_bytes() == b"junk" * 5000


def test_an_older_schema_is_brought_up_to_date(run: Run, home: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    load(old, schema=1)
    before = rows(old)
    path = archive_of(tmp_path / "old.tar.gz", database=(old / "movie_sync.db").read_bytes())
    assert run("restore", path).code == 0
    after = rows(home)
    # A table that got further columns has them at their end.
    wide = {name: len(found[0]) if found else 0 for name, found in before.items()}
    assert {name: [row[: wide[name]] for row in after[name]] for name in before} == before
    with closing(sqlite3.connect(home / "movie_sync.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


# -- what is no backup

Member = tuple[tarfile.TarInfo, bytes]


def file(name: str, data: bytes = b"{}", **facts: Any) -> Member:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for fact, value in facts.items():
        setattr(info, fact, value)
    return info, data


def archive_of(path: Path, *more: Member, database: bytes, about: bytes = b"{}") -> Path:
    """An archive as somebody may have made it."""
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for info, data in (file("about.json", about), file("movie_sync.db", database), *more):
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture
def database(tmp_path: Path) -> bytes:
    folder = tmp_path / "made"
    folder.mkdir()
    load(folder)
    return (folder / "movie_sync.db").read_bytes()


def assert_refused(home: Path, run: Run, path: Path, code: str = "bad_backup") -> None:
    """A restore of that file fails, with and without something to lose, and changes nothing."""
    before = contents(home)
    answered = run("restore", path, "--json")
    error = answered.failed(1, code)
    assert (error["hint"] != "", answered.err) == (True, "")
    assert contents(home) == before
    assert not [path for path in home.iterdir() if path.name.startswith((".restore", "before-restore"))]


STRANGE: dict[str, Member] = {
    "an absolute name": file("/etc/movie-sync-test"),
    "a way up": file("../config.json"),
    "a way up inside": file("torrents/builtin/../../config.json"),
    "a name of dots": file("torrents/builtin/.."),
    "a folder of nothing": file("torrents/builtin/"),
    "a foreign name": file("authorized_keys"),
    "a private torrent": file(f"torrents/{1:040x}.torrent"),
    "a log": file("movie_sync.log"),
    "a lock": file("instance.lock"),
    "a deeper folder": file("torrents/builtin/more/file"),
    "a symlink": file("config.json", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "a hard link": file("config.json", b"", type=tarfile.LNKTYPE, linkname="about.json"),
    "a device": file("config.json", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
    "a pipe": file("config.json", b"", type=tarfile.FIFOTYPE),
    "a folder": file("config.json", b"", type=tarfile.DIRTYPE),
    "a folder of ours": file("torrents/builtin", b"", type=tarfile.DIRTYPE),
    "an empty name": file(""),
    "a NUL in its name": file("torrents/builtin/a", pax_headers={"path": "torrents/builtin/a\0b"}),
    "a long name": file("torrents/builtin/" + "a" * 300),
}


@pytest.mark.parametrize("member", STRANGE.values(), ids=STRANGE.keys())
def test_an_archive_with_a_member_that_is_not_ours_is_refused(
    member: Member, full: Path, run: Run, tmp_path: Path, database: bytes
) -> None:
    assert_refused(full, run, archive_of(tmp_path / "strange.tar.gz", member, database=database))
    assert not Path("/etc/movie-sync-test").exists()


def cut(data: bytes) -> Iterator[bytes]:
    yield from (data[: len(data) * part // 7] for part in range(7))
    yield data[:-1]
    yield data[:-8]


def test_a_truncated_backup_is_refused_wherever_it_was_cut(full: Path, saved: Path, run: Run, tmp_path: Path) -> None:
    for part in cut(saved.read_bytes()):
        path = tmp_path / "cut.tar.gz"
        path.write_bytes(part)
        assert_refused(full, run, path)


def test_a_backup_with_a_bad_byte_is_refused_wherever_that_is(
    full: Path, saved: Path, run: Run, tmp_path: Path
) -> None:
    whole = saved.read_bytes()
    path = tmp_path / "bad.tar.gz"
    for place in random.Random(1).sample(range(10, len(whole)), 40):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        assert_refused(full, run, path)


NOT_ARCHIVES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "words": lambda _: b"words\n" * 1000,
    "zeros": lambda _: bytes(20_000),
    "an archive that is not compressed": gzip.decompress,
    "compressed words": lambda _: gzip.compress(b"words\n" * 1000),
    "compressed nothing": lambda _: gzip.compress(b""),
    "something behind it": lambda whole: whole + b"words",
}


@pytest.mark.parametrize("made", NOT_ARCHIVES.values(), ids=NOT_ARCHIVES.keys())
def test_a_file_that_is_no_backup_is_refused(
    made: Callable[[bytes], bytes], full: Path, saved: Path, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "other.tar.gz"
    path.write_bytes(made(saved.read_bytes()))
    assert_refused(full, run, path)


def test_a_backup_that_is_not_there_is_an_error_that_names_it(full: Path, run: Run, tmp_path: Path) -> None:
    error = run("restore", tmp_path / "nowhere.tar.gz", "--json").failed(1, "store")
    assert str(tmp_path / "nowhere.tar.gz") in error["message"]


@pytest.mark.parametrize("size", [2**33 + 1, 2**62], ids=["more than we ever write", "absurd"])
def test_a_member_that_claims_a_huge_size_is_refused(
    size: int, full: Path, run: Run, tmp_path: Path, database: bytes
) -> None:
    info, _ = file("watchlist.json")
    info.size = size
    path = archive_of(tmp_path / "huge.tar.gz", database=database)
    plain = gzip.decompress(path.read_bytes()).rstrip(b"\0")
    padding = bytes(-len(plain) % 512)
    path.write_bytes(gzip.compress(plain + padding + info.tobuf(tarfile.GNU_FORMAT) + bytes(2048)))
    assert_refused(full, run, path)


def test_an_archive_without_a_database_is_refused(full: Path, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(file("about.json")[0], io.BytesIO(b"{}"))
    assert_refused(full, run, path)


def test_an_archive_that_does_not_say_what_it_is_is_refused(
    full: Path, run: Run, tmp_path: Path, database: bytes
) -> None:
    assert_refused(full, run, archive_of(tmp_path / "b.tar.gz", database=database, about=b"{"))


def altered(database: bytes, folder: Path, *statements: str) -> bytes:
    path = folder / "altered.db"
    path.write_bytes(database)
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path.read_bytes()


def test_a_newer_schema_is_refused_with_what_it_needs(full: Path, run: Run, tmp_path: Path, database: bytes) -> None:
    newer = altered(database, tmp_path, f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    assert_refused(full, run, archive_of(tmp_path / "b.tar.gz", database=newer), "store_newer")


def test_a_database_that_is_none_is_refused(full: Path, run: Run, tmp_path: Path) -> None:
    path = archive_of(tmp_path / "b.tar.gz", database=b"junk" * 5000)
    assert_refused(full, run, path, "store_corrupt")


def with_a_bad_page(database: bytes) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(database)
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'history'").fetchone()
    return database[: (page - 1) * 4096] + bytes(4096) + database[page * 4096 :]


@pytest.mark.parametrize("at_home", [True, False], ids=["over a home", "on a new machine"])
@pytest.mark.parametrize(
    "damage",
    [
        with_a_bad_page,
        lambda database: database[:8192],
        lambda _: b"",
        lambda database: altered(database, Path(), "DROP TABLE names"),
        lambda database: altered(database, Path(), "ALTER TABLE films RENAME COLUMN queue TO other"),
        lambda database: altered(database, Path(), "UPDATE films SET directors = 'no list'"),
        lambda database: altered(database, Path(), "UPDATE films SET status = 'no state', queue = 'left'"),
    ],
    ids=["a bad page", "half of it", "an empty file", "a table less", "a column less", "no list", "no state"],
)
def test_a_damaged_database_in_a_backup_is_refused(
    damage: Callable[[bytes], bytes],
    at_home: bool,
    full: Path,
    run: Run,
    tmp_path: Path,
    database: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = archive_of(tmp_path / "b.tar.gz", database=damage(database))
    if not at_home:
        monkeypatch.setenv("MOVIE_SYNC_HOME", str(tmp_path / "new"))
    before = contents(full)
    answered = run("restore", path, "--json")
    assert (answered.code, answered.json["ok"], answered.err) == (1, False, "")
    assert contents(full) == before
    assert not (tmp_path / "new" / "movie_sync.db").exists()


# -- a kill in the middle


class Killed(BaseException):
    """What no handler of errors catches, as a kill."""


def kill_at(monkeypatch: pytest.MonkeyPatch, step: int) -> list[str]:
    """Die at that step of those that change names; what was done before."""
    done: list[str] = []

    def dying(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def do(path: Path, *arguments: Any, **options: Any) -> Any:
            if (
                "before-restore" in str(path)
                or ".restore-" in path.name
                or path.suffix == ".unfinished"
                or "empty" in path.parts
            ):
                return real(path, *arguments, **options)
            if len(done) == step:
                raise Killed
            done.append(f"{name} {path.name}")
            return real(path, *arguments, **options)

        return do

    for name in ("replace", "rename", "unlink"):
        monkeypatch.setattr(Path, name, dying(name, getattr(Path, name)))
    monkeypatch.setattr(shutil, "rmtree", dying("rmtree", shutil.rmtree))
    return done


def titles(home: Path) -> set[str]:
    with opened(home) as open_home:
        return {film.movie.title for queue in Queue for film in open_home.queue.films_in(queue)}


@pytest.mark.parametrize("step", range(14))
def test_a_restore_killed_at_any_step_leaves_the_old_films_or_the_new(
    step: int, full: Path, saved: Path, run: Run, tmp_path: Path
) -> None:
    restored = titles(full)
    with opened(full) as open_home:
        open_home.queue.wish([WatchedFilm(movie(4710, "Since the backup"), 0)], "list")
    # A service that was killed: its last films are in the write-ahead log alone.
    with closing(Store(full / "movie_sync.db")) as store:
        QueueManager(store, HandClock()).wish([WatchedFilm(movie(4711, "Newest"), 0)], "list")
        shutil.copytree(full, tmp_path / "killed")
    home = tmp_path / "killed"
    with pytest.MonkeyPatch.context() as patched:
        done = kill_at(patched, step)
        try:
            restore(home, saved, 1_790_000_000)
        except Killed:
            assert len(done) == step
    assert titles(home) in (restored | {"Since the backup", "Newest"}, restored), done
    assert CredentialsManager(home, {}).get("filelist")["passkey"] == PASSKEY


def test_after_a_killed_restore_the_next_one_works_and_clears_up(full: Path, saved: Path, run: Run) -> None:
    restored = titles(full)
    left = full / ".restore-killed"
    left.mkdir()
    (left / ".key").write_text("a key")
    assert run("restore", saved).code == 0
    assert titles(full) == restored
    assert not left.exists()


# -- odd homes


def test_settings_that_are_a_link_to_a_file_elsewhere_are_backed_up(
    full: Path, run: Run, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(full))
    (full / "config.json").rename(tmp_path / "dotfile.json")
    (full / "config.json").symlink_to(tmp_path / "dotfile.json")
    assert run("backup", tmp_path / "b.tar.gz").code == 0
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(elsewhere))
    assert run("restore", tmp_path / "b.tar.gz").code == 0
    assert json.loads((elsewhere / "config.json").read_bytes())["max_retries"] == 7


def test_a_backup_beside_a_client_that_saves_its_state_does_not_fail(full: Path, run: Run, tmp_path: Path) -> None:
    folder, stop = full / "torrents" / "builtin", threading.Event()

    def save() -> None:
        for number in range(1_000_000):
            write_whole(folder / f"{number % 50:040x}.resume", os.urandom(number * 37 % 60_000))
            if stop.is_set():
                return

    writer = threading.Thread(target=save)
    writer.start()
    try:
        codes = {run("backup", tmp_path / "b.tar.gz").code for _ in range(20)}
    finally:
        stop.set()
        writer.join()
    assert codes == {0}
    assert not [name for name in members(tmp_path / "b.tar.gz") if name.endswith(".tmp")]


def test_a_backup_does_not_take_the_place_of_a_file_of_the_home(full: Path, run: Run) -> None:
    before = contents(full)
    for name in ("movie_sync.db", "config.json", ".key", "queue_pending.json"):
        assert run("backup", full / name, "--json").code != 0
    assert contents(full) == before
