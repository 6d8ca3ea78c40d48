"""Which files and folders of a tree others could read, if only for a moment.

The shim looks at each right after the call that made it, moved it there or changed its rights, and runs the program
with umask 000, so that nothing is private by the user's own umask.
"""

import re
from collections.abc import Collection
from pathlib import Path

from reliability.disk import preload

_LINE = re.compile(r"(?P<call>\w+) (?P<mode>[0-7]{4,5}) (?P<path>.+)")


def environment(tree: Path, log: Path, built: Path) -> dict[str, str]:
    """What to add to the environment of a program to watch.

    Args:
        tree: The folder to watch, a path without links; it need not be there yet.
        log: Where to write; of several programs too. There, though empty, as soon as one runs.
        built: As from `preload.build`.

    Raises:
        ValueError: As for preload.environment.
    """
    return preload.environment(built, tree, rights=str(log), umask="000")


def violations(log: Path, allowed: Collection[str] = ()) -> list[str]:
    """What others could read, one sentence each, in the order it was first seen; each file and call once.

    Args:
        log: As given to `environment`.
        allowed: Paths in the tree that may be open to others, with everything beneath them, such as ``downloads``.

    Raises:
        FileNotFoundError: No program ran under the shim, so nothing was looked at.
    """
    found = dict.fromkeys(log.read_text(encoding="utf-8", errors="replace").splitlines())
    sentences = []
    for line in found:
        parts = _LINE.fullmatch(line)
        if parts is None:
            sentences.append(f"The log of rights has a line that says nothing: {line!r}.")
        elif not any(parts["path"] == one or parts["path"].startswith(f"{one}/") for one in allowed):
            sentences.append(f"{parts['path']} was open to others ({parts['mode']}) after {parts['call']}.")
    return sentences
