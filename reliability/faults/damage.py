"""Files of the home folder are locked, damaged or gone: the database, the queue files, settings and log-ins."""

import contextlib
import json
import random
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from movie_sync.credentials_manager import CredentialsManager
from movie_sync.demo.world import PASSKEY, USERNAME
from reliability import invariants
from reliability.faults.lifted import goes_on, leaves, plainly, told_or_done, told_or_left
from reliability.faults.trial import Fault, Trial, beside, until

_PAGE_BYTES = 4096
# Longer than the program waits for a database, which is ten seconds.
_LOCKED_S = 13.0
_LOCKED = r"was locked by another program for 10 s"
_DAMAGED = r"is damaged or not a database|cannot be written|holds no|damaged"
_HINT = r"Move it away and start again: the queue files beside it are taken in"
_QUEUES = ("pending", "failed", "completed")
_MB = 1024 * 1024


def _lived(trial: Trial) -> Path:
    """A whole life; the home folder it leaves."""
    trial.start()
    trial.program.until(lambda seen: seen == trial.stage.expected)
    trial.lost += trial.stage.end()
    return trial.program.home


# -- the database


def locked(trial: Trial, after_s: float) -> None:
    """Another program holds it for longer than anybody waits."""
    trial.start(after_s)
    path = trial.program.home / "movie_sync.db"
    with contextlib.closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        trial.stage.world.site.requests.clear()
        begun = time.monotonic()
        until(lambda: "was locked by another" in trial.words(), _LOCKED_S)
        time.sleep(max(0.0, _LOCKED_S - (time.monotonic() - begun)))
        other.execute("ROLLBACK")
    told_or_done(trial, _LOCKED)
    goes_on(trial)
    trial.ends()


def _header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\0" * 100)


