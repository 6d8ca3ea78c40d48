"""CsvFolder: a folder in which CSV exports are laid down, each taken in once, and again when it changed."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from movie_sync.errors import ConfigError
from movie_sync.movie import WatchedFilm
from movie_sync.store import Store, facts
from movie_sync.watchlists.csv_export import read_csv_export

PROVIDER = "csv"
# A file that was written to just now may still be growing.
SETTLED_S = 2.0
# Under which name the first export is kept.
_FIRST = f"{PROVIDER} first"
_SUFFIXES = frozenset({".csv", ".zip"})


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size_bytes: int
    mtime_ns: int

    @property
    def fact(self) -> str:
        """Under which name its mark is kept."""
        return f"{PROVIDER}:{_readable(self.path.name)}"

    @property
    def mark(self) -> str:
        """What differs once its content does."""
        return f"{self.size_bytes}:{self.mtime_ns}"


class CsvFolder:
    """The exports in one folder that were not taken in so far. For use by one thread.

    Args:
        folder: May be missing, which is a problem to tell of.
        store: Where the size and time of each file taken in are kept.
    """

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder = folder
        self._store = store
        # What was yielded, as it was when it was read.
        self._read: dict[Path, _File] = {}
        # By path, the mark of a file that could not be read, and why.
        self._bad: dict[Path, tuple[str, ConfigError]] = {}
        self._missing: ConfigError | None = None

    @property
    def problems(self) -> Sequence[ConfigError]:
        """What stands in the way as of the last `changed`: no folder, or files that cannot be read; may be empty.

        A problem is the same object for as long as its file, or the folder, stays as it is.
        """
        return [self._missing] if self._missing else [error for _, error in self._bad.values()]

    def changed(self, now: float) -> Iterator[tuple[Path, list[WatchedFilm]]]:
        """Read each export that is new or changed since it was taken, the one written first before the others.

        Only files called ``*.csv`` and ``*.zip`` count, in whatever case; hidden ones and subfolders do not. A file
        comes again until `taken` is called with it.

        Args:
            now: Unix seconds.
        """
        files = self._untaken(self._scan())
        self._bad = {file.path: self._bad[file.path] for file in files if file.path in self._bad}
        for file in files:
            # A time that lies ahead says nothing of how long ago it was.
            if 0 <= now - file.mtime_ns / 1e9 < SETTLED_S:
                continue
            found = self._films(file)
            if found is not None:
                self._read[file.path] = file
                yield file.path, found

    def is_first(self, path: Path, nothing_known: bool) -> bool:
        """True for the first export ever, also when taking it in was broken off; for a file that `changed` gave.

        Args:
            path: The file.
            nothing_known: No film came by an export so far.
        """
        file = self._read[path]
        with self._store.write() as tx:
            if (first := facts.get(tx, _FIRST)) is None:
                first = file.fact if nothing_known else ""
                facts.put(tx, _FIRST, first)
            return first == file.fact and facts.get(tx, file.fact) is None

    def taken(self, path: Path) -> None:
        """Note that the films of a file that `changed` gave are queued."""
        file = self._read.pop(path)
        with self._store.write() as tx:
            facts.put(tx, file.fact, file.mark)

    def _scan(self) -> list[_File]:
        """The exports in the folder, oldest first; empty when it cannot be looked into, which is kept as a problem."""
        files = []
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    path = self._folder / entry.name
                    if entry.name.startswith(".") or path.suffix.lower() not in _SUFFIXES:
                        continue
                    # What vanished meanwhile, or is a link to nowhere, is no export.
                    with contextlib.suppress(OSError):
                        if entry.is_file():
                            files.append(_File(path, entry.stat().st_size, entry.stat().st_mtime_ns))
        except OSError as exc:
            self._missing = self._missing or ConfigError(
                f"The folder for CSV exports, {self._folder}, cannot be read ({exc.strerror}).",
                file="config.json",
                key="csv_directory",
                hint="Make the folder, or set csv_directory to another; empty for none.",
            )
            return []
        self._missing = None
        return sorted(files, key=lambda file: (file.mtime_ns, file.path.name))

    def _untaken(self, files: Sequence[_File]) -> list[_File]:
        with self._store.read() as tx:
            marks: Mapping[str, str | None] = {file.fact: facts.get(tx, file.fact) for file in files}
        return [file for file in files if marks[file.fact] != file.mark]

    def _films(self, file: _File) -> list[WatchedFilm] | None:
        """The films of a file; None when it cannot be read, which is kept as a problem."""
        mark, before = self._bad.get(file.path, ("", None))
        # What its rights or the disk kept from being read may be readable by now, though the file is the same.
        if before is not None and mark == file.mark and not isinstance(before.__cause__, OSError):
            return None
        try:
            films = read_csv_export(file.path)
        except ConfigError as exc:
            error = ConfigError(_readable(exc.message), file=_readable(exc.file or ""), hint=exc.hint)
            error.__cause__ = exc.__cause__
        else:
            self._bad.pop(file.path, None)
            return films
        if (mark, str(before)) != (file.mark, str(error)):
            self._bad[file.path] = (file.mark, error)
        return None


def _readable(name: str) -> str:
    """Text the database takes, of a file name that may be no UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
