"""What a person changed in the queue files: the three as one document keyed by film, against what we wrote. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from movie_sync.movie import Queue
from movie_sync.queues.entries import KNOWN_KEYS, SHOWN_ONLY, Entry

Document = Mapping[Queue, Mapping[str, Entry]]


@dataclass(frozen=True, slots=True)
class Edit:
    """One film a person edited.

    Attributes:
        key: Its ``id``.
        old: The queue whose file had it before, None when no file had.
        new: The queue whose file has it now, None when it was taken out.
        entry: As it stands now; as it stood when taken out.
        changed: Known keys whose value differs from what we wrote.
    """

    key: str
    old: Queue | None
    new: Queue | None
    entry: Entry
    changed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Conflict:
    """One film edited in two files at once."""

    key: str
    queues: tuple[Queue, ...]


def _changed_keys(before: Entry | None, after: Entry) -> frozenset[str]:
    if before is None:
        return frozenset(after) & KNOWN_KEYS
    # A key that is left out says nothing; null says "none".
    keys = after.keys() & KNOWN_KEYS - SHOWN_ONLY
    return frozenset(key for key in keys if before.get(key) != after.get(key))


def _differs(before: Entry | None, after: Entry | None) -> bool:
    if before is None or after is None:
        return before is not after
    strip = SHOWN_ONLY.__contains__
    return {k: v for k, v in before.items() if not strip(k)} != {k: v for k, v in after.items() if not strip(k)}


def _edit_of(key: str, base: Document, theirs: Document) -> Edit | Conflict | None:
    touched = [queue for queue in base if _differs(base[queue].get(key), theirs[queue].get(key))]
    had = next((queue for queue in base if key in base[queue]), None)
    written = [queue for queue in touched if key in theirs[queue]]
    if len(written) > 1:
        return Conflict(key, tuple(written))
    if written:
        new = written[0]
        old = new if key in base[new] else had
        if old is Queue.COMPLETED and new is not old and key in theirs[old]:
            return None
        before = base[old][key] if old else None
        return Edit(key, old, new, theirs[new][key], _changed_keys(before, theirs[new][key]))
    if touched and not any(key in theirs[queue] for queue in base):
        old = touched[0]
        return Edit(key, old, None, base[old][key], frozenset())
    return None


def edits(base: Document, theirs: Document) -> tuple[Sequence[Edit], Sequence[Conflict]]:
    """Compare what we wrote with what the files hold now.

    A film that lost its place in one file and has a new one in another was moved; one that is in no file any more was
    taken out; one with a new or changed entry in two files is a conflict.

    Args:
        base: Per queue, ``id`` to entry, as we last wrote each file.
        theirs: The same as the files stand.

    Returns:
        The edits and the conflicts, in the order of the files as they stand.
    """
    keys = dict.fromkeys(key for document in (theirs, base) for queue in base for key in document[queue])
    found = [_edit_of(key, base, theirs) for key in keys]
    return (
        [edit for edit in found if isinstance(edit, Edit)],
        [conflict for conflict in found if isinstance(conflict, Conflict)],
    )
