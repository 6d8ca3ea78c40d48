"""What the trials of qBittorrent share: downloads that are on their way there."""

from movie_sync.demo.films import FILMS
from movie_sync.demo.nox import Nox
from reliability.faults.trial import Trial, until

# Slow enough that ten films of a megabyte are on their way for some seconds.
SLOW_BYTES_S = 300 * 1024
LIMITE = next(film for film in FILMS if film.movie.title == "Limite")
HANDED_OVER = sum(film.taken is not None for film in FILMS)
THREE_POLLS_S = 7.0


def server(trial: Trial) -> Nox:
    """The qBittorrent of this try."""
    assert trial.stage.server is not None
    return trial.stage.server


def slow(trial: Trial, bytes_s: int = SLOW_BYTES_S) -> None:
    """From now on all downloads together get so many bytes a second."""
    server(trial).api.transfer_set_download_limit(limit=bytes_s)


def at_full_speed(trial: Trial) -> None:
    """No limit any more."""
    server(trial).api.transfer_set_download_limit(limit=0)


def handed_over(trial: Trial) -> int:
    """How many torrents it has."""
    return len(server(trial).api.torrents_info())


def on_their_way(trial: Trial) -> None:
    """Every film is handed over, and none is whole."""
    trial.start()
    trial.expect(until(lambda: handed_over(trial) == HANDED_OVER), "The films were not handed over.")


def hash_of(trial: Trial, name: str | None) -> str:
    """The info-hash of the torrent with this release's name."""
    rows = server(trial).api.torrents_info()
    return next(str(row["hash"]) for row in rows if str(row["name"]).startswith(str(name)))
