"""doc/reliability.md, made from what was tried: ``python -m reliability.report FOLDER...`` joins runs' folders."""

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from reliability import leaks
from reliability.tried import Tried

_KEPT = ".tried.json"
_POINTS = re.compile(r"[\d,]+ named points")
_FOLDER = re.compile(r"/[^\s:]*/try-\d+/")
PAGE = Path(__file__).resolve().parents[1] / "doc" / "reliability.md"
_HEAD = """\
# What was tried against the promises

Nothing lost, nothing doubled, nothing leaked: this page is written by the run that tried it (`make reliability`, the
long form) and is not edited by hand. Each fault was put to the real program, on real sockets and files, with a real
qbittorrent-nox behind it where transfers matter. What was lost is computed by the invariant check
(`reliability/invariants.py`), never judged by eye:

- every wished film is in exactly one queue, and in exactly that file; none is forgotten, none is there twice;
- a film has at most one current transfer; the client has one torrent for each, and none that no transfer stands for;
- database, queue files, settings and credentials can be read; every downloaded byte is the byte that was seeded;
- no call of the tracker was made without being counted; no file was left half written.

A fault that could not be tried for want of a right or a program reads *not tried* and is counted. The mutations at the
end take one safety out of a copy of the program each: the run has to turn red, or its green would prove nothing.
"""


class Done(msgspec.Struct, frozen=True):
    """A part that was tried to its end, as a run keeps it.

    Attributes:
        name: As it is called on the command line.
        rows: What it came to.
        long: The long form.
        seed: Of everything random.
        seconds: It took.
        ended: The day, as YYYY-MM-DD.
        scenario: See Effort.
    """

    name: str
    rows: tuple[Tried, ...]
    long: bool
    seed: int
    seconds: float
    ended: str
    scenario: str = ""

    @property
    def command(self) -> str:
        """What tries it again."""
        scenario = f" --scenario '{self.scenario}'" if self.scenario else ""
        return f"python -m reliability {self.name}{' --long' if self.long else ''} --seed {self.seed}{scenario}"


def keep(done: Done, folder: Path) -> None:
    """Write a part's outcome into a run's folder."""
    (folder / f"{done.name}{done.scenario and '-'}{done.scenario}{_KEPT}").write_bytes(msgspec.json.encode(done))


def kept(folders: Iterable[Path]) -> list[Done]:
    """The parts that runs kept, in the order of the folders; of one tried twice the later.

    Raises:
        ValueError: A folder keeps none.
    """
    found: dict[str, Done] = {}
    for folder in folders:
        paths = sorted(folder.glob(f"*{_KEPT}"), key=lambda path: path.stat().st_mtime)
        if not paths:
            raise ValueError(f"{folder} keeps no part of a run")
        found |= {path.name: msgspec.json.decode(path.read_bytes(), type=Done) for path in paths}
    return list(found.values())


def page(parts: Sequence[Done]) -> str:
    """The whole page; of a fault tried twice the later outcome; what was searched for secrets comes last."""
    # How many points there are changes with the program; it is the same fault.
    rows = list({(row.part, _POINTS.sub("", row.fault)): row for done in parts for row in done.rows}.values())
    text = [_HEAD, summary(rows), "\n| tried by | minutes | on |", "|---|---|---|"]
    text += [f"| `{done.command}` | {done.seconds / 60:.1f} | {done.ended} |" for done in parts]
    for part in sorted(dict.fromkeys(row.part for row in rows), key=lambda part: part == leaks.PART):
        text += [f"\n## {part}\n", "| fault | what the user sees | tries | lost |", "|---|---|---|---|"]
        text += [_line(row) for row in rows if row.part == part]
    return "\n".join(text) + "\n"


def summary(rows: Sequence[Tried]) -> str:
    """Counts, in one sentence."""
    tried = [row for row in rows if row.tries]
    failed = sum(row.failed for row in rows)
    lost = "Nothing was lost." if not failed else f"{failed} of them LOST something."
    tries = sum(row.tries for row in tried)
    return f"{len(tried)} faults were tried, {tries:,} times in all; {len(rows) - len(tried)} were not tried. {lost}"


def _line(row: Tried) -> str:
    lost = "; ".join(row.lost) if row.failed else "nothing"
    if not row.tries:
        lost = f"*not tried*: {row.why_not}"
    return f"| {_cell(row.fault)} | {_cell(row.seen)} | {row.tries:,} | {_cell(lost)} |"


def _cell(text: str) -> str:
    """One line; where a try's folder lay on the machine is nobody's business."""
    return " ".join(_FOLDER.sub("/", text).replace("|", "\\|").split())


if __name__ == "__main__":
    PAGE.write_text(page(kept(map(Path, sys.argv[1:]))), encoding="utf-8")
