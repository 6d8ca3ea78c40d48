"""Tables of faults tried in several processes at once, each with a stage of its own: a try mostly waits."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from reliability.faults.trial import Fault, summed, try_once
from reliability.stage import Stage
from reliability.tried import Effort, Tried

JOBS = 2 * (os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of faults, as another process can make it again.

    Attributes:
        part: The heading of its rows.
        make: Gives the same faults each time; picklable, so a function of a module, or a partial of one.
        qbittorrent: See Stage.
    """

    part: str
    make: Callable[[], Sequence[Fault]]
    qbittorrent: bool = True


def _work(job: tuple[Table, Path, Sequence[int], Path | None]) -> list[tuple[int, Tried]]:
    table, folder, numbers, package = job
    faults = table.make()
    with Stage(folder, qbittorrent=table.qbittorrent, package=package) as stage:
        return [(number, try_once(table.part, faults[number], stage)) for number in numbers]


def try_table(
    table: Table, effort: Effort, folder: Path, *, package: Path | None = None, jobs: int = JOBS
) -> Iterator[Tried]:
    """Try a table, in the short run the sample of it; the rows come in the table's order.

    Args:
        table: What is tried.
        effort: Long or short.
        folder: Scratch, empty.
        package: See Stage.
        jobs: Processes.
    """
    numbers = [number for number, fault in enumerate(table.make()) if effort.long or fault.short]
    parts = [(table, folder / str(job), numbers[job::jobs], package) for job in range(min(jobs, len(numbers)))]
    for part in parts:
        part[1].mkdir(parents=True)
    with ProcessPoolExecutor(max(1, len(parts))) as pool:
        found = sorted((pair for done in pool.map(_work, parts) for pair in done), key=lambda pair: pair[0])
    yield from summed(row for _, row in found)
