"""Blocklist: releases that went wrong and are not taken again, until a person says so."""

from dataclasses import dataclass

from movie_sync.lib.clock import Clock
from movie_sync.queues.queue_manager import CLEARED
from movie_sync.store import Store, films, history, transfers
from movie_sync.store.films import FilmRecord


@dataclass(frozen=True, slots=True)
class Blocked:
    """A release that is not taken again for a film.

    Attributes:
        release: Its name, or its info-hash where that is all there is.
        reason: Why, a sentence.
        at: Unix seconds.
    """

    film: FilmRecord
    release: str
    reason: str
    at: float


class Blocklist:
    """What is on it, and taking it off; each method is one transaction.

    Args:
        store: The database; may be read-only for `entries`.
        clock: Wall time.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def entries(self) -> list[Blocked]:
        """Every blocklisted release, the first to come on it before the others."""
        with self._store.read() as tx:
            found = [(films.get(tx, transfer.film_id), transfer, at) for transfer, at in transfers.blocklisted(tx)]
        return [
            Blocked(film, transfer.release_name or transfer.info_hash, transfer.reason or "", at)
            for film, transfer, at in found
            if film is not None
        ]

    def clear(self, film: FilmRecord | None = None) -> int:
        """Let releases be taken again. What a client still has of them leaves it as it would have: with the next best.

        Args:
            film: Only those of this film; None: all.

        Returns:
            How many releases.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            found = transfers.blocklisted(tx, None if film is None else film.film_id)
            for transfer, _ in found:
                transfers.change(tx, transfer.transfer_id, now, role="replaced", reason=CLEARED)
                text = f"{transfer.release_name or transfer.info_hash} may be taken again: you cleared the blocklist."
                history.append(tx, now, transfer.film_id, "unblocked", text)
        return len(found)
