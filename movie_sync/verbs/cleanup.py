"""Clean-up as a person asks about it: what would be deleted, what stays and why, and their word on it."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from movie_sync import parts
from movie_sync.clients.torrent_client import DUTY_RATIO, DUTY_S, TorrentClient
from movie_sync.config import Config
from movie_sync.credentials_manager import FIELDS, CredentialsManager
from movie_sync.errors import AuthFailed, MovieSyncError
from movie_sync.health import ProviderHealth
from movie_sync.lib.clock import SystemClock
from movie_sync.movie import ClientTorrent
from movie_sync.parts import Parts
from movie_sync.queues.cleanup_queue import CleanupQueue, Judged, LeftFilm, Terms, judge
from movie_sync.store import DATABASE_FILE, Store
from movie_sync.store.films import FilmRecord
from movie_sync.verbs import films, trials
from movie_sync.verbs.home import Home


@dataclass(frozen=True, slots=True)
class Preview:
    """What a clean-up would do now.

    Attributes:
        enabled: Clean-up is switched on.
        grace_s: Seconds from a film's leaving until its files may go.
        films: Completed films that left their lists, the first to leave before the others.
        note: Why the client was not asked; "" when it answered, or there was nothing to ask it about.
    """

    enabled: bool
    grace_s: float
    films: list[Judged]
    note: str

    def can_go_at(self, left: LeftFilm) -> float | None:
        """Unix seconds from which nothing but the client may speak against it; None: never."""
        return left.left_at + self.grace_s if left.ours else None


def preview(home: Path) -> Preview:
    """Judge every film that left; asks the client, changes nothing but to note a refused log-in.

    Raises:
        StoreError: There is no database, or it cannot be used. ConfigError: the settings are wrong.
    """
    config, clock = Config.load(home), SystemClock()
    enabled, grace_s = config.settings.enable_removal_cleanup, config.settings.removal_grace_period
    terms = Terms(config.client, grace_s, DUTY_RATIO, DUTY_S)
    with contextlib.closing(Store(home / DATABASE_FILE, read_only=True)) as store:
        found = CleanupQueue(store, clock).left()
        seen, note = _asked(Parts(config, CredentialsManager(home), store, clock, trial=True), found)
    judged = judge(found, seen, terms, clock.now())
    return Preview(enabled, grace_s, judged, note)


def _asked(given: Parts, found: list[LeftFilm]) -> tuple[Mapping[str, ClientTorrent] | None, str]:
    """Every torrent of the client, or None and why it was not asked."""
    name = given.config.client
    if not any(one.ours for one in found):
        return None, ""
    try:
        prints = {name: given.credentials.fingerprint(name)} if name in FIELDS else {}
        health = ProviderHealth(given.store, given.clock, given.config.home, prints)
        alone = trials.stored_refusal(health, name) or trials.left_alone(health, name)
        if alone is not None:
            return None, alone.message
        with contextlib.closing(parts.client(given)) as client:
            return _snapshot(client)
    except AuthFailed as error:
        with contextlib.closing(Store(given.store.path)) as store:
            ProviderHealth(store, given.clock, given.config.home, prints).failed(error)
        return None, str(error)
    except MovieSyncError as error:
        return None, str(error)


def _snapshot(client: TorrentClient) -> tuple[Mapping[str, ClientTorrent] | None, str]:
    if client.embedded:
        return None, "Only the running service can ask the built-in client."
    if not client.reports:
        return None, "Without a torrent client nothing is ever deleted."
    return client.snapshot(), ""


def confirm(home: Home, text: str | None) -> list[FilmRecord]:
    """Agree that held films go when their time has come.

    Args:
        home: Opened for writing.
        text: One film by any of its names; None: all that are held.

    Returns:
        Those agreed to. Raises as for films.find and CleanupQueue.agree.
    """
    film = None if text is None else films.find(home.store, text)
    return CleanupQueue(home.store, home.clock).agree(film)


def keep(home: Home, text: str) -> FilmRecord:
    """Keep what is there of a film. Raises as for films.find and CleanupQueue.keep."""
    film = films.find(home.store, text)
    CleanupQueue(home.store, home.clock).keep(film)
    return film
