"""``movie-sync import``: the official CSV export as a source of wishes."""

from pathlib import Path

import click

from movie_sync.cli.output import Answer, Talk, answers
from movie_sync.lib.addresses import home_folder
from movie_sync.queues.exports import take_in
from movie_sync.verbs.home import opened
from movie_sync.watchlists.csv_export import read_csv_export


def _newest(ctx: click.Context, param: click.Parameter, value: str) -> int | None:  # noqa: ARG001  click's signature
    if value == "all":
        return None
    if value == "new":
        return 0
    if value.isascii() and value.isdecimal() and len(value) < 8 and int(value):
        return int(value)
    raise click.BadParameter('"all", "new", or a number from 1')


@click.command("import", short_help="Take in Letterboxd's CSV export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--take",
    "newest",
    default="all",
    show_default=True,
    callback=_newest,
    help="Films to queue: all, new (none of these), or the newest so many; the rest counts as seen before.",
)
@answers
def command(talk: Talk, *, file: Path, newest: int | None) -> Answer:  # noqa: ARG001
    """Take in the films of Letterboxd's CSV export (Settings, Data, Export): the ZIP, or watchlist.csv out of it.

    \b
    Example: movie-sync import ~/Downloads/watchlist.csv
    """  # noqa: D301  click reads the \b
    found = read_csv_export(file)
    with opened(home_folder()) as home:
        intake = take_in(home.queue, found, home.clock.now(), newest)
    seen = f", {intake.seen} counted as seen before" if intake.seen else ""
    data = {"ok": True, "read": len(found), "added": intake.added, "seen": intake.seen}
    line = f"{file.name}: {len(found)} films, {intake.added} of them new{seen}."
    return Answer(data, [line], notes=list(map(str, home.problems)))
