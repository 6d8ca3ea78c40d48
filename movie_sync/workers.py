"""The two workers that walk films through the rooms: from the watchlist to the queue, from the queue to the client."""

import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from movie_sync.clients.torrent_client import TorrentClient
from movie_sync.errors import (
    AuthFailed,
    CallsUsedUp,
    ClientRefuses,
    ConfigError,
    NeedsPerson,
    NothingFound,
    ProviderError,
    QueryRefused,
    Stopping,
    StoreError,
)
from movie_sync.film_details import FilmDetails
from movie_sync.hand_over import HandOver
from movie_sync.health import ProviderHealth
from movie_sync.lib.backoff import search_again_s
from movie_sync.lib.clock import Clock
from movie_sync.lib.files import write_whole
from movie_sync.lib.redaction import redact
from movie_sync.lib.shortage import shortage
from movie_sync.movie import Decision, Purpose, Release, Status, WatchedFilm
from movie_sync.queues.entries import entry_of
from movie_sync.queues.exports import take_in
from movie_sync.queues.queue_manager import ANY_SEARCH, CHOSEN, QueueManager
from movie_sync.readiness import PERSON_S, Held, Readiness
from movie_sync.releases.profile import Profile
from movie_sync.releases.rank import common_title, judge
from movie_sync.store.films import FilmRecord
from movie_sync.store.offers import Offer
from movie_sync.store.wishes import EXPORT, ListState
from movie_sync.sweep import Sweep
from movie_sync.trackers.download_service import CALLS_A_SEARCH, MovieDownloader
from movie_sync.upgrades import Upgrades
from movie_sync.watchlists.csv_folder import PROVIDER as CSV
from movie_sync.watchlists.csv_folder import CsvFolder
from movie_sync.watchlists.watchlist import Known, Reading, Watchlist
from movie_sync.worker import LONGEST_WAIT_S, Tally, Worker

log = logging.getLogger(__name__)

# Where it matters what is missing from a list, it is read as a whole this often.
PROVEN_S = 86400.0
# What was at hand for a film is as good as a search for so long.
OFFER_S = 24 * 3600.0


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
            first = self._exports.is_first(path, self._queue.list_state(EXPORT).size == 0)
            intake = take_in(self._queue, found, now, self._first_run if first else None)
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
        elif self._health.state(CSV).message != redact(problems[0].message):
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
        queue: Hands out films and keeps outcomes.
        hand_over: The last steps.
        ready: Says whether a film may be worked on.
        health: Notes what a client will not take.
        profile: What the user wants of a release.
        clock: See Worker.
        sweep: The newest releases.
        upgrades: Looked after when no film is due.
        on_handed_over: Called when the client got a film.
    """

    name = "download"

    def __init__(
        self,
        details: FilmDetails,
        tracker: MovieDownloader,
        client: TorrentClient,
        queue: QueueManager,
        hand_over: HandOver,
        ready: Readiness,
        health: ProviderHealth,
        profile: Profile,
        clock: Clock,
        *,
        sweep: Sweep,
        upgrades: Upgrades,
        on_handed_over: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(clock)
        self.tally = Tally()
        self._details = details
        self._tracker = tracker
        self._client = client
        self._queue = queue
        self._hand_over = hand_over
        self._ready = ready
        self._health = health
        self._profile = profile
        self._sweep = sweep
        self._upgrades = upgrades
        self._on_handed_over = on_handed_over
        self._claimed: int | None = None

    def step(self, now: float) -> float:
        """Finish begun hand-overs, then work on one film; first make sure that everything it needs is there."""
        self._give_back()
        self._look_at_newest(now)
        free = self._ready.free_searches()
        full = self._ready.full(free)
        hand_overs = self._queue.due_hand_overs()
        if not hand_overs and not self._queue.any_due(free):
            return self._idle(full, free, now)
        if (held := self._ready.held()) is not None:
            for film in hand_overs:
                self._count("put_off", self._queue.put_off(film.film_id, *held))
            return self._put_off_all(held, now)
        for film in hand_overs:
            if not self._finish(film):
                return 0.0
        if hand_overs:
            full = self._ready.full(free)  # what was finished just now has taken places
        # What is on its way to the client needs no tracker and has its place; what is to be searched does not.
        if full is not None or (full := self._ready.tracker_left_alone()) is not None:
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

    def _look_at_newest(self, now: float) -> None:
        """Sweep when it is time, also while nothing can be handed over: what is missed now is gone from the page."""
        if self._sweep.next_moment() > now or not self._ready.may_sweep():
            return
        try:
            self._sweep.look()
        except ProviderError as exc:
            self._ready.tracker_failed(exc)
        else:
            self._ready.tracker_answered()

    def _put_off_all(self, held: Held, now: float) -> float:
        self.tally.counts["put_off"] += self._queue.put_off_all_due(*held)
        return min(max(held.until - now, 1.0), self._until_next(now, upgrades=False))

    def _idle(self, full: Held | None, free: Collection[Purpose], now: float) -> float:
        """No film is due: see whether trouble is over, and look for one better release, if it is time."""
        moment = self._upgrades.next_moment()
        looks = full is None and "repeat" in free and moment is not None and moment <= now
        if (looks or self._ready.trouble_due()) and self._ready.held() is not None:
            return self._until_next(now, upgrades=False)
        if looks and self._ready.tracker_left_alone() is None:
            try:
                if self._upgrades.look():
                    self._ready.tracker_answered()
                    self._on_handed_over()
                    return 0.0
            except ProviderError as exc:
                self._ready.tracker_failed(exc)
        return self._until_next(now, upgrades=full is None)

    def _until_next(self, now: float, *, upgrades: bool = True) -> float:
        """Seconds until something can be due: a film's time, a free call, a sweep, an upgrade's look."""
        tracker, alone_s = self._tracker, self._ready.tracker_wait_s()
        waits = [max(self._sweep.next_moment() - now, tracker.wait_s("sweep"), alone_s)]
        waits += [tracker.wait_s(purpose, CALLS_A_SEARCH) for purpose in ANY_SEARCH if self._queue.any_due([purpose])]
        if (moment := self._queue.next_moment()) is not None:
            waits.append(moment - now)
        if upgrades and (moment := self._upgrades.next_moment()) is not None:
            waits.append(max(moment - now, tracker.wait_s("repeat", CALLS_A_SEARCH), alone_s))
        return min(max(min(waits), 0.5), LONGEST_WAIT_S)

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
            self._count("put_off", self._queue.put_off(film.film_id, *self._ready.after(exc)))
        except Stopping:
            self._queue.unclaim(film.film_id)
            raise
        except (StoreError, OSError):
            raise
        except Exception as exc:
            if shortage(exc):
                raise  # of the machine, and no film's own
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
        self._ready.tracker_answered()
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
            if self._has_room(film, accepted[0].release, searched=True):
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
        # One that lies ahead was kept by a clock that was wrong.
        fresh = abs(self._clock.now() - offer.at) < OFFER_S
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

    def _has_room(self, film: FilmRecord, best: Release, *, searched: bool = False) -> bool:
        """False when the best release has no room and the film was put off; others may be smaller."""
        held = self._ready.no_room(best.size_bytes, searched=searched)
        if held is None:
            return True
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
            self._count("put_off", self._queue.put_off(film.film_id, *self._ready.after(exc)))
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
