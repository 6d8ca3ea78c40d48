"""``python -m reliability``: try everything, or the parts named; exit code 1 when anything was lost."""

import argparse
import datetime as dt
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from reliability import leaks, report
from reliability.report import Done
from reliability.scenarios import SCENARIOS
from reliability.tried import Effort, Tried

# Each has run(effort, folder).
PARTS = {
    "kills": "reliability.kills",
    "letterboxd": "reliability.faults.letterboxd",
    "filelist": "reliability.faults.filelist",
    "wikidata": "reliability.faults.wikidata",
    "torrents": "reliability.faults.torrents",
    "client": "reliability.faults.client",
    "machine": "reliability.faults.machine",
    "edits": "reliability.faults.edits",
    "rights": "reliability.rights",
    "fuzz": "reliability.fuzz",
    "soak": "reliability.soak",
    "supply": "reliability.supply",
    "mutations": "reliability.mutations",
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m reliability", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; none: all")
    parser.add_argument("--long", action="store_true", help="the long form: hours in place of minutes")
    parser.add_argument("--seed", type=int, default=1, help="of everything random (1)")
    parser.add_argument("--scenario", default="", choices=SCENARIOS, help="kills alone: this one of their scenarios")
    parser.add_argument("--write", action="store_true", help="write doc/reliability.md")
    parser.add_argument("--folder", type=Path, help="for what is tried; kept. Else a temporary one, deleted")
    given = parser.parse_args()
    if unknown := set(given.parts) - PARTS.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    if given.scenario and given.parts != ["kills"]:
        parser.error("--scenario goes with kills alone")
    return given


def _told(rows: Iterator[Tried]) -> Iterator[Tried]:
    """Each row, printed as it comes."""
    begun = time.monotonic()
    for row in rows:
        state = "LOST" if row.failed else "not tried" if not row.tries else "ok"
        print(f"{state:9} {row.part}: {row.fault} ({row.tries} tries, {time.monotonic() - begun:.0f} s)", flush=True)
        for sentence in row.lost or ((row.why_not,) if not row.tries else ()):
            print(f"          {sentence}", flush=True)
        begun = time.monotonic()
        yield row


def _try(name: str, effort: Effort, folder: Path) -> Done:
    """One part, and the search for secrets through what it left; mutations leak on purpose."""
    begun = time.monotonic()
    (folder / name).mkdir()
    ledger = folder / f"{name}.secrets.jsonl"
    if name == "mutations":
        os.environ.pop(leaks.LEDGER, None)
    else:
        os.environ[leaks.LEDGER] = str(ledger)
    rows = tuple(_told(importlib.import_module(PARTS[name]).run(effort, folder / name)))
    rows += tuple(_told(leaks.summed_up(name, ledger)))
    seconds = time.monotonic() - begun
    return Done(
        name, rows, effort.long, effort.seed, seconds, dt.datetime.now(dt.UTC).date().isoformat(), effort.scenario
    )


def main() -> int:
    """Run, print, keep each part's outcome in the folder, and write the page."""
    given = _arguments()
    effort = Effort(given.long, given.seed, given.scenario)
    parts: list[Done] = []
    with tempfile.TemporaryDirectory(prefix="reliability-", ignore_cleanup_errors=True) as scratch:
        folder = (given.folder or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(given.parts or PARTS, key=list(PARTS).index):
            parts.append(_try(name, effort, folder))
            report.keep(parts[-1], folder)
    rows = [row for done in parts for row in done.rows]
    print(report.summary(rows))
    if given.write:
        report.PAGE.write_text(report.page(parts), encoding="utf-8")
    return int(any(row.failed for row in rows))


if __name__ == "__main__":
    sys.exit(main())
