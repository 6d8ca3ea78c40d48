"""A life: the street and the house go through what the script says, and are looked at as often as it says."""

import heapq
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from movie_sync.demo.loopback import LoopbackServer
from movie_sync.store import DATABASE_FILE
from reliability.soak import checks, ledger, years
from reliability.soak.catalog import Coming, film
from reliability.soak.faults import Holder, away_s, bent
from reliability.soak.ledger import Sample
from reliability.soak.people import People
from reliability.soak.script import FAULTS, HOUR_S, OTHERS, Happening, Plan, What, happenings
from reliability.soak.street import Street

# A wish is known when the list was checked, also where it had to wait for that.
_KNOWN_S = 5 * HOUR_S
# How long the client is gone.
_GONE_S = (120.0, 2400.0)
# By how much the clock is set wrong.
_WRONG_S = (-900.0, 900.0)
# What a look at the house waits for at the most, until all that was begun has come to its end.
_SETTLES_S = 3600.0
_SETTLE_STEP_S = 20.0
# Torrents a person leaves in the client.
_LEFT_IN_CLIENT = 25
_REWISHED = 0.3


@dataclass
class Lived:
    """What was seen of a life.

    Attributes:
        samples: Of the process.
        lost: What did not hold at some look, each sentence once.
        happened: What happened, how often.
        away_s: Service to the seconds for which it is left alone, by what it answered.
        due: At the last look, films that could be had for long.
        searches: Of all films, at the last look.
        waiting: At the last look, films that could be had for long, are not there, and say when they are tried next.
        fetched: Films that are there, at the last look.
        old: Number and event of all that is told of the time before the life, at the last look.
    """

    samples: list[Sample] = field(default_factory=list)
    lost: dict[str, None] = field(default_factory=dict)
    happened: dict[str, int] = field(default_factory=dict)
    away_s: dict[str, float] = field(default_factory=dict)
    due: int = 0
    searches: int = 0
    waiting: int = 0
    fetched: int = 0
    old: list[tuple[int, str]] = field(default_factory=list)

    @property
    def faults(self) -> int:
        """How many of what happened were faults."""
        return sum(times for what, times in self.happened.items() if what in FAULTS)


