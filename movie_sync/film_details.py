"""FilmDetails: what is to be known of a film beside its title, asked for as few times as will do."""

import logging
import threading
from collections.abc import Sequence

from movie_sync.errors import BadReply, ProviderError, QueryRefused, Unavailable
from movie_sync.health import ProviderHealth
from movie_sync.lib.clock import Clock
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store.films import FilmRecord
from movie_sync.watchlists.watchlist import Watchlist
from movie_sync.watchlists.wikidata import BATCH, PROVIDER, WikidataIds

log = logging.getLogger(__name__)

# What nobody waits for is asked this far apart, on top of the polite delay.
QUIET_S = 30.0
# So many films in a row without a page that can be read are no accident.
_IN_A_ROW = 3
# For fewer films a bulk query is not worth it: their pages say more.
BULK_FROM = 10


class FilmDetails:
    """Learns the ids of many films by one query, and of the others by their film pages, each read once.

    Safe to use from several threads.

    Args:
        watchlists: Asked for film pages; may be empty.
        ids: Asked for many films at once; None: film pages alone.
        queue: Keeps what was learnt.
        health: Decides whether a source may be asked.
        clock: Wall time.
    """

    def __init__(
        self,
        watchlists: Sequence[Watchlist],
        ids: WikidataIds | None,
        queue: QueueManager,
        health: ProviderHealth,
        clock: Clock,
    ) -> None:
        self._watchlists = watchlists
        self._ids = ids
        self._queue = queue
        self._health = health
        self._clock = clock
        self._one_in_bulk = threading.Lock()
        self._quiet_at: float | None = None
        # Films without a page that can be read, ever and since the last that could be.
        self._not_now: set[int] = set()
        self._in_a_row: set[int] = set()

    def of(self, film: FilmRecord) -> FilmRecord:
        """The film with what can be known of it, asked for now if it never was; as it is when no source can be asked.

        Returns:
            Another film when both turned out to be one.
        """
        if not _lacks_details(film):
            return film
        known = self._in_bulk(film).get(film.film_id, film)
        return self._by_page(known) or known if _lacks_details(known) else known

    def read_one(self, now: float) -> FilmRecord | None:
        """Learn what nobody waits for yet, in bulk if that is worth it, else by a page; at most once in QUIET_S.

        Args:
            now: Unix seconds.

        Returns:
            The film, or one of the films, something was learnt of; None when nothing was.
        """
        if self._quiet_at is not None and 0 <= now - self._quiet_at < QUIET_S:
            return None
        if found := self._in_bulk():
            self._quiet_at = now
            return next((film for film in found.values() if film.details_at is not None), None)
        film = self._queue.without_details(self._not_now)
        if film is None:
            return None
        self._quiet_at = now
        return self._by_page(film)

    # -- many at once

    def _in_bulk(self, film: FilmRecord | None = None) -> dict[int, FilmRecord]:
        """Ask for this film and others by one query, if so many wait to be asked for that it is worth it.

        Returns:
            By the number each had, the films that were asked for as they stand now; empty when none were.
        """
        ids = self._ids
        if ids is None or self._health.next_try(PROVIDER) > self._clock.now():
            return {}
        with self._one_in_bulk:
            first = film.film_id if film else None
            waiting = self._queue.without_ids(BATCH + BULK_FROM, first=first)
            if film and not any(one.film_id == film.film_id for one in waiting[:1]):
                # Not one to ask for; or another thread has just done so.
                stands = self._queue.get(film.film_id)
                return {film.film_id: stands} if stands else {}
            if len(waiting) < BULK_FROM:
                if film is None:
                    self._health.not_needed(PROVIDER)
                return {}
            found = self._ask(ids, waiting[:BATCH])
            # A rest too small to be worth a query of its own later.
            if found and BATCH < len(waiting) < BATCH + BULK_FROM:
                found |= self._ask(ids, waiting[BATCH:])
            return found

    def _ask(self, ids: WikidataIds, waiting: Sequence[FilmRecord]) -> dict[int, FilmRecord]:
        """One query; empty when it failed, for which no film pays."""
        try:
            known = ids.look_up([film.movie.slug or "" for film in waiting])
        except ProviderError as exc:
            self._health.failed(exc)
            return {}
        self._health.fine(PROVIDER)
        log.info("Wikidata knows %d of %d films.", len(known), len(waiting))
        return self._queue.learn_ids({film.film_id: known.get(film.movie.slug or "") for film in waiting})

    # -- one by one

    def _by_page(self, film: FilmRecord) -> FilmRecord | None:
        """Learn from the first source that has a page of the film; None when nothing was learnt."""
        for watchlist in self._watchlists:
            if self._health.next_try(watchlist.provider) <= self._clock.now():
                read = self._read_page(watchlist, film)
                if read is not None:
                    return read
        return None

    def _read_page(self, watchlist: Watchlist, film: FilmRecord) -> FilmRecord | None:
        """Learn what a film's page says; a source that cannot be asked now is no reason to stop.

        Returns:
            The film as it is known then (another one when both turned out to be one); None when nothing was learnt.
        """
        facts = None
        try:
            facts = watchlist.facts(film.movie)
        except QueryRefused as exc:
            log.info("%s: %s", film.movie, exc)
        except BadReply as exc:
            self._not_read(film, exc)
            return None
        except ProviderError as exc:
            self._health.failed(exc)
            return None
        if facts is None:
            nowhere = f"{watchlist.provider.capitalize()} has no page of any film it is asked for."
            self._not_read(film, Unavailable(watchlist.provider, nowhere, hint="Check its address in the settings."))
            return None
        self._in_a_row.clear()
        return self._queue.learn(film.film_id, facts)

    def _not_read(self, film: FilmRecord, error: ProviderError) -> None:
        """One page that is not there, or cannot be read, is no reason to leave its source alone; several in a row are.

        Args:
            film: It is asked for again when the film is searched again, but not in quiet times.
            error: What is to be said of several.
        """
        self._not_now.add(film.film_id)
        self._in_a_row.add(film.film_id)
        if len(self._in_a_row) >= _IN_A_ROW:
            self._in_a_row.clear()
            self._health.failed(error)
        elif isinstance(error, BadReply):
            log.warning("%s: %s", film.movie, error)
            self._health.keep_sample(error)
        else:
            log.info("%s has no page to be read.", film.movie)


def _lacks_details(film: FilmRecord) -> bool:
    """True when its details were never read, and something leads to them."""
    return film.details_at is None and (film.movie.slug is not None or film.movie.lid is not None)
