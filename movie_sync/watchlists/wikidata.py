"""WikidataIds: the ids of many films at once, by the names of their pages on Letterboxd."""

import re
import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from movie_sync.errors import BadReply, QueryRefused, RateLimited, Unavailable
from movie_sync.lib.clock import Clock
from movie_sync.lib.http import HttpClient, HttpReply
from movie_sync.movie import FilmFacts, Kind
from movie_sync.store import Store
from movie_sync.store.calls import wait_for_turn

PROVIDER = "wikidata"
# Seconds between two queries. A client may use 60 s of the service's time a minute, which these never come near.
DELAY_S = 2.0
# Films a query asks for; the answer to so many takes the service a second or two of the minute it allows.
BATCH = 500
MAX_ANSWER_BYTES = 5 * 1024 * 1024
MOST_TITLES = 5
MAX_TITLE_CHARS = 200
_MAX_MINUTES = 1000
_JSON = "application/sparql-results+json"

# Wikidata's properties; each value comes as a row of its own, so that several of one never multiply those of another.
_IMDB, _TMDB_FILM, _TMDB_SERIES, _MINUTES, _TITLE = "P345", "P4947", "P4983", "P2047", "P1476"
_QUERY = """\
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
SELECT ?slug ?property ?value WHERE {{
  VALUES ?slug {{ {slugs} }}
  VALUES ?property {{ {properties} }}
  ?film wdt:P6127 ?slug ; ?property ?value .
}}"""
_PROPERTIES = " ".join(f"wdt:{name}" for name in (_IMDB, _TMDB_FILM, _TMDB_SERIES, _MINUTES, _TITLE))

# Also what keeps a query from saying anything else.
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,200}")
_IMDB_ID = re.compile(r"tt(\d{7,10})", re.ASCII)
_TMDB_ID = re.compile(r"[1-9]\d{0,9}", re.ASCII)
_AMOUNT = re.compile(r"\+?(\d{1,9}(?:\.\d{1,9})?)", re.ASCII)
_LITERALS = frozenset({"literal", "typed-literal"})


class _Term(msgspec.Struct):
    type: str
    value: str


class _Row(msgspec.Struct):
    """One value of one property of one film."""

    slug: _Term
    property: _Term
    value: _Term


class _Results(msgspec.Struct):
    bindings: list[_Row]


class _Answer(msgspec.Struct):
    """SPARQL 1.1 Query Results JSON (w3.org/TR/sparql11-results-json)."""

    results: _Results


# Of one film: each property's distinct values, in the answer's order.
_Values = Mapping[str, Sequence[str]]


class WikidataIds:
    """Asks the Wikidata Query Service under the program's own name, one query at a time.

    Safe to use from several threads: they take turns.

    Args:
        url: Where it answers SPARQL.
        http: The client to ask with.
        store: Where the time of each query is kept.
        clock: Waits between queries.
        delay_s: Seconds between two queries, at least; also across restarts.
    """

    def __init__(self, url: str, *, http: HttpClient, store: Store, clock: Clock, delay_s: float = DELAY_S) -> None:
        self._url = url
        self._http = http
        self._store = store
        self._clock = clock
        self._delay_s = delay_s
        self._one_at_a_time = threading.Lock()

    def close(self) -> None:
        """Let the connection go."""
        self._http.close()

    def look_up(self, slugs: Sequence[str]) -> dict[str, FilmFacts]:
        """What Wikidata knows of films, by one query.

        Args:
            slugs: Names of film pages, at most BATCH; one that has anything but letters, digits, ``-`` and ``_`` in it
                is not asked for.

        Returns:
            Slug to facts, with a valid IMDb id each. A film is left out when it is not known, or not for certain: with
            several IMDb ids, with one that another of the slugs has too, or as both a film and a series.

        Raises:
            ValueError: More than BATCH slugs.
            Unavailable: Network, rate limit, outage, or the query took too long.
            QueryRefused: The query was refused.
            BadReply: The answer has another form than known.
            Stopping: The process is stopping.
        """
        if len(slugs) > BATCH:
            raise ValueError(f"{len(slugs)} films in one query, at most {BATCH}")
        asked = list(dict.fromkeys(slug for slug in slugs if _SLUG.fullmatch(slug)))
        if not asked:
            return {}
        return read_answer(self._ask(asked), asked)

    def _ask(self, slugs: Sequence[str]) -> bytes:
        query = _QUERY.format(slugs=" ".join(f'"{slug}"' for slug in slugs), properties=_PROPERTIES)
        with self._one_at_a_time:
            reply = self._http.post(
                self._url,
                form={"query": query},
                accept=_JSON,
                max_bytes=MAX_ANSWER_BYTES,
                pace=lambda: wait_for_turn(self._store, PROVIDER, self._clock, self._delay_s),
            )
        self._check_status(reply)
        return reply.body

    def _check_status(self, reply: HttpReply) -> None:
        """Raise what a status other than 200 means."""
        if reply.status == 200:
            return
        retry_after_s = reply.retry_after_s(self._clock.now())
        if reply.status == 429:
            raise RateLimited(PROVIDER, "Wikidata asks to be left alone for a while.", retry_after_s=retry_after_s)
        if reply.status == 400:
            raise QueryRefused(PROVIDER, "Wikidata refused the question for ids (400).")
        raise Unavailable(PROVIDER, f"Wikidata is not available ({reply.status}).", retry_after_s=retry_after_s)


