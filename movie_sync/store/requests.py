"""What a command asks of the running service beyond what it changed itself; taken within a second."""

from typing import Literal

from movie_sync.store.connections import Connection

Request = Literal["ask_services"]
"""``ask_services``: ask every service again at once, whatever the process remembers of refusals."""


def ask(tx: Connection, request: Request, now: float) -> None:
    """Leave a request; one that is there already is enough."""
    tx.execute("INSERT INTO requests (request, at) VALUES (?, ?) ON CONFLICT DO NOTHING", (request, now))


def any_left(tx: Connection) -> bool:
    """True when a request waits."""
    return tx.execute("SELECT 1 FROM requests").fetchone() is not None


def take(tx: Connection) -> None:
    """Every request is answered, or, at a start, answered by the start itself."""
    tx.execute("DELETE FROM requests")
