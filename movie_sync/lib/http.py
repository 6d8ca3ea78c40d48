"""One honest HTTP client: bounded in time and bytes, never taking credentials to another host."""

import contextlib
import logging
import socket
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from movie_sync.errors import BadReply, Unavailable

log = logging.getLogger(__name__)

CONNECT_S = 10.0
READ_S = 20.0
TOTAL_S = 60.0
# The page behind a short link is of no interest.
MAX_LINK_BYTES = 1024 * 1024
MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HINT = "Check the network, and its address in config.json."
# The longest pause a server can ask for and get; beyond it our own back-off decides.
MAX_RETRY_AFTER_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A whole answer.

    Attributes:
        url: Where it came from after redirects.
        headers: Names in lower case.
        body: Decoded from gzip or deflate, at most ``max_bytes`` long.
    """

    status: int
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        """The media type in lower case without parameters; "" when not given."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def retry_after_s(self, now: float) -> float | None:
        """Seconds the server asks to wait, 0 to a day; None when it does not say or not understandably."""
        text = self.headers.get("retry-after", "").strip()
        if not text:
            return None
        try:
            seconds = float(text) if text.isdecimal() else parsedate_to_datetime(text).timestamp() - now
        except (ValueError, OverflowError):
            return None
        return min(max(0.0, seconds), MAX_RETRY_AFTER_S)


