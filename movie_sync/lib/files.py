"""Files that are whole or not there, private from their first byte."""

import contextlib
import errno
import fcntl
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

from movie_sync.errors import AlreadyRunning

LOCK_FILE = "instance.lock"
PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_UNFINISHED = ".unfinished"
# Of Linux' renameat2(2), fcntl.h and stdio.h.
_AT_FDCWD = -100
_NOREPLACE = 1
_EXCHANGE = 2


class Stamp(NamedTuple):
    """Of a file at one moment; another one when somebody saved it since."""

    mtime_ns: int
    size: int
    inode: int


def make_private_folder(path: Path) -> None:
    """Make the folder, and those above it, or take the rights of others off it; what is made is 0700.

    A folder of another user, or one everybody shares (/tmp), is left as it is: others live there.
    """
    make_folder(path, PRIVATE_FOLDER)
    found = path.stat()
    shared = found.st_mode & stat.S_ISVTX or found.st_uid != os.geteuid()
    if found.st_mode & 0o077 and not shared:
        path.chmod(PRIVATE_FOLDER)


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Make a folder, and those above it, unless they are there; their names survive a power cut."""
    missing = [folder for folder in (path, *path.parents) if not folder.is_dir()]
    for folder in reversed(missing):
        folder.mkdir(mode, exist_ok=True)
        # One may be allowed to write into a folder that one may not look into.
        with contextlib.suppress(PermissionError):
            sync_folder(folder.parent)


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
    _sync(path, os.O_DIRECTORY)


def sync_file(path: Path) -> None:
    """Make the content of a file survive a power cut; of none that SQLite has open, see make_private_file."""
    _sync(path, 0)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _unfinished(path: Path, data: bytes) -> Iterator[Path]:
    """A new 0600 file beside a path, its content synced; locked, so that nobody takes it for a killed process's."""
    while True:
        temp = path.with_name(f".{path.name}.{os.urandom(4).hex()}{_UNFINISHED}")
        descriptor = os.open(temp, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as out:
            try:
                fcntl.flock(out, fcntl.LOCK_EX)
                if not temp.exists():
                    continue  # deleted before it was locked
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
                yield temp
            finally:
                temp.unlink(missing_ok=True)
            return


def delete_unfinished(folder: Path) -> None:
    """Delete what killed processes left of files they were writing in a folder; what is being written stays."""
    for path in folder.glob(f".*{_UNFINISHED}"):
        with contextlib.suppress(OSError), path.open("rb") as left:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file so that a reader, a kill or a power cut sees the old content or the new, never a part.

    The file is 0600 from its first byte: temp file beside it, fsync, rename, fsync of the folder.

    Args:
        path: The file; its folder exists.
        data: Its new content.

    Raises:
        OSError: Disk full, folder read-only …; the old content stands and no temp file is left.
    """
    with _unfinished(path, data) as temp:
        temp.replace(path)
    sync_folder(path.parent)


def stamp(path: Path) -> Stamp | None:
    """What tells whether a file was saved since; None when there is none."""
    try:
        return _stamp(path.stat())
    except FileNotFoundError:
        return None


def stamp_of(file: BinaryIO) -> Stamp:
    """The same of a file that is open."""
    return _stamp(os.fstat(file.fileno()))


def _stamp(found: os.stat_result) -> Stamp:
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino)


def write_over(path: Path, data: bytes, seen: Mapping[Path, Stamp | None]) -> bool:
    """As write_whole, but only over what was seen; a save of somebody else's between is never overwritten.

    On filesystems on which two names cannot be exchanged (some of networks and of FUSE) one of the very last
    microseconds is.

    Args:
        path: See write_whole.
        data: See write_whole.
        seen: Its stamp, None when it was not there; and those of other files on which the content depends.

    Returns:
        False when one of the files is another one by now: they stand as they are.

    Raises:
        OSError: As for write_whole.
    """
    before = seen[path]
    with _unfinished(path, data) as temp:
        if any(stamp(each) != was for each, was in seen.items()):
            return False
        ours = stamp(temp)
        try:
            if not _rename(temp, path, _EXCHANGE if before else _NOREPLACE):
                temp.replace(path)
                before = None
        except (FileNotFoundError, FileExistsError):
            return False
        changed = before and stamp(temp) != before
        if changed:
            _put_back(temp, path, ours)
    sync_folder(path.parent)
    return not changed


def _put_back(temp: Path, path: Path, ours: Stamp | None) -> None:
    """What was found under the temp name goes back to its own, unless somebody saved again by now."""
    dropped = {ours}
    while (found := stamp(temp)) and found not in dropped:
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            _rename(temp, path, _EXCHANGE if path.exists() else _NOREPLACE)
            dropped.add(found)


def _rename(old: Path, new: Path, flags: int) -> bool:
    """renameat2(2): exchange two names at once, or rename unless there is one.

    Returns:
        False when the system or the filesystem cannot.

    Raises:
        FileNotFoundError: One of two names to exchange is not there.
        FileExistsError: There is one.
        OSError: Anything else.
    """
    import ctypes  # noqa: PLC0415  half a megabyte, for whoever writes queue files

    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    if not call(_AT_FDCWD, os.fsencode(old), _AT_FDCWD, os.fsencode(new), ctypes.c_uint(flags)):
        return True
    number = ctypes.get_errno()
    if number in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}:
        return False
    raise OSError(number, os.strerror(number), str(new))


def write_once(path: Path, data: bytes) -> None:
    """Make a file with this content unless there is one; of several at once exactly one content stands.

    Raises:
        OSError: As for write_whole.
    """
    with _unfinished(path, data) as temp, contextlib.suppress(FileExistsError):
        os.link(temp, path)
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
