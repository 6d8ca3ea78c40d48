"""Whether twice the bytes take twice the work: calls are counted, so that a busy machine does not matter."""

import sys
import time
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

from reliability.fuzz.targets import Target

_SMALL_BYTES = 8 * 1024
_TIMES = 4
# Four times the bytes may cost eight times the calls; a quadratic parser makes sixteen times as many.
MOST_TIMES = 8
# What is too little to be counted, and too long to be waited for: a pattern that tries every way is no call.
_FEW_CALLS = 2000
MOST_CPU_S = 5.0
# So many of the seeds, the longest: they have the most in them that can be repeated.
_SEEDS = 3


def grown_too_fast(target: Target) -> Sequence[str]:
    """A sentence for each long input that cost more than it may; empty when none did."""
    longest = sorted(target.seeds, key=lambda path: path.stat().st_size)[-_SEEDS:]
    found = []
    for path in longest:
        for way, (small, large) in _stretched(path.read_bytes()).items():
            found += [f"{path.name} with {way}: {trouble}" for trouble in _trouble(target, small, large)]
    return [f"{len(found)} long inputs in place of {target.what} cost too much, such as {found[0]}"] if found else []


def _trouble(target: Target, small: bytes, large: bytes) -> Iterator[str]:
    try:
        few, _ = _cost(target, small)
        many, seconds = _cost(target, large)
    except Exception as exc:  # noqa: BLE001  what the fuzzer, whose inputs are short, did not find
        yield f"{type(exc).__name__}: {exc}"
        return
    if many > MOST_TIMES * max(few, _FEW_CALLS):
        yield f"{len(small)} bytes took {few} calls, {len(large)} bytes {many}."
    if seconds > MOST_CPU_S:
        yield f"{len(large)} bytes took {seconds:.1f} s."


def _stretched(data: bytes) -> dict[str, tuple[bytes, bytes]]:
    """Ways to make an input long: each as a small and a large one."""
    third = len(data) // 3
    ways = {
        "its middle repeated": (data[:third], data[third : 2 * third], data[2 * third :]),
        "its end repeated": (data[: 2 * third], data[2 * third :], b""),
        "its first bytes repeated": (b"", data[:8], data[8:]),
        "its last bytes repeated": (data[:-8], data[-8:], b""),
    }
    return {way: (_long(parts, 1), _long(parts, _TIMES)) for way, parts in ways.items() if parts[1]}


def _long(parts: tuple[bytes, bytes, bytes], times: int) -> bytes:
    before, middle, after = parts
    return before + middle * (_SMALL_BYTES * times // len(middle)) + after


def _cost(target: Target, data: bytes) -> tuple[int, float]:
    """Calls made and processor seconds used."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    begun = time.thread_time()
    sys.setprofile(count)
    try:
        target.take(data)
    finally:
        sys.setprofile(None)
    return calls, time.thread_time() - begun
