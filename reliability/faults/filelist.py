"""Faults of FileList: bad answers in place of its API's and of .torrents."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from movie_sync.demo.filelist_api import LOGIN_PAGE, OUTAGE
from movie_sync.demo.world import PASSKEY, USERNAME
from reliability.faults import answers as at
from reliability.faults.bad_answers import broken, elsewhere, unusable, waits
from reliability.faults.trial import Fault, try_all
from reliability.faults.trying import BadAnswer, Door, Street, faults
from reliability.tried import Effort, Tried

PART = "FileList"
API = Door("api.php", "filelist", lambda asked: asked.path == "/api.php")
DOWNLOAD = Door("download.php", "filelist", lambda asked: asked.path == "/download.php")
_HOUR_S = 3600.0
# Before so many answers in a row told that it is the site, one was only that release's, or that question's.
_IN_A_ROW = 3
_OUTAGE = r"answers with pages in place of \.torrents"
_CHALLENGE = b"<!DOCTYPE html><title>Just a moment...</title>"


def _json(text: bytes) -> at.Bad:
    return at.whole(text, content_type="application/json")


def _statuses() -> Iterator[BadAnswer]:
    """What means the same at both doors."""
    for status in (401, 403):
        refused = BadAnswer("", told=rf"refused the user name or passkey \({status}\)", short=status == 403)
        yield from waits(refused, status)
    challenge = at.whole(_CHALLENGE, 403)
    checked = BadAnswer("", told=r"asks for a browser check, which this program does not go round", kept=True)
    yield replace(checked, words="a challenge page with 403", give=challenge, pause_s=(_HOUR_S, _HOUR_S), short=True)
    used_up = BadAnswer("", told=r"150 calls of this hour are used up", pause_s=(0, 0), kept=True, short=True)
    yield from waits(used_up, 429, default_s=_HOUR_S)
    for status in (500, 503):
        yield from waits(BadAnswer("", told=rf"is not available \({status}\)", pause_s=(0, 0)), status)


def api_answers(stranger: str) -> Iterator[BadAnswer]:
    """At api.php."""
    yield from elsewhere()
    yield from broken()
    yield from unusable(stranger, 5)
    yield BadAnswer("a body of 5 MB", at.padded(5))
    yield from _statuses()
    for status in (404, 410):
        yield from waits(BadAnswer("", told=rf"is not available \({status}\)"), status)
    # A search and the sweep may be refused for themselves; so many in a row may not.
    yield from waits(BadAnswer("", told=r"refuses every question", most=_IN_A_ROW, charged=True), 400)
    page = r"answered with a page instead of data"
    yield BadAnswer("a log-in page with 200", at.whole(LOGIN_PAGE.body), page, short=True)
    yield BadAnswer("a challenge page with 200", at.whole(_CHALLENGE), page)
    yield BadAnswer("an empty body", _json(b""), page)
    yield BadAnswer("an outage text with 200", _json(OUTAGE.body), r"FileList says: .*mentenanta")
    repeated = json.dumps({"error": f"{USERNAME}:{PASSKEY} has to wait"}).encode()
    told = r"FileList says: .* has to wait"
    yield BadAnswer("an outage text that repeats the passkey", _json(repeated), told, short=True)
    for text in (b"null", b"true", b'"text"', b"17"):
        yield BadAnswer(f"JSON that is {text.decode()}", _json(text), page)
    damaged = r"answer was cut or damaged"
    yield BadAnswer("invalid JSON", _json(b'[{"id": 1, "name": }]'), damaged)
    yield BadAnswer("JSON that is no UTF-8", _json(b'[{"id": 1, "name": "\xff\xfe"}]'), damaged)
    yield BadAnswer("lists nested 100,000 deep", _json(b"[" * 100_000 + b"]" * 100_000), rf"{damaged}|another form")
    yield BadAnswer("half an answer, properly ended", at.halved, damaged)
    yield BadAnswer("half of a gzip body, properly ended", at.halved_gzip, rf"{damaged}|{page}")
    other = r"has another form than known"
    for text in (b"[1, 2]", b"[[]]", b'[{"id": 1}]', b'[{"id": {}, "name": "x"}]', b'[{"id": 1, "name": 7}]'):
        yield BadAnswer(f"JSON of another form: {text.decode()}", _json(text), other, short=text == b"[1, 2]")
    yield BadAnswer("JSON of another form that repeats the passkey", _json(b"[1, " + repeated + b"]"), other)
    yield BadAnswer("a wrong content type", at.retyped("text/html"))


def download_answers(stranger: str) -> Iterator[BadAnswer]:
    """At download.php, for every release alike."""
    yield from broken()
    yield BadAnswer("a body of 10 MB", at.padded(10))
    for bad in unusable(stranger, 10):
        redirected = "another port" in bad.words
        yield replace(bad, most=bad.most * _IN_A_ROW, told=_OUTAGE, charged=True, short=redirected)
    for bad in _statuses():
        yield replace(bad, short=False)
    # Of one release that is the tracker's word that it is gone.
    for status in (400, 404, 410):
        yield from waits(BadAnswer("", told=rf"is gone from FileList \({status}\)", most=20, charged=True), status)
    yield BadAnswer(
        "a log-in page with 200", at.whole(LOGIN_PAGE.body), _OUTAGE, most=_IN_A_ROW, charged=True, short=True
    )
    yield BadAnswer("a challenge page with 200", at.whole(_CHALLENGE), _OUTAGE, most=_IN_A_ROW, charged=True)
    half = BadAnswer(
        "half an answer, properly ended", at.halved, r"The \.torrent cannot be read", most=20, charged=True
    )
    yield half
    yield replace(half, words="half of a gzip body, properly ended", give=at.halved_gzip)
    yield BadAnswer("a wrong content type", at.retyped("text/html"))


def table(street: Street) -> Iterator[Fault]:
    """Every fault of answers."""
    stranger = street.fronts["letterboxd"].url
    yield from faults(street, API, tuple(api_answers(stranger)))
    yield from faults(street, DOWNLOAD, tuple(download_answers(stranger)))


def run(effort: Effort, folder: Path) -> Iterator[Tried]:
    """See `reliability`."""
    with Street(folder, qbittorrent=False) as street:
        yield from try_all(PART, tuple(table(street)), street, long=effort.long)
