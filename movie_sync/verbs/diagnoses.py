"""A bundle for a bug report: what one needs to see of an installation, without its secrets or its owner."""

import importlib.metadata
import io
import json
import os
import platform
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from movie_sync import __version__
from movie_sync.config import SETTINGS, Config
from movie_sync.credentials_manager import FIELDS, CredentialsManager
from movie_sync.errors import MovieSyncError
from movie_sync.lib.clock import utc_text
from movie_sync.lib.files import InstanceLock, write_whole
from movie_sync.lib.redaction import redact
from movie_sync.store import Store, history, overview, providers
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
        for name, text in _files(home, now):
            archive.writestr(name, hide.text(text))
        names = archive.namelist()
    write_whole(path, target.getvalue())
    return names


class _Hiding:
    """Takes out secrets, the user's names, and where their home is."""

    def __init__(self, home: Path) -> None:
        names: set[str] = set()
        try:
            manager = CredentialsManager(home)
            for service in FIELDS:
                names.add(manager.get(service).get("username", ""))
            names.add(Config.load(home).settings.username)
        except MovieSyncError:
            pass  # what cannot be read is not in the bundle either
        user = os.environ.get("USER", "")
        self._names = sorted((name for name in {*names, user} if len(name) > 2), key=len, reverse=True)
        self._paths = [(str(home), "HOME"), (str(Path.home()), "~")]

    def text(self, text: str) -> str:
        text = redact(text)
        for path, shown in self._paths:
            text = text.replace(path, shown)
        for name in self._names:
            text = re.sub(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", "USER", text)
        return text


def _files(home: Path, now: float) -> Iterator[tuple[str, str]]:
    yield "about.json", _json(_about(home, now))
    yield "settings.json", _json(_settings(home))
    yield "database.json", _json(_database(home, now))
    for number in ("", ".1"):
        log = home / f"movie_sync.log{number}"
        if log.exists():
            yield log.name, _end_of(log)
    for sample in sorted(home.glob("bad_reply_*.txt")):
        yield sample.name, sample.read_text(encoding="utf-8", errors="replace")


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
        "running": InstanceLock(home / "instance.lock").holder() is not None,
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
        store = Store(home / "movie_sync.db", read_only=True)
    except MovieSyncError as error:
        return {"error": str(error)}
    try:
        with store.read() as tx:
            return {
                "schema": SCHEMA_VERSION,
                "counts": overview.read(tx, now).as_dict(),
                "services": [msgspec.to_builtins(state) for state in providers.every(tx)],
                "events": [(utc_text(one.at), one.event, one.text) for one in history.latest(tx, _EVENTS)],
            }
    except MovieSyncError as error:
        return {"error": str(error)}
    finally:
        store.close()


def _end_of(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LOG_BYTES))
        return file.read().decode("utf-8", "replace")
