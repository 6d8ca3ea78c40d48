"""Files that are whole or not there, private from their first byte."""

import contextlib
import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from movie_sync.errors import AlreadyRunning

LOCK_FILE = "instance.lock"
PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def make_private_folder(path: Path) -> None:
    """Make the folder (and its parents) or take the rights of others off it; the folder itself is 0700."""
    path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o077:
        path.chmod(PRIVATE_FOLDER)


def make_private_file(path: Path) -> None:
    """Make an empty 0600 file if there is none; take others' rights off one that is there.

    One that is there is never opened: closing it again would drop every POSIX lock this process has on it, and SQLite
    relies on those (sqlite.org/howtocorrupt.html, 2.2).
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, PRIVATE_FILE))
    if path.stat().st_mode & 0o077:
        path.chmod(PRIVATE_FILE)


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, data: bytes, *, before_rename: Callable[[], None] = lambda: None) -> None:
    """Replace a file so that a reader, a kill or a power cut sees the old content or the new, never a part.

    The file is 0600 from its first byte: temp file beside it, fsync, rename, fsync of the folder.

    Args:
        path: The file; its folder exists.
        data: Its new content.
        before_rename: Called last before the new content takes the name; what it raises leaves the old content.

    Raises:
        OSError: Disk full, folder read-only …; the old content stands and no temp file is left.
    """
    temp = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        with os.fdopen(os.open(temp, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, PRIVATE_FILE), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        before_rename()
        temp.replace(path)
    except BaseException:
        temp.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_once(path: Path, data: bytes) -> None:
    """Make a file with this content unless there is one; of several at once exactly one content stands.

    Raises:
        OSError: As for write_whole.
    """
    temp = path.with_name(f".{path.name}.{os.urandom(4).hex()}.once")
    write_whole(temp, data)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(temp, path)
    finally:
        temp.unlink()
    sync_folder(path.parent)


def set_aside(path: Path, stamp: str) -> Path:
    """Keep a file's content under a dated name beside it; the original stays where it is.

    Args:
        path: The file.
        stamp: Put into the name, such as ``2026-11-22T160000Z``.

    Returns:
        Where the copy lies: ``queue_failed.kept-2026-11-22T160000Z.json``, with a number when that was taken.
    """
    for number in range(1, 1000):
        again = f"-{number}" if number > 1 else ""
        kept = path.with_name(f"{path.stem}.kept-{stamp}{again}{path.suffix}")
        if not kept.exists():
            break
    write_whole(kept, path.read_bytes())
    return kept


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock among processes and threads; waits for it."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class InstanceLock:
    """The one process that works on a home folder holds this; the kernel drops it when the process ends.

    Args:
        path: ``instance.lock``; the pid in it is for people.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            AlreadyRunning: Another process has it; the message names its pid.
        """
        descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            self._flock(descriptor)
        except BlockingIOError:
            pid = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise AlreadyRunning(
                f"Movie Sync already runs on {self._path.parent} (pid {pid}).",
                hint="Stop it first, or set MOVIE_SYNC_HOME to another folder.",
            ) from None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    @staticmethod
    def _flock(descriptor: int) -> None:
        """Take it; one that only looks who has it (`holder`) is gone a moment later."""
        for _ in range(2):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            threading.Event().wait(0.1)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def holder(self) -> str | None:
        """The pid of the process that has it, "unknown" when it cannot be read; None when nobody has it."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
        finally:
            os.close(descriptor)
        return None

    def release(self) -> None:
        """Give it back; fine when it was never taken."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
