"""DiskSpace: is there room for another film where the client puts it, with all that is still to come counted?"""

from collections.abc import Mapping
from dataclasses import dataclass

from movie_sync.clients.torrent_client import TorrentClient
from movie_sync.movie import ClientTorrent
from movie_sync.queues.queue_manager import QueueManager

# Names under which films are put off: the disk itself, and the limit the user set.
DISK = "disk"
MAX_SPACE = "max_download_space_gb"
GB = 1_000_000_000


@dataclass(frozen=True, slots=True)
class NoRoom:
    """Why there is no room.

    Attributes:
        limit: ``disk`` or ``max_download_space_gb``.
        reason: A sentence with the figures.
        hint: What to do.
    """

    limit: str
    reason: str
    hint: str


class DiskSpace:
    """Asks the client what it has and how much room there is; both are looked at anew each time.

    Args:
        client: Who downloads.
        queue: Knows which torrents are this program's own.
        minimum_free_bytes: What has to stay free; 0: nothing.
        max_download_bytes: What all of this program's torrents in the client may take together; 0: no limit.
    """

    def __init__(
        self, client: TorrentClient, queue: QueueManager, *, minimum_free_bytes: int, max_download_bytes: int
    ) -> None:
        self._client = client
        self._queue = queue
        self._minimum = minimum_free_bytes
        self._most = max_download_bytes

    def missing(self, size_bytes: int = 0) -> NoRoom | None:
        """Why a film of so many bytes does not fit; None when it does, or nobody can tell.

        Args:
            size_bytes: Of its release; 0: is there room for anything?

        Raises:
            ProviderError: As for TorrentClient.snapshot.
        """
        if not self._client.reports or not (self._minimum or self._most):
            return None
        torrents = self._client.snapshot()
        return self._over_limit(torrents, size_bytes) or self._too_full(torrents, size_bytes)

    def _over_limit(self, torrents: Mapping[str, ClientTorrent], size_bytes: int) -> NoRoom | None:
        if not self._most:
            return None
        own = self._queue.own_hashes()
        taken = sum(torrent.size_bytes for torrent in torrents.values() if torrent.info_hash in own)
        if taken + max(size_bytes, 1) <= self._most:
            return None
        new = f", and this one has {size_bytes / GB:.1f} GB" if size_bytes else ""
        reason = f"Downloaded films take {taken / GB:.1f} of {self._most / GB:g} GB in {self._client.name}{new}."
        return NoRoom(MAX_SPACE, reason, f"Delete some there, or raise {MAX_SPACE}.")

    def _too_full(self, torrents: Mapping[str, ClientTorrent], size_bytes: int) -> NoRoom | None:
        free = self._client.free_bytes() if self._minimum else None
        if free is None:
            return None
        to_come = sum(int(one.size_bytes * (1 - one.progress)) for one in torrents.values() if not one.done)
        if free - to_come - size_bytes >= self._minimum:
            return None
        parts = [f"{free / GB:.1f} GB are free"]
        if to_come:
            parts.append(f"{to_come / GB:.1f} GB are still to come")
        if size_bytes:
            parts.append(f"this one has {size_bytes / GB:.1f} GB")
        reason = f"The disk is too full: {', '.join(parts)}, and {self._minimum / GB:g} GB are to stay free."
        return NoRoom(DISK, reason, "Make room where films are downloaded, or lower minimum_free_space.")
