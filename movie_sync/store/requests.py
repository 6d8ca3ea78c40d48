"""What a command asks of the running service; taken within a second, forgotten at each start."""

from typing import Literal, get_args

from movie_sync.store.connections import Connection

Request = Literal["ask_services", "check_watchlists"]
"""``ask_services``: every service again at once, whatever its back-off; ``check_watchlists``: read them now."""


def ask(tx: Connection, request: Request, now: float) -> None:
    """Leave a request; one that is there already is enough."""
    tx.execute("INSERT INTO requests (request, at) VALUES (?, ?) ON CONFLICT DO NOTHING", (request, now))


def take(tx: Connection) -> set[Request]:
    """Every request that was left; they are gone afterwards."""
    rows = {row[0] for row in tx.execute("DELETE FROM requests RETURNING request").fetchall()}
    return {request for request in get_args(Request) if request in rows}
