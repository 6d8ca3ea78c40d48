"""``python -m benchmarks.economy [--quick]``: patience and economy, months of them by a simulated clock.

What trackers, Letterboxd and Wikidata are asked, and how soon a film is there all the same; each figure once more with
its mechanism switched off, which has to miss, to show that the figure can. Exit 1 when a figure misses, or when one
does not with its mechanism off. Takes about six minutes; ``--quick`` takes the same figures at small sizes in half a
minute.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks import economy_calls, economy_hours, economy_letterboxd, economy_sweep
from benchmarks.economy_world import Compared
from benchmarks.row import cpu_name

_WIDTH = 160

FULL: Mapping[str, Callable[[], Iterator[Compared]]] = {
    "films that are there": lambda: economy_calls.first_day(60, days=30),
    "films that are not there": lambda: economy_calls.not_there(500, first=8, days=30, days_off=2),
    "films that come": lambda: economy_sweep.upload_to_hand_over((10, 500, 5_000), came=40, days=8),
    "a large first list": lambda: economy_calls.backlog(2_000, newer=20),
    "rolling hours": lambda: economy_hours.rolling_hours(10_000, hours_off=1_000),
    "Letterboxd": lambda: economy_letterboxd.requests(2_540, known=2_400),
}
QUICK: Mapping[str, Callable[[], Iterator[Compared]]] = {
    "films that are there": lambda: economy_calls.first_day(5, days=3),
    "films that are not there": lambda: economy_calls.not_there(20, first=1, days=3, days_off=2),
    "films that come": lambda: economy_sweep.upload_to_hand_over((10, 100), came=20, days=1),
    "a large first list": lambda: economy_calls.backlog(150, newer=5),
    "rolling hours": lambda: economy_hours.rolling_hours(150, hours_off=150),
    "Letterboxd": lambda: economy_letterboxd.requests(90, known=70),
}


def missed(row: Compared) -> bool:
    """True when the figure is not what is asked for, or would be so too without what it is to prove."""
    return row.good is False or row.off_misses is False


def table_of(rows: Sequence[Compared]) -> Table:
    """For people."""
    table = Table("What", "Measured", "Asked for", "", "Switched off", title=f"Patience and economy, {cpu_name()}")
    for row in rows:
        off = f"{row.off} ({row.switched})" if row.off else ""
        off += "; does NOT miss" if row.off_misses is False else ""
        table.add_row(row.what, row.measured, row.asked, {None: "", True: "yes", False: "NO"}[row.good], off)
    return table


def main(arguments: Sequence[str]) -> int:
    """Print the table; exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.economy", description="Patience and economy, measured.")
    parser.add_argument("--quick", action="store_true", help="small sizes: half a minute instead of six")
    parts = QUICK if parser.parse_args(arguments).quick else FULL
    # A simulated month warns of what is meant to happen in it.
    logging.getLogger("movie_sync").setLevel(logging.ERROR)
    rows: list[Compared] = []
    for name, part in parts.items():
        begun = time.monotonic()
        rows += part()
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    Console(width=_WIDTH).print(table_of(rows))
    return 1 if any(map(missed, rows)) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
