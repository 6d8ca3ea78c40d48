"""TransferWorker: watches what was handed over until it is on disk."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from movie_sync.clean_up import CleanUp
from movie_sync.clients.torrent_client import BROKEN, TorrentClient, disk_is_well
from movie_sync.errors import NeedsPerson, ProviderError
from movie_sync.hand_over import HandOver
from movie_sync.health import ProviderHealth
from movie_sync.lib.clock import Clock, span_text
from movie_sync.movie import ClientTorrent, Status
from movie_sync.queues.queue_manager import PROGRESS_STEP, QueueManager
from movie_sync.store.films import FilmRecord
from movie_sync.store.providers import FINE
from movie_sync.store.transfers import Transfer
from movie_sync.upgrades import Upgrades
from movie_sync.worker import LONGEST_WAIT_S, Worker

log = logging.getLogger(__name__)

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


def missing_from(client: TorrentClient) -> str:
    """Under which name it is noted that many torrents are missing; the client itself is well."""
    return f"{client.name}:missing"


def broken_in(client: TorrentClient) -> str:
    """Under which name it is noted that downloads stopped with an error there; the client itself is well."""
    return f"{client.name}:errors"


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
        self._broken_polls = 0
        self._unfinished = 0

    def step(self, now: float) -> float:
        """Look at every current transfer once."""
        pairs = [pair for pair in self._queue.current_transfers() if pair[0].client in {self._client.name, ""}]
        if not pairs:
            self._polled_at = None
            self._unfinished = 0
            self._health.fine(missing_from(self._client))
            self._health.fine(broken_in(self._client))
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
        self._note_broken(0 if alone else len(broken), len(undone))
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

    def _note_broken(self, broken: int, unfinished: int) -> None:
        """More than one: it is the disk or the folder, and only a person can mend it."""
        noted = broken_in(self._client)
        # One poll may see a passing state.
        self._broken_polls = self._broken_polls + 1 if broken else 0
        if not broken:
            self._health.fine(noted)
        elif self._broken_polls >= 2 and self._health.state(noted).state == FINE:
            self._health.failed(
                NeedsPerson(
                    noted,
                    f"{self._client.name} reports an error with {broken} of {unfinished} downloads.",
                    hint="Check the folder it saves to and the room there, then start them again in it.",
                )
            )

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
        elif torrent.progress < watch.progress:
            watch.progress = torrent.progress  # a recheck took pieces back: what comes from here on is movement
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
            self._block(transfer, f"no byte and no seed for {span_text(watch.stood_s)}.")
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
