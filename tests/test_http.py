"""The HTTP client against sockets that do what sockets do."""

import contextlib
import gzip
import ipaddress
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_sync.demo.loopback import Answer, LoopbackServer, Request
from movie_sync.errors import BadReply, Stopping, Unavailable
from movie_sync.lib import http
from movie_sync.lib.addresses import is_loopback
from movie_sync.lib.http import HttpClient, HttpReply

AGENT = "MovieSync/0 (+https://example.org)"
CONNECT_S, READ_S, TOTAL_S = 0.5, 0.3, 0.5
MANY = 1024 * 1024
# What never may stand in an error's text.
QUERY = "?passkey=5ecre7pa55"

Handle = Callable[[socket.socket], None]


class RawServer:
    """Gives each connection, once its request came, to a function; for what no HTTP server would do.

    Attributes:
        cut_off: Set when a connection was closed from the other end while bytes were sent.
        done: Set at the end of the test; for functions that hang.
    """

    def __init__(self, handle: Handle, tls: ssl.SSLContext | None = None) -> None:
        self.cut_off = threading.Event()
        self.done = threading.Event()
        self.connections = 0
        self._handle = handle
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._socket.getsockname()[1]}/"

    def close(self) -> None:
        self.done.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with self._tls.wrap_socket(connection, server_side=True) if self._tls else connection as wrapped:
                wrapped.recv(65536)
                self._handle(wrapped)
        except OSError:
            self.cut_off.set()
        finally:
            connection.close()


