"""Films as a person names them: which one is meant, and asking for one that nobody wished for yet."""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from movie_sync.errors import NoSuchFilm, ProviderError, SeveralFilms, UnclearName
from movie_sync.movie import FilmFacts, Movie, Queue, WatchedFilm, title_and_year
from movie_sync.releases.titles import title_key
from movie_sync.store import Store, films
from movie_sync.store.connections import Connection
from movie_sync.store.films import FilmRecord
from movie_sync.verbs.home import Home
from movie_sync.watchlists import film_ids

BY_HAND = "by hand"
# Comparing a mistyped title with more than these would take seconds.
_MOST_COMPARED = 20_000
_FILM_PAGE = re.compile(
    r"https?://(?:(?:www\.)?letterboxd\.com|localhost(?::\d+)?|127\.0\.0\.1(?::\d+)?)/(?:\w+/)?film/([\w-]+)", re.I
)

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
    text = _storable(text).strip()
    if number := re.fullmatch(r"tt(\d{7,10})", text, re.ASCII):
        imdb_id = f"tt{int(number[1]):07d}"
        return Movie(title=imdb_id, imdb_id=imdb_id)
    address = text if "://" in text else f"https://{text}"
    # A member's page of a film (letterboxd.com/USER/film/SLUG/) speaks of the same film.
    if page := _FILM_PAGE.match(address):
        slug = page[1].lower()
        return Movie(title=slug, slug=slug, url=f"https://letterboxd.com/film/{slug}/")
    if (lid := film_ids.lid(address)) is not None:
        return Movie(title=f"lid:{lid}", lid=lid, url=address)
    if (imdb := film_ids.imdb_id(address)) is not None:
        return Movie(title=imdb, imdb_id=imdb)
    title, year = title_and_year(text)
    return Movie(title=title, year=year) if title and year else None


def spoken_of(text: str) -> Movie:
    """As described.

    Raises:
        UnclearName: It says neither address, nor id, nor title with year.
    """
    movie = described(text)
    if movie is None:
        raise UnclearName(text)
    return movie


def _storable(text: str) -> str:
    """What a shell gives that is no UTF-8 as "?", for the database takes no such text."""
    return text.encode("utf-8", "replace").decode()


def matching(store: Store, text: str) -> list[FilmRecord]:
    """Every film a person can mean by this text, in no order of likelihood.

    Args:
        store: May be read-only.
        text: A film number, ``lid:…``, slug, address of a film page or boxd.it link, tt id, ``Title (Year)``, or a
            title.
    """
    with store.read() as tx:
        ids = _meant(tx, _storable(text).strip())
        found = [films.get(tx, film_id) for film_id in ids]
    return [film for film in found if film is not None]


def _meant(tx: Connection, text: str) -> list[int]:
    movie = described(text)
    if movie is not None and movie.year is None:
        found = films.of_names(tx, movie.names) if movie.names else []
        return found or (films.with_slug(tx, movie.slug) if movie.slug else [])
    if text.startswith("lid:"):
        return films.of_names(tx, [text])
    numbered = re.fullmatch(r"\d{1,15}", text, re.ASCII)
    by_number = films.of_names(tx, [f"letterboxd:{int(text)}"]) if numbered else []
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
    found = only(store, text)
    if found is None:
        raise NoSuchFilm(text, _similar(store, text))
    return found


def only(store: Store, text: str) -> FilmRecord | None:
    """The known film a text can mean, None when there is none; raises SeveralFilms."""
    found = matching(store, text)
    if len(found) > 1:
        raise SeveralFilms(text, [f"{film.movie.key}  {film.movie}" for film in found])
    return found[0] if found else None


def _similar(store: Store, text: str) -> list[str]:
    with store.read() as tx:
        known = films.titles(tx)
    names: dict[str, str] = {}
    for _, title, year in known[:_MOST_COMPARED]:
        name = str(Movie(title, year))
        names |= {name.casefold(): name, title.casefold(): name}
    near = difflib.get_close_matches(text.casefold(), names, n=4, cutoff=0.6)
    return list(dict.fromkeys(names[key] for key in near))[:3]


def add(home: Home, text: str, look_up: LookUp) -> Added:
    """Queue a film a person asks for; one that was excluded or failed starts over.

    Args:
        home: Opened for writing.
        text: An address, a tt id, or ``Title (Year)``.
        look_up: Reads the film's page; called only for a film that is not known yet and has one.

    Raises:
        UnclearName: It says neither address, nor id, nor title with year.
        SeveralFilms: More than one known film fits.
        NoSuchFilm: The address leads to no film.
        ProviderError: Nothing is known of it but a short link, which cannot be followed now.
    """
    known = only(home.store, text)
    if known is not None:
        return _asked_for(home, known.movie)
    movie = spoken_of(text)
    facts, note = looked_up(movie, text, look_up)
    added = _asked_for(home, movie if facts is None else as_read(movie, facts), note)
    if facts is not None and (read := home.queue.learn(added.film.film_id, facts)) is not None:
        return replace(added, film=read)
    return added


def _asked_for(home: Home, movie: Movie, note: str = "") -> Added:
    """Wish for a film by hand, whatever it is known by and wherever it stands."""
    film = _found(home, movie)
    if film is not None and film.queue is Queue.COMPLETED:
        return Added(film, "completed", note)
    new = home.queue.wish([WatchedFilm(movie, 0, home.clock.now())], BY_HAND).added
    film = _found(home, movie)
    if film is None:
        raise LookupError(str(movie))
    if new or film.queue is Queue.PENDING:
        return Added(film, "queued" if new else "pending", note)
    home.editor.retry(film.film_id)
    return Added(home.queue.get(film.film_id) or film, "queued", note)


def ask_for(home: Home, movie: Movie) -> FilmRecord:
    """Wish for a film by hand and say where it stands now."""
    return _asked_for(home, movie).film


def _found(home: Home, movie: Movie) -> FilmRecord | None:
    with home.store.read() as tx:
        film_id = films.find(tx, movie)
        return films.get(tx, film_id) if film_id is not None else None


def looked_up(movie: Movie, text: str, look_up: LookUp) -> tuple[FilmFacts | None, str]:
    """What the page of a film that is not known yet says, and a note when it could not be read.

    Args:
        movie: As described.
        text: What the person wrote, for the error.
        look_up: Reads its page; not called when it has none.

    Raises:
        NoSuchFilm: The address leads to no film.
        ProviderError: Nothing is known of it but a short link, which cannot be followed now.
    """
    if movie.slug is None and movie.lid is None:
        return None, ""
    try:
        facts = look_up(movie)
    except ProviderError as error:
        if movie.slug is None:
            raise
        return None, f"{error.message} Its page is read later."
    if facts is None:
        raise NoSuchFilm(text, [], hint="Letterboxd has no such page; look at the address.")
    return facts, ""


def as_read(movie: Movie, facts: FilmFacts) -> Movie:
    """A film that came by an address, with what its page says."""
    return Movie(
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
    )


def completing(store: Store, beginning: str) -> list[str]:
    """``Title (Year)`` of films whose title begins like this; for completion in a shell."""
    with store.read() as tx:
        known = films.titles(tx)
    names = (str(Movie(title, year)) for _, title, year in known)
    return [name for name in names if name.casefold().startswith(beginning.casefold())]
