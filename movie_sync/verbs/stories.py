"""Why a film is where it is: its whole story from what was stored, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass

from movie_sync.movie import Status
from movie_sync.store import Store, decisions, films, history, questions
from movie_sync.store import transfers as transfers_table
from movie_sync.store.decisions import StoredDecision
from movie_sync.store.films import FilmRecord
from movie_sync.store.questions import Question
from movie_sync.store.transfers import Transfer


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened.

    Attributes:
        at: Unix seconds.
        event: A stable word: ``wished``, ``searched``, ``chosen``, …
        text: The same for people.
        judged: For ``searched`` and ``judged``: every release with what was made of it, accepted ones first, best
            first. Empty for other events, and for searches so long ago that only their outcome is kept.
    """

    at: float
    event: str
    text: str
    judged: tuple[StoredDecision, ...] = ()


@dataclass(frozen=True, slots=True)
class Next:
    """What happens next.

    Attributes:
        text: A sentence.
        at: Unix seconds, None when that hangs on something else than time.
    """

    text: str
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """Everything stored of a film."""

    film: FilmRecord
    moments: tuple[Moment, ...]
    transfers: tuple[Transfer, ...]
    questions: tuple[Question, ...]
    next: Next


def story(store: Store, film: FilmRecord) -> Story:
    """The story of a film; reads only, nothing is judged anew."""
    with store.read() as tx:
        events = history.of_film(tx, film.film_id)
        judged: dict[float, list[StoredDecision]] = {}
        for one in decisions.of_film(tx, film.film_id):
            judged.setdefault(one.at, []).append(one)
        moved = tuple(transfers_table.of_film(tx, film.film_id))
        asked = tuple(questions.of_film(tx, film.film_id))
        before = films.due_before(tx, film) if film.status is Status.DUE else 0
    moments = tuple(
        Moment(one.at, one.event, one.text, tuple(judged.get(one.at, ())) if one.event in _JUDGED else ())
        for one in events
    )
    return Story(film, moments, moved, asked, what_next(film, moved, before))


# Events that tell of releases judged at the same moment.
_JUDGED = frozenset({"searched", "judged"})
_NEXT: dict[Status, str] = {
    Status.DUE: "It is searched in its turn: new wishes before repeats.",
    Status.CLAIMED: "It is being searched now.",
    Status.HANDING_OVER: "It is being handed over to the client.",
    Status.PUT_OFF: "It is tried again, at that time or once what it waits for is there.",
    Status.NOT_FOUND: "It is searched again; before that, it is taken as soon as a release comes to the tracker.",
    Status.RETRYING: "It is tried again; before that, it is taken as soon as a new release comes to the tracker.",
    Status.PERMANENT: "It is taken as soon as a new release comes to the tracker, but not searched any more: all"
    " retries are used up. To try it now: movie-sync retry FILM",
    Status.SERIES: "Nothing: series are not taken unless your profile has include_series.",
    Status.EXCLUDED: "Nothing: it is excluded. To ask for it again: movie-sync add FILM",
    Status.OWNED: "Nothing: it is on disk.",
    Status.SAVED: "Nothing: its .torrent was saved, and no client is set up to watch it.",
    Status.DOWNLOADING: "The client downloads it; it is looked at every few seconds.",
    Status.STALLED: "Nothing moves. If that stays so, it is blocklisted and the next best release is taken.",
    Status.DOWNLOADED: "Nothing: it is on disk.",
    Status.GONE: "Nothing: it was taken out of the client. To fetch it once more: movie-sync retry FILM --anew",
    Status.UNWISHED: "Nothing: no list wishes for it any more.",
}


def what_next(film: FilmRecord, moved: Sequence[Transfer], before: int = 0) -> Next:
    """What happens to a film next, and when; so many films are due before it."""
    if film.status is Status.DUE and before:
        which = "searched again" if film.searches else "searched"
        return Next(f"It is {which} in its turn: {before} films are before it.")
    if film.status is Status.DOWNLOADED and (better := next((one for one in moved if one.role == "upgrade"), None)):
        return Next(f"A better release is on its way: {better.release_name}.")
    if film.status is Status.DOWNLOADED and film.upgrade_after is not None:
        return Next("A better release is looked for.", film.upgrade_after)
    at = film.not_before if film.status in {Status.PUT_OFF, Status.HANDING_OVER} else None
    if film.status in {Status.NOT_FOUND, Status.RETRYING}:
        at = film.retry_after
    return Next(_NEXT[film.status], at)
