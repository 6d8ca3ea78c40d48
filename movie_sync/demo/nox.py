"""A throw-away qbittorrent-nox on loopback, with a profile of its own."""

import base64
import contextlib
import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

import qbittorrentapi

USERNAME = "demo"
_STARTED_S = 20.0
_CONFIG = """\
[LegalNotice]
Accepted=true

[Meta]
MigrationVersion=4

[Network]
PortForwardingEnabled=false

[BitTorrent]
Session\\InterfaceName=lo
Session\\Interface=lo
Session\\InterfaceAddress=127.0.0.1
Session\\DHTEnabled=false
Session\\PeXEnabled=false
Session\\LSDEnabled=false
Session\\BTProtocol=TCP
Session\\MultiConnectionsPerIp=true
Session\\RefreshInterval=200
Session\\QueueingSystemEnabled=false
Session\\DefaultSavePath={save_path}
Session\\Port={peer_port}

[Preferences]
Connection\\ResolvePeerCountries=false
WebUI\\Address=127.0.0.1
WebUI\\LocalHostAuth=true
WebUI\\Username={username}
WebUI\\Password_PBKDF2="@ByteArray({password})"
"""


def installed() -> bool:
    """True when qbittorrent-nox is on the path."""
    return shutil.which("qbittorrent-nox") is not None


def free_port() -> int:
    """A port of 127.0.0.1 nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _password_hash(password: str) -> str:
    """As qBittorrent stores it: PBKDF2-HMAC-SHA512, 100,000 rounds, 16-byte salt, 64-byte key."""
    salt = secrets.token_bytes(16)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 100_000, 64)
    return f"{base64.b64encode(salt).decode()}:{base64.b64encode(key).decode()}"


class Nox:
    """One qbittorrent-nox; start and stop it as often as you like, its profile stays.

    Attributes:
        password: Made up for this profile.
        port: Of its web UI, the same after a restart.
        api: A client that is logged in on first use.
    """

    def __init__(self, folder: Path, save_path: Path) -> None:
        self.folder = folder
        self.save_path = save_path
        self.password = secrets.token_urlsafe(12)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        config = folder / "qBittorrent" / "config" / "qBittorrent.conf"
        config.parent.mkdir(parents=True, exist_ok=True)
        save_path.mkdir(parents=True, exist_ok=True)
        config.write_text(
            _CONFIG.format(
                save_path=save_path,
                peer_port=free_port(),
                username=USERNAME,
                password=_password_hash(self.password),
            ),
            encoding="utf-8",
        )

    @property
    def api(self) -> qbittorrentapi.Client:
        """A client of its own for this call."""
        return qbittorrentapi.Client(
            host=f"http://127.0.0.1:{self.port}",
            username=USERNAME,
            password=self.password,
            REQUESTS_ARGS={"timeout": (5, 10)},
            FORCE_SCHEME_FROM_HOST=True,
        )

    @property
    def command(self) -> list[str]:
        """The command line that starts it."""
        return ["qbittorrent-nox", f"--profile={self.folder}", f"--webui-port={self.port}"]

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            TimeoutError: It did not within 20 s.
        """
        self._process = subprocess.Popen(  # noqa: S603  our own command
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(self.folder)},
        )
        end = time.monotonic() + _STARTED_S
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise TimeoutError(f"qbittorrent-nox did not answer on port {self.port}")

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it properly."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def __enter__(self) -> "Nox":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
