"""One line of a queue file: how a film is shown, and what of a hand-edited entry can be taken. Pure."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from movie_sync.lib.clock import LATEST_S, utc_seconds, utc_text
from movie_sync.movie import STATUSES, YEARS, Kind, Movie, Queue, Status
from movie_sync.store.films import FilmRecord

Entry = Mapping[str, Any]

COMMON_KEYS = (
    "id title year slug url director imdb_id tmdb_id lid kind added_at queued_at status".split()  # one line on purpose
)
QUEUE_KEYS: Mapping[Queue, tuple[str, ...]] = {
    Queue.PENDING: ("not_before", "reason"),
    Queue.FAILED: ("retry_count", "retry_after", "last_error", "reason_code", "failed_at"),
    Queue.COMPLETED: ("completed_at", "release", "info_hash", "progress"),
}
KNOWN_KEYS = frozenset(COMMON_KEYS).union(*QUEUE_KEYS.values())
# Shown for people; what is written there is not taken.
SHOWN_ONLY = frozenset({"progress"})
FACT_KEYS = frozenset({"title", "year", "slug", "url", "director", "imdb_id", "tmdb_id", "lid", "kind"})
_TIMES = frozenset({"added_at", "queued_at", "not_before", "retry_after", "failed_at", "completed_at"})


def entry_of(film: FilmRecord) -> dict[str, Any]:
    """A film as its queue's file shows it; keys in the order a person reads them, unknown keys last."""
    movie = film.movie
    status = Status.DUE if film.status is Status.CLAIMED else film.status
    common = {
        "id": movie.key,
        "title": movie.title,
        "year": movie.year,
        "slug": movie.slug,
        "url": movie.url,
        "director": ", ".join(movie.directors) or None,
        "imdb_id": movie.imdb_id,
        "tmdb_id": movie.tmdb_id,
        "lid": movie.lid,
        "kind": movie.kind,
        "added_at": utc_text(film.added_at),
        "queued_at": utc_text(film.queued_at),
        "status": str(status),
    }
    own = {
        "not_before": utc_text(film.not_before),
        "reason": film.reason,
        "retry_count": film.retry_count,
        "retry_after": utc_text(film.retry_after),
        "last_error": film.last_error,
        "reason_code": film.reason_code,
        "failed_at": utc_text(film.failed_at),
        "completed_at": utc_text(film.completed_at),
        "release": film.release_name,
        "info_hash": film.info_hash,
        "progress": film.progress,
    }
    return common | {key: own[key] for key in QUEUE_KEYS.get(film.queue, ())} | dict(film.extra or {})


class EntryError(ValueError):
    """One value of an entry cannot be taken; the text names the key, the value and what is allowed."""


def _fail(key: str, value: object, allowed: str) -> EntryError:
    return EntryError(f'"{key}" is {json.dumps(value, ensure_ascii=False, default=str)}; allowed is {allowed}')


