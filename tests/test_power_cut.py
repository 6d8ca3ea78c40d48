"""What was not synced is gone after a power cut, and the program loses nothing by it."""

import contextlib
import itertools
import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from movie_sync.credentials_manager import CredentialsManager
from movie_sync.demo.films import FILMS, DemoFilm
from movie_sync.demo.world import PASSKEY, USERNAME, World
from movie_sync.errors import StoreError
from movie_sync.lib.torrent_file import read_torrent
from movie_sync.store import Store
from reliability.disk import NotHere, power_cut, preload
from reliability.program import Program

OLD, NEW = b"old " * 3000, b"new " * 5000

# Its parts that may be taken away: what the file is synced by, and what its folder is.
WRITER = """
import os, stat, sys
from pathlib import Path
from movie_sync.lib.files import write_whole
fsync = os.fsync
def without(kind):
    os.fsync = lambda fd: None if kind(os.fstat(fd).st_mode) else fsync(fd)
if sys.argv[2] == "no file sync":
    without(stat.S_ISREG)
if sys.argv[2] == "no folder sync":
    without(stat.S_ISDIR)
write_whole(Path(sys.argv[1]) / "file", b"new " * 5000)
"""

# Prints each number once its row is committed.
COMMITTER = """
import sys
from pathlib import Path
from movie_sync.store import Store, facts
store = Store(Path(sys.argv[1]) / "movie_sync.db")
store.connection().execute(f"PRAGMA synchronous={sys.argv[2]}")
store.connection().execute("PRAGMA wal_autocheckpoint=5")
for number in range(int(sys.argv[3])):
    with store.write() as tx:
        facts.put(tx, f"row {number}", "x" * 3000)
    print(number, flush=True)
"""


class Disk:
    """A home folder, its shadow, and the states a power cut may leave it in."""

    def __init__(self, folder: Path, built: Path) -> None:
        self.folder, self.built = folder, built
        self.home = folder / "home"
        self.home.mkdir(parents=True, mode=0o700)
        self._shadows, self._states = itertools.count(), itertools.count()
        self.shadow = folder / "none"

    def begin(self, kill_before: int | None = None) -> dict[str, str]:
        self.shadow = self.folder / f"shadow{next(self._shadows)}"
        power_cut.begin(self.home, self.shadow)
        return {**os.environ, **power_cut.environment(self.home, self.shadow, self.built, kill_before)}

    def run(
        self, program: str, *arguments: object, kill_before: int | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", program, str(self.home), *map(str, arguments)],
            env=self.begin(kill_before),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )

    def state(self, dice: random.Random | None = None) -> Path:
        into = self.folder / f"state{next(self._states)}"
        power_cut.what_survived(self.home, self.shadow, into, dice)
        return into


@pytest.fixture
def disk(tmp_path: Path, built: Path) -> Disk:
    return Disk(tmp_path, built)


def facts_in(state: Path) -> set[int]:
    """The rows of a database that is whole."""
    store = Store(state / "movie_sync.db")
    with contextlib.closing(store), store.read() as tx:
        assert tx.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return {int(name.split()[1]) for (name,) in tx.execute("SELECT name FROM facts WHERE name LIKE 'row %'")}


def test_a_file_written_whole_is_the_old_or_the_new_one_wherever_the_power_goes(tmp_path: Path, built: Path) -> None:
    seen: list[set[bytes]] = []
    for moment in range(1, 40):
        disk = Disk(tmp_path / str(moment), built)
        (disk.home / "file").write_bytes(OLD)
        done = disk.run(WRITER, "whole", kill_before=moment)
        states = [disk.state(), *(disk.state(random.Random(throw)) for throw in range(4))]
        seen.append({(state / "file").read_bytes() for state in states})
        assert seen[-1] <= {OLD, NEW}
        if done.returncode == 0:
            break
    assert seen[0] == {OLD}
    assert seen[-1] == {NEW}
    assert {OLD, NEW} in seen  # between rename and sync of the folder both are possible
    assert len(seen) >= 6


