"""The real program with points before and after each effect: ``python -m reliability.launch ARGUMENTS``.

The environment says what is to happen: RELIABILITY_PLAN is a JSON object with

- ``record`` (a file), ``at`` (name and which passing), ``after`` (so many points), ``pause_s``: see Points;
- ``clock``: a file with the seconds by which the wall clock is wrong; read at each look;
- ``http_limits``: seconds in place of lib/http's own to connect, to read and in all;
- ``slow_names``: host name to the seconds a look-up of it takes before it fails, as a resolver without a network does;
- ``held``: name of a point, which passing, and a file that is made then; the thread that came there waits until
  somebody deletes it;
- ``failing``: the same, and the name of an error (ENOSPC, EROFS, EIO) with which every write fails as long as the file
  is there, whoever made it;
- ``limits``: of the resource module, such as NOFILE;
- ``threads``: how many can be started before the system has none left;
- ``plain_user``: root gives up its right to everybody's files.
"""

import ctypes
import errno
import json
import os
import resource
import socket
import sqlite3
import struct
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from movie_sync.cli import main
from movie_sync.lib.clock import SystemClock
from movie_sync.lib.http import HttpClient
from reliability.effects import Points, install

PLAN = "RELIABILITY_PLAN"
# The points at which a disk that takes nothing is met; a commit first.
WRITES = ("before commit", "before rename", "before link", "before making")
_LOOK_S = 0.01
_SQLITE_WORDS = {
    errno.ENOSPC: "database or disk is full",
    errno.EROFS: "attempt to write a readonly database",
    errno.EIO: "disk I/O error",
}
# linux/capability.h: _LINUX_CAPABILITY_VERSION_3
_CAPABILITY_VERSION = 0x20080522


class _Flag:
    """A file that is made at the so many-th passing of a point."""

    def __init__(self, name: str, passing: int, file: str) -> None:
        self._name = name
        self._left = passing
        self._file = Path(file)
        self._lock = threading.Lock()

    def made_at(self, name: str) -> bool:
        """Pass a point; True when that made the file."""
        with self._lock:
            self._left -= name == self._name
            if name != self._name or self._left:
                return False
            self._file.touch()
            return True

    def stands(self) -> bool:
        """True from when it was made until somebody deletes it."""
        return self._file.exists()


class BentPoints(Points):
    """Points at which, besides, a thread can be held, and from which on the disk can take nothing.

    Args:
        plan: See the module.
    """

    def __init__(self, plan: Mapping[str, Any]) -> None:
        record, at = plan.get("record"), plan.get("at")
        super().__init__(
            Path(record) if record else None,
            (at[0], at[1]) if at else None,
            plan.get("after"),
            plan.get("pause_s", 0.0),
        )
        self._held = _Flag(*plan["held"]) if plan.get("held") else None
        self._failing = _Flag(*plan["failing"][:3]) if plan.get("failing") else None
        self._error: str = plan["failing"][3] if plan.get("failing") else ""

    def reach(self, name: str) -> None:
        """See Points."""
        super().reach(name)
        if self._held is not None and self._held.made_at(name):
            while self._held.stands():
                time.sleep(_LOOK_S)
        if self._failing is not None:
            self._failing.made_at(name)
            if name.endswith(WRITES) and self._failing.stands():
                raise _refusal(name, getattr(errno, self._error))


def _refusal(name: str, number: int) -> Exception:
    """What SQLite, or the system, says in place of the write that comes next."""
    if name.endswith(WRITES[0]):
        return sqlite3.OperationalError(_SQLITE_WORDS[number])
    return OSError(number, os.strerror(number))


def _shift_clock(file: Path) -> None:
    """The wall clock is wrong by what the file says; the monotonic one goes on."""

    def now(self: SystemClock) -> float:  # noqa: ARG001  in place of a method
        return time.time() + float(file.read_text(encoding="ascii"))

    SystemClock.now = now  # type: ignore[method-assign]


def _limit_http(limits_s: Sequence[float]) -> None:
    """A hang is a hang, however short the limits."""
    HttpClient.__init__.__kwdefaults__ = dict(zip(("connect_s", "read_s", "total_s"), limits_s, strict=True))


def _slow_names(slow: Mapping[str, float]) -> None:
    """Looking these names up takes its time, and comes to nothing."""
    plain = socket.getaddrinfo

    def look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        if host in slow:
            time.sleep(slow[host])
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return plain(host, *arguments, **options)

    socket.getaddrinfo = look_up


def _as_any_user() -> None:
    """Give up every capability (capabilities(7)): a folder without the right to write is one then."""
    nothing = struct.pack("=6I", *[0] * 6)
    if ctypes.CDLL(None, use_errno=True).capset(struct.pack("=Ii", _CAPABILITY_VERSION, 0), nothing):
        raise OSError(ctypes.get_errno(), "capset")


def _few_threads(most: int) -> None:
    """After so many, starting one fails as it does at a limit of the user or of the container."""
    plain, left = threading.Thread.start, most

    def start(self: threading.Thread) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise RuntimeError("can't start new thread")
        plain(self)

    threading.Thread.start = start  # type: ignore[method-assign]


def launch() -> NoReturn:
    """Follow the plan, run the command line, and leave with its exit code."""
    plan = json.loads(os.environ.get(PLAN) or "{}")
    if plan.get("plain_user") and os.geteuid() == 0:
        _as_any_user()
    for name, most in plan.get("limits", {}).items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    if plan.get("threads") is not None:
        _few_threads(plan["threads"])
    install(BentPoints(plan))
    if plan.get("clock"):
        _shift_clock(Path(plan["clock"]))
    if plan.get("http_limits"):
        _limit_http(plan["http_limits"])
    if plan.get("slow_names"):
        _slow_names(plan["slow_names"])
    main()


if __name__ == "__main__":
    launch()
