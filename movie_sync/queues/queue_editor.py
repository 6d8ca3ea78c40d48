"""QueueEditor: what a person does to the queues by command: ask again, never again, all at once."""

from collections.abc import Sequence
from typing import Literal

from movie_sync.errors import MovieSyncError
from movie_sync.lib.clock import Clock
from movie_sync.movie import Queue, Release, Status
from movie_sync.queues.moves import exclude, not_at_this_moment, start_anew
from movie_sync.store import Store, films, history, offers, providers, requests, wishes
from movie_sync.store.connections import Connection
from movie_sync.store.films import FilmRecord

_AGAIN = (Status.RETRYING, Status.NOT_FOUND, Status.PERMANENT)

Retried = Literal["queued", "due", "under_way"]


class QueueEditor:
    """Moves films as a person asks for it; the running service sees it within a second.

    Every method is one transaction with its history entry.

    Args:
        store: The database.
        clock: Wall time.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def retry(self, film_id: int, *, anew: bool = False) -> Retried:
        """Make a film due now.

        Args:
            film_id: In any state.
            anew: Fetch it again though it is completed; the file that is there does not count then.

        Returns:
            ``queued``: it starts over; ``due``: its waiting is over; ``under_way``: it is being worked on.

        Raises:
            MovieSyncError: ``film_completed``: it is, and ``anew`` was not given.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            film = _get(tx, film_id)
            if film.queue is Queue.COMPLETED and not anew:
                raise MovieSyncError(
                    f"{film.movie} is completed ({film.status}).",
                    hint="To fetch it once more: movie-sync retry --anew",
                    code="film_completed",
                )
            if film.queue is not Queue.PENDING:
                text = "Asked for again by command."
                start_anew(tx, film, now, "asked_again", text, fetch_anew=int(film.queue is Queue.COMPLETED))
                return "queued"
            if film.not_before is None:
                return "under_way"
            status = Status.DUE if film.status is Status.PUT_OFF else None
            films.change(tx, film_id, status, not_before=None, reason=None, put_off_by=None)
            history.append(tx, now, film_id, "asked_again", "Its waiting was ended by command.")
        return "due"

    def retry_all(self) -> int:
        """Make every film due that failed; excluded ones and series stay. Returns how many."""
        return self._start_all(_AGAIN, "Asked for again by command, with all that failed.")

    def queue_seen(self) -> int:
        """Queue every film that was on a list before the first run; returns how many."""
        return self._start_all((Status.EXCLUDED,), "Seen before; queued by command.", "seen_before")

    def _start_all(self, statuses: tuple[Status, ...], text: str, code: str | None = None) -> int:
        now = self._clock.now()
        with self._store.write() as tx:
            found = [film for film in films.in_queue(tx, Queue.FAILED) if film.status in statuses]
            found = [film for film in found if code is None or film.reason_code == code]
            for film in found:
                start_anew(tx, film, now, "asked_again", text)
        return len(found)

    def remove(self, film_id: int) -> bool:
        """Never fetch a film, whatever lists say; what a client has of it stays there.

        Returns:
            False when it was excluded already.

        Raises:
            Unavailable: It is being handed over at this moment.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            film = _get(tx, film_id)
            if film.status is Status.EXCLUDED:
                return False
            not_at_this_moment(film)
            exclude(tx, film, now, "removed by command", "Removed by command: it is not fetched until asked for again.")
        return True

    def grab(self, film_id: int, release: Release, against: Sequence[str]) -> None:
        """Have this release taken for a film, in whatever state; what the client has of it stays there.

        Args:
            film_id: The film.
            release: Of the tracker in use.
            against: What the rules have against it, for the film's story.

        Raises:
            Unavailable: The film is being handed over at this moment.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            film = _get(tx, film_id)
            not_at_this_moment(film)
            though = f", though: {'; '.join(against)}" if against else ""
            start_anew(tx, film, now, "grabbed", f"You chose {release.name}{though}.", fetch_anew=1)
            offers.put(tx, film_id, "person", [release], now)

    def ask_services(self) -> list[str]:
        """End every waiting that nobody asked us for: services, put-off films, the next check.

        Returns:
            Services that are left alone all the same, since they asked for it or their calls are used up.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            kept = [
                state for state in providers.every(tx) if state.code in providers.KEPT and state.next_try(now) > now
            ]
            providers.lift(tx, {state.provider for state in kept})
            films.end_every_put_off(tx, {state.provider for state in kept})
            wishes.check_now(tx)
            requests.ask(tx, "ask_services", now)
            history.append(tx, now, None, "asked_again", "Every service is asked again by command.")
        return [state.provider for state in kept]


def _get(tx: Connection, film_id: int) -> FilmRecord:
    film = films.get(tx, film_id)
    if film is None:
        raise LookupError(film_id)
    return film