def test_without_the_sync_of_the_file_its_name_may_survive_without_its_content(disk: Disk) -> None:
    (disk.home / "file").write_bytes(OLD)
    assert disk.run(WRITER, "no file sync").returncode == 0
    assert (disk.home / "file").read_bytes() == NEW
    assert (disk.state() / "file").read_bytes() == b""


def test_without_the_sync_of_the_folder_the_old_file_survives(disk: Disk) -> None:
    (disk.home / "file").write_bytes(OLD)
    assert disk.run(WRITER, "no folder sync").returncode == 0
    assert (disk.home / "file").read_bytes() == NEW
    assert (disk.state() / "file").read_bytes() == OLD


def test_what_was_there_before_survives_with_its_rights_and_what_was_deleted_may_come_back(disk: Disk) -> None:
    (disk.home / "folder").mkdir(mode=0o750)
    (disk.home / "folder" / "a\nfile").write_bytes(OLD)
    (disk.home / "folder" / "a\nfile").chmod(0o640)
    (disk.home / "folder" / "again").hardlink_to(disk.home / "folder" / "a\nfile")
    (disk.home / "link").symlink_to("folder")
    done = disk.run("import shutil, sys; shutil.rmtree(sys.argv[1] + '/folder')")
    assert done.returncode == 0
    assert not (disk.home / "folder").exists()
    survived = disk.state() / "folder"
    assert (survived / "a\nfile").read_bytes() == OLD
    assert (survived / "a\nfile").stat().st_mode & 0o777 == 0o640
    assert (survived / "again").samefile(survived / "a\nfile")
    assert (survived.parent / "link").readlink() == Path("folder")
    assert power_cut.watched(disk.shadow)


def test_a_folder_survives_only_when_the_one_around_it_was_synced(disk: Disk) -> None:
    write = "import sys; from pathlib import Path; from movie_sync.lib.files import *; home = Path(sys.argv[1]);"
    make = "(home / 'new').mkdir(); write_whole(home / 'new' / 'file', b'kept');"
    assert disk.run(write + make).returncode == 0
    assert not (disk.state() / "new").exists()
    assert disk.run(write + "(home / 'new' / 'file').unlink(); (home / 'new').rmdir();").returncode == 0
    assert (disk.state() / "new" / "file").exists()
    assert disk.run(write + make + "sync_folder(home)").returncode == 0
    assert (disk.state() / "new" / "file").read_bytes() == b"kept"


def test_a_shadow_in_the_tree_and_a_path_with_links_are_refused(disk: Disk, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lies in the tree"):
        power_cut.begin(disk.home, disk.home / "shadow")
    (tmp_path / "link").symlink_to(disk.home)
    with pytest.raises(ValueError, match="without links"):
        power_cut.environment(tmp_path / "link", disk.shadow, disk.built)


def test_without_a_compiler_it_is_said_that_nothing_can_be_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotHere, match="no C compiler"):
        preload.build(tmp_path)
    (tmp_path / "cc").write_text("#!/bin/sh\necho wrong >&2\nexit 1\n")
    (tmp_path / "cc").chmod(0o700)
    with pytest.raises(NotHere, match=r"cannot make preload\.c: wrong"):
        preload.build(tmp_path)


def test_every_committed_transaction_survives_wherever_the_power_goes(tmp_path: Path, built: Path) -> None:
    dice, survived = random.Random(4), 0
    for number in range(6):
        disk = Disk(tmp_path / str(number), built)
        done = disk.run(COMMITTER, "FULL", 150, kill_before=dice.randint(150, 1200))
        assert done.returncode == -9
        committed = {int(line) for line in done.stdout.split()}
        for thrown in (None, *(random.Random(throw) for throw in range(4))):
            assert facts_in(disk.state(thrown)) >= committed
        survived += len(committed)
    assert survived > 60


def test_without_syncs_committed_transactions_are_lost(disk: Disk) -> None:
    done = disk.run(COMMITTER, "OFF", 60)
    assert len(done.stdout.split()) == 60
    with contextlib.suppress(StoreError, sqlite3.DatabaseError):
        assert len(facts_in(disk.state())) < 60


# -- the real program


