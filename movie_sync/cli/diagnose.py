"""``movie-sync diagnose``: a bundle for a bug report, without secrets."""

import time
from pathlib import Path

import click

from movie_sync.cli.output import Answer, Talk, answers
from movie_sync.lib.addresses import full_path, home_folder
from movie_sync.verbs.diagnoses import bundle


@click.command(short_help="Make a bundle for a bug report, without secrets")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@answers
def command(talk: Talk, *, file: Path | None) -> Answer:  # noqa: ARG001
    """Write versions, changed settings, service states, the last events and the log's end into one ZIP.

    Passwords, passkey, user names and the path of your home are taken out; look into it before you send it.

    \b
    Example: movie-sync diagnose report.zip
    """  # noqa: D301  click reads the \b
    path = full_path(file or time.strftime("movie-sync-%Y-%m-%d.zip"))
    names = bundle(home_folder(), path, time.time())
    data = {"ok": True, "file": str(path), "files": names}
    line = f"Wrote {path}: {', '.join(names)}."
    return Answer(data, [line], notes=["Film titles stay in it; look before you send it."])
