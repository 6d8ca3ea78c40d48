"""App: builds the parts, starts them, exchanges those whose settings changed, and stops them."""

import contextlib
import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from movie_sync import __version__, parts
from movie_sync.clean_up import CleanUp
from movie_sync.config import CONFIG_FILE, FILELIST_FILE, Config
from movie_sync.credentials_manager import CREDENTIALS_FILE, FIELDS, Ask, CredentialsManager
from movie_sync.disk_space import DISK, GB, MAX_SPACE, DiskSpace
from movie_sync.errors import ConfigError, MovieSyncError, Stopping, StoreError
from movie_sync.faces_worker import FacesWorker, report
from movie_sync.film_details import FilmDetails
from movie_sync.hand_over import HandOver
from movie_sync.health import ProviderHealth
from movie_sync.lib import systemd
from movie_sync.lib.backoff import RetryPolicy
from movie_sync.lib.clock import SystemClock
from movie_sync.lib.files import LOCK_FILE, InstanceLock, delete_unfinished, make_private_folder
from movie_sync.library.index import PROVIDER as LIBRARY
from movie_sync.parts import Parts
from movie_sync.queues.cleanup_queue import PROVIDER as CLEANUP
from movie_sync.queues.cleanup_queue import CleanupQueue
from movie_sync.queues.earlier_homes import take_in_watchlist
from movie_sync.queues.json_files import QueueFiles
from movie_sync.queues.old_events import OldEvents
from movie_sync.queues.questions import Questions
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.queues.sweep_queue import SweepQueue
from movie_sync.queues.upgrade_queue import UpgradeQueue
from movie_sync.readiness import MAX_ACTIVE, Readiness
from movie_sync.store import DATABASE_FILE, Store, facts, requests
from movie_sync.store.overview import BUDGET
from movie_sync.store.providers import NEEDS_USER
from movie_sync.sweep import Sweep
from movie_sync.trackers.call_budget import for_searches
from movie_sync.transfer_worker import TransferWorker, broken_in, missing_from
from movie_sync.upgrades import Upgrades
from movie_sync.watchlists.csv_folder import PROVIDER as CSV
from movie_sync.watchlists.csv_folder import CsvFolder
from movie_sync.watchlists.watchlist import Watchlist
from movie_sync.watchlists.wikidata import PROVIDER as WIKIDATA
from movie_sync.worker import Tally, Worker
from movie_sync.workers import DownloadWorker, MonitorWorker, refusing

log = logging.getLogger(__name__)

# A stop takes at most 5 s: the workers get 4, then what is synced is enough, since every effect is crash-safe.
STOP_S = 4.0
_POLL_S = 1.0
# A pass that meets so many unexpected errors in a row would go on for ever.
_MOST_ERRORS = 10
_SETTINGS_FILES = (CONFIG_FILE, FILELIST_FILE, CREDENTIALS_FILE)
# What could not be built is tried again this often.
_AGAIN_S = 60.0

_Built = TypeVar("_Built")
# Inode, time and size of a file; None when it is not there.
_Stamp = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one whole pass came to.

    Attributes:
        counts: ``checked``, ``added``, ``handed_over``, ``already_owned``, ``failed``, ``put_off`` (those that wait
            for a call of the tracker too): films.
        troubles: A sentence for each service that was not well.
        exit_code: 0 fine, 4 a service was unavailable, 3 it needs the user.
    """

    counts: dict[str, int]
    troubles: tuple[str, ...]
    exit_code: int


class _Rooms:
    """The parts in use, each with what it was built from: one is built anew only when that changed."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Hashable, Any, Callable[[], None]]] = {}

    def get(
        self,
        name: str,
        made_from: Hashable,
        build: Callable[[], _Built],
        close: Callable[[_Built], None] = lambda _: None,
    ) -> _Built:
        """The part of a name as it is, or a new one in place of it."""
        if name in self._kept and self._kept[name][0] == made_from:
            found: _Built = self._kept[name][1]
            return found
        self.close(name)
        built = build()
        self._kept[name] = (made_from, built, lambda: close(built))
        return built

    def close(self, *names: str) -> None:
        """Let parts go; all of them without a name."""
        for name in names or tuple(reversed(self._kept)):
            if name in self._kept:
                try:
                    self._kept.pop(name)[2]()
                except (MovieSyncError, OSError) as error:
                    log.warning("The %s was not ended in order: %s", name, error)


