"""Faults of Letterboxd: bad answers in place of watchlist pages and film pages."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from movie_sync.demo.letterboxd_site import CHALLENGE, PRIVATE
from reliability.faults import answers as at
from reliability.faults import lists
from reliability.faults.bad_answers import broken, elsewhere, unusable, waits
from reliability.faults.trial import Fault, try_all
from reliability.faults.trying import BadAnswer, Door, Street, faults
from reliability.tried import Effort, Tried

PART = "Letterboxd"
WATCHLIST = Door("watchlist page", "letterboxd", lambda asked: "/watchlist/" in asked.path, known=True)
FILM = Door("film page", "letterboxd", lambda asked: asked.path.startswith("/film/"))
_PAGE = b"<!DOCTYPE html><html><head><title>Page</title></head><body>%b</body></html>"
LOG_IN = at.whole(_PAGE % b"<form action='/user/login.do'><input name='password'></form>")
_HOUR_S = 3600.0
_INSIDE = {"invalid JSON": b'{"name": }', "JSON nested 20,000 deep": b'{"x": %b}' % (b"[" * 20_000 + b"]" * 20_000)}
# Before so many pages in a row told that it is the site, one page was only that film's.
_PAGES_IN_A_ROW = 3
_CHALLENGED = BadAnswer(
    "", told=r"asks for a browser check, which this program does not go round", pause_s=(_HOUR_S, _HOUR_S), kept=True
)


def _pages() -> Iterator[BadAnswer]:
    """What is no page, at both doors."""
    yield replace(
        _CHALLENGED, words="a challenge with 403", give=at.whole(CHALLENGE.body, 403, cf_mitigated="challenge")
    )
    yield replace(_CHALLENGED, words="a challenge with 200", give=at.whole(CHALLENGE.body), short=True)
    private = at.whole(PRIVATE.body, 403)
    yield BadAnswer(
        "403 that says private", private, r"watchlist is private\. Make it public", pause_s=(_HOUR_S, _HOUR_S)
    )
    limited = BadAnswer("", told=r"asks to be left alone for a while", pause_s=(0, 0), kept=True, short=True)
    yield from waits(limited, 429)
    for status in (500, 503):
        yield from waits(BadAnswer("", told=rf"Letterboxd is down \({status}\)", pause_s=(0, 0)), status)
    for status in (401, 403):
        yield from waits(BadAnswer("", told=rf"Letterboxd answered {status}"), status)


def _unread(words: str) -> Iterator[BadAnswer]:
    """Pages with 200 that hold something else."""
    told = rf"page could not be read: {words}"
    yield BadAnswer("a log-in page with 200", LOG_IN, told, short=True)
    yield BadAnswer("an empty body", at.whole(b""), told)
    yield BadAnswer("JSON", at.whole(b'{"films": []}', content_type="application/json"), told)
    yield BadAnswer("elements nested 50,000 deep", at.whole(b"<div>" * 50_000), told)


def _inside(what: str, place: bytes) -> Iterator[BadAnswer]:
    """Pages well but for the JSON inside.

    Args:
        what: Holds it, as the user is told.
        place: Regular expression of it; its group stays.
    """
    for words, text in _INSIDE.items():
        broken_page = at.altered(partial(re.compile(place).sub, rb"\g<1>" + text))
        yield BadAnswer(f"{words} inside the page", broken_page, rf"could not be read: {what} cannot be read")


def watchlist_answers(stranger: str) -> Iterator[BadAnswer]:
    """At the watchlist page."""
    yield from elsewhere()
    yield from broken()
    yield from unusable(stranger, 5)
    yield BadAnswer("a body of 5 MB", at.padded(5))
    yield from _pages()
    yield from _unread("the page is not marked as a watchlist")
    for status, told in ((400, "refused the address"), (404, "has no user"), (410, "answered 410")):
        yield from waits(BadAnswer("", told=told), status)
    half = BadAnswer("half a page, properly ended", at.halved, r"it changed meanwhile|could not be read", most=6)
    yield half
    yield replace(half, words="half of a gzip body, properly ended", give=at.halved_gzip)
    yield from _inside("a film's identifier", rb"(data-postered-identifier=')[^']*")
    yield BadAnswer("a wrong content type", at.retyped("application/octet-stream"))


def film_answers(stranger: str) -> Iterator[BadAnswer]:
    """At the film page; what one film's page cannot be read for is that film's, until it is so for several."""
    yield from broken()
    yield BadAnswer("a body of 5 MB", at.padded(5))
    for bad in unusable(stranger, 5):
        yield replace(bad, most=bad.most * _PAGES_IN_A_ROW, short=False)
    for bad in _pages():
        yield replace(bad, short=False)
    for bad in _unread("the page is not marked as a film page"):
        yield replace(bad, most=_PAGES_IN_A_ROW)
    for status in (400, 404, 410):
        yield from waits(BadAnswer("", told=r"no page of any film", most=_PAGES_IN_A_ROW), status)
    half = BadAnswer("half a page, properly ended", at.halved, r"could not be read", most=_PAGES_IN_A_ROW)
    yield half
    yield replace(half, words="half of a gzip body, properly ended", give=at.halved_gzip)
    for bad in _inside("the film's data block", rb"(CDATA\[ \*/\n).*"):
        yield replace(bad, most=_PAGES_IN_A_ROW)
    yield BadAnswer("a wrong content type", at.retyped("text/plain"))


def table(street: Street) -> Iterator[Fault]:
    """Every fault of answers."""
    stranger = street.fronts["filelist"].url
    yield from faults(street, WATCHLIST, tuple(watchlist_answers(stranger)))
    yield from faults(street, FILM, tuple(film_answers(stranger)))


def run(effort: Effort, folder: Path) -> Iterator[Tried]:
    """See `reliability`."""
    with Street(folder / "answers", qbittorrent=False) as street:
        yield from try_all(PART, tuple(table(street)), street, long=effort.long)
    yield from lists.run(effort, folder / "lists")
