"""The three files a person reads and edits: written from the database, merged back into it when edited."""

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from movie_sync.errors import FacesError, StoreError
from movie_sync.lib.clock import Clock, utc_text
from movie_sync.lib.files import Stamp, locked, set_aside, stamp, stamp_of, write_over
from movie_sync.movie import Queue
from movie_sync.queues.entries import Entry, EntryError, entry_of, key_of
from movie_sync.queues.hand_edits import carry_out
from movie_sync.queues.merge import edits
from movie_sync.store import Store, exports, films, history

log = logging.getLogger(__name__)

FACES = (Queue.PENDING, Queue.FAILED, Queue.COMPLETED)
# As often as a person may save in a row before their last save is left for the next round.
_TRIES = 20
# Some editors empty a file and then write it; whoever looks in between waits for so long.
_SAVING_S = 0.05
# A queue of 100,000 films is 60 MB; a file beyond this is not one of ours.
MAX_FILE_BYTES = 512 * 1024 * 1024


class _Edited(Exception):
    """The file was saved by someone between our reading and our writing."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as it was read: its content, None when missing, and what tells whether it was saved since."""

    content: bytes | None
    stamp: Stamp | None


class QueueFiles:
    """``queue_pending.json``, ``queue_failed.json`` and ``queue_completed.json`` of one home folder.

    Whoever writes calls `sync`: it merges first, so that no edit is ever overwritten.

    Args:
        folder: The home folder.
        store: Its database.
        clock: For dates of files kept aside.
    """

    def __init__(self, folder: Path, store: Store, clock: Clock) -> None:
        self._folder = folder
        self._store = store
        self._clock = clock
        self._last: dict[Queue, Stamp | None] = {}

    def path(self, queue: Queue) -> Path:
        """The file of a queue."""
        return self._folder / f"queue_{queue}.json"

    def out_of_date(self) -> bool:
        """True when a file was saved by someone, or a queue changed since its file was written; cheap."""
        if any(stamp(self.path(queue)) != self._last.get(queue) for queue in FACES):
            return True
        with self._store.read() as tx:
            exported = exports.exported_versions(tx)
            current = exports.versions(tx)
        return any(exported.get(self.path(queue).name) != current[queue] for queue in FACES)

    def sync(self) -> list[FacesError]:
        """Take what people edited, then write what changed.

        Returns:
            An error for each file that could not be taken as it is; it was kept aside, and nothing was lost.

        Raises:
            OSError: The folder cannot be written; the files stand as they were.
            StoreError: As for Store.write; or the folder was exchanged for another one.
        """
        problems: list[FacesError] = []
        lock = self._folder / "faces.lock"
        if not lock.exists() and not self._store.path.exists():
            # Written there, the files would count as edited when the right folder is back.
            raise StoreError(
                f"{self._folder} is another folder than before: the database is not there.",
                hint="Put the right one back, or start movie-sync again.",
            )
        with locked(lock):
            for _ in range(_TRIES):
                seen = {queue: self._read(queue) for queue in FACES}
                stamps = {self.path(queue): seen[queue].stamp for queue in FACES}
                try:
                    edited = self._merge(seen, problems)
                    for queue in FACES:
                        self._write(queue, seen[queue], stamps, rewrite=queue in edited)
                except _Edited:
                    continue
                break
        return problems

    def _read(self, queue: Queue) -> _Seen:
        try:
            with self.path(queue).open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
                return _Seen(content, stamp_of(file))
        except FileNotFoundError:
            return _Seen(None, None)

    # -- taking in what people edited

    def _merge(self, seen: Mapping[Queue, _Seen], problems: list[FacesError]) -> set[Queue]:
        """Carry out all edits in one transaction.

        Returns:
            Queues whose file differs from what we wrote, and so has to be written again.
        """
        with self._store.read() as tx:
            known = {queue: exports.get(tx, self.path(queue).name) for queue in FACES}
        edited = {
            queue
            for queue in FACES
            if seen[queue].content is not None and seen[queue].content not in {known[queue].base, known[queue].coming}
        }
        base: dict[Queue, Mapping[str, Entry]] = {}
        theirs: dict[Queue, Mapping[str, Entry]] = {}
        for queue in FACES:
            content = seen[queue].content
            base[queue] = theirs[queue] = _trusted(known[queue].coming or known[queue].base)
            if queue not in edited:
                if content is not None:
                    base[queue] = theirs[queue] = _trusted(content)
                continue
            try:
                theirs[queue] = _parse(self.path(queue), content or b"")
            except FacesError as error:
                threading.Event().wait(_SAVING_S)
                if stamp(self.path(queue)) != seen[queue].stamp:
                    raise _Edited from None
                problems.append(self._keep_aside([queue], error))
                continue
            base[queue] = _nearer(theirs[queue], known[queue])
        if not any(base.values()):
            _place_once(theirs)
        if edited:
            self._carry_out(base, theirs, problems)
        return edited

    def _carry_out(
        self,
        base: dict[Queue, Mapping[str, Entry]],
        theirs: dict[Queue, Mapping[str, Entry]],
        problems: list[FacesError],
    ) -> None:
        """Do all edits; a file with one that cannot be done is kept aside and counts as unedited."""
        while True:
            found, conflicts = edits(base, theirs)
            if problems:
                # What is missing here may stand in the file that was refused.
                found = [edit for edit in found if edit.new is not None]
            if conflicts:
                conflict = conflicts[0]
                names = " and ".join(self.path(queue).name for queue in conflict.queues)
                refused = list(conflict.queues)
                error = FacesError(f"Film {conflict.key} was edited in {names}; only one of them can hold it.")
            else:
                try:
                    with self._store.write() as tx:
                        for edit in found:
                            at = edit
                            carry_out(tx, edit, self._clock.now())
                    if taken_out := [str(edit.entry.get("title") or edit.key) for edit in found if edit.new is None]:
                        log.warning(
                            "Taken out by hand, and so excluded: %s. Move them back from queue_failed.json to undo it.",
                            ", ".join(taken_out),
                        )
                    return
                except EntryError as exc:
                    refused = [at.new or at.old or Queue.PENDING]
                    error = FacesError(f"{self.path(refused[0]).name}, film {at.key}: {exc}.")
            problems.append(self._keep_aside(refused, error))
            for queue in refused:
                theirs[queue] = base[queue]

    def _keep_aside(self, queues: list[Queue], error: FacesError) -> FacesError:
        stamp = (utc_text(self._clock.now()) or "").replace(":", "")
        kept = [set_aside(self.path(queue), stamp).name for queue in queues]
        names = " and ".join(self.path(queue).name for queue in queues)
        hint = f"The edit was kept as {' and '.join(kept)} and not taken; correct it and save it as {names}."
        with self._store.write() as tx:
            history.append(tx, self._clock.now(), None, "queue_file_kept", f"{error.message} {hint}")
        return FacesError(error.message, hint=hint)

    # -- writing what changed

    def _write(self, queue: Queue, seen: _Seen, stamps: dict[Path, Stamp | None], *, rewrite: bool) -> None:
        """Write a queue as it stands, while all three files are what was merged: they are edited as one.

        A film that a person takes out of one file, and that moved on to the next before that is written, would else
        count as moved by us.
        """
        path = self.path(queue)
        with self._store.read() as tx:
            version = exports.versions(tx)[queue]
            known = exports.get(tx, path.name)
            if not rewrite and seen.content is not None and seen.content == known.base and known.version == version:
                self._last[queue] = seen.stamp
                return
            content = _encode([entry_of(film) for film in films.in_queue(tx, queue)])
        stands = seen
        if content != seen.content:
            with self._store.write() as tx:
                exports.announce(tx, path.name, content)
            if not write_over(path, content, stamps):
                raise _Edited
            stands = self._read(queue)
        elif known.base != content:
            with self._store.write() as tx:
                exports.announce(tx, path.name, content)
        with self._store.write() as tx:
            exports.settle(tx, path.name, version)
        if stands.content != content:
            raise _Edited
        self._last[queue] = stamps[path] = stands.stamp


