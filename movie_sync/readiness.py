"""Readiness: may a film be worked on now, and if not, why, until when and by whose fault?"""

import logging
from collections.abc import Collection
from typing import NamedTuple

from movie_sync.clients.torrent_client import TorrentClient
from movie_sync.disk_space import DISK, MAX_SPACE, DiskSpace, NoRoom
from movie_sync.errors import CallsUsedUp, ProviderError, QueryRefused, Unavailable
from movie_sync.health import FOREVER, ProviderHealth
from movie_sync.lib.clock import Clock
from movie_sync.library.index import PROVIDER as LIBRARY
from movie_sync.library.index import LibraryIndex
from movie_sync.movie import Purpose
from movie_sync.queues.queue_manager import ANY_SEARCH, QueueManager
from movie_sync.store.providers import FINE
from movie_sync.trackers.download_service import CALLS_A_SEARCH, MovieDownloader

log = logging.getLogger(__name__)

# What waits for a person comes back to be looked at this often; a change of credentials brings it back at once.
PERSON_S = 3600.0
# As whose fault a film is put off that waits for another to be downloaded.
MAX_ACTIVE = "max_active_downloads"
# A film that waits for a place or for room is looked at again after so long; it costs no call.
NO_ROOM_S = 3600.0
MANY_WITHOUT_ROOM = 20


class Held(NamedTuple):
    """Why films wait.

    Attributes:
        until: Unix seconds.
        reason: A sentence.
        provider: Whose fault it is.
    """

    until: float
    reason: str
    provider: str


class Readiness:
    """Looks at all a film needs on its way to the client, and notes which service is in trouble.

    Args:
        tracker: Asked for releases.
        client: Takes torrents.
        library: What is on disk.
        space: Room for another film.
        queue: Films that waited for a service are due when it is well again.
        health: Keeps what is wrong with each.
        clock: Wall time.
        max_active: Films downloading at once; 0: no limit.
    """

    def __init__(
        self,
        tracker: MovieDownloader,
        client: TorrentClient,
        library: LibraryIndex,
        space: DiskSpace,
        queue: QueueManager,
        health: ProviderHealth,
        clock: Clock,
        *,
        max_active: int = 0,
    ) -> None:
        self._tracker = tracker
        self._client = client
        self._library = library
        self._space = space
        self._queue = queue
        self._health = health
        self._clock = clock
        self._max_active = max_active
        # Films in a row that had no room.
        self._without_room = 0

    # -- the tracker

    def free_searches(self) -> Collection[Purpose]:
        """Kinds of searches for which calls are free now."""
        return [purpose for purpose in ANY_SEARCH if self._tracker.wait_s(purpose, CALLS_A_SEARCH) <= 0]

    def may_sweep(self) -> bool:
        """True when the tracker may be asked for its newest releases."""
        return self.tracker_left_alone() is None and self._tracker.wait_s("sweep") <= 0

    def tracker_left_alone(self) -> Held | None:
        """Why the tracker may not be asked now; None when it may."""
        return self._left_alone(self._tracker.name)

    def tracker_wait_s(self) -> float:
        """Seconds until the tracker may be asked again; 0 or less: now."""
        return self._health.next_try(self._tracker.name) - self._clock.now()

    def tracker_answered(self) -> None:
        """Note that the tracker is well."""
        self._recovered(self._tracker.name)

    def tracker_failed(self, exc: ProviderError) -> None:
        """Note trouble of a call that was made for no film; that our own calls are used up is none."""
        if isinstance(exc, QueryRefused):
            log.info("%s", exc)
        elif not isinstance(exc, CallsUsedUp):
            self._health.failed(exc)

    # -- places, room, client and library

    def full(self, searches: Collection[Purpose]) -> Held | None:
        """Why no further download may begin now; None when one may, and then as many films as may are due.

        Args:
            searches: Those that are free.
        """
        if not self._max_active:
            return None
        free = self._max_active - self._queue.active_downloads()
        if free > 0:
            if not self._queue.any_due(searches):
                self._queue.end_put_off(MAX_ACTIVE, free)
            return None
        reason = f"{self._max_active} films are downloading, which is the limit set."
        return Held(self._clock.now() + NO_ROOM_S, reason, MAX_ACTIVE)

    def held(self) -> Held | None:
        """Why nothing can be handed over now; None when client, library and disk are well."""
        for provider in (self._client.name, DISK):
            if (left_alone := self._left_alone(provider)) is not None:
                return left_alone
        for provider, look in ((LIBRARY, self._library.refresh), (self._client.name, self._client.check)):
            try:
                look()
            except ProviderError as exc:
                return self.after(exc)
            self._recovered(provider)
        try:
            return self._crowded(self._space.missing())
        except ProviderError as exc:
            return self.after(exc)

    def trouble_due(self) -> bool:
        """True when it is time to look into trouble: it may be over though no film waits for that any more."""
        states = [self._health.state(name) for name in (self._client.name, LIBRARY, DISK)]
        now = self._clock.now()
        return any(one.state != FINE and self._health.next_try(one.provider) <= now for one in states)

    def no_room(self, size_bytes: int, *, searched: bool) -> Held | None:
        """Why a film of so many bytes has to wait, None when it has room; others may be smaller.

        Args:
            size_bytes: Of its best release.
            searched: A call was spent on it just now: after many such in a row no further one is spent for a while.

        Raises:
            ProviderError: As for DiskSpace.missing.
        """
        held = self._waits_for_room(self._space.missing(size_bytes))
        if held is None:
            self._without_room = 0
        elif searched:
            self._without_room += 1
        return held

    def after(self, error: ProviderError) -> Held:
        """Note a failure; when to come back."""
        now = self._clock.now()
        self._health.failed(error)
        next_try = self._health.next_try(error.provider)
        until = now + PERSON_S if next_try == FOREVER else max(next_try, now + 1)
        return Held(until, error.message, error.provider)

    def _left_alone(self, provider: str) -> Held | None:
        now, next_try = self._clock.now(), self._health.next_try(provider)
        if next_try <= now:
            return None
        until = now + PERSON_S if next_try == FOREVER else next_try
        return Held(until, self._health.state(provider).message or f"{provider} is not available.", provider)

    def _crowded(self, missing: NoRoom | None) -> Held | None:
        """Why there is no room for any film; that the disk is full is a state of its own."""
        if missing is not None and missing.limit == DISK:
            return self.after(Unavailable(DISK, missing.reason, hint=missing.hint, code="disk_full"))
        self._recovered(DISK)
        if missing is None and self._without_room >= MANY_WITHOUT_ROOM:
            self._without_room = 0
            missing = NoRoom(MAX_SPACE, f"The last {MANY_WITHOUT_ROOM} films had no room.", "")
        return self._waits_for_room(missing)

    def _waits_for_room(self, missing: NoRoom | None) -> Held | None:
        return None if missing is None else Held(self._clock.now() + NO_ROOM_S, missing.reason, missing.limit)

    def _recovered(self, provider: str) -> None:
        if self._health.fine(provider):
            self._queue.end_put_off(provider)
