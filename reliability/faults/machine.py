"""Faults of the machine it runs on: clock, disk, folders, files, signals, limits, and a second instance."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from movie_sync.demo.nox import installed
from reliability.faults import full_disk
from reliability.faults.clocks import CLOCKS
from reliability.faults.damage import DATABASE, QUEUE_FILES, SETTINGS_FILES
from reliability.faults.endings import LIMITS, SECOND, SIGNALS
from reliability.faults.folders import FOLDERS, WITHOUT_CLIENT
from reliability.faults.side_by_side import Table, try_table
from reliability.faults.trial import Fault
from reliability.stage import Stage
from reliability.tried import Effort, Tried

PART = "The machine"
TABLES: Mapping[str, Sequence[Fault]] = {
    "clocks": CLOCKS,
    "full disk": full_disk.FULL_DISK,
    "folders": FOLDERS,
    "second": SECOND,
    "signals": SIGNALS,
    "limits": LIMITS,
    "database": DATABASE,
    "queue files": QUEUE_FILES,
    "settings": SETTINGS_FILES,
}


def everything() -> Sequence[Fault]:
    """All that needs no life to be seen before."""
    return [fault for table in TABLES.values() for fault in table]


def without_client() -> Sequence[Fault]:
    """On a stage without qBittorrent."""
    return WITHOUT_CLIENT


def run(effort: Effort, folder: Path) -> Iterator[Tried]:
    """See `reliability`."""
    if not installed():
        yield Tried(PART, "faults of the machine", why_not="qbittorrent-nox is not installed")
        return
    yield from try_table(Table(PART, everything), effort, folder / "machine")
    if not effort.long:
        return
    with Stage(folder / "points") as stage:
        points = tuple(full_disk.write_points(stage))
    yield from try_table(Table(PART, partial(full_disk.at_every_write, points)), effort, folder / "writes")
    yield from try_table(Table(PART, without_client, qbittorrent=False), effort, folder / "without-client")
