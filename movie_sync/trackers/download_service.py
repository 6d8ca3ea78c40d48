"""MovieDownloader: what a tracker is."""

import abc

from movie_sync.movie import Movie, Purpose, Release, Torrent

# Calls a search may take: by id, then by title.
CALLS_A_SEARCH = 2


class MovieDownloader(abc.ABC):
    """A tracker that can be asked for films.

    A new tracker is a class in a package of its own, named under the entry point ``movie_sync.trackers``; its tests
    inherit ``tests/tracker_contract.py``.

    Attributes:
        name: Unique, lower case: also its provider name for back-off.
        private: Its torrents carry the user's own announce key and may only go to clients it accepts.
    """

    name: str
    private: bool

    @abc.abstractmethod
    def search(self, movie: Movie, purpose: Purpose = "search") -> list[Release]:
        """Every release of a film the tracker tells of, in its own order; empty when it has none.

        Asks by IMDb id where there is one, then by title and year: at most `CALLS_A_SEARCH` calls. What comes back by
        title may be other films: who chooses checks that.

        Args:
            movie: The film.
            purpose: Whose calls of the hour are used.

        Raises:
            Unavailable: Try again later; RateLimited when the calls are used up.
            AuthFailed: The credentials are refused; no further call is made until they change.
            BadReply: The answer cannot be read.
            QueryRefused: This question was refused, and only this.
            Stopping: The process is stopping.
        """

    @abc.abstractmethod
    def latest(self, purpose: Purpose = "sweep") -> list[Release]:
        """The newest releases, newest first, by one call; as many as it shows at once. Raises as for search."""

    @abc.abstractmethod
    def fetch_torrent(self, release: Release) -> Torrent:
        """The .torrent of a release, decoded and hashed.

        Raises:
            BadTorrent: The release is gone, or what came is not a torrent: take the next one.
            Unavailable: As for search; so for AuthFailed and Stopping.
        """

    @abc.abstractmethod
    def calls_left(self) -> int | None:
        """Calls that may still be made in the hour that ends now, None where there is no limit."""

    def wait_s(self, purpose: Purpose, calls: int = 1) -> float:  # noqa: ARG002  a tracker without a limit
        """Seconds until so many calls may be made for a purpose; 0: now."""
        return 0.0

    def clock_difference_s(self) -> float | None:
        """How far this machine's clock was ahead of the tracker's at its last answer, in seconds; None: unknown."""
        return None

    def close(self) -> None:
        """Let connections go."""
