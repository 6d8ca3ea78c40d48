"""Bad answers at the socket: a front before a replica that lets requests through, or answers as no server should."""

import contextlib
import functools
import gzip
import http
import re
import socket
import ssl
import struct
import threading
import time
import urllib.parse
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_HEAD_BYTES = 65536
_HELD_S = 150.0
# Far beyond what any answer may hold, so that an answer without an end has one.
_ENDLESS_BYTES = 64 * 1024 * 1024
_BOMB_MB = 400
# The type of the record that begins TLS (RFC 8446, 5.1).
_HANDSHAKE = b"\x16"


@dataclass(frozen=True, slots=True)
class Asked:
    """What came to a front.

    Attributes:
        path: Without the query; "" when TLS was spoken to a front that speaks none.
        query: First value of each parameter.
        headers: Names in lower case.
        at: Monotonic seconds.
        bent: It got a bad answer.
    """

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: float
    bent: bool = False


class Wire:
    """The connection a bad answer is given on.

    Args:
        connection: Just after the request was read.
        well: The replica's own answer to it, as bytes.
        let_go: Set when the fault is lifted: nobody is held any longer.
    """

    def __init__(self, connection: socket.socket, well: Callable[[], bytes], let_go: threading.Event) -> None:
        self._connection = connection
        self.well = well
        self._let_go = let_go

    def send(self, data: bytes) -> None:
        """Send all of it. Raises OSError when the client has gone."""
        self._connection.sendall(data)

    def reset(self) -> None:
        """End the connection by a reset instead of properly."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()

    def hold(self) -> None:
        """Do nothing until the fault is lifted."""
        self._let_go.wait(_HELD_S)

    def drip(self, data: bytes, interval_s: float) -> None:
        """Send a byte each interval, until the fault is lifted."""
        for position in range(len(data)):
            if self._let_go.wait(interval_s):
                return
            self.send(data[position : position + 1])


Bad = Callable[[Wire], None]


class Front:
    """Listens on a port of its own before a replica; one request a connection.

    Args:
        behind: URL of the replica.

    Attributes:
        bend: Says how a request is answered badly; None: it goes through.
        asked: Every request, oldest first.
        tls: When set, only TLS is spoken.
    """

    def __init__(self, behind: str, tls: ssl.SSLContext | None = None) -> None:
        parts = urllib.parse.urlsplit(behind)
        self._behind = (str(parts.hostname), int(parts.port or 80))
        self.bend: Callable[[Asked], Bad | None] = _well
        self.asked: list[Asked] = []
        self.tls = tls
        self._let_go = threading.Event()
        self._listener: socket.socket | None = None
        self._port = 0
        self.listen()

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``, or https."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._port}"

    def listen(self) -> None:
        """Take connections, on the same port as before; nothing changes when it does already."""
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self._port), backlog=64)
            self._port = int(self._listener.getsockname()[1])
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def refuse(self) -> None:
        """Refuse connections until `listen`."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # else the waiting thread would go on waiting
            self._listener.close()
            self._listener = None

    def lift(self) -> None:
        """Be well again: everybody who is held is let go."""
        self.bend = _well
        self._let_go.set()
        self._let_go = threading.Event()
        self.listen()

    def bent(self) -> list[Asked]:
        """The requests that got a bad answer."""
        return [one for one in self.asked if one.bent]

    def close(self) -> None:
        """Stop serving."""
        self._let_go.set()
        self.refuse()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self.tls is None:
                self._answer(connection)
                return
            with self.tls.wrap_socket(connection, server_side=True) as wrapped:
                self._answer(wrapped)

    def _answer(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _HEAD_BYTES and not head.startswith(_HANDSHAKE):
            data = connection.recv(_HEAD_BYTES)
            if not data:
                return
            head += data
        asked = _asked(head)
        head, _, form = head.partition(b"\r\n\r\n")
        while asked.path and len(form) < int(asked.headers.get("content-length", 0)):
            data = connection.recv(_HEAD_BYTES)
            if not data:
                return
            form += data
        bad = self.bend(asked)
        let_go = self._let_go
        self.asked.append(Asked(asked.path, asked.query, asked.headers, asked.at, bent=bad is not None))
        if bad is None and asked.path:
            connection.sendall(self._pass_on(head, form))
        else:
            (bad or reset_before)(Wire(connection, lambda: self._pass_on(head, form), let_go))

    def _pass_on(self, head: bytes, form: bytes) -> bytes:
        """The replica's whole answer, with the word that the connection ends."""
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connect")]
        with socket.create_connection(self._behind, timeout=10) as replica:
            replica.sendall(b"\r\n".join([*lines, b"Connection: close", b"", form]))
            answer = b"".join(iter(lambda: replica.recv(_HEAD_BYTES), b""))
        first, rest = answer.split(b"\r\n", 1)
        return first + b"\r\nConnection: close\r\n" + rest


def _well(asked: Asked) -> None:
    """Every request goes through."""


def _asked(head: bytes) -> Asked:
    if head.startswith(_HANDSHAKE):
        return Asked("", {}, {}, time.monotonic())
    first, *lines = head.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    parts = urllib.parse.urlsplit(first.split(" ")[1])
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    query = dict(reversed(urllib.parse.parse_qsl(parts.query, keep_blank_values=True)))
    return Asked(parts.path, query, headers, time.monotonic())


# -- answers


def _head(length: int | None, status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    """Up to the body; without a length the body ends with the connection."""
    given = {"Content-Type": "text/html; charset=utf-8", "Connection": "close"}
    if length is not None:
        given["Content-Length"] = str(length)
    words = "".join(f"{name}: {value}\r\n" for name, value in (given | dict(headers or {})).items())
    return f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\n{words}\r\n".encode("latin-1")


def whole(body: bytes = b"", status: int = 200, content_type: str = "text/html", **headers: str) -> Bad:
    """A whole answer; ``retry_after`` stands for the header Retry-After."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return lambda wire: wire.send(_head(len(body), status, {"Content-Type": content_type, **named}) + body)


def reset_before(wire: Wire) -> None:
    """The connection is reset before anything was said."""
    wire.reset()


def reset_within(wire: Wire) -> None:
    """It is reset in the middle of the body."""
    wire.send(_head(4096) + b"<html><body>[{")
    time.sleep(0.05)  # else the reset overtakes what was sent
    wire.reset()


def cut(wire: Wire) -> None:
    """The right answer ends properly before its declared length."""
    wire.send(wire.well()[:-40])


def altered(change: Callable[[bytes], bytes], *more: bytes) -> Bad:
    """The right answer with another body, properly ended.

    Args:
        change: Given the right body.
        more: Lines of the head.
    """

    def send(wire: Wire) -> None:
        head, body = wire.well().split(b"\r\n\r\n", 1)
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
        given = change(body)
        wire.send(b"\r\n".join([*lines, *more, b"Content-Length: %d" % len(given), b"", given]))

    return send


halved = altered(lambda body: body[: len(body) // 2])
halved_gzip = altered(
    lambda body: gzip.compress(body, mtime=0)[: max(20, len(gzip.compress(body)) // 2)], b"Content-Encoding: gzip"
)


def padded(megabytes: int) -> Bad:
    """The right answer with blanks behind it, which make it exactly so long."""
    return altered(lambda body: body.ljust(megabytes * 1024 * 1024))


def retyped(content_type: str) -> Bad:
    """The right answer with a wrong content type."""

    def send(wire: Wire) -> None:
        wire.send(re.sub(rb"(?i)(content-type: )[^\r]*", rb"\1" + content_type.encode(), wire.well(), count=1))

    return send


def hang_before(wire: Wire) -> None:
    """Nothing is said."""
    wire.hold()


def hang_within(wire: Wire) -> None:
    """The body begins and does not go on."""
    wire.send(_head(4096) + b"<html><body>[{")
    wire.hold()


def drip_head(wire: Wire) -> None:
    """A second to each byte of the head."""
    wire.drip(_head(4096), 1.0)


def drip_body(wire: Wire) -> None:
    """A second to each byte of the body."""
    wire.send(_head(4096))
    wire.drip(b"x" * 4096, 1.0)


def oversized(megabytes: int) -> Bad:
    """A body of a byte more than so many megabytes, honestly declared."""

    def send(wire: Wire) -> None:
        wire.send(_head(megabytes * 1024 * 1024 + 1))
        for _ in range(megabytes):
            wire.send(b"x" * 1024 * 1024)
        wire.send(b"x")

    return send


def endless(wire: Wire) -> None:
    """A body without a declared end, as good as endless."""
    wire.send(_head(None))
    for _ in range(_ENDLESS_BYTES // _HEAD_BYTES):
        wire.send(b"[" * _HEAD_BYTES)


@functools.cache
def _packed(times: int) -> bytes:
    """400 MB of zeros, packed so many times over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)  # 31: with the head and end of gzip
    if times > 1:
        return packer.compress(_packed(times - 1)) + packer.flush()
    zeros = bytes(1024 * 1024)
    return b"".join([*(packer.compress(zeros) for _ in range(_BOMB_MB)), packer.flush()])


def bomb(times: int) -> Bad:
    """Zeros that unpack to 400 MB, packed so many times over."""

    def send(wire: Wire) -> None:
        body = _packed(times)
        wire.send(_head(len(body), headers={"Content-Encoding": ", ".join(["gzip"] * times)}) + body)

    return send


def redirect(to: str, status: int = 302) -> Bad:
    """To an address."""
    return whole(b"", status, location=to)
