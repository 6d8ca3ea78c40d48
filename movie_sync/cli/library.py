"""``movie-sync library``: what is on disk, and whether a doubtful file is a wished film."""

import json
from collections.abc import Mapping
from typing import Any

import click
import msgspec

from movie_sync.cli import EXIT_NOTHING
from movie_sync.cli.films import complete_film
from movie_sync.cli.output import Answer, Talk, answers, styled, without_command
from movie_sync.cli.releases import lines_of_stdin
from movie_sync.errors import MovieSyncError
from movie_sync.lib.addresses import home_folder
from movie_sync.movie import Movie
from movie_sync.queues.questions import Held
from movie_sync.verbs.home import Home, opened


@click.group("library", invoke_without_command=True, short_help="What is on disk; answer what is in doubt")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def group(ctx: click.Context, *, as_json: bool) -> None:
    """Show the files that probably are a wished film; such a film is held until you say so, or say no.

    \b
    Example: movie-sync library
             movie-sync library accept "Nosferatu (1922)"
    """  # noqa: D301  click reads the \b
    without_command(ctx, questions, as_json=as_json)


@group.command("questions", short_help="The same as without a command")
@answers
def questions(talk: Talk) -> Answer:  # noqa: ARG001
    """Show the files that probably are a wished film, with why that is not certain.

    \b
    Example: movie-sync library questions
    """  # noqa: D301  click reads the \b
    from movie_sync.verbs import library  # noqa: PLC0415  what it needs is loaded when used

    with opened(home_folder()) as home:
        held = library.held(home)
        lines = [line for one in held for line in _question_lines(one)]
        data = {"ok": True, "questions": [_question_data(one) for one in held]}
        return Answer(data, lines or ["Nothing is in doubt."], notes=[*map(str, home.problems)])


def _question_lines(held: Held) -> list[str]:
    files = [f"    {one.path}   ({one.because})" for one in held.questions]
    name = f'"{held.film.movie}"'
    answers_ = f"    yes: movie-sync library accept {name}      no: movie-sync library reject {name}"
    return [f"Is {styled(str(held.film.movie), bold=True)} this?", *files, answers_]


def _question_data(held: Held) -> dict[str, Any]:
    return {
        "id": held.film.movie.key,
        "film": str(held.film.movie),
        "files": [{"path": one.path, "because": one.because} for one in held.questions],
    }


@group.command("scan", short_help="Look at the folders again")
@answers
def scan(talk: Talk) -> Answer:  # noqa: ARG001
    """Look at every folder that changed since the last time; the service does so by itself before each film.

    \b
    Example: movie-sync library scan
    """  # noqa: D301  click reads the \b
    from movie_sync.verbs import library  # noqa: PLC0415  what it needs is loaded when used

    with opened(home_folder()) as home:
        done = library.scan(home)
        data = {"ok": True, "folders": list(done.folders), "videos": done.videos, "seconds": round(done.seconds, 2)}
        line = f"{done.videos:,} videos in {', '.join(done.folders)}, looked at in {done.seconds:.1f} s."
        return _answer(home, data, [line])


@group.command("find", short_help="Which files are a film")
@click.argument("film", metavar="FILM", shell_complete=complete_film)
@answers
def find(talk: Talk, *, film: str) -> Answer:  # noqa: ARG001
    """Show the files that are a film, certainly or probably, with what that rests on.

    \b
    Example: movie-sync library find "Nosferatu (1922)"
    """  # noqa: D301  click reads the \b
    from movie_sync.verbs import library  # noqa: PLC0415  what it needs is loaded when used

    with opened(home_folder()) as home:
        movie, found = library.find(home, film)
        rows = [{"path": one.path, "verdict": one.match.verdict, "because": one.match.because} for one in found]
        lines = [f"{row['verdict']:9} {row['path']}   ({row['because']})" for row in rows]
        data = {"ok": True, "film": str(movie), "files": rows}
        return _answer(home, data, lines or [f"{movie} is not on disk."], 0 if rows else EXIT_NOTHING)


class _Pair(msgspec.Struct):
    """One line of `match`."""

    title: str
    name: str
    year: int | None = None
    alt_titles: tuple[str, ...] = ()
    imdb_id: str | None = None
    tmdb_id: str | None = None


@group.command("match", short_help="Is this file that film? JSON lines in, JSON lines out")
@answers
def match_lines(talk: Talk) -> None:  # noqa: ARG001
    """Read JSON lines {"title", "year", "alt_titles", "name"} and print {"verdict", "because"} for each.

    The verdict is certain, probable or different. Nothing on disk is looked at.

    \b
    Example: movie-sync library match < pairs.jsonl
    """  # noqa: D301  click reads the \b
    from movie_sync.library.match import match  # noqa: PLC0415  its tables take a moment

    for number, line in enumerate(lines_of_stdin(), 1):
        try:
            pair = msgspec.json.decode(line.encode(), type=_Pair)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as exc:
            raise MovieSyncError(
                f"Line {number} of standard input is not what match reads: {exc}.",
                hint='An example: {"title": "Alien", "year": 1979, "alt_titles": [], "name": "Alien.1979.mkv"}',
                code="bad_line",
            ) from exc
        movie = Movie(
            pair.title, pair.year, imdb_id=pair.imdb_id, tmdb_id=pair.tmdb_id, alt_titles=tuple(pair.alt_titles)
        )
        found = match(movie, pair.name)
        click.echo(json.dumps({"verdict": found.verdict, "because": found.because}, ensure_ascii=False))


_FILE = click.option("--file", "path", metavar="PATH", help="Which file, where several are in doubt.")


@group.command("accept", short_help="Yes, that file is the film")
@click.argument("film", metavar="FILM", shell_complete=complete_film)
@_FILE
@answers
def accept(talk: Talk, *, film: str, path: str | None) -> Answer:  # noqa: ARG001
    """Say that a file in doubt is the film: it counts as owned and is not fetched.

    \b
    Example: movie-sync library accept "Nosferatu (1922)"
    """  # noqa: D301  click reads the \b
    from movie_sync.verbs import library  # noqa: PLC0415  what it needs is loaded when used

    with opened(home_folder()) as home:
        found, taken = library.accept(home, film, path)
        return _answer(
            home, {"ok": True, "film": str(found.movie), "file": taken}, [f"{found.movie} is there: {taken}."]
        )


@group.command("reject", short_help="No, that file is another film")
@click.argument("film", metavar="FILM", shell_complete=complete_film)
@_FILE
@answers
def reject(talk: Talk, *, film: str, path: str | None) -> Answer:  # noqa: ARG001
    """Say that the files in doubt are another film: the wished one is fetched, and that file is not asked about again.

    \b
    Example: movie-sync library reject "Nosferatu (1922)"
    """  # noqa: D301  click reads the \b
    from movie_sync.verbs import library  # noqa: PLC0415  what it needs is loaded when used

    with opened(home_folder()) as home:
        found, others = library.reject(home, film, path)
        data = {"ok": True, "film": str(found.movie), "files": others}
        return _answer(home, data, [f"{found.movie} is fetched; another film: {', '.join(others)}."])


def _answer(home: Home, data: Mapping[str, Any], lines: list[str], code: int = 0) -> Answer:
    return Answer(data, lines, code, [*map(str, home.problems)])
