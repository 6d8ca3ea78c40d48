"""Faults of Wikidata: bad answers to the question for the ids of many films, whose pages are read then."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from movie_sync.demo import wikidata_site
from reliability.faults import answers as at
from reliability.faults.bad_answers import broken, certificates, oversized, refused, strange_redirects, waits
from reliability.faults.trial import Fault, try_all
from reliability.faults.trying import BadAnswer, Door, Street, faults
from reliability.tried import Effort, Tried

PART = "Wikidata"
QUERY = Door("question for ids", "wikidata", lambda asked: asked.path == "/sparql")


def _json(text: bytes) -> at.Bad:
    return at.whole(text, content_type=wikidata_site.RESULTS)


def query_answers(stranger: str) -> Iterator[BadAnswer]:
    """At the query service."""
    yield from refused()
    yield from certificates()
    yield from broken()
    yield from oversized(5)
    # What is sent is meant for this address alone.
    within = BadAnswer("a redirect within the host", at.redirect("/bigdata/sparql"))
    for bad in (within, *strange_redirects(stranger)):
        yield replace(bad, told=r"redirects what was sent to it, which is not followed")
    yield from waits(BadAnswer("", told=r"asks to be left alone for a while", pause_s=(0, 0), kept=True), 429)
    for status in (401, 403, 404, 410, 500, 503):
        short = status == 500
        yield from waits(BadAnswer("", told=rf"Wikidata is not available \({status}\)", short=short), status)
    yield from waits(BadAnswer("", told=r"refused the question for ids \(400\)"), 400)
    page = r"Wikidata answered with a page instead of data"
    yield BadAnswer("an outage page with 200", at.whole(wikidata_site.OUTAGE.body), page, short=True)
    yield BadAnswer("an empty body", _json(b""), page)
    yield BadAnswer("a query that took too long", _json(wikidata_site.TIMEOUT.body), page)
    damaged = r"Wikidata's answer was cut or damaged"
    yield BadAnswer("invalid JSON", _json(b'{"results": }'), damaged)
    yield BadAnswer(
        "JSON that is no UTF-8", _json(b'{"results": {"bindings": [{"slug": {"type": "\xff\xfe"}}]}}'), damaged
    )
    yield BadAnswer("half an answer, properly ended", at.halved, damaged)
    yield BadAnswer("lists nested 100,000 deep", _json(b"[" * 100_000 + b"]" * 100_000), rf"{damaged}|another form")
    for text in (b"[]", b'{"results": []}', b'{"results": {"bindings": [17]}}'):
        yield BadAnswer(f"JSON of another form: {text.decode()}", _json(text), r"has another form than known")
    nothing = _json(b'{"results": {"bindings": []}}')
    yield BadAnswer("it knows none of the films", nothing, r"Wikidata knows 0 of \d+ films")
    yield BadAnswer("a wrong content type", at.retyped("text/html"))


def table(street: Street) -> Iterator[Fault]:
    """Every fault of answers."""
    yield from faults(street, QUERY, tuple(query_answers(street.fronts["filelist"].url)))


def run(effort: Effort, folder: Path) -> Iterator[Tried]:
    """See `reliability`."""
    with Street(folder, qbittorrent=False, wikidata=True) as street:
        yield from try_all(PART, tuple(table(street)), street, long=effort.long)
