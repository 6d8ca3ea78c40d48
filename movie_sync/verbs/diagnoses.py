"""A bundle for a bug report: what one needs to see of an installation, without its secrets or its owner."""

import contextlib
import importlib.metadata
import io
import json
import os
import platform
import pwd
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from movie_sync import __version__
from movie_sync.config import CONFIG_FILE, SETTINGS, Config
from movie_sync.credentials_manager import FIELDS, CredentialsManager
from movie_sync.errors import MovieSyncError
from movie_sync.lib.clock import SystemClock, utc_text
from movie_sync.lib.files import LOCK_FILE, InstanceLock, write_whole
from movie_sync.lib.redaction import redact
from movie_sync.store import DATABASE_FILE, Store, history, overview, providers
from movie_sync.store.migrations import SCHEMA_VERSION

# Settings that can carry something private beyond what redaction knows.
_PRIVATE = frozenset({"username", "qbittorrent.auto_start"})
_LOG_BYTES = 2 * 1024 * 1024
_EVENTS = 500
_LIBRARIES = (
    "bencode2 click cryptography libtorrent msgspec qbittorrent-api requests rich selectolax urllib3".split()  # ours
)


def bundle(home: Path, path: Path, now: float) -> list[str]:
    """Write a ZIP with versions, settings, counts, service states, the last events and the end of the log.

    Secrets are taken out as everywhere; so are the user's names and the paths of their home. The files are plain text,
    so that the user can read what they give away.

    Args:
        home: The home folder; may lack anything.
        path: The ZIP, 0600.
        now: Unix seconds.

    Returns:
        The names of the files in it.

    Raises:
        OSError: It cannot be written.
    """
    hide = _Hiding(home)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(home, now):
            text = content if isinstance(content, str) else _json(hide.within(content))
            archive.writestr(name, hide.text(text))
        names = archive.namelist()
    write_whole(path, target.getvalue())
    return names


class _Hiding:
    """Takes out secrets, the user's names, and where their home is."""

    def __init__(self, home: Path) -> None:
        self._names = sorted((name for name in _names(home) if len(name) > 2), key=len, reverse=True)
        paths = {str(home): "HOME", str(home.resolve()): "HOME", str(Path.home()): "~", str(Path.home().resolve()): "~"}
        self._paths = {path: shown for path, shown in paths.items() if path != "/"}

    def text(self, text: str) -> str:
        text = redact(text)
        for path, shown in self._paths.items():
            text = re.sub(rf"(?<![\w.-]){re.escape(path)}(?![\w-])", shown, text)
        for name in self._names:
            text = re.sub(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", "USER", text)
        return text

    def within(self, data: Any) -> Any:
        """The same data with its texts hidden, before JSON writes a secret in a form of its own."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, dict):
            return {key: self.within(value) for key, value in data.items()}
        return [self.within(value) for value in data] if isinstance(data, list | tuple) else data


def _names(home: Path) -> set[str]:
    """What the user is called here and at the services, as far as it can be read; secrets become known on the way."""
    names = {os.environ.get("USER", ""), os.environ.get("LOGNAME", "")}
    with contextlib.suppress(KeyError):
        names.add(pwd.getpwuid(os.getuid()).pw_name)
    # The second knows what variables give also when what is stored cannot be read.
    for manager in (CredentialsManager(home), CredentialsManager(home / "none")):
        for service in FIELDS:
            with contextlib.suppress(MovieSyncError):
                names.add(manager.get(service).get("username", ""))
    try:
        names.add(Config.load(home).settings.username)
    except MovieSyncError:
        names.add(os.environ.get(SETTINGS["username"].variable, ""))
        with contextlib.suppress(OSError):
            text = (home / CONFIG_FILE).read_text(encoding="utf-8", errors="replace")
            names.update(re.findall(r'"username"\s*:\s*"([^"]+)"', text))
    return names - {"root"}


def _files(home: Path, now: float) -> Iterator[tuple[str, str | dict[str, Any]]]:
    yield "about.json", _about(home, now)
    yield "settings.json", _settings(home)
    yield "database.json", _database(home, now)
    for number in ("", ".1"):
        log = home / f"movie_sync.log{number}"
        if log.exists():
            yield log.name, _end_of(log)
    for sample in sorted(home.glob("bad_reply_*.txt")):
        yield sample.name, _end_of(sample)


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False, default=str)


def _about(home: Path, now: float) -> dict[str, Any]:
    libraries: dict[str, str | None] = {}
    for name in _LIBRARIES:
        try:
            libraries[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            libraries[name] = None
    return {
        "movie_sync": __version__,
        "made_at": utc_text(now),
        "python": sys.version,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "libraries": libraries,
        "running": InstanceLock(home / LOCK_FILE).holder() is not None,
        "files": {
            str(one.relative_to(home)): {"bytes": one.stat().st_size, "mode": oct(one.stat().st_mode & 0o777)}
            for one in sorted(home.glob("*"))
            if one.is_file()
        },
    }


def _settings(home: Path) -> dict[str, Any]:
    try:
        config = Config.load(home)
    except MovieSyncError as error:
        return {"error": str(error)}
    values = {
        key: {
            "value": "(set)" if key in _PRIVATE and config.value(key) else msgspec.to_builtins(config.value(key)),
            "origin": config.origin(key),
        }
        for key in SETTINGS
        if config.origin(key) != "default"
    }
    return {"changed": values, "notes": config.notes}


def _database(home: Path, now: float) -> dict[str, Any]:
    try:
        store = Store(home / DATABASE_FILE, read_only=True)
    except MovieSyncError as error:
        return {"error": str(error)}
    try:
        with store.read() as tx:
            return {
                "schema": SCHEMA_VERSION,
                "counts": overview.read(tx, now, SystemClock().boot()).as_dict(),
                "services": [msgspec.to_builtins(state) for state in providers.every(tx)],
                "events": [(utc_text(one.at), one.event, one.text) for one in history.latest(tx, _EVENTS)],
            }
    except MovieSyncError as error:
        return {"error": str(error)}
    finally:
        store.close()


def _end_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LOG_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError as exc:
        return f"It cannot be read ({exc.strerror}).\n"
