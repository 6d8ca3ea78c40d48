"""The shim (preload.c): made once by the C compiler, and given to a program by its environment."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from reliability.disk import NotHere

_SOURCE = Path(__file__).with_name("preload.c")
_COMPILE_S = 60


def build(folder: Path) -> Path:
    """Compile the shim, unless it lies in the folder already.

    Args:
        folder: A scratch folder; several processes may share it.

    Returns:
        The library to load.

    Raises:
        NotHere: No Linux, no C compiler, or one that cannot make it.
    """
    built = folder / "preload.so"
    if built.exists():
        return built
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NotHere("no C compiler")
    if sys.platform != "linux":
        raise NotHere("no Linux")
    temp = folder / f"preload.{os.getpid()}.so"
    # Some compilers check arguments by replacing the very functions the shim defines.
    flags = ("-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-U_FORTIFY_SOURCE")
    made = subprocess.run(
        [compiler, *flags, "-o", str(temp), str(_SOURCE), "-ldl"],
        capture_output=True,
        text=True,
        timeout=_COMPILE_S,
        check=False,
    )
    if made.returncode:
        raise NotHere(f"the C compiler cannot make {_SOURCE.name}: {made.stderr.strip()[:300]}")
    temp.replace(built)
    return built


def environment(built: Path, tree: Path, **parts: str) -> dict[str, str]:
    """What to add to a program's environment.

    Args:
        built: As from `build`.
        tree: The folder to watch; it need not be there yet.
        parts: The other variables of preload.c, without what they all begin with: ``shadow``, ``rights``, …

    Raises:
        ValueError: The tree's path has links in it, by which the shim would not know it.
    """
    if tree != tree.resolve():
        raise ValueError(f"{tree} has to be absolute and without links: {tree.resolve()}")
    before = os.environ.get("LD_PRELOAD", "")
    return {
        "LD_PRELOAD": f"{built}:{before}" if before else str(built),
        "RELIABILITY_DISK_WATCH": str(tree),
        **{f"RELIABILITY_DISK_{name.upper()}": value for name, value in parts.items()},
    }
