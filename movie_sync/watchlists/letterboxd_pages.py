"""Letterboxd pages to facts. Pure: bytes in, facts out; the markups of 2026, 2025 and before August 2025."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from movie_sync.movie import YEARS, FilmFacts, Kind, Movie, title_and_year
from movie_sync.watchlists.film_ids import imdb_id, slug, tmdb_id

FILMS_PER_PAGE = 28
# A page of the site, whatever it shows, sets this in its first script.
_GENUINE = b"person = {"
_TEMPLATE = re.compile(rb"analytic_params\['template'\] = '([^']*)'")
_WATCHLIST_TEMPLATE = b"/object/watchlist"
_LID = re.compile(r"[0-9A-Za-z]{1,12}")

Answer = Literal["page", "challenge", "private", "limited", "other"]


class MarkupChanged(ValueError):
    """The page is none this program knows; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class WatchlistPage:
    """One page of a watchlist.

    Attributes:
        films: In the page's order, newest wish first.
        total: Films on the whole list.
        has_next: There is a link to a further page.
    """

    films: tuple[Movie, ...]
    total: int
    has_next: bool


class _Postered(msgspec.Struct):
    lid: str | None = None
    uid: str | None = None


def answer_kind(status: int, headers: dict[str, str], body: bytes) -> Answer:
    """What an answer is, before anybody reads it as a page.

    Args:
        status: HTTP status.
        headers: Names in lower case.
        body: May be cut after the first 64 KiB.
    """
    if headers.get("cf-mitigated", "").lower() == "challenge" or _is_challenge(body):
        return "challenge"
    if status == 429 or b"error code: 1015" in body[:2000] or b"Error 1015" in body[:4000]:
        return "limited"
    if status == 403 and b"<section" in body and LexborHTMLParser(body).css_first("section.message") is not None:
        return "private"
    return "page" if status == 200 else "other"


def _is_challenge(body: bytes) -> bool:
    # "/cdn-cgi/challenge-platform/" alone is no mark: ordinary pages have it.
    return b"<title>Just a moment...</title>" in body or b"challenges.cloudflare.com" in body


def read_watchlist_page(body: bytes) -> WatchlistPage:
    """The films of one watchlist page.

    Raises:
        MarkupChanged: It is not a watchlist page as known; never read as an empty one.
    """
    template = _TEMPLATE.search(body)
    if _GENUINE not in body or template is None or template[1] != _WATCHLIST_TEMPLATE:
        raise MarkupChanged("the page is not marked as a watchlist")
    tree = LexborHTMLParser(body)
    total = _total(tree)
    nodes = tree.css("li.griditem, li.poster-container, li.posteritem")
    films = tuple(_film(node) for node in nodes)
    if total and not films:
        raise MarkupChanged(f"the page declares {total} films and shows none")
    return WatchlistPage(films, total, tree.css_first(".paginate-nextprev a.next") is not None)


def _total(tree: LexborHTMLParser) -> int:
    node = tree.css_first(".js-watchlist-content[data-num-entries]")
    text = node.attributes.get("data-num-entries") if node else None
    if text is None:
        counter = tree.css_first(".js-watchlist-count")
        text = re.sub(r"[^\d]", "", counter.text()) if counter else None
    if not text or not text.isdecimal() or len(text) > 9:
        raise MarkupChanged("the page does not say how many films the list has")
    return int(text)


def _film(node: LexborNode) -> Movie:
    poster = node.css_first("div[data-item-slug], div[data-film-slug]")
    if poster is None:
        raise MarkupChanged("a place on the page has no film")
    attributes = poster.attributes
    name = attributes.get("data-item-full-display-name") or attributes.get("data-item-name")
    title, year = title_and_year(name or _alt_text(poster) or "")
    found_slug = attributes.get("data-item-slug") or attributes.get("data-film-slug")
    number, lid = _identity(attributes)
    if not title or not found_slug or (number is None and lid is None):
        raise MarkupChanged("a film on the page has no title, slug or id")
    link = attributes.get("data-item-link") or attributes.get("data-target-link") or f"/film/{found_slug}/"
    return Movie(title=title, year=year, number=number, lid=lid, slug=slug(link) or found_slug)


def _identity(attributes: dict[str, str | None]) -> tuple[int | None, str | None]:
    """Film number and lid; before April 2026 the number also stood in an attribute of its own."""
    text = attributes.get("data-postered-identifier")
    try:
        postered = msgspec.json.decode(text or "{}", type=_Postered)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise MarkupChanged("a film's identifier cannot be read") from exc
    digits = (postered.uid or "").removeprefix("film:") or attributes.get("data-film-id") or ""
    number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 15 else None
    return number, postered.lid if _LID.fullmatch(postered.lid or "") else None


