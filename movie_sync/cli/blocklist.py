"""``movie-sync blocklist``: releases that went wrong and are not taken again."""

import datetime as dt

import click

from movie_sync.cli.films import complete_film
from movie_sync.cli.output import Answer, Talk, answers, styled, without_command
from movie_sync.lib.addresses import home_folder
from movie_sync.lib.clock import utc_text
from movie_sync.verbs.home import opened


@click.group("blocklist", invoke_without_command=True, short_help="Releases that went wrong and are not taken again")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def group(ctx: click.Context, *, as_json: bool) -> None:
    """Show the releases that went wrong, or let them be taken again.

    \b
    Example: movie-sync blocklist
             movie-sync blocklist clear "Nosferatu (1922)"
    """  # noqa: D301  click reads the \b
    without_command(ctx, show, as_json=as_json)


@group.command("show", short_help="The same as without a command")
@answers
def show(talk: Talk) -> Answer:  # noqa: ARG001
    """Show every release that is not taken again for a film, with why and since when.

    \b
    Example: movie-sync blocklist show
    """  # noqa: D301  click reads the \b
    from movie_sync.verbs import blocklist  # noqa: PLC0415  what it needs is loaded when used

    found = blocklist.entries(home_folder())
    lines = [
        f"{dt.datetime.fromtimestamp(one.at).astimezone():%Y-%m-%d %H:%M}  {styled(str(one.film.movie), bold=True)}"
        f"  {one.release}: {one.reason}"
        for one in found
    ]
    rows = [
        {
            "id": one.film.movie.key,
            "film": str(one.film.movie),
            "release": one.release,
            "reason": one.reason,
            "at": utc_text(one.at),
        }
        for one in found
    ]
    return Answer({"ok": True, "blocklist": rows}, lines or ["No release is blocklisted."])


@group.command("clear", short_help="Let releases be taken again")
@click.argument("film", required=False, metavar="FILM", shell_complete=complete_film)
@click.option("--all", "everything", is_flag=True, help="Those of every film.")
@answers
def clear(talk: Talk, *, film: str | None, everything: bool) -> Answer:  # noqa: ARG001
    """Take a film's releases off the blocklist, or all releases of all films. Nothing is deleted by that.

    \b
    Example: movie-sync blocklist clear "Nosferatu (1922)"
             movie-sync blocklist clear --all
    """  # noqa: D301  click reads the \b
    if (film is None) is not everything:
        raise click.UsageError("Name one film, or give --all.")
    from movie_sync.verbs import blocklist  # noqa: PLC0415  what it needs is loaded when used

    with opened(home_folder()) as home:
        cleared_of, count = blocklist.clear(home, film)
        of = f" of {cleared_of.movie}" if cleared_of else ""
        again = f' To have it searched now: movie-sync retry "{cleared_of.movie}"' if cleared_of and count else ""
        line = f"{count} releases{of} may be taken again.{again}" if count else f"No release{of} is blocklisted."
        return Answer({"ok": True, "cleared": count}, [line], notes=[*map(str, home.problems)])
