"""A fault of the machine: it is told in a sentence, ends no work, and when it is lifted all goes on as ever."""

import contextlib
import re
import subprocess
from collections.abc import Callable, Collection
from functools import wraps
from pathlib import Path

from reliability.faults.trial import Trial, until

# Exit codes of doc/commands.md: failed, needs you, temporary.
SAID_NO = frozenset({1, 3, 4})
# How long the first words of a process take, on a machine with other work.
LEAVES_S = 25.0
_TRACE = re.compile(r"^Traceback \(most recent call last\)", re.MULTILINE)

Attempt = Callable[[Trial], None]


def plainly(attempt: Attempt) -> Attempt:
    """An attempt after which nobody may have been shown a traceback."""

    @wraps(attempt)
    def watched(trial: Trial) -> None:
        try:
            attempt(trial)
        finally:
            for words in trial.words().split("\n\n"):
                if _TRACE.search(words):
                    trial.lost.append(f"A traceback was shown: {words.strip()[-300:]}")

    return watched


def leaves(trial: Trial, pattern: str, codes: Collection[int] = SAID_NO) -> None:
    """The program was started and has to leave by itself, with a sentence and one of these exit codes."""
    process = trial.program.process
    assert process is not None
    try:
        code = process.wait(timeout=LEAVES_S)
    except subprocess.TimeoutExpired:
        trial.lost.append("It went on where it had to leave.")
        return
    trial.expect(code in codes, f"It left with exit code {code}.")
    trial.told(pattern)


def told_or_left(trial: Trial, pattern: str, seconds: float = LEAVES_S) -> None:
    """The user is told; the program goes on, or leaves with an exit code that says so."""
    trial.told(pattern, seconds=seconds)
    # One that leaves says so first, and before it hears signals.
    until(lambda: not trial.up() or _hears(trial), LEAVES_S)
    process = trial.program.process
    if process is not None and not trial.up():
        trial.expect(process.returncode in SAID_NO, f"It left with exit code {process.returncode}.")


def _hears(trial: Trial) -> bool:
    """True when it came up."""
    with contextlib.suppress(OSError):  # it ended at this moment
        return trial.program._hears()  # noqa: SLF001  it knows how to tell
    return False


def told_or_done(trial: Trial, pattern: str, seconds: float = LEAVES_S) -> bool:
    """Wait until the user was told, or every film is where it has to end: the fault never met it then."""

    def told() -> bool:
        return re.search(pattern, trial.words()) is not None

    def done() -> bool:
        try:
            return trial.program.statuses() == trial.stage.expected
        except Exception:  # noqa: BLE001  the database may be what is damaged
            return False

    until(lambda: told() or done() or not trial.up(), seconds)
    if told():
        told_or_left(trial, pattern)
        return True
    trial.expect(done(), "Nobody was told, and the work is not done.")
    return False


def goes_on(trial: Trial) -> None:
    """The fault is lifted: a person starts a program that left again, and has one that waits ask again."""
    trial.program.plan = {}
    if not trial.up():
        trial.start()
    trial.asked_again()


def busy_s(pid: int) -> float:
    """Seconds of processor time a process took so far (proc(5): utime and stime, in hundredths)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
