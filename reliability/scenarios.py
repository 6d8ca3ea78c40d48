"""What the program does while it is killed: its first life, and each kind of work that changes more than one thing."""

import contextlib
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from movie_sync.credentials_manager import CredentialsManager
from movie_sync.demo.films import FILMS, Offer
from movie_sync.demo.world import PASSKEY, USERNAME
from reliability import invariants
from reliability.stage import Stage, small

_OLD_SCHEMA = Path(__file__).resolve().parents[1] / "tests" / "homes" / "schema-1.sql"
_FIND_NOTHING = ("retry", "A film of nobody")
OWNED = next(film for film in FILMS if film.on_disk)
ABSENT = next(film for film in FILMS if film.expected == "not_found")
# What the hand edits ask for: one film is taken out, one that is on disk is fetched anew.
AFTER_EDITS = tuple(
    replace(film, expected="excluded")
    if film is ABSENT
    else replace(film, expected="downloaded", taken=film.offers[0].name)
    if film is OWNED
    else film
    for film in FILMS
)


def _nothing(stage: Stage) -> None:
    """There is nothing to prepare."""


def _serve(stage: Stage) -> list[str]:
    """The service is started: every film ends where it has to, and nothing is wrong then."""
    stage.program.start()
    return [*stage.settle(), *invariants.settled(stage)]


def _live(stage: Stage) -> None:
    if wrong := _serve(stage):
        raise AssertionError(f"the life before was not well: {wrong}")


@dataclass(frozen=True, slots=True)
class Scenario:
    """Something the program does, and how to tell that it was done.

    Attributes:
        words: For people.
        arguments: Of the program.
        serves: It is the service, which ends only when told to.
        prepare: Called with a fresh stage, before the program is started to be killed.
        settle: Called after the kill; does what a user would do, and says what was lost.
    """

    words: str
    arguments: tuple[str, ...] = ("run",)
    serves: bool = True
    prepare: Callable[[Stage], None] = _nothing
    settle: Callable[[Stage], list[str]] = _serve


# -- edits by hand


def _edit(stage: Stage) -> None:
    """After a whole life, two films are moved by hand while nothing runs."""
    _live(stage)
    home = stage.program.home
    queues = {name: json.loads((home / f"queue_{name}.json").read_bytes()) for name in invariants.FACES}
    queues["failed"] = [entry for entry in queues["failed"] if entry["id"] != _id(ABSENT.movie.number)]
    moved = [entry for entry in queues["completed"] if entry["id"] == _id(OWNED.movie.number)]
    queues["completed"] = [entry for entry in queues["completed"] if entry not in moved]
    queues["pending"] += moved
    for name, entries in queues.items():
        (home / f"queue_{name}.json").write_text(json.dumps(entries), encoding="utf-8")
    stage.films = small(AFTER_EDITS)


def _id(number: int | None) -> str:
    return str(number)


# -- one release in place of another


def _dead_best(stage: Stage) -> None:
    """The best release of a film has seeders by the tracker's word and nobody has it: the next best is taken."""
    film = stage.films[-1]
    offer = Offer(f"{film.movie.title}.{film.movie.year}.2160p.WEB-DL.H265-DEMO", 6, 1, seeded=False)
    stage.world.offer(film, offer, private=True, seeders=50)
    # Long enough for a live torrent to begin on a busy machine.
    stage.program.settings["stalled_after"] = 8


def _better(stage: Stage) -> None:
    """A whole life in which the best release of one film was not there yet, and then it comes."""
    first, *others = stage.films
    lesser = replace(first, taken=first.offers[0].name)
    best = next(upload for upload in stage.world.api.uploads if upload.name == first.taken)
    stage.world.api.uploads.remove(best)
    profile = {"qualities": ["2160p", "1080p", "720p"], "upgrade_until": "2160p"}
    (stage.program.home / "mine.json").write_text(json.dumps(profile), encoding="utf-8")
    stage.program.settings["profile"] = "mine.json"
    stage.films = (lesser, *others)
    _live(stage)
    stage.world.api.uploads.append(best)
    stage.films = (first, *others)
    _days_go_by(stage)


def _days_go_by(stage: Stage) -> None:
    """The next look for a better release has come: each is put off before it begins, so that no kill repeats it."""
    with contextlib.closing(sqlite3.connect(stage.program.home / "movie_sync.db")) as database, database:
        database.execute("UPDATE films SET upgrade_after = 1 WHERE upgrade_after IS NOT NULL")


def _upgraded(stage: Stage) -> list[str]:
    """The better release takes the place of the other, which goes on seeding."""
    film = stage.films[0]
    _days_go_by(stage)
    stage.program.start()
    try:
        stage.program.until(lambda _: stage.program.films()[str(film.movie)].release_name == film.taken)
    except AssertionError:
        return [f"{film.taken} was not taken.", *stage.end()]
    return [*stage.settle(), *invariants.settled(stage)]


