"""The wall clock is set while the program runs, or while it does not: schedules hold, and no call is made twice."""

import time
from functools import partial
from pathlib import Path

from reliability import invariants
from reliability.faults.lifted import busy_s, plainly
from reliability.faults.trial import Fault, Trial, set_clock, until

_HOUR_S, _DAY_S = 3600, 86400
# Time of the clock when the program was written is of no matter: 1970 is reached from wherever it stands.
JUMPS: tuple[tuple[str, float | None], ...] = (
    ("an hour ahead", _HOUR_S),
    ("a day ahead", _DAY_S),
    ("five years ahead", 5 * 365 * _DAY_S),
    ("an hour back", -_HOUR_S),
    ("a day back", -_DAY_S),
    ("back to 1970", None),
)
MOMENTS_S = (0.0, 0.3, 0.8, 1.5, 2.5)
# A worker looks at its schedule once a minute at the latest.
_NEXT_LOOK_S = 75.0
# Awake, yet with nothing to do.
_LOOKED_AT_S = 3.0
_MOST_BUSY = 0.35
# Fewer than the films of a life need.
_BUDGET = 5


def _set(trial: Trial, jump_s: float | None) -> None:
    """Set the program's wall clock."""
    ahead_s = 1000.0 - time.time() if jump_s is None else jump_s
    set_clock(_clock(trial), ahead_s)


def _clock(trial: Trial) -> Path:
    return trial.program.folder / "clock.txt"


def _with_clock(trial: Trial) -> None:
    _set(trial, 0.0)
    trial.program.plan["clock"] = str(_clock(trial))


def _all_but_one(trial: Trial) -> dict[str, str]:
    """One film less is wished for; how the others have to end."""
    *wished, last = trial.stage.films
    trial.stage.world.site.films = [film.movie for film in wished]
    return {name: state for name, state in trial.stage.expected.items() if name != str(last.movie)}


def _all(trial: Trial) -> None:
    trial.stage.world.site.films = [film.movie for film in trial.stage.films]


def _rests(trial: Trial) -> None:
    """Nothing to do is no reason to be busy, or to ask anybody."""
    assert trial.program.process is not None
    pid, world = trial.program.process.pid, trial.stage.world
    time.sleep(1.5)  # the files are written once more
    busy, asked = busy_s(pid), len(world.site.requests) + len(world.api.requests)
    time.sleep(_LOOKED_AT_S)
    busy = busy_s(pid) - busy
    trial.expect(busy < _MOST_BUSY * _LOOKED_AT_S, f"It was busy for {busy:.1f} of {_LOOKED_AT_S:.0f} s.")
    again = len(world.site.requests) + len(world.api.requests) - asked
    trial.expect(again <= 2, f"It asked {again} times in {_LOOKED_AT_S:.0f} s with nothing to do.")


def jumped(trial: Trial, jump_s: float | None, after_s: float) -> None:
    """The clock jumps in the middle of a life, which goes on."""
    _with_clock(trial)
    trial.start(after_s)
    _set(trial, jump_s)
    trial.program.until(lambda seen: seen == trial.stage.expected)
    _rests(trial)
    trial.ends()


def jumped_twice(trial: Trial) -> None:
    """The clock jumps ahead and back again, as a machine without a battery does when it finds the time."""
    _with_clock(trial)
    trial.start(0.3)
    for jump_s in (None, 0.0, 5.0 * 365 * _DAY_S, 0.0):
        _set(trial, jump_s)
        time.sleep(0.5)
    trial.ends()


def timers_go_on(trial: Trial, jump_s: float | None) -> None:
    """The clock jumps when all is done; a new wish is found all the same, by the schedule and nothing else."""
    _with_clock(trial)
    wanted = _all_but_one(trial)
    trial.start()
    trial.program.until(lambda seen: seen == wanted)
    _set(trial, jump_s)
    _all(trial)
    found = until(lambda: trial.program.statuses() == trial.stage.expected, _NEXT_LOOK_S)
    trial.expect(found, "A new wish was not found after the clock had jumped.")
    trial.ends()


def jumped_while_stopped(trial: Trial, jump_s: float | None) -> None:
    """The clock is set while nothing runs; a new wish is found by the next start."""
    _with_clock(trial)
    wanted = _all_but_one(trial)
    trial.start()
    trial.program.until(lambda seen: seen == wanted)
    trial.lost += trial.stage.end()
    _set(trial, jump_s)
    _all(trial)
    trial.program.start()
    if jump_s is not None and 0 <= jump_s < _HOUR_S:
        trial.asked_again()
    trial.ends()


def budget_holds(trial: Trial, jump_s: float | None) -> None:
    """No hour of the machine's own time has more calls than are allowed, whatever the clock says."""
    _with_clock(trial)
    trial.program.settings["api_calls_per_hour"] = _BUDGET
    api = trial.stage.world.api
    trial.start()
    trial.expect(until(lambda: len(api.calls()) >= 2), "Nothing was asked.")
    _set(trial, jump_s)
    trial.program.ask("retry", "--now")
    time.sleep(3)
    trial.lost += trial.stage.end()
    trial.start(3)
    trial.expect(len(api.calls()) <= _BUDGET, f"{len(api.calls())} calls were made in an hour that has {_BUDGET}.")
    trial.lost += [*trial.stage.end(), *invariants.now(trial.stage)]
    trial.program.settings["api_calls_per_hour"] = 120
    trial.program.start()
    trial.ends()


CLOCKS = (
    *(
        Fault(f"the clock is set {words}, at {{}} moments", plainly(partial(jumped, jump_s=jump, after_s=at)))
        for words, jump in JUMPS
        for at in MOMENTS_S
    ),
    Fault("the clock is set to 1970, right, far ahead and right again", plainly(jumped_twice)),
    *(
        Fault(
            f"the clock is set {words} while it is stopped",
            plainly(partial(jumped_while_stopped, jump_s=jump)),
            words == "a day back",
        )
        for words, jump in JUMPS
    ),
    *(
        Fault(f"the clock is set {words}: the timers go on", plainly(partial(timers_go_on, jump_s=jump)))
        for words, jump in JUMPS
    ),
    *(
        Fault(
            f"the clock is set {words}: the call budget is kept",
            plainly(partial(budget_holds, jump_s=jump)),
            words == "five years ahead",
        )
        for words, jump in JUMPS
    ),
)
