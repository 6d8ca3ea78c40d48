"""``python -m benchmarks``: one table, the CPU named; exit 1 when a budget is missed."""

import os
import platform
import sys

from rich.console import Console
from rich.table import Table

from benchmarks import library_cost, process_cost, queue_cost, watchlist_cost
from benchmarks.row import cpu_name
from movie_sync import __version__


def main() -> int:
    title = f"Movie Sync {__version__}, Python {platform.python_version()}, {os.cpu_count()} × {cpu_name()}"
    table = Table("What", "Measured", "Asked for", "", title=title)
    missed = 0
    for part in (watchlist_cost, queue_cost, library_cost, process_cost):
        for row in part.rows():
            table.add_row(row.what, row.measured, row.asked, {None: "", True: "yes", False: "NO"}[row.good])
            missed += row.good is False
    Console(width=130).print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
