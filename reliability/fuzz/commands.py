"""Targets: what people and scripts type."""

import os

from click.testing import CliRunner

from movie_sync.cli import cli
from movie_sync.errors import MovieSyncError, Unavailable
from movie_sync.lib.clock import SystemClock
from movie_sync.movie import Movie, WatchedFilm
from movie_sync.queues.queue_editor import QueueEditor
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import films
from movie_sync.verbs.films import Added, add, described
from movie_sync.verbs.home import Home
from reliability.fuzz.contract import demand, demand_movie, demand_text, new_store, scratch

_KNOWN = (
    Movie("Quiet Harbour", 1999, 46682, "1Xrm", "quiet-harbour", imdb_id="tt0900001"),
    Movie("Tide", 2001, 46683, "1Xro", "tide"),
    Movie("Tide", 2012, 46684, "1Xrq", "tide-2012"),
)
_VERDICTS = ("certain", "probable", "different")


def film_named(data: bytes) -> str:
    """FILM of ``movie-sync add FILM`` and of every other command, as a shell gives it; Letterboxd is not there."""
    text = os.fsdecode(data.replace(b"\0", b""))
    movie = described(text)
    if movie is not None:
        demand_movie(movie)
    clock = SystemClock()
    with scratch() as folder, new_store(folder) as store:
        home = Home(folder, store, clock, QueueManager(store, clock), QueueEditor(store, clock), [])
        home.queue.wish([WatchedFilm(film, place) for place, film in enumerate(_KNOWN)], "someone/watchlist")
        try:
            first = add(home, text, _not_there)
        except MovieSyncError as exc:
            demand(len(_numbers(home)) == len(_KNOWN), "refused, and yet a film was queued")
            return _told(exc)
        _demand_added(home, text, first)
    return ""


def _not_there(_movie: Movie) -> None:
    raise Unavailable("letterboxd", "Letterboxd does not answer.")


def _demand_added(home: Home, text: str, first: Added) -> None:
    """One film was queued or none, it can be kept and found, and to ask again changes nothing."""
    numbers = _numbers(home)
    demand(len(numbers) - len(_KNOWN) in {0, 1}, f"{len(numbers)} films after one was added")
    demand(first.film.film_id in numbers, "what was added is not there")
    demand_movie(first.film.movie)
    again = add(home, text, _not_there)
    demand(again.film.film_id == first.film.film_id and again.outcome == "pending", "asked for again it is another")
    demand(_numbers(home) == numbers, "asked for again it is there twice")


def _numbers(home: Home) -> set[int]:
    with home.store.read() as tx:
        return {row[0] for row in films.titles(tx)}


def _told(error: MovieSyncError) -> str:
    """An error that repeats what was typed; stderr writes bytes that are no UTF-8 as escapes."""
    demand(error.message.strip(), f"{type(error).__name__} says nothing")
    return str(error).encode("utf-8", "backslashreplace").decode()


def matched_lines(data: bytes) -> str:
    """Standard input of ``movie-sync library match``."""
    ended = CliRunner().invoke(cli, ["library", "match"], input=data)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    demand_text(ended.output)
    said = ended.stdout.splitlines()
    demand(all(any(f'"verdict": "{word}"' in line for word in _VERDICTS) for line in said), "an answer without verdict")
    demand(ended.exit_code == 0 or ended.stderr.strip(), "refused without a word")
    return ended.stderr.strip()
