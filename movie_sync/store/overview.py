"""The queues at a glance: counts, and the lists ``stats`` shows.

Imports little on purpose: ``stats`` has to answer within four times an empty Python, so no film is built here.
"""

import json
from typing import NamedTuple

from movie_sync.lib.clock import Boot
from movie_sync.store import facts, sweeps
from movie_sync.store.calls import HOUR_S, used_for
from movie_sync.store.connections import Connection, Row


class TransferView(NamedTuple):
    """A transfer; ``age_s`` in seconds, ``progress`` 0.0 to 1.0."""

    title: str
    release_name: str
    status: str
    progress: float
    age_s: float


class WaitingView(NamedTuple):
    """A film that waits, or failed for good; ``at`` is Unix seconds, None when nothing is due by itself."""

    title: str
    status: str
    at: float | None
    reason: str


class BudgetView(NamedTuple):
    """A tracker's calls, and what waits for them.

    Attributes:
        tracker: Its name; "" before the service first ran.
        used: Calls of the hour that ends now.
        per_hour: How many there may be, 0: no limit.
        first: Films that wait for their first search.
        repeats: Films that wait for a further one.
        through_s: Seconds until all first searches are made, roughly.
        swept_at: Unix seconds of the last look at the newest releases, None: there was none.
        sweep_s: Seconds between two such looks.
        watched: Films that wait for a release to appear.
        gap_at: When a look last did not reach back to the one before, for a day; else None.
    """

    tracker: str = ""
    used: int = 0
    per_hour: int = 0
    first: int = 0
    repeats: int = 0
    through_s: float = 0.0
    swept_at: float | None = None
    sweep_s: float = 0.0
    watched: int = 0
    gap_at: float | None = None


class QueueStats(NamedTuple):
    """What ``stats`` shows.

    Attributes:
        queues: Queue to number of films.
        statuses: State to number of films; absent when there is none.
        seen_before: Excluded films that were on a list before the first run.
        next_check: Unix seconds at which a list is looked at next; None: now, or there is no list.
        budget: The tracker's calls.
    """

    queues: dict[str, int]
    statuses: dict[str, int]
    transfers: list[TransferView]
    next_retries: list[WaitingView]
    permanent: list[WaitingView]
    put_off: list[WaitingView]
    seen_before: int = 0
    next_check: float | None = None
    budget: BudgetView = BudgetView()

    def as_dict(self) -> dict[str, int]:
        """What ``stats --json`` promises, whole numbers."""
        count = self.statuses.get
        return {
            "pending": self.queues.get("pending", 0),
            "failed": self.queues.get("failed", 0),
            "completed": self.queues.get("completed", 0),
            "permanent_failures": count("permanent", 0),
            "downloading": count("downloading", 0) + count("stalled", 0),
            "stalled": count("stalled", 0),
            "downloaded": count("downloaded", 0),
            "owned": count("owned", 0),
            "saved": count("saved", 0),
            "gone": count("gone", 0),
            "put_off": count("put_off", 0),
            "not_found": count("not_found", 0),
            "retrying": count("retrying", 0),
            "series": count("series", 0),
            "excluded": count("excluded", 0),
            "calls_used": self.budget.used,
            "calls_per_hour": self.budget.per_hour,
            "backlog": self.budget.first,
            "backlog_minutes": round(self.budget.through_s / 60),
        }


EMPTY = QueueStats({}, {}, [], [], [], [])

_TRANSFERS = (
    "SELECT title, year, status, films.release_name, films.progress, coalesce(transfers.created_at, queued_at) AS begun"
    " FROM films LEFT JOIN transfers ON transfers.film = films.id AND role = 'current'"
    " WHERE queue = 'completed' AND status IN ('downloading', 'stalled') ORDER BY begun"
)
_WAITING = "SELECT title, year, status, {at} AS at, {reason} AS reason FROM films WHERE {which} ORDER BY at, id"

_SEEN_BEFORE = (
    "SELECT count(*) FROM films WHERE queue = 'failed' AND status = 'excluded' AND reason_code = 'seen_before'"
)


def _title(row: Row) -> str:
    return f"{row['title']} ({row['year']})" if row["year"] else row["title"]


def _waiting(tx: Connection, at: str, reason: str, which: str) -> list[WaitingView]:
    rows = tx.execute(_WAITING.format(at=at, reason=reason, which=which))
    return [WaitingView(_title(row), row["status"], row["at"], row["reason"] or "") for row in rows]


# Where the service notes which tracker it uses, and how many calls it has an hour.
BUDGET = "budget"
# Calls a first search takes, before there are any to measure it by: one by id, and for some one by title.
_CALLS_A_SEARCH = 1.5
_ENOUGH = 5


# Due, or held up by a service or for room; not by a person, and not for freeleech.
_TO_SEARCH = (
    "queue = 'pending' AND (status = 'due'"
    " OR (status = 'put_off' AND put_off_by NOT IN ('freeleech', 'library_question')))"
    " AND id NOT IN (SELECT film FROM offers)"
)


def _budget(tx: Connection, now: float, boot: Boot) -> BudgetView:
    noted = facts.get(tx, BUDGET)
    if noted is None:
        return BudgetView()
    tracker, per_hour, searches, sweep_s = json.loads(noted)
    calls = used_for(tx, tracker, boot)
    first = _count(tx, f"{_TO_SEARCH} AND searches = 0")
    made = _count(tx, f"searches = 1 AND searched_at > {now - HOUR_S}") if first else 0
    each = calls.get("search", 0) / made if made >= _ENOUGH else _CALLS_A_SEARCH
    swept = sweeps.get(tx, tracker)
    return BudgetView(
        tracker,
        sum(calls.values()),
        per_hour or 0,
        first,
        _count(tx, f"{_TO_SEARCH} AND searches > 0"),
        first * max(1.0, each) / searches * HOUR_S if searches else 0.0,
        swept.swept_at,
        sweep_s,
        _count(tx, "queue = 'failed' AND status IN ('not_found', 'retrying', 'permanent')"),
        swept.fresh_gap_at(now),
    )


def _count(tx: Connection, which: str) -> int:
    return int(tx.execute(f"SELECT count(*) FROM films WHERE {which}").fetchone()[0])


def read(tx: Connection, now: float, boot: Boot) -> QueueStats:
    """Counts and lists as they stand.

    Args:
        tx: Any transaction; nothing is written.
        now: Unix seconds.
        boot: The same moment by the machine's boot clock, by which calls are counted.
    """
    counted = tx.execute("SELECT queue, status, count(*) AS films FROM films GROUP BY queue, status").fetchall()
    queues: dict[str, int] = {}
    for row in counted:
        queues[row["queue"]] = queues.get(row["queue"], 0) + row["films"]
    failed, pending = "queue = 'failed' AND status", "queue = 'pending' AND status"
    return QueueStats(
        queues,
        {row["status"]: row["films"] for row in counted},
        [
            TransferView(
                _title(row), row["release_name"] or "", row["status"], row["progress"] or 0.0, now - row["begun"]
            )
            for row in tx.execute(_TRANSFERS)
        ],
        _waiting(tx, "retry_after", "last_error", f"{failed} IN ('retrying', 'not_found')"),
        _waiting(tx, "NULL", "last_error", f"{failed} = 'permanent'"),
        _waiting(tx, "not_before", "reason", f"{pending} = 'put_off'"),
        tx.execute(_SEEN_BEFORE).fetchone()[0],
        tx.execute("SELECT min(next_check) FROM lists").fetchone()[0],
        _budget(tx, now, boot),
    )
