"""Sweep: one look at the tracker's newest releases finds what hundreds of films wait for."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence

from movie_sync.errors import QueryRefused
from movie_sync.lib.clock import Clock
from movie_sync.movie import Release
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.queues.sweep_queue import SweepQueue, Swept
from movie_sync.releases.parse import parse_release
from movie_sync.releases.profile import Profile
from movie_sync.releases.rank import judge
from movie_sync.releases.rules import is_of_film
from movie_sync.releases.titles import title_key
from movie_sync.store.films import WaitingFilm
from movie_sync.store.sweeps import SweepState
from movie_sync.trackers.download_service import MovieDownloader

log = logging.getLogger(__name__)

# After a gap the page is looked at so many times as often, for so long.
QUICKER = 3
QUICK_FOR_S = 6 * 3600.0


class Sweep:
    """Looks at the newest releases in turn with nobody, whatever the number of films that wait.

    Args:
        sweeps: How far it has come, and which films wait.
        queue: The films and their blocklists.
        tracker: Asked for its newest releases: one call a sweep.
        profile: What the user wants of a release.
        clock: Wall time.
        interval_s: Seconds between two sweeps.
    """

    def __init__(
        self,
        sweeps: SweepQueue,
        queue: QueueManager,
        tracker: MovieDownloader,
        profile: Profile,
        clock: Clock,
        *,
        interval_s: float,
    ) -> None:
        self._sweeps = sweeps
        self._queue = queue
        self._tracker = tracker
        self._profile = profile
        self._clock = clock
        self._interval_s = interval_s
        self._state = sweeps.state(tracker.name)
        self._refused_at: float | None = None

    def next_moment(self) -> float:
        """Unix seconds of the next sweep; now or earlier when it is due.

        A last sweep that lies ahead was noted by a clock that was wrong.
        """
        now, last = self._clock.now(), self._refused_at or self._state.swept_at
        return 0.0 if last is None or last > now else last + _interval_s(self._state, self._interval_s, now)

    def look(self) -> int:
        """Ask once, and make due the films for which something came.

        Returns:
            How many films that is.

        Raises:
            ProviderError: As for MovieDownloader.latest; the same look is due again, after QueryRefused in its turn.
        """
        try:
            releases = self._tracker.latest()
        except QueryRefused:
            # Asked again at once it would be refused again, until no call of the hour is left for searches.
            self._refused_at = self._clock.now()
            raise
        self._refused_at = None
        before = self._state.newest_id
        ids = [release.release_id for release in releases]
        # The page's own newest: a number far ahead, or another site of that name, would hide every gap to come.
        swept = Swept(max(ids, default=before))
        swept.gap = before is not None and bool(ids) and min(ids) > before
        for film_id, candidates in self._candidates(releases).items():
            self._judge(film_id, candidates, before, swept)
        woken = self._sweeps.swept(self._tracker.name, swept)
        self._tell(swept, woken)
        self._state = self._sweeps.state(self._tracker.name)
        return woken

    def _tell(self, swept: Swept, woken: int) -> None:
        if woken:
            log.info("%s has something new for %d films.", self._tracker.name, woken)
        if swept.gap:
            log.warning(
                "More came to %s since the last look than it shows at once: the next %.0f h it is looked at more"
                " often, and what waits is searched again in its turn.",
                self._tracker.name,
                QUICK_FOR_S / 3600,
            )

    def _candidates(self, releases: Sequence[Release]) -> Mapping[int, Sequence[Release]]:
        """Films that wait, each with the releases that carry its id or title; no judgement yet."""
        if not releases:
            return {}
        by_name: defaultdict[str, list[Release]] = defaultdict(list)
        for release in releases:
            for name in {title_key(title) for title in parse_release(release.name).titles} | {release.imdb_id}:
                if name:
                    by_name[name].append(release)
        found: dict[int, Sequence[Release]] = {}
        for film in self._sweeps.waiting():
            same = {one.release_id: one for name in _names(film) for one in by_name.get(name, ())}
            if same:
                found[film.film_id] = tuple(same.values())
        return found

    def _judge(self, film_id: int, candidates: Sequence[Release], before: int | None, swept: Swept) -> None:
        film = self._queue.get(film_id)
        if film is None:
            return
        blocklist = self._queue.refused_releases(film_id)
        judged = judge(film.movie, candidates, self._profile, blocklist, self._clock.now())
        known = self._sweeps.accepted_before(film_id)
        found = [
            one.release for one in judged if one.accepted and (one.release.tracker, one.release.release_id) not in known
        ]
        if found:
            swept.found[film_id] = found
            return
        # What was on the page the last time was told then; at the first look, a search has told of it.
        looked = self._state.swept_at is not None
        fresh = [one for one in judged if looked and one.release.release_id > (before or 0)]
        refused = [one for one in fresh if not one.accepted and is_of_film(film.movie, one.release)]
        if refused:
            swept.refused[film_id] = refused


def _interval_s(state: SweepState, interval_s: float, now: float) -> float:
    quick = state.gap_at is not None and 0 <= now - state.gap_at < QUICK_FOR_S
    return interval_s / QUICKER if quick else interval_s


def _names(film: WaitingFilm) -> set[str]:
    keys = {title_key(title) for title in film.titles} - {""}
    return keys | {film.imdb_id} if film.imdb_id else keys
