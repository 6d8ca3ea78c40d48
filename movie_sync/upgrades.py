"""Upgrades: a better release found later takes the place of the current one, once it is whole on disk."""

import logging
from collections.abc import Sequence

from movie_sync.clients.torrent_client import TorrentClient
from movie_sync.errors import BadTorrent, ClientRefuses
from movie_sync.hand_over import HandOver
from movie_sync.lib.clock import Clock
from movie_sync.movie import ClientTorrent, Decision, Release
from movie_sync.queues.queue_manager import PROGRESS_STEP, QueueManager
from movie_sync.queues.upgrade_queue import NEXT_LOOK_S, UpgradeQueue
from movie_sync.releases.parse import parse_release
from movie_sync.releases.profile import Profile, quality_words
from movie_sync.releases.rank import judge
from movie_sync.store.films import FilmRecord
from movie_sync.store.transfers import Transfer
from movie_sync.trackers.download_service import MovieDownloader

log = logging.getLogger(__name__)

# The tracker's duty: what is reached first.
DUTY_RATIO = 1.0
DUTY_S = 48 * 3600.0


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
        stalled_after_s: float,
    ) -> None:
        self._upgrades = upgrades
        self._queue = queue
        self._tracker = tracker
        self._client = client
        self._hand_over = hand_over
        self._profile = profile
        self._clock = clock
        self._stalled_after_s = stalled_after_s
        self._wanted = profile.upgrade_until is not None and client.reports
        self._broken: dict[int, int] = {}
        upgrades.schedule(self._good_enough)

    def _good_enough(self, release_name: str) -> bool:
        return not self._wanted or self._profile.good_enough(parse_release(release_name))

    def next_moment(self) -> float | None:
        """Unix seconds at which `look` has something to do, None when never."""
        return self._upgrades.next_moment() if self._wanted else None

    def plan(self, film_id: int, release_name: str) -> None:
        """A film was downloaded: look for a better one some time, if it is not good enough."""
        if not self._good_enough(release_name):
            self._upgrades.plan(film_id, NEXT_LOOK_S)

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
        self._upgrades.plan(film.film_id, NEXT_LOOK_S)
        releases = self._tracker.search(film.movie)
        blocklist = self._queue.refused_releases(film.film_id)
        judged = judge(film.movie, releases, self._profile, blocklist, self._clock.now())
        self._begin(film, current, [decision for decision in judged if decision.accepted])
        return True

    def _begin(self, film: FilmRecord, current: Transfer, accepted: Sequence[Decision]) -> None:
        """Commit to the first release that is of a better quality and can be had."""
        place = self._profile.place(parse_release(current.release_name))
        there = self._client.snapshot([current.info_hash]).get(current.info_hash)
        names = {current.torrent_name, there.name if there else current.torrent_name}
        for decision in accepted:
            if not self._better(decision.release, place):
                return
            because = f"{_quality(decision.release.name)} over {_quality(current.release_name)}"
            try:
                torrent = self._hand_over.fetch(decision.release, self._queue.blocklisted_hashes(film.film_id))
            except BadTorrent as exc:
                log.info("%s: %s", film.movie, exc)
                continue
            if torrent.info_hash == current.info_hash or torrent.name in names:
                log.info("%s: %s would write over what is there.", film.movie, decision.release.name)
                self._hand_over.forget_torrent(torrent.info_hash)
                continue
            if self._upgrades.begin(film.film_id, decision, torrent, self._client.name, because):
                log.info("%s: a better release is fetched: %s", film.movie, because)
            return

    def _better(self, release: Release, place: int | None) -> bool:
        """By quality alone: more seeders are no reason to fetch a film twice."""
        new = self._profile.place(parse_release(release.name))
        return new is not None and (place is None or new < place)

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
        for transfer in coming:
            self._follow_one(transfer, seen.get(transfer.info_hash))
        for transfer in leaving:
            self._let_go(transfer, seen.get(transfer.info_hash))
        return True

    def _follow_one(self, transfer: Transfer, torrent: ClientTorrent | None) -> None:
        now = self._clock.now()
        if torrent is None:
            self._add(transfer)
        elif torrent.done:
            self._broken.pop(transfer.transfer_id, None)
            self._upgrades.complete(transfer, None if self._good_enough(transfer.release_name) else NEXT_LOOK_S)
            self._hand_over.forget_torrent(transfer.info_hash)
            log.info("downloaded %s, which is better than what was there", transfer.release_name)
        elif torrent.state in {"error", "missing_files"}:
            # One poll may see a passing state.
            polls = self._broken[transfer.transfer_id] = self._broken.get(transfer.transfer_id, 0) + 1
            if polls > 1:
                self._give_up(transfer, f"{self._client.name} reports {torrent.message or 'an error'}.")
        elif torrent.progress - transfer.progress >= PROGRESS_STEP:
            self._upgrades.progressed(transfer, torrent.progress)
        elif now - (transfer.progressed_at or transfer.created_at) > self._stalled_after_s and torrent.seeds == 0:
            self._give_up(transfer, f"no byte for {self._stalled_after_s / 3600:.0f} h.")

    def _add(self, transfer: Transfer) -> None:
        """Give it to the client; one it had already, and lost, is not worth a second try."""
        torrent = self._hand_over.stored(transfer.info_hash)
        if transfer.adds or torrent is None:
            self._upgrades.drop(transfer, f"{self._client.name} does not have it.")
            return
        try:
            self._upgrades.added(transfer, ours=self._client.ensure(torrent))
        except ClientRefuses as exc:
            self._upgrades.drop(transfer, exc.message)

    def _give_up(self, transfer: Transfer, reason: str) -> None:
        self._broken.pop(transfer.transfer_id, None)
        if transfer.added_by_us:
            self._client.remove(transfer.info_hash, delete_files=True)
        self._upgrades.drop(transfer, reason)
        self._hand_over.forget_torrent(transfer.info_hash)
        log.warning("%s is given up: %s What is there stays.", transfer.release_name, reason)

    def _let_go(self, transfer: Transfer, torrent: ClientTorrent | None) -> None:
        """Take a replaced torrent out, with its files, once its seeding duty is done; only what we added ourselves."""
        if torrent is None:
            self._upgrades.retired(transfer, f"{transfer.release_name} is no longer in {self._client.name}.")
        elif not transfer.added_by_us or not torrent.ours:
            self._upgrades.retired(transfer, f"{transfer.release_name} stays: someone else added it.")
        elif torrent.ratio >= DUTY_RATIO or torrent.seeding_s >= DUTY_S:
            self._client.remove(transfer.info_hash, delete_files=True)
            done = f"ratio {torrent.ratio:.2f}, {torrent.seeding_s / 3600:.0f} h"
            self._upgrades.retired(transfer, f"{transfer.release_name} was taken out, its duty done ({done}).")
            log.info("%s was taken out: a better one is there, and its seeding duty is done", transfer.release_name)


def _quality(release_name: str) -> str:
    return quality_words(parse_release(release_name))
