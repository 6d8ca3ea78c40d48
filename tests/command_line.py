"""The command line in this process, for the tests of its commands."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from movie_sync.cli import main
from movie_sync.lib import redaction

SECRET_PASSKEY = "3f5a0c9e7b1d24680f0f0f0f0f0f0f0f"


class Answered(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What stdout holds, which has to be one JSON object on one line."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    def failed(self, exit_code: int, word: str) -> Any:
        """The error, which has to be a whole one with this exit code and code word, and all there is on stdout."""
        assert (self.code, "Traceback" in self.err) == (exit_code, False), self
        assert set(self.json) == {"ok", "code", "message", "hint"}
        assert (self.json["ok"], self.json["code"]) == (False, word)
        return self.json


Run = Callable[..., Answered]


def runner(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in this process, on the test's home folder."""
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(home))

    def running(*arguments: object) -> Answered:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return Answered(left.value.code, out, err)

    return running


def as_before() -> Iterator[None]:
    """For a fixture: what a command leaves in this process (secrets, log handlers) does not outlive the test."""
    root = logging.getLogger()
    secrets, handlers, level = set(redaction._secrets), list(root.handlers), root.level
    yield
    redaction._secrets.clear()
    redaction._secrets.update(secrets)
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