class App:
    """One running Movie Sync: holds the home folder's lock while its ``with`` block lasts.

    Args:
        config: All settings; no part reads them after it was built.
        credentials: Where secrets come from.
        stop: Set when it is to end; `stop` sets it.
        ask: Puts questions for missing credentials; None when nobody can answer.
    """

    def __init__(
        self, config: Config, credentials: CredentialsManager, stop: threading.Event, ask: Ask | None = None
    ) -> None:
        self._config = config
        self._credentials = credentials
        self._stop = stop
        # Ends the workers: at a stop, and while parts are exchanged.
        self._halt = threading.Event()
        self._ask = ask
        self._clock = SystemClock(self._halt)
        self._lock = InstanceLock(config.home / LOCK_FILE)
        self._threads: list[threading.Thread] = []
        self._rooms = _Rooms()
        self._settings_read: tuple[_Stamp, ...] = self._settings_stamp()
        # When to build once more what could not be built, by the monotonic clock; None when all stands.
        self._build_again_at: float | None = None
        self._last_error = ""
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

    def stop(self) -> None:
        """Ask it to end; fine in a signal handler."""
        self._stop.set()
        self._halt.set()

    def _open(self, held: contextlib.ExitStack) -> None:
        home = self._config.home
        make_private_folder(home)
        self._lock.acquire()
        held.callback(self._lock.release)
        for folder in (home, home / "torrents", home / "torrents" / "builtin"):
            delete_unfinished(folder)
        self._store = Store(home / DATABASE_FILE)
        held.callback(self._store.close)
        self._files = QueueFiles(home, self._store, self._clock)
        report(self._files.sync())
        self._credentials.take_in()
        take_in_watchlist(self._config.watchlist_path, self._store, self._clock.now())
        held.callback(lambda: report(self._files.sync()))
        held.callback(self._rooms.close)
        with self._store.write() as tx:
            requests.take(tx)
        self._build(self._config)
        # Nobody sits before a running service.
        self._ask = None

    # -- building

    def _build(self, config: Config) -> None:
        """Build what is new or has other settings than before."""
        self._config = config
        settings = config.settings
        self._queue = QueueManager(
            self._store,
            self._clock,
            retries=RetryPolicy(settings.retry_interval, settings.backoff_multiplier, settings.max_retries),
            newest_first=settings.queue_order == "newest",
            keep_removed=settings.removed_from_watchlist == "keep",
        )
        self._build_rooms()
        self._look_after_services()
        questions, folder = Questions(self._store, self._clock), config.home / "torrents"
        self._hand_over = HandOver(self._queue, questions, self._tracker, self._client, self._library, folder)
        if not settings.keep_torrent_files:
            self._hand_over.tidy()
        self._note_budget()
        if count := self._queue.judge_again(repr(config.profile)):
            log.info("Another profile decides now: %d films none of whose releases passed are searched again.", count)
        # The workers stand still: what one of them had claimed when it met an error is due again.
        self._queue.release_claims()
        for limit in (MAX_ACTIVE, MAX_SPACE, DISK):  # another limit may be set now
            self._queue.end_put_off(limit)
        self._build_workers()

    def _note_budget(self) -> None:
        """For `stats`, which reads no settings: the tracker, its calls an hour, those for searches, the sweeps."""
        settings = self._config.settings
        per_hour = settings.api_calls_per_hour if self._tracker.calls_left() is not None else None
        searches = None if per_hour is None else for_searches(per_hour, settings.sweep_interval)
        noted = json.dumps([self._tracker.name, per_hour, searches, settings.sweep_interval])
        with self._store.read() as tx:
            if facts.get(tx, BUDGET) == noted:
                return
        with self._store.write() as tx:
            facts.put(tx, BUDGET, noted)

    def _build_rooms(self) -> None:
        settings, folders = self._config.settings, (self._config.download_folder, self._config.library_folders)
        given = Parts(self._config, self._credentials, self._store, self._clock, self._ask)
        address = (settings.filelist_url, settings.filelist_delay)
        calls = (settings.api_calls_per_hour, settings.sweep_interval)
        self._tracker = self._rooms.get(
            "tracker",
            (settings.tracker, *address, *calls, self._config.search_categories, self._fingerprint(settings.tracker)),
            lambda: parts.tracker(given),
            lambda part: part.close(),
        )
        self._client = self._rooms.get(
            "client",
            (
                self._config.client,
                self._config.filelist.qbittorrent,
                settings.builtin_listen,
                folders[0],
                self._fingerprint(self._config.client),
            ),
            lambda: parts.client(given),
            lambda part: part.close(),
        )
        if self._tracker.private and not self._client.takes_private:
            raise ConfigError(
                f"{self._tracker.name} is a private tracker, and the {self._client.name} client may not be used there.",
                file=CONFIG_FILE,
                key="client",
                hint='Set client to "qbittorrent".',
            )
        self._watchlists = self._rooms.get(
            "watchlists",
            (settings.watchlists, settings.username, settings.letterboxd_url, settings.letterboxd_delay),
            lambda: parts.watchlists(given),
            _close_all,
        )
        self._film_ids = self._rooms.get(
            "film ids",
            (settings.use_wikidata, settings.wikidata_url, settings.letterboxd_url),
            lambda: parts.film_ids(given),
            lambda part: part.close() if part else None,
        )
        self._library = self._rooms.get("library", folders, lambda: parts.library(given))

    def _look_after_services(self) -> None:
        services = {self._tracker.name, self._client.name}
        prints = {name: print_ for name in services if (print_ := self._fingerprint(name)) is not None}
        self._health = ProviderHealth(self._store, self._clock, self._config.home, prints)
        noted = {refusing(self._client), missing_from(self._client), broken_in(self._client)}
        settings = self._config.settings
        used = {
            LIBRARY: True,
            DISK: settings.minimum_free_space > 0 and self._client.reports,
            WIKIDATA: self._film_ids is not None,
            CSV: self._config.csv_folder is not None,
            CLEANUP: settings.enable_removal_cleanup,
        }
        rooms = {name for name, is_used in used.items() if is_used}
        self._health.forget_others({*rooms, *services, *noted, *(found.provider for found in self._watchlists)})
        for name in prints:
            if self._health.other_credentials(name) and self._health.fine(name):
                self._queue.end_put_off(name)
        for name, address in self._addresses().items():
            if self._health.moved(name, address):
                self._queue.end_put_off(name)

    def _addresses(self) -> dict[str, Hashable]:
        """Where each service stands: with another address it is another service."""
        settings, qbittorrent = self._config.settings, self._config.filelist.qbittorrent
        here = self._config.download_folder
        found: dict[str, Hashable] = {
            self._tracker.name: settings.filelist_url,
            self._client.name: (qbittorrent.host, qbittorrent.port) if self._client.name == "qbittorrent" else here,
            LIBRARY: (here, self._config.library_folders),
            WIKIDATA: settings.wikidata_url,
            DISK: (here, settings.minimum_free_space),
        }
        for watchlist in self._watchlists:
            found[watchlist.provider] = (settings.letterboxd_url, settings.username)
        return found

    def _fingerprint(self, service: str) -> str | None:
        """Of a service's log-in; None when the credentials manager keeps none for it."""
        return self._credentials.fingerprint(service) if service in FIELDS else None

    def _build_workers(self) -> None:
        settings = self._config.settings
        space = DiskSpace(
            self._client,
            self._queue,
            minimum_free_bytes=int(settings.minimum_free_space * GB),
            max_download_bytes=int(settings.max_download_space_gb * GB),
        )
        details = FilmDetails(self._watchlists, self._film_ids, self._queue, self._health, self._clock)
        upgrades = Upgrades(
            UpgradeQueue(self._store, self._clock),
            self._queue,
            self._tracker,
            self._client,
            self._hand_over,
            self._config.profile,
            self._clock,
            space=space,
            stalled_after_s=settings.stalled_after,
        )
        self._downloads = self._download_worker(details, upgrades, space)
        self._monitor = self._monitor_worker(details)
        self._transfers = self._transfer_worker(upgrades)
        self._old_events = OldEvents(self._store, self._clock)
        self._faces = FacesWorker(
            self._files, self._clock, on_edit=self._downloads.wake, on_quiet=self._old_events.look
        )
        self._workers: Sequence[Worker] = (self._monitor, self._downloads, self._transfers, self._faces)

    def _download_worker(self, details: FilmDetails, upgrades: Upgrades, space: DiskSpace) -> DownloadWorker:
        settings, profile = self._config.settings, self._config.profile
        ready = Readiness(
            self._tracker,
            self._client,
            self._library,
            space,
            self._queue,
            self._health,
            self._clock,
            max_active=settings.max_active_downloads,
        )
        sweeps = SweepQueue(self._store, self._clock)
        return DownloadWorker(
            details,
            self._tracker,
            self._client,
            self._queue,
            self._hand_over,
            ready,
            self._health,
            profile,
            self._clock,
            sweep=Sweep(sweeps, self._queue, self._tracker, profile, self._clock, interval_s=settings.sweep_interval),
            upgrades=upgrades,
            on_handed_over=lambda: self._transfers.wake(),  # noqa: PLW0108  built after this one
        )

    def _monitor_worker(self, details: FilmDetails) -> MonitorWorker:
        settings, exports = self._config.settings, self._config.csv_folder
        return MonitorWorker(
            self._watchlists,
            self._queue,
            details,
            self._health,
            self._clock,
            exports=CsvFolder(exports, self._store) if exports else None,
            prove_daily=settings.enable_removal_cleanup,
            check_interval_s=settings.check_interval,
            watchlist_path=self._config.watchlist_path,
            first_run=self._config.first_run,
            on_new=self._downloads.wake,
        )

    def _transfer_worker(self, upgrades: Upgrades) -> TransferWorker:
        settings = self._config.settings
        clean_up = CleanUp(
            CleanupQueue(self._store, self._clock),
            self._client,
            self._health,
            self._clock,
            enabled=settings.enable_removal_cleanup,
            grace_s=settings.removal_grace_period,
        )
        return TransferWorker(
            self._client,
            self._queue,
            self._hand_over,
            self._health,
            self._clock,
            upgrades=upgrades,
            clean_up=clean_up,
            stalled_after_s=settings.stalled_after,
            keep_torrent_files=settings.keep_torrent_files,
            on_due=self._downloads.wake,
        )

    def _nothing_to_do(self) -> ConfigError | None:
        """Why this program would never do anything, None when it will."""
        if self._watchlists or self._queue.stats().queues:
            return None
        return ConfigError(
            f"There is nothing to do: config.json in {self._config.home} has no username, and no film was imported.",
            file=CONFIG_FILE,
            key="username",
            hint="Set it up: movie-sync config; or take in the CSV export: movie-sync import watchlist.csv",
        )

    # -- new settings

    def _settings_stamp(self) -> tuple[_Stamp, ...]:
        """Differs when a file with settings or credentials was written."""
        profile = self._config.profile_file
        files = [self._config.home / name for name in _SETTINGS_FILES]
        return tuple(_stamp(path) for path in (*files, *([profile] if profile else [])))

    def apply(self, config: Config, *, ask_services: bool = False) -> bool:
        """Exchange the parts whose settings changed; the workers stand still meanwhile. For the main thread alone.

        Args:
            config: In place of the one before; when a part cannot be built from it, the one before stays in use. When
                that cannot be built either (a log-in was cleared), all stands still until something changes.
            ask_services: Build the parts that remember a refusal anew, whatever changed.

        Returns:
            True when it is in use.
        """
        if not self._halt_workers():
            return False
        if ask_services:
            self._rooms.close("tracker", "client")
        before = self._config
        self._build_again_at = None
        used = self._built(config, "The new settings are not used")
        if not used and not self._built(before, "Nothing is done until that is mended"):
            self._workers = (self._faces,)
            self._build_again_at = self._clock.monotonic() + _AGAIN_S
        self._start()
        return used

    def _built(self, config: Config, failed: str) -> bool:
        try:
            self._build(config)
        except (MovieSyncError, OSError) as error:
            self._tell_once(f"{failed}: {error}")
            return False
        return True

    def _tell_once(self, text: str) -> None:
        """Say what is wrong, unless it was the last thing said."""
        if text != self._last_error:
            log.error("%s", text)
        self._last_error = text

    def _reread_settings(self) -> None:
        before, stamp = self._settings_read, self._settings_stamp()
        again = self._build_again_at is not None and self._clock.monotonic() >= self._build_again_at
        if stamp == before and not again:
            return
        self._settings_read = stamp
        if again:
            self._build_again_at = self._clock.monotonic() + _AGAIN_S
        if (gone := self._gone(before, stamp)) is not None:
            # Defaults would be another user's; editors take a file away for a moment.
            log.error("%s is gone; its settings stay in use until it is back, or until the next start.", gone)
            return
        try:
            config = self._new_config()
        except MovieSyncError as error:
            self._tell_once(f"The new settings are not used: {error}")
            return
        if config.settings.log_level != self._config.settings.log_level:
            logging.getLogger().setLevel(config.settings.log_level)
        if self.apply(config):
            self._last_error = ""
            log.info("Settings were read again.")

    @staticmethod
    def _gone(before: Sequence[_Stamp], now: Sequence[_Stamp]) -> str | None:
        """A file of settings that was there and is not, None when all still are."""
        rows = zip(_SETTINGS_FILES, before, now, strict=False)
        return next((name for name, was, is_ in rows if name != CREDENTIALS_FILE and was and not is_), None)

    def _new_config(self) -> Config:
        """The settings as they stand in their files now.

        Raises:
            ConfigError: They are wrong.
            CredentialsError: A log-in is missing, as for a moment while it is exchanged: the parts in use have theirs.
        """
        config = Config.load(self._config.home)
        for service in FIELDS.keys() & {config.settings.tracker, config.client}:
            self._credentials.require(service)
        for note in config.notes:
            log.warning("%s", note)
        return config

    def _halt_workers(self) -> bool:
        """End the workers between two effects; False when the whole program is asked to end meanwhile."""
        self._halt.set()
        for worker in self._workers:
            worker.wake()
        while any(thread.is_alive() for thread in self._threads):
            systemd.notify("WATCHDOG=1")
            if self._stop.wait(0.1):
                return False
        self._threads.clear()
        self._halt.clear()
        return not self._stop.is_set()

    # -- running

    def run(self) -> None:
        """Work until told to stop."""
        if (idle := self._nothing_to_do()) is not None:
            log.warning("%s", idle)
        version = self._store.data_version()
        try:
            self._start()
            log.info("Movie Sync %s runs on %s.", __version__, self._config.home)
            systemd.notify("READY=1")
            while not self._stop.wait(_POLL_S):
                systemd.notify("WATCHDOG=1")
                try:
                    self._reread_settings()
                    changed = self._store.data_version()
                    if changed != version:
                        self._answer_commands()
                        version = changed
                except (StoreError, OSError) as error:
                    # A full disk, a database another program holds: it passes, as for the workers.
                    self._tell_once(str(error))
        finally:
            systemd.notify("STOPPING=1")
            self._end()

    def _answer_commands(self) -> None:
        """Something was committed, perhaps by a command: do what it asks, and look at what is due."""
        with self._store.read() as tx:
            asked = requests.any_left(tx)
        if asked:
            with self._store.write() as tx:
                requests.take(tx)
            log.info("Every service is asked again, as a command wants it.")
            self.apply(self._config, ask_services=True)
        for worker in (self._monitor, self._downloads, self._faces):
            worker.wake()

    def _start(self) -> None:
        for worker in self._workers:
            thread = threading.Thread(target=worker.run, args=(self._halt,), name=worker.name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def _end(self) -> None:
        """Wait for the workers, but not longer than a person would."""
        code = 0 if sys.exc_info()[0] is None else 1
        self.stop()
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
                os._exit(code)
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
            if wait_s > 0 and not self._downloads.errors_in_a_row:
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
        while not self._stop.is_set() and self._old_events.look():
            pass
        if self._stop.is_set():
            raise Stopping("The pass was interrupted; the next one goes on.")
        return self._outcome(begun_at)

    def _outcome(self, begun_at: float) -> Outcome:
        """Trouble counts when it was met in this pass, or kept the pass from asking."""
        tally: Tally = self._downloads.tally
        names = ("handed_over", "already_owned", "failed", "put_off")
        counts = {"checked": self._monitor.tally.checked, "added": self._monitor.tally.added}
        counts |= {name: tally.counts[name] for name in names}
        # What waits for a call of the tracker stays due.
        counts["put_off"] += self._queue.stats().statuses.get("due", 0)
        now = self._clock.now()
        states = [
            state
            for state in self._health.every()
            if state.asked_at >= begun_at or self._health.next_try(state.provider) > now
        ]
        code = 3 if any(state.state == NEEDS_USER for state in states) else 4 if states else 0
        troubles = tuple(f"{state.message} {state.hint or ''}".strip() for state in states)
        return Outcome(counts, troubles, code)


def _close_all(found: list[Watchlist]) -> None:
    for watchlist in found:
        watchlist.close()


def _stamp(path: Path) -> _Stamp:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
