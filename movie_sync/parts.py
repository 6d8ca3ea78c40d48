"""The parts by name: what each is built from, and how; bundled and foreign ones load the same way."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from movie_sync import __version__
from movie_sync.clients.torrent_client import TorrentClient
from movie_sync.config import Config
from movie_sync.credentials_manager import Ask, CredentialsManager
from movie_sync.errors import ConfigError
from movie_sync.lib.addresses import is_loopback
from movie_sync.lib.clock import Clock
from movie_sync.lib.http import HttpClient
from movie_sync.library.index import LibraryFolder, LibraryIndex
from movie_sync.store import Store
from movie_sync.trackers.download_service import MovieDownloader
from movie_sync.watchlists.watchlist import Watchlist
from movie_sync.watchlists.wikidata import DELAY_S, WikidataIds

HOMEPAGE = "https://github.com/movie-sync/movie-sync"
SHORT_URL = "https://boxd.it"
USER_AGENT = f"MovieSync/{__version__} (+{HOMEPAGE})"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a part is built from; the argument of every entry point of ``movie_sync.trackers`` and its siblings.

    Attributes:
        trial: The part is only to say whether it works; a service may be running beside it.
    """

    config: Config
    credentials: CredentialsManager
    store: Store
    clock: Clock
    ask: Ask | None = None
    trial: bool = False


def letterboxd(parts: Parts) -> Watchlist:
    """Entry point: the user's Letterboxd watchlist."""
    from movie_sync.watchlists.monitor import LetterboxdWatchlistMonitor  # noqa: PLC0415  loaded by name

    settings = parts.config.settings
    return LetterboxdWatchlistMonitor(
        settings.letterboxd_url,
        settings.username,
        http=HttpClient("letterboxd", USER_AGENT),
        store=parts.store,
        clock=parts.clock,
        delay_s=settings.letterboxd_delay,
        # A replica on this machine is its own shortener.
        short_url=settings.letterboxd_url if is_loopback(settings.letterboxd_url) else SHORT_URL,
    )


def filelist(parts: Parts) -> MovieDownloader:
    """Entry point: FileList.io."""
    from movie_sync.trackers.filelist_downloader import FileListDownloader  # noqa: PLC0415  loaded by name

    settings = parts.config.settings
    credentials = parts.credentials.require("filelist", parts.ask)
    return FileListDownloader(
        settings.filelist_url,
        credentials["username"],
        credentials["passkey"],
        categories=parts.config.search_categories,
        http=HttpClient("filelist", USER_AGENT),
        store=parts.store,
        clock=parts.clock,
        per_hour=settings.api_calls_per_hour,
        delay_s=settings.filelist_delay,
        sweep_interval_s=settings.sweep_interval,
    )


def qbittorrent(parts: Parts) -> TorrentClient:
    """Entry point: qBittorrent over its web API."""
    from movie_sync.clients.qbittorrent_manager import QBittorrentManager  # noqa: PLC0415  loaded by name

    settings = parts.config.filelist.qbittorrent
    credentials = parts.credentials.require("qbittorrent", parts.ask)
    return QBittorrentManager(
        settings.host,
        settings.port,
        credentials["username"],
        credentials["password"],
        clock=parts.clock,
        category=settings.category,
        tags=settings.tags.split(","),
        save_path=settings.save_path,
        auto_start=settings.auto_start,
        path_mappings=[(mapping.client, mapping.here) for mapping in settings.path_mappings],
    )


def builtin(parts: Parts) -> TorrentClient:
    """Entry point: libtorrent in this process."""
    from movie_sync.clients.builtin_client import BuiltinClient  # noqa: PLC0415  loaded by name

    return BuiltinClient(
        parts.config.home / "torrents" / "builtin",
        parts.config.download_folder,
        clock=parts.clock,
        listen=parts.config.settings.builtin_listen,
        take_up=not parts.trial,
    )


def torrent_folder(parts: Parts) -> TorrentClient:
    """Entry point: no client, the .torrent is saved."""
    from movie_sync.clients.torrent_folder import TorrentFolder  # noqa: PLC0415  loaded by name

    return TorrentFolder(parts.config.download_folder)


def load_part(kind: str, name: str, parts: Parts) -> Any:
    """Build a part by its entry point; bundled and foreign ones load the same way.

    Args:
        kind: ``trackers``, ``clients`` or ``watchlists``.
        name: Of the entry point.
        parts: What it is built from.

    Raises:
        ConfigError: There is none of that name.
        CredentialsError: It needs credentials nobody gave.
    """
    found = {point.name: point for point in entry_points(group=f"movie_sync.{kind}")}
    if name not in found:
        raise ConfigError(
            f"There is no {name!r} among {kind} ({', '.join(sorted(found)) or 'none'}).",
            hint="Install movie-sync properly (pip install .), or the package that brings it.",
        )
    builder: Callable[[Parts], Any] = found[name].load()
    return builder(parts)


def tracker(parts: Parts) -> MovieDownloader:
    """The tracker in use. Raises as for load_part."""
    found: MovieDownloader = load_part("trackers", parts.config.settings.tracker, parts)
    return found


def client(parts: Parts) -> TorrentClient:
    """The client in use. Raises as for load_part."""
    found: TorrentClient = load_part("clients", parts.config.client, parts)
    return found


def watchlists(parts: Parts) -> list[Watchlist]:
    """Every source that is set up; empty when films only come from imports. Raises as for load_part."""
    settings = parts.config.settings
    names = [name for name in settings.watchlists if name != "letterboxd" or settings.username]
    return [load_part("watchlists", name, parts) for name in names]


def film_ids(parts: Parts) -> WikidataIds | None:
    """Where the ids of many films are looked up at once; None when that is not wanted.

    Wikidata knows nothing of the films of a replica on this machine, unless it is one itself.
    """
    settings = parts.config.settings
    local = is_loopback(settings.wikidata_url)
    if not settings.use_wikidata or (is_loopback(settings.letterboxd_url) and not local):
        return None
    return WikidataIds(
        settings.wikidata_url,
        http=HttpClient("wikidata", USER_AGENT),
        store=parts.store,
        clock=parts.clock,
        delay_s=0.0 if local else DELAY_S,
    )


def library(parts: Parts) -> LibraryIndex:
    """What is on disk: the download folder and the user's library."""
    folders = [LibraryFolder(folder, True) for folder in parts.config.library_folders]
    return LibraryIndex([LibraryFolder(parts.config.download_folder, False), *folders], parts.store)
