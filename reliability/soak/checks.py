"""What has to hold in a life, computed from what was seen of it.

Pure: each check gives a sentence for each thing that does not hold.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from reliability.soak.ledger import Books, FilmRow, Sample, TransferRow

MIB = 1024 * 1024
CALLS_AN_HOUR = 120
SWEEPS_AN_HOUR = 4
_HOUR_S = 3600.0
_DAY_S = 86400.0
_WAY_S = 1.0
# Of what the clock asks for, so much has to be done: the rest is faults that keep a service away.
_SHARE = 0.9
# What a service may be left alone for beyond the longest wait anybody asks for.
_LONGEST_S = 15 * _DAY_S
# Memory may grow by this much of itself, or by so many bytes where that is more.
_GROWTH = 0.05
_GROWTH_BYTES = 4 * MIB
# Letterboxd, Wikidata, FileList and the client.
_SERVICES = 4
# Rows a known film may have in a table; tables that are not named have none that hang on films.
_ROWS_A_FILM: Mapping[str, float] = {
    "films": 1,
    "names": 5,
    "wishes": 2,
    "transfers": 4,
    # Five searches, each with all that a search brings of one film.
    "decisions": 25,
    "offers": 1,
    "questions": 2,
    "library_files": 1,
    "library_folders": 0.1,
    "library_ids": 2,
    "library_readings": 6,
}
_ROWS_BESIDE = 1000
# Of a film's events this many stay however old they are.
_NEWEST = 20
# So many of the films that can be had may still wait, for faults kept the services away.
_MAY_WAIT = 0.1
# Two hours of calls, and what tells of services.
_ROWS_AT_MOST = 500
# The one table that tells what was: so many events a film and a day, on the average.
HISTORY = "history"
_EVENTS_A_FILM_AND_DAY = 0.5


# -- films and torrents


def one_queue(wished: Collection[int], books: Books) -> Iterator[str]:
    """Every wished film is in exactly one queue, in the database and in the files, and none is there twice."""
    known = Counter(film.number for film in books.films if film.number >= 0)
    yield from (f"Film {number} is there {times} times." for number, times in known.items() if times > 1)
    queue_of = {film.number: film.queue for film in books.films}
    for number in sorted(wished):
        if queue_of.get(number) not in books.shown:
            yield f"Film {number}, which is wished for, is in no queue ({queue_of.get(number)})."
    for queue, shown in books.shown.items():
        stands = Counter(film.number for film in books.films if film.queue == queue)
        if Counter(shown) != stands:
            differ = (Counter(shown) - stands) | (stands - Counter(shown))
            yield f"The file of the queue {queue} and the database differ in {sum(differ.values())} films."


def agree(transfers: Sequence[TransferRow], torrents: Mapping[str, bool]) -> Iterator[str]:
    """The client has the current torrents and no other, and what is whole there is known to be.

    Args:
        transfers: All there are.
        torrents: Info-hash to whether it is whole, as the client says.
    """
    current = Counter(one.film for one in transfers if one.role == "current")
    yield from (f"Film {film} has {times} current transfers." for film, times in current.items() if times > 1)
    wanted = {one.info_hash for one in transfers if one.role in {"current", "upgrade"}}
    # One that went wrong stays until the next best runs; one of an earlier wish stays with its owner.
    staying = {one.info_hash for one in transfers if one.role in {"blocklisted", "retiring", "replaced"} and one.client}
    if missing := wanted - torrents.keys():
        yield f"{len(missing)} current transfers are not in the client, such as {min(missing)}."
    if strange := torrents.keys() - wanted - staying:
        yield f"{len(strange)} torrents in the client are no current transfer, such as {min(strange)}."
    for one in transfers:
        if one.role == "current" and torrents.get(one.info_hash) and not one.done:
            yield f"{one.info_hash} is whole in the client, and its film does not count as downloaded."


def fetched(due: Collection[int], films: Sequence[FilmRow], now: float) -> Iterator[str]:
    """Every film that can be had for long enough is completed, or says when it is tried next.

    Args:
        due: Numbers of the films that could be had for long enough.
        films: All there are.
        now: Unix seconds by the program's clock.
    """
    for film in films:
        if film.number not in due or film.queue == "completed":
            continue
        if film.status == "excluded":
            continue
        says = film.next_at is not None and now - _HOUR_S <= film.next_at <= now + _LONGEST_S
        if not says:
            yield f"Film {film.number} can be had for long and is {film.status} without a time of its next try."


def enough_fetched(waiting: int, due: int) -> Iterator[str]:
    """All but a few of the films that could be had for long enough are there, whatever the others say.

    Args:
        waiting: How many are not.
        due: How many could be had.
    """
    if waiting > max(1.0, _MAY_WAIT * due):
        yield f"{waiting} of {due} films that can be had for long are not there."


def searched(wished: Collection[int], films: Sequence[FilmRow]) -> Iterator[str]:
    """Every film that is wished for long enough was searched, if it is not there without that.

    Args:
        wished: Numbers of the films that are.
        films: All there are.
    """
    for film in films:
        asked = film.searches or film.queue == "completed" or film.status in {"excluded", "unwished"}
        if film.number in wished and not asked:
            yield f"Film {film.number} is wished for long and was never searched."


# -- the clock


def lived_through(samples: Sequence[Sample], seconds: float, looks: int) -> Iterator[str]:
    """The life went on to its end, and was looked at as often as planned."""
    if samples[-1].at_s < seconds or len(samples) < looks:
        at_s, seen = samples[-1].at_s, len(samples)
        yield f"The life ended after {at_s:.0f} s and {seen} looks, {seconds:.0f} s and {looks} looks were planned."


def busiest_hour(moments: Sequence[float]) -> int:
    """The most moments in any hour; sorted, in seconds. The way of a request may take up to a second more or less."""
    most = first = 0
    for place, moment in enumerate(moments):
        while moments[first] <= moment - _HOUR_S + _WAY_S:
            first += 1
        most = max(most, place + 1 - first)
    return most


def within_budget(called: Sequence[float]) -> list[str]:
    """No rolling hour has more API calls than allowed."""
    most = busiest_hour(called)
    return [f"{most} API calls came within an hour, {CALLS_AN_HOUR} are allowed."] if most > CALLS_AN_HOUR else []


def rounds(moments: Sequence[float], apart_s: float) -> int:
    """How many moments are no mere repetition of one shortly before, such as the second look at a list's first page."""
    found, last = 0, float("-inf")
    for moment in moments:
        if moment - last >= apart_s:
            found, last = found + 1, moment
    return found


