"""Upgrades: a better release found later takes the place of the current one, once it is whole on disk."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from movie_sync.clients.torrent_client import BROKEN, DUTY_RATIO, DUTY_S, TorrentClient, disk_is_well
from movie_sync.disk_space import DiskSpace
from movie_sync.errors import BadTorrent, ClientRefuses, ProviderError, Unavailable
from movie_sync.hand_over import HandOver
from movie_sync.lib.clock import Clock, span_text
from movie_sync.movie import ClientTorrent, Decision, ParsedRelease, Release, Torrent
from movie_sync.queues.queue_manager import CHOSEN, PROGRESS_STEP, QueueManager
from movie_sync.queues.upgrade_queue import FIRST_LOOK_S, NEXT_LOOK_S, UpgradeQueue
from movie_sync.releases.parse import parse_release
from movie_sync.releases.profile import RESOLUTIONS, Profile, has_quality, quality_words
from movie_sync.releases.rank import judge
from movie_sync.store.films import FilmRecord
from movie_sync.store.transfers import Transfer
from movie_sync.trackers.download_service import MovieDownloader

log = logging.getLogger(__name__)

# More time than this between two looks was not spent looking.
_LONGEST_LOOK_S = 600.0
# So often a client may take a torrent without showing it.
_MOST_HIDDEN = 5


@dataclass(slots=True)
class _Watch:
    """What this process saw of one better release, or of a replaced one; gone with the process, and no harm done."""

    stood_s: float = 0.0
    errors: int = 0
    missing: int = 0
    hidden: int = 0


class Upgrades:
    """Looks for better releases and watches those on their way.

    `look` runs where the tracker is asked, `follow` where the client is watched; both may run at once.

    Args:
        upgrades: What is planned and on its way.
        queue: The films' blocklists.
        tracker: Asked for releases.
        client: Fetches them.
        hand_over: Fetches and keeps .torrents.
        profile: Says what is better, and until when.
        clock: Wall time.
        space: Room for another film.
        stalled_after_s: Without a byte for this long, a better release is given up.
    """

    def __init__(
        self,
        upgrades: UpgradeQueue,
        queue: QueueManager,
        tracker: MovieDownloader,
        client: TorrentClient,
        hand_over: HandOver,
        profile: Profile,
        clock: Clock,
        *,
        space: DiskSpace,
        stalled_after_s: float,
    ) -> None:
        self._upgrades = upgrades
        self._queue = queue
        self._tracker = tracker
        self._client = client
        self._hand_over = hand_over
        self._profile = profile
        self._clock = clock
        self._space = space
        self._stalled_after_s = stalled_after_s
        self._wanted = profile.upgrade_until is not None and client.reports
        self._watched: dict[int, _Watch] = {}
        self._polled_at: float | None = None
        upgrades.schedule(self._good_enough)

    def _good_enough(self, release_name: str) -> bool:
        return not self._wanted or self._profile.good_enough(parse_release(release_name))

    def next_moment(self) -> float | None:
        """Unix seconds at which `look` has something to do, None when never."""
        return self._upgrades.next_moment() if self._wanted else None

    def plan(self, film_id: int, release_name: str) -> None:
        """A film was downloaded: look for a better one some time, if it is not good enough."""
        if not self._good_enough(release_name):
            self._upgrades.plan(film_id, FIRST_LOOK_S)

    # -- looking

    def look(self) -> bool:
        """Search for a better release of one film whose time has come.

        Returns:
            False when there was none.

        Raises:
            ProviderError: As for MovieDownloader.search and fetch_torrent; the film is looked at again later.
        """
        due = self._upgrades.due() if self._wanted else None
        if due is None:
            return False
        film, current = due
        if current.reason == CHOSEN:
            self._upgrades.plan(film.film_id, None)
            return True
        self._upgrades.plan(film.film_id, FIRST_LOOK_S)
        releases = self._tracker.search(film.movie, "repeat")
        self._upgrades.plan(film.film_id, NEXT_LOOK_S)
        blocklist = self._queue.refused_releases(film.film_id)
        judged = judge(film.movie, releases, self._profile, blocklist, self._clock.now())
        try:
            self._begin(film, current, [decision for decision in judged if decision.accepted])
        except ProviderError:
            self._upgrades.plan(film.film_id, FIRST_LOOK_S)
            raise
        return True

    def _begin(self, film: FilmRecord, current: Transfer, accepted: Sequence[Decision]) -> None:
        """Commit to the first release that is of a better quality and can be had."""
        there = self._client.snapshot([current.info_hash]).get(current.info_hash)
        names = {current.torrent_name, there.name if there else current.torrent_name}
        for decision in accepted:
            if not self._better(decision.release, current):
                continue
            if (missing := self._space.missing(decision.release.size_bytes)) is not None:
                log.info("%s: no better release is fetched now. %s", film.movie, missing.reason)
                return
            because = f"{_quality(decision.release.name)} over {_quality(current.release_name)}"
            try:
                torrent = self._hand_over.fetch(film, decision.release, self._queue.blocklisted_hashes(film.film_id))
            except BadTorrent as exc:
                log.info("%s: %s", film.movie, exc)
                continue
            if torrent.info_hash == current.info_hash or torrent.name in names or self._queue.name_taken(torrent):
                log.info("%s: %s would write over what is there.", film.movie, decision.release.name)
                self._hand_over.forget_torrent(torrent.info_hash)
                continue
            if self._upgrades.begin(film.film_id, decision, torrent, self._client.name, because):
                log.info("%s: a better release is fetched: %s", film.movie, because)
            return

    def _better(self, release: Release, current: Transfer) -> bool:
        """By quality alone, of the same seasons; of what the profile does not know, only by resolution."""
        old, new = parse_release(current.release_name), parse_release(release.name)
        place, found = self._profile.place(old), self._profile.place(new)
        if found is None or (old.pack, old.season) != (new.pack, new.season):
            return False
        return found < place if place is not None else _sharper(new, old)

    # -- watching

    def follow(self) -> bool:
        """Look after better releases on their way, and after replaced ones; True while there are any.

        Raises:
            ProviderError: As for TorrentClient.snapshot.
        """
        coming = [one for one in self._upgrades.on_their_way() if one.client == self._client.name]
        leaving = [one for one in self._upgrades.retiring() if one.client == self._client.name]
        if not coming and not leaving:
            return False
        seen = self._client.snapshot([one.info_hash for one in (*coming, *leaving)])
        now = self._clock.monotonic()
        elapsed_s = 0.0 if self._polled_at is None else min(now - self._polled_at, _LONGEST_LOOK_S)
        self._polled_at = now
        watched, self._watched = self._watched, {}
        for transfer in (*coming, *leaving):
            watch = self._watched[transfer.transfer_id] = watched.get(transfer.transfer_id, _Watch())
            watch.missing = 0 if transfer.info_hash in seen else watch.missing + 1
        for transfer in coming:
            self._follow_one(transfer, seen.get(transfer.info_hash), elapsed_s)
        for transfer in leaving:
            self._let_go(transfer, seen.get(transfer.info_hash))
        return True

    def _follow_one(self, transfer: Transfer, torrent: ClientTorrent | None, elapsed_s: float) -> None:
        watch = self._watched[transfer.transfer_id]
        if torrent is None:
            # A client that starts shows its torrents one by one: missing is what two looks in a row do not see.
            if not transfer.adds or watch.missing > 1:
                watch.missing = 0
                self._add(transfer)
            return
        if transfer.added_by_us is None:  # killed behind the add
            self._upgrades.added(transfer, ours=torrent.ours)
            transfer = replace(transfer, adds=transfer.adds + 1, added_by_us=torrent.ours)
        if torrent.done:
            self._upgrades.complete(transfer, None if self._good_enough(transfer.release_name) else NEXT_LOOK_S)
            self._hand_over.forget_torrent(transfer.info_hash)
            log.info("downloaded %s, which is better than what was there", transfer.release_name)
        else:
            self._watch(transfer, torrent, watch, elapsed_s)

    def _watch(self, transfer: Transfer, torrent: ClientTorrent, watch: _Watch, elapsed_s: float) -> None:
        """One that is not whole yet: does it move, is it in error, does it stand?"""
        watch.errors = watch.errors + 1 if torrent.state in BROKEN else 0
        if watch.errors:
            # One poll may see a passing state; a full disk is no fault of the torrent.
            if watch.errors > 1 and disk_is_well(torrent):
                self._give_up(transfer, f"{self._client.name} reports {torrent.message or 'an error'}.")
        elif torrent.progress - transfer.progress >= PROGRESS_STEP:
            watch.stood_s = 0.0
            self._upgrades.progressed(transfer, torrent.progress)
        elif torrent.seeds or torrent.speed_bytes_s:
            watch.stood_s = 0.0
        elif torrent.state not in {"checking", "paused"}:
            watch.stood_s += elapsed_s
            if watch.stood_s > self._stalled_after_s:
                self._give_up(transfer, f"no byte and no seed for {span_text(watch.stood_s)}.")

    def _add(self, transfer: Transfer) -> None:
        """Give it to the client; one it had already, and lost, is not worth a second try."""
        torrent = self._hand_over.stored(transfer.info_hash)
        if transfer.adds:
            self._upgrades.drop(transfer, f"{self._client.name} does not have it.")
            self._hand_over.forget_torrent(transfer.info_hash)
        elif torrent is None:
            self._upgrades.take_back(transfer, "its .torrent is gone from disk.")
        else:
            self._ensure(transfer, torrent)

    def _ensure(self, transfer: Transfer, torrent: Torrent) -> None:
        watch = self._watched[transfer.transfer_id]
        try:
            self._upgrades.added(transfer, ours=self._client.ensure(torrent))
        except ClientRefuses as exc:
            self._upgrades.take_back(transfer, exc.message)
            self._hand_over.forget_torrent(transfer.info_hash)
        except Unavailable as exc:
            if exc.code != "not_visible":
                raise
            # The client is well, but for this one: films must not wait for it.
            watch.hidden += 1
            if watch.hidden >= _MOST_HIDDEN:
                self._upgrades.take_back(transfer, exc.message)
                self._hand_over.forget_torrent(transfer.info_hash)

    def _give_up(self, transfer: Transfer, reason: str) -> None:
        if transfer.added_by_us and not self._upgrades.shared(transfer):
            self._client.remove(transfer.info_hash, delete_files=True)
        self._upgrades.drop(transfer, reason)
        self._hand_over.forget_torrent(transfer.info_hash)
        log.warning("%s is given up: %s What is there stays.", transfer.release_name, reason)

    def _let_go(self, transfer: Transfer, torrent: ClientTorrent | None) -> None:
        """Take a replaced torrent out, with its files, once its seeding duty is done; only what we added ourselves."""
        if torrent is None:
            if self._watched[transfer.transfer_id].missing > 1:
                self._upgrades.retired(transfer, f"{transfer.release_name} is no longer in {self._client.name}.")
        elif self._upgrades.shared(transfer):
            self._upgrades.retired(transfer, f"{transfer.release_name} stays: another film has it too.")
        elif not transfer.added_by_us or not torrent.ours:
            self._upgrades.retired(transfer, f"{transfer.release_name} stays: someone else added it.")
        elif torrent.ratio >= DUTY_RATIO or torrent.seeding_s >= DUTY_S:
            self._client.remove(transfer.info_hash, delete_files=True)
            done = f"ratio {torrent.ratio:.2f}, {torrent.seeding_s / 3600:.0f} h"
            self._upgrades.retired(transfer, f"{transfer.release_name} was taken out, its duty done ({done}).")
            log.info("%s was taken out: a better one is there, and its seeding duty is done", transfer.release_name)


def _sharper(new: ParsedRelease, old: ParsedRelease) -> bool:
    """True when a name says more lines than another, which has to say some, or to be of DVD or television."""
    if new.resolution not in RESOLUTIONS or (old.resolution is None and not has_quality(old, "sd")):
        return False
    lowest = len(RESOLUTIONS)
    before = RESOLUTIONS.index(old.resolution) if old.resolution in RESOLUTIONS else lowest
    return RESOLUTIONS.index(new.resolution) < before


def _quality(release_name: str) -> str:
    return quality_words(parse_release(release_name))
