"""The faults of web services: the front does what it says, and the tables miss nothing."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from movie_sync.demo.letterboxd_site import LetterboxdSite
from movie_sync.errors import BadReply, MovieSyncError, Unavailable
from movie_sync.lib.http import HttpClient
from reliability.faults import answers as at
from reliability.faults import filelist, letterboxd, lists, torrents
from reliability.faults.answers import Front
from reliability.faults.certificates import Authority
from reliability.faults.trial import Fault
from reliability.faults.trying import Street

_LATE = "did not answer in time"
_LIMIT_BYTES = 5 * 1024 * 1024


@pytest.fixture(scope="module")
def site() -> Iterator[LetterboxdSite]:
    replica = LetterboxdSite("demo", [])
    yield replica
    replica.close()


@pytest.fixture
def front(site: LetterboxdSite) -> Iterator[Front]:
    opened = Front(site.url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with Street(tmp_path_factory.mktemp("street"), qbittorrent=False) as opened:
        yield opened


def get(front: Front, total_s: float = 20.0) -> bytes:
    client = HttpClient("letterboxd", "test", connect_s=1.0, read_s=min(total_s / 2, 5.0), total_s=total_s)
    return client.get(f"{front.url}/demo/watchlist/", max_bytes=_LIMIT_BYTES).body


# -- the front


def test_a_front_lets_everything_through(front: Front) -> None:
    assert b"js-watchlist-content" in get(front)
    assert [asked.path for asked in front.asked] == ["/demo/watchlist/"]


@pytest.mark.parametrize(
    ("bad", "error", "words"),
    [
        (at.reset_before, Unavailable, "cannot be reached|broke off"),
        (at.reset_within, Unavailable, "broke off"),
        (at.cut, Unavailable, "broke off"),
        (at.hang_before, Unavailable, _LATE),
        (at.hang_within, Unavailable, _LATE),
        (at.drip_head, Unavailable, _LATE),
        (at.drip_body, Unavailable, _LATE),
        (at.oversized(6), BadReply, "more than 5 MB"),
        (at.endless, BadReply, "more than 5 MB"),
        (at.bomb(2), BadReply, "more than 5 MB"),
        (at.oversized(5), BadReply, "more than 5 MB"),
        (at.whole(b"\x1f\x8b no gzip", content_encoding="gzip"), Unavailable, "damaged answer"),
        (at.redirect("?again"), BadReply, "in circles"),
        (at.redirect("http://localhost:9/"), BadReply, "to another host"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_bad_answer_is_what_it_is_called(
    front: Front, bad: at.Bad, error: type[MovieSyncError], words: str
) -> None:
    front.bend = lambda _: bad
    with pytest.raises(error, match=words):
        get(front, 1.5 if words == _LATE else 20.0)
    front.lift()
    assert b"js-watchlist-content" in get(front)


def test_a_dripping_body_comes_byte_by_byte(front: Front) -> None:
    front.bend = lambda _: at.drip_body
    with socket.create_connection(("127.0.0.1", int(front.url.rsplit(":", 1)[1])), timeout=5) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        received: list[bytes] = []
        begun = time.monotonic()
        while time.monotonic() - begun < 1.4:
            received.append(client.recv(65536))
    assert [len(data) for data in received[-2:]] == [1, 1]


def test_a_certificate_is_taken_only_when_it_is_signed_in_time_and_of_the_address(front: Front, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    for context, taken in (
        (authority.context(), True),
        (authority.context(signed=False), False),
        (authority.context(days=-2), False),
        (authority.context(address="127.0.0.9"), False),
    ):
        front.tls = context
        try:
            requests.get(front.url, verify=str(authority.path), timeout=5)
        except requests.exceptions.SSLError:
            assert not taken
        else:
            assert taken


def test_tls_to_a_front_that_speaks_none_is_told_from_a_request(front: Front) -> None:
    front.bend = lambda asked: None if asked.path else at.whole(b"Bad request", 400)
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(front.url.replace("http:", "https:"), timeout=5)
    assert [asked.path for asked in front.bent()] == [""]


@pytest.mark.parametrize("bad", [at.halved, at.halved_gzip], ids=["plain", "gzip"])
def test_half_of_the_right_answer_comes_without_a_word(front: Front, bad: at.Bad) -> None:
    whole = get(front)
    front.bend = lambda _: bad
    half = get(front)
    assert whole.startswith(half)
    assert 0 < len(half) < len(whole)


def test_a_padded_answer_is_exactly_so_long_and_still_right(front: Front) -> None:
    whole = get(front, 20.0)
    front.bend = lambda _: at.padded(5)
    padded = get(front, 20.0)
    assert (len(padded), padded.rstrip()) == (5 * 1024 * 1024, whole.rstrip())


# -- the tables


def words(street: Street) -> str:
    rows: list[Fault] = [*letterboxd.table(street), *filelist.table(street), *lists.shapes(street), *torrents.table()]
    return "\n".join(fault.words for fault in rows)


def test_every_kind_of_fault_has_its_row(street: Street) -> None:
    found = words(street)
    kinds = """connection refused|a name that does not exist|a name that takes 6 s
        signed by itself|an expired certificate|a certificate of another address
        no TLS where it should be|a hang while TLS is agreed on
        reset before|reset within the body|shorter than declared|hang before|hang within|a byte a second|damaged gzip
        a body of 5 MB and a byte|a body of 10 MB and a byte|without an end|packed twice|half of a gzip body
        redirect in circles|redirect to another host|a redirect from TLS to none|wrong content type
        a challenge with 403|a challenge with 200|a log-in page with 200|invalid JSON|nested 100,000 deep|nested 50,000
        a challenge page with 403|invalid JSON inside the page|JSON nested 20,000 deep inside the page
        added while it is read|off while it is read|shrinks to nothing|a total without films|repeats the first
        a total of one more|403 past its end|pieces of 0 bytes|hashes of pieces: too few
        empty|not bencoded|a path that goes up|a size of 2^63|millions of files|another film's"""
    missing = [kind for line in kinds.splitlines() for kind in line.strip().split("|") if kind not in found]
    assert missing == []


@pytest.mark.parametrize("door", ["watchlist page", "film page", "api.php", "download.php"])
def test_every_status_is_tried_at_every_door_with_and_without_a_pause(street: Street, door: str) -> None:
    found = words(street).splitlines()
    for status in (400, 401, 403, 404, 410, 429, 500, 503):
        assert f"{door}: {status}" in found
        assert f"{door}: {status}, Retry-After of 2 minutes" in found
