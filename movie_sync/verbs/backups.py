"""The home folder in one file, and back."""

import contextlib
import gzip
import io
import json
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from movie_sync import __version__
from movie_sync.config import CONFIG_FILE, FILELIST_FILE
from movie_sync.credentials_manager import CREDENTIALS_FILE, FIELDS, KEY_FILE, CredentialsManager, variables_of_key
from movie_sync.errors import CredentialsError, MovieSyncError
from movie_sync.lib.clock import utc_text
from movie_sync.lib.files import (
    LOCK_FILE,
    InstanceLock,
    delete_unfinished,
    make_private_file,
    make_private_folder,
    sync_folder,
    write_whole,
)
from movie_sync.queues.json_files import FACES
from movie_sync.store import DATABASE_FILE, Store, films
from movie_sync.store.snapshots import copy_calls, copy_to, lacking, settle, whole
from movie_sync.verbs.home import opened

_ABOUT = "about.json"
# What was there before a restore lies in a folder of that name, with the moment behind it.
_KEPT = "before-restore-"
_PLAIN = (CONFIG_FILE, FILELIST_FILE, CREDENTIALS_FILE, "watchlist.json")
_FACES = tuple(f"queue_{queue}.json" for queue in FACES)
_BUILTIN = "torrents/builtin"
# Where a backup's queue files are tried.
_EMPTY = "empty"
# What SQLite keeps beside a database that was not closed.
_SIDES = (f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-shm")
# A home of 100,000 films is 300 MB; beyond this a file is not one of ours.
MAX_BYTES = 8 * 1024**3
MAX_MEMBERS = 200_000
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds.

    Attributes:
        names: Of its files.
        with_key: The key of the credentials is in it: who has the file can read them. False also where it was wanted
            but is not in the home folder.
    """

    path: Path
    names: tuple[str, ...]
    with_key: bool


def back_up(home: Path, path: Path, now: float, *, with_key: bool = False) -> Backup:
    """Write the home folder's state into one file, beside a running service or without one.

    The database is copied as of one moment. The log, and the .torrent files of a private tracker, which carry the
    user's announce key, stay out; the built-in client's state, of public torrents, is in it.

    Args:
        home: The home folder.
        path: A ``.tar.gz``, 0600; one that is there is replaced when the new one is whole.
        now: Unix seconds.
        with_key: Put in the key of the credentials; without it they can be read only where that key is.

    Raises:
        MovieSyncError: There is nothing to back up. StoreError: the database cannot be read. OSError: the file cannot
            be written.
    """
    if not (home / DATABASE_FILE).exists():
        raise MovieSyncError(f"There is nothing to back up in {home} yet.", code="nothing_to_back_up")
    if path.resolve() in {(home / name).resolve() for name in (DATABASE_FILE, *_SIDES, KEY_FILE, *_PLAIN, *_FACES)}:
        raise MovieSyncError(f"{path} is a file of the home folder.", hint="Name a new file.", code="backup_in_place")
    with_key = with_key and (home / KEY_FILE).is_file()
    with tempfile.TemporaryDirectory(prefix="movie-sync-") as folder:
        copy = Path(folder) / DATABASE_FILE
        with opened(home) as open_home:
            copy_to(open_home.store, copy)
        names = [DATABASE_FILE]
        packed = Path(folder) / "packed"
        make_private_file(packed)
        with tarfile.open(packed, "w:gz") as archive:
            about = {"version": __version__, "made_at": utc_text(now), "with_key": with_key}
            _add_bytes(archive, _ABOUT, json.dumps(about).encode(), now)
            archive.add(copy, DATABASE_FILE)
            for name, data in _contents(home, with_key=with_key):
                _add_bytes(archive, name, data, now)
                names.append(name)
        write_whole(path, packed.read_bytes())
    return Backup(path, tuple(names), with_key)


def _contents(home: Path, *, with_key: bool) -> Iterator[tuple[str, bytes]]:
    """The files beside the database, each read at once: others write them anew, or take them away, meanwhile."""
    state = sorted(str(one.relative_to(home)) for one in (home / _BUILTIN).glob("*") if one.name[0] != ".")
    for name in (*_PLAIN, *_FACES, *([KEY_FILE] if with_key else []), *state):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            data = (home / name).read_bytes()
            yield name, data


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes, now: float) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(data), 0o600, int(now)
    archive.addfile(member, io.BytesIO(data))


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Attributes:
        made_at: When the backup was made, as its own words say; "" when it does not.
        kept: The folder the state before was put into; None when there was none.
        credentials: ``restored``, ``none`` (the backup has none), or ``unreadable`` (their key is not here).
    """

    made_at: str
    kept: Path | None
    credentials: str


def restore(home: Path, path: Path, now: float) -> Restored:
    """Put a backup in place of what the home folder holds, which is kept beside it.

    Calls counted since the backup stay counted. The queue files are written anew from the restored database.

    Args:
        home: The home folder; made when missing.
        path: As written by back_up.
        now: Unix seconds.

    Raises:
        AlreadyRunning: The service runs on this home folder.
        MovieSyncError: It is no whole backup of this program; nothing was changed.
        StoreError: Its database cannot be used, or is of a newer version; nothing was changed.
    """
    make_private_folder(home)
    lock = InstanceLock(home / LOCK_FILE)
    lock.acquire()
    try:
        for left in home.glob(".restore-*"):  # of one that was killed
            shutil.rmtree(left, ignore_errors=True)
        for left in home.glob(f"{_KEPT}*"):
            delete_unfinished(left)
        with _unpacked(home, path) as fresh:
            about = _about(fresh, path)
            credentials = _usable_credentials(home, fresh)
            with contextlib.closing(Store(fresh / DATABASE_FILE)) as store:
                if damage := whole(store) or lacking(store):
                    raise _no_backup(path, f"its database is damaged ({damage})")
            _try_to_read(fresh, path)
            if (home / DATABASE_FILE).exists():
                settle(home / DATABASE_FILE)
                with contextlib.closing(Store(fresh / DATABASE_FILE)) as store:
                    copy_calls(store, home / DATABASE_FILE)
            kept = _exchange(home, fresh, utc_text(now) or "")
        with opened(home):
            pass  # writes the queue files from the restored database
        return Restored(str(about.get("made_at") or ""), kept, credentials)
    finally:
        lock.release()


@contextlib.contextmanager
def _unpacked(home: Path, path: Path) -> Iterator[Path]:
    """The backup's files in a folder on the same disk; only names and sizes that are ours."""
    fresh = Path(tempfile.mkdtemp(prefix=".restore-", dir=home))
    try:
        try:
            with _Packed(path) as packed:
                with tarfile.open(fileobj=packed, mode="r:") as archive:
                    _take_out(archive, fresh, path)
                while packed.read(_PIECE):  # the checksum comes last
                    pass
        except (tarfile.TarError, EOFError, zlib.error, OSError) as exc:
            if isinstance(exc, OSError) and not isinstance(exc, tarfile.TarError) and exc.errno is not None:
                raise
            raise _no_backup(path, str(exc) or type(exc).__name__) from exc
        if not (fresh / DATABASE_FILE).exists() or not (fresh / DATABASE_FILE).stat().st_size:
            raise _no_backup(path, "it holds no database")
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _try_to_read(fresh: Path, path: Path) -> None:
    """Read every film, write the queue files, and take those in beside no database; later is too late to refuse."""
    for name in _FACES:  # edits in them are none of this moment
        (fresh / name).unlink(missing_ok=True)
    try:
        with opened(fresh) as home, home.store.read() as tx:
            for _ in films.every(tx):
                pass
        empty = fresh / _EMPTY
        make_private_folder(empty)
        for name in _FACES:
            (fresh / name).rename(empty / name)  # a copy would be open to others for a moment
        with opened(empty) as home:
            for problem in home.problems:
                raise problem
    except (MovieSyncError, ValueError, TypeError, LookupError) as exc:
        raise _no_backup(path, f"its database holds what cannot be read ({exc or type(exc).__name__})") from exc


class _Packed(gzip.GzipFile):
    """Gives no more at once than this program asks for: a header that claims gigabytes would be read whole."""

    def read(self, size: int | None = -1) -> bytes:
        """See gzip.GzipFile."""
        if size is None or not 0 <= size <= _PIECE:
            raise tarfile.ReadError("a header in it is too long")
        return super().read(size)


def _take_out(archive: tarfile.TarFile, fresh: Path, path: Path) -> None:
    left = MAX_BYTES
    for number, member in enumerate(archive):
        left -= member.size
        content = archive.extractfile(member) if _ours(member) else None
        if number > MAX_MEMBERS or left < 0 or content is None:
            raise _no_backup(path, f"it holds {member.name!r}")
        target = fresh / member.name
        make_private_folder(target.parent)
        make_private_file(target)
        with target.open("wb") as out:
            shutil.copyfileobj(content, out, _PIECE)
            out.flush()
            os.fsync(out.fileno())


def _ours(member: tarfile.TarInfo) -> bool:
    if not member.isfile():
        return False
    folder, _, name = member.name.rpartition("/")
    if folder:
        return folder == _BUILTIN and re.fullmatch(r"[\w-][\w.-]{0,199}", name, re.ASCII) is not None
    return member.name in {_ABOUT, DATABASE_FILE, KEY_FILE, *_PLAIN, *_FACES}


def _no_backup(path: Path, why: str) -> MovieSyncError:
    return MovieSyncError(
        f"{path} is no whole backup of Movie Sync: {why}.", hint="Nothing was changed.", code="bad_backup"
    )


def _about(fresh: Path, path: Path) -> dict[str, object]:
    try:
        about = json.loads((fresh / _ABOUT).read_bytes())
    except (OSError, ValueError, RecursionError) as exc:
        raise _no_backup(path, "it does not say what it is") from exc
    return about if isinstance(about, dict) else {}


def _usable_credentials(home: Path, fresh: Path) -> str:
    """Leave the credentials out where their key is neither in the backup nor here; they would stop every start."""
    if not (fresh / CREDENTIALS_FILE).exists():
        if (home / CREDENTIALS_FILE).exists():  # the key that is here is theirs
            (fresh / KEY_FILE).unlink(missing_ok=True)
        return "none"
    if not (fresh / KEY_FILE).exists() and (home / KEY_FILE).exists():
        write_whole(fresh / KEY_FILE, (home / KEY_FILE).read_bytes())
    try:
        CredentialsManager(fresh, variables_of_key(os.environ)).get(next(iter(FIELDS)))
    except CredentialsError:
        for name in (CREDENTIALS_FILE, KEY_FILE):
            (fresh / name).unlink(missing_ok=True)
        return "unreadable"
    return "restored"


def _exchange(home: Path, fresh: Path, stamp: str) -> Path | None:
    """Keep what is there under other names, then put the restored files in place, each at once.

    In an order that a kill at any point does not harm: the queue files go first, since the old ones beside the restored
    database would read as edits; a file that is missing is written anew.
    """
    leave = _leave_credentials(fresh)
    names = [name for name in (*_PLAIN, KEY_FILE, _BUILTIN, DATABASE_FILE, *_FACES, *_SIDES) if name not in leave]
    present = [name for name in names if (home / name).exists()]
    kept = _unused(home / f"{_KEPT}{stamp.replace(':', '')}") if present else None
    if kept is not None:
        for name in present:
            _keep(home / name, kept / name)
    for name in (*_FACES, *_SIDES):
        (home / name).unlink(missing_ok=True)
    (fresh / DATABASE_FILE).replace(home / DATABASE_FILE)
    if _other_key(home, fresh):
        # Log-ins and key cannot be exchanged at one moment: better none for that long than some that no key fits.
        (home / CREDENTIALS_FILE).unlink(missing_ok=True)
    for name in (KEY_FILE, *_PLAIN):
        if (fresh / name).exists():
            (fresh / name).replace(home / name)
        elif name not in leave:
            (home / name).unlink(missing_ok=True)
    shutil.rmtree(home / _BUILTIN, ignore_errors=True)
    if (fresh / _BUILTIN).exists():
        sync_folder(fresh / _BUILTIN)
        make_private_folder((home / _BUILTIN).parent)
        (fresh / _BUILTIN).rename(home / _BUILTIN)
    if (home / _BUILTIN).parent.exists():
        sync_folder((home / _BUILTIN).parent)
    sync_folder(home)
    return kept


def _other_key(home: Path, fresh: Path) -> bool:
    keys = [folder / KEY_FILE for folder in (home, fresh)]
    return all(key.exists() for key in keys) and keys[0].read_bytes() != keys[1].read_bytes()


def _leave_credentials(fresh: Path) -> frozenset[str]:
    """Log-ins and key that stay as they are: those the backup has none in place of."""
    return frozenset(name for name in (CREDENTIALS_FILE, KEY_FILE) if not (fresh / name).exists())


def _unused(path: Path) -> Path:
    """This name, or with a number behind it: a second restore keeps what the first one kept."""
    names = (path.with_name(f"{path.name}-{number}") if number > 1 else path for number in range(1, 1000))
    return next(name for name in names if not name.exists())


def _keep(path: Path, kept: Path) -> None:
    make_private_folder(kept.parent)
    if path.is_dir():  # of the built-in client: no folders in it
        make_private_folder(kept)
        for one in sorted(path.iterdir()):
            write_whole(kept / one.name, one.read_bytes())
    else:
        write_whole(kept, path.read_bytes())
