"""Which list wishes for which film, and how complete our knowledge of each list is."""

from dataclasses import dataclass

from movie_sync.store.connections import Connection

# The list of films that came by export. An export is an older copy of the site's own list: a film on that list is on
# no export, or taking it off the site would change nothing.
EXPORT = "csv"
_SITE = "letterboxd:"


@dataclass(frozen=True, slots=True)
class ListState:
    """What is known of one list.

    Attributes:
        size: Films we know to be on it.
        total: What it declared at its last check, None before.
        surplus: How many more entries than films it had when it was proven: two entries can turn out to be one film.
        proven_at: When every film on it had been read; None: never.
        checked_at: When it was last looked at; None: never.
        next_check: When it is to be looked at again; None: now.
    """

    size: int = 0
    total: int | None = None
    surplus: int = 0
    proven_at: float | None = None
    checked_at: float | None = None
    next_check: float | None = None


def wish(tx: Connection, film_id: int, list_name: str, wished_at: float | None, now: float) -> bool:
    """Note that a list has the film; True when it did not before. Of an export and the site's own list, the latter."""
    if list_name == EXPORT and _on_site(tx, film_id):
        return False
    if list_name.startswith(_SITE):
        tx.execute("DELETE FROM wishes WHERE list = ? AND film = ?", (EXPORT, film_id))
    new = tx.execute("SELECT 1 FROM wishes WHERE list = ? AND film = ?", (list_name, film_id)).fetchone() is None
    tx.execute(
        "INSERT INTO wishes (film, list, wished_at, seen_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at, missing_reads = 0",
        (film_id, list_name, wished_at, now),
    )
    return new


def _on_site(tx: Connection, film_id: int) -> bool:
    rows = tx.execute("SELECT list FROM wishes WHERE film = ?", (film_id,))
    return any(row[0].startswith(_SITE) for row in rows)


def joined(tx: Connection, film_id: int) -> None:
    """Two films turned out to be this one: of an export and the site's own list, the latter has it."""
    if _on_site(tx, film_id):
        tx.execute("DELETE FROM wishes WHERE list = ? AND film = ?", (EXPORT, film_id))


def miss(tx: Connection, list_name: str, before: float) -> list[int]:
    """After a complete read begun at ``before``: count a miss for each film it did not show.

    Returns:
        Films now missing from two complete reads; their wish is taken out.
    """
    tx.execute(
        "UPDATE wishes SET missing_reads = missing_reads + 1 WHERE list = ? AND seen_at < ?", (list_name, before)
    )
    gone = tx.execute("DELETE FROM wishes WHERE list = ? AND missing_reads >= 2 RETURNING film", (list_name,))
    return [row[0] for row in gone.fetchall()]


def wished(tx: Connection, film_id: int) -> bool:
    """True when any list has the film."""
    return tx.execute("SELECT 1 FROM wishes WHERE film = ?", (film_id,)).fetchone() is not None


def any_list(tx: Connection) -> bool:
    """True when a list was ever checked."""
    return tx.execute("SELECT 1 FROM lists").fetchone() is not None


def state(tx: Connection, list_name: str) -> ListState:
    """What is known of the list; an empty state for one never seen."""
    size = tx.execute("SELECT count(*) FROM wishes WHERE list = ?", (list_name,)).fetchone()[0]
    row = tx.execute("SELECT * FROM lists WHERE list = ?", (list_name,)).fetchone()
    if row is None:
        return ListState(size)
    return ListState(size, row["total"], row["surplus"], row["proven_at"], row["checked_at"], row["next_check"])


def checked(
    tx: Connection, list_name: str, *, total: int | None, proven_at: float | None, now: float, next_check: float
) -> None:
    """Note a check; None for total or proven_at keeps what was known."""
    tx.execute(
        "INSERT INTO lists (list, total, proven_at, checked_at, next_check) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET total = coalesce(excluded.total, total),"
        " proven_at = coalesce(excluded.proven_at, proven_at), checked_at = excluded.checked_at,"
        " next_check = excluded.next_check",
        (list_name, total, proven_at, now, next_check),
    )


def check_now(tx: Connection) -> None:
    """Let every list be looked at now."""
    tx.execute("UPDATE lists SET next_check = NULL")


def prove(tx: Connection, list_name: str, total: int, before: float) -> None:
    """After a complete read begun at ``before``: note how many of the list's entries are no film of their own."""
    seen = tx.execute("SELECT count(*) FROM wishes WHERE list = ? AND seen_at >= ?", (list_name, before)).fetchone()[0]
    tx.execute("UPDATE lists SET surplus = ? WHERE list = ?", (total - seen, list_name))
