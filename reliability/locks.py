"""What the locks say: which version of each package, and the hashes of its files."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "locks"
_PIN = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[\w.+!]+)(?: ; (?P<marker>[^\\]+?))? ?\\?")
_HASH = re.compile(r"    --hash=sha256:([0-9a-f]{64})(?: \\)?")


@dataclass(frozen=True, slots=True)
class Pin:
    """One locked package.

    Attributes:
        name: As the index writes it, in lower case with hyphens.
        marker: Where it is installed; "" for everywhere.
        hashes: SHA-256 of each of its files, in hex.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def read_lock(text: str) -> list[Pin]:
    """The packages of a lock, in its order.

    Raises:
        ValueError: A line is neither a package with its exact version, nor a hash of one, nor a comment.
    """
    pins: list[tuple[re.Match[str], list[str]]] = []
    for line in text.splitlines():
        if pin := _PIN.fullmatch(line):
            pins.append((pin, []))
        elif (digest := _HASH.fullmatch(line)) and pins:
            pins[-1][1].append(digest[1])
        elif line.strip() and not line.lstrip().startswith("#"):
            raise ValueError(f"a lock holds {line!r}")
    return [Pin(pin["name"], pin["version"], pin["marker"] or "", tuple(hashes)) for pin, hashes in pins]


def locked(folder: Path = FOLDER) -> dict[str, list[Pin]]:
    """Every lock by its file's name. Raises as read_lock."""
    return {path.name: read_lock(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.txt"))}


def everything(locks: Iterable[list[Pin]]) -> list[str]:
    """``name==version`` of what stands in any of the locks, each once, wherever it is installed."""
    return sorted({f"{pin.name}=={pin.version}" for lock in locks for pin in lock})
