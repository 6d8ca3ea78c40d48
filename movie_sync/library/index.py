"""LibraryIndex: the films on disk, found by walking, kept up to date by looking at changed folders only."""

import logging
import os
import stat as stat_bits
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from movie_sync.errors import Unavailable
from movie_sync.library.match import FilmKey, film_ids, film_keys, ids_in, path_keys
from movie_sync.movie import Movie
from movie_sync.store import Store, facts

log = logging.getLogger(__name__)

PROVIDER = "library"
VIDEO_ENDINGS = frozenset(
    ".mkv .mp4 .avi .m4v .mov .wmv .mpg .mpeg .ts .m2ts .iso .webm .vob .flv .divx .ogm".split()  # by what players open
)
MAX_DEPTH = 12


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


@dataclass(slots=True)
class _Listing:
    """A folder as last read."""

    changed_ns: int
    folders: tuple[str, ...]
    videos: tuple[str, ...]


class LibraryIndex:
    """Answers "is this film there?" from an index in memory.

    Args:
        folders: Where to look; may be empty.
        store: Remembers which folders had something in them, so that an unmounted one is not read as empty.
    """

    def __init__(self, folders: Sequence[LibraryFolder], store: Store) -> None:
        self._folders = folders
        self._store = store
        self._listings: dict[str, _Listing] = {}
        self._unreadable: set[str] = set()
        self._keys: dict[FilmKey, list[str]] = {}
        self._ids: dict[str, list[str]] = {}

    def refresh(self) -> None:
        """Look at every folder that changed since; costs a stat a folder when nothing did.

        Raises:
            Unavailable: A folder that has to be there is not, cannot be read, or lost everything at once.
        """
        before, self._listings = self._listings, {}
        changed = False
        for folder in self._folders:
            if self._usable(folder):
                changed |= self._walk(folder.path, before)
        if changed or before.keys() != self._listings.keys():
            self._build()

    def find(self, movie: Movie, ignore: Collection[str] = ()) -> str | None:
        """The path of a file that certainly is this film, None when there is none.

        Args:
            movie: Matched by an id in the path, else by title key and year.
            ignore: Names of files or top folders that do not count (half-written downloads).
        """
        for name in film_ids(movie):
            for path in self._ids.get(name, ()):
                if not _ignored(path, ignore):
                    return path
        for key in film_keys(movie):
            for path in self._keys.get(key, ()):
                if not _ignored(path, ignore):
                    return path
        return None

    def __len__(self) -> int:
        return sum(len(listing.videos) for listing in self._listings.values())

    # -- walking

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
                raise self._held(folder, "is not there", "Mount it, or take it out of library_directories") from exc
            return False
        except OSError as exc:
            raise self._held(folder, f"cannot be read ({exc.strerror})", "Check its rights and its disk") from exc
        if empty and folder.required and had_films:
            raise self._held(
                folder, "is empty, and was not before", "Mount it, or put any file into it if you emptied it yourself"
            )
        if not empty and not had_films:
            with self._store.write() as tx:
                facts.put(tx, name, "had entries")
        return True

    @staticmethod
    def _held(folder: LibraryFolder, what: str, hint: str) -> Unavailable:
        return Unavailable(
            PROVIDER,
            f"The folder {folder.path} {what}, so nobody can tell which films are already there.",
            hint=f"{hint}; nothing is downloaded until then.",
            code="library_missing",
        )

    def _walk(self, root: Path, before: dict[str, _Listing]) -> bool:
        """List a tree; True when anything in it changed."""
        changed = False
        pending = [(str(root), 0)]
        seen: set[tuple[int, int]] = set()
        while pending:
            path, depth = pending.pop()
            try:
                stat = Path(path).stat()
                if (stat.st_dev, stat.st_ino) in seen or not stat_bits.S_ISDIR(stat.st_mode):
                    continue
                seen.add((stat.st_dev, stat.st_ino))
                listing = before.get(path)
                if listing is None or listing.changed_ns != stat.st_mtime_ns:
                    listing = _list(path, stat.st_mtime_ns)
                    changed = True
            except FileNotFoundError:
                continue
            except PermissionError:
                # Every disk has a lost+found that only root may read, so this is no reason to hold everything.
                self._tell_once(path)
                continue
            except OSError as exc:
                raise self._held(
                    LibraryFolder(Path(path), True), f"cannot be read ({exc.strerror})", "Check its disk"
                ) from exc
            self._listings[path] = listing
            if depth < MAX_DEPTH:
                pending += [(f"{path}/{name}", depth + 1) for name in listing.folders]
        return changed

    def _tell_once(self, path: str) -> None:
        if path not in self._unreadable:
            self._unreadable.add(path)
            log.warning("The folder %s may not be read: films in it count as not there.", path)

    def _build(self) -> None:
        keys: dict[FilmKey, list[str]] = {}
        ids: dict[str, list[str]] = {}
        for path, relative in self._videos():
            for name in ids_in(relative):
                ids.setdefault(name, []).append(path)
            for key in path_keys(relative):
                keys.setdefault(key, []).append(path)
        self._keys, self._ids = keys, ids

    def _videos(self) -> Iterator[tuple[str, str]]:
        """Full and relative path of every video."""
        roots = sorted((f"{folder.path}/" for folder in self._folders), key=len, reverse=True)
        for folder, listing in self._listings.items():
            root = next((root for root in roots if f"{folder}/".startswith(root)), "")
            for name in listing.videos:
                path = f"{folder}/{name}"
                yield path, path[len(root) :]


def _list(path: str, changed_ns: int) -> _Listing:
    folders: list[str] = []
    videos: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if _is_folder(entry):
                folders.append(entry.name)
            elif _ending(entry.name) in VIDEO_ENDINGS:
                videos.append(entry.name)
    return _Listing(changed_ns, tuple(folders), tuple(videos))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself; a folder that cannot be read raises when it is listed
        return False


def _ending(name: str) -> str:
    """``.mkv`` in lower case; "" when there is none."""
    _, dot, ending = name.rpartition(".")
    return f"{dot}{ending.lower()}"


def _ignored(path: str, ignore: Collection[str]) -> bool:
    return bool(ignore) and not set(ignore).isdisjoint(path.split("/"))
