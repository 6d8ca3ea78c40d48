"""Folders the program may not write into, or that are gone."""

from functools import partial
from pathlib import Path

from reliability.faults.full_disk import home_on_disk
from reliability.faults.lifted import goes_on, leaves, plainly, told_or_done
from reliability.faults.trial import Fault, Trial, beside

_READ_ONLY = r"[Rr]ead-only|readonly"
_NO_RIGHT = r"Permission denied|readonly|may not"
_GONE = r"No such file|gone|missing|disk I/O error|readonly"
_MOMENTS_S = (0.0, 0.5, 1.5, 3.0)


def home_read_only_before(trial: Trial) -> None:
    """The disk of the home folder is read-only when it starts."""
    with home_on_disk(trial, "size=32m") as disk:
        disk.options("ro")
        trial.program.start()
        leaves(trial, _READ_ONLY)
        disk.options("rw")
        goes_on(trial)
        trial.ends()


def home_turns_read_only(trial: Trial, after_s: float) -> None:
    """The disk of the home folder turns read-only, as the system does to one with errors; files stay open."""
    flag = trial.program.folder / "failing"
    trial.program.plan["failing"] = ["", 0, str(flag), "EROFS"]
    trial.start(after_s)
    flag.touch()
    told_or_done(trial, _READ_ONLY)
    flag.unlink()
    goes_on(trial)
    trial.ends()


def home_without_rights(trial: Trial, after_s: float | None) -> None:
    """The user may not write into the home folder; None: before the start."""
    trial.program.plan["plain_user"] = True
    trial.program.write_settings()
    home = trial.program.home
    if after_s is None:
        home.chmod(0o500)
        _belongs_to_another(trial)
        trial.program.start()
        leaves(trial, _NO_RIGHT)
    else:
        trial.start(after_s)
        home.chmod(0o500)
        told_or_done(trial, _NO_RIGHT)
    home.chmod(0o700)
    goes_on(trial)
    # What was being written when the right was taken away could not be deleted either; the next start does that.
    trial.lost += trial.stage.settle()
    trial.program.start()
    trial.ends()


def _belongs_to_another(trial: Trial) -> None:
    """Its own folder the program would open for itself again; what it cannot is make a file in one of files."""
    for path in trial.program.home.iterdir():
        path.chmod(0o400)


def home_gone(trial: Trial, after_s: float) -> None:
    """The home folder is moved away while it runs, and put back."""
    home = trial.program.home
    trial.start(after_s)
    away = home.with_name("away")
    home.rename(away)
    told_or_done(trial, _GONE)
    if home.exists():
        trial.lost += [f"{path.name} was made anew beside the old." for path in home.glob("*.db")]
        home.rename(home.with_name("made-meanwhile"))
    away.rename(home)
    goes_on(trial)
    # What was being written when it went is deleted by the next start.
    trial.lost += trial.stage.settle()
    trial.start()
    trial.ends()


def home_is_a_file(trial: Trial) -> None:
    """A file stands where the home folder has to be; then it is taken away."""
    home = trial.program.home
    trial.program.write_settings()
    away = home.with_name("away")
    home.rename(away)
    home.write_bytes(b"a file")
    trial.program.environment["MOVIE_SYNC_HOME"] = str(home)
    done = _run_beside(trial)
    trial.expect("Traceback" not in done[1], "A traceback was shown.")
    trial.expect(done[0] in {1, 3}, f"It left with exit code {done[0]}.")
    trial.seen = done[1].strip().splitlines()[-1] if done[1].strip() else ""
    trial.expect(trial.seen, "Nobody was told.")
    home.unlink()
    away.rename(home)
    trial.program.start()
    trial.ends()


def _run_beside(trial: Trial) -> tuple[int, str]:
    done = beside(trial.program, "run", "--once")
    return done.returncode, done.stderr


def torrents_read_only(trial: Trial) -> None:
    """The folder for .torrent files cannot be written; then it can."""
    folder = trial.program.home / "torrents"
    folder.mkdir(mode=0o700)
    _shut(trial, folder)


def downloads_read_only(trial: Trial) -> None:
    """The folder the .torrent files are saved into, as there is no client, cannot be written; then it can."""
    _shut(trial, trial.program.downloads)


def _shut(trial: Trial, folder: Path) -> None:
    trial.program.plan["plain_user"] = True
    folder.chmod(0o500)
    trial.start()
    try:
        told_or_done(trial, _NO_RIGHT)
    finally:
        folder.chmod(0o700)
    goes_on(trial)
    trial.ends()


_WORDS = "the home folder turns read-only at {} moments"
FOLDERS = (
    Fault("the home folder is read-only at the start", plainly(home_read_only_before)),
    *(Fault(_WORDS, plainly(partial(home_turns_read_only, after_s=at)), at == _MOMENTS_S[1]) for at in _MOMENTS_S),
    Fault("the user may not write into the home folder", plainly(partial(home_without_rights, after_s=None))),
    *(
        Fault(
            "the user may not write into the home folder any more, from {} moments on",
            plainly(partial(home_without_rights, after_s=at)),
        )
        for at in _MOMENTS_S
    ),
    *(Fault("the home folder vanishes at {} moments", plainly(partial(home_gone, after_s=at))) for at in _MOMENTS_S),
    Fault("the home folder is a file", plainly(home_is_a_file)),
    Fault("the torrents folder cannot be written", plainly(torrents_read_only)),
)
# On a stage without qBittorrent.
WITHOUT_CLIENT = (Fault("the watch folder for .torrent files cannot be written", plainly(downloads_read_only)),)
