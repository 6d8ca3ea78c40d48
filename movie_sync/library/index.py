"""LibraryIndex: the films on disk, found by walking, kept in the database, looked at again where a folder changed."""

import logging
import os
import stat as stat_bits
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from movie_sync import __version__
from movie_sync.errors import Unavailable
from movie_sync.library.match import (
    MIN_WORDS_UNDATED,
    READING_VERSION,
    FilmForms,
    Match,
    PathFacts,
    Reading,
    film_forms,
    judge,
    near,
    read_path,
)
from movie_sync.movie import Movie
from movie_sync.releases.titles import without_articles
from movie_sync.store import Store, facts, library
from movie_sync.store.connections import Connection
from movie_sync.store.library import Change, FileRow, Folder, ReadingRow

log = logging.getLogger(__name__)

PROVIDER = "library"
VIDEO_ENDINGS = frozenset(
    ".mkv .mp4 .avi .m4v .mov .wmv .mpg .mpeg .ts .m2ts .iso .webm .vob .flv .divx .ogm".split()  # by what players open
)
MAX_DEPTH = 12
MOST_CANDIDATES = 20
# A transaction of so many files holds the write lock for about a quarter of a second on a small computer.
FILES_A_WRITE = 2500
FOLDERS_A_READ = 2000
# A folder listed so shortly after a change can change again without a newer time: FAT counts in two seconds.
FRESH_NS = 2_000_000_000
_WHILE_CHANGING = -1
# How much longer or shorter a title spelt nearly alike may be.
_SLIPS = 2
_ANY_YEAR = (0, *range(1870, 2100))


@dataclass(frozen=True, slots=True)
class LibraryFolder:
    """A folder to look in.

    Attributes:
        path: Absolute.
        required: The user named it as a library: missing, unreadable or suddenly empty holds intake. The download
            folder is not: it counts as missing only when it was there once.
    """

    path: Path
    required: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A file that is, or may be, a film."""

    path: str
    match: Match


class LibraryIndex:
    """Answers "is this film there?" from what the last refresh saw, of this process or an earlier one.

    Args:
        folders: Where to look; may be empty.
        store: Keeps what was walked and read, and which folders had something in them, so that an unmounted one is not
            read as empty.
    """

    def __init__(self, folders: Sequence[LibraryFolder], store: Store) -> None:
        self._folders = folders
        self._store = store
        self._unreadable: set[str] = set()

    def refresh(self) -> None:
        """Look at every folder that changed since; costs a stat a folder and no write when nothing did.

        Raises:
            Unavailable: A folder that has to be there is not, cannot be read, or lost everything at once.
        """
        roots = [str(folder.path) for folder in self._folders if self._usable(folder)]
        _Walk(self._store, roots, self._tell_once).run()

    def find(self, movie: Movie, ignore: Collection[str] = ()) -> str | None:
        """The path of a file that certainly is this film, None when there is none.

        Args:
            movie: Compared as `match` does.
            ignore: Names of files or top folders that do not count (half-written downloads).
        """
        film = film_forms(movie)
        with self._store.read() as tx:
            rows = library.files(tx, _of_this_title(tx, film))
        certain = (one.path for one in _judged(film, rows.items(), ignore) if one.match.verdict == "certain")
        return min(certain, default=None)

    def candidates(self, movie: Movie, ignore: Collection[str] = ()) -> list[Found]:
        """Files that certainly are this film, then those that probably are; at most 20, arguments as for find."""
        film = film_forms(movie)
        with self._store.read() as tx:
            rows = library.files(tx, _of_this_title(tx, film) | _spelt_alike(tx, film))
        found = [one for one in _judged(film, rows.items(), ignore) if one.match.verdict != "different"]
        return sorted(found, key=lambda one: (one.match.verdict != "certain", one.path))[:MOST_CANDIDATES]

    def __len__(self) -> int:
        with self._store.read() as tx:
            return library.count(tx)

    # -- whether a folder is there

    def _usable(self, folder: LibraryFolder) -> bool:
        """True when the folder can be walked; what it held before decides whether absence is news or an alarm."""
        name = f"library:{folder.path}"
        with self._store.read() as tx:
            had_films = facts.get(tx, name) is not None
        try:
            with os.scandir(folder.path) as entries:
                empty = next(entries, None) is None
        except FileNotFoundError as exc:
            if folder.required or had_films:
                raise _held(folder, "is not there", "Mount it, or take it out of library_directories") from exc
            return False
        except OSError as exc:
            raise _held(folder, f"cannot be read ({exc.strerror})", "Check its rights and its disk") from exc
        if empty and folder.required and had_films:
            raise _held(
                folder, "is empty, and was not before", "Mount it, or put any file into it if you emptied it yourself"
            )
        if not empty and not had_films:
            with self._store.write() as tx:
                facts.put(tx, name, "had entries")
        return True

    def _tell_once(self, path: str) -> None:
        if path not in self._unreadable:
            self._unreadable.add(path)
            log.warning("The folder %s may not be read: films in it count as not there.", path)


def _held(folder: LibraryFolder, what: str, hint: str) -> Unavailable:
    """The error that holds intake: without this folder nobody can tell which films are there."""
    return Unavailable(
        PROVIDER,
        f"The folder {folder.path} {what}, so nobody can tell which films are already there.",
        hint=f"{hint}; nothing is downloaded until then.",
        code="library_missing",
    )


# -- looking up


def _of_this_title(tx: Connection, film: FilmForms) -> set[int]:
    """Files with one of the film's ids, or one of its titles and a year that is its own, off by one or not said."""
    found = library.with_ids(tx, film.ids)
    years = _ANY_YEAR if film.year is None else (0, film.year - 1, film.year, film.year + 1)
    for words, _ in film.titles:
        found |= library.with_title(tx, _loose(words), years)
        if len(words) >= MIN_WORDS_UNDATED and len(words[-1]) == 4 and words[-1].isdecimal():  # "Blade Runner 2049"
            found |= library.with_title(tx, _loose(words[:-1]), (int(words[-1]),))
    return found


