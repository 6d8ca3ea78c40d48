"""One line of the table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A figure beside what it has to reach; ``good`` is None where nothing is asked."""

    what: str
    measured: str
    asked: str = ""
    good: bool | None = None