class Life:
    """One life; `live` goes through it once.

    Args:
        street: Open already.
        plan: How large it is.
        wished: Numbers of the films on the watchlist at the beginning.
    """

    def __init__(self, street: Street, plan: Plan, wished: list[int]) -> None:
        self._street = street
        self._plan = plan
        self._dice = random.Random(plan.seed + 2)
        self._begin = street.seen.monotonic()
        self._people = People(street, self._dice)
        self._holder = Holder(street.home / DATABASE_FILE)
        self._wished: dict[int, float] = dict.fromkeys(wished, 0.0)
        self._fresh = iter(range(plan.films, OTHERS.start - 100))
        self._unwished: list[int] = []
        self._offered: dict[int, float] = {}
        self._torrents_gone = False
        self._steps: Mapping[str, int] = {}
        self.lived = Lived()
        self._todo: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._done: Mapping[What, Callable[[], None]] = self._ways()

    def _ways(self) -> Mapping[What, Callable[[], None]]:
        street = self._street
        return {
            "wish": self._wish,
            "take back": self._take_back,
            "bend letterboxd": lambda: self._bend("letterboxd", street.site),
            "bend filelist": lambda: self._bend("filelist", street.api),
            "bend wikidata": lambda: self._bend("wikidata", street.wikidata),
            "client stops": lambda: self._client_goes(kill=False),
            "client dies": lambda: self._client_goes(kill=True),
            "clock jumps": lambda: self._tell("jump", seconds=self._dice.uniform(*_WRONG_S)),
            "lock for a moment": lambda: self._holder.hold(long=False),
            "lock for long": lambda: self._holder.hold(long=True),
            "edit by hand": self._people.edit,
            "command": self._people.command,
            "new setting": self._people.change_settings,
            "restart": lambda: self._tell("restart"),
            "take out of client": self._take_out,
            "log-in refused": self._refuse,
        }

    # -- going through it

    def live(self) -> Lived:
        """Live to the end."""
        for one in self._street.coming:
            self._plan_for(one.at_s, lambda one=one: self._upload(one))  # type: ignore[misc]
        for happening in happenings(self._plan):
            self._plan_for(happening.at_s, lambda happening=happening: self._happen(happening))  # type: ignore[misc]
        for place in range(1, self._plan.samples + 1):
            self._plan_for(place * self._plan.seconds / self._plan.samples, self._look)
        try:
            while self._todo:
                at_s, _, do = heapq.heappop(self._todo)
                self._pass_until(at_s)
                do()
            self._tell("stop")
        finally:
            self._holder.let_go()
        for error in ledger.unexpected(self._street.home):
            self._lose([f"An error nobody foresaw is in the log: {error}."])
        return self.lived

    def _plan_for(self, at_s: float, do: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._todo, (at_s, self._order, do))

    def _now_s(self) -> float:
        return self._street.seen.monotonic() - self._begin

    def _pass_until(self, at_s: float) -> None:
        if at_s > self._now_s():
            self._tell("live", until=self._begin + at_s)

    def _tell(self, what: str, **how: float) -> None:
        answer: dict[str, Any] = self._street.tell(what, **how)
        self._steps = answer["steps"]

    def _happen(self, one: Happening) -> None:
        self.lived.happened[one.what] = self.lived.happened.get(one.what, 0) + 1
        self._done[one.what]()

    def _lose(self, sentences: list[str]) -> None:
        self.lived.lost.update(dict.fromkeys(sentences))

    # -- what happens

    def _bend(self, service: str, server: LoopbackServer) -> None:
        answers = bent(service, self._dice)
        if server.next_answers:
            # It is left alone for longer and longer: more than it asks for would never end.
            return
        server.next_answers.extend(one.answer for one in answers)
        self._leave_alone(service, away_s(answers))

    def _leave_alone(self, service: str, seconds: float) -> None:
        self.lived.away_s[service] = self.lived.away_s.get(service, 0.0) + seconds

    def _upload(self, one: Coming) -> None:
        self._street.upload(one)
        if one.grade == "good":
            self._offered.setdefault(one.film, self._now_s())

    def _wish(self) -> None:
        again = self._unwished and self._dice.random() < _REWISHED
        number = self._unwished.pop() if again else next(self._fresh)
        self._street.site.films.insert(0, film(number))
        self._wished[number] = self._now_s()

    def _take_back(self) -> None:
        number = self._dice.choice(sorted(self._wished))
        del self._wished[number]
        self._unwished.append(number)
        self._street.site.films.remove(film(number))
        self._street.site.others.append(film(number))

    def _client_goes(self, *, kill: bool) -> None:
        client = self._street.nox
        if client is None or self._torrents_gone:
            return
        self._torrents_gone = True
        (client.kill if kill else client.stop)()
        self._plan_for(self._now_s() + self._dice.uniform(*_GONE_S), self._client_comes)

    def _client_comes(self) -> None:
        if self._street.nox is not None and self._torrents_gone:
            self._street.nox.start()
            self._torrents_gone = False

    def _take_out(self) -> None:
        """A person has seen some of the films and deletes them."""
        if self._street.nox is None or self._torrents_gone:
            return
        api = self._street.nox.api
        whole = [str(row["hash"]) for row in api.torrents_info() if row["progress"] == 1]
        if seen := self._dice.sample(whole, max(0, len(whole) - _LEFT_IN_CLIENT)):
            api.torrents_delete(delete_files=True, torrent_hashes=seen)

    def _refuse(self) -> None:
        self._street.api.shut = True
        self._leave_alone("filelist", self._plan.refused_s)
        self._plan_for(self._now_s() + self._plan.refused_s, self._let_in)

    def _let_in(self) -> None:
        self._street.api.shut = False
        self._people.let_in_again()

    # -- looking at it

    def _look(self) -> None:
        """Let what was begun come to its end, check what has to hold, and measure."""
        self._holder.let_go()
        self._client_comes()
        wrong = self._wrong()
        waited_s = 0.0
        while wrong and waited_s < _SETTLES_S:
            self._pass_until(self._now_s() + _SETTLE_STEP_S)
            waited_s += _SETTLE_STEP_S
            wrong = self._wrong()
        self._lose(wrong)
        self._look_at_films()
        home, pid = self._street.home, self._street.pid
        self.lived.samples.append(ledger.sample(pid, home, self._now_s(), self._steps))
        ledger.keep(self.lived.samples[-1], home.with_name("samples.jsonl"))

    def _wrong(self) -> list[str]:
        books = ledger.books(self._street.home)
        known = {number for number, at_s in self._wished.items() if self._now_s() - at_s > _KNOWN_S}
        found = list(checks.one_queue(known | self._people.asked_for, books))
        if self._street.nox is not None:
            rows = self._street.nox.api.torrents_info()
            torrents = {str(row["hash"]): row["progress"] == 1 for row in rows}
            found += checks.agree(books.transfers, torrents)
        return found

    def _look_at_films(self) -> None:
        books = ledger.books(self._street.home)
        due = set(self._due()) - self._people.excluded
        self._lose(list(checks.fetched(due, books.films, self._street.seen.now())))
        long_wished = {one for one, at_s in self._wished.items() if at_s + self._plan.patience_s < self._now_s()}
        self._lose(list(checks.searched(long_wished - self._people.excluded, books.films)))
        self.lived.due = len(due)
        self.lived.searches = sum(one.searches for one in books.films)
        completed = {one.number for one in books.films if one.queue == "completed"}
        self.lived.waiting = len(due - completed)
        self.lived.fetched = len(completed)
        self.lived.old = ledger.told_before(self._street.home, self._street.seen.now() - years.OLD_S)

    def _due(self) -> Iterator[int]:
        """Films that are wished for and could be had for long enough."""
        for number, at_s in self._wished.items():
            offered_s = self._offered.get(number)
            if offered_s is not None and max(at_s, offered_s) + self._plan.patience_s < self._now_s():
                yield number
