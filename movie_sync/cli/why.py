"""``movie-sync why``: a film's whole story, and what comes next."""

import contextlib
import datetime as dt
from typing import Any

import click

from movie_sync.cli.films import complete_film
from movie_sync.cli.output import Answer, Talk, answers, styled
from movie_sync.cli.search import size_text
from movie_sync.lib.addresses import home_folder
from movie_sync.lib.clock import utc_text
from movie_sync.queues.entries import entry_of
from movie_sync.store import DATABASE_FILE, Store
from movie_sync.store.decisions import StoredDecision
from movie_sync.verbs import films
from movie_sync.verbs.stories import Moment, Story, story

# Releases shown of one search, unless all are asked for.
_SHOWN = 5


@click.command(short_help="A film's whole story, and what comes next")
@click.argument("film", metavar="FILM", shell_complete=complete_film)
@click.option("--all", "everything", is_flag=True, help="Every release of every search, not only the first few.")
@answers
def command(talk: Talk, *, film: str, everything: bool) -> Answer:  # noqa: ARG001
    """Show when a film was wished for, every search, what was refused and why, what was taken and over what.

    All of it is what was stored at the time; nothing is judged anew.

    \b
    Example: movie-sync why "Nosferatu (1922)"
    """  # noqa: D301  click reads the \b
    with contextlib.closing(Store(home_folder() / DATABASE_FILE, read_only=True)) as store:
        told = story(store, films.find(store, film))
    return Answer(_data(told), _lines(told, None if everything else _SHOWN))


def _data(told: Story) -> dict[str, Any]:
    return {
        "ok": True,
        "film": {"queue": told.film.queue, **entry_of(told.film)},
        "story": [
            {"at": utc_text(one.at), "event": one.event, "text": one.text, "releases": [_judged(d) for d in one.judged]}
            for one in told.moments
        ],
        "transfers": [
            {"release": one.release_name, "info_hash": one.info_hash, "role": one.role, "client": one.client,
             "progress": one.progress, "begun_at": utc_text(one.created_at), "done_at": utc_text(one.done_at),
             "reason": one.reason}
            for one in told.transfers
        ],
        "questions": [{"path": one.path, "because": one.because, "answer": one.answer} for one in told.questions],
        "next": {"text": told.next.text, "at": utc_text(told.next.at)},
    }  # fmt: skip


def _judged(one: StoredDecision) -> dict[str, Any]:
    return {
        "name": one.name,
        "verdict": one.verdict,
        "reasons": list(one.reasons),
        "size_bytes": one.size_bytes,
        "seeders": one.seeders,
    }


def _lines(told: Story, shown: int | None) -> list[str]:
    film = told.film
    head = styled(f"{film.movie}", bold=True) + f"   {film.queue}, {film.status}"
    ids = ", ".join(one for one in (film.movie.imdb_id, film.movie.url or None) if one)
    lines = [head, *([ids] if ids else []), ""]
    for moment in told.moments:
        lines += [f"{_time(moment.at)}  {moment.text}", *_search_lines(moment, shown)]
    when = "" if told.next.at is None else f" ({_time(told.next.at)})"
    return [*lines, "", f"Next{when}: {told.next.text}"]


def _search_lines(moment: Moment, shown: int | None) -> list[str]:
    lines: list[str] = []
    for one in moment.judged[:shown]:
        mark = styled("✓", fg="green") if one.verdict == "accepted" else styled("✗", fg="red")
        lines.append(f"{'':18}{mark} {one.name}   {size_text(one.size_bytes)}, {one.seeders} seeders")
        lines += [f"{'':20}{reason}" for reason in one.reasons]
    left = len(moment.judged) - len(moment.judged[:shown])
    return [*lines, f"{'':18}and {left} more: movie-sync why --all"] if left else lines


def _time(moment: float) -> str:
    """Local time, for people."""
    return dt.datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M")
