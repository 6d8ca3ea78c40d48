"""Nothing the program makes is open to others, not for a moment, whatever the user's umask is."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from movie_sync.demo.films import FILMS
from movie_sync.demo.loopback import Answer
from movie_sync.demo.world import World
from reliability.disk import rights
from reliability.program import Program

HOMES = Path(__file__).with_name("homes")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    films = tuple(replace(film, offers=tuple(replace(one, megabytes=1) for one in film.offers)) for film in FILMS[:4])
    made = World(tmp_path_factory.mktemp("world"), private=False, films=films)
    made.start_seeder()
    yield made
    made.close()


def found_in(lines: str, home: Path, built: Path, allowed: tuple[str, ...] = ()) -> list[str]:
    """What these lines of Python make that is open to others."""
    log = home.parent / "rights.txt"
    subprocess.run(
        [sys.executable, "-c", f"import os\n{lines}"],
        env={**os.environ, **rights.environment(home, log, built)},
        cwd=home,
        check=True,
    )
    return rights.violations(log, allowed)


@pytest.mark.parametrize(
    ("lines", "mode", "call"),
    [
        ("os.open('a', os.O_CREAT | os.O_WRONLY, 0o644); os.chmod('a', 0o600)", "0644", "open"),
        ("open('a', 'w').close(); os.unlink('a')", "0666", "open"),
        ("os.open('a', os.O_CREAT, 0o640, dir_fd=os.open('.', os.O_RDONLY))", "0640", "open"),
        ("os.mkdir('a', 0o701); os.chmod('a', 0o700)", "0701", "mkdir"),
        ("os.mkdir('a', 0o755, dir_fd=os.open('.', os.O_RDONLY))", "0755", "mkdirat"),
        ("os.mknod('a', 0o604)", "0604", "mknod"),
        ("open('../b', 'w').close(); os.rename('../b', 'a')", "0666", "rename"),
        ("open('../b', 'w').close(); os.link('../b', '../home/a')", "0666", "link"),
        ("os.mkdir('a', 0o700); os.chmod('a', 0o710)", "0710", "chmod"),
        ("os.fchmod(os.open('a', os.O_CREAT, 0o600), 0o602)", "0602", "fchmod"),
    ],
)
def test_what_is_open_to_others_if_only_for_a_moment_is_found(
    lines: str, mode: str, call: str, home: Path, built: Path
) -> None:
    assert found_in(lines, home, built) == [f"a was open to others ({mode}) after {call}."]


@pytest.mark.parametrize(
    "lines",
    [
        "os.open('a', os.O_CREAT | os.O_WRONLY, 0o600); os.mkdir('b', 0o700); os.symlink('a', 'c')",
        "open('../b', 'w').close(); os.mkdir('../d')",
        "os.open('a', os.O_CREAT, 0o600); open('a').close(); os.rename('a', '../a'); os.chmod('../a', 0o644)",
        "os.mkdir('downloads'); open('downloads/film', 'w').close()",
    ],
)
def test_what_is_private_or_elsewhere_or_allowed_is_not(lines: str, home: Path, built: Path) -> None:
    assert found_in(lines, home, built, allowed=("downloads",)) == []


def test_where_nothing_was_watched_nothing_can_be_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        rights.violations(tmp_path / "rights.txt")


def test_a_log_that_says_nothing_is_no_good_news(tmp_path: Path) -> None:
    (tmp_path / "rights.txt").write_text("what\n")
    assert rights.violations(tmp_path / "rights.txt") == ["The log of rights has a line that says nothing: 'what'."]


class Watched(Program):
    """The program under the shim, the whole of its folder watched; the films may be open to others."""

    def __init__(self, folder: Path, world: World, built: Path) -> None:
        super().__init__(folder, world)
        self.log = folder.parent / "rights.txt"
        (folder / "temp").mkdir()
        self.environment |= {**rights.environment(folder, self.log, built), "TMPDIR": str(folder / "temp")}

    def do(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> None:
        done = self.ask(*arguments)
        assert done.returncode in codes, (arguments, done.stdout, done.stderr)

    def open_to_others(self) -> list[str]:
        return rights.violations(self.log, allowed=("downloads",))


@pytest.fixture
def program(tmp_path: Path, world: World, built: Path) -> Watched:
    return Watched(tmp_path / "program", world, built)


def test_a_pass_and_commands_leave_nothing_open(program: Watched) -> None:
    outside = program.folder / "outside"
    outside.mkdir()
    program.do("run", "--once", "--log-file", str(outside / "run.log"))
    program.do("backup", str(outside / "backup.tar.gz"), "--with-key")
    program.do("diagnose", str(outside / "report.zip"))
    program.do("config", "set", "check_interval", "7200")
    (program.home / "queue_failed.json").write_text("{")
    program.do("add", "tt0000001", codes=(0, 3, 4))
    assert list(program.home.glob("queue_failed.kept-*"))
    program.do("restore", str(outside / "backup.tar.gz"), "--yes")
    assert list(program.home.glob("before-restore-*/torrents/builtin/*"))
    assert program.open_to_others() == []
    assert rights.violations(program.log) != []  # the films are open, and may be


def test_what_an_older_database_and_an_answer_nobody_can_read_leave_is_not_open(program: Watched, world: World) -> None:
    program.settings["client"] = "none"
    with contextlib.closing(sqlite3.connect(program.home / "movie_sync.db")) as older:
        older.executescript((HOMES / "schema-1.sql").read_text(encoding="utf-8"))
    (program.home / "movie_sync.db").chmod(0o600)
    world.api.next_answers.append(Answer(b"[1]", content_type="application/json"))
    program.do("run", "--once", codes=(0, 3, 4))
    assert (program.home / "movie_sync.db.schema-1").exists()
    assert (program.home / "bad_reply_filelist.txt").exists()
    assert program.open_to_others() == []
