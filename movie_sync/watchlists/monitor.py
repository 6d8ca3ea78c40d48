"""LetterboxdWatchlistMonitor: reads the user's own public watchlist, politely, and proves what it read."""

import threading
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from movie_sync.errors import AuthFailed, BadReply, ConfigError, QueryRefused, RateLimited, Unavailable
from movie_sync.lib.clock import Clock
from movie_sync.lib.http import HttpClient, HttpReply
from movie_sync.movie import FilmFacts, Movie, WatchedFilm
from movie_sync.store import Store
from movie_sync.store.calls import wait_for_turn
from movie_sync.watchlists import film_ids
from movie_sync.watchlists import letterboxd_pages as pages
from movie_sync.watchlists.watchlist import Known, OnPage, Reading, Watchlist

_Page = TypeVar("_Page")

PROVIDER = "letterboxd"
MAX_PAGE_BYTES = 5 * 1024 * 1024
# A challenge page pauses the source for an hour.
CHALLENGE_PAUSE_S = 3600.0
# How often a list that moves while it is read is started over before the next check is left to prove it.
_ATTEMPTS = 3
_CSV_HINT = "Or take the official CSV export: movie-sync import watchlist.csv."


@dataclass(slots=True)
class _Sweep:
    """One way through the pages: what was seen, in order of appearance."""

    first: Movie | None = None
    total: int | None = None
    moved: bool = False
    pages: int = 0
    names: set[str] = field(default_factory=set)
    read: int = 0

    def take(self, films: Sequence[Movie]) -> list[WatchedFilm]:
        """Films of a page that this sweep has not shown before, with their place in it."""
        fresh: list[WatchedFilm] = []
        for movie in films:
            if self.names.isdisjoint(movie.names):
                fresh.append(WatchedFilm(movie, self.read))
                self.read += 1
            self.names.update(movie.names)
        return fresh


