"""Runs one target under libFuzzer, in a process of its own; started as a file, so that what it imports is instrumented.

``child.py TARGET FOUND [libFuzzer's arguments]``: each crash is written into the folder FOUND and the run goes on; what
ends the process (a hang, memory) libFuzzer writes there itself.
"""

import hashlib
import json
import resource
import sys
import time
import traceback
from pathlib import Path

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

# What a restore may write is bounded only by the size of a large home folder.
_MOST_FILE_BYTES = 512 << 20
# Of processor time; an input of MAX_BYTES takes a hundredth of it, instrumented.
MOST_CPU_S = 5.0
# A crash at one place is told once; so many places are enough to look at.
_MOST_PLACES = 20

with atheris.instrument_imports(include=["movie_sync"]):
    from movie_sync.queues import json_files
    from reliability.fuzz.targets import TARGETS, Target


class Finder:
    """What libFuzzer calls: tries an input, and keeps the first that fails at each place of the program.

    Args:
        target: What is tried.
        found: The folder for crashes: the input, and beside it a ``.json`` that says what it is.
    """

    def __init__(self, target: Target, found: Path) -> None:
        self._target = target
        self._found = found
        self._places: set[str] = set()

    def __call__(self, data: bytes) -> None:
        """Try an input."""
        begun = time.thread_time()
        try:
            self._target.take(data)
        except Exception as exc:  # noqa: BLE001  every error that passes the target is what is looked for
            place = place_of(exc)
            if place not in self._places and len(self._places) < _MOST_PLACES:
                self._places.add(place)
                self._keep(self._smaller(data, place), exc, place)
        if time.thread_time() - begun > MOST_CPU_S:
            raise TimeoutError(f"{len(data)} bytes took more than {MOST_CPU_S:.0f} s")

    def _keep(self, data: bytes, exc: Exception, place: str) -> None:
        path = self._found / f"crash-{hashlib.sha256(data).hexdigest()[:12]}"
        path.write_bytes(data)
        about = {"kind": type(exc).__name__, "text": str(exc)[:300], "place": place, "bytes": len(data)}
        path.with_suffix(".json").write_text(json.dumps(about), encoding="utf-8")

    def _smaller(self, data: bytes, place: str) -> bytes:
        """The same crash with as many pieces left out as can be."""
        size = len(data) // 2
        until = time.monotonic() + 5.0
        while size and time.monotonic() < until:
            at = 0
            while at < len(data):
                shorter = data[:at] + data[at + size :]
                if self._place(shorter) == place:
                    data = shorter
                else:
                    at += size
            size //= 2
        return data

    def _place(self, data: bytes) -> str:
        try:
            self._target.take(data)
        except Exception as exc:  # noqa: BLE001  as above
            return place_of(exc)
        return ""


def place_of(exc: Exception) -> str:
    """The kind of error and where it arose: the last line of the program, or of the target that complained."""
    frames = [frame for frame in traceback.extract_tb(exc.__traceback__) if "site-packages" not in frame.filename]
    own = [frame for frame in frames if "movie_sync" in frame.filename or "/fuzz/" in frame.filename]
    last = (own or frames)[-1]
    first = next((frame for frame in reversed(own) if not frame.filename.endswith("contract.py")), last)
    at, by = Path(last.filename).name, Path(first.filename).name
    return f"{type(exc).__name__} at {at}:{last.name} from {by}:{first.lineno}"


def main() -> None:
    """See above."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_FILE_BYTES, _MOST_FILE_BYTES))
    name, found, *arguments = sys.argv[1:]
    target = next(target for target in TARGETS if target.name == name)
    # Nobody saves a file in two steps here; to wait for it would be all that is done.
    json_files._SAVING_S = 0.0  # noqa: SLF001
    # What a text is asked to begin with guides the fuzzer. Its hook for patterns (3.0.0) breaks search(text, position).
    atheris.enabled_hooks.add("str")
    atheris.Setup([sys.argv[0], *arguments], Finder(target, Path(found)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
