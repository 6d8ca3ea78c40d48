"""Offers: releases at hand for a film, to be taken in place of a search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import msgspec

from movie_sync.movie import Release
from movie_sync.store.connections import Connection

By = Literal["person", "search", "sweep"]


@dataclass(frozen=True, slots=True)
class Offer:
    """What is at hand for a film.

    Attributes:
        by: ``person``: chosen by hand, taken whatever speaks against it; ``sweep``: seen among the newest releases;
            ``search``: found, and put off before it could be taken.
        at: Unix seconds.
        releases: At least one.
    """

    by: By
    at: float
    releases: tuple[Release, ...]


def put(tx: Connection, film_id: int, by: By, releases: Sequence[Release], now: float) -> None:
    """Keep releases for the film in place of those kept before; what a person chose gives way to a person alone."""
    text = msgspec.json.encode(releases).decode()
    tx.execute(
        "INSERT INTO offers (film, by, at, releases) VALUES (?, ?, ?, ?) ON CONFLICT (film) DO UPDATE"
        " SET by = excluded.by, at = excluded.at, releases = excluded.releases"
        " WHERE by != 'person' OR excluded.by = 'person'",
        (film_id, by, now, text),
    )


def get(tx: Connection, film_id: int) -> Offer | None:
    """What is at hand for the film, None when nothing is."""
    row = tx.execute("SELECT by, at, releases FROM offers WHERE film = ?", (film_id,)).fetchone()
    return Offer(cast("By", row[0]), row[1], msgspec.json.decode(row[2], type=tuple[Release, ...])) if row else None


def clear(tx: Connection, film_id: int) -> None:
    """They were taken, or cannot be."""
    tx.execute("DELETE FROM offers WHERE film = ?", (film_id,))
