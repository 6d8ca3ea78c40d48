"""A world on a simulated clock: the real workers, queue, store and call budget; tracker and watchlist in this process.

Waiting costs nothing here, so that a month passes in half a minute.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.economy_tracker import (
    DAY_S,
    HOUR_S,
    PER_HOUR,
    SPACING_S,
    SWEEP_INTERVAL_S,
    Tracker,
    TurnedClock,
    Upload,
    imdb_id,
)
from benchmarks.row import Row
from movie_sync.clients.torrent_folder import TorrentFolder
from movie_sync.config import Config
from movie_sync.disk_space import DiskSpace
from movie_sync.film_details import FilmDetails
from movie_sync.hand_over import HandOver
from movie_sync.health import ProviderHealth
from movie_sync.library.index import LibraryIndex
from movie_sync.movie import FilmFacts, Movie, Queue, WatchedFilm
from movie_sync.queues.questions import Questions
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.queues.sweep_queue import SweepQueue
from movie_sync.queues.upgrade_queue import UpgradeQueue
from movie_sync.readiness import Readiness
from movie_sync.store import DATABASE_FILE, Store
from movie_sync.sweep import Sweep
from movie_sync.upgrades import Upgrades
from movie_sync.watchlists.watchlist import Known, OnPage, Reading, Watchlist
from movie_sync.watchlists.wikidata import WikidataIds
from movie_sync.worker import LONGEST_WAIT_S, Worker
from movie_sync.workers import DownloadWorker, MonitorWorker

CHECK_INTERVAL_S = HOUR_S


@dataclass(frozen=True)
class Compared(Row):
    """A figure, and the same with its mechanism switched off, which has to miss: else the figure would prove nothing.

    Attributes:
        off: Measured with the mechanism off.
        off_misses: What is asked for was missed then; None where nothing is asked.
        switched: What was switched off.
    """

    off: str = ""
    off_misses: bool | None = None
    switched: str = ""


def quick_store(folder: Path) -> Store:
    """A database that does not wait for the disk: nothing is measured here that a loss of power could change."""
    store = Store(folder / DATABASE_FILE)
    store.connection().execute("PRAGMA synchronous=OFF")
    return store


# -- the watchlist


class Wishes(Watchlist):
    """A list that is read without a request.

    Attributes:
        films: What is on it, newest wish first; change it as you like.
    """

    name = "wishes"
    provider = "letterboxd"

    def __init__(self, films: Sequence[Movie] = ()) -> None:
        self.films = list(films)

    def check(self, known: Known, on_page: OnPage) -> Reading:
        """See Watchlist."""
        total = len(self.films)
        new = [movie for movie in self.films if known.names.isdisjoint(movie.names)]
        if known.proven and not new and total == known.size:
            return Reading(total, total, 1, complete=False, short=True)
        on_page([WatchedFilm(movie, place) for place, movie in enumerate(self.films)])
        return Reading(total, total, 1, complete=True)

    def count(self) -> int:
        """See Watchlist."""
        return len(self.films)

    def facts(self, movie: Movie) -> FilmFacts | None:
        """See Watchlist."""
        return FilmFacts(movie.slug or "", imdb_id=imdb_id(movie), kind="film")


# -- the house


class House:
    """Every room around one store, as the program builds them; .torrents are saved to a folder.

    Args:
        folder: For the database and the .torrents.
        store: See quick_store.
        clock: Turned by `live_until`.
        watchlist: The wishes.
        uploads: See Tracker.
        ids: Asked for the ids of many films at once; None: film pages alone.
        per_hour: Calls the tracker allows in any hour.
        spacing_s: Seconds between two of them.
        sweep_interval_s: Between two looks at the newest releases.
        newest_first: Which of two wishes is searched first.
        prove_daily: The watchlist is read as a whole every day.
    """

    def __init__(
        self,
        folder: Path,
        store: Store,
        clock: TurnedClock,
        watchlist: Watchlist,
        uploads: Sequence[Upload] = (),
        *,
        ids: WikidataIds | None = None,
        per_hour: int = PER_HOUR,
        spacing_s: float = SPACING_S,
        sweep_interval_s: float = SWEEP_INTERVAL_S,
        newest_first: bool = True,
        prove_daily: bool = False,
    ) -> None:
        self.store = store
        self.clock = clock
        self.queue = QueueManager(store, clock, newest_first=newest_first)
        self.tracker = Tracker(uploads, store, clock, per_hour=per_hour, spacing_s=spacing_s)
        self.health = ProviderHealth(store, clock, folder, {})
        self.details = FilmDetails([watchlist], ids, self.queue, self.health, clock)
        self.downloads = self._download_worker(folder, sweep_interval_s)
        self.monitor = MonitorWorker(
            [watchlist],
            self.queue,
            self.details,
            self.health,
            clock,
            check_interval_s=CHECK_INTERVAL_S,
            watchlist_path=folder / "watchlist.json",
            prove_daily=prove_daily,
            on_new=self._wake_downloads,
        )
        self._next: dict[Worker, float] = {self.monitor: 0.0, self.downloads: 0.0}

    def _download_worker(self, folder: Path, sweep_interval_s: float) -> DownloadWorker:
        profile = Config.load(folder, environment={}).profile
        client = TorrentFolder(folder / "saved")
        library = LibraryIndex([], self.store)
        questions = Questions(self.store, self.clock)
        hand_over = HandOver(self.queue, questions, self.tracker, client, library, folder / "torrents")
        space = DiskSpace(client, self.queue, minimum_free_bytes=0, max_download_bytes=0)
        sweeps = SweepQueue(self.store, self.clock)
        self.sweep = Sweep(sweeps, self.queue, self.tracker, profile, self.clock, interval_s=sweep_interval_s)
        upgrades = Upgrades(
            UpgradeQueue(self.store, self.clock),
            self.queue,
            self.tracker,
            client,
            hand_over,
            profile,
            self.clock,
            space=space,
            stalled_after_s=DAY_S,
        )
        return DownloadWorker(
            self.details,
            self.tracker,
            client,
            self.queue,
            hand_over,
            Readiness(self.tracker, client, library, space, self.queue, self.health, self.clock),
            self.health,
            profile,
            self.clock,
            sweep=self.sweep,
            upgrades=upgrades,
        )

    def close(self) -> None:
        """Let go of everything."""
        self.tracker.close()
        self.store.close()

    def _wake_downloads(self) -> None:
        self._next[self.downloads] = 0.0

    def live_until(self, end: float, each_step: Callable[[], None] = lambda: None) -> None:
        """Let time pass as the workers' own loops would.

        Args:
            end: Unix seconds.
            each_step: Called after each step of a worker.
        """
        while self.clock.now() < end:
            for worker, moment in self._next.items():
                if moment <= self.clock.now():
                    wait_s = min(worker.guarded_step(), LONGEST_WAIT_S)
                    assert not worker.errors_in_a_row, worker.name
                    self._next[worker] = self.clock.now() + wait_s
                    each_step()
            self.clock.turn(min(*self._next.values(), end) - self.clock.now())

    def handed_over(self) -> dict[str, float]:
        """When each film was handed over, by IMDb id, Unix seconds."""
        done = self.queue.films_in(Queue.COMPLETED)
        return {one.movie.imdb_id or "": one.completed_at or 0.0 for one in done}
