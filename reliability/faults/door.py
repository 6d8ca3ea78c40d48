"""A door in front of qBittorrent: lets everything through and counts, or answers in its place."""

import contextlib
import re
import select
import socket
import threading
import time
from collections.abc import Callable

_REQUEST = re.compile(rb"^(?:GET|POST) (/\S+) HTTP/1\.[01]\r$", re.MULTILINE)
_CHUNK_BYTES = 65536


def page(body: bytes, status: str = "200 OK", content_type: str = "text/html") -> bytes:
    """A whole HTTP answer, after which the connection ends."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    return head.encode() + b"\r\n" + body


class Door:
    """Listens on a port of its own and passes connections on.

    Attributes:
        port: Where the program knocks.
        behind: The port of 127.0.0.1 everything goes on to.
        answer: Given to every connection instead; None: passed on.
        silent: Connections are taken and not answered, those of before too; they end when this does.
        waiting: A request came and was not answered.
        on_answer: Called with path and the first bytes of each answer before it goes on to the program.
        paths: What was asked for, oldest first.
    """

    def __init__(self, behind: int) -> None:
        self.behind = behind
        self.answer: bytes | None = None
        self.silent = False
        self.on_answer: Callable[[str, bytes], None] = lambda path, data: None  # noqa: ARG005
        self.paths: list[str] = []
        self.waiting = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._own = b"127.0.0.1:%d" % self.port
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> "Door":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # else the waiting thread would go on waiting
        self._listener.close()
        self.silent = False

    def count(self, ending: str) -> int:
        """How many requests asked for a path with this ending."""
        return sum(path.endswith(ending) for path in self.paths)

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            if self._was_silent():
                return
            if self.answer is not None:
                self._note(connection.recv(_CHUNK_BYTES))
                connection.sendall(self.answer)
                return
            with socket.create_connection(("127.0.0.1", self.behind), timeout=5) as server:
                self._pass_on(connection, server)

    def _was_silent(self) -> bool:
        """Let a request wait as long as nothing is answered; True when it had to."""
        was = self.silent
        while self.silent:
            self.waiting = True
            time.sleep(0.05)
        return was

    def _note(self, data: bytes) -> str:
        found = [path.decode("ascii", "replace").partition("?")[0] for path in _REQUEST.findall(data)]
        self.paths += found
        return found[-1] if found else ""

    def _pass_on(self, connection: socket.socket, server: socket.socket) -> None:
        path = ""
        while True:
            ready, _, _ = select.select([connection, server], [], [], 60)
            if not ready or self._was_silent():
                return
            for source in ready:
                data = source.recv(_CHUNK_BYTES)
                if not data:
                    return
                if source is connection:
                    path = self._note(data) or path
                    # qBittorrent answers nobody who names another port than its own.
                    server.sendall(data.replace(self._own, b"127.0.0.1:%d" % self.behind))
                else:
                    self.on_answer(path, data)
                    connection.sendall(data)
