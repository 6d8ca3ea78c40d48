"""A film's page on Letterboxd, read for a person who asks, as politely as the service reads it."""

import contextlib

from movie_sync import parts
from movie_sync.config import Config
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.errors import Unavailable
from movie_sync.movie import FilmFacts, Movie
from movie_sync.store import providers
from movie_sync.verbs.home import Home


def look_up(home: Home, movie: Movie) -> FilmFacts | None:
    """What the page of a film says, None when there is none.

    Raises:
        Unavailable: Letterboxd does not answer, or is left alone for a while. ConfigError: the settings are wrong.
    """
    with home.store.read() as tx:
        state = providers.get(tx, "letterboxd")
    if state.next_try(home.clock.now()) > home.clock.now():
        raise Unavailable(
            "letterboxd", state.message or "Letterboxd is left alone for a while.", hint="Ask again later."
        )
    config = Config.load(home.folder)
    credentials = CredentialsManager(home.folder)
    with contextlib.closing(parts.letterboxd(parts.Parts(config, credentials, home.store, home.clock))) as letterboxd:
        return letterboxd.facts(movie)
