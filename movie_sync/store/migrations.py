"""The tables, and the way from each older schema to this one."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from movie_sync.errors import StoreError
from movie_sync.lib.files import make_private_file

# films: one row a film. wish_order: larger is a newer wish. searches: how often a tracker was asked. left_at: when the
# last list took its wish back. fetch_anew: a person asked for a completed film again, so its file does not count.
_SCHEMA_1 = (
    """CREATE TABLE films (
        id INTEGER PRIMARY KEY,
        title TEXT NOT NULL, year INTEGER, number INTEGER, lid TEXT, slug TEXT, url TEXT NOT NULL DEFAULT '',
        imdb_id TEXT, tmdb_id TEXT, kind TEXT NOT NULL DEFAULT 'unknown', directors TEXT NOT NULL DEFAULT '[]',
        alt_titles TEXT NOT NULL DEFAULT '[]', runtime_min INTEGER, details_at REAL,
        queue TEXT NOT NULL, status TEXT NOT NULL, added_at REAL, queued_at REAL NOT NULL, wish_order REAL NOT NULL,
        searches INTEGER NOT NULL DEFAULT 0, searched_at REAL,
        not_before REAL, reason TEXT, put_off_by TEXT, claimed_at REAL, fetch_anew INTEGER NOT NULL DEFAULT 0,
        retry_count INTEGER NOT NULL DEFAULT 0, retry_after REAL, last_error TEXT, reason_code TEXT, failed_at REAL,
        completed_at REAL, release_name TEXT, info_hash TEXT, progress REAL, left_at REAL,
        extra TEXT NOT NULL DEFAULT '{}'
    ) STRICT""",
    "CREATE INDEX films_due_new ON films (wish_order) WHERE status = 'due' AND searches = 0",
    "CREATE INDEX films_due_again ON films (wish_order) WHERE status = 'due' AND searches > 0",
    "CREATE INDEX films_put_off ON films (not_before) WHERE status IN ('put_off', 'handing_over')",
    "CREATE INDEX films_failed ON films (retry_after) WHERE status IN ('retrying', 'not_found')",
    "CREATE INDEX films_claimed ON films (id) WHERE status = 'claimed'",
    "CREATE INDEX films_queue ON films (queue, status)",
    "CREATE INDEX films_plain ON films (id) WHERE details_at IS NULL",
    """CREATE TABLE names (
        name TEXT PRIMARY KEY, film INTEGER NOT NULL REFERENCES films (id) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX names_film ON names (film)",
    """CREATE TABLE wishes (
        film INTEGER NOT NULL REFERENCES films (id) ON DELETE CASCADE, list TEXT NOT NULL,
        wished_at REAL, seen_at REAL NOT NULL, missing_reads INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (list, film)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX wishes_film ON wishes (film)",
    """CREATE TABLE lists (
        list TEXT PRIMARY KEY, total INTEGER, surplus INTEGER NOT NULL DEFAULT 0, proven_at REAL, checked_at REAL,
        next_check REAL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE transfers (
        id INTEGER PRIMARY KEY, film INTEGER NOT NULL REFERENCES films (id) ON DELETE CASCADE,
        info_hash TEXT NOT NULL, role TEXT NOT NULL, client TEXT NOT NULL, torrent_name TEXT NOT NULL DEFAULT '',
        tracker TEXT NOT NULL DEFAULT '', release_id INTEGER, release_name TEXT NOT NULL DEFAULT '',
        size_bytes INTEGER NOT NULL DEFAULT 0, added_by_us INTEGER, adds INTEGER NOT NULL DEFAULT 0,
        missing_polls INTEGER NOT NULL DEFAULT 0, created_at REAL NOT NULL, changed_at REAL NOT NULL,
        progress REAL NOT NULL DEFAULT 0, progressed_at REAL, done_at REAL, reason TEXT,
        UNIQUE (film, info_hash)
    ) STRICT""",
    "CREATE UNIQUE INDEX transfers_current ON transfers (film) WHERE role = 'current'",
    "CREATE UNIQUE INDEX transfers_intended ON transfers (film) WHERE role = 'intended'",
    "CREATE INDEX transfers_hash ON transfers (info_hash)",
    """CREATE TABLE decisions (
        id INTEGER PRIMARY KEY, film INTEGER NOT NULL REFERENCES films (id) ON DELETE CASCADE, at REAL NOT NULL,
        place INTEGER NOT NULL, tracker TEXT NOT NULL, release_id INTEGER NOT NULL, name TEXT NOT NULL,
        size_bytes INTEGER NOT NULL, seeders INTEGER NOT NULL, verdict TEXT NOT NULL, reasons TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX decisions_film ON decisions (film, at)",
    """CREATE TABLE history (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, film INTEGER REFERENCES films (id) ON DELETE CASCADE,
        event TEXT NOT NULL, text TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX history_film ON history (film, id)",
    """CREATE TABLE providers (
        provider TEXT PRIMARY KEY, state TEXT NOT NULL, since REAL NOT NULL, failures INTEGER NOT NULL DEFAULT 0,
        asked_at REAL NOT NULL, wait_s REAL NOT NULL DEFAULT 0, code TEXT, message TEXT, hint TEXT, fingerprint TEXT
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE calls (
        id INTEGER PRIMARY KEY, account TEXT NOT NULL, boot_id TEXT NOT NULL, boot_s REAL NOT NULL, wall REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX calls_account ON calls (account, id)",
    """CREATE TABLE exports (
        file TEXT PRIMARY KEY, base BLOB, next BLOB, version INTEGER NOT NULL DEFAULT -1
    ) STRICT, WITHOUT ROWID""",
    # Which face is out of date: counted by the database itself, so that no writer can forget it.
    "CREATE TABLE faces (queue TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "INSERT INTO faces VALUES ('pending', 0), ('failed', 0), ('completed', 0)",
    """CREATE TRIGGER films_added AFTER INSERT ON films BEGIN
        UPDATE faces SET version = version + 1 WHERE queue = NEW.queue; END""",
    """CREATE TRIGGER films_changed AFTER UPDATE ON films BEGIN
        UPDATE faces SET version = version + 1 WHERE queue IN (OLD.queue, NEW.queue); END""",
    """CREATE TRIGGER films_removed AFTER DELETE ON films BEGIN
        UPDATE faces SET version = version + 1 WHERE queue = OLD.queue; END""",
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
)

# By page and by title: how a film that came without an id of its own is recognised.
_SCHEMA_2 = (
    "CREATE TABLE requests (request TEXT PRIMARY KEY, at REAL NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX films_slug ON films (slug)",
    "CREATE INDEX films_title ON films (title COLLATE NOCASE)",
)

# What is on disk, as last walked and read; a cache that may be emptied at any time.
# Paths and file names are bytes, since no system promises that they are text. library_folders: changed_ns is NULL when
# nothing was listed, -1 when it was while it changed. library_readings: what a path could mean; year 0: it says none;
# loose: the title key without articles; tail: its last letters.
_LIBRARY_TABLES: Sequence[str] = (
    """CREATE TABLE library_folders (
        id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, read_as TEXT NOT NULL, changed_ns INTEGER
    ) STRICT""",
    """CREATE TABLE library_files (
        id INTEGER PRIMARY KEY, folder INTEGER NOT NULL REFERENCES library_folders (id) ON DELETE CASCADE,
        name BLOB NOT NULL, UNIQUE (folder, name)
    ) STRICT""",
    """CREATE TABLE library_ids (
        file INTEGER NOT NULL REFERENCES library_files (id) ON DELETE CASCADE, name TEXT NOT NULL,
        PRIMARY KEY (file, name)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX library_ids_name ON library_ids (name)",
    """CREATE TABLE library_readings (
        file INTEGER NOT NULL REFERENCES library_files (id) ON DELETE CASCADE, place INTEGER NOT NULL,
        year INTEGER NOT NULL, words TEXT NOT NULL, sure INTEGER NOT NULL, loose TEXT NOT NULL, tail TEXT NOT NULL,
        PRIMARY KEY (file, place)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX library_readings_loose ON library_readings (year, loose, words)",
    "CREATE INDEX library_readings_tail ON library_readings (year, tail, loose, words)",
)

# questions: files that are probably a wished film, with what a person said to that. grabs: releases a person chose.
# films.upgrade_after: when a better release is looked for next; NULL: never.
_SCHEMA_3 = (
    """CREATE TABLE questions (
        film INTEGER NOT NULL REFERENCES films (id) ON DELETE CASCADE, path TEXT NOT NULL, because TEXT NOT NULL,
        asked_at REAL NOT NULL, answer TEXT, PRIMARY KEY (film, path)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE grabs (
        film INTEGER PRIMARY KEY REFERENCES films (id) ON DELETE CASCADE, at REAL NOT NULL, release TEXT NOT NULL
    ) STRICT""",
    "ALTER TABLE films ADD COLUMN upgrade_after REAL",
    "CREATE INDEX films_upgrade ON films (upgrade_after) WHERE upgrade_after IS NOT NULL",
    "CREATE UNIQUE INDEX transfers_upgrade ON transfers (film) WHERE role = 'upgrade'",
    "CREATE INDEX transfers_retiring ON transfers (id) WHERE role = 'retiring'",
    *_LIBRARY_TABLES,
)

# calls.purpose: what a call was for. offers: releases at hand for films, what people chose (grabs) among them.
# films.asked_ids_at: when a film was looked for in bulk by its page's name. films.cleanup: what becomes of the files of
# a film that left its list; see store/films.py. transfers.stood_s: seconds that count as standing still.
_SCHEMA_4 = (
    "ALTER TABLE calls ADD COLUMN purpose TEXT NOT NULL DEFAULT 'search'",
    """CREATE TABLE offers (
        film INTEGER PRIMARY KEY REFERENCES films (id) ON DELETE CASCADE, by TEXT NOT NULL, at REAL NOT NULL,
        releases TEXT NOT NULL
    ) STRICT""",
    "INSERT INTO offers (film, by, at, releases) SELECT film, 'person', at, '[' || release || ']' FROM grabs",
    "DROP TABLE grabs",
    """CREATE TABLE sweeps (
        tracker TEXT PRIMARY KEY, newest_id INTEGER, swept_at REAL, gap_at REAL, gaps INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID""",
    # An export is an older copy of the site's own list; see store/wishes.py.
    "DELETE FROM wishes WHERE list = 'csv' AND film IN (SELECT film FROM wishes WHERE list LIKE 'letterboxd:%')",
    "ALTER TABLE films ADD COLUMN asked_ids_at REAL",
    "ALTER TABLE films ADD COLUMN cleanup TEXT",
    "CREATE INDEX films_left ON films (left_at) WHERE left_at IS NOT NULL",
    "ALTER TABLE transfers ADD COLUMN stood_s REAL NOT NULL DEFAULT 0",
    "DROP INDEX films_due_again",
    "CREATE INDEX films_due_again ON films (queued_at) WHERE status = 'due' AND searches > 0",
)

# One entry a schema version; the statements of entry n lead from version n to n + 1.
STEPS: Sequence[Sequence[str]] = (_SCHEMA_1, _SCHEMA_2, _SCHEMA_3, _SCHEMA_4)
SCHEMA_VERSION = len(STEPS)


def migrate(connection: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
    """Bring the database to this program's schema; a copy is kept beside it before an older one is changed.

    Raises:
        StoreError: The schema is of a newer program, or older and read_only.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path} has schema {version}; this program knows schemas up to {SCHEMA_VERSION}.",
            hint="Use the newer version of Movie Sync that wrote it.",
            code="store_newer",
        )
    if version == SCHEMA_VERSION:
        return
    if read_only:
        raise StoreError(f"{path} has the older schema {version}.", hint="Start movie-sync once.", code="store_older")
    if version > 0:
        _keep_copy(connection, path.with_name(f"{path.name}.schema-{version}"))
    connection.execute("BEGIN EXCLUSIVE")
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        for statements in STEPS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _keep_copy(connection: sqlite3.Connection, copy: Path) -> None:
    make_private_file(copy)
    target = sqlite3.connect(copy)
    try:
        connection.backup(target)
    finally:
        target.close()