def kept_aside(folder: Path) -> list[Path]:
    """Hand-edited files that could not be taken and were kept, oldest first."""
    return sorted(path for queue in FACES for path in folder.glob(f"queue_{queue}.kept-*.json"))


def _encode(entries: list[dict[str, Any]]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(entries), indent=2) + b"\n"


def _trusted(content: bytes | None) -> Mapping[str, Entry]:
    """The entries of a content we wrote ourselves."""
    return {key_of(entry): entry for entry in msgspec.json.decode(content)} if content else {}


def _parse(path: Path, content: bytes) -> Mapping[str, Entry]:
    """The entries of an edited file by film.

    Raises:
        FacesError: Not JSON (with line and column), not a list of entries, or a film twice.
    """
    if len(content) > MAX_FILE_BYTES:
        raise FacesError(f"{path.name} is larger than {MAX_FILE_BYTES >> 20} MB.")
    try:
        entries = json.loads(content.decode("utf-8-sig"))
        # A lone surrogate is valid JSON and cannot be stored.
        json.dumps(entries, ensure_ascii=False).encode()
    except json.JSONDecodeError as exc:
        raise FacesError(f"{path.name} is not valid JSON: line {exc.lineno}, column {exc.colno}: {exc.msg}.") from exc
    except (ValueError, RecursionError) as exc:
        raise FacesError(f"{path.name} is not valid JSON ({type(exc).__name__}).") from exc
    if not isinstance(entries, list):
        raise FacesError(f"{path.name} must hold a list of films, [ … ].")
    found: dict[str, Entry] = {}
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            raise FacesError(f"{path.name}, entry {number} is not an object {{ … }}.")
        try:
            key = key_of(entry)
        except EntryError as exc:
            raise FacesError(f"{path.name}, entry {number}: {exc}.") from exc
        if key in found:
            raise FacesError(f"{path.name} has film {key} twice.")
        found[key] = entry
    return found


def _place_once(taken_in: dict[Queue, Mapping[str, Entry]]) -> None:
    """Of a film that stands in two files nobody knows the history of, the place further on counts."""
    later: set[str] = set()
    for queue in reversed(FACES):
        taken_in[queue] = {key: entry for key, entry in taken_in[queue].items() if key not in later}
        later |= taken_in[queue].keys()


def _nearer(theirs: Mapping[str, Entry], known: exports.Export) -> Mapping[str, Entry]:
    """Of the contents we wrote, or were about to, the one that fewer entries of the edited file differ from."""
    written = [_trusted(content) for content in (known.base, known.coming) if content is not None]

    def distance(candidate: Mapping[str, Entry]) -> int:
        return sum(theirs.get(key) != candidate.get(key) for key in theirs.keys() | candidate.keys())

    return min(written, key=distance, default={})
