"""A small HTTP server on 127.0.0.1 whose answers can be bent for a test."""

import sys
import threading
import urllib.parse
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked.

    Attributes:
        path: Without the query.
        query: First value of each parameter.
        headers: Names in lower case.
        form: First value of each field of a POST; empty when none was sent.
    """

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw_query: str = ""
    client: str = ""
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered.

    Attributes:
        write: Takes over the connection instead, for answers no server should give: gets the raw write function.
    """

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    write: Callable[[Callable[[bytes], Any]], None] | None = None


def _first_values(text: str) -> Mapping[str, str]:
    return dict(reversed(urllib.parse.parse_qsl(text, keep_blank_values=True)))


class _Http(ThreadingHTTPServer):
    """Clients that go away in the middle are ordinary here."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class LoopbackServer:
    """Serves `answer` until closed; remembers every request.

    Attributes:
        requests: All of them, oldest first.
        next_answers: Given instead of `answer`, first in first out; an entry may be a function of the request that
            returns None to let the ordinary answer through.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.next_answers: deque[Answer | Callable[[Request], Answer | None]] = deque()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are two writes; else the second would wait 40 ms for the first to be acknowledged.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                server._serve(self)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                server._serve(self, body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's signature
                """Stay silent."""

        self._http = _Http(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def answer(self, request: Request) -> Answer:
        """The ordinary answer."""
        return Answer(b"not found", 404) if request.path else Answer()

    def close(self) -> None:
        """Stop serving."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _serve(self, handler: BaseHTTPRequestHandler, body: bytes = b"") -> None:
        parts = urllib.parse.urlsplit(handler.path)
        request = Request(
            parts.path,
            _first_values(parts.query),
            {name.lower(): value for name, value in handler.headers.items()},
            parts.query,
            handler.client_address[0],
            _first_values(body.decode("utf-8", "replace")),
        )
        self.requests.append(request)
        bent = self.next_answers.popleft() if self.next_answers else None
        answer = bent(request) if callable(bent) else bent
        answer = answer or self.answer(request)
        try:
            if answer.write is not None:
                handler.close_connection = True
                answer.write(handler.wfile.write)
                return
            handler.send_response(answer.status)
            handler.send_header("Content-Type", answer.content_type)
            handler.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(answer.body)
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True
