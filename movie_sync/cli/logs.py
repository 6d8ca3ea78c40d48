"""Where the service logs to; loaded only by commands that run it."""

import logging
import logging.handlers
import os
from pathlib import Path
from typing import Any

from movie_sync.lib.files import PRIVATE_FILE, make_private_file, make_private_folder
from movie_sync.lib.redaction import RedactingFormatter

LOG_FILE = "movie_sync.log"
_LOG_BYTES = 5 * 1024 * 1024
_LOG_COPIES = 3


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
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    logging.getLogger("qbittorrentapi").setLevel(logging.WARNING)
    make_private_file(home / LOG_FILE)
    file = _PrivateRotatingFile(home / LOG_FILE, maxBytes=_LOG_BYTES, backupCount=_LOG_COPIES, encoding="utf-8")
    file.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(threadName)s: %(message)s"))
    root.addHandler(file)
    if on_stderr:
        stream = logging.StreamHandler()
        stream.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"))
        root.addHandler(stream)
