"""Signals, a sleep, limits of the system, and a second instance."""

import os
import signal
import subprocess
import time
from collections.abc import Collection, Sequence
from functools import partial

from reliability import invariants
from reliability.faults.lifted import Attempt, goes_on, plainly, told_or_done
from reliability.faults.trial import STOP_S, Fault, Trial, beside, until

_MOMENTS_S = (0.0, 0.2, 0.5, 1.0, 1.6, 2.5, 4.0)
# Between the signal and seeing that it ended, on a machine with other work.
_GRACE_S = 1.5
_SLEEP_S = 6.0
_LIMIT_WORDS = r"Too many open files|unable to open|[Mm]emory|thread|cannot be \w+|does not answer"
_RUNS = r"already runs on .* \(pid \d+\)\. Stop it first"
# Before it hears signals they do what the system says.
_UNHEARD = {signal.SIGTERM: {-signal.SIGTERM}, signal.SIGINT: {130, -signal.SIGINT}, signal.SIGHUP: set()}
_HEARD = {signal.SIGTERM: {0}, signal.SIGINT: {0}, signal.SIGHUP: {-signal.SIGHUP}}


def _ended(trial: Trial, codes: Collection[int]) -> None:
    """It ends in five seconds with one of these exit codes, and what it leaves is right."""
    process, begun = trial.program.process, time.monotonic()
    assert process is not None
    try:
        code = process.wait(timeout=STOP_S + _GRACE_S)
    except subprocess.TimeoutExpired:
        trial.lost.append(f"It did not end in {STOP_S:.0f} s.")
        process.kill()
        code = process.wait()
    else:
        trial.expect(code in codes, f"It ended with exit code {code} after {time.monotonic() - begun:.1f} s.")
    trial.lost += invariants.now(trial.stage)


def signalled(trial: Trial, number: signal.Signals, after_s: float, times: int) -> None:
    """A signal, so many times, at a moment of the first life; the next start ends the work."""
    # A shell has what it starts in the background ignore Ctrl-C, nohup a closed terminal, and a child inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ours = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    process = trial.program.start()
    signal.signal(signal.SIGHUP, ours)
    heard = after_s > 0
    if heard:
        trial.program.until_up()
        time.sleep(after_s)
    for _ in range(times):
        process.send_signal(number)
        time.sleep(0.02)
    codes = _HEARD[number] | (set() if heard else _UNHEARD[number])
    # The second leaves at once, or finds the process at its very end, where the system's own answer is back.
    _ended(trial, codes | _UNHEARD[number] | {130} if times > 1 else codes)
    trial.program.start()
    trial.ends()


def asleep(trial: Trial, after_s: float) -> None:
    """The whole process stands still for a while, as in a suspended laptop; connections die meanwhile or not."""
    trial.start(after_s)
    assert trial.program.process is not None
    trial.program.process.send_signal(signal.SIGSTOP)
    time.sleep(_SLEEP_S)
    trial.program.process.send_signal(signal.SIGCONT)
    trial.ends()


def limited(trial: Trial, plan: dict[str, object]) -> None:
    """The system gives it too little; then enough."""
    trial.program.plan = dict(plan)
    trial.program.start()
    told_or_done(trial, _LIMIT_WORDS)
    if trial.up():
        code = trial.program.stop()
        trial.ended(code, {0, 1})
    trial.lost += invariants.now(trial.stage)
    goes_on(trial)
    trial.ends()


def second_instance(trial: Trial, arguments: Sequence[str]) -> None:
    """It is started once more beside itself: refused in a sentence, and the first is unharmed."""
    trial.start(0.3)
    first = trial.program.process
    done = beside(trial.program, *arguments)
    trial.expect(done.returncode == 1, f"The second left with exit code {done.returncode}.")
    with (trial.program.folder / "stderr.txt").open("a") as words:
        words.write(done.stderr)
    trial.told(_RUNS)
    trial.expect(trial.up() and trial.program.process is first, "The first ended.")
    lock = (trial.program.home / "instance.lock").read_text().strip()
    trial.expect(first is not None and lock == str(first.pid), "The lock names another process than the first.")
    trial.ends()


def many_instances(trial: Trial) -> None:
    """Five start at the same moment: one of them works."""
    processes = [trial.program.start() for _ in range(5)]
    until(lambda: sum(one.poll() is None for one in processes) == 1, 30)
    running = [one for one in processes if one.poll() is None]
    trial.expect(len(running) == 1, f"{len(running)} work on one home folder.")
    codes = [one.returncode for one in processes if one not in running]
    trial.expect(codes == [1] * 4, f"The others left with the exit codes {codes}.")
    trial.told(_RUNS)
    for extra in running[1:]:
        extra.kill()
        extra.wait()
    if running:
        trial.program.process = running[0]
    trial.ends()


def stale_lock(trial: Trial) -> None:
    """The lock of a killed process, with the number of one that lives, keeps nobody out."""
    (trial.program.home / "instance.lock").write_text(f"{os.getpid()}\n")
    trial.start()
    goes_on(trial)
    trial.ends()


def _watched(after_s: float, attempt: Attempt) -> Attempt:
    """See plainly; before the program's first line a traceback is Python's own."""
    return plainly(attempt) if after_s else attempt


_NAMES = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "SIGINT (Ctrl-C)", signal.SIGHUP: "SIGHUP (a closed terminal)"}
SIGNALS = (
    *(
        Fault(
            f"{words}{', twice,' if times > 1 else ''} at {{}} moments",
            _watched(at, partial(signalled, number=number, after_s=at, times=times)),
            (number, times, at) == (signal.SIGTERM, 1, 0.5),
            "nothing: it ends within 5 s, and the next start goes on",
        )
        for number, words in _NAMES.items()
        for times in ((1,) if number == signal.SIGHUP else (1, 2))
        for at in _MOMENTS_S
    ),
    *(
        Fault(
            "SIGSTOP, and SIGCONT after a while, as a suspended laptop: {} moments",
            plainly(partial(asleep, after_s=at)),
        )
        for at in _MOMENTS_S[1::2]
    ),
)
LIMITS = (
    *(
        Fault(
            "too few file descriptors (RLIMIT_NOFILE): {} limits",
            plainly(partial(limited, plan={"limits": {"NOFILE": count}})),
            count == 12,
        )
        for count in (6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32)
    ),
    *(
        Fault(
            "too little memory (RLIMIT_AS): {} limits",
            plainly(partial(limited, plan={"limits": {"AS": megabytes << 20}})),
        )
        for megabytes in (90, 110, 130, 150, 180, 220, 260, 320, 400)
    ),
    *(
        Fault("no thread can be started any more: {} limits", plainly(partial(limited, plan={"threads": count})))
        for count in (0, 1, 2, 3, 4, 6, 8)
    ),
)
SECOND = (
    Fault("a second instance", plainly(partial(second_instance, arguments=("run",))), short=True),
    Fault("a second instance, one pass", plainly(partial(second_instance, arguments=("run", "--once")))),
    Fault("five instances at the same moment", plainly(many_instances)),
    Fault("a lock left behind by a killed process", plainly(stale_lock)),
)