def by_the_clock(
    checked: Sequence[float],
    swept: Sequence[float],
    steps: Mapping[str, int],
    seconds: float,
    away_s: Mapping[str, float],
) -> Iterator[str]:
    """What has to happen in so many seconds did happen: list checks, sweeps, and the steps of each worker.

    Args:
        checked: When the list's first page was given out.
        swept: When the newest releases were.
        steps: Worker to its steps.
        seconds: Simulated.
        away_s: Service to the seconds of these for which it was left alone, since it said so.
    """
    hours = (seconds - away_s.get("letterboxd", 0.0)) / _HOUR_S
    lists = rounds(checked, _HOUR_S / 2)
    if lists < _SHARE * hours:
        yield f"The list was checked {lists} times in {hours:.1f} h in which it could be."
    hours = (seconds - away_s.get("filelist", 0.0)) / _HOUR_S
    sweeps = rounds(swept, 60.0)
    if sweeps < _SHARE * SWEEPS_AN_HOUR * hours:
        yield f"The newest releases were looked at {sweeps} times in {hours:.1f} h in which they could be."
    for name, asked in steps_asked(seconds).items():
        if steps.get(name, 0) < _SHARE * asked:
            yield f"{name} made {steps.get(name, 0)} steps in {seconds:.0f} s, which asks for {asked:.0f}."


def steps_asked(seconds: float) -> Mapping[str, float]:
    """How many steps each loop makes at the least by its own waits."""
    return {
        "main loop": seconds,
        "queue files": seconds,
        "watchlist check": seconds / 60,
        "download": seconds / 60,
        "transfers": seconds / 60,
    }


# -- flatness


def slope(points: Sequence[tuple[float, float]]) -> float:
    """By least squares; 0 for fewer than two points."""
    count = len(points)
    if count < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def flat_memory(samples: Sequence[Sample], warm_up: int) -> list[str]:
    """The line through the memory after the warm-up does not rise by more than 5 %, or 4 MiB where that is more."""
    points = [(one.at_s, float(one.rss_bytes)) for one in samples[warm_up:]]
    if len(points) < 2:
        return ["Memory was measured too seldom to tell."]
    growth = slope(points) * (points[-1][0] - points[0][0])
    allowed = max(_GROWTH * points[0][1], float(_GROWTH_BYTES))
    if growth <= allowed:
        return []
    return [f"Memory grew by {growth / MIB:.1f} MiB after the warm-up, {allowed / MIB:.1f} MiB are allowed."]


def flat_count(what: str, counts: Sequence[int], warm_up: int) -> list[str]:
    """After the warm-up there is never more than one more than in it."""
    before, after = counts[:warm_up], counts[warm_up:]
    if not before or not after:
        return [f"{what} were counted too seldom to tell."]
    if max(after) <= max(before) + 1:
        return []
    return [f"{what} rose from at most {max(before)} in the warm-up to {max(after)}."]


def few_connections(samples: Sequence[Sample], warm_up: int) -> list[str]:
    """While nobody asks anything, never more connections stay open than one for each service."""
    most = max((one.connections for one in samples[warm_up:]), default=0)
    if most <= _SERVICES:
        return []
    return [f"{most} connections are open to {_SERVICES} services."]


def bounded_rows(samples: Sequence[Sample]) -> Iterator[str]:
    """No table grows but with the films that are known, and what is told of them day by day stays little."""
    last = samples[-1]
    films = last.rows["films"]
    for table, rows in last.rows.items():
        if table == HISTORY:
            bound = films * (20 + _EVENTS_A_FILM_AND_DAY * last.at_s / _DAY_S)
        elif table in _ROWS_A_FILM:
            bound = films * _ROWS_A_FILM[table] + _ROWS_BESIDE
        else:
            bound = _ROWS_AT_MOST
        if rows > bound:
            yield f"The table {table} has {rows} rows for {films} films; {bound:.0f} were to be expected at most."


def forgotten(old: Sequence[tuple[int, str]], films: Collection[int], repeated: Collection[str]) -> Iterator[str]:
    """Of what was repeated long ago little is left, and of what says why a film is there, all.

    Args:
        old: Number and event of all that is still told of that time.
        films: Numbers of the films that were wished for then.
        repeated: The events that were told of them again and again.
    """
    left = Counter(number for number, event in old if event in repeated)
    if (most := max(left.values(), default=0)) > _NEWEST:
        yield f"{most} old events of a film are kept, {_NEWEST} are allowed."
    if lost := set(films) - {number for number, event in old if event == "wished"}:
        yield f"It is told no more that {len(lost)} films were wished for, such as {min(lost)}."