# -- commands


def _again(stage: Stage, arguments: Sequence[str]) -> list[str]:
    """A user whose command was killed gives it once more."""
    process = stage.program.start(*arguments)
    try:
        code = process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        return [f"{arguments[0]} did not end."]
    return [] if code in {0, 5} else [f"{' '.join(arguments[:2])} ended with exit code {code}."]


def _without_log_in(stage: Stage) -> None:
    """FileList's log-in is not given by the environment but stored by the command; the client's is stored already."""
    program = stage.program
    given = {name: program.environment.pop(name) for name in list(program.environment)}
    if stage.server is not None:
        CredentialsManager(program.home, {}).set(
            "qbittorrent",
            {"username": given["MOVIE_SYNC_QBITTORRENT_USERNAME"], "password": stage.server.password},
        )
    program.typed = f"{USERNAME}\n{PASSKEY}\n"


_SET = ("credentials", "set", "filelist", "--untried")


def _set_again(stage: Stage) -> list[str]:
    return [*_again(stage, _SET), *_serve(stage)]


def _export(stage: Stage) -> None:
    movies = [film.movie for film in stage.films]
    lines = [f'2026-01-01,"{movie.title}",{movie.year},https://boxd.it/{movie.lid}' for movie in movies]
    text = "\n".join(["Date,Name,Year,Letterboxd URI", *lines, ""])
    (stage.program.folder / "watchlist.csv").write_text(text, encoding="utf-8")


# -- whole homes


def _old_home(stage: Stage) -> None:
    """A database of the first schema, with a film in every state."""
    with contextlib.closing(sqlite3.connect(stage.program.home / "movie_sync.db")) as database:
        database.executescript(_OLD_SCHEMA.read_text(encoding="utf-8"))


def _migrated(stage: Stage) -> list[str]:
    """The rows are those of a migration that nobody disturbed, and the copy of the old database is whole."""
    lost = _again(stage, _FIND_NOTHING)
    here = stage.program.home
    with contextlib.closing(sqlite3.connect(here / "movie_sync.db.schema-1")) as copy:
        if copy.execute("SELECT count(*) FROM films").fetchone()[0] == 0:
            lost.append("The copy of the old database is empty.")
    found = invariants.rows(here)
    stage.fresh()
    _old_home(stage)
    lost += _again(stage, _FIND_NOTHING)
    return lost + _differences(found, invariants.rows(stage.program.home))


def _differences(found: Mapping[str, list[str]], wanted: Mapping[str, list[str]]) -> list[str]:
    tables = sorted(found.keys() | wanted.keys())
    return [f"The table {name} differs." for name in tables if found.get(name) != wanted.get(name)]


_BACKUP = "backup.tar.gz"


def _backed_up(stage: Stage) -> None:
    """A whole life, its backup, and a new home to restore it to."""
    _live(stage)
    program = stage.program
    done = program.ask("backup", "--with-key", str(program.folder / _BACKUP))
    assert done.returncode == 0, done.stderr
    shutil.move(program.home, program.folder / "before")
    program.home.mkdir(mode=0o700)


def _restored(stage: Stage) -> list[str]:
    program = stage.program
    lost = _again(stage, _RESTORE)
    lost += _differences(
        {name: invariants.rows(program.home)[name] for name in ("films", "transfers", "names", "wishes")},
        {name: invariants.rows(program.folder / "before")[name] for name in ("films", "transfers", "names", "wishes")},
    )
    return lost + _serve(stage)


_IMPORT = ("import", "{folder}/watchlist.csv")
_RESTORE = ("restore", "--yes", f"{{folder}}/{_BACKUP}")
# In the short run each step is tried in the first of them that passes it.
SCENARIOS: Mapping[str, Scenario] = {
    "migration": Scenario("migrating", _FIND_NOTHING, serves=False, prepare=_old_home, settle=_migrated),
    "credentials": Scenario("storing a log-in", _SET, serves=False, prepare=_without_log_in, settle=_set_again),
    "life": Scenario("the first life"),
    "edits": Scenario("taking in hand edits", prepare=_edit),
    "next best": Scenario("taking the next best", prepare=_dead_best),
    "upgrade": Scenario("taking a better release", prepare=_better, settle=_upgraded),
    "import": Scenario(
        "importing an export",
        _IMPORT,
        serves=False,
        prepare=_export,
        settle=lambda stage: [*_again(stage, _IMPORT), *_serve(stage)],
    ),
    "restore": Scenario("restoring a backup", _RESTORE, serves=False, prepare=_backed_up, settle=_restored),
}
