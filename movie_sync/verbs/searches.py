"""One search by hand: every release of a film as the program would judge it now, and taking one of them."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from movie_sync import parts
from movie_sync.config import Config
from movie_sync.credentials_manager import Ask, CredentialsManager
from movie_sync.errors import MovieSyncError, ProviderError, Unavailable
from movie_sync.movie import Decision, Movie, Release
from movie_sync.releases.rank import common_title, judge
from movie_sync.store import providers, transfers
from movie_sync.store.films import FilmRecord
from movie_sync.trackers.download_service import MovieDownloader
from movie_sync.verbs import films
from movie_sync.verbs.film_pages import look_up
from movie_sync.verbs.home import Home


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search by hand found.

    Attributes:
        movie: The film as it was searched.
        film: Its row, None when no list wishes for it and nobody added it.
        tracker: The tracker's name.
        profile: The name of the profile that judged.
        decisions: Accepted releases, best first, then the refused.
    """

    movie: Movie
    film: FilmRecord | None
    tracker: str
    profile: str
    decisions: Sequence[Decision]

    @property
    def accepted(self) -> int:
        """How many pass."""
        return sum(decision.accepted for decision in self.decisions)


def search(home: Home, text: str, ask: Ask | None = None) -> Searched:
    """Ask the tracker for a film and judge what it has; nothing is stored and nothing taken. One or two calls.

    Args:
        home: Opened for writing, since calls are counted.
        text: As for ``films.find``, and what ``films.described`` understands of films that are not known.
        ask: Asks for a log-in that is missing, None when nobody can answer.

    Raises:
        UnclearName, SeveralFilms: It is not clear which film is meant.
        Unavailable: The tracker is left alone, or its calls are used up. ProviderError as for MovieDownloader.search.
        CredentialsError, ConfigError: It is not set up.
    """
    movie, film = _meant(home, text)
    config = Config.load(home.folder)
    given = parts.Parts(config, CredentialsManager(home.folder), home.store, home.clock, ask)
    with contextlib.closing(parts.tracker(given)) as tracker:
        _may_be_asked(home, tracker)
        releases = tracker.search(movie)
        if movie.title == movie.imdb_id and (title := common_title(movie.imdb_id, releases)):
            movie = replace(movie, title=title[0], year=title[1])
        blocklist = {}
        if film is not None:
            with home.store.read() as tx:
                blocklist = transfers.refused_releases(tx, film.film_id)
        judged = judge(movie, releases, config.profile, blocklist, home.clock.now())
        return Searched(movie, film, tracker.name, config.profile.name, judged)


def _meant(home: Home, text: str) -> tuple[Movie, FilmRecord | None]:
    """The film a text means, with what its page says of it where nobody has read that yet."""
    film = films.only(home.store, text)
    if film is None:
        movie = films.spoken_of(text)
        facts, _ = films.looked_up(movie, text, partial(look_up, home))
        return (movie if facts is None else films.as_read(movie, facts)), None
    if film.details_at is not None or (film.movie.slug is None and film.movie.lid is None):
        return film.movie, film
    try:
        facts = look_up(home, film.movie)
    except ProviderError:
        facts = None
    return (film.movie if facts is None else films.as_read(film.movie, facts)), film


def _may_be_asked(home: Home, tracker: MovieDownloader) -> None:
    """Raise when the tracker is left alone: the service was refused, or told to wait."""
    with home.store.read() as tx:
        state = providers.get(tx, tracker.name)
    if state.next_try(home.clock.now()) > home.clock.now():
        hint = state.hint or "Ask again later, or at once: movie-sync retry --now"
        raise Unavailable(tracker.name, state.message or f"{tracker.name} is left alone for a while.", hint=hint)


def grab(home: Home, found: Searched, number: int) -> tuple[FilmRecord, Release]:
    """Have one release taken, whatever speaks against it, in place of what the program would take.

    Args:
        home: Opened for writing.
        found: A search.
        number: 1 is its first release.

    Returns:
        The film, which is due now, and the release.

    Raises:
        MovieSyncError: ``no_such_release``: the search has no release of that number.
        Unavailable: The film is being handed over at this moment.
    """
    if not 1 <= number <= len(found.decisions):
        raise MovieSyncError(
            f"There is no release {number}: the search found {len(found.decisions)}.",
            hint="Look at the numbers of: movie-sync search",
            code="no_such_release",
        )
    release = found.decisions[number - 1].release
    film = found.film or films.ask_for(home, found.movie)
    home.editor.grab(film.film_id, release, found.decisions[number - 1].refusals)
    return home.queue.get(film.film_id) or film, release
