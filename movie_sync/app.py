"""App: the only place that builds the parts, starts them and stops them."""

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from types import TracebackType
from typing import Any

from movie_sync import __version__
from movie_sync.clients.torrent_client import TorrentClient
from movie_sync.config import Config
from movie_sync.credentials_manager import Ask, CredentialsManager
from movie_sync.errors import ConfigError, MovieSyncError, Stopping
from movie_sync.hand_over import HandOver
from movie_sync.health import ProviderHealth
from movie_sync.lib.backoff import RetryPolicy
from movie_sync.lib.clock import Clock, SystemClock
from movie_sync.lib.files import InstanceLock, make_private_folder
from movie_sync.lib.http import HttpClient
from movie_sync.library.index import PROVIDER as LIBRARY
from movie_sync.library.index import LibraryFolder, LibraryIndex
from movie_sync.queues.json_files import QueueFiles
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store
from movie_sync.store.providers import NEEDS_USER
from movie_sync.trackers.download_service import MovieDownloader
from movie_sync.watchlists.watchlist import Watchlist
from movie_sync.workers import (
    DownloadWorker,
    FacesWorker,
    MonitorWorker,
    Tally,
    TransferWorker,
    Worker,
    missing_from,
    refusing,
    report,
)

log = logging.getLogger(__name__)

HOMEPAGE = "https://github.com/movie-sync/movie-sync"
USER_AGENT = f"MovieSync/{__version__} (+{HOMEPAGE})"
# A stop takes at most 5 s: the workers get 4, then what is synced is enough, since every effect is crash-safe.
STOP_S = 4.0
_POLL_S = 1.0
# A pass that meets so many unexpected errors in a row would go on for ever.
_MOST_ERRORS = 10


@dataclass(frozen=True, slots=True)
class Parts:
    """What a part is built from; the argument of every entry point of ``movie_sync.trackers`` and its siblings."""

    config: Config
    credentials: CredentialsManager
    store: Store
    clock: Clock
    ask: Ask | None = None


def letterboxd(parts: Parts) -> Watchlist:
    """Entry point: the user's Letterboxd watchlist."""
    from movie_sync.watchlists.monitor import LetterboxdWatchlistMonitor  # noqa: PLC0415  loaded by name

    settings = parts.config.settings
    return LetterboxdWatchlistMonitor(
        settings.letterboxd_url,
        settings.username,
        http=HttpClient("letterboxd", USER_AGENT),
        store=parts.store,
        clock=parts.clock,
        delay_s=settings.letterboxd_delay,
    )


def filelist(parts: Parts) -> MovieDownloader:
    """Entry point: FileList.io."""
    from movie_sync.trackers.filelist_downloader import FileListDownloader  # noqa: PLC0415  loaded by name

    settings = parts.config.settings
    credentials = parts.credentials.require("filelist", parts.ask)
    return FileListDownloader(
        settings.filelist_url,
        credentials["username"],
        credentials["passkey"],
        categories=[wish.category_id for wish in parts.config.profile.categories],
        http=HttpClient("filelist", USER_AGENT),
        store=parts.store,
        clock=parts.clock,
        per_hour=settings.api_calls_per_hour,
        delay_s=settings.filelist_delay,
    )


def qbittorrent(parts: Parts) -> TorrentClient:
    """Entry point: qBittorrent over its web API."""
    from movie_sync.clients.qbittorrent_manager import QBittorrentManager  # noqa: PLC0415  loaded by name

    settings = parts.config.filelist.qbittorrent
    credentials = parts.credentials.require("qbittorrent", parts.ask)
    return QBittorrentManager(
        settings.host,
        settings.port,
        credentials["username"],
        credentials["password"],
        clock=parts.clock,
        category=settings.category,
        tags=settings.tags.split(","),
        save_path=settings.save_path,
        auto_start=settings.auto_start,
    )


def builtin(parts: Parts) -> TorrentClient:
    """Entry point: libtorrent in this process."""
    from movie_sync.clients.builtin_client import BuiltinClient  # noqa: PLC0415  loaded by name

    return BuiltinClient(
        parts.config.home / "torrents" / "builtin",
        parts.config.download_folder,
        clock=parts.clock,
        listen=parts.config.settings.builtin_listen,
    )


def torrent_folder(parts: Parts) -> TorrentClient:
    """Entry point: no client, the .torrent is saved."""
    from movie_sync.clients.torrent_folder import TorrentFolder  # noqa: PLC0415  loaded by name

    return TorrentFolder(parts.config.download_folder)


