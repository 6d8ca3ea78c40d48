"""One fault on a fresh stage: what was done, what the user was told, what was lost."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from movie_sync.lib.files import write_whole
from reliability import invariants
from reliability.launch import PLAN
from reliability.stage import Stage, Watched
from reliability.tried import Tried

# A stop takes at most so long, whatever the services do.
STOP_S = 5.0
# Between asking the program to end and seeing that it did, on a machine with other work.
_GRACE_S = 1.0
_TOLD_S = 15.0
# Time and level in front of a line of the log on stderr.
_STAMP = re.compile(r"^\d\d:\d\d:\d\d [A-Z]+ +")
_MOST_SHOWN = 240


class NotHere(Exception):
    """The fault cannot be tried on this machine; the message says which right or program is missing."""


def set_clock(file: Path, ahead_s: float) -> None:
    """Set the file by which a program's wall clock is wrong; whoever reads it meanwhile finds it whole."""
    write_whole(file, str(ahead_s).encode())


def until(ready: Callable[[], object], seconds: float = _TOLD_S) -> bool:
    """Wait until something is so; False when it did not come about in time."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def beside(program: Watched, *arguments: str, timeout: float = 60.0) -> "subprocess.CompletedProcess[str]":
    """Run a command beside the service as a person would: the settings stay as they lie there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOVIE_SYNC_")}
    checkout = str(Path(__file__).resolve().parents[2])
    path = f"{program.package}:{checkout}" if program.package else checkout
    given = {"MOVIE_SYNC_HOME": str(program.home), "PYTHONPATH": path, PLAN: "{}"}
    return subprocess.run(
        [sys.executable, "-m", "movie_sync", *arguments],
        env={**kept, **program.environment, **given},
        input=program.typed,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@dataclass(slots=True)
class Trial:
    """A fault being tried.

    Attributes:
        stage: Laid out anew; its program is not started yet.
        seen: What the user saw of the fault first, in the program's own words.
        lost: What was found wrong so far.
    """

    stage: Stage
    seen: str = ""
    lost: list[str] = field(default_factory=list)

    @property
    def program(self) -> Watched:
        """The program of this try."""
        return self.stage.program

    def words(self) -> str:
        """Everything the program wrote to stderr so far."""
        path = self.program.folder / "stderr.txt"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def expect(self, right: object, sentence: str) -> None:
        """Note as lost what is not so."""
        if not right:
            self.lost.append(sentence)

    def ended(self, code: int, right: Collection[int]) -> None:
        """Note an exit code as lost that is not one of the right ones, with where it crashed when it did."""
        if code not in right:
            crash = self.words().partition("Fatal Python error")[2][:2000]
            self.lost.append(f"It ended with exit code {code}.{crash and f' Fatal Python error{crash}'}")

    def told(self, pattern: str, by: Sequence[str] = (), seconds: float = _TOLD_S) -> None:
        """The user must be told: on stderr, or by a command.

        Args:
            pattern: Regular expression of what has to be said, on one line.
            by: A command's arguments; empty: the service tells by itself.
            seconds: To wait for it.
        """
        found: list[str] = []

        def said() -> bool:
            text = self._answer(by) if by else self.words()
            found.extend(line for line in text.splitlines() if re.search(pattern, line))
            return bool(found)

        if not until(said, seconds):
            self.lost.append(f"Nobody was told: {' '.join(by) or 'the log'} does not say {pattern!r}.")
        elif not self.seen:
            self.seen = " ".join(_STAMP.sub("", found[0]).split())[:_MOST_SHOWN]

    def _answer(self, command: Sequence[str]) -> str:
        done = beside(self.program, *command)
        return done.stdout + done.stderr

    def start(self, after_s: float = 0.0) -> None:
        """Start the service and wait until it hears signals, and then so many seconds."""
        self.program.start()
        self.program.until_up()
        time.sleep(after_s)

    def asked_again(self) -> None:
        """A person who mended it does not wait for the back-off."""
        done = beside(self.program, "retry", "--now")
        self.expect(done.returncode in {0, 5}, f"retry --now ended with {done.returncode}: {done.stderr.strip()}")

    def ends(self, *, settled: bool = True) -> None:
        """The service ends its work and is stopped; nothing may be lost then.

        Args:
            settled: Every film has to be where it has to end; else only what lies there has to be right.
        """
        self.lost += self.stage.settle() if settled else self.stage.end()
        self.lost += invariants.settled(self.stage) if settled else invariants.now(self.stage)

    def stops_in_time(self) -> None:
        """Asked to end, it does so within five seconds, and what it leaves is right."""
        begun = time.monotonic()
        self.lost += self.stage.end()
        took_s = time.monotonic() - begun
        self.expect(took_s < STOP_S + _GRACE_S, f"It took {took_s:.1f} s to end.")

    def up(self) -> bool:
        """True while the process runs."""
        return self.program.process is not None and self.program.process.poll() is None

    def entries(self, queue: str) -> list[dict[str, Any]]:
        """What a queue file shows. Raises ValueError when it does not parse."""
        found: list[dict[str, Any]] = json.loads((self.program.home / f"queue_{queue}.json").read_bytes())
        return found

    def film_ends(self, title: str, **ends: Any) -> None:
        """Another end than the demo's own for the film of a title and year; see DemoFilm."""
        self.stage.films = tuple(
            replace(film, **ends) if str(film.movie) == title else film for film in self.stage.films
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """A row of a table of faults.

    Attributes:
        words: What is done, for people.
        attempt: Does it, looks, lifts it, and looks again.
        short: Tried in the short run too.
        silent: What is to be said of it when the user sees nothing.
    """

    words: str
    attempt: Callable[[Trial], None]
    short: bool = False
    silent: str = "nothing: it goes on"


def try_once(part: str, fault: Fault, stage: Stage) -> Tried:
    """Try one fault on a fresh stage."""
    stage.fresh()
    trial = Trial(stage)
    try:
        fault.attempt(trial)
    except NotHere as exc:
        return Tried(part, fault.words, why_not=str(exc))
    except (AssertionError, OSError, subprocess.SubprocessError, ValueError) as error:
        trial.lost.append(f"{type(error).__name__}: {error}")
    if not trial.lost:
        stage.forget_try()
    return Tried(part, fault.words, trial.seen or fault.silent, 1, tuple(trial.lost))


def try_all(part: str, faults: Sequence[Fault], stage: Stage, *, long: bool) -> Iterator[Tried]:
    """Try a table of faults, in the short run the sample of it; rows of the same words count as one."""
    yield from summed(try_once(part, fault, stage) for fault in faults if long or fault.short)


def summed(tried: Iterable[Tried]) -> Iterator[Tried]:
    """Rows of the same words as one; ``{}`` in the words stands for how often it was tried."""
    rows: dict[str, Tried] = {}
    for row in tried:
        rows[row.fault] = _with(rows, row)
    yield from (replace(row, fault=row.fault.replace("{}", str(row.tries))) for row in rows.values())


def _with(rows: Mapping[str, Tried], tried: Tried) -> Tried:
    before = rows.get(tried.fault)
    if before is None:
        return tried
    return replace(before, tries=before.tries + tried.tries, lost=before.lost + tried.lost)
