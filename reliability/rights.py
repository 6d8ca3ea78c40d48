"""Rights at every moment: with umask 000, nothing the program makes in its home may be open to others, ever."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from movie_sync.demo.nox import installed
from reliability.disk import NotHere, preload, rights
from reliability.scenarios import SCENARIOS
from reliability.stage import Stage
from reliability.tried import Effort, Tried

PART = "Rights"
# What else writes into the home folder, once a life has gone by.
COMMANDS: Sequence[Sequence[str]] = (
    ("backup", "{home}/backup.tar.gz"),
    ("diagnose", "{home}/bundle.zip"),
    ("config", "set", "check_interval", "7200"),
    ("remove", "Nosferatu (1922)"),
    ("add", "Nosferatu (1922)"),
    ("search", "Metropolis (1927)"),
    ("check",),
    ("library", "scan"),
    ("cleanup", "preview"),
)


def _watch(stage: Stage, built: Path) -> Path:
    """From now on every process of this try is watched; where it is written down."""
    log = stage.program.folder / "rights.txt"
    stage.program.environment |= rights.environment(stage.program.home, log, built)
    return log


def run(effort: Effort, folder: Path) -> Iterator[Tried]:  # noqa: ARG001  each once in either form
    """See `reliability`."""
    if not installed():
        yield Tried(PART, "rights of files and folders", why_not="qbittorrent-nox is not installed")
        return
    try:
        built = preload.build(folder)
    except NotHere as exc:
        yield Tried(PART, "rights of files and folders", why_not=str(exc))
        return
    with Stage(folder / "stage") as stage:
        for scenario in SCENARIOS.values():
            stage.fresh()
            scenario.prepare(stage)
            log = _watch(stage, built)
            lost = (*scenario.settle(stage), *rights.violations(log))
            yield Tried(PART, f"{scenario.words}, with umask 000", "nothing: all is 0600 and 0700", 1, lost)
        yield _commands(stage, built)


def _commands(stage: Stage, built: Path) -> Tried:
    program = stage.fresh()
    log = _watch(stage, built)
    lost = SCENARIOS["life"].settle(stage)
    for command in COMMANDS:
        done = program.ask(*(word.format(home=program.home) for word in command))
        if "Traceback" in done.stderr:
            lost.append(f"{command[0]} ended with a traceback.")
    lost += rights.violations(log)
    return Tried(PART, "commands, with umask 000", "nothing: all is 0600 and 0700", len(COMMANDS), tuple(lost))
