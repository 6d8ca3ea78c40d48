"""``movie-sync logs``: the end of the log, and what comes."""

import functools
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from movie_sync.cli.log_set_up import LOG_FILE
from movie_sync.cli.output import Answer, Talk, answers, print_json, say, styled
from movie_sync.errors import MovieSyncError
from movie_sync.lib.addresses import home_folder
from movie_sync.lib.redaction import redact

_LOOK_S = 0.5
_COLOURS = {" ERROR ": "red", " WARNING ": "yellow", " DEBUG ": "bright_black"}
# Of one line this much is read back; the longest lines hold a trace's single line.
_BYTES_A_LINE = 400


@click.command(short_help="Show the log, or follow it (-f)")
@click.option("-n", "count", type=click.IntRange(0, 100_000), default=50, show_default=True, help="Lines from the end.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@functools.partial(answers, logs=False)
def command(talk: Talk, *, count: int, follow: bool) -> Answer | None:
    """Show the end of the log; with -f go on with what comes.

    \b
    Example: movie-sync logs -f
    """  # noqa: D301  click reads the \b
    path = talk.log_file or home_folder() / LOG_FILE
    if not path.exists() and not follow:
        raise MovieSyncError(f"There is no log {path} yet.", hint="Start movie-sync.", code="no_log")
    lines = [redact(line) for line in _last(path, count)] if path.exists() else []
    if not follow:
        return Answer({"ok": True, "lines": lines}, [_coloured(line) for line in lines])
    for line in lines:
        _tell(line, talk)
    for line in _coming(path):
        _tell(redact(line), talk)
    return None


def _tell(line: str, talk: Talk) -> None:
    if talk.as_json:
        print_json({"line": line})
    else:
        say(_coloured(line))


def _coloured(line: str) -> str:
    colour = next((colour for mark, colour in _COLOURS.items() if mark in line[:40]), None)
    return styled(line, fg=colour) if colour else line


def _last(path: Path, count: int) -> list[str]:
    """The last lines of a file, however large it is."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        wanted = min(size, max(count, 1) * _BYTES_A_LINE)
        while True:
            file.seek(size - wanted)
            *lines, rest = file.read(wanted).split(b"\n")
            lines += [rest] if rest else []
            if len(lines) > count or wanted == size:
                return [line.decode("utf-8", "replace") for line in lines[-count:]] if count else []
            wanted = min(size, wanted * 2)


def _coming(path: Path) -> Iterator[str]:
    """Each new line; a log that is begun anew is followed into its new file."""
    never = threading.Event()
    file = _newer(path, None)
    if file is not None:
        file.seek(0, 2)
    rest = b""
    try:
        while True:
            # Looked for before the old one is read to its end: nothing comes to that any more.
            newer = _newer(path, file)
            if file is not None:
                if os.fstat(file.fileno()).st_size < file.tell():  # emptied by someone
                    file.seek(0)
                    rest = b""
                *whole, rest = (rest + file.read()).split(b"\n")
                yield from (line.decode("utf-8", "replace") for line in whole)
            if newer is None:
                never.wait(_LOOK_S)
                continue
            if file is not None:
                file.close()
            file, rest = newer, b""
    finally:
        if file is not None:
            file.close()


def _newer(path: Path, file: BinaryIO | None) -> BinaryIO | None:
    """The log when it is another file than this one; None when it is the same, or not there at this moment."""
    try:
        return path.open("rb") if file is None or path.stat().st_ino != _inode(file) else None
    except FileNotFoundError:
        return None


def _inode(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_ino