def _half(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def _empty(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(0)


def _page(path: Path, seed: int) -> None:
    with path.open("r+b") as file:
        file.seek(random.Random(seed).randrange(1, path.stat().st_size // _PAGE_BYTES) * _PAGE_BYTES)
        file.write(b"\0" * _PAGE_BYTES)


def database_damaged(trial: Trial, damage: Callable[[Path], None]) -> None:
    """While nothing runs; the person is told by the start, or by `check`, and does what the hint says."""
    home = _lived(trial)
    damage(home / "movie_sync.db")
    trial.program.start()
    until(lambda: not trial.up(), 6)
    _mended(trial, emptied=damage is _empty)


def damaged_while_it_runs(trial: Trial, damage: Callable[[Path], None], after_s: float) -> None:
    """In the middle of a life."""
    trial.start(after_s)
    damage(trial.program.home / "movie_sync.db")
    until(lambda: "damaged" in trial.words() or not trial.up(), 8)
    _mended(trial, emptied=damage is _empty)


def _mended(trial: Trial, *, emptied: bool) -> None:
    """Once the person was told, the database is moved away; one that healed out of its log needs nothing."""
    if _told(trial):
        _moved_away(trial)
    elif emptied:
        # A file of no bytes is a new database: the queue files are taken in, and the calls of the hour are gone.
        trial.stage.world.api.requests.clear()
    trial.start()
    trial.asked_again()
    trial.ends()


def _told(trial: Trial) -> bool:
    """Whether it is damaged; the service, `check` or the next start has to say so then."""
    if trial.up() and not re.search(_DAMAGED, trial.words()):
        done = beside(trial.program, "check")
        with (trial.program.folder / "stderr.txt").open("a") as words:
            words.write(done.stdout)
    if trial.up():
        trial.program.stop()
    if re.search(_DAMAGED, trial.words()):
        trial.told(_DAMAGED)
        return True
    if not any("damaged" in sentence for sentence in invariants.at_rest(trial.program.home)):
        return False
    trial.program.start()
    leaves(trial, _HINT)
    return True


def _moved_away(trial: Trial) -> None:
    """What the hint says; what only the database knew, the calls of the last hour, is gone with it."""
    kept = trial.program.folder / "moved-away"
    kept.mkdir()
    for path in trial.program.home.glob("movie_sync.db*"):
        shutil.move(path, kept / path.name)
    trial.stage.world.api.requests.clear()


def without_log(trial: Trial) -> None:
    """The write-ahead log of a killed process is deleted; what was committed last is gone with it."""
    trial.start()
    trial.program.until(lambda seen: seen == trial.stage.expected)
    trial.program.kill()
    for name in ("movie_sync.db-wal", "movie_sync.db-shm"):
        (trial.program.home / name).unlink(missing_ok=True)
    trial.program.start()
    if until(lambda: not trial.up(), 4):
        leaves(trial, _HINT)
        _moved_away(trial)
        trial.program.start()
    trial.stage.world.api.requests.clear()
    trial.ends()


# -- the queue files


def _written(content: bytes) -> Callable[[Path], None]:
    return lambda path: _write(path, content)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _half_of(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: max(1, len(content) // 2)])


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _wrong_types(path: Path) -> None:
    entries = json.loads(path.read_bytes()) or [{"id": "99"}]
    path.write_text(json.dumps([{**entry, "year": [1], "title": 5, "retry_count": "x"} for entry in entries]))


_KEPT = r"queue_\w+\.json.*(kept as|not valid JSON|must hold|is not an object)"
# What is done to a queue file, and what is told; "": it is written anew without a word.
FILES: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "emptied": (_written(b""), _KEPT),
    "half JSON": (_half_of, _KEPT),
    "of wrong types": (_wrong_types, r"queue_\w+\.json, .*kept as"),
    "a number": (_written(b"5"), _KEPT),
    "a list of numbers": (_written(b"[1, 2]"), _KEPT),
    "nested 100,000 deep": (_written(b"[" * 100_000), _KEPT),
    "deleted": (Path.unlink, ""),
    "replaced by a folder": (_folder, r"queue_\w+\.json.*cannot be used \(Is a directory\)"),
    "50 MB of spaces": (_written(b" " * (50 * _MB)), _KEPT),
    "50 MB of one text": (_written(b'["' + b"x" * (50 * _MB) + b'"]'), _KEPT),
    "binary": (_written(bytes(range(256)) * 64), _KEPT),
}


def queue_file(trial: Trial, words: str, *, running: bool) -> None:
    """All three files, one after another, while it runs or while it does not."""
    damage, told = FILES[words]
    home = _lived(trial)
    if running:
        trial.start(0.5)
    for queue in _QUEUES:
        path = home / f"queue_{queue}.json"
        damage(path)
        if not running:
            trial.program.start()
        if told:
            told_or_left(trial, told.replace(r"\w+", queue))
        _put_right(path)
        if running:
            goes_on(trial)
        elif trial.up():
            trial.program.until_up()
            trial.lost += trial.stage.end()
        until(path.is_file, 5)
    if not trial.up():
        trial.program.start()
    trial.ends()


def _put_right(path: Path) -> None:
    if path.is_dir():
        path.rmdir()


def queue_file_unreadable(trial: Trial) -> None:
    """The user may not read one of the files for a while."""
    trial.program.plan["plain_user"] = True
    home = _lived(trial)
    path = home / "queue_completed.json"
    path.chmod(0o000)
    trial.program.start()
    told_or_left(trial, r"queue_completed\.json.*cannot be used \(Permission denied\)")
    path.chmod(0o600)
    goes_on(trial)
    trial.ends()


# -- settings and log-ins

_NOT_USED = r"The new settings are not used: |is gone; its settings stay in use|Nothing is done until"
SETTINGS: Mapping[str, Callable[[Path], None]] = {
    "emptied": _written(b""),
    "half JSON": _half_of,
    "of wrong types": _written(b'{"username": 5, "qbittorrent": 5}'),
    "binary": _written(bytes(range(256))),
    "a list": _written(b"[]"),
    "deleted": Path.unlink,
    "replaced by a folder": _folder,
}


def settings_damaged(trial: Trial, name: str, words: str, after_s: float) -> None:
    """While it runs: the settings of before stay in use until the file is right again."""
    trial.start(after_s)
    path = trial.program.home / name
    right = path.read_bytes()
    SETTINGS[words](path)
    told_or_left(trial, _NOT_USED)
    trial.expect(trial.up(), "It left because a file of settings was wrong for a while.")
    _put_right(path)
    path.write_bytes(right)
    goes_on(trial)
    trial.ends()


def log_ins_damaged(trial: Trial, name: str, words: str) -> None:
    """The stored log-ins, or their key: while it runs, and at the next start; then they are put back."""
    program, server = trial.program, trial.stage.server
    assert server is not None
    given = {one: program.environment.pop(one) for one in list(program.environment)}
    stored = CredentialsManager(program.home, {})
    stored.set("filelist", {"username": USERNAME, "passkey": PASSKEY})
    user = given["MOVIE_SYNC_QBITTORRENT_USERNAME"]
    stored.set("qbittorrent", {"username": user, "password": server.password})
    path = program.home / name
    right = path.read_bytes()
    trial.start(0.3)
    SETTINGS[words](path)
    time.sleep(2)
    trial.lost += trial.stage.end()
    program.start()
    leaves(trial, r"cannot be read|is missing|not a Fernet key|Missing: ")
    _put_right(path)
    path.write_bytes(right)
    program.start()
    trial.ends()


def asked_with_damage(trial: Trial) -> None:
    """`stats`, which only reads, of a home whose database is damaged: a sentence."""
    home = _lived(trial)
    _header(home / "movie_sync.db")
    done = beside(trial.program, "stats")
    trial.expect(done.returncode == 1, f"stats left with exit code {done.returncode}.")
    trial.expect("damaged" in done.stderr and "Traceback" not in done.stderr, f"stats says {done.stderr!r}.")
    trial.seen = done.stderr.strip()
    _moved_away(trial)
    trial.program.start()
    trial.ends()


_DAMAGES: Mapping[str, Callable[[Path], None]] = {
    "the database's header is overwritten": _header,
    "the database is truncated to half": _half,
    "the database has zero bytes": _empty,
}
_PAGES = tuple(range(8))
DATABASE = (
    *(
        Fault("another program locks the database, at {} moments", plainly(partial(locked, after_s=at)))
        for at in (0.0, 0.5, 1.5, 4.0)
    ),
    *(
        Fault(words, plainly(partial(database_damaged, damage=damage)), "header" in words)
        for words, damage in _DAMAGES.items()
    ),
    *(
        Fault(
            "{} pages of the database are zeroed",
            plainly(partial(database_damaged, damage=partial(_page, seed=seed))),
        )
        for seed in _PAGES
    ),
    *(
        Fault(
            f"{words} while it runs, at {{}} moments",
            plainly(partial(damaged_while_it_runs, damage=damage, after_s=at)),
        )
        for words, damage in _DAMAGES.items()
        for at in (0.5, 2.0)
    ),
    Fault("the write-ahead log (WAL) of a killed process is deleted", plainly(without_log)),
    Fault("the database is damaged, and stats is asked", plainly(asked_with_damage)),
)
QUEUE_FILES = (
    *(
        Fault(
            f"queue files {words}, {'while it runs' if running else 'while it is stopped'}",
            plainly(partial(queue_file, words=words, running=running)),
            words == "half JSON" and running,
        )
        for words in FILES
        for running in (True, False)
    ),
    Fault("a queue file cannot be read", plainly(queue_file_unreadable)),
)
SETTINGS_FILES = (
    *(
        Fault(
            f"{name} {words} while it runs, at {{}} moments",
            plainly(partial(settings_damaged, name=name, words=words, after_s=at)),
            (name, words, at) == ("config.json", "half JSON", 0.5),
        )
        for name in ("config.json", "filelist_config.json")
        for words in SETTINGS
        for at in ((0.5, 3.0) if words == "half JSON" else (0.5,))
    ),
    *(
        Fault(f"credentials: {name} {words}", plainly(partial(log_ins_damaged, name=name, words=words)))
        for name, every in (("credentials.enc", tuple(SETTINGS)), (".key", ("binary", "deleted", "emptied")))
        for words in every
    ),
)