class _Deadline:
    """Shuts the sockets of one request when its total time is over, however the bytes trickle."""

    current = threading.local()

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self.sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._close)
        self._timer.daemon = True

    def __enter__(self) -> "_Deadline":
        _Deadline.current.value = self
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        _Deadline.current.value = None

    @classmethod
    def watch(cls, connection: HTTPConnection) -> None:
        deadline = getattr(cls.current, "value", None)
        if deadline is not None and connection.sock is not None:
            deadline.sockets.append(connection.sock)

    def _close(self) -> None:
        self.passed = True
        for sock in self.sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _WatchedHTTP(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        super().request(*args, **kwargs)
        _Deadline.watch(self)


class _WatchedHTTPS(HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        super().request(*args, **kwargs)
        _Deadline.watch(self)


class _WatchedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _WatchedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _WatchedHTTPPool, "https": _WatchedHTTPSPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _WatchedHTTPPool, "https": _WatchedHTTPSPool}
        return manager


def _path(url: str) -> str:
    """What of a URL may be logged."""
    return urllib.parse.urlsplit(url).path


def _clock_difference_s(date: str | None) -> float | None:
    try:
        return time.time() - parsedate_to_datetime(date or "").timestamp()
    except (ValueError, OverflowError):
        return None


def _read_timed_out(exc: Exception | None) -> bool:
    """A hang in the body, which requests reports as a ConnectionError."""
    return exc is not None and any(isinstance(arg, urllib3.exceptions.ReadTimeoutError) for arg in exc.args)


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from sending what a ~/.netrc holds."""
    return request


def _same_site(old: str, new: str) -> bool:
    """Same host and port, or the same host moved from http to https."""
    before, after = urllib.parse.urlsplit(old), urllib.parse.urlsplit(new)
    if before.hostname != after.hostname:
        return False
    return (before.scheme, before.port) == (after.scheme, after.port) or (
        before.scheme == "http" and after.scheme == "https" and before.port is None and after.port is None
    )


class _Session(requests.Session):
    def get_redirect_target(self, resp: Any) -> None:
        """None: HttpClient follows redirects itself; requests would read their bodies without a limit."""


class HttpClient:
    """GET and POST with one connection at a time; redirects only within a host, no cookies, only credentials given.

    Args:
        provider: Named in errors.
        user_agent: The program's own name, version and page.
        connect_s: Limit for the connection.
        read_s: Limit between two reads.
        total_s: Limit for the whole request, redirects not counted together.

    Attributes:
        clock_difference_s: This machine's clock less the server's at the last answer, in seconds; None: unknown.
    """

    def __init__(
        self,
        provider: str,
        user_agent: str,
        *,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
        total_s: float = TOTAL_S,
    ) -> None:
        self._provider = provider
        self._timeout = (connect_s, read_s)
        self._total_s = total_s
        self.clock_difference_s: float | None = None
        self._session = _Session()
        self._session.headers["User-Agent"] = user_agent
        self._session.auth = _no_auth
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(pool_connections=1, pool_maxsize=1))

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        max_bytes: int,
        pace: Callable[[], None] = lambda: None,
    ) -> HttpReply:
        """Fetch a URL.

        Args:
            url: Absolute.
            params: Query parameters.
            auth: User and password for Basic authentication; never sent to another host.
            max_bytes: A longer body is an error.
            pace: Called before each request, redirects included: waits for its turn or raises.

        Raises:
            Unavailable: No whole answer came: DNS, refused, TLS, timeout, cut, bad encoding.
            BadReply: Too large, or redirected in circles or to another host.
        """
        for _ in range(MAX_REDIRECTS):
            pace()
            reply = self._fetch(url, max_bytes, params=params, auth=auth)
            if reply.status not in _REDIRECTS or "location" not in reply.headers:
                return reply
            try:
                target = urllib.parse.urljoin(reply.url, reply.headers["location"])
                same = _same_site(reply.url, target)
            except ValueError:
                raise BadReply(self._provider, f"{self._host(url)} redirects to no address.") from None
            if not same:
                raise BadReply(
                    self._provider,
                    f"{self._host(url)} redirects to another host ({self._host(target)}), which is not followed.",
                    hint="Check its address in config.json.",
                )
            url, params = target, None
        raise BadReply(self._provider, f"{self._host(url)} redirects in circles.")

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str],
        accept: str,
        max_bytes: int,
        pace: Callable[[], None] = lambda: None,
    ) -> HttpReply:
        """Send a form to a URL; a redirect is not followed, since what was sent is meant for this address alone.

        Args:
            url: Absolute.
            form: Sent as ``application/x-www-form-urlencoded``.
            accept: The media type asked for.
            max_bytes: A longer body is an error.
            pace: Called before the request: waits for its turn or raises.

        Raises:
            Unavailable: As for get.
            BadReply: Too large, or a redirect.
        """
        pace()
        reply = self._fetch(url, max_bytes, form=form, accept=accept)
        if reply.status in _REDIRECTS:
            raise BadReply(
                self._provider,
                f"{self._host(url)} redirects what was sent to it, which is not followed.",
                hint="Check its address in config.json.",
            )
        return reply

    def location(self, url: str, *, pace: Callable[[], None] = lambda: None) -> tuple[HttpReply, str | None]:
        """The answer to a URL, and where it redirects to, which may be another host: nothing is followed.

        Returns:
            The second is None when it does not redirect, or to no address.

        Raises:
            Unavailable: As for get.
        """
        pace()
        reply = self._fetch(url, MAX_LINK_BYTES)
        target = reply.headers.get("location")
        if not target or not 300 <= reply.status < 400:
            return reply, None
        try:
            return reply, urllib.parse.urljoin(reply.url, target)
        except ValueError:
            return reply, None

    def _fetch(
        self,
        url: str,
        max_bytes: int,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        accept: str = "*/*",
    ) -> HttpReply:
        """One request and its whole answer; a POST when there is a form."""
        started = time.monotonic()
        with _Deadline(self._total_s) as deadline:
            try:
                response = self._session.request(
                    "GET" if form is None else "POST",
                    url,
                    params=dict(params) if params else None,
                    data=None if form is None else dict(form),
                    headers={"Accept": accept},
                    auth=auth or _no_auth,
                    timeout=self._timeout,
                    stream=True,
                    allow_redirects=False,
                )
                with response:
                    body = self._read(response, max_bytes)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as exc:
                raise self._unavailable(url, exc, deadline.passed, time.monotonic() - started) from None
            finally:
                self._session.cookies.clear()
        if deadline.passed:
            raise self._unavailable(url, None, True, self._total_s)
        headers = {name.lower(): value for name, value in response.headers.items()}
        seconds = time.monotonic() - started
        log.debug("%s %s: %d, %d bytes in %.2f s", self._provider, _path(url), response.status_code, len(body), seconds)
        self.clock_difference_s = _clock_difference_s(headers.get("date"))
        return HttpReply(response.status_code, response.url, headers, body)

    def _read(self, response: requests.Response, max_bytes: int) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_content(64 * 1024):
            size += len(chunk)
            if size > max_bytes:
                raise BadReply(
                    self._provider,
                    f"{self._host(response.url)} sent more than {max_bytes // (1024 * 1024)} MB.",
                )
            chunks.append(chunk)
        return b"".join(chunks)

    def _unavailable(self, url: str, exc: Exception | None, timed_out: bool, seconds: float) -> Unavailable:
        """An error whose text holds neither the URL's query nor what the library put into its own message."""
        host = self._host(url)
        if timed_out or isinstance(exc, requests.Timeout) or _read_timed_out(exc):
            return Unavailable(
                self._provider, f"{self._provider} ({host}) did not answer in time ({seconds:.0f} s).", code="timeout"
            )
        if isinstance(exc, requests.exceptions.SSLError):
            return Unavailable(
                self._provider,
                f"{host} has no valid certificate.",
                hint="Check this machine's clock and the address.",
                code="tls",
            )
        if isinstance(exc, requests.exceptions.ContentDecodingError):
            return Unavailable(self._provider, f"{host} sent a damaged answer.", code="damaged")
        if isinstance(exc, requests.exceptions.ChunkedEncodingError):
            return Unavailable(self._provider, f"{host} broke off in the middle of its answer.", code="cut")
        if isinstance(exc, requests.ConnectionError):
            return Unavailable(
                self._provider, f"{self._provider} ({host}) cannot be reached.", hint=_HINT, code="unreachable"
            )
        return Unavailable(self._provider, f"{host} did not answer properly ({type(exc).__name__}).")

    @staticmethod
    def _host(url: str) -> str:
        try:
            parts = urllib.parse.urlsplit(url)
            parts.port  # noqa: B018
        except ValueError:
            return "the address"
        return parts.hostname + (f":{parts.port}" if parts.port else "") if parts.hostname else "the address"
