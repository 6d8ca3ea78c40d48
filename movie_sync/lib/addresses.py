"""Where things are: the home folder, and whether an address is this machine."""

import os
from collections.abc import Mapping
from pathlib import Path

from movie_sync.errors import ConfigError

HOME_VARIABLE = "MOVIE_SYNC_HOME"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def home_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """``$MOVIE_SYNC_HOME``, else ``~/.movie_sync``. Raises as for full_path."""
    return full_path(environment.get(HOME_VARIABLE, "").strip() or "~/.movie_sync")


def full_path(path: str | Path) -> Path:
    """An absolute path; ``~`` and ``~name`` are home folders of users.

    Raises:
        ConfigError: There is no such user, or none is known.
    """
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as exc:
        raise ConfigError(
            f"{path} cannot be found: there is no user whose home folder its ~ could be.", hint="Write it out in full."
        ) from exc


def is_loopback(url: str) -> bool:
    """True when the URL's host is this machine."""
    import urllib.parse  # noqa: PLC0415  2 ms that `stats` need not pay

    return (urllib.parse.urlsplit(url).hostname or "") in LOOPBACK_HOSTS
