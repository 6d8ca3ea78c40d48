"""Fuzzing: changed bytes in place of everything the program reads, guided by which of its lines they reach."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reliability.fuzz.growth import grown_too_fast
from reliability.fuzz.runner import Run, fuzz, installed
from reliability.fuzz.targets import TARGETS, Target
from reliability.tried import Effort, Tried

PART = "Fuzzing"
# With the start of each, a minute and twenty for all.
SHORT_S = 1.0
LONG_S = 60.0
# Each runs in a process of its own.
AT_ONCE = 2
# What differs from run to run: folders of a moment, which stand for the user's own, ports and times.
_PASSING = (
    (r"\S*/movie-sync-fuzz-\w+/(?:home/)?", ""),
    (r"(127\.0\.0\.1):\d+", r"\1"),
    (r"\d{4}-\d\d-\d\dT\d{6}Z", "DATE"),
)


def run(effort: Effort, folder: Path) -> Iterator[Tried]:
    """Each parser for a time; what crashes it is lost, and becomes a seed.

    Args:
        effort: How long each, and the fuzzer's dice.
        folder: An empty one.
    """
    if not installed():
        for target in TARGETS:
            yield Tried(PART, _fault(target), why_not="atheris is not installed")
        return

    def fuzzed(target: Target) -> Run:
        return fuzz(target, LONG_S if effort.long else SHORT_S, folder / target.name, seed=effort.seed)

    with ThreadPoolExecutor(AT_ONCE) as processes:
        for target, found in zip(TARGETS, processes.map(fuzzed, TARGETS), strict=True):
            lost = (*found.lost, *grown_too_fast(target))
            yield Tried(PART, _fault(target), example(target), found.tries, lost)


def _fault(target: Target) -> str:
    return f"Bytes in place of {target.what}"


def example(target: Target) -> str:
    """What a user is told of such bytes: the first sentence a seed made by hand brings about; "" when all are taken."""
    by_hand = (path for path in target.seeds if not path.name.startswith(("crash-", "kept-")))
    told = next(filter(None, (target.take(path.read_bytes()) for path in by_hand)), "")
    for pattern, instead in _PASSING:
        told = re.sub(pattern, instead, told)
    return told
