"""One search by hand: every release of a film as the program would judge it now, and taking one of them."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from movie_sync import parts
from movie_sync.config import Config
from movie_sync.credentials_manager import FIELDS, Ask, CredentialsManager
from movie_sync.errors import AuthFailed, CallsUsedUp, MovieSyncError, ProviderError, RateLimited, Unavailable
from movie_sync.health import FOREVER, ProviderHealth
from movie_sync.movie import Decision, Movie, Release
from movie_sync.releases.rank import common_title, judge
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
        AuthFailed: The tracker refuses the log-in, now or with the same one before; it is asked once.
        Unavailable: It is left alone, or its calls are used up. ProviderError as for MovieDownloader.search.
        CredentialsError, ConfigError: It is not set up.
    """
    movie, film = _meant(home, text)
    config, credentials = Config.load(home.folder), CredentialsManager(home.folder)
    given = parts.Parts(config, credentials, home.store, home.clock, ask)
    with contextlib.closing(parts.tracker(given)) as tracker:
        service = tracker.name
        prints = {service: credentials.fingerprint(service)} if service in FIELDS else {}
        health = ProviderHealth(home.store, home.clock, home.folder, prints)
        releases = _asked(tracker, health, movie, home.clock.now())
    if movie.title == movie.imdb_id and (title := common_title(movie.imdb_id, releases)):
        movie = replace(movie, title=title[0], year=title[1])
    blocklist = home.queue.refused_releases(film.film_id) if film is not None else {}
    judged = judge(movie, releases, config.profile, blocklist, home.clock.now())
    return Searched(movie, film, service, config.profile.name, judged)


def _asked(tracker: MovieDownloader, health: ProviderHealth, movie: Movie, now: float) -> Sequence[Release]:
    """What the tracker has; a refusal, and a pause it asks for, hold for the service and for every later command."""
    state, next_try = health.state(tracker.name), health.next_try(tracker.name)
    if next_try == FOREVER:
        raise AuthFailed(tracker.name, state.message or "The log-in was refused.", hint=state.hint or "")
    if next_try > now:
        hint = state.hint or "Ask again later, or at once: movie-sync retry --now"
        raise Unavailable(tracker.name, state.message or f"{tracker.name} is left alone for a while.", hint=hint)
    try:
        return tracker.search(movie, "hand")
    except CallsUsedUp:
        raise
    except (AuthFailed, RateLimited) as error:
        health.failed(error)
        raise


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
