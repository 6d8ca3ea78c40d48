"""How commands answer: one error shape, one way to ask, one way to log."""

import contextlib
import json
import logging
import logging.handlers
import os
import sys
from collections.abc import Iterator
from pathlib import Path
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
    Unavailable,
)
from movie_sync.lib.files import PRIVATE_FILE, make_private_folder
from movie_sync.lib.redaction import RedactingFormatter, redact

if TYPE_CHECKING:
    from movie_sync.credentials_manager import Ask, Field

LOG_FILE = "movie_sync.log"
_LOG_BYTES = 5 * 1024 * 1024
_LOG_COPIES = 3


def exit_code(error: MovieSyncError) -> int:
    """What an error means for the one who called: 3 for a person to act, 4 for later, 1 for the rest."""
    if isinstance(error, ConfigError | CredentialsError | AuthFailed | BadReply | ClientRefuses):
        return EXIT_PERSON
    return EXIT_LATER if isinstance(error, Unavailable) else EXIT_FAILED


@contextlib.contextmanager
def answering(as_json: bool) -> Iterator[None]:
    """End a command that meets one of our errors with its sentence and its exit code."""
    try:
        yield
    except MovieSyncError as error:
        if as_json:
            print_json({"ok": False, "code": error.code, "message": redact(error.message), "hint": redact(error.hint)})
        else:
            click.echo(redact(str(error)), err=True)
        raise click.exceptions.Exit(exit_code(error)) from None


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


class _PrivateRotatingFile(logging.handlers.RotatingFileHandler):
    """The log, 0600 from its first byte."""

    def _open(self) -> Any:
        return open(
            self.baseFilename,
            self.mode,
            encoding=self.encoding,
            opener=lambda path, flags: os.open(path, flags, PRIVATE_FILE),
        )


def start_logging(home: Path, level: str, *, on_stderr: bool) -> None:
    """Log to the rotating file and, unless it would disturb, to stderr; everything redacted."""
    make_private_folder(home)
    root = logging.getLogger()
    root.setLevel(level)
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    logging.getLogger("qbittorrentapi").setLevel(logging.WARNING)
    file = _PrivateRotatingFile(home / LOG_FILE, maxBytes=_LOG_BYTES, backupCount=_LOG_COPIES, encoding="utf-8")
    file.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(threadName)s: %(message)s"))
    root.addHandler(file)
    if on_stderr:
        stream = logging.StreamHandler()
        stream.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"))
        root.addHandler(stream)