class LetterboxdWatchlistMonitor(Watchlist):
    """A client of the user's own public watchlist under the program's own name.

    One request at a time, at least ``delay_s`` apart, also across restarts; Retry-After is kept; a challenge page
    pauses the source, and no way round it is tried. Safe to use from several threads: they take turns.

    Args:
        base_url: ``https://letterboxd.com``, with or without a slash at the end.
        username: Whose watchlist.
        http: The client to ask with.
        store: Where the time of each request is kept.
        clock: Waits between requests.
        delay_s: Seconds between requests, at least.
        short_url: Where short links (``/LID``) lead to film pages.
    """

    provider = PROVIDER

    def __init__(
        self,
        base_url: str,
        username: str,
        *,
        http: HttpClient,
        store: Store,
        clock: Clock,
        delay_s: float,
        short_url: str = "https://boxd.it",
    ) -> None:
        self.name = f"letterboxd:{username}"
        self._base = base_url.rstrip("/")
        self._short = short_url.rstrip("/")
        self._username = username
        self._http = http
        self._store = store
        self._clock = clock
        self._delay_s = delay_s
        self._one_at_a_time = threading.Lock()

    def close(self) -> None:
        """See Watchlist."""
        self._http.close()

    def check(self, known: Known, on_page: OnPage) -> Reading:
        """Read the list as far as needed: one page when nothing changed, every page until that is proven.

        A read is complete when every page was read, the number of distinct films equals the declared total, and the
        first page, read again at the end, has the same total and first film; else it starts over.

        Raises:
            AuthFailed: The watchlist is private.
            ConfigError: There is no such user.
            Unavailable: Network, challenge page, rate limit, 5xx.
            BadReply: The markup changed; never read as an empty list.
            Stopping: The process is stopping.
        """
        fetched = 0
        for _ in range(_ATTEMPTS):
            sweep = _Sweep()
            short = self._sweep(sweep, known, on_page)
            still = not short and not sweep.moved and sweep.read == sweep.total and self._stood_still(sweep)
            fetched += sweep.pages
            if short or still:
                return Reading(sweep.total or 0, sweep.read, fetched, complete=still, short=short)
        return Reading(sweep.total or 0, sweep.read, fetched, complete=False)

    def count(self) -> int:
        """See Watchlist."""
        return self._page(1).total

    def clock_difference_s(self) -> float | None:
        """See Watchlist."""
        return self._http.clock_difference_s

    def _sweep(self, sweep: _Sweep, known: Known, on_page: OnPage) -> bool:
        """Go through the pages; True when it could stop early because all was known."""
        size = known.size
        number = 1
        while True:
            page = self._page(number)
            sweep.pages += 1
            sweep.moved = sweep.moved or sweep.total not in {None, page.total}
            sweep.total = page.total
            sweep.first = sweep.first or (page.films[0] if page.films else None)
            fresh = sweep.take(page.films)
            new = [film for film in fresh if known.names.isdisjoint(film.movie.names)]
            size += len(new)
            if known.proven and not new and page.total == size:
                return True
            if number > 1 and not fresh:  # a whole page that was there before: so it could go on without an end
                sweep.moved = True
                return False
            if fresh:
                on_page(fresh)
            # Beyond the declared end the site answers 403 or 404, which says nothing about the list.
            if number * pages.FILMS_PER_PAGE >= page.total or not page.has_next:
                sweep.moved = sweep.moved or page.has_next
                return False
            number += 1

    def _stood_still(self, sweep: _Sweep) -> bool:
        """Look at the first page again, unless it was the only one."""
        if sweep.pages == 1:
            return True
        page = self._page(1)
        sweep.pages += 1
        first = page.films[0] if page.films else None
        same_first = first is not None and sweep.first is not None and first.names == sweep.first.names
        return page.total == sweep.total and same_first

    def _page(self, number: int) -> pages.WatchlistPage:
        path = f"/{urllib.parse.quote(self._username)}/watchlist/" + (f"page/{number}/" if number > 1 else "")
        reply = self._get(path)
        if reply.status == 404 and number == 1:
            raise ConfigError(
                f"Letterboxd has no user {self._username!r}.",
                file="config.json",
                key="username",
                hint="Set username to the name in your profile's address.",
            )
        if reply.status != 200:
            raise Unavailable(PROVIDER, f"Letterboxd answered {reply.status} to page {number} of the watchlist.")
        return self._read(pages.read_watchlist_page, reply)

    def facts(self, movie: Movie) -> FilmFacts | None:
        """What the film's page says; None when it has none (404), or nothing leads to it: neither slug nor lid.

        Raises:
            Unavailable: As for check.
            AuthFailed: As for check.
            BadReply: As for check.
            Stopping: As for check.
        """
        slug = movie.slug or self._slug_of(movie.lid)
        if slug is None:
            return None
        reply = self._get(f"/film/{slug}/")
        if reply.status in {404, 410}:
            return None
        if reply.status != 200:
            raise Unavailable(PROVIDER, f"Letterboxd answered {reply.status} to the page of {movie}.")
        return self._read(lambda body: pages.read_film_page(body, reply.url), reply)

    def _slug_of(self, lid: str | None) -> str | None:
        """Where a film's short link leads; only its address is read, nothing is followed."""
        if lid is None:
            return None
        with self._one_at_a_time:
            reply, target = self._http.location(f"{self._short}/{urllib.parse.quote(lid)}", pace=self._pace)
        self._check_answer(reply, f"/{lid}")
        return film_ids.slug(target) if target else None

    def _read(self, reader: Callable[[bytes], _Page], reply: HttpReply) -> _Page:
        try:
            return reader(reply.body)
        except pages.MarkupChanged as exc:
            raise BadReply(
                PROVIDER,
                f"Letterboxd's page could not be read: {exc}.",
                hint=f"Look for a newer version of Movie Sync. {_CSV_HINT}",
                sample=reply.body[:65536],
            ) from exc

    def _get(self, path: str) -> HttpReply:
        """Fetch a page in turn.

        Raises:
            Unavailable: Challenge, rate limit, 5xx, network.
            AuthFailed: Private.
        """
        with self._one_at_a_time:
            reply = self._http.get(self._base + path, max_bytes=MAX_PAGE_BYTES, pace=self._pace)
        self._check_answer(reply, path)
        return reply

    def _check_answer(self, reply: HttpReply, path: str) -> None:
        """Raise what an answer means that is no page; see _get."""
        kind = pages.answer_kind(reply.status, dict(reply.headers), reply.body)
        retry_after_s = reply.retry_after_s(self._clock.now())
        if kind == "challenge":
            raise Unavailable(
                PROVIDER,
                "Letterboxd asks for a browser check, which this program does not go round.",
                hint=_CSV_HINT,
                code="challenge",
                retry_after_s=max(CHALLENGE_PAUSE_S, retry_after_s or 0.0),
            )
        if kind == "limited":
            raise RateLimited(PROVIDER, "Letterboxd asks to be left alone for a while.", retry_after_s=retry_after_s)
        if kind == "private":
            raise AuthFailed(
                PROVIDER,
                "The watchlist is private.",
                hint=f"Make it public in Letterboxd's settings. {_CSV_HINT}",
                code="private",
            )
        if reply.status >= 500:
            raise Unavailable(PROVIDER, f"Letterboxd is down ({reply.status}).", retry_after_s=retry_after_s)
        if reply.status == 400:
            raise QueryRefused(PROVIDER, f"Letterboxd refused the address {path} (400).")

    def _pace(self) -> None:
        wait_for_turn(self._store, PROVIDER, self._clock, self._delay_s)