def read_answer(body: bytes, slugs: Collection[str]) -> dict[str, FilmFacts]:
    """The films of an answer; see WikidataIds.look_up.

    Args:
        body: SPARQL results as JSON; anything may stand in it.
        slugs: What was asked for.

    Raises:
        Unavailable: A page or damaged text instead of data; a query that took too long can end in the middle of it.
        BadReply: JSON of another form.
    """
    if body.lstrip()[:1] not in {b"{", b"["}:
        raise Unavailable(PROVIDER, "Wikidata answered with a page instead of data.", code="outage")
    try:
        rows = msgspec.json.decode(body, type=_Answer).results.bindings
    except msgspec.ValidationError as exc:
        raise BadReply(
            PROVIDER,
            f"Wikidata's answer has another form than known: {exc}.",
            hint="Look for a newer version of Movie Sync, or set use_wikidata to false.",
            sample=body[:4096],
        ) from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Unavailable(PROVIDER, "Wikidata's answer was cut or damaged.", code="damaged") from exc
    return _certain(_by_film(rows, frozenset(slugs)))


def _by_film(rows: Iterable[_Row], slugs: Collection[str]) -> Mapping[str, _Values]:
    films: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        # A value that is there but unknown comes as a node without a name.
        if row.value.type in _LITERALS and row.slug.value in slugs:
            name = row.property.value.rpartition("/")[2]
            films[row.slug.value][name].setdefault(row.value.value.strip())
    return {slug: {name: list(values) for name, values in film.items()} for slug, film in films.items()}


def _certain(films: Mapping[str, _Values]) -> dict[str, FilmFacts]:
    """Facts of the films that are known for certain, one IMDb id a film and one film an IMDb id."""
    ids = {slug: _imdb_id(values.get(_IMDB, ())) for slug, values in films.items()}
    often = Counter(ids.values())
    return {
        slug: _facts(slug, imdb_id, films[slug])
        for slug, imdb_id in ids.items()
        if imdb_id is not None
        and often[imdb_id] == 1
        and not (films[slug].get(_TMDB_FILM) and films[slug].get(_TMDB_SERIES))
    }


def _imdb_id(values: Sequence[str]) -> str | None:
    """The one IMDb id; None when there is none, several, or one that is no film's (``nm…``)."""
    match = _IMDB_ID.fullmatch(values[0]) if len(values) == 1 else None
    return f"tt{int(match[1]):07d}" if match and int(match[1]) else None


def _facts(slug: str, imdb_id: str, values: _Values) -> FilmFacts:
    film, series = values.get(_TMDB_FILM, ()), values.get(_TMDB_SERIES, ())
    kind: Kind = "film" if film else "series" if series else "unknown"
    number = next(iter((*film, *series)), "")
    known = len(film) + len(series) == 1 and _TMDB_ID.fullmatch(number) is not None
    return FilmFacts(
        slug=slug,
        imdb_id=imdb_id,
        tmdb_id=f"{'movie' if film else 'tv'}/{number}" if known else None,
        kind=kind,
        alt_titles=_titles(values.get(_TITLE, ())),
        runtime_min=_minutes(values.get(_MINUTES, ())),
    )


def _titles(values: Sequence[str]) -> tuple[str, ...]:
    """Original titles that can be told in a line; a cut one would be another film's."""
    titles = (" ".join(value.split()) for value in values)
    kept = [title for title in titles if title and title.isprintable() and len(title) <= MAX_TITLE_CHARS]
    return tuple(dict.fromkeys(kept))[:MOST_TITLES]


def _minutes(values: Sequence[str]) -> int | None:
    """The running time; None when several are given, or one that is no film's (it may be in seconds)."""
    match = _AMOUNT.fullmatch(values[0]) if len(values) == 1 else None
    minutes = round(float(match[1])) if match else 0
    return minutes if 1 <= minutes <= _MAX_MINUTES else None
