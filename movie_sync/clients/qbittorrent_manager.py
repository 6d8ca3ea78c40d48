"""QBittorrentManager: hands torrents to qBittorrent 4.5 and newer over its web API."""

import contextlib
import os
import re
import shlex
import subprocess
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import qbittorrentapi
import requests
from qbittorrentapi import exceptions as qbt

from movie_sync.clients.torrent_client import BROKEN, ClientInfo, TorrentClient, free_in
from movie_sync.errors import AuthFailed, ClientRefuses, Unavailable
from movie_sync.lib.clock import Clock
from movie_sync.lib.path_mapping import here
from movie_sync.lib.redaction import keep_secret
from movie_sync.movie import ClientTorrent, Torrent, TransferState

PROVIDER = "qbittorrent"
TIMEOUT_S = (5.0, 15.0)
# An add is visible after 4 to 16 ms; look for up to 5 s.
VISIBLE_S = 5.0
_LOOK_S = 0.1
# After five failed log-ins qBittorrent bans an address for an hour.
_BAN_S = 3600.0
_STARTED_S = 30.0
# v4.5.2, v5.1.0beta1
_VERSION = re.compile(r"v?\d+\.\d[\w.+-]*")
# What SQLite can hold, and more bytes and seconds than there are.
_MOST = 1 << 62

_STATES: Mapping[str, TransferState] = {
    "error": "error",
    "missingFiles": "missing_files",
    "stalledDL": "stalled",
    "metaDL": "downloading",
    "forcedMetaDL": "downloading",
    "downloading": "downloading",
    "forcedDL": "downloading",
    "queuedDL": "paused",
    "pausedDL": "paused",
    "stoppedDL": "paused",
    **dict.fromkeys(("uploading", "forcedUP", "stalledUP", "queuedUP", "pausedUP", "stoppedUP"), "seeding"),
}


def names_port(host: str) -> bool:
    """True when an address says its port itself: ``box:8080``, or a whole one such as ``https://box/qbt``."""
    return "://" in host or re.fullmatch(r"[^:/]+:\d+", host) is not None


def _number(value: object) -> float:
    """A number of an answer; below zero, which says "unknown" there, and beyond all disks and times it counts as 0."""
    number = float(str(value or 0))
    return number if 0 <= number < _MOST else 0.0


def _whole(value: object) -> int:
    return int(_number(value))


def _readable(text: str) -> str:
    """Text the database takes: JSON can hold half a character."""
    return text.encode("utf-8", "replace").decode()


