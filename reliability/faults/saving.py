"""The queue files as a person reads, changes and saves them, with one editor or another."""

import contextlib
import fcntl
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from reliability.faults.trial import until

QUEUES = ("pending", "failed", "completed")
_HALVES_S = 0.15
_LOCK_S = 2.0

Queues = dict[str, list[dict[str, Any]]]
Save = Callable[[Path, bytes], None]


def truncated(path: Path, data: bytes) -> None:
    """As nano: the file is emptied and written."""
    path.write_bytes(data)


def renamed(path: Path, data: bytes) -> None:
    """As vim: a new file takes the name, at once."""
    temp = path.with_name(f".{path.name}.swp")
    temp.write_bytes(data)
    temp.replace(path)


def in_halves(path: Path, data: bytes) -> None:
    """Over a slow line: half of it, and after a while the rest."""
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        time.sleep(_HALVES_S)
        file.write(data[len(data) // 2 :])


SAVES: Mapping[str, Save] = {"as nano": truncated, "as vim": renamed}


def without(queues: Queues, film: str) -> None:
    """Take a film's entry out, wherever it stands."""
    for queue in QUEUES:
        queues[queue] = [entry for entry in queues[queue] if entry["id"] != film]


@contextlib.contextmanager
def between_writings(home: Path) -> Iterator[None]:
    """The program writes none of the files meanwhile, unless it stands still while it does.

    An old copy that is saved over a new file is another row.
    """
    with (home / "faces.lock").open("a") as lock:
        until(lambda: _taken(lock), _LOCK_S)
        yield


def _taken(lock: IO[str]) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def read(home: Path) -> Queues:
    """What the three files show; a file that is not there shows nothing."""
    paths = {queue: home / f"queue_{queue}.json" for queue in QUEUES}
    return {queue: json.loads(path.read_bytes() or b"[]") if path.exists() else [] for queue, path in paths.items()}


def save(home: Path, queues: Queues, before: Queues, how: Save) -> None:
    """Save the files that were changed; one that takes an entry in first, as a careful person would."""
    changed = [queue for queue in QUEUES if queues[queue] != before[queue]]
    for queue in sorted(changed, key=lambda name: len(queues[name]) < len(before[name])):
        how(home / f"queue_{queue}.json", json.dumps(queues[queue], indent=1).encode())


def move(queues: Queues, film: str, new: str) -> None:
    """Move an entry to another file; nothing when no file has it."""
    for queue in QUEUES:
        for entry in [entry for entry in queues[queue] if entry["id"] == film]:
            queues[queue].remove(entry)
            queues[new].append(entry)
