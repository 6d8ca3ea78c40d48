"""``python -m reliability.fuzz [--seconds 60] [--keep] [TARGET …]``: fuzz some parsers, or all; see --help."""

import argparse
import sys
import tempfile
from pathlib import Path

from reliability.fuzz.runner import fuzz, installed, keep
from reliability.fuzz.targets import TARGETS


def main() -> int:
    """0 when nothing crashed."""
    parser = argparse.ArgumentParser("python -m reliability.fuzz", description="Fuzz the parsers of foreign bytes.")
    names = ", ".join(target.name for target in TARGETS)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"all, or some of: {names}")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each target runs (60)")
    parser.add_argument("--seed", type=int, default=1, help="of the fuzzer's dice (1)")
    parser.add_argument("--keep", action="store_true", help="keep the best inputs found in reliability/fuzz/seeds/")
    parser.add_argument("--from-nothing", action="store_true", help="without the kept seeds: what is found by itself?")
    chosen = parser.parse_args()
    if unknown := {*chosen.targets} - {one.name for one in TARGETS}:
        parser.error(f"there is no target {min(unknown)}")
    if not installed():
        parser.error("atheris is not installed: pip install -e .[test]")
    crashed = False
    with tempfile.TemporaryDirectory(prefix="movie-sync-fuzz-") as folder:
        for target in TARGETS:
            if chosen.targets and target.name not in chosen.targets:
                continue
            place = Path(folder) / target.name
            run = fuzz(target, chosen.seconds, place, seed=chosen.seed, from_nothing=chosen.from_nothing)
            kept = f", {keep(target, place)} kept" if chosen.keep else ""
            print(f"{target.name}: {run.tries} tries, {run.edges} edges, {run.inputs} inputs{kept}", flush=True)
            for sentence in run.lost:
                print(f"  {sentence}", flush=True)
            crashed = crashed or bool(run.lost)
    return int(crashed)


if __name__ == "__main__":
    sys.exit(main())
