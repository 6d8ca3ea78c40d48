"""Films, the names they are known by, and the moves between their states."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

from movie_sync.movie import FilmFacts, Movie, Purpose, Queue, Status, queue_of
from movie_sync.store import wishes
from movie_sync.store.connections import Connection, Row

# The columns `change` may set besides status; queue follows from status.
COLUMNS = frozenset(
    "title year number lid slug url imdb_id tmdb_id kind directors alt_titles runtime_min details_at added_at queued_at"
    " wish_order searches searched_at not_before reason claimed_at fetch_anew retry_count retry_after last_error"
    " reason_code failed_at completed_at release_name info_hash progress left_at put_off_by upgrade_after asked_ids_at"
    " cleanup extra".split()
)
_JSON_COLUMNS = frozenset({"directors", "alt_titles", "extra"})
# When two films turn out to be one, the one with the larger number stays.
_FURTHER_ON: Mapping[Status, int] = {
    Status.UNWISHED: 20,
    Status.EXCLUDED: 60,
    Status.CLAIMED: 50,
    Status.HANDING_OVER: 70,
    **dict.fromkeys((Status.NOT_FOUND, Status.RETRYING, Status.PERMANENT, Status.SERIES), 40),
    **dict.fromkeys((Status.DUE, Status.PUT_OFF), 30),
    Status.GONE: 80,
    Status.STALLED: 81,
    Status.SAVED: 82,
    Status.DOWNLOADING: 83,
    Status.OWNED: 84,
    Status.DOWNLOADED: 85,
}


@dataclass(frozen=True, slots=True)
class FilmRecord:
    """A film with everything the queue knows of it. Moments are Unix seconds, None when there was none.

    Attributes:
        film_id: Our own row number, for this database only.
        searches: How often a tracker was asked for it since it was wished for.
        retry_count: Retries already used up.
        progress: 0.0 to 1.0 of the current transfer, None when there is none.
        left_at: When the last list that wished for it took that back; None while wished for, or never wished.
        upgrade_after: When a better release is looked for, None: never.
        cleanup: Of a film that left its list: ``held``, its files stay until a person agrees; ``agreed``, a person did;
            ``begun``, they are being deleted; None: nothing was said.
        extra: Keys a person wrote into its entry which this program does not know.
    """

    film_id: int
    movie: Movie
    status: Status
    queued_at: float
    wish_order: float
    added_at: float | None = None
    details_at: float | None = None
    searches: int = 0
    searched_at: float | None = None
    not_before: float | None = None
    reason: str | None = None
    claimed_at: float | None = None
    fetch_anew: bool = False
    retry_count: int = 0
    retry_after: float | None = None
    last_error: str | None = None
    reason_code: str | None = None
    failed_at: float | None = None
    completed_at: float | None = None
    release_name: str | None = None
    info_hash: str | None = None
    progress: float | None = None
    left_at: float | None = None
    upgrade_after: float | None = None
    cleanup: str | None = None
    extra: Mapping[str, Any] | None = None

    @property
    def queue(self) -> Queue:
        """The queue it is in."""
        return queue_of(self.status)


def _record(row: Row) -> FilmRecord:
    # A queue of thousands is read for each export: a row's own look-up by name, a search, would be most of that.
    given = dict(zip(row.keys(), row, strict=True))
    movie = Movie(
        title=given["title"],
        year=given["year"],
        number=given["number"],
        lid=given["lid"],
        slug=given["slug"],
        url=given["url"],
        imdb_id=given["imdb_id"],
        tmdb_id=given["tmdb_id"],
        kind=given["kind"],
        directors=tuple(_list(given["directors"])),
        alt_titles=tuple(_list(given["alt_titles"])),
        runtime_min=given["runtime_min"],
    )
    given |= {
        "film_id": given["id"],
        "movie": movie,
        "status": Status(given["status"]),
        "fetch_anew": bool(given["fetch_anew"]),
        "extra": json.loads(given["extra"]) if given["extra"] != "{}" else {},
    }
    return FilmRecord(**{name: given[name] for name in FilmRecord.__slots__})


def _list(text: str) -> list[str]:
    found: list[str] = json.loads(text) if text != "[]" else []
    return found


def _column(name: str, value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if name in _JSON_COLUMNS else value


def insert(tx: Connection, movie: Movie, status: Status, **columns: Any) -> int:
    """Add a film and its names; ``queued_at`` and ``wish_order`` are required.

    Returns:
        Its row number.
    """
    values = {name: getattr(movie, name) for name in Movie.__slots__} | columns
    values |= {"status": status, "queue": queue_of(status)}
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    cursor = tx.execute(
        f"INSERT INTO films ({names}) VALUES ({marks})", [_column(name, value) for name, value in values.items()]
    )
    film_id = cast("int", cursor.lastrowid)
    add_names(tx, film_id, movie)
    return film_id


def change(tx: Connection, film_id: int, status: Status | None = None, **columns: Any) -> None:
    """Set columns of a film and, with ``status``, its queue."""
    unknown = columns.keys() - COLUMNS
    if unknown:
        raise ValueError(f"no such columns: {unknown}")
    values = {name: _column(name, value) for name, value in columns.items()}
    if status is not None:
        values |= {"status": status, "queue": queue_of(status)}
    sets = ", ".join(f"{name} = ?" for name in values)
    tx.execute(f"UPDATE films SET {sets} WHERE id = ?", [*values.values(), film_id])


def get(tx: Connection, film_id: int) -> FilmRecord | None:
    """The film of a row number, None when it is gone (merged)."""
    row = tx.execute("SELECT * FROM films WHERE id = ?", (film_id,)).fetchone()
    return _record(row) if row else None


def of_names(tx: Connection, names: Iterable[str]) -> list[int]:
    """Row numbers of all films known by one of the names, each once."""
    wanted = list(names)
    marks = ", ".join("?" * len(wanted))
    return [row[0] for row in tx.execute(f"SELECT DISTINCT film FROM names WHERE name IN ({marks})", wanted)]


def find(tx: Connection, movie: Movie) -> int | None:
    """The film this is: by any of its names, else by page or by title and year; None when it is a new one.

    Page and title count only where one of the two has no name of Letterboxd's own: such films come from earlier
    versions, from entries written by hand, and from ``add``.
    """
    found = of_names(tx, (*movie.names, movie.key))
    if found:
        return found[0]
    rows = tx.execute(
        "SELECT id, number, lid, imdb_id, slug FROM films WHERE slug = ? OR (title = ? COLLATE NOCASE AND year IS ?)",
        (movie.slug, movie.title, movie.year),
    ).fetchall()
    same = [row["id"] for row in rows if _may_be(row, movie)]
    return int(same[0]) if len(same) == 1 else None


def _may_be(row: Row, movie: Movie) -> bool:
    """True when no name of the two contradicts that they are one film."""
    known = row["number"] is not None or row["lid"] is not None
    named = movie.number is not None or movie.lid is not None
    pairs = ((row["imdb_id"], movie.imdb_id), (row["slug"], movie.slug))
    return not (known and named) and all(one is None or two is None or one == two for one, two in pairs)


def with_slug(tx: Connection, slug: str) -> list[int]:
    """Row numbers of films whose page was last known by this slug."""
    return [row[0] for row in tx.execute("SELECT id FROM films WHERE slug = ?", (slug,))]


def titles(tx: Connection) -> list[tuple[int, str, int | None]]:
    """Row number, title and year of every film that is wished for or in a queue."""
    return [tuple(row) for row in tx.execute("SELECT id, title, year FROM films WHERE queue != 'left' ORDER BY id")]


def add_names(tx: Connection, film_id: int, movie: Movie) -> None:
    """Note every name of the movie for the film; a name another film has stays there."""
    tx.executemany(
        "INSERT INTO names VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(name, film_id) for name in (*movie.names, movie.key) if ":" in name],
    )


def in_queue(tx: Connection, queue: Queue) -> list[FilmRecord]:
    """All films of a queue in the order its file shows: by wish, newest first."""
    rows = tx.execute("SELECT * FROM films WHERE queue = ? ORDER BY wish_order DESC, id", (queue,))
    return [_record(row) for row in rows]


def every(tx: Connection) -> Iterator[FilmRecord]:
    """Every film in any queue or none, in no order."""
    for row in tx.execute("SELECT * FROM films"):
        yield _record(row)


def on_list(tx: Connection, list_name: str) -> list[FilmRecord]:
    """All films a list wishes for, newest wish first."""
    rows = tx.execute(
        "SELECT films.* FROM films JOIN wishes ON wishes.film = films.id WHERE list = ? ORDER BY wish_order DESC, id",
        (list_name,),
    )
    return [_record(row) for row in rows]


def wake(tx: Connection, now: float) -> list[int]:
    """Make due what was put off, is to be retried or searched again, and whose time has come.

    Returns:
        Row numbers of the films that came back from the failed queue.
    """
    # SQLite uses a partial index only where the query repeats the index's own condition.
    tx.execute(
        "UPDATE films SET status = 'due', not_before = NULL, reason = NULL"
        " WHERE status = 'put_off' AND status IN ('put_off', 'handing_over') AND not_before <= ?",
        (now,),
    )
    rows = tx.execute(
        "UPDATE films SET queue = 'pending', status = 'due', queued_at = retry_after"
        " WHERE status IN ('retrying', 'not_found') AND retry_after <= ? RETURNING id",
        (now,),
    )
    return [row[0] for row in rows.fetchall()]


def due_hand_overs(tx: Connection, now: float) -> list[int]:
    """Films whose hand-over was begun and not ended, and may be taken up again."""
    rows = tx.execute(
        "SELECT id FROM films WHERE status = 'handing_over' AND status IN ('put_off', 'handing_over')"
        " AND (not_before IS NULL OR not_before <= ?)",
        (now,),
    )
    return [row[0] for row in rows]


def next_due(tx: Connection, free: Collection[Purpose], *, newest_first: bool) -> int | None:
    """The film to work on next, None when none is due.

    First what needs no search, then what was never searched, both by wish; then what is searched again, in the order in
    which it fell due.

    Args:
        tx: Any transaction.
        free: Searches that may be made: ``search`` the first of a film, ``repeat`` any further.
        newest_first: Which of two wishes comes first.
    """
    by_wish = f"wish_order {'DESC' if newest_first else 'ASC'}"
    # CROSS JOIN keeps the order: offers are few, films many (sqlite.org/optoverview.html#crossjoin).
    queries = [f"SELECT id FROM offers CROSS JOIN films ON id = film WHERE status = 'due' ORDER BY {by_wish} LIMIT 1"]
    if "search" in free:
        queries.append(f"SELECT id FROM films WHERE status = 'due' AND searches = 0 ORDER BY {by_wish} LIMIT 1")
    if "repeat" in free:
        queries.append("SELECT id FROM films WHERE status = 'due' AND searches > 0 ORDER BY queued_at LIMIT 1")
    found = (tx.execute(query).fetchone() for query in queries)
    return next((int(row[0]) for row in found if row), None)


def due_before(tx: Connection, film: FilmRecord) -> int:
    """How many due films are searched before a due one, newest wishes first."""
    first = "queue = 'pending' AND status = 'due' AND searches = 0"
    if not film.searches:
        query, values = f"SELECT count(*) FROM films WHERE {first} AND wish_order > ?", (film.wish_order,)
    else:
        again = "queue = 'pending' AND status = 'due' AND searches > 0 AND queued_at < ?"
        query, values = f"SELECT count(*) FROM films WHERE {again}", (film.queued_at,)
    return int(tx.execute(query, values).fetchone()[0])


def put_off_all_due(tx: Connection, not_before: float, reason: str, provider: str) -> int:
    """Put every due film off at once; returns how many."""
    cursor = tx.execute(
        "UPDATE films SET status = 'put_off', not_before = ?, reason = ?, put_off_by = ?"
        " WHERE queue = 'pending' AND status = 'due'",
        (not_before, reason, provider),
    )
    return cursor.rowcount


def end_put_off(tx: Connection, provider: str, limit: int = -1, *, newest_first: bool = True) -> int:
    """Make due what was put off because of this provider, also hand-overs; returns how many.

    Args:
        tx: A write.
        provider: As given when they were put off.
        limit: At most so many films, by wish; -1: all.
        newest_first: Which of two wishes comes first.
    """
    order = "DESC" if newest_first else "ASC"
    due = tx.execute(
        "UPDATE films SET status = 'due', not_before = NULL, reason = NULL, put_off_by = NULL WHERE id IN"
        f" (SELECT id FROM films WHERE status = 'put_off' AND put_off_by = ?"
        f" ORDER BY searches > 0, wish_order {order} LIMIT ?)",
        (provider, limit),
    )
    going_on = tx.execute(
        "UPDATE films SET not_before = NULL, reason = NULL, put_off_by = NULL"
        " WHERE status = 'handing_over' AND put_off_by = ?",
        (provider,),
    )
    return due.rowcount + going_on.rowcount


def end_every_put_off(tx: Connection, kept: Collection[str]) -> None:
    """Make due what was put off for any reason but because of a provider in ``kept``, also hand-overs."""
    rows = tx.execute("SELECT DISTINCT put_off_by FROM films WHERE status IN ('put_off', 'handing_over')").fetchall()
    for row in rows:
        if row[0] is not None and row[0] not in kept:
            end_put_off(tx, row[0])


def any_put_off(tx: Connection, provider: str) -> bool:
    """True when a film waits because of this provider."""
    row = tx.execute(
        "SELECT 1 FROM films WHERE status IN ('put_off', 'handing_over') AND put_off_by = ? LIMIT 1", (provider,)
    )
    return row.fetchone() is not None


def count(tx: Connection, status: Status) -> int:
    """How many films are in a state."""
    row = tx.execute("SELECT count(*) FROM films WHERE queue = ? AND status = ?", (queue_of(status), status)).fetchone()
    return int(row[0])


_EARLIEST_CLAIM = (
    "SELECT min(not_before) FROM films WHERE status = 'put_off' AND status IN ('put_off', 'handing_over')",
    "SELECT min(retry_after) FROM films WHERE status IN ('retrying', 'not_found')",
)
_EARLIEST = ("SELECT min(not_before) FROM films WHERE status IN ('put_off', 'handing_over')", _EARLIEST_CLAIM[1])


def next_moment(tx: Connection, *, claims_only: bool = False) -> float | None:
    """When the next waiting film is due, None when none waits; begun hand-overs count unless ``claims_only``."""
    queries = _EARLIEST_CLAIM if claims_only else _EARLIEST
    moments = [tx.execute(query).fetchone()[0] for query in queries]
    return min((moment for moment in moments if moment is not None), default=None)


def left_lists(tx: Connection) -> list[FilmRecord]:
    """Completed films no list wishes for any more, the one that left first before the others."""
    rows = tx.execute(
        "SELECT * FROM films WHERE left_at IS NOT NULL AND queue = 'completed'"
        " AND id NOT IN (SELECT film FROM wishes) ORDER BY left_at, id"
    )
    return [_record(row) for row in rows]


def owned_within(tx: Connection, name: str, film_id: int) -> bool:
    """True when another film is taken as there because of a file or torrent whose path has this name in it."""
    found = tx.execute(
        "SELECT 1 FROM films WHERE queue = 'completed' AND status = 'owned' AND id != ? AND instr(release_name, ?) > 0",
        (film_id, name),
    )
    return found.fetchone() is not None


# Downloaded, with a transfer that could be replaced, and none on its way to replace it.
_UPGRADABLE = (
    "status = 'downloaded' AND id IN (SELECT film FROM transfers WHERE role = 'current')"
    " AND id NOT IN (SELECT film FROM transfers WHERE role = 'upgrade')"
)


def next_upgrade(tx: Connection) -> float | None:
    """When a better release is looked for next, None when for no film."""
    moment: float | None = tx.execute(
        f"SELECT min(upgrade_after) FROM films WHERE upgrade_after IS NOT NULL AND {_UPGRADABLE}"
    ).fetchone()[0]
    return moment


def due_upgrade(tx: Connection, now: float) -> int | None:
    """The downloaded film that has waited longest for a look for a better release, None when none is due."""
    row = tx.execute(
        f"SELECT id FROM films WHERE upgrade_after IS NOT NULL AND upgrade_after <= ? AND {_UPGRADABLE}"
        " ORDER BY upgrade_after LIMIT 1",
        (now,),
    ).fetchone()
    return int(row[0]) if row else None


class WaitingFilm(NamedTuple):
    """A film nothing was found for so far; ``titles`` has its main title and the others."""

    film_id: int
    imdb_id: str | None
    titles: tuple[str, ...]


# Searched, and nothing came of it so far: what a sweep can end.
_WAITS = (
    "(queue = 'failed' AND status IN ('not_found', 'retrying', 'permanent'))"
    " OR (queue = 'pending' AND status = 'due' AND searches > 0)"
    " OR (queue = 'pending' AND status = 'put_off' AND put_off_by = 'freeleech')"
    # Held up by something else before its next search; what a sweep found for it already waits with it.
    " OR (queue = 'pending' AND status = 'put_off' AND searches > 0 AND put_off_by != 'library_question'"
    " AND id NOT IN (SELECT film FROM offers))"
)


def waiting_for_release(tx: Connection) -> list[WaitingFilm]:
    """Every film that was searched without a release to take so far."""
    rows = tx.execute(f"SELECT id, imdb_id, title, alt_titles FROM films WHERE {_WAITS}")
    return [WaitingFilm(row[0], row[1], (row[2], *json.loads(row[3]))) for row in rows]


def waits_for_release(tx: Connection, film_id: int) -> bool:
    """True while the film is one of waiting_for_release."""
    return tx.execute(f"SELECT 1 FROM films WHERE id = ? AND ({_WAITS})", (film_id,)).fetchone() is not None


def search_soon(tx: Connection, now: float) -> int:
    """Have every film that is not found searched again in its turn, whatever it would have waited; returns how many."""
    cursor = tx.execute(
        "UPDATE films SET retry_after = ? WHERE status IN ('retrying', 'not_found') AND status = 'not_found'"
        " AND retry_after > ?",
        (now, now),
    )
    return cursor.rowcount


def refused(tx: Connection) -> list[int]:
    """Films none of whose releases passed the rules, and those that wait for one to be freeleech."""
    rows = tx.execute(
        "SELECT id FROM films WHERE (status = 'not_found' AND reason_code = 'all_refused')"
        " OR (status = 'put_off' AND put_off_by = 'freeleech')"
    )
    return [row[0] for row in rows]


# No service is left alone for longer than a day: what lies further off was noted by a clock that was wrong.
LONGEST_PUT_OFF_S = 2 * 86400.0


def release_claims(tx: Connection) -> int:
    """Make every claimed film due again; returns how many there were."""
    cursor = tx.execute("UPDATE films SET status = 'due', claimed_at = NULL WHERE status = 'claimed'")
    return cursor.rowcount


def end_far_put_offs(tx: Connection, now: float) -> None:
    """Make due what a service, or room, put off for longer than any is left alone; what a person said stays."""
    tx.execute(
        "UPDATE films SET status = 'due', not_before = NULL, reason = NULL"
        " WHERE status = 'put_off' AND status IN ('put_off', 'handing_over') AND not_before > ?"
        " AND put_off_by NOT IN ('', 'freeleech', 'library_question')",
        (now + LONGEST_PUT_OFF_S,),
    )


def without_details(tx: Connection, but: Collection[int] = ()) -> int | None:
    """A film that waits or failed, has a film page and was never read there; None when there is none but these."""
    # The plus keeps SQLite from the index by slug, which nearly every film has.
    row = tx.execute(
        "SELECT id FROM films WHERE details_at IS NULL AND +slug IS NOT NULL"
        " AND status IN ('put_off', 'not_found', 'retrying', 'permanent')"
        " AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT 1",
        (json.dumps(list(but)),),
    ).fetchone()
    return int(row[0]) if row else None


def without_ids(tx: Connection, limit: int, first: int | None = None) -> list[FilmRecord]:
    """Films that are to be fetched and that a look-up of ids by their pages' names was never made for.

    Their page was not read, and they have no IMDb id. One without title or year is left out: ids alone would not tell
    them.

    Args:
        tx: Any transaction.
        limit: At most so many, newest wish first.
        first: The film to put before all others, if it is one of these.
    """
    # The plus keeps SQLite from other indexes than that of the films without details.
    rows = tx.execute(
        "SELECT * FROM films WHERE details_at IS NULL AND asked_ids_at IS NULL AND imdb_id IS NULL"
        " AND +slug IS NOT NULL AND year IS NOT NULL AND title NOT IN (slug, coalesce('lid:' || lid, ''))"
        " AND +status IN ('due', 'claimed', 'put_off', 'not_found', 'retrying', 'permanent')"
        " ORDER BY id = ? DESC, wish_order DESC, id LIMIT ?",
        (first, limit),
    )
    return [_record(row) for row in rows]


def _filled(movie: Movie, other: Movie) -> Movie:
    """``movie`` with what it lacks taken from ``other``."""
    return replace(
        movie,
        **{
            name: getattr(other, name)
            for name in Movie.__slots__
            if getattr(movie, name) in (None, "", (), "unknown") and getattr(other, name) not in (None, "", ())
        },
    )


def learn(tx: Connection, film_id: int, movie: Movie) -> int:
    """Fill in what was unknown of a film; films that turn out to be one are merged.

    Returns:
        The row number that stays, ``film_id`` or the other's.
    """
    others = [other for other in of_names(tx, (*movie.names,)) if other != film_id]
    for other in others:
        film_id = _merge(tx, film_id, other)
    record = get(tx, film_id)
    if record is None:
        raise LookupError(film_id)
    known = replace(record.movie, title=movie.title) if _makeshift_title(record.movie) else record.movie
    _store_movie(tx, film_id, _filled(known, movie))
    add_names(tx, film_id, movie)
    return film_id


def _makeshift_title(movie: Movie) -> bool:
    """True when a film that came by an id or an address alone has that in place of its title."""
    return movie.title in {movie.slug, movie.key, movie.imdb_id, f"lid:{movie.lid}", f"letterboxd:{movie.number}"}


def learn_facts(tx: Connection, film_id: int, facts: FilmFacts, now: float) -> int:
    """Take what a film page said; ids a person or the list gave stay, the page decides kind, slug and directors.

    Returns:
        The row number that stays.
    """
    record = get(tx, film_id)
    if record is None:
        raise LookupError(film_id)
    page = Movie(
        title=facts.title or record.movie.title,
        year=facts.year,
        number=facts.number,
        lid=facts.lid,
        imdb_id=facts.imdb_id,
        tmdb_id=facts.tmdb_id,
        runtime_min=facts.runtime_min,
    )
    film_id = learn(tx, film_id, page)
    change(
        tx,
        film_id,
        details_at=now,
        slug=facts.slug,
        kind=facts.kind,
        directors=facts.directors,
        alt_titles=tuple(facts.alt_titles),
    )
    return film_id


def learn_ids(tx: Connection, film_id: int, facts: FilmFacts | None, now: float) -> int:
    """Fill in what a look-up by the page's name brought: nothing that is known is changed.

    A film it brought something for counts as read. What contradicts an id that is known, here or of a film it would be
    merged with, is not taken: the film's page will tell.

    Args:
        tx: A write.
        film_id: The film.
        facts: None: it is not known there.
        now: Unix seconds.

    Returns:
        The row number that stays.
    """
    record = get(tx, film_id)
    if record is None:
        raise LookupError(film_id)
    change(tx, film_id, asked_ids_at=now)
    if facts is None or facts.slug != record.movie.slug:
        return film_id
    found = Movie(
        title=record.movie.title,
        imdb_id=facts.imdb_id,
        tmdb_id=facts.tmdb_id,
        kind=facts.kind,
        directors=facts.directors,
        alt_titles=tuple(facts.alt_titles),
        runtime_min=facts.runtime_min,
    )
    others = [other for other in of_names(tx, found.names) if other != film_id]
    merged = _filled(record.movie, found)
    known = [one.movie for one in (record, *(get(tx, other) for other in others)) if one is not None]
    if any(_tells_apart(one, found) or _tells_apart(one, merged) for one in known):
        return film_id
    film_id = learn(tx, film_id, found)
    change(tx, film_id, details_at=now)
    return film_id


def _tells_apart(one: Movie, other: Movie) -> bool:
    """True when an id of the one contradicts that it is the other."""
    pairs = [(getattr(one, name), getattr(other, name)) for name in ("number", "lid", "imdb_id", "tmdb_id")]
    return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def _store_movie(tx: Connection, film_id: int, movie: Movie) -> None:
    change(tx, film_id, **{name: getattr(movie, name) for name in Movie.__slots__})


def rename(tx: Connection, film_id: int, movie: Movie) -> None:
    """Set all a person can say of a film, and its names; a name another film has stays there."""
    record = get(tx, film_id)
    if record is None:
        raise LookupError(film_id)
    old, new = {*record.movie.names, record.movie.key}, {*movie.names, movie.key}
    tx.executemany("DELETE FROM names WHERE film = ? AND name = ?", [(film_id, name) for name in old - new])
    _store_movie(tx, film_id, movie)
    add_names(tx, film_id, movie)


def _merge(tx: Connection, first: int, second: int) -> int:
    """Make one film of two; the one further on stays and takes over what the other had."""
    one, two = get(tx, first), get(tx, second)
    if one is None or two is None:
        raise LookupError((first, second))
    stays, goes = (one, two) if _FURTHER_ON[one.status] >= _FURTHER_ON[two.status] else (two, one)
    keep, drop = stays.film_id, goes.film_id
    tx.execute(
        "UPDATE OR IGNORE transfers SET film = ?,"
        " role = CASE WHEN role IN ('intended', 'current', 'upgrade') THEN 'replaced' ELSE role END WHERE film = ?",
        (keep, drop),
    )
    tx.execute("UPDATE OR IGNORE wishes SET film = ? WHERE film = ?", (keep, drop))
    wishes.joined(tx, keep)
    for table in ("names", "decisions", "history", "questions", "offers"):
        tx.execute(f"UPDATE OR IGNORE {table} SET film = ? WHERE film = ?", (keep, drop))
    if stays.queue is not Queue.PENDING:
        tx.execute("DELETE FROM questions WHERE film = ? AND answer IS NULL", (keep,))
        tx.execute("DELETE FROM offers WHERE film = ?", (keep,))
    tx.execute("DELETE FROM films WHERE id = ?", (drop,))
    _store_movie(tx, keep, _filled(stays.movie, goes.movie))
    extra = {**(goes.extra or {}), **(stays.extra or {})}
    change(tx, keep, wish_order=max(stays.wish_order, goes.wish_order), extra=extra)
    return keep


def known_names(tx: Connection, list_name: str) -> frozenset[str]:
    """Every name of the films on a list."""
    rows = tx.execute("SELECT name FROM names JOIN wishes ON wishes.film = names.film WHERE list = ?", (list_name,))
    return frozenset(row[0] for row in rows)
