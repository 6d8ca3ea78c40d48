"""TorrentFolder: no client at all. The .torrent is saved, and that is the hand-over."""

from collections.abc import Collection
from pathlib import Path

from movie_sync.clients.torrent_client import ClientInfo, TorrentClient
from movie_sync.errors import Unavailable
from movie_sync.lib.files import make_folder, write_whole
from movie_sync.movie import ClientTorrent, Torrent


class TorrentFolder(TorrentClient):
    """Saves each .torrent, 0600, for the user to take from there.

    Args:
        folder: Where to; made when missing.
    """

    name = "none"
    reports = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def check(self) -> ClientInfo:
        """See TorrentClient."""
        try:
            make_folder(self._folder)
        except OSError as exc:
            raise self._unwritable(exc) from exc
        return ClientInfo("saves .torrent files", str(self._folder))

    def ensure(self, torrent: Torrent) -> bool:
        """See TorrentClient; the file is named by torrent and info-hash."""
        # A file name has at most 255 bytes, the temp name beside it some more.
        name = torrent.name.encode()[:150].decode("utf-8", "ignore")
        path = self._folder / f"{name}.{torrent.info_hash[:8]}.torrent"
        self.check()
        try:
            if not path.exists():
                write_whole(path, torrent.data)
        except OSError as exc:
            raise self._unwritable(exc) from exc
        return True

    def snapshot(self, hashes: Collection[str] | None = None) -> dict[str, ClientTorrent]:  # noqa: ARG002  it has none
        """Nothing: what became of a saved .torrent is not known."""
        return {}

    def remove(self, info_hash: str, *, delete_files: bool) -> None:  # noqa: ARG002  nothing but .torrent files here
        """See TorrentClient."""
        for path in self._folder.glob(f"*.{info_hash[:8]}.torrent"):
            path.unlink(missing_ok=True)

    def _unwritable(self, exc: OSError) -> Unavailable:
        return Unavailable(
            self.name,
            f"The folder {self._folder} cannot be written ({exc.strerror}).",
            hint="Check download_directory, its rights and its free space.",
        )
