"""Movie Sync under systemd: the unit's text, and putting it in place."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from movie_sync.errors import MovieSyncError
from movie_sync.lib.addresses import HOME_VARIABLE

NAME = "movie-sync.service"
_SYSTEM_FOLDER = Path("/etc/systemd/system")
# Starting waits for READY=1, for which systemd itself allows 90 s.
_SYSTEMCTL_S = 100.0


@dataclass(frozen=True, slots=True)
class Unit:
    """A systemd unit.

    Attributes:
        system: For the whole machine, running as ``user``; else the user's own, running while they are logged in, or
            always with lingering.
        text: Of the unit file.
    """

    path: Path
    system: bool
    text: str


def program() -> list[str]:
    """The command that starts this very installation."""
    script = Path(sys.argv[0]).absolute()
    if script.name == "movie-sync" and os.access(script, os.X_OK):
        return [str(script)]
    if script.name == "main.py":  # a checkout, which python -m finds only from inside
        return [sys.executable, str(script)]
    return [sys.executable, "-m", "movie_sync"]


def unit(home: Path, *, system: bool, user: str, configuration: Path | None = None) -> Unit:
    """The unit for a home folder.

    Args:
        home: The home folder, absolute.
        system: See Unit.
        user: Whom a system unit runs as.
        configuration: The folder of the user's own units; None: ``~/.config`` (or ``$XDG_CONFIG_HOME``).
    """
    words = [*program(), "run"]
    if set(words[0]) & set("\"'\\$"):  # systemd starts no program with these in its path, but env does
        words.insert(0, "/usr/bin/env")
    # In command lines, not in other settings, $ begins a variable.
    command = " ".join(_quoted(word).replace("$", "$$") for word in words)
    lines = [
        "[Unit]",
        "Description=Movie Sync: films from a Letterboxd watchlist to a torrent client",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        "Type=notify",
        f"ExecStart={command}",
        f"Environment={_quoted(f'{HOME_VARIABLE}={home}')}",
        *([f"User={user}"] if system else []),
        "Restart=on-failure",
        "RestartSec=30",
        # Something only a person can mend, such as a missing log-in: starting again would not help.
        "RestartPreventExitStatus=2 3",
        "WatchdogSec=300",
        "TimeoutStopSec=15",
        "UMask=0077",
        "NoNewPrivileges=yes",
        "PrivateTmp=yes",
        *(["ProtectSystem=full", "ProtectKernelTunables=yes", "RestrictSUIDSGID=yes"] if system else []),
        "",
        "[Install]",
        f"WantedBy={'multi-user.target' if system else 'default.target'}",
        "",
    ]
    base = configuration or Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    folder = _SYSTEM_FOLDER if system else base / "systemd" / "user"
    return Unit(folder / NAME, system, "\n".join(lines))


def _quoted(text: str) -> str:
    """A word of a unit file (man systemd.syntax, "Quoting"; man systemd.unit, "Specifiers")."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return f'"{escaped}"' if any(char in text for char in " \t\n\"'\\;") else escaped


def install(found: Unit, *, start: bool = True) -> list[str]:
    """Write the unit, enable it and start it.

    Returns:
        A sentence for each thing that was done, or has to be done by hand.

    Raises:
        MovieSyncError: The unit cannot be written, or systemd refuses it.
    """
    try:
        found.path.parent.mkdir(parents=True, exist_ok=True)
        found.path.write_text(found.text, encoding="utf-8")
    except OSError as exc:
        hint = "A system unit needs root: sudo movie-sync service install --system" if found.system else ""
        message = f"The unit {found.path} cannot be written ({exc.strerror})."
        raise MovieSyncError(message, hint=hint, code="service_unit") from exc
    done = [f"Wrote {found.path}."]
    by_hand = " ".join(["systemctl", *_scope(found), "enable", "--now", NAME])
    if not _running(found):
        return [*done, f"systemd does not answer here; where it does: {by_hand}"]
    _systemctl(found, "daemon-reload")
    if start:
        _systemctl(found, "enable", "--now", NAME)
        done.append("It is enabled and runs.")
    else:
        done.append(f"To start it: {by_hand}")
    if not found.system:
        done.append("To let it run while you are not logged in: loginctl enable-linger")
    return done


def uninstall(found: Unit) -> list[str]:
    """Stop the unit and take it away; queues and settings stay. Returns and raises as for install."""
    if not found.path.exists():
        return [f"There is no unit {found.path}."]
    if _running(found):
        _systemctl(found, "disable", "--now", NAME)
    try:
        found.path.unlink()
    except OSError as exc:
        message = f"The unit {found.path} cannot be removed ({exc.strerror})."
        raise MovieSyncError(message, hint="A system unit needs root.", code="service_unit") from exc
    if _running(found):
        _systemctl(found, "daemon-reload")
    return [f"Removed {found.path}."]


def _scope(found: Unit) -> Sequence[str]:
    return () if found.system else ("--user",)


def _running(found: Unit) -> bool:
    """True when systemd can be talked to."""
    if shutil.which("systemctl") is None:
        return False
    return _run(found, "show-environment").returncode == 0


def _systemctl(found: Unit, *arguments: str) -> None:
    result = _run(found, *arguments)
    if result.returncode != 0:
        words = result.stderr.strip().splitlines()
        raise MovieSyncError(
            f"systemctl {' '.join(arguments)} failed: {words[-1] if words else result.returncode}",
            hint=f"The unit is {found.path}.",
            code="service_unit",
        )


def _run(found: Unit, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["systemctl", *_scope(found), *arguments]
    try:
        return subprocess.run(  # noqa: S603  systemd's own program
            command, capture_output=True, text=True, timeout=_SYSTEMCTL_S, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"it did not answer within {_SYSTEMCTL_S:.0f} s")
