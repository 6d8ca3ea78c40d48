"""Runs targets under the fuzzer, each in a process of its own; keeps what crashed and what is worth trying again."""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reliability.fuzz.contract import scratch
from reliability.fuzz.targets import SEEDS, Target

_CHECKOUT = Path(__file__).resolve().parents[2]
_CHILD = Path(__file__).with_name("child.py")
# From the end of its time until a run counts as hanging: it starts slowly, and a last crash is made smaller first.
_GRACE_S = 120.0
# One input may take so long by the wall before libFuzzer ends the process; the machine may be busy.
_HANG_S = 25
_MOST_MEMORY_MB = 2048
# Of the inputs kept for one target: what a test runs in a moment, and what a person can look through.
KEPT_FILES = 40
KEPT_BYTES = 100_000
_STATS = {
    "executed": re.compile(rb"stat::number_of_executed_units:\s*(\d+)"),
    "edges": re.compile(rb" cov: (\d+) "),
    "inputs": re.compile(rb" corp: (\d+)/"),
}


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one run of one target.

    Attributes:
        tries: Inputs tried.
        edges: Places of the program they reached, as the fuzzer counts them.
        inputs: How many of them reached something the others did not.
        lost: A sentence a crash, with the file that shows it.
    """

    tries: int
    edges: int
    inputs: int
    lost: tuple[str, ...]


def installed() -> bool:
    """True where atheris is there."""
    return importlib.util.find_spec("atheris") is not None


def fuzz(target: Target, seconds: float, folder: Path, *, seed: int = 1, from_nothing: bool = False) -> Run:
    """Try changed inputs for a time; crashes are written to the target's seeds, so that they stay tests.

    Args:
        target: What to try.
        seconds: How long, without the start.
        folder: For the inputs found on the way: ``corpus`` in it.
        seed: Of the fuzzer's dice.
        from_nothing: Without the kept seeds and the target's words: to see what is found by itself.
    """
    corpus, found = folder / "corpus", folder / "found"
    for one in (corpus, found):
        one.mkdir(parents=True, exist_ok=True)
    arguments = [
        f"-max_total_time={max(1, round(seconds))}",
        f"-max_len={target.max_bytes}",
        f"-timeout={_HANG_S}",
        f"-rss_limit_mb={_MOST_MEMORY_MB}",
        f"-seed={seed}",
        f"-artifact_prefix={found}/",
        # Long inputs from the start: what is read here is seldom short.
        "-len_control=0",
        "-print_final_stats=1",
        str(corpus),
    ]
    if not from_nothing:
        arguments += [f"-dict={_dictionary(target, folder)}", str(SEEDS / target.name)]
    try:
        ended = _child(target, found, arguments, seconds + _GRACE_S)
    except subprocess.TimeoutExpired as exc:
        return Run(0, 0, 0, (f"Bytes in place of {target.what}: the run hung; {_tail(exc.stderr)}",))
    told = {name: [int(one) for one in pattern.findall(ended.stderr)] for name, pattern in _STATS.items()}
    lost = [_crash(target, path) for path in sorted(found.iterdir()) if path.suffix != ".json"]
    if not told["executed"] or (ended.returncode and not lost):
        lost.append(f"Bytes in place of {target.what}: the run ended with {ended.returncode}; {_tail(ended.stderr)}")
    last = {name: numbers[-1] if numbers else 0 for name, numbers in told.items()}
    return Run(last["executed"], last["edges"], last["inputs"], tuple(lost))


def _child(target: Target, found: Path, arguments: Sequence[str], seconds: float) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOVIE_SYNC_")}
    command = [sys.executable, str(_CHILD), target.name, str(found), *arguments]
    # libFuzzer ends its process without tidying up.
    with scratch() as passing:
        return subprocess.run(
            command,
            env=kept | {"PYTHONPATH": str(_CHECKOUT), "NO_PROXY": "*", "TMPDIR": str(passing)},
            cwd=found,
            capture_output=True,
            timeout=seconds,
            check=False,
        )


def _tail(output: bytes | None) -> str:
    return " | ".join((output or b"").decode("utf-8", "replace").strip().splitlines()[-3:])


def _dictionary(target: Target, folder: Path) -> Path:
    """The target's words as libFuzzer reads them (llvm.org/docs/LibFuzzer.html, Dictionaries)."""
    path = folder / "words"
    lines = ('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in target.words)
    path.write_text("".join(lines), encoding="ascii")
    return path


def _crash(target: Target, path: Path) -> str:
    """Take a crash among the seeds, and say what it is."""
    kept = SEEDS / target.name / (path.name if path.name.startswith("crash-") else f"crash-{path.name[:24]}")
    shutil.copyfile(path, kept)
    about = path.with_suffix(".json")
    if about.exists():
        said = json.loads(about.read_text(encoding="utf-8"))
        what = f"{said['kind']} ({said['text']}; {said['place']})"
    else:
        what = f"the process ended ({path.name.partition('-')[0]})"
    return f"Bytes in place of {target.what}: {what}; {kept.relative_to(_CHECKOUT)} shows it."


# -- what is kept


def keep(target: Target, folder: Path) -> int:
    """Of the seeds and what a run found, keep the fewest inputs that reach the most; within KEPT_FILES and KEPT_BYTES.

    Seeds made by hand, and crashes, always stay.

    Args:
        target: Whose.
        folder: As given to `fuzz`.

    Returns:
        How many inputs there are now.
    """
    new = [path for path in (folder / "corpus").iterdir() if 0 < path.stat().st_size <= target.max_bytes]
    reached = _reached(target, [*target.seeds, *sorted(new)], folder)
    chosen = [path for path in target.seeds if not path.name.startswith("kept-")]
    seen = {feature for path in chosen for feature in reached.get(path, ())}
    left = KEPT_BYTES - sum(path.stat().st_size for path in chosen)
    rest = {path: features - seen for path, features in reached.items() if path not in chosen}
    while rest and len(chosen) < KEPT_FILES:
        # Few bytes for much: what is read by people and kept for years is worth its size.
        best = max(rest, key=lambda path: len(rest[path]) / (64 + path.stat().st_size))
        gained = rest.pop(best)
        if gained and best.stat().st_size <= left:
            chosen.append(best)
            left -= best.stat().st_size
            rest = {path: features - gained for path, features in rest.items()}
    contents = [path.read_bytes() for path in chosen if path.name.startswith("kept-") or path in new]
    for path in target.seeds:
        if path.name.startswith("kept-"):
            path.unlink()
    for content in contents:
        (SEEDS / target.name / f"kept-{_name(content)}").write_bytes(content)
    return len(target.seeds)


def _reached(target: Target, paths: Sequence[Path], folder: Path) -> Mapping[Path, frozenset[int]]:
    """What each input reaches: libFuzzer's merge writes it down (its control file: FT, a number, features)."""
    control = folder / "control"
    control.write_text("".join(f"{line}\n" for line in (len(paths), 0, *paths)), encoding="utf-8")
    arguments = ["-merge_inner=1", f"-merge_control_file={control}", f"-max_len={target.max_bytes}"]
    _child(target, folder / "found", arguments, _GRACE_S + 0.2 * len(paths))
    lines = [line.split() for line in control.read_text(encoding="utf-8").splitlines()[len(paths) + 2 :]]
    return {paths[int(line[1])]: frozenset(map(int, line[2:])) for line in lines if line and line[0] == "FT"}


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
