"""Questions: files that are probably a wished film, and what a person said to that."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from movie_sync.store.connections import Connection, Row

Said = Literal["accept", "reject"]


@dataclass(frozen=True, slots=True)
class Question:
    """Is this file that film?

    Attributes:
        film_id: The film.
        path: The file's.
        because: Why it probably is, and not certainly.
        asked_at: Unix seconds.
        answer: None while open.
    """

    film_id: int
    path: str
    because: str
    asked_at: float
    answer: Said | None


def _question(row: Row) -> Question:
    return Question(row["film"], row["path"], row["because"], row["asked_at"], row["answer"])


def ask(tx: Connection, film_id: int, found: Iterable[tuple[str, str]], now: float) -> None:
    """Ask about these files (path and why), and no longer about others; what was answered stays answered."""
    tx.execute("DELETE FROM questions WHERE film = ? AND answer IS NULL", (film_id,))
    tx.executemany(
        "INSERT INTO questions (film, path, because, asked_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(film_id, path, because, now) for path, because in found],
    )


def of_film(tx: Connection, film_id: int) -> list[Question]:
    """Every question about a film, answered or not."""
    rows = tx.execute("SELECT * FROM questions WHERE film = ? ORDER BY asked_at, path", (film_id,))
    return [_question(row) for row in rows]


def unanswered(tx: Connection) -> list[Question]:
    """Every open question, oldest first."""
    rows = tx.execute("SELECT * FROM questions WHERE answer IS NULL ORDER BY asked_at, film, path")
    return [_question(row) for row in rows]


def answer(tx: Connection, film_id: int, path: str, said: Said) -> None:
    """Keep what a person said of a file that was asked about."""
    tx.execute("UPDATE questions SET answer = ? WHERE film = ? AND path = ?", (said, film_id, path))