Serve = Callable[..., RawServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with contextlib.ExitStack() as stack:

        def start(handle: Handle, tls: ssl.SSLContext | None = None) -> RawServer:
            server = RawServer(handle, tls)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    opened = LoopbackServer()
    yield opened
    opened.close()


@pytest.fixture
def client() -> Iterator[HttpClient]:
    opened = HttpClient("tester", AGENT, connect_s=CONNECT_S, read_s=READ_S, total_s=TOTAL_S)
    yield opened
    opened.close()


def sends(*parts: bytes) -> Handle:
    return lambda connection: connection.sendall(b"".join(parts))


def hangs_after(first: bytes) -> Handle:
    def handle(connection: socket.socket) -> None:
        connection.sendall(first)
        connection.recv(1)  # until the client has enough

    return handle


def trickles_after(first: bytes, seconds: float = 1.6) -> Handle:
    def handle(connection: socket.socket) -> None:
        connection.sendall(first)
        for _ in range(int(seconds / 0.05)):
            connection.sendall(b"x")
            time.sleep(0.05)

    return handle


def resets_after(first: bytes) -> Handle:
    def handle(connection: socket.socket) -> None:
        connection.sendall(first)
        time.sleep(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    return handle


def unavailable(client: HttpClient, url: str) -> Unavailable:
    """The error a request ends in, after a look at its text."""
    with pytest.raises(Unavailable) as caught:
        client.get(url + QUERY, max_bytes=MANY)
    assert caught.value.provider == "tester"
    assert "5ecre7pa55" not in "".join(traceback.format_exception(caught.value))
    return caught.value


# --- what comes through


def test_an_answer_comes_whole_with_lower_case_headers(server: LoopbackServer, client: HttpClient) -> None:
    server.next_answers.append(Answer(b"hello", 203, "Text/HTML; charset=utf-8", {"X-Some": "Thing"}))
    reply = client.get(f"{server.url}/a", params={"q": "a b&c"}, max_bytes=MANY)
    assert (reply.status, reply.body, reply.url) == (203, b"hello", f"{server.url}/a?q=a+b%26c")
    assert (reply.headers["x-some"], reply.content_type) == ("Thing", "text/html")
    assert server.requests[0].query == {"q": "a b&c"}


def test_an_answer_without_a_type_has_none() -> None:
    assert HttpReply(200, "", {}, b"").content_type == ""


@pytest.mark.parametrize("status", [204, 304, 404, 429, 500, 503])
def test_any_status_is_an_answer(status: int, server: LoopbackServer, client: HttpClient) -> None:
    server.next_answers.append(Answer(b"", status))
    assert client.get(server.url, max_bytes=MANY).status == status


def test_the_program_gives_its_own_name(server: LoopbackServer, client: HttpClient) -> None:
    client.get(server.url, max_bytes=MANY)
    assert server.requests[0].headers["user-agent"] == AGENT


def test_one_connection_serves_one_request_after_the_other(client: HttpClient, serve: Serve) -> None:
    def twice(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb")

    raw = serve(twice)
    assert [client.get(raw.url, max_bytes=MANY).body for _ in range(2)] == [b"a", b"b"]
    assert raw.connections == 1


def test_a_compressed_answer_is_unpacked(server: LoopbackServer, client: HttpClient) -> None:
    server.next_answers.append(Answer(gzip.compress(b"hello" * 100), headers={"Content-Encoding": "gzip"}))
    assert client.get(server.url, max_bytes=MANY).body == b"hello" * 100


def test_a_chunked_answer_is_put_together(client: HttpClient, serve: Serve) -> None:
    raw = serve(sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))
    assert client.get(raw.url, max_bytes=MANY).body == b"abcde"


# --- what does not


def test_a_refused_connection_is_unreachable(client: HttpClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    exc = unavailable(client, f"http://127.0.0.1:{port}/")
    assert (exc.code, exc.message) == ("unreachable", f"tester (127.0.0.1:{port}) cannot be reached.")


def test_a_name_that_does_not_resolve_is_unreachable(client: HttpClient) -> None:
    exc = unavailable(client, "http://nowhere.invalid/")
    assert (exc.code, exc.message) == ("unreachable", "tester (nowhere.invalid) cannot be reached.")


@pytest.mark.parametrize("url", ["http://", "http:///path", "ftp://127.0.0.1/", "http://[broken/", "http://a:99999/"])
def test_an_address_that_is_none_is_an_error_of_the_tree(url: str, client: HttpClient) -> None:
    unavailable(client, url)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"


@pytest.mark.parametrize(
    ("handle", "code"),
    [
        pytest.param(sends(b""), "unreachable", id="closed at once"),
        pytest.param(sends(b"SSH-2.0-OpenSSH\r\n\r\n"), "unreachable", id="another protocol"),
        pytest.param(resets_after(b""), "unreachable", id="reset before headers"),
        pytest.param(resets_after(HEAD + b"half"), "cut", id="reset in the body"),
        pytest.param(sends(HEAD, b"half"), "cut", id="shorter than declared"),
        pytest.param(sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), "cut", id="cut chunk"),
        pytest.param(sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"), "cut", id="no end"),
        pytest.param(sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab"), "cut", id="bad chunk"),
        pytest.param(hangs_after(b""), "timeout", id="hangs before headers"),
        pytest.param(hangs_after(b"HTTP/1.1 200 OK\r\nX: "), "timeout", id="hangs in headers"),
        pytest.param(hangs_after(HEAD + b"half"), "timeout", id="hangs in the body"),
    ],
)
def test_no_whole_answer_is_unavailable(handle: Handle, code: str, client: HttpClient, serve: Serve) -> None:
    started = time.monotonic()
    assert unavailable(client, serve(handle).url).code == code
    assert time.monotonic() - started < READ_S + 0.5


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(b"", id="status line"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", id="headers"),
        pytest.param(HEAD, id="body"),
        pytest.param(HEAD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), id="body, then close"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="body without length"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n", id="HTTP/1.0"),
    ],
)
def test_the_total_limit_closes_the_socket_however_the_bytes_trickle(
    first: bytes, client: HttpClient, serve: Serve
) -> None:
    raw = serve(trickles_after(first))
    started = time.monotonic()
    exc = unavailable(client, raw.url)
    assert time.monotonic() - started < TOTAL_S + 0.6
    assert (exc.code, "did not answer in time" in exc.message) == ("timeout", True)
    assert raw.cut_off.wait(1)


def test_the_total_limit_holds_behind_a_proxy(
    client: HttpClient, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = serve(trickles_after(HEAD))
    monkeypatch.setenv("http_proxy", raw.url)
    started = time.monotonic()
    assert unavailable(client, "http://nowhere.invalid/").code == "timeout"
    assert time.monotonic() - started < TOTAL_S + 0.6


def test_an_answer_that_ends_when_the_time_is_over_is_not_taken_for_whole(client: HttpClient, serve: Serve) -> None:
    raw = serve(trickles_after(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", TOTAL_S + 0.2))
    assert unavailable(client, raw.url).code == "timeout"


@pytest.mark.parametrize("after", [hangs_after(b""), trickles_after(HEAD), sends(HEAD, b"half")])
def test_the_client_goes_on_after_a_failure(
    after: Handle, client: HttpClient, serve: Serve, server: LoopbackServer
) -> None:
    unavailable(client, serve(after).url)
    server.next_answers.append(Answer(b"well"))
    assert client.get(server.url, max_bytes=MANY).body == b"well"


@pytest.mark.parametrize(
    "body",
    [b"this is not gzip", gzip.compress(b"hello")[:4] + b"\xff" * 40],
    ids=["no gzip", "broken inside"],
)
def test_a_damaged_compression_is_said_to_be_one(body: bytes, server: LoopbackServer, client: HttpClient) -> None:
    server.next_answers.append(Answer(body, headers={"Content-Encoding": "gzip"}))
    exc = unavailable(client, server.url + "/")
    assert (exc.code, exc.message) == ("damaged", f"{server.url.removeprefix('http://')} sent a damaged answer.")


def test_a_body_as_large_as_allowed_is_taken(server: LoopbackServer, client: HttpClient) -> None:
    server.next_answers.append(Answer(b"x" * MANY))
    assert len(client.get(server.url, max_bytes=MANY).body) == MANY


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"x" * (MANY + 1)),
        Answer(gzip.compress(b"\0" * 50 * MANY), headers={"Content-Encoding": "gzip"}),
    ],
    ids=["long", "a little gzip that unpacks to much"],
)
def test_a_larger_body_is_a_bad_reply(answer: Answer, server: LoopbackServer, client: HttpClient) -> None:
    server.next_answers.append(answer)
    with pytest.raises(BadReply, match="sent more than 1 MB") as caught:
        client.get(f"{server.url}/{QUERY}", max_bytes=MANY)
    assert "5ecre7pa55" not in str(caught.value)
    assert client.get(server.url, max_bytes=MANY).status == 404


def test_an_endless_body_is_given_up_at_the_limit(client: HttpClient, serve: Serve) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    raw = serve(endless)
    with pytest.raises(BadReply, match="sent more than 1 MB"):
        client.get(raw.url, max_bytes=MANY)
    assert raw.cut_off.wait(2)


def test_the_limit_holds_for_the_body_of_a_redirect_too(client: HttpClient, serve: Serve) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /next/\r\nConnection: close\r\n\r\n")
        for _ in range(150):
            connection.sendall(b"x" * 65536)
            time.sleep(0.005)

    raw = serve(endless)
    with pytest.raises(BadReply, match="sent more than 1 MB"):
        client.get(raw.url, max_bytes=MANY)
    assert raw.cut_off.wait(1)


# --- TLS


def test_https_to_a_plain_port_is_unavailable(server: LoopbackServer, client: HttpClient) -> None:
    exc = unavailable(client, server.url.replace("http:", "https:") + "/")
    assert exc.code == "tls"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_certificate_nobody_signed_is_refused(client: HttpClient, serve: Serve, tls: ssl.SSLContext) -> None:
    raw = serve(sends(HEAD, b"x" * 500), tls)
    exc = unavailable(client, raw.url)
    assert (exc.code, "no valid certificate" in exc.message) == ("tls", True)


def test_a_trusted_certificate_is_taken_and_the_total_limit_holds_over_tls(
    serve: Serve, client: HttpClient, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert client.get(serve(sends(HEAD, b"x" * 500), tls).url, max_bytes=MANY).body == b"x" * 500
    raw = serve(trickles_after(HEAD), tls)
    started = time.monotonic()
    assert unavailable(client, raw.url).code == "timeout"
    assert time.monotonic() - started < TOTAL_S + 0.6


def test_a_handshake_that_never_ends_is_given_up(client: HttpClient, serve: Serve) -> None:
    started = time.monotonic()
    raw = serve(hangs_after(b""))
    exc = unavailable(client, raw.url.replace("http:", "https:"))
    assert time.monotonic() - started < CONNECT_S + 0.6
    assert exc.code == "timeout"


# --- redirects


def moved(location: str, status: int = 302) -> Answer:
    return Answer(b"", status, headers={"Location": location})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/new/", "../new/", "{url}/new/"])
def test_a_redirect_within_the_host_is_followed_with_its_credentials(
    status: int, location: str, server: LoopbackServer, client: HttpClient
) -> None:
    server.next_answers += [moved(location.format(url=server.url), status), Answer(b"here")]
    reply = client.get(f"{server.url}/old/", params={"a": "b"}, auth=("me", "pass"), max_bytes=MANY)
    assert (reply.body, reply.url) == (b"here", f"{server.url}/new/")
    assert [request.path for request in server.requests] == ["/old/", "/new/"]
    assert [request.headers.get("authorization") for request in server.requests] == ["Basic bWU6cGFzcw=="] * 2
    assert server.requests[1].raw_query == ""


@pytest.mark.parametrize(("status", "headers"), [(302, {}), (300, {"Location": "/new/"}), (201, {"Location": "/new/"})])
def test_what_is_no_redirect_is_an_answer(
    status: int, headers: dict[str, str], server: LoopbackServer, client: HttpClient
) -> None:
    server.next_answers.append(Answer(b"", status, headers=headers))
    assert client.get(server.url, max_bytes=MANY).status == status
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "location", ["{other}/new/", "//{other_host}/new/", "http://localhost:{port}/new/", "https://127.0.0.1:{port}/new/"]
)
def test_a_redirect_to_another_host_is_not_followed_and_nothing_is_sent_there(
    location: str, server: LoopbackServer, client: HttpClient
) -> None:
    other = LoopbackServer()
    port = server.url.rpartition(":")[2]
    target = location.format(other=other.url, other_host=other.url.removeprefix("http://"), port=port)
    server.next_answers.append(moved(target + QUERY))
    with pytest.raises(BadReply, match="redirects to another host") as caught:
        client.get(f"{server.url}/{QUERY}", auth=("me", "pass"), max_bytes=MANY)
    other.close()
    assert (len(server.requests), other.requests) == (1, [])
    assert "5ecre7pa55" not in str(caught.value)
    assert "config.json" in caught.value.hint


@pytest.mark.parametrize("location", ["http://[broken/", "http://127.0.0.1:99999/", "http://127.0.0.1:port/"])
def test_a_redirect_to_no_address_is_an_error_of_the_tree(
    location: str, server: LoopbackServer, client: HttpClient
) -> None:
    server.next_answers.append(moved(location))
    with pytest.raises(BadReply):
        client.get(server.url, max_bytes=MANY)


def test_a_redirect_in_circles_ends_and_each_step_waits_its_turn(server: LoopbackServer, client: HttpClient) -> None:
    server.next_answers += [moved("/a")] * 20
    turns: list[None] = []
    with pytest.raises(BadReply, match="redirects in circles"):
        client.get(f"{server.url}/{QUERY}", max_bytes=MANY, pace=lambda: turns.append(None))
    assert len(server.requests) == len(turns) == http.MAX_REDIRECTS


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("http://a.org/x", "https://a.org/y", True),
        ("http://a.org/x", "http://A.org/y", True),
        ("https://a.org/x", "http://a.org/y", False),
        ("http://a.org:80/x", "https://a.org/y", False),
        ("http://a.org/x", "http://b.a.org/y", False),
        ("https://a.org/x", "https://a.org:444/y", False),
    ],
)
def test_a_site_stays_the_same_on_its_way_to_https_only(old: str, new: str, same: bool) -> None:
    assert http._same_site(old, new) is same


# --- what is sent, and what is kept


def test_no_request_is_made_out_of_turn(server: LoopbackServer, client: HttpClient) -> None:
    def stop() -> None:
        raise Stopping("The program is stopping.")

    with pytest.raises(Stopping):
        client.get(server.url, max_bytes=MANY, pace=stop)
    assert server.requests == []


def test_no_cookie_is_kept(server: LoopbackServer, client: HttpClient) -> None:
    cookie = {"Set-Cookie": "session=abc; Path=/"}
    server.next_answers += [Answer(b"", headers=cookie), Answer(b"", 302, headers={"Location": "/", **cookie})]
    for _ in range(3):
        client.get(server.url, max_bytes=MANY)
    assert [request.headers.get("cookie") for request in server.requests] == [None] * 4


def test_what_a_netrc_holds_is_never_sent(
    server: LoopbackServer, client: HttpClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n", encoding="ascii")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(server.url) == ("somebody", "secret")
    server.next_answers.append(moved("/next"))
    client.get(server.url, max_bytes=MANY)
    assert ["authorization" in request.headers for request in server.requests] == [False, False]


def test_credentials_are_sent_only_with_the_request_they_were_given_to(
    server: LoopbackServer, client: HttpClient
) -> None:
    client.get(server.url, auth=("me", "pass"), max_bytes=MANY)
    client.get(server.url, max_bytes=MANY)
    assert ["authorization" in request.headers for request in server.requests] == [True, False]


def test_a_reply_shows_neither_body_nor_headers_when_printed() -> None:
    assert "hidden" not in repr(HttpReply(200, "http://a/", {"x": "hidden"}, b"hidden"))


# --- Retry-After

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("999999999", http.MAX_RETRY_AFTER_S),
        ("9" * 400, http.MAX_RETRY_AFTER_S),
        (format_datetime(datetime.fromtimestamp(NOW + 90, UTC), usegmt=True), 90.0),
        (format_datetime(datetime.fromtimestamp(NOW - 90, UTC), usegmt=True), 0.0),
        (format_datetime(datetime.fromtimestamp(NOW + 1e8, UTC), usegmt=True), http.MAX_RETRY_AFTER_S),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_within_a_day_or_nothing(text: str, seconds: float | None) -> None:
    assert HttpReply(429, "", {"retry-after": text}, b"").retry_after_s(NOW) == seconds


def test_without_retry_after_the_server_does_not_say() -> None:
    assert HttpReply(429, "", {}, b"").retry_after_s(NOW) is None


@settings(derandomize=True, deadline=None, database=None)
@given(
    st.text(max_size=30)
    | st.text(alphabet="0123456789 :,+-GMTMonJan²", max_size=40)
    | st.lists(st.sampled_from("Mon, 01 Jan 0001 9999 99 00:00:00 GMT +9999 -0000 12:61".split())).map(" ".join)
)
def test_any_retry_after_is_a_time_within_a_day_or_nothing(text: str) -> None:
    seconds = HttpReply(429, "", {"retry-after": text}, b"").retry_after_s(NOW)
    assert seconds is None or 0 <= seconds <= http.MAX_RETRY_AFTER_S


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:80/", True),
        ("http://localhost/", True),
        ("http://[::1]:1/", True),
        ("http://127.0.0.1.example.org/", False),
        ("https://letterboxd.com", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, here: bool) -> None:
    assert is_loopback(url) is here


# --- forms


FORM = {"query": 'SELECT ?a { "x y&z" }', "empty": ""}


def sent(client: HttpClient, url: str, pace: Callable[[], None] = lambda: None) -> HttpReply:
    return client.post(url, form=FORM, accept="application/json", max_bytes=MANY, pace=pace)


def test_a_form_is_sent_whole_and_says_what_it_wants_back(server: LoopbackServer, client: HttpClient) -> None:
    server.next_answers.append(Answer(b"{}", 200, "Application/JSON; charset=utf-8"))
    turns: list[None] = []
    reply = sent(client, f"{server.url}/sparql", lambda: turns.append(None))
    assert (reply.status, reply.body, reply.content_type, len(turns)) == (200, b"{}", "application/json", 1)
    asked = server.requests[0]
    assert (asked.path, asked.form, asked.raw_query) == ("/sparql", FORM, "")
    assert (asked.headers["accept"], asked.headers["user-agent"]) == ("application/json", AGENT)
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/new/", "{url}/new/", None])
def test_a_form_is_never_sent_on(status: int, location: str | None, server: LoopbackServer, client: HttpClient) -> None:
    there = {} if location is None else {"Location": location.format(url=server.url)}
    server.next_answers.append(Answer(b"", status, headers=there))
    with pytest.raises(BadReply, match="redirects what was sent") as caught:
        sent(client, server.url + "/" + QUERY)
    assert len(server.requests) == 1
    assert "5ecre7pa55" not in str(caught.value)


def test_the_answer_to_a_form_has_the_same_limits(server: LoopbackServer, client: HttpClient, serve: Serve) -> None:
    server.next_answers.append(Answer(b"x" * (MANY + 1)))
    with pytest.raises(BadReply, match="sent more than 1 MB"):
        sent(client, server.url)
    with pytest.raises(Unavailable) as caught:
        sent(client, serve(trickles_after(HEAD)).url)
    assert caught.value.code == "timeout"


def test_a_form_is_not_sent_while_it_is_not_its_turn(server: LoopbackServer, client: HttpClient) -> None:
    def stop() -> None:
        raise Stopping("The program is stopping.")

    with pytest.raises(Stopping):
        sent(client, server.url, stop)
    assert server.requests == []


# --- the server of the tests itself


def test_the_loopback_server_remembers_what_was_asked_and_forgets_clients_that_leave(
    server: LoopbackServer, client: HttpClient
) -> None:
    server.next_answers += [Answer(b"x" * 20 * MANY), lambda _: None, lambda request: Answer(request.path.encode())]
    with pytest.raises(BadReply):
        client.get(server.url, max_bytes=MANY)
    assert client.get(f"{server.url}/a?b=", max_bytes=MANY).status == 404
    assert client.get(f"{server.url}/c", max_bytes=MANY).body == b"/c"
    asked = server.requests[1]
    assert isinstance(asked, Request)
    assert (asked.path, asked.query, asked.raw_query, asked.client) == ("/a", {"b": ""}, "b=", "127.0.0.1")


def test_the_loopback_server_writes_raw_bytes_when_asked_to(server: LoopbackServer, client: HttpClient) -> None:
    server.next_answers.append(Answer(write=lambda write: write(b"HTTP/1.1 299 Odd\r\n\r\nraw")))
    reply = client.get(server.url, max_bytes=MANY)
    assert (reply.status, reply.body) == (299, b"raw")
