"""Hand edits of the three queue files: of every kind, saved as editors save, at every moment."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from movie_sync.demo.films import FILMS
from movie_sync.demo.nox import installed
from reliability import invariants, kills
from reliability.faults.downloads import hash_of, server
from reliability.faults.lifted import plainly
from reliability.faults.saving import (
    QUEUES,
    SAVES,
    Queues,
    Save,
    between_writings,
    in_halves,
    move,
    read,
    renamed,
    save,
    without,
)
from reliability.faults.side_by_side import Table, try_table
from reliability.faults.trial import Fault, Trial, until
from reliability.scenarios import ABSENT, OWNED, SCENARIOS
from reliability.stage import Stage
from reliability.tried import Effort, Tried

PART = "Edits by hand"
# Seconds after the start of a first life.
MOMENTS_S = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.0, 4.0)
_OWN_KEY = "priority"
_LAST = FILMS[-1]
_TAKEN_S = 15.0
# Passed when it is stopped, and not before.
_AT_END = "QBittorrentManager.close"
_RENAMES = re.compile(r"queue_\w+\.json: before rename")
_LONG_S = 40.0
_KEPT = r"The edit was kept as queue_\w+\.kept-"


def _id(number: int | None) -> str:
    return str(number)


_ABSENT, _OWNED = _id(ABSENT.movie.number), _id(OWNED.movie.number)


def edit_now(trial: Trial, how: Save) -> set[str]:
    """Every edit at once that the files allow at this moment, and what has to come of it.

    Returns:
        Ids of the films whose entries got a key of the person's own.
    """
    home = trial.program.home
    with between_writings(home):
        before, queues = read(home), read(home)
        marked, gone, moved = _everything(queues)
        save(home, queues, before, how)
    if gone:
        trial.film_ends(str(ABSENT.movie), expected="excluded")
    if moved:
        trial.film_ends(str(OWNED.movie), expected="downloaded", taken=OWNED.offers[0].name)
    return marked


def _everything(queues: Queues) -> tuple[set[str], bool, bool]:
    """Mark every entry, take one out, move one, and add one; whose place is not certain at this moment is let be.

    Returns:
        Ids of the marked films; whether one was taken out; whether one was moved.
    """
    places = Counter(entry["id"] for queue in QUEUES for entry in queues[queue])
    marked = {film for film, count in places.items() if count == 1}
    for entry in (entry for queue in QUEUES for entry in queues[queue] if entry["id"] in marked):
        entry[_OWN_KEY] = 7
    gone = _ABSENT in marked
    if gone:
        without(queues, _ABSENT)
    moved = _OWNED in marked and any(entry["id"] == _OWNED for entry in queues["completed"])
    if moved:
        move(queues, _OWNED, "pending")
    if (last := _id(_LAST.movie.number)) not in places:
        queues["pending"].append({"id": last, "title": _LAST.movie.title, "year": _LAST.movie.year, _OWN_KEY: 7})
        marked.add(last)
    return marked - {_ABSENT}, gone, moved


def _ends(trial: Trial, marked: set[str]) -> None:
    """All ends as ever, and what a person wrote for themselves is still there."""
    trial.ends()
    shown = {entry["id"]: entry for queue in QUEUES for entry in trial.entries(queue)}
    lost = sorted(film for film in marked if shown.get(film, {}).get(_OWN_KEY) != 7)
    trial.expect(not lost, f"The key a person wrote is gone from {len(lost)} of {len(marked)} films: {lost}.")
    kept = [path.name for path in trial.program.home.glob("queue_*.kept-*")]
    trial.expect(not kept, f"A right edit was kept aside: {kept}.")


def at_moment(trial: Trial, after_s: float, how: Save) -> None:
    """In the middle of a first life."""
    trial.start(after_s)
    _ends(trial, edit_now(trial, how))


def at_point(trial: Trial, point: str, how: Save) -> None:
    """While the program stands at one of its points."""
    flag = trial.program.folder / "held"
    trial.program.plan["held"] = [point, 1, str(flag)]
    trial.program.start()
    trial.expect(until(flag.exists, _LONG_S), f"It never came to {point}.")
    marked = edit_now(trial, how)
    flag.unlink(missing_ok=True)
    trial.program.plan = {}
    _ends(trial, marked)
    trial.lost[:] = [f"{point}: {sentence}" for sentence in trial.lost]


# -- one edit after a whole life, the program running or not


def _lived(trial: Trial, *, running: bool) -> Path:
    trial.start()
    trial.program.until(lambda seen: seen == trial.stage.expected)
    trial.lost += trial.stage.end()
    if running:
        trial.start(0.3)
    return trial.program.home


def _entry(queues: Queues, film: str) -> dict[str, Any]:
    return next(entry for queue in QUEUES for entry in queues[queue] if entry["id"] == film)


def _deleted(trial: Trial, queues: Queues) -> None:
    without(queues, _ABSENT)
    trial.film_ends(str(ABSENT.movie), expected="excluded")


def _deleted_completed(trial: Trial, queues: Queues) -> None:
    without(queues, _OWNED)
    trial.film_ends(str(OWNED.movie), expected="excluded")


def _duplicated(trial: Trial, queues: Queues) -> None:  # noqa: ARG001  the edits' signature
    queues["failed"].append(dict(_entry(queues, _ABSENT)))


def _in_two_files(trial: Trial, queues: Queues) -> None:  # noqa: ARG001
    queues["pending"].append({**_entry(queues, _ABSENT), "status": "due"})
    _entry({**queues, "pending": []}, _ABSENT)["title"] = "Another title"


def _fetched_anew(trial: Trial, queues: Queues) -> None:
    move(queues, _OWNED, "pending")
    trial.film_ends(str(OWNED.movie), expected="downloaded", taken=OWNED.offers[0].name)


def _searched_anew(trial: Trial, queues: Queues) -> None:  # noqa: ARG001
    move(queues, _ABSENT, "pending")


def _ticked_off(trial: Trial, queues: Queues) -> None:
    move(queues, _ABSENT, "completed")
    trial.film_ends(str(ABSENT.movie), expected="owned")


def _year_set(trial: Trial, queues: Queues) -> None:
    _entry(queues, _ABSENT)["year"] = 1928
    trial.stage.films = tuple(
        replace(film, movie=replace(film.movie, year=1928)) if film.movie.number == ABSENT.movie.number else film
        for film in trial.stage.films
    )


def _retried(trial: Trial, queues: Queues) -> None:  # noqa: ARG001
    _entry(queues, _ABSENT)["retry_after"] = None


def _own_key(trial: Trial, queues: Queues) -> None:  # noqa: ARG001
    for queue in QUEUES:
        for entry in queues[queue]:
            entry[_OWN_KEY] = 7


def _no_status(trial: Trial, queues: Queues) -> None:  # noqa: ARG001
    _entry(queues, _ABSENT)["status"] = "nonsense"


def _no_year(trial: Trial, queues: Queues) -> None:  # noqa: ARG001
    _entry(queues, _ABSENT)["year"] = "last year"


def _progress(trial: Trial, queues: Queues) -> None:  # noqa: ARG001
    queues["completed"][0]["progress"] = 0.01


Change = Callable[[Trial, Queues], None]
# What is edited, and what has to be told; "": nothing, it is done.
CHANGES: Mapping[str, tuple[Change, str]] = {
    "an entry is deleted": (_deleted, r"Taken out by hand, and so excluded: London After Midnight"),
    "an entry of a film that is on disk is deleted": (_deleted_completed, r"Taken out by hand, .*The General"),
    "an entry is there twice": (_duplicated, _KEPT),
    "a film is edited in two files": (_in_two_files, _KEPT),
    "an entry is moved from completed to pending": (_fetched_anew, ""),
    "an entry is moved from failed to pending": (_searched_anew, ""),
    "an entry is moved from failed to completed": (_ticked_off, ""),
    "a year is changed": (_year_set, ""),
    "a retry is asked for": (_retried, ""),
    "a priority of one's own is set on every film": (_own_key, ""),
    "a status nobody knows": (_no_status, _KEPT),
    "a year that is none": (_no_year, _KEPT),
    "what is only shown is changed": (_progress, ""),
}


def edited(trial: Trial, words: str, how: Save, *, running: bool) -> None:
    """One edit after a whole life; what the rules of the files say has to come of it."""
    change, told = CHANGES[words]
    home = _lived(trial, running=running)
    before, queues = read(home), read(home)
    change(trial, queues)
    save(home, queues, before, how)
    stamps = _stamps(home)
    if not running:
        trial.start()
    if told:
        trial.told(told)
    # Taken in or kept aside, the files are written again in the program's own form.
    trial.expect(until(lambda: _stamps(home) != stamps, _TAKEN_S), "The edit was not taken in.")
    trial.ends()
    if words.startswith("a priority"):
        lost = [entry["id"] for queue in QUEUES for entry in trial.entries(queue) if entry.get(_OWN_KEY) != 7]
        trial.expect(not lost, f"The key a person wrote is gone from {lost}.")
    kept = list(home.glob("queue_*.kept-*"))
    trial.expect(bool(kept) == (told == _KEPT), f"{len(kept)} files were kept aside.")


def _stamps(home: Path) -> list[tuple[int, int]]:
    paths = [home / f"queue_{queue}.json" for queue in QUEUES]
    return [(path.stat().st_ino, path.stat().st_mtime_ns) for path in paths if path.exists()]


def added_by_title(trial: Trial, how: Save, *, running: bool) -> None:
    """A film is added by title and year, and wished for on the list later: it is one film."""
    site = trial.stage.world.site
    site.films = [film.movie for film in trial.stage.films[:-1]]
    wanted = {name: state for name, state in trial.stage.expected.items() if name != str(_LAST.movie)}
    trial.start()
    trial.program.until(lambda seen: seen == wanted)
    if not running:
        trial.lost += trial.stage.end()
    home = trial.program.home
    before, queues = read(home), read(home)
    queues["pending"].append({"title": _LAST.movie.title, "year": _LAST.movie.year})
    save(home, queues, before, how)
    if not running:
        trial.start()
    found = until(lambda: trial.program.statuses() == trial.stage.expected, _LONG_S)
    trial.expect(found, "A film that was added by title was not fetched.")
    site.films = [film.movie for film in trial.stage.films]
    trial.lost += trial.stage.end()
    trial.program.settings["check_interval"] = 1
    trial.start()
    trial.expect(until(lambda: _numbered(trial), _TAKEN_S), "It was not known again on the list.")
    trial.ends()


def _numbered(trial: Trial) -> bool:
    return all(film.movie.number is not None for film in trial.program.films().values())


def old_copy(trial: Trial, how: Save) -> None:
    """An old copy is saved over a new file: who is missing in it is named, and comes back when moved back."""
    site = trial.stage.world.site
    site.films = [film.movie for film in trial.stage.films[:-1]]
    wanted = {name: state for name, state in trial.stage.expected.items() if name != str(_LAST.movie)}
    trial.start()
    trial.program.until(lambda seen: seen == wanted)
    trial.lost += trial.stage.end()
    home = trial.program.home
    old = (home / "queue_completed.json").read_bytes()
    site.films = [film.movie for film in trial.stage.films]
    trial.program.settings["check_interval"] = 1
    trial.start()
    trial.program.until(lambda seen: seen == trial.stage.expected)
    trial.expect(until(lambda: _id(_LAST.movie.number) in _shown(home, "completed"), _TAKEN_S), "It was not shown.")
    how(home / "queue_completed.json", old)
    trial.told(r"Taken out by hand, and so excluded: M\. Move them back from queue_failed\.json")
    trial.expect(until(lambda: _id(_LAST.movie.number) in _shown(home, "failed"), _TAKEN_S), "It is not in failed.")
    before, queues = read(home), read(home)
    move(queues, _id(_LAST.movie.number), "pending")
    save(home, queues, before, how)
    # It lies on disk; its torrent is nobody's business any more.
    trial.film_ends(str(_LAST.movie), expected="owned")
    trial.lost += trial.stage.settle()
    server(trial).api.torrents_delete(delete_files=False, torrent_hashes=hash_of(trial, _LAST.taken))
    trial.lost += invariants.settled(trial.stage)


def _shown(home: Path, queue: str) -> list[str]:
    return [entry["id"] for entry in read(home)[queue]]


def half_saved(trial: Trial) -> None:
    """Half a file, and then the rest: it is taken whole or kept aside, and saving it once more is enough."""
    home = _lived(trial, running=True)
    for tried in range(3):
        before, queues = read(home), read(home)
        if not any(entry["id"] == _ABSENT and entry["status"] != "excluded" for entry in queues["failed"]):
            break
        without(queues, _ABSENT)
        save(home, queues, before, in_halves if tried < 2 else renamed)
        until(lambda: trial.program.statuses().get(str(ABSENT.movie)) == "excluded", 4)
    trial.film_ends(str(ABSENT.movie), expected="excluded")
    trial.ends()


# -- the tables


def _moments() -> Iterator[Fault]:
    for words, how in SAVES.items():
        for at in MOMENTS_S:
            yield Fault(
                f"edits at {{}} moments of a first life, saved {words}",
                plainly(partial(at_moment, after_s=at, how=how)),
                (words, at) == ("as vim", 1.0),
                "nothing: what was edited is done",
            )


def _changes() -> Iterator[Fault]:
    short = {"an entry is deleted", "an entry is there twice", "an entry is moved from completed to pending"}
    for number, words in enumerate(CHANGES):
        for running in (True, False):
            how = list(SAVES.values())[number % 2]
            yield Fault(
                f"{words}, while it {'runs' if running else 'is stopped'}",
                plainly(partial(edited, words=words, how=how, running=running)),
                words in short and running,
                "nothing: what was edited is done",
            )


FAULTS = (
    *_moments(),
    *_changes(),
    *(
        Fault(
            f"a film is added by title, and wished for later, while it {'runs' if running else 'is stopped'}",
            plainly(partial(added_by_title, how=renamed, running=running)),
            silent="nothing: it is one film",
        )
        for running in (True, False)
    ),
    *(
        Fault(f"an old copy is saved over a new one, {words}", plainly(partial(old_copy, how=how)))
        for words, how in SAVES.items()
    ),
    Fault("half a file is saved, and then the rest", plainly(half_saved), silent="what the file is kept as"),
)


def every() -> Sequence[Fault]:
    """The table, for other processes."""
    return FAULTS


def at_points(points: Sequence[str]) -> Sequence[Fault]:
    """An edit at each point of a first life, saved by one editor and the other."""
    saves = list(SAVES.values())
    words = "edits while the program stands at {} different points"
    # It looked whether somebody saved the file, and has not renamed its own yet: a moment of microseconds.
    last_look = "edits of the file that is renamed next, {} points"
    return [
        Fault(
            last_look if _RENAMES.fullmatch(point) else words,
            plainly(partial(at_point, point=point, how=saves[number % 2])),
            silent="nothing: it is done",
        )
        for number, point in enumerate(points)
    ]


def run(effort: Effort, folder: Path) -> Iterator[Tried]:
    """See `reliability`."""
    if not installed():
        yield Tried(PART, "hand edits", why_not="qbittorrent-nox is not installed")
        return
    yield from try_table(Table(PART, every), effort, folder / "edits")
    if effort.long:
        with Stage(folder / "points") as stage:
            points = tuple(point for point in kills.points(stage, SCENARIOS["life"]) if not point.startswith(_AT_END))
        yield from try_table(Table(PART, partial(at_points, points)), effort, folder / "at-points")
