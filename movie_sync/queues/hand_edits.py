"""Carry out what a person edited: the film does what its entry says now."""

from dataclasses import replace
from typing import Any

from movie_sync.movie import Movie, Queue, Status
from movie_sync.queues.entries import FACT_KEYS, KNOWN_KEYS, EntryError, checked, movie_of, status_in, unknown_keys
from movie_sync.queues.merge import Edit
from movie_sync.queues.moves import exclude, start_anew
from movie_sync.store import films, history, transfers
from movie_sync.store.connections import Connection
from movie_sync.store.films import FilmRecord


def find(tx: Connection, key: str, movie: Movie) -> int | None:
    """The film an entry is about, None when it is a new one."""
    scheme = "letterboxd:" if key.isdecimal() else "imdb:" if key.startswith("tt") else ""
    found = films.of_names(tx, [f"{scheme}{key}"])
    return found[0] if found else films.find(tx, movie)


def carry_out(tx: Connection, edit: Edit, now: float) -> None:
    """Do what one edit says.

    Raises:
        EntryError: A value cannot be taken; nothing of this edit was done.
    """
    movie = movie_of(edit.entry)
    film_id = find(tx, edit.key, movie)
    film = films.get(tx, film_id) if film_id is not None else None
    if edit.new is None:
        if film is not None:
            _take_out(tx, film, edit, now)
    elif film is None:
        _add(tx, movie, edit, now)
    else:
        _learn_by_hand(tx, film, movie, edit)
        if edit.old is not edit.new and film.queue is not edit.new:
            _move(tx, film, edit, now)
        else:
            _change(tx, film, edit, now)


def _take_out(tx: Connection, film: FilmRecord, edit: Edit, now: float) -> None:
    """Exclude the film, unless it went on to the client since: that stays, and the history says so."""
    if film.status is Status.HANDING_OVER or (film.queue is Queue.COMPLETED and edit.old is not Queue.COMPLETED):
        history.append(tx, now, film.film_id, "kept", "Taken out by hand, but handed over meanwhile: it stays.")
        return
    exclude(tx, film, now, "taken out by hand", f"Taken out of queue_{edit.old}.json by hand.")


def _standing(edit: Edit, queue: Queue, now: float) -> tuple[Status, dict[str, Any]]:
    """State and columns of a film that comes new into a queue by hand or from an earlier version's file."""
    values = checked(edit.entry, frozenset(edit.entry))
    status = status_in(edit.entry, queue, strict=False)
    if queue is Queue.PENDING:
        not_before = values.get("not_before") if "not_before" in edit.changed or edit.old is None else None
        waits = not_before is not None and not_before > now
        columns = {"not_before": not_before, "reason": values.get("reason")} if waits else {}
        return (Status.PUT_OFF if waits else Status.DUE), columns
    if queue is Queue.FAILED:
        columns = {key: values.get(key) for key in ("retry_after", "last_error", "reason_code")}
        columns |= {"retry_count": values.get("retry_count", 0), "failed_at": values.get("failed_at") or now}
        if status is None:
            status = Status.RETRYING if columns["retry_after"] else Status.PERMANENT
        if status in {Status.RETRYING, Status.NOT_FOUND}:
            columns["retry_after"] = columns["retry_after"] or now
        return status, columns
    release, info_hash = values.get("release"), values.get("info_hash")
    if status is None:
        status = Status.DOWNLOADED if release or info_hash else Status.OWNED
    columns = {"release_name": release, "info_hash": info_hash, "completed_at": values.get("completed_at") or now}
    return status, columns


def _add(tx: Connection, movie: Movie, edit: Edit, now: float) -> None:
    queue = edit.new or Queue.PENDING
    status, columns = _standing(edit, queue, now)
    times = checked(edit.entry, frozenset({"added_at", "queued_at"}))
    queued_at = times.get("queued_at") or now
    film_id = films.insert(
        tx,
        movie,
        status,
        queued_at=queued_at,
        added_at=times.get("added_at"),
        wish_order=times.get("added_at") or queued_at,
        extra=unknown_keys(edit.entry),
        **columns,
    )
    if status in {Status.DOWNLOADING, Status.STALLED, Status.DOWNLOADED} and columns.get("info_hash"):
        release, done = columns["release_name"] or "", status is Status.DOWNLOADED
        transfers.taken_in(tx, film_id, columns["info_hash"], "", release, now, done=done)
    history.append(tx, now, film_id, "taken_in", f"Taken in from queue_{queue}.json.")


