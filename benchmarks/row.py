"""One line of a table, and the machine it was measured on."""

import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """A figure beside what it has to reach; ``good`` is None where nothing is asked."""

    what: str
    measured: str
    asked: str = ""
    good: bool | None = None


def cpu_name() -> str:
    """What Linux calls the processor; the architecture where it does not say."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
