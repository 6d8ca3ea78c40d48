"""What happened, appended and never changed: the stream that `why`, live pages and notifications read."""

from dataclasses import dataclass

from movie_sync.store.connections import Connection


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
