"""TorrentClient: what a client is."""

import abc
import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from movie_sync.movie import ClientTorrent, Torrent

# States a torrent does not leave by itself.
BROKEN = frozenset({"error", "missing_files"})
# The tracker's duty to seed: what is reached first.
DUTY_RATIO = 1.0
DUTY_S = 48 * 3600.0
# Less room than this beside what a torrent still needs may be why it is in error.
_SPARE_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """A client that answers.

    Attributes:
        version: In its own words.
        save_path: Where new torrents go, as the client sees it.
    """

    version: str
    save_path: str


class TorrentClient(abc.ABC):
    """A program that downloads torrents. It knows them by info-hash and nothing else.

    Attributes:
        name: Unique, lower case: also its provider name for back-off.
        takes_private: Private trackers accept it.
        reports: It can be asked about torrents later; False for a folder that only keeps files.
        embedded: It lives and dies with this process, so that a single pass waits for its downloads.
    """

    name: str
    takes_private: bool = True
    reports: bool = True
    embedded: bool = False

    @abc.abstractmethod
    def check(self) -> ClientInfo:
        """Is it there, and does it let us in?

        Raises:
            Unavailable: It does not answer.
            AuthFailed: It refuses the log-in; asked once, never again with the same.
        """

    @abc.abstractmethod
    def ensure(self, torrent: Torrent) -> bool:
        """Make sure the client has the torrent; doing it twice is doing it once.

        Returns:
            True when it is there with our mark, False when someone else had added it: then it is left as it is.

        Raises:
            ClientRefuses: It will never take this one.
            Unavailable: Not visible yet, or no answer: do the same again later. AuthFailed as for check.
        """

    @abc.abstractmethod
    def snapshot(self, hashes: Collection[str] | None = None) -> dict[str, ClientTorrent]:
        """The client's torrents by info-hash.

        Args:
            hashes: Only these; None for all.

        Raises:
            Unavailable: No answer: nothing can be said of any torrent. AuthFailed as for check.
        """

    @abc.abstractmethod
    def remove(self, info_hash: str, *, delete_files: bool) -> None:
        """Take a torrent out; fine when it is not there. Raises as for snapshot."""

    def free_bytes(self) -> int | None:
        """Bytes free where new torrents go, None when nobody can tell. Raises as for snapshot."""
        return None

    def close(self) -> None:
        """Let go; torrents go on where the client is a program of its own."""


def free_in(folder: Path) -> int | None:
    """Bytes free in a folder, or where it would be made; None when nobody can tell."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None


def disk_is_well(torrent: ClientTorrent) -> bool:
    """True when the torrent's folder is here to be looked at, writable, and has room; False when nobody can tell."""
    folder = Path(torrent.save_path or "/nowhere")
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return False
    return os.access(folder, os.W_OK) and free > torrent.size_bytes * (1 - torrent.progress) + _SPARE_BYTES
