"""Faults of the machine and hand edits: every kind is tried, and each check of them can fail."""

import errno
import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reliability.faults import client, clocks, edits, full_disk, machine, saving
from reliability.faults.lifted import plainly
from reliability.faults.small_disk import SmallDisk
from reliability.faults.trial import Fault, NotHere, Trial, summed, try_once, until
from reliability.launch import WRITES, BentPoints
from reliability.mutations import Mutation, mutated
from reliability.stage import Stage
from reliability.tried import Tried

# What has to be tried, by a word that stands in the words of some fault.
MACHINE = (
    "an hour ahead, a day ahead, five years ahead, an hour back, a day back, back to 1970, the timers go on,"
    " the call budget is kept, while it is stopped, the disk is full, grows later as a quota does, inodes used up,"
    " asked to stop, different writes, read-only, may not write, torrents folder, watch folder, vanishes,"
    " a second instance, locks the database, header is overwritten, truncated to half, zero bytes, pages of the"
    " database are zeroed, WAL, queue files emptied, half JSON, wrong types, queue files deleted, replaced by a folder,"
    " cannot be read, 50 MB, binary, config.json, credentials.enc, SIGTERM, SIGINT, SIGHUP, twice, SIGSTOP,"
    " RLIMIT_NOFILE, RLIMIT_AS, no thread"
)
EDITS = (
    "deleted, there twice, moved from completed to pending, moved from failed to completed, priority, year, status,"
    " added by title, old copy, half a file, as nano, as vim, while it runs, while it is stopped, different points"
)
CLIENT = (
    "stopped before, restarted, killed, Ok. to an add, hangs, bans, password, forgets a torrent without progress,"
    " half-way, forgets a finished, half of all, replaced by an empty one, someone else, category, paused, save path,"
    " disk is full"
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("stage"), qbittorrent=False) as made:
        yield made


def words_of(*tables: Any) -> str:
    return "\n".join(fault.words for table in tables for fault in table).replace(", as a quota", " as a quota")


@pytest.mark.parametrize(
    ("asked", "tried"),
    [
        (MACHINE, words_of(machine.everything(), machine.without_client(), full_disk.at_every_write(["one"]))),
        (EDITS, words_of(edits.every(), edits.at_points(["one"]))),
        (CLIENT, words_of(client.every())),
    ],
    ids=["machine", "edits", "client"],
)
def test_everything_that_has_to_be_tried_is_in_a_table(asked: str, tried: str) -> None:
    assert [word for word in asked.split(", ") if word not in tried] == []


def test_a_small_disk_is_small_grows_and_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    try:
        disk = SmallDisk(folder, "size=64k")
    except NotHere as exc:
        pytest.skip(str(exc))
    with disk:
        filler = disk.fill(8192)
        assert disk.free_bytes == 8192
        with pytest.raises(OSError, match="No space left"):
            (folder / "more").write_bytes(b"x" * 8193)
        filler.unlink()
        disk.options("size=128k,ro")
        with pytest.raises(OSError, match="Read-only"):
            (folder / "more").write_bytes(b"x")
    assert list(folder.iterdir()) == []


def test_without_the_right_to_mount_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotHere, match="no mount command"):
        SmallDisk(tmp_path / "disk", "size=64k")


def test_from_a_point_on_every_write_fails_until_somebody_mends_it(tmp_path: Path) -> None:
    flag = tmp_path / "failing"
    points = BentPoints({"failing": ["b: before commit", 2, str(flag), "ENOSPC"]})
    points.reach("b: before commit")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        points.reach("b: before commit")
    for write in WRITES[1:]:
        with pytest.raises(OSError, match="No space left") as caught:
            points.reach(f"a file: {write}")
        assert caught.value.errno == errno.ENOSPC
    points.reach("a file: renamed")
    flag.unlink()
    points.reach("b: before commit")


def test_a_thread_is_held_at_a_point_and_goes_on_when_let(tmp_path: Path) -> None:
    flag = tmp_path / "held"
    points = BentPoints({"held": ["here", 1, str(flag)]})
    thread = threading.Thread(target=points.reach, args=("here",), daemon=True)
    thread.start()
    assert until(flag.exists)
    points.reach("elsewhere")
    assert thread.is_alive()
    flag.unlink()
    thread.join(5)
    assert not thread.is_alive()


def test_a_traceback_is_lost_whatever_else_went_well(stage: Stage) -> None:
    def attempt(trial: Trial) -> None:
        words = 'Traceback (most recent call last):\n  File "a", line 1\nValueError\n'
        (trial.program.folder / "stderr.txt").write_text(words)

    row = try_once("part", Fault("words", plainly(attempt)), stage)
    assert len(row.lost) == 1
    assert row.lost[0].startswith("A traceback was shown: Traceback")


def test_rows_of_the_same_words_are_one_that_says_how_often(stage: Stage) -> None:
    rows = [Tried("p", "at {} moments", "seen", 1), Tried("p", "at {} moments", tries=1, lost=("One is gone.",))]
    assert list(summed(rows)) == [Tried("p", "at 2 moments", "seen", 2, ("One is gone.",))]


@pytest.mark.parametrize("how", [saving.truncated, saving.renamed, saving.in_halves])
def test_whatever_the_editor_the_file_holds_what_was_saved(how: saving.Save, tmp_path: Path) -> None:
    before: saving.Queues = {"pending": [], "failed": [{"id": "1"}], "completed": []}
    after: saving.Queues = {"pending": [{"id": "1"}], "failed": [], "completed": []}
    for queue, entries in before.items():
        (tmp_path / f"queue_{queue}.json").write_text(json.dumps(entries))
    saving.save(tmp_path, after, before, how)
    assert saving.read(tmp_path) == after
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"queue_{name}.json" for name in sorted(after)]


def one(table: Any, words: str) -> Fault:
    found: Fault = next(fault for fault in table if words in fault.words)
    return found


@pytest.mark.parametrize(
    ("mutation", "fault", "told"),
    [
        (
            Mutation(
                "a log that cannot be written is an error of the program",
                "cli/log_set_up.py",
                "if not isinstance(error, OSError):",
                "if isinstance(error, OSError):",
            ),
            next(fault for fault in full_disk.FULL_DISK if fault.short and "steps" in fault.words),
            "A traceback was shown",
        ),
        (
            Mutation("a person's keys are dropped", "queues/entries.py", "if key not in KNOWN_KEYS}", "if key == '-'}"),
            one(edits.FAULTS, "a priority of one's own is set on every film, while it runs"),
            "The key a person wrote is gone",
        ),
        (
            Mutation(
                "calls are counted by the wall clock",
                "lib/clock.py",
                "return Boot(self._boot_id, time.clock_gettime(clock))",
                "return Boot(self._boot_id, self.now() + 0 * clock)",
            ),
            one(clocks.CLOCKS, "five years ahead: the call budget is kept"),
            "are counted.",
        ),
    ],
    ids=lambda value: value.words if isinstance(value, Mutation) else "",
)
def test_one_safety_less_turns_it_red(mutation: Mutation, fault: Fault, told: str, tmp_path: Path) -> None:
    package = mutated(mutation, tmp_path / "package")
    with Stage(tmp_path / "stage", qbittorrent=False, package=package, patience_s=5) as stage:
        row = try_once("part", fault, stage)
    if row.why_not:
        pytest.skip(row.why_not)
    assert any(told in sentence for sentence in row.lost), row.lost
