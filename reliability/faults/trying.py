"""How a fault of a web service is tried: bend its answers, look at what the program does, lift it, look again."""

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from movie_sync.demo.films import DemoFilm
from movie_sync.demo.wikidata_site import Item, WikidataSite
from movie_sync.demo.world import PASSKEY
from movie_sync.film_details import QUIET_S
from movie_sync.store import Store, providers
from reliability.faults.answers import Asked, Bad, Front
from reliability.faults.certificates import Authority
from reliability.faults.trial import Fault, Trial, set_clock, until
from reliability.stage import Stage, Watched

SERVICES = ("letterboxd", "filelist")
# Seconds to connect, to read and in all, in place of 10, 20 and 60: a hang is a hang.
QUICK_LIMITS_S = (1.0, 1.5, 3.0)
MOST_MEMORY_MB = 200
# Nobody asked for anything for so long: the program has done what it can.
_QUIET_S = 0.8
# Where a redirect to another host leads: nobody may come there, on whichever front.
ELSEWHERE = "/elsewhere"
_PAUSE_AFTER_S = 25 * 3600.0
# Without its pages some films are searched by what is known of them and not found, until more is known.
_TELLS_MORE = "letterboxd"
# Films that cannot be found, or recognised as none, by their title alone.
_MOST_UNKNOWN = 2
# What a film is charged with; that the tracker does not have it is so for some.
_CHARGED = frozenset({"retrying", "permanent", "not_found"})


class Street(Stage):
    """A stage with a front before each web service.

    Args:
        wikidata: There is one, which knows every film; else film pages alone tell ids.

    Attributes:
        fronts: By the service's name.
        authority: Whose certificates the program takes.
    """

    def __init__(self, folder: Path, *, wikidata: bool = False, **options: Any) -> None:
        super().__init__(folder, **options)
        self.authority = Authority(folder / "certificates")
        self.fronts = {"letterboxd": Front(self.world.site.url), "filelist": Front(self.world.api.url)}
        self._wikidata = WikidataSite(_items(self.films)) if wikidata else None
        if self._wikidata is not None:
            self.fronts["wikidata"] = Front(self._wikidata.url)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for front in self.fronts.values():
            front.close()
        if self._wikidata is not None:
            self._wikidata.close()
        super().__exit__(kind, error, trace)

    def fresh(self) -> Watched:
        """See Stage; every front is well too."""
        program = super().fresh()
        for name, front in self.fronts.items():
            front.tls = None
            front.lift()
            front.asked.clear()
            program.settings[f"{name}_url"] = self.address(name)
        program.environment["REQUESTS_CA_BUNDLE"] = str(self.authority.path)
        self.later(0.0)
        program.plan = {"clock": str(self._clock)}
        return program

    def address(self, service: str) -> str:
        """Where the settings say that a service stands."""
        return f"{self.fronts[service].url}{'/sparql' if service == 'wikidata' else ''}"

    @property
    def _clock(self) -> Path:
        return self.program.folder / "clock.txt"

    def later(self, seconds: float) -> None:
        """The program's wall clock goes so far ahead."""
        set_clock(self._clock, seconds)


def _items(films: Sequence[DemoFilm]) -> Mapping[str, Item]:
    """What Wikidata knows; series are left to their pages."""
    movies = [film.movie for film in films if film.expected != "series"]
    return {movie.slug: Item(imdb=(movie.imdb_id,)) for movie in movies if movie.slug and movie.imdb_id}


@dataclass(frozen=True, slots=True)
class Door:
    """A kind of request that is answered badly.

    Attributes:
        words: For people.
        service: Of the street's fronts.
        fits: True for requests of this kind.
        known: Half of the films are known before, so that some could be lost.
    """

    words: str
    service: str
    fits: Callable[[Asked], bool]
    known: bool = False


@dataclass(frozen=True, slots=True)
class BadAnswer:
    """One bad answer, and what has to come of it.

    Attributes:
        words: For people.
        give: Does it; None: `bend` says what else is done.
        told: Regular expression of what the user is told; "": it does no harm, and every film ends as ever.
        most: Requests that may get it before the service is left alone.
        pause_s: For how long the service is to be left alone at least and at most; None: of no matter.
        kept: The pause was asked for, so that ``retry --now`` does not end it.
        hangs: It takes time.
        charged: The service says so of one film or release, which is charged for it.
        bend: Bends the street instead of an answer.
        short: Tried in the short run.
    """

    words: str
    give: Bad | None = None
    told: str = ""
    most: int = 1
    pause_s: tuple[float, float] | None = None
    kept: bool = False
    hangs: bool = False
    charged: bool = False
    bend: Callable[[Street, str], None] | None = field(default=None)
    short: bool = False


def try_bad(street: Street, door: Door, bad: BadAnswer, trial: Trial) -> None:
    """Try one bad answer at one door: what is told, asked, charged and sent while it lasts, and what comes after."""
    front = street.fronts[door.service]
    if bad.hangs:
        trial.program.plan["http_limits"] = QUICK_LIMITS_S
    known = _half_known(street, trial) if door.known else {}
    front.bend = lambda asked: bad.give if door.fits(asked) else None
    if bad.bend is not None:
        bad.bend(street, door.service)
    trial.start()
    if door.known:
        trial.asked_again()
    if bad.told:
        trial.told(bad.told)
        _quiet(street)
        _look(street, door, bad, trial)
        trial.lost += [f"{title} is gone." for title in known if title not in trial.program.statuses()]
        _lift(street, bad, trial)
    if door.known:  # a list is next looked at in an hour
        until(lambda: any(one.asked for one in street.fronts.values()))
        _quiet(street)
        street.later(_PAUSE_AFTER_S)
        trial.asked_again()
    if door.service == _TELLS_MORE:
        _quiet_times(street, trial)
    trial.ends()
    trial.expect(bad.bend or front.bent(), "Nothing was answered badly, so nothing was tried.")
    trial.lost += leaks(street, trial)


