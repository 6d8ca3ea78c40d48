"""What was chosen or refused for a film, and why; stored once, never recomputed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from movie_sync.movie import Decision
from movie_sync.store.connections import Connection


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """One judged release of one search.

    Attributes:
        at: Unix seconds of the search.
        verdict: ``accepted`` or ``refused``.
        reasons: Why: each refusal, or the step that put it before the next.
    """

    at: float
    name: str
    size_bytes: int
    seeders: int
    verdict: str
    reasons: tuple[str, ...]


# Searches of a film of which every judgement is kept.
KEPT_SEARCHES = 5


def store(tx: Connection, film_id: int, decisions: Sequence[Decision], now: float) -> None:
    """Keep the outcome of one search, in its order, and those of the film's few searches before."""
    tx.execute(
        "DELETE FROM decisions WHERE film = ? AND at NOT IN"
        " (SELECT DISTINCT at FROM decisions WHERE film = ? ORDER BY at DESC LIMIT ?)",
        (film_id, film_id, KEPT_SEARCHES - 1),
    )
    tx.executemany(
        "INSERT INTO decisions (film, at, place, tracker, release_id, name, size_bytes, seeders, verdict, reasons)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                film_id,
                now,
                place,
                decision.release.tracker,
                decision.release.release_id,
                decision.release.name,
                decision.release.size_bytes,
                decision.release.seeders,
                "accepted" if decision.accepted else "refused",
                json.dumps(decision.refusals or (decision.because,), ensure_ascii=False),
            )
            for place, decision in enumerate(decisions)
        ],
    )


def of_film(tx: Connection, film_id: int) -> list[StoredDecision]:
    """The film's last searches, oldest first; each with the best first."""
    rows = tx.execute("SELECT * FROM decisions WHERE film = ? ORDER BY at, place", (film_id,))
    return [
        StoredDecision(
            row["at"],
            row["name"],
            row["size_bytes"],
            row["seeders"],
            row["verdict"],
            tuple(reason for reason in json.loads(row["reasons"]) if reason),
        )
        for row in rows
    ]


def accepted(tx: Connection, film_id: int) -> frozenset[tuple[str, int]]:
    """(tracker, release id) that passed in one of the film's kept searches."""
    rows = tx.execute(
        "SELECT DISTINCT tracker, release_id FROM decisions WHERE film = ? AND verdict = 'accepted'", (film_id,)
    )
    return frozenset((row[0], row[1]) for row in rows)
