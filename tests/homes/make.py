"""Write ``schema-N.sql``: a home of this program's schema with a film in every state; run once for each new schema.

    python tests/homes/make.py

The files of earlier schemas are never written again: they are what users have.
"""

import contextlib
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

from movie_sync.errors import AuthFailed
from movie_sync.health import ProviderHealth
from movie_sync.lib.clock import SystemClock
from movie_sync.movie import Decision, FilmFacts, Movie, Release, Status, Torrent, WatchedFilm
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store, films, offers, questions, transfers
from movie_sync.store.calls import take_turn
from movie_sync.store.migrations import SCHEMA_VERSION

HERE = Path(__file__).resolve().parent
_SAVED = 1_780_000_000.0


def fill(store: Store) -> None:
    """A film in every state, with what belongs to each: wishes, decisions, transfers, history, a refusal, calls."""
    clock = SystemClock()
    queue = QueueManager(store, clock)
    wanted = [status for status in Status if status is not Status.CLAIMED]
    movies = [Movie(f"Film {n}", 1980 + n, 7000 + n, f"F{n:x}", f"film-{n}") for n in range(len(wanted))]
    queue.wish([WatchedFilm(movie, place, _SAVED) for place, movie in enumerate(movies)], "letterboxd:someone")
    for number, (movie, status) in enumerate(zip(movies, wanted, strict=True)):
        _bring(store, queue, movie, status, number)
    queue.list_checked(
        "letterboxd:someone", begun_at=_SAVED, total=len(movies), complete=True, next_check=_SAVED + 3600
    )
    ProviderHealth(store, clock, store.path.parent, {"filelist": "a" * 32}).failed(
        AuthFailed("filelist", "FileList refused the user name or passkey (403).", hint="Set them anew.")
    )
    take_turn(store, "filelist", clock.boot(), _SAVED, spacing_s=0)


def _bring(store: Store, queue: QueueManager, movie: Movie, status: Status, number: int) -> None:
    with store.read() as tx:
        film_id = films.of_names(tx, movie.names)[0]
    queue.learn(film_id, FilmFacts(slug=movie.slug or "", imdb_id=f"tt{1_000_000 + number}", kind="film"))
    release = Release("filelist", 100 + number, f"Film.{number}.1080p.BluRay.x264-DEMO", size_bytes=10**9, seeders=5)
    queue.searched(film_id, [Decision(release, because="the last that passes")])
    done = status in {Status.DOWNLOADED, Status.GONE}
    with store.write() as tx:
        films.change(tx, film_id, status, **_columns(status), extra={"note": f"kept {number}"})
        if status in {Status.DOWNLOADING, Status.STALLED, Status.HANDING_OVER} or done:
            torrent = Torrent(b"", f"{number:040x}", release.name, 10**9, True)
            transfers.intend(tx, film_id, release, torrent, "qbittorrent", _SAVED)
        if status in {Status.DOWNLOADING, Status.STALLED} or done:
            intent = transfers.with_role(tx, film_id, "intended")
            assert intent is not None
            transfers.make_current(tx, intent, "qbittorrent", added_by_us=True, now=_SAVED)
            transfers.change(tx, intent.transfer_id, _SAVED, progress=0.4, done_at=_SAVED if done else None)
        if status is Status.DOWNLOADED:
            better = Torrent(b"", "b" * 40, "Better", 2 * 10**9, True)
            transfers.intend(tx, film_id, replace(release, release_id=900), better, "qbittorrent", _SAVED, "upgrade")
            films.change(tx, film_id, upgrade_after=_SAVED + 86400)
        if status is Status.PUT_OFF:
            questions.ask(tx, film_id, [("/films/Film (1981).mkv", "the year is off by one")], _SAVED)
        if status is Status.OWNED:
            questions.ask(tx, film_id, [("/films/Film.mkv", "no year")], _SAVED)
            questions.answer(tx, film_id, "/films/Film.mkv", "accept")
        if status is Status.DUE:
            offers.put(tx, film_id, "person", [release], _SAVED)


def _columns(status: Status) -> dict[str, object]:
    if status is Status.PUT_OFF:
        return {"not_before": _SAVED + 600, "reason": "FileList is not available (503).", "put_off_by": "filelist"}
    if status in {Status.RETRYING, Status.NOT_FOUND, Status.PERMANENT, Status.SERIES, Status.EXCLUDED}:
        waits = status in {Status.RETRYING, Status.NOT_FOUND}
        columns = {"retry_count": 2, "last_error": "The tracker does not have it.", "failed_at": _SAVED}
        return columns | {"retry_after": _SAVED + 9e8 if waits else None, "reason_code": str(status)}
    return {}


def main() -> None:
    """Write the file of the present schema."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "movie_sync.db"
        with contextlib.closing(Store(path)) as store:
            fill(store)
        with contextlib.closing(sqlite3.connect(path)) as connection:
            lines = [*connection.iterdump(), f"PRAGMA user_version={SCHEMA_VERSION};"]
    (HERE / f"schema-{SCHEMA_VERSION}.sql").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