def _half_known(street: Street, trial: Trial) -> dict[str, str]:
    """A pass with every second film; their states after it."""
    wishes = street.films
    street.world.site.films = [film.movie for film in wishes[::2]]
    trial.program.ask("run", "--once")
    street.world.site.films = [film.movie for film in wishes]
    for front in street.fronts.values():
        front.asked.clear()
    return trial.program.statuses()


def _quiet(street: Street) -> None:
    """Wait until nobody asks for anything any more."""
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < _QUIET_S:
        count = sum(len(front.asked) for front in street.fronts.values())
        if count != seen:
            seen, since = count, time.monotonic()
        time.sleep(0.05)


def _look(street: Street, door: Door, bad: BadAnswer, trial: Trial) -> None:
    """What the program does while the fault lasts."""
    front = street.fronts[door.service]
    count = len(front.bent())
    trial.expect(count <= bad.most, f"It asked {count} times, and {bad.most} would do.")
    if bad.pause_s is not None:
        least, longest = bad.pause_s
        pause = pause_s(trial.program.home, door.service)
        trial.expect(
            least <= pause <= longest, f"It is left alone for {pause:.0f} s, not {least:.0f} to {longest:.0f}."
        )
    if bad.kept:
        trial.asked_again()
        _quiet(street)
        trial.expect(len(front.bent()) == count, "It was asked though it asked to be left alone.")
    if not bad.charged:
        trial.lost += charged(street, trial, _CHARGED - {"not_found"} if door.service == _TELLS_MORE else _CHARGED)
    peak = memory_mb(trial)
    trial.expect(peak < MOST_MEMORY_MB, f"The process took {peak} MB.")


def _lift(street: Street, bad: BadAnswer, trial: Trial) -> None:
    for name, front in street.fronts.items():
        front.lift()
        if front.tls is not None:
            front.tls = street.authority.context()
        # A person mends the address, the service reads it.
        if trial.program.settings[f"{name}_url"] != street.address(name):
            trial.lost += street.end()
            trial.program.settings[f"{name}_url"] = street.address(name)
            if name in SERVICES:
                trial.program.settings[f"{name}_delay"] = 0
            trial.start()
    if bad.kept:
        street.later(_PAUSE_AFTER_S)
    trial.asked_again()
    if bad.charged:
        street.program.ask("retry", "--all")


def _quiet_times(street: Street, trial: Trial) -> None:
    """Time goes on: what nobody waits for is asked one by one, and far apart."""
    for number in range(1, _MOST_UNKNOWN + 1):
        street.later(_PAUSE_AFTER_S + number * (QUIET_S + 1))
        trial.asked_again()
        _quiet(street)


def charged(street: Street, trial: Trial, states: Collection[str]) -> list[str]:
    """The films in states they should not be in; not those the tracker really has not."""
    wanted = street.expected
    return [
        f"{title} is charged with it: {film.status}, {film.reason}"
        for title, film in trial.program.films().items()
        if film.status in states and wanted[title] not in states
    ]


def pause_s(home: Path, service: str) -> float:
    """For how long a service is left alone since it was asked last; 0 while it is well."""
    store = Store(home / "movie_sync.db", read_only=True)
    try:
        with store.read() as tx:
            return providers.get(tx, service).wait_s
    finally:
        store.close()


def memory_mb(trial: Trial) -> int:
    """The most memory the running process ever had, in MB (VmHWM)."""
    assert trial.program.process is not None
    text = Path(f"/proc/{trial.program.process.pid}/status").read_text(encoding="ascii")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", text, re.MULTILINE)
    return int(found[1]) // 1024 if found else 0


def leaks(street: Street, trial: Trial) -> list[str]:
    """Where the passkey or a log-in is that must not be there: in what was written, or with a service it is not for."""
    home = trial.program.home
    written = [home / "movie_sync.log", trial.program.folder / "stderr.txt", *home.glob("*.json"), *home.glob("*.txt")]
    written += home.glob("movie_sync.db*")
    lost = [f"{path.name} holds the passkey." for path in written if path.exists() and PASSKEY in _text(path)]
    asked = street.fronts["letterboxd"].asked
    if any("authorization" in one.headers or PASSKEY in one.query.values() for one in asked):
        lost.append("Letterboxd was sent a log-in.")
    if any(one.path == ELSEWHERE for front in street.fronts.values() for one in front.asked):
        lost.append("A redirect to another host was followed.")
    return lost


def _text(path: Path) -> str:
    return path.read_bytes().decode("latin-1")


def faults(street: Street, door: Door, answers: Sequence[BadAnswer]) -> Iterator[Fault]:
    """A row for each bad answer at a door."""
    for bad in answers:
        yield Fault(f"{door.words}: {bad.words}", partial(try_bad, street, door, bad), bad.short)


__all__ = ["BadAnswer", "Door", "Street", "faults", "try_bad", "until"]
