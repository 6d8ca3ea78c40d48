"""A Wikidata-like query service: answers which ids belong to which names of film pages."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from movie_sync.demo.loopback import Answer, LoopbackServer, Request

RESULTS = "application/sparql-results+json"
NO_AGENT = Answer(b"Requests must have a user agent\n", 403, "text/plain")
LIMITED = Answer(b"Too Many Requests\n", 429, "text/plain", {"Retry-After": "120"})
# What a query that took too long ends in.
TIMEOUT = Answer(
    b"SPARQL-QUERY: queryStr=SELECT ...\njava.util.concurrent.TimeoutException\n\tat java.util.concurrent.FutureTask",
    500,
    "text/plain",
)
OUTAGE = Answer(b"<!DOCTYPE html><html><title>Wikimedia Error</title><p>Our servers are down.</p></html>")
_SLUGS = re.compile(r"VALUES \?slug \{([^}]*)\}")
_PROPERTIES = re.compile(r"VALUES \?property \{([^}]*)\}")
_DIRECT = "http://www.wikidata.org/prop/direct/"


@dataclass(frozen=True, slots=True)
class Item:
    """What Wikidata says of one film; each property may have no value, one, or several.

    Attributes:
        imdb: P345.
        tmdb: P4947, of a film.
        series: P4983, TMDB's number of a series.
        minutes: P2047.
        titles: P1476.
    """

    imdb: Sequence[str] = ()
    tmdb: Sequence[str] = ()
    series: Sequence[str] = ()
    minutes: Sequence[str] = ()
    titles: Sequence[str] = ()

    def values(self) -> Mapping[str, Sequence[str]]:
        """Property to values."""
        return {
            "P345": self.imdb,
            "P4947": self.tmdb,
            "P4983": self.series,
            "P2047": self.minutes,
            "P1476": self.titles,
        }


class WikidataSite(LoopbackServer):
    """Answers a query by the names in its VALUES.

    Attributes:
        items: Name of the film page (slug) to what is known of it; change it as you like.
    """

    def __init__(self, items: Mapping[str, Item]) -> None:
        self.items = dict(items)
        super().__init__()

    def asked(self) -> list[list[str]]:
        """The slugs of each query, oldest first."""
        return [_slugs(request) for request in self.requests]

    def answer(self, request: Request) -> Answer:
        """See LoopbackServer."""
        if not request.headers.get("user-agent"):
            return NO_AGENT
        properties = _PROPERTIES.search(request.form.get("query", ""))
        if request.path != "/sparql" or properties is None:
            return Answer(b"MALFORMED QUERY", 400, "text/plain")
        if request.headers.get("accept") != RESULTS:
            return Answer(b"<?xml version='1.0'?><sparql/>", content_type="application/sparql-results+xml")
        names = [name.removeprefix("wdt:") for name in properties[1].split()]
        bindings = [row for slug in _slugs(request) for row in self._rows(slug, names)]
        answer = {"head": {"vars": ["slug", "property", "value"]}, "results": {"bindings": bindings}}
        return Answer(json.dumps(answer).encode(), content_type=f"{RESULTS};charset=utf-8")

    def _rows(self, slug: str, names: Sequence[str]) -> Iterator[Mapping[str, Mapping[str, str]]]:
        item = self.items.get(slug, Item())
        for name, values in item.values().items():
            for value in values if name in names else ():
                yield {
                    "slug": {"type": "literal", "value": slug},
                    "property": {"type": "uri", "value": _DIRECT + name},
                    "value": {"type": "literal", "value": value},
                }


def _slugs(request: Request) -> list[str]:
    found = _SLUGS.search(request.form.get("query", ""))
    return re.findall(r'"([^"]*)"', found[1]) if found else []
