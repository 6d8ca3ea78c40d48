"""What each queue file held when this program last wrote it: how a person's edit is told from our own."""

import zlib
from dataclasses import dataclass

from movie_sync.store.connections import Connection

# Kept of what each file held before, packed: hundreds of versions of a queue of a hundred films.
PAST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Export:
    """The contents one file can have without anybody having edited it.

    Attributes:
        base: Written and renamed for certain; None when never written.
        coming: About to be written when the program was last seen; None when no write was under way.
        version: Of the queue when ``base`` was made.
    """

    base: bytes | None = None
    coming: bytes | None = None
    version: int = -1


def _unpacked(blob: bytes | None) -> bytes | None:
    return None if blob is None else zlib.decompress(blob)


def get(tx: Connection, file: str) -> Export:
    """The known contents of a queue file."""
    row = tx.execute("SELECT * FROM exports WHERE file = ?", (file,)).fetchone()
    return Export(_unpacked(row["base"]), _unpacked(row["next"]), row["version"]) if row else Export()


def announce(tx: Connection, file: str, content: bytes) -> None:
    """Note what is about to be written."""
    tx.execute(
        "INSERT INTO exports (file, next) VALUES (?, ?) ON CONFLICT DO UPDATE SET next = excluded.next",
        (file, zlib.compress(content, 1)),
    )


def settle(tx: Connection, file: str, version: int) -> None:
    """Note that what was announced stands in the file now; what stood there before is kept for a while."""
    tx.execute(
        "INSERT INTO past_exports (file, content)"
        " SELECT file, base FROM exports WHERE file = ? AND base IS NOT NULL AND next IS NOT NULL AND base != next",
        (file,),
    )
    tx.execute(
        "DELETE FROM past_exports WHERE id IN (SELECT id FROM (SELECT id, sum(length(content)) OVER (ORDER BY id DESC)"
        " AS together FROM past_exports WHERE file = ?) WHERE together > ?)",
        (file, PAST_BYTES),
    )
    tx.execute(
        "UPDATE exports SET base = coalesce(next, base), next = NULL, version = ? WHERE file = ?", (version, file)
    )


def past(tx: Connection, file: str) -> list[bytes]:
    """What the file held before, newest first."""
    rows = tx.execute("SELECT content FROM past_exports WHERE file = ? ORDER BY id DESC", (file,))
    return [zlib.decompress(row[0]) for row in rows]


def versions(tx: Connection) -> dict[str, int]:
    """Queue to the count of its changes."""
    return {row[0]: row[1] for row in tx.execute("SELECT queue, version FROM faces")}


def exported_versions(tx: Connection) -> dict[str, int]:
    """Queue file to the version it shows; absent when never written."""
    return {row[0]: row[1] for row in tx.execute("SELECT file, version FROM exports")}
