"""Films as a person names them: which one is meant, and asking for one that nobody wished for yet."""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from movie_sync.errors import NoSuchFilm, ProviderError, SeveralFilms, UnclearName
from movie_sync.movie import FilmFacts, Movie, Queue, WatchedFilm
from movie_sync.releases.titles import title_key
from movie_sync.store import Store, films
from movie_sync.store.connections import Connection
from movie_sync.store.films import FilmRecord
from movie_sync.verbs.home import Home
from movie_sync.watchlists import film_ids

BY_HAND = "by hand"
# Comparing a mistyped title with more than these would take seconds.
_MOST_COMPARED = 20_000

LookUp = Callable[[Movie], FilmFacts | None]


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a film a person asked for.

    Attributes:
        outcome: ``queued``: it is new or starts over; ``pending``: it was queued already; ``completed``: it is there
            or on its way.
        note: What could not be looked up, "" when all was.
    """

    film: FilmRecord
    outcome: Literal["queued", "pending", "completed"]
    note: str = ""


def described(text: str) -> Movie | None:
    """The film an address, an id or ``Title (Year)`` speaks of; its title may be makeshift. None: a title alone."""
    text = text.strip()
    if re.fullmatch(r"tt\d{7,10}", text):
        return Movie(title=text, imdb_id=text)
    address = text if "://" in text else f"https://{text}"
    # A member's page of a film (letterboxd.com/USER/film/SLUG/) speaks of the same film.
    if page := re.match(r"https?://[^/]+/(?:[\w]+/)?film/([\w-]+)/?", address):
        return Movie(title=page[1], slug=page[1], url=address)
    if (lid := film_ids.lid(address)) is not None:
        return Movie(title=f"lid:{lid}", lid=lid, url=address)
    if (imdb := film_ids.imdb_id(address)) is not None:
        return Movie(title=imdb, imdb_id=imdb)
    title, year = film_ids.title_and_year(text)
    return Movie(title=title, year=year) if title and year else None


def matching(store: Store, text: str) -> list[FilmRecord]:
    """Every film a person can mean by this text, in no order of likelihood.

    Args:
        store: May be read-only.
        text: A film number, ``lid:…``, slug, address of a film page or boxd.it link, tt id, ``Title (Year)``, or a
            title.
    """
    with store.read() as tx:
        ids = _meant(tx, text.strip())
        found = [films.get(tx, film_id) for film_id in ids]
    return [film for film in found if film is not None]


def _meant(tx: Connection, text: str) -> list[int]:
    movie = described(text)
    if movie is not None and movie.year is None:
        found = films.of_names(tx, movie.names) if movie.names else []
        return found or (films.with_slug(tx, movie.slug) if movie.slug else [])
    if text.startswith("lid:"):
        return films.of_names(tx, [text])
    by_number = films.of_names(tx, [f"letterboxd:{int(text)}"]) if text.isascii() and text.isdecimal() else []
    by_slug = films.with_slug(tx, text)
    title, year = (movie.title, movie.year) if movie is not None else (text, None)
    return list(dict.fromkeys([*by_number, *by_slug, *_titled(tx, title, year)]))


def _titled(tx: Connection, title: str, year: int | None) -> list[int]:
    wanted = title_key(title)
    if not wanted:
        return []
    return [row[0] for row in films.titles(tx) if title_key(row[1]) == wanted and year in {None, row[2]}]


def find(store: Store, text: str) -> FilmRecord:
    """The one film a person means; see matching.

    Raises:
        NoSuchFilm: None is known by that; similar titles are named.
        SeveralFilms: More than one is; all are named, with their numbers.
    """
    found = matching(store, text)
    if len(found) == 1:
        return found[0]
    if found:
        raise SeveralFilms(text, [f"{film.movie.key}  {film.movie}" for film in found])
    raise NoSuchFilm(text, _similar(store, text))


def _similar(store: Store, text: str) -> list[str]:
    with store.read() as tx:
        known = films.titles(tx)
    names = [f"{title} ({year})" if year else title for _, title, year in known[:_MOST_COMPARED]]
    lowered = {name.casefold(): name for name in names}
    return [lowered[near] for near in difflib.get_close_matches(text.casefold(), lowered, n=3, cutoff=0.6)]


def add(home: Home, text: str, look_up: LookUp) -> Added:
    """Queue a film a person asks for; one that was excluded or failed starts over.

    Args:
        home: Opened for writing.
        text: An address, a tt id, or ``Title (Year)``.
        look_up: Reads the film's page; called only for a film that is not known yet and has one.

    Raises:
        UnclearName: It says neither address, nor id, nor title with year; or two known films fit.
        NoSuchFilm: The address leads to no film.
        ProviderError: Nothing is known of it but a short link, which cannot be followed now.
    """
    movie = described(text)
    known = matching(home.store, text)
    if len(known) > 1:
        raise SeveralFilms(text, [f"{film.movie.key}  {film.movie}" for film in known])
    if known:
        return _add_known(home, known[0])
    if movie is None:
        raise UnclearName(text)
    movie, note = _looked_up(movie, text, look_up)
    return Added(_queued(home, movie), "queued", note)


def _add_known(home: Home, film: FilmRecord) -> Added:
    if film.queue is Queue.COMPLETED:
        return Added(film, "completed")
    if film.queue is Queue.PENDING:
        return Added(film, "pending")
    home.editor.retry(film.film_id)
    return Added(home.queue.get(film.film_id) or film, "queued")


def _queued(home: Home, movie: Movie) -> FilmRecord:
    home.queue.wish([WatchedFilm(movie, 0, home.clock.now())], BY_HAND)
    with home.store.read() as tx:
        film_id = films.find(tx, movie)
        film = films.get(tx, film_id) if film_id is not None else None
    if film is None:
        raise LookupError(str(movie))
    return film


def _looked_up(movie: Movie, text: str, look_up: LookUp) -> tuple[Movie, str]:
    """The film with what its page says, and a note when the page could not be read."""
    if movie.slug is None and movie.lid is None:
        return movie, ""
    try:
        facts = look_up(movie)
    except ProviderError as error:
        if movie.slug is None:
            raise
        return movie, f"{error.message} Its page is read later."
    if facts is None:
        raise NoSuchFilm(text, [])
    return (
        Movie(
            title=facts.title or movie.title,
            year=facts.year,
            number=facts.number,
            lid=facts.lid or movie.lid,
            slug=facts.slug,
            url=movie.url,
            imdb_id=facts.imdb_id,
            tmdb_id=facts.tmdb_id,
            kind=facts.kind,
            directors=facts.directors,
            alt_titles=tuple(facts.alt_titles),
            runtime_min=facts.runtime_min,
        ),
        "",
    )


def completing(store: Store, beginning: str) -> list[str]:
    """``Title (Year)`` of films whose title begins like this; for completion in a shell."""
    with store.read() as tx:
        known = films.titles(tx)
    names = (f"{title} ({year})" if year else title for _, title, year in known)
    return [name for name in names if name.casefold().startswith(beginning.casefold())]
