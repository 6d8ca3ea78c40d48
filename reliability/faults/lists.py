"""Watchlists that are no lists one could trust: they shift, shrink, repeat, lie, and go on without an end."""

import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from movie_sync.demo.films import FILMS, DemoFilm
from movie_sync.demo.letterboxd_site import FILMS_PER_PAGE, poster
from movie_sync.movie import Movie
from reliability.faults.answers import Asked, Bad, whole
from reliability.faults.trial import Fault, try_all
from reliability.faults.trying import BadAnswer, Door, Street, faults
from reliability.tried import Effort, Tried

PART = "Letterboxd"
WATCHLIST = Door("the watchlist", "letterboxd", lambda asked: "/watchlist/" in asked.path, known=True)
# Three pages in all, whose films cost no calls.
_MADE_UP = 47
_COLOURS = ("Amber", "Crimson", "Golden", "Silver", "Violet", "Ivory", "Scarlet")
_PLACES = ("River", "Harbour", "Meadow", "Mountain", "Island", "Garden", "Lighthouse")
_MOVED = r"it changed meanwhile, the next check reads on"
# Three ways through all pages, each with another look at the first.
_MOST = 12
_SCRIPT = "person = { username: '', loggedIn: false }; analytic_params['template'] = '/object/watchlist';"


def many_films() -> tuple[DemoFilm, ...]:
    """The demo's films, and so many that are on disk already that the list has three pages."""
    titles = [f"The {colour} {place} Story" for colour in _COLOURS for place in _PLACES][:_MADE_UP]
    movies = [
        Movie(title, 1950 + number, 70_000 + number, f"k{number:x}", html.escape(title.lower().replace(" ", "-")))
        for number, title in enumerate(titles)
    ]
    return (*FILMS, *(DemoFilm(movie, expected="owned", on_disk=True) for movie in movies))


@dataclass(slots=True)
class Shown:
    """A list as a site that is not well shows it.

    Attributes:
        films: What the site has.
        looks: Pages shown so far.
        page: The number of the page that is asked for, from 1.
    """

    films: Sequence[Movie]
    looks: int = 0
    page: int = 1
    first: dict[int, Sequence[Movie]] = field(default_factory=dict)

    def part(self, films: Sequence[Movie] | None = None) -> Sequence[Movie]:
        """The films of this page."""
        return (films or self.films)[(self.page - 1) * FILMS_PER_PAGE : self.page * FILMS_PER_PAGE]

    @property
    def more(self) -> bool:
        """There is a further page."""
        return self.page * FILMS_PER_PAGE < len(self.films)


def page(films: Sequence[Movie], total: int, *, more: bool) -> Bad:
    """A watchlist page that says what it likes."""
    following = '<div class="paginate-nextprev"><a class="next" href="?">Older</a></div>' if more else ""
    return whole(
        f"<!DOCTYPE html><html><head><script>{_SCRIPT}</script></head><body>"
        f'<div class="js-watchlist-content" data-num-entries="{total}"><ul>{"".join(map(poster, films))}</ul></div>'
        f"{following}</body></html>".encode()
    )


def _added(shown: Shown) -> Bad:
    """A film is added before each page: the last film of a page is the first of the next one, too."""
    films = shown.films[max(0, _MOST - shown.looks) :]
    return page(shown.part(films), len(films), more=shown.page * FILMS_PER_PAGE < len(films))


def _moved(shown: Shown) -> Bad:
    """A film goes from the end to the top before each page: the last film of a page is on the next one, too."""
    turn = shown.looks % len(shown.films)
    return page(shown.part([*shown.films[-turn:], *shown.films[:-turn]]), len(shown.films), more=shown.more)


def _removed(shown: Shown) -> Bad:
    """A film is taken off before each page: one is on no page."""
    left = shown.films[shown.looks :]
    return page(shown.part(left), len(left), more=shown.more)


def _endless(shown: Shown) -> Bad:
    """Each page is the first, and there is always another."""
    return page(shown.films[:FILMS_PER_PAGE], 999_999_999, more=True)


def _vanished(shown: Shown) -> Bad:
    """One check sees an empty list, and the next one what is on it."""
    return page(shown.part(), len(shown.films), more=shown.more) if shown.looks else page((), 0, more=False)


def _past_the_end(shown: Shown, status: int) -> Bad:
    """It declares more than it has, and refuses the page after the last."""
    return page(shown.part(), 100, more=True) if shown.part() else whole(b"Forbidden", status)


# What the site shows, and what the user is told; "" where that is no fault.
_SHAPES: Sequence[tuple[str, str, Callable[[Shown], Bad]]] = (
    ("a film is added while it is read", _MOVED, _added),
    ("a film is taken off while it is read", _MOVED, _removed),
    ("its order moves while it is read", _MOVED, _moved),
    ("a total of 0 above films", _MOVED, lambda shown: page(shown.part(), 0, more=shown.more)),
    ("it shrinks to nothing for one check", "", _vanished),
    ("a total without films", "could not be read: the page declares 60 films", lambda _: page((), 60, more=False)),
    ("the second page repeats the first", _MOVED, lambda it: page(it.films[:FILMS_PER_PAGE], 60, more=it.more)),
    ("a total of one more", _MOVED, lambda shown: page(shown.part(), 61, more=shown.more)),
    ("a total of half of it", _MOVED, lambda shown: page(shown.part(), 30, more=shown.more)),
    ("a total of nearly a billion", _MOVED, lambda shown: page(shown.part(), 999_999_999, more=shown.more)),
    ("the same page for ever", _MOVED, _endless),
    ("403 past its end", "answered 403 to page 4", lambda shown: _past_the_end(shown, 403)),
    ("404 past its end", "answered 404 to page 4", lambda shown: _past_the_end(shown, 404)),
    ("no link to the next page", _MOVED, lambda shown: page(shown.part(), len(shown.films), more=False)),
    ("the second page is empty", "declares 60 films and shows none", lambda it: page(_first(it), 60, more=it.more)),
)
_IN_SHORT = frozenset({"the same page for ever", "it shrinks to nothing for one check"})


def _first(shown: Shown) -> Sequence[Movie]:
    return shown.part() if shown.page == 1 else ()


def shapes(street: Street) -> Iterator[Fault]:
    """A row for each."""
    for words, told, shape in _SHAPES:
        bad = BadAnswer(words, told=told, most=_MOST, bend=partial(_bend, shape), short=words in _IN_SHORT)
        yield from faults(street, WATCHLIST, (bad,))


def _bend(shape: Callable[[Shown], Bad], street: Street, service: str) -> None:
    shown = Shown([film.movie for film in street.films])

    def bend(asked: Asked) -> Bad | None:
        if not WATCHLIST.fits(asked):
            return None
        shown.page = int(asked.path.split("/page/")[1].strip("/")) if "/page/" in asked.path else 1
        given = shape(shown)
        shown.looks += 1
        return given

    street.fronts[service].bend = bend


def run(effort: Effort, folder: Path) -> Iterator[Tried]:
    """See `reliability`."""
    with Street(folder, qbittorrent=False, films=many_films()) as street:
        yield from try_all(PART, tuple(shapes(street)), street, long=effort.long)