def _learn_by_hand(tx: Connection, film: FilmRecord, movie: Movie, edit: Edit) -> None:
    """Set the facts a person changed and the keys only people know."""
    if edit.changed & FACT_KEYS:
        wanted = {key: getattr(movie, key) for key in edit.changed & FACT_KEYS - {"director"}}
        if edit.old is None:
            # A new entry of a known film adds what it says; what it leaves open says nothing.
            wanted = {key: value for key, value in wanted.items() if value not in {None, "", "unknown"}}
        if "director" in edit.changed:
            wanted["directors"] = movie.directors
        renamed = replace(film.movie, **wanted)
        if any(other != film.film_id for other in films.of_names(tx, (*renamed.names, renamed.key))):
            raise EntryError("another film has that id already")
        films.rename(tx, film.film_id, renamed)
    extra = unknown_keys(edit.entry)
    if extra != film.extra:
        films.change(tx, film.film_id, extra=extra)


def _move(tx: Connection, film: FilmRecord, edit: Edit, now: float) -> None:
    """Put the film where its entry stands; one moved back to pending starts anew."""
    went_on = film.queue is Queue.COMPLETED or film.status is Status.HANDING_OVER
    if went_on and edit.old is not Queue.COMPLETED and edit.old is not None:
        history.append(tx, now, film.film_id, "kept", "Moved by hand, but handed over meanwhile: it stays.")
        return
    queue = edit.new or Queue.PENDING
    status, columns = _standing(edit, queue, now)
    text = f"Moved from {film.queue} to {queue} by hand."
    if queue is Queue.PENDING:
        start_anew(tx, film, now, "moved", text, **columns, fetch_anew=int(film.queue is Queue.COMPLETED))
        return
    if queue is Queue.FAILED:
        transfers.retire(tx, film.film_id, now)
    films.change(tx, film.film_id, status, claimed_at=None, left_at=None, put_off_by=None, **columns)
    history.append(tx, now, film.film_id, "moved", text)


def _change(tx: Connection, film: FilmRecord, edit: Edit, now: float) -> None:
    """Take changed values of an entry that stayed in its queue; a film that moved on since keeps its new place."""
    keys = edit.changed & KNOWN_KEYS - FACT_KEYS
    if not keys or edit.new is not film.queue or film.status is Status.HANDING_OVER:
        return
    values = checked(edit.entry, keys)
    wanted = status_in(edit.entry, film.queue, strict=True) if "status" in keys else None
    values["release_name"] = values.pop("release", film.release_name)
    if values.get("queued_at", 0) is None:
        del values["queued_at"]
    if "not_before" in values:
        values["put_off_by"] = None
    status: Status | None = wanted
    if film.queue is Queue.PENDING:
        status = _pending_status(film, values, wanted, now)
    elif film.queue is Queue.FAILED:
        status = _failed_status(film, values, wanted, now)
    films.change(tx, film.film_id, status, **values)
    history.append(tx, now, film.film_id, "edited", f"Changed by hand: {', '.join(sorted(keys))}.")


def _pending_status(film: FilmRecord, values: dict[str, Any], wanted: Status | None, now: float) -> Status | None:
    """A time makes the film wait until then; "due", or no time, makes it due."""
    if wanted is Status.DUE or ("not_before" in values and (values["not_before"] or 0) <= now):
        values |= {"not_before": None, "reason": None}
        return Status.DUE
    if values.get("not_before"):
        return Status.PUT_OFF
    if wanted is Status.PUT_OFF and film.not_before is None:
        return None
    return wanted


def _failed_status(film: FilmRecord, values: dict[str, Any], wanted: Status | None, now: float) -> Status | None:
    """A permanent film whose count or time was changed is retried then; without a time, now."""
    status = wanted or film.status
    if wanted is None and status is Status.PERMANENT and values.keys() & {"retry_count", "retry_after"}:
        status = Status.RETRYING
    if status in {Status.RETRYING, Status.NOT_FOUND}:
        cleared = "retry_after" in values and values["retry_after"] is None
        if cleared or status is not film.status:
            values["retry_after"] = values.get("retry_after") or now
    return status
