"""How commands talk: one shape of answers and errors, one way to ask, colour only on a terminal."""

import contextlib
import functools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from movie_sync.cli import EXIT_FAILED, EXIT_LATER, EXIT_NOTHING, EXIT_PERSON, EXIT_USAGE
from movie_sync.errors import (
    AuthFailed,
    BadReply,
    ClientRefuses,
    ConfigError,
    CredentialsError,
    MovieSyncError,
    NoSuchFilm,
    SeveralFilms,
    StoreError,
    Unavailable,
    UnclearName,
)
from movie_sync.lib.plain_text import escaped, harmless

if TYPE_CHECKING:
    from movie_sync.credentials_manager import Ask, Field

_PERSON = (ConfigError, CredentialsError, AuthFailed, BadReply, ClientRefuses)
_USAGE = (SeveralFilms, UnclearName)


class Talk(NamedTuple):
    """How the user wants a command to talk; every command has these options.

    Attributes:
        as_json: One JSON object on stdout, errors too.
        verbose: Tell more on stderr.
        log_file: Where the log goes besides; None: nowhere, or for the service its own file.
    """

    as_json: bool = False
    verbose: bool = False
    log_file: Path | None = None


class Answer(NamedTuple):
    """What a command found or did.

    Attributes:
        data: What ``--json`` prints.
        lines: The same for people, on stdout.
        code: The exit code.
        notes: For people, on stderr.
    """

    data: Mapping[str, Any]
    lines: Sequence[str] = ()
    code: int = 0
    notes: Sequence[str] = ()


def answers(function: Callable[..., Answer | None], *, logs: bool = True) -> Callable[..., None]:
    """Make a click command of a function that gets a `Talk` first and returns an `Answer`.

    None says that it has told everything itself. Our errors end the command with their sentence and code.

    Args:
        function: What the command does.
        logs: The command writes the log it is asked for; False: ``--log-file`` says something else to it.
    """

    @click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, errors too.")
    @click.option("--verbose", is_flag=True, help="Tell more, on stderr.")
    @click.option("--log-file", type=click.Path(path_type=Path, dir_okay=False), help="Write the log there.")
    @functools.wraps(function)
    def command(*, as_json: bool, verbose: bool, log_file: Path | None, **arguments: Any) -> None:
        talk = Talk(as_json, verbose, log_file)
        with answering(as_json):
            if logs and (verbose or log_file is not None):
                from movie_sync.cli.log_set_up import log_for_a_command  # noqa: PLC0415  only where it is asked for

                log_for_a_command(talk)
            answer = function(talk, **arguments)
        if answer is not None:
            _print(answer, as_json)
            raise click.exceptions.Exit(answer.code)

    return command


def without_command(ctx: click.Context, command: click.Command, *, as_json: bool) -> None:
    """Run a group's command of first resort when none of its commands was named.

    Args:
        ctx: The group's.
        command: Made by `answers`.
        as_json: ``--json`` stood behind the group.

    Raises:
        UsageError: It did, and a command was named, which has a ``--json`` of its own.
    """
    if as_json and ctx.invoked_subcommand is not None:
        raise click.UsageError(f"--json stands behind the command: {ctx.command_path} {ctx.invoked_subcommand} --json")
    if ctx.invoked_subcommand is None:
        ctx.invoke(command, as_json=as_json, verbose=False, log_file=None)


def _print(answer: Answer, as_json: bool) -> None:
    for note in answer.notes:
        say(note, err=True)
    if as_json:
        print_json(answer.data)
    elif answer.lines:
        say("\n".join(answer.lines))


def exit_code(error: MovieSyncError) -> int:
    """What an error means for the one who called: 2 usage, 3 a person has to act, 4 later, 5 not there, 1 the rest."""
    if isinstance(error, _USAGE) or (isinstance(error, ConfigError) and error.file == "command line"):
        return EXIT_USAGE
    if isinstance(error, _PERSON):
        return EXIT_PERSON
    if isinstance(error, NoSuchFilm):
        return EXIT_NOTHING
    later = isinstance(error, Unavailable) or error.code == "store_locked"
    return EXIT_LATER if later else EXIT_FAILED


@contextlib.contextmanager
def answering(as_json: bool) -> Iterator[None]:
    """End a command that meets one of our errors with its sentence and its exit code."""
    try:
        with _in_our_words():
            yield
    except MovieSyncError as error:
        from movie_sync.lib.redaction import redact  # noqa: PLC0415  7 ms that a command without errors need not pay

        if as_json:
            print_error(error.code, redact(error.message), redact(error.hint.strip()))
        else:
            say(redact(str(error)), err=True)
        raise click.exceptions.Exit(exit_code(error)) from None


@contextlib.contextmanager
def _in_our_words() -> Iterator[None]:
    """A file that cannot be used, such as the home folder, in a sentence."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise StoreError(
            f"{exc.filename or 'A file'} cannot be used ({exc.strerror or exc}).",
            hint="Check MOVIE_SYNC_HOME, its rights and the free space.",
        ) from exc


def print_json(data: Any) -> None:
    """One JSON object on stdout."""
    text = json.dumps(data, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding if sys.stdout else "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(data)
    click.echo(escaped(text))


def print_error(code: str, message: str, hint: str) -> None:
    """An error as a script reads it."""
    print_json({"ok": False, "code": code, "message": message, "hint": hint})


def say(text: str, *, err: bool = False) -> None:
    """Tell a person something; names from outside cannot command the terminal with it.

    Args:
        text: May hold colours of `styled`.
        err: On stderr.
    """
    click.echo(harmless(text, coloured=True), err=err)


def styled(text: str, **style: Any) -> str:
    """The text in colour; plain where NO_COLOR is set (no-color.org). `click.echo` takes it off without a terminal."""
    return text if os.environ.get("NO_COLOR") else click.style(text, **style)


def on_terminal() -> bool:
    """True when a person can be asked."""
    # A stream that was closed before the start is None.
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def asker() -> "Ask | None":
    """A function that asks on the terminal, hidden where secret; None without a terminal."""
    if not on_terminal():
        return None

    def ask(field: "Field") -> str:
        answer: str = click.prompt(field.question, hide_input=field.secret, err=True)
        return answer

    return ask
