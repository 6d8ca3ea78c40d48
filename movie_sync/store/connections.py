"""Connections to movie_sync.db, one a thread; short transactions; errors in our own words."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from movie_sync.errors import StoreError
from movie_sync.lib.files import make_private_file, make_private_folder
from movie_sync.store.migrations import migrate

DATABASE_FILE = "movie_sync.db"
BUSY_TIMEOUT_S = 10.0
_WAL_AGAIN_S = 0.05

Connection = sqlite3.Connection
Row = sqlite3.Row


class Store:
    """The database of one home folder.

    Every thread has its own connection. Writes are BEGIN IMMEDIATE; no transaction outlives a ``with`` block, and none
    may hold a network call.

    Args:
        path: ``movie_sync.db``; made 0600 when missing, with its folder.
        read_only: For commands that only look; the file has to exist.

    Raises:
        StoreError: Corrupt, not a database, of a newer version, or missing though read_only.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._read_only = read_only
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[tuple[threading.Thread, Connection]] = []
        if read_only:
            if not path.exists():
                raise StoreError(f"There is no database {path} yet.", hint="Start movie-sync once.", code="no_database")
        else:
            try:
                make_private_folder(path.parent)
                make_private_file(path)
            except OSError as exc:
                raise StoreError(
                    f"{path} cannot be made ({exc.strerror}).", hint="Check MOVIE_SYNC_HOME and its rights."
                ) from exc
        try:
            with self.errors():
                migrate(self.connection(), path, read_only=read_only)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close every thread's connection; the store is not used afterwards."""
        with self._lock:
            for _, connection in self._open:
                connection.close()
            self._open.clear()

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all of it or nothing, on disk when the block ends.

        Raises:
            StoreError: Locked for more than ten seconds, full, or corrupt.
        """
        connection = self.connection()
        with self.errors():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view for the length of the block.

        Raises:
            StoreError: As for write.
        """
        connection = self.connection()
        with self.errors():
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    def data_version(self) -> int:
        """A number that differs when another connection, of this process or another, has committed since."""
        with self.errors():
            return int(self.connection().execute("PRAGMA data_version").fetchone()[0])

    def connection(self) -> Connection:
        """This thread's own connection, for what is no transaction. Raises StoreError when it cannot be opened."""
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            with self.errors():
                connection = self._connect()
            self._local.connection = connection
            with self._lock:
                self._close_left_behind()
                self._open.append((threading.current_thread(), connection))
        return connection

    def _close_left_behind(self) -> None:
        """Threads come and go while a service takes new settings; each connection holds two files open."""
        for thread, connection in self._open:
            if not thread.is_alive():
                connection.close()
        self._open = [(thread, connection) for thread, connection in self._open if thread.is_alive()]

    def _connect(self) -> Connection:
        mode = "ro" if self._read_only else "rw"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,  # close() ends them all from one thread, after the others have stopped
        )
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA foreign_keys=ON")
            if not self._read_only:
                self._switch_to_wal(connection)
                connection.execute("PRAGMA synchronous=FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    @staticmethod
    def _switch_to_wal(connection: Connection) -> None:
        """Several that open a new database at once: SQLite refuses the switch without waiting its busy timeout."""
        # Where it does wait, once is enough: of a damaged database it would be each time.
        end = time.monotonic() + BUSY_TIMEOUT_S
        while time.monotonic() < end:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as exc:
                if "locked" not in str(exc):
                    raise
                threading.Event().wait(_WAL_AGAIN_S)
            else:
                return
        connection.execute("PRAGMA journal_mode=WAL")

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """SQLite's errors in our words, for a block that uses `connection`."""
        try:
            yield
        except sqlite3.OperationalError as exc:
            if "locked" in str(exc) or "busy" in str(exc):
                raise StoreError(
                    f"{self.path.name} was locked by another program for {BUSY_TIMEOUT_S:.0f} s.",
                    hint="It is tried again; end other programs that hold it open.",
                    code="store_locked",
                ) from exc
            raise StoreError(
                f"{self.path} cannot be written ({exc}).", hint="Check free space and rights of its folder."
            ) from exc
        except sqlite3.IntegrityError as exc:
            raise StoreError(f"{self.path.name} does not take a value ({exc}).", code="store_value") from exc
        except sqlite3.DatabaseError as exc:
            raise StoreError(
                f"{self.path} is damaged or not a database ({exc}).",
                hint="Move it away and start again: the queue files beside it are taken in.",
                code="store_corrupt",
            ) from exc
