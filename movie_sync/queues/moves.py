"""The two moves a person can ask for in several ways: begin anew, and never again."""

from collections.abc import Mapping
from typing import Any

from movie_sync.errors import Unavailable
from movie_sync.movie import Status
from movie_sync.store import films, history, offers, questions, transfers
from movie_sync.store.connections import Connection
from movie_sync.store.films import FilmRecord

EXCLUDED = "excluded"
# The reason code of films that were on a list before the program first read it, and were not asked for.
SEEN_BEFORE = "seen_before"

# What a film that starts over begins with; its blocklist stays.
_FRESH: Mapping[str, Any] = {
    "searches": 0,
    "searched_at": None,
    "not_before": None,
    "reason": None,
    "put_off_by": None,
    "claimed_at": None,
    "retry_count": 0,
    "retry_after": None,
    "last_error": None,
    "reason_code": None,
    "failed_at": None,
    "completed_at": None,
    "release_name": None,
    "info_hash": None,
    "progress": None,
    "left_at": None,
    "fetch_anew": 0,
    "upgrade_after": None,
    "cleanup": None,
}


def not_at_this_moment(film: FilmRecord) -> None:
    """Raise Unavailable while a film is being handed over: what a person asks then would come too late."""
    if film.status is Status.HANDING_OVER and film.not_before is None:
        raise Unavailable(
            "queue", f"{film.movie} is being handed over at this moment.", hint="Ask again in a few seconds."
        )


def start_anew(tx: Connection, film: FilmRecord, now: float, event: str, text: str, **columns: Any) -> None:
    """Make a film due as if it were new.

    Args:
        tx: A write.
        film: In any state.
        now: Unix seconds.
        event: For the history, with ``text``.
        text: A sentence.
        columns: What differs from a new film: ``fetch_anew``, ``wish_order``, …; with a ``not_before`` it waits.
    """
    transfers.retire(tx, film.film_id, now)
    offers.clear(tx, film.film_id)
    questions.ask(tx, film.film_id, (), now)
    status = Status.PUT_OFF if columns.get("not_before") else Status.DUE
    films.change(tx, film.film_id, status, **{**_FRESH, "queued_at": now, **columns})
    history.append(tx, now, film.film_id, event, text)


def exclude(tx: Connection, film: FilmRecord, now: float, reason: str, text: str, code: str = EXCLUDED) -> None:
    """Never fetch a film, whatever lists say, until a person asks for it again.

    Args:
        tx: A write.
        film: In any state.
        now: Unix seconds.
        reason: Shown as ``last_error``.
        text: For the history.
        code: ``excluded`` or ``seen_before``.
    """
    transfers.retire(tx, film.film_id, now)
    offers.clear(tx, film.film_id)
    questions.ask(tx, film.film_id, (), now)
    films.change(
        tx,
        film.film_id,
        Status.EXCLUDED,
        reason_code=code,
        last_error=reason,
        failed_at=now,
        retry_after=None,
        claimed_at=None,
        not_before=None,
        reason=None,
        put_off_by=None,
    )
    history.append(tx, now, film.film_id, "excluded", text)


def seen_before(tx: Connection, film_id: int, now: float) -> None:
    """Do not fetch a film that was on a list before the first run."""
    film = films.get(tx, film_id)
    if film is not None:
        text = "On the list before the first run, and not asked for: movie-sync add --seen queues all such films."
        exclude(tx, film, now, "on the list before the first run", text, SEEN_BEFORE)
