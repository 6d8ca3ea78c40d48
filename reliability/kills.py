"""Kills: the real process is ended by SIGKILL, or by a power cut, at every named point and at random moments."""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from movie_sync.demo.nox import installed
from movie_sync.store import DATABASE_FILE
from reliability import invariants
from reliability.disk import NotHere, power_cut, preload
from reliability.scenarios import SCENARIOS, Scenario
from reliability.stage import Stage
from reliability.tried import Effort, Tried

PART = "Kills"
WAYS = ("killed", "killed with qBittorrent", "power cut")
# What a life passes between two effects, and at which point of the code that is. Each has to be reached.
STEPS: Mapping[str, str] = {
    "page read": "LetterboxdWatchlistMonitor._get: answered",
    "enqueue": "QueueManager.wish: before commit",
    "enqueued": "QueueManager.wish: committed",
    "claim": "QueueManager.claim: before commit",
    "claimed": "QueueManager.claim: committed",
    "call counted": "take_turn: committed",
    "search answer": "FileListDownloader._call: answered",
    "torrent fetched": "FileListDownloader.fetch_torrent: answered",
    "torrent written": "HASH.torrent: renamed",
    "intent": "QueueManager.intend: before commit",
    "intent stored": "QueueManager.intend: committed",
    "add sent": "QBittorrentManager._add: before asking",
    "add answered": "QBittorrentManager._add: answered",
    "handed over": "QueueManager.handed_over: committed",
    "completed": "QueueManager.downloaded: before commit",
    "torrent deleted": "HASH.torrent: deleted",
    "pending face announced": "QueueFiles._write: committed",
    "pending face before rename": "queue_pending.json: before rename",
    "pending face renamed": "queue_pending.json: renamed",
    "failed face before rename": "queue_failed.json: before rename",
    "failed face renamed": "queue_failed.json: renamed",
    "completed face before rename": "queue_completed.json: before rename",
    "completed face renamed": "queue_completed.json: renamed",
    "hand edits": "QueueFiles._carry_out: before commit",
    "hand edits merged": "QueueFiles._carry_out: committed",
    "key": ".key: before link",
    "credentials": "credentials.enc: before rename",
    "credentials stored": "credentials.enc: renamed",
    "migration": "migrate: before BEGIN EXCLUSIVE",
    "migrated": "migrate: before COMMIT",
}
# A life of the demo's films takes three seconds; a kill later than that finds a service at rest.
_LIFE_S = 3.0
# A try mostly waits.
JOBS = 2 * (os.cpu_count() or 1)
_KILLS_A_HOME = 4
# A mutated program need not be waited for as long: what it forgot it does not remember.
_PATIENCE_S, _MUTATED_S = 40.0, 15.0
_MOST_EFFECTS = 700


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill.

    Attributes:
        way: Of WAYS.
        scenario: What the program does when it happens.
        plan: See `reliability.launch`; empty: after a time.
        after_s: Seconds after the start; for an empty plan.
        seed: Of what survives a power cut.
    """

    way: str
    scenario: str
    plan: Mapping[str, object]
    after_s: float = 0.0
    seed: int = 0


def points(stage: Stage, scenario: Scenario) -> list[str]:
    """The names of all points a scenario passes, in the order in which they are first passed."""
    program = stage.fresh()
    scenario.prepare(stage)
    record = program.folder / "points.txt"
    program.plan = {"record": str(record)}
    if scenario.serves:
        scenario.settle(stage)
    else:
        program.start(*scenario.arguments).wait(timeout=60)
    return list(dict.fromkeys(record.read_text(encoding="utf-8").splitlines()))


class _Ways:
    """How a process ends, and what is left on disk afterwards.

    Args:
        stage: Where.
        folder: For shadows of the disk.
        built: The compiled preload; None when there is no compiler.
    """

    def __init__(self, stage: Stage, folder: Path, built: Path | None) -> None:
        self._stage = stage
        self._folder = folder
        self._built = built

    def arm(self, kill: Kill) -> None:
        """Before the start."""
        if kill.way == "power cut":
            assert self._built is not None
            shadow = self._shadow()
            shutil.rmtree(shadow, ignore_errors=True)
            home = self._stage.program.home
            self._stage.program.write_settings()  # a person's, long before
            power_cut.begin(home, shadow)
            self._stage.program.environment |= power_cut.environment(home, shadow, self._built)

    def struck(self, kill: Kill) -> None:
        """After the process has ended."""
        program, server = self._stage.program, self._stage.server
        if kill.way == "power cut":
            dice = random.Random(kill.seed) if kill.seed % 2 else None
            left = program.folder / "survived"
            power_cut.what_survived(program.home, self._shadow(), left, dice)
            shutil.rmtree(program.home)
            left.rename(program.home)
            for name in power_cut.environment(program.home, self._shadow(), self._built or Path()):
                program.environment.pop(name, None)
        if kill.way != "killed" and server is not None:
            server.kill()
            server.start()

    def _shadow(self) -> Path:
        return self._stage.program.folder / "shadow"


def strike(stage: Stage, ways: _Ways, kill: Kill) -> tuple[bool, list[str]]:
    """Start the program, kill it, and look at what is left.

    Returns:
        Whether it was killed (else it never came to that point), and what was wrong at rest.
    """
    program = stage.program
    program.plan = dict(kill.plan)
    ways.arm(kill)
    database = program.home / DATABASE_FILE
    began_without = not database.exists()
    process = program.start(*SCENARIOS[kill.scenario].arguments)
    try:
        process.wait(timeout=kill.after_s if not kill.plan else 4 * _LIFE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    killed = process.returncode == -9
    ways.struck(kill)
    program.plan = {}
    # A home that never had one knows of nothing yet.
    return killed, [] if began_without and not database.exists() else invariants.now(stage)


def one_home(stage: Stage, ways: _Ways, kills: Sequence[Kill]) -> tuple[int, list[str]]:
    """Kill the program of one home several times, and let it end its work then.

    Returns:
        How often it was killed, and what was lost.
    """
    scenario = SCENARIOS[kills[0].scenario]
    stage.fresh()
    scenario.prepare(stage)
    killed, lost = 0, []
    for kill in kills:
        struck, wrong = strike(stage, ways, kill)
        killed += struck
        lost += [f"{kill.way} at {_moment(kill)}: {sentence}" for sentence in wrong]
        if lost:
            return killed, lost
    lost += [f"{kills[-1].way} at {_moment(kills[-1])}: {sentence}" for sentence in scenario.settle(stage)]
    if not lost:
        stage.forget_try()
    return killed, lost


def _moment(kill: Kill) -> str:
    if isinstance(at := kill.plan.get("at"), list):
        return f"{at[0]!r} ({at[1]})"
    return f"effect {kill.plan['after']}" if kill.plan else f"{kill.after_s:.2f} s"


# -- in processes of their own, one a core

_Job = tuple[Path, tuple[tuple[Kill, ...], ...], Path | None, Path | None]
_Found = list[tuple[tuple[Kill, ...], int, list[str]]]


def _work(job: _Job) -> _Found:
    folder, homes, built, package = job
    found: _Found = []
    with Stage(folder, package=package, patience_s=_PATIENCE_S if package is None else _MUTATED_S) as stage:
        ways = _Ways(stage, folder, built)
        for kills in homes:
            found.append((kills, *one_home(stage, ways, kills)))
    return found


def try_all(
    folder: Path,
    scenario: str,
    homes: Sequence[tuple[Kill, ...]],
    built: Path | None,
    *,
    package: Path | None = None,
    jobs: int = JOBS,
) -> _Found:
    """Try homes of one scenario, spread over some processes; see `one_home`.

    Args:
        folder: Scratch.
        scenario: Of SCENARIOS.
        homes: The kills of each home, in their order.
        built: The compiled preload; None: no power cuts among the kills.
        package: See Stage.
        jobs: Processes.
    """
    parts: list[_Job] = [
        (folder / f"{scenario}-{number}", tuple(homes[number::jobs]), built, package)
        for number in range(min(jobs, len(homes)))
    ]
    for part in parts:
        part[0].mkdir(parents=True)
    with ProcessPoolExecutor(jobs) as pool:
        return [found for done in pool.map(_work, parts) for found in done]


# -- what is tried


def _ways(built: Path | None) -> tuple[str, ...]:
    return WAYS if built is not None else WAYS[:2]


def at_points(effort: Effort, folder: Path, built: Path | None) -> Iterator[Tried]:
    """Every scenario at every point it passes, each way; in the short run each step of STEPS once, one way each."""
    reached: set[str] = set()
    for name, scenario in SCENARIOS.items():
        if effort.scenario not in {"", name}:
            continue
        with Stage(folder / f"{name}-points") as stage:
            names = points(stage, scenario)
        passed = names
        if not effort.long:
            names = [point for point in names if point in STEPS.values() and point not in reached]
        ways = _ways(built)
        kills = [
            Kill(way, name, {"at": [point, 1]}, seed=number)
            for number, point in enumerate(names)
            for way in (ways if effort.long else (ways[number % len(ways)],))
        ]
        reached.update(passed)
        found = try_all(folder / "points", name, [(kill,) for kill in kills], built)
        for way in dict.fromkeys(kill.way for kill in kills):
            yield _row(f"{scenario.words}: {way} at {{}} named points", way, found)
    if effort.scenario:
        return
    missing = sorted(step for step, point in STEPS.items() if point not in reached)
    yield Tried(
        PART, "every step has its point", tries=len(STEPS), lost=tuple(f"{step} has no point." for step in missing)
    )


def _row(words: str, way: str, found: _Found) -> Tried:
    own = [(count, lost) for kills, count, lost in found if kills[0].way == way]
    killed = sum(count for count, _ in own)
    lost = tuple(sentence for _, sentences in own for sentence in sentences)
    return Tried(PART, words.format(killed), "nothing: the next start goes on", killed, lost)


def at_random(effort: Effort, folder: Path, built: Path | None) -> Iterator[Tried]:
    """The first life at random moments: half by the clock, half by the count of effects; several kills a home."""
    dice = random.Random(effort.seed)
    for way in _ways(built):
        count = 400 if way == "killed" else 300
        homes = [_random_kills(dice, way) for _ in range(count // _KILLS_A_HOME if effort.long else 2)]
        found = try_all(folder / f"random-{way.replace(' ', '-')}", "life", homes, built)
        yield _row(f"the first life: {way} at {{}} random moments", way, found)


def _random_kills(dice: random.Random, way: str) -> tuple[Kill, ...]:
    kills = []
    for _ in range(_KILLS_A_HOME):
        seed = dice.randrange(10**6)
        if dice.random() < 0.5:
            kills.append(Kill(way, "life", {}, after_s=dice.uniform(0.3, _LIFE_S), seed=seed))
        else:
            pause_s = dice.choice((0.0, dice.uniform(0.0, 0.02)))
            plan = {"after": dice.randint(1, _MOST_EFFECTS // 2), "pause_s": pause_s}
            kills.append(Kill(way, "life", plan, seed=seed))
    return tuple(kills)


def run(effort: Effort, folder: Path) -> Iterator[Tried]:
    """See `reliability`."""
    if not installed():
        yield Tried(PART, "kills at named points and random moments", why_not="qbittorrent-nox is not installed")
        return
    built: Path | None = None
    try:
        built = preload.build(folder)
    except NotHere as exc:
        yield Tried(PART, "power cuts: what was not synced is dropped", why_not=str(exc))
    yield from at_points(effort, folder, built)
    if not effort.scenario:
        yield from at_random(effort, folder, built)
