"""The workers: each walks its films through the rooms, one unit a step, and is tested without threads."""

import abc
import json
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from movie_sync.clean_up import CleanUp
from movie_sync.clients.torrent_client import BROKEN, TorrentClient, disk_is_well
from movie_sync.disk_space import DISK, MAX_SPACE, DiskSpace, NoRoom
from movie_sync.errors import (
    AuthFailed,
    CallsUsedUp,
    ClientRefuses,
    ConfigError,
    FacesError,
    NeedsPerson,
    NothingFound,
    ProviderError,
    QueryRefused,
    Stopping,
    StoreError,
    Unavailable,
)
from movie_sync.film_details import FilmDetails
from movie_sync.hand_over import HandOver
from movie_sync.health import FOREVER, ProviderHealth
from movie_sync.lib.backoff import provider_wait_s, search_again_s
from movie_sync.lib.clock import Clock
from movie_sync.lib.files import write_whole
from movie_sync.library.index import PROVIDER as LIBRARY
from movie_sync.library.index import LibraryIndex
from movie_sync.movie import ClientTorrent, Decision, Purpose, Release, Status, WatchedFilm
from movie_sync.queues.entries import entry_of
from movie_sync.queues.exports import take_in
from movie_sync.queues.json_files import QueueFiles
from movie_sync.queues.queue_manager import ANY_SEARCH, CHOSEN, PROGRESS_STEP, QueueManager
from movie_sync.releases.profile import Profile
from movie_sync.releases.rank import common_title, judge
from movie_sync.store.films import FilmRecord
from movie_sync.store.offers import Offer
from movie_sync.store.providers import FINE
from movie_sync.store.transfers import Transfer
from movie_sync.store.wishes import EXPORT, ListState
from movie_sync.sweep import Sweep
from movie_sync.trackers.download_service import CALLS_A_SEARCH, MovieDownloader
from movie_sync.upgrades import Upgrades
from movie_sync.watchlists.csv_folder import PROVIDER as CSV
from movie_sync.watchlists.csv_folder import CsvFolder
from movie_sync.watchlists.watchlist import Known, Reading, Watchlist

log = logging.getLogger(__name__)

# A step is never further off than this: clocks jump and people act.
LONGEST_WAIT_S = 60.0
# What waits for a person comes back to be looked at this often; a change of credentials brings it back at once.
PERSON_S = 3600.0
# Where it matters what is missing from a list, it is read as a whole this often.
PROVEN_S = 86400.0
ACTIVE_POLL_S = 2.0
IDLE_POLL_S = 30.0
# No byte and no seed for this long is shown as stalled; nothing is judged by it.
SHOWN_STALLED_S = 300.0
# How long it stood is stored at such steps, so that restarts do not begin the count anew.
STOOD_STEP_S = 3600.0
MOST_ADDS = 3
# More than 3 transfers and 20 % missing at once: nothing is judged, the person is asked.
MANY_MISSING = 3
MANY_MISSING_SHARE = 0.2
# As whose fault a film is put off that waits for another to be downloaded.
MAX_ACTIVE = "max_active_downloads"
# A film that waits for a place or for room is looked at again after so long; it costs no call.
NO_ROOM_S = 3600.0
MANY_WITHOUT_ROOM = 20
# What was at hand for a film is as good as a search for so long.
OFFER_S = 24 * 3600.0


class Worker(abc.ABC):
    """A loop around `step`; whatever goes wrong in a step is logged once and the loop goes on.

    Args:
        clock: Time, handed to each step.

    Attributes:
        errors_in_a_row: Unexpected errors since the last step that went well.
    """

    name: str

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._awake = threading.Event()
        self.errors_in_a_row = 0
        self._last_error = ""

    @abc.abstractmethod
    def step(self, now: float) -> float:
        """Do one unit of work.

        Args:
            now: Unix seconds.

        Returns:
            Seconds until the next step is worth doing; 0 when there is more to do now.
        """

    def wake(self) -> None:
        """Make the next step happen now."""
        self._awake.set()

    def run(self, stop: threading.Event) -> None:
        """Step until told to stop."""
        while not stop.is_set():
            wait_s = self.guarded_step()
            if self.errors_in_a_row:
                # Its own last commit would wake it at once.
                stop.wait(wait_s)
            elif wait_s > 0:
                self._awake.wait(min(wait_s, LONGEST_WAIT_S))
            self._awake.clear()

    def guarded_step(self) -> float:
        """One step; an unexpected error is logged once with its trace and answered with back-off."""
        try:
            wait_s = self.step(self._clock.now())
        except Stopping:
            return 0.0
        except Exception as exc:  # noqa: BLE001  the worker boundary: whatever happens, the others go on
            return self._failed(exc)
        if self.errors_in_a_row:
            log.info("%s works again.", self.name)
            self.errors_in_a_row = 0
            self._last_error = ""
        return wait_s

    def _failed(self, exc: Exception) -> float:
        self.errors_in_a_row += 1
        wait_s = min(provider_wait_s(self.errors_in_a_row), 900.0)
        text = f"{type(exc).__name__}: {exc}"
        if text != self._last_error:
            expected = isinstance(exc, StoreError | OSError)
            log.error("%s: %s Next try in %.0f s.", self.name, text, wait_s, exc_info=None if expected else exc)
        self._last_error = text
        return wait_s


