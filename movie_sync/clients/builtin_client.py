"""BuiltinClient: libtorrent inside this process, for public torrents."""

import logging
import os
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from movie_sync.clients.torrent_client import ClientInfo, TorrentClient, free_in
from movie_sync.errors import BadTorrent, ClientRefuses, ConfigError, Unavailable
from movie_sync.lib.clock import Clock
from movie_sync.lib.files import (
    make_folder,
    make_private_file,
    make_private_folder,
    sync_file,
    sync_folder,
    write_whole,
)
from movie_sync.lib.torrent_file import read_torrent
from movie_sync.movie import ClientTorrent, Torrent, TransferState

log = logging.getLogger(__name__)

PROVIDER = "builtin"
# Known as nothing but itself.
_AGENT = "MovieSync/3.0"
_FLUSH_S = 30.0
_LOOK_S = 0.05
# Measured: 70 MiB after 1 GiB with these; discovery of any kind is off unless asked for.
_SETTINGS: Mapping[str, Any] = {
    "user_agent": _AGENT,
    "aio_threads": 2,
    "max_queued_disk_bytes": 1 << 20,
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "stop_tracker_timeout": 1,
    "alert_queue_size": 10_000,
    "dont_count_slow_torrents": True,
}


class BuiltinClient(TorrentClient):
    """Downloads by itself while the program runs; what it was given is in a folder and is taken up at each start.

    Safe to use from several threads: they take turns. After a kill every file is checked again; a clean stop keeps what
    is needed to go on at once.

    Args:
        state_folder: Its own .torrent files and resume data.
        save_path: Where films go.
        clock: Waits for the disk.
        listen: Address and port, "0.0.0.0:6881" or "127.0.0.1:0".
        take_up: False for a trial beside a service that may be running: its torrents and its port are left to it.
    """

    name = PROVIDER
    takes_private = False
    embedded = True

    def __init__(
        self,
        state_folder: Path,
        save_path: Path,
        *,
        clock: Clock,
        listen: str = "0.0.0.0:6881",
        take_up: bool = True,
    ) -> None:
        try:
            import libtorrent  # noqa: PLC0415  only where it is used: 13 MiB, and no wheel everywhere
        except ImportError as exc:
            raise ConfigError(
                "The built-in client needs libtorrent, which is not installed or has no wheel for this Python.",
                file="config.json",
                key="client",
                hint='pip install "movie-sync[builtin]" with Python 3.11 to 3.13, or set client to qbittorrent.',
            ) from exc
        self._lt = libtorrent
        self._folder = state_folder
        self._save_path = save_path
        self._clock = clock
        self._lock = threading.RLock()
        self._handles: dict[str, Any] = {}
        self._flushed: set[str] = set()
        loopback = listen.startswith("127.")
        settings: Any = {
            **_SETTINGS,
            "listen_interfaces": listen if take_up else "",
            # A peer that was not ready is asked again soon: in a swarm of one there is no other.
            "min_reconnect_time": 5,
            # libtorrent shuns trackers on loopback unless it may talk to several peers of one address there.
            "allow_multiple_connections_per_ip": loopback,
            # There a burst overruns uTP's socket; when one side then gives up, the other waits for minutes.
            "enable_outgoing_utp": not loopback,
            "enable_incoming_utp": not loopback,
            "alert_mask": libtorrent.alert.category_t.status_notification
            | libtorrent.alert.category_t.storage_notification
            | libtorrent.alert.category_t.error_notification,
        }
        self._session: Any = libtorrent.session(libtorrent.session_params(settings))
        if take_up:
            self._take_up()

    def check(self) -> ClientInfo:
        """See TorrentClient."""
        try:
            make_folder(self._save_path)
        except OSError as exc:
            raise Unavailable(
                PROVIDER,
                f"The folder {self._save_path} cannot be made ({exc.strerror}).",
                hint="Check download_directory and its rights.",
            ) from exc
        return ClientInfo(f"libtorrent {self._lt.__version__}", str(self._save_path))

    def ensure(self, torrent: Torrent) -> bool:
        """See TorrentClient.

        Raises:
            ClientRefuses: The torrent is private: trackers of those accept listed clients only.
        """
        if torrent.private:
            raise ClientRefuses(
                f"{torrent.name} is a private torrent, which the built-in client may not fetch.",
                hint="Set client to qbittorrent: private trackers accept listed clients only.",
            )
        self.check()
        with self._lock:
            if torrent.info_hash not in self._handles:
                make_private_folder(self._folder)
                path = self._torrent_path(torrent.info_hash)
                write_whole(path, torrent.data)
                try:
                    self._add(torrent.info_hash)
                except ClientRefuses:
                    path.unlink()
                    raise
        return True

    def snapshot(self, hashes: Collection[str] | None = None) -> dict[str, ClientTorrent]:
        """See TorrentClient; a torrent is done only when its last byte was given to the disk."""
        with self._lock:
            wanted = self._handles.keys() if hashes is None else self._handles.keys() & set(hashes)
            return {info_hash: self._state(info_hash, self._handles[info_hash]) for info_hash in wanted}

    def remove(self, info_hash: str, *, delete_files: bool) -> None:
        """See TorrentClient."""
        with self._lock:
            handle = self._handles.pop(info_hash, None)
            self._flushed.discard(info_hash)
            if handle is not None:
                self._session.remove_torrent(handle, int(self._lt.session.delete_files) if delete_files else 0)
            self._forget(info_hash)

    def free_bytes(self) -> int | None:
        """See TorrentClient."""
        return free_in(self._save_path)

    def close(self) -> None:
        """Stop at a clean point: pause, and keep resume data for the next start."""
        with self._lock:
            self._session.pause()
            waiting = set()
            for info_hash, handle in self._handles.items():
                if handle.is_valid() and handle.need_save_resume_data():
                    handle.save_resume_data(self._lt.save_resume_flags_t.flush_disk_cache)
                    waiting.add(info_hash)
            self._collect_resume_data(len(waiting))
            self._handles.clear()
            # The session ends with its last reference.
            self._session = None

    # -- inside

    def _torrent_path(self, info_hash: str) -> Path:
        return self._folder / f"{info_hash}.torrent"

    def _resume_path(self, info_hash: str) -> Path:
        return self._folder / f"{info_hash}.fastresume"

    def _done_path(self, info_hash: str) -> Path:
        """There when the torrent was once whole on disk."""
        return self._folder / f"{info_hash}.done"

    def _take_up(self) -> None:
        """Add again what an earlier process was given."""
        if self._folder.is_dir():
            for path in sorted(self._folder.glob("*.torrent")):
                try:
                    if self._deleted_by_person(path):
                        self._forget(path.stem)
                    else:
                        self._add(path.stem)
                except ClientRefuses as exc:
                    log.warning("%s It is left out.", exc)

    def _deleted_by_person(self, path: Path) -> bool:
        """True when it was whole once and its file or folder is gone: people delete films they have seen."""
        if not self._done_path(path.stem).exists():
            return False
        try:
            name = read_torrent(path.read_bytes()).name
        except BadTorrent as exc:
            raise ClientRefuses(str(exc)) from exc
        return not (self._save_path / name).exists()

    def _forget(self, info_hash: str) -> None:
        for path in (self._torrent_path(info_hash), self._resume_path(info_hash), self._done_path(info_hash)):
            path.unlink(missing_ok=True)

    def _add(self, info_hash: str) -> None:
        """Add by the files in our folder; resume data is used once, since it lies after a crash."""
        resume = self._resume_path(info_hash)
        try:
            params = self._lt.load_torrent_file(str(self._torrent_path(info_hash)))
        except RuntimeError as exc:
            raise ClientRefuses(f"libtorrent cannot read the .torrent {info_hash} ({exc}).") from exc
        if resume.exists():
            try:
                kept = self._lt.read_resume_data(resume.read_bytes())
                # Another torrent's would be refused together with the torrent.
                if params.ti is not None and kept.info_hashes == params.ti.info_hashes():
                    kept.ti = params.ti
                    params = kept
            except RuntimeError:
                pass  # every file is checked instead
            resume.unlink()
        params.save_path = str(self._save_path)
        # Paused torrents that libtorrent's own queue manages would start late or never.
        params.flags &= ~(self._lt.torrent_flags.auto_managed | self._lt.torrent_flags.paused)
        self._handles[info_hash] = self._session.add_torrent(params)

    def _state(self, info_hash: str, handle: Any) -> ClientTorrent:
        status = handle.status()
        done = status.is_seeding and self._on_disk(info_hash, handle)
        message = status.errc.message() if status.errc.value() else ""
        return ClientTorrent(
            info_hash=info_hash,
            name=status.name,
            progress=status.progress if done or not status.is_seeding else min(status.progress, 0.999),
            state="error" if message else self._word(status, done),
            done=done,
            ours=True,
            save_path=status.save_path,
            size_bytes=status.total_wanted,
            speed_bytes_s=status.download_payload_rate,
            seeds=status.num_seeds,
            ratio=status.all_time_upload / max(1, status.total_wanted),
            seeding_s=float(status.seeding_duration.total_seconds()),
            message=message,
        )

    def _word(self, status: Any, done: bool) -> TransferState:
        states = self._lt.torrent_status.states
        if status.state in {states.checking_files, states.checking_resume_data}:
            return "checking"
        if done:
            return "seeding"
        return "downloading" if status.num_peers or status.download_payload_rate else "stalled"

    def _on_disk(self, info_hash: str, handle: Any) -> bool:
        """``is_seeding`` is true before the last write: ask for a flush once and believe its answer."""
        if info_hash in self._flushed:
            return True
        self._session.pop_alerts()
        handle.flush_cache()
        waited = 0.0
        while waited < _FLUSH_S:
            for alert in self._session.pop_alerts():
                if isinstance(alert, self._lt.cache_flushed_alert):
                    flushed = self._hash_of(alert.handle)
                    if flushed:
                        self._sync(flushed)
                        make_private_file(self._done_path(flushed))
                        self._flushed.add(flushed)
            if info_hash in self._flushed:
                return True
            self._clock.wait(_LOOK_S)
            waited += _LOOK_S
        return False

    def _sync(self, info_hash: str) -> None:
        """Bring a whole torrent onto the disk: libtorrent gives it to the system, and a power cut takes that back.

        Raises:
            Unavailable: The disk does not take it.
        """
        try:
            top = self._save_path / read_torrent(self._torrent_path(info_hash).read_bytes()).name
            if top.is_file():
                sync_file(top)
            for folder, _, names in os.walk(top):
                for name in names:
                    sync_file(Path(folder) / name)
                sync_folder(Path(folder))
            sync_folder(self._save_path)
        except OSError as exc:
            raise Unavailable(
                PROVIDER, f"{self._save_path} cannot be written ({exc.strerror}).", hint="Check the disk."
            ) from exc

    def _hash_of(self, handle: Any) -> str | None:
        return next((info_hash for info_hash, known in self._handles.items() if known == handle), None)

    def _collect_resume_data(self, count: int) -> None:
        """Write the resume data libtorrent hands back; what does not come within two seconds is checked next time."""
        waited = 0
        while count and waited < 20:
            self._session.wait_for_alert(100)
            waited += 1
            for alert in self._session.pop_alerts():
                if isinstance(alert, self._lt.save_resume_data_alert):
                    info_hash = self._hash_of(alert.handle)
                    if info_hash:
                        write_whole(self._resume_path(info_hash), self._lt.write_resume_data_buf(alert.params))
                    count -= 1
                elif isinstance(alert, self._lt.save_resume_data_failed_alert):
                    count -= 1
