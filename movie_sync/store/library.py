"""What is on disk, as last walked and read: a cache that may be emptied at any time."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from movie_sync.store.connections import Connection

# Letters at either end of a title by which titles spelt nearly alike are looked for: a slip leaves one end whole.
ENDS = 3
# More files than this of one title are not looked at: nobody has so many copies of one film.
MOST_OF_A_TITLE = 200


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it was last listed.

    Attributes:
        read_as: Names the way its files were read; another way means they have to be read again.
        changed_ns: Its modification time when it was listed; None: not listed; -1: listed while it changed.
    """

    folder_id: int
    path: str
    read_as: str
    changed_ns: int | None


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A film a path could mean; ``loose`` is its title key without articles, ``year`` 0 when the path says none."""

    year: int
    words: str
    sure: bool
    loose: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """A video and what its path says."""

    name: str
    ids: tuple[str, ...] = ()
    readings: tuple[ReadingRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What listing a folder came to.

    Attributes:
        folder: As in Folder, the id left out: a folder of this path is made or changed.
        anew: Every file known of it is forgotten first.
        gone: Ids of files that are not there any more.
        added: New files.
    """

    path: str
    read_as: str
    changed_ns: int | None
    anew: bool
    gone: Sequence[int] = ()
    added: Sequence[FileRow] = ()


def last_folder(tx: Connection) -> int:
    """The largest folder id, 0 when there are none."""
    return int(tx.execute("SELECT coalesce(max(id), 0) FROM library_folders").fetchone()[0])


def folders(tx: Connection, after: int, last: int, limit: int) -> list[Folder]:
    """The next folders by id, from ``after`` (exclusive) to ``last``."""
    rows = tx.execute(
        "SELECT id, path, read_as, changed_ns FROM library_folders WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
        (after, last, limit),
    )
    return [Folder(row[0], os.fsdecode(row[1]), row[2], row[3]) for row in rows]


def known(tx: Connection, paths: Iterable[str]) -> set[str]:
    """Which of these folders there are."""
    found = "SELECT 1 FROM library_folders WHERE path = ?"
    return {path for path in paths if tx.execute(found, (os.fsencode(path),)).fetchone()}


def files_in(tx: Connection, folder_id: int) -> dict[str, int]:
    """Names and ids of a folder's files."""
    rows = tx.execute("SELECT name, id FROM library_files WHERE folder = ?", (folder_id,))
    return {os.fsdecode(row[0]): row[1] for row in rows}


def take_out(tx: Connection, folder_ids: Iterable[int]) -> None:
    """Forget folders with all their files."""
    tx.executemany("DELETE FROM library_folders WHERE id = ?", [(one,) for one in folder_ids])


def change(tx: Connection, changed: Change) -> None:
    """Write what listing a folder came to."""
    folder_id = tx.execute(
        "INSERT INTO library_folders (path, read_as, changed_ns) VALUES (?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
        " read_as = excluded.read_as, changed_ns = excluded.changed_ns RETURNING id",
        (os.fsencode(changed.path), changed.read_as, changed.changed_ns),
    ).fetchone()[0]
    if changed.anew:
        tx.execute("DELETE FROM library_files WHERE folder = ?", (folder_id,))
    tx.executemany("DELETE FROM library_files WHERE id = ?", [(one,) for one in changed.gone])
    for file in changed.added:
        _add(tx, folder_id, file)


def _add(tx: Connection, folder_id: int, file: FileRow) -> None:
    inserted = tx.execute(
        "INSERT INTO library_files (folder, name) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id",
        (folder_id, os.fsencode(file.name)),
    ).fetchone()
    if inserted is None:  # another process of this home was quicker
        return
    if file.ids:
        tx.executemany("INSERT INTO library_ids VALUES (?, ?)", [(inserted[0], name) for name in file.ids])
    tx.executemany(
        "INSERT INTO library_readings VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (inserted[0], place, one.year, one.words, one.sure, one.loose, one.loose[-ENDS:])
            for place, one in enumerate(file.readings)
        ],
    )


def count(tx: Connection) -> int:
    """How many files there are."""
    return int(tx.execute("SELECT count(*) FROM library_files").fetchone()[0])


def with_ids(tx: Connection, ids: Iterable[str]) -> set[int]:
    """Files whose path carries one of these ids."""
    query = "SELECT file FROM library_ids WHERE name = ? LIMIT ?"
    return {row[0] for name in ids for row in tx.execute(query, (name, MOST_OF_A_TITLE))}


def with_title(tx: Connection, loose: str, years: Collection[int]) -> set[int]:
    """Files that could be of this title and one of these years."""
    marks = ",".join("?" * len(years))
    query = f"SELECT file FROM library_readings WHERE year IN ({marks}) AND loose = ? LIMIT ?"
    return {row[0] for row in tx.execute(query, (*years, loose, MOST_OF_A_TITLE))}


def near_title(tx: Connection, loose: str, year: int, slips: int) -> set[tuple[int, str]]:
    """Files and title words of a year whose title begins or ends like this one.

    Args:
        tx: A transaction.
        loose: Title key without articles.
        year: Not 0.
        slips: How many letters longer or shorter their title may be.
    """
    head, tail = loose[:ENDS], loose[-ENDS:]
    lengths = (len(loose) - slips, len(loose) + slips)
    by_head = (
        "SELECT file, words FROM library_readings WHERE year = ? AND loose >= ? AND loose < ?"
        " AND length(loose) BETWEEN ? AND ?"
    )
    by_tail = "SELECT file, words FROM library_readings WHERE year = ? AND tail = ? AND length(loose) BETWEEN ? AND ?"
    rows = {(row[0], row[1]) for row in tx.execute(by_head, (year, head, head + chr(0x10FFFF), *lengths))}
    rows |= {(row[0], row[1]) for row in tx.execute(by_tail, (year, tail, *lengths))}
    return rows


def files(tx: Connection, file_ids: Iterable[int]) -> Mapping[str, FileRow]:
    """Files by their full path."""
    found: dict[str, FileRow] = {}
    for file_id in file_ids:
        row = tx.execute(
            "SELECT f.path, v.name FROM library_files v JOIN library_folders f ON f.id = v.folder WHERE v.id = ?",
            (file_id,),
        ).fetchone()
        ids = tx.execute("SELECT name FROM library_ids WHERE file = ?", (file_id,))
        readings = tx.execute(
            "SELECT year, words, sure, loose FROM library_readings WHERE file = ? ORDER BY place", (file_id,)
        )
        name = os.fsdecode(row[1])
        found[f"{os.fsdecode(row[0]).rstrip('/')}/{name}"] = FileRow(
            name,
            tuple(one[0] for one in ids),
            tuple(ReadingRow(one[0], one[1], bool(one[2]), one[3]) for one in readings),
        )
    return found
