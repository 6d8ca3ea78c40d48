"""What a source of wishes is."""

import abc
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from movie_sync.movie import FilmFacts, Movie, WatchedFilm

OnPage = Callable[[Sequence[WatchedFilm]], None]


@dataclass(frozen=True, slots=True)
class Known:
    """What the program already knows of a list.

    Attributes:
        names: Every name of the films on it (``lid:…``, ``letterboxd:…``).
        size: How many films those are.
        proven: Every film on it was once read and counted.
    """

    names: frozenset[str] = frozenset()
    size: int = 0
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a check of a list established.

    Attributes:
        total: Films the list declares to hold.
        read: Distinct films seen in this check.
        pages: Pages fetched.
        complete: Every film of the list was seen, and the list stood still meanwhile.
        short: It stopped early because all was known.
    """

    total: int
    read: int
    pages: int
    complete: bool
    short: bool = False


class Watchlist(abc.ABC):
    """A list of films someone wants to see.

    Attributes:
        name: Of the list, unique among all sources: ``letterboxd:USER``.
        provider: Of the service, for back-off: ``letterboxd``.
    """

    name: str
    provider: str

    @abc.abstractmethod
    def check(self, known: Known, on_page: OnPage) -> Reading:
        """Look for films; new ones reach ``on_page`` as soon as their page was read.

        Raises:
            ProviderError: Nothing more could be read; what ``on_page`` got stays true.
            Stopping: The process is stopping.
        """

    @abc.abstractmethod
    def count(self) -> int:
        """How many films the list declares to hold, by one request. Raises as for check."""

    def clock_difference_s(self) -> float | None:
        """How far this machine's clock was ahead of the source's at its last answer, in seconds; None: unknown."""
        return None

    @abc.abstractmethod
    def facts(self, movie: Movie) -> FilmFacts | None:
        """What the film's own page says; None when the source has no page of it.

        Raises:
            ProviderError: It could not be asked.
            Stopping: The process is stopping.
        """

    def close(self) -> None:
        """Let connections go."""
