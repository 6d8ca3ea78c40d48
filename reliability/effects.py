"""A named point before and after every effect of the program: where it can be killed.

The names come from the code itself: what commits, asks, writes or deletes, and in which method. An effect that is added
to the program is a point without anybody having to remember it.
"""

import contextlib
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import requests

import movie_sync
from movie_sync.lib import files, http
from movie_sync.store.connections import Connection, Store

# Whose methods do not name a step: what every part goes through.
_PASSAGES = ("/lib/http.py", "/lib/files.py", "/store/connections.py")
_PROGRAM = str(Path(movie_sync.__file__).parent)
_HASH = re.compile(r"[0-9a-f]{40}")
_TEMP = re.compile(r"^\.(.+)\.[0-9a-f]{8}\.unfinished$")
_DATED = re.compile(r"(?:kept|restore)-[\dTZ-]{10,}|\.restore-\w{8}")


def _method(frame: FrameType | None) -> str:
    """The innermost method of the program that names a step, such as ``QueueManager.claim``."""
    found = ""
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(_PROGRAM) and not path.endswith(_PASSAGES):
            return _plain(frame.f_code.co_qualname)
        if path.startswith(_PROGRAM):
            found = _plain(frame.f_code.co_qualname)
        frame = frame.f_back
    return found


def _plain(qualified: str) -> str:
    return qualified.partition(".<locals>")[0]


def _file(path: Path) -> str:
    """A file's name without what differs from run to run."""
    name = _TEMP.sub(r"\1 (new)", path.name)
    return _DATED.sub("DATE", _HASH.sub("HASH", name))


class Points:
    """Counts the points the process passes; at a chosen one the process is killed as by ``kill -9``.

    Args:
        record: Where each point's name is appended, a line each; None: nowhere.
        at: Name of a point, and which passing of it (1: the first); None: no named one.
        after: Kill at the so many-th point of any name; None: never.
        pause_s: Between reaching the point and the kill: other threads go on meanwhile.
    """

    def __init__(
        self, record: Path | None, at: tuple[str, int] | None, after: int | None, pause_s: float = 0.0
    ) -> None:
        self._record = None if record is None else os.open(record, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        self._at = at
        self._after = after
        self._pause_s = pause_s
        self._passed = 0
        self._passed_named = 0
        self._lock = threading.Lock()

    def reach(self, name: str) -> None:
        """Pass a point, or be killed at it."""
        with self._lock:
            self._passed += 1
            self._passed_named += self._at is not None and name == self._at[0]
            dies = self._passed == self._after or (self._at is not None and self._passed_named == self._at[1])
        if self._record is not None:
            os.write(self._record, f"{name}\n".encode())
        if dies:
            time.sleep(self._pause_s)
            os.kill(os.getpid(), signal.SIGKILL)


def install(points: Points) -> None:
    """Put a point before and after every commit, request, rename, link, deletion and new folder of this process."""
    _around_commits(points)
    _around_requests(points)
    for owner, name, words in (
        (Path, "replace", ("before rename", "renamed")),
        (Path, "unlink", ("before deletion", "deleted")),
        (files, "_rename", ("before rename", "renamed")),
        (os, "link", ("before link", "linked")),
        (Path, "mkdir", ("before making", "made")),
    ):
        _around_files(points, owner, name, words)


def _around_commits(points: Points) -> None:
    plain_write = Store.write

    @contextlib.contextmanager
    def write(self: Store) -> Iterator[Connection]:
        method = _method(sys._getframe())  # noqa: SLF001  whose transaction it is
        with plain_write(self) as tx:
            yield tx
            points.reach(f"{method}: before commit")
        points.reach(f"{method}: committed")

    plain_connect = Store._connect  # noqa: SLF001  a migration commits outside of Store.write

    def connect(self: Store) -> Connection:
        connection = plain_connect(self)
        connection.set_trace_callback(lambda statement: _migrating(points, statement))
        return connection

    Store.write = write  # type: ignore[method-assign]
    Store._connect = connect  # type: ignore[method-assign]  # noqa: SLF001


def _migrating(points: Points, statement: str) -> None:
    """What opens and ends a migration is a point; what lies between is one effect."""
    words = " ".join(statement.split()[:2])
    if words not in {"BEGIN EXCLUSIVE", "COMMIT"}:
        return
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    while frame is not None and frame.f_code.co_name != "migrate":
        frame = frame.f_back
    if frame is not None:
        points.reach(f"migrate: before {words}")


def _around_requests(points: Points) -> None:
    plain_send = requests.Session.send
    plain_fetch = http.HttpClient._fetch  # noqa: SLF001  where a streamed answer is whole

    def send(self: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        method = _method(sys._getframe())  # noqa: SLF001
        points.reach(f"{method}: before asking")
        response = plain_send(self, request, **options)
        if not options.get("stream"):
            points.reach(f"{method}: answered")
        return response

    def fetch(self: http.HttpClient, *arguments: Any, **options: Any) -> http.HttpReply:
        method = _method(sys._getframe())  # noqa: SLF001
        reply = plain_fetch(self, *arguments, **options)
        points.reach(f"{method}: answered")
        return reply

    requests.Session.send = send  # type: ignore[method-assign]
    http.HttpClient._fetch = fetch  # type: ignore[method-assign]  # noqa: SLF001


def _around_files(points: Points, owner: Any, name: str, words: tuple[str, str]) -> None:
    plain: Callable[..., Any] = getattr(owner, name)

    def around(*arguments: Any, **options: Any) -> Any:
        method = _method(sys._getframe())  # noqa: SLF001
        nothing = name == "unlink" and not Path(arguments[0]).exists()
        if not method or nothing:
            return plain(*arguments, **options)
        # Of a rename and a link the new name tells more.
        file = _file(Path(arguments[1] if name in {"replace", "_rename", "link"} else arguments[0]))
        points.reach(f"{file}: {words[0]}")
        result = plain(*arguments, **options)
        points.reach(f"{file}: {words[1]}")
        return result

    setattr(owner, name, around)
