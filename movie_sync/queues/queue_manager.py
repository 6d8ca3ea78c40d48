"""QueueManager: takes films in, hands them out to work on, and keeps what came of it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from movie_sync.lib.backoff import RetryPolicy, search_again_s
from movie_sync.lib.clock import Clock, span_text
from movie_sync.movie import Decision, FilmFacts, Movie, Purpose, Queue, Release, Status, Torrent, WatchedFilm
from movie_sync.queues.moves import seen_before, start_anew
from movie_sync.store import Store, decisions, facts, films, history, offers, overview, transfers, wishes
from movie_sync.store.connections import Connection
from movie_sync.store.films import FilmRecord
from movie_sync.store.offers import Offer
from movie_sync.store.overview import QueueStats
from movie_sync.store.transfers import Transfer
from movie_sync.store.wishes import ListState

# Every search there is: the first of a film, and any further.
ANY_SEARCH: Collection[Purpose] = ("search", "repeat")
# Films of one read keep their order: each place further down the page is a millisecond older.
_PLACE_S = 0.001
_LEAVES = frozenset(
    {
        Status.CLAIMED,
        Status.DUE,
        Status.PUT_OFF,
        Status.NOT_FOUND,
        Status.RETRYING,
        Status.PERMANENT,
        Status.SERIES,
    }
)
# A film that leaves in one of these is fetched all the same, where removed films are kept.
_KEPT = (_LEAVES - {Status.SERIES}) | {Status.HANDING_OVER}
# More films than this, or a larger part of a list, leave at once by a fault rather than by a person's hand.
MANY_LEFT = 10
MANY_LEFT_SHARE = 0.2
# Of FilmRecord.cleanup: what is there of the film stays until a person agrees that it goes.
HELD = "held"
# What a tracker is asked by.
_ASKED_BY = ("title", "year", "imdb_id", "alt_titles")
# A film that left and came back while in one of these goes on; any other starts fresh.
_GOES_ON = frozenset({Status.EXCLUDED, Status.CLAIMED, Status.HANDING_OVER, Status.DOWNLOADING, Status.STALLED})
# Why a release is taken that a person chose; it is never replaced by a better one.
CHOSEN = "you chose it"
# Why a transfer that was blocklisted is only replaced: a person let its release be taken again.
CLEARED = "taken off the blocklist"
# A step of the progress shown in the files; finer steps would write to disk all the time.
PROGRESS_STEP = 0.05


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of films a list showed.

    Attributes:
        added: Newly queued.
        known: In a queue already, or excluded.
        seen: New to us, but not to be fetched: on the list before the first run.
    """

    added: int = 0
    known: int = 0
    seen: int = 0


