"""What Letterboxd and Wikidata are asked, over real HTTP against replicas, by the simulated clock."""

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

from benchmarks.economy_tracker import BEGIN, DAY_S, HOUR_S, TurnedClock, film, imdb_id
from benchmarks.economy_world import CHECK_INTERVAL_S, Compared, House, quick_store
from movie_sync import workers
from movie_sync.demo.letterboxd_site import FILMS_PER_PAGE, LetterboxdSite
from movie_sync.demo.wikidata_site import Item, WikidataSite
from movie_sync.lib.clock import Clock
from movie_sync.lib.http import HttpClient
from movie_sync.store import Store
from movie_sync.trackers import call_budget
from movie_sync.watchlists.monitor import LetterboxdWatchlistMonitor
from movie_sync.watchlists.watchlist import Known, OnPage, Reading
from movie_sync.watchlists.wikidata import WikidataIds

MOST_QUERIES = 7
_DELAY_S = 2.0
_CHECKS_A_DAY = int(DAY_S / CHECK_INTERVAL_S)


@dataclass(frozen=True)
class _Asked:
    """Requests the replicas got.

    Attributes:
        checks: For pages of the list, by each check; the first is the first read.
        film_pages: For pages of films.
        queries: To Wikidata.
        searched: Films the tracker was asked for by IMDb id.
    """

    checks: Sequence[int]
    film_pages: int
    queries: int
    searched: int

    @property
    def a_day(self) -> int:
        return sum(self.checks[1 : 1 + _CHECKS_A_DAY])


class _Counted(LetterboxdWatchlistMonitor):
    """Counts the requests of each check."""

    def __init__(self, site: LetterboxdSite, store: Store, clock: Clock) -> None:
        self._site = site
        self.checks: list[int] = []
        super().__init__(
            site.url,
            site.username,
            http=HttpClient("letterboxd", "benchmark"),
            store=store,
            clock=clock,
            delay_s=_DELAY_S,
            short_url=site.url,
        )

    def check(self, known: Known, on_page: OnPage) -> Reading:
        """See Watchlist."""
        before = len(self._site.requests)
        reading = super().check(known, on_page)
        self.checks.append(len(self._site.requests) - before)
        return reading


def requests(films: int, known: int) -> Iterator[Compared]:
    """A list of so many films, of which Wikidata knows so many, for a day; nothing on it changes."""
    # The tracker has no limit here: nobody is to wait for it.
    with mock.patch.object(call_budget, "shares", return_value=()):
        got = _a_day(films, known)
        with mock.patch.object(workers, "PROVEN_S", 0.0):
            off = _a_day(films, known, wikidata=False)
    # Every page, and the first once more: the list stood still meanwhile.
    whole = math.ceil(films / FILMS_PER_PAGE) + 1
    yield Compared(
        f"{films:,} films on Letterboxd: requests of the first read",
        f"{got.checks[0]}",
        f"{whole}",
        got.checks[0] == whole,
    )
    usual = min(got.checks)
    yield Compared(
        "  requests of a check when nothing changed",
        f"{usual}",
        "1",
        usual == 1,
        off=f"{min(off.checks)}",
        off_misses=min(off.checks) > 1,
        switched="the list counts as never proven",
    )
    most = _CHECKS_A_DAY - 1 + whole
    yield Compared(
        f"  requests of a day of {_CHECKS_A_DAY} checks, one of which reads the list as a whole",
        f"{got.a_day}",
        f"{_CHECKS_A_DAY - 1} + {whole}",
        got.a_day == most,
        off=f"{off.a_day}",
        off_misses=off.a_day > most,
        switched="the list counts as never proven",
    )
    yield Compared(
        f"  film pages; Wikidata knows {known:,} of the films",
        f"{got.film_pages}, {got.queries} queries; {got.searched:,} films searched by IMDb id",
        f"{films - known}, ≤ {MOST_QUERIES}; all",
        got.film_pages == films - known and got.queries <= MOST_QUERIES and got.searched == films,
        off=f"{off.film_pages:,}",
        off_misses=off.film_pages > films - known,
        switched="use_wikidata",
    )


def _a_day(films: int, known: int, *, wikidata: bool = True) -> _Asked:
    plain = [film(number, known=False) for number in range(films)]
    movies = [replace(movie, imdb_id=imdb_id(movie), tmdb_id=f"movie/{movie.number}") for movie in plain]
    items = {movie.slug or "": Item(imdb=[imdb_id(movie)], tmdb=[f"{movie.number}"]) for movie in movies[:known]}
    site, answers = LetterboxdSite("bench", movies), WikidataSite(items)
    try:
        return _lived(site, answers, wikidata=wikidata)
    finally:
        site.close()
        answers.close()


def _lived(site: LetterboxdSite, answers: WikidataSite, *, wikidata: bool) -> _Asked:
    with tempfile.TemporaryDirectory() as name:
        folder, clock = Path(name), TurnedClock()
        store = quick_store(folder)
        watchlist = _Counted(site, store, clock)
        ids = WikidataIds(f"{answers.url}/sparql", http=HttpClient("wikidata", "benchmark"), store=store, clock=clock)
        built = House(
            folder,
            store,
            clock,
            watchlist,
            ids=ids if wikidata else None,
            spacing_s=0,
            prove_daily=True,
        )
        built.live_until(BEGIN + DAY_S + 2 * HOUR_S)
        watchlist.close()
        ids.close()
        built.close()
        film_pages = sum(request.path.startswith("/film/") for request in site.requests)
        searched = {call.wanted for call in built.tracker.calls} - {None}
        return _Asked(watchlist.checks, film_pages, len(answers.asked()), len(searched))
