"""A person at a terminal: a program in a pseudo-terminal of its own, read and typed at."""

import contextlib
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# Opening a terminal makes it the controlling one of a session that has none; a fork of this many-threaded process would
# do the same with less care.
_ON_TERMINAL = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job, as these tests may be, ignores it
terminal = os.open(sys.argv[1], os.O_RDWR)
for number in range(3):
    os.dup2(terminal, number)
os.execv(sys.argv[2], sys.argv[2:])
"""
CTRL_C, CTRL_D = "\x03", "\x04"


class Terminal:
    """A running program; what it shows is read as it comes.

    Args:
        command: Program and arguments; the program with its whole path.
        environment: All of its environment.

    Attributes:
        shown: Everything that stood on the screen so far, without colours.
        raw: The same as it came.
    """

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self._person, terminal = os.openpty()
        name = os.ttyname(terminal)
        start = [sys.executable, "-S", "-E", "-c", _ON_TERMINAL, name, *command]
        self._process = subprocess.Popen(
            start,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        # Kept open until the program is there: a terminal that nobody holds is hung up.
        self._held: int | None = terminal
        self.raw = b""
        self._read_to = 0

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._let_go()
        os.close(self._person)

    @property
    def shown(self) -> str:
        text = self.raw.decode("utf-8", "replace").replace("\r\n", "\n")
        return _ESCAPES.sub("", text)

    def expect(self, text: str, seconds: float = 20) -> str:
        """Wait for a text after what was waited for last.

        Returns:
            What stood before it.

        Raises:
            AssertionError: It did not come; the screen is in it.
        """
        end = time.monotonic() + seconds
        while (found := self.shown.find(text, self._read_to)) < 0:
            if not self._read(end - time.monotonic()):
                raise AssertionError(f"{text!r} was not shown after:\n{self.shown}")
        before = self.shown[self._read_to : found]
        self._read_to = found + len(text)
        return before

    def type(self, text: str = "") -> None:
        """Type a line."""
        self.press(f"{text}\r")

    def press(self, keys: str) -> None:
        """Press keys, such as CTRL_C, once the program waits for something.

        Between its question and its reading a Ctrl-C is only noted by Python: no person is that quick.
        """
        end = time.monotonic() + 5
        state = Path(f"/proc/{self._process.pid}/stat")
        while state.read_text().rpartition(")")[2].split()[0] == "R" and time.monotonic() < end:
            time.sleep(0.001)
        os.write(self._person, keys.encode())

    def answer(self, *questions_and_answers: tuple[str, str]) -> None:
        """Wait for each question and type its answer."""
        for question, text in questions_and_answers:
            self.expect(question)
            self.expect(": ")
            self.type(text)

    def leave(self, seconds: float = 20) -> int:
        """Read on until the program ends by itself; its exit code."""
        end = time.monotonic() + seconds
        while self._process.poll() is None or self._more():
            if not self._read(min(0.2, end - time.monotonic())) and time.monotonic() > end:
                raise AssertionError(f"it did not end:\n{self.shown}")
        return self._process.wait()

    def _more(self) -> bool:
        return bool(select.select([self._person], [], [], 0)[0]) and self._read(0)

    def _let_go(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _read(self, seconds: float) -> bool:
        """Read what comes; False when nothing does in time, or nothing will any more."""
        if not select.select([self._person], [], [], max(0.0, seconds))[0]:
            return False
        piece = b""
        with contextlib.suppress(OSError):  # EIO: nobody holds the other end
            piece = os.read(self._person, 65536)
        self.raw += piece
        if piece:
            self._let_go()
        return bool(piece)