# Until when (Unix seconds), why, and whose fault it is.
_Held = tuple[float, str, str]


@dataclass(slots=True)
class Tally:
    """What a pass did, in films."""

    checked: int = 0
    added: int = 0
    counts: Counter[str] = field(default_factory=Counter)


class MonitorWorker(Worker):
    """Checks every watchlist when its time has come, and in quiet times reads film pages nobody waits for.

    Args:
        watchlists: May be empty.
        queue: Where new films go.
        details: Film pages that nobody waits for are read in quiet times.
        health: Decides whether a source may be asked.
        clock: See Worker.
        check_interval_s: Between two checks of one list.
        watchlist_path: Where the last good list is kept for people to read.
        first_run: How many films of a list's first read are fetched, newest first; None: all.
        exports: A folder in which exports are looked for; None: there is none.
        prove_daily: Read every list as a whole at least once a day, since what is missing from it has consequences.
        on_new: Called when films were added.
    """

    name = "watchlist check"

    def __init__(
        self,
        watchlists: Sequence[Watchlist],
        queue: QueueManager,
        details: FilmDetails,
        health: ProviderHealth,
        clock: Clock,
        *,
        check_interval_s: float,
        watchlist_path: Path,
        first_run: int | None = None,
        exports: CsvFolder | None = None,
        prove_daily: bool = False,
        on_new: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(clock)
        self.tally = Tally()
        self._watchlists = watchlists
        self._queue = queue
        self._health = health
        self._interval_s = check_interval_s
        self._path = watchlist_path
        self._details = details
        self._first_run = first_run
        self._exports = exports
        self._prove_daily = prove_daily
        self._on_new = on_new

    def step(self, now: float) -> float:
        """Check the lists that are due and look for exports, else learn of one film in quiet times."""
        waits = [self._check_if_due(watchlist, now) for watchlist in self._watchlists]
        self._take_exports(now)
        if min(waits, default=1.0) > 0 and not self._queue.any_due(["search"]) and self._details.read_one(now):
            self._on_new()
        return min(waits, default=LONGEST_WAIT_S)

    def check_all(self) -> None:
        """Check every list now, whatever its time; sources that have to be left alone stay alone."""
        for watchlist in self._watchlists:
            if self._health.next_try(watchlist.provider) <= self._clock.now():
                self._check(watchlist)
        self._take_exports(self._clock.now())

    def _check_if_due(self, watchlist: Watchlist, now: float) -> float:
        next_try = self._health.next_try(watchlist.provider)
        if next_try > now:
            return min(next_try - now, LONGEST_WAIT_S)
        next_check = self._queue.list_state(watchlist.name).next_check
        # A moment further off than the interval was written by a clock that was wrong.
        if next_check is not None and now < next_check <= now + self._interval_s:
            return next_check - now
        self._check(watchlist)
        return min(self._interval_s, LONGEST_WAIT_S)

    def _check(self, watchlist: Watchlist) -> None:
        begun_at = self._clock.now()
        state = self._queue.list_state(watchlist.name)
        names = self._queue.known_names(watchlist.name)
        read_before = state.proven_at is not None
        known = Known(names, state.size + state.surplus, read_before and not self._to_prove(state, begun_at))
        added_before = self.tally.added
        first = _FirstRun(None if read_before else self._first_run, names)
        seen = 0

        def on_page(found: Sequence[WatchedFilm]) -> None:
            nonlocal seen
            intake = self._queue.wish(found, watchlist.name, begun_at, wanted=first, reorder=not read_before)
            self.tally.added += intake.added
            seen += intake.seen
            if intake.added:
                self._on_new()

        try:
            reading = watchlist.check(known, on_page)
        except ProviderError as exc:
            self._health.failed(exc)
            return
        except ConfigError as exc:
            self._health.failed(AuthFailed(watchlist.provider, exc.message, hint=exc.hint, code=exc.code))
            return
        if seen:
            log.info("%s: %d films count as seen before; movie-sync add --seen queues them.", watchlist.name, seen)
        self._recover(watchlist.provider)
        self._conclude(watchlist, reading, begun_at, self.tally.added - added_before)

    def _to_prove(self, state: ListState, now: float) -> bool:
        return self._prove_daily and not 0 <= now - (state.proven_at or 0.0) < PROVEN_S

    def _conclude(self, watchlist: Watchlist, reading: Reading, begun_at: float, added: int) -> None:
        gone = self._queue.list_checked(
            watchlist.name,
            begun_at=begun_at,
            total=reading.total,
            complete=reading.complete,
            next_check=self._clock.now() + self._interval_s,
        )
        self.tally.checked += reading.total
        if added or gone:
            log.info("%s: %d films, %d new, %d left", watchlist.name, reading.total, added, gone)
        if not reading.short and not reading.complete:
            log.warning(
                "%s: read %d of %d films; it changed meanwhile, the next check reads on.",
                watchlist.name,
                reading.read,
                reading.total,
            )
        if added or gone or not self._path.exists():
            self._write_watchlist(watchlist.name)

    def _write_watchlist(self, list_name: str) -> None:
        """Keep the last good list for people; the program itself never needs it while its database is there."""
        films = [entry_of(film) for film in self._queue.wished_films(list_name)]
        keys = ("id", "title", "year", "slug", "url", "imdb_id", "lid", "status")
        rows = [{key: film[key] for key in keys} for film in films]
        write_whole(self._path, json.dumps(rows, indent=2, ensure_ascii=False).encode() + b"\n")

    def _recover(self, provider: str) -> None:
        if self._health.fine(provider) and self._queue.end_put_off(provider):
            self._on_new()

    def _take_exports(self, now: float) -> None:
        if self._exports is None:
            return
        for path, found in self._exports.changed(now):
            first = self._first_run if self._queue.list_state(EXPORT).size == 0 else None
            intake = take_in(self._queue, found, now, first)
            name = os.fsencode(path.name).decode("utf-8", "replace")
            self._exports.taken(path)
            self.tally.added += intake.added
            log.info("%s: %d films, %d new", name, len(found), intake.added)
            if intake.added:
                self._on_new()
        self._tell_problems(self._exports)

    def _tell_problems(self, exports: CsvFolder) -> None:
        problems = exports.problems
        if not problems:
            self._health.fine(CSV)
        elif self._health.state(CSV).message != problems[0].message:
            self._health.failed(NeedsPerson(CSV, problems[0].message, hint=problems[0].hint, code="bad_export"))


class _FirstRun:
    """Says which films of a list's first read are fetched: the newest so many.

    A first read that was broken off is taken up by the next check: what stands above the first film seen on the list by
    then was added meanwhile, and is fetched.

    Args:
        limit: How many; None: all, as after the first read.
        names: Of the films seen on the list so far.
    """

    def __init__(self, limit: int | None, names: Collection[str]) -> None:
        self._limit = limit
        self._names = set(names)
        self._above_known = False

    def __call__(self, film: WatchedFilm, new: bool) -> bool:  # noqa: ARG002  known elsewhere says nothing of this list
        """See QueueManager.wish; films come in the list's order, position 0 begins it anew."""
        if self._limit is None:
            return True
        if film.position == 0:
            self._above_known = bool(self._names)
        if not self._names.isdisjoint(film.movie.names):
            self._above_known = False
        self._names.update(film.movie.names)
        return film.position < self._limit or self._above_known


class DownloadWorker(Worker):
    """Takes one film at a time from claim to hand-over, and looks at the newest releases in between.

    Args:
        details: What else is known of a film.
        tracker: Asked for releases.
        client: Takes torrents.
        library: What is on disk.
        queue: Hands out films and keeps outcomes.
        hand_over: The last steps.
        health: Decides whether a service may be asked.
        profile: What the user wants of a release.
        sweep: The newest releases.
        upgrades: Looked after when no film is due.
        space: Room for another film.
        clock: See Worker.
        max_active: Films downloading at once; 0: no limit.
        on_handed_over: Called when the client got a film.
    """

    name = "download"

    def __init__(
        self,
        details: FilmDetails,
        tracker: MovieDownloader,
        client: TorrentClient,
        library: LibraryIndex,
        queue: QueueManager,
        hand_over: HandOver,
        health: ProviderHealth,
        profile: Profile,
        clock: Clock,
        *,
        sweep: Sweep,
        upgrades: Upgrades,
        space: DiskSpace,
        max_active: int = 0,
        on_handed_over: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(clock)
        self.tally = Tally()
        self._details = details
        self._tracker = tracker
        self._client = client
        self._library = library
        self._queue = queue
        self._hand_over = hand_over
        self._health = health
        self._profile = profile
        self._sweep = sweep
        self._upgrades = upgrades
        self._space = space
        self._max_active = max_active
        self._on_handed_over = on_handed_over
        self._claimed: int | None = None
        # Films in a row that had no room.
        self._without_room = 0

    def step(self, now: float) -> float:
        """Finish begun hand-overs, then work on one film; first make sure that everything it needs is there."""
        self._give_back()
        self._look_at_newest(now)
        free = self._free_searches()
        full = self._full(free, now)
        hand_overs = self._queue.due_hand_overs()
        if not hand_overs and not self._queue.any_due(free):
            return self._idle(full, free, now)
        if (held := self._held(now)) is not None:
            for film in hand_overs:
                self._count("put_off", self._queue.put_off(film.film_id, *held))
            return self._put_off_all(held, now)
        for film in hand_overs:
            if not self._finish(film):
                return 0.0
        if hand_overs:
            full = self._full(free, now)  # what was finished just now has taken places
        # What is on its way to the client needs no tracker and has its place; what is to be searched does not.
        if full is not None or (full := self._left_alone(self._tracker.name, now)) is not None:
            return self._put_off_all(full, now)
        claimed = self._queue.claim(free)
        if claimed is None:
            return self._until_next(now)
        self._claimed = claimed.film_id
        self._work_on(claimed)
        self._claimed = None
        return 0.0

    def _give_back(self) -> None:
        """What an error (a full disk) left claimed is due again."""
        if self._claimed is not None:
            self._queue.unclaim(self._claimed)
            self._claimed = None

    # -- what may be done now

    def _look_at_newest(self, now: float) -> None:
        """Sweep when it is time, also while nothing can be handed over: what is missed now is gone from the page."""
        due = self._sweep.next_moment() <= now and self._left_alone(self._tracker.name, now) is None
        if not due or self._tracker.wait_s("sweep") > 0:
            return
        try:
            self._sweep.look()
        except ProviderError as exc:
            self._failed_call(exc)
        else:
            self._recovered(self._tracker.name)

    def _failed_call(self, exc: ProviderError) -> None:
        """Note trouble of the tracker; that our own calls of the hour are used up is none."""
        if isinstance(exc, QueryRefused):
            log.info("%s", exc)
        elif not isinstance(exc, CallsUsedUp):
            self._health.failed(exc)

    def _free_searches(self) -> Collection[Purpose]:
        return [purpose for purpose in ANY_SEARCH if self._tracker.wait_s(purpose, CALLS_A_SEARCH) <= 0]

    def _full(self, searches: Collection[Purpose], now: float) -> _Held | None:
        """Why no further download may begin now; None when one may, and then as many films as may are due."""
        if not self._max_active:
            return None
        free = self._max_active - self._queue.active_downloads()
        if free > 0:
            if not self._queue.any_due(searches):
                self._queue.end_put_off(MAX_ACTIVE, free)
            return None
        return now + NO_ROOM_S, f"{self._max_active} films are downloading, which is the limit set.", MAX_ACTIVE

    def _put_off_all(self, held: _Held, now: float) -> float:
        self.tally.counts["put_off"] += self._queue.put_off_all_due(*held)
        return min(max(held[0] - now, 1.0), self._until_next(now))

    def _idle(self, full: _Held | None, free: Collection[Purpose], now: float) -> float:
        """No film is due: look for one better release, if it is time."""
        if full is None and "repeat" in free and self._left_alone(self._tracker.name, now) is None:
            try:
                if self._upgrades.look():
                    self._recovered(self._tracker.name)
                    return 0.0
            except ProviderError as exc:
                self._failed_call(exc)
        return self._until_next(now)

    def _until_next(self, now: float) -> float:
        """Seconds until something can be due: a film's time, a free call, a sweep, an upgrade's look."""
        tracker = self._tracker
        alone_s = self._health.next_try(tracker.name) - now
        waits = [max(self._sweep.next_moment() - now, tracker.wait_s("sweep"), alone_s)]
        waits += [tracker.wait_s(purpose, CALLS_A_SEARCH) for purpose in ANY_SEARCH if self._queue.any_due([purpose])]
        if (moment := self._queue.next_moment()) is not None:
            waits.append(moment - now)
        if (moment := self._upgrades.next_moment()) is not None:
            waits.append(max(moment - now, tracker.wait_s("repeat", CALLS_A_SEARCH), alone_s))
        return min(max(min(waits), 0.5), LONGEST_WAIT_S)

    def _left_alone(self, provider: str, now: float) -> _Held | None:
        """Why a provider may not be asked now; None when it may."""
        next_try = self._health.next_try(provider)
        if next_try <= now:
            return None
        until = now + PERSON_S if next_try == FOREVER else next_try
        return until, self._health.state(provider).message or f"{provider} is not available.", provider

    def _held(self, now: float) -> _Held | None:
        """Why nothing can be handed over now; None when client, library and disk are well."""
        for provider in (self._client.name, DISK):
            if (left_alone := self._left_alone(provider, now)) is not None:
                return left_alone
        for provider, look in ((LIBRARY, self._library.refresh), (self._client.name, self._client.check)):
            try:
                look()
            except ProviderError as exc:
                return self._until_after(exc), exc.message, exc.provider
            self._recovered(provider)
        try:
            return self._crowded(self._space.missing())
        except ProviderError as exc:
            return self._until_after(exc), exc.message, exc.provider

    def _crowded(self, missing: NoRoom | None) -> _Held | None:
        """Why there is no room for any film; that the disk is full is a state of its own."""
        if missing is None or missing.limit != DISK:
            self._recovered(DISK)
            return self._no_room(missing) or self._crowded_out()
        full = Unavailable(DISK, missing.reason, hint=missing.hint, code="disk_full")
        return self._until_after(full), full.message, DISK

    def _crowded_out(self) -> _Held | None:
        """After many films in a row that had no room, no further one is searched for a while."""
        if self._without_room < MANY_WITHOUT_ROOM:
            return None
        self._without_room = 0
        reason = f"The last {MANY_WITHOUT_ROOM} films had no room."
        return self._clock.now() + NO_ROOM_S, reason, MAX_SPACE

    def _no_room(self, missing: NoRoom | None) -> _Held | None:
        return None if missing is None else (self._clock.now() + NO_ROOM_S, missing.reason, missing.limit)

    def _until_after(self, error: ProviderError) -> float:
        """Note a failure; when to come back, Unix seconds."""
        now = self._clock.now()
        self._health.failed(error)
        next_try = self._health.next_try(error.provider)
        return now + PERSON_S if next_try == FOREVER else max(next_try, now + 1)

    def _recovered(self, provider: str) -> None:
        if self._health.fine(provider):
            self._queue.end_put_off(provider)

    # -- one film

    def _work_on(self, film: FilmRecord) -> None:
        """One film; whatever happens, it is in exactly one state afterwards."""
        try:
            self._choose(film)
        except NothingFound as exc:
            reason = " ".join((exc.message, *exc.reasons[:3]))
            self._queue.drop_offer(film.film_id, reason)
            self._count("failed", self._queue.fail(film.film_id, "no_usable_torrent", reason))
        except QueryRefused as exc:
            self._count("failed", self._queue.fail(film.film_id, exc.code, exc.message))
        except CallsUsedUp:
            self._queue.unclaim(film.film_id)  # it keeps its place
        except ProviderError as exc:
            until = self._until_after(exc)
            self._count("put_off", self._queue.put_off(film.film_id, until, exc.message, exc.provider))
        except Stopping:
            self._queue.unclaim(film.film_id)
            raise
        except (StoreError, OSError):
            raise
        except Exception as exc:
            self._queue.fail(film.film_id, "internal_error", f"An unexpected {type(exc).__name__} stopped its search.")
            self.tally.counts["failed"] += 1
            raise

    def _choose(self, film: FilmRecord) -> None:
        offer = self._queue.offer(film.film_id)
        if offer is not None and offer.by == "person":
            self._take_chosen(film, offer)
            return
        if self._is_there(film):
            return
        read = self._details.of(film)
        if read.film_id != film.film_id or read.status is not Status.CLAIMED:
            return  # it turned out to be a film that is known already, which goes its own way
        if read.movie.kind == "series" and not self._profile.include_series:
            self._count("failed", self._queue.series(film.film_id))
            return
        if (read is not film and self._is_there(read)) or self._is_asked_about(read):
            return
        if offer is not None and self._take_offer(read, offer):
            return
        releases = self._tracker.search(read.movie, "repeat" if read.searches else "search")
        self._recovered(self._tracker.name)
        named = self._named(read, releases)
        if named is not read and (self._is_there(named) or self._is_asked_about(named)):
            return
        self._take_best(named, releases)

    def _judge(self, film: FilmRecord, releases: Sequence[Release]) -> list[Decision]:
        blocklist = self._queue.refused_releases(film.film_id)
        return judge(film.movie, releases, self._profile, blocklist, self._clock.now())

    def _take_best(self, film: FilmRecord, releases: Sequence[Release]) -> None:
        """Judge what a search brought, and begin to hand over the best."""
        judged = self._judge(film, releases)
        self._queue.searched(film.film_id, judged)
        accepted = [decision for decision in judged if decision.accepted]
        if accepted:
            # Kept, so that waiting for room costs no second search.
            self._queue.keep_offer(film.film_id, [decision.release for decision in accepted])
            if self._has_room(film, accepted[0].release):
                self._begin(film, accepted)
            return
        waits = min((one.passes_at for one in judged if one.passes_at is not None), default=None)
        code, reason = _why_none(len(judged), [decision.refusals for decision in judged])
        if waits is not None:
            # One of them may become freeleech, or another one come, before the wait is over.
            again = min(waits, self._clock.now() + search_again_s(film.searches + 1))
            self._count("put_off", self._queue.put_off(film.film_id, again, reason, "freeleech"))
            return
        self._count("failed", self._queue.not_found(film.film_id, code, reason))

    def _take_offer(self, film: FilmRecord, offer: Offer) -> bool:
        """Take what a sweep saw, or a search before; False when nothing of it may be taken any more."""
        fresh = self._clock.now() - offer.at < OFFER_S
        judged = self._judge(film, offer.releases) if fresh else []
        accepted = [decision for decision in judged if decision.accepted]
        if not accepted:
            self._queue.drop_offer(film.film_id, "What was at hand may not be taken any more.")
            return False
        if self._has_room(film, accepted[0].release):
            if offer.by == "sweep":
                self._queue.judged(film.film_id, judged)
            self._begin(film, accepted)
        return True

    def _take_chosen(self, film: FilmRecord, offer: Offer) -> None:
        """What a person chose is taken, whatever speaks against it but room."""
        if self._has_room(film, offer.releases[0]):
            self._begin(film, [Decision(offer.releases[0], because=CHOSEN)], chosen=True)

    def _begin(self, film: FilmRecord, accepted: Sequence[Decision], *, chosen: bool = False) -> None:
        if self._hand_over.begin(film, accepted, chosen=chosen):
            begun = self._queue.get(film.film_id)
            if begun is not None:
                self._finish(begun)

    def _has_room(self, film: FilmRecord, best: Release) -> bool:
        """False when the best release has no room and the film was put off; others may be smaller."""
        held = self._no_room(self._space.missing(best.size_bytes))
        if held is None:
            self._without_room = 0
            return True
        self._without_room += 1
        self._count("put_off", self._queue.put_off(film.film_id, *held))
        return False

    def _is_there(self, film: FilmRecord) -> bool:
        where = None if film.fetch_anew else self._hand_over.whereabouts(film)
        if where is None:
            return False
        self._count("already_owned", self._queue.owned(film.film_id, where))
        return True

    def _is_asked_about(self, film: FilmRecord) -> bool:
        """True when a file is probably this film: it is held until a person has said so or said no."""
        asked = not film.fetch_anew and self._hand_over.ask_about(film)
        self._count("put_off", asked)
        return asked

    def _named(self, film: FilmRecord, releases: Sequence[Release]) -> FilmRecord:
        """A film known by its tt id alone is called what most of its releases call it."""
        title = common_title(film.movie.imdb_id, releases) if film.movie.title == film.movie.imdb_id else None
        return film if title is None else self._queue.name(film.film_id, *title) or film

    def _finish(self, film: FilmRecord) -> bool:
        """The hand-over itself; an intent stays the film's intent until it is done or proven impossible.

        Returns:
            False when it had to be put off.
        """
        refused = refusing(self._client)
        try:
            outcome = self._hand_over.finish(film)
        except ClientRefuses as exc:
            self._health.failed(NeedsPerson(refused, exc.message, hint=exc.hint, code=exc.code))
            until = self._clock.now() + PERSON_S
            self._count("put_off", self._queue.put_off(film.film_id, until, str(exc), refused))
            return False
        except ProviderError as exc:
            until = self._until_after(exc)
            self._count("put_off", self._queue.put_off(film.film_id, until, exc.message, exc.provider))
            return False
        except (Stopping, StoreError, OSError):
            raise
        except Exception as exc:
            reason = f"An unexpected {type(exc).__name__} stopped its hand-over; the same is tried again."
            self._count("put_off", self._queue.put_off(film.film_id, self._clock.now() + PERSON_S, reason, ""))
            raise
        if outcome is not None:
            self.tally.counts["already_owned" if outcome == "owned" else "handed_over"] += 1
            self._health.fine(refused)
            self._on_handed_over()
        return True

    def _count(self, what: str, happened: bool) -> None:
        self.tally.counts[what] += happened


def _why_none(count: int, refusals: Sequence[Sequence[str]]) -> tuple[str, str]:
    """Reason code and sentence for a film none of whose releases passes."""
    if count == 0:
        return "not_on_tracker", "The tracker does not have it."
    common = Counter(reasons[0] for reasons in refusals if reasons).most_common(2)
    told = "; ".join(f"{reason} ({times}×)" if times > 1 else reason for reason, times in common)
    return "all_refused", f"None of {count} releases passes: {told}."


def refusing(client: TorrentClient) -> str:
    """Under which name it is noted that a client will not take some torrent; the client itself is well."""
    return f"{client.name}:refuses"


def missing_from(client: TorrentClient) -> str:
    """Under which name it is noted that many torrents are missing; the client itself is well."""
    return f"{client.name}:missing"


@dataclass(slots=True)
class _Watch:
    """What this process saw of one transfer; gone with the process, and no harm done."""

    progress: float
    moved_at: float
    shown_stalled: bool
    stood_s: float = 0.0
    errors: int = 0


class TransferWorker(Worker):
    """Watches the client: progress, finished, stalled, missing.

    Args:
        client: Asked by info-hash, never by name.
        queue: Keeps what was seen.
        hand_over: Gives a lost torrent again.
        health: Decides whether the client may be asked.
        clock: See Worker.
        upgrades: Better releases on their way.
        clean_up: Takes out what nobody wishes for any more.
        stalled_after_s: Without a byte or a seed for this long, another release is taken.
        keep_torrent_files: Keep the .torrent of a finished film.
        on_due: Called when films may be due: one needs another release, the client is back, or a download ended.
    """

    name = "transfers"

    def __init__(
        self,
        client: TorrentClient,
        queue: QueueManager,
        hand_over: HandOver,
        health: ProviderHealth,
        clock: Clock,
        *,
        upgrades: Upgrades,
        clean_up: CleanUp,
        stalled_after_s: float,
        keep_torrent_files: bool,
        on_due: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(clock)
        self._client = client
        self._queue = queue
        self._hand_over = hand_over
        self._health = health
        self._upgrades = upgrades
        self._clean_up = clean_up
        self._stalled_after_s = stalled_after_s
        self._keep_torrent_files = keep_torrent_files
        self._on_due = on_due
        self._watched: dict[int, _Watch] = {}
        self._polled_at: float | None = None
        self._unfinished = 0

    def step(self, now: float) -> float:
        """Look at every current transfer once."""
        pairs = [pair for pair in self._queue.current_transfers() if pair[0].client in {self._client.name, ""}]
        if not pairs:
            self._polled_at = None
            self._unfinished = 0
        if not self._client.reports:
            return LONGEST_WAIT_S
        if self._health.next_try(self._client.name) > now:
            self._polled_at = None
            return ACTIVE_POLL_S
        try:
            wait_s = self._look(pairs) if pairs else LONGEST_WAIT_S
            wait_s = ACTIVE_POLL_S if self._upgrades.follow() else wait_s
            self._clean_up.look(now)
            return wait_s
        except ProviderError as exc:
            self._health.failed(exc)
            self._polled_at = None
            self._unfinished = 0
            return ACTIVE_POLL_S

    def _look(self, pairs: Sequence[tuple[Transfer, FilmRecord]]) -> float:
        """Ask the client once and judge what it says; seconds until the next look."""
        seen = self._client.snapshot([transfer.info_hash for transfer, _ in pairs])
        if self._health.fine(self._client.name) and self._queue.end_put_off(self._client.name):
            self._on_due()
        present = [(transfer, film, seen[transfer.info_hash]) for transfer, film in pairs if transfer.info_hash in seen]
        missing = [transfer for transfer, _ in pairs if transfer.info_hash not in seen]
        self._judge_missing(missing, sum(transfer.done_at is None for transfer, _ in pairs))
        self._judge_present(present)
        self._polled_at = self._clock.monotonic()
        self._unfinished = sum(
            transfer.done_at is None and not torrent.done and not self._stands(transfer)
            for transfer, _, torrent in present
        )
        return ACTIVE_POLL_S if missing or any(transfer.done_at is None for transfer, _ in pairs) else IDLE_POLL_S

    def _stands(self, transfer: Transfer) -> bool:
        watch = self._watched.get(transfer.transfer_id)
        return watch is not None and watch.shown_stalled

    def unfinished(self) -> int:
        """How many films the client was downloading at the last look; what stands still is not worth waiting for."""
        return self._unfinished

    # -- missing

    def _judge_missing(self, missing: Sequence[Transfer], unfinished: int) -> None:
        """Finished ones may go: people delete films they have seen."""
        lost = [transfer for transfer in missing if transfer.done_at is None]
        many = len(lost) > MANY_MISSING and len(lost) > MANY_MISSING_SHARE * unfinished
        noted = missing_from(self._client)
        if many and self._health.state(noted).state == FINE:
            self._health.failed(
                NeedsPerson(
                    noted,
                    f"{len(lost)} of {unfinished} downloads are missing from {self._client.name} all at once.",
                    hint="If it was set up anew on purpose, take these films out of queue_completed.json, or move them"
                    " to queue_pending.json to fetch them again.",
                    code="many_missing",
                )
            )
        if not many:
            self._health.fine(noted)
        for transfer in missing:
            if many and transfer.done_at is None:
                continue
            # Missing from two polls in a row of a client that answers.
            if self._queue.missing(transfer) >= 2:
                self._lost(transfer)

    def _lost(self, transfer: Transfer) -> None:
        if transfer.done_at is not None or transfer.progress > 0 or transfer.added_by_us is False:
            self._queue.gone(transfer)
            self._hand_over.forget_torrent(transfer.info_hash)
            self._on_due()
            log.info("%s is gone from %s.", transfer.release_name, self._client.name)
        elif transfer.adds < MOST_ADDS and self._hand_over.again(transfer.info_hash):
            self._queue.added_again(transfer)
        else:
            self._block(transfer, f"{self._client.name} lost it {transfer.adds} times before a byte came.")

    # -- present

    def _judge_present(self, present: Sequence[tuple[Transfer, FilmRecord, ClientTorrent]]) -> None:
        elapsed_s = 0.0 if self._polled_at is None else self._clock.monotonic() - self._polled_at
        undone = [torrent for transfer, _, torrent in present if transfer.done_at is None]
        broken = [torrent for torrent in undone if torrent.state in BROKEN]
        moving = any(torrent.speed_bytes_s > 0 for torrent in undone)
        # An error is the torrent's own only when others, or the disk, are seen to be well.
        alone = len(broken) == 1 and (moving or disk_is_well(broken[0]))
        # One that is alone has no other to tell whether it is the line.
        counts = moving or len(undone) == 1
        watched, self._watched = self._watched, {}
        for transfer, film, torrent in present:
            if transfer.missing_polls:
                self._queue.seen_again(transfer)
            if transfer.done_at is None:
                shown = film.status is Status.STALLED
                fresh = _Watch(transfer.progress, self._clock.monotonic(), shown, transfer.stood_s)
                watch = self._watched[transfer.transfer_id] = watched.get(transfer.transfer_id, fresh)
                self._follow(transfer, torrent, watch, elapsed_s if counts else 0.0, alone=alone)

    def _follow(
        self, transfer: Transfer, torrent: ClientTorrent, watch: _Watch, counted_s: float, *, alone: bool
    ) -> None:
        """One transfer that is not whole yet."""
        watch.errors = watch.errors + 1 if torrent.state in BROKEN else 0
        if torrent.done:
            self._finished(transfer)
        elif watch.errors >= 2 and alone:
            # One poll may see a passing state.
            self._block(transfer, f"{self._client.name} reports {torrent.message or 'an error'}.")
        elif torrent.progress > watch.progress:
            self._moved(transfer, torrent, watch)
        elif torrent.state not in {"checking", "paused"}:
            self._stood(transfer, torrent, watch, counted_s)

    def _moved(self, transfer: Transfer, torrent: ClientTorrent, watch: _Watch) -> None:
        watch.progress, watch.moved_at, watch.stood_s = torrent.progress, self._clock.monotonic(), 0.0
        first = transfer.progressed_at is None
        if first or torrent.progress - transfer.progress >= PROGRESS_STEP:
            self._queue.progressed(transfer, torrent.progress)
            self._take_out_superseded(transfer)
        elif watch.shown_stalled:
            self._queue.resumed(transfer)
        elif transfer.stood_s:
            self._queue.stood(transfer, 0.0)
        watch.shown_stalled = False

    def _take_out_superseded(self, transfer: Transfer) -> None:
        """The next best runs: what was blocklisted for this film, and added by us, leaves the client.

        Its files go with it, unless the new torrent writes under the same name; one that became whole after all stays.
        """
        olds = self._queue.superseded(transfer.film_id, self._client.name)
        seen = self._client.snapshot([old.info_hash for old in olds]) if olds else {}
        for old in olds:
            if old.info_hash in seen and seen[old.info_hash].done:
                self._queue.taken_out(old, stays=True)
                continue
            delete_files = old.done_at is None and old.torrent_name not in {"", transfer.torrent_name}
            self._client.remove(old.info_hash, delete_files=delete_files)
            self._queue.taken_out(old)

    def _stood(self, transfer: Transfer, torrent: ClientTorrent, watch: _Watch, counted_s: float) -> None:
        """Counted only while the client ran and other torrents moved: else it may be the line."""
        if torrent.seeds == 0:
            watch.stood_s += counted_s
        if watch.stood_s - transfer.stood_s >= STOOD_STEP_S:
            self._queue.stood(transfer, watch.stood_s)
        if watch.stood_s >= self._stalled_after_s:
            self._block(transfer, f"no byte and no seed for {watch.stood_s / 3600:.0f} h.")
        elif not watch.shown_stalled and self._clock.monotonic() - watch.moved_at >= SHOWN_STALLED_S:
            watch.shown_stalled = True
            self._queue.stalled(transfer, "No byte came for a while.")

    def _finished(self, transfer: Transfer) -> None:
        self._queue.downloaded(transfer)
        self._upgrades.plan(transfer.film_id, transfer.release_name)
        self._on_due()
        self._take_out_superseded(transfer)
        if not self._keep_torrent_files:
            self._hand_over.forget_torrent(transfer.info_hash)
        log.info("downloaded %s", transfer.release_name)

    def _block(self, transfer: Transfer, reason: str) -> None:
        self._queue.blocklist(transfer, reason)
        self._hand_over.forget_torrent(transfer.info_hash)
        log.warning("%s is blocklisted: %s The next best is looked for.", transfer.release_name, reason)
        self._on_due()


class FacesWorker(Worker):
    """Keeps the three queue files up to date, and takes what a person edits in them.

    Args:
        files: The files.
        clock: See Worker.
        on_edit: Called after a round, for an edit may have made films due.
    """

    name = "queue files"

    def __init__(self, files: QueueFiles, clock: Clock, *, on_edit: Callable[[], None] = lambda: None) -> None:
        super().__init__(clock)
        self._files = files
        self._on_edit = on_edit

    def step(self, now: float) -> float:  # noqa: ARG002  the files have no schedule
        """Merge and write if anything changed; at the latest after 1 s or 20 times what that cost."""
        if not self._files.out_of_date():
            return 1.0
        begun = self._clock.monotonic()
        report(self._files.sync())
        self._on_edit()
        return max(1.0, 20 * (self._clock.monotonic() - begun))


def report(problems: Sequence[FacesError]) -> None:
    """Tell of queue files that could not be taken as they were."""
    for problem in problems:
        log.error("%s", problem)