def small(films: tuple[DemoFilm, ...]) -> tuple[DemoFilm, ...]:
    return tuple(replace(film, offers=tuple(replace(offer, megabytes=1) for offer in film.offers)) for film in films)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"), private=False, films=small(FILMS[:4]))
    made.start_seeder()
    yield made
    made.close()


def started(folder: Path, world: World, client: str) -> Program:
    """The program, its log-in stored."""
    program = Program(folder, world)
    program.settings["client"] = client
    program.environment = {}
    CredentialsManager(program.home, {}).set("filelist", {"username": USERNAME, "passkey": PASSKEY})
    program._prepare()
    return program


def whole(home: Path) -> int:
    """The number of films; everything in the home folder can be read and is whole."""
    for path in home.glob("queue_*.json"):
        json.loads(path.read_bytes())
    assert CredentialsManager(home, {}).get("filelist")["passkey"] == PASSKEY
    if not (home / "movie_sync.db").exists():
        return 0
    with contextlib.closing(Store(home / "movie_sync.db")) as store, store.read() as tx:
        assert tx.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return int(tx.execute("SELECT count(*) FROM films").fetchone()[0])


def transfers_in(home: Path, status: str) -> list[tuple[str, str]]:
    """Name and info-hash of what films of a status were handed over by."""
    with contextlib.closing(Store(home / "movie_sync.db")) as store, store.read() as tx:
        rows = tx.execute(
            "SELECT torrent_name, transfers.info_hash FROM transfers JOIN films ON films.id = film WHERE status = ?",
            (status,),
        ).fetchall()
    return [(str(name), str(info_hash)) for name, info_hash in rows]


def survived(program: Program, built: Path, kill_before: int | None, *seeds: int) -> Iterator[Path]:
    """The states after one pass, or a part of it: all dropped that was not synced, and one by each seed."""
    shadow = program.folder.with_suffix(".shadow")
    power_cut.begin(program.folder, shadow)
    program.environment |= power_cut.environment(program.folder, shadow, built, kill_before)
    done = program.ask("run", "--once")
    assert done.returncode == (0 if kill_before is None else -9), done.stderr
    for place, dice in enumerate((None, *map(random.Random, seeds))):
        state = program.folder.with_suffix(f".{place}")
        power_cut.what_survived(program.folder, shadow, state, dice)
        yield state


def test_the_home_folder_is_whole_wherever_the_power_goes(tmp_path: Path, built: Path, world: World) -> None:
    dice, found = random.Random(7), set()
    for number in range(6):
        program = started(tmp_path / str(number), world, "none")
        for state in survived(program, built, dice.randint(100, 1000), number, -number):
            found.add(whole(state / "home"))
            for _, info_hash in transfers_in(state / "home", "saved"):
                (saved,) = (state / "downloads").glob(f"*.{info_hash[:8]}.torrent")
                assert read_torrent(saved.read_bytes()).info_hash == info_hash
            for _, info_hash in transfers_in(state / "home", "handing_over"):
                kept = state / "home" / "torrents" / f"{info_hash}.torrent"
                assert read_torrent(kept.read_bytes()).info_hash == info_hash
    assert len(found) > 1


def test_a_home_folder_that_was_just_made_is_there_after_a_power_cut(tmp_path: Path, built: Path, world: World) -> None:
    program = started(tmp_path / "program", world, "none")
    program.environment["MOVIE_SYNC_HOME"] = str(program.folder / "new" / "home")
    for name, value in program.settings.items():
        program.environment[f"MOVIE_SYNC_{name.upper()}"] = str(value)
    program.environment |= {"MOVIE_SYNC_FILELIST_USERNAME": USERNAME, "MOVIE_SYNC_FILELIST_PASSKEY": PASSKEY}
    (state,) = survived(program, built, None)
    assert len(transfers_in(state / "new" / "home", "saved")) == 4


def test_a_film_that_counts_as_downloaded_is_on_the_disk(tmp_path: Path, built: Path, world: World) -> None:
    for state in survived(started(tmp_path / "program", world, "builtin"), built, None, 1, 2, 3):
        downloaded = transfers_in(state / "home", "downloaded")
        assert len(downloaded) == 4
        for name, _ in downloaded:
            assert (state / "downloads" / name).read_bytes() == (world.seed_folder / name).read_bytes()