def load_part(kind: str, name: str, parts: Parts) -> Any:
    """Build a part by its entry point; bundled and foreign ones load the same way.

    Args:
        kind: ``trackers``, ``clients`` or ``watchlists``.
        name: Of the entry point.
        parts: What it is built from.

    Raises:
        ConfigError: There is none of that name.
        CredentialsError: It needs credentials nobody gave.
    """
    found = {point.name: point for point in entry_points(group=f"movie_sync.{kind}")}
    if name not in found:
        raise ConfigError(
            f"There is no {name!r} among {kind} ({', '.join(sorted(found)) or 'none'}).",
            hint="Install movie-sync properly (pip install .), or the package that brings it.",
        )
    builder: Callable[[Parts], Any] = found[name].load()
    return builder(parts)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one whole pass came to.

    Attributes:
        counts: ``checked``, ``added``, ``handed_over``, ``already_owned``, ``failed``, ``put_off``: films.
        troubles: A sentence for each service that was not well.
        exit_code: 0 fine, 4 a service was unavailable, 3 it needs the user.
    """

    counts: dict[str, int]
    troubles: tuple[str, ...]
    exit_code: int


class App:
    """One running Movie Sync: holds the home folder's lock while its ``with`` block lasts.

    Args:
        config: All settings; no part reads them after it was built.
        credentials: Where secrets come from.
        stop: Set to end it.
        ask: Puts questions for missing credentials; None when nobody can answer.
    """

    def __init__(
        self, config: Config, credentials: CredentialsManager, stop: threading.Event, ask: Ask | None = None
    ) -> None:
        self._config = config
        self._credentials = credentials
        self._stop = stop
        self._ask = ask
        self._clock = SystemClock(stop)
        self._lock = InstanceLock(config.home / "instance.lock")
        self._threads: list[threading.Thread] = []
        # What has to be let go at the end, in reverse order of its making.
        self._held = contextlib.ExitStack()

    def __enter__(self) -> "App":
        """Take the lock, open the database, take in what people edited, and build every part.

        Raises:
            AlreadyRunning: Another process works on this home folder.
            ConfigError: A setting is wrong or missing. CredentialsError: a credential is.
            StoreError: The database cannot be used.
        """
        with contextlib.ExitStack() as held:
            self._open(held)
            self._held = held.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def _open(self, held: contextlib.ExitStack) -> None:
        home = self._config.home
        make_private_folder(home)
        self._lock.acquire()
        held.callback(self._lock.release)
        settings = self._config.settings
        self._store = Store(home / "movie_sync.db")
        held.callback(self._store.close)
        self._queue = QueueManager(
            self._store,
            self._clock,
            retries=RetryPolicy(settings.retry_interval, settings.backoff_multiplier, settings.max_retries),
            newest_first=settings.queue_order == "newest",
        )
        self._files = QueueFiles(home, self._store, self._clock)
        report(self._files.sync())
        held.callback(lambda: report(self._files.sync()))
        self._queue.release_claims()
        self._build_rooms(held)
        self._build_workers()

    def _build_rooms(self, held: contextlib.ExitStack) -> None:
        config = self._config
        parts = Parts(config, self._credentials, self._store, self._clock, self._ask)
        self._tracker: MovieDownloader = load_part("trackers", "filelist", parts)
        held.callback(self._tracker.close)
        self._client: TorrentClient = load_part("clients", config.client, parts)
        held.callback(self._client.close)
        if self._tracker.private and not self._client.takes_private:
            raise ConfigError(
                f"{self._tracker.name} is a private tracker, and the {self._client.name} client may not be used there.",
                file="config.json",
                key="client",
                hint='Set client to "qbittorrent".',
            )
        self._watchlists: list[Watchlist] = (
            [load_part("watchlists", "letterboxd", parts)] if config.settings.username else []
        )
        for watchlist in self._watchlists:
            held.callback(watchlist.close)
        self._library = LibraryIndex(
            [LibraryFolder(config.download_folder, False), *(LibraryFolder(f, True) for f in config.library_folders)],
            self._store,
        )
        services = [self._tracker.name, self._client.name]
        prints = {name: self._fingerprint(name) for name in services if name in {"filelist", "qbittorrent"}}
        self._health = ProviderHealth(self._store, self._clock, config.home, prints)
        self._hand_over = HandOver(self._queue, self._tracker, self._client, self._library, config.home / "torrents")
        if not config.settings.keep_torrent_files:
            self._hand_over.tidy()
        self._providers = frozenset(
            {
                LIBRARY,
                *services,
                refusing(self._client),
                missing_from(self._client),
                *(watchlist.provider for watchlist in self._watchlists),
            }
        )
        self._health.forget_others(self._providers)
        for name in prints:
            if self._health.other_credentials(name) and self._health.fine(name):
                self._queue.end_put_off(name)

    def _fingerprint(self, service: str) -> str:
        return self._credentials.fingerprint(service)

    def _build_workers(self) -> None:
        config = self._config
        self._downloads = DownloadWorker(
            self._watchlists,
            self._tracker,
            self._client,
            self._library,
            self._queue,
            self._hand_over,
            self._health,
            config.profile,
            self._clock,
            on_handed_over=lambda: self._transfers.wake(),  # noqa: PLW0108  built after this one
        )
        self._monitor = MonitorWorker(
            self._watchlists,
            self._queue,
            self._health,
            self._clock,
            check_interval_s=config.settings.check_interval,
            watchlist_path=config.watchlist_path,
            on_new=self._downloads.wake,
        )
        self._transfers = TransferWorker(
            self._client,
            self._queue,
            self._hand_over,
            self._health,
            self._clock,
            stalled_after_s=config.settings.stalled_after,
            keep_torrent_files=config.settings.keep_torrent_files,
            on_due=self._downloads.wake,
        )
        self._faces = FacesWorker(self._files, self._clock, on_edit=self._downloads.wake)
        self._workers: Sequence[Worker] = (self._monitor, self._downloads, self._transfers, self._faces)

    def _nothing_to_do(self) -> ConfigError | None:
        """Why this program would never do anything, None when it will."""
        if self._watchlists or self._queue.stats().queues:
            return None
        return ConfigError(
            f"There is nothing to do: config.json in {self._config.home} has no username, and no film was imported.",
            file="config.json",
            key="username",
            hint="Set it, or: movie-sync import watchlist.csv",
        )

    # -- running

    def run(self) -> None:
        """Work until told to stop."""
        if (idle := self._nothing_to_do()) is not None:
            log.warning("%s", idle)
        self._start()
        log.info("Movie Sync %s runs on %s.", __version__, self._config.home)
        version = self._store.data_version()
        try:
            while not self._stop.wait(_POLL_S):
                changed = self._store.data_version()
                if changed != version:
                    version = changed
                    self._downloads.wake()
                    self._faces.wake()
        finally:
            self._end()

    def _start(self) -> None:
        for worker in self._workers:
            thread = threading.Thread(target=worker.run, args=(self._stop,), name=worker.name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _end(self) -> None:
        """Wait for the workers, but not longer than a person would."""
        self._stop.set()
        for worker in self._workers:
            worker.wake()
        end = self._clock.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(max(0.0, end - self._clock.monotonic()))
        if any(thread.is_alive() for thread in self._threads):
            # Every effect is crash-safe, so the process may leave whatever the files say.
            try:
                report(self._files.sync())
                log.info("Stopped; a request that did not end was left behind.")
            finally:
                logging.shutdown()
                os._exit(0)
        log.info("Stopped.")

    def run_once(self) -> Outcome:
        """One whole pass: check, work on every due film, look at the transfers; the built-in client is waited for.

        Raises:
            Stopping: It was told to stop in the middle.
            MovieSyncError: It met one unexpected error after another.
            ConfigError: There is neither a watchlist nor any film.
        """
        if (idle := self._nothing_to_do()) is not None:
            raise idle
        begun_at = self._clock.now()
        self._monitor.check_all()
        while not self._stop.is_set():
            wait_s = self._downloads.guarded_step()
            if wait_s > 0 and not self._queue.any_due() and not self._queue.due_hand_overs():
                break
            if self._downloads.errors_in_a_row >= _MOST_ERRORS:
                raise MovieSyncError(
                    "The pass was given up after one unexpected error after another.", hint="The log says which."
                )
            self._faces.guarded_step()
        self._transfers.guarded_step()
        while self._client.embedded and self._transfers.unfinished() and not self._stop.is_set():
            self._clock.wait(0.2)
            self._transfers.guarded_step()
        if self._stop.is_set():
            raise Stopping("The pass was interrupted; the next one goes on.")
        return self._outcome(begun_at)

    def _outcome(self, begun_at: float) -> Outcome:
        """Trouble counts when it was met in this pass, or kept the pass from asking."""
        tally: Tally = self._downloads.tally
        names = ("handed_over", "already_owned", "failed", "put_off")
        counts = {"checked": self._monitor.tally.checked, "added": self._monitor.tally.added}
        counts |= {name: tally.counts[name] for name in names}
        now = self._clock.now()
        states = [
            state
            for state in self._health.every()
            if state.asked_at >= begun_at or self._health.next_try(state.provider) > now
        ]
        code = 3 if any(state.state == NEEDS_USER for state in states) else 4 if states else 0
        troubles = tuple(f"{state.message} {state.hint or ''}".strip() for state in states)
        return Outcome(counts, troubles, code)