class QueueManager:
    """The rules of the three queues. Safe to use from several threads and processes at once.

    Every method that changes something is one transaction with its history entry. Outcomes of work (`not_found`,
    `fail`, `put_off`, …) count only while the film is still claimed: what a person did to it meanwhile wins.

    Args:
        store: The database.
        clock: Wall time for schedules.
        retries: When a film that failed by its own fault is tried again.
        newest_first: Which of two wishes is worked on first.
        keep_removed: A film that left its list before it was fetched is fetched all the same.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        retries: RetryPolicy | None = None,
        newest_first: bool = True,
        keep_removed: bool = False,
    ) -> None:
        self._store = store
        self._clock = clock
        self._retries = retries or RetryPolicy()
        self._newest_first = newest_first
        self._keep_removed = keep_removed

    # -- wishes

    def wish(
        self,
        found: Iterable[WatchedFilm],
        list_name: str,
        begun_at: float | None = None,
        *,
        wanted: Callable[[WatchedFilm, bool], bool] = lambda _film, _new: True,
        reorder: bool = False,
    ) -> Intake:
        """Take in films a list shows; each once, however often and under whatever name it comes.

        Args:
            found: Films of one page or file.
            list_name: The list.
            begun_at: When the read began that this page is of, Unix seconds: films of later pages are older wishes,
                though they come later. None: now.
            wanted: Asked for each film, with whether it is new to us: a new one that is not wanted counts as seen
                before and is not fetched.
            reorder: Known films take their place in this read too: it goes on with one that was broken off, whose films
                would else stand below older wishes.
        """
        now = self._clock.now()
        begun_at = now if begun_at is None else begun_at
        counts = {"added": 0, "known": 0, "seen": 0}
        with self._store.write() as tx:
            for film in found:
                counts[self._wish_one(tx, film, list_name, begun_at, now, wanted, reorder=reorder)] += 1
        return Intake(**counts)

    def _wish_one(
        self,
        tx: Connection,
        film: WatchedFilm,
        list_name: str,
        begun_at: float,
        now: float,
        wanted: Callable[[WatchedFilm, bool], bool],
        *,
        reorder: bool,
    ) -> Literal["added", "known", "seen"]:
        order = film.wished_at if film.wished_at is not None else begun_at
        order -= film.position * _PLACE_S
        movie = film.movie
        known = films.find(tx, movie)
        is_wanted = wanted(film, known is None)
        if known is None:
            film_id = films.insert(
                tx, movie, Status.DUE, queued_at=now, added_at=film.wished_at or now, wish_order=order
            )
            wishes.wish(tx, film_id, list_name, film.wished_at, now)
            history.append(tx, now, film_id, "wished", f"Wished for on {list_name}.")
            if is_wanted:
                return "added"
            seen_before(tx, film_id, now)
            return "seen"
        film_id = films.learn(tx, known, movie)
        wishes.wish(tx, film_id, list_name, film.wished_at, now)
        if reorder:
            films.change(tx, film_id, wish_order=order)
        record = films.get(tx, film_id)
        if record is None or record.left_at is None:
            return "known"
        if record.status in _GOES_ON:
            films.change(tx, film_id, left_at=None, cleanup=None)
            return "known"
        start_anew(tx, record, now, "wished", f"Wished for again on {list_name}: it starts fresh.", wish_order=order)
        return "added"

    def known_names(self, list_name: str) -> frozenset[str]:
        """Every name of the films we know to be on a list."""
        with self._store.read() as tx:
            return films.known_names(tx, list_name)

    def wished_films(self, list_name: str) -> list[FilmRecord]:
        """The films on a list, newest wish first."""
        with self._store.read() as tx:
            return films.on_list(tx, list_name)

    def list_state(self, list_name: str) -> ListState:
        """What is known of a list."""
        with self._store.read() as tx:
            return wishes.state(tx, list_name)

    def list_checked(
        self, list_name: str, *, begun_at: float, total: int | None, complete: bool, next_check: float
    ) -> int:
        """Note a check that ended well.

        Args:
            list_name: The list.
            begun_at: When it began: films seen since were on it.
            total: What the list declares.
            complete: Every film was read and counted; films gone from two such reads in a row lose their wish.
            next_check: Unix seconds.

        Returns:
            How many films left.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            wishes.checked(
                tx, list_name, total=total, proven_at=now if complete else None, now=now, next_check=next_check
            )
            if complete and total is not None:
                wishes.prove(tx, list_name, total, begun_at)
            size = wishes.state(tx, list_name).size
            gone = wishes.miss(tx, list_name, begun_at) if complete else []
            many = len(gone) > MANY_LEFT or len(gone) > MANY_LEFT_SHARE * size
            for film_id in gone:
                self._leave(tx, film_id, list_name, now, many=many)
        return len(gone)

    def _leave(self, tx: Connection, film_id: int, list_name: str, now: float, *, many: bool) -> None:
        """The film's last wish is gone; what is there of it is held for a person's word when many left with it."""
        record = films.get(tx, film_id)
        if record is None or wishes.wished(tx, film_id):
            return
        text = f"No longer on {list_name}, by two complete reads"
        if self._keep_removed and record.status in _KEPT:
            # Without left_at it counts as asked for by hand: no clean-up ever touches it.
            text += "; it is fetched all the same, as removed_from_watchlist says"
        elif record.status in _LEAVES:
            films.change(tx, film_id, Status.UNWISHED, left_at=now, cleanup=None)
        else:
            held = many or record.cleanup == HELD
            films.change(tx, film_id, left_at=now, cleanup=HELD if held else None)
            text += ", with many others: no clean-up without a word of yours" if many else ""
        history.append(tx, now, film_id, "left", f"{text}.")

    # -- work

    def release_claims(self) -> int:
        """At the start of the one working process: whatever was claimed is due again; returns how many.

        So is what was put off further than any service is left alone, by a clock that was wrong.
        """
        with self._store.write() as tx:
            films.end_far_put_offs(tx, self._clock.now())
            return films.release_claims(tx)

    def claim(self, free: Collection[Purpose] = ANY_SEARCH) -> FilmRecord | None:
        """The next film to work on, marked as claimed; None when none is due.

        Args:
            free: Searches that may be made now; films with releases at hand need none.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            self._wake(tx, now)
            film_id_due = films.next_due(tx, free, newest_first=self._newest_first)
            if film_id_due is None:
                return None
            films.change(tx, film_id_due, Status.CLAIMED, claimed_at=now, not_before=None, reason=None)
            return films.get(tx, film_id_due)

    @staticmethod
    def _wake(tx: Connection, now: float) -> None:
        for film_id in films.wake(tx, now):
            history.append(tx, now, film_id, "due_again", "Its waiting time is over.")

    def unclaim(self, film_id: int) -> None:
        """Give a claimed film back as it was: due."""
        with self._store.write() as tx:
            if self._still(tx, film_id, Status.CLAIMED):
                films.change(tx, film_id, Status.DUE, claimed_at=None)

    def due_hand_overs(self) -> list[FilmRecord]:
        """Films whose hand-over was begun, not ended, and may go on now."""
        with self._store.read() as tx:
            found = [films.get(tx, film_id) for film_id in films.due_hand_overs(tx, self._clock.now())]
        return [film for film in found if film is not None]

    def next_moment(self) -> float | None:
        """Unix seconds at which the next waiting film is due; None when none waits."""
        with self._store.read() as tx:
            return films.next_moment(tx)

    def any_due(self, free: Collection[Purpose] = ANY_SEARCH) -> bool:
        """True when a film could be claimed now; see claim."""
        now = self._clock.now()
        with self._store.read() as tx:
            if films.next_due(tx, free, newest_first=self._newest_first) is not None:
                return True
            moment = films.next_moment(tx, claims_only=True)
        return moment is not None and moment <= now

    def get(self, film_id: int) -> FilmRecord | None:
        """A film as it stands, None when it was merged into another."""
        with self._store.read() as tx:
            return films.get(tx, film_id)

    def learn(self, film_id: int, facts: FilmFacts) -> FilmRecord | None:
        """Take what a film page said; the film may turn out to be one known already.

        Returns:
            The film that stays; still claimed only when it is this one. None when the film was merged away meanwhile.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            before = films.get(tx, film_id)
            if before is None:
                return None
            return self._knowing_more(tx, before, films.learn_facts(tx, film_id, facts, now), now)

    @staticmethod
    def _knowing_more(tx: Connection, before: FilmRecord, film_id: int, now: float) -> FilmRecord | None:
        """The film as it is known now; what was not found without what has been learnt is searched again."""
        after = films.get(tx, film_id)
        if after is None or before.status is not Status.NOT_FOUND or after.status is not Status.NOT_FOUND:
            return after
        same = all(getattr(before.movie, name) == getattr(after.movie, name) for name in _ASKED_BY)
        if same and after.movie.kind != "series":
            return after
        films.change(tx, film_id, Status.DUE, queued_at=now, searches=0, retry_after=None)
        history.append(tx, now, film_id, "due_again", "Searched again, for more is known of it now.")
        return films.get(tx, film_id)

    def name(self, film_id: int, title: str, year: int) -> FilmRecord | None:
        """Call a film that came by an id alone by its title; None when it was merged into another."""
        with self._store.write() as tx:
            films.change(tx, film_id, title=title, year=year)
            return films.get(tx, film_id)

    def without_ids(self, limit: int, *, first: int | None = None) -> list[FilmRecord]:
        """Films whose ids can be looked up by their pages' names and never were, newest wish first.

        Args:
            limit: At most so many.
            first: The film to put before all others, if it is one of these.
        """
        with self._store.read() as tx:
            return films.without_ids(tx, limit, first)

    def learn_ids(self, found: Mapping[int, FilmFacts | None]) -> dict[int, FilmRecord]:
        """Take what a look-up of many films brought, all at once; what is known of a film stays as it is.

        Args:
            found: By film; None: it was asked for, and is not known there.

        Returns:
            By the number each had, the films as they stand now: another one when both turned out to be one; without
            those that were gone before.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            asked = {film_id: film for film_id in found if (film := films.get(tx, film_id)) is not None}
            for film_id in asked:
                before = films.get(tx, film_id)
                if before is not None:
                    self._knowing_more(tx, before, films.learn_ids(tx, film_id, found[film_id], now), now)
            stays = {film_id: films.get(tx, film_id) or self._merged(tx, film) for film_id, film in asked.items()}
        return {film_id: film for film_id, film in stays.items() if film is not None}

    @staticmethod
    def _merged(tx: Connection, film: FilmRecord) -> FilmRecord | None:
        """The film into which one was merged, by the names it took over."""
        found = films.of_names(tx, (*film.movie.names, film.movie.key))
        return films.get(tx, found[0]) if found else None

    def without_details(self, but: Collection[int] = ()) -> FilmRecord | None:
        """A waiting film whose page was never read, and that is none of ``but``; None when there is none."""
        with self._store.read() as tx:
            film_id = films.without_details(tx, but)
            return films.get(tx, film_id) if film_id is not None else None

    @staticmethod
    def _still(tx: Connection, film_id: int, *statuses: Status) -> FilmRecord | None:
        """The film, if it is still in one of the states; None when someone moved it meanwhile."""
        record = films.get(tx, film_id)
        return record if record is not None and record.status in statuses else None

    # -- outcomes

    def put_off(self, film_id: int, not_before: float, reason: str, provider: str) -> bool:
        """Not the film's fault: try it again at ``not_before`` (Unix seconds), or when the provider is well again.

        Returns:
            False when the film was moved meanwhile, and nothing was done. So for the other outcomes.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            record = self._still(tx, film_id, Status.CLAIMED, Status.HANDING_OVER)
            if record is None:
                return False
            status = Status.PUT_OFF if record.status is Status.CLAIMED else None
            films.change(
                tx, film_id, status, not_before=not_before, reason=reason, put_off_by=provider, claimed_at=None
            )
            before = history.last(tx, film_id)
            # One that waits for weeks by the same reason tells of it once.
            if before is None or before.event != "put_off" or not before.text.endswith(reason):
                history.append(tx, now, film_id, "put_off", f"Put off {span_text(not_before - now)}: {reason}")
        return True

    def put_off_all_due(self, not_before: float, reason: str, provider: str) -> int:
        """Put off every film that is due now; returns how many."""
        now = self._clock.now()
        with self._store.write() as tx:
            self._wake(tx, now)
            count = films.put_off_all_due(tx, not_before, reason, provider)
            if count:
                text = f"{count} films put off {span_text(not_before - now)}: {reason}"
                history.append(tx, now, None, "put_off", text)
        return count

    def end_put_off(self, provider: str, limit: int = -1) -> int:
        """A provider is well again: what was put off because of it is due.

        Args:
            provider: As given to put_off.
            limit: At most so many films; -1: all.

        Returns:
            How many films.
        """
        with self._store.read() as tx:
            if not films.any_put_off(tx, provider):
                return 0
        with self._store.write() as tx:
            return films.end_put_off(tx, provider, limit, newest_first=self._newest_first)

    def active_downloads(self) -> int:
        """Films the client is downloading, better releases too; those that stand still do not count."""
        with self._store.read() as tx:
            return films.count(tx, Status.DOWNLOADING) + len(transfers.all_with_role(tx, "upgrade"))

    def searched(self, film_id: int, judged: Sequence[Decision]) -> None:
        """Keep what a search brought and how it was judged; what passes is at hand, should the film have to wait."""
        now = self._clock.now()
        with self._store.write() as tx:
            record = films.get(tx, film_id)
            if record is None:
                return
            films.change(tx, film_id, searches=record.searches + 1, searched_at=now)
            decisions.store(tx, film_id, judged, now)
            accepted = [decision.release for decision in judged if decision.accepted]
            if accepted and record.status is Status.CLAIMED:
                offers.put(tx, film_id, "search", accepted, now)
            text = f"Searched: {len(judged)} releases, {len(accepted)} of them pass."
            history.append(tx, now, film_id, "searched", text)

    def judged(self, film_id: int, judged: Sequence[Decision]) -> None:
        """Keep how releases at hand were judged, that no search brought."""
        with self._store.write() as tx:
            if films.get(tx, film_id) is not None:
                now, accepted = self._clock.now(), sum(decision.accepted for decision in judged)
                decisions.store(tx, film_id, judged, now)
                text = f"No search was needed: {len(judged)} new releases, {accepted} of them pass."
                history.append(tx, now, film_id, "judged", text)

    def not_found(self, film_id: int, code: str, reason: str) -> bool:
        """No release passes; searched again after 1, 3, 7, 14 days.

        Args:
            film_id: The film.
            code: ``not_on_tracker`` or ``all_refused``.
            reason: One sentence for people.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            record = self._still(tx, film_id, Status.CLAIMED)
            if record is None:
                return False
            again = now + search_again_s(max(1, record.searches))
            films.change(
                tx,
                film_id,
                Status.NOT_FOUND,
                retry_after=again,
                last_error=reason,
                reason_code=code,
                failed_at=now,
                claimed_at=None,
            )
            history.append(tx, now, film_id, "not_found", f"{reason} Searched again in {span_text(again - now)}.")
        return True

    def judge_again(self, profile: str) -> int:
        """Make due what was refused, or waits for freeleech, when another profile decides than the last time.

        Args:
            profile: What tells it from others; kept for the next time.

        Returns:
            How many films are searched again.
        """
        now = self._clock.now()
        with self._store.read() as tx:
            before = facts.get(tx, "profile")
        if before == profile:
            return 0
        with self._store.write() as tx:
            facts.put(tx, "profile", profile)
            found = [] if before is None else films.refused(tx)
            for film_id in found:
                fresh = {"searches": 0, "not_before": None, "reason": None, "retry_after": None}
                films.change(tx, film_id, Status.DUE, queued_at=now, **fresh)
                offers.clear(tx, film_id)
                text = "Searched again, for another profile decides now."
                history.append(tx, now, film_id, "due_again", text)
        return len(found)

    def fail(self, film_id: int, code: str, reason: str) -> bool:
        """The film's own failure: it is retried after 1, 2, 4, 8, 16 times the interval, then permanent."""
        now = self._clock.now()
        with self._store.write() as tx:
            record = self._still(tx, film_id, Status.CLAIMED)
            if record is None:
                return False
            wait_s = self._retries.wait_s(record.retry_count + 1)
            columns: dict[str, Any] = {"last_error": reason, "reason_code": code, "failed_at": now, "claimed_at": None}
            if wait_s is None:
                films.change(tx, film_id, Status.PERMANENT, retry_after=None, **columns)
                text = f"{reason} All {self._retries.max_retries} retries are used up."
            else:
                columns |= {"retry_count": record.retry_count + 1, "retry_after": now + wait_s}
                films.change(tx, film_id, Status.RETRYING, **columns)
                text = f"{reason} Retry {record.retry_count + 1} in {span_text(wait_s)}."
            history.append(tx, now, film_id, "failed", text)
        return True

    def series(self, film_id: int) -> bool:
        """It is a series or miniseries; those are not taken."""
        now = self._clock.now()
        text = "It is a series, and only films are taken."
        with self._store.write() as tx:
            if not self._still(tx, film_id, Status.CLAIMED):
                return False
            films.change(
                tx,
                film_id,
                Status.SERIES,
                reason_code="series",
                last_error=text,
                failed_at=now,
                retry_after=None,
                claimed_at=None,
            )
            history.append(tx, now, film_id, "series", text)
        return True

    def owned(self, film_id: int, where: str) -> bool:
        """It is already there; ``where`` names the file, folder or torrent."""
        now = self._clock.now()
        with self._store.write() as tx:
            if not self._still(tx, film_id, Status.CLAIMED, Status.HANDING_OVER):
                return False
            transfers.retire(tx, film_id, now)
            columns: dict[str, Any] = {"release_name": where, "info_hash": None, "not_before": None, "reason": None}
            films.change(tx, film_id, Status.OWNED, completed_at=now, claimed_at=None, **columns)
            history.append(tx, now, film_id, "owned", f"Already there: {where}.")
        return True

    # -- hand-over

    def refused_releases(self, film_id: int) -> dict[tuple[str, int], str]:
        """(tracker, release id) that were tried for this film and went wrong, with the reason."""
        with self._store.read() as tx:
            return transfers.refused_releases(tx, film_id)

    def blocklisted_hashes(self, film_id: int) -> frozenset[str]:
        """Info-hashes that went wrong for this film, under whatever release they came."""
        with self._store.read() as tx:
            found = transfers.of_film(tx, film_id)
        return frozenset(transfer.info_hash for transfer in found if transfer.role == "blocklisted")

    def own_hashes(self) -> frozenset[str]:
        """Info-hashes of every transfer this program ever made or meant to."""
        with self._store.read() as tx:
            return transfers.hashes(tx)

    def unfinished_names(self) -> frozenset[str]:
        """Names on disk of our own transfers that are not whole: they make no film owned."""
        with self._store.read() as tx:
            return transfers.unfinished_names(tx)

    def offer(self, film_id: int) -> Offer | None:
        """Releases at hand for a film, None when it has to be searched."""
        with self._store.read() as tx:
            return offers.get(tx, film_id)

    def drop_offer(self, film_id: int, reason: str) -> None:
        """What was at hand for a claimed film cannot be had; nothing when nothing was."""
        with self._store.write() as tx:
            if self._still(tx, film_id, Status.CLAIMED) and (offer := offers.get(tx, film_id)) is not None:
                offers.clear(tx, film_id)
                if offer.by != "search":
                    history.append(tx, self._clock.now(), film_id, "not_taken", reason)

    def intend(self, film_id: int, release: Release, torrent: Torrent, client: str, because: str = "") -> bool:
        """Commit that this torrent is about to be handed over; the film is never given another by itself."""
        now = self._clock.now()
        with self._store.write() as tx:
            if not self._still(tx, film_id, Status.CLAIMED):
                return False
            transfers.intend(tx, film_id, release, torrent, client, now)
            if because == CHOSEN and (intent := transfers.with_role(tx, film_id, "intended")) is not None:
                transfers.change(tx, intent.transfer_id, now, reason=CHOSEN)
            offers.clear(tx, film_id)
            films.change(
                tx,
                film_id,
                Status.HANDING_OVER,
                not_before=None,
                reason=None,
                claimed_at=None,
                release_name=release.name,
                info_hash=torrent.info_hash,
            )
            text = f"Chosen: {release.name} ({torrent.info_hash}){f': {because}' if because else ''}."
            history.append(tx, now, film_id, "chosen", text)
        return True

    def take_back(self, film_id: int, reason: str) -> None:
        """Nothing was handed over and nothing will be by this intent: the film is due again."""
        now = self._clock.now()
        with self._store.write() as tx:
            if self._still(tx, film_id, Status.HANDING_OVER):
                transfers.retire(tx, film_id, now)
                films.change(tx, film_id, Status.DUE, not_before=None, reason=None, release_name=None, info_hash=None)
                history.append(tx, now, film_id, "taken_back", reason)

    def intended(self, film_id: int) -> Transfer | None:
        """The transfer a begun hand-over is about."""
        with self._store.read() as tx:
            return transfers.with_role(tx, film_id, "intended")

    def handed_over(self, film_id: int, client: str, *, added_by_us: bool, saved: bool = False) -> bool:
        """The client has it (or its .torrent was saved): intended becomes current, the film completed."""
        now = self._clock.now()
        with self._store.write() as tx:
            intent = transfers.with_role(tx, film_id, "intended")
            record = self._still(tx, film_id, Status.HANDING_OVER)
            if record is None or intent is None:
                return False
            transfers.make_current(tx, intent, client, added_by_us=added_by_us, now=now)
            films.change(
                tx,
                film_id,
                Status.SAVED if saved else Status.DOWNLOADING,
                completed_at=now,
                not_before=None,
                reason=None,
                progress=None if saved else 0.0,
                fetch_anew=0,
                retry_count=0,
                retry_after=None,
                last_error=None,
                reason_code=None,
            )
            by = "" if added_by_us else "; it was there already, added by someone else"
            what = "Its .torrent was saved" if saved else f"Handed over to {client}"
            history.append(tx, now, film_id, "handed_over", f"{what}: {intent.release_name}{by}.")
        return True

    # -- transfers

    def current_transfers(self) -> list[tuple[Transfer, FilmRecord]]:
        """Every current transfer with its film, oldest first."""
        with self._store.read() as tx:
            pairs = [(transfer, films.get(tx, transfer.film_id)) for transfer in transfers.all_current(tx)]
        return [(transfer, film) for transfer, film in pairs if film is not None]

    def progressed(self, transfer: Transfer, progress: float) -> None:
        """Store a step of progress (0.0 to 1.0); a stalled film is downloading again."""
        now = self._clock.now()
        with self._store.write() as tx:
            record = self._still(tx, transfer.film_id, Status.DOWNLOADING, Status.STALLED)
            fresh = {"progressed_at": now, "missing_polls": 0, "stood_s": 0}
            transfers.change(tx, transfer.transfer_id, now, progress=progress, **fresh)
            if record is not None:
                films.change(tx, transfer.film_id, Status.DOWNLOADING, progress=round(progress, 2))

    def stalled(self, transfer: Transfer, reason: str) -> None:
        """Nothing moves: shown, not yet judged."""
        self._transfer_status(transfer, Status.STALLED, "stalled", reason, frozenset({Status.DOWNLOADING}))

    def stood(self, transfer: Transfer, seconds: float) -> None:
        """Store how long it stood still so far."""
        with self._store.write() as tx:
            transfers.change(tx, transfer.transfer_id, self._clock.now(), stood_s=seconds)

    def resumed(self, transfer: Transfer) -> None:
        """What was stalled moves again."""
        text = "It moves again."
        self._transfer_status(transfer, Status.DOWNLOADING, "resumed", text, frozenset({Status.STALLED}))
        if transfer.stood_s:
            self.stood(transfer, 0.0)

    def downloaded(self, transfer: Transfer) -> None:
        """Every byte is on disk."""
        now = self._clock.now()
        with self._store.write() as tx:
            transfers.change(tx, transfer.transfer_id, now, progress=1.0, done_at=now, missing_polls=0)
            if self._still(tx, transfer.film_id, Status.DOWNLOADING, Status.STALLED, Status.GONE):
                films.change(tx, transfer.film_id, Status.DOWNLOADED, progress=1.0)
                text = f"Downloaded: {transfer.release_name}."
                history.append(tx, now, transfer.film_id, "downloaded", text)

    def missing(self, transfer: Transfer) -> int:
        """Count a poll in which a reachable client did not have it; returns how many in a row."""
        with self._store.write() as tx:
            polls = transfer.missing_polls + 1
            transfers.change(tx, transfer.transfer_id, self._clock.now(), missing_polls=polls)
        return polls

    def seen_again(self, transfer: Transfer) -> None:
        """The client has it after polls in which it had not."""
        with self._store.write() as tx:
            transfers.change(tx, transfer.transfer_id, self._clock.now(), missing_polls=0)

    def added_again(self, transfer: Transfer) -> None:
        """The same .torrent was added once more."""
        now = self._clock.now()
        with self._store.write() as tx:
            transfers.change(tx, transfer.transfer_id, now, adds=transfer.adds + 1, missing_polls=0)
            text = "The client had lost it before a byte came; added again."
            history.append(tx, now, transfer.film_id, "added_again", text)

    def gone(self, transfer: Transfer) -> None:
        """It was in the client and someone took it out; that is theirs to do, and the film stays completed."""
        now = self._clock.now()
        with self._store.write() as tx:
            transfers.change(tx, transfer.transfer_id, now, role="gone")
            states = (Status.DOWNLOADING, Status.STALLED, Status.DOWNLOADED)
            if self._still(tx, transfer.film_id, *states):
                films.change(tx, transfer.film_id, Status.GONE)
                history.append(tx, now, transfer.film_id, "gone", "The client does not have it any more.")

    def superseded(self, film_id: int, client: str) -> list[Transfer]:
        """Transfers of a film that went wrong, that this program put into the client, and that are still there.

        Also those that may be taken again since, and were not.
        """
        with self._store.read() as tx:
            found = transfers.of_film(tx, film_id)
        return [
            transfer
            for transfer in found
            if (transfer.role == "blocklisted" or (transfer.role == "replaced" and transfer.reason == CLEARED))
            and transfer.client == client
            and transfer.added_by_us
        ]

    def taken_out(self, transfer: Transfer, *, stays: bool = False) -> None:
        """A blocklisted transfer was taken out of the client, or, having become whole after all, stays there."""
        now = self._clock.now()
        with self._store.write() as tx:
            transfers.change(tx, transfer.transfer_id, now, client="")
            text = f"{transfer.release_name} was taken out of {transfer.client}: the next best runs."
            if stays:
                text = f"{transfer.release_name} became whole after all: it stays in {transfer.client}."
            history.append(tx, now, transfer.film_id, "taken_out", text)

    def name_taken(self, torrent: Torrent) -> bool:
        """True when another of our torrents writes under the same name."""
        with self._store.read() as tx:
            return transfers.name_taken(tx, torrent)

    def needed_hashes(self) -> frozenset[str]:
        """Info-hashes whose .torrent is still needed: intended, or current and not whole."""
        with self._store.read() as tx:
            return transfers.needed_hashes(tx)

    def blocklist(self, transfer: Transfer, reason: str) -> None:
        """This torrent will not come: never take it again for this film, and look for the next best now."""
        now = self._clock.now()
        with self._store.write() as tx:
            transfers.change(tx, transfer.transfer_id, now, role="blocklisted", reason=reason)
            if self._still(tx, transfer.film_id, Status.DOWNLOADING, Status.STALLED, Status.HANDING_OVER):
                # Its need is new: it does not wait among those searched before.
                fresh = {"searches": 0, "not_before": None, "completed_at": None, "progress": None}
                films.change(tx, transfer.film_id, Status.DUE, queued_at=now, **fresh)
            text = f"{transfer.release_name} is blocklisted: {reason} The next best is looked for."
            history.append(tx, now, transfer.film_id, "blocklisted", text)

    def _transfer_status(
        self, transfer: Transfer, status: Status, event: str, text: str, before: frozenset[Status]
    ) -> None:
        now = self._clock.now()
        with self._store.write() as tx:
            if self._still(tx, transfer.film_id, *before):
                films.change(tx, transfer.film_id, status)
                history.append(tx, now, transfer.film_id, event, text)

    # -- information

    def films_in(self, queue: Queue) -> list[FilmRecord]:
        """All films of a queue, newest wish first."""
        with self._store.read() as tx:
            return films.in_queue(tx, queue)

    def story(self, movie: Movie) -> list[history.Event]:
        """A film's history, oldest first; empty when it is not known."""
        with self._store.read() as tx:
            ids = films.of_names(tx, (*movie.names, movie.key))
            return history.of_film(tx, ids[0]) if ids else []

    def stats(self) -> QueueStats:
        """Counts and lists; reads only."""
        with self._store.read() as tx:
            return overview.read(tx, self._clock.now(), self._clock.boot())
