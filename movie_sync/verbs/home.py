"""The home folder opened for one command, beside a running service or without one."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from movie_sync.errors import FacesError
from movie_sync.lib.clock import Clock, SystemClock
from movie_sync.lib.files import make_private_folder
from movie_sync.queues.json_files import QueueFiles
from movie_sync.queues.queue_editor import QueueEditor
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import DATABASE_FILE, Store


@dataclass(frozen=True, slots=True)
class Home:
    """What a command that changes something works with.

    Attributes:
        problems: Queue files that could not be taken as they were; they were kept aside.
    """

    folder: Path
    store: Store
    clock: Clock
    queue: QueueManager
    editor: QueueEditor
    problems: list[FacesError]


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Home]:
    """Open a home folder; what people edited is taken in before, the queue files are written after.

    Raises:
        StoreError: The database cannot be used. OSError: the folder cannot.
    """
    make_private_folder(folder)
    clock = SystemClock()
    with contextlib.closing(Store(folder / DATABASE_FILE)) as store:
        files = QueueFiles(folder, store, clock)
        home = Home(folder, store, clock, QueueManager(store, clock), QueueEditor(store, clock), files.sync())
        yield home
        home.problems.extend(files.sync())
