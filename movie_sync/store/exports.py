"""What each queue file held when this program last wrote it: how a person's edit is told from our own."""

import zlib
from dataclasses import dataclass

from movie_sync.store.connections import Connection


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
    """Note that what was announced stands in the file now."""
    tx.execute(
        "UPDATE exports SET base = coalesce(next, base), next = NULL, version = ? WHERE file = ?", (version, file)
    )


def versions(tx: Connection) -> dict[str, int]:
    """Queue to the count of its changes."""
    return {row[0]: row[1] for row in tx.execute("SELECT queue, version FROM faces")}


def exported_versions(tx: Connection) -> dict[str, int]:
    """Queue file to the version it shows; absent when never written."""
    return {row[0]: row[1] for row in tx.execute("SELECT file, version FROM exports")}
