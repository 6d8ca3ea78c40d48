"""Everything the program needs, looked at once: what ``check`` shows."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from movie_sync.config import Config
from movie_sync.credentials_manager import FIELDS, CredentialsManager
from movie_sync.errors import AuthFailed, CallsUsedUp, MovieSyncError, RateLimited
from movie_sync.health import ProviderHealth
from movie_sync.lib.clock import SystemClock, span_text
from movie_sync.lib.files import LOCK_FILE, InstanceLock
from movie_sync.parts import Parts
from movie_sync.queues.json_files import kept_aside
from movie_sync.store import DATABASE_FILE, Store, sweeps
from movie_sync.store.providers import NEEDS_USER
from movie_sync.store.snapshots import whole
from movie_sync.verbs import trials
from movie_sync.verbs.trials import Finding


def live(home: Path) -> list[Finding]:
    """Whether the service runs and its database can be read; asks nobody, writes nothing."""
    pid = InstanceLock(home / LOCK_FILE).holder()
    if pid is None:
        return [Finding("service", "later", f"Movie Sync does not run on {home}.", "Start it: movie-sync run")]
    found = [Finding("service", "fine", f"Movie Sync runs on {home} (pid {pid}).")]
    try:
        Store(home / DATABASE_FILE, read_only=True).close()
    except MovieSyncError as error:
        found.append(trials.problem("database", error))
    return found


def everything(home: Path) -> Iterator[Finding]:
    """Try settings, credentials, services, folders, clock and disk, each once, in the order of their dependence."""
    try:
        config = Config.load(home)
    except MovieSyncError as error:
        yield trials.problem("settings", error)
        return
    yield from (Finding("settings", "person", note, "Correct it or take it out.") for note in config.notes)
    yield _home(home)
    with contextlib.closing(_Services(config)) as services:
        yield from services.findings()
    yield from _kept(home)


def _home(home: Path) -> Finding:
    finding = trials.writable_folder("home folder", home)
    if finding.state == "fine" and home.exists() and home.stat().st_mode & 0o077:
        return Finding("home folder", "person", f"Others may read {home}.", f"Take that right away: chmod 700 {home}")
    return finding


def _kept(home: Path) -> Iterator[Finding]:
    """Hand edits that could not be taken are shown until someone deals with them."""
    for path in kept_aside(home):
        hint = "Correct it and save it under its own name, or delete it."
        yield Finding("queue files", "person", f"An edit that could not be taken lies in {path}.", hint)


class _Services:
    """The database and what is asked over the network; one after the other."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._credentials = CredentialsManager(config.home)
        self._store: Store | None = None
        self._differences: list[float] = []

    def close(self) -> None:
        if self._store is not None:
            self._store.close()

    def findings(self) -> Iterator[Finding]:
        config = self._config
        try:
            self._store = Store(config.home / DATABASE_FILE)
            yield self._database(self._store)
        except MovieSyncError as error:
            yield trials.problem("database", error)
            return
        given = Parts(config, self._credentials, self._store, SystemClock(), trial=True)
        if config.settings.username:
            health = ProviderHealth(given.store, given.clock, config.home, {})
            alone = trials.left_alone(health, "letterboxd")
            yield alone or trials.with_next_try(trials.watchlist(given, self._differences), health)
        else:
            yield Finding(
                "letterboxd", "fine", "No name is set: films come from imports.", "To set it: movie-sync config"
            )
        yield self._with_login(config.settings.tracker, given)
        yield self._with_login(config.client, given)
        yield trials.writable_folder("download folder", config.download_folder)
        yield from (trials.library_folder(folder) for folder in config.library_folders)
        yield self._newest(self._store)
        yield trials.clock(self._differences)
        yield from self._troubles()

    @staticmethod
    def _database(store: Store) -> Finding:
        damage = whole(store)
        if damage is None:
            return Finding("database", "fine", f"{store.path} is whole.")
        hint = "Restore a backup (movie-sync restore), or move it away: the queue files beside it are taken in."
        return Finding("database", "person", f"{store.path} is damaged: {damage}.", hint)

    @staticmethod
    def _newest(store: Store) -> Finding:
        """How the sweep over the newest releases goes."""
        now = SystemClock().now()
        with store.read() as tx:
            states = [state for state in sweeps.every(tx).values() if state.swept_at is not None]
        if not states:
            return Finding("newest releases", "fine", "Not looked at yet; the running service does that.")
        state = max(states, key=lambda one: one.swept_at or 0.0)
        text = f"Last looked at {span_text(now - (state.swept_at or now))} ago."
        if (gap_at := state.fresh_gap_at(now)) is not None:
            text += f" A gap {span_text(now - gap_at)} ago: more came than is shown at once."
            return Finding("newest releases", "later", text, "Nothing: what waits is searched again in its turn.")
        return Finding("newest releases", "fine", text)

    def _with_login(self, service: str, given: Parts) -> Finding:
        """Try a service unless it refused these very log-in data before; a new refusal is remembered."""
        try:
            prints = {service: self._credentials.fingerprint(service)} if service in FIELDS else {}
        except MovieSyncError as error:
            return trials.problem(service, error)
        health = ProviderHealth(given.store, given.clock, self._config.home, prints)
        if (alone := trials.stored_refusal(health, service) or trials.left_alone(health, service)) is not None:
            return alone
        finding = trials.with_log_in(service, given, self._differences)
        if isinstance(finding.error, AuthFailed | RateLimited) and not isinstance(finding.error, CallsUsedUp):
            health.failed(finding.error)
        return trials.with_next_try(finding, health)

    def _troubles(self) -> Iterator[Finding]:
        """What the service met that no trial here can see, such as a folder that lost its films."""
        if self._store is None:
            return
        clock = SystemClock()
        health = ProviderHealth(self._store, clock, self._config.home, {})
        tried = {"letterboxd", self._config.settings.tracker, self._config.client}
        for state in health.every():
            if state.provider not in tried:
                kind: trials.State = "person" if state.state == NEEDS_USER else "later"
                now = clock.now()
                since, wait_s = span_text(now - state.since), max(0.0, state.next_try(now) - now)
                text = (
                    f"{state.message} (For {since}; looked at again {f'in {span_text(wait_s)}' if wait_s else 'now'}.)"
                )
                yield Finding(state.provider, kind, text, state.hint or "")