def _alt_text(poster: LexborNode) -> str | None:
    image = poster.css_first("img[alt]")
    return image.attributes.get("alt") if image else None


def read_film_page(body: bytes, url: str) -> FilmFacts:
    """What a film page says of its own film; the other films' posters on it are left alone.

    Args:
        body: The page.
        url: Where it came from after redirects: its slug is the film's.

    Raises:
        MarkupChanged: It is not a film page as known.
    """
    if _GENUINE not in body or b"application/ld+json" not in body:
        raise MarkupChanged("the page is not marked as a film page")
    if b"</html>" not in body:  # what its end says would count as unknown for good
        raise MarkupChanged("the page is cut short")
    tree = LexborHTMLParser(body)
    data = _linked_data(tree)
    links = [node.attributes.get("href") or "" for node in tree.css("p.text-footer a[href], a[data-track-action]")]
    tmdb = next(filter(None, map(tmdb_id, links)), None)
    final = slug(url) or slug(str(data.get("url") or ""))
    if final is None:
        raise MarkupChanged("the page has no slug")
    number, lid = _own_identity(tree, final)
    return FilmFacts(
        slug=final,
        number=number,
        lid=lid,
        title=_string(data.get("name")),
        year=_released(data),
        imdb_id=next(filter(None, map(imdb_id, links)), None),
        tmdb_id=tmdb,
        kind=_kind(tmdb),
        directors=tuple(_names(data.get("director"))),
        alt_titles=tuple(_alternative_titles(tree)),
        runtime_min=_runtime(tree),
    )


def _kind(tmdb: str | None) -> Kind:
    """Only the path of the TMDB link tells; ``data-tmdb-type`` says movie for miniseries too."""
    if tmdb is None:
        return "unknown"
    return "series" if tmdb.startswith("tv/") else "film"


def _linked_data(tree: LexborHTMLParser) -> dict[str, Any]:
    """The JSON-LD block, which stands inside CDATA comments."""
    node = tree.css_first('script[type="application/ld+json"]')
    text = node.text() if node else ""
    try:
        data = json.loads(text[text.index("{") : text.rindex("}") + 1])
    except (ValueError, RecursionError) as exc:
        raise MarkupChanged("the film's data block cannot be read") from exc
    if not isinstance(data, dict):
        raise MarkupChanged("the film's data block is not an object")
    return data


def _string(value: object) -> str | None:
    return value.encode(errors="replace").decode().strip() or None if isinstance(value, str) else None


def _names(value: object) -> Sequence[str]:
    people = value if isinstance(value, list) else [value]
    names = [_string(person.get("name")) for person in people if isinstance(person, dict)]
    return [name for name in names if name]


def _released(data: dict[str, Any]) -> int | None:
    events = data.get("releasedEvent")
    first = events[0] if isinstance(events, list) and events else events
    text = str(first.get("startDate") or "") if isinstance(first, dict) else ""
    return int(text[:4]) if re.match(r"\d{4}", text) and int(text[:4]) in YEARS else None


def _own_identity(tree: LexborHTMLParser, own_slug: str) -> tuple[int | None, str | None]:
    for node in tree.css(f'div[data-item-slug="{own_slug}"], div[data-film-slug="{own_slug}"]'):
        return _identity(node.attributes)
    report = tree.css_first("[data-report-url]")
    match = re.search(r"film:(\d{1,15})\b", (report.attributes.get("data-report-url") or "") if report else "")
    return (int(match[1]) if match else None), None


def _alternative_titles(tree: LexborHTMLParser) -> list[str]:
    """The original title and the list of others, each once."""
    titles: list[str] = []
    original = tree.css_first("h2.originalname")
    if original is not None:
        titles.append(original.text().strip())
    for heading in tree.css("h3"):
        if heading.text().strip().lower().startswith("alternative title"):
            block = heading.next
            while block is not None and not block.is_element_node:
                block = block.next
            if block is not None:
                titles += [part.strip() for part in block.text().split(",")]
    return [title for title in dict.fromkeys(titles) if title]


def _runtime(tree: LexborHTMLParser) -> int | None:
    node = tree.css_first("p.text-footer")
    match = re.search(r"(?<!\d)(\d{1,5})\s*mins?\b", node.text().replace("\xa0", " ")) if node else None
    return int(match[1]) if match else None
