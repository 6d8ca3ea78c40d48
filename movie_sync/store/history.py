"""What happened, appended and never changed: the stream that `why`, live pages and notifications read.

What was only repeated is forgotten in the end; see `forget`.
"""

from dataclasses import dataclass

from movie_sync.store.connections import Connection
from movie_sync.store.providers import BACKING_OFF, FINE, NEEDS_USER

# What comes again and again while a film waits or a service is in trouble. All else says why a film is where it is, or
# what a person did, and stays for ever.
REPEATED = ("searched", "not_found", "due_again", "put_off", "judged", "seen", "not_taken", "sweep_gap")
_OF_SERVICES = tuple(f"*_{state}" for state in (FINE, BACKING_OFF, NEEDS_USER))
# Of each film, and of what is about no single film.
NEWEST_KEPT = 20
# A window this long is deleted in a few milliseconds, so that nobody waits.
WINDOW = 1000


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        at: Unix seconds.
        film_id: None when it was about no single film.
        event: A stable word: ``wished``, ``handed_over``, ``not_found``, …
        text: The same for people.
    """

    at: float
    film_id: int | None
    event: str
    text: str


_FORGET = f"""
    DELETE FROM history AS old WHERE id > ? AND id <= ? AND at < ?
    AND (event IN ({", ".join("?" * len(REPEATED))}) OR (film IS NULL AND ({" OR ".join(["event GLOB ?"] * 3)})))
    AND id <= (SELECT id FROM history WHERE film IS old.film ORDER BY id DESC LIMIT 1 OFFSET {NEWEST_KEPT})
"""


def append(tx: Connection, at: float, film_id: int | None, event: str, text: str) -> None:
    """Add an event."""
    tx.execute("INSERT INTO history (at, film, event, text) VALUES (?, ?, ?, ?)", (at, film_id, event, text))


def of_film(tx: Connection, film_id: int) -> list[Event]:
    """A film's events, oldest first."""
    rows = tx.execute("SELECT * FROM history WHERE film = ? ORDER BY id", (film_id,))
    return [Event(row["at"], row["film"], row["event"], row["text"]) for row in rows]


def last(tx: Connection, film_id: int) -> Event | None:
    """A film's last event, None when it has none."""
    row = tx.execute("SELECT * FROM history WHERE film = ? ORDER BY id DESC LIMIT 1", (film_id,)).fetchone()
    return Event(row["at"], row["film"], row["event"], row["text"]) if row else None


def latest(tx: Connection, count: int) -> list[Event]:
    """The last events of all films, newest first."""
    rows = tx.execute("SELECT * FROM history ORDER BY id DESC LIMIT ?", (count,))
    return [Event(row["at"], row["film"], row["event"], row["text"]) for row in rows]


def forget(tx: Connection, before: float, after_id: int | None = None) -> int | None:
    """Delete what was repeated long ago, but nothing of the newest 20 events of a film; only so many are looked at.

    Args:
        tx: A write transaction.
        before: Unix seconds; what happened then or later stays.
        after_id: What the last call gave; None begins with the oldest event.

    Returns:
        Where the next call goes on; None when the newest event was looked at.
    """
    begin = tx.execute("SELECT coalesce(?, min(id) - 1, 0) FROM history", (after_id,)).fetchone()[0]
    window = "SELECT max(id), count(*) FROM (SELECT id FROM history WHERE id > ? ORDER BY id LIMIT ?)"
    end, looked_at = tx.execute(window, (begin, WINDOW)).fetchone()
    if end is not None:
        tx.execute(_FORGET, (begin, end, before, *REPEATED, *_OF_SERVICES))
    return end if looked_at == WINDOW else None