def _text(key: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value.strip() or None if value else None
    raise _fail(key, value, "a text or null")


def _title(key: str, value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise _fail(key, value, "a text")


def _year(key: str, value: object) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"\s*\d{4}\s*", value):
        value = int(value)
    if value in (None, ""):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value in YEARS:
        return value
    raise _fail(key, value, f"a year from {YEARS[0]} to {YEARS[-1]}, or null")


def _count(key: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1000:
        return value
    raise _fail(key, value, "a whole number from 0 to 1000")


def _time(key: str, value: object) -> float | None:
    if value in (None, ""):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LATEST_S:
        return float(value)
    if isinstance(value, str):
        try:
            moment = utc_seconds(value)
            if 0 <= moment < LATEST_S:
                return moment
        except (ValueError, OverflowError):
            pass
    raise _fail(key, value, 'a time such as "2026-11-22T16:00:00Z", or null')


def _imdb(key: str, value: object) -> str | None:
    text = _text(key, value)
    digits = re.fullmatch(r"(?:tt)?(\d{1,10})", text or "")
    if text and not digits:
        raise _fail(key, value, '"tt" and at least seven digits, or null')
    return f"tt{int(digits[1]):07d}" if digits else None


def _tmdb(key: str, value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return f"movie/{value}"
    text = _text(key, value)
    if text and not re.fullmatch(r"(?:(?:movie|tv)/)?\d+", text):
        raise _fail(key, value, '"movie/" or "tv/" and a number, or null')
    return f"movie/{text}" if text and "/" not in text else text


def _kind(key: str, value: object) -> Kind:
    if value in ("film", "series", "unknown", None):
        return value or "unknown"
    raise _fail(key, value, '"film", "series" or "unknown"')


def _hash(key: str, value: object) -> str | None:
    text = _text(key, value)
    if text and not re.fullmatch(r"[0-9a-fA-F]{40}", text):
        raise _fail(key, value, "40 hex digits, or null")
    return text.lower() if text else None


_CHECKS: Mapping[str, Callable[[str, object], Any]] = {
    **dict.fromkeys(("slug", "url", "director", "lid", "reason", "last_error", "reason_code", "release"), _text),
    **dict.fromkeys(_TIMES, _time),
    "title": _title,
    "year": _year,
    "retry_count": _count,
    "imdb_id": _imdb,
    "tmdb_id": _tmdb,
    "kind": _kind,
    "info_hash": _hash,
}


def key_of(entry: Entry) -> str:
    """The film an entry is about: its ``id``, else what else would identify it.

    Raises:
        EntryError: It says neither id nor title.
    """
    value = entry.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.strip():
        return value.strip()
    return movie_of(entry).key


def movie_of(entry: Entry) -> Movie:
    """The film as an entry describes it.

    Raises:
        EntryError: A value cannot be taken.
    """
    name = str(entry.get("id") or "").strip()
    # An id is enough; what the film is called shows when it is found.
    entry = {"title": name or None, **entry}
    facts = {key: _CHECKS[key](key, entry.get(key)) for key in FACT_KEYS}
    director = facts.pop("director")
    return Movie(
        **{
            **facts,
            "url": facts["url"] or "",
            "number": int(name) if name.isascii() and name.isdecimal() and len(name) < 16 else None,
            "lid": facts["lid"] or (name.removeprefix("lid:") if name.startswith("lid:") else None),
            "imdb_id": facts["imdb_id"] or (_imdb("id", name) if re.fullmatch(r"tt\d{7,10}", name) else None),
            "directors": tuple(part.strip() for part in director.split(",")) if director else (),
        }
    )


def checked(entry: Entry, keys: frozenset[str]) -> dict[str, Any]:
    """The values of some of an entry's keys as the store keeps them: times as Unix seconds.

    Raises:
        EntryError: A value cannot be taken.
    """
    return {key: _CHECKS[key](key, entry[key]) for key in keys if key in entry and key in _CHECKS}


def status_in(entry: Entry, queue: Queue, *, strict: bool) -> Status | None:
    """The state an entry asks for, None when it names none that the queue has.

    Args:
        entry: As it stands in the file.
        queue: The file's queue.
        strict: A state of another queue, or an unknown one, is an error; else it reads as none, for entries that were
            moved between files or come from earlier versions.

    Raises:
        EntryError: See strict.
    """
    value = entry.get("status")
    allowed = {str(status) for status in STATUSES[queue]} - {"claimed", "handing_over"}
    if isinstance(value, str) and value in allowed:
        return Status(value)
    if strict and value not in (None, "handing_over"):
        raise _fail("status", value, "one of " + ", ".join(sorted(allowed)))
    return None


def unknown_keys(entry: Entry) -> dict[str, Any]:
    """What an entry holds beside the keys this program knows; it survives."""
    return {key: value for key, value in entry.items() if key not in KNOWN_KEYS}
