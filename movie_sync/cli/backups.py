"""``movie-sync backup`` and ``restore``: the home folder in one file, and back."""

import time
from pathlib import Path

import click

from movie_sync.cli.output import Answer, Talk, answers, on_terminal
from movie_sync.lib.addresses import full_path, home_folder
from movie_sync.store import DATABASE_FILE
from movie_sync.verbs.backups import back_up
from movie_sync.verbs.backups import restore as put_back

_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command(short_help="Save queues, history, settings and log-ins in one file")
@_FILE
@click.option("--with-key", is_flag=True, help="With the key of the log-ins: who has the file can read them.")
@answers
def backup(talk: Talk, *, file: Path, with_key: bool) -> Answer:  # noqa: ARG001
    """Save everything but logs and downloads in one .tar.gz; the service may go on meanwhile.

    \b
    Example: movie-sync backup movie-sync.tar.gz
    """  # noqa: D301  click reads the \b
    made = back_up(home_folder(), full_path(file), time.time(), with_key=with_key)
    if made.with_key:
        note = "The key of the log-ins is in it: keep it as secret as the log-ins themselves."
    elif with_key:
        note = "The key of the log-ins is not in it: there is none in the home folder."
    else:
        note = "The key of the log-ins is not in it: on another machine they are asked for again (or use --with-key)."
    notes = [note]
    data = {"ok": True, "file": str(made.path), "files": list(made.names), "with_key": made.with_key}
    return Answer(data, [f"Saved {len(made.names)} files in {made.path}."], notes=notes)


@click.command(short_help="Put a backup in place; stop the service first")
@_FILE
@click.option("--yes", is_flag=True, help="Do not ask.")
@answers
def restore(talk: Talk, *, file: Path, yes: bool) -> Answer:
    """Put a backup in place of what is there, which is kept in a folder of its own beside it.

    \b
    Example: movie-sync restore movie-sync.tar.gz
    """  # noqa: D301  click reads the \b
    home = home_folder()
    if (home / DATABASE_FILE).exists() and not yes and not talk.as_json and on_terminal():
        click.confirm(f"Replace what is in {home} (it is kept beside)?", abort=True, err=True)
    done = put_back(home, full_path(file), time.time())
    lines = [f"Restored the state of {done.made_at or 'an unknown time'}."]
    notes = [f"What was there before lies in {done.kept}."] if done.kept else []
    if done.credentials == "unreadable":
        notes.append("Its log-ins cannot be read without their key: movie-sync config asks for them.")
    data = {"ok": True, "made_at": done.made_at, "kept": str(done.kept or ""), "credentials": done.credentials}
    return Answer(data, lines, notes=notes)
