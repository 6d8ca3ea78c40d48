"""The database as a file: a copy of one moment, and what of another one has to be kept."""

import contextlib
import sqlite3
from pathlib import Path

from movie_sync.lib.files import make_private_file
from movie_sync.store.connections import Connection, Store
from movie_sync.store.migrations import STEPS


def copy_to(store: Store, path: Path) -> None:
    """Copy the database as it is at one moment, while others may go on writing.

    Args:
        store: The database.
        path: A new file, 0600.

    Raises:
        StoreError: As for Store.read.
    """
    make_private_file(path)
    with store.errors(), contextlib.closing(sqlite3.connect(path)) as target:
        store.connection().backup(target)
        target.execute("PRAGMA journal_mode=DELETE")


def copy_calls(store: Store, other: Path) -> None:
    """Take over the calls another database counted, so that a restored copy makes none of them again.

    Args:
        store: Where they are added.
        other: A database of any version; one without calls adds none.

    Raises:
        StoreError: ``store`` cannot be written.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"{other.absolute().as_uri()}?mode=ro", uri=True)) as source:
            source.row_factory = sqlite3.Row
            found = [dict(row) for row in source.execute("SELECT * FROM calls")]
    except sqlite3.DatabaseError:
        return
    columns = ("account", "boot_id", "boot_s", "wall", "purpose")
    # Before schema 4 no call said what it was for.
    rows = [tuple({"purpose": "search", **row}[column] for column in columns) for row in found]
    with store.write() as tx:
        known = {tuple(row) for row in tx.execute(f"SELECT {', '.join(columns)} FROM calls")}
        tx.executemany(
            f"INSERT INTO calls ({', '.join(columns)}) VALUES (?, ?, ?, ?, ?)",
            [row for row in rows if row not in known],
        )


def whole(store: Store) -> str | None:
    """What SQLite finds wrong with the database, None when nothing is (sqlite.org: PRAGMA quick_check).

    Raises:
        StoreError: It cannot be read at all.
    """
    with store.read() as tx:
        answer = tx.execute("PRAGMA quick_check(1)").fetchone()[0]
    return None if answer == "ok" else str(answer)


def lacking(store: Store) -> str | None:
    """A column of this program's schema that the database lacks, ``table.column``; None when it has all."""
    with contextlib.closing(sqlite3.connect(":memory:")) as made, store.read() as tx:
        for statement in (statement for statements in STEPS for statement in statements):
            made.execute(statement)
        missing = _columns(made) - _columns(tx)
    return f"without {min(missing)}" if missing else None


def _columns(connection: Connection) -> set[str]:
    return {
        f"{table}.{column}"
        for table, column in connection.execute(
            "SELECT tables.name, columns.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns"
            " WHERE tables.type = 'table'"
        )
    }


def settle(path: Path) -> None:
    """Bring what SQLite keeps beside a database into it, as a service that was killed did not; else it stays as it is.

    Args:
        path: A database nobody works with.
    """
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
