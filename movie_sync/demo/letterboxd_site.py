"""A Letterboxd-like site: watchlist and film pages with the attributes the real ones have."""

import html
import json
import math
import re
from collections.abc import Sequence
from typing import Literal

from movie_sync.demo.loopback import Answer, LoopbackServer, Request
from movie_sync.movie import Movie

FILMS_PER_PAGE = 28
Markup = Literal["2026", "2025", "before-2025"]
_WATCHLIST = re.compile(r"^/([\w-]+)/watchlist/(?:page/(\d+)/)?$")
_FILM = re.compile(r"^/film/([\w-]+)/$")
CHALLENGE = Answer(
    b"<!DOCTYPE html><title>Just a moment...</title><script src='https://challenges.cloudflare.com/x'></script>",
    403,
    headers={"cf-mitigated": "challenge"},
)
PRIVATE = Answer(b'<html><body><section class="message"><p>This list is private.</p></section></body></html>', 403)


class LetterboxdSite(LoopbackServer):
    """Serves one user's watchlist and the pages of its films.

    Attributes:
        films: The watchlist, newest wish first; change it as you like.
        others: Films that have a page and are on no list.
        markup: Of which time the pages are.
        redirects: Old slug to new.
    """

    def __init__(self, username: str, films: Sequence[Movie], markup: Markup = "2026") -> None:
        self.username = username
        self.films = list(films)
        self.others: list[Movie] = []
        self.markup = markup
        self.redirects: dict[str, str] = {}
        super().__init__()

    def answer(self, request: Request) -> Answer:
        """See LoopbackServer."""
        watchlist = _WATCHLIST.match(request.path)
        if watchlist:
            return self._watchlist(watchlist[1], int(watchlist[2] or 1))
        short = next((movie for movie in [*self.films, *self.others] if request.path == f"/{movie.lid}"), None)
        if short:
            return Answer(b"", 302, headers={"Location": f"https://letterboxd.com/film/{short.slug}/"})
        film = _FILM.match(request.path)
        if film and film[1] in self.redirects:
            return Answer(b"", 301, headers={"Location": f"/film/{self.redirects[film[1]]}/"})
        movie = next((movie for movie in [*self.films, *self.others] if film and movie.slug == film[1]), None)
        return Answer(self._page("/object/film", film_page(movie)).encode()) if movie else Answer(b"Not found", 404)

    def _watchlist(self, username: str, number: int) -> Answer:
        if username != self.username:
            return Answer(b"Not found", 404)
        pages = max(1, math.ceil(len(self.films) / FILMS_PER_PAGE))
        if number > pages:
            return Answer(b"Forbidden", 403)
        shown = self.films[(number - 1) * FILMS_PER_PAGE : number * FILMS_PER_PAGE]
        items = "\n".join(poster(movie, self.markup) for movie in shown)
        following = f'<a class="next" href="/{username}/watchlist/page/{number + 1}/">Older</a>'
        paging = f'<div class="paginate-nextprev">{following if number < pages else ""}</div>' if pages > 1 else ""
        total = len(self.films)
        body = (
            f'<div class="js-watchlist-content" data-num-entries="{total}">'
            f'<span class="js-watchlist-count">{total:,} films</span><ul class="grid">{items}</ul>{paging}</div>'
        )
        return Answer(self._page("/object/watchlist", body).encode())

    @staticmethod
    def _page(template: str, body: str) -> str:
        return (
            "<!DOCTYPE html><html><head><title>Page</title><script>\n"
            f"person = {{ username: '', loggedIn: false }}; analytic_params['template'] = '{template}';\n"
            "</script><script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"
            f"</head><body>{body}</body></html>"
        )


def poster(movie: Movie, markup: Markup = "2026") -> str:
    """One film of a list as the page of that time has it."""
    name = html.escape(str(movie), quote=True)
    if markup == "before-2025":
        return (
            f'<li class="poster-container"><div class="film-poster" data-film-id="{movie.number}"'
            f' data-film-slug="{movie.slug}" data-item-name="{name}">'
            f'<img alt="{html.escape(movie.title, quote=True)}"></div></li>'
        )
    identifier = html.escape(
        json.dumps({"lid": movie.lid, "uid": f"film:{movie.number}", "type": "film", "typeName": "film"}), quote=True
    )
    old_id = f' data-film-id="{movie.number}"' if markup == "2025" else ""
    return (
        '<li class="griditem"><div class="react-component" data-component-class="LazyPoster"'
        f' data-item-name="{name}" data-item-full-display-name="{name}" data-item-slug="{movie.slug}"'
        f' data-item-link="/film/{movie.slug}/" data-target-link="/film/{movie.slug}/"{old_id}'
        f" data-postered-identifier='{identifier}' data-details-endpoint=\"/film/{movie.slug}/json/\">"
        '<div class="poster film-poster"><img class="image"></div></div></li>'
    )


def film_page(movie: Movie) -> str:
    """The inside of a film page: its own poster, another film's, the data block and the footer with ids."""
    data = {
        "@type": "Movie",
        "name": movie.title,
        "url": f"https://letterboxd.com/film/{movie.slug}/",
        "dateCreated": "2011-01-01",
        "director": [{"@type": "Person", "name": name} for name in movie.directors],
        "releasedEvent": [{"@type": "PublicationEvent", "startDate": str(movie.year)}] if movie.year else [],
    }
    links = ""
    if movie.imdb_id:
        links += f'<a href="http://www.imdb.com/title/{movie.imdb_id}/maindetails" data-track-action="IMDb">IMDb</a> '
    if movie.tmdb_id:
        links += f'<a href="https://www.themoviedb.org/{movie.tmdb_id}/" data-track-action="TMDB">TMDB</a> '
    titles = (
        '<h3><span>Alternative Titles</span></h3><div class="text-indentedlist"><p>'
        f"{html.escape(', '.join(movie.alt_titles))}</p></div>"
        if movie.alt_titles
        else ""
    )
    other = Movie("Another Film", 1999, 999_999, "zzzz", "another-film")
    return (
        f'<script type="application/ld+json">\n/* <![CDATA[ */\n{json.dumps(data)}\n/* ]]> */\n</script>'
        f'<div class="film-main" data-tmdb-type="movie">{poster(movie)}</div>{titles}'
        f'<p class="text-link text-footer">{movie.runtime_min or 90}&nbsp;mins &nbsp; More at {links}</p>'
        f'<ul class="related">{poster(other)}</ul>'
    )
