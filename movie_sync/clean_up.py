"""CleanUp: deletes what this program downloaded for films a person took off their lists, once nothing speaks for it."""

import logging
from collections.abc import Sequence

from movie_sync.clients.torrent_client import DUTY_RATIO, DUTY_S, TorrentClient
from movie_sync.errors import NeedsPerson
from movie_sync.health import ProviderHealth
from movie_sync.lib.clock import Clock, span_text
from movie_sync.movie import ClientTorrent
from movie_sync.queues.cleanup_queue import AGREED, BEGUN, PROVIDER, CleanupQueue, Judged, LeftFilm, Terms, judge

log = logging.getLogger(__name__)

# Nothing about it is urgent, and each look lists every torrent the client has.
LOOK_S = 3600.0
# More films than this never go in one look without a person's word.
MOST_AT_ONCE = 10


class CleanUp:
    """Looks now and then for films whose files may go, and has the client delete them, by info-hash alone.

    Args:
        cleanups: Which films left, and what was said of them.
        client: Has the files.
        health: Tells the person that films wait for a word.
        clock: Says when the next look is due.
        enabled: Nothing is looked at otherwise.
        grace_s: Seconds from a film's leaving until its files may go.
        duty_ratio: See Terms.
        duty_s: See Terms.
    """

    def __init__(
        self,
        cleanups: CleanupQueue,
        client: TorrentClient,
        health: ProviderHealth,
        clock: Clock,
        *,
        enabled: bool,
        grace_s: float,
        duty_ratio: float = DUTY_RATIO,
        duty_s: float = DUTY_S,
    ) -> None:
        self._cleanups = cleanups
        self._client = client
        self._health = health
        self._clock = clock
        self._enabled = enabled and client.reports
        self._terms = Terms(client.name, grace_s, duty_ratio, duty_s)
        self._looked_at: float | None = None

    def look(self, now: float) -> None:
        """Delete what may go, at most once an hour; what cannot be told of now is looked at again.

        Args:
            now: Unix seconds.

        Raises:
            ProviderError: As for TorrentClient.snapshot; what was deleted until then is kept note of.
        """
        moment = self._clock.monotonic()
        if not self._enabled or (self._looked_at is not None and moment - self._looked_at < LOOK_S):
            return
        found = self._cleanups.left()
        possible = [one.left for one in judge(found, None, self._terms, now) if not one.reasons]
        if possible:
            self._clean(possible, now)
        self._tell()
        self._looked_at = moment

    def _clean(self, possible: Sequence[LeftFilm], now: float) -> None:
        judged = judge(possible, self._client.snapshot(), self._terms, now)
        for one in judged:
            # Begun by a process that ended before it could note that the client had done it.
            if one.left.film.cleanup == BEGUN and one.torrent is None:
                self._note(one.left, None, now)
        ready = [one for one in judged if not one.reasons]
        unasked = [one for one in ready if one.left.film.cleanup not in {AGREED, BEGUN}]
        if len(unasked) > MOST_AT_ONCE:
            self._cleanups.hold([one.left for one in unasked])
        # What was held just now is refused by `begin`.
        for one in ready:
            self._delete(one, now)

    def _delete(self, one: Judged, now: float) -> None:
        if one.torrent is not None and self._cleanups.begin(one.left, self._terms):
            self._client.remove(one.torrent.info_hash, delete_files=True)
            self._note(one.left, one.torrent, now)

    def _note(self, left: LeftFilm, torrent: ClientTorrent | None, now: float) -> None:
        transfer = left.transfer
        if transfer is None:
            return
        why = f"taken off the watchlist {span_text(now - left.left_at)} ago"
        if torrent is not None:
            why += f"; ratio {torrent.ratio:.2f}, {span_text(torrent.seeding_s)} of seeding"
        text = f"The files of {transfer.release_name} ({transfer.size_bytes / 1e9:.1f} GB) were deleted: {why}."
        self._cleanups.cleaned(left, text)
        log.info("%s: %s", left.film.movie, text)

    def _tell(self) -> None:
        """Tell the person once that films wait, and again when their number is another."""
        waiting = len(self._cleanups.held())
        if not waiting:
            self._health.fine(PROVIDER)
            return
        message = f"Many films left your lists at once; the files of {waiting} stay until you agree that they go."
        if self._health.state(PROVIDER).message != message:
            hint = "See them: movie-sync cleanup preview. Agree: movie-sync cleanup confirm. Or wish for them again."
            self._health.failed(NeedsPerson(PROVIDER, message, hint=hint, code="cleanup_held"))
