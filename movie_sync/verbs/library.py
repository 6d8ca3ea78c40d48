"""The library as a person asks about it: what is there, and whether a doubtful file is a film."""

import time
from dataclasses import dataclass

from movie_sync import parts
from movie_sync.config import Config
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.errors import UnclearName
from movie_sync.library.index import Found, LibraryIndex
from movie_sync.movie import Movie
from movie_sync.queues.questions import Held, Questions
from movie_sync.store.films import FilmRecord
from movie_sync.verbs import films
from movie_sync.verbs.home import Home


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan of the disk came to.

    Attributes:
        folders: Where was looked, as set.
        videos: Files found.
        seconds: How long it took.
    """

    folders: tuple[str, ...]
    videos: int
    seconds: float


def _index(home: Home, config: Config) -> LibraryIndex:
    given = parts.Parts(config, CredentialsManager(home.folder), home.store, home.clock)
    return parts.library(given)


def scan(home: Home) -> Scanned:
    """Look at every folder that changed since the last time.

    Raises:
        Unavailable: A folder that has to be there is not. ConfigError: the settings are wrong.
    """
    config = Config.load(home.folder)
    index = _index(home, config)
    begun = time.monotonic()
    index.refresh()
    folders = (config.download_folder, *config.library_folders)
    return Scanned(tuple(str(folder) for folder in folders), len(index), time.monotonic() - begun)


def find(home: Home, text: str) -> tuple[Movie, list[Found]]:
    """The files that are a film, or probably are.

    Args:
        home: Opened for writing, since what is read of the disk is kept.
        text: A known film by any of its names, or ``Title (Year)``.

    Raises:
        UnclearName, SeveralFilms: It is not clear which film is meant. Others as for scan.
    """
    film = films.only(home.store, text)
    movie = film.movie if film is not None else films.spoken_of(text)
    if movie.title in {movie.slug, movie.imdb_id, movie.key}:
        raise UnclearName(text)
    index = _index(home, Config.load(home.folder))
    index.refresh()
    return movie, index.candidates(movie)


def held(home: Home) -> list[Held]:
    """Films that wait for a word about a file."""
    return Questions(home.store, home.clock).held()


def accept(home: Home, text: str, path: str | None) -> tuple[FilmRecord, str]:
    """Yes, the file is that film. Raises as for films.find and Questions.accept."""
    film = films.find(home.store, text)
    return film, Questions(home.store, home.clock).accept(film.film_id, path)


def reject(home: Home, text: str, path: str | None) -> tuple[FilmRecord, list[str]]:
    """No, it is another; the film is fetched. Raises as for films.find and Questions.reject."""
    film = films.find(home.store, text)
    return film, Questions(home.store, home.clock).reject(film.film_id, path)
