"""``movie-sync list``, ``add``, ``retry``, ``remove``: films by name."""

import contextlib
import shutil
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from movie_sync.cli.output import Answer, Talk, answers, styled
from movie_sync.errors import ConfigError, StoreError
from movie_sync.lib.addresses import home_folder
from movie_sync.lib.clock import span_text
from movie_sync.movie import Queue, Status
from movie_sync.queues.entries import entry_of
from movie_sync.store import DATABASE_FILE, Store, films
from movie_sync.store.films import FilmRecord
from movie_sync.verbs import films as verbs
from movie_sync.verbs.home import Home, opened

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_WHOLE = 1_000_000
_QUEUES = ("pending", "failed", "completed")
_COLOURS = {"pending": "cyan", "failed": "yellow", "completed": "green"}


def complete_film(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG001  click's signature
    """Titles known to the database, for the shell's completion."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415  only in a shell's completion

    with contextlib.suppress(ConfigError, StoreError), contextlib.closing(_reading()) as store:
        return [CompletionItem(name) for name in verbs.completing(store, incomplete)[:50]]
    return []


def _reading() -> Store:
    return Store(home_folder() / DATABASE_FILE, read_only=True)


@click.command("list", short_help="Show the films of a queue, or of all")
@click.argument("queue", type=click.Choice(_QUEUES), required=False)
@answers
def list_films(talk: Talk, *, queue: str | None) -> Answer:  # noqa: ARG001
    """Show every film with its state, and what happens next.

    \b
    Example: movie-sync list failed
    """  # noqa: D301  click reads the \b
    found: list[FilmRecord] = []
    try:
        store = _reading()
    except StoreError as exc:
        if exc.code != "no_database":
            raise
    else:
        with contextlib.closing(store), store.read() as tx:
            for name in [queue] if queue else _QUEUES:
                found += films.in_queue(tx, Queue(name))
    # Lines are cut for a screen alone: who reads them through a pipe wants all of them.
    width = shutil.get_terminal_size((100, 24)).columns if sys.stdout and sys.stdout.isatty() else _WHOLE
    now = time.time()
    lines = [_line(film, now, width) for film in found]
    return Answer(
        {"ok": True, "films": [{"queue": film.queue, **entry_of(film)} for film in found]},
        lines or [f'No film is {"in " + queue if queue else "queued"}. To add one: movie-sync add "Title (Year)"'],
    )


def _line(film: FilmRecord, now: float, width: int) -> str:
    """Queue, state, number, title, and what there is to say; cut to the terminal's width."""
    head = f"{film.queue:9}  {film.status:12}  {film.movie.key:>10}  "
    text = f"{film.movie}{_story(film, now)}"
    room = max(20, width - len(head))
    text = text if len(text) <= room else f"{text[: room - 1]}…"
    return styled(head, fg=_COLOURS[film.queue]) + text


def _story(film: FilmRecord, now: float) -> str:
    if film.queue is Queue.COMPLETED:
        progress = "" if film.progress in {None, 1.0} else f" {film.progress:.0%}"
        return f"{progress}: {film.release_name}" if film.release_name else progress
    moment = film.not_before if film.queue is Queue.PENDING else film.retry_after
    when = "" if moment is None else f" (in {span_text(moment - now)})"
    reason = film.reason if film.queue is Queue.PENDING else film.last_error
    return f"{when}: {reason}" if reason else when


@click.command(short_help="Ask for a film that is on no list")
@click.argument("film", required=False, metavar="FILM", shell_complete=complete_film)
@click.option("--seen", is_flag=True, help="All films that were on a list before the first run.")
@answers
def add(talk: Talk, *, film: str | None, seen: bool) -> Answer:  # noqa: ARG001
    """Queue a film: a Letterboxd address, a tt id, or "Title (Year)". Lifts an exclusion.

    \b
    Example: movie-sync add https://letterboxd.com/film/nosferatu/
    """  # noqa: D301  click reads the \b
    if (film is None) is not seen:
        raise click.UsageError("Name one film, or give --seen.")
    with opened(home_folder()) as home:
        if film is None:
            count = home.editor.queue_seen()
            return _answer(home, {"queued": count}, f"{count} films seen before are queued.")
        from movie_sync.verbs.film_pages import look_up  # noqa: PLC0415  half a second that `list` need not pay

        added = verbs.add(home, film, lambda movie: look_up(home, movie))
        words = {
            "queued": "is queued.",
            "pending": "is queued already.",
            "completed": f"is completed already ({added.film.status}); to fetch it once more: retry --anew",
        }
        data = {"outcome": added.outcome, "film": entry_of(added.film)}
        return _answer(home, data, f"{added.film.movie} {words[added.outcome]}", added.note)


@click.command(short_help="Try films again now")
@click.argument("film", required=False, metavar="FILM", shell_complete=complete_film)
@click.option("--all", "everything", is_flag=True, help="Every film that failed; excluded ones and series stay.")
@click.option("--now", "services", is_flag=True, help="Ask every service again at once, check the watchlist.")
@click.option("--anew", is_flag=True, help="With FILM: fetch it once more though it is completed.")
@answers
def retry(talk: Talk, *, film: str | None, everything: bool, services: bool, anew: bool) -> Answer:  # noqa: ARG001
    """Try a film again now, or all that failed, or every service that is being left alone.

    \b
    Example: movie-sync retry "Nosferatu (1922)"
    """  # noqa: D301  click reads the \b
    if sum((film is not None, everything, services)) != 1 or (anew and film is None):
        raise click.UsageError("Give one of FILM, --all and --now; --anew goes with FILM.")
    with opened(home_folder()) as home:
        if everything:
            count = home.editor.retry_all()
            return _answer(home, {"queued": count}, f"{count} films are tried again.")
        if services:
            kept = home.editor.ask_services()
            note = f"Left alone as they asked for it: {', '.join(kept)}." if kept else ""
            return _answer(home, {"left_alone": kept}, "Every service is asked again, and the watchlist read.", note)
        found = verbs.find(home.store, film or "")
        outcome = home.editor.retry(found.film_id, anew=anew)
        words = {"queued": "starts over.", "due": "is tried now.", "under_way": "is due or being worked on already."}
        data = {"outcome": outcome, "film": entry_of(home.queue.get(found.film_id) or found)}
        return _answer(home, data, f"{found.movie} {words[outcome]}")


@click.command(short_help="Never fetch a film")
@click.argument("film", metavar="FILM", shell_complete=complete_film)
@answers
def remove(talk: Talk, *, film: str) -> Answer:  # noqa: ARG001
    """Exclude a film, whatever lists say, until: movie-sync add. Nothing on disk or in the client is touched.

    \b
    Example: movie-sync remove 51001
    """  # noqa: D301  click reads the \b
    with opened(home_folder()) as home:
        found = verbs.find(home.store, film)
        new = home.editor.remove(found.film_id)
        left = "; its torrent and files stay where they are" if found.queue is Queue.COMPLETED and new else ""
        left = "" if found.status is Status.OWNED else left
        text = f"{found.movie} is not fetched any more{left}." if new else f"{found.movie} was excluded already."
        data = {"film": entry_of(home.queue.get(found.film_id) or found)}
        return _answer(home, data, f"{text} To ask for it again: movie-sync add")


def _answer(home: Home, data: Mapping[str, object], line: str, note: str = "") -> Answer:
    return Answer({"ok": True, **data}, [line], notes=[*map(str, home.problems), *([note] if note else [])])
