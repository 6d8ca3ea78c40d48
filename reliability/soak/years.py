"""The years a house has behind it: films that waited for more than one, each with all that was told of it since."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from movie_sync.demo.world import USERNAME
from movie_sync.movie import WatchedFilm
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import DATABASE_FILE, Store, films, history
from reliability.soak.catalog import film
from reliability.soak.script import DAY_S
from reliability.soak.turning import SeenTime, make_clock

# The program keeps what is younger than 90 days.
OLD_S = 90 * DAY_S
# What is told each time a film is searched in vain.
REPEATED = ("searched", "not_found", "due_again")
_WISHED_S = 410 * DAY_S
_FIRST_SEARCH_S, _LAST_SEARCH_S = 400 * DAY_S, 100 * DAY_S
_SEARCHES = 20
TOLD_A_FILM = _SEARCHES * len(REPEATED)


def lay_behind(home: Path, numbers: Sequence[int], now: float) -> None:
    """Write the history of films that were searched in vain for the whole of a year; the program does not run.

    Args:
        home: Without a database.
        numbers: Of the films, newest wish first.
        now: Unix seconds by the program's clock.
    """
    clock = home.with_name("clock_then")
    make_clock(clock, now - _WISHED_S)
    with contextlib.closing(SeenTime(clock)) as then, contextlib.closing(Store(home / DATABASE_FILE)) as store:
        wished = [WatchedFilm(film(number), place) for place, number in enumerate(numbers)]
        QueueManager(store, then).wish(wished, f"letterboxd:{USERNAME}")
        apart_s = (_FIRST_SEARCH_S - _LAST_SEARCH_S) / (_SEARCHES - 1)
        with store.write() as tx:
            film_ids = [films.of_names(tx, one.movie.names)[0] for one in wished]
            for place in range(_SEARCHES):
                for film_id in film_ids:
                    for event in REPEATED:
                        at = now - _FIRST_SEARCH_S + place * apart_s
                        history.append(tx, at, film_id, event, f"Long ago: {event}.")