def _spelt_alike(tx: Connection, film: FilmForms) -> set[int]:
    """Files of the film's year whose title is nearly one of its titles."""
    found: set[int] = set()
    if film.year is None:
        return found
    for words in {without_articles(words) for words, _ in film.titles}:
        for file_id, others in library.near_title(tx, "".join(words), film.year, _SLIPS):
            if near(words, without_articles(others.split())):
                found.add(file_id)
    return found


def _judged(film: FilmForms, rows: Iterable[tuple[str, FileRow]], ignore: Collection[str]) -> Iterator[Found]:
    ignored = set(ignore)
    for path, row in rows:
        if ignored.isdisjoint(path.split("/")):
            readings = tuple(Reading(tuple(one.words.split()), one.year or None, one.sure) for one in row.readings)
            yield Found(path, judge(film, PathFacts(None, row.ids, readings)))


def _loose(words: Sequence[str]) -> str:
    return "".join(without_articles(words))


# -- walking


class _Walk:
    """One look at every folder: known ones first, by their times, then what is new in them."""

    def __init__(self, store: Store, roots: Sequence[str], tell_unreadable: Callable[[str], None]) -> None:
        self._store = store
        self._roots = sorted({root.rstrip("/") for root in roots}, key=len, reverse=True)
        self._tell_unreadable = tell_unreadable
        # By device and inode: a folder that links lead to twice is read once.
        self._seen: dict[int, set[int]] = {}
        self._new: list[str] = []
        self._changes: list[Change] = []
        self._gone: list[int] = []
        self._files = 0

    def run(self) -> None:
        for folder in self._known():
            if self._read_as(folder.path) is None:
                self._take_out(folder)
            else:
                self._look(folder.path, folder)
        self._new += self._unknown(root or "/" for root in self._roots)
        while self._new:
            self._look(self._new.pop(), None)
        self._write()

    def _known(self) -> Iterator[Folder]:
        """Every folder of earlier walks; each read is a transaction of its own, since a slow disk takes its time."""
        with self._store.read() as tx:
            last = library.last_folder(tx)
        after = 0
        while after < last:
            with self._store.read() as tx:
                page = library.folders(tx, after, last, FOLDERS_A_READ)
            yield from page
            after = page[-1].folder_id if page else last

    def _unknown(self, paths: Iterable[str]) -> list[str]:
        with self._store.read() as tx:
            paths = list(paths)
            known = library.known(tx, paths)
        return [path for path in paths if path not in known]

    def _root(self, path: str) -> str | None:
        """The nearest library folder above a path, None when it is in none any more."""
        return next((root for root in self._roots if path.startswith(f"{root}/") or path == root), None)

    def _read_as(self, path: str) -> str | None:
        """How the files of a folder are read: by this program, from this depth; None: not at all."""
        root = self._root(path)
        depth = path.count("/", len(root)) if root is not None else MAX_DEPTH + 1
        return f"{__version__}.{READING_VERSION}/{depth}" if depth <= MAX_DEPTH else None

    def _look(self, path: str, known: Folder | None) -> None:
        """List a folder if it changed."""
        try:
            stat = os.stat(path)  # noqa: PTH116  one of these a folder is all that a refresh without changes costs
            if not stat_bits.S_ISDIR(stat.st_mode):
                self._take_out(known)
            elif self._met(stat):
                self._empty(path, known)
            elif known is None or known.changed_ns != stat.st_mtime_ns or known.read_as != self._read_as(path):
                self._list(path, known, stat.st_mtime_ns)
        except (FileNotFoundError, NotADirectoryError):
            if os.path.lexists(path):  # a link to a disk that is not mounted now
                self._empty(path, known)
            else:
                self._take_out(known)
        except PermissionError:
            # Every disk has a lost+found that only root may read, so this is no reason to hold everything.
            self._tell_unreadable(path)
            self._empty(path, known)
        except OSError as exc:
            raise _held(LibraryFolder(Path(path), True), f"cannot be read ({exc.strerror})", "Check its disk") from exc

    def _met(self, stat: os.stat_result) -> bool:
        """True when this folder was looked at under another path."""
        inodes = self._seen.setdefault(stat.st_dev, set())
        if stat.st_ino in inodes:
            return True
        inodes.add(stat.st_ino)
        return False

    def _list(self, path: str, known: Folder | None, changed_ns: int) -> None:
        read_as = self._read_as(path)
        if read_as is None:  # deeper than is looked
            return
        folders, videos = _listing(path)
        anew = known is None or known.read_as != read_as
        files: dict[str, int] = {}
        if known is not None and not anew:
            with self._store.read() as tx:
                files = library.files_in(tx, known.folder_id)
        added = [name for name in videos if name not in files]
        gone = [file_id for name, file_id in files.items() if name not in videos]
        if abs(time.time_ns() - changed_ns) < FRESH_NS:
            changed_ns = _WHILE_CHANGING
        if anew or added or gone or known is None or known.changed_ns != changed_ns:
            self._change(path, read_as, changed_ns, anew=anew, gone=gone, added=added)
        self._new += self._unknown(f"{path.rstrip('/')}/{name}" for name in folders)

    def _change(
        self, path: str, read_as: str, changed_ns: int, *, anew: bool, gone: Sequence[int], added: Sequence[str]
    ) -> None:
        """Keep what changed in a folder, in parts where that is much: only the last part says that it is complete."""
        prefix = f"{path.rstrip('/')}/"[len(self._root(path) or "") + 1 :]
        while len(added) > FILES_A_WRITE:
            rows = [_row(prefix, name) for name in added[:FILES_A_WRITE]]
            self._keep(Change(path, read_as, _WHILE_CHANGING, anew, gone, rows))
            added, anew, gone = added[FILES_A_WRITE:], False, ()
        self._keep(Change(path, read_as, changed_ns, anew, gone, [_row(prefix, name) for name in added]))

    def _empty(self, path: str, known: Folder | None) -> None:
        """A folder that is left out now, and looked at again each time."""
        if (read_as := self._read_as(path)) is not None and (known is None or known.changed_ns is not None):
            self._keep(Change(path, read_as, None, anew=True))

    def _take_out(self, known: Folder | None) -> None:
        if known is not None:
            self._gone.append(known.folder_id)
            self._wrote(1)

    def _keep(self, change: Change) -> None:
        self._changes.append(change)
        self._wrote(1 + len(change.added) + len(change.gone))

    def _wrote(self, files: int) -> None:
        self._files += files
        if self._files > FILES_A_WRITE:
            self._write()

    def _write(self) -> None:
        if self._changes or self._gone:
            with self._store.write() as tx:
                library.take_out(tx, self._gone)
                for change in self._changes:
                    library.change(tx, change)
        self._changes, self._gone, self._files = [], [], 0


def _row(prefix: str, name: str) -> FileRow:
    path = read_path(prefix + name)
    readings = (ReadingRow(one.year or 0, " ".join(one.words), one.sure, _loose(one.words)) for one in path.readings)
    return FileRow(name, path.ids, tuple(readings))


def _listing(path: str) -> tuple[list[str], dict[str, None]]:
    """Names of a folder's folders and videos, hidden ones left out."""
    folders: list[str] = []
    videos: dict[str, None] = {}
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if _is_folder(entry):
                folders.append(entry.name)
            elif _ending(entry.name) in VIDEO_ENDINGS:
                videos[entry.name] = None
    return folders, videos


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself; a folder that cannot be read raises when it is listed
        return False


def _ending(name: str) -> str:
    """``.mkv`` in lower case; "" when there is none."""
    _, dot, ending = name.rpartition(".")
    return f"{dot}{ending.lower()}"
