"""Movie Sync: films from a Letterboxd watchlist, found on a tracker and handed to a torrent client.

The public names below are loaded when first used, so that a short command pays only for what it needs.
"""

from typing import TYPE_CHECKING

__version__ = "3.0.0"

_PLACES = {
    "Config": "movie_sync.config",
    "CredentialsManager": "movie_sync.credentials_manager",
    "QueueManager": "movie_sync.queues.queue_manager",
    "MonitorWorker": "movie_sync.workers",
    "DownloadWorker": "movie_sync.workers",
    "LetterboxdWatchlistMonitor": "movie_sync.watchlists.monitor",
    "FileListDownloader": "movie_sync.trackers.filelist_downloader",
    "QBittorrentManager": "movie_sync.clients.qbittorrent_manager",
    "MovieDownloader": "movie_sync.trackers.download_service",
}

__all__ = [
    "Config",
    "CredentialsManager",
    "DownloadWorker",
    "FileListDownloader",
    "LetterboxdWatchlistMonitor",
    "MonitorWorker",
    "MovieDownloader",
    "QBittorrentManager",
    "QueueManager",
    "__version__",
]

if TYPE_CHECKING:
    from movie_sync.clients.qbittorrent_manager import QBittorrentManager
    from movie_sync.config import Config
    from movie_sync.credentials_manager import CredentialsManager
    from movie_sync.queues.queue_manager import QueueManager
    from movie_sync.trackers.download_service import MovieDownloader
    from movie_sync.trackers.filelist_downloader import FileListDownloader
    from movie_sync.watchlists.monitor import LetterboxdWatchlistMonitor
    from movie_sync.workers import DownloadWorker, MonitorWorker


def __getattr__(name: str) -> object:
    if name in _PLACES:
        import importlib  # noqa: PLC0415  only where a name is asked for

        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
