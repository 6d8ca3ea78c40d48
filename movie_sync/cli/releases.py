"""``movie-sync releases``: what release names say."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import click
import msgspec

from movie_sync.cli.output import Talk, answers


@click.group("releases", short_help="Read release names")
def group() -> None:
    """Read release names as the program reads them.

    \b
    Example: movie-sync releases parse < names.txt
    """  # noqa: D301  click reads the \b


@group.command("parse", short_help="Names on standard input, one JSON object a line")
@answers
def parse(talk: Talk) -> None:  # noqa: ARG001
    """Read names on standard input, one a line, and print what each says, one JSON object a line.

    What a name does not say is null, false or [].

    \b
    Example: movie-sync releases parse < names.txt
    """  # noqa: D301  click reads the \b
    from movie_sync.releases.parse import parse_release  # noqa: PLC0415  its tables take a moment

    for name in lines_of_stdin():
        click.echo(json.dumps(said(name, msgspec.to_builtins(parse_release(name))), ensure_ascii=False))


def lines_of_stdin() -> Iterator[str]:
    """Lines of standard input that are not empty; bytes that are no UTF-8 as "�"."""
    for line in sys.stdin.buffer if sys.stdin else ():
        text = line.decode("utf-8", "replace").strip("\r\n")
        if text.strip():
            yield text


def said(name: str, parsed: dict[str, Any]) -> dict[str, Any]:
    """A parsed name as JSON has it: the likeliest year alone, after the title."""
    years = parsed.pop("years")
    title = parsed.pop("title")
    return {"name": name, "title": title, "year": years[0] if years else None, **parsed}
