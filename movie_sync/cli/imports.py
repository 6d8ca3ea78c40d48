"""``movie-sync import``: the official CSV export as a source of wishes."""

import contextlib
from pathlib import Path

import click

from movie_sync.cli.output import answering, print_json
from movie_sync.lib.addresses import home_folder
from movie_sync.lib.clock import SystemClock
from movie_sync.queues.json_files import QueueFiles
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store
from movie_sync.watchlists.csv_export import read_csv_export

LIST_NAME = "csv"
_BATCH = 500


@click.command("import", short_help="Take in Letterboxd's CSV export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(*, file: Path, as_json: bool) -> None:
    """Take in the films of Letterboxd's CSV export (Settings, Data, Export: watchlist.csv out of the ZIP).

    \b
    Example: movie-sync import ~/Downloads/watchlist.csv
    """  # noqa: D301  click reads the \b
    with answering(as_json):
        found = read_csv_export(file)
        home = home_folder()
        clock = SystemClock()
        with contextlib.closing(Store(home / "movie_sync.db")) as store:
            queue = QueueManager(store, clock)
            files = QueueFiles(home, store, clock)
            problems = files.sync()
            batches = (found[start : start + _BATCH] for start in range(0, len(found), _BATCH))
            added = sum(queue.wish(batch, LIST_NAME, clock.now()).added for batch in batches)
            problems += files.sync()
    for problem in problems:
        click.echo(str(problem), err=True)
    if as_json:
        print_json({"ok": True, "read": len(found), "added": added})
    else:
        click.echo(f"{file.name}: {len(found)} films, {added} of them new.")
