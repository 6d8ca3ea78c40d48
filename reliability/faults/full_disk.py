"""The disk of the home folder is full: at every write, with every amount of room left, and out of inodes."""

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from functools import partial

from reliability import kills
from reliability.faults.lifted import goes_on, plainly, told_or_done
from reliability.faults.small_disk import SmallDisk
from reliability.faults.trial import Fault, Trial, until
from reliability.launch import WRITES
from reliability.scenarios import SCENARIOS
from reliability.stage import Stage

KB = 1024
# The room a page of the database, a queue file, the write-ahead log, the log and the torrents need, one after another.
ROOM_BYTES = (*range(0, 64 * KB, 4 * KB), *range(64 * KB, 256 * KB, 16 * KB), *range(256 * KB, 1025 * KB, 128 * KB))
# config.json, the lock, the database and its two companions, the log, three queue files, torrents: about twenty.
INODES = tuple(range(4, 20))
FULL = r"[Ff]ull|No space left|free space"
_AMPLE = "size=64m,nr_inodes=1000"
_LONG_S = 60.0
_IO = r"I/O error|Input/output error"


@contextlib.contextmanager
def home_on_disk(trial: Trial, options: str) -> Iterator[SmallDisk]:
    """The home folder on a small disk; what it held at the end lies beside it, to be searched for secrets."""
    program = trial.program
    with SmallDisk(program.home, options) as disk:
        program.write_settings()
        yield disk
        shutil.copytree(program.home, program.folder / "home-on-its-disk", dirs_exist_ok=True)


def little_room(trial: Trial, leave_bytes: int) -> None:
    """So many bytes are free at the start; then a person makes room."""
    with home_on_disk(trial, "size=16m") as disk:
        filler = disk.fill(leave_bytes)
        trial.program.start()
        told_or_done(trial, FULL, _LONG_S)
        filler.unlink()
        goes_on(trial)
        trial.ends()


def stopped_while_full(trial: Trial, leave_bytes: int) -> None:
    """Nothing can be written any more, and it is asked to stop; the next start finds room."""
    with home_on_disk(trial, "size=16m") as disk:
        filler = disk.fill(leave_bytes)
        trial.program.start()
        if told_or_done(trial, FULL, _LONG_S) and trial.up():
            code = trial.program.stop()
            trial.ended(code, {0, 1})
        filler.unlink()
        if not trial.up():
            trial.program.start()
        trial.ends()


def fills_later(trial: Trial) -> None:
    """Something else fills the disk in the middle of a life, and the disk grows later, as a quota does."""
    with home_on_disk(trial, "size=16m") as disk:
        trial.start(0.5)
        disk.fill(0)
        told_or_done(trial, FULL, _LONG_S)
        disk.options("size=64m")
        goes_on(trial)
        trial.ends()


def few_inodes(trial: Trial, inodes: int) -> None:
    """There is room, and no file can be made; then some can."""
    with home_on_disk(trial, f"size=16m,nr_inodes={inodes}") as disk:
        trial.program.start()
        told_or_done(trial, FULL, _LONG_S)
        disk.options(_AMPLE)
        goes_on(trial)
        trial.ends()


def failing_from(trial: Trial, point: str, error: str, told: str) -> None:
    """From one write on every write fails; then a person mends the disk."""
    flag = trial.program.folder / "failing"
    trial.program.plan["failing"] = [point, 1, str(flag), error]
    trial.program.start()
    trial.expect(until(flag.exists, _LONG_S), f"It never came to {point}.")
    told_or_done(trial, told, _LONG_S)
    flag.unlink(missing_ok=True)
    goes_on(trial)
    trial.ends()
    trial.lost[:] = [f"{point}: {sentence}" for sentence in trial.lost]


def write_points(stage: Stage) -> Sequence[str]:
    """The writes of a first life, by the names of their points, in the order in which they come."""
    return [point for point in kills.points(stage, SCENARIOS["life"]) if point.endswith(WRITES)]


def at_every_write(points: Sequence[str]) -> Sequence[Fault]:
    """Two faults for each write of a first life."""
    full, broken = "the disk is full at {} different writes", "the disk fails (EIO) at {} different writes"
    return [
        Fault(words, plainly(partial(failing_from, point=point, error=error, told=told)))
        for words, error, told in ((full, "ENOSPC", FULL), (broken, "EIO", _IO))
        for point in points
    ]


def _rooms() -> Iterator[Fault]:
    for room in ROOM_BYTES:
        words = "the disk is full but for 0 to 1,024 kB: {} steps"
        yield Fault(words, plainly(partial(little_room, leave_bytes=room)), room == 24 * KB)
    for room in ROOM_BYTES[::6]:
        yield Fault(
            "the disk is full, and it is asked to stop: {} steps",
            plainly(partial(stopped_while_full, leave_bytes=room)),
        )


_ONE_WRITE = partial(failing_from, point="QueueManager.intend: before commit", error="ENOSPC", told=FULL)
FULL_DISK = (
    Fault("the disk is full when a hand-over is written down", plainly(_ONE_WRITE), short=True),
    *_rooms(),
    Fault("the disk fills up in the middle of a life, and grows later, as a quota does", plainly(fills_later)),
    *(Fault("inodes used up: {} steps", plainly(partial(few_inodes, inodes=count))) for count in INODES),
)
