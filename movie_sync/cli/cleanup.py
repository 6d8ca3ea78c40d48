"""``movie-sync cleanup``: what is deleted of films that left the watchlist, and a person's word on it."""

import datetime as dt
from typing import Any

import click

from movie_sync.cli.films import complete_film
from movie_sync.cli.output import Answer, Talk, answers, styled, without_command
from movie_sync.cli.search import size_text
from movie_sync.lib.addresses import home_folder
from movie_sync.lib.clock import utc_text
from movie_sync.queues.cleanup_queue import Judged
from movie_sync.verbs.cleanup import Preview
from movie_sync.verbs.home import opened

_OFF = "enable_removal_cleanup is off"


@click.group("cleanup", invoke_without_command=True, short_help="Files of films that left your watchlist")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def group(ctx: click.Context, *, as_json: bool) -> None:
    """Show what would be deleted of films you took off your list, and agree to it or keep it.

    \b
    Example: movie-sync cleanup preview
             movie-sync config set enable_removal_cleanup true
    """  # noqa: D301  click reads the \b
    without_command(ctx, preview, as_json=as_json)


@group.command("preview", short_help="What would be deleted, and what stays and why")
@answers
def preview(talk: Talk) -> Answer:  # noqa: ARG001
    """Show every downloaded film that left your lists: what would be deleted, or why it stays. Deletes nothing.

    \b
    Example: movie-sync cleanup preview
    """  # noqa: D301  click reads the \b
    from movie_sync.verbs import cleanup  # noqa: PLC0415  what it needs is loaded when used

    found = cleanup.preview(home_folder())
    lines = [line for one in found.films for line in _lines(one, found)]
    data = {
        "ok": True,
        "enabled": found.enabled,
        "client_answers": not found.note,
        "films": [_row(one, found) for one in found.films],
    }
    notes = [f"The client was not asked: {found.note}"] if found.note else []
    return Answer(data, lines or ["No downloaded film has left your lists."], notes=notes)


def _reasons(one: Judged, found: Preview) -> list[str]:
    """Why its files stay now; also what only keeps them as long as nothing is switched on or answers."""
    reasons = list(one.reasons)
    if one.left.ours and not found.enabled:
        reasons.append(_OFF)
    if not reasons and found.note:
        reasons.append("the client has to be asked first")
    return reasons


def _row(one: Judged, found: Preview) -> dict[str, Any]:
    transfer, reasons = one.left.transfer, _reasons(one, found)
    return {
        "id": one.left.film.movie.key,
        "film": str(one.left.film.movie),
        "release": transfer.release_name if transfer else one.left.film.release_name,
        "size_bytes": transfer.size_bytes if transfer else None,
        "left_at": utc_text(one.left.left_at),
        "can_go_at": utc_text(found.can_go_at(one.left)),
        "goes": not reasons,
        "reasons": reasons,
    }


def _lines(one: Judged, found: Preview) -> list[str]:
    left, reasons = one.left, _reasons(one, found)
    head = styled(str(left.film.movie), bold=True)
    release = left.film.release_name or ""
    if left.transfer is not None:
        release = f"{left.transfer.release_name}, {size_text(left.transfer.size_bytes)}"
    can_go_at = found.can_go_at(left)
    when = f"left {_time(left.left_at)}" + (f", can go {_time(can_go_at)}" if can_go_at is not None else "")
    what = f"stays: {'; '.join(reasons)}" if reasons else styled("is deleted at the next look", fg="red")
    return [f"{head}   {release}", f"    {when}", f"    {what}"]


def _time(moment: float) -> str:
    """Local time, for people."""
    return dt.datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M")


@group.command("confirm", short_help="Agree that held films go")
@click.argument("film", required=False, metavar="FILM", shell_complete=complete_film)
@answers
def confirm(talk: Talk, *, film: str | None) -> Answer:  # noqa: ARG001
    """Agree that films which left your lists with many others go like any other; without FILM, all of them.

    \b
    Example: movie-sync cleanup confirm
             movie-sync cleanup confirm "Nosferatu (1922)"
    """  # noqa: D301  click reads the \b
    from movie_sync.verbs import cleanup  # noqa: PLC0415  what it needs is loaded when used

    with opened(home_folder()) as home:
        agreed = cleanup.confirm(home, film)
        line = "No film waits for a word of yours."
        if agreed:
            line = f"Agreed for {len(agreed)} films. They go when their time has come: movie-sync cleanup preview"
        data = {"ok": True, "agreed": len(agreed), "films": [str(one.movie) for one in agreed]}
        return Answer(data, [line], notes=[*map(str, home.problems)])


@group.command("keep", short_help="Never delete what is there of a film")
@click.argument("film", metavar="FILM", shell_complete=complete_film)
@answers
def keep(talk: Talk, *, film: str) -> Answer:  # noqa: ARG001
    """Keep the files of a film that left your lists, as if it had never been on one.

    \b
    Example: movie-sync cleanup keep "Nosferatu (1922)"
    """  # noqa: D301  click reads the \b
    from movie_sync.verbs import cleanup  # noqa: PLC0415  what it needs is loaded when used

    with opened(home_folder()) as home:
        kept = cleanup.keep(home, film)
        line = f"The files of {kept.movie} stay. Only if you wish for it and take it off again can they go after all."
        return Answer({"ok": True, "film": str(kept.movie)}, [line], notes=[*map(str, home.problems)])
