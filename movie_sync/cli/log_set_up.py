"""Where the service logs to, and where a command does that is asked to; loaded only then."""

import contextlib
import faulthandler
import logging
import logging.handlers
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from movie_sync.cli.output import Talk
from movie_sync.lib.files import PRIVATE_FILE, make_private_file, make_private_folder
from movie_sync.lib.redaction import RedactingFormatter

LOG_FILE = "movie_sync.log"
_LOG_BYTES = 5 * 1024 * 1024
_LOG_COPIES = 3


class _PrivateRotatingFile(logging.handlers.RotatingFileHandler):
    """The log, 0600 from its first byte; that it cannot be written is said once, until it can be again."""

    _failing = False

    def flush(self) -> None:
        """See logging.Handler."""
        super().flush()
        self._failing = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's own name
        """A full disk is no fault of the program, and nobody is helped by a traceback for each line."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._failing:
            self._failing = True
            with contextlib.suppress(OSError):
                reason = error.strerror or error
                click.echo(f"{self.baseFilename} cannot be written ({reason}). Check free space and rights.", err=True)

    def _open(self) -> Any:
        return open(
            self.baseFilename,
            self.mode,
            encoding=self.encoding,
            opener=lambda path, flags: os.open(path, flags, PRIVATE_FILE),
        )


def start_logging(home: Path, level: str, *, on_stderr: bool, file: Path | None = None) -> None:
    """Log to a rotating file and, unless it would disturb, to stderr; everything redacted.

    Args:
        home: The home folder.
        level: ``DEBUG``, ``INFO``, …
        on_stderr: Short lines there too; in colour on a terminal.
        file: Instead of ``movie_sync.log`` in the home folder.
    """
    make_private_folder(home)
    root = _root(level)
    root.addHandler(_file_handler(file or home / LOG_FILE))
    if on_stderr:
        root.addHandler(_stream_handler())
    with contextlib.suppress(OSError, RuntimeError):  # standard error that is no file, or none
        faulthandler.enable()  # a crash inside a library would leave nothing to go by else


def log_for_a_command(talk: Talk) -> None:
    """Log of a command that does not run the service: to stderr when it is to tell more, to a file where one is named.

    Raises:
        OSError: The file cannot be written.
    """
    root = _root("DEBUG" if talk.verbose else "INFO")
    if talk.log_file is not None:
        root.addHandler(_file_handler(talk.log_file))
    if talk.verbose:
        root.addHandler(_stream_handler())


def _root(level: str) -> logging.Logger:
    root = logging.getLogger()
    root.setLevel(level)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    logging.getLogger("qbittorrentapi").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    return root


def _file_handler(path: Path) -> logging.Handler:
    make_private_file(path)
    handler = _PrivateRotatingFile(path, maxBytes=_LOG_BYTES, backupCount=_LOG_COPIES, encoding="utf-8")
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(threadName)s: %(message)s"))
    return handler


def _stream_handler() -> logging.Handler:
    handler = logging.StreamHandler()
    in_colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    form = "%(asctime)s %(levelname)-7s %(message)s"
    handler.setFormatter(_Coloured(form, "%H:%M:%S") if in_colour else RedactingFormatter(form, "%H:%M:%S"))
    return handler


class _Coloured(RedactingFormatter):
    """Warnings yellow, errors red, the rest of no interest dim."""

    _COLOURS: Mapping[int, str] = {logging.DEBUG: "bright_black", logging.WARNING: "yellow", logging.ERROR: "red"}

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        colour = self._COLOURS.get(record.levelno)
        text = super().format(record)
        return click.style(text, fg=colour) if colour else text