class QBittorrentManager(TorrentClient):
    """A qBittorrent on this or another machine. Safe to use from several threads: they take turns.

    Args:
        host: Name or address, or a whole address such as ``https://box/qbt``.
        port: Of the web UI; ignored when ``host`` names one.
        username: "" when the web UI asks for none.
        password: Tried once; after a refusal this object asks no more until it is built anew.
        category: Created when missing; "" for none.
        tags: Our mark on torrents; may be empty.
        save_path: "" for qBittorrent's own.
        auto_start: The command that starts it when it does not answer; "" to never start one.
        clock: Waits while looking again.
        path_mappings: Folders as qBittorrent sees them, each with the same as seen from here.
    """

    name = PROVIDER

    def __init__(
        self,
        host: str,
        port: int,
        username: str,
        password: str,
        *,
        clock: Clock,
        category: str = "Movies",
        tags: Collection[str] = ("movie_sync",),
        save_path: str = "",
        auto_start: str = "",
        path_mappings: Sequence[tuple[str, str]] = (),
    ) -> None:
        keep_secret(password)
        self._address = host if "://" in host else f"http://{host}" if names_port(host) else f"http://{host}:{port}"
        self._client = qbittorrentapi.Client(
            host=self._address,
            username=username,
            password=password,
            REQUESTS_ARGS={"timeout": TIMEOUT_S},
            FORCE_SCHEME_FROM_HOST=True,
            DISABLE_LOGGING_DEBUG_OUTPUT=True,
        )
        self._category = category
        self._tags = tuple(tag.strip() for tag in tags if tag.strip())
        self._save_path = save_path
        self._auto_start = auto_start
        self._path_mappings = tuple(path_mappings)
        self._started = False
        self._clock = clock
        self._lock = threading.RLock()
        self._refused: AuthFailed | None = None
        self._answered = False
        self._rid = 0
        self._free: int | None = None

    def check(self) -> ClientInfo:
        """See TorrentClient; starts qBittorrent once where ``auto_start`` names a command."""
        try:
            return self._look()
        except Unavailable:
            if not self._auto_start or self._started:
                raise
        self._start()
        return self._look()

    def ensure(self, torrent: Torrent) -> bool:
        """See TorrentClient. The answer of an add proves nothing: only a look-up by hash does."""
        with self._asking():
            found = self._lookup([torrent.info_hash])
            if not found:
                self._create_category()
                self._add(torrent)
                self._wait_visible(torrent.info_hash)
                return True
        return found[torrent.info_hash].ours

    def snapshot(self, hashes: Collection[str] | None = None) -> dict[str, ClientTorrent]:
        """See TorrentClient."""
        if hashes is not None and not hashes:
            return {}
        with self._asking():
            return self._lookup(hashes)

    def remove(self, info_hash: str, *, delete_files: bool) -> None:
        """See TorrentClient."""
        with self._asking():
            self._client.torrents_delete(delete_files=delete_files, torrent_hashes=info_hash)

    def free_bytes(self) -> int | None:
        """See TorrentClient. What qBittorrent says holds for its own default folder alone."""
        if self._save_path:
            folder = Path(here(self._save_path, self._path_mappings))
            return free_in(folder) if folder.is_dir() else None
        with self._asking():
            # Each answer tells only what is new since the one before.
            data = self._client.sync_maindata(rid=self._rid)
            self._rid = _whole(data.get("rid"))
            state = cast("Mapping[str, object]", data.get("server_state") or {})
            if (free := state.get("free_space_on_disk")) is not None:
                self._free = _whole(free)
        return self._free

    def close(self) -> None:
        """End the session here; qBittorrent itself goes on."""
        with self._lock:
            with contextlib.suppress(qbt.APIError, requests.RequestException):
                if self._answered:
                    self._client.auth_log_out()
            # It refers to itself, so its connections would stay open until garbage is collected.
            self._client._trigger_session_initialization()  # noqa: SLF001  it has no public way

    # -- asking

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """One conversation at a time, in our errors. LoginFailed and HTTP errors come before their base class."""
        with self._lock:
            if self._refused is not None:
                raise self._refused
            try:
                self._answered = False
                yield
                self._answered = True
            except qbt.LoginFailed:
                raise self._noted(f"qBittorrent at {self._address} refused the user name or password.") from None
            except qbt.Unauthorized401Error:
                raise self._noted(f"qBittorrent at {self._address} refused the log-in (401).") from None
            except qbt.Forbidden403Error as exc:
                raise Unavailable(
                    PROVIDER,
                    f"qBittorrent at {self._address} shut this address out after failed log-ins.",
                    hint="Restart qBittorrent, or wait an hour; check the user name and password.",
                    code="banned",
                    retry_after_s=_BAN_S,
                ) from exc
            except (qbt.APIError, requests.RequestException) as exc:
                raise Unavailable(
                    PROVIDER,
                    f"qBittorrent at {self._address} does not answer.",
                    hint="Check that it runs and that its web UI is on at this address.",
                ) from exc
            except (ValueError, TypeError, AttributeError, RecursionError) as exc:
                raise Unavailable(
                    PROVIDER,
                    f"What answers at {self._address} does not answer as qBittorrent does.",
                    hint="Check that qBittorrent's web UI is what listens there.",
                    code="damaged",
                ) from exc

    def _noted(self, message: str) -> AuthFailed:
        """The refusal; from now on it is remembered, and nobody is asked."""
        self._refused = self._auth_failed(message)
        self._refused.remembered = True
        return self._auth_failed(message)

    @staticmethod
    def _auth_failed(message: str) -> AuthFailed:
        hint = (
            "Set the right ones: movie-sync credentials set qbittorrent. Nothing more is tried with these, since five"
            " wrong tries ban this machine."
        )
        return AuthFailed(PROVIDER, message, hint=hint)

    def _look(self) -> ClientInfo:
        with self._asking():
            version = str(self._client.app_version())
            if not _VERSION.fullmatch(version):
                raise ValueError("this is no version")
            path = self._save_path or str(self._client.app_default_save_path())
            return ClientInfo(f"qBittorrent {version}", path)

    def _lookup(self, hashes: Collection[str] | None) -> dict[str, ClientTorrent]:
        """Torrents by hash; an empty selection must not be asked, for it returns everything."""
        if hashes is None or len(hashes) > 200:
            rows = self._client.torrents_info()
        else:
            rows = self._client.torrents_info(torrent_hashes=list(hashes))
        found = (self._torrent(row) for row in rows)
        return {torrent.info_hash: torrent for torrent in found if hashes is None or torrent.info_hash in hashes}

    def _torrent(self, row: Mapping[str, object]) -> ClientTorrent:
        raw_state = str(row.get("state"))
        state = _STATES.get(raw_state, "checking")
        progress = min(_number(row.get("progress")), 1.0)
        left = _whole(row.get("amount_left"))
        tags = {tag.strip() for tag in str(row.get("tags") or "").split(",")}
        return ClientTorrent(
            info_hash=_readable(str(row.get("hash"))).lower(),
            name=_readable(str(row.get("name"))),
            progress=progress,
            state=state,
            done=state == "seeding" and progress >= 1.0 and left == 0,
            ours=not tags.isdisjoint(self._tags),
            save_path=here(_readable(str(row.get("save_path") or "")), self._path_mappings),
            size_bytes=_whole(row.get("size")),
            speed_bytes_s=_whole(row.get("dlspeed")),
            seeds=_whole(row.get("num_seeds")),
            ratio=_number(row.get("ratio")),
            seeding_s=_number(row.get("seeding_time")),
            message=raw_state if state in BROKEN else "",
        )

    def _create_category(self) -> None:
        if self._category:
            with contextlib.suppress(qbt.Conflict409Error):
                self._client.torrents_create_category(name=self._category)

    def _add(self, torrent: Torrent) -> None:
        try:
            self._client.torrents_add(
                torrent_files={f"{torrent.info_hash}.torrent": torrent.data},
                category=self._category or None,
                tags=list(self._tags),
                save_path=self._save_path or None,
                is_stopped=False,
            )
        except qbt.UnsupportedMediaType415Error as exc:
            raise ClientRefuses(f"qBittorrent says that the .torrent of {torrent.name} is none.") from exc
        except qbt.Conflict409Error:
            return  # a duplicate, or an empty upload: the look-up tells

    def _wait_visible(self, info_hash: str) -> dict[str, ClientTorrent]:
        waited = 0.0
        while not (found := self._lookup([info_hash])):
            if waited >= VISIBLE_S:
                raise Unavailable(
                    PROVIDER, "qBittorrent took the torrent but does not show it yet.", code="not_visible"
                )
            self._clock.wait(_LOOK_S)
            waited += _LOOK_S
        return found

    def _start(self) -> None:
        """Run the user's own command once and wait for the web UI."""
        self._started = True
        command = shlex.split(self._auto_start)
        try:
            process = subprocess.Popen(  # noqa: S603  the user's own command, without a shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                # Our settings there may be secrets, which are none of its business.
                env={name: value for name, value in os.environ.items() if not name.startswith("MOVIE_SYNC_")},
            )
        except OSError as exc:
            raise Unavailable(
                PROVIDER,
                f"The command of qbittorrent.auto_start ({command[0]}) cannot be run ({exc.strerror}).",
                hint="Correct it in filelist_config.json.",
            ) from exc
        # Somebody has to take its exit status, or a zombie stays.
        threading.Thread(target=process.wait, name="qbittorrent", daemon=True).start()
        waited = 0.0
        while waited < _STARTED_S:
            self._clock.wait(0.5)
            waited += 0.5
            with contextlib.suppress(Unavailable):
                self._look()
                return
