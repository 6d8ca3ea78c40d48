"""How commands answer: one error shape, and one way to ask."""

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from movie_sync.cli import EXIT_FAILED, EXIT_LATER, EXIT_PERSON
from movie_sync.errors import (
    AuthFailed,
    BadReply,
    ClientRefuses,
    ConfigError,
    CredentialsError,
    MovieSyncError,
    StoreError,
    Unavailable,
)

if TYPE_CHECKING:
    from movie_sync.credentials_manager import Ask, Field


def exit_code(error: MovieSyncError) -> int:
    """What an error means for the one who called: 3 for a person to act, 4 for later, 1 for the rest."""
    if isinstance(error, ConfigError | CredentialsError | AuthFailed | BadReply | ClientRefuses):
        return EXIT_PERSON
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
            print_json({"ok": False, "code": error.code, "message": redact(error.message), "hint": redact(error.hint)})
        else:
            click.echo(redact(str(error)), err=True)
        raise click.exceptions.Exit(exit_code(error)) from None


@contextlib.contextmanager
def _in_our_words() -> Iterator[None]:
    """A file that cannot be used, such as the home folder, in a sentence."""
    try:
        yield
    except OSError as exc:
        raise StoreError(
            f"{exc.filename or 'A file'} cannot be used ({exc.strerror or exc}).",
            hint="Check MOVIE_SYNC_HOME, its rights and the free space.",
        ) from exc


def print_json(data: Any) -> None:
    """One JSON object on stdout."""
    click.echo(json.dumps(data, ensure_ascii=False))


def asker() -> "Ask | None":
    """A function that asks on the terminal, hidden where secret; None without a terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def ask(field: "Field") -> str:
        answer: str = click.prompt(field.question, hide_input=field.secret, err=True)
        return answer

    return ask
